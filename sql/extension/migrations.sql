/*
 * Migrations of the application: what became of an attached table and its
 * columns, and whether that still is what was attached.
 *
 * A table is known by the foreign key of the queue, a column by its number:
 * both follow a rename.  Numbers hold in one table of one database; in a
 * restored one the names count.
 */

CREATE FUNCTION github_sync.attached_relation(record_type text, attached jsonb) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce(github_sync.attached_by_key(record_type), to_regclass(github_sync.attached_name(attached)));
COMMENT ON FUNCTION github_sync.attached_relation(text, jsonb) IS
'private: the table that is attached, whatever its name is now; NULL: it is gone';

CREATE FUNCTION github_sync.numbers_of_columns(application_table regclass, names jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT jsonb_object_agg(n.key, a.attnum)
	FROM jsonb_each_text(names) AS n JOIN pg_attribute AS a ON a.attrelid = application_table AND a.attname = n.value);
COMMENT ON FUNCTION github_sync.numbers_of_columns(regclass, jsonb) IS
'private: attnum of each of the columns, by what they are for';

/* In plpgsql, as the other ones that health() and sync_metrics ask: a session plans it once, and not at each call. */
CREATE FUNCTION github_sync.names_of_columns(application_table regclass, mapping jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT jsonb_object_agg(n.key, coalesce(a.attname, n.value))
		FROM jsonb_each_text(mapping -> 'names') AS n
		LEFT JOIN pg_attribute AS a ON a.attrelid = application_table AND NOT a.attisdropped
			AND a.attnum = (mapping -> 'numbers' ->> n.key)::smallint
			AND application_table::oid::text = mapping ->> 'table'
			AND github_sync.database_identity() = mapping ->> 'database');
END
$$;
COMMENT ON FUNCTION github_sync.names_of_columns(regclass, jsonb) IS
'private: what the columns of a mapping in attached_tables are called now, by what they are for; of one that is gone '
'its last name';

/* By its name, as the functions that attach made call it: a new one of that name counts. */
CREATE FUNCTION github_sync.stored_function(application_table regclass, mapping jsonb, purpose text)
RETURNS regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN coalesce(to_regprocedure(mapping ->> purpose), (SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.oid = (mapping -> 'functions' ->> purpose)::oid
		AND application_table::oid::text = mapping ->> 'table'
		AND github_sync.database_identity() = mapping ->> 'database'));
COMMENT ON FUNCTION github_sync.stored_function(regclass, jsonb, text) IS
'private: a function of a mapping in attached_tables; where its name leads nowhere any more the one that was attached, '
'whatever it is called now; NULL: none was attached, or it is gone';

CREATE FUNCTION github_sync.gone_function(application_table regclass, mapping jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('function %s of %s is gone', mapping ->> p.purpose, p.purpose)
	FROM (VALUES ('insert_values'), ('apply_values'), ('byline')) AS p (purpose)
	WHERE mapping ->> p.purpose IS NOT NULL
		AND github_sync.stored_function(application_table, mapping, p.purpose) IS NULL LIMIT 1);
COMMENT ON FUNCTION github_sync.gone_function(regclass, jsonb) IS
'private: which function of a mapping is gone, under any name, in words; NULL: none';

CREATE FUNCTION github_sync.stored_mapping(application_table regclass, mapping jsonb) RETURNS github_sync.table_mapping
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT jsonb_populate_record(NULL::github_sync.table_mapping,
	(SELECT jsonb_object_agg(n.key, jsonb_build_object('name', n.value)) FROM jsonb_each(now_called.names) AS n)
	|| jsonb_build_object(
		'sync_when', github_sync.stored_expression('sync_when'::text, mapping, now_called.names),
		'deleted_when', github_sync.stored_expression('deleted_when'::text, mapping, now_called.names),
		'repo_expression', github_sync.stored_expression('github_repo_is'::text, mapping, now_called.names),
		'open_value', mapping -> 'open_value', 'closed_values', mapping -> 'closed_values',
		'state_reasons', nullif(mapping -> 'state_reasons', 'null'), 'modified_at_unit', mapping -> 'modified_at_unit',
		'modified_at_time_zone', mapping -> 'modified_at_time_zone', 'left_out', mapping -> 'left_out',
		'insert_values', github_sync.stored_function(application_table, mapping, 'insert_values'::text),
		'apply_values', github_sync.stored_function(application_table, mapping, 'apply_values'::text),
		'byline', github_sync.stored_function(application_table, mapping, 'byline'::text)))
	FROM (VALUES (github_sync.names_of_columns(application_table, mapping))) AS now_called (names));
