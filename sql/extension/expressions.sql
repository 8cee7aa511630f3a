/*
 * SQL expressions of the application about one of its rows (sync_when,
 * deleted_when, github_repo): checked when a table is attached, kept as text, and
 * run as the owner.
 *
 * Each is written over the row's bare column names, or is the name of a function
 * of the row's key.  What columns it names is known, and so a column that is
 * renamed later keeps the name in it that it had when the table was attached.
 */

CREATE FUNCTION github_sync.is_dotted_name(given text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN given ~ ('^ *("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)[.]("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)'
	'([(][[:alnum:]_ ".]+[)])? *$');
COMMENT ON FUNCTION github_sync.is_dotted_name(text) IS
'private: whether a text is no more than a name with its schema, and perhaps the type of an argument';

CREATE FUNCTION github_sync.function_of_key(given text) RETURNS regprocedure
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN CASE
		WHEN github_sync.is_dotted_name(given) IS NOT TRUE THEN NULL
		WHEN strpos(given, '(') > 0 THEN to_regprocedure(given)
		ELSE to_regproc(given)::oid::regprocedure END;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	/* What is in the parentheses is no type: it is a call. */
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.function_of_key(text) IS
'private: the function that an expression is the name of, with its schema and with or without its argument''s type; '
'NULL: it is none';

CREATE FUNCTION github_sync.overloads_of(given text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.oid::regprocedure::text)
	FROM parse_ident(substring(given, '^[^(]*'), false) AS named (parts)
	JOIN pg_namespace AS n ON n.nspname = named.parts[1]
	JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = named.parts[2]);
COMMENT ON FUNCTION github_sync.overloads_of(text) IS
'private: the functions that have a dotted name, each with the types of its arguments; NULL: none has';

CREATE FUNCTION github_sync.name_problem(application_table regclass, given text, purpose text, key name) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	overloads CONSTANT text := github_sync.overloads_of(given);
	is_one CONSTANT boolean := github_sync.function_of_key(given) IS NOT NULL;
	key_type CONSTANT text := (SELECT github_sync.type_name(a.atttypid, a.atttypmod) FROM pg_attribute AS a
		WHERE a.attrelid = application_table AND a.attname = key AND a.attnum > 0);
BEGIN
	RETURN CASE
		WHEN overloads IS NULL THEN format('%s names neither a column nor a function of the key: %s', purpose, given)
		WHEN is_one THEN format('%s is called with the key %I (%s) alone, and %s is no function of that',
			purpose, key, key_type, github_sync.function_of_key(given))
		ELSE format('%s does not say which function it names, of %s: give the one of the key %I (%s) with the type of '
			'its argument', purpose, overloads, key, key_type)
	END;
END
$$;
COMMENT ON FUNCTION github_sync.name_problem(regclass, text, text, name) IS
'private: why an expression that is a dotted name cannot be used: nothing has it, several functions do, or one that '
'does not take the key';

CREATE FUNCTION github_sync.row_with_names(application_table regclass, columns jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('SELECT %s FROM %s AS r', string_agg(format('r.%I AS %I', c.value, c.key), ', ' ORDER BY c.place),
		github_sync.table_name(application_table))
	FROM jsonb_each_text(columns) WITH ORDINALITY AS c (key, value, place)
$$;
COMMENT ON FUNCTION github_sync.row_with_names(regclass, jsonb) IS
'private: the query of an application''s rows with columns under other names: {name: column}';

CREATE FUNCTION github_sync.find_expression(
	application_table regclass, wanted github_sync.row_expression, key name, purpose text, allowed_types text[])
RETURNS github_sync.row_expression
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	called regprocedure := github_sync.function_of_key(wanted.given);
	offered jsonb := coalesce(wanted.columns, CASE WHEN called IS NOT NULL THEN jsonb_build_object('key', key)
		ELSE github_sync.all_columns(application_table) END);
	found github_sync.row_expression := wanted;
	described record;
BEGIN
	IF wanted.given IS NULL THEN
		RETURN wanted;
	ELSIF btrim(wanted.given, E' \t\n\r') = '' THEN
		found.problem := format('%s is empty', purpose);
		RETURN found;
	ELSIF called IS NOT NULL AND key IS NULL THEN
		found.problem := format('%s is a function of the key, which is not known', purpose);
		RETURN found;
	END IF;
	found.any_column := called IS NOT NULL;
	found.expression := coalesce((SELECT format('%I.%I(key)', n.nspname, p.proname)
		FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = called), wanted.given);
	SELECT * INTO described FROM github_sync.describe_expression(
		application_table, found.expression, github_sync.row_with_names(application_table, offered));
	found.columns := coalesce(wanted.columns, (SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}')
		FROM jsonb_each(offered) WITH ORDINALITY AS o (key, value, place) WHERE o.place = ANY (described.columns)));
	found.type := github_sync.type_name(github_sync.base_type(described.type::oid), NULL::integer);
	found.problem := CASE
		WHEN found.type <> ALL (allowed_types) THEN format('%s is of type %s, not %s: %s',
			purpose, found.type, array_to_string(allowed_types, ' or '), wanted.given)
		WHEN described.is_volatile THEN
			format('%s calls a volatile function, which may answer otherwise each time: %s', purpose, wanted.given) END;
	RETURN found;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	found.problem := CASE WHEN github_sync.is_dotted_name(wanted.given) AND (called IS NULL OR SQLSTATE = '42883') THEN
			github_sync.name_problem(application_table, wanted.given, purpose, key)
		ELSE format('%s cannot be read: %s', purpose, SQLERRM) END;
	RETURN found;
