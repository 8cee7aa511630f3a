/*
 * What makes the tables of schema.sql sync, as a superuser:
 *
 *     psql -d tracker -U postgres -v app=tracker -f examples/django/attach.sql
 *
 * then connect.sql as the application's role.  In a migration of Django: each
 * statement in a `migrations.RunSQL`, but for CREATE EXTENSION and grant_attach, which
 * are a superuser's.
 */
CREATE EXTENSION IF NOT EXISTS comment_sync_transaction CASCADE;
SELECT github_sync.grant_attach(:'app');
SET ROLE :"app";

/* Every column needs a value, since Django keeps its defaults to itself. Who has no account here is `github`. */
CREATE FUNCTION user_of(resource jsonb) RETURNS integer LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
	SELECT u.id FROM auth_user AS u WHERE u.username IN (resource #>> '{user,login}', 'github')
	ORDER BY u.username = 'github' LIMIT 1
$$;
CREATE FUNCTION ticket_of_issue(github_repo_id bigint, issue jsonb) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('project_id', p.id, 'owner_id', user_of(issue), 'created', issue -> 'created_at',
		'severity', 'normal', 'draft', false)
	FROM tracker_project AS p WHERE p.github_repo = ticket_of_issue.github_repo_id
$$;
CREATE FUNCTION comment_of_github(github_repo_id bigint, comment jsonb) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('author_id', user_of(comment), 'created', comment -> 'created_at', 'public', true)
$$;

SELECT github_sync.attach_tasks('tracker_ticket', modified_at_column => 'updated',
	open_value => 'new', closed_values => '{fixed,wontfix}',
	state_reasons => '{"fixed": "completed", "wontfix": "not_planned"}',
	github_repo => '(SELECT p.github_repo FROM public.tracker_project AS p WHERE p.id = project_id)',
	sync_when => 'NOT draft', insert_values => 'ticket_of_issue(bigint, jsonb)');
SELECT github_sync.attach_comments('tracker_comment', task_id_column => 'ticket_id', body_column => 'text',
	modified_at_column => 'updated', sync_when => 'public', insert_values => 'comment_of_github(bigint, jsonb)');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);

/* Whatever writes the row: update() and bulk_update() do not say that they did. Who sets the time is left alone. */
CREATE FUNCTION set_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.updated := clock_timestamp();
	RETURN NEW;
END
$$;
CREATE TRIGGER set_updated BEFORE UPDATE ON tracker_ticket FOR EACH ROW
	WHEN (NEW.updated = OLD.updated AND NOT github_sync.is_sync()) EXECUTE FUNCTION set_updated();
CREATE TRIGGER set_updated BEFORE UPDATE ON tracker_comment FOR EACH ROW
	WHEN (NEW.updated = OLD.updated AND NOT github_sync.is_sync()) EXECUTE FUNCTION set_updated();
RESET ROLE;
REVOKE CREATE ON SCHEMA github_sync FROM :"app";
