/*
 * Attaching: what all attach_* functions share.  Definitions of attached
 * objects are text with {{...}} for what only the application knows; they are
 * run as the caller, outside the extension, and handed to the table's owner.
 */

CREATE FUNCTION github_sync.table_owner(application_table regclass) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found record;
BEGIN
	SELECT c.relkind, c.relpersistence, r.rolname, r.rolcanlogin, r.rolsuper INTO found
	FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = application_table;
	IF found.relkind NOT IN ('r', 'p') OR found.relpersistence = 't' THEN
		RAISE wrong_object_type USING
			MESSAGE = format('%s is not an ordinary or partitioned table', application_table);
	END IF;
	IF NOT pg_has_role(current_user, found.rolname, 'USAGE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('must be owner of table %s', application_table);
	END IF;
	IF found.rolsuper THEN
		RAISE WARNING USING
			MESSAGE = format('table %s belongs to superuser %s', application_table, found.rolname),
			DETAIL = 'The worker logs in as the owner: triggers and defaults of the table would run as a superuser.',
			HINT = 'Give the table to a role of its own before production: ALTER TABLE ... OWNER TO ...';
	ELSIF NOT found.rolcanlogin AND current_setting('server_version_num')::integer < 170000 THEN
		RAISE invalid_authorization_specification USING
			MESSAGE = format('role %s, the owner of table %s, cannot log in', found.rolname, application_table),
			DETAIL = 'The worker logs in as the owner of the table; before PostgreSQL 17 that needs LOGIN.',
			HINT = format('ALTER ROLE %I LOGIN', found.rolname);
	END IF;
	RETURN found.rolname;
END
$$;
COMMENT ON FUNCTION github_sync.table_owner(regclass) IS
'private: the owner of an application''s table that may be attached by the caller; raises when it is no table, not the caller''s, or its owner cannot log in';

CREATE FUNCTION github_sync.find_column(
	application_table regclass, given name, conventional name[], allowed_types text[], purpose text,
	OUT name name, OUT type text, OUT problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted name[] := CASE WHEN given IS NULL THEN conventional ELSE ARRAY[given] END;
	base_type text;
BEGIN
	SELECT a.attname, format_type(a.atttypid, a.atttypmod),
		CASE WHEN y.typtype = 'e' THEN 'enum' ELSE (CASE WHEN y.typtype = 'd' THEN y.typbasetype ELSE y.oid END)::regtype::text END
	INTO name, type, base_type
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
	WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (wanted)
	ORDER BY array_position(wanted, a.attname) LIMIT 1;
	IF name IS NULL THEN
		problem := format('no column for the %s: looked for %s', purpose, array_to_string(wanted, ', '));
	ELSIF NOT base_type = ANY (allowed_types) THEN
		problem := format('column %s cannot be the %s: its type %s is none of %s',
			name, purpose, type, array_to_string(allowed_types, ', '));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.find_column(regclass, name, name[], text[], text) IS
'private: the column of a purpose, by name or by convention, or the problem with it';

CREATE FUNCTION github_sync.find_key(
	application_table regclass, given name, OUT name name, OUT type text, OUT problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT a.attname, format_type(a.atttypid, a.atttypmod) INTO name, type
	FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
	WHERE i.indrelid = application_table AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
		AND i.indpred IS NULL AND i.indkey[0] > 0
		AND CASE WHEN given IS NULL THEN i.indisprimary ELSE a.attname = given END
	ORDER BY i.indisprimary DESC LIMIT 1;
	IF name IS NULL THEN
		problem := CASE WHEN given IS NULL THEN 'no single-column primary key'
			ELSE format('column %s has no unique index of its own', given) END;
	ELSIF type NOT IN ('integer', 'bigint', 'uuid', 'text') AND type NOT LIKE 'character varying%' THEN
		problem := format('the key %s has type %s: integer, bigint, uuid and text are possible', name, type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.find_key(regclass, name) IS
'private: the key column of an application''s table, or the problem with it';

CREATE FUNCTION github_sync.state_problem(
	application_table regclass, state_column name, open_value text, closed_value text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('values %L and %L do not fit column %s of type %s: give open_value and closed_value',
		open_value, closed_value, state_column, format_type(a.atttypid, a.atttypmod))
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
	WHERE a.attrelid = application_table AND a.attname = state_column
		AND CASE
			WHEN y.typtype = 'e' THEN (SELECT count(*) FROM pg_enum AS e
				WHERE e.enumtypid = y.oid AND e.enumlabel IN (open_value, closed_value)) < 2
			WHEN y.oid = 'boolean'::regtype THEN NOT (lower(open_value) IN ('true', 'false') AND lower(closed_value) IN ('true', 'false'))
			ELSE open_value = closed_value END
$$;
COMMENT ON FUNCTION github_sync.state_problem(regclass, name, text, text) IS
'private: why open_value and closed_value do not fit the state column, or NULL';

CREATE FUNCTION github_sync.raise_unfit_table(application_table regclass, problems text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE undefined_column USING
		MESSAGE = format('table %s cannot be attached: %s', application_table, array_to_string(problems, '; ')),
		DETAIL = 'It has ' || (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
			FROM pg_attribute AS a WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped) || '.',
		HINT = 'Name the columns in the call, for example title_column => ''headline''.';
END
$$;
COMMENT ON FUNCTION github_sync.raise_unfit_table(regclass, text[]) IS
'private: one error that says everything that is missing';

CREATE FUNCTION github_sync.hand_over(owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	FOR command IN
		SELECT format(o.command, o.what, owner) FROM (
			SELECT format('%I.%I', 'github_sync', c.relname) AS what, c.oid, 'pg_class'::regclass AS catalog,
				CASE c.relkind WHEN 'v' THEN 'ALTER VIEW %s OWNER TO %I' ELSE 'ALTER TABLE %s OWNER TO %I' END AS command
			FROM pg_class AS c
			WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v') AND pg_get_userbyid(c.relowner) <> owner
			UNION ALL
			SELECT p.oid::regprocedure::text, p.oid, 'pg_proc'::regclass, 'ALTER FUNCTION %s OWNER TO %I'
			FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND pg_get_userbyid(p.proowner) <> owner
			UNION ALL
			SELECT p.oid::regprocedure::text, p.oid, 'pg_proc'::regclass,
				'REVOKE ALL ON FUNCTION %s FROM PUBLIC'
			FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proacl IS NULL
			UNION ALL
			/* CREATE OR REPLACE forgets it. */
			SELECT p.oid::regprocedure::text, p.oid, 'pg_proc'::regclass,
				'ALTER FUNCTION %s DEPENDS ON EXTENSION '
					|| CASE WHEN p.proname ~ 'comment' THEN 'comment_sync_transaction' ELSE 'task_sync_transaction' END
			FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace
				AND NOT EXISTS (SELECT FROM pg_depend AS x
					WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype = 'x')
		) AS o
		WHERE NOT EXISTS (SELECT FROM pg_depend AS d
			WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e')
	LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
	/* The owner passes it on: grant_application(), grant_monitor(). */
	IF NOT has_schema_privilege(owner, 'github_sync', 'USAGE WITH GRANT OPTION') THEN
		PERFORM github_sync.execute_unowned(format('GRANT USAGE ON SCHEMA github_sync TO %I WITH GRANT OPTION', owner));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.hand_over(name) IS
'private: gives attached objects to the owner of the application''s table, closes them to PUBLIC and ties the functions to the extension: it cannot be dropped while triggers use them';

CREATE FUNCTION github_sync.make_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached text[] := (SELECT array_agg(a.record_type ORDER BY a.record_type DESC) FROM github_sync.attached_tables AS a
		WHERE to_regprocedure(format('github_sync.%I()', a.record_type || '_definitions')) IS NOT NULL);
	parts text[];
	part record;
BEGIN
	FOR i IN 1 .. cardinality(attached) LOOP
		EXECUTE format('SELECT $1 || array_agg(d.definition) FROM github_sync.%I() AS d WHERE d.part = ''views''',
			attached[i] || '_definitions') INTO parts USING parts;
	END LOOP;
	FOR part IN
		SELECT split_part(v, ':', 1) AS name, btrim(split_part(split_part(v, E'\n', 1), ':', 2)) AS tells,
			string_agg(substr(v, strpos(v, E'\n')), E'\nUNION ALL\n' ORDER BY p.n) AS query
		FROM unnest(parts) WITH ORDINALITY AS p (text, n), regexp_split_to_table(p.text, '--@view ') WITH ORDINALITY AS s (v, k)
		WHERE s.k > 1
		GROUP BY 1, 2
	LOOP
		PERFORM github_sync.execute_unowned(format('CREATE OR REPLACE VIEW github_sync.%I AS %s; COMMENT ON VIEW github_sync.%I IS %L',
			part.name, part.query, part.name, 'public: ' || part.tells));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.make_views() IS
'private: (re)makes the views over the record types that are attached';

CREATE FUNCTION github_sync.make_attached(
	record_type text, application_table regclass, owner name, dictionary jsonb, mapping jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
	definition text;
	entry record;
	where_it_is record;
BEGIN
	SELECT n.nspname, c.relname INTO where_it_is
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table;
	FOR definition IN EXECUTE format('SELECT d.definition FROM github_sync.%I() AS d WHERE d.part = ''objects'' ORDER BY d.place',
		record_type || '_definitions')
	LOOP
		FOR entry IN SELECT * FROM jsonb_each_text(dictionary) LOOP
			definition := replace(definition, '{{' || entry.key || '}}', entry.value);
		END LOOP;
		PERFORM github_sync.execute_unowned(definition);
	END LOOP;
	PERFORM github_sync.hand_over(owner);
	/* Attached again, a copy is still a copy: the identity stays. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables', format(
		'INSERT INTO github_sync.attached_tables (record_type, table_schema, table_name, mapping, database_identity, server_timeline)
		VALUES (%L, %L, %L, %L, %L, %L)
		ON CONFLICT ON CONSTRAINT attached_tables_pkey DO UPDATE SET
			table_schema = excluded.table_schema, table_name = excluded.table_name, mapping = excluded.mapping,
			attached_at = now()',
		record_type, where_it_is.nspname, where_it_is.relname, mapping, github_sync.database_identity(),
		github_sync.server_timeline()));
	PERFORM github_sync.make_views();
	PERFORM github_sync.hand_over(owner);
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.make_attached(text, regclass, name, jsonb, jsonb) IS
'private: makes (or adopts) the objects of a record type, registers the table and tells the launcher';

CREATE FUNCTION github_sync.check_not_attached_elsewhere(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present record;
BEGIN
	IF to_regclass('github_sync.attached_tables') IS NULL THEN
		RETURN;
	END IF;
	SELECT a.table_schema, a.table_name INTO present FROM github_sync.attached_tables AS a
	WHERE a.record_type = check_not_attached_elsewhere.record_type
		AND to_regclass(format('%I.%I', a.table_schema, a.table_name)) IS DISTINCT FROM application_table;
	IF FOUND THEN
		RAISE object_in_use USING
			MESSAGE = format('table %I.%I is attached already', present.table_schema, present.table_name),
			HINT = format('SELECT github_sync.detach_%ss() first.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_not_attached_elsewhere(text, regclass) IS
'private: one table a record type';

CREATE FUNCTION github_sync.adopt_database() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* What was queued when this copy was made may have been sent since by the original. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables', format(
		'UPDATE github_sync.attached_tables SET database_identity = %L, server_timeline = NULL', github_sync.database_identity()));
	PERFORM github_sync.poke_launcher();
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.adopt_database() IS
'public: makes this database the one that syncs; a restored or copied database sends nothing before. Make sure that the original no longer runs';

CREATE FUNCTION github_sync.auto_attach(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	candidates regclass[];
	problem text;
BEGIN
	SELECT array_agg(c.oid::regclass) INTO candidates
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE c.relname = record_type || 's' AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
		AND n.nspname <> 'information_schema' AND n.nspname <> 'github_sync' AND n.nspname !~ '^pg_'
		AND NOT EXISTS (SELECT FROM pg_depend AS d
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
	IF cardinality(candidates) = 1 THEN
		BEGIN
			EXECUTE format('SELECT github_sync.attach_%ss($1)', record_type) USING candidates[1];
			RAISE NOTICE 'attached table %', candidates[1];
			RETURN;
		EXCEPTION WHEN undefined_column OR invalid_authorization_specification OR object_not_in_prerequisite_state THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		END;
	END IF;
	RAISE NOTICE USING
		MESSAGE = format('no %ss table is attached: %s', record_type, coalesce(problem,
			format('found %s tables of that name', coalesce(cardinality(candidates), 0)))),
		HINT = format('SELECT github_sync.attach_%ss(''your_schema.your_table'', ...)', record_type);
END
$$;
COMMENT ON FUNCTION github_sync.auto_attach(text) IS
'private: attaches the one table of the conventional name, or says what to call';
