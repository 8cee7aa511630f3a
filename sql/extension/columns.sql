/*
 * The columns of an application's table: found by name or by convention, and
 * refused, all in one error, where they do not fit.
 *
 * A type is named without its domain and its length: cast to a type with a
 * length, what is too long would be cut without a word.
 */

CREATE TYPE github_sync.found_column AS (
	name name,
	type text,
	problem text
);
COMMENT ON TYPE github_sync.found_column IS
'private: a column of an application''s table, its type without domain and length, and why it cannot be used. '
'No name and no problem: there is none, and none is needed';

CREATE TYPE github_sync.table_mapping AS (
	key github_sync.found_column,
	task_id github_sync.found_column,
	title github_sync.found_column,
	body github_sync.found_column,
	state github_sync.found_column,
	open_value text,
	closed_value text,
	modified_at github_sync.found_column,
	modified_at_time_zone text,
	github_repo github_sync.found_column,
	insert_values regprocedure
);
COMMENT ON TYPE github_sync.table_mapping IS
'private: what attach knows of an application''s table; NULL: what only the other record type has';

CREATE FUNCTION github_sync.mapped_names(mapping github_sync.table_mapping) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_strip_nulls(jsonb_build_object(
	'key', (mapping.key).name, 'task_id', (mapping.task_id).name, 'title', (mapping.title).name,
	'body', (mapping.body).name, 'state', (mapping.state).name, 'modified_at', (mapping.modified_at).name,
	'github_repo', (mapping.github_repo).name));
COMMENT ON FUNCTION github_sync.mapped_names(github_sync.table_mapping) IS
'private: the columns of a mapping, by what they are for';

