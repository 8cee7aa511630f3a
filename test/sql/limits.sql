--
-- Limits: creations that wait for their hour, pauses, transactions with which GitHub is not reached
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE VIEW creating AS
	SELECT id, direction, state, creates FROM github_sync.task_sync_transactions ORDER BY id;
CREATE VIEW waiting AS
	SELECT record_type, id, regexp_replace(waits_for, ',? (until|at) .*', ' \1 ...') AS waits_for FROM github_sync.sync_queue ORDER BY 1 DESC, 2;
CREATE VIEW pauses AS
	SELECT pause_kind, paused_until > now() AS paused, creations_paused_until > now() AS creations_paused FROM github_sync.github_app_installations WHERE id = 10;

-- which transactions create: outbound ones of what GitHub does not have
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
INSERT INTO app.tasks (title, modified_at) VALUES ('Two', at(1)), ('Three', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
UPDATE app.tasks SET title = 'Crash!', modified_at = at(2) WHERE id = 1;
SELECT outbound(1), outbound(2), outbound(3), outbound(1, 'comment'), webhook(2, 9);
SELECT * FROM creating;
SELECT id, creates FROM github_sync.comment_sync_transactions;

-- while creations are paused, the rest is claimed
SELECT github_sync.pause_creations(10, now() + interval '1 hour') \g /dev/null
SELECT * FROM waiting;
SELECT github_sync.next_pause_end() > now() + interval '59 minutes' AS resumes_then;
SELECT * FROM claim(10);
SELECT * FROM claim(10, 'comment');
-- then creations too
SELECT github_sync.pause_creations(10, now() - interval '1 second') \g /dev/null
SELECT * FROM waiting;
SELECT * FROM claim(10);
SELECT * FROM claim(10, 'comment');

-- one that is given back creates still; an attempt without an outcome is looked for first, which creates nothing
SELECT github_sync.task_report_rejected_creation(3) \g /dev/null
SELECT github_sync.task_give_back(3, 1, 'rate limited', NULL), github_sync.task_give_back(4, 1, 'connection reset', NULL);
SELECT * FROM creating;
SELECT github_sync.pause_creations(10, now() + interval '1 hour') \g /dev/null
SELECT * FROM claim(10);
-- not found in the end, it creates again
SELECT github_sync.task_report_missing_creation(4, 2, '15 minutes');
UPDATE github_sync.task_creation_attempts SET sent_at = sent_at - interval '901 seconds' WHERE outcome IS NULL;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE id = 4;
SELECT * FROM claim(10);
SELECT github_sync.task_report_missing_creation(4, 3, '15 minutes');
SELECT * FROM creating WHERE id = 4;
SELECT * FROM claim(10);

-- an edit made before the creation is sent waits for no creations any more once that is answered
SELECT github_sync.pause_creations(10, now() - interval '1 second') \g /dev/null
SELECT id, claim_no, step FROM github_sync.task_claim(1, 8);
UPDATE app.tasks SET title = 'Two!', modified_at = at(3) WHERE id = 2;
SELECT outbound(2);
SELECT * FROM creating WHERE state = 'queued';
SELECT creation_key IS NOT NULL AS sent FROM github_sync.task_begin_creation(3, 2);
CALL posted(3, 3);
SELECT created(3);
SELECT * FROM creating WHERE state = 'queued';

-- creations have places of their own, other writes and reads too: eight of a kind leave eight to each of the others
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) SELECT 'Task ' || n, at(1) FROM generate_series(1, 10) AS n;
SELECT count(outbound(n)) FROM generate_series(1, 10) AS n;
SELECT count(*) FROM carry_out(2);
UPDATE app.tasks SET title = title || '!', modified_at = at(3);
INSERT INTO app.tasks (title, modified_at) SELECT 'Task ' || n, at(3) FROM generate_series(11, 20) AS n;
SELECT count(outbound(n)) FROM generate_series(1, 20) AS n;
SELECT count(webhook(3, n)) FROM generate_series(101, 110) AS n;
SELECT direction, step, count(*) FROM claim(64) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM claim(64);
-- what ends makes room for one of its kind
SELECT github_sync.task_give_back(min(id), 1, 'connection reset', now() + interval '1 hour') FROM github_sync.task_sync_transactions
WHERE state = 'processing' AND direction = 'inbound';
SELECT direction, step FROM claim(64);

