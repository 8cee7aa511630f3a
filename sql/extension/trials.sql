/*
 * What is tried, as the owner of the table, before it is attached: what catalogs
 * alone do not tell.
 */

CREATE FUNCTION github_sync.try_expression(
	application_table regclass, purpose text, e github_sync.row_expression) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	called regprocedure := github_sync.function_of_key(e.given);
BEGIN
	PERFORM github_sync.read_as_owner(application_table, format('SELECT %s::text FROM (SELECT * FROM %s LIMIT 1) AS r',
		github_sync.expression_over('r'::text, e), github_sync.table_name(application_table)))
	WHERE e.given IS NOT NULL;
	IF EXISTS (SELECT FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
		WHERE p.oid = called AND l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL
			AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path%', false)) THEN
		RAISE WARNING USING
			MESSAGE = format('function %s of %s has no search_path of its own', called, purpose),
			DETAIL = 'It is called with pg_catalog alone: names in it without their schema are not found.',
			HINT = format('ALTER FUNCTION %s SET search_path = ...', called);
	END IF;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	RAISE invalid_parameter_value USING
		MESSAGE = format('table %s cannot be attached: %s fails for a row: %s', application_table, purpose, SQLERRM),
		DETAIL = format('It is: %s', e.given),
		HINT = 'It is run as the owner of the table, with search_path = pg_catalog: names of the application need '
			'their schema, and the owner the right to use them.';
END
$$;
COMMENT ON FUNCTION github_sync.try_expression(regclass, text, github_sync.row_expression) IS
'private: runs an expression for one row, as the owner of the table; raises what it raises';

CREATE FUNCTION github_sync.try_state_values(
	application_table regclass, mapping github_sync.table_mapping) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	state_type text := (mapping.state).type;
	open_one record;
BEGIN
	FOR open_one IN SELECT o.* FROM (VALUES ('open_value', mapping.open_value),
		('reopened', github_sync.reopened_value(mapping.state_reasons))) AS o (purpose, value) WHERE o.value IS NOT NULL
	LOOP
		IF github_sync.read_as_owner(application_table, format('SELECT %s', github_sync.is_one_of(
			quote_literal(open_one.value), state_type, mapping.closed_values)))::boolean THEN
			RAISE invalid_parameter_value USING
				MESSAGE = format('%s %s is the same as one of the closed values %s', open_one.purpose, open_one.value,
					array_to_string(mapping.closed_values, ', '));
		END IF;
	END LOOP;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	RAISE invalid_parameter_value USING
		MESSAGE = format('table %s cannot be attached: the values of open and closed do not fit column %s of type '
			'%s: %s', application_table, (mapping.state).name, state_type, SQLERRM),
		HINT = 'Give open_value and closed_value or closed_values.';
END
$$;
COMMENT ON FUNCTION github_sync.try_state_values(regclass, github_sync.table_mapping) IS
'private: tries whether the values of open and closed are values of the state column, and different ones';

CREATE FUNCTION github_sync.try_expressions(application_table regclass, mapping github_sync.table_mapping) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.try_state_values(application_table, mapping) WHERE (mapping.state).name IS NOT NULL;
	PERFORM github_sync.try_expression(application_table, x.purpose, x.e)
	FROM (VALUES ('sync_when'::text, mapping.sync_when), ('deleted_when', mapping.deleted_when),
		('github_repo', mapping.repo_expression)) AS x (purpose, e)
	WHERE (x.e).given IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.try_expressions(regclass, github_sync.table_mapping) IS
'private: runs each expression of a mapping for one row, and tries the values of its states';