END
$$;
COMMENT ON FUNCTION github_sync.find_expression(regclass, github_sync.row_expression, name, text, text[]) IS
'private: an expression as it was given, with what it needs of the table, or its problem. Where its columns are known '
'it was attached before: they go by the names that they had then';

CREATE FUNCTION github_sync.expression_over(the_row text, e github_sync.row_expression) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN e.given IS NOT NULL THEN format('(SELECT (%s%s) FROM (SELECT %s) AS given_row)', e.expression, E'\n',
	(SELECT string_agg(format('%s.%I AS %I', the_row, c.value, c.key), ', ' ORDER BY c.key)
	FROM jsonb_each_text(e.columns) AS c)) END;
COMMENT ON FUNCTION github_sync.expression_over(text, github_sync.row_expression) IS
'private: an expression about a row of a query; nothing else of the query has a name in it. NULL: there is none';

CREATE FUNCTION github_sync.expression_names(purpose text, e github_sync.row_expression) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(jsonb_object_agg(purpose || ':' || c.key, c.value), '{}') FROM jsonb_each(e.columns) AS c);
COMMENT ON FUNCTION github_sync.expression_names(text, github_sync.row_expression) IS
'private: the columns that an expression names, as mapped_names() has them: under its purpose and their names in it';

CREATE FUNCTION github_sync.mapped_names(mapping github_sync.table_mapping) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_strip_nulls(jsonb_build_object(
	'key', (mapping.key).name, 'task_id', (mapping.task_id).name, 'title', (mapping.title).name,
	'body', (mapping.body).name, 'state', (mapping.state).name, 'modified_at', (mapping.modified_at).name,
	'github_repo', (mapping.github_repo).name, 'labels', (mapping.labels).name,
	'assignees', (mapping.assignees).name, 'milestone', (mapping.milestone).name))
	|| github_sync.expression_names('sync_when'::text, mapping.sync_when)
	|| github_sync.expression_names('deleted_when'::text, mapping.deleted_when)
	|| github_sync.expression_names('github_repo_is'::text, mapping.repo_expression);
COMMENT ON FUNCTION github_sync.mapped_names(github_sync.table_mapping) IS
'private: the columns of a mapping, by what they are for; those that an expression names, by both';

