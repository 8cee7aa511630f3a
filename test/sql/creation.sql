--
-- Creating issues: the attempt, the echo before the answer, the answer that never came
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE VIEW attempts AS
	SELECT id, github_issue_id, github_repo_id, outcome FROM github_sync.task_creation_attempts ORDER BY id;
CREATE VIEW issues AS SELECT id, task_id, github_id, number FROM github_sync.github_issues ORDER BY id;

-- the attempt is there before anything is sent; the body carries its key
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT id, direction, step, owner_login, repo_name, issue_number FROM github_sync.task_claim(1, 1);
SELECT title, body = github_sync.with_creation_key('It crashes.', creation_key) AS carries_key FROM github_sync.task_begin_creation(1, 1);
SELECT * FROM attempts;
CALL posted(1, 3);
SELECT created(1);
SELECT * FROM attempts;
SELECT * FROM issues;
-- the key never reaches the application and is not compared
SELECT webhook(3);
SELECT carry_out(4);
SELECT body FROM app.tasks;
SELECT outbound(1);

-- the key: hidden, at the end, found again wherever it stands, and taken out
SELECT github_sync.with_creation_key('It crashes.', '01234567-89ab-cdef-0123-456789abcdef');
SELECT github_sync.with_creation_key(NULL, '01234567-89ab-cdef-0123-456789abcdef');
SELECT github_sync.without_creation_key(github_sync.with_creation_key(body, '01234567-89ab-cdef-0123-456789abcdef')) = coalesce(body, '') AS same
FROM unnest(ARRAY['It crashes.', NULL, '', E'\n', E'a\r\n\r\nb\r\n']) AS body;
SELECT github_sync.creation_keys_of(E'before\r\n\r\n<!-- github_sync:01234567-89ab-cdef-0123-456789abcdef -->\r\nafter');
SELECT github_sync.creation_keys_of('<!-- github_sync:nonsense -->'), github_sync.creation_keys_of('nothing'), github_sync.creation_keys_of(NULL);
SELECT github_sync.without_creation_key(E'before\r\n\r\n<!-- github_sync:01234567-89ab-cdef-0123-456789abcdef -->\r\nafter') = E'before\r\nafter' AS taken_out;

-- an inbound creation: somebody else's issue becomes a task at once
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
SELECT * FROM issues;
SELECT * FROM both_sides;

