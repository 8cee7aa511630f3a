--
-- States of all kinds, and times of the last change: several closed values, numbers, reasons, Unix time, none at all
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
CREATE TYPE app.phase AS ENUM ('todo', 'doing', 'done', 'cancelled', 'twin');
ALTER TABLE app.tasks ADD status integer NOT NULL DEFAULT 1, ADD phase app.phase DEFAULT 'todo', ADD ratio numeric,
	ADD created_at timestamptz DEFAULT '2020-01-01', ADD updated_s integer, ADD updated_ms bigint;
SELECT github_sync.capture_task_changes(true) \g /dev/null
\set ECHO all

-- what does not fit
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_values => '{5,1}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_values => '{5,01}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_values => '{}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_values => '{5,NULL}');
SELECT github_sync.attach_tasks('app.tasks', closed_values => '{open}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_value => '50000000000');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'phase', open_value => 'todo', closed_values => '{done,canceled}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'phase', open_value => 'todo', closed_values => '{done,cancelled}', state_reasons => '{"twin": "duplicate"}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'phase', open_value => 'todo', closed_values => '{done,cancelled}', state_reasons => '{"done": "reopened"}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'phase', open_value => 'todo', closed_value => 'done', state_reasons => '{"reopend": "reopened"}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'phase', open_value => 'todo', closed_value => 'done', state_reasons => '{"todo": "reopened", "doing": "reopened"}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'phase', open_value => 'todo', closed_value => 'done', state_reasons => '{"todo": "completed"}');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_value => '5', state_reasons => '{"05": "reopened"}');
SELECT github_sync.attach_tasks('app.tasks', state_column => '', closed_values => '{done}');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => 'created_at');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => 'updated_ms');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => 'updated_ms', modified_at_unit => 'minutes');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => 'updated_s', modified_at_unit => 'milliseconds');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => 'modified_at', modified_at_unit => 'seconds');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => '', modified_at_unit => 'seconds');
SELECT github_sync.attach_tasks('app.tasks', state_column => 'status', open_value => '1', closed_value => '5', closed_values => '{5,6}');

-- numbers: 1 and 2 are open, 5 and 6 are closed
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', state_column => 'status', open_value => '1', closed_values => '{5,6}');
CALL start_afresh();
INSERT INTO app.tasks (title, status, modified_at) VALUES ('Crash', 2, at(1)), ('Rejected', 6, at(1));
SELECT carry_out(2);
SELECT t.status, r.state FROM app.tasks AS t JOIN resources AS r ON r.number = t.id ORDER BY 1;
CALL github_has(65, new_state => 'closed');
SELECT webhook(65);
SELECT carry_out(65);
SELECT status FROM app.tasks ORDER BY id;
-- opened again it is what it was before; so where the application closed it
CALL github_has(70, new_state => 'open');
SELECT webhook(70);
SELECT carry_out(70);
SELECT status FROM app.tasks ORDER BY id;
UPDATE app.tasks SET status = 6, modified_at = at(75) WHERE id = 1;
SELECT carry_out(76);
CALL github_has(80, new_state => 'open');
SELECT webhook(80);
SELECT carry_out(80);
SELECT status FROM app.tasks ORDER BY id;
-- what was never seen open gets open_value; one closed value after another is no news
UPDATE app.tasks SET status = 5, modified_at = at(81) WHERE id = 2;
SELECT count(*) FROM queue WHERE transaction ~ 'queued';
CALL github_has(85, new_state => 'open', issue => 2);
SELECT webhook(85, issue => 2);
SELECT carry_out(85);
SELECT status FROM app.tasks ORDER BY id;
-- a task for an issue
CALL github_has(90, 'New', 'There', 'closed', issue => 9);
SELECT webhook(90, issue => 9);
SELECT carry_out(90);
SELECT title, status FROM app.tasks ORDER BY id;

-- reasons
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', state_column => 'phase', open_value => 'todo', closed_values => '{done,cancelled}',
	state_reasons => '{"done": "completed", "cancelled": "not_planned"}');
