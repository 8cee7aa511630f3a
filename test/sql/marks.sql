--
-- Labels, assignees and milestone: sets that merge, in both directions
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
ALTER TABLE world.resources ADD marks jsonb NOT NULL DEFAULT '{"labels": [], "assignees": [], "milestone": null}';
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
ALTER TABLE app.tasks ADD labels text[], ADD people jsonb, ADD milestone integer;

/* GitHub: who may change marks there, and whom it knows. */
CREATE TABLE world.github (may_write boolean, logins text[]);
INSERT INTO world.github VALUES (true, '{ann,bob,Cleo}');
CREATE FUNCTION world.as_objects(names jsonb, member text) RETURNS jsonb LANGUAGE sql
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(member, n.value)), '[]') FROM jsonb_array_elements_text(names) AS n (value));
/* Somebody sets them at GitHub; NULL: as before. */
CREATE PROCEDURE world.people_mark(second numeric, labels text[] DEFAULT NULL, assignees text[] DEFAULT NULL, milestone integer DEFAULT NULL,
	issue integer DEFAULT 1) LANGUAGE sql AS $$
	UPDATE world.resources AS r SET updated_at = world.at(second), marks = r.marks || jsonb_strip_nulls(jsonb_build_object(
		'labels', CASE WHEN labels IS NOT NULL THEN world.as_objects(to_jsonb(labels), 'name') END,
		'assignees', CASE WHEN assignees IS NOT NULL THEN world.as_objects(to_jsonb(assignees), 'login') END,
		'milestone', CASE WHEN milestone IS NOT NULL THEN jsonb_build_object('number', milestone, 'title', 'v' || milestone) END))
	WHERE r.type = 'task' AND r.number = issue
$$;
/* What a request carries, and what GitHub makes of it. */
CREATE FUNCTION world.marks_sent(transaction bigint) RETURNS jsonb LANGUAGE sql AS $$
	SELECT github_sync.task_marks_to_send(i, i.sent, i.sent_mask)::jsonb FROM github_sync.github_issues AS i
	WHERE i.id = (world.claim_of(transaction)).cached_id
$$;
CREATE FUNCTION world.as_taken(marks jsonb) RETURNS jsonb LANGUAGE sql
RETURN (SELECT CASE WHEN g.may_write THEN jsonb_strip_nulls(jsonb_build_object(
		'labels', CASE WHEN marks ? 'labels' THEN world.as_objects(marks -> 'labels', 'name') END,
		'assignees', CASE WHEN marks ? 'assignees' THEN world.as_objects((SELECT jsonb_agg(a.login)
			FROM jsonb_array_elements_text(marks -> 'assignees') AS a (login) WHERE a.login = ANY (g.logins)), 'login') END))
		|| CASE WHEN marks ? 'milestone' THEN jsonb_build_object('milestone', CASE WHEN marks ->> 'milestone' IS NOT NULL
			THEN jsonb_build_object('number', marks -> 'milestone', 'title', 'v' || (marks ->> 'milestone')) END) ELSE '{}' END
	ELSE '{}' END FROM world.github AS g);
/* The worker asks whether a repository has a label (whatever does not begin with no), an assignee, a milestone (1 to 9). */
CREATE FUNCTION world.ask() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	asked github_sync.sweep;
	is_there boolean;
BEGIN
	FOR asked IN SELECT * FROM github_sync.task_claim_names('{}') LOOP
		is_there := CASE asked.request WHEN 'label' THEN asked.asked_name NOT LIKE 'no%'
			WHEN 'assignee' THEN asked.asked_name IN (SELECT lower(l) FROM world.github AS g, unnest(g.logins) AS l) ELSE asked.issue_number < 10 END;
		RETURN NEXT concat_ws(' ', 'ask', asked.request, asked.asked_name, asked.page_link, CASE
			WHEN asked.request = 'milestones' AND asked.page_link IS NULL
				THEN github_sync.task_report_name(asked.claim_no, 200, 'fine', '[{"number": 1, "title": "v1"}]', 'page 2')
			WHEN asked.request = 'milestones'
				THEN github_sync.task_report_name(asked.claim_no, 200, 'fine', '[{"number": 2, "title": "v2"}]', NULL)
			ELSE github_sync.task_report_name(asked.claim_no, CASE WHEN NOT is_there THEN 404 WHEN asked.request = 'assignee' THEN 204 ELSE 200 END,
				'fine', '{}', NULL) END);
	END LOOP;
END
$$;
/* The worker does all there is to do, second after second. */
CREATE FUNCTION world.work(second numeric) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	claimed record;
	result text;
	sent jsonb;
