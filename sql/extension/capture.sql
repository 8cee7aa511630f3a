/*
 * Capture on and off, and the way out.
 */

CREATE FUNCTION github_sync.capture_triggers(record_type text, application_table regclass) RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.tgname FROM pg_trigger AS t
	WHERE t.tgrelid = application_table AND t.tgname IN ('github_sync_capture_' || record_type, 'github_sync_capture_' || record_type || '_update')
	ORDER BY 1
$$;
COMMENT ON FUNCTION github_sync.capture_triggers(text, regclass) IS
'private: the capture triggers that a table has: both or none';

CREATE FUNCTION github_sync.capture_changes(record_type text, enabled boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached jsonb;
	application_table text;
	columns name[];
	trigger_name name;
BEGIN
	PERFORM github_sync.require_owner();
	attached := github_sync.attached_table(record_type);
	application_table := github_sync.attached_name(attached);
	IF attached IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('no %ss table is attached', record_type),
			HINT = format('SELECT github_sync.attach_%ss(...) first.', record_type);
	END IF;
	/* As the owner of the queue, to whom the application's table belongs as well. */
	FOR trigger_name IN SELECT * FROM github_sync.capture_triggers(record_type, application_table::regclass) LOOP
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass,
			format('DROP TRIGGER %I ON %s', trigger_name, application_table));
	END LOOP;
	IF enabled THEN
		columns := ARRAY(SELECT jsonb_array_elements_text(attached -> 'mapping' -> 'captured_columns'));
		/* By WHEN, not by OF: a BEFORE trigger of the application may be what changes a column. */
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'CREATE TRIGGER %1$I AFTER INSERT ON %2$s FOR EACH ROW EXECUTE FUNCTION github_sync.%4$I();'
			'CREATE TRIGGER %3$I AFTER UPDATE ON %2$s FOR EACH ROW WHEN (%5$s) EXECUTE FUNCTION github_sync.%4$I()',
			'github_sync_capture_' || record_type, application_table, 'github_sync_capture_' || record_type || '_update',
			record_type || '_capture', github_sync.changed_condition(columns)));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.capture_changes(text, boolean) IS
'private: makes or drops the capture triggers of a record type';

CREATE FUNCTION github_sync.capture_task_changes(enabled boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.capture_changes('task'::text, enabled) $$;
COMMENT ON FUNCTION github_sync.capture_task_changes(boolean) IS
'public: from now on inserts and changes of mapped columns of tasks enqueue outbound transactions (or no longer do)';

CREATE FUNCTION github_sync.commands_of_detach(record_type text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	/* Objects of comments say so in their names; all others belong to tasks, and go last. */
	WITH ours AS (
		SELECT p.oid, p.oid::regprocedure AS function FROM pg_proc AS p
		WHERE p.pronamespace = 'github_sync'::regnamespace AND (record_type = 'task' OR p.proname ~ 'comment')
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
	SELECT format('DROP VIEW github_sync.%I', c.relname) FROM pg_class AS c
	WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' AND record_type = 'task'
	UNION ALL
	SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
	FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_class AS c ON c.oid = t.tgrelid
	WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND p.pronamespace = 'github_sync'::regnamespace
		AND (t.tgfoid IN (SELECT o.oid FROM ours AS o)
			OR c.relnamespace = 'github_sync'::regnamespace AND (record_type = 'task' OR c.relname ~ 'comment'))
	UNION ALL
	SELECT format('DROP FUNCTION %s', o.function) FROM ours AS o
$$;
COMMENT ON FUNCTION github_sync.commands_of_detach(text) IS
'private: what drops the views, triggers and functions of a record type';

CREATE FUNCTION github_sync.drop_kept_tables(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tables text := (SELECT string_agg(format('github_sync.%I', c.relname), ', ') FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r' AND (record_type = 'task' OR c.relname ~ 'comment')
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'));
BEGIN
	IF tables IS NOT NULL THEN
		EXECUTE 'DROP TABLE ' || tables;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.drop_kept_tables(text) IS
'private: drops the queue of a record type with its history; with the tasks goes all that attach ever made';

CREATE FUNCTION github_sync.detach(record_type text, drop_data boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'DELETE FROM github_sync.attached_tables WHERE record_type = %L', record_type));
	PERFORM github_sync.make_views() WHERE record_type = 'comment';
	FOR command IN SELECT * FROM github_sync.commands_of_detach(record_type) LOOP
		EXECUTE command;
	END LOOP;
	IF drop_data THEN
		PERFORM github_sync.drop_kept_tables(record_type);
	END IF;
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.detach(text, boolean) IS
'private: drops what attach made of a record type; the tables with their rows only on demand';

CREATE FUNCTION github_sync.detach_tasks(drop_data boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	IF github_sync.attached_table('comment'::text) IS NOT NULL THEN
		RAISE object_in_use USING
			MESSAGE = 'comments are attached: they need the tasks',
			HINT = 'SELECT github_sync.detach_comments() first.';
	END IF;
	PERFORM github_sync.detach('task'::text, drop_data);
END
$$;
COMMENT ON FUNCTION github_sync.detach_tasks(boolean) IS
'public: stops the sync of tasks and drops its triggers, functions and views; the queue and its history stay unless drop_data';