-- after a refusal one finds out whether it is over; after a pause of our own making there is nothing to find out
CALL start_afresh();
SELECT webhook(1, 1), webhook(1, 2), webhook(1, 3);
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'budget', 'the minute is used up') \g /dev/null
SELECT * FROM waiting;
SELECT * FROM claim(10);
SELECT github_app_installation_id, account_login, request_limit, remaining, paused_until > now() AS paused, pause_reason, creations_paused_until
FROM github_sync.sync_rate_limits WHERE github_app_installation_id = 10;
-- an answer to what was sent before does not end it
SELECT github_sync.resume_installation(10, clock_timestamp()) \g /dev/null
SELECT * FROM pauses;
SELECT github_sync.pause_installation(10, now() - interval '1 second', 'budget', 'the minute is used up') \g /dev/null
SELECT * FROM claim(2);
SELECT github_sync.pause_installation(10, now() - interval '1 second', 'rate limit', 'refused') \g /dev/null
SELECT paused_until, pause_reason FROM github_sync.sync_rate_limits WHERE github_app_installation_id = 10;
SELECT * FROM claim(2);
SELECT github_sync.resume_installation(10, clock_timestamp()) \g /dev/null
SELECT * FROM claim(2);

-- an outage ends with an answer to what was asked during it, once its pause is over; two such answers end it once
SELECT github_sync.begin_outage(10, 'unreachable');
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'unreachable', 'GitHub unreachable') \g /dev/null
SELECT * FROM github_sync.resume_installation(10, clock_timestamp());
SELECT github_sync.pause_installation(10, now() - interval '1 second', 'unreachable', 'GitHub unreachable') \g /dev/null
SELECT * FROM github_sync.resume_installation(10, now() - interval '1 minute');
SELECT pause_kind, outage_kind FROM github_sync.github_app_installations WHERE id = 10;
SELECT * FROM github_sync.resume_installation(10, clock_timestamp());
SELECT pause_kind, outage_kind FROM github_sync.github_app_installations WHERE id = 10;
SELECT * FROM github_sync.resume_installation(10, clock_timestamp());
-- none of an installation that is not active, and a rate limit that went before is no part of it
UPDATE github_sync.github_app_installations SET state = 'suspended' WHERE id = 10;
SELECT github_sync.begin_outage(10, 'suspended');
SELECT * FROM github_sync.resume_installation(10, clock_timestamp());
UPDATE github_sync.github_app_installations SET state = 'active', outage_since = now() - interval '1 hour', outage_kind = 'rate limit' WHERE id = 10;
SELECT github_sync.begin_outage(10, 'unreachable');
SELECT outage_since > now() - interval '1 minute' AS is_new FROM github_sync.github_app_installations WHERE id = 10;
UPDATE github_sync.github_app_installations SET outage_since = now() - interval '1 hour', outage_kind = 'credentials' WHERE id = 10;
SELECT github_sync.begin_outage(10, 'unreachable');
SELECT outage_since > now() - interval '1 minute' AS is_new FROM github_sync.github_app_installations WHERE id = 10;
SELECT * FROM github_sync.resume_installation(10, clock_timestamp());

-- where GitHub cannot be reached, what finds out whether it can be is of the repository with which it has not failed
CALL start_afresh();
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other'), (3, 10, 'octo', 'third');
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
SELECT 'inbound', repo, 4000000000 + 1000 * repo + number, number, at(5) FROM generate_series(1, 3) AS repo, generate_series(1, 3) AS number ORDER BY repo, number;
CREATE PROCEDURE unreachable() LANGUAGE sql AS $$
	SELECT github_sync.pause_installation(10, now() - interval '1 second', 'unreachable', 'GitHub unreachable')
$$;
CREATE FUNCTION probe() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	claim github_sync.claim;
BEGIN
	SELECT * INTO claim FROM github_sync.task_claim(8, 8);
	PERFORM github_sync.task_report_unreachable(claim.id, claim.claim_no, 'GitHub unreachable: 502', clock_timestamp(),
		ROW('1 hour', '1 hour', '3 days')::github_sync.backoff);
	RETURN format('%s of repository %s', claim.id, claim.github_repo_id);
END
$$;
CALL unreachable();
SELECT probe();
SELECT probe();
SELECT probe();
-- of all, the one with which it has not failed for the longest time
SELECT probe();
SELECT probe();
-- in one repository what has not failed, whichever line it stands in; then what failed the longest time ago
CALL start_afresh();
DELETE FROM github_sync.github_repos WHERE id > 1;
CALL unreachable();
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
SELECT 'inbound', 1, 4000001000 + number, number, at(5) FROM generate_series(1, 2) AS number;
SELECT probe();
SELECT probe();
INSERT INTO app.tasks (title, modified_at) VALUES ('Two', at(1));
SELECT outbound(1);
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL;
SELECT probe();
SELECT probe();
SELECT probe();
-- of creations that wait for their hour none
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL;
SELECT github_sync.pause_creations(10, now() + interval '1 hour') \g /dev/null
SELECT probe();
SELECT github_sync.pause_creations(10, now() - interval '1 second') \g /dev/null
SELECT probe();
CALL start_afresh();
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other');
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
SELECT 'inbound', 1, 4000001000 + number, number, at(5) FROM generate_series(1, 3) AS number;
-- nothing else than before where it refuses, nor where the first of a repository are others'
SELECT github_sync.pause_installation(10, now() - interval '1 second', 'rate limit', 'refused') \g /dev/null
SELECT probe();
CALL unreachable();
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (4, 10, 'octo', 'fourth');
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
SELECT 'inbound', 4, 4000004000 + number, number, at(5) FROM generate_series(1, 101) AS number;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = now() + interval '1 hour'
WHERE github_repo_id <> 4 OR id NOT IN (SELECT max(id) FROM github_sync.task_sync_transactions);
SELECT probe();
CALL start_afresh();
DELETE FROM github_sync.github_repos WHERE id > 1;

