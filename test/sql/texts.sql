--
-- What stands around a text, and beside it: bylines, mentions, further columns by apply_values
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
ALTER TABLE app.tasks ADD author text, ADD rendered text, ADD labels text[], ADD points numeric(5,2), ADD version integer NOT NULL DEFAULT 0;
ALTER TABLE app.comments ADD author text;
CREATE FUNCTION app.line(bigint) RETURNS text LANGUAGE sql STABLE RETURN (SELECT '*' || t.author || ' wrote:*' FROM app.tasks AS t WHERE t.id = $1);
CREATE FUNCTION app.comment_line(bigint) RETURNS text LANGUAGE sql STABLE RETURN (SELECT c.author FROM app.comments AS c WHERE c.id = $1);
CREATE FUNCTION app.wrong(int) RETURNS text LANGUAGE sql RETURN 'x';
CREATE TABLE app.told (values jsonb);
INSERT INTO app.told VALUES (NULL);
CREATE FUNCTION app.beside(bigint, jsonb) RETURNS jsonb LANGUAGE sql STABLE RETURN (SELECT t.values FROM app.told AS t);
CREATE FUNCTION app.count_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := OLD.version + 1; RETURN NEW; END $$;
CREATE TRIGGER count_version BEFORE UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.count_version();
\set ECHO all

-- pure functions: what is put on is taken off again, and nothing else
SELECT github_sync.with_byline(E'Text\r\nof two lines', E'by *Ann*\n--> <b>'), github_sync.with_byline(NULL, 'x'), github_sync.with_byline('Text', '  '), github_sync.with_byline('Text', NULL);
SELECT t.body = github_sync.without_creation_key(github_sync.with_creation_key(github_sync.with_byline(t.body, 'by Ann'), '6f1c9e2e-2a65-4cde-b0a3-0d0a6b1e7f11'))
FROM (VALUES ('Text'), (E'\n\nText\n'), (E'a <!-- /github_sync:byline --> b'), ('x')) AS t (body);
SELECT github_sync.without_creation_key(E'Before\n\n<!-- github_sync:byline -->by Ann<!-- /github_sync:byline -->\n\nText');
SELECT translate(github_sync.escape_mentions(t.body), github_sync.mention_guard(), '~'), github_sync.as_written(github_sync.escape_mentions(t.body)) = t.body
FROM (VALUES ('@ann and (@bob), @org/team: mail ann@example.org, http://x/@ann'), ('`@ann` ``a ` @bob`` @cleo'), (E'```js\n@ann\n```\n@bob'), ('not closed ` @ann'), ('~~~ @ann'),
	(E'~~~\n@ann\n~~~ @bob'), ('@'), ('@@ann @ann@bob'), ('')) AS t (body);
SELECT github_sync.escape_mentions(NULL) IS NULL;
-- spans: of one paragraph, by runs of exactly as many, and none by an escaped one
SELECT replace(translate(github_sync.escape_mentions(t.body), github_sync.mention_guard(), '~'), E'\n', '|'), github_sync.as_written(github_sync.escape_mentions(t.body)) = t.body
FROM (VALUES (E'a ` b\n\n@ann ` c'), (E'a ` b\n \t\r\n@ann ` c'), (E'- a ` b\n- @ann ` c'), (E'a ` b\n# @ann ` c'), (E'a ` b\n> @ann ` c'), (E'a ` b\n1. @ann ` c'),
	(E'a ` b\n- c ` @ann ` d'), (E'wrapped `code\nwith @param in` it, @ann'), (E'\\` @ann `'), (E'\\\\`@x` @ann'), (E'`\\` @ann `'), (E'\\``@x`'), ('`` @ann ` @bob ```'), ('``` @ann ```` @bob'),
	('`` `@x` `` `@y` @ann'), (E'a ` b\n---\n@ann ` c'), (E'| a ` | b |\n|---|---|\n| @ann ` | c |'), (E'[x]: `\n@ann `'), ('<a title="`"> @ann `'), ('`<b>@x</b>`'), (E'<div>\n`@ann`'),
	('_@ann_ *@bob* __@cleo__ x_@dora'), (E'\u00e9@ann'), ('a@ann 1@bob /@cleo')) AS t (body);
