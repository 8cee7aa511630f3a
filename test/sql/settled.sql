--
-- Settled and unsettled times; replicas that lag
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- GitHub's times have whole seconds: an answer from within the minute does not settle T
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(30);
SELECT second_of(github_updated_at), second_of(seen_at) FROM github_sync.github_issues;
SELECT webhook(7);
-- a GET without news is the duplicate of the transaction that brought this version
SELECT carry_out(40);
SELECT webhook(7);
-- an answer from the next minute settles it
SELECT carry_out(67);
SELECT second_of(github_updated_at), second_of(seen_at) FROM github_sync.github_issues;
SELECT webhook(7);
SELECT * FROM queue;
-- a newer version is unsettled again
CALL github_has(8, 'Crash at start');
SELECT webhook(8);
SELECT carry_out(67);
SELECT webhook(8);
SELECT carry_out(68);
-- an answer with an older Date does not unsettle it
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(9);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(7, seen => 20);
SELECT second_of(github_updated_at), second_of(seen_at) FROM github_sync.github_issues;

-- 304: GitHub's values are the cached ones, and the answer settles them
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(7);
SELECT webhook(7);
SELECT * FROM claim();
SELECT fetched(2, seen => 90, kind => 'not modified');
SELECT webhook(7);

-- an ETag belongs to the base that it came with: without one, and with another one by now, a 304 says nothing
CREATE FUNCTION claimed_etag() RETURNS text LANGUAGE sql AS $$ SELECT etag FROM github_sync.task_claim(1, 8) $$;
CREATE FUNCTION not_modified(transaction bigint, seen numeric, sent_etag text) RETURNS text LANGUAGE sql AS $$
	SELECT a.result FROM world.claim_of(transaction) AS c, github_sync.task_report_answer(transaction, c.claim_no, ROW('not modified', at(seen),
		41, ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::github_sync.resource, sent_etag, 'a token', NULL, NULL)::github_sync.answer) AS a
$$;
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(7);
UPDATE github_sync.github_issues SET etag = '"seven"', etag_key = 'a token';
SELECT webhook(7);
SELECT claimed_etag();
SELECT not_modified(2, 80, '"six"');
SELECT second_of(seen_at) FROM github_sync.github_issues;
SELECT claimed_etag();
SELECT not_modified(2, 90, '"seven"');
SELECT second_of(seen_at) FROM github_sync.github_issues;
CALL github_has(8, 'Crash at start');
SELECT webhook(8);
SELECT claimed_etag();
SELECT github_sync.unlink_task(1);
SELECT not_modified(3, 100, '"seven"');
SELECT count(*) FROM app.tasks;
SELECT claimed_etag();
SELECT fetched(3);
SELECT title FROM app.tasks ORDER BY id;

-- a replica that lags behind the webhook: back into the queue, no attempt counted
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT carry_out(5);
SELECT webhook(7);
SELECT * FROM claim();
SELECT fetched(2, seen => 90);
SELECT state, attempts, last_error IS NOT NULL AS tells_why, next_attempt_at > clock_timestamp() AS waits
FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT * FROM claim();
-- such an answer is not recorded
SELECT second_of(github_updated_at), second_of(seen_at) FROM github_sync.github_issues;
-- five of them, then what is there is accepted
CREATE FUNCTION try_now(transaction bigint, seen numeric) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE id = transaction;
	PERFORM claim();
	RETURN fetched(transaction, seen);
END
$$;
SELECT try_now(2, 91), try_now(2, 92), try_now(2, 93), try_now(2, 94);
SELECT try_now(2, 95);
SELECT * FROM queue;
SELECT second_of(github_updated_at) FROM github_sync.github_issues;
-- but it settles nothing
SELECT webhook(5);

-- settled is the time that the record was seen at, not a later one
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT * FROM claim();
SELECT fetched(1, seen => 100);
SELECT webhook(7);
SELECT * FROM claim();
SELECT webhook(7);

-- an answer older than the record is as little trusted by an outbound one
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(7);
UPDATE app.tasks SET body = 'It crashes.', modified_at = at(8);
SELECT outbound(1);
UPDATE resources SET updated_at = at(5), title = 'an older one';
SELECT * FROM claim();
SELECT fetched(2);
SELECT title FROM app.tasks;