-- a text that quotes another creation's key: ours is the last, and it brings none along
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at)
VALUES ('Crash', E'as in\n\n<!-- github_sync:01234567-89ab-cdef-0123-456789abcdef -->', at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT cardinality(github_sync.creation_keys_of(body)) AS keys, github_sync.without_creation_key(body) AS body
FROM github_sync.task_begin_creation(1, 1);
SELECT github_sync.creation_keys_of(E'<!-- github_sync:01234567-89ab-cdef-0123-456789abcdef --> quoted\n\n'
	'<!-- github_sync:76543210-89ab-cdef-0123-456789abcdef -->');

-- the echo overtakes the answer, and is fetched first: the stub is joined with it, the answer finds its record
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT webhook(3);
SELECT * FROM issues;
SELECT * FROM claim();
SELECT fetched(2);
SELECT * FROM issues;
SELECT * FROM attempts;
SELECT * FROM queue;
SELECT created(1);
SELECT * FROM issues;
SELECT carry_out(4);
SELECT * FROM queue;
SELECT * FROM both_sides;

-- the echo waits in the queue when the answer comes: joined as well
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT webhook(3);
SELECT created(1);
SELECT * FROM issues;
SELECT carry_out(4);
SELECT * FROM queue;

-- the echo is under way when the answer comes: its claim is fenced off
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT webhook(3);
SELECT * FROM claim();
SELECT created(1);
SELECT fetched(2, claim_no => 1);
SELECT * FROM queue;
SELECT carry_out(4);
SELECT * FROM queue;
SELECT * FROM both_sides;

-- ... and what it saw may be newer than the answer: what is to be sent waits for another look
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT webhook(3);
SELECT * FROM claim();
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(4);
SELECT created(1);
SELECT * FROM queue;
SELECT github_sync.task_give_back(2, 1, 'late', NULL);
SELECT * FROM claim();
SELECT fetched(1);

-- ... and a claim that is given back so goes where the rules want it
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT webhook(3);
SELECT * FROM claim();
UPDATE github_sync.github_app_installations SET state = 'suspended';
SELECT created(1);
SELECT * FROM queue;
UPDATE github_sync.github_app_installations SET state = 'active';

-- a comment on the new issue is told of before the answer comes: it knows the number alone
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
CALL github_has(4, new_body => 'Me too', comment => 5000000001);
SELECT webhook(4, comment => 5000000001);
SELECT created(1);
SELECT * FROM issues;
SELECT carry_out(5, 'comment');
SELECT task_id, body FROM app.comments;

-- a key in somebody else's issue adopts nothing
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
UPDATE resources SET author = 'mallory';
SELECT webhook(3);
SELECT * FROM claim();
SELECT fetched(2);
SELECT * FROM issues;
SELECT * FROM attempts;

-- the answer never came: nothing is sent again before it was looked for
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 1, 'connection reset', NULL);
SELECT id, step, creation_key IS NOT NULL AS knows_key, lookup_since IS NOT NULL AS knows_since FROM github_sync.task_claim(1, 1);
-- at once, then 1, 5 and 15 minutes after the attempt
CREATE FUNCTION look_in_vain(claim_no integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := github_sync.task_report_missing_creation(1, claim_no, '15 minutes');
BEGIN
	RETURN result || coalesce((SELECT format(', again %s minutes after it was sent',
			round(extract(epoch FROM t.next_attempt_at - a.sent_at) / 60, 1))
		FROM github_sync.task_sync_transactions AS t, github_sync.task_creation_attempts AS a
		WHERE t.id = 1 AND a.outcome IS NULL AND t.next_attempt_at IS NOT NULL), '');
END
$$;
CREATE PROCEDURE time_has_come() LANGUAGE sql AS $$
	UPDATE github_sync.task_creation_attempts AS a SET sent_at = a.sent_at - (t.next_attempt_at - clock_timestamp())
	FROM github_sync.task_sync_transactions AS t WHERE t.github_issue_id = a.github_issue_id AND t.next_attempt_at IS NOT NULL;
	UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL
$$;
SELECT look_in_vain(2);
SELECT * FROM claim();
CALL time_has_come();
SELECT * FROM claim();
SELECT look_in_vain(3);
CALL time_has_come();
SELECT * FROM claim();
SELECT look_in_vain(4);
CALL time_has_come();
SELECT * FROM claim();
SELECT look_in_vain(5);
SELECT * FROM attempts;
-- now it is sent again, under the same key
SELECT carry_out(9);
SELECT * FROM attempts;
SELECT count(DISTINCT creation_key) FROM github_sync.task_creation_attempts;
SELECT * FROM both_sides;

-- an edit has it looked for at once: that is no later for it, however many there are
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 1, 'connection reset', NULL);
SELECT * FROM claim();
SELECT look_in_vain(2);
CREATE FUNCTION look_after_edit() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text := outbound(1);
	claimed record;
BEGIN
	SELECT * INTO claimed FROM github_sync.task_claim(1, 1);
	RETURN told || ', ' || claimed.step || ': ' || github_sync.task_report_missing_creation(claimed.id, claimed.claim_no, '15 minutes');
END
$$;
SELECT look_after_edit() FROM generate_series(1, 6);
SELECT * FROM attempts;
SELECT round(extract(epoch FROM t.next_attempt_at - a.sent_at) / 60, 1) AS again_after
FROM github_sync.task_sync_transactions AS t, github_sync.task_creation_attempts AS a WHERE t.state = 'queued';

-- found by a look
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT github_sync.task_give_back(1, 1, 'connection reset', NULL);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(4);
SELECT * FROM claim();
SELECT created(1, kind => 'found');
SELECT written(1, 5);
SELECT * FROM attempts;
SELECT * FROM both_sides;

-- found by a webhook that comes before the look
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT github_sync.task_give_back(1, 1, 'connection reset', clock_timestamp() + interval '1 minute');
SELECT webhook(3);
SELECT * FROM claim();
SELECT fetched(2);
SELECT * FROM attempts;
CALL time_has_come();
SELECT carry_out(4);
SELECT * FROM queue;
SELECT * FROM both_sides;

-- a later outbound transaction looks first as well
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT github_sync.task_fail(1, 1, 'given_up', 'no answer');
SELECT outbound(1);
SELECT * FROM claim();
SELECT created(2, kind => 'found');
SELECT * FROM queue;
SELECT count(*) FROM resources;