-- fences: where a line begins, and nowhere else
SELECT replace(translate(github_sync.escape_mentions(t.body), github_sync.mention_guard(), '~'), E'\n', '|'), github_sync.as_written(github_sync.escape_mentions(t.body)) = t.body
FROM (VALUES (E'see ```\n@ann\n```'), (E'see ~~~ @ann ~~~ @bob'), (E'   ```\n@x\n   ```\n@ann'), (E'    ```\n@ann\n    ```'), (E'```\n@x\n~~~\n@y\n``\n@z\n````\n@ann'), (E'~~~~ js\n@x\n\n~~~\n@y\r\n~~~~\r\n@ann'),
	(E'```\n@x\n``` @y'), (E'``` a`b\n@ann'), (E'text ``\n```\n@x\n```\n@ann ``'), (E'- a\n  ```\n  @x\n  ```\n  @ann'), (E'- a\n  ```\n  @x\n\n@ann\n```\n@bob'), (E'- a\n  ```\n  @x\n     ```\n  @ann'),
	(E'<div>\n```\n@ann\n```'), (E'<!-- a\n```\n-->\n@ann\n```\n@x'), (E'<pre>\n\n```\n@ann\n</pre>\n\n`@x`'), (E'- <!-- a\n\n```\n-->\n```\n@ann'), (E'<!-- a -->\n```\n@x\n```\n@ann')) AS t (body);
-- a text full of backticks does not hold the worker up
SELECT clock_timestamp() - began < interval '30 seconds' FROM (SELECT clock_timestamp() AS began) AS b,
	LATERAL (SELECT github_sync.escape_mentions(repeat('` @a `` \` ', 3000)), github_sync.escape_mentions(repeat(E'`` @a\n- `\n', 3000)) OFFSET 0) AS e;

-- what does not fit
SELECT github_sync.attach_tasks('app.tasks', byline => 'app.wrong(int)', apply_values => 'app.line(bigint)');

-- a byline goes out with the text, and never comes back
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', byline => 'app.line(bigint)');
SELECT github_sync.attach_comments('app.comments', byline => 'app.comment_line(bigint)');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
INSERT INTO app.tasks (title, body, author, modified_at) VALUES ('Crash', 'It crashes.', 'Ann', at(1)), ('Empty', NULL, 'Bob', at(1)), ('Nobody''s', 'Text', NULL, at(1));
INSERT INTO app.comments (task_id, body, author, modified_at) VALUES (1, 'Me too', 'Cleo', at(1)), (1, ' ', 'Cleo', at(1));
CREATE FUNCTION sent(claimed bigint, of_type text DEFAULT 'task') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	begun record;
BEGIN
	EXECUTE format('SELECT * FROM github_sync.%s_begin_creation($1, 1)', of_type) INTO begun USING claimed;
	CALL posted(claimed, 2, of_type);
	UPDATE resources AS r SET body = begun.body WHERE r.id = (SELECT max(n.id) FROM resources AS n);
	RETURN concat_ws(' ', created(claimed, of_type => of_type), replace(regexp_replace(begun.body, '[0-9a-f]{8}-[0-9a-f-]+', 'key'), E'\n', '|'));
END
$$;
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT sent(1);
SELECT sent(2);
SELECT sent(3);
SELECT id, step FROM github_sync.comment_claim(8, 8);
SELECT sent(1, 'comment');
SELECT body IS NULL FROM github_sync.comment_begin_creation(2, 1);
SELECT title, local_base[2], remote_base[2] FROM github_sync.github_issues ORDER BY id;
-- below it GitHub's people write, and what they write arrives
CALL github_has(65);
SELECT webhook(65);
SELECT carry_out(65);
UPDATE resources SET body = replace(body, 'It crashes.', 'It crashes often.'), updated_at = at(70) WHERE id = 3000000001;
SELECT webhook(70);
SELECT carry_out(70);
SELECT body FROM app.tasks WHERE id = 1;
UPDATE app.tasks SET body = 'It crashes daily.', author = 'Dora', modified_at = at(75) WHERE id = 1;
SELECT carry_out(76);
-- one without its marks is a part of the text
UPDATE resources SET body = 'Ann wrote: no marks', updated_at = at(80) WHERE id = 3000000001;
SELECT webhook(80);
SELECT carry_out(80);
SELECT body FROM app.tasks WHERE id = 1;
SELECT count(*) FROM queue WHERE transaction ~ 'queued|errored';
-- a function that fails is a reason, and nothing is sent
CREATE OR REPLACE FUNCTION app.line(bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'no line today'; END $$;
UPDATE app.tasks SET body = 'Again', modified_at = at(85) WHERE id = 1;
SELECT id AS claimed FROM claim() \gset
SELECT fetched(:claimed, 86);

-- mentions: kept for people's edits, escaped in an import, or as the repository says
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false);
CALL start_afresh();
INSERT INTO app.tasks (title, body, modified_at) VALUES ('One', 'for @ann', at(1)), ('Two', 'for @ann', at(1)), ('Three', 'for @ann', at(1)), ('Four', 'for @ann', at(1));
CREATE FUNCTION mentioning(task bigint, priority integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	queued bigint;
BEGIN
	INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority) VALUES ('outbound', task, mentioning.priority) RETURNING id INTO queued;
	PERFORM github_sync.task_claim(8, 8);
	RETURN translate(sent(queued), github_sync.mention_guard(), '~');
