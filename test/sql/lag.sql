--
-- GitHub's replicas lag: what an outbound finds that is older than what we were
-- told, reads that take back what we wrote, and versions that nobody settled
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE FUNCTION try_now(transaction bigint, seen numeric, kind text DEFAULT 'fetched', of_type text DEFAULT 'task')
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL wait_is_over(of_type);
	PERFORM claim(4, of_type);
	RETURN fetched(transaction, seen, kind, of_type);
END
$$;
CREATE FUNCTION waits() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', t.id, t.state, t.attempts, t.lagging_answers,
		coalesce(round(extract(epoch FROM t.next_attempt_at - t.last_error_at))::text, 'waits ' || (t.next_attempt_at IS NOT NULL)))
	FROM github_sync.task_sync_transactions AS t WHERE t.state = 'queued' ORDER BY t.id
$$;
CREATE FUNCTION comment_waits() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', t.id, t.state, t.attempts, t.lagging_answers,
		coalesce(round(extract(epoch FROM t.next_attempt_at - t.last_error_at))::text, 'waits ' || (t.next_attempt_at IS NOT NULL)))
	FROM github_sync.comment_sync_transactions AS t WHERE t.state = 'queued' ORDER BY t.id
$$;

-- told of :20, a replica still answers with :14, and the application edits the same text: nothing is sent over it
CALL github_has(14, 'Crash', 'It crashes.');
SELECT webhook(14);
SELECT carry_out(14);
SELECT webhook(20);
SELECT * FROM claim();
SELECT fetched(2, seen => 21);
SELECT waits();
UPDATE app.tasks SET title = 'Crash here', modified_at = at(22);
SELECT outbound(1);
-- dropped for the outbound, and known all the same
SELECT try_now(3, 23, 'not modified');
SELECT * FROM queue;
SELECT waits();
-- the replica has caught up: both are there, and the one that lost is kept
CALL github_has(20, new_title => 'Crash there');
SELECT try_now(3, 24);
SELECT written(3, 25);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- of what GitHub told ten minutes ago no replica will hear any more: nobody asks for it once more
CALL start_afresh();
CALL github_has(14, 'Crash');
SELECT webhook(14);
SELECT carry_out(14);
SELECT webhook(20);
UPDATE github_sync.task_sync_transactions SET lagging_answers = 5 WHERE id = 2;
SELECT * FROM claim();
SELECT fetched(2, seen => 90);
SELECT settle_at IS NOT NULL AS is_asked_for FROM github_sync.github_issues;
UPDATE github_sync.task_sync_transactions SET inserted_at = inserted_at - interval '10 minutes';
SELECT webhook(17);
UPDATE github_sync.task_sync_transactions SET lagging_answers = 5, inserted_at = inserted_at - interval '10 minutes' WHERE id = 3;
SELECT * FROM claim();
SELECT fetched(3, seen => 190);
SELECT settle_at IS NOT NULL AS is_asked_for FROM github_sync.github_issues;
-- what is older than we have seen ourselves is asked for once more all the same
UPDATE github_sync.github_issues SET github_updated_at = at(16);
SELECT webhook(18);
UPDATE github_sync.task_sync_transactions SET lagging_answers = 5, inserted_at = inserted_at - interval '10 minutes' WHERE id = 4;
SELECT * FROM claim();
SELECT fetched(4, seen => 200);
SELECT settle_at IS NOT NULL AS is_asked_for, second_of(github_updated_at) FROM github_sync.github_issues;

-- longer each time; after five such answers the application's text is sent, and what it may overwrite is told
CALL start_afresh();
CALL github_has(14, 'Crash', 'It crashes.');
SELECT webhook(14);
SELECT carry_out(14);
SELECT webhook(20);
UPDATE app.tasks SET title = 'Crash here', modified_at = at(22);
SELECT outbound(1);
SELECT id, step FROM claim(4);
SELECT fetched(3, seen => 23);
SELECT waits();
SELECT try_now(3, 24);
SELECT waits();
SELECT try_now(3, 25);
SELECT waits();
-- a later edit waits as the one before did
UPDATE app.tasks SET title = 'Crash over here', modified_at = at(26);
SELECT outbound(1);
SELECT waits();
SELECT try_now(4, 27);
SELECT waits();
SELECT try_now(4, 28);
SELECT waits();
SELECT try_now(4, 29);
SELECT * FROM conflicts;
SELECT written(4, 30);
SELECT * FROM queue;
SELECT * FROM conflicts;

-- the newest time known is of any inbound one, whatever became of it
CALL start_afresh();
CALL github_has(14, 'Crash');
SELECT webhook(14);
SELECT carry_out(14);
SELECT webhook(20);
SELECT * FROM claim();
SELECT github_sync.task_fail(2, 1, 'forbidden', 'told by the test');
UPDATE app.tasks SET title = 'Crash here', modified_at = at(22);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(3, seen => 23);
SELECT waits();

-- within one second: a read after our own PATCH that takes back what we sent is no news
CALL start_afresh();
CALL github_has(14, 'Crash', 'It crashes.');
SELECT webhook(14);
SELECT carry_out(14);
UPDATE app.tasks SET title = 'Crash here', modified_at = at(14);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(2, seen => 14);
SELECT written(2, 14);
SELECT webhook(14);
SELECT * FROM claim();
CALL github_has(14, new_title => 'Crash');
SELECT fetched(3, seen => 15);
SELECT waits();
SELECT title FROM app.tasks;
-- what else it shows is not taken either
CALL github_has(14, new_body => 'It crashes often.');
SELECT try_now(3, 20);
SELECT body FROM app.tasks;
-- with what we sent it is believed
CALL github_has(14, new_title => 'Crash here');
SELECT try_now(3, 21);
SELECT * FROM both_sides;
-- a minute after our write it is GitHub's again
SELECT webhook(14);
SELECT * FROM claim();
CALL github_has(14, new_title => 'Crash');
SELECT fetched(4, seen => 73);
SELECT waits();
SELECT try_now(4, 74);
SELECT title FROM app.tasks;
-- a value that we did not send is news at once
CALL start_afresh();
CALL github_has(14, 'Crash', 'It crashes.');
SELECT webhook(14);
SELECT carry_out(14);
UPDATE app.tasks SET title = 'Crash here', modified_at = at(14);
SELECT outbound(1);
SELECT carry_out(14);
SELECT webhook(14);
CALL github_has(14, new_body => 'It crashes often.');
SELECT carry_out(15);
SELECT body FROM app.tasks;

