/*
 * Locks that a report takes.  Everybody takes them in this order: the local
 * row, the cached record, transactions by ascending id.  A name says how a
 * function locks, and that it does not wait where it does not.
 *
 * Reports that write the local row never wait for the application: 55P03 says
 * that somebody else holds it, and the answer is reported again shortly.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_local_row_nowait(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = key FOR NO KEY UPDATE NOWAIT;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_local_row_nowait({{key_type}}) IS
'private: locks the local row without waiting; 55P03 when the application holds it';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_local_row_nowait(key {{key_type}}) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task #variable_conflict use_variable
--@task BEGIN
--@task	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = key FOR KEY SHARE NOWAIT;
--@task	RETURN FOUND;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_local_row_nowait({{key_type}}) IS
--@task 'private: keeps a task from being deleted; 55P03 when that is just being done';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_record_nowait(cached_id bigint) RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	linked_id {{key_type}};
	cached github_sync.@resources@;
BEGIN
	/* The application locks its row first and then, by capture, the record: so do we, without waiting. */
	SELECT r.@record@_id INTO linked_id FROM github_sync.@resources@ AS r WHERE r.id = cached_id;
	PERFORM github_sync.@record@_lock_local_row_nowait(linked_id) WHERE linked_id IS NOT NULL;
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = cached_id FOR UPDATE NOWAIT;
	IF cached.@record@_id IS DISTINCT FROM linked_id THEN
		RAISE lock_not_available USING MESSAGE = 'the record was linked or unlinked meanwhile';
	END IF;
	RETURN cached;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_record_nowait(bigint) IS
'private: locks the local row and the record without waiting; 55P03: somebody else holds one, try again shortly';

CREATE OR REPLACE FUNCTION github_sync.@record@_held_claim(claim_id bigint, held_claim_no integer)
RETURNS github_sync.@record@_sync_transactions
LANGUAGE plpgsql STABLE AS $$
DECLARE
	t github_sync.@record@_sync_transactions;
BEGIN
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q
	WHERE q.id = claim_id AND q.claim_no = held_claim_no AND q.state = 'processing';
	RETURN t;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_held_claim(bigint, integer) IS
'private: the transaction while this claim holds it, else NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_claim(
	claim_id bigint, held_claim_no integer,
	OUT t github_sync.@record@_sync_transactions, OUT cached github_sync.@resources@)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT r.* INTO cached FROM github_sync.@resources@ AS r
	WHERE r.id = (SELECT q.@resource@_id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.id = claim_id AND q.claim_no = held_claim_no AND q.state = 'processing')
	FOR NO KEY UPDATE;
	/* The claim may have been lost while we waited. */
	t := github_sync.@record@_held_claim(claim_id, held_claim_no);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_claim(bigint, integer) IS
'private: waits for the record and locks it; t is the transaction if this claim holds it then, else NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_claim_nowait(
	claim_id bigint, held_claim_no integer,
	OUT t github_sync.@record@_sync_transactions, OUT cached github_sync.@resources@)
LANGUAGE plpgsql AS $$
DECLARE
	cached_id bigint := (SELECT q.@resource@_id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.id = claim_id AND q.claim_no = held_claim_no AND q.state = 'processing');
BEGIN
	IF cached_id IS NOT NULL THEN
		cached := github_sync.@record@_lock_record_nowait(cached_id);
		t := github_sync.@record@_held_claim(claim_id, held_claim_no);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_claim_nowait(bigint, integer) IS
'private: locks the local row and the record without waiting (55P03: try again shortly); t is the transaction if this '
'claim holds it then, else NULL';
