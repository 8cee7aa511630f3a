--
-- The worked examples of the rules: each of them, for a task and for a comment,
-- in a world of its own
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all
/* A few verbs that both record types have; the comment is one of issue 1. */
CREATE FUNCTION world.tell(type text, second numeric) RETURNS text LANGUAGE sql
RETURN webhook(second, comment => CASE type WHEN 'comment' THEN 5000000001 END);

CREATE FUNCTION world.edited_at_github(type text, second numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CALL world.github_has(second, CASE type WHEN 'task' THEN 'Crash' END, 'written at ' || second, comment => CASE type WHEN 'comment' THEN 5000000001 END);
END
$$;

/* Told of, fetched and completed, with an answer of that time. */
CREATE FUNCTION world.synced(type text, second numeric, seen numeric) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	claimed record;
BEGIN
	PERFORM world.edited_at_github(type, second);
	PERFORM world.tell(type, second);
	SELECT * INTO claimed FROM world.claim(of_type => type);
	PERFORM world.fetched(claimed.id, seen, of_type => type);
END
$$;

CREATE FUNCTION world.edited_here(type text, second numeric, text text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE app.%ss SET body = $1, modified_at = world.at($2) WHERE id = 1', type) USING text, second;
END
$$;

/* A row and a resource that are linked but were never merged. */
CREATE FUNCTION world.linked_unsynced(type text, second numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF type = 'task' THEN
		INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'mine', world.at(second));
		INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000001, 1, 1);
	ELSE
		INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'mine', world.at(second));
		INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, github_id, comment_id) VALUES (1, 1, 5000000001, 1);
	END IF;
END
$$;

CREATE FUNCTION world.switch(assignments text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'UPDATE github_sync.github_repos SET ' || assignments;
END
$$;

CREATE FUNCTION world.take(type text) RETURNS text LANGUAGE sql
RETURN (SELECT 'claimed ' || c.id FROM world.claim(of_type => type) AS c);

CREATE FUNCTION world.carry(type text, second numeric) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(c, ', ') FROM world.carry_out(second, type) AS c);

CREATE FUNCTION world.fail(type text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT github_sync.%1$s_fail(id, claim_no, ''forbidden'', ''no'') FROM github_sync.%1$s_sync_transactions WHERE state = ''processing''', type);
END
$$;

/* Every transaction of the record, as direction, time and what became of it. */
CREATE FUNCTION world.history(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	EXECUTE format('SELECT string_agg(concat_ws('' '', left(direction, 3) || CASE action WHEN ''delete'' THEN ''-del'' ELSE '''' END,
		'':'' || second_of(github_updated_at), t.transaction), '', '' ORDER BY id)
		FROM github_sync.%s_sync_transactions, LATERAL (SELECT world.told(id, state, canceled_by, duplicate_of, dropped_for,
			disabled_reason, error_code)) AS t (transaction)', type) INTO told;
	RETURN told;
END
$$;

CREATE FUNCTION world.example(n integer, type text) RETURNS text LANGUAGE plpgsql SET search_path = world, app AS $$
DECLARE
	more text;
BEGIN
	CALL world.start_afresh();
	IF type = 'comment' AND n NOT IN (21) THEN
		PERFORM world.synced('task', 0, 0);
	END IF;
	CASE n
		WHEN 1 THEN PERFORM tell(type, 5);
		WHEN 2 THEN PERFORM tell(type, 5), tell(type, 7);
			EXECUTE format('SELECT CASE WHEN count(DISTINCT queued_at) = 1 THEN ''in its place'' END FROM github_sync.%s_sync_transactions', type) INTO more;
		WHEN 3 THEN PERFORM synced(type, 7, 7), tell(type, 5);
		WHEN 4 THEN PERFORM tell(type, 7), tell(type, 7);
		WHEN 5 THEN PERFORM synced(type, 7, 67), tell(type, 7);
		WHEN 6 THEN PERFORM synced(type, 7, 66), tell(type, 7);
		WHEN 7 THEN PERFORM tell(type, 7), take(type), tell(type, 7);
		WHEN 8 THEN PERFORM tell(type, 7), take(type), tell(type, 5);
		WHEN 9 THEN PERFORM tell(type, 5), take(type), tell(type, 7);
			more := coalesce(take(type), 'not claimable');
			PERFORM fail(type);
			more := more || ', then ' || take(type);
		WHEN 10 THEN PERFORM synced(type, 1, 1), edited_here(type, 8, 'mine'), outbound(1, type), tell(type, 7);
		WHEN 11 THEN PERFORM linked_unsynced(type, 8), tell(type, 7);
		WHEN 12 THEN PERFORM synced(type, 1, 1), edited_here(type, 8, 'mine'), tell(type, 7);
		WHEN 13 THEN PERFORM synced(type, 1, 1), edited_here(type, 8, 'written at 1'), tell(type, 7);
		WHEN 14 THEN PERFORM synced(type, 1, 1), edited_here(type, 8, 'mine'), outbound(1, type), outbound(1, type);
		WHEN 15 THEN PERFORM synced(type, 1, 1), synced(type, 2, 2), outbound(1, type);
		WHEN 16 THEN PERFORM synced(type, 1, 1), edited_here(type, 8, 'mine'), outbound(1, type), carry(type, 11), tell(type, 11);
			more := history(type) || ', then ' || carry(type, 71) || ', then ' || tell(type, 11);
			RETURN more;
		WHEN 17 THEN PERFORM switch('sync_enabled = false'), tell(type, 5);
		WHEN 18 THEN PERFORM switch('sync_enabled = false'), tell(type, 1), tell(type, 2), tell(type, 3), switch('sync_enabled = true');
		WHEN 19 THEN PERFORM tell(type, 7), take(type), fail(type), tell(type, 5);
		WHEN 20 THEN PERFORM tell(type, 7), tell(type, 9), take(type), fail(type), tell(type, 5);
		WHEN 21 THEN
			IF type = 'task' THEN
				RETURN '(comments only)';
			END IF;
			INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
			INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
			PERFORM outbound(1, type);
			more := coalesce(take(type), 'not claimable') || ', its task: ' || history('task');
		WHEN 22 THEN PERFORM synced(type, 1, 1);
			EXECUTE format('UPDATE github_sync.%s SET deleted_at = at(9)', CASE type WHEN 'task' THEN 'github_issues' ELSE 'github_comments' END);
			PERFORM tell(type, 8);
		WHEN 23 THEN PERFORM synced(type, 7, 67), deletion(7, comment => CASE type WHEN 'comment' THEN 5000000001 END);
		WHEN 24 THEN PERFORM switch('sync_direction = ''outbound'''), tell(type, 5);
	END CASE;
	RETURN concat_ws(' | ', history(type), more);
END
$$;

SELECT n, type, world.example(n, type) FROM generate_series(1, 24) AS n, unnest('{task,comment}'::text[]) AS type ORDER BY n, type DESC;
-- 17, outbound as well
CALL start_afresh();
SELECT synced('task', 1, 1), edited_here('task', 8, 'mine'), switch('sync_enabled = false') \g /dev/null
SELECT outbound(1);
-- 22, with a transaction that recorded the deletion
CALL start_afresh();
SELECT synced('task', 1, 1), deletion() \g /dev/null
SELECT * FROM claim();
SELECT missing(2, 5);
CALL wait_is_over();
SELECT * FROM claim();
SELECT missing(2, 69);
SELECT tell('task', 8), tell('task', 69), tell('task', 70);
