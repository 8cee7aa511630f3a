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

CREATE TYPE github_sync.row_expression AS (
	given text,
	expression text,
	columns jsonb,
	any_column boolean,
	type text,
	problem text
);
COMMENT ON TYPE github_sync.row_expression IS
'private: an SQL expression of the application about its row: as it was given; over names, each of which stands for a '
'column of the table ({name: column}); whether the change of any column may change it; its type, or why it cannot be '
'used. Nothing given: there is none';

CREATE TYPE github_sync.table_mapping AS (
	key github_sync.found_column,
	task_id github_sync.found_column,
	title github_sync.found_column,
	body github_sync.found_column,
	state github_sync.found_column,
	open_value text,
	closed_values text[],
	state_reasons jsonb,
	modified_at github_sync.found_column,
	modified_at_time_zone text,
	modified_at_unit text,
	github_repo github_sync.found_column,
	insert_values regprocedure,
	apply_values regprocedure,
	byline regprocedure,
	sync_when github_sync.row_expression,
	deleted_when github_sync.row_expression,
	repo_expression github_sync.row_expression,
	labels github_sync.found_column,
	assignees github_sync.found_column,
	milestone github_sync.found_column,
	left_out text[]
);
COMMENT ON TYPE github_sync.table_mapping IS
'private: what attach knows of an application''s table; NULL: what only the other record type has. left_out: for which '
'of those that convention finds an empty name was given';

CREATE FUNCTION github_sync.table_name(application_table regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('%I.%I', n.nspname, c.relname)
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table);
COMMENT ON FUNCTION github_sync.table_name(regclass) IS
'private: a table''s name with its schema, quoted, whatever the search_path';

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

