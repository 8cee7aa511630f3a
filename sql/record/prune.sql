/*
 * Removing what is history: all of it when somebody asks, and by the worker,
 * a little at a time, what is older than the retention.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_remove_finished(ids bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	removed bigint;
BEGIN
	DELETE FROM github_sync.@record@_sync_transactions WHERE id IN (
		SELECT t.id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.id = ANY (ids) AND t.state IN ('completed', 'canceled', 'dropped', 'duplicate')
			/* What it was dropped for may still bring it back. */
			AND (t.state <> 'dropped' OR NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS o
				WHERE o.id = t.dropped_for AND o.state IN ('queued', 'processing', 'errored', 'disabled')))
		FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS removed = ROW_COUNT;
	RETURN removed;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_remove_finished(bigint[]) IS
'private: deletes those of some transactions that have finished and cannot come back, and that nobody holds just now; '
'returns how many';

CREATE OR REPLACE FUNCTION github_sync.@record@_remove_what_can_be(ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	most_failures CONSTANT integer := 10;	/* each may have waited */
	failures integer := 0;
	one bigint;
BEGIN
	BEGIN
		PERFORM github_sync.@record@_remove_finished(ids);
		RETURN;
	EXCEPTION WHEN OTHERS OR assert_failure THEN
		RAISE LOG 'github_sync: old @record@ transactions are deleted one by one: % (%)',
			github_sync.shortened(SQLERRM), SQLSTATE;
	END;
	FOREACH one IN ARRAY ids LOOP
		BEGIN
			PERFORM github_sync.@record@_remove_finished(ARRAY[one]);
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			failures := failures + 1;
		END;
		EXIT WHEN failures = most_failures;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_remove_what_can_be(bigint[]) IS
'private: deletes those of some transactions that have finished; what cannot be, as somebody holds what refers to it, '
'or a trigger refuses it, is left for the next day, and keeps none behind it';

CREATE OR REPLACE FUNCTION github_sync.@record@_prune(older_than interval) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	/* In batches: each reference to a pruned row is an event that the server keeps until the end of its statement. */
	batch_size CONSTANT integer := 10000;
	last_id bigint := 0;
	finished bigint[];
	pruned bigint := 0;
BEGIN
	LOOP
		SELECT max(t.id), array_agg(t.id) FILTER (WHERE t.state IN ('completed', 'canceled', 'dropped', 'duplicate')
			AND t.finished_at < (SELECT clock_timestamp()) - older_than)
		INTO last_id, finished
		FROM (SELECT q.id, q.state, q.finished_at FROM github_sync.@record@_sync_transactions AS q
			WHERE q.id > last_id ORDER BY q.id LIMIT batch_size) AS t;
		EXIT WHEN last_id IS NULL;
		pruned := pruned + github_sync.@record@_remove_finished(finished);
	END LOOP;
	RETURN pruned;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_prune(interval) IS
'private: deletes finished transactions; those errored or disabled may still run and stay';

/*
 * By the time of insertion, as nothing finishes before: from one look to the
 * next, only what has come of age meanwhile is read.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_prune_some(
	older_than interval, most integer, INOUT after_at timestamptz, INOUT after_id bigint,
	OUT more boolean, OUT next_due_at timestamptz)
LANGUAGE plpgsql
/* A row that somebody holds may refer to what is deleted here. */
SET lock_timeout = '10ms' AS $$
DECLARE
	finished_before CONSTANT timestamptz := clock_timestamp() - older_than;
	looked_at record;
BEGIN
	SELECT count(*) AS transactions,
		array_agg(b.inserted_at ORDER BY b.inserted_at, b.id) AS times,
		array_agg(b.id ORDER BY b.inserted_at, b.id) AS ids,
		array_agg(b.id) FILTER (WHERE b.finished_at < finished_before
			AND NOT EXISTS (SELECT FROM github_sync.sync_conflicts AS c WHERE c.record_type = '@record@'
				AND c.cached_record_id = b.@resource@_id AND c.transaction_id = b.id)) AS finished
	INTO looked_at
	FROM (SELECT t.id, t.inserted_at, t.finished_at, t.@resource@_id FROM github_sync.@record@_sync_transactions AS t
		WHERE (t.inserted_at, t.id) > (after_at, after_id) AND t.inserted_at < finished_before
		ORDER BY t.inserted_at, t.id LIMIT most) AS b;
	more := looked_at.transactions = most;
	IF looked_at.transactions > 0 THEN
		after_at := looked_at.times[looked_at.transactions];
		after_id := looked_at.ids[looked_at.transactions];
		PERFORM github_sync.@record@_remove_what_can_be(looked_at.finished) WHERE looked_at.finished IS NOT NULL;
	END IF;
	IF NOT more THEN
		next_due_at := (SELECT min(t.inserted_at) FROM github_sync.@record@_sync_transactions AS t
			WHERE t.inserted_at >= finished_before) + older_than;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_prune_some(interval, integer, timestamptz, bigint) IS
'private: looks at so many transactions of an age, those that were inserted after the given one, and deletes the ones '
'that finished, and of which no conflict is kept. after_at and after_id: the last that was looked at. more: there may '
'be others; else next_due_at is when one comes of age, NULL: there is none';
