/*
 * Views, one SELECT per record type; attach joins them by UNION ALL.  Each
 * part is headed by the view's name and what it tells.
 */

--@view sync_status: how many transactions per record type, direction and state, the oldest and the newest
	SELECT '@record@' AS record_type, t.direction, t.state, count(*) AS transactions,
		min(t.inserted_at) AS oldest, max(t.inserted_at) AS newest
	FROM github_sync.@record@_sync_transactions AS t
	GROUP BY t.direction, t.state

--@view sync_queue: a row per queued or processing transaction and what it waits for
	SELECT '@record@' AS record_type, t.id, t.direction, t.action, t.state, t.@record@_id::text AS record_id,
		r.owner_login || '/' || r.name AS repository, t.github_issue_number, t.priority, t.queued_at,
		CASE
			WHEN t.state = 'processing' THEN 'processing'
			WHEN t.next_attempt_at = 'infinity' THEN 'parent issue'
			WHEN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS p
				WHERE p.@resource@_id = t.@resource@_id AND p.state = 'processing') THEN 'record busy'
			WHEN i.paused_until > now() THEN i.pause_reason || ', until ' || i.paused_until::timestamptz(0)
			WHEN t.next_attempt_at > now() AND EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
				WHERE a.@resource@_id = t.@resource@_id AND a.outcome IS NULL) THEN 'creation being looked up'
			WHEN t.next_attempt_at > now() THEN 'retry at ' || t.next_attempt_at::timestamptz(0)
			ELSE 'ready'
		END AS waits_for,
		t.attempts, t.last_error, t.last_error_at
	FROM github_sync.@record@_sync_transactions AS t
	LEFT JOIN github_sync.github_repos AS r ON r.id = t.github_repo_id
	LEFT JOIN github_sync.github_app_installations AS i ON i.id = t.github_app_installation_id
	WHERE t.state IN ('queued', 'processing')

--@view sync_errors: a row per errored transaction, why, and the statement that retries it
	SELECT '@record@' AS record_type, t.id, t.direction, t.action, t.@record@_id::text AS record_id,
		t.github_repo_id, t.github_issue_number, t.error_code, t.error_reason, t.attempts, t.finished_at AS errored_at,
		format('SELECT github_sync.retry_@record@_sync_transaction(%s)', t.id) AS retry
	FROM github_sync.@record@_sync_transactions AS t
	WHERE t.state = 'errored'

--@view sync_history: the audit trail: a row per transaction and what superseded it
	SELECT '@record@' AS record_type, t.id, t.direction, t.action, t.state, t.@record@_id::text AS record_id,
		t.@resource@_id AS cached_record_id, t.github_repo_id, t.github_issue_number, t.github_updated_at,
		t.record_modified_at,
		coalesce('canceled by ' || t.canceled_by, 'duplicate of ' || t.duplicate_of, 'dropped for ' || t.dropped_for,
			'disabled: ' || t.disabled_reason, t.error_code || ': ' || t.error_reason) AS because,
		coalesce(t.canceled_by, t.duplicate_of, t.dropped_for) AS superseded_by,
		t.claim_no, t.attempts, t.inserted_at, t.queued_at, t.processing_at, t.finished_at, t.last_error
	FROM github_sync.@record@_sync_transactions AS t
