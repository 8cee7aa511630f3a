/*
 * Back into the queue: after a failed try, by retry, when syncing is enabled
 * again, when the outbound that an inbound was dropped for did not complete.
 * The rules decide anew, and a record never has two queued of one direction.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_event_of_decision(decided_state text, if_queued text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE decided_state
	WHEN 'queued' THEN if_queued
	WHEN 'disabled' THEN 'sync disabled'
	WHEN 'duplicate' THEN 'already carried'
	WHEN 'dropped' THEN 'overtaken'
	WHEN 'errored' THEN 'failed' END;
COMMENT ON FUNCTION github_sync.@record@_event_of_decision(text, text) IS
'private: the event by which a transaction reaches the state that the rules decided';

CREATE OR REPLACE FUNCTION github_sync.@record@_requeue(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, requeue_event text, retry_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	decision github_sync.decision;
	newer bigint;
	place record;
	here github_sync.local_row;
BEGIN
	/* Rows that cannot be read are no reason not to wait: the rules that need them are asked at the claim. */
	here.is_there := CASE WHEN NOT github_sync.@record@_table_fits() THEN false END;
	decision := github_sync.@record@_decide(t, cached, here,
		github_sync.sync_disabled_reason(t.github_repo_id, t.direction));
	IF decision.state = 'queued' AND t.direction = 'outbound' AND t.action = 'upsert' THEN
		newer := (SELECT max(q.id) FROM (SELECT q.id FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.direction = 'outbound'
				AND q.action = 'upsert' AND q.id > t.id OFFSET 0) AS q);
	END IF;
	IF decision.state = 'queued' AND newer IS NULL THEN
		SELECT * INTO place FROM github_sync.@record@_superseded_by(t, false);
		UPDATE github_sync.@record@_sync_transactions SET
			event = 'superseded', canceled_by = t.id, next_attempt_at = NULL
		WHERE id = ANY (place.ids) AND state = 'queued';
		t.queued_at := least(t.queued_at, place.queued_at);
		t.priority := least(t.priority, place.priority);
	END IF;
	UPDATE github_sync.@record@_sync_transactions AS q SET
		event = CASE WHEN newer IS NOT NULL THEN 'superseded'
			ELSE github_sync.@record@_event_of_decision(decision.state, requeue_event) END,
		canceled_by = newer,
		disabled_reason = decision.disabled_reason,
		duplicate_of = decision.duplicate_of,
		dropped_for = decision.dropped_for,
		because = decision.because,
		error_code = decision.error_code,
		error_reason = decision.error_reason,
		queued_at = coalesce(t.queued_at, clock_timestamp()),
		priority = t.priority,
		attempts = t.attempts,
		lagging_answers = t.lagging_answers,
		last_error = t.last_error,
		last_error_at = t.last_error_at,
		/* Who wants it again begins anew; who gives it back may do so because GitHub is out of reach. */
		unreachable_since = CASE requeue_event WHEN 'given back' THEN t.unreachable_since END,
		creates = t.direction = 'outbound' AND t.action = 'upsert' AND github_sync.@record@_would_create(cached),
		next_attempt_at = CASE WHEN decision.state = 'queued' AND newer IS NULL THEN retry_at END
	WHERE q.id = t.id RETURNING q.state INTO t.state;
	RETURN t.state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_requeue(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text, timestamptz) IS
'private: puts a transaction of a locked record back into the queue if the rules still want it there, with the '
'counters and the last error that t has; returns the state it has now';

/* An inbound that made way for an outbound, or a deletion, must not be lost with it. */
CREATE OR REPLACE FUNCTION github_sync.@record@_requeue_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	newest github_sync.@record@_sync_transactions;
	cached github_sync.@resources@;
BEGIN
	PERFORM github_sync.require_one_owner();
	IF NEW.canceled_by IS NOT NULL THEN
		UPDATE github_sync.@record@_sync_transactions SET dropped_for = NEW.canceled_by
		WHERE dropped_for = NEW.id AND state = 'dropped';
		RETURN NULL;
	END IF;
	SELECT * INTO newest FROM github_sync.@record@_sync_transactions AS q
	WHERE q.dropped_for = NEW.id AND q.state = 'dropped' AND q.direction = 'inbound'
	ORDER BY q.github_updated_at DESC NULLS LAST, q.id DESC LIMIT 1;
	IF FOUND THEN
		SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = NEW.@resource@_id;
		/* The record may have gone elsewhere meanwhile, along with what was queued for it. */
		IF newest.github_repo_id <> cached.github_repo_id THEN
			UPDATE github_sync.@record@_sync_transactions AS q SET github_repo_id = r.id,
--@task				github_issue_external_id = cached.github_id, github_issue_number = cached.number,
--@comment				github_issue_id = cached.github_issue_id,
				github_app_installation_id = r.github_app_installation_id
			FROM github_sync.github_repos AS r WHERE q.id = newest.id AND r.id = cached.github_repo_id
			RETURNING q.* INTO newest;
		END IF;
		PERFORM github_sync.@record@_requeue(newest, cached, 'restored', NULL);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_requeue_dropped() IS
'private: when an outbound or a deletion ends other than completed, the newest inbound dropped for it is queued '
'again; a canceled one hands them on. Whoever ended it holds the record';