BEGIN
	LOOP
		SELECT * INTO claimed FROM world.claim(1);
		IF NOT FOUND THEN
			EXIT WHEN NOT EXISTS (SELECT FROM github_sync.known_names AS k WHERE k.is_asked);
			PERFORM world.ask();
			CONTINUE;
		END IF;
		IF claimed.step = 'create' THEN
			sent := world.marks_sent(claimed.id);
			CALL world.posted(claimed.id, second);
			UPDATE world.resources AS r SET marks = r.marks || world.as_taken(sent) WHERE r.id = (SELECT max(n.id) FROM world.resources AS n);
			result := concat_ws(' ', sent, world.created(claimed.id, second));
		ELSE
			result := world.fetched(claimed.id, greatest(second, world.second_of((world.resource_of(claimed.id, 'task')).updated_at)));
		END IF;
		RETURN NEXT format('%s %s: %s', claimed.id, claimed.step, result);
		EXIT WHEN result = 'queued';
		WHILE result LIKE 'send %' LOOP
			sent := world.marks_sent(claimed.id);
			UPDATE world.resources AS r SET marks = r.marks || world.as_taken(sent) WHERE r.id = (world.resource_of(claimed.id, 'task')).id;
			result := world.written(claimed.id, second);
			RETURN NEXT format('%s write: %s', claimed.id, result);
		END LOOP;
	END LOOP;
END
$$;
CREATE VIEW world.marks AS
	SELECT t.id, t.labels, t.people, t.milestone, m.marks ->> 'labels' AS github_labels, m.marks ->> 'assignees' AS github_people,
		m.marks -> 'milestone' ->> 'number' AS github_milestone
	FROM app.tasks AS t LEFT JOIN github_sync.github_issues AS i ON i.task_id = t.id
	LEFT JOIN world.resources AS r ON r.type = 'task' AND r.number = i.number
	CROSS JOIN LATERAL (SELECT github_sync.marks_of(r.marks)) AS m (marks) ORDER BY t.id;
\set ECHO all

-- a set is a set: neither order nor doubles nor case count, and the first spelling stays
SELECT github_sync.name_set('{bug,Bug," ",NULL," help wanted ",a}'), github_sync.name_set(NULL), github_sync.name_set('{}');
SELECT github_sync.name_set_of_json('["b", 1, null, {"name": "x"}, "a", "B"]'), github_sync.name_set_of_json('null'), github_sync.name_set_of_json(NULL);
SELECT j.names, github_sync.name_set_of_json(j.names) FROM (VALUES ('{"a": 1}'::jsonb), ('"bug"'), ('1'), ('false')) AS j (names);
SELECT github_sync.names_in('["a", "b"]'), github_sync.names_in(NULL), github_sync.same_names('["Bug"]', '["bug"]'), github_sync.same_names(NULL, '[]');
SELECT github_sync.patched_names('["a", "b", "C"]', '["A", "d"]', '["D", "e"]'), github_sync.patched_names(NULL, NULL, '["a"]'), github_sync.common_names('["A", "b"]', '["a", "c"]');
SELECT github_sync.marks_of('{"labels": ["old", {"name": "new"}, {"name": null}], "assignees": [{"login": "ann"}], "milestone": {"number": 3, "title": "v3", "id": 9}}');
SELECT github_sync.marks_of('{"labels": []}'), github_sync.marks_of('{}'), github_sync.marks_of('[]'), github_sync.marks_of('null'), github_sync.marks_of('{"labels": null}');

-- every change of either side of a set of three: what a side changed is so on both sides in the end; they never differ
WITH sets AS (
	SELECT github_sync.name_set(array_remove(ARRAY[CASE WHEN n & 1 > 0 THEN 'a' END, CASE WHEN n & 2 > 0 THEN 'b' END, CASE WHEN n & 4 > 0 THEN 'c' END], NULL)) AS names, n
	FROM generate_series(0, 7) AS n),
