/*
 * All locks that functions of a record type take.  Everybody takes them in one
 * order, and so nobody waits in a circle:
 *
 *	1. the local row; of a comment: its own row, then its task's
 *	2. the cached record; of two of one type: the one with the lower id first
 *	3. transactions, by ascending id
 *
 * Who inserts a transaction of a comment locks the parent's record before the
 * comment's, by key_share, and looks again: a foreign key alone would let that
 * record become part of another one between his look and its check.  A claim
 * has the comment's record by then: it takes the parent's without waiting.
 *
 * A name says how strong a lock is: key_share (nobody deletes the row, or makes
 * it part of another one), share (nobody changes it), lock (nobody else locks
 * or changes it; FOR UPDATE, where the comment of a function says so: who only
 * refers to it waits, too).  It says as well what happens where somebody else
 * has the row: _nowait raises 55P03, _skip_locked returns nothing, any other
 * waits.
 *
 * NOWAIT and SKIP LOCKED are said of rows: a table that somebody has locked is
 * waited for all the same.  So the lock of the table that a row's lock needs is
 * taken before it, NOWAIT.
 *
 * Sessions of the application wait, for a short commit at most; so do a
 * worker's reports that write no local row.  All else that a worker does never
 * waits: the application holds its rows for as long as it likes.
 *
 * Where a set of rows is locked, each kind is locked by one statement, in the
 * order above.  A plan that was made while the tables were small must not read
 * all of them later on, when nobody has analyzed them since: rows are looked up
 * by their keys and by nothing else, and enable_seqscan is off.
 *
 * Whoever locks a record to decide about it raises its lock_version: a session
 * with an older snapshot then fails (40001) instead of deciding wrongly.
 *
 * Not here: what changes many rows at once and passes over those that somebody
 * has, by SKIP LOCKED in its own WHERE (_release_due, _release_paused, _prune,
 * release_comments_of_issue, _report_redirect, _settle_listed,
 * bring_sweeps_forward).
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_key_share_local_row(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = key FOR KEY SHARE;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_key_share_local_row({{key_type}}) IS
'private: keeps the local row from being deleted. Taken before the record''s lock: an application''s DELETE takes '
'them in that order too';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_local_row_nowait(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
	LOCK TABLE ONLY {{table}} IN ROW SHARE MODE NOWAIT;
	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = key FOR NO KEY UPDATE NOWAIT;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_local_row_nowait({{key_type}}) IS
'private: locks the local row without waiting; 55P03 when the application holds it';

--@task CREATE OR REPLACE FUNCTION github_sync.task_table_is_free() RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	LOCK TABLE ONLY {{table}} IN ACCESS SHARE MODE NOWAIT;
--@task	RETURN true;
--@task EXCEPTION WHEN lock_not_available THEN
--@task	IF github_sync.in_worker() THEN
--@task		RAISE;
--@task	END IF;
--@task	RETURN false;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_table_is_free() IS
--@task 'private: whether tasks can be read without waiting; somebody has locked the table: false, in a worker 55P03';

--@task CREATE OR REPLACE FUNCTION github_sync.task_place_is_free(cached_id bigint) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	PERFORM 1 FROM github_sync.github_issues AS i WHERE i.id = cached_id FOR SHARE NOWAIT;
--@task	RETURN true;
--@task EXCEPTION WHEN lock_not_available THEN
--@task	IF github_sync.in_worker() THEN
--@task		RAISE;
--@task	END IF;
--@task	RETURN false;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_place_is_free(bigint) IS
--@task 'private: nobody decides about the issue just now, or begins to before this transaction is over, so that its '
--@task 'task stays where it is; somebody does: false, in a worker 55P03';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_table_to_insert_nowait() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	LOCK TABLE ONLY {{table}} IN ROW EXCLUSIVE MODE NOWAIT;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_table_to_insert_nowait() IS
'private: rows can be inserted without waiting; 55P03, at once, when somebody has locked the table';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_local_rows_nowait(keys {{key_type}}[]) RETURNS boolean
--@task LANGUAGE plpgsql SET enable_seqscan = off AS $$
--@task #variable_conflict use_variable
--@task DECLARE
--@task	held bigint;
--@task BEGIN
--@task	LOCK TABLE ONLY {{table}} IN ROW SHARE MODE NOWAIT;
--@task	SELECT count(*) INTO held FROM (
--@task		SELECT FROM {{table}} AS r WHERE r.{{id}} = ANY (keys) ORDER BY r.{{id}} FOR KEY SHARE NOWAIT) AS l;
--@task	RETURN held = cardinality(keys);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_local_rows_nowait({{key_type}}[]) IS
--@task 'private: keeps tasks from being deleted; false: one of them is gone. 55P03: that is just being done, or the '
--@task 'table is locked';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_local_row_if_free(key {{key_type}}) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task #variable_conflict use_variable
--@task BEGIN
--@task	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = key FOR KEY SHARE SKIP LOCKED;
--@task	RETURN FOUND;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_local_row_if_free({{key_type}}) IS
--@task 'private: keeps a task from being deleted; false, without waiting for who holds it: that is being done, or is '
--@task 'done';

CREATE OR REPLACE FUNCTION github_sync.@record@_key_share_local_row_skip_locked(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
	LOCK TABLE ONLY {{table}} IN ROW SHARE MODE NOWAIT;
	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = key FOR KEY SHARE SKIP LOCKED;
	RETURN FOUND OR NOT EXISTS (SELECT FROM {{table}} AS r WHERE r.{{id}} = key);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_key_share_local_row_skip_locked({{key_type}}) IS
'private: keeps a local row from being deleted; false, at once: somebody holds it for that. 55P03, at once, when '
'somebody has locked the table';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_shown_skip_locked(of_github_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	known github_sync.@resources@;
BEGIN
	SELECT * INTO known FROM github_sync.@resources@ AS r WHERE r.github_id = of_github_id;
	RETURN known.id IS NULL
		OR (known.@record@_id IS NULL OR github_sync.@record@_key_share_local_row_skip_locked(known.@record@_id))
			AND (github_sync.@record@_lock_record_skip_locked(known.id)).id IS NOT NULL;
EXCEPTION WHEN lock_not_available THEN
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_shown_skip_locked(bigint) IS
'private: locks what a transaction of what GitHub has would wait for, as far as that is known here; false, at once: '
'somebody holds it';

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
'private: locks the local row and the record (FOR UPDATE) without waiting; 55P03: somebody else holds one, try again '
'shortly';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_record_skip_locked(cached_id bigint)
RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@;
BEGIN
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = cached_id FOR NO KEY UPDATE SKIP LOCKED;
	RETURN cached;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_record_skip_locked(bigint) IS
'private: locks the record; NULL: somebody decides about it just now, or it is gone';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_records_nowait(ids bigint[])
RETURNS SETOF github_sync.@resources@
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT * FROM github_sync.@resources@ AS r WHERE r.id = ANY (ids) ORDER BY r.id FOR UPDATE NOWAIT;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_records_nowait(bigint[]) IS
'private: locks records that are about to become one (FOR UPDATE); 55P03: somebody else has one of them';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_records_to_link(target_id bigint, key {{key_type}}) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.@resources@ AS r WHERE r.id = target_id OR r.@record@_id = key ORDER BY r.id FOR UPDATE;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_records_to_link(bigint, {{key_type}}) IS
'private: locks a record and the one that a local row has by now (FOR UPDATE)';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_records_of_repository(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.@resources@ AS r
	WHERE r.id IN (SELECT q.@resource@_id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.github_repo_id = repo_id AND q.state IN ('queued', 'disabled'))
	ORDER BY r.id FOR NO KEY UPDATE;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_records_of_repository(bigint) IS
'private: locks the records of a repository for which something is queued or disabled';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_local_rows_skip_locked(
	INOUT cached_ids bigint[], OUT linked_keys {{key_type}}[], OUT free bigint[])
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_variable
DECLARE
	keys {{key_type}}[];
	free_keys {{key_type}}[];
BEGIN
	SELECT array_agg(r.id), array_agg(r.@record@_id),
		array_agg(r.@record@_id) FILTER (WHERE r.@record@_id IS NOT NULL) INTO cached_ids, linked_keys, keys
	FROM github_sync.@resources@ AS r WHERE r.id = ANY (cached_ids);
	IF keys IS NOT NULL THEN
		LOCK TABLE ONLY {{table}} IN ROW SHARE MODE NOWAIT;
		SELECT array_agg(l.key) INTO free_keys FROM (
			SELECT r.{{id}} AS key FROM {{table}} AS r WHERE r.{{id}} = ANY (keys)
			ORDER BY r.{{id}} FOR NO KEY UPDATE SKIP LOCKED) AS l;
		/* What is gone is nobody's, either. */
		IF cardinality(free_keys) = cardinality(keys) IS NOT TRUE THEN
			free_keys := free_keys || ARRAY(SELECT k.key FROM unnest(keys) AS k (key)
				WHERE NOT EXISTS (SELECT FROM {{table}} AS r WHERE r.{{id}} = k.key));
		END IF;
	END IF;
	free := ARRAY(SELECT r.id FROM github_sync.@resources@ AS r
		WHERE r.id = ANY (cached_ids) AND CASE WHEN r.@record@_id IS NOT NULL THEN r.@record@_id = ANY (free_keys)
--@task			ELSE true END);
--@comment			/* A comment that becomes a row refers to its task. */
--@comment			ELSE coalesce((SELECT github_sync.task_key_share_local_row_skip_locked(i.task_id)
--@comment				FROM github_sync.github_issues AS i
--@comment				WHERE i.id = r.github_issue_id AND i.task_id IS NOT NULL), true) END);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_local_rows_skip_locked(bigint[]) IS
'private: locks the local rows of records, in the order of their keys. free: the records of which nobody else holds '
'the row, or that have none; linked_keys: which row each of cached_ids had. 55P03, at once, when somebody has locked '
'the table';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_local_row_skip_locked(cached_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	RETURN cached_id = ANY ((github_sync.@record@_lock_local_rows_skip_locked(ARRAY[cached_id])).free);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_local_row_skip_locked(bigint) IS
'private: locks the local row of a record; false, at once: the application holds it. True where there is none. 55P03, '
'at once, when somebody has locked the table';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_rows_and_records_skip_locked(cached_ids bigint[])
RETURNS SETOF github_sync.@resources@
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	ids CONSTANT bigint[] := (github_sync.@record@_lock_local_rows_skip_locked(cached_ids)).free;
BEGIN
	RETURN QUERY SELECT * FROM github_sync.@resources@ AS r WHERE r.id = ANY (ids)
		ORDER BY r.id FOR NO KEY UPDATE SKIP LOCKED;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_rows_and_records_skip_locked(bigint[]) IS
'private: locks the local rows of records, and those records of which nobody holds either; 55P03, at once, when '
'somebody has locked the table';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_claimable_skip_locked(
	ids bigint[], cached_ids bigint[],
	OUT transaction_id bigint, OUT t github_sync.@record@_sync_transactions, OUT cached github_sync.@resources@,
	OUT is_held boolean)
RETURNS SETOF record
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	/* GitHub would be asked in vain: the report needs the row. */
	records bigint[] := (github_sync.@record@_lock_local_rows_skip_locked(cached_ids)).free;
	locked bigint[];
BEGIN
	records := ARRAY(SELECT r.id FROM github_sync.@resources@ AS r WHERE r.id = ANY (records)
		ORDER BY r.id FOR NO KEY UPDATE SKIP LOCKED);
	locked := ARRAY(SELECT a.id FROM unnest(ids, cached_ids) AS a (id, cached_id) WHERE a.cached_id = ANY (records));
	locked := ARRAY(SELECT q.id FROM github_sync.@record@_sync_transactions AS q WHERE q.id = ANY (locked)
		ORDER BY q.id FOR NO KEY UPDATE SKIP LOCKED);
	RETURN QUERY WITH waiting AS MATERIALIZED (
			SELECT q.id, q.state, q.next_attempt_at, q.@resource@_id, q AS t
			FROM github_sync.@record@_sync_transactions AS q WHERE q.id = ANY (locked)),
		claimable AS (
			UPDATE github_sync.@resources@ AS r SET lock_version = r.lock_version + 1 FROM waiting AS w
			/* Not r.id = ANY: for each that waits, all of the set would be read. */
			WHERE r.id = w.@resource@_id AND w.@resource@_id = ANY (records)
				AND w.state = 'queued' AND w.next_attempt_at IS NULL
				AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS p
					WHERE p.@resource@_id = w.@resource@_id AND p.state = 'processing' OFFSET 0)
			RETURNING w.id, w.t, r AS cached)
	SELECT a.id, c.t, c.cached, NOT a.id = ANY (locked)
	FROM unnest(ids, cached_ids) WITH ORDINALITY AS a (id, cached_id, place)
	LEFT JOIN claimable AS c ON c.id = a.id AND (c.cached).id = a.cached_id
	ORDER BY a.place;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_claimable_skip_locked(bigint[], bigint[]) IS
