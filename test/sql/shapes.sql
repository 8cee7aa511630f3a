--
-- The shapes of an application's tables: with each of them a whole round of a
-- task and of a comment, by an owner who is no superuser
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
RESET SESSION AUTHORIZATION;
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS "Odd % {{table}} Schema" CASCADE;
DROP VIEW world.queue, world.comment_queue, world.both_sides, world.conflicts;
DROP PROCEDURE world.start_afresh;
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.tasks, app.comments CASCADE;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
GRANT USAGE ON SCHEMA github_sync TO regress_owner WITH GRANT OPTION;
CREATE SCHEMA "Odd % {{table}} Schema" AUTHORIZATION regress_owner;
-- None of this may play a part: all times are GitHub's or the column's. Each round has a session of its own, since
-- what a session has planned is looked through for each function that is made in it.
\set session 'SET client_min_messages = warning; SET search_path = world, app; SET SESSION AUTHORIZATION regress_owner; SET TimeZone = ''Asia/Kolkata''; SET DateStyle = ''SQL, DMY'';'
:session

CREATE FUNCTION world.mapped(record_type text, purpose text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT a.mapping ->> purpose FROM github_sync.attached_tables AS a WHERE a.record_type = mapped.record_type);
END
$$;

CREATE FUNCTION world.attached(record_type text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT format('%I.%I', a.table_schema, a.table_name) FROM github_sync.attached_tables AS a WHERE a.record_type = attached.record_type);
END
$$;

-- The application's rows, without what differs from run to run.
CREATE FUNCTION world.shown(record_type text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT (to_jsonb(the_row) - %L - %L)::text FROM %s AS the_row',
		world.mapped(record_type, 'id'), coalesce(world.mapped(record_type, 'task_id'), ''), world.attached(record_type));
END
$$;

