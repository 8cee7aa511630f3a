CREATE OR REPLACE FUNCTION github_sync.retry_@record@_sync_transaction(id bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t github_sync.@record@_sync_transactions;
	cached github_sync.@resources@;
	decision record;
	newer bigint;
BEGIN
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = retry_@record@_sync_transaction.id;
	IF t.id IS NULL OR t.state <> 'errored' THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('@record@ sync transaction %s is not errored', retry_@record@_sync_transaction.id),
			DETAIL = CASE WHEN t.id IS NULL THEN 'It does not exist.' ELSE format('It is %s.', t.state) END,
			HINT = 'View github_sync.sync_errors lists what can be retried.';
	END IF;
	PERFORM github_sync.@record@_hold_key(t.@record@_id) WHERE t.@record@_id IS NOT NULL;
	UPDATE github_sync.@resources@ AS r SET lock_version = r.lock_version + 1
	WHERE r.id = t.@resource@_id RETURNING * INTO cached;
	SELECT q.id INTO newer FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.direction = 'outbound'
		AND t.direction = 'outbound' AND q.action = 'upsert'
	ORDER BY q.id DESC LIMIT 1;
	SELECT * INTO decision FROM github_sync.@record@_decide(t, cached);
	UPDATE github_sync.@record@_sync_transactions AS q SET
		event = CASE
			WHEN decision.state = 'disabled' THEN 'sync disabled'
			WHEN decision.state = 'duplicate' THEN 'already carried'
			WHEN decision.state = 'dropped' THEN 'overtaken'
			WHEN newer IS NOT NULL THEN 'superseded'
			ELSE 'retried' END,
		disabled_reason = decision.disabled_reason,
		duplicate_of = decision.duplicate_of,
		dropped_for = decision.dropped_for,
		canceled_by = CASE WHEN decision.state = 'queued' THEN newer END,
		error_code = NULL, error_reason = NULL, attempts = 0, lagging_answers = 0, next_attempt_at = NULL
	WHERE q.id = t.id AND q.state = 'errored' RETURNING q.state INTO t.state;
	RETURN t.state;
END
$$;
COMMENT ON FUNCTION github_sync.retry_@record@_sync_transaction(bigint) IS
'public: takes an errored transaction back to queued, where the rules decide anew; returns the state it has now';
