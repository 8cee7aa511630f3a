--
-- Pruning: history goes, what can still run stays
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
-- something of every state
UPDATE app.tasks SET title = 'mine', modified_at = at(5);
SELECT outbound(1), webhook(4), outbound(1);
SELECT webhook(1, 2), webhook(2, 2), webhook(2, 2);
SELECT webhook(3, 3), webhook(3, 4);
SELECT * FROM claim(10);
SELECT github_sync.task_fail(9, 1, 'forbidden', 'no');
UPDATE github_sync.github_repos SET sync_direction = 'inbound';
SELECT outbound(1);
SELECT * FROM queue;
INSERT INTO github_sync.comment_sync_transactions (direction, comment_id, state, queued_at, finished_at)
VALUES ('outbound', NULL, 'completed', now() - interval '2 days', now() - interval '2 days');
INSERT INTO github_sync.sync_conflicts (record_type, cached_record_id, transaction_id, field, winner, detected_at)
VALUES ('task', 1, 1, 'title', 'app', now() - interval '2 days'), ('task', 1, 1, 'body', 'app', now());
-- too young
SELECT github_sync.prune('3 days');
-- two days old: the comment's, and the older conflict
SELECT github_sync.prune('1 day');
SELECT field FROM github_sync.sync_conflicts;
-- all that is history
SELECT github_sync.prune('0');
SELECT * FROM queue;
-- what was dropped for one that may still fail is not history yet
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'mine', modified_at = at(5);
SELECT outbound(1), webhook(4);
SELECT github_sync.prune('0');
SELECT * FROM claim();
SELECT github_sync.prune('0');
CALL github_has(4, 'Crash');
SELECT fetched(2);
SELECT written(2, 6);
SELECT github_sync.prune('0');
-- without its history a record goes on: one GET tells what a completed transaction would have
SELECT webhook(6);
SELECT carry_out(70);
-- many: in batches
INSERT INTO github_sync.task_sync_transactions (direction, state, queued_at, finished_at)
SELECT 'outbound', 'completed', now(), now() FROM generate_series(1, 25000);
SELECT github_sync.prune('0');
SELECT count(*) FROM github_sync.task_sync_transactions;
-- what the worker does, a few at a time: what is old, by the time of its end, and is no error and no conflict
CALL start_afresh();
INSERT INTO github_sync.task_sync_transactions (id, direction, state, error_code, error_reason, disabled_reason, inserted_at,
	queued_at, finished_at)
OVERRIDING SYSTEM VALUE
SELECT n + 100, 'inbound', state, CASE state WHEN 'errored' THEN 'gone' END, CASE state WHEN 'errored' THEN 'gone' END,
	CASE state WHEN 'disabled' THEN 'repo' END, now() - inserted, now() - inserted, now() - finished
FROM (VALUES (1, 'completed', '9 days'::interval, '8 days'::interval), (2, 'errored', '9 days', '8 days'),
	(3, 'disabled', '9 days', '8 days'), (4, 'canceled', '9 days', '8 days'), (5, 'dropped', '9 days', '8 days'),
	(6, 'duplicate', '9 days', '8 days'), (7, 'completed', '9 days', '1 day'), (8, 'completed', '1 day', '1 day'),
	(9, 'queued', '9 days', NULL)) AS v (n, state, inserted, finished);
UPDATE github_sync.task_sync_transactions SET dropped_for = 102 WHERE id = 105;
CALL github_has(1, 'Crash');
SELECT webhook(1);
UPDATE github_sync.task_sync_transactions SET github_issue_id = 1 WHERE id = 106;
INSERT INTO github_sync.sync_conflicts (record_type, cached_record_id, transaction_id, field, winner)
VALUES ('task', 1, 106, 'title', 'app'), ('task', 1, 101, 'title', 'app'), ('comment', 1, 104, 'body', 'app');
SELECT after_at AS at, after_id AS id, more FROM github_sync.task_prune_some('7 days', 2, '-infinity', 0) \gset seen_
SELECT :seen_id, :'seen_more', count(*) FROM github_sync.task_sync_transactions WHERE id > 100;
SELECT after_id, more, next_due_at - now() BETWEEN '5 days' AND '6 days' AS due
FROM github_sync.task_prune_some('7 days', 100, :'seen_at', :seen_id);
-- a conflict of another record, or another record type, is not theirs
SELECT id, state FROM github_sync.task_sync_transactions WHERE id > 100 ORDER BY id;
-- none is old
SELECT after_at, after_id, more, next_due_at IS NULL AS nothing FROM github_sync.comment_prune_some('7 days', 2, '-infinity', 0);
-- what a trigger refuses keeps none beside it, or behind it, and is looked at again with all the rest
CALL start_afresh();
INSERT INTO github_sync.task_sync_transactions (id, direction, state, inserted_at, queued_at, finished_at) OVERRIDING SYSTEM VALUE
SELECT n + 200, 'inbound', 'completed', now() - '9 days'::interval, now() - '9 days'::interval, now() - '8 days'::interval
FROM generate_series(1, 6) AS n;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'kept'; END $$;
CREATE TRIGGER keep BEFORE DELETE ON github_sync.task_sync_transactions FOR EACH ROW WHEN (OLD.id = 202) EXECUTE FUNCTION keep();
SELECT after_at AS at, after_id AS id, more FROM github_sync.task_prune_some('7 days', 3, '-infinity', 0) \gset seen_
SELECT :seen_id, :'seen_more';
SELECT after_id, more FROM github_sync.task_prune_some('7 days', 100, :'seen_at', :seen_id);
SELECT id, state FROM github_sync.task_sync_transactions WHERE id > 200 ORDER BY id;
DROP TRIGGER keep ON github_sync.task_sync_transactions;
DROP FUNCTION keep();
-- what is wrong with it
\set VERBOSITY terse
SELECT github_sync.prune(NULL);
SELECT github_sync.prune('-1 day');
\echo :SQLSTATE
