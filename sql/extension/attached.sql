/*
 * Which tables of the application are attached: the rows of attached_tables,
 * which belong to the owner of the queue.
 */

CREATE FUNCTION github_sync.registered_table(record_type text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass('github_sync.attached_tables') IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN github_sync.read_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT to_jsonb(a) FROM github_sync.attached_tables AS a WHERE a.record_type = %L', record_type))::jsonb;
END
$$;
COMMENT ON FUNCTION github_sync.registered_table(text) IS
'private: the row of attached_tables for a record type, also of one that is detached; NULL: none; for the owner of the '
'queue only';

CREATE FUNCTION github_sync.attached_table(record_type text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	registered jsonb := github_sync.registered_table(record_type);
BEGIN
	RETURN CASE WHEN registered ->> 'attached_at' IS NOT NULL THEN registered END;
END
$$;
COMMENT ON FUNCTION github_sync.attached_table(text) IS
'private: the row of attached_tables for a record type, NULL: none is attached; for the owner of the queue only';

CREATE FUNCTION github_sync.attached_name(attached jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN attached IS NOT NULL THEN format('%I.%I', attached ->> 'table_schema', attached ->> 'table_name') END;
COMMENT ON FUNCTION github_sync.attached_name(jsonb) IS
'private: the name of an attached table, quoted; NULL: none is attached';
