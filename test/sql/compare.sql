--
-- check_repo(): what differs is found with its reason, and nothing is applied;
-- mend_differences(): ordinary transactions for it, once
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
UPDATE github_sync.repo_sweeps SET phase = 'sweep', due_at = now() + interval '1 hour', last_complete_at = now(), last_census_at = now();
-- one page of each list, or more, with all that GitHub has
CREATE FUNCTION items(of_type text, from_number integer, to_number integer) RETURNS github_sync.resource[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(ROW(r.id, r.number, false, r.title, r.body, r.state, NULL, r.author, NULL, at(0), r.updated_at, NULL, account(r.author), NULL)::github_sync.resource
		ORDER BY r.updated_at, r.id), '{}') FROM resources AS r WHERE r.type = of_type AND r.number BETWEEN from_number AND to_number
$$;
CREATE TABLE unreadable (github_id bigint, number integer, updated_at timestamptz, problem text);
CREATE TABLE page_is_bad (words text);
CREATE FUNCTION read_page(answered_s integer, next_link text DEFAULT NULL, from_number integer DEFAULT 0, to_number integer DEFAULT 1000, no_character_for integer DEFAULT -1)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.sweep;
	shown github_sync.resource[];
BEGIN
	SELECT * INTO s FROM github_sync.sweep_claim('{}') LIMIT 1;
	IF s.github_repo_id IS NULL THEN
		RETURN 'nothing is due';
	END IF;
	shown := items(CASE s.request WHEN 'issues' THEN 'task' ELSE 'comment' END, from_number, to_number);
	RETURN format('%s, %s%s: ', s.stream, s.request, coalesce(' since ' || second_of(s.since), '')) || github_sync.sweep_page(ROW(s.github_repo_id, s.stream,
		s.claim_no, at(answered_s), 41, next_link, NULL, NULL, (SELECT words FROM page_is_bad), NULL, NULL, NULL)::github_sync.swept_page, shown,
		ARRAY(SELECT CASE WHEN i.number <> no_character_for THEN '{}' END FROM unnest(shown) AS i ORDER BY i.updated_at, i.github_id), NULL,
		ARRAY(SELECT u::github_sync.unreadable_item FROM (SELECT * FROM unreadable) AS u WHERE s.request = 'issues'));
END
$$;
CREATE VIEW differences AS SELECT record_type, github_issue_number AS issue, record_id AS row, difference, field, why, digest_here = digest_github AS same_digest, transaction_id AS by
	FROM github_sync.sync_differences ORDER BY record_type DESC, issue, row, field;
CREATE VIEW what_there_is AS SELECT (SELECT count(*) FROM app.tasks) AS tasks, (SELECT count(*) FROM github_sync.github_issues) AS issues,
	(SELECT count(*) FROM github_sync.github_comments) AS comments, (SELECT sum(lock_version) FROM github_sync.github_issues) AS locks,
	(SELECT count(*) FROM github_sync.task_sync_transactions) AS transactions, (SELECT count(*) FROM github_sync.comment_sync_transactions) AS of_comments;
-- what lists wait for while it is enabled
SELECT pretend_enabled(true) \g /dev/null
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
\set ECHO all

-- ten issues that both sides have alike, with a comment each
DO $$
BEGIN
	FOR n IN 1 .. 12 LOOP
		CALL github_has(n, 'Issue ' || n, 'Text ' || n, issue => n);
		PERFORM webhook(n, n);
		CALL github_has(n, NULL, 'Comment ' || n, issue => n, comment => 5000000000 + n);
		PERFORM webhook(n, n, 5000000000 + n);
	END LOOP;
	PERFORM carry_out(100);
	PERFORM carry_out(100, 'comment');
END
$$;
SELECT * FROM what_there_is \gset before_
SELECT github_sync.check_repo(1) \g /dev/null
SELECT github_sync.mend_differences(1);
SELECT stream, waits_for FROM github_sync.sync_progress WHERE phase = 'check' ORDER BY stream DESC;
SELECT read_page(200);
SELECT read_page(200);
SELECT read_page(200);
SELECT phase, stream, done, applied, waits_for, last_complete_at IS NOT NULL FROM github_sync.sync_progress WHERE phase = 'check' ORDER BY stream DESC;
SELECT * FROM differences;
SELECT github_sync.mend_differences(1);

