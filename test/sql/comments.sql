--
-- Comments: the same rules; and they wait for the issue of their task
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- the world: issue 1 is task 1
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);

-- an inbound comment becomes a row of the issue's task
CALL github_has(5, new_body => 'Me too', comment => 5000000001);
SELECT webhook(5, comment => 5000000001);
SELECT state, comment_id, github_comment_id, github_comment_external_id, github_issue_id, github_issue_number, github_repo_id
FROM github_sync.comment_sync_transactions;
SELECT carry_out(5, of_type => 'comment');
SELECT id, task_id, body, second_of(modified_at) FROM app.comments;
SELECT id, github_id, github_issue_id, comment_id, body, author_login, second_of(github_updated_at) FROM github_sync.github_comments;

-- inbound rules: newer, older, the same
SELECT webhook(7, comment => 5000000001);
SELECT webhook(9, comment => 5000000001);
SELECT webhook(9, comment => 5000000001);
SELECT webhook(8, comment => 5000000001);
SELECT webhook(4, comment => 5000000001);
SELECT * FROM comment_queue;
CALL github_has(9, new_body => 'Me too!', comment => 5000000001);
SELECT carry_out(69, of_type => 'comment');
SELECT webhook(9, comment => 5000000001);
-- another comment is another record
SELECT webhook(3, comment => 5000000002);

-- dirty, with an outbound one queued
UPDATE app.comments SET body = 'Me too, daily', modified_at = at(80) WHERE id = 1;
SELECT outbound(1, of_type => 'comment');
SELECT webhook(70, comment => 5000000001);
SELECT outbound(1, of_type => 'comment');
SELECT * FROM comment_queue WHERE transaction LIKE '9 %' OR direction = 'outbound';

-- a comment of ours
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(2));
SELECT outbound(1, of_type => 'comment');
SELECT id, direction, step, owner_login, repo_name, issue_number FROM github_sync.comment_claim(1, 1);
SELECT title, body = github_sync.with_creation_key('Me too', creation_key) AS carries_key FROM github_sync.comment_begin_creation(1, 1);
CALL posted(1, 3, of_type => 'comment');
SELECT created(1, of_type => 'comment');
SELECT id, github_id, github_issue_id, comment_id FROM github_sync.github_comments;
-- nothing changed; the echo; an edit
SELECT outbound(1, of_type => 'comment');
SELECT webhook(3, comment => 5000000001);
SELECT carry_out(4, of_type => 'comment');
UPDATE app.comments SET body = 'Me too, daily', modified_at = at(5);
SELECT outbound(1, of_type => 'comment');
SELECT carry_out(6, of_type => 'comment');
SELECT body FROM resources WHERE type = 'comment';
SELECT * FROM comment_queue;
-- a conflict
UPDATE app.comments SET body = 'here', modified_at = at(8);
CALL github_has(9, new_body => 'there', comment => 5000000001);
SELECT outbound(1, of_type => 'comment');
SELECT carry_out(10, of_type => 'comment');
SELECT * FROM conflicts;
SELECT body FROM app.comments;

-- the echo overtakes the answer
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Still there', at(11));
SELECT outbound(2, of_type => 'comment');
SELECT * FROM claim(of_type => 'comment');
CALL posted(6, 12, of_type => 'comment');
SELECT webhook(12, comment => 5000000002);
SELECT * FROM claim(of_type => 'comment');
SELECT fetched(7, of_type => 'comment');
SELECT created(6, of_type => 'comment');
SELECT carry_out(13, of_type => 'comment');
SELECT * FROM comment_queue WHERE transaction LIKE '6 %' OR transaction LIKE '7 %';
SELECT id, github_id, comment_id FROM github_sync.github_comments ORDER BY github_id;
SELECT count(*) FROM app.comments;

-- example 21: the task has no issue yet: it goes first, and the comment waits without an attempt
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1, of_type => 'comment');
SELECT * FROM queue;
SELECT * FROM claim(of_type => 'comment');
SELECT * FROM comment_queue;
SELECT waits_for FROM github_sync.sync_queue WHERE record_type = 'comment';
-- nor does it wait less while the issue is being created
SELECT * FROM claim();
SELECT * FROM claim(of_type => 'comment');
CALL posted(1, 2);
SELECT created(1);
-- it runs as soon as the issue is there
SELECT waits_for FROM github_sync.sync_queue WHERE record_type = 'comment';
SELECT carry_out(3, of_type => 'comment');
SELECT state, attempts FROM github_sync.comment_sync_transactions;
SELECT type, number, github_sync.without_creation_key(body) FROM resources ORDER BY id;

-- where a task's transaction waits already, no other is made
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1)), (1, 'And me', at(1));
SELECT outbound(1);
SELECT outbound(1, of_type => 'comment'), outbound(2, of_type => 'comment');
SELECT * FROM queue;
SELECT * FROM claim(2, of_type => 'comment');
SELECT carry_out(2);
SELECT carry_out(3, of_type => 'comment');
SELECT comment_id, github_id FROM github_sync.github_comments ORDER BY comment_id;

-- a comment of an issue not seen before: the issue is fetched first, then the comment finds its task
CALL start_afresh();
CALL github_has(7, 'Crash', issue => 7);
CALL github_has(7, new_body => 'Me too', issue => 7, comment => 5000000009);
SELECT webhook(7, issue => 7, comment => 5000000009);
SELECT * FROM claim(of_type => 'comment');
SELECT * FROM queue;
SELECT carry_out(8);
SELECT carry_out(8, of_type => 'comment');
SELECT task_id, body FROM app.comments;

