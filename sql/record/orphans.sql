/*
 * Orphans: transactions in state processing whose worker is gone.  They go back
 * into the queue, by the rules.  claim_no fences what their worker may still
 * say of them.
 */

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
		SELECT p.id, p.claim_no, p.@resource@_id AS cached_id FROM github_sync.@record@_sync_transactions AS p
		WHERE p.state = 'processing' AND (held IS NULL OR p.id <> ALL (held)
			AND (p.claimed_by = pg_backend_pid() OR coalesce(p.claimed_by, 0) NOT IN (
				SELECT w.pid FROM github_sync.worker_slots() AS w WHERE w.pid IS NOT NULL)))
		ORDER BY p.@resource@_id
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
		EXCEPTION WHEN OTHERS THEN
			busy := busy + 1;	/* what is wrong with it is not wrong with the others */
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_back_orphans(bigint[]) IS
'private: puts back into the queue, by the rules, what no worker holds: transactions of workers that are no more, '
'and of the caller all but those it says it holds; NULL: all that are being processed, by whomever. busy: how many '
'could not be, as their records were locked, say';

CREATE OR REPLACE FUNCTION github_sync.@record@_recover_orphans(held bigint[], OUT recovered bigint, OUT busy bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_meet_server();
	SELECT g.recovered, g.busy INTO recovered, busy FROM github_sync.@record@_give_back_orphans(held) AS g;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_recover_orphans(bigint[]) IS
'private: what a worker does when it starts, and again while busy says that some records were locked: it meets the '
'server, and gives orphans back';
