--
-- History that the owner imports without our ids: it covers what is told later,
-- and runs when it is retried, queued or enabled
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- completed and settled, by GitHub's id: an equal time is a duplicate of it, an older one dropped for it
INSERT INTO github_sync.task_sync_transactions (direction, state, github_repo_id, github_issue_external_id, github_issue_number,
	github_updated_at, finished_at)
VALUES ('inbound', 'completed', 1, 3000000001, 1, at(7), at(8)), ('inbound', 'completed', 1, NULL, 2, at(7), at(8));
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, github_updated_at, seen_at)
VALUES (1, 3000000001, 1, at(7), at(99)), (1, 3000000002, 2, at(7), at(99));
SELECT webhook(7), webhook(5), webhook(7, issue => 2), webhook(5, issue => 2);
INSERT INTO github_sync.comment_sync_transactions (direction, state, github_repo_id, github_comment_external_id, github_issue_number,
	github_updated_at, finished_at)
VALUES ('inbound', 'completed', 1, 5000000001, 1, at(7), at(8));
INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, github_id, github_updated_at, seen_at)
VALUES (1, 1, 5000000001, at(7), at(99));
SELECT webhook(7, comment => 5000000001), webhook(5, comment => 5000000001);

-- errored: retried, by all ids
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Mine', at(1)), ('Another', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Mine too.', at(1));
CALL github_has(7, 'Crash');
CALL github_has(7, 'Leak', issue => 2);
CALL github_has(8, new_body => 'Here too.', comment => 5000000001);
INSERT INTO github_sync.task_sync_transactions (direction, state, github_repo_id, github_issue_external_id, github_issue_number,
	github_updated_at, error_code, error_reason, finished_at)
VALUES ('inbound', 'errored', 1, 3000000001, 1, at(7), 'gave_up', 'long ago', at(9)),
	('inbound', 'errored', 1, NULL, 2, at(7), 'gave_up', 'long ago', at(9));
INSERT INTO github_sync.task_sync_transactions (direction, state, task_id, error_code, error_reason, finished_at)
VALUES ('outbound', 'errored', 1, 'gave_up', 'long ago', at(9)), ('outbound', 'errored', NULL, 'gave_up', 'its row is gone', at(9));
INSERT INTO github_sync.comment_sync_transactions (direction, state, github_repo_id, github_comment_external_id, github_issue_number,
	github_updated_at, error_code, error_reason, finished_at)
VALUES ('inbound', 'errored', 1, 5000000001, 1, at(8), 'gave_up', 'long ago', at(9));
INSERT INTO github_sync.comment_sync_transactions (direction, state, comment_id, error_code, error_reason, finished_at)
VALUES ('outbound', 'errored', 1, 'gave_up', 'long ago', at(9));
SELECT github_sync.retry_task_sync_transaction(1), github_sync.retry_task_sync_transaction(2),
	github_sync.retry_task_sync_transaction(3), github_sync.retry_task_sync_transaction(4);
SELECT carry_out(10);
SELECT github_sync.retry_comment_sync_transaction(1), github_sync.retry_comment_sync_transaction(2);
SELECT carry_out(11, 'comment');
SELECT title FROM app.tasks ORDER BY title;
SELECT body FROM app.comments ORDER BY body;
SELECT * FROM queue;
SELECT * FROM comment_queue;

-- queued, and what a worker of the other database was at: the next claim finds them
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Mine', at(1));
INSERT INTO github_sync.task_sync_transactions (direction, state, queued_at, github_repo_id, github_issue_external_id,
	github_issue_number, github_updated_at)
VALUES ('inbound', 'queued', at(1), 1, 3000000001, 1, at(7)), ('inbound', 'processing', at(1), 1, 3000000002, 2, at(7)),
	('inbound', 'queued', at(1), NULL, 3000000009, NULL, at(7));
INSERT INTO github_sync.task_sync_transactions (direction, state, queued_at, task_id) VALUES ('outbound', 'queued', at(1), 1);
CALL github_has(7, 'Crash');
CALL github_has(7, 'Leak', issue => 2);
CALL github_has(8, new_body => 'Here too.', comment => 5000000001);
INSERT INTO github_sync.comment_sync_transactions (direction, queued_at, github_repo_id, github_comment_external_id,
	github_issue_number, github_updated_at)
VALUES ('inbound', at(1), 1, 5000000001, 1, at(8));
SELECT carry_out(10);
SELECT carry_out(11, 'comment');
SELECT title FROM app.tasks ORDER BY title;
SELECT body FROM app.comments;
SELECT * FROM queue;
SELECT * FROM comment_queue;

-- disabled: enabled with its repository
CALL start_afresh();
UPDATE github_sync.github_repos SET sync_enabled = false;
INSERT INTO github_sync.task_sync_transactions (direction, state, disabled_reason, github_repo_id, github_issue_external_id,
	github_issue_number, github_updated_at)
VALUES ('inbound', 'disabled', 'repo', 1, 3000000001, 1, at(5)), ('inbound', 'disabled', 'repo', 1, 3000000001, 1, at(7)),
	('inbound', 'disabled', 'repo', 1, NULL, NULL, at(7));
INSERT INTO github_sync.comment_sync_transactions (direction, state, disabled_reason, github_repo_id, github_comment_external_id,
	github_issue_number, github_updated_at)
VALUES ('inbound', 'disabled', 'repo', 1, 5000000001, 1, at(8));
SELECT github_sync.set_repo_sync(1, true);
CALL github_has(7, 'Crash');
CALL github_has(8, new_body => 'Here too.', comment => 5000000001);
SELECT carry_out(10);
SELECT carry_out(11, 'comment');
SELECT * FROM queue;
SELECT * FROM comment_queue;