-- rejected for certain: it did not happen, and may be sent again
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_report_rejected_creation(1) \g /dev/null
SELECT github_sync.task_fail(1, 1, 'validation_failed', 'title is wrong');
SELECT * FROM attempts;
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(2);
SELECT outbound(1);
SELECT carry_out(3);
SELECT * FROM attempts;

-- one attempt at a time, one issue per task, one task per issue
\set VERBOSITY terse
INSERT INTO app.tasks (title) VALUES ('Another');
INSERT INTO github_sync.task_creation_attempts (creation_key, github_issue_id, github_repo_id) VALUES (gen_random_uuid(), 1, 1);
INSERT INTO github_sync.task_creation_attempts (creation_key, github_issue_id, github_repo_id) VALUES (gen_random_uuid(), 1, 1);
INSERT INTO github_sync.github_issues (github_repo_id, task_id) VALUES (1, 1);
INSERT INTO github_sync.github_issues (github_repo_id, task_id, number) VALUES (1, 2, 1);
INSERT INTO github_sync.github_issues (github_repo_id, task_id, github_id) VALUES (1, 2, 3000000001);

-- ---- our own creation without a readable key: somebody edited it away before its answer came ----
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
UPDATE world.resources SET body = 'edited', updated_at = at(4);
SELECT webhook(4);
SELECT * FROM claim();
SELECT fetched(2);
SELECT last_error, attempts, next_attempt_at > clock_timestamp() AS waits FROM github_sync.task_sync_transactions WHERE id = 2;
-- the answer comes, as it was written: one task, one issue, linked; then the edit
UPDATE world.resources SET body = NULL, updated_at = at(3);
SELECT created(1);
UPDATE world.resources SET body = 'edited', updated_at = at(4);
CALL wait_is_over();
SELECT carry_out(5);
SELECT * FROM both_sides;
SELECT count(*) FROM github_sync.github_issues;
-- it never comes: after a minute the issue becomes a task like any other
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
UPDATE world.resources SET body = 'edited', updated_at = at(4);
SELECT webhook(4);
SELECT * FROM claim();
SELECT fetched(2);
CALL wait_is_over();
UPDATE github_sync.task_sync_transactions SET inserted_at = inserted_at - interval '61 seconds' WHERE id = 2;
SELECT * FROM claim();
SELECT fetched(2);
SELECT count(*) FROM app.tasks;
-- another author, or no creation under way in the repository: at once
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL github_has(4, 'Slow', issue => 7);
SELECT webhook(4, 7);
SELECT * FROM claim();
SELECT fetched(2);
SELECT github_sync.task_report_rejected_creation(1) \g /dev/null
CALL github_has(4, 'Ours', issue => 8, by => 'our-app[bot]');
SELECT webhook(4, 8);
SELECT * FROM claim();
SELECT fetched(3);
-- of another record type, nothing is under way
INSERT INTO app.comments (task_id, body, modified_at) VALUES (2, 'Me too', at(5));
SELECT outbound(1, 'comment');
SELECT * FROM claim(of_type => 'comment');
CALL github_has(6, 'Ours too', issue => 9, by => 'our-app[bot]');
SELECT webhook(6, 9);
SELECT * FROM claim();
SELECT fetched(4);
CALL github_has(6, new_body => 'Ours', issue => 7, comment => 5000000009, by => 'our-app[bot]');
SELECT webhook(6, 7, 5000000009);
SELECT * FROM claim(of_type => 'comment');
SELECT fetched(2, of_type => 'comment');

-- ---- whose it is: the account that it was sent as, by its id ----
-- sent as one account, met by another one's fetch: adopted all the same; what somebody else copied is not
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT id, step FROM github_sync.task_claim(1, 1);
SELECT creation_key IS NOT NULL AS begun FROM github_sync.task_begin_creation(1, 1, 4711);
CALL posted(1, 3);
UPDATE resources SET author = 'mallory';
SELECT webhook(3);
SELECT * FROM claim();
SELECT fetched(2);
SELECT * FROM attempts;
SELECT github_sync.task_is_own_creation(1, 3000000001, 4711, 52, NULL) AS who_sent_it, github_sync.task_is_own_creation(1, 3000000001, 52, 52, NULL) AS who_we_are_now,
	github_sync.task_is_own_creation(1, 3000000001, NULL, 52, NULL) AS a_deleted_account;
