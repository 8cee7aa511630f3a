--
-- Giving back, trying again, giving up, and retrying what is errored
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

\set SHOW_CONTEXT never
-- given back: no attempt counted, the reason is kept
SELECT webhook(5);
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 1, 'GitHub is down', NULL);
SELECT state, attempts, claim_no, last_error, last_error_at IS NOT NULL, next_attempt_at, claimed_by FROM github_sync.task_sync_transactions;
-- until a time: not claimable before, and due when it has come
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 2, NULL, clock_timestamp() + interval '1 hour');
SELECT last_error FROM github_sync.task_sync_transactions;
SELECT * FROM claim();
SELECT released, next_due_at > clock_timestamp() + interval '59 minutes' AS tells_when FROM github_sync.task_release_due();
UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp();
SELECT * FROM claim();
SELECT * FROM github_sync.task_release_due();
SELECT * FROM claim();

-- tried again: an attempt counted, errored at the last
SELECT github_sync.task_try_again(1, 3, 'invalid_response', 'not JSON', NULL, 3);
SELECT * FROM claim();
SELECT github_sync.task_try_again(1, 4, 'invalid_response', 'not JSON', NULL, 3);
SELECT * FROM claim();
SELECT github_sync.task_try_again(1, 5, 'invalid_response', 'still not JSON', NULL, 3);
SELECT state, attempts, error_code, error_reason, last_error, finished_at IS NOT NULL FROM github_sync.task_sync_transactions;

-- a claim that is no longer the row's changes nothing
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 1, 'slow', NULL);
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 1, 'late', NULL);
SELECT github_sync.task_fail(1, 1, 'late', 'late');
SELECT github_sync.task_try_again(1, 1, 'late', 'late', NULL, 10);
SELECT github_sync.task_report_missing_creation(1, 1, '15 minutes');
SELECT fetched(1, claim_no => 1);
SELECT state, claim_no, attempts, last_error FROM github_sync.task_sync_transactions;
SELECT count(*) FROM app.tasks;
-- nor is a row that has ended touched by the claim that ended it
SELECT fetched(1);
SELECT fetched(1);
SELECT github_sync.task_fail(1, 2, 'late', 'late');
SELECT state FROM github_sync.task_sync_transactions;

-- what a worker that is no more held goes back into the queue
SELECT webhook(7);
SELECT * FROM claim();
SELECT * FROM github_sync.task_recover_orphans('{}');
SELECT state, claim_no, claimed_by FROM github_sync.task_sync_transactions WHERE id = 2;

-- retried by a person: it starts anew
SELECT * FROM claim();
SELECT github_sync.task_fail(2, 2, 'forbidden', 'GitHub said no');
SELECT attempts, error_code FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT github_sync.retry_task_sync_transaction(2);
SELECT state, attempts, error_code, error_reason, last_error, finished_at, next_attempt_at FROM github_sync.task_sync_transactions WHERE id = 2;
-- only what is errored
SELECT github_sync.retry_task_sync_transaction(2);
\echo :SQLSTATE
SELECT github_sync.retry_task_sync_transaction(99);
\echo :SQLSTATE

-- the rules decide anew: overtaken meanwhile
CALL start_afresh();
CALL github_has(9, 'Crash');
SELECT webhook(7);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT webhook(9);
SELECT github_sync.retry_task_sync_transaction(1);
SELECT * FROM queue;
-- carried by another meanwhile
SELECT webhook(10);
SELECT * FROM claim();
SELECT github_sync.task_fail(3, 1, 'forbidden', 'GitHub said no');
SELECT webhook(10);
SELECT github_sync.retry_task_sync_transaction(3);
SELECT * FROM queue;
-- the repository was disabled meanwhile
SELECT * FROM claim();
SELECT github_sync.task_fail(4, 1, 'forbidden', 'GitHub said no');
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT github_sync.retry_task_sync_transaction(4);
SELECT state, disabled_reason, error_code FROM github_sync.task_sync_transactions WHERE id = 4;

-- outbound: beside a newer queued one it is canceled by it
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'validation_failed', 'title is wrong');
SELECT outbound(1);
SELECT github_sync.retry_task_sync_transaction(1);
SELECT * FROM queue;
-- and nothing is left to send: duplicate
SELECT github_sync.task_report_rejected_creation(1) \g /dev/null
SELECT * FROM claim();
SELECT github_sync.task_report_rejected_creation(2) \g /dev/null
SELECT github_sync.task_fail(2, 1, 'validation_failed', 'title is wrong');
SELECT outbound(1);
SELECT carry_out(3);
SELECT github_sync.retry_task_sync_transaction(2);
SELECT * FROM queue;

-- chores, many at a time but for those left out, or one by one
CALL start_afresh();
CALL github_has(5, 'Crash');
CALL github_has(5, 'Smoke', issue => 2);
SELECT webhook(5), webhook(5, 2);
UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp();
SELECT github_sync.task_next_chore('release', b, o) FROM (VALUES (0, '{}'::bigint[]), (1, '{}'), (2, '{}'), (0, '{1}'), (0, '{1,2}')) AS c (b, o);
SELECT released, next_due_at FROM github_sync.task_release_due('{1}');
SELECT id, state, next_attempt_at IS NULL AS in_line FROM github_sync.task_sync_transactions ORDER BY id;
SELECT github_sync.task_do_chore('release', github_sync.task_next_chore('release', 0, '{}')) \g /dev/null
SELECT id, state, next_attempt_at IS NULL AS in_line FROM github_sync.task_sync_transactions ORDER BY id;
-- one whose time has not come is left as it is
UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp() + interval '1 hour' WHERE id = 2;
SELECT github_sync.task_next_chore('release', 0, '{}');
SELECT github_sync.task_do_chore('release', 2) \g /dev/null
SELECT id, state, next_attempt_at IS NULL AS in_line FROM github_sync.task_sync_transactions ORDER BY id;
-- one that a worker ended with as its time had come is tried alone with that
UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp() WHERE id = 2;
SELECT id, step FROM github_sync.task_claim_lost(2, false);
SELECT state FROM github_sync.task_sync_transactions WHERE id = 2;