END
$$;
SELECT mentioning(1, 100), mentioning(2, 200);
-- of what an import has queued, also where somebody edits it before it is sent
INSERT INTO app.tasks (id, title, body, modified_at) VALUES (70, 'Old', 'for @ann', at(1));
INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority) VALUES ('outbound', 70, 200);
UPDATE app.tasks SET state = 'closed' WHERE id = 70;
SELECT mentioning(70, 100);
UPDATE github_sync.github_repos SET mentions = 'keep';
SELECT mentioning(3, 200);
UPDATE github_sync.github_repos SET mentions = 'escape';
SELECT mentioning(4, 100);
SELECT local_base[2], remote_base[2] FROM github_sync.github_issues ORDER BY id;
-- a byline's as well, code in it or not, as it is HTML to GitHub; it is taken off all the same
CREATE OR REPLACE FUNCTION app.line(bigint) RETURNS text LANGUAGE sql STABLE RETURN '*@ann* and `@bob`:';
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', byline => 'app.line(bigint)');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Five', 'for `@ann`', at(1)), ('Six', NULL, at(1));
SELECT mentioning(t.id, 100) FROM app.tasks AS t WHERE t.title IN ('Five', 'Six') ORDER BY t.id;
SELECT t.title, local_base[2], remote_base[2] FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id WHERE t.title IN ('Five', 'Six') ORDER BY t.id;
UPDATE github_sync.github_repos SET mentions = 'keep';
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Seven', 'for `@ann`', at(1));
SELECT mentioning(t.id, 200) FROM app.tasks AS t WHERE t.title = 'Seven';
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
DROP FUNCTION app.line(bigint);
UPDATE github_sync.github_repos SET mentions = 'escape';
UPDATE github_sync.github_repos SET mentions = 'never';
CALL github_has(65, issue => 2);
SELECT webhook(65, issue => 2);
SELECT carry_out(65);
SELECT body FROM app.tasks WHERE id = 2;
UPDATE app.tasks SET body = '@ann, now' WHERE id = 2;
SELECT outbound(2);
SELECT translate(carry_out(66), github_sync.mention_guard(), '~') LIMIT 1;

-- further columns: in the same UPDATE, where they differ, also where nothing else has changed
UPDATE github_sync.github_repos SET mentions = NULL;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', apply_values => 'app.beside(bigint, jsonb)');
CALL start_afresh();
UPDATE app.told SET values = '{"rendered": "<p>It crashes.</p>", "labels": ["bug", "it''s"], "points": 1}';
CALL github_has(5, 'Crash', 'It crashes.');
SELECT webhook(5);
SELECT carry_out(5);
SELECT title, rendered, labels, points, version FROM app.tasks;
UPDATE app.told SET values = '{"rendered": "<p>Often.</p>", "labels": ["bug", "it''s"], "points": 1.004}';
CALL github_has(70, new_body => 'Often.');
SELECT webhook(70);
SELECT carry_out(70);
SELECT body, rendered, version, second_of(modified_at) FROM app.tasks;
CALL github_has(71);
SELECT webhook(71);
SELECT carry_out(71);
SELECT version FROM app.tasks;
UPDATE app.told SET values = '{"labels": []}';
CALL github_has(72);
SELECT webhook(72);
SELECT carry_out(72);
SELECT labels, version FROM app.tasks;
SELECT count(*) FROM github_sync.github_issues WHERE local_base IS DISTINCT FROM remote_base;
-- what it gives must be columns
UPDATE app.told SET values = '{"label": []}';
CALL github_has(73);
SELECT webhook(73);
SELECT carry_out(73);
-- of an object, and none that is synced by itself; JSON's null is nothing
UPDATE app.told SET values = '["labels"]';
CALL github_has(74);
SELECT webhook(74);
SELECT carry_out(74);
UPDATE app.told SET values = '{"points": 2, "title": "Of its own"}';
CALL github_has(75);
SELECT webhook(75);
SELECT carry_out(75);
UPDATE app.told SET values = 'null';
CALL github_has(76, 'Crash again');
SELECT webhook(76);
SELECT carry_out(76);
SELECT title, points FROM app.tasks;
-- so of a new row, of which insert_values gives any column
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', insert_values => 'app.beside(bigint, jsonb)');
UPDATE app.told SET values = '3';
CALL github_has(77, 'Made there', issue => 2);
SELECT webhook(77, issue => 2);
SELECT carry_out(77);
UPDATE app.told SET values = '{"title": "Of its own"}';
CALL github_has(78, 'Made there', issue => 2);
SELECT webhook(78, issue => 2);
SELECT carry_out(78);
UPDATE app.told SET values = 'null';
CALL github_has(79, 'Made there', issue => 3);
SELECT webhook(79, issue => 3);
SELECT carry_out(79);
SELECT title FROM app.tasks ORDER BY id;
-- what is not the worker's write is no sync
SELECT github_sync.is_sync();