-- attached again: what is written for open and closed stays with the column, unless the call says otherwise
BEGIN;
CREATE VIEW world.state_values AS SELECT mapping -> 'open_value' AS open, mapping -> 'closed_values' AS closed, mapping -> 'state_reasons' AS reasons FROM github_sync.attached_tables WHERE record_type = 'task';
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
SELECT * FROM state_values;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', closed_value => 'cancelled');
SELECT * FROM state_values;
ROLLBACK;
-- so does all of the mapping where a call names no column at all
BEGIN;
ALTER TABLE app.tasks ADD headline text, ADD labels text[];
CREATE VIEW world.mapped AS SELECT mapping -> 'title' AS title, mapping -> 'state' AS state, mapping -> 'open_value' AS open, mapping -> 'closed_values' AS closed,
	mapping -> 'state_reasons' AS reasons, mapping -> 'labels' AS labels, mapping -> 'modified_at' AS modified FROM github_sync.attached_tables WHERE record_type = 'task';
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', title_column => 'headline', labels_column => 'labels', modified_at_column => 'updated_s');
SELECT * FROM mapped;
SELECT github_sync.attach_tasks('app.tasks');
SELECT * FROM mapped;
SELECT github_sync.attach_tasks('app.tasks', github_repo => 'repo_id');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true', byline => NULL);
SELECT * FROM mapped;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true', open_value => 'doing');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true', closed_value => 'twin');
SELECT * FROM mapped;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true', labels_column => '');
SELECT * FROM mapped;
-- but for a column that is gone: convention finds another one
ALTER TABLE app.tasks DROP headline, DROP phase;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true', open_value => '1', closed_value => '5');
SELECT * FROM mapped;
ALTER TABLE app.comments ADD remark text;
SELECT github_sync.attach_comments('app.comments', body_column => 'remark');
SELECT github_sync.attach_comments('app.comments');
SELECT github_sync.attach_comments('app.comments', sync_when => 'true');
SELECT mapping ->> 'body' FROM github_sync.attached_tables WHERE record_type = 'comment';
ROLLBACK;
CALL start_afresh();
INSERT INTO app.tasks (title, phase, modified_at) VALUES ('Crash', 'doing', at(1));
SELECT carry_out(2);
UPDATE app.tasks SET phase = 'cancelled', modified_at = at(3);
SELECT id FROM claim();
SELECT fetched(2, 4);
SELECT sent[3], sent_mask[3] FROM github_sync.github_issues;
CREATE FUNCTION shown(claimed bigint, state text, reason text, second numeric, kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	a record;
BEGIN
	SELECT * INTO a FROM github_sync.task_report_answer(claimed, (SELECT t.claim_no FROM github_sync.task_sync_transactions AS t WHERE t.id = claimed),
		ROW(kind, at(second), 53, ROW(3000000001, 1, false, 'Crash', '', state, reason, 'octocat', 'https://github.com/octo/app', at(0), at(second), NULL, 47, NULL)::github_sync.resource,
			NULL, NULL, '{}', NULL)::github_sync.answer);
	RETURN concat_ws(' ', a.result, CASE WHEN a.send_state THEN a.issue_state END, CASE WHEN a.send_state_reason THEN a.state_reason END);
END
$$;
SELECT shown(2, 'closed', 'not_planned', 5, 'written');
SELECT state, state_reason, local_base[3], remote_base[3] FROM github_sync.github_issues;
-- what GitHub says; duplicate has no value of its own
SELECT github_sync.capture_task_changes(false);
CREATE FUNCTION said(state text, reason text, second numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM webhook(second);
	result := shown((SELECT c.id FROM claim() AS c), state, reason, second, 'fetched');
	RETURN concat_ws(' ', result, (SELECT t.phase FROM app.tasks AS t));
END
$$;
SELECT said('open', 'reopened', 70);
SELECT said('closed', 'completed', 71);
SELECT said('closed', 'duplicate', 72);
SELECT said('closed', NULL, 73);
SELECT said('open', NULL, 74);
SELECT said('closed', 'not_planned', 75);
-- the reason alone changes here
UPDATE app.tasks SET phase = 'done', modified_at = at(80);
SELECT outbound(1);
SELECT min(c.id) AS claimed FROM claim() AS c \gset
SELECT shown(:claimed, 'closed', 'not_planned', 75, 'fetched');
-- duplicate has one
SELECT shown(:claimed, 'closed', 'completed', 81, 'written');
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', state_column => 'phase', open_value => 'todo', closed_values => '{done,cancelled,twin}',
	state_reasons => '{"twin": "duplicate"}');
SELECT said('closed', 'duplicate', 90);
SELECT said('closed', 'not_planned', 91);
-- GitHub takes no other reason of what is closed already: what lost is kept
SELECT count(*) FROM github_sync.sync_conflicts;
UPDATE app.tasks SET phase = 'twin', modified_at = at(92);
SELECT outbound(1);
SELECT min(c.id) AS claimed FROM claim() AS c \gset
SELECT shown(:claimed, 'closed', 'not_planned', 91, 'fetched');
SELECT shown(:claimed, 'closed', 'not_planned', 91, 'written');
SELECT field, local, remote, winner FROM github_sync.sync_conflicts;

-- a value of its own for what is opened again, whatever it was before; what is open already stays what it is
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', state_column => 'phase', open_value => 'todo', closed_values => '{done,cancelled}',
	state_reasons => '{"cancelled": "not_planned", "doing": "reopened"}');
UPDATE app.tasks SET phase = 'todo', modified_at = at(93);
SELECT outbound(1);
SELECT min(c.id) AS claimed FROM claim() AS c \gset
SELECT shown(:claimed, 'closed', 'not_planned', 91, 'fetched');
SELECT shown(:claimed, 'open', 'reopened', 94, 'written'), (SELECT phase FROM app.tasks);
SELECT said('closed', 'not_planned', 95);
SELECT said('open', 'reopened', 96);
SELECT github_sync.refresh_attached() \g /dev/null
SELECT said('closed', NULL, 97);
SELECT said('open', NULL, 98);