-- every account that tried
UPDATE github_sync.task_creation_attempts SET outcome = 'not found';
INSERT INTO github_sync.task_creation_attempts (creation_key, github_issue_id, github_repo_id, sent_as)
SELECT creation_key, github_issue_id, github_repo_id, 52 FROM github_sync.task_creation_attempts;
SELECT github_sync.task_is_own_creation(1, 3000000001, 4711, 52, NULL) AS the_first, github_sync.task_is_own_creation(1, 3000000001, 52, 4711, NULL) AS the_second;
-- unless it is known as another record's creation, to which somebody has copied our key; what was never created here may be ours
INSERT INTO github_sync.github_issues (github_repo_id, github_id, creation_key) VALUES (1, 3000000009, gen_random_uuid()), (1, 3000000010, NULL);
SELECT github_sync.task_is_own_creation(1, 3000000009, 52, 52, NULL) AS another, github_sync.task_is_own_creation(1, 3000000010, 52, 52, NULL) AS perhaps;
-- nor where it ends with the key of one whose own look-up is still to come: ours is quoted in it; a key of nobody's, or of a known one, is the quotation
INSERT INTO github_sync.github_issues (github_repo_id, creation_key) VALUES (1, '11111111-89ab-cdef-0123-456789abcdef');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, creation_key) VALUES (1, 3000000012, '22222222-89ab-cdef-0123-456789abcdef');
SELECT what, github_sync.task_is_own_creation(1, 3000000011, 52, 52, github_sync.with_creation_key(
	format('> %s', github_sync.creation_key_comment((SELECT creation_key FROM github_sync.github_issues WHERE id = 1))), key::uuid)) AS is_ours
FROM (VALUES ('to come', '11111111-89ab-cdef-0123-456789abcdef'), ('known', '22222222-89ab-cdef-0123-456789abcdef'),
	('nobody''s', '33333333-89ab-cdef-0123-456789abcdef')) AS k (what, key);
-- assumed to have been sent: by whoever we are, or were
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('Burn', at(1));
SELECT outbound(1), outbound(2);
SELECT github_sync.task_assume_creations_sent();
SELECT github_sync.task_is_own_creation(1, 3000000001, 52, 52, NULL) AS now, github_sync.task_is_own_creation(1, 3000000001, 4711, 52, NULL) AS somebody;
UPDATE github_sync.task_creation_attempts SET sent_as = 4711 WHERE github_issue_id = 2;
SELECT github_sync.task_is_own_creation(1, 3000000001, 4711, 52, NULL) AS before, github_sync.task_is_own_creation(2, 3000000001, 52, 52, NULL) AS not_the_other;

-- ---- when: by GitHub's clock, however ours goes ----
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT id, step FROM github_sync.task_claim(1, 1);
SELECT creation_key IS NOT NULL AS begun FROM github_sync.task_begin_creation(1, 1, 52, at(10));
SELECT second_of(sent_at), second_of(lookup_since) FROM github_sync.task_creation_attempts;
SELECT github_sync.task_give_back(1, 1, 'connection reset', NULL);
SELECT step, second_of(lookup_since) FROM github_sync.task_claim(1, 1);
SELECT github_sync.task_report_missing_creation(1, 2, '15 minutes', at(12));
SELECT extract(epoch FROM next_attempt_at - clock_timestamp()) BETWEEN 40 AND 59 AS again_in_a_minute FROM github_sync.task_sync_transactions;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL;
SELECT step FROM github_sync.task_claim(1, 1);
SELECT github_sync.task_report_missing_creation(1, 3, '15 minutes', at(10 + 900));
SELECT * FROM attempts;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL;
SELECT step FROM github_sync.task_claim(1, 1);
SELECT github_sync.task_report_missing_creation(1, 4, '15 minutes', at(10 + 901));
SELECT * FROM attempts;
-- the next try is looked for since the first one
SELECT step FROM github_sync.task_claim(1, 1);
SELECT creation_key IS NOT NULL AS begun FROM github_sync.task_begin_creation(1, 5, 52, at(920));
SELECT second_of(sent_at), second_of(lookup_since) FROM github_sync.task_creation_attempts ORDER BY id;
-- what was queued is dated by a server's clock
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT github_sync.task_assume_creations_sent();
SELECT t.inserted_at - a.lookup_since AS margin FROM github_sync.task_creation_attempts AS a, github_sync.task_sync_transactions AS t;

