/*
 * What makes the tables of schema.sql sync, as a superuser:
 *
 *     psql -d tracker -U postgres -v app=tracker -f examples/rails/attach.sql
 *
 * then connect.sql as the application's role.  In a migration of Rails: each
 * statement in an `execute`, but for CREATE EXTENSION and grant_attach, which are a
 * superuser's; with `config.active_record.schema_format = :sql`, since schema.rb
 * keeps no functions and triggers.
 */
CREATE EXTENSION IF NOT EXISTS comment_sync_transaction CASCADE;
SELECT github_sync.grant_attach(:'app');
SET ROLE :"app";

/* The repository hangs on the project; the author is whoever has that account at GitHub, else the first user. */
CREATE FUNCTION repository_of_ticket(bigint) RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
	SELECT p.github_repo_id FROM tickets AS t JOIN projects AS p ON p.id = t.project_id WHERE t.id = $1
$$;
CREATE FUNCTION author_of(resource jsonb) RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
	SELECT u.id FROM users AS u ORDER BY (u.github_uid = (resource #>> '{user,id}')::bigint) IS TRUE DESC, u.id LIMIT 1
$$;
CREATE FUNCTION ticket_of_issue(github_repo_id bigint, issue jsonb) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('project_id', p.id, 'author_id', author_of(issue), 'created_at', issue -> 'created_at')
	FROM projects AS p WHERE p.github_repo_id = ticket_of_issue.github_repo_id
$$;
CREATE FUNCTION note_of_comment(github_repo_id bigint, comment jsonb) RETURNS jsonb LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('noteable_type', 'Ticket', 'author_id', author_of(comment), 'created_at', comment -> 'created_at')
$$;

SELECT github_sync.attach_tasks('tickets', title_column => 'subject',
	state_column => 'status', open_value => '0', closed_values => '{2,3}',
	state_reasons => '{"2": "completed", "3": "not_planned"}',
	github_repo => 'public.repository_of_ticket', sync_when => 'NOT confidential',
	insert_values => 'ticket_of_issue(bigint, jsonb)');
SELECT github_sync.attach_comments('notes', task_id_column => 'noteable_id',
	sync_when => $$noteable_type = 'Ticket' AND NOT internal AND NOT system$$, deleted_when => 'discarded_at IS NOT NULL',
	insert_values => 'note_of_comment(bigint, jsonb)');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);

/* Rails neither sees the worker's writes nor counts them: a form that was opened before must not overwrite them. */
CREATE FUNCTION count_sync() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.lock_version := OLD.lock_version + 1;
	RETURN NEW;
END
$$;
CREATE TRIGGER count_sync BEFORE UPDATE ON tickets FOR EACH ROW
	WHEN (github_sync.is_sync()) EXECUTE FUNCTION count_sync();

/* Counter caches, which Rails keeps by itself for what it writes. */
CREATE FUNCTION count_caches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_TABLE_NAME = 'tickets' THEN
		UPDATE projects SET tickets_count = tickets_count + 1 WHERE id = NEW.project_id;
	ELSE
		UPDATE tickets SET notes_count = notes_count + 1 WHERE id = NEW.noteable_id AND NEW.noteable_type = 'Ticket';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER count_caches AFTER INSERT ON tickets FOR EACH ROW
	WHEN (github_sync.is_sync()) EXECUTE FUNCTION count_caches();
CREATE TRIGGER count_caches AFTER INSERT ON notes FOR EACH ROW
	WHEN (github_sync.is_sync()) EXECUTE FUNCTION count_caches();
RESET ROLE;
REVOKE CREATE ON SCHEMA github_sync FROM :"app";
