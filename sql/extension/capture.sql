/*
 * Capture on and off: the triggers on the application's table.
 */

CREATE FUNCTION github_sync.capture_triggers(record_type text, application_table regclass) RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.tgname FROM pg_trigger AS t
	WHERE t.tgrelid = application_table
		AND t.tgname IN ('github_sync_capture_' || record_type, 'github_sync_capture_' || record_type || '_end')
$$;
COMMENT ON FUNCTION github_sync.capture_triggers(text, regclass) IS
'private: the capture triggers of a table, if it has them';

CREATE FUNCTION github_sync.was_captured(record_type text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce((github_sync.registered_table(record_type) -> 'mapping' ->> 'was_captured')::boolean, false);
END
$$;
COMMENT ON FUNCTION github_sync.was_captured(text) IS
'private: a table was detached while its changes were captured, and was not attached since';

CREATE FUNCTION github_sync.say_that_capture_is_off(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE NOTICE USING
		MESSAGE = format('changes of %ss are not captured: that ended when the table was detached', record_type),
		HINT = format('SELECT github_sync.capture_%s_changes(true) turns it on.', record_type);
END
$$;
COMMENT ON FUNCTION github_sync.say_that_capture_is_off(text) IS
'private: a NOTICE, for who attaches again what was captured before it was detached';

CREATE FUNCTION github_sync.capture_changes(record_type text, enabled boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached jsonb;
	application_table text;
	trigger_name name;
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument(format('capture_%s_changes', record_type), 'enabled', enabled IS NULL);
	attached := github_sync.attached_table(record_type);
	IF attached IS NULL AND record_type = 'comment' THEN
		/* No error, which would take back the capture of tasks that the same statement turns on. */
		RAISE WARNING 'no comments table is attached: comments are not captured'
			USING HINT = 'SELECT github_sync.attach_comments(...) first, where there is one.';
		RETURN;
	END IF;
	IF attached IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no tasks table is attached',
			HINT = 'SELECT github_sync.attach_tasks(...) first.';
	END IF;
	application_table := github_sync.table_name(github_sync.attached_relation(record_type, attached));
	/* As the owner of the queue, to whom the application's table belongs as well. */
	FOR trigger_name IN SELECT * FROM github_sync.capture_triggers(record_type, application_table::regclass) LOOP
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass,
			format('DROP TRIGGER %I ON %s', trigger_name, application_table));
	END LOOP;
	IF enabled THEN
		/* Neither OF nor WHEN: a column that they name cannot be dropped, nor get another type. */
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'CREATE TRIGGER %I AFTER INSERT OR UPDATE ON %s FOR EACH ROW '
			'EXECUTE FUNCTION github_sync.capture_change(%L, %L, %s)',
			'github_sync_capture_' || record_type, application_table, record_type, attached -> 'mapping' ->> 'id',
			(SELECT string_agg(quote_literal(c.name), ', ' ORDER BY c.place)
			FROM jsonb_array_elements_text(attached -> 'mapping' -> 'captured_columns')
				WITH ORDINALITY AS c (name, place))));
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'CREATE TRIGGER %I AFTER INSERT OR UPDATE ON %s FOR EACH STATEMENT '
			'EXECUTE FUNCTION github_sync.capture_change()',
			'github_sync_capture_' || record_type || '_end', application_table));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.capture_changes(text, boolean) IS
'private: makes or drops the capture triggers of a record type';