-- repository off, one way
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(2));
UPDATE app.comments SET body = 'changed', modified_at = at(4) WHERE id = 1;
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT outbound(1, of_type => 'comment'), webhook(5, comment => 5000000001);
UPDATE github_sync.github_repos SET sync_enabled = true, sync_direction = 'outbound';
SELECT webhook(5, comment => 5000000001);
UPDATE github_sync.github_repos SET sync_direction = 'inbound';
SELECT outbound(1, of_type => 'comment');

-- the guard of states, retry, fence
\set SHOW_CONTEXT never
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(2));
SELECT outbound(1, of_type => 'comment');
UPDATE github_sync.comment_sync_transactions SET state = 'completed' WHERE id = 1;
SELECT * FROM claim(of_type => 'comment');
SELECT github_sync.comment_try_again(1, 1, 'invalid_response', 'not JSON', NULL, 1);
SELECT github_sync.comment_fail(1, 1, 'late', 'late');
SELECT github_sync.retry_comment_sync_transaction(1);
SELECT github_sync.retry_comment_sync_transaction(1);

-- ---- a comment whose issue cannot be had ----
-- no task, or one of no connected repository: errored at once, nothing raised
CALL start_afresh();
INSERT INTO app.tasks (title, repo_id, modified_at) VALUES ('Crash', NULL, at(1)), ('Slow', 99, at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (NULL, 'lost', at(1)), (1, 'Me too', at(1)), (2, 'And me', at(1));
SELECT outbound(1, 'comment'), outbound(2, 'comment'), outbound(3, 'comment');
SELECT count(*) FROM github_sync.task_sync_transactions;
SELECT error_reason, github_comment_id, github_repo_id, comment_id FROM github_sync.comment_sync_transactions WHERE id = 2;
SELECT record_id, error_code, retry FROM github_sync.sync_errors ORDER BY id;
-- retried: still not; then its repository is known
SELECT github_sync.retry_comment_sync_transaction(2);
UPDATE app.tasks SET repo_id = 1 WHERE id = 1;
SELECT github_sync.retry_comment_sync_transaction(2);
SELECT github_sync.retry_errored();
SELECT * FROM queue;
SELECT carry_out(2);
SELECT carry_out(3, 'comment');
SELECT * FROM comment_queue;
SELECT comment_id, github_id FROM github_sync.github_comments;

-- its issue's creation is errored: it waits, each new comment tries the task again, a retry goes on with all
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1)), (1, 'And me', at(1));
SELECT outbound(1, 'comment');
SELECT * FROM claim();
SELECT github_sync.task_report_rejected_creation(1), github_sync.task_fail(1, 1, 'validation_failed', 'no title') \g /dev/null
SELECT * FROM claim(of_type => 'comment');
SELECT * FROM queue;
SELECT next_attempt_at FROM github_sync.comment_sync_transactions;
SELECT outbound(2, 'comment');
SELECT * FROM queue;
SELECT carry_out(2);
SELECT carry_out(3, 'comment');

-- its task goes before there is an issue
CALL start_afresh();
ALTER TABLE app.comments DROP CONSTRAINT comments_task_id_fkey;
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1, 'comment');
SELECT * FROM claim(of_type => 'comment');
DELETE FROM app.tasks;
SELECT * FROM claim(of_type => 'comment');
SELECT state, error_code, error_reason FROM github_sync.comment_sync_transactions;
-- or is unlinked
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1, 'comment');
SELECT github_sync.unlink_task(1) \g /dev/null
SELECT * FROM claim(of_type => 'comment');
SELECT state, error_code FROM github_sync.comment_sync_transactions;
-- its issue is deleted at GitHub before it is sent
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE github_sync.github_issues SET deleted_at = at(60);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1, 'comment');
SELECT * FROM claim(of_type => 'comment');
SELECT state, error_code, error_reason FROM github_sync.comment_sync_transactions;
-- an inbound one does not wait for an issue that is deleted, nor for a task that was
SELECT webhook(61, comment => 5000000001);
UPDATE github_sync.github_issues SET task_id = NULL, deleted_at = at(60);
SELECT * FROM claim(of_type => 'comment');
-- the worker does not wait for what the application holds: see the isolation tests

-- of an import all stands behind what people write, and names in it notify nobody: what a task brings along, and the task that a comment waits for
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) SELECT format('Old %s', n), 'for @alice', at(1) FROM generate_series(1, 2) AS n;
INSERT INTO app.comments (task_id, body, modified_at) SELECT n, 'Old words for @alice', at(2) FROM generate_series(1, 2) AS n;
SELECT github_sync.capture_comment_changes(true);
INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority) VALUES ('outbound', 1, 200);
INSERT INTO github_sync.comment_sync_transactions (direction, comment_id, priority) VALUES ('outbound', 2, 200);
SELECT task_id, priority, state FROM github_sync.task_sync_transactions ORDER BY id;
SELECT * FROM carry_out(3);
SELECT comment_id, priority, state FROM github_sync.comment_sync_transactions ORDER BY id;
SELECT * FROM carry_out(5, of_type => 'comment');