/* The caller may have all identifiers quoted, those of types too; ours are compared and kept. */
CREATE FUNCTION github_sync.type_name(type oid, modifier integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
RETURN format_type(type, modifier);
COMMENT ON FUNCTION github_sync.type_name(oid, integer) IS
'private: the name of a type, as format_type() says it, whatever the session''s settings';

CREATE FUNCTION github_sync.base_type(column_type oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE domains AS (
		SELECT y.oid, y.typtype, y.typbasetype FROM pg_type AS y WHERE y.oid = column_type
		UNION ALL
		SELECT y.oid, y.typtype, y.typbasetype
		FROM domains AS d JOIN pg_type AS y ON d.typtype = 'd' AND y.oid = d.typbasetype)
	SELECT d.oid FROM domains AS d WHERE d.typtype <> 'd'
$$;
COMMENT ON FUNCTION github_sync.base_type(oid) IS
'private: the type that a domain stands for in the end, any other type itself';

CREATE FUNCTION github_sync.find_column(
	application_table regclass, given name, conventional name[], allowed_types text[],
	purpose text, is_required boolean)
RETURNS github_sync.found_column
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted name[] := CASE WHEN given IS NULL THEN conventional ELSE ARRAY[given] END;
	candidate record;
	is_allowed boolean;
	chosen github_sync.found_column;
BEGIN
	SELECT a.attname, github_sync.type_name(a.atttypid, a.atttypmod) AS shown_type, a.attgenerated,
		y.oid AS base_type, y.typtype INTO candidate
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.base_type(a.atttypid)
	WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (wanted)
	ORDER BY array_position(wanted, a.attname) LIMIT 1;
	chosen.name := candidate.attname;
	chosen.type := github_sync.type_name(candidate.base_type, -1);
	is_allowed := CASE candidate.typtype WHEN 'e' THEN 'enum'
		ELSE github_sync.type_name(candidate.base_type, NULL::integer) END = ANY (allowed_types);
	chosen.problem := CASE
		WHEN candidate.attname IS NULL THEN
			CASE WHEN is_required OR given IS NOT NULL THEN
				format('no column for the %s: looked for %s', purpose, array_to_string(wanted, ', ')) END
		WHEN NOT is_allowed THEN
			format('column %s cannot be the %s: its type %s is none of %s',
				candidate.attname, purpose, candidate.shown_type, array_to_string(allowed_types, ', '))
		WHEN candidate.attgenerated <> '' THEN
			format('column %s cannot be the %s: it is generated, so it cannot be written', candidate.attname, purpose)
	END;
	RETURN chosen;
END
$$;
COMMENT ON FUNCTION github_sync.find_column(regclass, name, name[], text[], text, boolean) IS
'private: the column of a purpose, by the name that was given or by convention. '
'Not required: it may be absent, unless its name was given';

CREATE FUNCTION github_sync.find_text_column(application_table regclass, given name, conventional name[], purpose text)
RETURNS github_sync.found_column
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN github_sync.find_column(application_table, given, conventional,
	'{text,character varying,character}'::text[], purpose, true);
COMMENT ON FUNCTION github_sync.find_text_column(regclass, name, name[], text) IS
'private: the column of a title or a body';

CREATE FUNCTION github_sync.find_modified_at_column(application_table regclass, given name)
RETURNS github_sync.found_column
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN github_sync.find_column(application_table, given, '{modified_at,updated_at}'::name[],
	'{timestamp with time zone,timestamp without time zone}'::text[], 'time of the last change'::text, true);
COMMENT ON FUNCTION github_sync.find_modified_at_column(regclass, name) IS
'private: the column that says when a row was last changed';

CREATE FUNCTION github_sync.find_key(application_table regclass, given name) RETURNS github_sync.found_column
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key github_sync.found_column;
BEGIN
	SELECT a.attname, github_sync.type_name(a.atttypid, -1) INTO key.name, key.type
	FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
	WHERE i.indrelid = application_table AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indnkeyatts = 1
		AND i.indpred IS NULL AND i.indkey[0] > 0
		AND CASE WHEN given IS NULL THEN i.indisprimary ELSE a.attname = given END
	ORDER BY i.indisprimary DESC LIMIT 1;
	IF key.name IS NULL THEN
		key.problem := CASE WHEN given IS NULL THEN 'no single-column primary key'
			ELSE format('column %s has no unique index of its own', quote_ident(given)) END;
	ELSIF key.type NOT IN ('integer', 'bigint', 'uuid', 'text', 'character varying') THEN
		key.problem := format('the key %s has type %s: integer, bigint, uuid and text are possible',
			key.name, key.type);
	END IF;
	RETURN key;
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
		open_value, closed_value, state_column, github_sync.type_name(a.atttypid, a.atttypmod))
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.base_type(a.atttypid)
	WHERE a.attrelid = application_table AND a.attname = state_column
		AND (open_value IS NULL OR closed_value IS NULL OR CASE
			WHEN y.typtype = 'e' THEN (SELECT count(*) FROM pg_enum AS e
				WHERE e.enumtypid = y.oid AND e.enumlabel IN (open_value, closed_value)) < 2
			WHEN y.oid = 'boolean'::regtype THEN
				NOT (github_sync.is_boolean(open_value) AND github_sync.is_boolean(closed_value))
				OR open_value::boolean = closed_value::boolean
			ELSE open_value = closed_value END)
$$;
COMMENT ON FUNCTION github_sync.state_problem(regclass, name, text, text) IS
'private: why open_value and closed_value do not fit the state column; NULL: they do, or there is no such column';

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
		WHEN p.pronargs <> 2 OR p.proargtypes[0] <> 'bigint'::regtype OR p.proargtypes[1] <> 'jsonb'::regtype
			OR p.prorettype <> 'jsonb'::regtype OR p.proretset THEN
			format('insert_values needs a function (github_repo_id bigint, resource jsonb) that returns jsonb, not %s',
				insert_values)
		WHEN NOT has_schema_privilege(owner, p.pronamespace, 'USAGE')
			OR NOT has_function_privilege(owner, p.oid, 'EXECUTE') THEN
			format('role %I may not execute %s', owner, insert_values)
	END
	FROM (VALUES (insert_values)) AS given (function) LEFT JOIN pg_proc AS p ON p.oid = given.function
	WHERE given.function IS NOT NULL
$$;
COMMENT ON FUNCTION github_sync.insert_values_problem(regprocedure, name) IS
'private: why a function cannot give the values of further columns, or NULL; the worker calls it as the owner';

CREATE FUNCTION github_sync.columns_of(application_table regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(
		format('%I %s', a.attname, github_sync.type_name(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
	FROM pg_attribute AS a WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION github_sync.columns_of(regclass) IS
'private: the columns of a table with their types, for an error';

CREATE FUNCTION github_sync.mapping_problems(
	application_table regclass, mapping github_sync.table_mapping, owner name) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN array_remove(ARRAY[
	(mapping.key).problem, (mapping.task_id).problem, (mapping.title).problem, (mapping.body).problem,
	(mapping.modified_at).problem,
	coalesce((mapping.state).problem, github_sync.state_problem(
		application_table, (mapping.state).name, mapping.open_value, mapping.closed_value)),
	(mapping.github_repo).problem,
	github_sync.time_zone_problem(mapping.modified_at_time_zone),
	github_sync.insert_values_problem(mapping.insert_values, owner)], NULL);
COMMENT ON FUNCTION github_sync.mapping_problems(regclass, github_sync.table_mapping, name) IS
'private: everything that is missing or unfit in an application''s table; empty: it can be attached';

CREATE FUNCTION github_sync.check_mapping(
	application_table regclass, mapping github_sync.table_mapping, owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problems text[] := github_sync.mapping_problems(application_table, mapping, owner);
BEGIN
	IF cardinality(problems) > 0 THEN
		RAISE undefined_column USING
			MESSAGE = format('table %s cannot be attached: %s', application_table, array_to_string(problems, '; ')),
			DETAIL = 'It has ' || github_sync.columns_of(application_table) || '.',
			HINT = 'Name the columns in the call, for example title_column => ''headline''.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_mapping(regclass, github_sync.table_mapping, name) IS
'private: one error that says everything that is missing or unfit in an application''s table';