SELECT github_sync.capture_task_changes(true);
-- Unix time, read and written; GitHub's time is written only where no field stays changed here
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', state_column => 'state', modified_at_column => 'updated_s');
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(7);
SELECT to_timestamp(updated_s) = at(7), created_at FROM app.tasks;
SELECT second_of((github_sync.task_local_row(id)).modified_at) FROM app.tasks;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', state_column => 'state', modified_at_column => 'updated_ms', modified_at_unit => 'milliseconds');
UPDATE app.tasks SET updated_ms = (extract(epoch FROM at(8.5)) * 1000)::bigint, title = 'Crash!';
SELECT second_of(record_modified_at) FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1;
SELECT carry_out(9);
CALL github_has(70, 'Crash!!');
SELECT webhook(70);
SELECT carry_out(70);
SELECT updated_ms = (extract(epoch FROM at(70)) * 1000)::bigint FROM app.tasks;

-- no time of the last change, no state: what capture saw decides
DROP VIEW world.queue, world.comment_queue, world.both_sides, world.conflicts;
DROP PROCEDURE start_afresh;
SET client_min_messages = warning;
CREATE TABLE app.things (id bigint PRIMARY KEY, title text, body text NOT NULL DEFAULT '', github_repo_id bigint);
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true);
RESET client_min_messages;
SELECT github_sync.attach_tasks('app.things');
SELECT github_sync.attach_tasks('app.things', github_repo_column => 'github_repo_id');
CREATE TABLE app.remarks (id bigint PRIMARY KEY, task_id bigint, body text);
SELECT github_sync.attach_comments('app.remarks');
INSERT INTO github_sync.github_app_installations (id) VALUES (10);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1, 10, 'octo', 'app');
SELECT github_sync.capture_task_changes(true);
TRUNCATE resources;
INSERT INTO app.things VALUES (1, 'Crash', '', 1);
SELECT carry_out(2);
UPDATE app.things SET title = 'Ours, later';
CALL github_has(3, 'Theirs', 'Text');
SELECT webhook(3);
SELECT carry_out(4);
SELECT title, body FROM app.things;
SELECT title, github_sync.without_creation_key(body) FROM resources;
SELECT winner FROM github_sync.sync_conflicts;
-- columns that convention would find, and that are something else: an empty name says so, and goes on saying so
BEGIN;
SET client_min_messages = warning;
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true);
RESET client_min_messages;
CREATE TABLE app.drafts (id bigint PRIMARY KEY, title text, body text, github_repo_id bigint, status integer, updated_at text);
SAVEPOINT unfit;
SELECT github_sync.attach_tasks('app.drafts', github_repo_column => 'github_repo_id');
ROLLBACK TO unfit;
SELECT github_sync.attach_tasks('app.drafts', github_repo_column => 'github_repo_id', state_column => '', modified_at_column => '');
CREATE VIEW world.left_out AS SELECT mapping -> 'state' AS state, mapping -> 'modified_at' AS modified_at, mapping -> 'left_out' AS left_out FROM github_sync.attached_tables WHERE record_type = 'task';
SELECT * FROM left_out;
SELECT github_sync.attach_tasks('app.drafts', github_repo_column => 'github_repo_id');
SELECT github_sync.refresh_attached();
SELECT * FROM left_out;
ALTER TABLE app.drafts ADD noted timestamptz;
SELECT github_sync.attach_tasks('app.drafts', github_repo_column => 'github_repo_id', modified_at_column => 'noted');
SELECT * FROM left_out;
SELECT github_sync.attach_tasks('app.drafts', github_repo_column => 'github_repo_id', state_column => 'status', open_value => '1', closed_value => '2', modified_at_column => '');
SELECT * FROM left_out;
SELECT problem, detail FROM github_sync.sync_problems;
ROLLBACK;
-- one that comes later is nobody's until somebody attaches again
BEGIN;
ALTER TABLE app.things ADD updated_at text, ADD status integer;
ALTER TABLE app.remarks ADD updated_at date;
SELECT problem, detail FROM github_sync.sync_problems;
SELECT github_sync.refresh_attached();
ALTER TABLE app.things ALTER updated_at TYPE timestamptz USING NULL;
SELECT github_sync.refresh_attached();
SELECT mapping -> 'modified_at' FROM github_sync.attached_tables;
SELECT github_sync.attach_tasks('app.things', github_repo_column => 'github_repo_id', state_column => '');
SELECT github_sync.attach_comments('app.remarks', modified_at_column => '');
SELECT mapping -> 'modified_at' FROM github_sync.attached_tables ORDER BY 1;
ROLLBACK;
-- no key of one column
CREATE TABLE app.pairs (a int, b int, uid uuid NOT NULL UNIQUE, title text, body text, PRIMARY KEY (a, b));
CREATE TABLE app.keyless (a int, title text, body text);
SET client_min_messages = warning;
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true);
RESET client_min_messages;
SELECT github_sync.attach_tasks('app.pairs');
SELECT github_sync.attach_tasks('app.keyless');
CREATE FUNCTION app.author_line(uuid) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'Ann' $$;
SELECT github_sync.attach_tasks('app.pairs', byline => 'app.author_line(uuid)');
SELECT github_sync.attach_tasks('app.pairs', id_column => 'uid');
SELECT github_sync.capture_comment_changes(true);
