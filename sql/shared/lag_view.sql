/*
 * View sync_lag.
 */

--@view sync_lag: a row per repository: how far it is behind, and how far its import is
--@column github_repo_id: GitHub's id of the repository
--@column repository: owner/name
--@column oldest_unsynced_at: since when the oldest change waits that is queued or being processed; NULL: none is
--@column lag: how long that is; NULL: nothing waits
--@column last_sweep_at: when all of its lists had been read to their end; NULL: one of them never was
--@column phase: backfill (the first import), sweep (what changed) or census (which issues are still there), of the list
--@more that is being read; NULL: none is
--@column done: how many of its items were listed so far
--@column total: about how many there are; NULL: not known
--@column per_cent: of total
--@column rate: items a second
--@column remaining: how long the rest takes at that rate; NULL: total or rate is not known
	SELECT l.github_repo_id, r.owner_login || '/' || r.name AS repository, l.oldest_unsynced_at,
		date_trunc('milliseconds', clock_timestamp() - l.oldest_unsynced_at) AS lag, l.last_sweep_at,
		l.phase, l.done, l.total,
		CASE WHEN l.total > 0 THEN least(100 * l.done / l.total, 99)::integer END AS per_cent, l.rate,
		/* greatest() knows nothing of a NULL. */
		CASE WHEN l.total IS NOT NULL THEN
			date_trunc('second', greatest(l.total - l.done, 0) / nullif(l.rate, 0) * interval '1 second') END
			AS remaining
	FROM github_sync.repo_lags() AS l JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id
