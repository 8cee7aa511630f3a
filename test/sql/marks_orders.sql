--
-- Labels and assignees edited on both sides at once, in all orders
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
ALTER TABLE app.tasks ADD labels text[], ADD people text[];
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', labels_column => 'labels', assignees_column => 'people') \g /dev/null

/* What GitHub has sent and nobody has delivered yet, in the order in which it happened. */
CREATE TABLE world.to_tell (id bigint GENERATED ALWAYS AS IDENTITY, payload jsonb, second numeric);
CREATE SEQUENCE world.deliveries;
CREATE TYPE world.edit AS (side text, field text, is_added boolean, name text);

CREATE FUNCTION world.edit_of(side text, change text) RETURNS world.edit LANGUAGE sql IMMUTABLE
RETURN (SELECT ROW(side, m.found[1], m.found[2] = '+', m.found[3])::world.edit FROM regexp_match(change, '^(.*)([+-])(.*)$') AS m (found));
CREATE FUNCTION world.set_here(field text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT github_sync.name_set(CASE field WHEN 'labels' THEN t.labels ELSE t.people END) FROM app.tasks AS t);
CREATE FUNCTION world.set_there(field text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT github_sync.name_set_of_json(github_sync.marks_of(r.marks) -> field) FROM world.resources AS r);
CREATE FUNCTION world.changed(names text, e world.edit) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN e.is_added THEN github_sync.patched_names(names, NULL, github_sync.name_set(ARRAY[e.name]))
	ELSE github_sync.patched_names(names, github_sync.name_set(ARRAY[e.name]), NULL) END;

CREATE FUNCTION world.difference(field text, a text, b text) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN (SELECT coalesce(jsonb_agg(format('%s %s', field, n.name)), '[]')
	FROM unnest(github_sync.names_in(github_sync.patched_names(a, b, NULL)) || github_sync.names_in(github_sync.patched_names(b, a, NULL))) AS n (name));

/* GitHub has another set of a field, and a webhook tells of each name in which it differs. */
CREATE PROCEDURE world.set_at_github(field text, becomes text, sender bigint, at_second numeric) LANGUAGE plpgsql AS $$
DECLARE
	was CONSTANT text := world.set_there(field);
	member CONSTANT text := CASE field WHEN 'labels' THEN 'name' ELSE 'login' END;
	verb CONSTANT text := CASE field WHEN 'labels' THEN 'labeled' ELSE 'assigned' END;
BEGIN
	IF was = becomes THEN
		RETURN;
	END IF;
	UPDATE world.resources AS r SET updated_at = world.at(at_second), marks = jsonb_set(r.marks, ARRAY[field],
		(SELECT coalesce(jsonb_agg(jsonb_build_object(member, n.name)), '[]') FROM unnest(github_sync.names_in(becomes)) AS n (name)));
	INSERT INTO world.to_tell (second, payload)
	SELECT at_second, jsonb_build_object('action', d.prefix || verb, CASE field WHEN 'labels' THEN 'label' ELSE 'assignee' END, jsonb_build_object(member, n.name),
		'sender', jsonb_build_object('id', sender), 'installation', '{"id": 10}'::jsonb,
		'issue', '{"id": 3000000001, "number": 1}'::jsonb || jsonb_build_object('updated_at', world.at(at_second)),
		'repository', '{"id": 1, "name": "app", "full_name": "octo/app", "owner": {"login": "octo", "id": 7}}'::jsonb)
	FROM (VALUES (1, 'un', github_sync.patched_names(was, becomes, NULL)), (2, '', github_sync.patched_names(becomes, was, NULL))) AS d (place, prefix, names)
	CROSS JOIN LATERAL unnest(github_sync.names_in(d.names)) AS n (name) ORDER BY d.place, n.name;
END
$$;
CREATE FUNCTION world.tell(is_newest boolean) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	delivery world.to_tell;
BEGIN
	SELECT * INTO delivery FROM world.to_tell AS t ORDER BY CASE WHEN is_newest THEN -t.id ELSE t.id END LIMIT 1;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	DELETE FROM world.to_tell AS t WHERE t.id = delivery.id;
	PERFORM github_sync.ingest_webhook('issues', nextval('world.deliveries')::text, delivery.payload::json);
	RETURN true;
END
$$;

