/*
 * Claiming: the worker takes the oldest queued transactions, one per record.
 */

/* Behind all else: the smallest priority there is. */
CREATE OR REPLACE FUNCTION github_sync.@record@_priority_of_settling() RETURNS smallint
LANGUAGE sql IMMUTABLE
RETURN 32767;
COMMENT ON FUNCTION github_sync.@record@_priority_of_settling() IS
'private: of transactions that only find out whether a version is settled';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle(cached github_sync.@resources@) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	is_asked CONSTANT boolean := EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.state IN ('queued', 'processing'));
BEGIN
	/* Whoever is asked for it already may settle it. */
	UPDATE github_sync.@resources@ AS r SET lock_version = r.lock_version + 1,
		settle_at = CASE WHEN is_asked THEN clock_timestamp() + github_sync.@record@_settling_time() END
	WHERE r.id = cached.id;
	IF NOT is_asked AND cached.@record@_id IS NOT NULL AND cached.github_id IS NOT NULL AND cached.deleted_at IS NULL
		AND github_sync.sync_disabled_reason(cached.github_repo_id, 'inbound') IS NULL THEN
		INSERT INTO github_sync.@record@_sync_transactions (direction, @resource@_id, github_updated_at, priority)
		/* Another record, which is part of this one by now, may have seen a newer one. */
		VALUES ('inbound', cached.id, github_sync.time_to_ask_with(greatest(cached.github_updated_at,
			(SELECT max(q.github_updated_at) FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.direction = 'inbound' AND q.state = 'completed'
				AND q.github_updated_at > cached.github_updated_at))),
			github_sync.@record@_priority_of_settling());
	END IF;
--@task	/* One that went where it was not followed has an error that asks where it is by now. */
--@task	PERFORM github_sync.task_retry_if_errored(max(q.id)) FROM github_sync.task_sync_transactions AS q
--@task	WHERE NOT is_asked AND cached.task_id IS NULL AND cached.former_task_key IS NOT NULL
--@task		AND q.github_issue_id = cached.id AND q.state = 'errored' AND q.error_code = 'transferred'
--@task	HAVING count(*) > 0;
	RETURN NULL;
EXCEPTION WHEN OTHERS OR assert_failure THEN
	/* The owner may have made the queue refuse it: nobody else has to wait for that. */
	UPDATE github_sync.@resources@ AS r SET lock_version = r.lock_version + 1,
		settle_at = clock_timestamp() + interval '1 minute'
	WHERE r.id = cached.id;
	RETURN format('%s cannot be asked for once more: %s (%s)',
		github_sync.@record@_described(cached), github_sync.shortened(SQLERRM), SQLSTATE);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle(github_sync.@resources@) IS
'private: a held record whose last change no answer has settled is asked for once more; where that fails, a minute '
'later: returns why, or NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle_unless_held(cached_ids bigint[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	repo_ids CONSTANT bigint[] := ARRAY(
		SELECT p.id FROM (SELECT DISTINCT r.github_repo_id FROM github_sync.@resources@ AS r
			WHERE r.id = ANY (cached_ids) OFFSET 0) AS p (id)
		WHERE github_sync.share_repository_skip_locked(p.id));
	ids bigint[] := ARRAY(SELECT r.id FROM github_sync.@resources@ AS r
		WHERE r.id = ANY (cached_ids) AND r.github_repo_id = ANY (repo_ids));
BEGIN
	PERFORM github_sync.log_problems(count(s.problem), min(s.problem))
	FROM (SELECT github_sync.@record@_settle(r) AS problem
		FROM github_sync.@record@_lock_rows_and_records_skip_locked(ids) AS r
		WHERE r.settle_at <= (SELECT clock_timestamp()) OFFSET 0) AS s;
	/* Not how many that were: where the owner's triggers undo it, nothing is gained by going on at once. */
	RETURN EXISTS (SELECT FROM github_sync.@resources@ AS r
		WHERE r.id = ANY (ids) AND r.settle_at <= (SELECT clock_timestamp()) IS NOT TRUE);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_unless_held(bigint[]) IS