CREATE FUNCTION github_sync.stored_expression(purpose text, mapping jsonb, names jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapping ->> purpose IS NOT NULL THEN jsonb_build_object(
	'given', mapping -> purpose,
	'columns', (SELECT coalesce(jsonb_object_agg(substr(n.key, length(purpose) + 2), n.value), '{}')
		FROM jsonb_each(names) AS n WHERE starts_with(n.key, purpose || ':'))) END;
COMMENT ON FUNCTION github_sync.stored_expression(text, jsonb, jsonb) IS
'private: an expression of a mapping of attached_tables, with what its columns are called now';

CREATE FUNCTION github_sync.with_other_schema(expression text, was name, becomes name) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	/* Literals of other kinds and comments are not told from code here: such an expression stays as it is. */
	SELECT CASE WHEN expression ~ E'\\\\|[$]|--|/[*]' THEN expression ELSE string_agg(CASE
		WHEN t.token ~ '[.]$' AND t.before !~ '[.][[:space:]]*$' AND was = CASE
			WHEN t.token ~ '^"' THEN replace(substring(t.token, '^"(.*)"'), '""', '"')
			ELSE lower(substring(t.token, '^[[:alnum:]_]+')) END
			THEN quote_ident(becomes) || '.'
		ELSE t.token END, '' ORDER BY t.place) END
	FROM (SELECT m.found[1], m.place, lag(m.found[1], 1, '') OVER (ORDER BY m.place)
		FROM regexp_matches(expression, '(''[^'']*''|"(?:[^"]|"")*"[[:space:]]*[.]?'
			'|[[:alpha:]_][[:alnum:]_]*(?:[[:space:]]*[.])?|.)', 'g') WITH ORDINALITY AS m (found, place)
		) AS t (token, place, before)
$$;
COMMENT ON FUNCTION github_sync.with_other_schema(text, name, name) IS
'private: an expression with another name in the place of that of a schema, where it stands before a dot';

CREATE FUNCTION github_sync.expression_by_columns(application_table regclass, e github_sync.row_expression) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN EXISTS (SELECT FROM jsonb_each_text(e.columns) AS c WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
		WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = c.value)) THEN NULL
	WHEN github_sync.function_of_key(e.given) IS NOT NULL
		OR NOT EXISTS (SELECT FROM jsonb_each_text(e.columns) AS c WHERE c.key <> c.value) THEN e.given
	ELSE format('(SELECT (%s%s) FROM (SELECT %s) AS given_row)', e.given, CASE WHEN e.given ~ '--' THEN E'\n' END,
		(SELECT string_agg(format(CASE WHEN c.key = c.value THEN '%I' ELSE '%I AS %I' END, c.value, c.key),
			', ' ORDER BY c.key) FROM jsonb_each_text(e.columns) AS c)) END;
COMMENT ON FUNCTION github_sync.expression_by_columns(regclass, github_sync.row_expression) IS
'private: an expression that was attached, so that it says the same over the names that its columns have now; NULL: '
'one of them is gone';

/* More would make each write of the application dearer than to ask the expression. */
CREATE FUNCTION github_sync.captured_for_expressions() RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN 10;
COMMENT ON FUNCTION github_sync.captured_for_expressions() IS
'private: of how many columns capture says whether they changed; where expressions name more, of the row as a whole';

CREATE FUNCTION github_sync.expression_columns(mapping github_sync.table_mapping) RETURNS name[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	columns name[] := (SELECT array_agg(DISTINCT c.value::name)
		FROM (VALUES (mapping.sync_when), (mapping.deleted_when), (mapping.repo_expression)) AS x (e),
			jsonb_each_text((x.e).columns) AS c);
BEGIN
	/* An empty name stands for the row as a whole: a function may look at anything. */
	RETURN CASE
		WHEN (mapping.sync_when).any_column OR (mapping.deleted_when).any_column OR (mapping.repo_expression).any_column
			OR cardinality(columns) > github_sync.captured_for_expressions() THEN '{""}'::name[]
		ELSE coalesce(columns, '{}') END;
END
$$;
COMMENT ON FUNCTION github_sync.expression_columns(github_sync.table_mapping) IS
'private: the columns whose change may change what the expressions of a mapping say';

CREATE FUNCTION github_sync.words_of_expressions(mapping github_sync.table_mapping, mapped_columns integer)
RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
	'has_filter', CASE WHEN (mapping.sync_when).given IS NULL AND (mapping.deleted_when).given IS NULL
		THEN 'false' ELSE 'true' END,
	'is_wanted', format('(%s IS TRUE AND %s IS NOT TRUE)',
		coalesce(github_sync.expression_over('r'::text, mapping.sync_when), 'true'),
		coalesce(github_sync.expression_over('r'::text, mapping.deleted_when), 'false')),
	'is_deleted', format('(%s IS TRUE)',
		coalesce(github_sync.expression_over('r'::text, mapping.deleted_when), 'false')),
	'same_standing', CASE cardinality(github_sync.expression_columns(mapping)) WHEN 0 THEN 'true'
		ELSE format('old_values[%1$s:] IS NOT DISTINCT FROM new_values[%1$s:]', mapped_columns + 1) END);
COMMENT ON FUNCTION github_sync.words_of_expressions(github_sync.table_mapping, integer) IS
'private: what is filled into the definitions for the expressions of a mapping, whose columns are captured behind so '
'many others';
