--
-- Attaching an application's tables: what is found, what is refused, what is made
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
	CREATE ROLE regress_other LOGIN;
	CREATE ROLE regress_nologin;
END
$$;
CREATE SCHEMA app AUTHORIZATION regress_owner;
SET client_min_messages = notice;
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
\set ECHO all

-- without tables: a notice names the call
CREATE EXTENSION comment_sync_transaction CASCADE;
SELECT github_sync.capture_task_changes(true);
SELECT github_sync.detach_tasks();
-- and so do check_setup() and health()
SELECT * FROM github_sync.check_setup();
SELECT * FROM github_sync.health();
DROP EXTENSION task_sync_transaction CASCADE;
-- two tables of the name: neither is guessed
CREATE TABLE app.tasks (id int PRIMARY KEY, title text, body text, modified_at timestamptz);
CREATE TABLE public.tasks (id int PRIMARY KEY, title text, body text, modified_at timestamptz);
CREATE EXTENSION task_sync_transaction;
DROP TABLE public.tasks, app.tasks;
DROP EXTENSION task_sync_transaction;

-- one table each: attached by CREATE EXTENSION, where it belongs to the database's owner or to the caller
CREATE TABLE app.tasks (id int PRIMARY KEY, title text, body text, status text, updated_at timestamptz);
CREATE TABLE app.comments (id int PRIMARY KEY, task_id int, body text, updated_at timestamptz);
ALTER TABLE app.tasks OWNER TO regress_owner;
ALTER TABLE app.comments OWNER TO regress_owner;
CREATE EXTENSION comment_sync_transaction CASCADE;
DROP EXTENSION task_sync_transaction CASCADE;
SELECT current_user AS superuser, format('ALTER DATABASE %I OWNER TO', current_database()) AS give_database \gset
:give_database regress_owner;
-- a stranger's does not count, not even as a second one
CREATE TABLE public.tasks (id int PRIMARY KEY, title text, body text, modified_at timestamptz);
ALTER TABLE public.tasks OWNER TO regress_other;
CREATE EXTENSION comment_sync_transaction CASCADE;
:give_database :superuser;
DROP TABLE public.tasks;
SELECT record_type, table_schema, table_name FROM github_sync.attached_tables ORDER BY 1 DESC;

-- nothing that attach made is a member of an extension, all of it is the owner's
SELECT c.relkind, c.relname FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND c.relname NOT IN ('state_transitions', 'webhook_actions')
	AND (pg_get_userbyid(c.relowner) <> 'regress_owner' OR EXISTS (SELECT FROM pg_depend AS d
		WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'));
SELECT count(*) > 0 FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND pg_get_userbyid(p.proowner) = 'regress_owner';
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND (pg_get_userbyid(p.proowner) = 'regress_owner') = EXISTS (
	SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
-- no member is SECURITY DEFINER; what is sets its search_path; none of the owner's functions is PUBLIC's
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef
	AND (pg_get_userbyid(p.proowner) <> 'regress_owner' OR coalesce(array_to_string(p.proconfig, ';'), '') !~ 'search_path=pg_catalog, pg_temp');
-- and plans by index, however small the queue was when the session first came by
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef AND coalesce(p.proconfig @> '{enable_seqscan=off,jit=off}', false) IS FALSE;
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND pg_get_userbyid(p.proowner) = 'regress_owner'
	AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0));
-- every function says whether it is public or private
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND coalesce(obj_description(p.oid, 'pg_proc'), '') !~ '^(public|private): ';
-- DROP EXTENSION refuses while something is attached
\set VERBOSITY terse
DROP EXTENSION comment_sync_transaction;
DROP EXTENSION task_sync_transaction;
\set VERBOSITY default

-- attached once: the same again is no harm, another one is refused
SELECT github_sync.attach_tasks('app.tasks') \g /dev/null
CREATE TABLE app.todos (id int PRIMARY KEY, title text, body text, updated_at timestamptz);
ALTER TABLE app.todos OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.todos');
-- comments stand on tasks
SELECT github_sync.detach_tasks();

-- detach keeps the history, attach finds it again
INSERT INTO github_sync.github_app_installations (id) VALUES (10);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1, 10, 'octo', 'app');
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 1, '2024-05-01T10:00:05Z') RETURNING id, state;
SELECT github_sync.capture_task_changes(true) \g /dev/null
SELECT github_sync.detach_comments() \g /dev/null
SELECT github_sync.detach_tasks() \g /dev/null
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'app.tasks'::regclass AND NOT tgisinternal;
SELECT count(*) FROM github_sync.attached_tables WHERE attached_at IS NOT NULL;
SELECT "check", status, detail FROM github_sync.check_setup() UNION ALL SELECT "check", status, detail FROM github_sync.health();
SELECT id, state FROM github_sync.task_sync_transactions;
SELECT github_sync.attach_tasks('app.tasks') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 1, '2024-05-01T10:00:04Z') RETURNING id, state, dropped_for;
-- or drops it
SELECT github_sync.detach_comments(true) \g /dev/null
SELECT github_sync.detach_tasks(true) \g /dev/null
SELECT relname FROM pg_class WHERE relnamespace = 'github_sync'::regnamespace AND relkind IN ('r', 'v');
SELECT github_sync.attach_comments('app.comments');

