--
-- What operators see: an error that was mended is none any more, and two
-- programs that keep overwriting each other are shown
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE VIEW errors AS SELECT record_type, id, direction, error_code FROM github_sync.sync_errors ORDER BY record_type, id;

-- refused by GitHub, mended here, synced: not shown any more, nor where the edit was undone
CALL github_has(1, 'Crash', 'It crashes.');
CALL github_has(1, new_body => 'Here too.', comment => 5000000001);
SELECT webhook(1), webhook(1, comment => 5000000001);
SELECT carry_out(1), carry_out(1, 'comment');
UPDATE app.tasks SET title = '', modified_at = at(2);
UPDATE app.comments SET body = '', modified_at = at(2);
SELECT outbound(1), outbound(1, 'comment');
SELECT * FROM claim();
SELECT * FROM claim(1, 'comment');
SELECT github_sync.task_fail(2, 1, 'validation_failed', 'title is missing'), github_sync.comment_fail(2, 1, 'validation_failed', 'body is missing');
SELECT * FROM errors;
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(3);
UPDATE app.comments SET body = 'Here too.', modified_at = at(3);
SELECT outbound(1), outbound(1, 'comment');
SELECT carry_out(4), carry_out(4, 'comment');
SELECT * FROM errors;
-- still in the history
SELECT id, state FROM github_sync.sync_history WHERE state = 'errored' ORDER BY record_type, id;
-- an inbound one is mended by whatever fetched since; an outbound one not by an inbound one
SELECT webhook(5);
SELECT id FROM claim();
SELECT github_sync.task_fail(4, 1, 'apply_failed', '23514: too long');
UPDATE app.tasks SET title = '', modified_at = at(6);
SELECT outbound(1);
SELECT id FROM claim();
SELECT github_sync.task_fail(5, 1, 'validation_failed', 'title is missing');
SELECT * FROM errors;
CALL github_has(7, new_body => 'It crashes often.');
SELECT webhook(7);
SELECT carry_out(7);
SELECT * FROM errors;
-- one that fails again is shown
SELECT github_sync.retry_task_sync_transaction(5);
SELECT id FROM claim();
SELECT github_sync.task_fail(5, 2, 'validation_failed', 'title is missing');
SELECT * FROM errors;

-- either side overwrites the other: ten turns within an hour
CALL start_afresh();
CALL github_has(1, 'Crash');
CALL github_has(1, new_body => 'Here too.', comment => 5000000001);
SELECT webhook(1), webhook(1, comment => 5000000001);
SELECT carry_out(1), carry_out(1, 'comment');
CREATE FUNCTION fight(begin_second integer, turns integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN begin_second .. begin_second + turns - 1 LOOP
		IF i % 2 = 0 THEN
			CALL github_has(i, new_title => 'theirs');
			PERFORM webhook(i);
			CALL github_has(i, new_body => 'theirs', comment => 5000000001);
			PERFORM webhook(i, comment => 5000000001);
		ELSE
			UPDATE app.tasks SET title = 'ours', modified_at = at(i);
			UPDATE app.comments SET body = 'ours', modified_at = at(i);
			PERFORM outbound(1), outbound(1, 'comment');
		END IF;
		PERFORM carry_out(i), carry_out(i, 'comment');
	END LOOP;
	RETURN (SELECT string_agg(concat_ws(' ', record_type, problem), ', ' ORDER BY record_type) FROM github_sync.sync_problems);
END
$$;
SELECT fight(3, 10);
SELECT fight(13, 1);
CREATE TABLE world.began AS SELECT record_type, since FROM github_sync.sync_problems;
-- since when does not change while it goes on
SELECT fight(14, 4);
SELECT p.record_type, p.since = b.since FROM github_sync.sync_problems AS p JOIN began AS b USING (record_type) ORDER BY 1;
SELECT record_type, problem, detail, remedy, since < now() FROM github_sync.sync_problems ORDER BY record_type;
SELECT "check", status, detail FROM github_sync.health() WHERE "check" LIKE 'overwriting%' ORDER BY 1;
-- many edits of one side alone are none, and an hour later it is over
UPDATE github_sync.github_issues SET turned_at = ARRAY(SELECT m - interval '1 hour' FROM unnest(turned_at) AS m);
SELECT record_type, problem FROM github_sync.sync_problems;
-- of one that begins again it is the begin of that
SELECT fight(18, 10);
SELECT p.record_type, p.since > b.since FROM github_sync.sync_problems AS p JOIN began AS b USING (record_type) WHERE record_type = 'task';
