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

-- edits that are put into the queue together become what they become one by one
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (3, 10, 'octo', 'third');
/* The first 32 of a transaction are captured at once. Of the others: 33 nothing special; 34 waits to be sent; 35 and 36 are moved; 37 was unlinked;
   38 is deleted, 39 changed back, 40 edited twice in the transaction; of 41 GitHub tells; 42 is closed; 43 has a note; 44 is in a set by itself. */
CREATE PROCEDURE edit_many() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	PERFORM github_sync.capture_task_changes(true);
	FOR n IN 1 .. 44 LOOP
		CALL github_has(5, 'Title ' || n, 'Body ' || n, issue => n);
		PERFORM webhook(5, issue => n);
	END LOOP;
	PERFORM carry_out(9);
	UPDATE app.tasks SET note = substr(title, 7), id = id WHERE true;
	UPDATE app.tasks SET title = 'Before', modified_at = at(10) WHERE note = '34';
	PERFORM github_sync.unlink_task(id) FROM app.tasks WHERE note = '37';
	COMMIT;
	UPDATE app.tasks SET title = title || '!', modified_at = at(20) WHERE note::integer <= 43;
	UPDATE app.tasks SET repo_id = CASE note WHEN '36' THEN 3 END, body = 'Moved' WHERE note IN ('35', '36');
	DELETE FROM app.tasks WHERE note = '38';
	UPDATE app.tasks SET title = 'Title 39' WHERE note = '39';
	UPDATE app.tasks SET body = 'Twice' WHERE note = '40';
	PERFORM webhook(30, issue => 41);
	UPDATE app.tasks SET state = 'closed' WHERE note = '42';
	UPDATE app.tasks SET note = 'noted' WHERE note = '43';
	UPDATE app.tasks SET body = 'Alone' WHERE note = '44';
	COMMIT;
END
$$;
CREATE VIEW edited AS
	SELECT 'transaction' AS what, (i.number, t.direction, t.action, t.state, t.because, t.disabled_reason, t.error_code, t.priority, t.claim_no, t.creates,
		t.task_id IS NOT NULL, t.github_issue_number, t.github_issue_external_id, t.github_repo_id, t.github_app_installation_id, t.record_modified_at,
		(SELECT o.state FROM github_sync.task_sync_transactions AS o WHERE o.id IN (t.canceled_by, t.duplicate_of, t.dropped_for)),
		t.queued_at IS NOT NULL, t.finished_at IS NOT NULL)::text AS "is"
	FROM github_sync.task_sync_transactions AS t LEFT JOIN github_sync.github_issues AS i ON i.id = t.github_issue_id
	UNION ALL SELECT 'record', (i.number, i.task_id IS NOT NULL, i.github_repo_id, i.local_repo_id, i.local_base, i.remote_base, i.local_open_value,
		i.local_deleted_at IS NOT NULL, ARRAY(SELECT c IS NOT NULL FROM unnest(i.local_changed_at) AS c))::text
	FROM github_sync.github_issues AS i;
CALL edit_many();
CREATE TABLE edited_together AS SELECT * FROM edited;
SELECT what, count(*) FROM edited_together GROUP BY 1 ORDER BY 1;
SELECT "is" FROM edited_together WHERE what = 'transaction' AND "is" LIKE ANY ('{(33%outbound%,(34%outbound%,(35%outbound%,(36%outbound%,(38%outbound%,(39%outbound%,(4_%outbound%,"(,%"}') ORDER BY 1;
-- a trigger of the application's on the queue sees them one by one
CREATE FUNCTION let_it_be() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER let_it_be BEFORE INSERT ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION let_it_be();
CALL edit_many();
SELECT 'one by one' AS how, * FROM (TABLE edited EXCEPT ALL TABLE edited_together) AS o UNION ALL SELECT 'together', * FROM (TABLE edited_together EXCEPT ALL TABLE edited) AS t;
DROP TRIGGER let_it_be ON github_sync.task_sync_transactions;
-- one that the queue refuses takes none of the others along
ALTER TABLE github_sync.task_sync_transactions ADD CONSTRAINT refused CHECK (direction = 'inbound' OR github_issue_number <> 40 OR state <> 'queued') NOT VALID;
CALL edit_many();
ALTER TABLE github_sync.task_sync_transactions DROP CONSTRAINT refused;
SELECT t.github_issue_number, t.state FROM github_sync.task_sync_transactions AS t WHERE t.direction = 'outbound' AND t.github_issue_number BETWEEN 39 AND 41 ORDER BY t.id;
SELECT problem, detail FROM github_sync.sync_problems WHERE record_type = 'task';
SELECT github_sync.task_catch_up();
SELECT count(*) FROM github_sync.task_sync_transactions WHERE github_issue_number = 40 AND state = 'queued';