-- code of the application's that raises for one row keeps no other one from being compared, or taken over
BEGIN;
CREATE FUNCTION app.is_wanted(title text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN true; END';
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => 'app.is_wanted(title)') \g /dev/null
CREATE OR REPLACE FUNCTION app.is_wanted(title text) RETURNS boolean LANGUAGE plpgsql STABLE AS
$$BEGIN IF title = 'Issue 3' THEN RAISE 'nobody knows of %', title; END IF; ASSERT title <> 'Issue 5', 'this is no issue'; RETURN true; END$$;
CALL github_has(205, 'Issue 3!', 'Text 3!', issue => 3);
CALL github_has(205, 'Issue 4!', 'Text 4!', issue => 4);
INSERT INTO app.tasks (repo_id, title) VALUES (1, 'Nobody enqueued it'), (1, 'Issue 5'), (1, 'Nor this');
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(210);
SELECT read_page(210);
SELECT record_type, issue, difference, field, why FROM differences;
SELECT github_sync.reconcile_repo(1) \g /dev/null
SELECT read_page(220);
SELECT github_sync.apply_later() \g /dev/null
SELECT status, since IS NOT NULL AS has_since, detail, remedy FROM github_sync.health() WHERE "check" = 'sweeps';
ROLLBACK;

-- a comment whose row was moved to another task, which nobody captured: it is said, and left to the application
BEGIN;
UPDATE app.comments SET task_id = 11 WHERE body = 'Comment 10';
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(210), read_page(210);
SELECT * FROM differences;
SELECT github_sync.mend_differences(1);
-- ... captured, its error says so; back in its place it is no difference
SELECT outbound(10, of_type => 'comment');
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(220), read_page(220);
SELECT * FROM differences;
UPDATE app.comments SET task_id = 10 WHERE body = 'Comment 10';
SELECT outbound(10, of_type => 'comment');
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(230), read_page(230);
SELECT * FROM differences;
ROLLBACK;

-- GitHub has another title, of which nobody told; one edited here, and nobody captured it; both differently; one that is gone; one deleted here; one deleted
-- there, as we know; one linked, and not yet synced; text of the same second; unread; errored; disabled; and one that nobody enqueued
CALL github_has(120, 'Edited there', issue => 1);
UPDATE app.tasks SET body = 'Edited here' WHERE id = 2;
CALL github_has(121, 'Ours', issue => 3);
UPDATE app.tasks SET title = 'Mine' WHERE id = 3;
DELETE FROM resources WHERE number = 4;
DELETE FROM app.comments WHERE task_id = 5;
DELETE FROM app.tasks WHERE id = 5;
UPDATE github_sync.github_issues SET local_deleted_at = at(110) WHERE number = 5;
DELETE FROM resources WHERE number = 6;
UPDATE github_sync.github_issues SET deleted_at = at(110) WHERE number = 6;
UPDATE github_sync.github_comments SET deleted_at = at(110) WHERE github_id = 5000000006;
UPDATE github_sync.github_issues SET local_base = NULL, remote_base = NULL WHERE number = 7;
UPDATE app.tasks SET title = 'Linked' WHERE id = 7;
CALL github_has(8, 'In the same second', issue => 8);
UPDATE github_sync.github_issues SET seen_at = at(9) WHERE number = 8;
CALL github_has(122, 'Not told', issue => 20);
CALL github_has(123, NULL, 'Not told, either', issue => 20, comment => 5000000020);
CALL github_has(123, NULL, 'A comment edited there', issue => 1, comment => 5000000001);
CALL github_has(124, 'To come', issue => 21);
SELECT webhook(124, 21) \g /dev/null
UPDATE github_sync.task_sync_transactions SET priority = 200 WHERE state = 'queued';
CALL github_has(125, 'Errored', issue => 22);
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number) VALUES (1, 3000000022, 22);
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id, github_updated_at, error_code, error_reason, finished_at)
SELECT 'inbound', 'errored', 10, 1, id, at(125), 'apply_failed', 'a trigger', now() FROM github_sync.github_issues WHERE number = 22;
UPDATE app.tasks SET title = 'Archived' WHERE id = 9;
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id, task_id, disabled_reason, finished_at)
SELECT 'outbound', 'disabled', 10, 1, id, 9, 'archived', now() FROM github_sync.github_issues WHERE number = 9;
INSERT INTO app.tasks (title) VALUES ('Nobody enqueued it');
INSERT INTO app.comments (task_id, body) VALUES (10, 'Nor this comment');
-- equal here, whatever line ends, and where a trigger wrote it otherwise as it arrived
UPDATE github_sync.github_issues SET local_base[1] = 'Issue 11!' WHERE number = 11;
UPDATE app.tasks SET title = 'Issue 11!' WHERE id = 11;
CALL github_has(126, 'Alike by now', issue => 12);
UPDATE app.tasks SET title = 'Alike by now' WHERE id = 12;
SELECT * FROM what_there_is \gset before_
SELECT github_sync.check_repo(1) \g /dev/null
-- the former findings stand until it is complete; a second call does not begin it anew; a page is read again by whoever comes after one that died
SELECT read_page(300, 'https://api.github.com/2', 0, 3);
SELECT github_sync.check_repo(1) \g /dev/null
SELECT phase, done, applied, total, per_cent, waits_for FROM github_sync.sync_progress WHERE phase = 'check' AND stream = 'issues';
SELECT count(*) FROM differences;
SELECT github_repo_id FROM github_sync.sweep_claim('{}');
SELECT read_page(300, 'https://api.github.com/2', 2, 9);
SELECT read_page(300, NULL, 10, 1000);
SELECT * FROM differences;
SELECT read_page(300);
SELECT * FROM differences;
SELECT read_page(300);
SELECT w = ROW(:before_tasks, :before_issues, :before_comments, :before_locks, :before_transactions, :before_of_comments)::text AS nothing_is_applied FROM (SELECT what_there_is::text AS w FROM what_there_is) AS x;
SELECT count(*) FROM github_sync.checked_pages;

