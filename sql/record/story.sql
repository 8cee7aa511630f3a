/*
 * The story of one record, for people: what happened to it, when and why.  It
 * is told from what is kept: what prune() removed is not in it.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_why_enqueued(t github_sync.@record@_sync_transactions) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN concat_ws('; ', CASE
			WHEN t.direction = 'outbound' AND t.action = 'delete' THEN 'the application deleted its row'
			WHEN t.direction = 'outbound' THEN 'the application wrote its row'
			WHEN t.priority = github_sync.@record@_priority_of_settling()
				THEN 'GitHub is asked once more: its last answer may not have shown all'
			WHEN t.action = 'delete' THEN 'GitHub told of a deletion'
			WHEN t.state <> 'completed' AND t.github_updated_at IS NOT NULL
				THEN format('GitHub told of a change at %s', t.github_updated_at)
			ELSE 'GitHub told of a change' END,
		CASE WHEN t.queued_at < t.inserted_at - interval '1 millisecond'
			THEN format('it takes a place in line of %s', t.queued_at) END);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_why_enqueued(github_sync.@record@_sync_transactions) IS
'private: what a transaction was inserted for, in words';

CREATE OR REPLACE FUNCTION github_sync.@record@_place_in_story(t github_sync.@record@_sync_transactions) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT format('%s/%s#%s', r.owner_login, r.name, t.github_issue_number)
	FROM github_sync.github_repos AS r WHERE r.id = t.github_repo_id AND t.github_issue_number IS NOT NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_place_in_story(github_sync.@record@_sync_transactions) IS
'private: the issue that a transaction was about, as people write it; NULL: it has no number yet';

CREATE OR REPLACE FUNCTION github_sync.@record@_story_of_transaction(
	t github_sync.@record@_sync_transactions, because text)
RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT '@record@', l.at, t.id, t.direction, l.event, l.detail
	FROM (VALUES
		(t.inserted_at, 'enqueued', github_sync.@record@_why_enqueued(t)),
		/* What is no failure of the row itself (an outage, a transfer) is not counted as a try. */
		/* What it ended with is told there. */
		(CASE WHEN t.state <> 'errored' OR t.last_error IS DISTINCT FROM t.error_reason THEN t.last_error_at END,
			CASE WHEN t.attempts > 0 OR t.state = 'errored' THEN 'failed try' ELSE 'put back' END,
			github_sync.words_for_reader(t.last_error)),
		(t.processing_at, 'claimed', format('by the worker, claim %s', t.claim_no)),
		(t.finished_at, t.state, CASE
			WHEN t.duplicate_of IS NOT NULL THEN because || ', which has the same version'
			WHEN t.dropped_for IS NOT NULL THEN because || ', which takes its place'
			WHEN t.state <> 'completed' THEN because
			WHEN t.action = 'delete' THEN 'the other side has been told'
			ELSE format('both sides have it%s, as of %s by GitHub''s clock',
				' at ' || github_sync.@record@_place_in_story(t), t.github_updated_at) END))
		AS l (at, event, detail);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_story_of_transaction(github_sync.@record@_sync_transactions, text) IS
'private: what happened to one transaction; lines without a time did not happen';

CREATE OR REPLACE FUNCTION github_sync.@record@_story_of_queue(transaction_ids bigint[])
RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT line.*
	FROM github_sync.sync_history AS h
	JOIN github_sync.@record@_sync_transactions AS t ON t.id = h.id
	CROSS JOIN LATERAL github_sync.@record@_story_of_transaction(t, h.because) AS line
	WHERE h.record_type = '@record@' AND h.id = ANY (transaction_ids);
	RETURN QUERY SELECT '@record@', clock_timestamp(), q.id, q.direction, 'waits',
		/* The reason begins with what it is. */
		CASE WHEN starts_with(q.pause_reason, q.waits_for) THEN q.pause_reason
			ELSE concat_ws(': ', q.waits_for, q.pause_reason) END
	FROM github_sync.sync_queue AS q
	WHERE q.record_type = '@record@' AND q.id = ANY (transaction_ids) AND q.state = 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_story_of_queue(bigint[]) IS
'private: what happened to transactions, and what those that are queued wait for now';

CREATE OR REPLACE FUNCTION github_sync.@record@_story_of_pauses(transaction_ids bigint[])
RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT '@record@', l.at, NULL::bigint, NULL, l.event, l.detail
	FROM (SELECT p.*, min(t.inserted_at) AS waited_from FROM github_sync.@record@_sync_transactions AS t
		JOIN github_sync.pauses AS p ON p.github_app_installation_id = t.github_app_installation_id
			AND (p.github_repo_id IS NULL OR p.github_repo_id = t.github_repo_id)
			AND p.since < coalesce(t.finished_at, 'infinity') AND p.until > t.inserted_at
		WHERE t.id = ANY (transaction_ids) GROUP BY p.id) AS p
	CROSS JOIN LATERAL (VALUES
		/* After what waited was enqueued. */
		(greatest(p.since, p.waited_from + interval '1 microsecond'), 'pause', format('nothing is sent for %s: %s', CASE
			WHEN p.github_repo_id IS NULL THEN format('installation %s', p.github_app_installation_id)
			ELSE 'its repository' END, github_sync.words_for_reader(p.reason))),
		(CASE WHEN p.until <= clock_timestamp() THEN p.until END, 'pause over', format('it had begun at %s', p.since)))
		AS l (at, event, detail);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_story_of_pauses(bigint[]) IS
