/*
 * The way out: what attach made is dropped, and the tables only on demand.
 */

CREATE FUNCTION github_sync.commands_at_application(record_type text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
	FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_class AS c ON c.oid = t.tgrelid
	WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND p.pronamespace = 'github_sync'::regnamespace
		AND c.relnamespace <> 'github_sync'::regnamespace
		AND (t.tgname IN ('github_sync_capture_' || record_type, 'github_sync_capture_' || record_type || '_end')
			OR (record_type = 'task' OR p.proname ~ 'comment') AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
$$;
COMMENT ON FUNCTION github_sync.commands_at_application(text) IS
'private: what drops the triggers on the application''s tables';

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
		AND c.relnamespace = 'github_sync'::regnamespace
		AND (t.tgfoid IN (SELECT o.oid FROM ours AS o) OR record_type = 'task' OR c.relname ~ 'comment')
	UNION ALL
	SELECT format('DROP ROUTINE %s', o.function) FROM ours AS o
$$;
COMMENT ON FUNCTION github_sync.commands_of_detach(text) IS
'private: what drops the views, the triggers on our tables and the functions of a record type';

CREATE FUNCTION github_sync.drop_kept_tables(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	tables text := (SELECT string_agg(format('github_sync.%I', c.relname), ', ') FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r'
			AND (record_type = 'task' OR c.relname ~ 'comment')
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'));
BEGIN
	IF tables IS NOT NULL THEN
		PERFORM github_sync.execute_unowned('DROP TABLE ' || tables);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.drop_kept_tables(text) IS
'private: drops the queue of a record type with its history; with the tasks goes all that attach ever made';

CREATE FUNCTION github_sync.say_what_is_forgotten(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	before CONSTANT jsonb := github_sync.registered_table(record_type);
	filters CONSTANT text := (SELECT string_agg(format('%s => %L', f.name, before -> 'mapping' ->> f.name), ', ')
		FROM (VALUES ('sync_when', 'true'), ('deleted_when', 'false')) AS f (name, lifted)
		WHERE before -> 'mapping' ->> f.name <> f.lifted);
BEGIN
	IF filters IS NOT NULL THEN
		RAISE NOTICE USING
			MESSAGE = format('what table %s was attached with is forgotten, its filters too',
				github_sync.attached_name(before)),
			DETAIL = 'Attached again without them, rows that were not for GitHub are published.',
			HINT = format('They were: %s', filters);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.say_what_is_forgotten(text) IS
'private: a NOTICE, for who drops the data of a table that had filters: nothing asks for them again';

CREATE FUNCTION github_sync.detach(record_type text, drop_data boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.require_argument(format('detach_%ss', record_type), 'drop_data', drop_data IS NULL);
	PERFORM github_sync.require_rights_of_owner();
	PERFORM github_sync.say_what_is_forgotten(record_type) WHERE drop_data;
	/* While the queue is there, which database it belongs to is known. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		CASE WHEN drop_data THEN 'DELETE FROM github_sync.attached_tables WHERE record_type = %L'
			ELSE 'UPDATE github_sync.attached_tables SET attached_at = NULL,
				mapping = mapping || pg_catalog.jsonb_build_object(''was_captured'', %2$L::pg_catalog.bool)
				WHERE record_type = %1$L AND attached_at IS NOT NULL' END,
		record_type, EXISTS (SELECT FROM github_sync.capture_triggers(record_type,
			github_sync.attached_relation(record_type, github_sync.attached_table(record_type))))));
	PERFORM github_sync.make_views() WHERE record_type = 'comment';
	/* The application's tables first: it locks its row, and then our record. */
	FOR command IN SELECT * FROM github_sync.commands_at_application(record_type) LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
	PERFORM github_sync.give_back_all(record_type) WHERE NOT drop_data;
	FOR command IN SELECT * FROM github_sync.commands_of_detach(record_type) LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
	IF drop_data THEN
		PERFORM github_sync.drop_kept_tables(record_type);
	END IF;
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.detach(text, boolean) IS
'private: drops what attach made of a record type; the tables with their rows only on demand';
