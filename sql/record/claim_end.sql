/*
 * The end of a claim other than by an answer: its transaction goes back into
 * the queue, at once or for a time, or it is errored.  _give_back, _fail,
 * _try_again and _report_unreachable are what the worker calls; what a report
 * decides while it holds the record goes by _give_back_held and _fail_held.
 *
 * What they return is the state that the row has afterwards: NULL, where a
 * trigger of the owner's undid the change, is an error for the worker.
 *
 * Every one that the worker calls is fenced by (id, claim_no): of a claim that
 * is no longer the transaction's it changes nothing and says stale.
 *
 * An attempt is counted where the row itself may be at fault.  unreachable_since
 * says since when GitHub could not be reached with this transaction: it ends
 * where the transaction comes back for another reason, but not where an update
 * follows a fetch, as the update may be what always fails.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_give_back_held(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, problem text, retry_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	/* A snapshot from before is a serialization failure from now on. */
	UPDATE github_sync.@resources@ SET lock_version = lock_version + 1 WHERE id = cached.id;
	IF problem IS NOT NULL THEN
		t.last_error := problem;
		t.last_error_at := clock_timestamp();
	END IF;
	RETURN github_sync.@record@_requeue(t, cached, 'given back', retry_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_back_held(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text, timestamptz) IS
'private: puts the transaction of a held record back into the queue, or where the rules now want it, with the '
'counters that t has; returns the state it has now';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail_held(
	t github_sync.@record@_sync_transactions, code text, reason text)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ SET lock_version = lock_version + 1 WHERE id = t.@resource@_id;
	UPDATE github_sync.@record@_sync_transactions SET event = 'failed', attempts = t.attempts + 1,
		error_code = code, error_reason = reason, last_error = reason, last_error_at = clock_timestamp(),
		unreachable_since = t.unreachable_since
	WHERE id = t.id RETURNING state INTO t.state;
	RETURN t.state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail_held(github_sync.@record@_sync_transactions, text, text) IS
'private: ends the transaction of a held record as errored';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_back(
	claim_id bigint, held_claim_no integer, problem text, retry_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim(claim_id, held_claim_no);
BEGIN
	IF (held.t).id IS NULL THEN
		RETURN 'stale';
	END IF;
	RETURN github_sync.@record@_give_back_held(held.t, held.cached, problem, retry_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_back(bigint, integer, text, timestamptz) IS
'private: gives a claim back: its transaction waits in the queue again, or is where the rules now want it; no '
'attempt is counted, as the row was not at fault';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_nobodys_fault(code text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN code = 'apply_failed' AND NOT github_sync.@record@_table_fits();
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_nobodys_fault(text) IS
'private: the application''s table as a whole no longer fits: what failed with that waits, like all others, until it '
'does again, and no attempt is counted';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail(
	claim_id bigint, held_claim_no integer, code text, reason text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim(claim_id, held_claim_no);
	t github_sync.@record@_sync_transactions := held.t;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	IF github_sync.@record@_is_nobodys_fault(code) THEN
		RETURN github_sync.@record@_give_back_held(t, held.cached, reason, NULL);
	END IF;
--@task	IF {{has_marks}} AND code = 'validation_failed'
--@task		AND github_sync.task_doubts_names(t, held.cached) THEN
--@task		t.attempts := t.attempts + 1;
--@task		RETURN github_sync.task_give_back_held(t, held.cached, reason, NULL);
--@task	END IF;
	RETURN github_sync.@record@_fail_held(t, code, reason);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail(bigint, integer, text, text) IS
'private: gives up: the transaction is errored until somebody calls retry_@record@_sync_transaction(). Where GitHub '
'refused names that may have been deleted since they were asked for, they are asked for first';

CREATE OR REPLACE FUNCTION github_sync.@record@_try_again(
	claim_id bigint, held_claim_no integer, code text, reason text, retry_at timestamptz, max_attempts integer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim(claim_id, held_claim_no);
	t github_sync.@record@_sync_transactions := held.t;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	IF github_sync.@record@_is_nobodys_fault(code) THEN
		RETURN github_sync.@record@_give_back_held(t, held.cached, reason, NULL);
	END IF;
	IF t.attempts + 1 >= max_attempts THEN
		RETURN github_sync.@record@_fail_held(t, code, reason);
	END IF;
	t.attempts := t.attempts + 1;
	t.unreachable_since := NULL;
	RETURN github_sync.@record@_give_back_held(t, held.cached, reason, retry_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_try_again(bigint, integer, text, text, timestamptz, integer) IS
'private: counts an attempt; the transaction goes back into the queue until it had max_attempts, then it is errored';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_free(claim_id bigint, held_claim_no integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_lock_claim_nowait(claim_id, held_claim_no);
	RETURN true;
EXCEPTION WHEN lock_not_available THEN
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_free(bigint, integer) IS
'private: nobody else holds the local row or the record of a claim, which are locked then';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_contention(
	claim_id bigint, held_claim_no integer, reason text, retry_at timestamptz, max_attempts integer)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	IF github_sync.@record@_is_free(claim_id, held_claim_no) THEN
		RETURN github_sync.@record@_try_again(claim_id, held_claim_no, 'apply_failed', reason, retry_at, max_attempts);
	END IF;
	RETURN github_sync.@record@_give_back(
		claim_id, held_claim_no, 'the record was in use by other transactions', retry_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_contention(bigint, integer, text, timestamptz, integer) IS
'private: a report failed, again and again, for a lock that somebody had: given back, and no attempt counted, while '
'the record is in use; where it is free, its own trigger may have said so, and it is an attempt';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_unreachable(
	claim_id bigint, held_claim_no integer, problem text, paused_until timestamptz, backoff github_sync.backoff)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim(claim_id, held_claim_no);
	t github_sync.@record@_sync_transactions := held.t;
	tried_for interval := clock_timestamp() - coalesce(t.unreachable_since, clock_timestamp());
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	IF tried_for >= backoff.give_up_after THEN
		RETURN github_sync.@record@_fail_held(t, 'gave_up',
			format('GitHub could not be reached with it since %s: %s', t.unreachable_since::timestamptz(0), problem));
	END IF;
	t.unreachable_since := coalesce(t.unreachable_since, clock_timestamp());
	/* Twice as long each time, and behind the others: if it is this one's fault, they go on. */
	RETURN github_sync.@record@_give_back_held(t, held.cached, problem,
		greatest(paused_until, clock_timestamp()) + least(greatest(tried_for, backoff.shortest), backoff.longest));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_unreachable(bigint, integer, text, timestamptz, github_sync.backoff) IS
'private: GitHub was not reached: the transaction goes back into the queue, no attempt counted, and waits for some '
'time after the end of the installation''s pause; it is errored when that has been going on for '
'backoff.give_up_after';
