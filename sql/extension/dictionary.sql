/*
 * What is filled into the definitions of attached objects: expressions that
 * name the application's columns.  In them r is the row of its table.
 *
 * A value is cast to a column's type without its length: what is too long must
 * fail at the assignment, by name, and not be cut.
 */

CREATE FUNCTION github_sync.local_time(expression text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE (mapping.modified_at).type
	WHEN 'timestamp without time zone' THEN format('(%s AT TIME ZONE %L)', expression, mapping.modified_at_time_zone)
	WHEN 'integer' THEN format('floor(extract(epoch FROM %s))::integer', expression)
	WHEN 'bigint' THEN format('floor(extract(epoch FROM %s) * %s)::bigint', expression,
		CASE mapping.modified_at_unit WHEN 'milliseconds' THEN 1000 ELSE 1 END)
	ELSE expression END;
COMMENT ON FUNCTION github_sync.local_time(text, github_sync.table_mapping) IS
'private: an expression turned from timestamptz to the type of modified_at; the session''s TimeZone is never used';

CREATE FUNCTION github_sync.modified_at_of(the_row text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN (mapping.modified_at).name IS NULL THEN 'NULL::timestamptz'
	WHEN (mapping.modified_at).type IN ('integer', 'bigint') THEN format('to_timestamp(%s.%I / %s)', the_row,
		(mapping.modified_at).name, CASE mapping.modified_at_unit WHEN 'milliseconds' THEN '1000.0' ELSE '1.0' END)
	ELSE github_sync.local_time(format('%s.%I', the_row, (mapping.modified_at).name), mapping) END;
COMMENT ON FUNCTION github_sync.modified_at_of(text, github_sync.table_mapping) IS
'private: when a row was last changed, as timestamptz; NULL where the table does not say it';

CREATE FUNCTION github_sync.values_of_reason(mapping github_sync.table_mapping, reason text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT array_agg(v.value ORDER BY v.place)
	FROM unnest(mapping.closed_values) WITH ORDINALITY AS v (value, place)
	WHERE mapping.state_reasons ->> v.value = reason);
COMMENT ON FUNCTION github_sync.values_of_reason(github_sync.table_mapping, text) IS
'private: the closed values that mean a reason of GitHub''s, in their order; NULL: none does';

/* Operators are found in pg_catalog alone, and there a type of an extension may be taken for text. */
CREATE FUNCTION github_sync.own_equality(type regtype) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname)
	FROM pg_opclass AS c
	JOIN pg_am AS m ON m.oid = c.opcmethod AND m.amname = 'btree'
	JOIN pg_amop AS a ON a.amopfamily = c.opcfamily AND a.amoplefttype = c.opcintype
		AND a.amoprighttype = c.opcintype AND a.amopstrategy = 3
	JOIN pg_operator AS o ON o.oid = a.amopopr
	JOIN pg_namespace AS n ON n.oid = o.oprnamespace
	WHERE c.opcdefault AND c.opcintype = github_sync.base_type(type::oid) AND n.nspname <> 'pg_catalog');
COMMENT ON FUNCTION github_sync.own_equality(regtype) IS
'private: the operator by which values of a type of an extension, citext say, or of a domain over it, are the same; '
'NULL: it is one of PostgreSQL''s own';

CREATE FUNCTION github_sync.is_one_of(value text, type text, among text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN own.equality IS NULL
	THEN format('%s::%s IN (%s)', value, type, string_agg(format('%L::%s', one.of_them, type), ', '))
	ELSE '(' || string_agg(format('%s::%s %s %L::%s', value, type, own.equality, one.of_them, type), ' OR ') || ')' END
	FROM unnest(among) AS one (of_them), (SELECT github_sync.own_equality(type::regtype) AS equality) AS own
	GROUP BY own.equality);
COMMENT ON FUNCTION github_sync.is_one_of(text, text, text[]) IS
'private: a condition: an expression has one of some values of a type';

