--
-- What sync_status says of a long history: counted by the worker, block by block, and exact all the same
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE VIEW differences AS
SELECT * FROM (SELECT * FROM github_sync.sync_status WHERE record_type = 'task' EXCEPT
	SELECT 'task', direction, state, count(*), min(inserted_at), max(inserted_at) FROM github_sync.task_sync_transactions GROUP BY direction, state) AS more
UNION ALL
SELECT * FROM (SELECT 'task', direction, state, count(*), min(inserted_at), max(inserted_at) FROM github_sync.task_sync_transactions GROUP BY direction, state EXCEPT
	SELECT * FROM github_sync.sync_status WHERE record_type = 'task') AS less;
CREATE VIEW counted AS SELECT first_id, last_id, direction, state, transactions FROM github_sync.task_state_counts ORDER BY first_id, direction, state;
CREATE VIEW changed AS SELECT DISTINCT first_id FROM github_sync.task_changed_blocks ORDER BY first_id;
-- nothing at all
SELECT github_sync.task_count_blocks(10);
SELECT * FROM counted;
SELECT * FROM github_sync.sync_status;
-- a history with holes, imported by its owner
INSERT INTO github_sync.task_sync_transactions (id, direction, state, error_code, error_reason, github_repo_id, github_issue_number, github_updated_at, inserted_at, finished_at)
SELECT id, 'inbound', CASE WHEN id % 2 = 0 THEN 'completed' ELSE 'errored' END, CASE WHEN id % 2 = 1 THEN 'forbidden' END, CASE WHEN id % 2 = 1 THEN 'no' END,
	1, id, at(7), at(id / 1000.0), at(id / 1000.0 + 1)
FROM unnest(ARRAY[1, 2, 16383, 16384, 40000, 40001, 70000, 100000]) AS id;
SELECT * FROM differences;
-- a few at a time; the block that is being filled is not worth it
SELECT github_sync.task_count_blocks(2);
SELECT * FROM counted;
SELECT * FROM differences;
SELECT github_sync.task_count_blocks(9);
SELECT * FROM counted;
SELECT * FROM differences;
SELECT github_sync.task_count_blocks(2);
-- a state changes, a row goes, a row comes: noted once a transaction, and counted by whoever asks
SELECT github_sync.retry_task_sync_transaction(1);
SELECT * FROM changed;
SELECT * FROM differences;
DELETE FROM github_sync.task_sync_transactions WHERE id IN (16384, 70000);
INSERT INTO github_sync.task_sync_transactions (id, direction, state, github_repo_id, github_issue_number, github_updated_at)
VALUES (50000, 'inbound', 'completed', 1, 3, at(7)), (50001, 'inbound', 'completed', 1, 3, at(8));
SELECT * FROM changed;
SELECT * FROM differences;
-- and counted anew
SELECT github_sync.task_count_blocks(9);
SELECT * FROM counted;
SELECT * FROM changed;
SELECT * FROM differences;
-- what changes no state changes no count
UPDATE github_sync.task_sync_transactions SET priority = 7 WHERE id = 2;
SELECT * FROM changed;
-- by a snapshot that may be older than the count: noted in any case
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT github_sync.retry_task_sync_transaction(16383);
COMMIT;
SELECT * FROM changed;
SELECT * FROM differences;
-- the first ones are pruned
SELECT github_sync.prune('0') > 0;
DELETE FROM github_sync.task_sync_transactions WHERE id < 50000;
SELECT github_sync.task_count_blocks(9);
SELECT * FROM counted;
SELECT * FROM differences;
-- emptied
TRUNCATE github_sync.task_sync_transactions CASCADE;
SELECT * FROM counted;
SELECT * FROM changed;
SELECT * FROM github_sync.sync_status WHERE record_type = 'task';
-- nobody but the owner sees what is private
SELECT has_table_privilege('public', c.oid, 'SELECT') FROM pg_class AS c WHERE c.oid IN ('github_sync.task_state_counts'::regclass, 'github_sync.task_changed_blocks'::regclass);
