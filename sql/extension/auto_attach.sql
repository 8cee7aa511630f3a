/*
 * What CREATE EXTENSION does for a database that has its tables already: the
 * one table of the conventional name is attached.
 */

CREATE FUNCTION github_sync.attach_by_convention(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* All arguments, so that no other function of the name fits better. */
	IF record_type = 'task' THEN
		PERFORM github_sync.attach_tasks(application_table, NULL::name, NULL::name, NULL::name, NULL::name,
			NULL::text, NULL::text, NULL::name, 'UTC'::text, NULL::name, NULL::regprocedure,
			NULL::text, NULL::text, NULL::text, NULL::text[], NULL::jsonb, NULL::text,
			NULL::regprocedure, NULL::regprocedure, NULL::name, NULL::name, NULL::name);
	ELSE
		PERFORM github_sync.attach_comments(application_table, NULL::name, NULL::name, NULL::name, NULL::name,
			'UTC'::text, NULL::regprocedure, NULL::text, NULL::text, NULL::text,
			NULL::regprocedure, NULL::regprocedure);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.attach_by_convention(text, regclass) IS
'private: attaches a table by the defaults of attach_tasks or attach_comments';

CREATE FUNCTION github_sync.auto_attach(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	candidates regclass[];
	strangers regclass[];
	problem text;
BEGIN
	/* Whoever may create a table must not be able to have it attached, nor to keep another one from it. */
	SELECT array_agg(c.oid::regclass) FILTER (WHERE c.relowner IN (d.datdba, r.oid)),
		array_agg(c.oid::regclass) FILTER (WHERE c.relowner NOT IN (d.datdba, r.oid))
	INTO candidates, strangers
	FROM pg_database AS d, pg_roles AS r, pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE d.datname = current_database() AND r.rolname = current_user
		AND c.relname = record_type || 's' AND c.relkind IN ('r', 'p')
		AND c.relpersistence <> 't' AND NOT c.relispartition
		AND n.nspname <> 'information_schema' AND n.nspname <> 'github_sync' AND n.nspname !~ '^pg_'
		AND NOT EXISTS (SELECT FROM pg_depend AS d
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
	IF cardinality(candidates) = 1 THEN
		BEGIN
			PERFORM github_sync.attach_by_convention(record_type, candidates[1]);
			RAISE NOTICE 'attached table %', candidates[1];
			RETURN;
		EXCEPTION WHEN undefined_column OR invalid_authorization_specification OR insufficient_privilege
			OR object_not_in_prerequisite_state OR feature_not_supported OR invalid_parameter_value
			OR wrong_object_type OR invalid_table_definition THEN
			GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT;
		END;
	END IF;
	RAISE NOTICE USING
		MESSAGE = format('no %ss table is attached: %s', record_type, coalesce(problem,
			CASE WHEN candidates IS NULL AND strangers IS NOT NULL
				THEN format('%s belongs neither to the owner of the database nor to you', strangers[1])
				ELSE format('found %s tables of that name', coalesce(cardinality(candidates), 0)) END)),
		HINT = format('SELECT github_sync.attach_%ss(''your_schema.your_table'', ...)', record_type);
END
$$;
COMMENT ON FUNCTION github_sync.auto_attach(text) IS
'private: attaches the one table of the conventional name that belongs to the owner of the database or to the caller, '
'or says what to call';