-- the same for a comment
CALL github_has(1, new_body => 'Here too.', comment => 5000000001);
SELECT webhook(1, comment => 5000000001);
SELECT carry_out(1, 'comment');
SELECT webhook(9, comment => 5000000001);
SELECT * FROM claim(1, 'comment');
SELECT fetched(2, seen => 10, of_type => 'comment');
UPDATE app.comments SET body = 'Here as well.', modified_at = at(11);
SELECT outbound(1, 'comment');
SELECT try_now(3, 12, of_type => 'comment');
SELECT comment_waits();
CALL github_has(9, new_body => 'There too.', comment => 5000000001);
SELECT try_now(3, 13, of_type => 'comment');
SELECT written(3, 13, 'comment');
SELECT * FROM conflicts;
SELECT webhook(13, comment => 5000000001);
CALL github_has(13, new_body => 'There too.', comment => 5000000001);
SELECT try_now(4, 14, of_type => 'comment');
SELECT comment_waits();
SELECT body FROM app.comments;

-- settled: a minute after its last change a record is asked for once more, behind all else
CALL start_afresh();
CREATE FUNCTION minute_is_over() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_issues SET settle_at = settle_at - interval '61 seconds';
	UPDATE github_sync.github_comments SET settle_at = settle_at - interval '61 seconds';
	PERFORM github_sync.task_release_due(), github_sync.comment_release_due();
	RETURN QUERY SELECT concat_ws(' ', 'task', id, state, priority, second_of(github_updated_at))
		FROM github_sync.task_sync_transactions WHERE state = 'queued'
		UNION ALL SELECT concat_ws(' ', 'comment', id, state, priority, second_of(github_updated_at))
		FROM github_sync.comment_sync_transactions WHERE state = 'queued';
END
$$;
CREATE VIEW settling AS
	SELECT 'task' AS type, round(extract(epoch FROM settle_at -
		(SELECT max(finished_at) FROM github_sync.task_sync_transactions))) AS settles_in FROM github_sync.github_issues
	UNION ALL
	SELECT 'comment', round(extract(epoch FROM settle_at -
		(SELECT max(finished_at) FROM github_sync.comment_sync_transactions))) FROM github_sync.github_comments;
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(10);
CALL github_has(8, new_body => 'Here too.', comment => 5000000001);
SELECT webhook(8, comment => 5000000001);
SELECT carry_out(8, 'comment');
SELECT * FROM settling;
SELECT minute_is_over();
SELECT * FROM settling;
-- an edit of the same second that no webhook told of
CALL github_has(7, new_title => 'Crash at start');
CALL github_has(8, new_body => 'Here as well.', comment => 5000000001);
SELECT carry_out(70), carry_out(70, 'comment');
SELECT title FROM app.tasks;
SELECT body FROM app.comments;
SELECT * FROM settling;
SELECT minute_is_over();
-- asked once, not for ever: that answer lagged, too
CALL github_has(80, new_title => 'Crash on start');
SELECT webhook(80);
SELECT carry_out(80);
SELECT minute_is_over();
SELECT carry_out(90);
SELECT minute_is_over();
-- who waits may settle it
UPDATE app.tasks SET title = 'Crash', modified_at = at(95);
SELECT outbound(1);
SELECT carry_out(96);
SELECT * FROM settling;
UPDATE app.tasks SET title = 'Crash again', modified_at = at(97);
SELECT outbound(1);
SELECT minute_is_over();
-- not of a repository that is only written to
SELECT carry_out(98);
UPDATE github_sync.github_repos SET sync_direction = 'outbound';
SELECT minute_is_over();
SELECT * FROM settling;
UPDATE github_sync.github_repos SET sync_direction = 'both';
-- one whose time was never seen, or lies far ahead, asks with a time that the queue takes: what is due at the same
-- moment waits for neither
UPDATE github_sync.github_issues SET github_updated_at = NULL, settle_at = now();
UPDATE github_sync.github_comments SET github_updated_at = now() + interval '2 days', settle_at = now();
SELECT t.next_due_at AS tasks, c.next_due_at AS comments
FROM github_sync.task_release_due() AS t, github_sync.comment_release_due() AS c;
SELECT state, age(clock_timestamp(), github_updated_at) BETWEEN '0' AND '1 minute' AS is_about_now
FROM github_sync.task_sync_transactions WHERE state = 'queued';
SELECT count(*) FROM github_sync.github_comments WHERE settle_at <= clock_timestamp();
-- nor for one that the owner's trigger refuses: it is tried again in a minute
UPDATE github_sync.task_sync_transactions SET event = 'superseded' WHERE state = 'queued';
UPDATE github_sync.github_issues SET settle_at = now();
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not in my queue'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT next_due_at BETWEEN clock_timestamp() + interval '55 seconds' AND clock_timestamp() + interval '1 minute' AS later
FROM github_sync.task_release_due();
DROP TRIGGER refuse ON github_sync.task_sync_transactions;
