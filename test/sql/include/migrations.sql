/*
 * What test/sql/migrations.sql looks at, taken in after world.sql in the same
 * way.
 */
SET client_min_messages = warning;
/* They would depend on columns of the application's tables. */
DROP VIEW IF EXISTS world.queue, world.comment_queue, world.both_sides, world.conflicts;
CREATE FUNCTION world.problems() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', record_type, problem, CASE WHEN since IS NULL THEN 'not met yet' END, detail)
	FROM github_sync.sync_problems ORDER BY 1
$$;
CREATE FUNCTION world.waiting() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', 'task', t.task_id) FROM github_sync.task_sync_transactions AS t WHERE t.state = 'queued'
	UNION ALL SELECT concat_ws(' ', 'comment', t.comment_id) FROM github_sync.comment_sync_transactions AS t WHERE t.state = 'queued'
	ORDER BY 1
$$;
CREATE PROCEDURE world.synced_world() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
	INSERT INTO app.tasks (title, body, modified_at) VALUES ('one', 'first', world.at(1)), ('two', 'second', world.at(1));
	PERFORM world.carry_out(2);
	INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', world.at(3));
	PERFORM world.carry_out(4, 'comment');
END
$$;
