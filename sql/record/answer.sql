/*
 * What the worker reports.  Every function is fenced by (id, claim_no): of a
 * claim that is no longer the row's it changes nothing and says 'stale'.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_held_claim(transaction_id bigint, held_claim_no integer)
RETURNS github_sync.@record@_sync_transactions
LANGUAGE plpgsql STABLE AS $$
DECLARE
	t github_sync.@record@_sync_transactions;
BEGIN
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q
	WHERE q.id = transaction_id AND q.claim_no = held_claim_no AND q.state = 'processing';
	RETURN t;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_held_claim(bigint, integer) IS
'private: the transaction while this claim holds it, else NULL';

/* The record before anything else that is written: whoever decides about it holds it, and so nobody waits in a circle. */
CREATE OR REPLACE FUNCTION github_sync.@record@_hold_claim(transaction_id bigint, held_claim_no integer)
RETURNS github_sync.@record@_sync_transactions
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
BEGIN
	UPDATE github_sync.@resources@ AS r SET lock_version = lock_version + 1 WHERE r.id = t.@resource@_id;
	/* It may have been lost while we waited. */
	RETURN github_sync.@record@_held_claim(t.id, held_claim_no);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_hold_claim(bigint, integer) IS
'private: waits for the record and locks it; the transaction if this claim holds it then, else NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_claim(transaction_id bigint, held_claim_no integer)
RETURNS github_sync.@record@_sync_transactions
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
BEGIN
	PERFORM github_sync.@record@_lock_record(t.@resource@_id) WHERE t.id IS NOT NULL;
	RETURN github_sync.@record@_held_claim(t.id, held_claim_no);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_claim(bigint, integer) IS
'private: locks the local row and the record without waiting (55P03: try again shortly); the transaction if this claim holds it then, else NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_end_trouble(t github_sync.@record@_sync_transactions) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF t.troubled_since IS NOT NULL THEN
		UPDATE github_sync.@record@_sync_transactions SET troubled_since = NULL WHERE id = t.id;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_end_trouble(github_sync.@record@_sync_transactions) IS
