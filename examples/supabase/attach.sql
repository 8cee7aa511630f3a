/*
 * What makes the tables of schema.sql sync, as a superuser (supabase_admin; the
 * tables' owner is postgres, who is none):
 *
 *     psql -d tracker -U postgres -v app=tracker -f examples/supabase/attach.sql
 *
 * then connect.sql as the tables' owner, and
 *
 *     UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
 *
 * where a row that is marked as deleted should be deleted on GitHub, too.
 * Policies do not bind the owner, who is the worker; FORCE ROW LEVEL SECURITY would.
 */
CREATE EXTENSION IF NOT EXISTS comment_sync_transaction CASCADE;
SELECT github_sync.grant_attach(:'app');
SET ROLE :"app";

/* Nobody is logged in when the worker writes: auth.uid() is NULL. */
CREATE FUNCTION public.user_of(resource jsonb) RETURNS uuid LANGUAGE sql STABLE SET search_path = '' AS $$
	SELECT u.id FROM auth.users AS u WHERE u.raw_user_meta_data ->> 'user_name' = resource #>> '{user,login}'
$$;
CREATE FUNCTION public.task_of_issue(github_repo_id bigint, issue jsonb) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = '' AS $$
	SELECT jsonb_build_object('project_id', p.id, 'user_id', public.user_of(issue), 'inserted_at', issue -> 'created_at')
	FROM public.projects AS p WHERE p.github_repo_id = task_of_issue.github_repo_id
$$;
CREATE FUNCTION public.comment_of_issue(github_repo_id bigint, comment jsonb) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = '' AS $$
	SELECT jsonb_build_object('user_id', public.user_of(comment), 'inserted_at', comment -> 'created_at')
$$;
/* Whose words they are: GitHub shows the App as their author. */
CREATE FUNCTION public.author_line(uuid) RETURNS text LANGUAGE sql STABLE SET search_path = '' AS $$
	SELECT format('*%s wrote:*', split_part(u.email, '@', 1)) FROM public.comments AS c JOIN auth.users AS u ON u.id = c.user_id
	WHERE c.id = $1
$$;

SELECT github_sync.attach_tasks('public.tasks', state_column => 'is_complete', open_value => 'false', closed_value => 'true',
	github_repo => '(SELECT p.github_repo_id FROM public.projects AS p WHERE p.id = project_id)',
	sync_when => 'NOT is_draft', deleted_when => 'deleted_at IS NOT NULL',
	insert_values => 'public.task_of_issue(bigint, jsonb)');
SELECT github_sync.attach_comments('public.comments', byline => 'public.author_line(uuid)',
	deleted_when => 'deleted_at IS NOT NULL', insert_values => 'public.comment_of_issue(bigint, jsonb)');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
RESET ROLE;
REVOKE CREATE ON SCHEMA github_sync FROM :"app";