-- what does not fit: one error that says everything
\set VERBOSITY default
CREATE TABLE app.bare (a int, b text);
ALTER TABLE app.bare OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.bare');
\echo :SQLSTATE
SELECT github_sync.attach_tasks('app.bare', title_column => 'a', body_column => 'nowhere', state_column => 'b', open_value => 'x', closed_value => 'x', github_repo_column => 'b');
CREATE TABLE app.pair (a int, b int, title text, body text, updated_at timestamptz, PRIMARY KEY (a, b));
ALTER TABLE app.pair OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.pair');
SELECT github_sync.attach_tasks('app.pair', id_column => 'a');
SELECT github_sync.attach_tasks('app.pair', id_column => 'c');
CREATE TABLE app.dated (id date PRIMARY KEY, title text, body text, updated_at timestamptz);
ALTER TABLE app.dated OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.dated');
CREATE VIEW app.seen AS SELECT * FROM app.tasks;
SELECT github_sync.attach_tasks('app.seen');
CREATE TEMP TABLE passing (id int PRIMARY KEY, title text, body text, updated_at timestamptz);
SELECT github_sync.attach_tasks('passing');
CREATE UNLOGGED TABLE app.crashing (id int PRIMARY KEY, title text, body text, updated_at timestamptz);
ALTER TABLE app.crashing OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.crashing');
\echo :SQLSTATE
ALTER TABLE app.crashing SET LOGGED;
SELECT github_sync.attach_tasks('app.crashing') \g /dev/null
SELECT github_sync.detach_tasks(true) \g /dev/null
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
CREATE FOREIGN TABLE app.far (id int, title text, body text, updated_at timestamptz) SERVER elsewhere;
SELECT github_sync.attach_tasks('app.far');
SELECT github_sync.attach_tasks('app.pair_pkey');
\set VERBOSITY terse
DROP FOREIGN DATA WRAPPER elsewhere CASCADE;
\set VERBOSITY default
-- nor is a key that is generated and may come to NULL
CREATE TABLE app.computed (code text, id text GENERATED ALWAYS AS (lower(code)) STORED UNIQUE, title text, body text, updated_at timestamptz);
ALTER TABLE app.computed OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.computed', id_column => 'id');
-- only values do not fit: no column is looked for
SELECT github_sync.attach_tasks('app.crashing', modified_at_time_zone => 'Mars/Olympus');
\echo :SQLSTATE

-- what cannot be written, what is no time zone, what is no function of that kind
CREATE TABLE app.derived (id int PRIMARY KEY, title text GENERATED ALWAYS AS ('task ' || id) STORED, body text, state text, updated_at timestamp);
ALTER TABLE app.derived OWNER TO regress_owner;
CREATE FUNCTION app.wrong_values(repo bigint, resource json) RETURNS jsonb LANGUAGE sql RETURN '{}'::jsonb;
CREATE FUNCTION app.secret_values(repo bigint, resource jsonb) RETURNS jsonb LANGUAGE sql RETURN '{}'::jsonb;
REVOKE ALL ON FUNCTION app.secret_values FROM PUBLIC;
SELECT github_sync.attach_tasks('app.derived', modified_at_time_zone => 'Mars/Olympus', insert_values => 'app.wrong_values(bigint,json)', open_value => NULL);
SELECT github_sync.attach_tasks('app.derived', title_column => 'body', insert_values => 'app.secret_values(bigint,jsonb)');
SELECT github_sync.attach_tasks(NULL);
SELECT github_sync.attach_tasks(0::regclass);
SELECT github_sync.attach_tasks('app.derived', title_column => 'body', id_column => 'updated_at');
-- a unique constraint that is checked late is no key to refer to
CREATE TABLE app.late (id int UNIQUE DEFERRABLE, title text, body text, updated_at timestamptz);
ALTER TABLE app.late OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.late', id_column => 'id');
-- a key that may be missing; a function of a key that is not known
CREATE TABLE app.missing (id int UNIQUE, title text, body text, updated_at timestamptz);
ALTER TABLE app.missing OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.missing', id_column => 'id');
SELECT github_sync.attach_tasks('app.missing', sync_when => 'pg_catalog.bool(int)');
-- comments whose column cannot hold the key of a task
SELECT github_sync.attach_tasks('app.tasks') \g /dev/null
CREATE TABLE app.notes (id int PRIMARY KEY, task_id uuid, body text, updated_at timestamptz);
ALTER TABLE app.notes OWNER TO regress_owner;
SELECT github_sync.attach_comments('app.notes');
-- a boolean whose two values are one
ALTER TABLE app.notes ADD state boolean, ADD title text;
SELECT github_sync.detach_tasks(true) \g /dev/null
SELECT github_sync.attach_tasks('app.notes', open_value => 'no', closed_value => 'off');

