/*
 * View sync_workers.
 */

--@view sync_workers: a row per worker of this database and what it does; a copied database says so, with or without
--@more a worker, and so does one in which not all of it has one owner
--@column pid: of the worker's process; NULL while it does not run
--@column database: this one
--@column activity: what the worker does now; "copied database" where nothing is sent until
--@more adopt_database(); "does not run" where last_error says why no worker may
--@column started_at: when the process started
--@column requests_under_way: requests sent to GitHub and not answered yet
--@column last_error: what last kept the worker, an installation's key or a setting from working; NULL: nothing
--@column last_error_at: when that was
	SELECT w.pid, current_database() AS database,
		CASE WHEN owner.problem IS NOT NULL THEN 'does not run' WHEN copy.is_one THEN 'copied database'
			ELSE w.activity END AS activity,
		w.started_at, w.requests_under_way,
		CASE WHEN owner.problem IS NOT NULL THEN format('nothing is synchronized: %s; %s', owner.problem, owner.remedy)
			WHEN copy.is_one THEN 'this database is a copy: nothing is sent until SELECT github_sync.adopt_database()'
			ELSE w.last_error END AS last_error,
		w.last_error_at
	FROM github_sync.owner_problem() AS owner CROSS JOIN (SELECT EXISTS (SELECT FROM github_sync.attached_tables AS a
		WHERE a.database_identity <> github_sync.database_identity()) AS is_one) AS copy
	LEFT JOIN github_sync.worker_slots() AS w ON true
	WHERE owner.problem IS NOT NULL OR copy.is_one OR w IS NOT NULL OR w.last_error IS NOT NULL OR w.pid IS NOT NULL