'private: asks once more for those of some records whose time has come, but for what needs something that somebody '
'holds just now; false: each of them is due still';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle_behind(held bigint[], left_out bigint[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	most CONSTANT integer := cardinality(held);
	looked_at CONSTANT integer := 10000;
	batch record;
BEGIN
	/* In any order: of more than these, none is left out for ever. */
	FOR batch IN
		SELECT array_agg(b.id) AS ids FROM (
			SELECT d.id, row_number() OVER () / most AS number FROM (
				SELECT r.id FROM github_sync.@resources@ AS r
				WHERE r.settle_at <= (SELECT clock_timestamp()) AND r.id <> ALL (left_out) AND r.id <> ALL (held)
				ORDER BY random() LIMIT looked_at) AS d) AS b
		GROUP BY b.number
	LOOP
		IF github_sync.@record@_settle_unless_held(batch.ids) THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_behind(bigint[], bigint[]) IS
'private: the records whose time came first are all held: asks once more for others whose time has come, as many at '
'once as those are; false: all that were looked at are held';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle_due(most integer, left_out bigint[] DEFAULT '{}')
RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
	held_again_after CONSTANT interval := '1 second'; /* nobody tells when it is let go of */
	first CONSTANT bigint[] := ARRAY(SELECT r.id FROM github_sync.@resources@ AS r
		WHERE r.settle_at <= (SELECT clock_timestamp()) AND r.id <> ALL (left_out)
		ORDER BY r.settle_at LIMIT most);
	some_settled boolean := github_sync.@record@_settle_unless_held(first);
	next_at timestamptz;
BEGIN
	IF NOT some_settled AND cardinality(first) = most THEN
		some_settled := github_sync.@record@_settle_behind(first, left_out);
	END IF;
	/* Not min(): where few seem to wait, all of them would be read for it. */
	next_at := (SELECT r.settle_at FROM github_sync.@resources@ AS r
		WHERE r.settle_at IS NOT NULL AND r.id <> ALL (left_out) ORDER BY r.settle_at LIMIT 1);
	/* What is due still is held; or there are more than these. */
	IF next_at <= clock_timestamp() AND (cardinality(first) < most OR NOT some_settled) THEN
		next_at := clock_timestamp() + held_again_after;
	END IF;
	RETURN next_at;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_due(integer, bigint[]) IS
'private: asks once more for the records whose time has come, but for those left out; returns the next such time, '
'NULL: none';

CREATE OR REPLACE FUNCTION github_sync.@record@_release_due(
	left_out bigint[] DEFAULT '{}', records_left_out bigint[] DEFAULT '{}',
	OUT released bigint, OUT next_due_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	locked_again_after CONSTANT interval := '1 second'; /* nobody tells when a lock of a table is let go of */
	settle_at timestamptz := (SELECT r.settle_at FROM github_sync.@resources@ AS r
		WHERE r.settle_at IS NOT NULL AND r.id <> ALL (records_left_out) ORDER BY r.settle_at LIMIT 1);
BEGIN
	/* What somebody holds just now is decided about, and is due again at the next look. */
	UPDATE github_sync.@record@_sync_transactions SET next_attempt_at = NULL
	WHERE id IN (SELECT t.id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.state = 'queued' AND t.next_attempt_at <= (SELECT clock_timestamp()) AND t.id <> ALL (left_out)
		FOR NO KEY UPDATE SKIP LOCKED);
	GET DIAGNOSTICS released = ROW_COUNT;
	/* Not min(), as in _settle_due(). */
	SELECT t.next_attempt_at INTO next_due_at FROM github_sync.@record@_sync_transactions AS t
	WHERE t.state = 'queued' AND t.next_attempt_at < 'infinity' AND t.id <> ALL (left_out)
	ORDER BY t.next_attempt_at LIMIT 1;
	IF settle_at <= clock_timestamp() THEN
		BEGIN
			settle_at := CASE WHEN github_sync.@record@_table_fits()
				THEN github_sync.@record@_settle_due(100, records_left_out) END;
		EXCEPTION WHEN lock_not_available THEN
			/* Somebody has locked the table: what needs no local row goes on. */
			settle_at := clock_timestamp() + locked_again_after;
		END;
	END IF;
	next_due_at := least(next_due_at, settle_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_release_due(bigint[], bigint[]) IS
'private: transactions whose retry time has come stand in line again, and records whose time has come are asked for '
'once more, but for those left out; next_due_at is the next such time';

CREATE OR REPLACE FUNCTION github_sync.@record@_release(transaction_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@record@_sync_transactions SET next_attempt_at = NULL
	WHERE id IN (SELECT t.id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.id = transaction_id AND t.state = 'queued' AND t.next_attempt_at <= (SELECT clock_timestamp())
		FOR NO KEY UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_release(bigint) IS
'private: one transaction stands in line again, if its retry time has come and nobody holds it';

CREATE OR REPLACE FUNCTION github_sync.@record@_lines_in_hand() RETURNS github_sync.line[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	RETURN (SELECT coalesce(array_agg(l.line), '{}') FROM (
		SELECT ROW(p.github_app_installation_id, p.direction, p.creates, NULL, count(*))::github_sync.line AS line
		FROM github_sync.@record@_sync_transactions AS p WHERE p.state = 'processing'
		GROUP BY p.github_app_installation_id, p.direction, p.creates) AS l);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lines_in_hand() IS
'private: of which lines something is being processed, by whatever worker';

/* From one line to the next by the index, however many transactions stand in each. */
CREATE OR REPLACE FUNCTION github_sync.@record@_waiting_lines()
RETURNS TABLE (installation_id bigint, direction text, creates boolean)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY WITH RECURSIVE lines AS (
		(SELECT t.github_app_installation_id AS of_installation, t.direction AS of_direction, t.creates AS of_creates
		FROM github_sync.@record@_sync_transactions AS t
		WHERE t.state = 'queued' AND t.next_attempt_at IS NULL
		ORDER BY t.github_app_installation_id, t.direction, t.creates
		LIMIT 1)
		UNION ALL
		SELECT following.* FROM lines AS l CROSS JOIN LATERAL (
			SELECT t.github_app_installation_id, t.direction, t.creates
			FROM github_sync.@record@_sync_transactions AS t
			WHERE t.state = 'queued' AND t.next_attempt_at IS NULL
				AND (t.github_app_installation_id, t.direction, t.creates)
					> (l.of_installation, l.of_direction, l.of_creates)
			ORDER BY t.github_app_installation_id, t.direction, t.creates
			LIMIT 1) AS following)
	SELECT * FROM lines;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_waiting_lines() IS
'private: the lines in which something stands';

CREATE OR REPLACE FUNCTION github_sync.@record@_open_lines(
	places_to_read integer, places_to_write integer, in_hand github_sync.line[])
RETURNS TABLE (line github_sync.line, is_probed boolean)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT ROW(w.installation_id, w.direction, w.creates, CASE
			/* After a pause one request, the probe, finds out whether it is over. */
			WHEN i.paused_until IS NOT NULL AND i.pause_kind <> 'budget' AND i.state = 'active' THEN 1
			ELSE coalesce(h.places, CASE w.direction WHEN 'inbound' THEN places_to_read ELSE places_to_write END) END,
		coalesce(h.in_hand, 0))::github_sync.line, github_sync.was_unreachable(i)
	FROM github_sync.@record@_waiting_lines() AS w
	JOIN github_sync.github_app_installations AS i ON i.id = w.installation_id
	LEFT JOIN unnest(in_hand) AS h
		ON h.installation_id = w.installation_id AND h.direction = w.direction AND h.creates = w.creates
	/* Of one that is not active, what was inserted while that came about: it becomes disabled. */
	WHERE (i.state <> 'active' OR i.paused_until IS NULL OR i.paused_until <= clock_timestamp())
		AND NOT (w.creates AND coalesce(i.creations_paused_until > clock_timestamp(), false));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_open_lines(integer, integer, github_sync.line[]) IS
'private: the lines in which something stands and that may send now, with their places; and whether GitHub could not '
'be reached, so that what is sent finds out whether it can be';

/* Of many lines with much in each, all of one would have to be looked at to find the oldest of all. */
CREATE OR REPLACE FUNCTION github_sync.@record@_looked_at_in_line(line github_sync.line, slots integer, lines bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN greatest(0, least(slots, line.places - line.in_hand, greatest(1, 4 * slots / lines)));
COMMENT ON FUNCTION github_sync.@record@_looked_at_in_line(github_sync.line, integer, bigint) IS
'private: how many transactions of a line one claim takes at most, where so many lines wait for its slots';

/*
 * What GitHub fails with may be some rows, or one repository, and what stands first would be tried first, each time
 * with a longer pause behind it.  So the probe is what has not failed, or not for the longest time, of a repository of
 * which that is so, in whichever line.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_probe_of(
	installation_id bigint, passed bigint[],
	OUT transaction_id bigint, OUT cached_id bigint, OUT priority smallint, OUT queued_at timestamptz,
	OUT of_direction text, OUT of_creates boolean)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	looked_at CONSTANT integer := 100; /* of a repository */
BEGIN
	SELECT probe.id, probe.@resource@_id, probe.priority, probe.queued_at, probe.direction, probe.creates
	INTO transaction_id, cached_id, priority, queued_at, of_direction, of_creates
	FROM github_sync.github_app_installations AS i
	JOIN github_sync.github_repos AS r ON r.github_app_installation_id = i.id
	CROSS JOIN LATERAL (
		SELECT q.*, CASE WHEN q.unreachable_since IS NOT NULL THEN q.last_error_at END AS failed_at
		FROM (SELECT t.* FROM github_sync.@record@_sync_transactions AS t
			WHERE t.github_repo_id = r.id AND t.state = 'queued' ORDER BY t.queued_at LIMIT looked_at) AS q
		WHERE q.next_attempt_at IS NULL AND q.github_app_installation_id = i.id AND q.id <> ALL (passed)
			AND NOT (q.creates AND coalesce(i.creations_paused_until > clock_timestamp(), false))
			AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS p
				WHERE p.@resource@_id = q.@resource@_id AND p.state = 'processing' OFFSET 0)
		ORDER BY failed_at NULLS FIRST, q.priority, q.queued_at, q.id LIMIT 1) AS probe
	LEFT JOIN (
		SELECT f.github_repo_id, max(f.last_error_at) AS failed_at
		FROM github_sync.@record@_sync_transactions AS f
		WHERE f.state IN ('queued', 'processing') AND f.unreachable_since IS NOT NULL
			AND f.github_app_installation_id = installation_id
		GROUP BY f.github_repo_id) AS failing ON failing.github_repo_id = r.id
	WHERE i.id = installation_id
	ORDER BY failing.failed_at NULLS FIRST, probe.failed_at NULLS FIRST, probe.priority, probe.queued_at, probe.id
	LIMIT 1;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_probe_of(bigint, bigint[]) IS
'private: of an installation that could not be reached the transaction that finds out whether it can be, and its '
'line; NULL: none stands among the first of its repository';

CREATE OR REPLACE FUNCTION github_sync.@record@_candidates(
	slots integer, places_to_read integer, places_to_write integer, passed bigint[], in_hand github_sync.line[])
RETURNS TABLE (transaction_id bigint, cached_id bigint, line github_sync.line)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY WITH open_lines AS (
		SELECT o.*, count(*) OVER () AS lines
		FROM github_sync.@record@_open_lines(places_to_read, places_to_write, in_hand) AS o
		WHERE (o.line).places > (o.line).in_hand)
	SELECT q.id, q.@resource@_id, o.line
	FROM open_lines AS o
	LEFT JOIN LATERAL (
		/* OFFSET: not asked at all for other lines; as a join, it would be for each. */
		SELECT * FROM github_sync.@record@_probe_of((o.line).installation_id, passed)
		WHERE o.is_probed OFFSET 0) AS probe ON true
	CROSS JOIN LATERAL (
		SELECT probe.transaction_id, probe.cached_id, probe.priority, probe.queued_at
		WHERE probe.of_direction = (o.line).direction AND probe.of_creates = (o.line).creates
		UNION ALL
		(SELECT t.id, t.@resource@_id, t.priority, t.queued_at
		FROM github_sync.@record@_sync_transactions AS t
		WHERE probe.transaction_id IS NULL
			AND t.github_app_installation_id = (o.line).installation_id AND t.direction = (o.line).direction
			AND t.creates = (o.line).creates
			AND t.state = 'queued' AND t.next_attempt_at IS NULL AND t.id <> ALL (passed)
			/* OFFSET: looked up by the record; as a join, all that is in flight would be read for each of them. */
			AND NOT EXISTS (
				SELECT FROM github_sync.@record@_sync_transactions AS p
				WHERE p.@resource@_id = t.@resource@_id AND p.state = 'processing' OFFSET 0)
		ORDER BY t.priority, t.queued_at, t.id
		LIMIT github_sync.@record@_looked_at_in_line(o.line, slots, o.lines))
	) AS q (id, @resource@_id, priority, queued_at)
	ORDER BY q.priority, q.queued_at, q.id
	LIMIT slots;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_candidates(integer, integer, integer, bigint[], github_sync.line[]) IS
'private: queued transactions that may be claimed now, in order, of every installation that may send; those of '
'either direction, and creations, have lines and places of their own: writes go one by one, and creations may be '
'paused, and what only reads does not stand behind them. passed: left out, somebody held them a moment ago';

CREATE OR REPLACE FUNCTION github_sync.@record@_wait_for_repo(transaction_id bigint, repo_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	pause_end timestamptz := github_sync.share_pause_skip_locked(repo_id);
BEGIN
	UPDATE github_sync.@record@_sync_transactions AS q SET next_attempt_at = pause_end
	WHERE q.id = transaction_id AND pause_end > clock_timestamp();
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_wait_for_repo(bigint, bigint) IS
'private: takes a transaction out of the line until the pause of its repository ends; false: somebody is changing the '
'repository, and the transaction is left for the next claim';

CREATE OR REPLACE FUNCTION github_sync.@record@_describe_claim(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, repo github_sync.github_repos,
	is_probe boolean, step text)
RETURNS github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	claim github_sync.claim;
BEGIN
	claim.id := t.id;
	claim.claim_no := t.claim_no + 1;
	claim.direction := t.direction;
	claim.step := step;
	claim.attempts := t.attempts;
	claim.priority := t.priority;
	claim.creates := t.creates;
	claim.installation_id := repo.github_app_installation_id;
	claim.github_repo_id := repo.id;
	claim.owner_login := repo.owner_login;
	claim.repo_name := repo.name;
	claim.name_is_lost := repo.name_lost;
--@task	claim.issue_number := cached.number;
--@comment	claim.issue_number := (SELECT i.number FROM github_sync.github_issues AS i
--@comment		WHERE i.id = cached.github_issue_id);
	claim.github_id := cached.github_id;
	/* "As you know it" tells nothing where no base is kept: after unlink, for a record without a local row. */
	IF cached.remote_base IS NOT NULL
--@task		AND (NOT {{has_marks}} OR cached.marks IS NOT NULL)
		THEN
		claim.etag := cached.etag;
		claim.etag_key := cached.etag_key;
	END IF;
	IF step = 'lookup' THEN
		SELECT a.creation_key, a.lookup_since INTO claim.creation_key, claim.lookup_since
		FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = cached.id AND a.outcome IS NULL;
	END IF;
	claim.is_probe := is_probe;
	claim.waiting_since := CASE t.claim_no WHEN 0 THEN t.queued_at END;
	RETURN claim;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_describe_claim(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.github_repos, boolean, text) IS
'private: what the worker needs to know of a transaction when it is claimed';

CREATE OR REPLACE FUNCTION github_sync.@record@_no_claim(transaction_id bigint, step text) RETURNS github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	claim github_sync.claim;
BEGIN
	claim.id := transaction_id;
	claim.step := step;
	RETURN claim;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_no_claim(bigint, text) IS
'private: what a claim answers with for a transaction that it did not take. step: held, as somebody holds what it is '
'about; over, as it ended without a request, or does not stand in line any more';

CREATE OR REPLACE FUNCTION github_sync.@record@_require_ended(transaction_id bigint, state text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF (state IN ('queued', 'processing')) IS NOT FALSE THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the end of @record@ sync transaction %s took no effect', transaction_id),
			HINT = 'Triggers of the queue are disabled, or another one undoes what they do: '
				'see the triggers of github_sync.@record@_sync_transactions.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_require_ended(bigint, text) IS
'private: raises where what ended by the rules, without a request, is queued still: it would be looked at again at '
'once';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_claim(
	transaction_id bigint, t github_sync.@record@_sync_transactions, cached github_sync.@resources@, is_held boolean)
RETURNS github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	decision github_sync.decision;
	place record;
	step text;
BEGIN
	/* Nobody's attempt: all of it waits, also what would need the table only when GitHub has answered. */
	IF NOT github_sync.table_has_columns({{name_texts}}, {{columns_text}}) THEN
		PERFORM github_sync.@record@_require_table();
	END IF;
	IF t.id IS NULL THEN
		RETURN github_sync.@record@_no_claim(transaction_id, CASE WHEN is_held THEN 'held' ELSE 'over' END);
	END IF;
	decision := github_sync.@record@_recheck(t, cached);
	IF decision.being_switched THEN
		RETURN github_sync.@record@_no_claim(t.id, 'held');
	ELSIF decision.state <> 'queued' THEN
		RETURN github_sync.@record@_no_claim(t.id, 'over');
	END IF;
	SELECT r AS repo, i.paused_until IS NOT NULL AS is_paused INTO place FROM github_sync.github_repos AS r
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	WHERE r.id = cached.github_repo_id;
	IF (place.repo).paused_until > clock_timestamp() THEN
		RETURN github_sync.@record@_no_claim(t.id,
			CASE WHEN github_sync.@record@_wait_for_repo(t.id, cached.github_repo_id) THEN 'over' ELSE 'held' END);
	END IF;
	step := github_sync.@record@_first_step(t, cached);
	IF step IS NULL OR step = 'held' THEN
		RETURN github_sync.@record@_no_claim(t.id, coalesce(step, 'over'));
	END IF;
	RETURN github_sync.@record@_describe_claim(t, cached, place.repo, place.is_paused, step);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_claim(
	bigint, github_sync.@record@_sync_transactions, github_sync.@resources@, boolean) IS
'private: what becomes of one transaction that was to be locked (t is NULL: it was not) for a claim: held or over, or '
'the claim that is to be made of it. Raises object_not_in_prerequisite_state where the table does not fit';

CREATE OR REPLACE FUNCTION github_sync.@record@_make_claims(INOUT claims github_sync.claim[])
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	ids bigint[] := ARRAY(SELECT c.id FROM unnest(claims) AS c WHERE c.step NOT IN ('held', 'over'));
	failed record;
BEGIN
	WITH claimed AS (
		UPDATE github_sync.@record@_sync_transactions AS q SET event = 'claimed', claimed_by = pg_backend_pid(),
			/* It may have been inserted while the local row could not be read. */
			@record@_id = coalesce(q.@record@_id, (SELECT r.@record@_id FROM github_sync.@resources@ AS r
				WHERE r.id = q.@resource@_id))
		WHERE q.id = ANY (ids) RETURNING q.id, q.state, q.claim_no)
	SELECT c.id, u.state INTO failed FROM unnest(claims) AS c LEFT JOIN claimed AS u ON u.id = c.id
	WHERE c.step NOT IN ('held', 'over') AND (u.state = 'processing' AND u.claim_no = c.claim_no) IS NOT TRUE LIMIT 1;
	/* Whatever undid it (a disabled trigger, or one of the owner's), it would be claimed and sent again at once. */
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the claim of @record@ sync transaction %s took no effect', failed.id),
			DETAIL = format('Its state is %s.', coalesce(failed.state, 'unchanged')),
			HINT = 'Triggers of the queue are disabled, or another one undoes what they do: '
				'see the triggers of github_sync.@record@_sync_transactions.';
	END IF;
	FOR i IN 1 .. cardinality(claims) LOOP
		CONTINUE WHEN claims[i].step <> 'nothing';
		UPDATE github_sync.@record@_sync_transactions AS q SET event = 'completed',
			github_updated_at = coalesce((SELECT r.deleted_at FROM github_sync.@resources@ AS r
				WHERE r.id = q.@resource@_id), q.github_updated_at)
		WHERE q.id = claims[i].id;
		claims[i].step := 'over';
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_make_claims(github_sync.claim[]) IS
'private: writes claims that were decided; one with step nothing is completed at once, and over. Raises where one '
'takes no effect';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim_set(ids bigint[], cached_ids bigint[])
RETURNS SETOF github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	locked record;
	claims github_sync.claim[] := '{}';
	/* Of a record the first one; whether it leaves room for another one, is known when it is claimed. */
	firsts bigint[] := ARRAY(SELECT min(a.place) FROM unnest(cached_ids) WITH ORDINALITY AS a (cached_id, place)
		GROUP BY a.cached_id ORDER BY 1);
BEGIN
	FOR locked IN
		SELECT * FROM github_sync.@record@_lock_claimable_skip_locked(
			ARRAY(SELECT ids[f.place] FROM unnest(firsts) AS f (place)),
			ARRAY(SELECT cached_ids[f.place] FROM unnest(firsts) AS f (place)))
	LOOP
		claims := claims
			|| github_sync.@record@_decide_claim(locked.transaction_id, locked.t, locked.cached, locked.is_held);
	END LOOP;
	RETURN QUERY SELECT * FROM unnest(github_sync.@record@_make_claims(claims));
	FOR place IN 1 .. cardinality(ids) LOOP
		CONTINUE WHEN place = ANY (firsts);
		RETURN QUERY SELECT * FROM github_sync.@record@_claim_set(ARRAY[ids[place]], ARRAY[cached_ids[place]]);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim_set(bigint[], bigint[]) IS
'private: claims those transactions of a set that still may be claimed; with step held: somebody holds what it is '
'about, and it is passed over; with step over: it may not, or it ended without a request';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim_one(transaction_id bigint, cached_id bigint)
RETURNS github_sync.claim
LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT c FROM github_sync.@record@_claim_set(ARRAY[transaction_id], ARRAY[cached_id]) AS c);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim_one(bigint, bigint) IS
'private: claims a set of one';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim_past_held(
	line github_sync.line, slots integer, passed bigint[])
RETURNS SETOF github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	candidate record;
	claim github_sync.claim;
	room integer := least(slots, line.places - line.in_hand);
BEGIN
	IF room <= 0 THEN
		RETURN;
	END IF;
	FOR candidate IN
		SELECT t.id, t.@resource@_id AS cached_id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_app_installation_id = line.installation_id AND t.direction = line.direction
			AND t.creates = line.creates AND t.state = 'queued' AND t.next_attempt_at IS NULL
			AND t.id <> ALL (passed)
		ORDER BY t.priority, t.queued_at, t.id
	LOOP
		claim := github_sync.@record@_claim_one(candidate.id, candidate.cached_id);
		RETURN NEXT claim;
		room := room - CASE WHEN claim.step IN ('held', 'over') THEN 0 ELSE 1 END;
		EXIT WHEN room = 0;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim_past_held(github_sync.line, integer, bigint[]) IS
'private: what the places of a line are for when the heads that would take them are held: whatever stands behind them, '
'however many they are';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail_unclaimable(ids bigint[], problems text[]) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	ended bigint;
BEGIN
	UPDATE github_sync.@record@_sync_transactions AS q SET event = 'failed', attempts = attempts + 1,
		error_code = 'apply_failed', error_reason = f.problem, last_error = f.problem,
		last_error_at = clock_timestamp()
	FROM unnest(ids, problems) AS f (id, problem)
	WHERE q.id = f.id AND q.state = 'queued';
	GET DIAGNOSTICS ended = ROW_COUNT;
	RETURN ended;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail_unclaimable(bigint[], text[]) IS
'private: ends as errored what cannot be claimed while others can; returns how many';

CREATE OR REPLACE FUNCTION github_sync.@record@_find_queued(left_out bigint[], alone bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	lost github_sync.@record@_sync_transactions;
	found_id bigint;
	problem text;
BEGIN
	UPDATE github_sync.@record@_sync_transactions AS q SET
		event = 'given back', queued_at = coalesce(q.queued_at, clock_timestamp())
	WHERE q.@resource@_id IS NULL AND q.state = 'processing' AND q.id <> ALL (left_out)
		AND (alone IS NULL OR q.id = alone);
	FOR lost IN
		SELECT * FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id IS NULL AND q.state = 'queued' AND q.id <> ALL (left_out)
			AND (alone IS NULL OR q.id = alone) ORDER BY q.id
	LOOP
		BEGIN
			problem := NULL;
			SELECT (f.cached).id INTO found_id FROM github_sync.@record@_find_late_record(lost) AS f;
			IF found_id IS NULL THEN
				problem := 'it names neither a row nor a resource that is known';
			END IF;
		EXCEPTION
			WHEN lock_not_available OR deadlock_detected THEN
				CONTINUE;		/* looked at again by the next claim */
			WHEN OTHERS OR assert_failure THEN
				problem := format('%s: %s', SQLSTATE, SQLERRM);
		END;
		PERFORM github_sync.@record@_fail_unclaimable(ARRAY[lost.id], ARRAY[problem]) WHERE problem IS NOT NULL;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_find_queued(bigint[], bigint) IS
'private: gives queued transactions that were imported without a record the one that they are about, all but those '
'left out, or the one that is named; where there can be none they end as errored. None without a record is a '
'worker''s';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim(
	slots integer, places_to_read integer, places_to_write integer DEFAULT NULL,
	passed bigint[] DEFAULT '{}', in_hand github_sync.line[] DEFAULT NULL)
RETURNS SETOF github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	claim github_sync.claim;
	ids bigint[];
	cached_ids bigint[];
	lines github_sync.line[];
	held_up github_sync.line;
	lines_held_up github_sync.line[] := '{}';
	lines_claimed github_sync.line[] := '{}';
	now_passed bigint[] := passed;
	room integer := slots;
BEGIN
	IF EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id IS NULL AND q.state IN ('queued', 'processing') AND q.id <> ALL (passed)) THEN
		PERFORM github_sync.@record@_find_queued(passed);
	END IF;
	/* Mostly so after what ended: which lines are open need not be asked. */
	IF NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.state = 'queued' AND q.next_attempt_at IS NULL) THEN
		RETURN;
	END IF;
	SELECT array_agg(c.transaction_id), array_agg(c.cached_id), array_agg(c.line) INTO ids, cached_ids, lines
	FROM github_sync.@record@_candidates(slots, places_to_read, coalesce(places_to_write, places_to_read), passed,
		coalesce(in_hand, github_sync.@record@_lines_in_hand())) AS c;
	/* In order, also what stood behind another one of its record that ended without a request. */
	FOR claim IN
		SELECT * FROM github_sync.@record@_claim_set(ids, cached_ids) AS c WHERE ids IS NOT NULL
		ORDER BY array_position(ids, c.id)
	LOOP
		RETURN NEXT claim;
		IF claim.step = 'held' THEN
			now_passed := now_passed || claim.id;
			lines_held_up := lines_held_up || lines[array_position(ids, claim.id)];
		ELSIF claim.step <> 'over' THEN
			lines_claimed := lines_claimed || lines[array_position(ids, claim.id)];
			room := room - 1;
		END IF;
	END LOOP;
	FOR held_up IN SELECT DISTINCT h.* FROM unnest(lines_held_up) AS h LOOP
		held_up.in_hand := held_up.in_hand + (SELECT count(*) FROM unnest(lines_claimed) AS c WHERE c = held_up);
		FOR claim IN SELECT * FROM github_sync.@record@_claim_past_held(held_up, room, now_passed) LOOP
			RETURN NEXT claim;
			room := room - CASE WHEN claim.step IN ('held', 'over') THEN 0 ELSE 1 END;
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim(integer, integer, integer, bigint[], github_sync.line[]) IS
'private: claims up to slots transactions. Those with step held are no claims: somebody holds what they are about, and '
'they were passed over; nor are those with step over, whose places are free for others. passed: those that were held a '
'moment ago, and are not looked at. in_hand: what the caller holds; NULL: whatever is being processed counts';

CREATE OR REPLACE FUNCTION github_sync.@record@_claim_apart(
	slots integer, places_to_read integer, places_to_write integer, passed bigint[], in_hand github_sync.line[])
RETURNS SETOF github_sync.claim
LANGUAGE plpgsql AS $$
DECLARE
	candidate record;
	claim github_sync.claim;
	problem text;
	code text;
	ids bigint[] := '{}';
	problems text[] := '{}';
	some_can_be_claimed boolean := false;
BEGIN
	FOR candidate IN
		SELECT * FROM github_sync.@record@_candidates(slots, places_to_read, places_to_write, passed, in_hand)
	LOOP
		BEGIN
			claim := github_sync.@record@_claim_one(candidate.transaction_id, candidate.cached_id);
			some_can_be_claimed := some_can_be_claimed OR claim.step <> 'held';
		EXCEPTION
			WHEN lock_not_available OR deadlock_detected THEN
				claim := github_sync.@record@_no_claim(candidate.transaction_id, 'held');
			WHEN OTHERS OR assert_failure THEN
				GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, code = RETURNED_SQLSTATE;
				ids := ids || candidate.transaction_id;
				problems := problems || format('%s: %s', code, problem);
				claim := github_sync.@record@_no_claim(candidate.transaction_id, 'over');
		END;
		RETURN NEXT claim;
	END LOOP;
	IF cardinality(ids) = 0 THEN
		RETURN;
	ELSIF some_can_be_claimed THEN
		PERFORM github_sync.@record@_fail_unclaimable(ids, problems);
		/* What cannot even be errored is nothing new in the next moment. */
		RETURN QUERY SELECT p.* FROM github_sync.@record@_sync_transactions AS q
		CROSS JOIN LATERAL github_sync.@record@_no_claim(q.id, 'held') AS p
		WHERE q.id = ANY (ids) AND q.state = 'queued';
	ELSE
		/* The fault is not theirs: a column was dropped, say. */
		RAISE EXCEPTION USING ERRCODE = code, MESSAGE = problem;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_claim_apart(integer, integer, integer, bigint[], github_sync.line[]) IS
'private: as _claim, each in a subtransaction of its own, after a claim that failed as a whole: what cannot be claimed '
'ends as errored where others can be claimed; where none can, raises what is wrong with the last of them';

CREATE OR REPLACE FUNCTION github_sync.@record@_recheck(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decision github_sync.decision;
BEGIN
	IF t.direction = 'outbound' AND t.action = 'upsert' AND cached.@record@_id IS NULL THEN
		UPDATE github_sync.@record@_sync_transactions SET event = 'record deleted',
			because = github_sync.@record@_reason_without_row(cached) WHERE id = t.id
		RETURNING state INTO decision.state;
		PERFORM github_sync.@record@_require_ended(t.id, decision.state);
		RETURN decision;
	END IF;
	decision := github_sync.@record@_decide(t, cached, NULL,
		github_sync.sync_disabled_reason(t.github_repo_id, t.direction));
	IF decision.state = 'queued' THEN
		RETURN decision;
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET
		event = github_sync.@record@_event_of_decision(decision.state, NULL),
		disabled_reason = decision.disabled_reason,
		duplicate_of = decision.duplicate_of,
		dropped_for = decision.dropped_for,
		because = decision.because,
		error_code = decision.error_code,
		error_reason = decision.error_reason
	WHERE id = t.id RETURNING state INTO decision.state;
	PERFORM github_sync.@record@_require_ended(t.id, decision.state);
	RETURN decision;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_recheck(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: applies the rules again at claim; where it may not wait any longer it ended, without a request';

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
--@comment	step := github_sync.comment_step_with_parent(t, cached, step);
--@task	IF {{has_marks}} THEN
--@task		step := github_sync.task_step_with_names(t, cached, step);
--@task	END IF;
	RETURN step;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_first_step(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: what to ask GitHub first; nothing: what is to be deleted there is not there; held: somebody holds its '
'parent; NULL: the record waits for its parent, or for what is asked of GitHub about its marks';