COMMENT ON FUNCTION github_sync.stored_mapping(regclass, jsonb) IS
'private: a mapping of attached_tables, by the names that its columns have now; their types are to be found';

CREATE FUNCTION github_sync.with_attached_columns(
	record_type text, application_table regclass, wanted github_sync.table_mapping) RETURNS github_sync.table_mapping
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping jsonb := github_sync.attached_table(record_type) -> 'mapping';
	names CONSTANT jsonb := github_sync.mapped_names(wanted);
	left_out CONSTANT text[] := nullif(ARRAY(SELECT p.purpose FROM unnest('{state,modified_at}'::text[]) AS p (purpose)
		WHERE coalesce(names ->> p.purpose, CASE WHEN mapping -> 'left_out' ? p.purpose THEN '' END) = ''), '{}');
	known jsonb;
BEGIN
	/* A column that has the name of then, though another one was followed: convention decides again. */
	SELECT jsonb_object_agg(n.key, jsonb_build_object('name', n.value)) INTO known
	FROM jsonb_each_text(github_sync.names_of_columns(application_table, mapping)) AS n
	WHERE n.key <> 'github_repo' AND EXISTS (SELECT FROM pg_attribute AS a
			WHERE a.attrelid = application_table AND a.attname = n.value AND NOT a.attisdropped)
		AND NOT EXISTS (SELECT FROM pg_attribute AS a
			WHERE a.attrelid = application_table AND a.attname = mapping -> 'given' ->> n.key
				AND a.attname <> n.value AND NOT a.attisdropped);
	RETURN jsonb_populate_record(wanted, coalesce(known, '{}') || jsonb_build_object('left_out', left_out)
		|| (SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_object('name', n.value)), '{}') FROM (
			SELECT e.key, e.value FROM jsonb_each_text(names) AS e
			UNION ALL SELECT p.purpose, '' FROM unnest(left_out) AS p (purpose) WHERE NOT names ? p.purpose) AS n));
END
$$;
COMMENT ON FUNCTION github_sync.with_attached_columns(text, regclass, github_sync.table_mapping) IS
'private: attach again: a column that the call does not name stays the one that was attached, whatever its name is '
'now, and one that was left out stays so; but for the repository, which is none where it is not named';

CREATE FUNCTION github_sync.key_drift(application_table regclass, mapping jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT format('the key %s of table %s has type %s now, the queue %s', a.attname, application_table,
			github_sync.type_name(b.type, -1), mapping ->> 'key_type')
		FROM pg_attribute AS a CROSS JOIN LATERAL github_sync.base_type(a.atttypid) AS b (type)
		WHERE a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped
			AND a.attname = github_sync.names_of_columns(application_table, mapping) ->> 'key'
			AND github_sync.type_name(b.type, -1) <> mapping ->> 'key_type');
END
$$;
COMMENT ON FUNCTION github_sync.key_drift(regclass, jsonb) IS
'private: what became of the type of an attached table''s key, or NULL';

CREATE FUNCTION github_sync.names_drift(application_table regclass, mapping jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT string_agg(CASE WHEN a.attname IS NULL
			THEN format('table %s has no column %s', application_table, n.value)
			ELSE format('table %s has a new column %s; that of this name was renamed to %s, which is still the %s',
				application_table, g.attname, n.value, split_part(n.key, ':', 1)) END, '; ' ORDER BY n.key)
		FROM jsonb_each_text(github_sync.names_of_columns(application_table, mapping)) AS n
		LEFT JOIN pg_attribute AS a ON a.attrelid = application_table AND a.attnum > 0 AND NOT a.attisdropped
			AND a.attname = n.value
		LEFT JOIN pg_attribute AS g ON g.attrelid = application_table AND g.attnum > 0 AND NOT g.attisdropped
			AND g.attname = mapping -> 'given' ->> n.key
		WHERE a.attname IS NULL OR g.attname <> n.value);