/* One order, as far as it has come. */
CREATE TYPE world.walk AS (
	path text,
	second numeric, -- of GitHub's clock
	tick numeric, -- how much later each event at GitHub is than the one before
	left_here text[], left_there text[], -- edits that are still to be made
	meant jsonb, -- what whoever changed a name last has made of it; null: a side changed it twice
	changed jsonb, -- which names each side has changed
	phase text, -- of the worker: rests, asks (its GET is on the way), read (GitHub has made the answer), writes (its PATCH is on the way), written
	claim_id bigint, shown world.resources, shown_second numeric, answer text,
	sent jsonb, -- which names the last PATCH has changed
	passes integer, -- how often the worker may begin before the edits are over
	losses integer, -- how many answers, or requests, to a PATCH may still be lost
	tells integer, -- how many webhooks may come before the edits are over
	overwritten jsonb, -- which names PATCHes have changed that had been changed since their worker's look
	unanswered jsonb, -- which names PATCHes have changed whose answer was lost
	gets integer, patches integer);

CREATE FUNCTION world.edit_made(w world.walk, e world.edit) RETURNS world.walk LANGUAGE plpgsql AS $$
DECLARE
	was CONSTANT text := CASE e.side WHEN 'here' THEN world.set_here(e.field) ELSE world.set_there(e.field) END;
	becomes CONSTANT text := world.changed(was, e);
	changed CONSTANT text := concat_ws(' ', e.side, e.field, e.name);
BEGIN
	IF e.side = 'there' THEN
		w.second := w.second + w.tick;
		CALL world.set_at_github(e.field, becomes, 99, w.second);
	ELSIF e.field = 'labels' THEN
		UPDATE app.tasks SET labels = github_sync.names_in(becomes);
	ELSE
		UPDATE app.tasks SET people = github_sync.names_in(becomes);
	END IF;
	/* What capture does; of more than some rows of one transaction it does so when that commits. */
	PERFORM world.outbound(1) WHERE e.side = 'here' AND was <> becomes;
	/* Who finds it so already has changed nothing. What a side does and undoes may be no change for the other. */
	IF was <> becomes THEN
		w.meant := w.meant || jsonb_build_object(e.field || ' ' || e.name, CASE
			WHEN NOT w.changed ? changed AND w.meant -> (e.field || ' ' || e.name) IS DISTINCT FROM 'null' THEN to_jsonb(e.is_added) END);
		w.changed := w.changed || to_jsonb(changed);
	END IF;
	RETURN w;
END
$$;

/* The worker's steps, ours and those of its requests at GitHub. */
CREATE FUNCTION world.worker_step(w world.walk, step text) RETURNS world.walk LANGUAGE plpgsql AS $$
DECLARE
	sent jsonb;
	queued bigint;
	field text;
	seen text;
	was text;
	becomes text;
BEGIN
	CASE step
		WHEN 'claim' THEN
			/* Whoever ends a claim at once goes on to the next one. */
			LOOP
				queued := (SELECT count(*) FROM github_sync.task_sync_transactions AS t WHERE t.state = 'queued');
				w.claim_id := (SELECT c.id FROM world.claim(1) AS c);
				EXIT WHEN w.claim_id IS NOT NULL OR queued = (SELECT count(*) FROM github_sync.task_sync_transactions AS t WHERE t.state = 'queued');
			END LOOP;
			w.phase := CASE WHEN w.claim_id IS NOT NULL THEN 'asks' END;
			w.passes := w.passes - 1;
		WHEN 'get' THEN
			w.shown := (SELECT r FROM world.resources AS r);
			w.shown_second := w.second;
			w.phase := 'read';
			w.gets := w.gets + 1;
		WHEN 'patch' THEN
			sent := substring(w.answer FROM 'marks=(.*)$')::jsonb;
			w.second := w.second + w.tick;
			w.sent := '[]';
			FOR field IN SELECT jsonb_object_keys(sent) LOOP
				was := world.set_there(field);
				becomes := github_sync.name_set_of_json(sent -> field);
				seen := github_sync.name_set_of_json(github_sync.marks_of((w.shown).marks) -> field);
				w.overwritten := w.overwritten || world.difference(field, seen, was);
				w.sent := w.sent || world.difference(field, was, becomes);
				CALL world.set_at_github(field, becomes, world.account('our-app[bot]'), w.second);
			END LOOP;
			w.shown := (SELECT r FROM world.resources AS r);
			w.shown_second := w.second;
			w.phase := 'written';
			w.patches := w.patches + 1;
		WHEN 'answer' THEN
			w.answer := world.answer(w.claim_id, CASE w.phase WHEN 'read' THEN 'fetched' ELSE 'written' END, w.shown,
				world.at(w.shown_second), 'task', (SELECT c.claim_no FROM world.claim_of(w.claim_id) AS c));
			w.phase := CASE WHEN w.answer LIKE 'send %' THEN 'writes' ELSE 'rests' END;
		WHEN 'lose' THEN
			PERFORM github_sync.task_give_back(w.claim_id, (SELECT c.claim_no FROM world.claim_of(w.claim_id) AS c), 'connection reset', NULL);
			IF w.phase = 'written' THEN
				w.unanswered := w.unanswered || w.sent;
			END IF;
			w.phase := 'rests';
			w.losses := w.losses - 1;
	END CASE;
	RETURN w;