/* Why an issue was closed is part of its state where the application tells it: closed:not_planned, closed:duplicate. */
CREATE FUNCTION github_sync.state_expression(value text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (mapping.state).name IS NOT NULL THEN format('CASE %s ELSE ''open'' END', concat_ws(' ',
	(SELECT string_agg(format('WHEN %s THEN %L', github_sync.is_one_of(value, (mapping.state).type,
			github_sync.values_of_reason(mapping, r.reason)), 'closed:' || r.reason), ' ')
		FROM (VALUES ('not_planned'), ('duplicate')) AS r (reason)
		WHERE github_sync.values_of_reason(mapping, r.reason) IS NOT NULL),
	format('WHEN %s THEN ''closed''', github_sync.is_one_of(value, (mapping.state).type, mapping.closed_values)))) END;
COMMENT ON FUNCTION github_sync.state_expression(text, github_sync.table_mapping) IS
'private: the state of a row as GitHub has it, by an expression for its state column; NULL: the table has none';

CREATE FUNCTION github_sync.state_of_github(the_state text, reason text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapping.state_reasons IS NULL OR (mapping.state).name IS NULL THEN the_state
	ELSE format('CASE %s ELSE %s END', concat_ws(' ',
		CASE WHEN github_sync.values_of_reason(mapping, 'duplicate'::text) IS NOT NULL THEN
			format('WHEN %s = ''closed'' AND %s = ''duplicate'' THEN ''closed:duplicate''', the_state, reason) END,
		CASE WHEN github_sync.values_of_reason(mapping, 'not_planned'::text) IS NOT NULL THEN
			format('WHEN %s = ''closed'' AND %s IN (''not_planned'', ''duplicate'') THEN ''closed:not_planned''',
				the_state, reason) END,
		'WHEN false THEN NULL'), the_state) END;
COMMENT ON FUNCTION github_sync.state_of_github(text, text, github_sync.table_mapping) IS
'private: the state of an issue as a row of the application can tell it, by expressions for GitHub''s state and its '
'reason: a duplicate counts as not planned where the application has no value of its own for it';

CREATE FUNCTION github_sync.state_value(
	field text, mapping github_sync.table_mapping, open_expression text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('CASE %s WHEN starts_with(%s, ''closed'') THEN %L ELSE %s END',
	coalesce((SELECT string_agg(format('WHEN %s = %L THEN %L', field, 'closed:' || r.reason,
			(github_sync.values_of_reason(mapping, r.reason))[1]), ' ')
		FROM (VALUES ('not_planned'), ('duplicate')) AS r (reason)
		WHERE github_sync.values_of_reason(mapping, r.reason) IS NOT NULL), ''),
	field, coalesce((github_sync.values_of_reason(mapping, 'completed'::text))[1], mapping.closed_values[1]),
	open_expression);
COMMENT ON FUNCTION github_sync.state_value(text, github_sync.table_mapping, text) IS
'private: what the state column gets for a state, as text: of several closed values the first of its reason, or the '
'first of all';

CREATE FUNCTION github_sync.column_of(the_row text, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapped.name IS NOT NULL THEN format('%s.%I', the_row, mapped.name) END;
COMMENT ON FUNCTION github_sync.column_of(text, github_sync.found_column) IS
'private: a column of a row; NULL: the table has none';

CREATE FUNCTION github_sync.is_text(mapped github_sync.found_column) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_type AS y
	WHERE y.oid = to_regtype(mapped.type) AND y.typcategory = 'S'
		AND y.typname IN ('text', 'varchar', 'bpchar', 'citext'));
COMMENT ON FUNCTION github_sync.is_text(github_sync.found_column) IS
'private: whether a column holds texts; of a milestone: its title, and not its number';

CREATE FUNCTION github_sync.captured_text(captured text, place integer, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%s[%s]::%s::text', captured, place, mapped.type);
COMMENT ON FUNCTION github_sync.captured_text(text, integer, github_sync.found_column) IS
'private: what a captured column held, as the column cast to text would say it';

CREATE FUNCTION github_sync.maps_marks(mapping github_sync.table_mapping) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce((mapping.labels).name, (mapping.assignees).name, (mapping.milestone).name) IS NOT NULL;
COMMENT ON FUNCTION github_sync.maps_marks(github_sync.table_mapping) IS
'private: whether a table has a column for any mark of an issue';

CREATE FUNCTION github_sync.name_set_expression(value text, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapped.name IS NOT NULL THEN format(CASE mapped.type
	WHEN 'jsonb' THEN 'github_sync.name_set_of_json(%s::jsonb)' ELSE 'github_sync.name_set(%s::text[])' END, value) END;
COMMENT ON FUNCTION github_sync.name_set_expression(text, github_sync.found_column) IS
'private: the set of names that a column of labels or assignees holds, by an expression for it; NULL: there is none';

CREATE FUNCTION github_sync.milestone_expression(value text, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapped.name IS NOT NULL THEN format('coalesce(%s::text, %L)', value, '') END;
COMMENT ON FUNCTION github_sync.milestone_expression(text, github_sync.found_column) IS
'private: the milestone that a column holds, by an expression for it; NULL: there is none';

CREATE FUNCTION github_sync.mark_fields(
	labels text, assignees text, milestone text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN github_sync.maps_marks(mapping) THEN format(', %s, %s, %s',
	coalesce(labels, 'NULL'), coalesce(assignees, 'NULL'), coalesce(milestone, 'NULL')) ELSE '' END;
COMMENT ON FUNCTION github_sync.mark_fields(text, text, text, github_sync.table_mapping) IS
'private: what follows the first fields of a task, in a list of expressions: nothing where no mark is mapped';

CREATE FUNCTION github_sync.marks_of_github(marks text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN github_sync.mark_fields(
	CASE WHEN (mapping.labels).name IS NOT NULL THEN format('%s ->> %L', marks, 'labels') END,
	CASE WHEN (mapping.assignees).name IS NOT NULL THEN format('%s ->> %L', marks, 'assignees') END,
	/* Made by attach: a column that becomes one of another type is followed there. */
	CASE WHEN (mapping.milestone).name IS NOT NULL THEN
		format('github_sync.%I(%s)', 'task_milestone_of', marks) END,
	mapping);
COMMENT ON FUNCTION github_sync.marks_of_github(text, github_sync.table_mapping) IS
'private: the marks of an issue as fields, by an expression for what marks_of() gives';

CREATE FUNCTION github_sync.name_set_value(field text, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format(CASE mapped.type WHEN 'jsonb' THEN '%s::%s' ELSE 'github_sync.names_in(%s)::%s' END, field, mapped.type);
COMMENT ON FUNCTION github_sync.name_set_value(text, github_sync.found_column) IS
'private: what a column of labels or assignees gets for a set of names';

CREATE FUNCTION github_sync.mark_assignment(mapped github_sync.found_column, field integer, value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapped.name IS NOT NULL
	THEN format('%1$I = CASE WHEN $3[%2$s] THEN %3$s ELSE r.%1$I END', mapped.name, field, value) END;
COMMENT ON FUNCTION github_sync.mark_assignment(github_sync.found_column, integer, text) IS
'private: writes a mark where it was chosen; NULL: the table has no column for it';

CREATE FUNCTION github_sync.field_assignment(column_name name, field integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%1$I = CASE WHEN $3[%2$s] THEN $2[%2$s] ELSE r.%1$I END', column_name, field);
COMMENT ON FUNCTION github_sync.field_assignment(name, integer) IS
'private: writes a field where it was chosen. As in all assignments, $2 are the new fields, $3 says which are chosen, '
'and $4 is the new time of change';

CREATE FUNCTION github_sync.state_assignment(mapping github_sync.table_mapping, field integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (mapping.state).name IS NOT NULL
	THEN format('%1$I = CASE WHEN $3[%2$s] AND %3$s <> $2[%2$s] THEN (%4$s)::%5$s ELSE r.%1$I END',
		(mapping.state).name, field,
		github_sync.state_expression(github_sync.column_of('r'::text, mapping.state), mapping),
		github_sync.state_value(format('$2[%s]', field), mapping, format(
			'coalesce(%L, (SELECT i.local_open_value FROM github_sync.github_issues AS i WHERE i.task_id = r.%I), %L)',
			github_sync.reopened_value(mapping.state_reasons), (mapping.key).name, mapping.open_value)),
		(mapping.state).type) END;
COMMENT ON FUNCTION github_sync.state_assignment(github_sync.table_mapping, integer) IS
'private: writes the state where it was chosen and means something else now: the application may have several '
'values that mean open, and gets its value of a reopened one, or back the one that was there before. NULL: the table '
'has no such column';

CREATE FUNCTION github_sync.modified_at_assignment(mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (mapping.modified_at).name IS NOT NULL
	THEN format('%1$I = CASE WHEN $4 IS NULL THEN r.%1$I ELSE greatest(r.%1$I, %2$s) END',
		(mapping.modified_at).name, github_sync.local_time('$4'::text, mapping)) END;
COMMENT ON FUNCTION github_sync.modified_at_assignment(github_sync.table_mapping) IS
'private: never moves the local time of change backwards; NULL: the table has no column for it';

CREATE FUNCTION github_sync.call_of(function regprocedure, arguments text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('%I.%I(%s)', n.nspname, p.proname, arguments)
	FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = function);
COMMENT ON FUNCTION github_sync.call_of(regprocedure, text) IS
'private: the call of a function of the application''s; NULL: there is none';

CREATE FUNCTION github_sync.function_name(function regprocedure) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT quote_literal(format('%I.%I(bigint, jsonb)', n.nspname, p.proname))
	FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = function), 'NULL');
COMMENT ON FUNCTION github_sync.function_name(regprocedure) IS
'private: the name of insert_values or apply_values, as a literal; NULL: there is none';

CREATE FUNCTION github_sync.dictionary_of_table(
	application_table regclass, mapping github_sync.table_mapping,
	fields_of_r text, fields_of_old text, fields_of_new text, assignments text)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
	'table', github_sync.table_name(application_table),
	'table_text', quote_literal(github_sync.table_name(application_table)),
	'name_texts', (SELECT format('%L, %L', n.nspname, c.relname)
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table),
	'id', quote_ident((mapping.key).name),
	'id_text', quote_literal((mapping.key).name),
	'key_type', (mapping.key).type,
	'local_fields', fields_of_r,
	'old_fields', fields_of_old,
	'new_fields', fields_of_new,
	'returning_text', quote_literal(format('r.%I', (mapping.key).name)),
	'body_text', quote_literal((mapping.body).name),
	'columns_text', (SELECT quote_literal(array_agg(n.value))
		FROM jsonb_each_text(github_sync.mapped_names(mapping)) AS n),
	'written_text', (SELECT quote_literal(array_agg(n.value ORDER BY n.value))
		FROM jsonb_each_text(github_sync.mapped_names(mapping)) AS n
		WHERE n.key IN ('title', 'body', 'state', 'modified_at', 'labels', 'assignees', 'milestone')),
	'fields_to_write', 'remote',
	'modified_at', github_sync.modified_at_of('r'::text, mapping),
	'has_modified_at', CASE WHEN (mapping.modified_at).name IS NULL THEN 'false' ELSE 'true' END,
	'assignments_text', quote_literal(assignments),
	'assignments', assignments,
	'insert_values', coalesce(github_sync.call_of(mapping.insert_values, 'repo.id, resource'::text), 'NULL::jsonb'),
	'insert_values_function', github_sync.function_name(mapping.insert_values),
	'apply_values_function', github_sync.function_name(mapping.apply_values),
	'apply_values', coalesce(github_sync.call_of(mapping.apply_values, 'repo.id, resource'::text), 'NULL::jsonb'),
	'has_apply_values', CASE WHEN mapping.apply_values IS NULL THEN 'false' ELSE 'true' END,
	'byline', coalesce(github_sync.call_of(mapping.byline, format('key::%s', github_sync.type_name(
		github_sync.argument_for_key(mapping.byline, (mapping.key).type::regtype), -1))), 'NULL'),
	'has_byline', CASE WHEN mapping.byline IS NULL THEN 'false' ELSE 'true' END);
COMMENT ON FUNCTION github_sync.dictionary_of_table(
	regclass, github_sync.table_mapping, text, text, text, text) IS
'private: what both record types fill into the definitions';