-- ---- the issue was transferred before its creation, whose answer was lost, was looked up ----
INSERT INTO github_sync.github_app_installations (id) VALUES (20);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 20, 'octo', 'other');
CREATE VIEW places AS SELECT id, task_id, github_repo_id AS repo, github_id, number FROM github_sync.github_issues ORDER BY id;
CREATE PROCEDURE answer_is_lost() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
	PERFORM outbound(1);
	PERFORM claim();
	CALL posted(1, 3);
	PERFORM github_sync.task_give_back(1, 1, 'connection reset', NULL);
END
$$;
-- another id and number, in another repository, of another installation
CREATE PROCEDURE transferred() LANGUAGE sql AS $$
	UPDATE resources SET id = 3000000007, number = 7 WHERE id = 3000000001
$$;
-- its webhook ends the attempt: the record goes there, and nothing is sent again
CALL answer_is_lost();
CALL transferred();
SELECT webhook(3, issue => 7, repo => 2);
SELECT * FROM claim(2);
SELECT fetched(2);
SELECT * FROM places;
SELECT * FROM attempts;
SELECT id, state, github_repo_id, github_app_installation_id, github_issue_number FROM github_sync.task_sync_transactions ORDER BY id;
SELECT look_in_vain(2);
SELECT carry_out(5);
SELECT * FROM queue;
SELECT * FROM both_sides;
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(6) WHERE id = 1;
SELECT outbound(1);
SELECT carry_out(7);
SELECT * FROM both_sides;
-- its number is another issue's in the place where it was to be
CALL answer_is_lost();
CALL transferred();
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number) VALUES (1, 3000000099, 7);
SELECT webhook(3, issue => 7, repo => 2);
SELECT * FROM claim(2);
SELECT fetched(2);
SELECT * FROM places;
-- somebody else's that quotes it does not
CALL answer_is_lost();
CALL transferred();
UPDATE resources SET author = 'mallory';
SELECT webhook(3, issue => 7, repo => 2);
SELECT * FROM claim(2);
SELECT fetched(2);
SELECT * FROM places;
-- nor does one of our own account that quotes it: it is a task of its own
CALL answer_is_lost();
CALL transferred();
UPDATE resources SET body = body || E'\n\nand that is wrong' WHERE number = 7;
SELECT webhook(3, issue => 7, repo => 2);
SELECT * FROM claim(2);
SELECT fetched(2);
SELECT * FROM places;
-- the lists did not show it when the recheck was over, and it was made again: no second task, and somebody hears of it
CREATE PROCEDURE made_twice() LANGUAGE plpgsql AS $$
BEGIN
	CALL answer_is_lost();
	CALL transferred();
	PERFORM claim();
	PERFORM github_sync.task_report_missing_creation(1, 2, '0 s', clock_timestamp() + interval '1 second');
	PERFORM carry_out(5);
	UPDATE github_sync.github_issues SET etag = 'W/"8"', etag_key = '5', settle_at = NULL;
END
$$;
CALL made_twice();
SELECT webhook(3, issue => 7, repo => 2);
-- the one that we know may be this one, transferred: it is asked for
SELECT * FROM claim();
SELECT fetched(2, 10);
SELECT last_error FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT github_sync.task_release_due() IS NOT NULL AS released;
SELECT * FROM claim(2);
SELECT fetched(3, 11);
CALL wait_is_over();
SELECT * FROM claim(2);
SELECT fetched(2, 12);
SELECT * FROM places;
SELECT error_code, error_reason FROM github_sync.sync_errors;
SELECT * FROM app.tasks;
-- as is said: unlinked, and retried, it becomes a task of its own
SELECT github_sync.unlink_task(1);
SELECT github_sync.retry_task_sync_transaction(2);
SELECT carry_out(13);
SELECT * FROM places;
-- it was transferred, and that is its new place
CALL made_twice();
UPDATE resources SET id = 3000000009, number = 9 WHERE id <> 3000000007;
SELECT webhook(5, issue => 9, repo => 2);
SELECT * FROM claim();
SELECT fetched(2, 10);
SELECT github_sync.task_release_due() IS NOT NULL AS released;
SELECT * FROM claim(2);
SELECT result FROM github_sync.task_report_answer(3, 1, ROW('fetched', at(11), 41, ROW(3000000009, 9, false, 'Crash', 'It crashes.', 'open', NULL,
	'our-app[bot]', NULL, at(0), at(5), NULL, 53, NULL)::github_sync.resource, NULL, NULL, '{"repository_url": "https://api.github.com/repos/octo/other"}', NULL)::github_sync.answer);
