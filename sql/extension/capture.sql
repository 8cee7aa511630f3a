/*
 * Capture on and off: the triggers on the application's table.
 */

CREATE FUNCTION github_sync.capture_triggers(record_type text, application_table regclass) RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.tgname FROM pg_trigger AS t
	WHERE t.tgrelid = application_table
		AND t.tgname IN ('github_sync_capture_' || record_type, 'github_sync_capture_' || record_type || '_update')
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
	PERFORM github_sync.require_one_owner();
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
			'github_sync_capture_' || record_type, application_table,
			'github_sync_capture_' || record_type || '_update',
			record_type || '_capture', github_sync.changed_condition(columns)));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.capture_changes(text, boolean) IS
'private: makes or drops the capture triggers of a record type';
