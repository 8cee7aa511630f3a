--
-- Applying: state, NULLs, triggers that rewrite, writes under way, one-way repositories
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- a body of NULL is no change against GitHub's '', nor the other way round
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT carry_out(2);
UPDATE resources SET body = '', updated_at = at(3);
SELECT webhook(3);
SELECT carry_out(4);
SELECT task, body IS NULL AS local_null, github_body = '' AS github_empty FROM both_sides;
SELECT outbound(1);
UPDATE resources SET body = NULL, updated_at = at(5);
SELECT webhook(5);
SELECT carry_out(6);
UPDATE app.tasks SET body = NULL, modified_at = at(7);
SELECT outbound(1);
-- emptied on purpose
UPDATE app.tasks SET body = 'It crashes.', modified_at = at(8);
SELECT outbound(1);
SELECT carry_out(9);
UPDATE app.tasks SET body = NULL, modified_at = at(10);
SELECT outbound(1);
SELECT carry_out(11);
UPDATE resources SET body = 'It crashes again.', updated_at = at(12);
SELECT webhook(12);
SELECT carry_out(13);
UPDATE resources SET body = NULL, updated_at = at(14);
SELECT webhook(14);
SELECT carry_out(15);
SELECT * FROM both_sides;

-- state: a closed value is closed, every other is open; written only when the meaning changes
CALL start_afresh();
INSERT INTO app.tasks (title, state, modified_at) VALUES ('Crash', 'in progress', at(1));
SELECT outbound(1);
SELECT carry_out(2);
SELECT github_state FROM both_sides;
CALL github_has(3, new_body => 'It crashes.');
SELECT webhook(3);
SELECT carry_out(4);
SELECT state FROM app.tasks;
UPDATE app.tasks SET state = NULL;
SELECT outbound(1);
UPDATE app.tasks SET state = 'closed', modified_at = at(5);
SELECT outbound(1);
SELECT carry_out(6);
CALL github_has(7, new_state => 'open');
SELECT webhook(7);
SELECT carry_out(8);
SELECT state FROM app.tasks;
UPDATE app.tasks SET state = 'in review', modified_at = at(9);
CALL github_has(10, new_state => 'closed');
SELECT webhook(10);
SELECT carry_out(11);
SELECT state FROM app.tasks;
-- an issue is born open: a closed task is closed by the write that follows
INSERT INTO app.tasks (title, state, modified_at) VALUES ('Done', 'closed', at(12));
SELECT outbound(2);
SELECT * FROM claim();
CALL posted(7, 13);
SELECT created(7);
SELECT written(7, 14);
SELECT github_state FROM both_sides WHERE task = 2;

-- a trigger that rewrites what is written is the base, not a change
CALL start_afresh();
CREATE FUNCTION app.tidy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.title := btrim(upper(NEW.title));
	NEW.body := replace(NEW.body, E'\r\n', E'\n');
	RETURN NEW;
END
$$;
CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.tidy();
CALL github_has(1, ' Crash ', E'It\r\ncrashes.');
SELECT webhook(1);
SELECT carry_out(1);
SELECT title, body = E'It\ncrashes.' AS tidied FROM app.tasks;
SELECT outbound(1);
CALL github_has(2, new_title => ' Crash at start ');
SELECT webhook(2);
SELECT carry_out(2);
SELECT title FROM app.tasks;
SELECT outbound(1);
-- only what was changed here is sent, not what was rewritten
UPDATE app.tasks SET body = 'It crashes often.', modified_at = at(3);
SELECT outbound(1);
SELECT carry_out(3);
SELECT title, github_title FROM both_sides;
DROP TRIGGER tidy ON app.tasks;

-- edited at GitHub between our GET and our PATCH: fields not sent are merged again
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(2);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(2);
CALL github_has(3, new_body => 'It crashes often.');
SELECT written(2, 4);
SELECT * FROM both_sides;
SELECT outbound(1);
-- edited here meanwhile as well: sent at once, and the next has nothing left to send
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(5);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(4);
UPDATE app.tasks SET title = 'Crash on each start', modified_at = at(6);
SELECT outbound(1);
SELECT written(4, 6);
CALL patched(4, 7);
SELECT written(4, 7);
SELECT carry_out(8);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- the answer to a PATCH was lost: what GitHub holds of it is the base
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(2);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(2);
CALL patched(2, 3);
SELECT github_sync.task_give_back(2, 1, 'connection reset', NULL);
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(4);
SELECT carry_out(5);
SELECT * FROM both_sides;
SELECT * FROM conflicts;
-- and it never arrived: it is sent again
UPDATE app.tasks SET title = 'Crash on each start', modified_at = at(6);
SELECT outbound(1);
SELECT * FROM claim();
SELECT fetched(3);
SELECT github_sync.task_give_back(3, 1, 'connection reset', NULL);
SELECT carry_out(7);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- inbound only: GitHub's changes always land, local edits stay until then
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE github_sync.github_repos SET sync_direction = 'inbound', conflict_policy = 'app_wins';
UPDATE app.tasks SET title = 'here', body = 'here', modified_at = at(9);
CALL github_has(3, new_title => 'there');
SELECT webhook(3);
SELECT carry_out(3);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- outbound only: the local row is never written
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
UPDATE github_sync.github_repos SET sync_direction = 'outbound', conflict_policy = 'github_wins';
SELECT outbound(1);
SELECT carry_out(2);
CALL github_has(3, new_title => 'there', new_body => 'there');
UPDATE app.tasks SET title = 'here', modified_at = at(1);
SELECT outbound(1);
SELECT carry_out(4);
SELECT title, body, github_title FROM both_sides;
SELECT * FROM conflicts;

-- rows made from GitHub: repository defaults for the columns that are not mapped
CALL start_afresh();
UPDATE github_sync.github_repos SET task_defaults = '{"note": "from GitHub"}';
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT title, state, note, repo_id FROM app.tasks;

-- a transferred issue is not the same one
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE resources SET id = 3000000099, updated_at = at(2);
SELECT webhook(2);
SELECT carry_out(3);
SELECT error_code, error_reason IS NOT NULL FROM github_sync.task_sync_transactions WHERE id = 2;
-- an answer lifts the tombstone
CALL start_afresh();
CALL github_has(10, 'Crash');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, github_updated_at, deleted_at)
VALUES (1, 3000000001, 1, at(7), at(9));
SELECT webhook(10);
SELECT carry_out(11);
SELECT deleted_at FROM github_sync.github_issues;