-- edits of comments: 38 is moved to another task, 39 was never synced, of 40 the issue is gone at GitHub
CREATE PROCEDURE edit_comments() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	FOR n IN 1 .. 3 LOOP
		CALL github_has(5, 'Title ' || n, 'Body ' || n, issue => n);
		PERFORM webhook(5, issue => n);
	END LOOP;
	PERFORM carry_out(9);
	INSERT INTO app.comments (id, task_id, body, modified_at)
	SELECT n, i.task_id, 'Comment ' || n, at(5) FROM generate_series(1, 40) AS n JOIN github_sync.github_issues AS i ON i.number = CASE n WHEN 40 THEN 3 ELSE 1 END;
	INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, github_id, comment_id, body, github_updated_at, remote_base, local_base)
	SELECT 1, i.id, 5000000000 + c.id, c.id, c.body, at(5), ARRAY[c.body], ARRAY[c.body]
	FROM app.comments AS c JOIN github_sync.github_issues AS i ON i.task_id = c.task_id WHERE c.id <> 39;
	PERFORM github_sync.capture_comment_changes(true);
	UPDATE github_sync.github_issues SET deleted_at = at(9) WHERE number = 3;
	COMMIT;
	UPDATE app.comments SET body = body || '!', task_id = CASE id WHEN 38 THEN (SELECT i.task_id FROM github_sync.github_issues AS i WHERE i.number = 2) ELSE task_id END;
	COMMIT;
	PERFORM github_sync.capture_comment_changes(false);
END
$$;
CREATE VIEW edited_comments AS
	SELECT t.comment_id, t.direction, t.action, t.state, t.because, t.disabled_reason, t.error_code, t.error_reason, t.priority, t.creates, t.github_issue_id IS NOT NULL AS has_issue,
		t.github_comment_external_id, t.github_repo_id, t.record_modified_at, t.queued_at IS NOT NULL AS was_queued, ARRAY(SELECT a IS NOT NULL FROM unnest(c.local_changed_at) AS a) AS changed
	FROM github_sync.comment_sync_transactions AS t LEFT JOIN github_sync.github_comments AS c ON c.id = t.github_comment_id;
CALL edit_comments();
CREATE TABLE comments_together AS SELECT * FROM edited_comments;
SELECT comment_id, state, error_code, github_comment_external_id, changed FROM comments_together WHERE comment_id > 36 ORDER BY comment_id;
CREATE TRIGGER let_it_be BEFORE INSERT ON github_sync.comment_sync_transactions FOR EACH ROW EXECUTE FUNCTION let_it_be();
CALL edit_comments();
SELECT count(*) AS one_by_one FROM edited_comments;
SELECT 'one by one' AS how, * FROM (TABLE edited_comments EXCEPT ALL TABLE comments_together) AS o UNION ALL SELECT 'together', * FROM (TABLE comments_together EXCEPT ALL TABLE edited_comments) AS t;
DROP TRIGGER let_it_be ON github_sync.comment_sync_transactions;

-- answers that are reported as a set do what they do one by one
CREATE FUNCTION answer_to(transaction bigint) RETURNS github_sync.answer LANGUAGE sql AS $$
	SELECT ROW('fetched', at(40), account('our-app[bot]'), ROW(CASE r.number WHEN 8 THEN 4000000008 ELSE r.id END, r.number, false, r.title, r.body, r.state,
		NULL, r.author, 'https://github.com/octo/app', at(0), r.updated_at, NULL, account(r.author), NULL)::github_sync.resource, NULL, NULL, '{}', NULL)::github_sync.answer
	FROM resource_of(transaction, 'task') AS r
