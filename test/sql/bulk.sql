--
-- Many rows in one statement follow the same rules, row by row
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

SET statement_timeout = '60s';
-- 5,000 rows of 1,000 issues, sorted by record: times up, down, and twice the same
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
SELECT 'inbound', 1, 3000000000 + number, number, at(CASE number % 4
	WHEN 0 THEN nth				-- each supersedes the one before
	WHEN 1 THEN 10 - nth		-- each has come too late
	WHEN 2 THEN 7				-- all are the same
	ELSE nth % 2 END)			-- 1 0 1 0 1
FROM generate_series(1, 1000) AS number, generate_series(1, 5) AS nth
ORDER BY number, nth;
SELECT number % 4 AS kind, t.state, count(*), second_of(min(t.github_updated_at)) AS oldest, second_of(max(t.github_updated_at)) AS newest
FROM github_sync.task_sync_transactions AS t JOIN github_sync.github_issues AS i ON i.id = t.github_issue_id
GROUP BY 1, 2 ORDER BY 1, 2;
-- a record is named by the row that it is
SELECT count(*) FROM github_sync.github_issues;
SELECT count(*) FROM github_sync.task_sync_transactions AS t
JOIN github_sync.github_issues AS i ON i.id = t.github_issue_id
WHERE i.number IS DISTINCT FROM t.github_issue_number OR i.github_id IS DISTINCT FROM t.github_issue_external_id;
-- exactly one of each waits, and each other one tells why it does not
SELECT max(waiting) AS most, min(waiting) AS least FROM (
	SELECT count(*) FILTER (WHERE state = 'queued') AS waiting FROM github_sync.task_sync_transactions GROUP BY github_issue_id) AS records;
SELECT count(*) FROM github_sync.task_sync_transactions WHERE state <> 'queued' AND coalesce(canceled_by, duplicate_of, dropped_for) IS NULL;
-- the place in line is that of the first
SELECT count(*) FROM github_sync.task_sync_transactions AS t
WHERE t.state = 'queued' AND t.queued_at > (SELECT min(o.queued_at) FROM github_sync.task_sync_transactions AS o WHERE o.github_issue_id = t.github_issue_id);

-- 2,500 outbound ones of 500 tasks
CALL start_afresh();
INSERT INTO app.tasks (id, title, modified_at) SELECT n, 'Task ' || n, at(1) FROM generate_series(1, 500) AS n;
INSERT INTO github_sync.task_sync_transactions (direction, task_id)
SELECT 'outbound', n FROM generate_series(1, 500) AS n, generate_series(1, 5) ORDER BY n;
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1 ORDER BY 1;
SELECT count(*) AS canceled_by_the_next FROM github_sync.task_sync_transactions WHERE canceled_by = id + 1;

-- and 1,250 of 250 comments, whose tasks are known
INSERT INTO app.comments (id, task_id, body, modified_at) SELECT n, n, 'Comment ' || n, at(1) FROM generate_series(1, 250) AS n;
INSERT INTO github_sync.comment_sync_transactions (direction, comment_id)
SELECT 'outbound', n FROM generate_series(1, 250) AS n, generate_series(1, 5) ORDER BY n;
SELECT state, count(*) FROM github_sync.comment_sync_transactions GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM github_sync.task_sync_transactions;

-- claims: in order of place in line, one per record, no more than the slots
UPDATE github_sync.github_issues SET number = id, github_id = 3000000000 + id;
SELECT count(*), min(id), max(id) FROM claim(8);
SELECT count(*) FROM claim(8);

-- capture of a bulk update
CALL start_afresh();
SELECT github_sync.capture_task_changes(true) \g /dev/null
INSERT INTO app.tasks (title, modified_at) SELECT 'Task ' || n, at(1) FROM generate_series(1, 2500) AS n;
UPDATE app.tasks SET title = title || '!', modified_at = at(2);
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1 ORDER BY 1;