-- a queue that was kept goes on with its own key only
SELECT github_sync.attach_tasks('app.tasks') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT github_sync.detach_comments(), github_sync.detach_tasks() \g /dev/null
SELECT github_sync.attach_tasks('app.todos');
ALTER TABLE app.tasks ADD code uuid UNIQUE DEFAULT gen_random_uuid(), ADD subject text;
SELECT github_sync.attach_tasks('app.tasks', id_column => 'code');
-- other columns are no matter, nor is another name
ALTER TABLE app.tasks RENAME TO comment_things;
SELECT github_sync.attach_tasks('app.comment_things', title_column => 'subject') \g /dev/null
SELECT table_name, mapping ->> 'title' FROM github_sync.attached_tables WHERE attached_at IS NOT NULL;
-- capture that is on goes on by the columns that count now
SELECT github_sync.capture_task_changes(true) \g /dev/null
SELECT github_sync.attach_tasks('app.comment_things', title_column => 'title') \g /dev/null
SELECT tgname, pg_get_triggerdef(oid) ~ 'title' AS by_title, pg_get_triggerdef(oid) ~ 'subject' AS by_subject
FROM pg_trigger WHERE tgrelid = 'app.comment_things'::regclass AND tgname ~ '^github_sync' ORDER BY 1;
SELECT github_sync.attach_comments('app.comments') \g /dev/null
-- detaching comments leaves all views, over the tasks, and who may read them
GRANT SELECT ON github_sync.sync_queue TO regress_other;
SELECT github_sync.detach_comments() \g /dev/null
SELECT c.relname, has_table_privilege('regress_other', c.oid, 'SELECT') AS readable FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' ORDER BY 1;
SELECT pg_get_viewdef('github_sync.sync_queue') ~ 'comment_sync_transactions';
-- a table of the application that says "comment" in its name is not mistaken for ours
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'app.comment_things'::regclass AND tgname ~ '^github_sync';
-- the table is gone: so is the meaning of the keys
SELECT github_sync.detach_tasks() \g /dev/null
SET client_min_messages = warning;
DROP TABLE app.comment_things CASCADE;
RESET client_min_messages;
CREATE TABLE app.tasks (id int PRIMARY KEY, title text, body text, status text, updated_at timestamptz);
ALTER TABLE app.tasks OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.tasks');
SELECT github_sync.detach_tasks(true) \g /dev/null
SELECT github_sync.attach_tasks('app.tasks') \g /dev/null
SELECT github_sync.detach_tasks(true) \g /dev/null

-- whose they are
CREATE TABLE app.other_tasks (id int PRIMARY KEY, title text, body text, status text, updated_at timestamptz);
ALTER TABLE app.other_tasks OWNER TO regress_nologin;
CREATE FUNCTION pg_temp.attach_without_login() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	remedy text;
BEGIN
	PERFORM github_sync.attach_tasks('app.other_tasks');
	RAISE EXCEPTION USING ERRCODE = 'raise_exception';
EXCEPTION
	WHEN invalid_authorization_specification THEN
		GET STACKED DIAGNOSTICS remedy = PG_EXCEPTION_HINT;
		RETURN remedy;
	WHEN raise_exception THEN
		RETURN 'attached';
