/*
 * How far each repository is behind.
 */

/* What is not attached may not be named, not even where it would not be called. */
CREATE OR REPLACE FUNCTION github_sync.oldest_unsynced(repo_id bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF to_regprocedure('github_sync.comment_oldest_unsynced(bigint)') IS NULL THEN
		RETURN github_sync.task_oldest_unsynced(repo_id);
	END IF;
	RETURN least(github_sync.task_oldest_unsynced(repo_id), github_sync.comment_oldest_unsynced(repo_id));
END
$$;
COMMENT ON FUNCTION github_sync.oldest_unsynced(bigint) IS
'private: the place in line of the oldest change of a repository, of what is attached; NULL: none waits';

/* Only the queue is read: to whom the application's tables belong makes no difference. */
CREATE OR REPLACE FUNCTION github_sync.repo_lags() RETURNS SETOF github_sync.lag
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	has_comments CONSTANT boolean := to_regprocedure('github_sync.comment_oldest_unsynced(bigint)') IS NOT NULL;
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN;
	END IF;
	PERFORM github_sync.require_one_owner() WHERE (github_sync.owner_problem()).problem IS NULL;
	RETURN QUERY SELECT r.id, github_sync.oldest_unsynced(r.id), l.last_sweep_at, w.phase, w.listed, w.total,
		round((w.listed / nullif(extract(epoch FROM clock_timestamp() - w.pass_began_at), 0))::numeric, 1)
	FROM github_sync.github_repos AS r
	LEFT JOIN LATERAL (
		/* min() knows nothing of one that was never read. */
		SELECT CASE WHEN count(s.last_complete_at) = count(*) THEN min(s.last_complete_at) END AS last_sweep_at
		FROM github_sync.repo_sweeps AS s
		WHERE s.github_repo_id = r.id
			AND s.stream IN ('issues', CASE WHEN has_comments THEN 'comments' END)) AS l ON true
	/* Issues come first; a list that waits for them has not begun. */
	LEFT JOIN LATERAL (
		SELECT s.* FROM github_sync.repo_sweeps AS s
		WHERE s.github_repo_id = r.id AND s.stream IN ('issues', 'comments') AND s.pass_began_at IS NOT NULL
		ORDER BY s.stream DESC LIMIT 1) AS w ON true
	WHERE r.disconnected_at IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.repo_lags() IS
'private: what view sync_lag shows, with the rights of the owner of the queue; nothing where that has several';
