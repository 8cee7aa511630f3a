/*
 * Attaching: what attach_tasks and attach_comments share.  The definitions of
 * attached objects are run as the caller, outside the extension, and handed to
 * the table's owner.
 */

CREATE FUNCTION github_sync.check_kept_queue(
	record_type text, application_table regclass, key_name name, key_type text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kept record;
BEGIN
	SELECT k.confrelid, f.attname AS key_name, format_type(a.atttypid, -1) AS key_type INTO kept
	FROM pg_attribute AS a
	LEFT JOIN pg_constraint AS k ON k.conrelid = a.attrelid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
	LEFT JOIN pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
	WHERE a.attrelid = to_regclass(format('github_sync.%I', record_type || '_sync_transactions'))
		AND a.attname = record_type || '_id' AND NOT a.attisdropped;
	IF FOUND AND (kept.confrelid, kept.key_name, kept.key_type)
		IS DISTINCT FROM (application_table::oid, key_name, key_type) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the queue that is there belongs to %s, not to column %I (%s) of table %s',
				CASE WHEN kept.confrelid IS NULL THEN 'a table that is gone'
					ELSE format('column %I (%s) of table %s',
						kept.key_name, kept.key_type, kept.confrelid::regclass) END,
				key_name, key_type, application_table),
			HINT = format('SELECT github_sync.detach_%ss(true) drops it with its history.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_kept_queue(text, regclass, name, text) IS
'private: a queue that a detach or a restore left is adopted only with the key that its rows refer to';

CREATE FUNCTION github_sync.check_not_attached_elsewhere(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present jsonb := github_sync.attached_table(record_type);
BEGIN
	IF present IS NOT NULL AND to_regclass(github_sync.attached_name(present)) IS DISTINCT FROM application_table THEN
		RAISE object_in_use USING
			MESSAGE = format('table %s is attached already', github_sync.attached_name(present)),
			HINT = format('SELECT github_sync.detach_%ss() first.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_not_attached_elsewhere(text, regclass) IS
'private: raises where another table of the record type is attached: there can be one';

CREATE FUNCTION github_sync.check_may_attach(record_type text, application_table regclass, owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.queue_owner() IS NOT NULL THEN
		PERFORM github_sync.require_owner();
	END IF;
	PERFORM github_sync.check_not_attached_elsewhere(record_type, application_table);
	PERFORM github_sync.require_create();
	PERFORM github_sync.refuse_foreign_objects(owner);
END
$$;
COMMENT ON FUNCTION github_sync.check_may_attach(text, regclass, name) IS
'private: whether the caller may attach a table now; raises if not';

CREATE FUNCTION github_sync.plan_by_index() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry_point regprocedure;
BEGIN
	FOR entry_point IN
		SELECT p.oid FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		PERFORM github_sync.execute_unowned(format('ALTER ROUTINE %s SET enable_seqscan = off', entry_point));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.plan_by_index() IS
'private: every entry to the rules plans by index. A queue is often all but empty, and a session keeps its plans: '
'read from end to end for each of the rows of one large statement it would cost their square';

CREATE FUNCTION github_sync.make_attached(
	record_type text, application_table regclass, owner name, dictionary jsonb, mapping jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
	definition text;
	where_it_is record;
BEGIN
	PERFORM github_sync.check_kept_queue(
		record_type, application_table, (mapping ->> 'id')::name, mapping ->> 'key_type');
	SELECT n.nspname, c.relname INTO where_it_is
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table;
	FOR definition IN SELECT * FROM github_sync.definitions_of(record_type, 'objects'::text) LOOP
		PERFORM github_sync.execute_unowned(github_sync.fill_in(definition, dictionary));
	END LOOP;
	PERFORM github_sync.plan_by_index();
	PERFORM github_sync.hand_over(owner);
	/* Attached again, a copy is still a copy: the identity stays. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT set_config(''check_function_bodies'', ''on'', true);	/* no row of a dump: hold_restored() */
		INSERT INTO github_sync.attached_tables
			(record_type, table_schema, table_name, mapping, database_identity, server)
		VALUES (%L, %L, %L, %L, %L, %L)
		ON CONFLICT ON CONSTRAINT attached_tables_pkey DO UPDATE SET
			table_schema = excluded.table_schema, table_name = excluded.table_name, mapping = excluded.mapping,
			attached_at = now()',
		record_type, where_it_is.nspname, where_it_is.relname, mapping, github_sync.database_identity(),
		github_sync.server_fingerprint()));
	PERFORM github_sync.make_views();
	PERFORM github_sync.hand_over(owner);
	/* Capture that is on goes on, by the columns that count now. */
	PERFORM github_sync.capture_changes(record_type, true)
	WHERE EXISTS (SELECT FROM github_sync.capture_triggers(record_type, application_table));
	/* Restored without its registration, it was a copy until now. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT github_sync.%I()', record_type || '_enqueue_changed_in_copy'));
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.make_attached(text, regclass, name, jsonb, jsonb) IS
'private: makes (or adopts) the objects of a record type, registers the table and tells the launcher';
