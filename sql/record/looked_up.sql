/*
 * What views look up in functions, since the planner takes it for far more than
 * it is.  Of millions of rows a thousand are errored, which no sample of them
 * shows, and most are counted already.  By such an estimate a server compiles
 * the query (jit is on by default), for a second, to read some thousand rows.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_states_between(first_id bigint, last_id bigint)
RETURNS TABLE (of_direction text, of_state text, transactions bigint, oldest timestamptz, newest timestamptz)
LANGUAGE plpgsql STABLE ROWS 4 SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT t.direction, t.state, count(*), min(t.inserted_at), max(t.inserted_at)
	FROM github_sync.@record@_sync_transactions AS t WHERE t.id BETWEEN first_id AND last_id
	GROUP BY t.direction, t.state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_states_between(bigint, bigint) IS
'private: the transactions with these ids, by direction and state, for view sync_status';

CREATE OR REPLACE FUNCTION github_sync.@record@_open_errors() RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 100 SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT t.id
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
					ROW(t.finished_at, t.direction, t.action, t.state, true, false, t.error_code)::github_sync.ended));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_open_errors() IS
'private: the errored transactions that nothing has mended since, for view sync_errors';