-- other settings: pauses of our own making end, GitHub's do not
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'budget', 'the minute is used up') \g /dev/null
SELECT github_sync.pause_creations(10, now() + interval '1 hour') \g /dev/null
SELECT * FROM pauses;
SELECT github_sync.end_budget_pauses() \g /dev/null
SELECT * FROM pauses;
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'rate limit', 'refused') \g /dev/null
SELECT github_sync.pause_creations(10, now() + interval '1 hour') \g /dev/null
SELECT github_sync.end_budget_pauses() \g /dev/null
SELECT * FROM pauses;

-- GitHub is not reached: no attempt, behind the installation's pause, twice as long each time
CALL start_afresh();
SELECT webhook(1);
SELECT * FROM claim();
CREATE FUNCTION report_unreachable(claim_no integer) RETURNS text LANGUAGE sql
RETURN github_sync.task_report_unreachable(1, claim_no, 'GitHub unreachable', now() + interval '10 minutes', ROW('1 second', '5 minutes', '3 days')::github_sync.backoff);
CREATE VIEW unreachable AS
	SELECT state, attempts, error_code, round(extract(epoch FROM next_attempt_at - now()) / 60) AS minutes
	FROM github_sync.task_sync_transactions;
SELECT report_unreachable(1);
SELECT * FROM unreachable;
SELECT report_unreachable(1);
-- nine hours later
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL, unreachable_since = unreachable_since - interval '9 hours';
SELECT * FROM claim();
SELECT report_unreachable(2);
SELECT * FROM unreachable;
-- after three days it is given up
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL, unreachable_since = now() - interval '3 days';
SELECT * FROM claim();
SELECT report_unreachable(3);
SELECT * FROM unreachable;
SELECT error_code, regexp_replace(error_reason, 'since .*:', 'since ...:') FROM github_sync.sync_errors;
-- a retry begins anew
SELECT github_sync.retry_task_sync_transaction(1);
SELECT * FROM claim();
SELECT report_unreachable(4);
SELECT * FROM unreachable;

-- what comes after an answer of GitHub's, or after its repository was disabled, begins anew
CALL start_afresh();
SELECT webhook(1);
SELECT * FROM claim();
SELECT report_unreachable(1);
CREATE PROCEDURE days_later() LANGUAGE sql AS $$
	UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL, unreachable_since = unreachable_since - interval '4 days' $$;
CALL days_later();
SELECT * FROM claim();
SELECT github_sync.task_report_missing(1, 2, now(), 1, 'readable');
CALL days_later();
SELECT * FROM claim();
SELECT report_unreachable(3);
SELECT * FROM unreachable;
CALL days_later();
SELECT * FROM claim();
SELECT github_sync.task_try_again(1, 4, 'invalid_response', 'not JSON', NULL, 10);
SELECT * FROM claim();
SELECT report_unreachable(5);
SELECT * FROM unreachable;
CALL days_later();
UPDATE github_sync.github_repos SET sync_enabled = false WHERE id = 1;
UPDATE github_sync.github_repos SET sync_enabled = true WHERE id = 1;
SELECT * FROM claim();
SELECT report_unreachable(6);
SELECT * FROM unreachable;

-- what was created lately, for a server that has just started
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) SELECT 'Task ' || n, at(1) FROM generate_series(1, 4) AS n;
SELECT count(outbound(n)) FROM generate_series(1, 4) AS n;
SELECT count(*) FROM claim(64);
UPDATE github_sync.task_creation_attempts SET begun_at = now() - CASE WHEN id > 2 THEN interval '50 minutes' ELSE '3 hours' END;
UPDATE github_sync.task_creation_attempts SET outcome = 'rejected' WHERE id = 4;
SELECT installation_id, creations, abs(age_ms - 50 * 60 * 1000) < 60 * 1000 AS by_age
FROM github_sync.task_past_creations();
SELECT * FROM github_sync.comment_past_creations();