'private: locks local rows, records, and of each record one transaction that stands in line. t is NULL where that one '
'no longer does, where another one of the record is being processed, and where somebody else has one of the three '
'(is_held)';

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

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_claims_skip_locked(
	ids bigint[], claim_nos integer[],
	OUT place bigint, OUT t github_sync.@record@_sync_transactions, OUT cached github_sync.@resources@,
	OUT is_held boolean)
RETURNS SETOF record
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
	rows record;
	locked bigint[];
BEGIN
	rows := github_sync.@record@_lock_local_rows_skip_locked(
		ARRAY(SELECT CASE q.state WHEN 'processing' THEN q.@resource@_id END
			FROM github_sync.@record@_sync_transactions AS q WHERE q.id = ANY (ids)));
	locked := ARRAY(SELECT r.id FROM github_sync.@resources@ AS r WHERE r.id = ANY (rows.free)
		ORDER BY r.id FOR UPDATE SKIP LOCKED);
	RETURN QUERY WITH claimed AS MATERIALIZED (
			SELECT q.id, q.claim_no, q.state, q.@resource@_id, q AS t FROM github_sync.@record@_sync_transactions AS q
			WHERE q.id = ANY (ids)),
		held AS MATERIALIZED (
			SELECT r.id, r AS cached FROM github_sync.@resources@ AS r WHERE r.id = ANY (locked)
				/* Linked or unlinked meanwhile, it has another row than the one that is locked. */
				AND r.@record@_id IS NOT DISTINCT FROM rows.linked_keys[array_position(rows.cached_ids, r.id)])
	SELECT a.place, c.t, h.cached, c.id IS NOT NULL AND h.id IS NULL
	FROM unnest(ids, claim_nos) WITH ORDINALITY AS a (id, claim_no, place)
	LEFT JOIN claimed AS c ON c.id = a.id AND c.claim_no = a.claim_no AND c.state = 'processing'
	LEFT JOIN held AS h ON h.id = c.@resource@_id
	ORDER BY a.place;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_claims_skip_locked(bigint[], integer[]) IS