'private: the pauses in which transactions waited, for a time at least; lines without a time did not happen';

CREATE OR REPLACE FUNCTION github_sync.@record@_story_of_creation(a github_sync.@record@_creation_attempts)
RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT '@record@', l.at, NULL::bigint, 'outbound', l.event, l.detail
	FROM (VALUES
		(a.begun_at, 'creation sent', CASE
			WHEN a.found_at IS NOT NULL THEN 'its answer was lost'
			WHEN a.outcome = 'created' THEN 'GitHub has made it'
			WHEN a.outcome = 'rejected' THEN 'GitHub refused it'
			WHEN a.outcome = 'not found'
				THEN 'its answer was lost, and GitHub''s lists do not have it: it was not made'
			WHEN github_sync.@record@_is_being_sent(a) THEN 'GitHub has not answered yet'
			ELSE 'its answer was lost: GitHub''s lists are searched before it is sent again' END),
		(a.found_at, 'creation found', 'GitHub has made it: a list or a webhook showed what carries its mark'))
		AS l (at, event, detail);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_story_of_creation(github_sync.@record@_creation_attempts) IS
'private: what became of a creation; lines without a time did not happen';

CREATE OR REPLACE FUNCTION github_sync.@record@_story_of_record(cached github_sync.@resources@)
RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT line.* FROM github_sync.@record@_creation_attempts AS a
	CROSS JOIN LATERAL github_sync.@record@_story_of_creation(a) AS line WHERE a.@resource@_id = cached.id;
	RETURN QUERY SELECT '@record@', c.detected_at, c.transaction_id, NULL, 'conflict',
--@task		CASE WHEN c.winner = 'github' AND CASE c.field WHEN 'milestone' THEN c.base IS NOT DISTINCT FROM c.remote
--@task			ELSE c.field IN ('labels', 'assignees') AND c.base IS NOT NULL END
--@task		THEN format('GitHub has not all that the task has as %s: both are in github_sync.sync_conflicts, id %s',
--@task			c.field, c.id) ELSE
		format('both sides changed %s: that of %s counts, the other one is in github_sync.sync_conflicts, id %s',
			c.field, CASE c.winner WHEN 'github' THEN 'GitHub' ELSE 'the application' END, c.id)
--@task		END
	FROM github_sync.sync_conflicts AS c WHERE c.record_type = '@record@' AND c.cached_record_id = cached.id;
	RETURN QUERY SELECT '@record@', d.received_at, NULL::bigint, 'inbound', 'webhook',
		format('%s: %s (delivery %s)', concat_ws('.', d.event, d.action),
			github_sync.words_for_reader(d.outcome), d.delivery_id)
	FROM github_sync.webhook_deliveries AS d
--@task	WHERE d.facts ->> 'issue_id' = cached.github_id::text AND NOT d.facts ? 'comment_id';
--@comment	WHERE d.facts ->> 'comment_id' = cached.github_id::text;
	RETURN QUERY SELECT '@record@', mark.at, NULL::bigint, mark.direction, mark.event, mark.detail
	FROM (VALUES
		(cached.missing_since, 'inbound', 'missing',
			'GitHub did not show it, and is asked again before it counts as deleted'),
		(cached.deleted_at, 'inbound', 'deleted at GitHub', 'a later change there brings it back'),
		(cached.local_deleted_at, 'outbound', 'row deleted', 'by the application; it is not made again'),
		(cached.settle_at, 'inbound', 'will be asked once more', 'its last change may not be all that there is'))
		AS mark (at, direction, event, detail);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_story_of_record(github_sync.@resources@) IS
'private: what is known of a record besides its transactions; lines without a time did not happen';

CREATE OR REPLACE FUNCTION github_sync.@record@_story(key_text text) RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
DECLARE
	key CONSTANT {{key_type}} := key_text;
	linked CONSTANT bigint := (SELECT r.id FROM github_sync.@resources@ AS r WHERE r.@record@_id = key);
	transaction_ids CONSTANT bigint[] := ARRAY(SELECT t.id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.@resource@_id = linked OR t.@record@_id = key);
BEGIN
	IF linked IS NULL AND transaction_ids = '{}' THEN
		RAISE no_data_found USING
			MESSAGE = format('nothing is known of @record@ %s', key),
			HINT = 'It was never enqueued (see capture_@record@_changes()), or its row is deleted: '
				'github_sync.sync_history has what is kept.';
	END IF;
	RETURN QUERY SELECT * FROM github_sync.@record@_story_of_queue(transaction_ids)
		UNION ALL SELECT * FROM github_sync.@record@_story_of_pauses(transaction_ids)
		UNION ALL SELECT line.* FROM github_sync.@resources@ AS r
		CROSS JOIN LATERAL github_sync.@record@_story_of_record(r) AS line
		/* What it had and has no more, transferred or unlinked, is of its story until another row has it. */
		WHERE r.id = linked OR r.@record@_id IS NULL AND r.id IN (
			SELECT t.@resource@_id FROM github_sync.@record@_sync_transactions AS t WHERE t.@record@_id = key);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_story(text) IS
'private: what happened to a record, by the key of its local row, in no order; lines without a time did not happen';
