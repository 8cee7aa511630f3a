/*
 * The rules of a sync transaction: whether it may wait in the queue, asked when
 * it is inserted, when it is claimed and when it is queued anew; and what gives
 * way to it there.  All of them are about a locked record.
 *
 * here is the local row where the caller has read it, else NULL: it is read
 * where a rule needs it.
 */

/* GitHub's timestamps have whole seconds and its replicas lag: equal time proves equal content after this long. */
CREATE OR REPLACE FUNCTION github_sync.@record@_settling_time() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '60 seconds';
COMMENT ON FUNCTION github_sync.@record@_settling_time() IS
'private: a version is settled once an answer dated this much later still showed it';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_gone(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
BEGIN
	IF t.github_updated_at <= cached.deleted_at THEN
		decided.state := 'dropped';
		decided.because := 'deleted at GitHub';
		SELECT d.id INTO decided.dropped_for FROM github_sync.@record@_sync_transactions AS d
		WHERE d.@resource@_id = cached.id AND d.action = 'delete' AND d.state = 'completed'
			AND d.github_updated_at = cached.deleted_at
		ORDER BY d.id DESC LIMIT 1;
	ELSIF cached.local_deleted_at IS NOT NULL THEN
		decided.state := 'dropped';
		decided.because := 'the @record@ was deleted';
	END IF;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_gone(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: inbound rule 2: one of the two sides is gone';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_untimed(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
BEGIN
	SELECT q.id INTO decided.duplicate_of FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.direction = 'inbound' AND q.action = 'upsert'
		AND q.id <> t.id
	ORDER BY q.id DESC LIMIT 1;
	decided.state := CASE WHEN FOUND THEN 'duplicate' ELSE 'queued' END;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_untimed(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: linking has no time to compare: whichever transaction is queued will fetch and merge';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_covered(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
	covering record;
BEGIN
	SELECT c.id, c.github_updated_at, c.state INTO covering
	FROM github_sync.@record@_sync_transactions AS c
	WHERE c.@resource@_id = cached.id AND c.state IN ('queued', 'processing', 'completed') AND c.action = 'upsert'
		AND c.github_updated_at >= t.github_updated_at AND c.id <> t.id
	ORDER BY c.github_updated_at DESC, (c.state = 'queued') DESC, c.id DESC
	LIMIT 1;
	/* Rule 3: something newer is known. */
	IF covering.github_updated_at > t.github_updated_at THEN
		decided.state := 'dropped';
		decided.dropped_for := covering.id;
	ELSIF cached.github_updated_at > t.github_updated_at AND cached.deleted_at IS NULL THEN
		decided.state := 'dropped';
		decided.because := 'a newer version is known';
	/* Rule 4: the same version, and it is certain to be the same. */
	ELSIF covering.state = 'queued'
		OR covering.id IS NOT NULL AND cached.github_updated_at = t.github_updated_at
			AND cached.seen_at >= t.github_updated_at + github_sync.@record@_settling_time() THEN
		decided.state := 'duplicate';
		decided.duplicate_of := covering.id;
	END IF;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_covered(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: inbound rules 3 and 4: another transaction, or the cached record, has this version or a newer one';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_protected(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, here github_sync.local_row)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
BEGIN
	IF here.is_there IS NULL THEN
		here := github_sync.@record@_local_row(cached.@record@_id);
	END IF;
	IF NOT {{has_modified_at}} THEN
		here.modified_at := (SELECT max(c.changed_at) FROM unnest(cached.local_changed_at) AS c (changed_at));
	END IF;
	IF here.modified_at > t.github_updated_at AND here.fields IS DISTINCT FROM cached.local_base THEN
		SELECT o.id INTO decided.dropped_for FROM github_sync.@record@_sync_transactions AS o
		WHERE o.@resource@_id = cached.id AND o.state = 'queued' AND o.direction = 'outbound' AND o.action = 'upsert'
		ORDER BY o.id DESC LIMIT 1;
		IF decided.dropped_for IS NOT NULL THEN
			decided.state := 'dropped';
		ELSIF cached.local_base IS NULL AND cached.preferred_side IS NULL AND NOT EXISTS (
			SELECT FROM github_sync.github_repos AS r
			WHERE r.id = t.github_repo_id AND r.sync_direction = 'inbound') THEN
			decided.state := 'dropped';
			decided.because := 'the @record@ was changed later, and never synced';
		END IF;
	END IF;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_protected(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.local_row) IS
'private: inbound rule 5: the local row was changed later, and nothing but this rule protects the change';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_inbound(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, here github_sync.local_row)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
BEGIN
	IF cached.deleted_at IS NOT NULL OR cached.local_deleted_at IS NOT NULL THEN
		decided := github_sync.@record@_decide_gone(t, cached);
	END IF;
	IF decided.state IS NULL AND t.github_updated_at IS NULL THEN
		RETURN github_sync.@record@_decide_untimed(t, cached);
	END IF;
	IF decided.state IS NULL THEN
		decided := github_sync.@record@_decide_covered(t, cached);
	END IF;
	IF decided.state IS NULL AND cached.@record@_id IS NOT NULL AND cached.deleted_at IS NULL THEN
		decided := github_sync.@record@_decide_protected(t, cached, here);
	END IF;
	decided.state := coalesce(decided.state, 'queued');
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_inbound(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.local_row) IS
'private: inbound rules 2 to 5; state is queued, dropped or duplicate';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_outbound(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, here github_sync.local_row)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	/* As many characters as GitHub takes, each of as many bytes as UTF-8 has: of any encoding, more are too many. */
	most_octets CONSTANT integer := 4 * 65536;
	octets integer;
	decided github_sync.decision;
BEGIN
	IF here.is_there IS NULL THEN
		here := github_sync.@record@_local_row(cached.@record@_id);
	END IF;
	decided := github_sync.@record@_decide_place(cached, here);
	octets := octet_length(here.fields[github_sync.@record@_body_position()]);
	IF decided.state IS NOT NULL THEN
		RETURN decided;
	ELSIF octets > most_octets THEN
		/* Before anything else is done with it: others would wait for a text that cannot be sent. */
		decided.state := 'errored';
		decided.error_code := 'too_large';
		decided.error_reason := format(
			'GitHub takes bodies of 65536 characters, and this one has %s bytes: nothing is sent', octets);
		RETURN decided;
	END IF;
	decided.state := 'queued';
	/* Rule 2: both sides are known to agree. */
	IF cached.github_id IS NULL OR cached.local_base IS NULL OR cached.sent IS NOT NULL
--@task		OR {{has_marks}} AND github_sync.task_has_lost_names(cached.id)
	THEN
		RETURN decided;
	END IF;
	IF here.is_there AND here.fields IS NOT DISTINCT FROM cached.local_base THEN
		decided.state := 'duplicate';
		decided.because := 'both sides agree';
		SELECT c.id INTO decided.duplicate_of FROM github_sync.@record@_sync_transactions AS c
		WHERE c.@resource@_id = cached.id AND c.state = 'completed' AND c.id <> t.id
		ORDER BY c.finished_at DESC, c.id DESC LIMIT 1;
	END IF;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_outbound(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.local_row) IS
'private: whether the row was moved, and outbound rule 2; state is queued, duplicate, disabled or errored';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_delete(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
BEGIN
	SELECT q.id INTO decided.duplicate_of FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.action = 'delete' AND q.direction = t.direction
		AND q.id <> t.id
	ORDER BY q.id DESC LIMIT 1;
	decided.state := CASE WHEN FOUND THEN 'duplicate' ELSE 'queued' END;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_delete(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: a deletion is compared with nothing; a second one is a duplicate of the queued one of its direction';

/*
 * A new transaction is not there yet: all that it finds are others. Looked up by
 * keys alone, and planned once: of a set of one a plan of its own would seem to be
 * worth it each time.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_situations(cached_ids bigint[], repo_ids bigint[], direction text)
RETURNS github_sync.situation[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_variable
BEGIN
	RETURN ARRAY(SELECT (
			SELECT ROW(r.github_app_installation_id, github_sync.why_disabled(r, i.state, direction),
				NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
					WHERE q.@resource@_id = u.cached_id AND q.state IN ('queued', 'processing', 'disabled') OFFSET 0)
				AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
					WHERE q.@resource@_id = u.cached_id AND q.state = 'errored'
						AND q.error_code IN ('repo_changed', 'transferred') OFFSET 0))::github_sync.situation
			FROM github_sync.github_repos AS r
			JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
			WHERE r.id = u.repo_id)
		FROM unnest(cached_ids, repo_ids) WITH ORDINALITY AS u (cached_id, repo_id, place) ORDER BY u.place);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_situations(bigint[], bigint[], text) IS
'private: what new transactions of that direction find, of records that are held, in repositories';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, here github_sync.local_row,
	disabled_reason text)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	being_switched boolean := false;
	decided github_sync.decision;
BEGIN
	/* Rule 1.  Looked at again under a lock: who enables it just now would not see that this one is disabled. */
	IF disabled_reason IS NOT NULL THEN
		being_switched := NOT github_sync.share_repository_skip_locked(t.github_repo_id);
		disabled_reason := CASE WHEN NOT being_switched
			THEN github_sync.sync_disabled_reason(t.github_repo_id, t.direction) END;
	END IF;
	IF disabled_reason IS NOT NULL THEN
		decided.state := 'disabled';
		decided.disabled_reason := disabled_reason;
--@task	/* Whether an issue is still there is asked all the same: it may be elsewhere, and become a second task. */
--@task	ELSIF ({{has_filter}} OR cached.is_pull_request) AND t.direction = 'inbound' AND t.action = 'upsert'
--@task		AND github_sync.task_stops_both_ways(cached, here) THEN
--@comment	ELSIF t.direction = 'inbound' AND github_sync.comment_stops_both_ways(cached, here) THEN
		decided.state := 'disabled';
		decided.disabled_reason := 'filtered';
	ELSIF t.action = 'delete' THEN
		decided := github_sync.@record@_decide_delete(t, cached);
	ELSIF t.direction = 'inbound' THEN
		decided := github_sync.@record@_decide_inbound(t, cached, here);
	ELSE
		decided := github_sync.@record@_decide_outbound(t, cached, here);
	END IF;
	decided.being_switched := being_switched;
	IF decided.duplicate_of IS NOT NULL THEN
		decided.duplicate_of := github_sync.@record@_key_share_transaction_skip_locked(decided.duplicate_of);
	ELSIF decided.dropped_for IS NOT NULL THEN
		decided.dropped_for := github_sync.@record@_key_share_transaction_skip_locked(decided.dropped_for);
	END IF;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.local_row, text) IS
'private: whether a transaction may wait in the queue, and why not; asked at insert, at claim and at requeue, with '
'what sync_disabled_reason() says. The transaction that the decision names stays until commit';

/* Inbound rule 6, outbound rule 3, deletions: the one place that says what gives way to what. */
CREATE OR REPLACE FUNCTION github_sync.@record@_superseded_by(
	t github_sync.@record@_sync_transactions, is_new boolean,
	OUT ids bigint[], OUT queued_at timestamptz, OUT priority smallint, OUT lagging_answers smallint,
	OUT next_attempt_at timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT array_agg(q.id ORDER BY q.id), min(q.queued_at), min(q.priority),
		/* A later edit here does not make GitHub's replicas faster: it waits for them as the one before did. */
		coalesce(max(q.lagging_answers) FILTER (WHERE t.direction = 'outbound' AND t.action = 'upsert'), 0),
		max(q.next_attempt_at) FILTER (WHERE t.direction = 'outbound' AND t.action = 'upsert' AND q.lagging_answers > 0)
	INTO ids, queued_at, priority, lagging_answers, next_attempt_at
	FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = t.@resource@_id AND q.state = 'queued' AND q.action = 'upsert' AND q.id <> t.id
		AND CASE
			/* Ids are drawn before the record is locked: a new one is the newest, whatever its id. */
			WHEN t.action = 'delete' OR t.direction = 'outbound' AND q.direction = 'outbound' THEN is_new OR q.id < t.id
			WHEN t.direction = 'inbound' AND q.direction = 'inbound'
				THEN coalesce(q.github_updated_at, '-infinity') < t.github_updated_at
			ELSE false END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_superseded_by(github_sync.@record@_sync_transactions, boolean) IS
'private: the queued transactions that this one takes the place of, and their place in line, which it inherits';

CREATE OR REPLACE FUNCTION github_sync.@record@_propagates_deletion(cached github_sync.@resources@) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN cached.deleted_at IS NULL
		AND (SELECT r.on_local_delete = 'propagate' FROM github_sync.github_repos AS r
			WHERE r.id = cached.github_repo_id)
--@task		AND NOT (cached.is_pull_request AND github_sync.task_is_skipped(cached))
--@comment		AND NOT github_sync.comment_is_skipped(cached)
		/* There is something at GitHub, or it may be on its way. */
--@task		AND (cached.number IS NOT NULL
--@comment		AND (cached.github_id IS NOT NULL
			OR EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
				WHERE a.@resource@_id = cached.id AND a.outcome IS NULL)
			OR EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
				WHERE q.@resource@_id = cached.id AND q.state = 'processing'));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_propagates_deletion(github_sync.@resources@) IS
'private: whether the deletion of a local row is carried to GitHub: on_local_delete of the repository';

CREATE OR REPLACE FUNCTION github_sync.@record@_reason_without_row(cached github_sync.@resources@) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN cached.local_deleted_at IS NOT NULL THEN 'the @record@ was deleted'
	ELSE 'the @record@ was unlinked' END;
COMMENT ON FUNCTION github_sync.@record@_reason_without_row(github_sync.@resources@) IS
'private: why a record has no row of the application''s (any more), for sync_history';
