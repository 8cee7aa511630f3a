/*
 * What is being processed when the functions go by which workers report.
 */

CREATE FUNCTION github_sync.has_functions(record_type text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM pg_proc AS p
	WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proname = record_type || '_claim');
COMMENT ON FUNCTION github_sync.has_functions(text) IS
'private: whether what attach made of a record type is there, so that a worker may hold claims of it: it looks for '
'the same function. After detach, or DROP EXTENSION ... CASCADE, only the tables are left';

CREATE FUNCTION github_sync.give_back_all(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regprocedure(format('github_sync.%I(bigint[])', record_type || '_give_back_orphans')) IS NOT NULL THEN
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass,
			format('SELECT github_sync.%I(NULL::bigint[])', record_type || '_give_back_orphans'));
	END IF;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	/* Attach and detach go on: what stays behind, the worker gives back when it is started. */
	RAISE WARNING USING
		MESSAGE = format('transactions of %ss that are being processed could not be given back: %s',
			record_type, SQLERRM);
END
$$;
COMMENT ON FUNCTION github_sync.give_back_all(text) IS
'private: puts all that is being processed back into the queue, waiting for nobody. What is under way with GitHub '
'goes on; of its answer nothing is taken, and a creation is looked up before it is sent again';
