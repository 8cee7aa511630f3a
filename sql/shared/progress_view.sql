/*
 * View sync_progress.
 */

--@view sync_progress: a row per list of a repository: how far it has been read, and what it waits for
--@column github_repo_id: GitHub's id of the repository
--@column repository: owner/name
--@column stream: issues or comments
--@column phase: backfill (the first import), sweep (what changed), census (which issues are still there), check (all of
--@more it is compared; a row of its own, once check_repo() was called)
--@column is_under_way: a pass has begun and is not complete
--@column done: items that were listed in this pass, or the last one
--@column applied: how many of them were news, and could be applied; of a check: differ
--@column failed: how many of them could not be applied as they were listed, in this pass or before: each is fetched
--@more singly, once, and sync_errors says why it fails. A comment waits for its issue then; of a check: 0
--@column rate: items a second in this pass; NULL: none is under way
--@column total: about how many items the pass will list: by the number of GitHub's pages; where it numbers none, by how
--@more many there were when all were listed last, or, of a census or a check, are known; NULL: not known
--@column per_cent: of total; NULL: that is not known, or no pass is under way
--@column remaining: at that rate; NULL: the same
--@column waits_for: reading; ready; due at a time; retry at a time; rate limit until a time; installation suspended or
--@more deleted; repository disabled; issues first; import first (a check); reconcile_interval is 0; copied database;
--@more github_sync.enabled is off; complete (a check: nobody has asked for another one since); last tenth of the hour
--@more until a time, which is left to what people do
--@column last_complete_at: when a pass came to the end of the list
--@column last_census_at: when all issues were listed last
--@column attempts: failures in a row
--@column last_error: what went wrong last; NULL: nothing since the last complete pass. Of the server's words others
--@more than the owner of the queue see the SQLSTATE alone
--@column last_error_at: when that was
	SELECT s.github_repo_id, r.owner_login || '/' || r.name AS repository,
		replace(s.stream, 'check of ', '') AS stream, s.phase,
		s.pass_began_at IS NOT NULL AS is_under_way, s.listed AS done, s.applied, s.failed,
		round((s.listed / nullif(extract(epoch FROM p.took), 0))::numeric, 1) AS rate, s.total,
		CASE WHEN p.took IS NOT NULL AND s.total > 0
			THEN least(100 * s.listed / s.total, 99)::integer END AS per_cent,
		CASE WHEN s.total > 0 AND s.listed > 0
			THEN date_trunc('second', p.took * (greatest(s.total - s.listed, 0)::double precision / s.listed)) END
			AS remaining,
		CASE
			WHEN NOT r.sync_enabled OR r.access_lost OR r.sync_direction = 'outbound' AND s.phase <> 'check'
				THEN 'repository disabled'
			WHEN i.state <> 'active' THEN 'installation ' || i.state
			WHEN s.phase = 'check' AND NOT s.is_asked THEN 'complete'
			WHEN NOT s.is_asked AND github_sync.reconcile_interval() = '0' THEN 'reconcile_interval is 0'
			WHEN (SELECT bool_or(github_sync.why_copied(a.database_identity, a.server, a.held_because,
					github_sync.registered_identity(), github_sync.server_fingerprint(),
					github_sync.promotion_fingerprint()) IS NOT NULL)
				FROM (SELECT) AS once LEFT JOIN github_sync.attached_tables AS a ON true) THEN 'copied database'
			WHEN github_sync.is_switched_off() THEN 'github_sync.enabled is off'
			WHEN i.paused_until > clock_timestamp() THEN i.pause_kind || ' until ' || i.paused_until
			WHEN r.paused_until > clock_timestamp() THEN r.pause_reason
			WHEN s.stream = 'comments' AND o.phase = 'backfill'
				OR s.stream = 'check of comments' AND c.is_asked THEN 'issues first'
			WHEN s.phase = 'check' AND r.sync_direction <> 'outbound' AND (o.phase = 'backfill'
				OR s.stream = 'check of comments' AND l.phase = 'backfill') THEN 'import first'
			WHEN s.due_at > clock_timestamp() AND s.attempts > 0 THEN 'retry at ' || s.due_at
			WHEN s.due_at > clock_timestamp() THEN 'due at ' || s.due_at
			WHEN s.claimed_by IS NOT NULL THEN 'reading'
			ELSE coalesce('last tenth of the hour until ' || github_sync.hour_is_kept_until(i.id), 'ready')
			END AS waits_for,
		s.last_complete_at, s.last_census_at, s.attempts,
		github_sync.words_for_reader(s.last_error) AS last_error, s.last_error_at
	FROM github_sync.repo_sweeps AS s
	JOIN github_sync.github_repos AS r ON r.id = s.github_repo_id
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	JOIN github_sync.repo_sweeps AS o ON o.github_repo_id = s.github_repo_id AND o.stream = 'issues'
	LEFT JOIN github_sync.repo_sweeps AS l ON l.github_repo_id = s.github_repo_id AND l.stream = 'comments'
	LEFT JOIN github_sync.repo_sweeps AS c ON c.github_repo_id = s.github_repo_id AND c.stream = 'check of issues'
	CROSS JOIN LATERAL (SELECT clock_timestamp() - s.pass_began_at AS took) AS p