-- The application changes its rows, and capture sees it; it would take what the rules write here for the application's too.
CREATE FUNCTION world.edit(record_type text, purpose text, value text, second numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
	EXECUTE format('UPDATE %s SET %I = %L, %I = %L', world.attached(record_type), world.mapped(record_type, purpose), value,
		world.mapped(record_type, 'modified_at'), to_char(world.at(second) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'));
	PERFORM github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false);
END
$$;

CREATE PROCEDURE world.build(tasks text, comments text, attach_tasks text, attach_comments text) LANGUAGE plpgsql
SET client_min_messages = warning AS $$
BEGIN
	EXECUTE tasks;
	EXECUTE comments;
	EXECUTE 'SELECT github_sync.attach_tasks(' || attach_tasks || ')';
	EXECUTE 'SELECT github_sync.attach_comments(' || attach_comments || ')';
	INSERT INTO github_sync.github_app_installations (id) VALUES (10);
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1, 10, 'octo', 'app');
END
$$;

CREATE PROCEDURE world.pull_down() LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
	tables text := (SELECT string_agg(format('%I.%I', table_schema, table_name), ', ') FROM github_sync.attached_tables);
BEGIN
	PERFORM github_sync.detach_comments(true), github_sync.detach_tasks(true);
	EXECUTE 'DROP TABLE ' || tables;
	TRUNCATE world.resources;
END
$$;

-- A round: GitHub's issue and comment become rows, an edit goes out, two edits are merged.
CREATE FUNCTION world.round() RETURNS TABLE (happened text) LANGUAGE plpgsql AS $$
BEGIN
	CALL world.github_has(5, 'Crash', 'It crashes.', 'closed');
	PERFORM world.webhook(5);
	PERFORM world.carry_out(5);
	CALL world.github_has(6, new_body => 'Me too', comment => 5000000001);
	PERFORM world.webhook(6, comment => 5000000001);
	PERFORM world.carry_out(6, 'comment');
	RETURN QUERY SELECT 'in: ' || s FROM world.shown('task') AS s UNION ALL SELECT 'in: ' || s FROM world.shown('comment') AS s;
	/* Only the columns that the application changes are different from GitHub's. */
	PERFORM world.edit('task', 'title', 'Crash at start', 8), world.edit('comment', 'body', 'Me too, daily', 8);
	RETURN QUERY SELECT 'out: ' || o FROM world.carry_out(9) AS o UNION ALL SELECT 'out: ' || o FROM world.carry_out(9, 'comment') AS o;
	PERFORM world.edit('task', 'title', 'Crash at every start', 20);
	CALL world.github_has(21, new_body => 'It crashes often.', new_state => 'open');
	PERFORM world.webhook(21);
	RETURN QUERY SELECT 'merged: ' || o FROM world.carry_out(22) AS o;
	RETURN QUERY SELECT 'now: ' || s FROM world.shown('task') AS s UNION ALL SELECT 'now: ' || s FROM world.shown('comment') AS s;
	RETURN QUERY SELECT 'GitHub: ' || concat_ws(' | ', r.title, r.body, r.state) FROM world.resources AS r ORDER BY r.id;
	RETURN QUERY SELECT 'left over: ' || concat_ws(' ', t.id, t.state, t.error_reason)
	FROM github_sync.task_sync_transactions AS t WHERE t.state NOT IN ('completed', 'duplicate', 'canceled', 'dropped');
END
$$;
\set ECHO all

-- int keys, all names by convention
CALL build('CREATE TABLE app.tasks (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title text, body text, state text, modified_at timestamptz)',
	'CREATE TABLE app.comments (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, task_id int REFERENCES app.tasks, body text, modified_at timestamptz)',
	$$'app.tasks'$$, $$'app.comments'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- the other conventional names; bigint, identity ALWAYS; an enum with words of its own; timestamp without time zone
CREATE TYPE app.phase AS ENUM ('todo', 'doing', 'done');
CALL build('CREATE TABLE app.todos (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40), description text, status app.phase, updated_at timestamp)',
	'CREATE TABLE app.remarks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id bigint NOT NULL REFERENCES app.todos, markdown varchar(200), updated_at timestamp)',
	$$'app.todos', open_value => 'doing', closed_value => 'done'$$, $$'app.remarks'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- uuid; boolean; timestamps of another zone, in whole seconds
CALL build('CREATE TABLE app.tasks (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, subject text, content text, open boolean, touched timestamp(0))',
	'CREATE TABLE app.comments (id uuid DEFAULT gen_random_uuid() PRIMARY KEY, about uuid REFERENCES app.tasks, said text, touched timestamp(0))',
	$$'app.tasks', state_column => 'open', open_value => 'yes', closed_value => 'no', modified_at_column => 'touched', modified_at_time_zone => 'UTC'$$,
	$$'app.comments', task_id_column => 'about', body_column => 'said', modified_at_column => 'touched'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- text keys; domains everywhere, also over an enum, also one that refuses NULL
CREATE DOMAIN app.line AS varchar(80) NOT NULL;
CREATE DOMAIN app.short_line AS app.line CHECK (length(VALUE) < 60);
CREATE DOMAIN app.moment AS timestamp;
CREATE DOMAIN app.stage AS app.phase;
CALL build($$CREATE TABLE app.tasks (id text PRIMARY KEY DEFAULT 't' || gen_random_uuid(), title app.short_line, body text, status app.stage, modified_at app.moment,
		team app.line DEFAULT 'core')$$,
	$$CREATE TABLE app.comments (id varchar(40) PRIMARY KEY DEFAULT gen_random_uuid(), task_id varchar(60) REFERENCES app.tasks, body app.line, modified_at app.moment)$$,
	$$'app.tasks', open_value => 'todo', closed_value => 'done'$$, $$'app.comments'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- domains over the types of keys, of what refers to them and of labels, and functions of such keys
CREATE DOMAIN app.row_number AS bigint CHECK (VALUE > 0);
CREATE DOMAIN app.task_number AS app.row_number NOT NULL;
CREATE DOMAIN app.slug AS varchar(40);
CREATE DOMAIN app.tag AS varchar(20);
CREATE DOMAIN app.tags AS app.tag[];
CREATE SEQUENCE app.task_numbers;
CREATE FUNCTION app.line_of(key app.task_number) RETURNS text LANGUAGE sql AS $$ SELECT 'by Ann' $$;
CREATE FUNCTION app.is_open(key app.row_number) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$ SELECT key < 1000 $$;
CREATE FUNCTION app.is_said(key app.slug) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$ SELECT key <> '' $$;
\set attach_tasks '\'app.tasks\', byline => \'app.line_of(app.task_number)\', sync_when => \'app.is_open\', labels_column => \'labels\', assignees_column => \'people\''
\set attach_comments '\'app.comments\', sync_when => \'app.is_said\''
CALL build($$CREATE TABLE app.tasks (id app.task_number PRIMARY KEY DEFAULT nextval('app.task_numbers'), title text, body text, state text, modified_at timestamptz,
		labels app.tag[], people app.tags)$$,
	$$CREATE TABLE app.comments (id app.slug PRIMARY KEY DEFAULT 'c' || gen_random_uuid(), task_id app.row_number REFERENCES app.tasks, body text, modified_at timestamptz)$$,
	:'attach_tasks', :'attach_comments');
SELECT * FROM round();
SELECT c.conrelid::regclass, c.conname, format_type(a.atttypid, NULL) FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.connamespace = 'github_sync'::regnamespace AND c.confrelid IN ('app.tasks'::regclass, 'app.comments'::regclass) ORDER BY c.conname;
-- a domain in the place of its type, or its type in the place of a domain, is the same key
ALTER TABLE app.comments ALTER id TYPE varchar(40), ALTER task_id TYPE bigint;
ALTER TABLE app.comments ALTER id TYPE app.slug, ALTER task_id TYPE app.task_number;
SELECT * FROM github_sync.sync_problems;
-- links stay when it is detached
SELECT github_sync.detach_comments(), github_sync.detach_tasks() \g /dev/null
SELECT github_sync.attach_tasks(:attach_tasks), github_sync.attach_comments(:attach_comments) \g /dev/null
SELECT count(*) FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id JOIN github_sync.github_comments AS c ON c.github_issue_id = i.id
JOIN app.comments AS k ON k.id = c.comment_id;
SELECT github_sync.unlink_comment(id), github_sync.unlink_task(task_id) FROM app.comments \g /dev/null
SELECT github_sync.link_task(task_id, 1, 1, 'app'), github_sync.link_comment(id, 1, 5000000001, 'app') FROM app.comments \g /dev/null
SELECT carry_out(40), carry_out(41, 'comment');
-- and what such columns are written
SELECT (github_sync.task_update_local_row(id, '{-,-,-,"[\"bug\"]","[\"ann\"]"}', '{f,f,f,t,t,f}', NULL, NULL)).fields[4:5] FROM app.tasks;
SELECT labels, people FROM app.tasks;
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- char pads, and that is no change; a text state among several open ones
CALL build('CREATE TABLE app.tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title char(40), body char(60), state varchar(10) DEFAULT ''new'', modified_at timestamptz)',
	'CREATE TABLE app.comments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id int, body char(30), modified_at timestamptz)',
	$$'app.tasks', open_value => 'new', closed_value => 'solved'$$, $$'app.comments'$$);
SELECT * FROM round();
SELECT github_sync.capture_task_changes(true) \g /dev/null
UPDATE app.tasks SET state = 'started';
SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'queued';
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- names that need quotes, or that look like ours
CALL build($$CREATE TABLE "Odd % {{table}} Schema"."%I ""tasks"" $$ || '$$' || $$ {{id}} $body$" ("{{table}}" text PRIMARY KEY DEFAULT gen_random_uuid(), "%1$s" text,
		"@row@" text, "{{local_fields}}" boolean, "chosen[1]" timestamptz)$$,
	$$CREATE TABLE "Odd % {{table}} Schema"."Comments' {{task_id}}" ("Key ""%I""" text PRIMARY KEY DEFAULT gen_random_uuid(), "{{id}}" text, "$1" text, "NEW" timestamptz)$$,
	$$format('%I.%I', 'Odd % {{table}} Schema', '%I "tasks" ' || '$' || '$ {{id}} $body$'), title_column => '%1$s', body_column => '@row@',
		state_column => '{{local_fields}}', open_value => 'true', closed_value => 'false', modified_at_column => 'chosen[1]'$$,
	$$format('%I.%I', 'Odd % {{table}} Schema', 'Comments'' {{task_id}}'), task_id_column => '{{id}}', body_column => '$1', modified_at_column => 'NEW'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- names of variables of the functions that use them
CALL build('CREATE TABLE app.tasks (key int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, new_fields text, chosen text, written text, new_modified_at timestamptz,
		fields text, is_there boolean, r int, names text, columns text, github_repo_id bigint)',
	'CREATE TABLE app.comments (key int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_issue_id int, new_fields text, modified_at timestamptz, resource text, t int, repo int)',
	$$'app.tasks', title_column => 'new_fields', body_column => 'chosen', state_column => 'written', modified_at_column => 'new_modified_at',
		github_repo_column => 'github_repo_id'$$,
	$$'app.comments', task_id_column => 'parent_issue_id', body_column => 'new_fields'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- and of rows and variables beside them in queries of the table: attached again, what was not captured is enqueued
CALL build('CREATE TABLE app.tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, body text, state text, modified_at timestamptz,
		labels text[], private boolean DEFAULT false, cached boolean DEFAULT false, catching_up boolean, uncaptured_since timestamptz, enqueued bigint, held int,
		here text, keys int[], given jsonb, named text, further jsonb, given_row text, a int, b int, c text, f int, g int, i int, k int, l int, n text, p int, q int, r text, s text, u text)',
	'CREATE TABLE app.comments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id int, body text, modified_at timestamptz,
		private boolean DEFAULT false, cached text DEFAULT ''no row'', catching_up boolean, uncaptured_since timestamptz, enqueued bigint, here text, keys int[],
		issue text, cached_ids bigint[], free_keys int[], given jsonb, named text, further jsonb, c text, g int, i text, k int, l int, p int, q text, r int, s int, t int, u text)',
	$$'app.tasks', sync_when => 'NOT private', labels_column => 'labels'$$, $$'app.comments', sync_when => 'NOT private'$$);
SELECT * FROM round() WHERE happened !~ '^(in|now)';
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false) \g /dev/null
UPDATE app.tasks SET private = true;
UPDATE app.comments SET private = true;
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true) \g /dev/null
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'NOT private', labels_column => 'labels') \g /dev/null
SELECT github_sync.attach_comments('app.comments', sync_when => 'NOT private') \g /dev/null
(SELECT 'task', t.state, t.disabled_reason FROM github_sync.task_sync_transactions AS t ORDER BY t.id DESC LIMIT 1)
UNION ALL (SELECT 'comment', t.state, t.disabled_reason FROM github_sync.comment_sync_transactions AS t ORDER BY t.id DESC LIMIT 1);
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- no state; a partitioned table, comments partitioned too
CALL build('CREATE TABLE app.tasks (id bigint GENERATED BY DEFAULT AS IDENTITY, title text, body text, modified_at timestamptz, PRIMARY KEY (id)) PARTITION BY RANGE (id);
		CREATE TABLE app.tasks_0 PARTITION OF app.tasks FOR VALUES FROM (1) TO (1000);
		CREATE TABLE app.tasks_1 PARTITION OF app.tasks FOR VALUES FROM (1000) TO (2000)',
	'CREATE TABLE app.comments (id bigint GENERATED BY DEFAULT AS IDENTITY, task_id bigint REFERENCES app.tasks, body text, modified_at timestamptz, PRIMARY KEY (id)) PARTITION BY HASH (id);
		CREATE TABLE app.comments_0 PARTITION OF app.comments FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
	$$'app.tasks'$$, $$'app.comments'$$);
SELECT * FROM round();
-- a row that moves to another partition is an insert there; one of no repository, so it is left alone
SELECT github_sync.capture_task_changes(true) \g /dev/null
INSERT INTO app.tasks (title) VALUES ('loose') RETURNING tableoid::regclass;
UPDATE app.tasks SET id = id + 1000, title = 'moved' WHERE title = 'loose' RETURNING tableoid::regclass;
SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'queued';
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- a key that is not the primary one; columns that are generated
CALL build($$CREATE TABLE app.tasks (place int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code uuid UNIQUE DEFAULT gen_random_uuid(), title text, body text, status text,
		modified_at timestamptz, shout text GENERATED ALWAYS AS (upper(title)) STORED)$$,
	'CREATE TABLE app.comments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id uuid, body text, modified_at timestamptz, size int GENERATED ALWAYS AS (length(body)) STORED)',
	$$'app.tasks', id_column => 'code'$$, $$'app.comments'$$);
SELECT * FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all
-- a key that is generated: it comes from columns that have defaults
CALL build($$CREATE TABLE app.tasks (n int GENERATED ALWAYS AS IDENTITY, code text NOT NULL DEFAULT upper(gen_random_uuid()::text), id text GENERATED ALWAYS AS (lower(code)) STORED PRIMARY KEY,
		title text, body text, status text, modified_at timestamptz)$$,
	$$CREATE TABLE app.comments (code bigint NOT NULL GENERATED ALWAYS AS IDENTITY, id bigint GENERATED ALWAYS AS (code * 10) STORED PRIMARY KEY, task_id text, body text,
		modified_at timestamptz)$$,
	$$'app.tasks'$$, $$'app.comments'$$);
SELECT regexp_replace(happened, '"code": "[^"]*", ', '') FROM round();
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all

-- columns that must be given: by the repository, by a function, which wins
CREATE FUNCTION app.values_of(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql
RETURN jsonb_build_object('owner', coalesce(resource #>> '{user,login}', 'nobody'), 'points', github_repo_id);
CALL build('CREATE TABLE app.tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, body text, status text, modified_at timestamptz,
		project text NOT NULL, owner text NOT NULL, points int NOT NULL, labels text[])',
	'CREATE TABLE app.comments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id int, body text NOT NULL, modified_at timestamptz, kind text NOT NULL)',
	$$'app.tasks', insert_values => 'app.values_of(bigint, jsonb)'$$, $$'app.comments'$$);
CALL github_has(5, 'Crash');
SELECT webhook(5);
-- neither says the project
SELECT * FROM claim();
\set VERBOSITY terse
SELECT fetched(1);
\echo :SQLSTATE
SELECT github_sync.task_fail(1, 1, 'apply_failed', '23502: null value') \g /dev/null
UPDATE github_sync.github_repos SET task_defaults = '{"project": "inbox", "points": 3, "labels": ["new"]}', comment_defaults = '{"kind": "remark"}';
SELECT github_sync.retry_task_sync_transaction(1);
SELECT carry_out(6);
SELECT * FROM shown('task');
CALL github_has(6, new_body => 'Me too', comment => 5000000001);
SELECT webhook(6, comment => 5000000001);
SELECT carry_out(6, 'comment');
SELECT * FROM shown('comment');
-- a default for a column that is not there
UPDATE github_sync.github_repos SET comment_defaults = '{"kind": "remark", "colour": "red"}';
CALL github_has(7, new_body => 'And me', comment => 5000000002);
SELECT webhook(7, comment => 5000000002);
SELECT * FROM claim(of_type => 'comment');
SELECT fetched(2, of_type => 'comment');
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all

-- a text that is too long for its column is never cut, and is nobody else's trouble
CALL build('CREATE TABLE app.tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title varchar(10), body char(5), status text, modified_at timestamptz)',
	'CREATE TABLE app.comments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id int, body varchar(5), modified_at timestamptz)',
	$$'app.tasks'$$, $$'app.comments'$$);
CALL github_has(5, 'Crash', 'Help!');
CALL github_has(5, 'Much too long for it', issue => 2);
SELECT webhook(5), webhook(5, 2);
SELECT * FROM claim(2);
SELECT fetched(2);
SELECT fetched(1);
CALL github_has(7, new_body => 'Help me!');
SELECT webhook(7);
SELECT * FROM claim();
SELECT fetched(3);
CALL github_has(7, 'Crash at start', 'Help!');
SELECT fetched(3);
SELECT * FROM shown('task');
CALL pull_down();
\set ECHO none
\c -
:session
\set ECHO all

-- texts that ignore case, of an extension: another case is an edit all the same
RESET SESSION AUTHORIZATION;
CREATE EXTENSION citext SCHEMA app;
SET SESSION AUTHORIZATION regress_owner;
CALL build('CREATE TABLE app.tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title app.citext NOT NULL, body app.citext, status app.citext, modified_at timestamptz)',
	'CREATE TABLE app.comments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id bigint REFERENCES app.tasks, body app.citext NOT NULL, modified_at timestamptz)',
	$$'app.tasks'$$, $$'app.comments'$$);
SELECT * FROM round();
SELECT edit('task', 'title', 'CRASH AT EVERY START', 30);
SELECT carry_out(31);
CALL github_has(92, 'crash at every start');
SELECT webhook(92);
SELECT carry_out(93);
SELECT title FROM app.tasks;
-- its operators are found in its schema alone: a value in another case is the same one, in a state and in an expression
UPDATE app.tasks SET status = 'Closed';
SELECT (github_sync.task_local_row(id)).fields[3] FROM app.tasks;
SELECT github_sync.attach_tasks('app.tasks', sync_when => $$status <> 'private'$$);
SELECT github_sync.attach_tasks('app.tasks', sync_when => $$CASE WHEN status IN ('private', 'secret') THEN false ELSE true END$$);
SELECT github_sync.attach_tasks('app.tasks', github_repo => $$(SELECT 1::bigint FROM app.tasks AS o WHERE o.status = given_row.title)$$);
SELECT github_sync.attach_tasks('app.tasks', sync_when => $$status OPERATOR(app.<>) 'private' AND lower(body) IS NOT NULL$$);
SELECT github_sync.attach_tasks('app.tasks', sync_when => $$status::text <> 'private'$$);
-- a milestone may be one, and is a title then; what refers to a task may not
ALTER TABLE app.tasks ADD milestone app.citext;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true', milestone_column => 'milestone');
SELECT mapping #>> '{dictionary,milestone_is_title}' FROM github_sync.attached_tables WHERE record_type = 'task';
SELECT github_sync.attach_comments('app.comments', task_id_column => 'body');
CALL pull_down();
RESET SESSION AUTHORIZATION;
DROP EXTENSION citext;
\set ECHO none
\c -
:session
\set ECHO all
-- a time that is not known is the oldest
CALL build('CREATE TABLE app.tasks (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, body text, status text, modified_at timestamp)',
	'CREATE TABLE app.comments (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, task_id int, body text, modified_at timestamp)',
	$$'app.tasks', modified_at_time_zone => 'America/New_York'$$, $$'app.comments'$$);
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT carry_out(5);
SELECT * FROM shown('task');
UPDATE app.tasks SET title = 'Crash here', modified_at = NULL;
CALL github_has(7, 'Crash there');
SELECT webhook(7);
SELECT carry_out(8);
SELECT * FROM shown('task');
-- 06:00:10 in New York is later than 10:00:09 by GitHub
UPDATE app.tasks SET title = 'Crash here', modified_at = '2024-05-01 06:00:10';
CALL github_has(9, 'Crash everywhere');
INSERT INTO github_sync.task_sync_transactions (direction, task_id) SELECT 'outbound', id FROM app.tasks RETURNING state, second_of(record_modified_at);
SELECT carry_out(11);
SELECT title, body, state FROM resources;
CALL pull_down();

\set ECHO none
RESET SESSION AUTHORIZATION;
REVOKE CREATE ON SCHEMA github_sync FROM regress_owner;
DROP SCHEMA "Odd % {{table}} Schema" CASCADE;
