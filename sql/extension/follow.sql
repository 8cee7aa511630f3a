/*
 * Following the application's migrations: what was renamed is renamed in the
 * functions that name it, by the same transaction, and what cannot be followed
 * is said at once.
 */

CREATE FUNCTION github_sync.function_bodies(filled_in text, OUT function_name text, OUT body text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH pieces AS (
		SELECT p.place, p.piece
		FROM regexp_split_to_table(filled_in, '[$]body_*[$]') WITH ORDINALITY AS p (piece, place))
	SELECT (regexp_match(head.piece, '.*CREATE OR REPLACE FUNCTION github_sync[.]([a-z_]+)'))[1], text.piece
	FROM pieces AS head JOIN pieces AS text ON text.place = head.place + 1
	WHERE head.place % 2 = 1 AND head.piece ~ 'CREATE OR REPLACE FUNCTION'
$$;
COMMENT ON FUNCTION github_sync.function_bodies(text) IS
'private: the functions of a definition that is filled in, and their bodies; the delimiter is that of fill_in()';

CREATE FUNCTION github_sync.rewrite_functions(record_type text, was jsonb, becomes jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	changed record;
BEGIN
	FOR changed IN
		/* Materialized: filled in once, and not for each function there is. */
		WITH new AS MATERIALIZED (
			SELECT b.function_name, b.body
			FROM github_sync.definitions_of(record_type, 'objects'::text) AS d (definition)
			CROSS JOIN LATERAL (VALUES (
				github_sync.fill_in(d.definition, was), github_sync.fill_in(d.definition, becomes))) AS f (was, becomes)
			CROSS JOIN LATERAL github_sync.function_bodies(f.becomes) AS b
			WHERE f.was <> f.becomes)
		SELECT p.oid, new.body
		FROM new JOIN pg_proc AS p ON p.pronamespace = 'github_sync'::regnamespace AND p.proname = new.function_name
		WHERE p.prosrc <> new.body
			AND NOT EXISTS (SELECT FROM pg_depend AS e
				WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
	LOOP
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'SELECT github_sync.replace_function_body(%s::regprocedure, %L)', changed.oid, changed.body));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.rewrite_functions(text, jsonb, jsonb) IS
'private: gives the functions of a record type that name the application''s columns the names of another dictionary';

CREATE FUNCTION github_sync.follow_table(record_type text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached jsonb := github_sync.attached_table(record_type);
	stored jsonb := attached -> 'mapping';
	application_table regclass := github_sync.attached_relation(record_type, attached);
	now_called jsonb;
	mapping github_sync.table_mapping;
	problems text[];
	becomes jsonb;
BEGIN
	IF attached IS NULL THEN
		RETURN NULL;
	END IF;
	IF application_table IS NULL THEN
		RETURN format('table %s is gone', github_sync.attached_name(attached));
	END IF;
	now_called := github_sync.with_schema_of_now(record_type, application_table, attached);
	mapping := github_sync.find_columns(
		record_type, application_table, github_sync.stored_mapping(application_table, now_called));
	problems := github_sync.mapping_problems(application_table, mapping, github_sync.queue_owner())
		|| github_sync.gone_function(application_table, stored);
	problems := array_remove(problems, NULL);
	IF cardinality(problems) > 0 THEN
		RETURN array_to_string(problems, '; ');
	END IF;
	becomes := github_sync.mapping_to_store(record_type, application_table, mapping, stored -> 'given');
	/* Functions keep their arguments: a key of another type is for attach. */
	becomes := jsonb_set(becomes, '{dictionary,key_type}', stored -> 'dictionary' -> 'key_type')
		|| jsonb_build_object('key_type', stored -> 'key_type');
	IF becomes <> stored OR github_sync.attached_name(attached) <> github_sync.table_name(application_table) THEN
		PERFORM github_sync.rewrite_functions(record_type, stored -> 'dictionary', becomes -> 'dictionary');
		PERFORM github_sync.store_mapping(record_type, application_table, becomes);
		PERFORM github_sync.capture_changes(record_type, true)
		WHERE (becomes -> 'captured_columns', becomes -> 'id') <> (stored -> 'captured_columns', stored -> 'id')
			AND EXISTS (SELECT FROM github_sync.capture_triggers(record_type, application_table));
	END IF;
	RETURN coalesce(github_sync.names_drift(application_table, becomes),
		github_sync.key_drift(application_table, becomes));
END
$$;
COMMENT ON FUNCTION github_sync.follow_table(text) IS
'private: follows what was renamed in an attached table, and says what else became of it; NULL: nothing. '
'For the owner of the queue';

CREATE FUNCTION github_sync.say_what_drifted(record_type text, drift text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	remedy CONSTANT text := github_sync.remedy_of_mapping(record_type);
BEGIN
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT github_sync.%I(%L, ''mapping'', %L, %L)', 'note_problem', record_type, drift, remedy));
	RAISE WARNING USING
		MESSAGE = format('the attached %ss are not what was attached: %s', record_type, drift),
		DETAIL = 'Nothing of this fails the application. What is not synced until then is made up for by the call.',
		HINT = remedy;
END
$$;
COMMENT ON FUNCTION github_sync.say_what_drifted(text, text) IS
'private: tells who migrates the application''s table, and sync_problems, what no longer fits';

CREATE FUNCTION github_sync.say_that_none_fits(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached jsonb := github_sync.attached_table(record_type);
	refused record;
BEGIN
	SELECT d.drift, d.remedy INTO refused FROM github_sync.milestone_drift(
		attached ->> 'table_schema', attached ->> 'table_name', attached -> 'mapping') AS d;
	IF refused.drift IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('the attached %ss are not what was attached: %s', record_type, refused.drift),
			DETAIL = 'Nothing of this fails the application. The sync of a task whose issue has none ends in an error.',
			HINT = refused.remedy;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.say_that_none_fits(text) IS
'private: tells who migrates the application''s table where no milestone cannot be written any more. sync_problems '
'tells it by itself as long as it is so';

/*
 * Whoever runs such a command: for others than the owner of the queue, nothing
 * here is looked at.  And nobody who holds a table of ours holds up commands
 * that may have nothing to do with us for longer than a second.
 */
CREATE FUNCTION github_sync.follow_ddl() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
	attached_type text;
	application_table regclass;
	drift text;
BEGIN
	/* By itself: what is named below could not even be looked up. */
	IF NOT has_schema_privilege('github_sync', 'USAGE') OR to_regclass('github_sync.attached_tables') IS NULL THEN
		RETURN;
	END IF;
	IF NOT pg_has_role(github_sync.queue_owner(), 'USAGE')
		OR NOT has_schema_privilege(github_sync.queue_owner(), 'github_sync', 'USAGE')
		OR NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS d
			WHERE d.schema_name IS DISTINCT FROM 'github_sync') THEN
		RETURN;
	END IF;
	FOREACH attached_type IN ARRAY ARRAY['task', 'comment'] LOOP
		application_table := github_sync.attached_relation(attached_type, github_sync.attached_table(attached_type));
		CONTINUE WHEN NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() AS d
			WHERE d.objid = application_table
				OR d.objid = (SELECT c.relnamespace FROM pg_class AS c WHERE c.oid = application_table)
				OR d.objid IN (SELECT a.atttypid FROM pg_attribute AS a WHERE a.attrelid = application_table));
		drift := github_sync.follow_table(attached_type);
		PERFORM github_sync.say_what_drifted(attached_type, drift) WHERE drift IS NOT NULL;
		PERFORM github_sync.say_that_none_fits(attached_type);
	END LOOP;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	/* The migration goes on; sync_problems shows by itself what does not fit. */
	RAISE WARNING USING
		MESSAGE = format('github_sync could not follow this command: %s', SQLERRM),
		HINT = 'SELECT github_sync.refresh_attached()';
END
$$;
COMMENT ON FUNCTION github_sync.follow_ddl() IS
'private: event trigger: has attached tables followed when they, their schema or a type of theirs were altered';

CREATE EVENT TRIGGER github_sync_follow_ddl ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'ALTER SCHEMA', 'ALTER TYPE', 'ALTER DOMAIN')
	EXECUTE FUNCTION github_sync.follow_ddl();
COMMENT ON EVENT TRIGGER github_sync_follow_ddl IS
'follows renamed columns, tables and schemas of what is attached to github_sync; fails no command';
