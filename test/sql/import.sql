--
-- What a list shows that nobody here knows: all of a page together, as if each had been fetched
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
CREATE FUNCTION listed(number integer, title text DEFAULT 'Listed', body text DEFAULT 'text', updated_s integer DEFAULT 5,
	state text DEFAULT 'open', by text DEFAULT 'octocat') RETURNS github_sync.resource
LANGUAGE sql AS $$
	SELECT ROW(3000000000 + number, number, false, title, body, state, NULL, by, 'https://github.com/octo/app/issues/' || number,
		at(1), at(updated_s), CASE state WHEN 'closed' THEN at(2) END, account(by), NULL)::github_sync.resource
$$;
CREATE FUNCTION listed_comment(id integer, number integer, body text DEFAULT 'said', part text DEFAULT 'issues') RETURNS github_sync.resource
LANGUAGE sql AS $$
	SELECT ROW(5000000000 + id, number, false, NULL, body, NULL, NULL, 'octocat',
		format('https://github.com/octo/app/%s/%s#issuecomment-%s', part, number, id), at(1), at(5), NULL, 7, NULL)::github_sync.resource
$$;
-- how many of them were news; answered a long time after, or at once
CREATE FUNCTION read_page(VARIADIC items github_sync.resource[]) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	of_type text := CASE WHEN (items[1]).title IS NULL THEN 'comment' ELSE 'task' END;
	news integer;