END
$$;
-- without LOGIN: refused before PostgreSQL 17, with the statement that mends it
SELECT pg_temp.attach_without_login() = CASE WHEN current_setting('server_version_num')::int < 170000
	THEN 'ALTER ROLE regress_nologin LOGIN' ELSE 'attached' END AS as_promised;
-- a superuser's is accepted, with a warning that says what it means
ALTER TABLE app.other_tasks OWNER TO CURRENT_USER;
SELECT github_sync.attach_tasks('app.other_tasks') \g /dev/null
SELECT github_sync.detach_tasks(true) \g /dev/null
-- given to a role of its own and attached again, all of it is that role's
SELECT github_sync.attach_tasks('app.other_tasks') \g /dev/null
ALTER TABLE app.other_tasks OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.other_tasks') \g /dev/null
SELECT count(*) FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND c.relname NOT IN ('state_transitions', 'webhook_actions')
	AND pg_get_userbyid(c.relowner) <> 'regress_owner';
-- from one ordinary role to another as well, but for what the first left there to the second
ALTER TABLE app.other_tasks OWNER TO regress_other;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET ROLE regress_owner;
CREATE FUNCTION github_sync.peek() RETURNS text LANGUAGE sql SECURITY DEFINER RETURN 'planted';
CREATE FUNCTION github_sync.task_fail(bigint) RETURNS text LANGUAGE sql SECURITY DEFINER RETURN 'planted';
CREATE VIEW github_sync.peek AS SELECT * FROM app.other_tasks;
RESET ROLE;
SELECT github_sync.attach_tasks('app.other_tasks');
DROP VIEW github_sync.peek;
SELECT github_sync.attach_tasks('app.other_tasks');
DROP FUNCTION github_sync.peek();
SELECT github_sync.attach_tasks('app.other_tasks');
DROP FUNCTION github_sync.task_fail(bigint);
SELECT github_sync.attach_tasks('app.other_tasks') \g /dev/null
SELECT problem FROM github_sync.owner_problem();
SELECT github_sync.detach_tasks(true) \g /dev/null
REVOKE CREATE ON SCHEMA github_sync FROM regress_owner;
-- comments of another owner are refused with the statement that mends it
SELECT github_sync.attach_tasks('app.tasks') \g /dev/null
ALTER TABLE app.comments OWNER TO regress_other;
SELECT github_sync.attach_comments('app.comments');
ALTER TABLE app.comments OWNER TO regress_owner;
-- not for others than the owner
GRANT USAGE ON SCHEMA github_sync, app TO regress_other;
SET ROLE regress_other;
SELECT github_sync.attach_comments('app.comments');
RESET ROLE;
SELECT github_sync.detach_tasks(true) \g /dev/null

-- the application's shapes: of each a row is made from an issue
\set ECHO none
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.round_trip(application_table regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer record;
	claimed record;
	result text;
	first_row text;
BEGIN
	INSERT INTO github_sync.github_app_installations (id) VALUES (10);
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1, 10, 'octo', 'app');
	INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)
	VALUES ('inbound', 1, 1, '2024-05-01T10:00:05Z');
	SELECT * INTO claimed FROM github_sync.task_claim(1, 1);
	SELECT * INTO answer FROM github_sync.task_report_answer(claimed.id, claimed.claim_no, ROW('fetched', '2024-05-01T10:00:05Z', 41,
		ROW(3000000001, 1, false, 'Crash', 'It crashes.', 'closed', NULL, 'octocat', NULL, NULL, '2024-05-01T10:00:05Z', NULL, NULL, NULL)::github_sync.resource, NULL, NULL, '{}', NULL)::github_sync.answer);
	result := answer.result;
	EXECUTE format('SELECT (to_jsonb(r) - ''id'')::text FROM %s AS r', application_table) INTO first_row;
	RETURN result || ' ' || first_row;
END
$$;
\set ECHO all
-- uuid, boolean, timestamp without time zone in the zone of the application; the session's zone plays no part
CREATE TABLE app.shapes (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(80), description text, state boolean, modified_at timestamp);
ALTER TABLE app.shapes OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.shapes', open_value => 'false', closed_value => 'true', modified_at_time_zone => 'Europe/Berlin') \g /dev/null
SELECT pg_temp.round_trip('app.shapes');
INSERT INTO github_sync.task_sync_transactions (direction, task_id) SELECT 'outbound', id FROM app.shapes RETURNING state, record_modified_at = '2024-05-01T10:00:05Z' AS same_time;
SELECT github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.shapes;
-- bigint, an enum with its own words, named columns
CREATE TYPE app.phase AS ENUM ('todo', 'doing', 'done');
CREATE TABLE app.shapes (key bigint GENERATED ALWAYS AS IDENTITY, "Head line" text, words text, phase app.phase, touched timestamptz, PRIMARY KEY (key));
ALTER TABLE app.shapes OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.shapes', title_column => 'Head line', body_column => 'words', state_column => 'phase', modified_at_column => 'touched');
SELECT github_sync.attach_tasks('app.shapes', title_column => 'Head line', body_column => 'words', state_column => 'phase',
	open_value => 'todo', closed_value => 'done', modified_at_column => 'touched') \g /dev/null