$$;
/* Issues 1 to 6 and 9 are known. 1: edited there; 2: on both sides; 3: here; 4: the answer lags; 5: not at all; 6: deleted here; 7, 8: new, 8 under another id; 9: claimed again. */
CREATE PROCEDURE claim_nine() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	FOR n IN 1 .. 9 LOOP
		CALL github_has(5, 'Title ' || n, 'Body ' || n, issue => n);
		PERFORM webhook(5, issue => n) WHERE n NOT IN (7, 8);
	END LOOP;
	PERFORM carry_out(9);
	CALL github_has(20, 'Edited there', issue => 1);
	CALL github_has(20, 'Edited there', issue => 2);
	UPDATE app.tasks SET title = 'Edited here', modified_at = at(21) WHERE title IN ('Title 2', 'Title 3');
	PERFORM outbound(id) FROM app.tasks WHERE body = 'Body 3';
	PERFORM webhook(CASE n WHEN 4 THEN 30 WHEN 6 THEN 20 WHEN 9 THEN 20 ELSE second_of(r.updated_at) END, issue => n)
	FROM generate_series(1, 9) AS n JOIN resources AS r ON r.number = n WHERE n <> 3 ORDER BY n;
	PERFORM claim(20);
	DELETE FROM app.tasks WHERE title = 'Title 6';
	UPDATE resources SET updated_at = at(20) WHERE number = 6;
END
$$;
CREATE FUNCTION reported(together boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	told record;
	c record;
BEGIN
	SELECT array_agg(t.id ORDER BY t.id) AS ids,
		array_agg(t.claim_no + CASE t.github_issue_number WHEN 9 THEN 1 ELSE 0 END ORDER BY t.id) AS nos, array_agg(answer_to(t.id) ORDER BY t.id) AS answers
	INTO c FROM github_sync.task_sync_transactions AS t WHERE t.state = 'processing';
	FOR told IN SELECT * FROM github_sync.task_report_answers(c.ids, c.nos, c.answers) WHERE together LOOP
		RETURN NEXT concat_ws(' ', told.place, (told.follows).result, (told.follows).title);
	END LOOP;
	FOR i IN 1 .. cardinality(c.ids) LOOP
		PERFORM github_sync.task_report_answer(c.ids[i], c.nos[i], c.answers[i]) FROM github_sync.task_sync_transactions AS t
		WHERE t.id = c.ids[i] AND t.claim_no = c.nos[i] AND (NOT together OR t.github_issue_number = 8);
	END LOOP;
END
$$;
CREATE VIEW outcome AS
	SELECT 'transaction' AS what, q::text AS "is" FROM queue AS q
	UNION ALL SELECT 'sides', b::text FROM both_sides AS b
	UNION ALL SELECT 'conflict', c::text FROM conflicts AS c
	UNION ALL SELECT 'record', (i.id, i.task_id, i.github_id, i.title, i.github_updated_at, i.remote_base, i.local_base, i.sent, i.sent_mask, i.etag)::text
		FROM github_sync.github_issues AS i;
CALL claim_nine();
SELECT * FROM reported(together => true);
CREATE TABLE together AS SELECT * FROM outcome;
SELECT what, count(*) FROM together GROUP BY 1 ORDER BY 1;
SELECT "is" FROM together WHERE what = 'transaction';
CALL claim_nine();
SELECT * FROM reported(together => false);
SELECT 'one by one' AS how, * FROM (TABLE outcome EXCEPT TABLE together) AS o UNION ALL SELECT 'together', * FROM (TABLE together EXCEPT TABLE outcome) AS t;
-- where the application has code of its own, each row is written by itself
CREATE FUNCTION quietly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER quietly BEFORE UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION quietly();
CALL claim_nine();
SELECT * FROM reported(together => true);
DROP TRIGGER quietly ON app.tasks;

-- what is read for a claim does not grow with what is in flight, nor what is read for one with the size of the set
CREATE FUNCTION buffers_of(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json) ' || statement INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END
$$;
CALL start_afresh();
SELECT github_sync.capture_task_changes(false) \g /dev/null
INSERT INTO github_sync.github_app_installations (id) VALUES (9);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 9, 'octo', 'other');
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
SELECT 'inbound', repo, 3000000000 + 1000 * repo + number, number, at(5) FROM generate_series(1, 400) AS number, generate_series(1, 2) AS repo ORDER BY repo, number;
SET plan_cache_mode = force_generic_plan;
CREATE TABLE costs AS SELECT 'candidates, others at rest' AS what,
	buffers_of('SELECT * FROM github_sync.task_candidates(64, 64, 64, ARRAY[1::bigint], ARRAY[ROW(9, ''inbound'', false, 0, 0)::github_sync.line])') AS buffers;