CREATE FUNCTION github_sync.type_without_domains(column_type oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN y.typcategory = 'A' AND e.typtype = 'd' THEN b.typarray ELSE y.oid END
	FROM pg_type AS y LEFT JOIN pg_type AS e ON e.oid = y.typelem
	LEFT JOIN pg_type AS b ON b.oid = github_sync.base_type(e.oid)
	WHERE y.oid = github_sync.base_type(column_type)
$$;
COMMENT ON FUNCTION github_sync.type_without_domains(oid) IS
'private: a base_type(); an array of a domain as an array of what that stands for';

CREATE FUNCTION github_sync.domain_refuses_null(column_type oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE domains AS (
		SELECT y.typnotnull, y.typbasetype FROM pg_type AS y WHERE y.oid = column_type
		UNION ALL
		SELECT y.typnotnull, y.typbasetype FROM domains AS d JOIN pg_type AS y ON y.oid = d.typbasetype)
	SELECT bool_or(d.typnotnull) FROM domains AS d
$$;
COMMENT ON FUNCTION github_sync.domain_refuses_null(oid) IS
'private: whether a type is a domain that is NOT NULL, by itself or by one that it is made of';

CREATE FUNCTION github_sync.column_refuses_null(application_table regclass, column_name name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT a.attnotnull OR github_sync.domain_refuses_null(a.atttypid) FROM pg_attribute AS a
	WHERE a.attrelid = application_table AND a.attname = column_name AND a.attnum > 0);
COMMENT ON FUNCTION github_sync.column_refuses_null(regclass, name) IS
'private: a column of the application''s that is NOT NULL, by itself or by its domain';

CREATE FUNCTION github_sync.number_refuses_null(application_table regclass, column_name name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.base_type(a.atttypid)
	WHERE a.attrelid = application_table AND a.attname = column_name AND a.attnum > 0 AND y.typcategory = 'N'
		AND github_sync.column_refuses_null(a.attrelid, a.attname));
COMMENT ON FUNCTION github_sync.number_refuses_null(regclass, name) IS
'private: whether a column of numbers cannot hold that there is none, as it is NOT NULL, or its domain is';

CREATE FUNCTION github_sync.all_columns(application_table regclass) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(jsonb_object_agg(a.attname, a.attname), '{}')
	FROM pg_attribute AS a WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION github_sync.all_columns(regclass) IS
'private: the columns of a table, each under its own name';

CREATE FUNCTION github_sync.find_column(
	application_table regclass, given name, conventional name[], allowed_types text[],
	purpose text, is_required boolean)
RETURNS github_sync.found_column
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	is_left_out CONSTANT boolean := given = '' AND NOT is_required;
	wanted name[] := CASE WHEN given IS NULL THEN conventional WHEN is_left_out THEN '{}' ELSE ARRAY[given] END;
	candidate record;
	is_allowed boolean;
	chosen github_sync.found_column;
BEGIN
	SELECT a.attname, github_sync.type_name(a.atttypid, a.atttypmod) AS shown_type, a.attgenerated,
		y.oid AS base_type, y.typtype, y.typname = 'citext' AND y.typcategory = 'S' AS is_citext INTO candidate
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.type_without_domains(a.atttypid)
	WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (wanted)
	ORDER BY array_position(wanted, a.attname) LIMIT 1;
	chosen.name := candidate.attname;
	chosen.type := github_sync.type_name(candidate.base_type, -1);
	/* Whether two texts are the same is asked of them as texts: another case is an edit. */
	is_allowed := allowed_types IS NULL OR CASE WHEN candidate.typtype = 'e' THEN 'enum'
		WHEN candidate.is_citext THEN 'citext'
		ELSE github_sync.type_name(candidate.base_type, NULL::integer) END = ANY (allowed_types);
	chosen.problem := CASE
		WHEN candidate.attname IS NULL THEN
			CASE WHEN is_required OR given IS NOT NULL AND NOT is_left_out THEN
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
'private: the column of a purpose, by the name that was given or by convention, of any type where none is named. '
'Not required: it may be absent, unless its name was given, and is where that is empty';

CREATE FUNCTION github_sync.find_text_column(application_table regclass, given name, conventional name[], purpose text)
RETURNS github_sync.found_column
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN github_sync.find_column(application_table, given, conventional,
	'{text,character varying,character,citext}'::text[], purpose, true);
COMMENT ON FUNCTION github_sync.find_text_column(regclass, name, name[], text) IS
'private: the column of a title or a body';

/* Times of the beginning, which no change may move: written, they would be overwritten. */
CREATE FUNCTION github_sync.is_time_of_creation(column_name name) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN column_name ~* '^(created|inserted|creation|date_?created|added)(_?(at|on|date|time|stamp))?$';
COMMENT ON FUNCTION github_sync.is_time_of_creation(name) IS
'private: whether a column says when a row was made, by its name';

CREATE FUNCTION github_sync.find_modified_at_column(
	application_table regclass, given name, unit text, by_convention boolean)
RETURNS github_sync.found_column
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found github_sync.found_column := github_sync.find_column(
		application_table, given, CASE WHEN by_convention THEN '{modified_at,updated_at}' ELSE '{}' END::name[],
		'{timestamp with time zone,timestamp without time zone,bigint,integer}'::text[],
		'time of the last change'::text, false);
BEGIN
	found.problem := coalesce(found.problem, CASE
		WHEN github_sync.is_time_of_creation(found.name) THEN
			format('column %I cannot be the time of the last change: by its name it is that of the creation, and would '
				'be overwritten; where there is no other, leave modified_at_column out', found.name)
		WHEN unit NOT IN ('seconds', 'milliseconds') THEN
			format('modified_at_unit is %L, not seconds or milliseconds', unit)
		/* Of an earlier attach, the column may have become a timestamp since. */
		WHEN by_convention AND unit IS NOT NULL AND found.name IS NULL THEN
			'modified_at_unit is given, and there is no column for the time of the last change'
		WHEN by_convention AND unit IS NOT NULL AND found.type NOT IN ('bigint', 'integer') THEN
			format('modified_at_unit is given, which is that of an integer, and column %I is of type %s',
				found.name, found.type)
		WHEN found.type = 'bigint' AND unit IS NULL THEN
			format('column %I of type bigint: give modified_at_unit, seconds or milliseconds since 1970', found.name)
		WHEN found.type = 'integer' AND unit = 'milliseconds' THEN
			format('column %I of type integer cannot hold milliseconds since 1970', found.name) END);
	RETURN found;
END
$$;
COMMENT ON FUNCTION github_sync.find_modified_at_column(regclass, name, text, boolean) IS
'private: the column that says when a row was last changed; there may be none';

CREATE FUNCTION github_sync.find_key(application_table regclass, given name) RETURNS github_sync.found_column
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key github_sync.found_column;
	shown_type text;
BEGIN
	/* Of a domain's values the queue keeps the base type: foreign keys lead from that to the domain, too. */
	SELECT a.attname, github_sync.type_name(github_sync.base_type(a.atttypid), -1),
		github_sync.type_name(a.atttypid, -1)
	INTO key.name, key.type, shown_type
	FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
	WHERE i.indrelid = application_table AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indnkeyatts = 1
		AND i.indpred IS NULL AND i.indkey[0] > 0
		AND CASE WHEN given IS NULL THEN i.indisprimary ELSE a.attname = given END
	ORDER BY i.indisprimary DESC LIMIT 1;
	IF key.name IS NULL THEN
		key.problem := CASE WHEN given IS NULL THEN
				'no single-column primary key: give id_column, a column with a unique index of its own' || coalesce(
					(SELECT format(', for example id_column => %L', a.attname)
					FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
					WHERE i.indrelid = application_table AND i.indisunique AND i.indisvalid AND i.indimmediate
						AND i.indnkeyatts = 1 AND i.indpred IS NULL AND i.indkey[0] > 0 ORDER BY a.attnum LIMIT 1), '')
			WHEN github_sync.all_columns(application_table) ? given::text IS NOT TRUE THEN
				format('no column for the key: looked for %I', given)
			ELSE format('column %1$s has no unique index of its own that is checked at once: CREATE UNIQUE INDEX ON '
				'%2$s (%1$s), or name another one as id_column', quote_ident(given),
				github_sync.table_name(application_table)) END;
	ELSIF key.type NOT IN ('integer', 'bigint', 'uuid', 'text', 'character varying') THEN
		key.problem := format('the key %s has type %s: integer, bigint, uuid and text are possible',
			key.name, shown_type);
	ELSIF EXISTS (SELECT FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
		WHERE a.attrelid = application_table AND a.attname = key.name
			AND NOT (a.attnotnull OR a.atthasdef AND a.attgenerated = '' OR y.typnotnull)) THEN
		/* A generated one comes from what else the row is made of, which may give NULL. */
		key.problem := format('the key %1$s may be NULL, and has no default: rows that are made of issues and comments '
			'would have none, and would be made again and again. ALTER TABLE %2$s ALTER %1$s SET NOT NULL',
			quote_ident(key.name), github_sync.table_name(application_table));
	END IF;
	RETURN key;
END
$$;
COMMENT ON FUNCTION github_sync.find_key(regclass, name) IS
'private: the key column of an application''s table, or the problem with it';

CREATE FUNCTION github_sync.is_of_key(application_table regclass, column_name name, key_name name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN column_name = key_name OR EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid
	WHERE i.indrelid = application_table AND i.indisprimary AND a.attname = column_name
		AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]));