'private: it came back for another reason: what may fail on the way from now on has not been going on before. Not where an update follows a fetch: that may be what always fails';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_back(
	transaction_id bigint, held_claim_no integer, problem text, retry_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_hold_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id;
	UPDATE github_sync.@record@_sync_transactions SET last_error = problem, last_error_at = clock_timestamp()
	WHERE id = t.id AND problem IS NOT NULL;
	RETURN github_sync.@record@_requeue(t.id, cached, 'given back', retry_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_back(bigint, integer, text, timestamptz) IS
'private: back into the queue (or where the rules now want it), no attempt counted: the trouble was not this row''s';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail(
	transaction_id bigint, held_claim_no integer, code text, reason text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_hold_claim(transaction_id, held_claim_no);
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET event = 'failed', attempts = attempts + 1,
		error_code = code, error_reason = reason, last_error = reason, last_error_at = clock_timestamp()
	WHERE id = t.id;
	RETURN 'errored';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail(bigint, integer, text, text) IS
'private: gave up; a person or retry_@record@_sync_transaction() goes on';

CREATE OR REPLACE FUNCTION github_sync.@record@_try_again(
	transaction_id bigint, held_claim_no integer, code text, reason text, retry_at timestamptz, max_attempts integer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
	result text;
BEGIN
	IF t.attempts + 1 >= max_attempts THEN
		RETURN github_sync.@record@_fail(transaction_id, held_claim_no, code, reason);
	END IF;
	result := github_sync.@record@_give_back(transaction_id, held_claim_no, reason, retry_at);
	PERFORM github_sync.@record@_end_trouble(t) WHERE result <> 'stale';
	UPDATE github_sync.@record@_sync_transactions SET attempts = attempts + 1 WHERE id = t.id AND result <> 'stale';
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_try_again(bigint, integer, text, text, timestamptz, integer) IS
'private: counts an attempt; back into the queue until max_attempts, then errored';

CREATE OR REPLACE FUNCTION github_sync.@record@_complete(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, applied boolean, lost boolean)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	same_version bigint;
	waiting_outbound bigint;
BEGIN
	IF t.direction = 'inbound' AND t.action = 'upsert' AND NOT applied THEN
		IF lost THEN
			SELECT o.id INTO waiting_outbound FROM github_sync.@record@_sync_transactions AS o
			WHERE o.@resource@_id = cached.id AND o.state = 'queued' AND o.direction = 'outbound'
			ORDER BY o.id DESC LIMIT 1;
			UPDATE github_sync.@record@_sync_transactions SET event = 'overtaken', dropped_for = waiting_outbound,
				because = 'a later change of the @record@ stands'
			WHERE id = t.id;
			RETURN 'dropped';
		END IF;
		SELECT c.id INTO same_version FROM github_sync.@record@_sync_transactions AS c
		WHERE c.@resource@_id = cached.id AND c.state = 'completed' AND c.action = 'upsert'
			AND c.github_updated_at = t.github_updated_at
		ORDER BY c.id DESC LIMIT 1;
		IF FOUND THEN
			UPDATE github_sync.@record@_sync_transactions SET event = 'already carried', duplicate_of = same_version
			WHERE id = t.id;
			RETURN 'duplicate';
		END IF;
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET event = 'completed',
		@record@_id = cached.@record@_id, @resource@_external_id = cached.github_id,
--@task		github_issue_number = cached.number,
		github_updated_at = cached.github_updated_at
	WHERE id = t.id;
	RETURN 'completed';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_complete(github_sync.@record@_sync_transactions, github_sync.@resources@, boolean, boolean) IS
'private: the end state of a transaction that ran: completed, or duplicate or dropped when it found nothing to do';

--@task /* Issues cannot be deleted by their App: the deletion of a task closes its issue. */
--@task CREATE OR REPLACE FUNCTION github_sync.task_close_deleted(
--@task	t github_sync.task_sync_transactions, INOUT cached github_sync.github_issues, remote text[], kind text, OUT result text)
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	IF kind = 'written' THEN
--@task		/* What was sent is no value of the local row. */
--@task		cached.sent := NULL;
--@task		cached.sent_mask := NULL;
--@task		RETURN;
--@task	END IF;
--@task	cached := github_sync.task_settle_sent(cached, remote, false);
--@task	IF remote[3] = 'open' THEN
--@task		cached.sent := ARRAY[NULL, NULL, 'closed'];
--@task		cached.sent_mask := '{false,false,true}';
--@task		result := 'send';
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_close_deleted(github_sync.task_sync_transactions, github_sync.github_issues, text[], text) IS
--@task 'private: closes the issue if it is open; nothing is merged and no base moves, so that a task that is still there learns of it as of any change at GitHub. result is send, or NULL where nothing is left to do';

/* At most five times: then what is there is taken. */
CREATE OR REPLACE FUNCTION github_sync.@record@_is_lagging(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, kind text, answered_version timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT kind IN ('fetched', 'not modified') AND t.lagging_answers < 5 AND (
		coalesce(answered_version < t.github_updated_at, false)
		OR coalesce(answered_version < cached.github_updated_at, false)
		OR t.direction = 'inbound' AND t.action = 'delete')
$$;
COMMENT ON FUNCTION github_sync.@record@_is_lagging(github_sync.@record@_sync_transactions, github_sync.@resources@, text, timestamptz) IS
'private: a replica that is behind what we were told or have seen, or still shows what we were told is deleted';

/* The row went while GitHub was asked about it. */
CREATE OR REPLACE FUNCTION github_sync.@record@_end_without_row(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, kind text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	event_of_end text := CASE
		WHEN t.action = 'delete' OR cached.@record@_id IS NOT NULL THEN NULL
		WHEN t.direction = 'inbound' AND cached.local_deleted_at IS NOT NULL THEN 'overtaken'
		WHEN t.direction = 'outbound' AND kind IN ('fetched', 'not modified') THEN 'record deleted' END;
	end_state text;
BEGIN
	IF event_of_end IS NOT NULL THEN
		/* First: what comes back now is decided by what is known now. */
		PERFORM github_sync.@record@_save_record(cached);
		UPDATE github_sync.@record@_sync_transactions SET event = event_of_end, because = github_sync.@record@_without_row(cached)
		WHERE id = t.id RETURNING state INTO end_state;
	END IF;
	RETURN end_state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_end_without_row(github_sync.@record@_sync_transactions, github_sync.@resources@, text) IS
'private: the end of a transaction whose local row was deleted or unlinked meanwhile: inbound dropped, outbound canceled; NULL: it goes on';

/*
 * GitHub answered with the resource.  kind: fetched, not modified (304: the
 * cached values are GitHub's; a_etag: the ETag that was sent), written (answer to our update), created (answer
 * to our creation), found (our creation, met in a list).
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_answered(
	transaction_id bigint, held_claim_no integer, kind text, answered_at timestamptz, own_login text,
	a_github_id bigint, a_number integer, a_is_pull_request boolean,
	a_title text, a_body text, a_state text, a_state_reason text, a_author_login text, a_html_url text,
	a_created_at timestamptz, a_updated_at timestamptz, a_closed_at timestamptz,
	a_etag text, a_etag_key text, a_resource text,
	OUT result text, OUT issue_number integer, OUT github_id bigint,
	OUT send_title boolean, OUT title text, OUT send_body boolean, OUT body text,
	OUT send_state boolean, OUT issue_state text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_lock_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
	repo github_sync.github_repos;
	other_id bigint;
	was_told boolean := false;
	remote text[];
	merged record;
BEGIN
	IF t.id IS NULL THEN
		result := 'stale';
		RETURN;
	END IF;
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id;

	IF kind = 'not modified' AND (cached.remote_base IS NULL OR cached.etag IS DISTINCT FROM a_etag) THEN
		/* What that ETag stood for was replaced or let go of meanwhile. */
		result := github_sync.@record@_give_back(t.id, held_claim_no, NULL, NULL);
		RETURN;
	ELSIF kind = 'not modified' THEN
		a_updated_at := cached.github_updated_at;
	ELSE
		/* Our own creation, met before its answer was recorded: the queue of its record goes on with it. */
		other_id := github_sync.@record@_record_of_creation(cached, a_body, a_author_login, own_login);
		IF other_id IS NOT NULL THEN
			PERFORM github_sync.@record@_absorb(other_id, cached.id);
			SELECT q.state INTO result FROM github_sync.@record@_sync_transactions AS q WHERE q.id = t.id;
			UPDATE github_sync.@record@_creation_attempts SET outcome = 'created'
			WHERE creation_key = github_sync.creation_key_of(a_body);
			RETURN;
		END IF;
		IF github_sync.@record@_may_be_own_creation(t, cached, kind, a_body, a_author_login, own_login) THEN
			result := github_sync.@record@_give_back(t.id, held_claim_no,
				'this may be a creation of ours whose answer is on its way', clock_timestamp() + interval '5 seconds');
			RETURN;
		END IF;
		IF cached.github_id IS NULL THEN
			SELECT r.id INTO other_id FROM github_sync.@resources@ AS r WHERE r.id <> cached.id AND (r.github_id = a_github_id
--@task				OR r.github_repo_id = cached.github_repo_id AND r.number = a_number
				);
			/* A webhook was faster.  Its fetch may have seen a later edit than this answer: nothing is written over that. */
			was_told := other_id IS NOT NULL;
			IF was_told THEN
				cached := github_sync.@record@_absorb(cached.id, other_id);
			END IF;
			cached := github_sync.@record@_take_identity(cached, a_github_id, a_number);
		ELSIF cached.github_id <> a_github_id THEN
			result := github_sync.@record@_answered_by_another(t, cached, a_github_id, a_number, a_resource);
			RETURN;
		END IF;
	END IF;

	/* A webhook's fetch settled the creation: what it saw is newer than this answer, and is fetched again. */
	IF kind = 'created' AND NOT EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = cached.id AND a.outcome IS NULL) THEN
		result := github_sync.@record@_give_back(t.id, held_claim_no, NULL, NULL);
		RETURN;
	END IF;

	IF github_sync.@record@_is_lagging(t, cached, kind, a_updated_at) THEN
		UPDATE github_sync.@record@_sync_transactions SET lagging_answers = lagging_answers + 1 WHERE id = t.id;
		result := github_sync.@record@_give_back(t.id, held_claim_no,
			format('GitHub answered with the state of %s', a_updated_at), clock_timestamp() + interval '2 seconds');
		RETURN;
	END IF;

	IF kind = 'not modified' THEN
		remote := github_sync.@record@_remote_fields(cached);
	ELSE
--@task		remote := ARRAY[a_title, github_sync.without_creation_key(a_body), a_state];
--@task		cached.number := a_number;
--@task		cached.is_pull_request := a_is_pull_request;
--@task		cached.state_reason := a_state_reason;
--@task		cached.closed_at := a_closed_at;
--@comment		remote := ARRAY[github_sync.without_creation_key(a_body)];
		cached := github_sync.@record@_note_remote(cached, remote, a_updated_at);
		cached.author_login := a_author_login;
		cached.html_url := a_html_url;
		cached.github_created_at := a_created_at;
		cached.etag := a_etag;
		cached.etag_key := a_etag_key;
	END IF;
	/* An answer that still lags is taken, but settles nothing. */
	IF t.github_updated_at IS NULL OR a_updated_at >= t.github_updated_at THEN
		cached.seen_at := greatest(cached.seen_at, answered_at);
	END IF;
	cached.missing_since := NULL;
	cached.deleted_at := NULL;
	IF kind IN ('created', 'found') THEN
		UPDATE github_sync.@record@_creation_attempts SET outcome = 'created'
		WHERE @resource@_id = cached.id AND outcome IS NULL;
	END IF;

	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	PERFORM github_sync.resume_repo(repo.id) WHERE repo.paused_until IS NOT NULL;
	result := github_sync.@record@_end_without_row(t, cached, kind);
	IF result IS NOT NULL THEN
		RETURN;
	END IF;
	IF t.direction = 'outbound' AND t.action = 'delete' THEN
--@task		SELECT * INTO merged FROM github_sync.task_close_deleted(t, cached, remote, kind);
--@task		cached := merged.cached;
--@task		result := merged.result;
--@task		issue_number := cached.number;
--@task		send_title := false;
--@task		send_body := false;
--@task		send_state := result = 'send';
--@task		issue_state := 'closed';
		PERFORM github_sync.@record@_save_record(cached);
--@task		IF result IS NULL THEN
--@task			result := github_sync.task_complete(t, cached, false, false);
--@task		END IF;
--@comment		/* Looked for and found: now it can be deleted. */
--@comment		result := github_sync.comment_give_back(t.id, held_claim_no, NULL, NULL);
		RETURN;
	END IF;
	SELECT * INTO merged FROM github_sync.@record@_merge(t, repo, cached, remote,
		kind IN ('written', 'created'), a_resource);
	cached := merged.cached;

	IF true = ANY (merged.to_send) AND was_told THEN
		cached.sent := NULL;
		cached.sent_mask := NULL;
		PERFORM github_sync.@record@_save_record(cached);
		result := github_sync.@record@_give_back(t.id, held_claim_no, NULL, NULL);
		RETURN;
	END IF;
	IF true = ANY (merged.to_send) THEN
		cached.sent := merged.local_fields;
		cached.sent_mask := merged.to_send;
		PERFORM github_sync.@record@_save_record(cached);
		result := 'send';
--@task		issue_number := cached.number;
--@task		send_title := merged.to_send[1];
--@task		title := merged.local_fields[1];
--@task		send_body := merged.to_send[2];
--@task		body := merged.local_fields[2];
--@task		send_state := merged.to_send[3];
--@task		issue_state := merged.local_fields[3];
--@comment		github_id := cached.github_id;
--@comment		send_body := true;
--@comment		body := merged.local_fields[1];
		RETURN;
	END IF;
	PERFORM github_sync.@record@_save_record(cached);
	result := github_sync.@record@_complete(t, cached, merged.applied, merged.lost);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_answered(bigint, integer, text, timestamptz, text, bigint, integer, boolean, text, text, text, text, text, text, timestamptz, timestamptz, timestamptz, text, text, text) IS
'private: records an answer of GitHub''s; result is send (the fields that follow, as committed before sending), the state it has now, or stale';
