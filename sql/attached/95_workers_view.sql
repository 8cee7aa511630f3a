CREATE OR REPLACE VIEW github_sync.sync_workers AS
	SELECT w.pid, current_database() AS database,
		CASE WHEN copy.is_one THEN 'copied database' ELSE w.activity END AS activity,
		w.started_at, w.requests_under_way,
		CASE WHEN copy.is_one THEN 'this database is a copy: nothing is sent until SELECT github_sync.adopt_database()'
			ELSE w.last_error END AS last_error,
		w.last_error_at
	FROM (SELECT EXISTS (SELECT FROM github_sync.attached_tables AS a
		WHERE a.database_identity <> github_sync.database_identity()) AS is_one) AS copy
	LEFT JOIN github_sync.worker_slots() AS w ON true
	WHERE copy.is_one OR w IS NOT NULL OR w.last_error IS NOT NULL OR w.pid IS NOT NULL;
COMMENT ON VIEW github_sync.sync_workers IS
'public: a row per worker of this database and what it does; a copied database says so, with or without a worker';
