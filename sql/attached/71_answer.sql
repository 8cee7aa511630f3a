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

CREATE OR REPLACE FUNCTION github_sync.@record@_give_back(
	transaction_id bigint, held_claim_no integer, problem text, retry_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id FOR NO KEY UPDATE;
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
BEGIN
	UPDATE github_sync.@record@_sync_transactions SET event = 'failed', attempts = attempts + 1,
		error_code = code, error_reason = reason, last_error = reason, last_error_at = clock_timestamp()
	WHERE id = transaction_id AND claim_no = held_claim_no AND state = 'processing';
	RETURN CASE WHEN FOUND THEN 'errored' ELSE 'stale' END;
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
BEGIN
	IF t.attempts + 1 >= max_attempts THEN
		RETURN github_sync.@record@_fail(transaction_id, held_claim_no, code, reason);
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET attempts = attempts + 1 WHERE id = t.id;
	RETURN github_sync.@record@_give_back(transaction_id, held_claim_no, reason, retry_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_try_again(bigint, integer, text, text, timestamptz, integer) IS
'private: counts an attempt; back into the queue until max_attempts, then errored';

CREATE OR REPLACE FUNCTION github_sync.@record@_creation_rejected(transaction_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached_id bigint := (SELECT t.@resource@_id FROM github_sync.@record@_sync_transactions AS t WHERE t.id = transaction_id);
BEGIN
	UPDATE github_sync.@record@_creation_attempts SET outcome = 'rejected'
	WHERE @resource@_id = cached_id AND outcome IS NULL;
	UPDATE github_sync.@resources@ SET sent = NULL, sent_mask = NULL
	WHERE id = cached_id AND github_id IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_creation_rejected(bigint) IS
'private: the creation under way certainly did not happen, so it may be sent again';

CREATE OR REPLACE FUNCTION github_sync.@record@_creation_not_found(
	transaction_id bigint, held_claim_no integer, recheck interval)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
	attempt github_sync.@record@_creation_attempts;
	/* Lists lag: looked at once, then after 1/15, 1/3 and the whole of recheck. */
	schedule double precision[] := ARRAY[1.0 / 15, 1.0 / 3, 1.0];
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	UPDATE github_sync.@record@_creation_attempts SET looks = looks + 1
	WHERE @resource@_id = t.@resource@_id AND outcome IS NULL RETURNING * INTO attempt;
	IF attempt.looks > cardinality(schedule) THEN
		UPDATE github_sync.@record@_creation_attempts SET outcome = 'not found' WHERE id = attempt.id;
		RETURN github_sync.@record@_give_back(t.id, held_claim_no,
			'a creation without an answer was looked for and not found: it is sent again', NULL);
	END IF;
	RETURN github_sync.@record@_give_back(t.id, held_claim_no, 'a creation without an answer is being looked up',
		greatest(clock_timestamp(), attempt.sent_at + schedule[attempt.looks] * recheck));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_creation_not_found(bigint, integer, interval) IS
'private: the lists do not show the creation (yet); after the last look it may be sent again';

/* Two records turn out to be one: the stub that a webhook made and the record whose creation it tells of. */
CREATE OR REPLACE FUNCTION github_sync.@record@_absorb(kept_id bigint, gone_id bigint) RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	kept github_sync.@resources@;
	gone github_sync.@resources@;
BEGIN
	PERFORM 1 FROM github_sync.@resources@ AS r WHERE r.id IN (kept_id, gone_id) ORDER BY r.id FOR UPDATE NOWAIT;
	SELECT * INTO gone FROM github_sync.@resources@ AS r WHERE r.id = gone_id;
	SELECT * INTO kept FROM github_sync.@resources@ AS r WHERE r.id = kept_id;
	UPDATE github_sync.@record@_sync_transactions SET event = 'given back'
	WHERE @resource@_id = gone_id AND state = 'processing';
	UPDATE github_sync.@record@_sync_transactions SET @resource@_id = kept_id, @record@_id = kept.@record@_id
	WHERE @resource@_id = gone_id;
	UPDATE github_sync.@record@_creation_attempts SET @resource@_id = kept_id WHERE @resource@_id = gone_id;
	UPDATE github_sync.sync_conflicts SET cached_record_id = kept_id
	WHERE record_type = '@record@' AND cached_record_id = gone_id;
--@task	IF to_regclass('github_sync.github_comments') IS NOT NULL THEN
--@task		UPDATE github_sync.github_comments SET github_issue_id = kept_id WHERE github_issue_id = gone_id;
--@task		UPDATE github_sync.comment_sync_transactions SET github_issue_id = kept_id WHERE github_issue_id = gone_id;
--@task	END IF;
	DELETE FROM github_sync.@resources@ WHERE id = gone_id;
	UPDATE github_sync.@resources@ SET github_id = coalesce(github_id, gone.github_id),
--@task		number = coalesce(number, gone.number),
		lock_version = lock_version + 1
	WHERE id = kept_id RETURNING * INTO kept;
	RETURN kept;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_absorb(bigint, bigint) IS
'private: moves everything of one record to another and removes it; a claim that was under way on it is given back';

CREATE OR REPLACE FUNCTION github_sync.@record@_record_of_creation(
	cached github_sync.@resources@, found_body text, found_author text, own_login text)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT a.@resource@_id FROM github_sync.@record@_creation_attempts AS a
	JOIN github_sync.@resources@ AS r ON r.id = a.@resource@_id AND r.github_id IS NULL
	WHERE cached.@record@_id IS NULL AND a.creation_key = github_sync.creation_key_of(found_body)
		AND a.github_repo_id = cached.github_repo_id AND a.@resource@_id <> cached.id AND found_author = own_login);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_record_of_creation(github_sync.@resources@, text, text, text) IS
'private: the record whose creation an unlinked resource is: it carries the key and we wrote it';

CREATE OR REPLACE FUNCTION github_sync.@record@_complete(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, applied boolean, lost boolean)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	same_version bigint;
	waiting_outbound bigint;
BEGIN
	IF t.direction = 'inbound' AND NOT applied THEN
		IF lost THEN
			SELECT o.id INTO waiting_outbound FROM github_sync.@record@_sync_transactions AS o
			WHERE o.@resource@_id = cached.id AND o.state = 'queued' AND o.direction = 'outbound'
			ORDER BY o.id DESC LIMIT 1;
			UPDATE github_sync.@record@_sync_transactions SET event = 'overtaken', dropped_for = waiting_outbound
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

/*
 * GitHub answered with the resource.  kind: fetched, not modified (304: the
 * cached values are GitHub's), written (answer to our update), created (answer
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
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
	repo github_sync.github_repos;
	other_id bigint;
	remote text[];
	merged record;
BEGIN
	IF t.id IS NULL THEN
		result := 'stale';
		RETURN;
	END IF;
	cached := github_sync.@record@_lock_record(t.@resource@_id);

	IF kind = 'not modified' THEN
		a_updated_at := cached.github_updated_at;
	ELSE
		/* Our own creation, met before its answer was recorded: the queue of its record goes on with it. */
		other_id := github_sync.@record@_record_of_creation(cached, a_body, a_author_login, own_login);
		IF other_id IS NOT NULL THEN
			PERFORM github_sync.@record@_absorb(other_id, cached.id);
			result := 'queued';
			UPDATE github_sync.@record@_creation_attempts SET outcome = 'created'
			WHERE creation_key = github_sync.creation_key_of(a_body);
			RETURN;
		END IF;
		IF cached.github_id IS NULL THEN
			SELECT r.id INTO other_id FROM github_sync.@resources@ AS r WHERE r.github_id = a_github_id;
			IF other_id IS NOT NULL THEN
				cached := github_sync.@record@_absorb(cached.id, other_id);
			END IF;
			cached.github_id := a_github_id;
		ELSIF cached.github_id <> a_github_id THEN
			result := github_sync.@record@_fail(t.id, held_claim_no, 'transferred',
				format('GitHub answered with another @record@''s resource: id %s instead of %s', a_github_id, cached.github_id));
			RETURN;
		END IF;
	END IF;

	/* A replica that lags behind what we were told or have seen. */
	IF kind IN ('fetched', 'not modified') AND t.lagging_answers < 5
		AND (a_updated_at < t.github_updated_at OR a_updated_at < cached.github_updated_at) THEN
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
	cached.deleted_at := NULL;
	IF kind IN ('created', 'found') THEN
		UPDATE github_sync.@record@_creation_attempts SET outcome = 'created'
		WHERE @resource@_id = cached.id AND outcome IS NULL;
	END IF;

	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	SELECT * INTO merged FROM github_sync.@record@_merge(t, repo, cached, remote,
		kind IN ('written', 'created'), a_resource);
	cached := merged.cached;

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
