/*
 * What is filled into the definitions of attached objects: expressions that
 * name the application's columns.  In them r is the row of its table.
 *
 * A value is cast to a column's type without its length: what is too long must
 * fail at the assignment, by name, and not be cut.
 */

CREATE FUNCTION github_sync.table_name(application_table regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('%I.%I', n.nspname, c.relname)
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table);
COMMENT ON FUNCTION github_sync.table_name(regclass) IS
'private: a table''s name with its schema, quoted, whatever the search_path';

CREATE FUNCTION github_sync.local_time(expression text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (mapping.modified_at).type = 'timestamp without time zone'
	THEN format('(%s AT TIME ZONE %L)', expression, mapping.modified_at_time_zone) ELSE expression END;
COMMENT ON FUNCTION github_sync.local_time(text, github_sync.table_mapping) IS
'private: an expression turned from timestamptz to the type of modified_at, or back; '
'the session''s TimeZone is never used';

CREATE FUNCTION github_sync.state_expression(value text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (mapping.state).name IS NOT NULL
	THEN format('CASE WHEN %1$s::%3$s = %2$L::%3$s THEN ''closed'' ELSE ''open'' END',
		value, mapping.closed_value, (mapping.state).type) END;
COMMENT ON FUNCTION github_sync.state_expression(text, github_sync.table_mapping) IS
'private: the state of a row as GitHub has it, by an expression for its state column; NULL: the table has none';

CREATE FUNCTION github_sync.column_of(the_row text, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN mapped.name IS NOT NULL THEN format('%s.%I', the_row, mapped.name) END;
COMMENT ON FUNCTION github_sync.column_of(text, github_sync.found_column) IS
'private: a column of a row; NULL: the table has none';

CREATE FUNCTION github_sync.captured_text(captured text, place integer, mapped github_sync.found_column) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%s[%s]::%s::text', captured, place, mapped.type);
COMMENT ON FUNCTION github_sync.captured_text(text, integer, github_sync.found_column) IS
'private: what a captured column held, as the column cast to text would say it';

CREATE FUNCTION github_sync.field_assignment(column_name name, field integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%1$I = CASE WHEN chosen[%2$s] THEN new_fields[%2$s] ELSE r.%1$I END', column_name, field);
COMMENT ON FUNCTION github_sync.field_assignment(name, integer) IS
'private: writes a field where it was chosen';

CREATE FUNCTION github_sync.state_assignment(mapping github_sync.table_mapping, field integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (mapping.state).name IS NOT NULL
	THEN format('%1$I = CASE WHEN chosen[%2$s] AND %3$s <> new_fields[%2$s]'
		' THEN CASE new_fields[%2$s] WHEN ''closed'' THEN %4$L ELSE %5$L END::%6$s ELSE r.%1$I END',
		(mapping.state).name, field,
		github_sync.state_expression(github_sync.column_of('r'::text, mapping.state), mapping),
		mapping.closed_value, mapping.open_value, (mapping.state).type) END;
COMMENT ON FUNCTION github_sync.state_assignment(github_sync.table_mapping, integer) IS
'private: writes the state where it was chosen and means something else now: the application may have several '
'values that mean open. NULL: the table has no such column';

CREATE FUNCTION github_sync.modified_at_assignment(mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%1$I = CASE WHEN new_modified_at IS NULL THEN r.%1$I ELSE greatest(r.%1$I, %2$s) END',
	(mapping.modified_at).name, github_sync.local_time('new_modified_at'::text, mapping));
COMMENT ON FUNCTION github_sync.modified_at_assignment(github_sync.table_mapping) IS
'private: never moves the local time of change backwards';

CREATE FUNCTION github_sync.insert_values_call(insert_values regprocedure) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT format('%I.%I(repo.id, resource)', n.nspname, p.proname)
	FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = insert_values), 'NULL::jsonb');
COMMENT ON FUNCTION github_sync.insert_values_call(regprocedure) IS
'private: the call of the application''s function that gives the values of further columns';

CREATE FUNCTION github_sync.insert_values_function(insert_values regprocedure) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT quote_literal(format('%I.%I(bigint, jsonb)', n.nspname, p.proname))
	FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = insert_values), 'NULL');
COMMENT ON FUNCTION github_sync.insert_values_function(regprocedure) IS
'private: the name of that function, as a literal; NULL: there is none';

CREATE FUNCTION github_sync.dictionary_of_table(
	application_table regclass, mapping github_sync.table_mapping,
	fields_of_r text, fields_of_old text, fields_of_new text)
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
	'modified_at', github_sync.local_time(format('r.%I', (mapping.modified_at).name), mapping),
	'insert_values', github_sync.insert_values_call(mapping.insert_values),
	'insert_values_function', github_sync.insert_values_function(mapping.insert_values));
COMMENT ON FUNCTION github_sync.dictionary_of_table(regclass, github_sync.table_mapping, text, text, text) IS
'private: what both record types fill into the definitions';
