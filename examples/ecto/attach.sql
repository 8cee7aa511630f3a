/*
 * What makes the tables of schema.sql sync, as a superuser:
 *
 *     psql -d tracker -U postgres -v app=tracker -f examples/ecto/attach.sql
 *
 * then connect.sql as the application's role.  In a migration of Ecto: each statement
 * in an `execute/1`, but for CREATE EXTENSION and grant_attach, which are a superuser's.
 */
CREATE EXTENSION IF NOT EXISTS comment_sync_transaction CASCADE;
SELECT github_sync.grant_attach(:'app');
SET ROLE :"app";

/* The user of GitHub's that an issue or a comment is by; made where he is new here. */
CREATE FUNCTION user_of_github(resource jsonb) RETURNS integer LANGUAGE sql
SET search_path = public, pg_temp AS $$
	INSERT INTO users AS u (username, github_id, inserted_at, updated_at)
	VALUES (coalesce(resource #>> '{user,login}', 'ghost'), coalesce((resource #>> '{user,id}')::bigint, 10137),
		timezone('UTC', now()), timezone('UTC', now()))
	ON CONFLICT (github_id) DO UPDATE SET username = excluded.username
	RETURNING u.id
$$;

/* Columns of a new row that an issue does not have: without defaults, NULL would be refused. */
CREATE FUNCTION task_of_issue(github_repo_id bigint, issue jsonb) RETURNS jsonb LANGUAGE sql
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('project_id', r.project_id, 'task_list_id', l.id, 'user_id', user_of_github(issue),
		'modified_from', 'github', 'inserted_at', issue -> 'created_at')
	FROM project_repos AS r JOIN task_lists AS l ON l.project_id = r.project_id AND l.inbox
	WHERE r.repo_id = task_of_issue.github_repo_id
$$;
CREATE FUNCTION comment_of_issue(github_repo_id bigint, comment jsonb) RETURNS jsonb LANGUAGE sql
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('user_id', user_of_github(comment), 'inserted_at', comment -> 'created_at')
$$;

/* Written with each edit that comes from GitHub; asked for columns of a row that is there. */
CREATE FUNCTION task_edited_there(github_repo_id bigint, issue jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
	RETURN jsonb_build_object('modified_from', 'github');

SELECT github_sync.attach_tasks('tasks', body_column => 'markdown', modified_at_column => 'updated_at',
	github_repo => '(SELECT r.repo_id FROM public.project_repos AS r WHERE r.project_id = given_row.project_id)',
	sync_when => 'NOT archived',
	insert_values => 'task_of_issue(bigint, jsonb)', apply_values => 'task_edited_there(bigint, jsonb)');
SELECT github_sync.attach_comments('comments', body_column => 'markdown', modified_at_column => 'updated_at',
	insert_values => 'comment_of_issue(bigint, jsonb)');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);

CREATE TRIGGER tell_of_task AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION tell_of_task();
RESET ROLE;
REVOKE CREATE ON SCHEMA github_sync FROM :"app";