-- who watches may read it, and nothing else
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 10 FROM github_sync.sync_differences;
\set SHOW_CONTEXT never
SELECT * FROM github_sync.record_differences;
SELECT github_sync.check_repo(1);
SELECT github_sync.mend_differences(1);
SET SESSION AUTHORIZATION regress_owner;

-- mended, each once; what both sides keep as it is, and what would be created, is left alone
SELECT github_sync.mend_differences(1);
SELECT github_sync.mend_differences(1);
SELECT d.issue, d.difference, t.direction, t.action, t.state, t.priority FROM github_sync.task_sync_transactions AS t JOIN (
	SELECT DISTINCT github_issue_number AS issue, difference, mended_by FROM github_sync.sync_differences WHERE record_type = 'task') AS d ON d.mended_by = t.id ORDER BY 1, t.id;
SELECT d.issue, d.difference, t.direction, t.action, t.state FROM github_sync.comment_sync_transactions AS t JOIN (
	SELECT DISTINCT github_issue_number AS issue, difference, mended_by FROM github_sync.sync_differences WHERE record_type = 'comment') AS d ON d.mended_by = t.id ORDER BY 1, t.id;
CALL news_is_old();
-- GitHub answers of those that are gone, twice
CREATE FUNCTION answer_of_gone(second integer, of_type text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	gone bigint;
BEGIN
	PERFORM claim(50, of_type);
	FOR gone IN EXECUTE format('SELECT id FROM github_sync.%s_sync_transactions WHERE action = ''delete'' AND state = ''processing''', of_type) LOOP
		RETURN NEXT of_type || ' ' || missing(gone, second, of_type => of_type);
	END LOOP;
	EXECUTE format('UPDATE github_sync.%s_sync_transactions SET event = ''given back'' WHERE state = ''processing''', of_type);
	CALL wait_is_over(of_type);
END
$$;
SELECT answer_of_gone(800 + 100 * n, t) FROM generate_series(1, 2) AS n, (VALUES ('task'), ('comment')) AS v (t);
SELECT count(*) FROM (VALUES ('task'), ('comment'), ('task'), ('comment')) AS v (t), carry_out(1000, t);
SELECT state, count(*) FROM github_sync.task_sync_transactions WHERE state IN ('queued', 'processing') GROUP BY 1;
SELECT task, title, body, github_title, github_body FROM both_sides;
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(2000), read_page(2000);
SELECT * FROM differences;
SELECT github_sync.mend_differences(1);

-- an error that comes again is one problem of its record, shown as it is now, whether it was retried, mended or edited; each side by itself
CALL start_afresh();
CREATE VIEW errors_shown AS SELECT e.record_type, e.id, e.direction, e.error_code, e.error_reason,
	(SELECT h.detail FROM github_sync.health() AS h WHERE h."check" = 'errors of ' || e.record_type || 's') AS health,
	(SELECT string_agg(g.errors || ' ' || g.code, ', ') FROM github_sync.task_error_groups() AS g WHERE e.record_type = 'task') AS report
FROM github_sync.sync_errors AS e ORDER BY e.record_type DESC, e.id;
CREATE FUNCTION fail_all(code text, reason text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(c.id || ' ' || github_sync.task_fail(c.id, c.claim_no, code, reason), ', ' ORDER BY c.id) FROM github_sync.task_claim(50, 9, 9) AS c
$$;
CALL github_has(5, 'Issue', issue => 1);
SELECT webhook(5) \g /dev/null
SELECT carry_out(100);
CALL github_has(120, 'Edited there', issue => 1);
SELECT webhook(120);
SELECT fail_all('apply_failed', '23514: as it was first');
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(200), read_page(200);
SELECT * FROM differences;
SELECT github_sync.mend_differences(1);
SELECT fail_all('forbidden', 'as it is now');
SELECT * FROM errors_shown;
SELECT github_sync.retry_task_sync_transaction(2);
SELECT fail_all('apply_failed', '23514: as it is after a retry of the former one');
SELECT * FROM errors_shown;
UPDATE app.tasks SET body = 'Edited here' WHERE id = 1;
SELECT outbound(1);
SELECT fail_all('validation_failed', 'GitHub does not take it');
SELECT * FROM errors_shown;
SELECT outbound(1);
SELECT fail_all('apply_failed', '23514: it still does not fit');
SELECT * FROM errors_shown;
SELECT github_sync.retry_errored();
SELECT carry_out(100);
SELECT count(*) FROM errors_shown;
-- of what has no record yet, too
INSERT INTO app.comments (task_id, body) VALUES (NULL, 'lost'), (NULL, 'lost as well');
SELECT outbound(1, 'comment'), outbound(2, 'comment');
SELECT outbound(1, 'comment');
SELECT * FROM errors_shown;
UPDATE app.comments SET task_id = 1 WHERE id = 1;
SELECT outbound(1, 'comment'), carry_out(100, 'comment');
SELECT * FROM errors_shown;

-- rows that are not for GitHub any more, and those that were unlinked: it is said, whether a transaction says so or not
CALL start_afresh();
BEGIN;
ALTER TABLE app.tasks ADD removed boolean;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => $$title <> 'Secret'$$, deleted_when => 'removed') \g /dev/null
DO $$
BEGIN
	FOR n IN 1 .. 5 LOOP
		CALL github_has(n, 'Issue ' || n, 'Text ' || n, issue => n);
		PERFORM webhook(n, n);
	END LOOP;
	CALL github_has(6, NULL, 'Comment', issue => 5, comment => 5000000005);
	PERFORM webhook(6, 5, 5000000005);
	PERFORM carry_out(100);
	PERFORM carry_out(100, 'comment');
END
$$;
UPDATE github_sync.github_repos SET on_local_delete = 'propagate' WHERE id = 1;
SELECT github_sync.capture_task_changes(true) \g /dev/null
UPDATE app.tasks SET removed = true WHERE id = 1;
SELECT carry_out(202);
SELECT github_sync.capture_task_changes(false) \g /dev/null
UPDATE app.tasks SET title = 'Secret' WHERE id = 2;
UPDATE app.tasks SET title = 'Nowhere', repo_id = NULL WHERE id = 3;
SELECT github_sync.unlink_task(4), github_sync.unlink_comment(1) \g /dev/null
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour' WHERE phase <> 'check';
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(204), read_page(204);
SELECT record_type, issue, row, difference, field, why, by FROM differences;
-- what is marked as deleted stays so, what is kept back is not sent, a row is made of what was unlinked
SELECT github_sync.mend_differences(1);
SELECT record_type, github_issue_number, mended_by IS NOT NULL FROM github_sync.sync_differences ORDER BY 1 DESC, 2;
SELECT carry_out(205), carry_out(205, 'comment');
SELECT state, disabled_reason, count(*) FROM github_sync.task_sync_transactions WHERE id > 6 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT number, task_id FROM github_sync.github_issues ORDER BY number;
ROLLBACK;

-- what only comes in, or only goes out
CALL start_afresh();
CALL github_has(5, 'Issue', issue => 1);
SELECT webhook(5) \g /dev/null
SELECT carry_out(100);
UPDATE app.tasks SET title = 'Edited here';
CALL github_has(6, 'New', issue => 2);
INSERT INTO app.tasks (title) VALUES ('Nobody enqueued it');
UPDATE github_sync.github_repos SET sync_direction = 'inbound' WHERE id = 1;
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour' WHERE phase <> 'check';
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(200), read_page(200);
SELECT * FROM differences;
SELECT github_sync.mend_differences(1);
DELETE FROM github_sync.task_sync_transactions WHERE state = 'queued';
UPDATE github_sync.github_repos SET sync_direction = 'outbound' WHERE id = 1;
UPDATE github_sync.repo_sweeps SET phase = 'backfill' WHERE phase <> 'check';
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(200), read_page(200);
SELECT * FROM differences;
SELECT github_sync.mend_differences(1);
DELETE FROM github_sync.task_sync_transactions WHERE state = 'queued';
UPDATE github_sync.github_repos SET sync_direction = 'both' WHERE id = 1;
-- an import comes first
SELECT github_sync.check_repo(1) \g /dev/null
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour' WHERE phase <> 'check';
SELECT read_page(200), waits_for FROM github_sync.sync_progress WHERE phase = 'check';
UPDATE github_sync.repo_sweeps SET phase = 'sweep', last_complete_at = at(5) WHERE phase <> 'check';

-- what cannot be read is said; of what is missing nothing is concluded then
UPDATE github_sync.github_issues SET github_id = 3000000009, number = 9 WHERE number = 1;
INSERT INTO unreadable VALUES (3000000031, 31, at(7), 'title');
INSERT INTO page_is_bad VALUES ('cannot be read: item 3 of the page: id');
SELECT read_page(200, no_character_for => 1);
SELECT read_page(200);
SELECT * FROM differences;
DELETE FROM page_is_bad;
DELETE FROM unreadable;
-- one that GitHub shows although it was taken for deleted
UPDATE github_sync.github_issues SET github_id = 3000000001, number = 1, deleted_at = at(50) WHERE number = 9;
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(200), read_page(200);
SELECT * FROM differences;
-- a check that is not complete shows nothing, and the next one begins anew
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(200, 'https://api.github.com/2');
DELETE FROM github_sync.record_differences WHERE is_current;
SELECT count(*) FROM differences;
UPDATE github_sync.repo_sweeps SET is_asked = false, pass_began_at = NULL, pass_started_at = NULL, cursor_link = NULL WHERE phase = 'check';
SELECT github_sync.check_repo(1) \g /dev/null
SELECT read_page(200), read_page(200);
SELECT count(*) FROM github_sync.record_differences WHERE NOT is_current;
-- behind an import, which is behind all else
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute', is_asked = true;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other');
DELETE FROM github_sync.repo_sweeps WHERE github_repo_id = 1 AND phase = 'sweep' AND stream = 'comments';
CREATE FUNCTION claim_one() RETURNS text LANGUAGE sql AS $$ SELECT github_repo_id || ' ' || stream FROM github_sync.sweep_claim('{}') $$;
SELECT claim_one();
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour', claimed_by = NULL WHERE github_repo_id = 1 AND stream <> 'check of issues';
SELECT claim_one();
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour', claimed_by = NULL WHERE github_repo_id = 2;
SELECT claim_one();
-- mistakes
SELECT github_sync.check_repo(NULL);
SELECT github_sync.check_repo(99);
SELECT github_sync.mend_differences(NULL);
SELECT github_sync.mend_differences(99);