COMMENT ON FUNCTION github_sync.is_of_key(regclass, name, name) IS
'private: whether a column is the mapped key of a table, or one of its primary key: what it holds says which row it is';

CREATE FUNCTION github_sync.find_mark_column(
	application_table regclass, given name, allowed_types text[], purpose text, key_name name)
RETURNS github_sync.found_column
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found github_sync.found_column := github_sync.find_column(
		application_table, given, '{}'::name[], allowed_types, purpose, false);
BEGIN
	found.problem := coalesce(found.problem, CASE
		WHEN github_sync.is_of_key(application_table, found.name, key_name) THEN
			format('column %s cannot be the %s: it belongs to the key of the table, and would be overwritten',
				found.name, purpose) END);
	RETURN found;
END
$$;
COMMENT ON FUNCTION github_sync.find_mark_column(regclass, name, text[], text, name) IS
'private: the column of a mark, where its name was given; an empty one: none, whatever was attached';

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

CREATE FUNCTION github_sync.reopened_value(state_reasons jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT min(e.key)
	FROM jsonb_each_text(CASE jsonb_typeof(state_reasons) WHEN 'object' THEN state_reasons END) AS e
	WHERE e.value = 'reopened');
COMMENT ON FUNCTION github_sync.reopened_value(jsonb) IS
'private: the open value of a closed task whose issue is opened again; NULL: the one that it had before';

