/*
 * Views, one SELECT per record type; attach joins them by UNION ALL.  Each
 * part is headed by the view's name and what it tells, and by a line for each
 * column: these become the comments of the view.  A condition in --@only is
 * asked of all parts together: the planner goes through UNION ALL in the order
 * of an index only where no part has a condition of its own.
 */

--@view sync_status: how many transactions per record type, direction and state, the oldest and the newest
--@column record_type: task or comment
--@column direction: inbound (from GitHub) or outbound (to GitHub)
--@column state: of the transactions that are counted
--@column transactions: how many there are
--@column oldest: when the first of them was inserted
--@column newest: when the last of them was inserted
	/* What the worker has counted, block by block, and what has changed since or was never counted. */
	SELECT '@record@' AS record_type, a.direction, a.state, sum(a.transactions)::bigint AS transactions,
		min(a.oldest) AS oldest, max(a.newest) AS newest
	FROM (
		SELECT c.direction, c.state, c.transactions, c.oldest, c.newest FROM github_sync.@record@_state_counts AS c
		WHERE c.transactions > 0
			AND NOT EXISTS (SELECT FROM github_sync.@record@_changed_blocks AS h WHERE h.first_id = c.first_id)
		UNION ALL
		SELECT n.* FROM (
			SELECT coalesce(g.last_before + 1, -9223372036854775808) AS first_id,
				coalesce(g.first_id - 1, 9223372036854775807) AS last_id
			FROM (SELECT lag(b.last_id) OVER (ORDER BY b.first_id) AS last_before, b.first_id FROM (
				SELECT c.first_id, c.last_id FROM github_sync.@record@_state_counts AS c GROUP BY c.first_id, c.last_id
				UNION ALL SELECT NULL::bigint AS first_id, NULL::bigint AS last_id) AS b) AS g
			WHERE g.last_before IS NULL OR g.first_id IS NULL OR g.first_id > g.last_before + 1
			UNION ALL
			SELECT c.first_id, c.last_id FROM github_sync.@record@_state_counts AS c
			WHERE EXISTS (SELECT FROM github_sync.@record@_changed_blocks AS h WHERE h.first_id = c.first_id)
			GROUP BY c.first_id, c.last_id) AS u
		CROSS JOIN LATERAL (
			SELECT t.direction, t.state, count(*), min(t.inserted_at), max(t.inserted_at)
			FROM github_sync.@record@_sync_transactions AS t WHERE t.id BETWEEN u.first_id AND u.last_id
			GROUP BY t.direction, t.state) AS n) AS a
	GROUP BY a.direction, a.state

--@view sync_queue: a row per queued or processing transaction and what it waits for
--@column record_type: task or comment
--@column id: of the transaction, in the table of its record type
--@column direction: inbound (from GitHub) or outbound (to GitHub)
--@column action: upsert or delete
--@column state: queued or processing
--@column record_id: key of the application's row, as text; NULL: there is none yet, or no longer
--@column repository: owner/name
--@column github_issue_number: of the issue, or of the comment's issue; NULL: not at GitHub yet
--@column priority: a smaller number is claimed first
--@column queued_at: place in line
--@column waits_for: ready; record busy; table does not fit (sync_problems says what is wrong with it); retry at a time;
--@more rate limit until a time; GitHub unreachable; what keeps the credentials from working; issues disabled at the
--@more repository; parent issue, and why that does not come; creation being looked up; names being asked for (whether
--@more the repository has the labels, assignees or milestone of the task); installation suspended; copied
--@more database; github_sync.enabled is off. Of a row that is being processed: processing
--@column attempts: failures of this row so far
--@column last_error: the last failed try, of a row that is queued again; of the server's words others than the owner of
--@more the queue see the SQLSTATE alone
--@column last_error_at: when that was
--@column pause_reason: what GitHub or the server said when the row's installation or repository began to wait; NULL:
--@more it does not
--@only (state IN ('queued', 'processing')) IS TRUE
	/* Of the queue alone, the rest in subqueries: so the first ones cost little, whatever waits behind them. */
	SELECT '@record@' AS record_type, t.id, t.direction, t.action, t.state, t.@record@_id::text AS record_id,
		(SELECT r.owner_login || '/' || r.name FROM github_sync.github_repos AS r WHERE r.id = t.github_repo_id)
			AS repository,
