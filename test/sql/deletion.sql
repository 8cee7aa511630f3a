--
-- Deletions in both directions, tombstones, and what 404 means
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- ---- what gives way to a deletion ----
-- example 23: it is compared with nothing
CALL github_has(7, 'Crash', 'It crashes.');
SELECT webhook(7);
SELECT carry_out(67);
SELECT webhook(7);
SELECT deletion(7);
-- a second one is a duplicate of the queued one; one of the other direction is not
SELECT deletion();
SELECT outbound_deletion(1), outbound_deletion(1);
SELECT * FROM queue;
-- it cancels the queued upserts of both directions, in the better place
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'mine', modified_at = at(5);
INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority) VALUES ('outbound', 1, 7);
SELECT webhook(4);
SELECT webhook(8), deletion();
SELECT * FROM queue;
SELECT d.queued_at = o.queued_at AS in_its_place, d.priority FROM github_sync.task_sync_transactions AS d, github_sync.task_sync_transactions AS o
WHERE d.action = 'delete' AND o.id = 2;
-- a newer upsert lives beside it, is not canceled by it and does not cancel it, also when it comes back
SELECT webhook(9), outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_give_back(5, 1, 'GitHub is down', NULL);
SELECT * FROM queue;
-- what was dropped for an outbound that a deletion canceled comes back when the deletion fails
SELECT * FROM claim();
SELECT github_sync.task_fail(5, 2, 'forbidden', 'no');
SELECT * FROM queue;

-- a repository that is off, one direction, and on again: the deletion comes back after the upserts
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE github_sync.github_repos SET sync_enabled = false;
UPDATE app.tasks SET title = 'mine', modified_at = at(5);
SELECT outbound(1), webhook(4), outbound_deletion(1), outbound_deletion(1), webhook(6), deletion(6);
UPDATE github_sync.github_repos SET sync_enabled = true;
SELECT * FROM queue;
UPDATE github_sync.github_repos SET sync_direction = 'inbound';
SELECT * FROM queue WHERE transaction LIKE '%disabled%';

-- ---- deleted at GitHub ----
-- the first answer proves nothing; a minute later it does
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
DELETE FROM world.resources;
SELECT deletion(1);
SELECT * FROM claim();
SELECT missing(2, 10);
SELECT second_of(missing_since), deleted_at FROM github_sync.github_issues;
SELECT extract(epoch FROM next_attempt_at - clock_timestamp()) BETWEEN 50 AND 60 AS in_a_minute, attempts, last_error FROM github_sync.task_sync_transactions WHERE id = 2;
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 69);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 70);
SELECT * FROM queue;
SELECT missing_since, second_of(deleted_at), task_id FROM github_sync.github_issues;
SELECT id, title FROM app.tasks;
-- rule 2: older news is dropped for it, later news is not (example 22)
SELECT webhook(60), webhook(70), webhook(71);
-- and an answer that shows it clears the tombstone
CALL github_has(71, 'Crash again');
SELECT carry_out(71);
SELECT missing_since, deleted_at FROM github_sync.github_issues;
SELECT title FROM app.tasks;

-- a clock that was a year ahead, once, makes nobody wait for it
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
DELETE FROM world.resources;
SELECT deletion(1);
SELECT * FROM claim();
SELECT missing(2, 31536000);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 10);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 70);
SELECT * FROM queue;
SELECT second_of(deleted_at), task_id FROM github_sync.github_issues;

-- an inbound upsert that finds it gone completes; the tombstone then has no deletion to name
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT webhook(5);
SELECT * FROM claim();
CALL news_is_old();
SELECT missing(2, 10);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 70);
SELECT webhook(60);
SELECT * FROM queue;
-- an outbound one is errored
UPDATE app.tasks SET title = 'mine', modified_at = at(80);
SELECT outbound(1);
SELECT * FROM claim();
CALL news_is_old();
SELECT missing(4, 90);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(4, 150);
SELECT state, error_code, error_reason FROM github_sync.task_sync_transactions WHERE id = 4;

-- a replica that still shows what was deleted is asked five times
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
CALL github_has(1, 'Crash, edited');
SELECT deletion(1);
DO $$
BEGIN
	FOR i IN 1 .. 5 LOOP
		PERFORM world.claim();
		ASSERT world.fetched(2, 30) = 'queued';
		CALL world.wait_is_over();
	END LOOP;
END
$$;
SELECT title FROM app.tasks;
-- then what is there is taken
SELECT carry_out(40);
SELECT * FROM queue;
SELECT title FROM app.tasks;

