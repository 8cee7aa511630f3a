--
-- record_history(): what happened to one record, in words
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
-- Times differ from run to run: the order of what happened is the story.
CREATE FUNCTION world.story(task bigint DEFAULT NULL, comment bigint DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', h.transaction_id, h.direction, h.event,
		regexp_replace(h.detail, '((Sun|Mon|Tue|Wed|Thu|Fri|Sat) )?\S+ \S+ \d\d:\d\d:\d\d(\.\d+)?( \d{4})?( P[SD]T)?', '(time)', 'g'))
	FROM github_sync.record_history(task_id => task, comment_id => comment) WITH ORDINALITY AS h ORDER BY h.ordinality
$$;
\set ECHO all

-- an issue that arrives, is told of twice, and is edited on both sides
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT webhook(1);
SELECT carry_out(10);
CALL github_has(12, new_title => 'Crash at start');
SELECT webhook(12);
UPDATE app.tasks SET title = 'Crash!', modified_at = at(13);
SELECT outbound(1);
SELECT carry_out(20);
SELECT carry_out(20);
SELECT * FROM story(1);
-- what failed, and what it waits for
UPDATE app.tasks SET title = 'Crash?', modified_at = at(30);
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_give_back(max(id), 1, 'GitHub is down', clock_timestamp() + interval '1 hour') FROM github_sync.task_sync_transactions;
SELECT s FROM story(1) AS s WHERE s ~ 'failed try|waits';
-- a comment that GitHub does not show any more
CALL github_has(31, new_body => 'Here too.', comment => 5000000001);
SELECT webhook(31, comment => 5000000001);
SELECT carry_out(32, 'comment');
SELECT deletion(33, comment => 5000000001);
SELECT * FROM claim(of_type => 'comment');
SELECT missing(2, 33, of_type => 'comment');
SELECT * FROM story(comment => 1);

-- a creation whose answer is lost, and that is found
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
-- until then it is under way
SELECT * FROM story(1);
SELECT github_sync.task_give_back(1, 1, 'timeout', clock_timestamp() + interval '1 minute');
SELECT * FROM story(1);
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL;
SELECT carry_out(5);
SELECT * FROM story(1);

-- read aloud: its answer was lost, both sides edited it, GitHub was away, and its issue was transferred
CALL github_has(12, new_title => 'Crash at start');
SELECT webhook(12);
UPDATE app.tasks SET title = 'Crash!', modified_at = at(13);
SELECT outbound(1);
SELECT github_sync.pause_installation(10, clock_timestamp() + interval '1 hour', 'unreachable', 'GitHub unreachable: timeout');
SELECT s FROM story(1) AS s WHERE s ~ 'waits';
SELECT github_sync.pause_installation(10, clock_timestamp() - interval '1 second', 'unreachable', 'GitHub unreachable: timeout') \g /dev/null
SELECT github_sync.resume_installation(10, clock_timestamp()) \g /dev/null
SELECT kind, reason, since <= until AS was FROM github_sync.pauses;
SELECT carry_out(20);
SELECT carry_out(20);
UPDATE app.tasks SET body = 'It crashes, often.', modified_at = at(30);
SELECT outbound(1);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other');
SELECT * FROM claim();
SELECT result FROM github_sync.task_report_answer(4, (SELECT claim_no FROM claim_of(4)), ROW('fetched', at(31), 41,
	ROW(3000000077, 7, false, 'Crash!', 'It crashes.', 'open', NULL, 'octocat', NULL, at(0), at(20), NULL, NULL, NULL)::github_sync.resource, NULL, NULL,
	'{"id": 3000000077, "repository_url": "https://api.github.com/repos/octo/other"}', NULL)::github_sync.answer);
SELECT * FROM story(1);
-- transferred to where it is not followed, it has no issue any more, and still its story: how it came there, and the conflict
SELECT * FROM claim();
SELECT result FROM github_sync.task_report_answer(4, (SELECT claim_no FROM claim_of(4)), ROW('fetched', at(32), 41,
	ROW(3000000078, 1, false, 'Crash!', 'It crashes.', 'open', NULL, 'octocat', NULL, at(0), at(20), NULL, NULL, NULL)::github_sync.resource, NULL, NULL,
	'{"id": 3000000078, "repository_url": "https://api.github.com/repos/strange/place"}', NULL)::github_sync.answer);
