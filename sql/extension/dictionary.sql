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

CREATE FUNCTION github_sync.local_time(expression text, type text, time_zone text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN type = 'timestamp without time zone' THEN format('(%s AT TIME ZONE %L)', expression, time_zone) ELSE expression END;
COMMENT ON FUNCTION github_sync.local_time(text, text, text) IS
'private: an expression turned from timestamptz to the column''s type, or back; the session''s TimeZone is never used';

CREATE FUNCTION github_sync.state_expression(the_row text, state_name name, state_type text, closed_value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
RETURN format('CASE WHEN %1$s.%2$I::%4$s = %3$L::%4$s THEN ''closed'' ELSE ''open'' END', the_row, state_name, closed_value, state_type);
COMMENT ON FUNCTION github_sync.state_expression(text, name, text, text) IS
'private: the state column of a row as GitHub has it; NULL: there is none';

CREATE FUNCTION github_sync.task_fields(
	the_row text, title_name name, body_name name, state_name name, state_type text, closed_value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('ARRAY[%1$s.%2$I::text, %1$s.%3$I::text, %4$s]', the_row, title_name, body_name,
	coalesce(github_sync.state_expression(the_row, state_name, state_type, closed_value), 'NULL'));
COMMENT ON FUNCTION github_sync.task_fields(text, name, name, name, text, text) IS
'private: the mapped fields of a row of tasks: title, body, state';

CREATE FUNCTION github_sync.comment_fields(the_row text, body_name name) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('ARRAY[%s.%I::text]', the_row, body_name);
COMMENT ON FUNCTION github_sync.comment_fields(text, name) IS
'private: the mapped fields of a row of comments: body';

CREATE FUNCTION github_sync.field_assignment(column_name name, field integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%1$I = CASE WHEN chosen[%2$s] THEN new_fields[%2$s] ELSE r.%1$I END', column_name, field);
COMMENT ON FUNCTION github_sync.field_assignment(name, integer) IS
'private: writes a field where it was chosen';

CREATE FUNCTION github_sync.state_assignment(
	state_name name, state_type text, field integer, open_value text, closed_value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
RETURN format('%1$I = CASE WHEN chosen[%2$s] AND %3$s <> new_fields[%2$s]'
	' THEN CASE new_fields[%2$s] WHEN ''closed'' THEN %4$L ELSE %5$L END::%6$s ELSE r.%1$I END',
	state_name, field, github_sync.state_expression('r'::text, state_name, state_type, closed_value),
	closed_value, open_value, state_type);
COMMENT ON FUNCTION github_sync.state_assignment(name, text, integer, text, text) IS
'private: writes the state where it was chosen and means something else now; the application may have several that mean open. NULL: there is no such column';

CREATE FUNCTION github_sync.modified_at_assignment(column_name name, type text, time_zone text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%1$I = CASE WHEN new_modified_at IS NULL THEN r.%1$I ELSE greatest(r.%1$I, %2$s) END',
	column_name, github_sync.local_time('new_modified_at'::text, type, time_zone));
COMMENT ON FUNCTION github_sync.modified_at_assignment(name, text, text) IS
'private: never moves the local time of change backwards';

CREATE FUNCTION github_sync.changed_condition(columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('(%s) IS DISTINCT FROM (%s)', string_agg(format('OLD.%I::text', c.name), ', ' ORDER BY c.place),
		string_agg(format('NEW.%I::text', c.name), ', ' ORDER BY c.place))
	FROM unnest(columns) WITH ORDINALITY AS c (name, place));
COMMENT ON FUNCTION github_sync.changed_condition(name[]) IS
'private: whether an update changed one of the columns, by the words of a trigger''s WHEN';

CREATE FUNCTION github_sync.dictionary_of_table(
	application_table regclass, key_name name, key_type text, fields_of_r text, fields_of_old text, fields_of_new text,
	modified_name name, modified_type text, time_zone text, insert_values regprocedure)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object(
		'table', github_sync.table_name(application_table),
		'table_text', quote_literal(github_sync.table_name(application_table)),
		'id', quote_ident(key_name),
		'key_type', key_type,
		'local_fields', fields_of_r,
		'old_fields', fields_of_old,
		'new_fields', fields_of_new,
		'returning_text', quote_literal(format('r.%I, %s', key_name, fields_of_r)),
		'modified_at', github_sync.local_time(format('r.%I', modified_name), modified_type, time_zone),
		'insert_values', coalesce((SELECT format('%I.%I(repo.id, resource)', n.nspname, p.proname)
			FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = insert_values), 'NULL::jsonb'))
$$;
COMMENT ON FUNCTION github_sync.dictionary_of_table(regclass, name, text, text, text, text, name, text, text, regprocedure) IS
'private: what both record types fill into the definitions';
