/*
 * Orphans: transactions in state processing whose worker is gone.  They go back
 * into the queue, by the rules; and lost claims: those that a worker ended with.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_orphans(held bigint[])
RETURNS TABLE (id bigint, claim_no integer, cached_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT p.id, p.claim_no, p.@resource@_id FROM github_sync.@record@_sync_transactions AS p
	WHERE p.state = 'processing' AND (held IS NULL OR p.id <> ALL (held)
		AND (p.claimed_by = pg_backend_pid() OR coalesce(p.claimed_by, 0) NOT IN (
			SELECT w.pid FROM github_sync.worker_slots() AS w WHERE w.pid IS NOT NULL)))
	ORDER BY p.@resource@_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_orphans(bigint[]) IS
'private: what no worker holds: transactions of workers that are no more, and of the caller all but those it says it '
'holds; NULL: all that is being processed, by whomever';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_back_orphans(
	held bigint[], OUT recovered bigint, OUT busy bigint)
LANGUAGE plpgsql AS $$
DECLARE
	orphan record;
	t github_sync.@record@_sync_transactions;
	cached github_sync.@resources@;
BEGIN
	recovered := 0;
	busy := 0;
	FOR orphan IN
		SELECT * FROM github_sync.@record@_orphans(held)
	LOOP
		cached := github_sync.@record@_lock_record_skip_locked(orphan.cached_id);
		IF cached.id IS NULL THEN
			busy := busy + 1;
			CONTINUE;
		END IF;
		/* Another worker may have put it back since, and hold it by now. */
		t := github_sync.@record@_held_claim(orphan.id, orphan.claim_no);
		CONTINUE WHEN t.id IS NULL;
		BEGIN
			UPDATE github_sync.@resources@ AS r SET lock_version = lock_version + 1 WHERE r.id = cached.id;
			PERFORM github_sync.@record@_requeue(t, cached, 'given back', NULL);
			recovered := recovered + 1;
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			busy := busy + 1;	/* what is wrong with it is not wrong with the others */
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_back_orphans(bigint[]) IS
'private: puts back into the queue, by the rules, what no worker holds, or (NULL) all that is being processed: then '
'claim_no fences what their workers may still say of it. busy: how many could not be, as their records were locked';

CREATE OR REPLACE FUNCTION github_sync.@record@_recover_orphans(held bigint[], OUT recovered bigint, OUT busy bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_meet_server();
	SELECT g.recovered, g.busy INTO recovered, busy FROM github_sync.@record@_give_back_orphans(held) AS g;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_recover_orphans(bigint[]) IS
'private: meets the server, and puts back into the queue, by the rules, what no worker holds. Called when a worker '
'starts, and again while busy says that some of their records were locked';

CREATE OR REPLACE FUNCTION github_sync.@record@_put_back_lost(
	INOUT t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ AS r SET lock_version = lock_version + 1 WHERE r.id = cached.id;
	t.attempts := t.attempts + 1;
	t.last_error := 'the outcome of a claim was lost: a worker ended with it, or could not record it';
	t.last_error_at := clock_timestamp();
	t.state := github_sync.@record@_requeue(t, cached, 'given back', NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_put_back_lost(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: a lost claim counts as an attempt; its transaction goes back into the queue, or where the rules now want it';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_up_lost(t github_sync.@record@_sync_transactions) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF github_sync.@record@_fail_held(t, 'worker_failed',
		'no outcome could be recorded: workers ended with this transaction, or were refused, again and again')
		IS DISTINCT FROM 'errored' THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('@record@ sync transaction %s cannot be errored', t.id);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_up_lost(github_sync.@record@_sync_transactions) IS
'private: ends as errored a transaction that workers ended with';

/* Nothing was claimed of it: a worker ended as it looked for what it is about. */
CREATE OR REPLACE FUNCTION github_sync.@record@_find_lost(
	t github_sync.@record@_sync_transactions, give_up boolean)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	IF give_up THEN
		PERFORM github_sync.@record@_give_up_lost(t);
	ELSE
		PERFORM github_sync.@record@_find_queued('{}', t.id);
	END IF;
	RETURN 'over';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_find_lost(github_sync.@record@_sync_transactions, boolean) IS
'private: one transaction without a record is given one, or errored (give_up): as every other one it is claimed then';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim_lost(transaction_id bigint, give_up boolean)
RETURNS SETOF github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@ := github_sync.@record@_lock_record_skip_locked((
		SELECT q.@resource@_id FROM github_sync.@record@_sync_transactions AS q WHERE q.id = transaction_id));
	t github_sync.@record@_sync_transactions;
	claim github_sync.claim := github_sync.@record@_no_claim(transaction_id, 'held');
BEGIN
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = transaction_id;
	IF (t.state IN ('queued', 'processing')) IS NOT TRUE THEN
		claim.step := 'over';
	ELSIF t.@resource@_id IS NULL THEN
		claim.step := github_sync.@record@_find_lost(t, give_up);
	ELSIF cached.id IS NULL OR t.state = 'processing' AND NOT EXISTS (
		SELECT FROM github_sync.@record@_orphans('{}') AS o WHERE o.id = transaction_id) THEN
		claim.step := 'held';
	ELSIF give_up THEN
		PERFORM github_sync.@record@_give_up_lost(t);
		claim.step := 'over';
	ELSE
		IF t.state = 'processing' THEN
			t := github_sync.@record@_put_back_lost(t, cached);
		ELSE
			PERFORM github_sync.@record@_release(t.id);
		END IF;
		IF NOT EXISTS (SELECT FROM github_sync.github_app_installations AS i
			WHERE i.id = t.github_app_installation_id AND i.paused_until > clock_timestamp()) THEN
			claim := github_sync.@record@_claim_one(transaction_id, cached.id);
		END IF;
	END IF;
	RETURN NEXT claim;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim_lost(bigint, boolean) IS
'private: claims one transaction by itself, which is put back first where a worker ended with it, or errored '
'(give_up). step over: it is over, or is errored now; held: it cannot be claimed just now';
