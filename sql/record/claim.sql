/*
 * Claiming: the worker takes the oldest queued transactions, one per record.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_release_due(OUT released bigint, OUT next_due_at timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
	/* What somebody holds just now is decided about, and is due again at the next look. */
	UPDATE github_sync.@record@_sync_transactions SET next_attempt_at = NULL
	WHERE id IN (SELECT t.id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.state = 'queued' AND t.next_attempt_at <= clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED);
	GET DIAGNOSTICS released = ROW_COUNT;
	SELECT min(t.next_attempt_at) INTO next_due_at FROM github_sync.@record@_sync_transactions AS t
	WHERE t.state = 'queued' AND t.next_attempt_at < 'infinity';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_release_due() IS
'private: transactions whose retry time has come stand in line again; next_due_at is the next such time';

CREATE OR REPLACE FUNCTION github_sync.@record@_candidates(
	slots integer, slots_per_installation integer, writes_per_installation integer)
RETURNS TABLE (transaction_id bigint, cached_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT q.id, q.@resource@_id
	FROM github_sync.github_app_installations AS i
	/* Writes go one by one, and creations may be paused: what only reads does not stand behind them. */
	CROSS JOIN (VALUES
		('inbound', false, slots_per_installation),
		('outbound', false, coalesce(writes_per_installation, slots_per_installation)),
		('outbound', true, coalesce(writes_per_installation, slots_per_installation)))
		AS kind (direction, creates, places)
	CROSS JOIN LATERAL (
		SELECT count(*) AS in_flight FROM github_sync.@record@_sync_transactions AS p
		WHERE p.github_app_installation_id = i.id AND p.state = 'processing'
			AND p.direction = kind.direction AND p.creates = kind.creates
	) AS busy
	CROSS JOIN LATERAL (
		SELECT t.id, t.@resource@_id, t.priority, t.queued_at
		FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_app_installation_id = i.id AND t.direction = kind.direction AND t.creates = kind.creates
			AND t.state = 'queued' AND t.next_attempt_at IS NULL
			AND NOT EXISTS (
				SELECT FROM github_sync.@record@_sync_transactions AS p
				WHERE p.@resource@_id = t.@resource@_id AND p.state = 'processing')
		ORDER BY t.priority, t.queued_at, t.id
		/* After a pause one request, the probe, finds out whether it is over. */
		LIMIT greatest(0, least(slots, CASE
			WHEN i.paused_until IS NULL OR i.pause_kind = 'budget' OR i.state <> 'active' THEN kind.places
			ELSE 1 END - busy.in_flight))
	) AS q
	/* Of one that is not active, what was inserted while that came about: it becomes disabled. */
	WHERE (i.state <> 'active' OR i.paused_until IS NULL OR i.paused_until <= clock_timestamp())
		AND NOT (kind.creates AND coalesce(i.creations_paused_until > clock_timestamp(), false))
	ORDER BY q.priority, q.queued_at, q.id
	LIMIT slots;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_candidates(integer, integer, integer) IS
'private: queued transactions that may be claimed now, in order, of every installation that may send; those of '
'either direction, and creations, have places of their own';

CREATE OR REPLACE FUNCTION github_sync.@record@_wait_for_repo(transaction_id bigint, repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	pause_end timestamptz := github_sync.share_pause_skip_locked(repo_id);
BEGIN
	UPDATE github_sync.@record@_sync_transactions AS q SET next_attempt_at = pause_end
	WHERE q.id = transaction_id AND pause_end > clock_timestamp();
END
$$;
COMMENT ON FUNCTION github_sync.@record@_wait_for_repo(bigint, bigint) IS
'private: takes a transaction out of the line until the pause of its repository ends; where somebody is changing the '
'repository, the transaction is left for the next claim';

CREATE OR REPLACE FUNCTION github_sync.@record@_describe_claim(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, repo github_sync.github_repos,
	step text)
RETURNS github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	claim github_sync.claim;
BEGIN
	claim.id := t.id;
	claim.claim_no := t.claim_no;
	claim.direction := t.direction;
	claim.step := step;
	claim.attempts := t.attempts;
	claim.priority := t.priority;
	claim.installation_id := repo.github_app_installation_id;
	claim.github_repo_id := repo.id;
	claim.owner_login := repo.owner_login;
	claim.repo_name := repo.name;
--@task	claim.issue_number := cached.number;
--@comment	claim.issue_number := (SELECT i.number FROM github_sync.github_issues AS i
--@comment		WHERE i.id = cached.github_issue_id);
	claim.github_id := cached.github_id;
	/* "As you know it" tells nothing where no base is kept: after unlink, for a record without a local row. */
	IF cached.remote_base IS NOT NULL THEN
		claim.etag := cached.etag;
		claim.etag_key := cached.etag_key;
	END IF;
	IF step = 'lookup' THEN
		SELECT a.creation_key, a.lookup_since INTO claim.creation_key, claim.lookup_since
		FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = cached.id AND a.outcome IS NULL;
	END IF;
	claim.is_probe := (SELECT i.paused_until IS NOT NULL FROM github_sync.github_app_installations AS i
		WHERE i.id = repo.github_app_installation_id);
	RETURN claim;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_describe_claim(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.github_repos, text) IS
'private: what the worker needs to know of a claim';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim_one(transaction_id bigint, cached_id bigint)
RETURNS github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	locked record := github_sync.@record@_lock_claimable_skip_locked(transaction_id, cached_id);
	t github_sync.@record@_sync_transactions := locked.t;
	cached github_sync.@resources@ := locked.cached;
	repo github_sync.github_repos;
	step text;
BEGIN
	IF t.id IS NULL OR NOT github_sync.@record@_recheck(t, cached) THEN
		RETURN NULL;
	END IF;
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	IF repo.paused_until > clock_timestamp() THEN
		PERFORM github_sync.@record@_wait_for_repo(t.id, repo.id);
		RETURN NULL;
	END IF;
	step := github_sync.@record@_first_step(t, cached);
	IF step IS NULL THEN
		RETURN NULL;
	END IF;
	/* It may have been inserted while the local row could not be read. */
	UPDATE github_sync.@record@_sync_transactions AS q SET event = 'claimed', claimed_by = pg_backend_pid(),
		@record@_id = coalesce(q.@record@_id, cached.@record@_id)
	WHERE q.id = t.id RETURNING q.* INTO t;
	IF step = 'nothing' THEN
		UPDATE github_sync.@record@_sync_transactions AS q SET event = 'completed',
			github_updated_at = coalesce(cached.deleted_at, q.github_updated_at) WHERE q.id = t.id;
		RETURN NULL;
	END IF;
	RETURN github_sync.@record@_describe_claim(t, cached, repo, step);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim_one(bigint, bigint) IS
'private: claims one transaction if it still may be claimed; NULL: it may not, or it ended without a request';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim(
	slots integer, slots_per_installation integer, writes_per_installation integer DEFAULT NULL)
RETURNS SETOF github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	candidate record;
	claim github_sync.claim;
	can_be_read boolean := github_sync.@record@_table_fits();
BEGIN
	FOR candidate IN
		SELECT * FROM github_sync.@record@_candidates(slots, slots_per_installation, writes_per_installation)
	LOOP
		/* Nobody's attempt: all of it waits, also what would need the table only when GitHub has answered. */
		PERFORM github_sync.@record@_require_table() WHERE NOT can_be_read;
		claim := github_sync.@record@_claim_one(candidate.transaction_id, candidate.cached_id);
		IF claim.id IS NOT NULL THEN
			RETURN NEXT claim;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim(integer, integer, integer) IS
'private: claims up to slots transactions; raises object_not_in_prerequisite_state where there are some and the table '
'does not fit';

/* Tried, and undone in any case. */
CREATE OR REPLACE FUNCTION github_sync.@record@_problem_of_claim(transaction_id bigint, cached_id bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	problem text;
	code text;
BEGIN
	PERFORM github_sync.@record@_claim_one(transaction_id, cached_id);
	RAISE lock_not_available;
EXCEPTION
	WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
		RETURN NULL;
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, code = RETURNED_SQLSTATE;
		RETURN format('%s: %s', code, problem);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_problem_of_claim(bigint, bigint) IS
'private: why a transaction cannot be claimed, or NULL; claims nothing';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail_unclaimable(
	slots integer, slots_per_installation integer, writes_per_installation integer)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[];
	problems text[];
	ended bigint := 0;
BEGIN
	IF github_sync.@record@_wait_for_table() IS NOT NULL THEN
		RETURN 0;
	END IF;
	SELECT array_agg(c.transaction_id), array_agg(github_sync.@record@_problem_of_claim(c.transaction_id, c.cached_id))
	INTO ids, problems
	FROM github_sync.@record@_candidates(slots, slots_per_installation, writes_per_installation) AS c;
	/* Where none of them can be claimed the fault is not theirs. */
	IF cardinality(array_remove(problems, NULL)) < cardinality(ids) THEN
		UPDATE github_sync.@record@_sync_transactions AS q SET event = 'failed', attempts = attempts + 1,
			error_code = 'apply_failed', error_reason = f.problem, last_error = f.problem,
			last_error_at = clock_timestamp()
		FROM unnest(ids, problems) AS f (id, problem)
		WHERE q.id = f.id AND f.problem IS NOT NULL AND q.state = 'queued';
		GET DIAGNOSTICS ended = ROW_COUNT;
	END IF;
	RETURN ended;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail_unclaimable(integer, integer, integer) IS
'private: after a claim that failed as a whole: ends as errored the rows that cannot be claimed while others can; '
'returns how many';

CREATE OR REPLACE FUNCTION github_sync.@record@_recheck(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	decision github_sync.decision;
BEGIN
	IF t.direction = 'outbound' AND t.action = 'upsert' AND cached.@record@_id IS NULL THEN
		UPDATE github_sync.@record@_sync_transactions SET event = 'record deleted',
			because = github_sync.@record@_reason_without_row(cached) WHERE id = t.id;
		RETURN false;
	END IF;
	decision := github_sync.@record@_decide(t, cached, NULL);
	IF decision.state = 'queued' THEN
		RETURN NOT decision.being_switched;
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET
		event = github_sync.@record@_event_of_decision(decision.state, NULL),
		disabled_reason = decision.disabled_reason,
		duplicate_of = decision.duplicate_of,
		dropped_for = decision.dropped_for,
		because = decision.because
	WHERE id = t.id;
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_recheck(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: applies the rules again at claim; false: it ended without a request';

CREATE OR REPLACE FUNCTION github_sync.@record@_first_step(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	step text;
BEGIN
--@task	IF cached.number IS NOT NULL THEN
--@comment	IF cached.github_id IS NOT NULL THEN
		step := 'fetch';
	ELSIF EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = cached.id AND a.outcome IS NULL) THEN
		step := 'lookup';
	ELSIF t.action = 'upsert' THEN
		step := 'create';
	ELSE
		step := 'nothing';
	END IF;
	/* Deleted already: the webhook of our own deletion, say. */
	IF t.action = 'delete' AND cached.deleted_at IS NOT NULL THEN
		step := 'nothing';
--@comment	ELSIF t.action = 'delete' AND t.direction = 'outbound' AND step = 'fetch' THEN
--@comment		step := 'delete';
	END IF;
--@comment	IF github_sync.comment_waits_for_parent(t, cached, step) THEN
--@comment		step := NULL;
--@comment	END IF;
	RETURN step;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_first_step(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: what to ask GitHub first; nothing: what is to be deleted there is not there; NULL: the record waits for '
'its parent';