END
$$;

/* Everything that is there to be told and done, until nothing is. */
CREATE FUNCTION world.work_on(w world.walk, webhooks text) RETURNS world.walk LANGUAGE plpgsql AS $$
BEGIN
	FOR round IN 1 .. 60 LOOP
		IF webhooks = 'lost' THEN
			DELETE FROM world.to_tell;
		END IF;
		CONTINUE WHEN world.tell(webhooks = 'newest first');
		CALL world.wait_is_over();
		w := world.worker_step(w, 'claim');
		IF w.claim_id IS NULL THEN
			w.phase := 'rests';
			RETURN w;
		END IF;
		w := world.worker_step(world.worker_step(w, 'get'), 'answer');
		IF w.phase = 'writes' THEN
			w := world.worker_step(world.worker_step(w, 'patch'), 'answer');
		END IF;
	END LOOP;
	RAISE EXCEPTION '% never rests: %', w.path, (SELECT jsonb_agg(q) FROM world.queue AS q);
END
$$;

/*
 * Both sides have the same: what whoever changed a name last has made of it, be
 * it that he did not know what the other side was doing, and did the same, or
 * that he saw it, and undid it.  Where a side changed a name and took that back,
 * it depends on whether the other side has heard of it between: for the merge, a
 * side that is as its base has changed nothing, and the other side decides.
 *
 * Two things cannot be known where no webhook comes at all, as GitHub takes sets
 * as a whole and without a condition: what somebody changed between our look and
 * our PATCH, which is gone with it; and, if the answer to a PATCH is lost,
 * whether somebody has undone it or it was never carried out.  Of those names
 * both sides have the same, and no more is asked of them.
 */