-- the repository is not readable: all of it is disabled, until somebody says so
CALL start_afresh();
SELECT webhook(1), webhook(1, 2);
SELECT * FROM claim();
SELECT missing(1, 5, 'not readable');
SELECT * FROM queue;
SELECT webhook(2, 3);
SELECT github_sync.set_repo_sync(1, true) \g /dev/null
SELECT * FROM queue;
-- its issues are switched off: it pauses, with the reason
SELECT * FROM claim();
SELECT missing(1, 6, 'issues disabled');
SELECT * FROM claim(10);
SELECT transaction FROM queue;
SELECT paused_until > clock_timestamp() + interval '9 minutes' AS for_a_while, pause_reason FROM github_sync.github_repos;
-- and goes on with the first answer
UPDATE github_sync.github_repos SET paused_until = clock_timestamp();
CALL wait_is_over();
CALL github_has(1, 'Crash');
SELECT * FROM claim();
SELECT fetched(1);
SELECT paused_until, pause_reason FROM github_sync.github_repos;

-- ---- deleted in the application ----
-- keep, the default: GitHub does not hear of it, and nothing is made anew
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
DELETE FROM app.tasks;
SELECT webhook(5);
SELECT * FROM queue;
-- propagate: the issue is closed
CALL start_afresh();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
CALL github_has(5, 'Crash!');
DELETE FROM app.tasks;
SELECT * FROM queue;
SELECT action, task_id, github_issue_id FROM github_sync.task_sync_transactions WHERE direction = 'outbound';
SELECT carry_out(9);
SELECT title, state FROM world.resources;
SELECT * FROM queue;
SELECT deleted_at, title, state, second_of(github_updated_at) FROM github_sync.github_issues;
-- closed already: nothing to send; the row is gone, the record is not
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) VALUES ('outbound', 'delete', 1) RETURNING id, state;
SELECT carry_out(10);
-- the row is still there: the issue is closed, and that is GitHub's change, not the row's
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT outbound_deletion(1);
SELECT carry_out(9);
SELECT local_base, remote_base FROM github_sync.github_issues;
SELECT outbound(1);
SELECT webhook(9);
SELECT carry_out(70);
SELECT * FROM both_sides;
-- one that GitHub never got: nothing to do
CALL start_afresh();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('Slow', at(1));
SELECT outbound(1);
DELETE FROM app.tasks WHERE id = 1;
SELECT * FROM queue;
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) VALUES ('outbound', 'delete', 1);
SELECT * FROM claim();
SELECT * FROM queue;
-- one whose creation is under way: it is looked for, then closed
SELECT outbound(2);
SELECT * FROM claim();
DELETE FROM app.tasks;
SELECT * FROM queue;
CALL posted(3, 5);
SELECT created(3);
SELECT carry_out(9);
SELECT title, state FROM world.resources;
SELECT * FROM queue;

-- the answer to the creation is lost, and the lists show it only after the deletion: it is deleted when it is met
CREATE PROCEDURE world.deleted_unseen(type text) LANGUAGE plpgsql AS $$
BEGIN
	CALL world.start_afresh();
	UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
	INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', world.at(1));
	PERFORM world.outbound(1);
	IF type = 'comment' THEN
		PERFORM world.carry_out(1);
		INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', world.at(2));
		PERFORM world.outbound(1, 'comment');
	END IF;
	PERFORM world.claim(of_type => type);
	CALL world.posted(1, 3, type);
	EXECUTE format('SELECT github_sync.%s_give_back(1, 1, ''connection reset'', NULL)', type);
	EXECUTE format('DELETE FROM app.%ss', type);
	PERFORM world.claim(4, type);
	EXECUTE format('SELECT github_sync.%s_report_missing_creation(2, 1, ''0 s'', clock_timestamp() + interval ''1 second'')', type);
	PERFORM world.claim(5, type);
END
$$;
CALL deleted_unseen('task');
SELECT * FROM queue;
SELECT webhook(3);
SELECT carry_out(9);
SELECT * FROM queue;
SELECT title, state FROM world.resources;
SELECT count(*) FROM app.tasks;
CALL deleted_unseen('comment');
SELECT * FROM comment_queue;
SELECT webhook(3, comment => 5000000001);
SELECT * FROM claim(5, 'comment');
SELECT fetched(3, of_type => 'comment');
SELECT * FROM claim(6, 'comment');
SELECT deleted(4, 9);
SELECT * FROM comment_queue;
SELECT count(*) FROM app.comments;
-- kept at GitHub where the repository says so
CALL deleted_unseen('task');
UPDATE github_sync.github_repos SET on_local_delete = 'keep';
SELECT webhook(3);
SELECT carry_out(9);
SELECT carry_out(10);
SELECT * FROM queue;
SELECT title, state FROM world.resources;