'private: locks the local rows and the records (FOR UPDATE) of claims. t is NULL where the claim no longer holds the '
'transaction, cached where somebody else has one of the rows (is_held)';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_record(cached_id bigint) RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	linked_id {{key_type}};
	cached github_sync.@resources@;
BEGIN
	LOOP
		SELECT r.@record@_id INTO linked_id FROM github_sync.@resources@ AS r WHERE r.id = cached_id;
		PERFORM github_sync.@record@_key_share_local_row(linked_id) WHERE linked_id IS NOT NULL;
		UPDATE github_sync.@resources@ SET lock_version = lock_version + 1
		WHERE id = cached_id AND @record@_id IS NOT DISTINCT FROM linked_id RETURNING * INTO cached;
		IF FOUND OR NOT EXISTS (SELECT FROM github_sync.@resources@ AS r WHERE r.id = cached_id) THEN
			RETURN cached;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_record(bigint) IS
'private: holds the local row and locks the record, in the order of an insert; waits for a short commit at most';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_record_of_local_row(key {{key_type}})
RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@;
--@comment	parent_id bigint;
BEGIN
--@comment	LOOP
--@comment		SELECT c.github_issue_id INTO parent_id FROM github_sync.github_comments AS c WHERE c.comment_id = key;
--@comment		EXIT WHEN NOT FOUND;
--@comment		/* Else it has become part of another issue's record, and the comment with it: look again. */
--@comment		CONTINUE WHEN parent_id IS NOT NULL AND NOT github_sync.task_key_share_record(parent_id);
	UPDATE github_sync.@resources@ SET lock_version = lock_version + 1 WHERE @record@_id = key