merged AS (
	SELECT m.*, b.n AS base, l.n AS local, r.n AS remote,
		/* bit by bit: who differs from the base decides */
		(SELECT s.names FROM sets AS s WHERE s.n = ((l.n # b.n) | (r.n # b.n)) # b.n) AS expected, l.names AS local_names, r.names AS remote_names
	FROM sets AS b CROSS JOIN sets AS l CROSS JOIN sets AS r
	CROSS JOIN LATERAL github_sync.merge_names((l.names, b.names, NULL, r.names, b.names, NULL), NULL, true) AS m)
SELECT count(*), count(*) FILTER (WHERE here = expected AND there = expected) AS right_ones,
	count(*) FILTER (WHERE verdict = CASE WHEN local_names = expected THEN CASE WHEN remote_names = expected THEN 'same' ELSE 'to remote' END
		WHEN remote_names = expected THEN 'to local' ELSE 'to both' END) AS right_verdicts FROM merged;
-- without a base nothing is lost; where one side decides, or is never written; not mapped, not known
SELECT m.* FROM github_sync.merge_names(('["a", "b"]', NULL, NULL, '["B", "c"]', NULL, NULL), NULL, true) AS m;
SELECT m.* FROM github_sync.merge_names(('["a", "b"]', NULL, NULL, '["B", "c"]', NULL, NULL), 'github', true) AS m;
SELECT m.* FROM github_sync.merge_names(('["a", "b"]', NULL, NULL, '["B", "c"]', NULL, NULL), 'app', true) AS m;
SELECT m.* FROM github_sync.merge_names(('["a", "x"]', '["a"]', NULL, '["a", "y"]', '["a"]', NULL), NULL, false) AS m;
SELECT m.* FROM github_sync.merge_names((NULL, NULL, NULL, '["a"]', '["a"]', NULL), NULL, true) AS m;
SELECT m.* FROM github_sync.merge_names(('["a"]', '[]', NULL, NULL, '["a"]', NULL), NULL, true) AS m;

-- what does not fit
SELECT github_sync.attach_tasks('app.tasks', labels_column => 'title', assignees_column => 'nobody', milestone_column => 'labels');
SELECT github_sync.attach_tasks('app.tasks', labels_column => 'labels', assignees_column => 'labels', milestone_column => 'title');
SELECT github_sync.attach_tasks('app.tasks', milestone_column => 'id');
-- nor may any other column that is written be the key
SELECT github_sync.attach_tasks('app.tasks', state_column => 'id', open_value => '1', closed_values => '{2}');
SELECT github_sync.attach_tasks('app.tasks', modified_at_column => 'id', modified_at_unit => 'seconds');
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'id');
-- a number cannot say that there is no milestone: such a column must take NULL, whatever says that it does not
CREATE DOMAIN app.some_number AS integer NOT NULL;
CREATE DOMAIN app.release_number AS app.some_number;
ALTER TABLE app.tasks ADD release smallint NOT NULL DEFAULT 0, ADD of_domain app.release_number DEFAULT 0, ADD title_of_it text NOT NULL DEFAULT '';
SELECT github_sync.attach_tasks('app.tasks', milestone_column => 'release');
\echo :SQLSTATE
SELECT github_sync.attach_tasks('app.tasks', milestone_column => 'of_domain');
BEGIN;
SELECT github_sync.attach_tasks('app.tasks', milestone_column => 'title_of_it');
ROLLBACK;
ALTER TABLE app.tasks DROP release, DROP of_domain, DROP title_of_it;
CREATE TEMPORARY TABLE keyed (id bigint UNIQUE, title text, labels text[], milestone text, PRIMARY KEY (milestone, labels));
SELECT c.name, github_sync.is_of_key('keyed', c.name, 'id') FROM unnest('{id,title,labels,milestone}'::name[]) AS c (name);

-- attached; an issue with marks becomes a task with them
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', labels_column => 'labels', assignees_column => 'people', milestone_column => 'milestone');
SELECT github_sync.capture_task_changes(true);
CALL github_has(3, 'Crash');
CALL people_mark(3, '{bug,"Help wanted"}', '{ann}', 1);
SELECT webhook(3);
SELECT work(4);
SELECT * FROM marks;

-- nothing is new: nothing is written, nothing is sent
SELECT webhook(5);
CALL github_has(5, 'Crash');
SELECT work(6);

-- edits of the application
UPDATE app.tasks SET labels = labels || '{urgent}', milestone = 2;
SELECT work(7);
UPDATE app.tasks SET people = '["ann", "BOB"]', labels = array_remove(labels, 'bug'), milestone = NULL;
UPDATE world.github SET logins = '{ann,BOB,bob}';
SELECT work(8);
SELECT * FROM marks;
-- order, doubles, case: not worth a request
UPDATE app.tasks SET labels = '{URGENT,urgent,"help wanted"}', people = '["bob", "Ann"]';
SELECT work(9);
SELECT * FROM marks;

-- what is no array says nothing: neither side is changed, whatever else is; then it is merged as if it had been one all the time
UPDATE app.tasks SET people = '{"ann": true}', title = 'Crash at start';
SELECT work(10);
CALL people_mark(11, '{urgent,yours}', '{ann,Cleo}');
SELECT webhook(11);
SELECT work(11);
SELECT * FROM marks;
SELECT local_base[5], remote_base[5] FROM github_sync.github_issues;
UPDATE app.tasks SET people = '"ann"';
SELECT work(12);
SELECT github_sync.task_why_differs(i, r, NULL::github_sync.resource, s.side, 'unknown', 'assignees')
FROM github_sync.github_issues AS i, github_sync.github_repos AS r, (SELECT ROW(NULL, '[]', NULL, '[]', '[]', NULL)::github_sync.field_sides AS side) AS s WHERE r.id = 1;
UPDATE app.tasks SET people = '["ann", "bob", "dora"]';
UPDATE world.github SET logins = '{ann,bob,dora,Cleo}';
SELECT work(13);
SELECT * FROM marks;
-- a new task with such a column has none at first
INSERT INTO app.tasks (title, people, repo_id) VALUES ('Odd', '{"ann": true}', 1);
SELECT work(14);
UPDATE app.tasks SET people = '["ann"]' WHERE title = 'Odd';
SELECT work(15);
SELECT * FROM marks;

-- both sides at once: all orders of three edits here and three there, with the worker in the end, and after each of them
\set ECHO none
CREATE TABLE world.edits (side text, step integer, sentence text);
INSERT INTO world.edits VALUES
	('a', 1, $$UPDATE app.tasks SET labels = labels || '{mine}'$$),
	('a', 2, $$UPDATE app.tasks SET labels = array_remove(labels, 'old'), people = '["ann", "Cleo"]'$$),
	('a', 3, $$UPDATE app.tasks SET labels = labels || '{Both}', people = people - 'ann'$$),
	('g', 1, $$had || '{yours}'$$), ('g', 2, $$array_remove(had, 'stale')$$), ('g', 3, $$had || '{both}'$$);
CREATE TABLE world.played (turns text, outcome text, writes bigint, late_writes bigint);
CREATE TABLE world.written_in (second integer, writes bigint);
CREATE PROCEDURE world.begin_play() LANGUAGE plpgsql AS $$
BEGIN
	CALL world.start_afresh();
	TRUNCATE world.written_in;
	UPDATE world.github SET logins = '{ann,bob,Cleo}';
	CALL world.github_has(3, 'Crash');
	CALL world.people_mark(3, '{old,stale,kept}', '{ann,bob}');
	PERFORM world.webhook(3);
	PERFORM world.work(4);
END
$$;
CREATE PROCEDURE world.take_turn(side text, of_step integer, second integer) LANGUAGE plpgsql AS $$
DECLARE
	sentence text := (SELECT e.sentence FROM world.edits AS e WHERE e.side = take_turn.side AND e.step = of_step);
	becomes text[];
BEGIN
	IF side = 'a' THEN
		EXECUTE sentence;
	ELSIF side = 'g' THEN
		EXECUTE format('SELECT %s FROM (SELECT ARRAY(SELECT l.value ->> ''name'' FROM world.resources AS r,
			jsonb_array_elements(r.marks -> ''labels'') AS l (value)) AS had) AS h', sentence) INTO becomes;
		CALL world.people_mark(second, becomes);
		PERFORM world.webhook(second);
	ELSE
		INSERT INTO world.written_in SELECT take_turn.second, count(*) FROM world.work(second) AS w (line) WHERE w.line LIKE '%write%';
	END IF;
END
$$;
CREATE PROCEDURE world.end_play(turns text) LANGUAGE sql AS $$
	INSERT INTO world.played SELECT turns, lower(concat_ws(' | ', github_sync.name_set(m.labels), m.github_labels,
		github_sync.name_set_of_json(m.people), m.github_people)), (SELECT sum(w.writes) FROM world.written_in AS w),
		(SELECT sum(w.writes) FROM world.written_in AS w WHERE w.second > 10 + length(turns) - 2)
	FROM world.marks AS m
$$;
WITH RECURSIVE orders (turns, a, g) AS (
	SELECT '', 0, 0 UNION ALL
	SELECT o.turns || n.turn, o.a + (n.turn = 'a')::integer, o.g + (n.turn = 'g')::integer
	FROM orders AS o CROSS JOIN (VALUES ('a'), ('g')) AS n (turn)
	WHERE o.a + (n.turn = 'a')::integer <= 3 AND o.g + (n.turn = 'g')::integer <= 3),
whole AS (SELECT turns || 'www' AS turns FROM orders WHERE a = 3 AND g = 3
	UNION ALL SELECT regexp_replace(turns, '(.)', '\1w', 'g') || 'ww' FROM orders WHERE a = 3 AND g = 3)
SELECT s.sentence FROM whole AS w CROSS JOIN LATERAL (
	SELECT 0 AS place, 'CALL world.begin_play()' AS sentence
	UNION ALL SELECT i, format('CALL world.take_turn(%L, %s, %s)', substr(w.turns, i, 1),
		length(replace(left(w.turns, i), substr(w.turns, i, 1), substr(w.turns, i, 1) || '.')) - i, 10 + i)
	FROM generate_series(1, length(w.turns)) AS i
	UNION ALL SELECT 100, format('CALL world.end_play(%L)', w.turns)) AS s
ORDER BY w.turns, s.place
\gexec
\set ECHO all
SELECT outcome, count(*) AS orders, max(writes) AS most_writes, sum(late_writes) AS late_writes FROM played GROUP BY 1;
SELECT * FROM conflicts;

-- GitHub leaves out what it does not take, and says nothing: kept, said, not sent again
CALL start_afresh();
CALL github_has(3, 'Crash');
CALL people_mark(3, '{old}', '{ann}', 1);
SELECT webhook(3);
SELECT work(4);
UPDATE world.github SET may_write = false;
UPDATE app.tasks SET labels = labels || '{mine}', people = '["bob"]', milestone = 2, title = 'Crash at start';
SELECT work(11);
SELECT * FROM marks;
SELECT * FROM conflicts;
SELECT problem, detail, remedy FROM github_sync.sync_problems;
UPDATE app.tasks SET title = 'Crash';
SELECT work(12);
SELECT webhook(13);
CALL github_has(13, 'Crash');
SELECT work(14);
-- other edits go on from there
CALL people_mark(15, '{old,yours}');
SELECT webhook(15);
SELECT work(16);
SELECT * FROM marks;
-- with the right, an edit carries what was added since; mend_differences() the rest
UPDATE world.github SET may_write = true, logins = '{ann,bob}';
UPDATE app.tasks SET labels = labels || '{more}';
SELECT work(17);
SELECT * FROM marks;
SELECT problem FROM github_sync.sync_problems;
DO $$
BEGIN
	PERFORM github_sync.task_compare_linked(r, ROW(r.id, 'check of issues', 1, at(60), 53, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
		k, ROW(k.github_id, 1, false, s.title, s.body, s.state, NULL, s.author, NULL, at(0), s.updated_at, NULL, 7, github_sync.marks_of(s.marks)))
	FROM github_sync.github_repos AS r, github_sync.github_issues AS k, world.resources AS s;
	PERFORM github_sync.take_new_differences(1, 'task');
END
$$;
SELECT field, why FROM github_sync.sync_differences ORDER BY field;
SELECT github_sync.task_mend(1);
SELECT work(18);
SELECT * FROM marks;
SELECT problem FROM github_sync.sync_problems;

-- what the repository does not have is asked for before it is sent, once for all who wait, and left out
UPDATE app.tasks SET people = '["bob", "nobody"]', labels = labels || '{none,bug}', milestone = 17;
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT waits_for FROM github_sync.sync_queue;
SELECT field, name, is_there, is_asked, waiting FROM github_sync.known_names WHERE is_asked ORDER BY field, name;
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT ask();
SELECT ask();
SELECT count(*) FROM github_sync.task_sync_transactions WHERE next_attempt_at IS NOT NULL;
SELECT ask();
SELECT ask();
SELECT work(19);
SELECT * FROM marks;
SELECT field, base, local, remote, winner FROM conflicts WHERE local ~ 'no' OR local = '17';
SELECT detail, remedy FROM github_sync.sync_problems ORDER BY detail;
SELECT status, detail, remedy FROM github_sync.health() WHERE "check" = 'not taken of tasks';
SELECT event, detail FROM github_sync.record_history(task_id => 1) WHERE event = 'conflict' AND detail ~ 'labels' LIMIT 1;
UPDATE app.tasks SET title = 'Nothing of that is sent again';
SELECT work(20);
-- what cannot be the number of a milestone is not even asked for
UPDATE app.tasks SET milestone = -1;
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT fetched((SELECT max(id) FROM github_sync.task_sync_transactions), 20);
SELECT field, local, remote FROM conflicts WHERE local = '-1';
UPDATE app.tasks SET milestone = 17;
SELECT work(20);
-- it was made meanwhile: offered again; or GitHub makes labels
SELECT github_sync.task_offer_marks_again(1);
UPDATE github_sync.github_repos SET create_labels = true;
SELECT outbound(1);
SELECT work(21);
SELECT labels, github_labels FROM marks;
UPDATE github_sync.github_repos SET create_labels = false;
-- the worker waits for what its claim takes, and for nothing else
BEGIN;
CREATE FUNCTION world.names(busy bigint[]) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', CASE WHEN coalesce(n.at, 'infinity') = 'infinity' THEN 'never' WHEN n.at > clock_timestamp() THEN 'later' ELSE 'now' END,
		(SELECT string_agg(c.asked_name, ' ') FROM github_sync.task_claim_names(busy) AS c))
	FROM github_sync.next_sweep_at(busy) AS n (at)
$$;
INSERT INTO github_sync.known_names (github_repo_id, field, name) VALUES (1, 'labels', 'asked');
UPDATE github_sync.repo_sweeps SET due_at = 'infinity';
SELECT names('{10}') AS busy, names('{}') AS free, names('{10}') AS claimed, names('{}') AS lost;
SELECT github_sync.task_report_name(id, 0, 'GitHub cannot be reached', NULL, NULL), names('{}') FROM github_sync.known_names WHERE is_asked;
UPDATE github_sync.known_names SET not_before = now() WHERE is_asked;
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'unreachable', pause_reason = 'gone';
SELECT names('{}') AS paused;
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL;
UPDATE github_sync.github_repos SET access_lost = true;
UPDATE github_sync.repo_sweeps SET due_at = 'infinity';
SELECT names('{}') AS lost;
ROLLBACK;
-- GitHub does not say: not sent, as it may make one
UPDATE app.tasks SET labels = labels || '{secret}';
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT github_sync.task_report_name(id, 0, 'GitHub cannot be reached', NULL, NULL) FROM github_sync.known_names WHERE is_asked;
SELECT name, is_asked, problem, not_before > clock_timestamp() AS later FROM github_sync.known_names WHERE is_asked;
SELECT github_sync.task_report_name(id, s.status, 'GitHub answered ' || s.status, NULL, NULL)
FROM github_sync.known_names, LATERAL (VALUES (502), (503), (408), (500)) AS s (status) WHERE is_asked;
SELECT name, is_asked, problem, attempts FROM github_sync.known_names WHERE is_asked;
SELECT github_sync.task_report_name(id, 502, 'GitHub answered 502', NULL, NULL) FROM github_sync.known_names WHERE is_asked;
SELECT work(22);
SELECT detail, remedy FROM github_sync.sync_problems WHERE detail ~ 'secret';
SELECT labels, github_labels FROM marks;
-- an edit between the claim and its answer, or its creation, has not been asked for: its own transaction does
UPDATE app.tasks SET labels = labels || '{later}';
SELECT count(*) FROM work(23);
UPDATE app.tasks SET labels = labels || '{first}';
SELECT count(*) FROM claim();
SELECT ask();
SELECT * FROM claim();
UPDATE app.tasks SET labels = labels || '{second}';
SELECT fetched((SELECT max(id) FROM github_sync.task_sync_transactions WHERE state = 'processing'), 24);
SELECT marks_sent((SELECT max(id) FROM github_sync.task_sync_transactions WHERE state = 'processing'));
UPDATE resources SET marks = marks || as_taken(marks_sent((SELECT max(id) FROM github_sync.task_sync_transactions WHERE state = 'processing')));
SELECT written((SELECT max(id) FROM github_sync.task_sync_transactions WHERE state = 'processing'), 25);
SELECT work(26);
SELECT labels, github_labels FROM marks;

-- a task with marks becomes an issue with them; what GitHub made of it is noted
CALL start_afresh();
UPDATE world.github SET logins = '{ann}';
INSERT INTO app.tasks (title, labels, people, milestone, modified_at) VALUES ('New', '{a,b}', '["ann", "bob"]', 4, at(1)), ('Plain', NULL, NULL, NULL, at(1));
SELECT work(20);
SELECT * FROM marks;
SELECT field, local, remote FROM conflicts;
-- NULL stays NULL where there is nothing
CALL people_mark(21, '{}', '{}', NULL, 1);
SELECT webhook(21, 1);
SELECT work(22);
SELECT labels, people, milestone FROM marks WHERE id = 2;
CALL people_mark(23, '{x}', NULL, 5, 1);
SELECT webhook(23, 1);
SELECT work(24);
SELECT labels, people, milestone FROM marks WHERE id = 2;

-- a creation whose answer was lost: what GitHub left out was not removed by anybody
CALL start_afresh();
INSERT INTO app.tasks (title, labels, people, modified_at) VALUES ('Lost', '{a,b}', '["ann"]', at(1));
SELECT * FROM claim();
SELECT ask();
SELECT ask();
SELECT ask();
SELECT * FROM claim();
CALL posted(1, 20);
UPDATE resources SET marks = marks || '{"labels": [{"name": "a"}, {"name": "added"}]}';
SELECT created(1, 21, 'found');
SELECT * FROM marks;
SELECT webhook(22);
CALL github_has(22, 'Lost');
SELECT work(23);
SELECT work(23);
SELECT * FROM marks;

-- an update whose answer was lost: what it was to make of a name, and GitHub shows, both sides agreed on, though it was within
-- the second in which the issue was changed before; so whatever the application made of it since, it has changed its mind
CALL start_afresh();
UPDATE world.github SET may_write = true, logins = '{ann,bob}';
INSERT INTO app.tasks (title, labels, people, milestone, modified_at) VALUES ('Twice', '{off,both,stays}', '["ann"]', 1, at(1));
SELECT work(20);
CREATE PROCEDURE world.lose_update(claim_id bigint, is_carried_out boolean) LANGUAGE plpgsql AS $$
DECLARE
	sent jsonb := world.marks_sent(claim_id);
BEGIN
	UPDATE world.resources AS r SET marks = r.marks || world.as_taken(sent) WHERE is_carried_out;
	PERFORM github_sync.task_give_back(claim_id, 1, 'connection reset', NULL);
END
$$;
UPDATE app.tasks SET labels = '{on,both,stays}', people = '["bob"]', milestone = 2, modified_at = at(21);
SELECT id, step FROM claim();
SELECT ask();
SELECT ask();
SELECT ask();
SELECT id, step FROM claim();
SELECT fetched(2, 20);
CALL lose_update(2, true);
UPDATE app.tasks SET labels = '{off,both,stays}', people = '["ann"]', milestone = 3, modified_at = at(22);
CALL people_mark(20, '{on,both,theirs}');
SELECT work(20);
SELECT * FROM marks;
SELECT count(*) FROM github_sync.sync_conflicts;
-- not carried out: nothing was agreed on, and what the application has by now is sent
UPDATE app.tasks SET labels = '{on,both,theirs}', people = '["bob"]', milestone = 2, modified_at = at(23);
SELECT id, step FROM claim();
SELECT fetched(5, 25);
CALL lose_update(5, false);
UPDATE app.tasks SET labels = labels || '{late}', modified_at = at(24);
SELECT work(25);
SELECT * FROM marks;

-- in one direction
CALL start_afresh();
UPDATE github_sync.github_repos SET sync_direction = 'outbound';
UPDATE world.github SET may_write = true, logins = '{ann}';
INSERT INTO app.tasks (title, labels, modified_at) VALUES ('One way', '{a,b}', at(1));
SELECT work(20);
CALL people_mark(21, '{a,b,theirs}');
UPDATE app.tasks SET labels = '{a,c}';
SELECT work(22);
SELECT labels, github_labels FROM marks;
UPDATE app.tasks SET labels = '{a,c,d}';
SELECT work(23);
SELECT labels, github_labels FROM marks;
UPDATE github_sync.github_repos SET sync_direction = 'inbound';
CALL people_mark(24, '{theirs,e}');
SELECT webhook(24);
UPDATE app.tasks SET labels = labels || '{local}';
SELECT work(25);
SELECT labels, github_labels FROM marks;

-- a trigger of the application that rewrites what is written is no edit
UPDATE github_sync.github_repos SET sync_direction = 'both';
CALL start_afresh();
CREATE FUNCTION app.tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.labels := ARRAY(SELECT upper(l) FROM unnest(NEW.labels) AS l WHERE l <> 'wip' ORDER BY 1); RETURN NEW; END $$;
CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.tidy();
CALL github_has(3, 'Crash');
CALL people_mark(3, '{bug,wip}');
SELECT webhook(3);
SELECT work(4);
UPDATE app.tasks SET labels = labels || '{mine}';
CALL people_mark(5, '{bug,wip,theirs}');
SELECT work(6);
SELECT labels, github_labels FROM marks;
SELECT github_sync.wake();
SELECT work(7);
DROP TRIGGER tidy ON app.tasks;

-- columns that are attached later: what is there already is fetched, and joined with what the rows have
CALL start_afresh();
UPDATE world.github SET logins = '{ann}';
SELECT github_sync.detach_comments();
SELECT github_sync.detach_tasks();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
CALL github_has(3, 'Crash');
CALL people_mark(3, '{theirs,both}', NULL, 1);
SELECT webhook(3);
SELECT work(80);
SELECT webhook(3);
UPDATE app.tasks SET labels = '{mine,Both}', people = '["ann"]';
SELECT github_sync.attach_tasks('app.tasks', labels_column => 'labels', assignees_column => 'people', milestone_column => 'milestone', github_repo_column => 'repo_id');
SELECT webhook(3);
SELECT work(81);
SELECT * FROM marks;
SELECT outbound(1);
SELECT work(82);
SELECT * FROM marks;
-- linked with a preference: what the other side loses is kept
CALL start_afresh();
INSERT INTO app.tasks (title, labels, people, modified_at) VALUES ('Crash', '{mine}', '["ann"]', at(1));
CALL github_has(3, 'Crash');
CALL people_mark(3, '{theirs}');
SELECT github_sync.link_task(1, 1, 1, prefer => 'github');
SELECT work(4);
SELECT * FROM marks;
SELECT field, base, local, remote, winner FROM conflicts;

-- a column for the number refuses NULL since it was attached: said to who did it, and as long as it is so
CALL start_afresh();
ALTER TABLE app.tasks ALTER milestone SET DEFAULT 0, ALTER milestone SET NOT NULL;
SELECT problem, detail, remedy FROM github_sync.sync_problems;
SELECT status, detail FROM github_sync.health() WHERE "check" = 'mapping of tasks';
CALL github_has(3, 'Crash');
SELECT webhook(3);
SELECT work(4);
ALTER TABLE app.tasks ALTER milestone DROP NOT NULL, ALTER milestone DROP DEFAULT;
SELECT count(*) FROM github_sync.sync_problems;
SELECT work(5);
SELECT * FROM marks;

-- the same by its domain; one for the title may refuse it
CALL start_afresh();
DROP VIEW marks;
CREATE DOMAIN app.milestone_number AS integer;
CREATE DOMAIN app.milestone_title AS text NOT NULL DEFAULT '';
CREATE DOMAIN app.short_title AS app.milestone_title CHECK (length(VALUE) < 20);
ALTER TABLE app.tasks ALTER milestone TYPE app.milestone_number;
ALTER DOMAIN app.milestone_number SET NOT NULL;
SELECT detail FROM github_sync.sync_problems;
ALTER TABLE app.tasks ALTER milestone TYPE app.short_title;
SELECT detail FROM github_sync.sync_problems;
CALL github_has(3, 'Crash');
SELECT webhook(3);
SELECT work(4);
SELECT title, milestone FROM app.tasks;

-- a text column for the title of the milestone, which may not be NULL, no column for the assignees
CALL start_afresh();
ALTER TABLE app.tasks ALTER milestone TYPE text, ALTER labels TYPE varchar(20)[], ALTER milestone SET DEFAULT '', ALTER milestone SET NOT NULL;
SELECT github_sync.detach_comments();
SELECT github_sync.detach_tasks();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', labels_column => 'labels', milestone_column => 'milestone');
SELECT mapping -> 'names' FROM github_sync.attached_tables;
CALL github_has(3, 'Crash');
CALL people_mark(3, '{bug}', '{ann}', 3);
SELECT webhook(3);
SELECT work(4);
SELECT labels, people, milestone FROM app.tasks;
UPDATE resources SET marks = marks || '{"milestone": null}', updated_at = at(5);
SELECT webhook(5);
SELECT work(6);
SELECT labels, people, milestone FROM app.tasks;
SELECT github_sync.capture_task_changes(true);
UPDATE app.tasks SET milestone = 'v2';
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT ask();
SELECT ask();
SELECT work(7);
SELECT marks -> 'milestone' FROM resources;
-- a list that is none says nothing of the title: it is not sent, and nobody says that the repository lacks it
UPDATE app.tasks SET milestone = 'v3';
SELECT id, step FROM github_sync.task_claim(8, 8);
SELECT github_sync.task_report_name(k.id, s.status, s.words, s.json, NULL), k.name
FROM github_sync.known_names AS k, LATERAL (VALUES (200, 'GitHub''s answer cannot be read', NULL::text)) AS s (status, words, json) WHERE k.is_asked;
SELECT name, is_there, problem FROM github_sync.known_names WHERE name = 'v3';
SELECT work(8);
SELECT detail, remedy FROM github_sync.sync_problems;
UPDATE github_sync.known_names SET answered_at = NULL, is_asked = true WHERE name = 'v3';
SELECT github_sync.task_report_name(id, 404, 'GitHub answered 404', NULL, NULL) FROM github_sync.known_names WHERE is_asked;
SELECT is_there, problem FROM github_sync.known_names WHERE name = 'v3';
-- a mark that is not to be synced any more: an empty name, in a call that leaves all else as it is
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', labels_column => '');
SELECT mapping -> 'names' FROM github_sync.attached_tables WHERE record_type = 'task';
UPDATE app.tasks SET labels = '{unsynced}';
UPDATE app.tasks SET title = 'Without labels';
SELECT work(9);
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', milestone_column => '');
SELECT mapping -> 'names' FROM github_sync.attached_tables WHERE record_type = 'task';
UPDATE app.tasks SET milestone = 'v1', title = 'Without any';
SELECT work(10);
SELECT outbound(1);
SELECT local_base, remote_base FROM github_sync.github_issues;
SELECT marks FROM resources;