-- the row goes while GitHub is asked about it
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT webhook(5);
SELECT * FROM claim();
DELETE FROM app.tasks;
CALL github_has(5, 'Crash!');
SELECT fetched(2);
SELECT count(*) FROM app.tasks;
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash!', modified_at = at(5);
SELECT outbound(1);
SELECT * FROM claim();
DELETE FROM app.tasks;
SELECT fetched(2);
SELECT * FROM queue;

-- ---- comments ----
-- deleted at GitHub: the row stays, or goes as the repository says, but never one with a change of its own
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
CALL github_has(2, new_body => 'Me too', comment => 5000000001);
CALL github_has(2, new_body => 'And me', comment => 5000000002);
CALL github_has(2, new_body => 'Not me', comment => 5000000003);
SELECT webhook(2, comment => 5000000001), webhook(2, comment => 5000000002), webhook(2, comment => 5000000003);
SELECT carry_out(3, of_type => 'comment');
CREATE PROCEDURE world.gone(transaction bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM world.claim(10, 'comment');
	PERFORM world.missing(transaction, 10, of_type => 'comment');
	CALL world.wait_is_over('comment');
	PERFORM world.claim(10, 'comment');
	PERFORM world.missing(transaction, 70, of_type => 'comment');
END
$$;
SELECT deletion(comment => 5000000001);
CALL gone(4);
UPDATE github_sync.github_repos SET on_remote_delete = 'delete', on_local_delete = 'propagate';
SELECT deletion(comment => 5000000002);
CALL gone(5);
UPDATE app.comments SET body = 'Not me, really', modified_at = at(9) WHERE id = 3;
SELECT deletion(comment => 5000000003);
CALL gone(6);
SELECT * FROM comment_queue;
SELECT id, body FROM app.comments ORDER BY id;
SELECT github_id, comment_id, second_of(deleted_at), local_deleted_at IS NOT NULL AS local_deleted FROM github_sync.github_comments ORDER BY github_id;
-- the row that went was not deleted by the application: when the comment is back, so is the row
SELECT webhook(70, comment => 5000000002), webhook(71, comment => 5000000002);
CALL github_has(71, new_body => 'And me again', comment => 5000000002);
SELECT carry_out(71, of_type => 'comment');
SELECT id, body FROM app.comments ORDER BY id;
-- both sides deleted it: what is older than GitHub's deletion is dropped for that
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT deletion();
SELECT * FROM claim();
SELECT missing(2, 10);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 70);
DELETE FROM app.tasks;
SELECT webhook(60), webhook(71);

-- deleted in the application: the comment at GitHub is deleted
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(2)), (1, 'And me', at(2));
SELECT outbound(1, 'comment'), outbound(2, 'comment');
SELECT carry_out(3, of_type => 'comment');
DELETE FROM app.comments;
SELECT * FROM comment_queue;
SELECT * FROM claim(2, of_type => 'comment');
SELECT deleted(3, 9);
-- somebody was faster
CALL news_is_old();
SELECT missing(4, 9, of_type => 'comment');
CALL wait_is_over('comment');
SELECT * FROM claim(of_type => 'comment');
SELECT missing(4, 69, of_type => 'comment');
SELECT * FROM comment_queue;
SELECT github_id, second_of(deleted_at) FROM github_sync.github_comments ORDER BY id;
-- the webhooks of it: an edit is dropped, the deletion is known; a deletion once more is done without asking
SELECT webhook(9, comment => 5000000001), deletion(3, comment => 5000000001);
SELECT * FROM claim(of_type => 'comment');
SELECT state, second_of(github_updated_at) FROM github_sync.comment_sync_transactions ORDER BY id DESC LIMIT 1;
INSERT INTO github_sync.comment_sync_transactions (direction, action, github_comment_id) VALUES ('outbound', 'delete', 1) RETURNING id, state;
SELECT * FROM claim(of_type => 'comment');
SELECT state FROM github_sync.comment_sync_transactions ORDER BY id DESC LIMIT 1;

-- the answer to its creation was lost: looked for, found, deleted
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Once more', at(20));
SELECT outbound(3, 'comment');
SELECT * FROM claim(of_type => 'comment');
CALL posted(8, 21, 'comment');
DELETE FROM app.comments;
SELECT github_sync.comment_give_back(8, 1, 'connection reset', NULL);
SELECT * FROM claim(2, of_type => 'comment');
SELECT created(9, 22, 'found', 'comment');
SELECT * FROM claim(2, of_type => 'comment');
SELECT deleted(9, 23);
SELECT * FROM comment_queue WHERE transaction ~ '^[89] ';

