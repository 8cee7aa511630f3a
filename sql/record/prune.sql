/*
 * Removing what is history.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_prune(older_than interval) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	/* In batches: each reference to a pruned row is an event that the server keeps until the end of its statement. */
	batch_size CONSTANT integer := 10000;
	last_id bigint := 0;
	finished bigint[];
	batch bigint;
	pruned bigint := 0;
BEGIN
	LOOP
		SELECT max(t.id), array_agg(t.id) FILTER (WHERE t.state IN ('completed', 'canceled', 'dropped', 'duplicate')
			AND t.finished_at < clock_timestamp() - older_than)
		INTO last_id, finished
		FROM (SELECT q.id, q.state, q.finished_at FROM github_sync.@record@_sync_transactions AS q
			WHERE q.id > last_id ORDER BY q.id LIMIT batch_size) AS t;
		EXIT WHEN last_id IS NULL;
		DELETE FROM github_sync.@record@_sync_transactions WHERE id IN (
			SELECT t.id FROM github_sync.@record@_sync_transactions AS t
			WHERE t.id = ANY (finished) AND t.state IN ('completed', 'canceled', 'dropped', 'duplicate')
				/* What it was dropped for may still bring it back. */
				AND (t.state <> 'dropped' OR NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS o
					WHERE o.id = t.dropped_for AND o.state IN ('queued', 'processing', 'errored', 'disabled')))
			FOR UPDATE SKIP LOCKED);
		GET DIAGNOSTICS batch = ROW_COUNT;
		pruned := pruned + batch;
	END LOOP;
	RETURN pruned;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_prune(interval) IS
'private: deletes finished transactions; those errored or disabled may still run and stay';
