/*
 * Whether this database is the one that syncs.
 */

CREATE OR REPLACE FUNCTION github_sync.database_is_adopted() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT coalesce(bool_and(github_sync.is_at_home(a.database_identity, a.server_home, a.tableoid)), false)
		/* By the key: entry points plan by index, and a scan that they do not expect would be compiled each time. */
		FROM github_sync.attached_tables AS a WHERE a.record_type IN ('task', 'comment'));
END
$$;
COMMENT ON FUNCTION github_sync.database_is_adopted() IS
'private: false in a restored or copied database, or in a copy of the server, which send nothing before '
'adopt_database()';

/*
 * A standby that was promoted follows the server that it stood by. What came up
 * on a backup, and what lies elsewhere than it did, does not: that is written
 * down, so that a later start, or a standby of it, does not make it good.
 */
CREATE OR REPLACE FUNCTION github_sync.recognise_server() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	origin text := github_sync.server_origin();
BEGIN
	UPDATE github_sync.attached_tables AS a SET server_home =
		CASE WHEN origin = 'standby' THEN github_sync.server_home() ELSE 'a copy of ' || a.server_home END
	WHERE a.server_home NOT LIKE 'a copy of %' AND (a.server_home <> github_sync.server_home()
		OR origin = 'backup' AND a.adopted_at < pg_postmaster_start_time());
	RETURN github_sync.database_is_adopted();
END
$$;
COMMENT ON FUNCTION github_sync.recognise_server() IS
'private: what a worker''s start makes of where the server is, and on what it was started; whether the database is '
'adopted';
