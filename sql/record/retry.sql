/*
 * Retrying an errored transaction, which nothing may have mended since: the
 * rules decide anew, as for an insert.
 */

/* A record that was edited often has much history: what outdates an error is among the newest. */
CREATE OR REPLACE FUNCTION github_sync.@record@_error_is_outdated(errored github_sync.@record@_sync_transactions)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	/* As sync_errors has it: the resource may be back as another row's, which does nothing for the one that it left. */
	is_left_behind CONSTANT boolean := errored.error_code = 'transferred'
		AND NOT EXISTS (SELECT FROM github_sync.@resources@ AS r
			WHERE errored.@record@_id IS NULL AND r.id = errored.@resource@_id AND r.@record@_id IS NOT NULL)
		AND NOT EXISTS (SELECT FROM github_sync.@resources@ AS r
			WHERE r.@record@_id = errored.@record@_id AND r.github_id IS NOT NULL);
BEGIN
	RETURN EXISTS (SELECT FROM (
			(SELECT q.* FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = errored.@resource@_id ORDER BY q.id DESC LIMIT 20)
			UNION ALL
			(SELECT q.* FROM github_sync.@record@_sync_transactions AS q
			WHERE errored.@resource@_id IS NULL AND q.@record@_id = errored.@record@_id
			ORDER BY q.id DESC LIMIT 20)) AS later
		WHERE github_sync.outdates_error(
			ROW(later.finished_at, later.direction, later.action, later.state, later.claim_no > 0,
				false, later.error_code)::github_sync.ended,
			ROW(errored.finished_at, errored.direction, errored.action, errored.state, true,
				is_left_behind, errored.error_code)::github_sync.ended));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_error_is_outdated(github_sync.@record@_sync_transactions) IS
'private: whether a later transaction did what the errored one was to do, or failed to do it once more; unlike '
'sync_errors it looks at the newest twenty of the record alone';

CREATE OR REPLACE FUNCTION github_sync.@record@_retry_if_errored(transaction_id bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions;
	cached github_sync.@resources@;
	late record;
BEGIN
	LOOP
		SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = transaction_id;
		cached := github_sync.@record@_lock_record(t.@resource@_id);
		/* Else its record became part of another one while we waited: look again. */
		EXIT WHEN cached.id IS NOT NULL OR t.@resource@_id IS NULL;
	END LOOP;
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = t.id;
	IF t.state IS DISTINCT FROM 'errored' THEN
		RETURN NULL;
	END IF;
	IF t.@resource@_id IS NULL THEN
		late := github_sync.@record@_find_late_record(t);
		t := late.t;
		cached := late.cached;
		IF cached.id IS NULL THEN
			RETURN t.state;
		END IF;
	END IF;
	t.attempts := 0;
	t.lagging_answers := 0;
	RETURN github_sync.@record@_requeue(t, cached, 'retried', NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_retry_if_errored(bigint) IS
'private: takes an errored transaction back to queued; returns the state it has then, NULL: it is not errored, or not '
'any more';

CREATE OR REPLACE FUNCTION github_sync.retry_@record@_sync_transaction(id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	retried text;
	found_state text;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('retry_@record@_sync_transaction', 'id', id IS NULL);
	retried := github_sync.@record@_retry_if_errored(id);
	IF retried IS NULL THEN
		SELECT q.state INTO found_state FROM github_sync.@record@_sync_transactions AS q
		WHERE q.id = retry_@record@_sync_transaction.id;
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('@record@ sync transaction %s is not errored', id),
			DETAIL = CASE WHEN found_state IS NULL THEN 'It does not exist.' ELSE format('It is %s.', found_state) END,
			HINT = 'View github_sync.sync_errors lists what can be retried.';
	END IF;
	RETURN retried;
END
$$;
COMMENT ON FUNCTION github_sync.retry_@record@_sync_transaction(bigint) IS
'public: takes an errored transaction back to queued, where the rules decide anew; returns the state it has now. '
'Raises 55000 for what is not errored, 22004 for NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_retry_all(older_than interval) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	transaction_id bigint;
	retried bigint := 0;
BEGIN
	/* In the order of records, as inserts of many rows are advised to be. */
	FOR transaction_id IN
		SELECT q.id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.state = 'errored' AND q.finished_at <= (SELECT clock_timestamp()) - older_than
		ORDER BY q.@resource@_id, q.id
	LOOP
		/* Somebody else may have retried it, or a retry before it superseded it. */
		retried := retried + CASE WHEN github_sync.@record@_retry_if_errored(transaction_id) IS NULL THEN 0 ELSE 1 END;
	END LOOP;
	RETURN retried;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_retry_all(interval) IS
'private: retries what has been errored for so long';