CREATE FUNCTION world.ended(w world.walk, webhooks text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	problem text;
	requests integer;
BEGIN
	w := world.work_on(w, webhooks);
	/* A minute later it is looked at once more; from then on its time is settled. */
	w.second := w.second + 100;
	PERFORM world.webhook(world.second_of(r.updated_at)) FROM world.resources AS r;
	w := world.work_on(w, webhooks);
	requests := w.gets + w.patches;
	/* Quiet: whatever is told once more is not worth a request. */
	PERFORM world.webhook(world.second_of(r.updated_at)), world.outbound(1) FROM world.resources AS r;
	w := world.work_on(w, webhooks);
	problem := concat_ws('; ',
		(SELECT string_agg(format('%s: %s here, %s there', f.field, world.set_here(f.field), world.set_there(f.field)), '; ')
			FROM unnest('{labels,assignees}'::text[]) AS f (field) WHERE NOT github_sync.same_names(world.set_here(f.field), world.set_there(f.field))),
		(SELECT string_agg(format('%s %s', m.key, CASE m.value WHEN 'true' THEN 'is missing' ELSE 'is there' END), '; ')
			FROM jsonb_each(w.meant) AS m CROSS JOIN LATERAL (SELECT split_part(m.key, ' ', 1), split_part(m.key, ' ', 2)) AS k (field, name)
			WHERE NOT (webhooks = 'lost' AND (w.overwritten || w.unanswered) ? m.key) AND github_sync.has_name(world.set_there(k.field), k.name) <> (m.value #>> '{}')::boolean),
		(SELECT string_agg(q.transaction, ', ') FROM world.queue AS q WHERE q.transaction ~ 'queued|processing|errored'),
		(SELECT 'conflicts' FROM github_sync.sync_conflicts LIMIT 1),
		CASE WHEN w.gets + w.patches > requests THEN format('%s requests more', w.gets + w.patches - requests) END);
	IF problem <> '' THEN
		RAISE WARNING '%, webhooks %: %', w.path, webhooks, problem;
	END IF;
END
$$;

CREATE FUNCTION world.steps(w world.walk) RETURNS text[] LANGUAGE sql STABLE
RETURN w.left_here || w.left_there
	|| CASE WHEN w.phase = 'rests' AND w.passes > 0 AND EXISTS (SELECT FROM github_sync.task_sync_transactions AS t WHERE t.state = 'queued') THEN '{claim}'::text[] END
	|| CASE w.phase WHEN 'asks' THEN '{get}'::text[] WHEN 'writes' THEN '{patch}'::text[] END
	|| CASE WHEN w.phase IN ('read', 'written') THEN '{answer}'::text[] END
	|| CASE WHEN w.phase IN ('writes', 'written') AND w.losses > 0 THEN '{lose}'::text[] END
	|| CASE WHEN w.tells > 0 AND EXISTS (SELECT FROM world.to_tell) THEN '{tell}'::text[] END;

CREATE FUNCTION world.stepped(w world.walk, step text) RETURNS world.walk LANGUAGE plpgsql AS $$
BEGIN
	w.path := concat_ws(' ', w.path, step);
	IF step = ANY (w.left_here) THEN
		w.left_here := array_remove(w.left_here, step);
		RETURN world.edit_made(w, world.edit_of('here', substr(step, 3)));
	ELSIF step = ANY (w.left_there) THEN
		w.left_there := array_remove(w.left_there, step);
		RETURN world.edit_made(w, world.edit_of('there', substr(step, 3)));
	ELSIF step = 'tell' THEN
		PERFORM world.tell(false);
		w.tells := w.tells - 1;
		RETURN w;
	ELSIF step = 'claim' THEN
		CALL world.wait_is_over();
	END IF;
	RETURN world.worker_step(w, step);
END
$$;

/* All that may make a difference to what follows, but for ids and our own clock: orders that lead to the same go on alike. */
CREATE FUNCTION world.digest(w world.walk) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT md5(concat_ws(' | ', to_jsonb(w) - '{path,claim_id,gets,patches}'::text[],
		(SELECT jsonb_build_object('labels', t.labels, 'people', t.people) FROM app.tasks AS t), (SELECT to_jsonb(r) FROM world.resources AS r),
		(SELECT to_jsonb(i) - '{lock_version,settle_at,written_at,turned_at,turning_since,local_changed_at,remote_changed_at}'::text[]
			|| jsonb_build_object('written', (SELECT array_agg(at IS NULL ORDER BY place) FROM unnest(i.written_at) WITH ORDINALITY AS u (at, place)))
			FROM github_sync.github_issues AS i),
		(SELECT jsonb_agg(DISTINCT jsonb_build_array(t.direction, t.state, t.github_updated_at, t.attempts, t.next_attempt_at IS NULL, t.priority))
			FROM github_sync.task_sync_transactions AS t),
		(SELECT jsonb_agg(to_jsonb(s) - '{id,sent_at}'::text[] ORDER BY s.id) FROM github_sync.sent_sets AS s),
		(SELECT jsonb_agg(to_jsonb(n) - '{noted_at,undone_id}'::text[] || jsonb_build_object('undone', (SELECT count(*) FROM github_sync.sent_sets AS s WHERE s.id <= n.undone_id))
			ORDER BY n.field, n.name) FROM github_sync.lost_names AS n),
		(SELECT jsonb_agg(t.payload ORDER BY t.id) FROM world.to_tell AS t)))
$$;

/* Every order from here on, depth first; each step is undone on the way back. known: how many orders there are from where one was already. */
CREATE FUNCTION world.walk_on(w world.walk, INOUT known jsonb, OUT orders bigint) LANGUAGE plpgsql AS $$
DECLARE
	key CONSTANT text := world.digest(w);
	is_over CONSTANT boolean := w.phase = 'rests' AND cardinality(w.left_here || w.left_there) = 0;
	next world.walk;
	step text;
	further record;
BEGIN
	orders := known -> key;
	IF orders IS NOT NULL THEN
		RETURN;
	END IF;
	orders := 0;
	FOREACH step IN ARRAY CASE WHEN is_over THEN '{in order,newest first,lost}' ELSE world.steps(w) END LOOP
		BEGIN
			IF is_over THEN
				PERFORM world.ended(w, step);
				known := known || jsonb_build_object('ends', (known -> 'ends')::integer + 1);
			ELSE
				next := world.stepped(w, step);
				IF next.phase IS NOT NULL THEN
					further := world.walk_on(next, known);
					known := further.known;
					orders := orders + further.orders;
				END IF;
			END IF;
			RAISE EXCEPTION SQLSTATE 'UNDO1';
		EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
			NULL;
		END;
	END LOOP;
	orders := greatest(orders, is_over::integer);
	known := known || jsonb_build_object(key, orders);
END
$$;

CREATE FUNCTION world.walk_of(here text[], there text[], tick numeric) RETURNS world.walk LANGUAGE plpgsql AS $$
DECLARE
	w world.walk;
BEGIN
	w.second := 100;
	w.tick := tick;
	w.left_here := ARRAY(SELECT 'a ' || e FROM unnest(here) AS e);
	w.left_there := ARRAY(SELECT 'h ' || e FROM unnest(there) AS e);
	w.meant := '{"labels kept": true, "assignees ann": true}';
	w.phase := 'rests';
	w.overwritten := '[]';
	w.changed := '[]';
	w.unanswered := '[]';
	w.gets := 0;
	w.patches := 0;
	RETURN w;
END
$$;
CREATE FUNCTION world.all_orders(here text[], there text[], tick numeric, passes integer DEFAULT 1, losses integer DEFAULT 0, tells integer DEFAULT 0)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	w world.walk := world.walk_of(here, there, tick);
	result record;
BEGIN
	w.passes := passes;
	w.losses := losses;
	w.tells := tells;
	result := world.walk_on(w, '{"ends": 0}');
	RETURN format('%s orders, %s states, %s ends', result.orders, (SELECT count(*) - 1 FROM jsonb_object_keys(result.known)), result.known -> 'ends');
END
$$;
/* A token is replaced by another account's between the record's look and its PATCH, which is sent with the new one. */
CREATE FUNCTION world.token_replaced() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	w world.walk := world.walk_of('{labels+mine}', '{labels+yours}', 1);
	step text;
BEGIN
	FOREACH step IN ARRAY '{a labels+mine,claim,get,answer,h labels+yours,patch,answer}'::text[] LOOP
		w := world.stepped(w, step);
		UPDATE github_sync.sent_sets SET account_id = 98 WHERE w.phase = 'writes';
	END LOOP;
	PERFORM world.ended(w, 'in order');
END
$$;

/* An issue and its task, which agree, since long ago. */
CALL github_has(1, 'Crash');
UPDATE resources SET marks = '{"labels": [{"name": "kept"}, {"name": "old"}, {"name": "stale"}], "assignees": [{"login": "ann"}, {"login": "bob"}], "milestone": null}';
SELECT webhook(1) \g /dev/null
SELECT carry_out(80) \g /dev/null
INSERT INTO github_sync.known_names (github_repo_id, field, name, is_there, answered_at, is_asked)
SELECT 1, f.field, n.name, true, clock_timestamp(), false
FROM (VALUES ('labels', '{kept,old,stale,mine,yours,both}'::text[]), ('assignees', '{ann,bob,cleo,dora}')) AS f (field, names) CROSS JOIN LATERAL unnest(f.names) AS n (name);
\set ECHO all

-- one edit of each side: an answer or a request may be lost, webhooks may come between
SELECT all_orders('{labels+mine}', '{labels+yours}', 0, losses => 1, tells => 1);
-- who sees what the other side did, and undoes it
SELECT all_orders('{labels+mine}', '{labels-mine}', 1, losses => 1, tells => 2);
SELECT all_orders('{labels-old}', '{labels+old}', 0, losses => 1);
-- both do the same
SELECT all_orders('{labels-old}', '{labels-old}', 1, losses => 1);
-- in both fields
SELECT all_orders('{labels+mine}', '{labels-stale,assignees+cleo}', 0);
-- a side takes back what it did: the sides agree in the end
SELECT all_orders('{labels+both,labels-both}', '{labels+both}', 1);
-- who takes off at once what the other side has just put on; who changes another name after an answer was lost
SELECT all_orders('{labels+mine,labels-yours}', '{labels+yours}', 0, losses => 1);
SELECT all_orders('{labels-old,labels+mine}', '{labels+old}', 1, losses => 1, passes => 2);
-- what a PATCH of another account of ours loses is restored
SELECT token_replaced();
SELECT set_here('labels'), set_there('labels');
