/*
 * A restored or copied database, which sends nothing until it is adopted.
 */

CREATE FUNCTION github_sync.adopt_database() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.require_one_owner();
	/* What was queued when this copy was made may have been sent since by the original. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass,
		'UPDATE github_sync.attached_tables AS a SET database_identity = github_sync.identity_with(a.tableoid),
			server_home = github_sync.server_home(), server_timeline = NULL, adopted_at = clock_timestamp()');
	/* What the application wrote into the copy. */
	PERFORM github_sync.catch_up(a.record_type, github_sync.attached_relation(
		a.record_type, github_sync.attached_table(a.record_type)))
	FROM (VALUES ('task'), ('comment')) AS a (record_type)
	WHERE github_sync.attached_table(a.record_type) IS NOT NULL;
	PERFORM github_sync.poke_launcher();
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.adopt_database() IS
'public: makes this database the one that syncs; a restored or copied database sends nothing before. '
'Make sure that the original no longer runs';
