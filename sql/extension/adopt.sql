/*
 * A restored or copied database, which sends nothing until it is adopted.
 *
 * attached_tables keeps which database it was (database_identity) and where its
 * server was (server, a server_fingerprint()).  A standby has its primary's
 * rows: its promotion is what makes another server the one that syncs, without
 * anybody's call.
 */

CREATE FUNCTION github_sync.server_difference(kept jsonb, present jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN kept ->> 'timeline' <> present ->> 'timeline'
		THEN 'its server was recovered from a backup: it writes another timeline and is no promoted standby'
	/* Somebody may have removed the file. */
	WHEN present ->> 'backup' IS DISTINCT FROM kept ->> 'backup' AND present ->> 'backup' IS NOT NULL
		THEN 'its server was started from a backup'
	WHEN kept ->> 'inode' <> present ->> 'inode' OR kept ->> 'birth' <> present ->> 'birth'
		THEN 'the data directory of its server is a copy'
	/* A container gets another name, but not in the middle of another boot. */
	WHEN kept ->> 'host' <> present ->> 'host' AND kept ->> 'boot' IS DISTINCT FROM present ->> 'boot'
		THEN 'its server runs on another host'
	/* One alone: moved, or mounted again after a boot that numbers devices anew. */
	WHEN kept ->> 'path' <> present ->> 'path' AND kept ->> 'device' <> present ->> 'device'
		THEN 'the data directory of its server is on another device, at another path'
END;
COMMENT ON FUNCTION github_sync.server_difference(jsonb, jsonb) IS
'private: in what a server''s fingerprint differs from the one that was kept, so that it counts as another server; '
'NULL: it is the same one, as far as can be told';

/* All that it needs is given: who reads a view may call what that names, but not what that calls. */
CREATE FUNCTION github_sync.why_copied(
	kept_identity text, kept_server jsonb, held_because text, identity text, server jsonb, promoted jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN kept_identity IS NULL
		THEN 'its schema was restored without the rows of attached_tables: attach the tables again first'
	WHEN kept_identity <> identity THEN 'it was restored from a dump, copied, or upgraded by pg_upgrade'
	/* On a standby nothing is sent anyway, and its fingerprint is not the primary's. */
	WHEN held_because IS NOT NULL OR pg_is_in_recovery() THEN held_because
	/* A promotion is what may make another server of it. */
	WHEN kept_server IS NULL
		OR promoted IS NOT NULL AND github_sync.server_difference(promoted, server) IS NULL THEN NULL
	ELSE github_sync.server_difference(kept_server, server)
END;
COMMENT ON FUNCTION github_sync.why_copied(text, jsonb, text, text, jsonb, jsonb) IS
'private: why a database with this row of attached_tables (NULL: with none) counts as a copy, by '
'registered_identity(), server_fingerprint() and promotion_fingerprint(); NULL: it does not';

CREATE FUNCTION github_sync.adopt_database() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	record_type text;
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.require_one_owner();
	/* A dump has no rights on the types of tables' rows. */
	PERFORM github_sync.hand_over(github_sync.queue_owner());
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'UPDATE github_sync.attached_tables SET database_identity = %L, server = %L, held_because = NULL',
		github_sync.registered_identity(), github_sync.server_fingerprint()));
	FOREACH record_type IN ARRAY ARRAY['task', 'comment'] LOOP
		CONTINUE WHEN github_sync.attached_table(record_type) IS NULL;
		/* What was queued when this copy was made may have been sent since by the original. */
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'SELECT github_sync.%I()', record_type || '_assume_creations_sent'));
		/* What the application wrote into the copy. */
		PERFORM github_sync.catch_up(record_type, github_sync.attached_relation(
			record_type, github_sync.attached_table(record_type)));
	END LOOP;
	PERFORM github_sync.poke_launcher();
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.adopt_database() IS
'public: makes this database the one that syncs. A restored or copied database sends nothing before, and captures '
'nothing; what the application changed in it meanwhile is enqueued now, and creations that were queued before are '
'looked for at GitHub before they are sent. Make sure that the original no longer runs';