-- ---- what is wrong with a deletion ----
\set SHOW_CONTEXT never
INSERT INTO github_sync.task_sync_transactions (direction, action) VALUES ('outbound', 'delete');
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, action, task_id) VALUES ('outbound', 'delete', 4711);
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) VALUES ('outbound', 'delete', 4711);
INSERT INTO github_sync.comment_sync_transactions (direction, action, github_comment_id) VALUES ('outbound', 'delete', 4711);
INSERT INTO github_sync.comment_sync_transactions (direction, action, github_comment_external_id) VALUES ('inbound', 'delete', 4711);
\set VERBOSITY terse
INSERT INTO github_sync.task_sync_transactions (direction, action, github_repo_id, github_issue_number, github_updated_at)
VALUES ('inbound', 'delete', 1, 1, '2100-01-01 00:00:00+00');
\echo :SQLSTATE

-- ---- not shown yet: GitHub told of it a moment ago, and a replica has not heard of it ----
CREATE FUNCTION world.wait_of(moment timestamptz) RETURNS integer LANGUAGE sql AS $$
	SELECT min(wait) FROM unnest('{2,5,15,60}'::integer[]) AS wait WHERE wait >= extract(epoch FROM moment - clock_timestamp())
$$;
CREATE FUNCTION world.asked_again_in() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', 'task', t.id, t.state, 'in', world.wait_of(t.next_attempt_at), 's, attempts', t.attempts)
	FROM github_sync.task_sync_transactions AS t WHERE t.state = 'queued'
	UNION ALL
	SELECT concat_ws(' ', 'comment', t.id, t.state, 'in', world.wait_of(t.next_attempt_at), 's, attempts', t.attempts)
	FROM github_sync.comment_sync_transactions AS t WHERE t.state = 'queued'
$$;
-- after 2, 5 and 15 s, and then a minute later: 75 s of lag delete nothing
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT * FROM claim();
SELECT missing(1, 1);
SELECT asked_again_in();
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(1, 3);
SELECT asked_again_in();
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(1, 8);
SELECT asked_again_in();
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(1, 23);
SELECT asked_again_in();
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(1, 76), deleted_at FROM github_sync.github_issues;
CALL wait_is_over();
SELECT * FROM claim();
SELECT fetched(1, 80);
SELECT title FROM app.tasks;
-- it never comes
CALL start_afresh();
SELECT webhook(1);
UPDATE github_sync.task_sync_transactions SET lagging_answers = 3;
SELECT * FROM claim();
SELECT missing(1, 23);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(1, 83);
-- what was not shown before GitHub told of it again counts for nothing
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
CALL news_is_old();
UPDATE app.tasks SET title = 'mine', modified_at = at(2);
SELECT outbound(1);
SELECT * FROM claim();
SELECT missing(2, 10);
SELECT webhook(60);
SELECT * FROM claim();
SELECT missing(3, 71);
SELECT asked_again_in();
SELECT missing_since FROM github_sync.github_issues;
-- ours, created just now: the same for an edit of it, for a comment on it, and for an edit of that
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 3);
SELECT created(1);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(4));
SELECT outbound(1, 'comment');
SELECT * FROM claim(of_type => 'comment');
SELECT github_sync.comment_report_rejected_creation(1);
SELECT missing(1, 5, of_type => 'comment');
SELECT asked_again_in();
CALL wait_is_over('comment');
SELECT * FROM claim(of_type => 'comment');
CALL posted(1, 6, 'comment');
SELECT created(1, of_type => 'comment');
UPDATE app.comments SET body = 'And me', modified_at = at(7);
SELECT outbound(1, 'comment');
SELECT * FROM claim(of_type => 'comment');
SELECT missing(2, 8, of_type => 'comment');
SELECT asked_again_in();
-- a deletion that is told is no such news
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT deletion();
SELECT * FROM claim();
SELECT missing(2, 10);
SELECT asked_again_in();
-- neither the comment nor its issue is shown: that may have gone where we cannot look, and so the row stays
CALL start_afresh();
UPDATE github_sync.github_repos SET on_remote_delete = 'delete';
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
CALL github_has(2, new_body => 'Me too', comment => 5000000001);
CALL github_has(2, new_body => 'And me', comment => 5000000002);
SELECT webhook(2, comment => 5000000001), webhook(2, comment => 5000000002);
SELECT carry_out(3, of_type => 'comment');
SELECT deletion(comment => 5000000001), deletion(comment => 5000000002);
SELECT * FROM claim(2, 'comment');
SELECT missing(3, 10, 'issue not shown', 'comment'), missing(4, 10, 'readable', 'comment');
CALL wait_is_over('comment');
SELECT * FROM claim(2, 'comment');
SELECT missing(3, 70, 'issue not shown', 'comment'), missing(4, 70, 'readable', 'comment');
SELECT * FROM comment_queue;
SELECT id, body FROM app.comments;