CREATE FUNCTION github_sync.state_values_fit(type oid, state_values text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN y.typtype = 'e' THEN (SELECT count(*) = count(e.enumlabel)
				FROM unnest(state_values) AS v (value)
				LEFT JOIN pg_enum AS e ON e.enumtypid = y.oid AND e.enumlabel = v.value)
		WHEN y.oid = 'boolean'::regtype THEN
			(SELECT bool_and(github_sync.is_boolean(v.value)) FROM unnest(state_values) AS v (value))
		WHEN y.typcategory = 'N' THEN
			(SELECT bool_and(v.value ~ '^[-+]?[0-9]+$') FROM unnest(state_values) AS v (value))
		ELSE true END
	FROM pg_type AS y WHERE y.oid = type
$$;
COMMENT ON FUNCTION github_sync.state_values_fit(oid, text[]) IS
'private: whether a state column of a type can hold these values, as far as can be said without trying it';

CREATE FUNCTION github_sync.same_state_problem(type oid, open_value text, closed_values text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN open_value IS NULL THEN 'there is no open_value'
	WHEN cardinality(closed_values) > 0 IS NOT TRUE THEN 'closed_values is empty: at least one value has to be closed'
	WHEN array_position(closed_values, NULL) IS NOT NULL THEN
		'closed_values holds NULL, which always counts as open: name values alone'
	WHEN open_value = ANY (closed_values) THEN
		format('value %L is both the open_value and a closed value: give others, by open_value and closed_value or '
			'closed_values', open_value)
	WHEN type = 'boolean'::regtype AND EXISTS (SELECT FROM unnest(closed_values) AS v (value)
		WHERE CASE WHEN NOT github_sync.is_boolean(open_value) THEN false
			WHEN github_sync.is_boolean(v.value) THEN v.value::boolean = open_value::boolean END) THEN
		format('open_value %s and closed value %s are one boolean: give others, by open_value and closed_value',
			open_value, array_to_string(closed_values, ', '))
END;
COMMENT ON FUNCTION github_sync.same_state_problem(oid, text, text[]) IS
'private: why the values of open and closed cannot be told apart, or that one is missing, whatever the column is '
'called; NULL: they can';

CREATE FUNCTION github_sync.state_reasons_problem(type oid, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN mapping.state_reasons IS NULL THEN NULL
		WHEN jsonb_typeof(mapping.state_reasons) <> 'object' THEN
			format('state_reasons is no object: %s', mapping.state_reasons)
		ELSE coalesce(
			(SELECT format('state_reasons: %s of %s: completed, not_planned and duplicate are reasons of values in '
					'closed_values, reopened is one of an open value', e.value, e.key)
				FROM jsonb_each_text(mapping.state_reasons) AS e
				WHERE (e.value IN ('completed', 'not_planned', 'duplicate', 'reopened')) IS NOT TRUE
					OR (e.value = 'reopened') = (e.key = ANY (mapping.closed_values)) LIMIT 1),
			(SELECT format('state_reasons: several values are reopened: %s', string_agg(e.key, ', ' ORDER BY e.key))
				FROM jsonb_each_text(mapping.state_reasons) AS e WHERE e.value = 'reopened' HAVING count(*) > 1),
			CASE WHEN NOT github_sync.state_values_fit(type,
					array_remove(ARRAY[github_sync.reopened_value(mapping.state_reasons)], NULL)) THEN
				format('state_reasons: the state cannot be %s, of type %s', github_sync.reopened_value(
					mapping.state_reasons), github_sync.type_name(type, -1)) END) END
$$;
COMMENT ON FUNCTION github_sync.state_reasons_problem(oid, github_sync.table_mapping) IS
'private: why the reasons do not fit the values of open and closed, or the type of the state column; NULL: they do';

CREATE FUNCTION github_sync.state_problem(
	application_table regclass, state_column name, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN github_sync.same_state_problem(y.oid, mapping.open_value, mapping.closed_values) IS NOT NULL THEN
			github_sync.same_state_problem(y.oid, mapping.open_value, mapping.closed_values)
		WHEN NOT github_sync.state_values_fit(y.oid, mapping.open_value || mapping.closed_values) THEN
			format('values %L and %s do not fit column %s of type %s: '
				'give open_value and closed_value or closed_values', mapping.open_value,
				(SELECT string_agg(quote_nullable(v.value), ', ') FROM unnest(mapping.closed_values) AS v (value)),
				state_column, github_sync.type_name(a.atttypid, a.atttypmod))
		ELSE github_sync.state_reasons_problem(y.oid, mapping) END
	FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = github_sync.base_type(a.atttypid)
	WHERE a.attrelid = application_table AND a.attname = state_column
$$;
COMMENT ON FUNCTION github_sync.state_problem(regclass, name, github_sync.table_mapping) IS
'private: why the values of open and closed, or their reasons, do not fit the state column; NULL: they do, or there is '
'no such column';

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

CREATE FUNCTION github_sync.function_problem(
	purpose text, given regprocedure, arguments text, wanted regtype[], returns regtype, owner name) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE
		WHEN p.oid IS NULL THEN
			format('%s names no function', purpose)
		WHEN p.proargtypes::text <> array_to_string(wanted::oid[], ' ') OR p.prorettype <> returns OR p.proretset THEN
			format('%s needs a function (%s) that returns %s, not %s', purpose, arguments, returns, given)
		WHEN NOT has_schema_privilege(owner, p.pronamespace, 'USAGE')
			OR NOT has_function_privilege(owner, p.oid, 'EXECUTE') THEN
			format('role %I may not execute %s', owner, given)
	END
	FROM (VALUES (given)) AS g (function) LEFT JOIN pg_proc AS p ON p.oid = g.function
	WHERE g.function IS NOT NULL
$$;
COMMENT ON FUNCTION github_sync.function_problem(text, regprocedure, text, regtype[], regtype, name) IS
'private: why a function of the application cannot be called for a purpose, or NULL; the worker calls it as the owner';

CREATE FUNCTION github_sync.argument_for_key(function regprocedure, key_type regtype) RETURNS regtype
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT p.proargtypes[0] FROM pg_proc AS p
	WHERE p.oid = function AND p.pronargs = 1 AND github_sync.base_type(p.proargtypes[0]) = key_type), key_type);
COMMENT ON FUNCTION github_sync.argument_for_key(regprocedure, regtype) IS
'private: the type that a function of the key takes: the key''s, or a domain over that';

CREATE FUNCTION github_sync.columns_of(application_table regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(
		format('%I %s', a.attname, github_sync.type_name(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
	FROM pg_attribute AS a WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION github_sync.columns_of(regclass) IS
'private: the columns of a table with their types, for an error';

CREATE FUNCTION github_sync.doubled_column_problem(mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(d.problem, '; ' ORDER BY d.place) FROM (
	SELECT min(c.place) AS place, format('column %s cannot be the %s at the same time',
		c.name, string_agg(c.purpose, ' and the ' ORDER BY c.place)) AS problem
	/* Of a comment a row may be its task's only one: then its key is the task. */
	FROM (VALUES (0, 'key', CASE WHEN (mapping.key).name IS DISTINCT FROM (mapping.task_id).name THEN mapping.key END),
		(1, 'task', mapping.task_id), (2, 'title', mapping.title), (3, 'body', mapping.body),
		(4, 'state', mapping.state), (5, 'time of the last change', mapping.modified_at),
		(6, 'repository', mapping.github_repo), (7, 'labels', mapping.labels), (8, 'assignees', mapping.assignees),
		(9, 'milestone', mapping.milestone)) AS v (place, purpose, found)
	CROSS JOIN LATERAL (SELECT v.place, v.purpose, (v.found).name, (v.found).problem) AS c
	WHERE c.name IS NOT NULL AND c.problem IS NULL GROUP BY c.name HAVING count(*) > 1) AS d);
COMMENT ON FUNCTION github_sync.doubled_column_problem(github_sync.table_mapping) IS
'private: which columns would be written for two purposes, or are the key, which is not to be written; NULL: none';

CREATE FUNCTION github_sync.mapping_problems(
	application_table regclass, mapping github_sync.table_mapping, owner name) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN array_remove(ARRAY[
	(mapping.key).problem, (mapping.task_id).problem, (mapping.title).problem, (mapping.body).problem,
	(mapping.modified_at).problem,
	coalesce((mapping.state).problem, github_sync.state_problem(
		application_table, (mapping.state).name, mapping)),
	(mapping.github_repo).problem, (mapping.repo_expression).problem,
	(mapping.labels).problem, (mapping.assignees).problem, (mapping.milestone).problem,
	github_sync.doubled_column_problem(mapping), (mapping.sync_when).problem, (mapping.deleted_when).problem,
	github_sync.time_zone_problem(mapping.modified_at_time_zone),
	github_sync.function_problem('insert_values'::text, mapping.insert_values,
		'github_repo_id bigint, resource jsonb'::text, '{bigint,jsonb}'::regtype[], 'jsonb'::regtype, owner),
	github_sync.function_problem('apply_values'::text, mapping.apply_values,
		'github_repo_id bigint, resource jsonb'::text, '{bigint,jsonb}'::regtype[], 'jsonb'::regtype, owner),
	/* Without a key nothing can be said of a function that takes it. */
	github_sync.function_problem('byline'::text,
		CASE WHEN (mapping.key).type IS NOT NULL THEN mapping.byline END, (mapping.key).type,
		ARRAY[github_sync.argument_for_key(mapping.byline, (mapping.key).type::regtype)],
		'text'::regtype, owner)], NULL);
COMMENT ON FUNCTION github_sync.mapping_problems(regclass, github_sync.table_mapping, name) IS
'private: everything that is missing or unfit in an application''s table; empty: it can be attached';

CREATE FUNCTION github_sync.has_unfit_column(mapping github_sync.table_mapping) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN concat((mapping.key).problem, (mapping.task_id).problem, (mapping.title).problem, (mapping.body).problem,
	(mapping.modified_at).problem, (mapping.state).problem, (mapping.github_repo).problem, (mapping.labels).problem,
	(mapping.assignees).problem, (mapping.milestone).problem, github_sync.doubled_column_problem(mapping)) <> '';
COMMENT ON FUNCTION github_sync.has_unfit_column(github_sync.table_mapping) IS
'private: whether a column of a mapping is missing or unfit, and not only a value, an expression or a function';

CREATE FUNCTION github_sync.has_unfit_expression(mapping github_sync.table_mapping) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN concat((mapping.repo_expression).problem, (mapping.sync_when).problem, (mapping.deleted_when).problem) <> '';
COMMENT ON FUNCTION github_sync.has_unfit_expression(github_sync.table_mapping) IS
'private: whether an expression of a mapping cannot be used';

CREATE FUNCTION github_sync.ways_without(application_table regclass, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('An empty name leaves out what there need not be: %s.',
		string_agg(format('%s_column => %L', o.purpose, ''), ', ' ORDER BY o.place))
	FROM (VALUES (1, 'state', coalesce((mapping.state).problem,
			/* That of a column that nobody has said anything about. */
			CASE WHEN mapping.open_value = 'open' AND mapping.closed_values = '{closed}' THEN
				github_sync.state_problem(application_table, (mapping.state).name, mapping) END)),
		(2, 'modified_at', (mapping.modified_at).problem), (3, 'labels', (mapping.labels).problem),
		(4, 'assignees', (mapping.assignees).problem), (5, 'milestone', (mapping.milestone).problem))
		AS o (place, purpose, problem)
	WHERE o.problem IS NOT NULL HAVING count(*) > 0);
COMMENT ON FUNCTION github_sync.ways_without(regclass, github_sync.table_mapping) IS
'private: how a table is attached without the unfit columns that there need not be; NULL: none is unfit';

CREATE FUNCTION github_sync.check_mapping(
	application_table regclass, mapping github_sync.table_mapping, owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	problems text[] := github_sync.mapping_problems(application_table, mapping, owner);
	of_column CONSTANT boolean := github_sync.has_unfit_column(mapping);
	of_expression CONSTANT boolean := github_sync.has_unfit_expression(mapping);
BEGIN
	IF cardinality(problems) > 0 THEN
		RAISE USING
			ERRCODE = CASE WHEN of_column THEN 'undefined_column' ELSE 'invalid_parameter_value' END,
			MESSAGE = format('table %s cannot be attached: %s', application_table, array_to_string(problems, '; ')),
			DETAIL = 'It has ' || github_sync.columns_of(application_table) || '.',
			HINT = concat_ws(' ',
				CASE WHEN of_column THEN 'Name the columns in the call, for example title_column => ''headline''.' END,
				CASE WHEN of_expression THEN 'An expression names columns of its row as they are, and all else with '
					'its schema; or it is the name of a function of the key, as in sync_when => ''app.is_public''.' END,
				CASE WHEN NOT of_column AND NOT of_expression THEN 'Give another value or function in the call.' END,
				github_sync.ways_without(application_table, mapping));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_mapping(regclass, github_sync.table_mapping, name) IS
'private: one error that says everything that is missing or unfit in an application''s table: 42703 where a column is, '
'22023 where only values, expressions or functions that were given do not fit';
