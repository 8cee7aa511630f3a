--
-- Outbound transactions: what becomes of one when it is inserted
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- a task that GitHub does not know: the row is filled in
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(3));
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1) RETURNING id, state;
SELECT state, task_id, github_issue_id, github_issue_external_id, github_issue_number, github_repo_id, github_app_installation_id,
	github_updated_at, second_of(record_modified_at) FROM github_sync.task_sync_transactions;
SELECT id, github_repo_id, task_id, github_id, number FROM github_sync.github_issues;

-- example 14: what waits is canceled by the next one, which sends the row as it is then
INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority) VALUES ('outbound', 1, 20);
SELECT outbound(1);
SELECT * FROM queue;
SELECT id, priority, queued_at = min(queued_at) OVER () AS first_in_line FROM github_sync.task_sync_transactions ORDER BY id;

-- carried out: the issue is there and both sides agree
SELECT carry_out(5);
SELECT * FROM both_sides;
SELECT * FROM queue;

-- example 15: nothing has changed since
SELECT outbound(1);
-- of the newest completed one, whichever direction it had
CALL github_has(7, 'Crash at start');
SELECT webhook(7);
SELECT carry_out(8);
SELECT outbound(1);
-- a change of what is not mapped is none
UPDATE app.tasks SET note = 'for Friday', modified_at = at(9);
SELECT outbound(1);
-- nor is another value of the same meaning
UPDATE app.tasks SET state = 'in progress';
SELECT outbound(1);

-- changed: another one while the first is processed waits for it
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(10);
SELECT outbound(1);
SELECT * FROM claim(10);
UPDATE app.tasks SET title = 'Crash on each start';
SELECT outbound(1);
SELECT * FROM claim(10);
SELECT fetched(9);
SELECT written(9, 11);
-- it was sent as it was when it was sent
SELECT carry_out(12);
SELECT * FROM both_sides;
SELECT * FROM queue WHERE transaction LIKE '9 %' OR transaction LIKE '10 %';

-- example 16: the webhook of our own write is queued, and one GET shows that it tells nothing new
SELECT webhook(11);
SELECT carry_out(20);
-- once settled it is a duplicate at once
SELECT webhook(11);
SELECT carry_out(71);
SELECT webhook(11);
SELECT * FROM queue WHERE direction = 'inbound' AND t > 10;

-- a clock that runs behind, a transaction that wrote later: modified_at decides nothing
UPDATE app.tasks SET title = 'Crash at each start', modified_at = at(1);
SELECT outbound(1);
SELECT carry_out(80);
SELECT * FROM both_sides;
-- nor does record_modified_at
INSERT INTO github_sync.task_sync_transactions (direction, task_id, record_modified_at) VALUES ('outbound', 1, at(99))
RETURNING state, second_of(record_modified_at);

-- a task that is changed back has nothing to send
UPDATE app.tasks SET title = 'Crash';
SELECT outbound(1);
UPDATE app.tasks SET title = 'Crash at each start';
SELECT * FROM claim();
SELECT state, duplicate_of = (SELECT max(id) FROM github_sync.task_sync_transactions WHERE state = 'completed') AS of_newest
FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1;

-- linked but never synced counts as changed
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000001, 1, 1);
SELECT outbound(1);

-- example 17: the repository does not sync; before the installation, before the direction
CALL start_afresh();
INSERT INTO app.tasks (title) VALUES ('Crash');
UPDATE github_sync.github_app_installations SET state = 'deleted';
UPDATE github_sync.github_repos SET sync_enabled = false, sync_direction = 'inbound';
SELECT outbound(1);
UPDATE github_sync.github_repos SET sync_enabled = true;
SELECT outbound(1);
UPDATE github_sync.github_app_installations SET state = 'active';
SELECT outbound(1);
UPDATE github_sync.github_repos SET sync_direction = 'outbound';
SELECT outbound(1);
-- what was queued when its repository stopped is caught at claim
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT * FROM claim();
SELECT * FROM queue;

-- an edit that may not be sent takes the place of those before it: one is left, and goes when it may
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('Another', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1), outbound(2), outbound(1, of_type => 'comment');
SELECT carry_out(2), carry_out(3, of_type => 'comment');
SELECT github_sync.disconnect_repo(1);
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true) \g /dev/null
UPDATE app.tasks SET title = title || '!', modified_at = at(4);
UPDATE app.tasks SET title = title || '!', modified_at = at(5) WHERE id = 1;
UPDATE app.tasks SET title = title || '!', modified_at = at(6);
UPDATE app.comments SET body = body || '!', modified_at = at(4);
UPDATE app.comments SET body = body || '!', modified_at = at(5);
SELECT * FROM queue UNION ALL SELECT * FROM comment_queue;
-- a deletion stays beside it, and so does what GitHub told
UPDATE github_sync.github_repos SET disconnected_at = NULL, on_local_delete = 'propagate';
CALL github_has(7, 'Crash?');
SELECT webhook(7);
DELETE FROM app.comments;
UPDATE app.tasks SET title = title || '!', modified_at = at(8) WHERE id = 1;
SELECT * FROM queue UNION ALL SELECT * FROM comment_queue;
UPDATE github_sync.github_repos SET sync_enabled = true;
SELECT carry_out(9), carry_out(9, of_type => 'comment');
SELECT * FROM queue UNION ALL SELECT * FROM comment_queue;
SELECT * FROM both_sides;
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false) \g /dev/null

-- ids are drawn before the record is locked: the one that comes last is the newest, also with a lower id
CALL start_afresh();
INSERT INTO app.tasks (title) VALUES ('Crash');
INSERT INTO github_sync.task_sync_transactions (id, direction, task_id) VALUES (9, 'outbound', 1);
SELECT outbound(1);
SELECT * FROM queue;
INSERT INTO github_sync.task_sync_transactions (id, direction, action, task_id) VALUES (-1, 'outbound', 'delete', 1);
SELECT * FROM queue;

-- the two directions do not cancel each other
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(2);
CALL github_has(3, new_body => 'It crashes often.');
SELECT webhook(3), outbound(1);
SELECT carry_out(4);
SELECT * FROM both_sides;

-- the repository: given, or from its column
CALL start_afresh();
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'site');
INSERT INTO app.tasks (repo_id, title) VALUES (2, 'by column'), (NULL, 'given'), (1, 'given before the column');
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1) RETURNING github_repo_id;
INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id) VALUES ('outbound', 2, 2) RETURNING github_repo_id;
INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id) VALUES ('outbound', 3, 2) RETURNING github_repo_id;
-- once linked, that of the issue
INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id) VALUES ('outbound', 2, 1) RETURNING github_repo_id;
DELETE FROM app.tasks;
SELECT id, task_id FROM github_sync.task_sync_transactions ORDER BY id;

-- a body that GitHub can never take is an error at once, new or edited, and mended by the next edit
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Large', repeat('x', 262145), at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT error_code, error_reason FROM github_sync.sync_errors;
SELECT github_sync.retry_errored();
SELECT state, error_code FROM github_sync.task_sync_transactions;
UPDATE app.tasks SET body = repeat('x', 10), modified_at = at(2);
SELECT outbound(1);
SELECT carry_out(3);
SELECT count(*) FROM github_sync.sync_errors;
UPDATE app.tasks SET body = repeat('é', 131073), modified_at = at(4);
SELECT outbound(1);
