--
-- Triggers of the application that run behind the write: what the row holds in
-- the end is the base. AFTER and deferred ones, inserts, comments; outbound
-- triggers of the application's own; columns that are NOT NULL
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- an AFTER trigger that rewrites its row: no change, on insert and on update
CREATE FUNCTION app.tidy_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE app.tasks SET title = btrim(upper(title)) WHERE id = NEW.id AND title <> btrim(upper(title));
	RETURN NULL;
END
$$;
CREATE FUNCTION app.tidy_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE app.comments SET body = btrim(upper(body)) WHERE id = NEW.id AND body <> btrim(upper(body));
	RETURN NULL;
END
$$;
CREATE TRIGGER tidy AFTER INSERT OR UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.tidy_task();
CREATE TRIGGER tidy AFTER INSERT OR UPDATE ON app.comments FOR EACH ROW EXECUTE FUNCTION app.tidy_comment();
CALL github_has(1, ' Crash ', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
SELECT outbound(1);
CALL github_has(2, new_title => ' Crash at start ');
SELECT webhook(2);
SELECT carry_out(2);
SELECT outbound(1);
CALL github_has(1, new_body => ' Here too. ', comment => 5000000001);
SELECT webhook(1, comment => 5000000001);
SELECT carry_out(3, 'comment');
SELECT outbound(1, 'comment');
CALL github_has(4, new_body => ' Here as well. ', comment => 5000000001);
SELECT webhook(4, comment => 5000000001);
SELECT carry_out(4, 'comment');
SELECT outbound(1, 'comment');
SELECT title, github_title FROM both_sides;
SELECT body FROM app.comments;
SELECT * FROM conflicts;
-- the next edit at GitHub is no conflict, and the next one here sends what was edited here
CALL github_has(5, new_title => ' Crash on start ');
UPDATE app.tasks SET body = 'It crashes often.', modified_at = at(5);
SELECT outbound(1);
SELECT carry_out(6);
SELECT title, body, github_title, github_body FROM both_sides;
SELECT * FROM conflicts;
DROP TRIGGER tidy ON app.tasks;
DROP TRIGGER tidy ON app.comments;

-- a deferred one, which a session's COMMIT would run
CALL start_afresh();
CREATE CONSTRAINT TRIGGER tidy AFTER INSERT OR UPDATE ON app.tasks DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION app.tidy_task();
CREATE CONSTRAINT TRIGGER tidy AFTER INSERT OR UPDATE ON app.comments DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION app.tidy_comment();
CALL github_has(1, ' Crash ', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
SELECT outbound(1);
CALL github_has(2, new_title => ' Crash at start ');
SELECT webhook(2);
SELECT carry_out(2);
SELECT outbound(1);
CALL github_has(1, new_body => ' Here too. ', comment => 5000000001);
SELECT webhook(1, comment => 5000000001);
SELECT carry_out(3, 'comment');
SELECT outbound(1, 'comment');
SELECT title, github_title FROM both_sides;
SELECT body FROM app.comments;
DROP TRIGGER tidy ON app.tasks;
DROP TRIGGER tidy ON app.comments;

-- a trigger that does not let the write happen: GitHub's text is no local edit that would be sent back
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.refuse();
CALL github_has(2, new_title => 'Crash at start');
SELECT webhook(2);
SELECT carry_out(2);
SELECT outbound(1);
DROP TRIGGER refuse ON app.tasks;

-- one that deletes the row that is written, as an archive does: the record ends as by a deletion of the application's
CREATE FUNCTION app.archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM app.tasks WHERE id = NEW.id AND state = 'closed';
	RETURN NULL;
END
$$;
CREATE TRIGGER archive AFTER UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.archive();
CALL github_has(3, new_state => 'closed');
SELECT webhook(3);
SELECT carry_out(3);
SELECT count(*) FROM app.tasks;
SELECT task_id, local_deleted_at IS NOT NULL AS deleted FROM github_sync.github_issues;
DROP TRIGGER archive ON app.tasks;

-- outbound triggers of the application's own, instead of capture: what they insert while GitHub's change is written is
-- its echo
CALL start_afresh();
CREATE FUNCTION app.enqueue_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', NEW.id);
	RETURN NULL;
END
$$;
CREATE FUNCTION app.enqueue_comment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.comment_sync_transactions (direction, comment_id) VALUES ('outbound', NEW.id);
	RETURN NULL;
END
$$;
CREATE TRIGGER enqueue AFTER INSERT OR UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.enqueue_task();
CREATE TRIGGER enqueue AFTER INSERT OR UPDATE ON app.comments FOR EACH ROW EXECUTE FUNCTION app.enqueue_comment();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
CALL github_has(1, new_body => 'Here too.', comment => 5000000001);
SELECT webhook(1, comment => 5000000001);
SELECT carry_out(2, 'comment');
CALL github_has(3, new_title => 'Crash at start');
SELECT webhook(3);
SELECT carry_out(3);
CALL github_has(4, new_body => 'Here as well.', comment => 5000000001);
SELECT webhook(4, comment => 5000000001);
SELECT carry_out(4, 'comment');
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT id, number, task_id FROM github_sync.github_issues;
SELECT id, github_id, comment_id FROM github_sync.github_comments;
-- and what the application changes is sent
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(5);
SELECT carry_out(6);
DROP TRIGGER enqueue ON app.tasks;
DROP TRIGGER enqueue ON app.comments;

-- a column that is NOT NULL, by itself or by its domain
CALL start_afresh();
CREATE DOMAIN app.words AS text NOT NULL;
ALTER TABLE app.tasks ALTER COLUMN body SET NOT NULL;
ALTER TABLE app.comments ALTER COLUMN body TYPE app.words;
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT body = '' AS empty FROM app.tasks;
SELECT outbound(1);
CALL github_has(2, new_body => 'It crashes.');
SELECT webhook(2);
SELECT carry_out(2);
UPDATE resources SET body = NULL, updated_at = at(3);
SELECT webhook(3);
SELECT carry_out(3);
SELECT body = '' AS empty FROM app.tasks;
SELECT outbound(1);
CALL github_has(1, comment => 5000000001);
SELECT webhook(1, comment => 5000000001);
SELECT carry_out(4, 'comment');
SELECT body = '' AS empty FROM app.comments;
SELECT outbound(1, 'comment');
