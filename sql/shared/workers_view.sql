/*
 * View sync_workers.
 */

--@view sync_workers: a row per worker of this database and what it does; a copied database says so, with or without
--@more a worker
--@column pid: of the worker's process; NULL while it does not run
--@column database: this one
--@column activity: what the worker does now; "copied database" where nothing is sent until adopt_database()
--@column started_at: when the process started
--@column requests_under_way: requests sent to GitHub and not answered yet
--@column last_error: what last kept the worker, an installation's key or a setting from working; NULL: nothing
--@column last_error_at: when that was
	SELECT w.pid, current_database() AS database,
		CASE WHEN copy.because IS NOT NULL THEN 'copied database' ELSE w.activity END AS activity,
		w.started_at, w.requests_under_way,
		CASE WHEN copy.because IS NOT NULL
			THEN format('this database is a copy: %s; nothing is sent until SELECT github_sync.adopt_database(), '
				'after which the original must not send any more', copy.because)
			ELSE w.last_error END AS last_error,
		w.last_error_at
	FROM (SELECT max(github_sync.why_copied(a.database_identity, a.server, a.held_because)) AS because
		FROM (SELECT) AS once LEFT JOIN github_sync.attached_tables AS a ON true) AS copy
	LEFT JOIN github_sync.worker_slots() AS w ON true
	WHERE copy.because IS NOT NULL OR w IS NOT NULL OR w.last_error IS NOT NULL OR w.pid IS NOT NULL
