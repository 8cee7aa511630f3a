/*
 * View sync_workers.
 */

--@view sync_workers: a row per worker of this database and what it does; where none runs, one row that says why
--@column pid: of the worker's process; NULL while none runs
--@column database: this one
--@column activity: what the worker does now; without a worker: "asleep" while nothing is due, "starting", "to be
--@more started again" after it failed, "waits for a free process", "standby", "not enabled"; "copied database" where
--@more nothing is sent until adopt_database(); "does not run" where last_error says why no worker may
--@column started_at: when the process started
--@column requests_under_way: requests sent to GitHub and not answered yet
--@column last_error: what last kept the worker, an installation's key or a setting from working; NULL: nothing
--@column last_error_at: when that was
--@column next_start_at: without a worker: when one is started at the latest, a commit does it earlier; NULL otherwise
	SELECT w.pid, current_database() AS database,
		CASE WHEN owner.problem IS NOT NULL THEN 'does not run' WHEN copy.because IS NOT NULL THEN 'copied database'
			ELSE w.activity END AS activity,
		w.started_at, w.requests_under_way,
		CASE WHEN owner.problem IS NOT NULL THEN format('nothing is synchronized: %s; %s', owner.problem, owner.remedy)
			WHEN copy.because IS NOT NULL
			THEN format('this database is a copy: %s; nothing is sent until SELECT github_sync.adopt_database(), '
				'after which the original must not send any more', copy.because)
			ELSE github_sync.words_for_reader(w.last_error) END AS last_error,
		w.last_error_at, w.next_start_at
	FROM github_sync.owner_problem() AS owner
	CROSS JOIN (
		SELECT max(github_sync.why_copied(a.database_identity, a.server, a.held_because,
			github_sync.registered_identity(), github_sync.server_fingerprint(),
			github_sync.promotion_fingerprint())) AS because
		FROM (SELECT) AS once LEFT JOIN github_sync.attached_tables AS a ON true) AS copy
	LEFT JOIN github_sync.worker_slots() AS w ON true
	WHERE owner.problem IS NOT NULL OR copy.because IS NOT NULL OR w.activity IS NOT NULL
