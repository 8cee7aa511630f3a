/*
 * Attaching: what all attach_* functions share.  Definitions of attached
 * objects are text with {{...}} for what only the application knows; they are
 * run as the caller, outside the extension, and handed to the table's owner.
 *
 * The caller may be a superuser, the owner of the table somebody else with
 * plans of his own.  So here as in the files that follow:
 *
 *	- A function of this schema is called with all its arguments, each of
 *	  exactly the declared type: whoever may create functions here cannot offer
 *	  one that fits better.
 *	- What lies in tables of the owner is read by read_as_owner() and written by
 *	  execute_as_owner().
 *	- What comes from there is quoted wherever it becomes part of a command.
 */

CREATE FUNCTION github_sync.table_owner(application_table regclass) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here record;
BEGIN
	SELECT c.relkind, c.relpersistence, r.rolname, r.rolcanlogin, r.rolsuper INTO here
	FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = application_table;
	IF NOT FOUND THEN
		RAISE undefined_table USING
			MESSAGE = format('there is no table %s', coalesce(application_table::text, 'null'));
	END IF;
	IF here.relkind NOT IN ('r', 'p') OR here.relpersistence = 't' THEN
		RAISE wrong_object_type USING
			MESSAGE = format('%s is not an ordinary or partitioned table', application_table);
	END IF;
	IF NOT pg_has_role(current_user, here.rolname, 'USAGE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('must be owner of table %s', application_table);
	END IF;
	IF here.rolsuper THEN
		RAISE WARNING USING
			MESSAGE = format('table %s belongs to superuser %s', application_table, here.rolname),
			DETAIL = 'The worker logs in as the owner: triggers and defaults of the table would run as a superuser.',
			HINT = 'Give the table to a role of its own before production: ALTER TABLE ... OWNER TO ...';
	ELSIF NOT here.rolcanlogin AND current_setting('server_version_num')::integer < 170000 THEN
		RAISE invalid_authorization_specification USING
			MESSAGE = format('role %s, the owner of table %s, cannot log in', here.rolname, application_table),
			DETAIL = 'The worker logs in as the owner of the table; before PostgreSQL 17 that needs LOGIN.',
			HINT = format('ALTER ROLE %I LOGIN', here.rolname);
	END IF;
	RETURN here.rolname;
END
$$;
COMMENT ON FUNCTION github_sync.table_owner(regclass) IS
'private: the owner of an application''s table that may be attached by the caller; raises when it is no table, not the caller''s, or its owner cannot log in';

CREATE FUNCTION github_sync.base_type(column_type oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE domains AS (
		SELECT y.oid, y.typtype, y.typbasetype FROM pg_type AS y WHERE y.oid = column_type
		UNION ALL
		SELECT y.oid, y.typtype, y.typbasetype FROM domains AS d JOIN pg_type AS y ON d.typtype = 'd' AND y.oid = d.typbasetype)
	SELECT d.oid FROM domains AS d WHERE d.typtype <> 'd'
$$;
COMMENT ON FUNCTION github_sync.base_type(oid) IS
'private: the type that a domain stands for in the end, any other type itself';

CREATE FUNCTION github_sync.find_column(
	application_table regclass, given name, conventional name[], allowed_types text[], purpose text,
	OUT name name, OUT type text, OUT problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted name[] := CASE WHEN given IS NULL THEN conventional ELSE ARRAY[given] END;
	here record;
	is_allowed boolean;
BEGIN
	SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS shown_type, a.attgenerated, y.oid AS base_type, y.typtype INTO here
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.base_type(a.atttypid)
	WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (wanted)
	ORDER BY array_position(wanted, a.attname) LIMIT 1;
	name := here.attname;
	/* With a length a cast would cut what is too long, without a word. */
	type := format_type(here.base_type, -1);
	is_allowed := CASE here.typtype WHEN 'e' THEN 'enum' ELSE here.base_type::regtype::text END = ANY (allowed_types);
	problem := CASE
		WHEN name IS NULL THEN
			format('no column for the %s: looked for %s', purpose, array_to_string(wanted, ', '))
		WHEN NOT is_allowed THEN
			format('column %s cannot be the %s: its type %s is none of %s',
				name, purpose, here.shown_type, array_to_string(allowed_types, ', '))
		WHEN here.attgenerated <> '' THEN
			format('column %s cannot be the %s: it is generated, so it cannot be written', name, purpose)
	END;
END
$$;
COMMENT ON FUNCTION github_sync.find_column(regclass, name, name[], text[], text) IS
'private: the column of a purpose, by name or by convention, and its type without domain and length, or the problem with it';

CREATE FUNCTION github_sync.find_key(
	application_table regclass, given name, OUT name name, OUT type text, OUT problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT a.attname, format_type(a.atttypid, -1) INTO name, type
	FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
	WHERE i.indrelid = application_table AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indnkeyatts = 1
		AND i.indpred IS NULL AND i.indkey[0] > 0
		AND CASE WHEN given IS NULL THEN i.indisprimary ELSE a.attname = given END
	ORDER BY i.indisprimary DESC LIMIT 1;
	IF name IS NULL THEN
		problem := CASE WHEN given IS NULL THEN 'no single-column primary key'
			ELSE format('column %s has no unique index of its own', given) END;
	ELSIF type NOT IN ('integer', 'bigint', 'uuid', 'text', 'character varying') THEN
		problem := format('the key %s has type %s: integer, bigint, uuid and text are possible', name, type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.find_key(regclass, name) IS
'private: the key column of an application''s table, or the problem with it';

CREATE FUNCTION github_sync.is_boolean(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN value::boolean IS NOT NULL;
EXCEPTION WHEN invalid_text_representation THEN
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.is_boolean(text) IS
'private: whether a text is the name of true or false';

CREATE FUNCTION github_sync.state_problem(
	application_table regclass, state_column name, open_value text, closed_value text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('values %L and %L do not fit column %s of type %s: give open_value and closed_value',
		open_value, closed_value, state_column, format_type(a.atttypid, a.atttypmod))
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.base_type(a.atttypid)
	WHERE a.attrelid = application_table AND a.attname = state_column
		AND (open_value IS NULL OR closed_value IS NULL OR CASE
			WHEN y.typtype = 'e' THEN (SELECT count(*) FROM pg_enum AS e
				WHERE e.enumtypid = y.oid AND e.enumlabel IN (open_value, closed_value)) < 2
			WHEN y.oid = 'boolean'::regtype THEN NOT (github_sync.is_boolean(open_value) AND github_sync.is_boolean(closed_value))
				OR open_value::boolean = closed_value::boolean
			ELSE open_value = closed_value END)
$$;
COMMENT ON FUNCTION github_sync.state_problem(regclass, name, text, text) IS
'private: why open_value and closed_value do not fit the state column, or NULL';

CREATE FUNCTION github_sync.time_zone_problem(time_zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE WHEN now() AT TIME ZONE time_zone IS NULL THEN 'modified_at_time_zone is null' END;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN format('there is no time zone %L', time_zone);
END
$$;
COMMENT ON FUNCTION github_sync.time_zone_problem(text) IS
'private: why modified_at_time_zone cannot be used, or NULL';

CREATE FUNCTION github_sync.insert_values_problem(insert_values regprocedure, owner name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN p.oid IS NULL THEN
			'insert_values names no function'
		WHEN oidvectortypes(p.proargtypes) <> 'bigint, jsonb' OR p.prorettype <> 'jsonb'::regtype OR p.proretset THEN
			format('insert_values needs a function (github_repo_id bigint, resource jsonb) that returns jsonb, not %s', insert_values)
		WHEN NOT has_schema_privilege(owner, p.pronamespace, 'USAGE') OR NOT has_function_privilege(owner, p.oid, 'EXECUTE') THEN
			format('role %I may not execute %s', owner, insert_values)
	END
	FROM (VALUES (insert_values)) AS given (function) LEFT JOIN pg_proc AS p ON p.oid = given.function
	WHERE given.function IS NOT NULL
$$;
COMMENT ON FUNCTION github_sync.insert_values_problem(regprocedure, name) IS
'private: why a function cannot give the values of further columns, or NULL; the worker calls it as the owner';

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

CREATE FUNCTION github_sync.attached_table(record_type text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass('github_sync.attached_tables') IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN github_sync.read_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT to_jsonb(a) FROM github_sync.attached_tables AS a WHERE a.record_type = %L', record_type))::jsonb;
END
$$;
COMMENT ON FUNCTION github_sync.attached_table(text) IS
'private: the row of attached_tables for a record type, NULL: none is attached; for the owner of the queue only';

CREATE FUNCTION github_sync.attached_name(attached jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%I.%I', attached ->> 'table_schema', attached ->> 'table_name');
COMMENT ON FUNCTION github_sync.attached_name(jsonb) IS
'private: the name of an attached table, quoted';

CREATE FUNCTION github_sync.queue_owner() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = to_regclass('github_sync.attached_tables'));
COMMENT ON FUNCTION github_sync.queue_owner() IS
'private: to whom everything that attach made belongs; NULL: nothing was attached';

CREATE FUNCTION github_sync.require_owner() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.queue_owner();
BEGIN
	IF owner IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no tasks table is attached',
			HINT = 'SELECT github_sync.attach_tasks(...) first.';
	END IF;
	IF NOT pg_has_role(current_user, owner, 'USAGE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = 'must be owner of the tables in schema github_sync',
			DETAIL = format('They belong to role %I.', owner);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_owner() IS
'private: a clear error for anybody else than the owner of what attach made (or a superuser), and where nothing was ever attached';

CREATE FUNCTION github_sync.require_create() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT has_schema_privilege(current_user, 'github_sync', 'CREATE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %I may not create objects in schema github_sync', current_user),
			DETAIL = 'What is made there belongs to the owner of the application''s table.',
			HINT = format('Let a superuser make this call, or GRANT CREATE ON SCHEMA github_sync TO %I and REVOKE it afterwards.', current_user);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_create() IS
'private: a clear error, with the statement that mends it, where an owner who is no superuser may not create';

CREATE FUNCTION github_sync.made_by_attach(
	OUT what text, OUT owner name, OUT kind text, OUT is_public boolean, OUT depends_on name)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT o.what, pg_get_userbyid(o.owner), o.kind, o.is_public,
		(SELECT e.extname FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
		WHERE d.classid = o.catalog AND d.objid = o.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x' LIMIT 1)
	FROM (
		SELECT format('%I.%I', 'github_sync', c.relname), c.relowner, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, false,
			'pg_class'::regclass, c.oid
		FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		UNION ALL
		SELECT p.oid::regprocedure::text, p.proowner, 'ROUTINE', p.proacl IS NULL, 'pg_proc'::regclass, p.oid
		FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace
	) AS o (what, owner, kind, is_public, catalog, oid)
	WHERE NOT EXISTS (SELECT FROM pg_depend AS d
		WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e')
$$;
COMMENT ON FUNCTION github_sync.made_by_attach() IS
'private: tables, views and functions in our schema that are no members of an extension; nobody else should have put any there';

CREATE FUNCTION github_sync.refuse_strangers(owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	strange record;
BEGIN
	SELECT m.what, m.kind, m.owner INTO strange
	FROM github_sync.made_by_attach() AS m JOIN pg_roles AS r ON r.rolname = m.owner
	WHERE m.owner NOT IN (refuse_strangers.owner, current_user) AND NOT r.rolsuper
	ORDER BY m.kind = 'ROUTINE', m.what COLLATE "C" LIMIT 1;
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('%s in schema github_sync belongs to role %I, who does not own the application''s table', strange.what, strange.owner),
			HINT = format('DROP %1$s %2$s, or ALTER %1$s %2$s OWNER TO %3$I where it is known to be good; and REVOKE CREATE ON SCHEMA github_sync FROM %4$I',
				strange.kind, strange.what, refuse_strangers.owner, strange.owner);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.refuse_strangers(name) IS
'private: what another role created in our schema is neither adopted nor worked beside; it would get the rights of the new owner. A superuser''s is handed over';

CREATE FUNCTION github_sync.hand_over(owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	FOR command IN
		SELECT c.command FROM github_sync.made_by_attach() AS m CROSS JOIN LATERAL (
			SELECT format('ALTER %s %s OWNER TO %I', m.kind, m.what, hand_over.owner) WHERE m.owner <> hand_over.owner
			UNION ALL
			SELECT format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', m.what) WHERE m.is_public
			UNION ALL
			/* CREATE OR REPLACE forgets it. */
			SELECT format('ALTER ROUTINE %s DEPENDS ON EXTENSION %I', m.what,
				CASE WHEN m.what ~ 'comment' THEN 'comment_sync_transaction' ELSE 'task_sync_transaction' END)
			WHERE m.kind = 'ROUTINE' AND m.depends_on IS NULL) AS c (command)
	LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
	/* The owner passes it on by grant_application() and grant_monitor(). Only who has it can give it. */
	IF NOT has_schema_privilege(hand_over.owner, 'github_sync', 'USAGE WITH GRANT OPTION')
		AND has_schema_privilege(current_user, 'github_sync', 'USAGE WITH GRANT OPTION') THEN
		PERFORM github_sync.execute_unowned(format('GRANT USAGE ON SCHEMA github_sync TO %I WITH GRANT OPTION', hand_over.owner));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.hand_over(name) IS
'private: gives attached objects to the owner of the application''s table, closes them to PUBLIC and ties the functions to the extension: it cannot be dropped while triggers use them';

CREATE FUNCTION github_sync.plan_by_index() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry_point regprocedure;
BEGIN
	FOR entry_point IN
		SELECT p.oid FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		PERFORM github_sync.execute_unowned(format('ALTER ROUTINE %s SET enable_seqscan = off', entry_point));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.plan_by_index() IS
'private: every entry to the rules plans by index. A queue is often all but empty, and a session keeps its plans: read from end to end for each of the rows of one large statement it would cost their square';

CREATE FUNCTION github_sync.fill_in(definition text, dictionary jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
	delimiter text := 'body';
	pieces text[];
	word text;
	filled text;
BEGIN
	/* A name with $$ in it must not end the body that it stands in. */
	WHILE strpos(dictionary::text, '$' || delimiter) > 0 LOOP
		delimiter := delimiter || '_';
	END LOOP;
	pieces := string_to_array(replace(definition, '$$', '$' || delimiter || '$'), '{{');
	filled := pieces[1];
	FOR i IN 2 .. cardinality(pieces) LOOP
		word := split_part(pieces[i], '}}', 1);
		IF dictionary ->> word IS NULL THEN
			RAISE internal_error USING
				MESSAGE = format('nobody says what to fill in for {{%s}}', word);
		END IF;
		filled := filled || (dictionary ->> word) || substr(pieces[i], length(word) + 3);
	END LOOP;
	RETURN filled;
END
$function$;
COMMENT ON FUNCTION github_sync.fill_in(text, jsonb) IS
'private: replaces each {{word}} of a definition by what the dictionary says, in one pass: what is filled in is never looked at again';

CREATE FUNCTION github_sync.definitions_of(record_type text, part text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT d.definition FROM github_sync.%I() AS d WHERE d.part = $1 ORDER BY d.place',
		record_type || '_definitions') USING part;
END
$$;
COMMENT ON FUNCTION github_sync.definitions_of(text, text) IS
'private: the definitions of a record type''s objects, or of its share of the views, in the order in which they are made';

CREATE FUNCTION github_sync.view_parts(
	record_types text[], OUT view_name text, OUT tells text, OUT columns text[], OUT query text)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH parts AS (
		SELECT t.place, split_part(v.text, ':', 1) AS view_name, regexp_split_to_array(v.text, E'\n') AS lines
		FROM unnest(record_types) WITH ORDINALITY AS t (record_type, place),
			github_sync.definitions_of(t.record_type, 'views'::text) AS d (definition),
			regexp_split_to_table(d.definition, '--@view ') WITH ORDINALITY AS v (text, place)
		WHERE v.place > 1)
	SELECT p.view_name, min(btrim(substr(p.lines[1], strpos(p.lines[1], ':') + 1))),
		(SELECT array_agg(l.line ORDER BY l.place) FROM (SELECT f.lines FROM parts AS f WHERE f.view_name = p.view_name ORDER BY f.place LIMIT 1) AS f,
			unnest(f.lines) WITH ORDINALITY AS l (line, place)
		WHERE l.line LIKE '--@column %'),
		string_agg((SELECT string_agg(l.line, E'\n' ORDER BY l.place) FROM unnest(p.lines[2:]) WITH ORDINALITY AS l (line, place)
			WHERE l.line NOT LIKE '--@column %'), E'\nUNION ALL\n' ORDER BY p.place)
	FROM parts AS p GROUP BY p.view_name
$$;
COMMENT ON FUNCTION github_sync.view_parts(text[]) IS
'private: the views over some record types: what each tells, the lines about its columns, and its query';

/* Compiling the query that takes the templates apart takes far longer than running it. */
CREATE FUNCTION github_sync.make_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	attached text[] := (SELECT array_agg(t.record_type) FROM (VALUES ('task'), ('comment')) AS t (record_type)
		WHERE github_sync.attached_table(t.record_type) IS NOT NULL
			AND to_regprocedure(format('github_sync.%I()', t.record_type || '_definitions')) IS NOT NULL);
	part record;
BEGIN
	FOR part IN SELECT * FROM github_sync.view_parts(attached) LOOP
		PERFORM github_sync.execute_unowned(format('CREATE OR REPLACE VIEW github_sync.%I AS %s', part.view_name, part.query));
		PERFORM github_sync.execute_unowned(format('COMMENT ON VIEW github_sync.%I IS %L', part.view_name, 'public: ' || part.tells));
		PERFORM github_sync.execute_unowned(format('COMMENT ON COLUMN github_sync.%I.%I IS %L',
			part.view_name, btrim(split_part(split_part(c.line, ':', 1), ' ', 2)), btrim(substr(c.line, strpos(c.line, ':') + 1))))
		FROM unnest(part.columns) AS c (line);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.make_views() IS
'private: (re)makes the views over the record types that are attached, with what their templates say of each column';

CREATE FUNCTION github_sync.check_kept_queue(record_type text, application_table regclass, key_name name, key_type text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kept record;
BEGIN
	SELECT k.confrelid, f.attname AS key_name, format_type(a.atttypid, -1) AS key_type INTO kept
	FROM pg_attribute AS a
	LEFT JOIN pg_constraint AS k ON k.conrelid = a.attrelid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
	LEFT JOIN pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
	WHERE a.attrelid = to_regclass(format('github_sync.%I', record_type || '_sync_transactions'))
		AND a.attname = record_type || '_id' AND NOT a.attisdropped;
	IF FOUND AND (kept.confrelid, kept.key_name, kept.key_type)
		IS DISTINCT FROM (application_table::oid, key_name, key_type) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the queue that is there belongs to %s, not to column %I (%s) of table %s',
				CASE WHEN kept.confrelid IS NULL THEN 'a table that is gone'
					ELSE format('column %I (%s) of table %s', kept.key_name, kept.key_type, kept.confrelid::regclass) END,
				key_name, key_type, application_table),
			HINT = format('SELECT github_sync.detach_%ss(true) drops it with its history.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_kept_queue(text, regclass, name, text) IS
'private: a queue that a detach or a restore left is adopted only with the key that its rows refer to';

CREATE FUNCTION github_sync.check_not_attached_elsewhere(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present jsonb := github_sync.attached_table(record_type);
BEGIN
	IF present IS NOT NULL AND to_regclass(github_sync.attached_name(present)) IS DISTINCT FROM application_table THEN
		RAISE object_in_use USING
			MESSAGE = format('table %s is attached already', github_sync.attached_name(present)),
			HINT = format('SELECT github_sync.detach_%ss() first.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_not_attached_elsewhere(text, regclass) IS
'private: one table a record type';

CREATE FUNCTION github_sync.check_may_attach(record_type text, application_table regclass, owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.queue_owner() IS NOT NULL THEN
		PERFORM github_sync.require_owner();
	END IF;
	PERFORM github_sync.check_not_attached_elsewhere(record_type, application_table);
	PERFORM github_sync.require_create();
	PERFORM github_sync.refuse_strangers(owner);
END
$$;
COMMENT ON FUNCTION github_sync.check_may_attach(text, regclass, name) IS
'private: whether the caller may attach a table now; raises if not';

CREATE FUNCTION github_sync.make_attached(
	record_type text, application_table regclass, owner name, dictionary jsonb, mapping jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
	definition text;
	where_it_is record;
BEGIN
	PERFORM github_sync.check_kept_queue(record_type, application_table, (mapping ->> 'id')::name, mapping ->> 'key_type');
	SELECT n.nspname, c.relname INTO where_it_is
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table;
	FOR definition IN SELECT * FROM github_sync.definitions_of(record_type, 'objects'::text) LOOP
		PERFORM github_sync.execute_unowned(github_sync.fill_in(definition, dictionary));
	END LOOP;
	PERFORM github_sync.plan_by_index();
	PERFORM github_sync.hand_over(owner);
	/* Attached again, a copy is still a copy: the identity stays. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'INSERT INTO github_sync.attached_tables (record_type, table_schema, table_name, mapping, database_identity, server_timeline)
		VALUES (%L, %L, %L, %L, %L, %L)
		ON CONFLICT ON CONSTRAINT attached_tables_pkey DO UPDATE SET
			table_schema = excluded.table_schema, table_name = excluded.table_name, mapping = excluded.mapping,
			attached_at = now()',
		record_type, where_it_is.nspname, where_it_is.relname, mapping, github_sync.database_identity(),
		github_sync.server_timeline()));
	PERFORM github_sync.make_views();
	PERFORM github_sync.hand_over(owner);
	/* Capture that is on goes on, by the columns that count now. */
	PERFORM github_sync.capture_changes(record_type, true)
	WHERE EXISTS (SELECT FROM github_sync.capture_triggers(record_type, application_table));
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.make_attached(text, regclass, name, jsonb, jsonb) IS
'private: makes (or adopts) the objects of a record type, registers the table and tells the launcher';

CREATE FUNCTION github_sync.adopt_database() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	/* What was queued when this copy was made may have been sent since by the original. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
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
			PERFORM github_sync.attach_by_convention(record_type, candidates[1]);
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

CREATE FUNCTION github_sync.attach_by_convention(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* All arguments, so that no other function of the name fits better. */
	IF record_type = 'task' THEN
		PERFORM github_sync.attach_tasks(application_table, NULL::name, NULL::name, NULL::name, NULL::name, 'open'::text, 'closed'::text,
			NULL::name, 'UTC'::text, NULL::name, NULL::regprocedure);
	ELSE
		PERFORM github_sync.attach_comments(application_table, NULL::name, NULL::name, NULL::name, NULL::name, 'UTC'::text, NULL::regprocedure);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.attach_by_convention(text, regclass) IS
'private: attaches a table by the defaults of attach_tasks or attach_comments';