END
$$;
COMMENT ON FUNCTION github_sync.names_drift(regclass, jsonb) IS
'private: which columns of a mapping are gone, or have the name that another one had when it was attached, or NULL';

CREATE FUNCTION github_sync.place_of_table(application_table regclass) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT jsonb_build_object('table_schema', n.nspname, 'table_name', c.relname)
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table);
COMMENT ON FUNCTION github_sync.place_of_table(regclass) IS
'private: schema and name of a table';

CREATE FUNCTION github_sync.table_in_place_of(application_table regclass, given jsonb) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = given ->> 'table_schema' AND c.relname = given ->> 'table_name'
			AND c.relkind IN ('r', 'p') AND c.oid <> application_table);
END
$$;
COMMENT ON FUNCTION github_sync.table_in_place_of(regclass, jsonb) IS
'private: another table that has the name under which this one was attached; NULL: none';

CREATE FUNCTION github_sync.lost_function(mapping jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT p.purpose FROM (VALUES ('insert_values'), ('apply_values'), ('byline')) AS p (purpose)
		WHERE mapping ->> p.purpose IS NOT NULL AND to_regprocedure(mapping ->> p.purpose) IS NULL LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.lost_function(jsonb) IS
'private: which of the functions of a mapping is gone, by what it is for; NULL: none';

CREATE FUNCTION github_sync.mapping_drift(table_schema text, table_name text, mapping jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN (SELECT CASE
			WHEN t.oid IS NULL THEN format('there is no table %I.%I', table_schema, table_name)
			WHEN github_sync.names_drift(t.oid, mapping) IS NOT NULL THEN github_sync.names_drift(t.oid, mapping)
			WHEN github_sync.key_drift(t.oid, mapping) IS NOT NULL THEN github_sync.key_drift(t.oid, mapping)
			WHEN github_sync.names_of_columns(t.oid, mapping) <> mapping -> 'names' THEN
				format('a column of table %s was renamed and could not be followed', t.oid)
			WHEN github_sync.table_in_place_of(t.oid, mapping -> 'given') IS NOT NULL THEN
				format('there is a new table %s; the one of that name was renamed to %s, which is still attached',
					github_sync.table_in_place_of(t.oid, mapping -> 'given'), t.oid)
			WHEN github_sync.lost_function(mapping) IS NOT NULL THEN
				format('function %s of %s is gone', mapping ->> github_sync.lost_function(mapping),
					github_sync.lost_function(mapping))
			WHEN NOT has_schema_privilege(github_sync.queue_owner(), table_schema, 'USAGE') THEN
				format('role %I, to whom the queue belongs, may not use schema %I', github_sync.queue_owner(),
					table_schema)
			END
		FROM (VALUES ((SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE n.nspname = table_schema AND c.relname = table_name))) AS t (oid));
END
$$;
COMMENT ON FUNCTION github_sync.mapping_drift(text, text, jsonb) IS
'private: in what an attached table is no longer what was attached, or NULL; asks the catalogs alone';

CREATE FUNCTION github_sync.milestone_drift(
	table_schema text, table_name text, mapping jsonb, OUT drift text, OUT remedy text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	SELECT format('column %I of table %s for the milestone is NOT NULL now: most issues have no milestone, and there '
			'is no number that says so', m.name, c.oid::regclass),
		format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL, or, where its domain says it, of the domain; then '
			'SELECT github_sync.%I() for what ended in an error', c.oid::regclass, m.name, 'retry_errored')
	INTO drift, remedy
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
	CROSS JOIN LATERAL (VALUES ((github_sync.names_of_columns(c.oid, mapping) ->> 'milestone')::name)) AS m (name)
	WHERE n.nspname = table_schema AND c.relname = table_name AND github_sync.number_refuses_null(c.oid, m.name);
END
$$;
COMMENT ON FUNCTION github_sync.milestone_drift(text, text, jsonb) IS
'private: that the column for the number of a milestone refuses NULL since it was attached, and what to do. No change '
'of the application is lost by it: it is no mapping_drift(). NULL: it does not';