--@comment		AND github_issue_id IS NOT DISTINCT FROM parent_id
	RETURNING * INTO cached;
--@comment		EXIT WHEN FOUND;
--@comment	END LOOP;
	RETURN cached;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_record_of_local_row({{key_type}}) IS
'private: locks the record of a local row that the caller keeps from being deleted, of a comment its parent''s before '
'it; NULL: it has none';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_records_of_local_rows(keys {{key_type}}[]) RETURNS bigint[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
--@comment DECLARE
--@comment	parent_ids bigint[] := ARRAY(SELECT c.github_issue_id FROM github_sync.github_comments AS c
--@comment		WHERE c.comment_id = ANY (keys));
BEGIN
--@comment	parent_ids := ARRAY(SELECT i.id FROM github_sync.github_issues AS i WHERE i.id = ANY (parent_ids)
--@comment		ORDER BY i.id FOR KEY SHARE);
	RETURN ARRAY(SELECT r.id FROM github_sync.@resources@ AS r WHERE r.@record@_id = ANY (keys)
--@comment		/* Else it has become part of another issue's record meanwhile, and the comment with it. */
--@comment		AND r.github_issue_id = ANY (parent_ids)
		ORDER BY r.id FOR NO KEY UPDATE);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_records_of_local_rows({{key_type}}[]) IS
'private: locks the records of local rows that the caller keeps from being deleted, of comments their parents'' before '
'them; returns which. Their lock_version is still to be raised';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_record_of_local_row(key {{key_type}})
--@task RETURNS github_sync.github_issues
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	cached github_sync.github_issues;
--@task BEGIN
--@task	SELECT * INTO cached FROM github_sync.github_issues AS i WHERE i.task_id = key FOR KEY SHARE;
--@task	RETURN cached;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_record_of_local_row({{key_type}}) IS
--@task 'private: keeps the record of a task from becoming part of another one; NULL: the task has none';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_record(cached_id bigint) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	PERFORM 1 FROM github_sync.github_issues AS i WHERE i.id = cached_id FOR KEY SHARE;
--@task	RETURN FOUND;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_record(bigint) IS
--@task 'private: keeps a record that a comment is to refer to from becoming part of another one; false: it just has';

--@task CREATE OR REPLACE FUNCTION github_sync.task_share_records_nowait(cached_ids bigint[])
--@task RETURNS SETOF github_sync.github_issues
--@task LANGUAGE plpgsql SET enable_seqscan = off AS $$
--@task BEGIN
--@task	RETURN QUERY SELECT * FROM github_sync.github_issues AS i WHERE i.id = ANY (cached_ids)
--@task		ORDER BY i.id FOR SHARE NOWAIT;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_share_records_nowait(bigint[]) IS
--@task 'private: records that nobody links, unlinks or changes otherwise until the transaction ends; 55P03 when '
--@task 'somebody just does';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_record_of_number(repo_id bigint, issue_number integer)
--@task RETURNS bigint
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	cached_id bigint;
--@task BEGIN
--@task	SELECT i.id INTO cached_id FROM github_sync.github_issues AS i
--@task	WHERE i.github_repo_id = repo_id AND i.number = issue_number FOR KEY SHARE;
--@task	RETURN cached_id;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_record_of_number(bigint, integer) IS
--@task 'private: the record of an issue, kept from becoming part of another one; NULL: there is none, or it has just '
--@task 'become that';

--@task CREATE OR REPLACE FUNCTION github_sync.task_key_share_record_of_number_nowait(
--@task	repo_id bigint, issue_number integer)
--@task RETURNS bigint
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	cached_id bigint;
--@task BEGIN
--@task	SELECT i.id INTO cached_id FROM github_sync.github_issues AS i
--@task	WHERE i.github_repo_id = repo_id AND i.number = issue_number FOR KEY SHARE NOWAIT;
--@task	RETURN cached_id;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_key_share_record_of_number_nowait(bigint, integer) IS
--@task 'private: the record of an issue, kept from becoming part of another one; NULL: there is none; 55P03 when it '
--@task 'is just becoming that';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_row_and_record(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	/* Not FOR UPDATE: a worker's report may check a foreign key to the row while it holds a record that we wait for. */
	PERFORM 1 FROM {{table}} AS r WHERE r.{{id}} = @record@_lock_row_and_record.key FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	/* It may become part of another one: who refers to it waits. */
	PERFORM 1 FROM github_sync.@resources@ AS r WHERE r.@record@_id = key FOR UPDATE;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_row_and_record({{key_type}}) IS
'private: lets nobody edit, delete or link the local row, nor refer to its record (FOR UPDATE); false: there is no '
'such row';

/* A foreign key would wait for whoever prunes, and then fail. */
CREATE OR REPLACE FUNCTION github_sync.@record@_key_share_transaction_skip_locked(transaction_id bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.@record@_sync_transactions AS t WHERE t.id = transaction_id FOR KEY SHARE SKIP LOCKED;
	RETURN CASE WHEN FOUND THEN transaction_id END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_key_share_transaction_skip_locked(bigint) IS
'private: a transaction that may be referred to, or NULL, which pruning makes of the reference anyway';
