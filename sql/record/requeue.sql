/*
 * Back into the queue: after a failed try, by retry, when syncing is enabled
 * again, when the outbound that an inbound was dropped for did not complete.
 * The rules decide anew, and a record never has two queued of one direction.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_for_rules(cached_id bigint) RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	linked_id {{key_type}};
	cached github_sync.@resources@;
BEGIN
	LOOP
		SELECT r.@record@_id INTO linked_id FROM github_sync.@resources@ AS r WHERE r.id = cached_id;
		PERFORM github_sync.@record@_hold_key(linked_id) WHERE linked_id IS NOT NULL;
		UPDATE github_sync.@resources@ SET lock_version = lock_version + 1
		WHERE id = cached_id AND @record@_id IS NOT DISTINCT FROM linked_id RETURNING * INTO cached;
		IF FOUND OR NOT EXISTS (SELECT FROM github_sync.@resources@ AS r WHERE r.id = cached_id) THEN
			RETURN cached;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_for_rules(bigint) IS
'private: holds the local row and locks the record, in the order of an insert; waits for a short commit at most';

CREATE OR REPLACE FUNCTION github_sync.@record@_event_of_decision(decided_state text, if_queued text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE decided_state
	WHEN 'queued' THEN if_queued
	WHEN 'disabled' THEN 'sync disabled'
	WHEN 'duplicate' THEN 'already carried'
	WHEN 'dropped' THEN 'overtaken' END;
COMMENT ON FUNCTION github_sync.@record@_event_of_decision(text, text) IS
'private: the event by which a transaction reaches the state that the rules decided';

CREATE OR REPLACE FUNCTION github_sync.@record@_requeue(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, requeue_event text, retry_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	decision record;
	newer bigint;
	place record;
BEGIN
	SELECT * INTO decision FROM github_sync.@record@_decide(t, cached);
	IF decision.state = 'queued' AND t.direction = 'outbound' AND t.action = 'upsert' THEN
		SELECT max(q.id) INTO newer FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.direction = 'outbound'
			AND q.action = 'upsert' AND q.id > t.id;
	END IF;
	IF decision.state = 'queued' AND newer IS NULL THEN
		SELECT * INTO place FROM github_sync.@record@_superseded_by(t, false);
		UPDATE github_sync.@record@_sync_transactions SET event = 'superseded', canceled_by = t.id, next_attempt_at = NULL
		WHERE id = ANY (place.ids) AND state = 'queued';
		t.queued_at := least(t.queued_at, place.queued_at);
		t.priority := least(t.priority, place.priority);
	END IF;
	UPDATE github_sync.@record@_sync_transactions AS q SET
		event = CASE WHEN newer IS NOT NULL THEN 'superseded'
			ELSE github_sync.@record@_event_of_decision(decision.state, requeue_event) END,
		canceled_by = newer,
		disabled_reason = decision.disabled_reason,
		duplicate_of = github_sync.@record@_unless_pruned(decision.duplicate_of),
		dropped_for = github_sync.@record@_unless_pruned(decision.dropped_for),
		because = decision.because,
		error_code = NULL,
		error_reason = NULL,
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
'private: puts a transaction of a locked record back into the queue if the rules still want it there, with the counters and the last error that t has; returns the state it has now';

--@comment /* Errored before a record could be found for it: perhaps it can be now. */
--@comment CREATE OR REPLACE FUNCTION github_sync.comment_find_record(t github_sync.comment_sync_transactions) RETURNS github_sync.github_comments
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	cached github_sync.github_comments;
--@comment BEGIN
--@comment	IF t.comment_id IS NOT NULL THEN
--@comment		cached := github_sync.comment_record_of_local_row(t.comment_id, NULL);
--@comment		UPDATE github_sync.comment_sync_transactions AS q SET github_comment_id = cached.id, github_issue_id = cached.github_issue_id,
--@comment			github_repo_id = r.id, github_app_installation_id = r.github_app_installation_id
--@comment		FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id AND q.id = t.id;
--@comment	END IF;
--@comment	RETURN cached;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_find_record(github_sync.comment_sync_transactions) IS
--@comment 'private: gives a transaction without a record the one that its comment has by now, locked; NULL: still none';

CREATE OR REPLACE FUNCTION github_sync.retry_@record@_sync_transaction(id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t github_sync.@record@_sync_transactions;
	cached github_sync.@resources@;
BEGIN
	LOOP
		SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = retry_@record@_sync_transaction.id;
		cached := github_sync.@record@_lock_for_rules(t.@resource@_id);
		/* Else its record became part of another one while we waited: look again. */
		EXIT WHEN cached.id IS NOT NULL OR t.@resource@_id IS NULL;
	END LOOP;
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = t.id;
	IF t.state IS DISTINCT FROM 'errored' THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('@record@ sync transaction %s is not errored', retry_@record@_sync_transaction.id),
			DETAIL = CASE WHEN t.state IS NULL THEN 'It does not exist.' ELSE format('It is %s.', t.state) END,
			HINT = 'View github_sync.sync_errors lists what can be retried.';
	END IF;
--@comment	IF t.github_comment_id IS NULL THEN
--@comment		cached := github_sync.comment_find_record(t);
--@comment		IF cached.id IS NULL THEN
--@comment			RETURN t.state;
--@comment		END IF;
--@comment		SELECT * INTO t FROM github_sync.comment_sync_transactions AS q WHERE q.id = t.id;
--@comment	END IF;
	t.attempts := 0;
	t.lagging_answers := 0;
	RETURN github_sync.@record@_requeue(t, cached, 'retried', NULL);
END
$$;
COMMENT ON FUNCTION github_sync.retry_@record@_sync_transaction(bigint) IS
'public: takes an errored transaction back to queued, where the rules decide anew; returns the state it has now';

CREATE OR REPLACE FUNCTION github_sync.@record@_retry_all(older_than interval) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	transaction_id bigint;
	retried bigint := 0;
BEGIN
	/* In the order of records, as inserts of many rows are advised to be. */
	FOR transaction_id IN
		SELECT q.id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.state = 'errored' AND q.finished_at <= clock_timestamp() - older_than
		ORDER BY q.@resource@_id, q.id
	LOOP
		PERFORM github_sync.retry_@record@_sync_transaction(transaction_id);
		retried := retried + 1;
	END LOOP;
	RETURN retried;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_retry_all(interval) IS
'private: retries what has been errored for so long';

/* An inbound that made way for an outbound, or a deletion, must not be lost with it. */
CREATE OR REPLACE FUNCTION github_sync.@record@_restore_dropped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	newest github_sync.@record@_sync_transactions;
	cached github_sync.@resources@;
BEGIN
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
		PERFORM github_sync.@record@_requeue(newest, cached, 'restored', NULL);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_restore_dropped() IS
'private: when an outbound or a deletion ends other than completed, the newest inbound dropped for it is queued again; a canceled one hands them on. Whoever ended it holds the record';
