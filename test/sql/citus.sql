--
-- Beside Citus: what attach makes stays on this node, and what is distributed is refused
--
-- Citus is not here. Its setting is a placeholder, as that of any library that is not loaded; its catalog is a table
-- of the same name.
--
\set ECHO none
SET client_min_messages = error;
DROP SCHEMA IF EXISTS github_sync, app, world, "Odd Schema" CASCADE;
DO $$
BEGIN
	IF to_regrole('regress_owner') IS NULL THEN
		CREATE ROLE regress_owner LOGIN;
		CREATE ROLE regress_app LOGIN;
	END IF;
END
$$;
CREATE SCHEMA app AUTHORIZATION regress_owner;
CREATE TABLE app.todo (id int PRIMARY KEY, title text, body text, status text, updated_at timestamptz, repo_id bigint);
CREATE TABLE app.notes (id int PRIMARY KEY, task_id int REFERENCES app.todo, body text, updated_at timestamptz);
ALTER TABLE app.todo OWNER TO regress_owner;
ALTER TABLE app.notes OWNER TO regress_owner;
-- What Citus would see of each command.
CREATE TABLE public.seen (propagates text, command text);
GRANT INSERT ON public.seen TO PUBLIC;
CREATE FUNCTION public.note_propagation() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen VALUES (current_setting('citus.enable_ddl_propagation', true), tg_tag);
END
$$;
CREATE FUNCTION public.what_was_seen() RETURNS TABLE (propagates text, commands bigint) LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM public.seen WHERE command !~ 'EXTENSION|EVENT' RETURNING *)
	SELECT g.propagates, count(*) FROM gone AS g GROUP BY 1 ORDER BY 1
$$;
CREATE EXTENSION comment_sync_transaction CASCADE;
CREATE EVENT TRIGGER note_propagation ON ddl_command_end EXECUTE FUNCTION public.note_propagation();
CREATE EVENT TRIGGER note_drops ON sql_drop EXECUTE FUNCTION public.note_propagation();
SET client_min_messages = notice;
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
\set ECHO all

-- without the setting nothing is set, and it does not come to be
SELECT github_sync.attach_tasks('app.todo', github_repo_column => 'repo_id');
SELECT propagates, commands > 0 FROM public.what_was_seen();
SELECT current_setting('citus.enable_ddl_propagation', true);
SELECT github_sync.detach_tasks(true);
SELECT propagates, commands > 0 FROM public.what_was_seen();

-- with it, all that is made is made with it off, and afterwards it is what it was
SET citus.enable_ddl_propagation = on;
SELECT github_sync.attach_tasks('app.todo', github_repo_column => 'repo_id');
SELECT github_sync.attach_comments('app.notes');
SELECT propagates, commands > 0 FROM public.what_was_seen();
SHOW citus.enable_ddl_propagation;
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
SELECT github_sync.refresh_attached(), github_sync.take_over_ownership(), github_sync.adopt_database();
SELECT github_sync.grant_application('regress_app'), github_sync.grant_monitor('regress_app'), github_sync.grant_webhooks('regress_app');
SELECT propagates, commands > 0 FROM public.what_was_seen();
SHOW citus.enable_ddl_propagation;

-- a migration is the application's own command, and goes where it goes; what follows from it stays here
ALTER TABLE app.todo RENAME COLUMN title TO headline;
SELECT propagates, count(*) > 0 FROM public.seen GROUP BY 1 ORDER BY 1;
DELETE FROM public.seen;
SELECT mapping ->> 'title' FROM github_sync.attached_tables WHERE record_type = 'task';

-- an error leaves it as it was, too; so does the end of a transaction in which it was set
DO $$
BEGIN
	PERFORM github_sync.execute_unowned('CREATE TABLE public.half (a int); SELECT 1 / 0');
EXCEPTION WHEN division_by_zero THEN
	RAISE NOTICE 'propagates: %', current_setting('citus.enable_ddl_propagation');
END
$$;
BEGIN;
SET LOCAL citus.enable_ddl_propagation = true;
SELECT github_sync.detach_comments(), github_sync.detach_tasks();
SHOW citus.enable_ddl_propagation;
COMMIT;
SHOW citus.enable_ddl_propagation;
SELECT propagates, commands > 0 FROM public.what_was_seen();

-- a table that is distributed is refused, and nothing is made
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char");
GRANT SELECT ON pg_catalog.pg_dist_partition TO PUBLIC;
RESET allow_system_table_mods;
INSERT INTO pg_dist_partition VALUES ('app.notes', 'h');
SELECT github_sync.attach_tasks('app.todo', title_column => 'headline', github_repo_column => 'repo_id');
SELECT github_sync.attach_comments('app.notes');
DO $$
BEGIN
	PERFORM github_sync.attach_comments('app.notes');
EXCEPTION WHEN feature_not_supported THEN
	RAISE NOTICE 'feature_not_supported';
END
$$;
SELECT record_type, attached_at IS NOT NULL FROM github_sync.attached_tables WHERE attached_at IS NOT NULL;
-- what is local again is as any other
DELETE FROM pg_dist_partition;
SELECT github_sync.attach_comments('app.notes');
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true);
DROP EXTENSION task_sync_transaction CASCADE;
-- nor is one attached by its name; that fails no CREATE EXTENSION
ALTER TABLE app.todo RENAME TO tasks;
INSERT INTO pg_dist_partition VALUES ('app.tasks', 'n');
SELECT format('ALTER DATABASE %I OWNER TO', current_database()) AS give_database, current_user AS superuser \gset
:give_database regress_owner;
CREATE EXTENSION task_sync_transaction;
:give_database :superuser;
DROP EXTENSION task_sync_transaction;

\set ECHO none
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;
DROP EVENT TRIGGER note_propagation;
DROP EVENT TRIGGER note_drops;
SET client_min_messages = error;
DROP FUNCTION public.note_propagation, public.what_was_seen;
DROP TABLE public.seen;
DROP SCHEMA app CASCADE;