SELECT pg_temp.round_trip('app.shapes') ~ '"phase": "done"';
SELECT github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.shapes;
-- text keys, names that need quotes
CREATE SCHEMA "Odd Schema" AUTHORIZATION regress_owner;
CREATE TABLE "Odd Schema"."My ""tasks""" ("the key" text PRIMARY KEY DEFAULT 'first', subject text, content text, "state" text, updated_at timestamptz);
ALTER TABLE "Odd Schema"."My ""tasks""" OWNER TO regress_owner;
SELECT github_sync.attach_tasks('"Odd Schema"."My ""tasks"""') \g /dev/null
SELECT pg_temp.round_trip('"Odd Schema"."My ""tasks"""') ~ '"subject": "Crash"';
SELECT github_sync.capture_task_changes(true) \g /dev/null
UPDATE "Odd Schema"."My ""tasks""" SET subject = 'Crash at start';
SELECT id, direction, state, task_id FROM github_sync.task_sync_transactions ORDER BY id;
SELECT github_sync.detach_tasks(true) \g /dev/null
-- no state column: title and body travel
CREATE TABLE app.shapes (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title text, body text, updated_at timestamptz);
ALTER TABLE app.shapes OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.shapes') \g /dev/null
SELECT pg_temp.round_trip('app.shapes');
SELECT github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.shapes;
-- what inherits from a table is no partition of it, and is not synced
CREATE TABLE app.shapes (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title text, body text);
ALTER TABLE app.shapes OWNER TO regress_owner;
CREATE TABLE app.old_shapes (year int) INHERITS (app.shapes);
CREATE TABLE app."Other shapes" () INHERITS (app.shapes);
SELECT github_sync.attach_tasks('app.shapes') \g /dev/null
DROP TABLE app.old_shapes, app."Other shapes";
SELECT github_sync.attach_tasks('app.shapes') \g /dev/null
-- nor what inherits from it later, or from what does: check_setup() tells it, and attaching again
CREATE FUNCTION heirs() RETURNS TABLE (what text, status text, detail text, remedy text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT f."check", f.status, f.detail, f.remedy FROM github_sync.capture_setup('task') AS f WHERE f."check" ~ 'inherit';
END
$$;
SELECT * FROM heirs();
CREATE TABLE app.old_shapes (year int) INHERITS (app.shapes);
CREATE TABLE app.loose (LIKE app.old_shapes);
SELECT * FROM heirs();
ALTER TABLE app.loose INHERIT app.old_shapes;
SELECT * FROM heirs();
SELECT github_sync.refresh_attached() \g /dev/null
DROP TABLE app.old_shapes, app.loose;
SELECT * FROM heirs();
SELECT github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.shapes;
-- a partitioned table; values for its other columns
CREATE TABLE app.shapes (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title text, body text, status text, updated_at timestamptz,
	project text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE app.shapes_1 PARTITION OF app.shapes FOR VALUES FROM (1) TO (1000);
ALTER TABLE app.shapes OWNER TO regress_owner;
ALTER TABLE app.shapes_1 OWNER TO regress_owner;
CREATE FUNCTION app.project_of(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql
RETURN jsonb_build_object('project', 'repository ' || github_repo_id);
GRANT USAGE ON SCHEMA app TO regress_owner;
SELECT github_sync.attach_tasks('app.shapes', insert_values => 'app.project_of(bigint,jsonb)') \g /dev/null
SELECT * FROM heirs();
DROP FUNCTION heirs();
SELECT pg_temp.round_trip('app.shapes') ~ '"project": "repository 1"';
SELECT github_sync.detach_tasks(true) \g /dev/null

-- at the end nothing is left of it
DROP SCHEMA app, "Odd Schema", github_sync CASCADE;
SELECT extname FROM pg_extension WHERE extname LIKE '%sync%';
DROP ROLE regress_other, regress_nologin;