--@task		t.github_issue_number,
--@comment		coalesce(t.github_issue_number, (SELECT issue.number FROM github_sync.github_comments AS cached
--@comment			JOIN github_sync.github_issues AS issue ON issue.id = cached.github_issue_id
--@comment			WHERE cached.id = t.github_comment_id)) AS github_issue_number,
		t.priority, t.queued_at,
		CASE
			WHEN t.state = 'processing' THEN 'processing'
			WHEN t.@resource@_id IN (SELECT p.@resource@_id
				FROM github_sync.@record@_sync_transactions AS p WHERE p.state = 'processing') THEN 'record busy'
			WHEN (SELECT NOT bool_and(github_sync.attached_table_fits(a.table_schema, a.table_name, a.mapping))
				FROM github_sync.attached_tables AS a WHERE a.record_type = '@record@') THEN 'table does not fit'
--@comment			/* As its claim will find: no number to send it to, no task to belong to. */
--@comment			WHEN t.next_attempt_at = 'infinity' OR t.action = 'upsert' AND (
--@comment				SELECT cached.github_id IS NULL AND issue.number IS NULL
--@comment					OR t.direction = 'inbound' AND r.sync_direction <> 'outbound'
--@comment						AND cached.comment_id IS NULL AND issue.task_id IS NULL
--@comment						AND issue.local_deleted_at IS NULL AND issue.deleted_at IS NULL
--@comment				FROM (SELECT) AS once
--@comment				LEFT JOIN github_sync.github_comments AS cached ON cached.id = t.github_comment_id
--@comment				LEFT JOIN github_sync.github_issues AS issue ON issue.id = cached.github_issue_id
--@comment				LEFT JOIN github_sync.github_repos AS r ON r.id = t.github_repo_id)
--@comment			THEN 'parent issue' || coalesce((
--@comment				SELECT CASE p.state
--@comment					WHEN 'errored' THEN format(': errored (%s)', p.error_code)
--@comment					WHEN 'disabled' THEN format(': disabled (%s)', p.disabled_reason) END
--@comment				/* Of the last that ended by itself: one that another covers knows nothing of how that ends. */
--@comment				FROM github_sync.github_comments AS cached
--@comment				JOIN github_sync.task_sync_transactions AS p ON p.github_issue_id = cached.github_issue_id
--@comment				WHERE cached.id = t.github_comment_id AND p.state NOT IN ('canceled', 'dropped', 'duplicate')
--@comment				ORDER BY p.finished_at DESC NULLS FIRST, p.id DESC LIMIT 1), '')
			WHEN t.next_attempt_at IS NOT NULL AND t.next_attempt_at > now() AND t.@resource@_id IN (
				SELECT a.@resource@_id FROM github_sync.@record@_creation_attempts AS a WHERE a.outcome IS NULL)
			THEN 'creation being looked up'
			ELSE coalesce(
				/* What installations say that wait, by their ids: all of it is read once, and not for each row. */
				CASE
					WHEN ((SELECT jsonb_object_agg(i.id, i.paused_until)
							FROM github_sync.github_app_installations AS i WHERE i.paused_until > now())
						->> t.github_app_installation_id::text)::timestamptz > greatest(t.next_attempt_at, now())
					THEN (SELECT jsonb_object_agg(i.id, CASE i.pause_kind
							WHEN 'rate limit' THEN 'rate limit until ' || i.paused_until::timestamptz(0)
							WHEN 'budget' THEN 'rate limit until ' || i.paused_until::timestamptz(0)
							WHEN 'unreachable' THEN 'GitHub unreachable'
							ELSE i.pause_reason END)
						FROM github_sync.github_app_installations AS i WHERE i.paused_until > now())
						->> t.github_app_installation_id::text
					WHEN t.creates AND ((SELECT jsonb_object_agg(i.id, i.creations_paused_until)
							FROM github_sync.github_app_installations AS i WHERE i.creations_paused_until > now())
						->> t.github_app_installation_id::text)::timestamptz > greatest(t.next_attempt_at, now())
					THEN 'rate limit until ' || ((SELECT jsonb_object_agg(i.id, i.creations_paused_until)
							FROM github_sync.github_app_installations AS i WHERE i.creations_paused_until > now())
						->> t.github_app_installation_id::text)::timestamptz(0)
					WHEN t.next_attempt_at > now() THEN NULL
					ELSE (SELECT jsonb_object_agg(i.id, 'installation ' || i.state)
						FROM github_sync.github_app_installations AS i WHERE i.state <> 'active')
						->> t.github_app_installation_id::text
				END,
				CASE
--@task					WHEN t.next_attempt_at > now() AND t.id IN (SELECT unnest(k.waiting)
--@task						FROM github_sync.known_names AS k WHERE k.is_asked) THEN 'names being asked for'
					WHEN t.next_attempt_at > now() THEN 'retry at ' || t.next_attempt_at::timestamptz(0)
					WHEN (SELECT bool_or(github_sync.why_copied(a.database_identity, a.server, a.held_because,
							github_sync.registered_identity(), github_sync.server_fingerprint(),
							github_sync.promotion_fingerprint()) IS NOT NULL)
						FROM (SELECT) AS once LEFT JOIN github_sync.attached_tables AS a ON true)
					THEN 'copied database'
					WHEN github_sync.is_switched_off() THEN 'github_sync.enabled is off'
					ELSE 'ready'
				END)
		END AS waits_for,
		t.attempts, github_sync.words_for_reader(t.last_error) AS last_error, t.last_error_at,
		(SELECT coalesce(
			(SELECT i.pause_reason FROM github_sync.github_app_installations AS i
				WHERE i.id = t.github_app_installation_id AND i.paused_until > now()),
			(SELECT r.pause_reason FROM github_sync.github_repos AS r
				WHERE r.id = t.github_repo_id AND r.paused_until > now()))) AS pause_reason
	FROM github_sync.@record@_sync_transactions AS t