BEGIN
	EXECUTE format('SELECT github_sync.%s_apply_listed(r, ROW(1, NULL, 1, world.at(coalesce(nullif(current_setting(''world.answered_s'', true), ''''), ''100'')::integer), 52, NULL,
		NULL, NULL, NULL, NULL, 300, false)::github_sync.swept_page, $1,
		ARRAY(SELECT format(''{"id": %%s, "number": %%s, "labels": [%%s]}'', i.github_id, i.number, to_json(i.title)) FROM unnest($1) AS i))
		FROM github_sync.github_repos AS r WHERE r.id = 1', of_type) INTO news USING items;
	RETURN news;
END
$$;
-- a trigger of the application's on a table of ours must see each step: then each is answered singly
CREATE FUNCTION app.look_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE PROCEDURE singly(enabled boolean) LANGUAGE plpgsql AS $$
BEGIN
	IF enabled THEN
		CREATE TRIGGER look_on AFTER UPDATE ON github_sync.github_issues FOR EACH ROW EXECUTE FUNCTION app.look_on();
		CREATE TRIGGER look_on AFTER UPDATE ON github_sync.github_comments FOR EACH ROW EXECUTE FUNCTION app.look_on();
	ELSE
		DROP TRIGGER look_on ON github_sync.github_issues;
		DROP TRIGGER look_on ON github_sync.github_comments;
	END IF;
END
$$;
-- by how many statements the rows were written
CREATE VIEW statements AS
	SELECT count(DISTINCT t.xmin::text || '.' || t.cmin) AS tasks, (SELECT count(DISTINCT c.xmin::text || '.' || c.cmin) FROM app.comments AS c) AS comments
	FROM app.tasks AS t;
CREATE VIEW tasks_here AS
	SELECT i.number, t.title, t.body, t.state, second_of(t.modified_at) AS modified, t.note, i.local_base
	FROM github_sync.github_issues AS i LEFT JOIN app.tasks AS t ON t.id = i.task_id ORDER BY i.number;
CREATE VIEW comments_here AS
	SELECT c.github_id - 5000000000 AS comment, t.task_id, t.body, c.local_base
	FROM github_sync.github_comments AS c LEFT JOIN app.comments AS t ON t.id = c.comment_id ORDER BY c.github_id;
-- all that is kept, without ids, numbers, times of our clock, and what counts the steps
CREATE VIEW kept AS
	SELECT 'record' AS what, i.number % 10 AS place, to_jsonb(i) - '{id,github_id,number,html_url,task_id,lock_version,settle_at}'::text[] AS content,
		i.settle_at IS NULL AS is_settled
	FROM github_sync.github_issues AS i
	UNION ALL
	SELECT 'transaction', t.github_issue_number % 10, to_jsonb(t) - '{id,github_issue_id,github_issue_external_id,github_issue_number,task_id,inserted_at,queued_at,processing_at,finished_at}'::text[],
		t.queued_at <= t.processing_at AND t.processing_at <= t.finished_at
			AND (t.github_issue_id, t.task_id) = (SELECT i.id, i.task_id FROM github_sync.github_issues AS i WHERE i.github_id = t.github_issue_external_id)
	FROM github_sync.task_sync_transactions AS t
	UNION ALL
	SELECT 'comment record', c.github_id % 10, to_jsonb(c) - '{id,github_id,html_url,github_issue_id,comment_id,lock_version,settle_at}'::text[], c.settle_at IS NULL
	FROM github_sync.github_comments AS c
	UNION ALL
	SELECT 'comment transaction', t.github_comment_external_id % 10, to_jsonb(t) - '{id,github_issue_id,github_comment_external_id,github_comment_id,github_issue_number,comment_id,inserted_at,queued_at,processing_at,finished_at}'::text[],
		t.queued_at <= t.processing_at AND t.processing_at <= t.finished_at
			AND (t.github_comment_id, t.comment_id, t.github_issue_id, t.github_issue_number) = (SELECT c.id, c.comment_id, i.id, i.number
				FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id WHERE c.github_id = t.github_comment_external_id)
	FROM github_sync.comment_sync_transactions AS t;
\set ECHO all
-- what a set leaves is what each of them would have left
SELECT read_page(listed(1), listed(2, 'Two', NULL), listed(3, 'Three', 'a', 7, 'closed'));
SELECT read_page(listed_comment(1, 1), listed_comment(2, 1, 'more'), listed_comment(3, 3));
SELECT * FROM statements;
SELECT * FROM tasks_here;
SELECT * FROM comments_here;
CALL singly(true);
SELECT read_page(listed(11), listed(12, 'Two', NULL), listed(13, 'Three', 'a', 7, 'closed'));
SELECT read_page(listed_comment(11, 11), listed_comment(12, 11, 'more'), listed_comment(13, 13));
CALL singly(false);
SELECT * FROM statements;
SELECT what, count(*), count(DISTINCT (place, content)) AS different, bool_and(is_settled) AS all_are FROM kept GROUP BY 1 ORDER BY 1;
SELECT state, priority, claim_no, attempts, count(*) FROM github_sync.task_sync_transactions GROUP BY 1, 2, 3, 4;
CALL start_afresh();

-- one page of all sorts: unknown; the same as known; edited; known, and now settled; and one that a webhook tells of
SET world.answered_s = 6;
SELECT read_page(listed(1), listed(2), listed(3), listed(4));
SELECT number, settle_at IS NOT NULL AS unsettled FROM github_sync.github_issues ORDER BY 1;
UPDATE github_sync.github_issues SET settle_at = NULL WHERE number = 1;
SELECT webhook(9, 4);
SET world.answered_s = 100;
SELECT read_page(listed(4, 'Told', 'text', 9), listed(3), listed(2, 'Edited', 'text', 8), listed(1), listed(6), listed(5));
RESET world.answered_s;
SELECT * FROM tasks_here;
SELECT number, settle_at IS NOT NULL AS unsettled, second_of(seen_at) AS seen FROM github_sync.github_issues ORDER BY 1;
SELECT * FROM queue;
CALL start_afresh();

-- one that the application refuses becomes a transaction that says why, and the others are there
ALTER TABLE app.tasks ADD CONSTRAINT fine CHECK (title <> 'bad');
SELECT read_page(listed(1), listed(2), listed(3, 'bad'), listed(4), listed(5));
SELECT * FROM tasks_here;
SELECT * FROM queue;
ALTER TABLE app.tasks DROP CONSTRAINT fine;
CALL start_afresh();

-- triggers of the application: one that skips rows, one that rewrites, one that deletes, one that is deferred
CREATE FUNCTION app.act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.title = 'skipped' THEN
		RETURN NULL;
	ELSIF NEW.title = 'rewritten' AND TG_WHEN = 'BEFORE' THEN
		NEW.title := 'REWRITTEN';
	ELSIF NEW.title = 'later' AND TG_WHEN = 'AFTER' THEN
		UPDATE app.tasks SET body = 'by a trigger' WHERE id = NEW.id;
	ELSIF NEW.title = 'archived' AND TG_WHEN = 'AFTER' THEN
		DELETE FROM app.tasks WHERE id = NEW.id;
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER act BEFORE INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.act();
CREATE CONSTRAINT TRIGGER act_later AFTER INSERT ON app.tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.act();
SELECT read_page(listed(1), listed(2, 'rewritten'), listed(3, 'later'), listed(4, 'archived'), listed(5));
SELECT count(DISTINCT cmin::text) FROM app.tasks WHERE title <> 'later';
SELECT * FROM tasks_here;
SELECT read_page(listed(6), listed(7, 'skipped'), listed(8));
SELECT * FROM tasks_here WHERE number > 5;
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1;
-- and all of it is as it should be
SELECT read_page(listed(1), listed(2, 'rewritten'), listed(3, 'later'), listed(6));
DROP TRIGGER act ON app.tasks;
DROP TRIGGER act_later ON app.tasks;
CALL start_afresh();

-- one that enqueues its new row
CREATE FUNCTION app.enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', NEW.id);
	RETURN NULL;
END
$$;
CREATE TRIGGER enqueue AFTER INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.enqueue();
SELECT read_page(listed(1), listed(2));
SELECT i.number, t.title, (SELECT count(*) FROM github_sync.github_issues AS o WHERE o.task_id = t.id) AS records
FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id ORDER BY 1;
SELECT direction, state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1, 2 ORDER BY 1, 2;
DROP TRIGGER enqueue ON app.tasks;
CALL start_afresh();

-- a key of ours; and while a creation waits for its answer, what its author wrote may be what it made, too
INSERT INTO app.tasks (title, body) VALUES ('Ours', 'text');
SELECT outbound(1);
SELECT * FROM claim();
SELECT read_page(listed(1, 'Ours', github_sync.with_creation_key('text', creation_key), by => 'our-app[bot]'), listed(2), listed(3))
FROM github_sync.github_issues;
SELECT * FROM statements;
SELECT i.number, t.id, t.title, t.body FROM github_sync.github_issues AS i LEFT JOIN app.tasks AS t ON t.id = i.task_id ORDER BY 1;
INSERT INTO app.tasks (title, body) VALUES ('Ours too', 'text');
SELECT outbound(4);
SELECT step FROM claim();
SELECT read_page(listed(4), listed(5, by => 'our-app[bot]'), listed(6));
SELECT count(DISTINCT t.cmin::text), count(*) FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id WHERE i.number > 3;
SELECT github_issue_number, state FROM github_sync.task_sync_transactions WHERE direction = 'inbound' AND state <> 'completed' ORDER BY 1;
CALL start_afresh();
-- of nobody we know, it is a text like another, and does not reach the application
SELECT read_page(listed(1), listed(2, 'Quoted', github_sync.with_creation_key('text', gen_random_uuid())), listed(3));
SELECT * FROM tasks_here;
CALL start_afresh();

-- twice in a page, as what moves while it is read
SELECT read_page(listed(1), listed(2, 'Before'), listed(3), listed(2, 'After', 'text', 8));
SELECT number, title FROM tasks_here;
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1;
CALL start_afresh();

-- what a restore, or a webhook, knew of before: the record takes it in
INSERT INTO github_sync.task_sync_transactions (direction, state, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at, finished_at)
VALUES ('inbound', 'completed', 1, 3000000002, 2, at(3), at(4));
SELECT webhook(3, 3);
SELECT read_page(listed(1), listed(2), listed(3));
SELECT github_issue_number, github_issue_id IS NOT NULL AS has_record, task_id IS NOT NULL AS has_task, state FROM github_sync.task_sync_transactions ORDER BY 1, id;
CALL start_afresh();

-- comments of issues that are not known, or not synced; a comment that the application refuses
SELECT read_page(listed(1), listed(2));
SELECT github_sync.unlink_task(2);
ALTER TABLE app.comments ADD CONSTRAINT fine CHECK (body <> 'bad');
SELECT read_page(listed_comment(1, 1), listed_comment(2, 7), listed_comment(3, 9, 'of a pull request', 'pull'), listed_comment(4, 1, 'bad'), listed_comment(5, 2),
	listed_comment(6, 1));
SELECT * FROM comments_here;
SELECT github_comment_external_id - 5000000000 AS comment, state, next_attempt_at FROM github_sync.comment_sync_transactions ORDER BY 1;
ALTER TABLE app.comments DROP CONSTRAINT fine;
CALL start_afresh();

-- nothing is made of what does not sync, and nothing where the answer lies in the future
SELECT github_sync.set_repo_sync(1, false);
SELECT read_page(listed(1), listed(2));
SELECT * FROM queue;
SELECT github_sync.set_repo_sync(1, true);
CALL start_afresh();
SELECT read_page(listed(1), listed(2, 'Tomorrow', 'text', extract(epoch FROM now() - at(0))::integer + 200000), listed(3));
SELECT number, title FROM tasks_here;
SELECT number, last_error FROM github_sync.listed_later;
DELETE FROM github_sync.listed_later;
CALL start_afresh();

-- insert_values: of one that looks at the rows, each row is made before the next; columns may differ from row to row
UPDATE github_sync.github_repos SET task_defaults = '{"note": "by default"}';
RESET SESSION AUTHORIZATION;
CREATE FUNCTION app.further(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN resource -> 'labels' ->> 0 <> 'plain' THEN jsonb_build_object('note', resource -> 'labels' ->> 0) END
$$;
ALTER FUNCTION app.further OWNER TO regress_owner;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', insert_values => 'app.further(bigint, jsonb)');
ALTER TABLE app.tasks ADD COLUMN place integer;
SET SESSION AUTHORIZATION regress_owner;
SELECT read_page(listed(1, 'noted'), listed(2, 'plain'), listed(3, 'also noted'));
SELECT * FROM statements;
SELECT number, title, note FROM tasks_here;
CREATE OR REPLACE FUNCTION app.further(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('place', (SELECT count(*) FROM app.tasks), 'note', nullif(resource -> 'labels' ->> 0, 'plain')))
$$;
SELECT read_page(listed(4, 'noted'), listed(5, 'plain'), listed(6, 'also noted'));
SELECT i.number, t.title, t.note, t.place FROM app.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id WHERE i.number > 3 ORDER BY 1;
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1;
CALL start_afresh();

-- a body that must not be NULL
ALTER TABLE app.tasks ALTER COLUMN body SET NOT NULL;
SELECT read_page(listed(1), listed(2, 'No text', NULL));
SELECT number, body, local_base FROM tasks_here;
SELECT read_page(listed(2, 'No text', NULL));

-- ---- a comment waits for an issue that went where it was not followed, and a list shows it at another one ----
CALL start_afresh();
INSERT INTO app.tasks (id, title, body) VALUES (1000, 'Its own', '');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000001, 1, NULL), (1, 3000000005, 5, 1000);
INSERT INTO github_sync.task_sync_transactions (direction, state, error_code, error_reason, github_repo_id, github_issue_id, github_issue_number, finished_at)
SELECT 'inbound', 'errored', 'transferred', 'elsewhere', 1, id, 1, now() FROM github_sync.github_issues WHERE number = 1;
SELECT webhook(5, 1, 5000000001);
SELECT id FROM github_sync.comment_claim(8, 8) WHERE step <> 'over';
SELECT state, next_attempt_at FROM github_sync.comment_sync_transactions;
-- where it was, it goes on waiting
SELECT read_page(listed_comment(1, 1));
SELECT read_page(listed_comment(1, 5));
SELECT c.comment_id IS NOT NULL OR t.next_attempt_at IS NULL AS goes_on, i.number FROM github_sync.github_comments AS c
JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id JOIN github_sync.comment_sync_transactions AS t ON t.github_comment_id = c.id AND t.id = 1;
SELECT id, step, issue_number FROM github_sync.comment_claim(1, 8) WHERE step <> 'over';