SELECT * FROM places;
SELECT carry_out(12);
SELECT carry_out(13);
SELECT * FROM queue;
-- where that was is not to be seen any more
CALL made_twice();
UPDATE github_sync.github_repos SET access_lost = true WHERE id = 1;
UPDATE resources SET id = 3000000009, number = 9 WHERE id <> 3000000007;
SELECT webhook(5, issue => 9, repo => 2);
SELECT carry_out(10);
SELECT carry_out(11);
SELECT * FROM places;
SELECT * FROM app.tasks;
-- GitHub does not say whether the other one is still there
CALL made_twice();
SELECT webhook(3, issue => 7, repo => 2);
UPDATE github_sync.task_sync_transactions SET lagging_answers = 5 WHERE id = 2;
SELECT * FROM claim();
SELECT fetched(2, 10);
SELECT error_reason FROM github_sync.sync_errors;

-- ---- a comment went with its issue in the same way ----
CREATE VIEW comments AS SELECT id, comment_id, github_repo_id AS repo, github_issue_id AS issue, github_id FROM github_sync.github_comments ORDER BY id;
CREATE PROCEDURE answer_to_comment_is_lost() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	CALL github_has(1, 'Crash');
	PERFORM webhook(1);
	PERFORM carry_out(1);
	INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(2));
	PERFORM outbound(1, 'comment');
	PERFORM claim(of_type => 'comment');
	CALL posted(1, 3, 'comment');
	PERFORM github_sync.comment_give_back(1, 1, 'connection reset', NULL);
	CALL transferred();
	UPDATE resources SET number = 7;
END
$$;
-- the new place has become a task before ours found out: the comment goes there, its row stays
CALL answer_to_comment_is_lost();
SELECT webhook(1, issue => 7, repo => 2);
SELECT carry_out(1);
SELECT webhook(3, issue => 7, comment => 5000000001, repo => 2);
SELECT * FROM claim(2, 'comment');
SELECT fetched(2, of_type => 'comment');
SELECT * FROM comments;
SELECT github_comment_id, outcome FROM github_sync.comment_creation_attempts;
SELECT github_sync.comment_report_missing_creation(1, 2, '0 s', clock_timestamp() + interval '1 second');
SELECT carry_out(5, 'comment');
SELECT id, state, github_repo_id, github_app_installation_id, github_issue_number FROM github_sync.comment_sync_transactions ORDER BY id;
SELECT * FROM app.comments;
-- ... and when ours finds out, all is one again
SELECT (github_sync.task_transfer(i, r, ROW(3000000007, 7, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::github_sync.resource)).moved
FROM github_sync.github_issues AS i, github_sync.github_repos AS r WHERE i.task_id = 1 AND r.id = 2;
SELECT * FROM places;
SELECT c.id, c.comment_id, i.task_id FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id;
-- it was made again
CALL answer_to_comment_is_lost();
UPDATE resources SET id = 3000000001, number = 1 WHERE type = 'task';
UPDATE resources SET number = 1;
SELECT * FROM claim(2, 'comment');
SELECT github_sync.comment_report_missing_creation(1, 2, '0 s', clock_timestamp() + interval '1 second');
SELECT carry_out(5, 'comment');
SELECT webhook(3, comment => 5000000001);
SELECT * FROM claim(of_type => 'comment');
SELECT fetched(2, 10, of_type => 'comment');
UPDATE github_sync.github_comments SET seen_at = at(11) WHERE comment_id = 1;
CALL wait_is_over('comment');
SELECT * FROM claim(of_type => 'comment');
SELECT fetched(2, 12, of_type => 'comment');
SELECT error_code, error_reason FROM github_sync.sync_errors;
SELECT * FROM app.comments;

-- two workers meet it in two places at once: who comes second looks again, and it stays where it is
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT webhook(3);
SELECT * FROM claim();
SELECT fetched(2);
INSERT INTO github_sync.github_issues (github_repo_id, number, github_id) VALUES (2, 7, 3000000077);
\set VERBOSITY terse
SELECT github_sync.task_take_over_creation(i.id, o, NULL) FROM github_sync.github_issues AS i, github_sync.github_issues AS o WHERE i.task_id = 1 AND o.number = 7;
SELECT github_repo_id, number, github_id, task_id FROM github_sync.github_issues ORDER BY github_id;