SELECT count(*) FROM github_sync.github_issues WHERE task_id = 1;
SELECT s FROM story(1) AS s WHERE s ~ 'creation|conflict|transfer';
-- of one record alone
INSERT INTO app.tasks (title, repo_id) VALUES ('Other', 1) RETURNING id;
SELECT * FROM github_sync.record_history(task_id => 2);
SELECT * FROM github_sync.record_history();
SELECT * FROM github_sync.record_history(1, 1);
SELECT * FROM github_sync.record_history(task_id => 'one');
SELECT count(*) > 1 FROM github_sync.record_history('1');
SELECT count(*) FROM github_sync.record_history(comment_id => 99);
-- a dashboard may read it
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 1 FROM github_sync.record_history(task_id => 1);
-- but not by a cast of its own, which would run as the owner
RESET SESSION AUTHORIZATION;
CREATE SCHEMA evil AUTHORIZATION regress_app;
SET SESSION AUTHORIZATION regress_app;
CREATE TYPE evil.key AS ENUM ('1');
CREATE FUNCTION evil.text(key evil.key) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'run by %', current_user; RETURN '1'; END $$;
CREATE CAST (evil.key AS text) WITH FUNCTION evil.text(evil.key);
SELECT count(*) > 1 FROM github_sync.record_history(task_id => '1'::evil.key);
RESET SESSION AUTHORIZATION;
SET client_min_messages = error;
DROP SCHEMA evil CASCADE;

-- a creation that is answered was not lost; and what a transaction ended with is told once
SET SESSION AUTHORIZATION regress_owner;
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Slow', at(1));
SELECT outbound(1);
SELECT carry_out(6);
UPDATE app.tasks SET title = 'Slower', modified_at = at(7) WHERE id = 1;
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_fail(t.id, t.claim_no, 'forbidden', 'GitHub said no') FROM github_sync.task_sync_transactions AS t WHERE t.state = 'processing';
SELECT * FROM story(1);

-- ---- pauses ----
CALL start_afresh();
TRUNCATE github_sync.pauses;
CREATE VIEW pauses AS SELECT github_app_installation_id AS installation, github_repo_id AS repo, kind, reason,
	CASE WHEN until = 'infinity' THEN 'as long as it lasts' WHEN until > clock_timestamp() THEN 'still' ELSE 'over' END AS lasts
	FROM github_sync.pauses ORDER BY id;
CREATE FUNCTION held(kind text, for_seconds integer DEFAULT 3600) RETURNS void LANGUAGE sql AS $$
	SELECT github_sync.pause_installation(10, clock_timestamp() + make_interval(secs => for_seconds), kind, 'because of ' || kind)
$$;
INSERT INTO app.tasks (title, modified_at) VALUES ('Slow', at(1));
SELECT outbound(1);
-- prolonged, it is one; another kind is another one
SELECT held('unreachable', -1), held('unreachable'), held('unreachable', 7200) \g /dev/null
SELECT * FROM pauses;
SELECT held('rate limit') \g /dev/null
SELECT * FROM pauses;
-- long after one was over, the next one is another; over at once where somebody says so
SELECT github_sync.end_credential_pauses() \g /dev/null
SELECT github_sync.resume_installation(10, clock_timestamp()) \g /dev/null
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL;
SELECT * FROM pauses;
UPDATE github_sync.pauses SET since = since - interval '1 hour', until = until - interval '1 hour';
SELECT held('rate limit') \g /dev/null
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL;
SELECT * FROM pauses;
-- a state; a repository
UPDATE github_sync.github_app_installations SET state = 'suspended';
SELECT lasts FROM pauses WHERE kind = 'suspended';
UPDATE github_sync.github_app_installations SET state = 'active';
SELECT github_sync.pause_repo(1, clock_timestamp() + interval '1 hour', 'its issues are disabled') \g /dev/null
SELECT * FROM story(1);
SELECT github_sync.resume_repo(1) \g /dev/null
SELECT * FROM pauses;
-- a month later they are gone
UPDATE github_sync.pauses SET since = since - interval '40 days', until = until - interval '40 days';
SELECT held('unreachable') \g /dev/null
SELECT * FROM pauses;