SELECT count(*) FROM github_sync.task_claim(400, 400, 400, '{}', ARRAY[ROW(10, 'inbound', false, 0, 0)::github_sync.line]);
INSERT INTO costs SELECT 'candidates, others in flight',
	buffers_of('SELECT * FROM github_sync.task_candidates(64, 64, 64, ARRAY[1::bigint], ARRAY[ROW(9, ''inbound'', false, 0, 0)::github_sync.line])');
INSERT INTO costs SELECT 'set of ' || n, buffers_of(format('SELECT * FROM github_sync.task_claim(%s, 400, 400, ''{}'', ''{}'')', n)) FROM unnest('{64,128}'::integer[]) AS n;
SELECT max(buffers) < 300 AS not_more FROM costs WHERE what LIKE 'candidates%';
SELECT what, buffers / substr(what, 8)::integer < 75 AS few_of_each FROM costs WHERE what LIKE 'set%' ORDER BY what DESC;

-- nor does it depend on when statistics were taken: of a history while nothing waited, or of a long queue
CALL start_afresh();
INSERT INTO github_sync.github_app_installations (id) SELECT n FROM generate_series(1001, 1050) AS n;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) SELECT n, n, 'octo', 'repo-' || n FROM generate_series(1001, 1050) AS n;
CREATE PROCEDURE tell_all(issues integer, since integer) LANGUAGE sql AS $$
	INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
	SELECT 'inbound', repo, 3000000000 + 1000 * repo + number, number, at(since) FROM generate_series(1, issues / 50) AS number, generate_series(1001, 1050) AS repo ORDER BY number, repo
$$;
CREATE PROCEDURE look(at_what text) LANGUAGE plpgsql AS $$
BEGIN
	DISCARD PLANS;
	INSERT INTO costs SELECT format('%s, %s', l.what, at_what), buffers_of(format('SELECT * FROM github_sync.task_%s', l.what)) FROM unnest(ARRAY[
		'waiting_lines()', 'candidates(64, 64, 64, ''{}'', ''{}'')', 'release_due()', 'claim(64, 64, 64, ''{}'', ''{}'')']) AS l (what);
END
$$;
CALL tell_all(issues => 300, since => 1);
SELECT count(*) FROM github_sync.task_claim(300, 300, 300, '{}', '{}');
UPDATE github_sync.task_sync_transactions SET event = 'completed';
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY state;
VACUUM ANALYZE github_sync.task_sync_transactions;
CALL tell_all(issues => 5000, since => 2);
CALL look('statistics of a history');
VACUUM ANALYZE github_sync.task_sync_transactions;
CALL look('statistics of a queue');
SELECT regexp_replace(what, '\(.*', '') AS what, max(buffers) < 1000 + 2 * min(buffers) AS the_same FROM costs WHERE what LIKE '%, statistics of a %' GROUP BY 1 ORDER BY 1;

-- nor on how many are parked until their time comes
UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp() + interval '1 hour' WHERE state = 'queued';
SELECT count(*) > 4000 AS many, buffers_of('SELECT * FROM github_sync.task_release_due()') < 100 AS few FROM github_sync.task_sync_transactions WHERE next_attempt_at IS NOT NULL;

-- and neither does an edit, with the number of those that are captured together
CALL start_afresh();
INSERT INTO app.tasks (id, title, state) SELECT n, 'Title', 'open' FROM generate_series(1, 256) AS n;
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id, local_repo_id, remote_base, local_base)
SELECT 1, 3000000000 + n, n, n, 1, '{Before,NULL,open}', '{Before,NULL,open}' FROM generate_series(1, 256) AS n;
INSERT INTO costs SELECT 'edits ' || n, buffers_of(format($$SELECT github_sync.task_capture_edits(array_agg(n::text), array_agg('{Before}'::text), array_agg('{Title}'::text))
	FROM generate_series(%s, %s - 1) AS n$$, n, 2 * n)) FROM unnest('{32,64,128}'::integer[]) AS n;
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY state;
-- the first ones read the catalogs, too
SELECT what, buffers / substr(what, 7)::integer < 90 AS few_of_each FROM costs WHERE what IN ('edits 64', 'edits 128') ORDER BY what DESC;