--@view sync_errors: a row per errored transaction that nothing has mended since, why, and the statement that retries
--@more it; one whose record was synced since, in that direction, or failed again, is in sync_history alone
--@column record_type: task or comment
--@column id: of the transaction, in the table of its record type
--@column direction: inbound (from GitHub) or outbound (to GitHub)
--@column action: upsert or delete
--@column record_id: key of the application's row, as text; NULL: there is none
--@column github_repo_id: GitHub's id of the repository
--@column github_issue_number: of the issue, or of the comment's issue
--@column error_code: what kind of error it was, such as validation_failed, too_large, forbidden, gone, apply_failed
--@column error_reason: GitHub's words, or the server's with its SQLSTATE, which others than the owner of the queue see
--@more alone: the words may quote a text
--@column attempts: failures of this row, the last one included
--@column errored_at: when it gave up
--@column retry: the statement that queues it again, by the rules
	SELECT '@record@' AS record_type, t.id, t.direction, t.action, t.@record@_id::text AS record_id,
		t.github_repo_id, t.github_issue_number, t.error_code,
		github_sync.words_for_reader(t.error_reason) AS error_reason, t.attempts, t.finished_at AS errored_at,
		format('SELECT github_sync.retry_@record@_sync_transaction(%s)', t.id) AS retry
	FROM github_sync.@record@_sync_transactions AS t
	WHERE t.state = 'errored' AND NOT EXISTS (
		SELECT FROM github_sync.@record@_sync_transactions AS later
		WHERE later.@resource@_id = t.@resource@_id AND github_sync.outdates_error(
			ROW(later.finished_at, later.direction, later.action, later.state, later.claim_no > 0,
				false, later.error_code)::github_sync.ended,
			ROW(t.finished_at, t.direction, t.action, t.state, true,
				/* The resource may be back as another row's, which does nothing for the one that it left. */
				t.error_code = 'transferred' AND NOT EXISTS (SELECT FROM github_sync.@resources@ AS r
					WHERE t.@record@_id IS NULL AND r.id = t.@resource@_id AND r.@record@_id IS NOT NULL
						OR r.@record@_id = t.@record@_id AND r.github_id IS NOT NULL),
				t.error_code)::github_sync.ended))
		/* What failed before it had a record is known by its row. */
		AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS later
			WHERE t.@resource@_id IS NULL AND later.@record@_id = t.@record@_id AND github_sync.outdates_error(
				ROW(later.finished_at, later.direction, later.action, later.state, later.claim_no > 0,
					false, later.error_code)::github_sync.ended,
				ROW(t.finished_at, t.direction, t.action, t.state, true, false, t.error_code)::github_sync.ended))

