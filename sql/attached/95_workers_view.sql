CREATE OR REPLACE VIEW github_sync.sync_workers AS
	SELECT w.pid, current_database() AS database, w.activity, w.started_at, w.requests_under_way,
		w.last_error, w.last_error_at
	FROM github_sync.worker_slots() AS w
	UNION ALL
	SELECT NULL, current_database(), 'copied database', NULL, 0,
		'this database is a copy: nothing is sent until SELECT github_sync.adopt_database()', NULL
	WHERE EXISTS (SELECT FROM github_sync.attached_tables AS a
		WHERE a.database_identity <> github_sync.database_identity());
COMMENT ON VIEW github_sync.sync_workers IS
'public: a row per worker of this database and what it does; one row says so where this database is a copy';