--@view sync_history: the audit trail: a row per transaction and what superseded it
--@column record_type: task or comment
--@column id: of the transaction, in the table of its record type
--@column direction: inbound (from GitHub) or outbound (to GitHub)
--@column action: upsert or delete
--@column state: as it is now
--@column record_id: key of the application's row, as text; NULL: there is none (any more)
--@column cached_record_id: id in github_issues or github_comments
--@column github_repo_id: GitHub's id of the repository
--@column github_issue_number: of the issue, or of the comment's issue
--@column github_updated_at: GitHub's time of the change that an inbound one tells of; once completed, of the answer
--@column record_modified_at: modified_at of the application's row when an outbound one was inserted
--@column because: why it is canceled, duplicate, dropped, disabled or errored; where nothing superseded it: the
--@more application deleted or unlinked its row, GitHub deleted the resource, a newer version was known, a later change
--@more of the application's stood
--@column superseded_by: id of the transaction, of the same table, that canceled it, carries the same version or made
--@more it out of date
--@column claim_no: how often it was claimed
--@column attempts: failures since it was inserted or last retried
--@column inserted_at: when it was inserted
--@column queued_at: place in line, inherited from what it superseded
--@column processing_at: when it was last claimed
--@column finished_at: when it reached its present end state
--@column last_error: the last failed try, also of one that completed afterwards; as in sync_queue
	SELECT '@record@' AS record_type, t.id, t.direction, t.action, t.state, t.@record@_id::text AS record_id,
		t.@resource@_id AS cached_record_id, t.github_repo_id, t.github_issue_number, t.github_updated_at,
		t.record_modified_at,
		CASE t.state
			WHEN 'canceled' THEN coalesce('canceled by ' || t.canceled_by, t.because, 'canceled by one that was pruned')
			WHEN 'duplicate' THEN coalesce('duplicate of ' || t.duplicate_of, t.because,
				'duplicate of one that was pruned')
			WHEN 'dropped' THEN coalesce('dropped for ' || t.dropped_for, t.because, 'dropped for one that was pruned')
			WHEN 'disabled' THEN 'disabled: ' || t.disabled_reason
			WHEN 'errored' THEN t.error_code || ': ' || github_sync.words_for_reader(t.error_reason)
		END AS because,
		coalesce(t.canceled_by, t.duplicate_of, t.dropped_for) AS superseded_by,
		t.claim_no, t.attempts, t.inserted_at, t.queued_at, t.processing_at, t.finished_at,
		github_sync.words_for_reader(t.last_error) AS last_error
	FROM github_sync.@record@_sync_transactions AS t

--@view sync_problems:
	SELECT '@record@' AS record_type, 'overwriting' AS problem, coalesce(c.turning_since, c.turned_at[1]) AS since,
		format('@record@ %s and %s: either side overwrites what the other has written, %s times within an hour',
			c.@record@_id, coalesce(c.html_url, 'its resource'), cardinality(c.turned_at)) AS detail,
		format('Stop one of the two programs, or set sync_direction of repository %s. When it was: SELECT * FROM '
			'github_sync.sync_history WHERE record_type = %L AND cached_record_id = %s.',
			c.github_repo_id, '@record@', c.id) AS remedy
	FROM github_sync.@resources@ AS c
	WHERE cardinality(c.turned_at) = 10 AND c.turned_at[1] > now() - interval '1 hour'
