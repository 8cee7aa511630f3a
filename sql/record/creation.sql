/*
 * The way of a creation at GitHub: opened and committed before it is sent,
 * settled by its answer, by looking it up in GitHub's lists, or by a webhook
 * that meets what it made.
 */

/* Lists lag: looked up at once, then after these parts of creation_recheck. */
CREATE OR REPLACE FUNCTION github_sync.@record@_parts_of_recheck() RETURNS double precision[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY[1.0 / 15, 1.0 / 3, 1.0]::double precision[];
COMMENT ON FUNCTION github_sync.@record@_parts_of_recheck() IS
'private: when a creation without an answer is looked up again, in parts of creation_recheck';

CREATE OR REPLACE FUNCTION github_sync.@record@_require_attempt(cached_id bigint, key uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
		JOIN github_sync.@resources@ AS r ON r.id = a.@resource@_id AND r.creation_key = a.creation_key
		WHERE a.@resource@_id = cached_id AND a.creation_key = key AND a.outcome IS NULL) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'the attempt of a creation is not on record, and nothing is sent',
			HINT = 'A trigger or a rule undoes it: see those of github_sync.@record@_creation_attempts and '
				'github_sync.@resources@.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_require_attempt(bigint, uuid) IS
'private: raises where a creation could be sent twice, as nobody would know of the first time';

/* Imports of many rows are told by their priority: people's edits have 100. */
CREATE OR REPLACE FUNCTION github_sync.@record@_body_to_send(
	cached github_sync.@resources@, body text, of_priority smallint)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
--@task	IF {{has_byline}} THEN
--@comment	/* A blank comment stays one, and is refused. */
--@comment	IF {{has_byline}} AND body ~ '[^[:space:]]' THEN
		line := github_sync.@record@_byline_of(cached.@record@_id);
	END IF;
	IF position('@' IN concat(body, line)) > 0 AND (SELECT coalesce(r.mentions = 'escape', of_priority > 100)
		FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id) THEN
		body := github_sync.escape_mentions(body);
		/* Where HTML begins a line, as the byline's mark does, GitHub reads no Markdown in it: there is no code. */
		line := github_sync.guarded(line);
	END IF;
	RETURN github_sync.with_byline(body, line);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_body_to_send(github_sync.@resources@, text, smallint) IS
'private: the text of a row as GitHub gets it: the byline before it, and mentions in both escaped where they are not '
'to notify people';

CREATE OR REPLACE FUNCTION github_sync.@record@_creation_priority(cached_id bigint, of_priority smallint)
RETURNS smallint
LANGUAGE sql STABLE AS $$
	SELECT greatest(of_priority, max(q.priority)) FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached_id AND q.direction = 'outbound' AND q.action = 'upsert' AND q.state = 'canceled'
$$;
COMMENT ON FUNCTION github_sync.@record@_creation_priority(bigint, smallint) IS
'private: the priority of what a creation sends: of a row that an import has queued, the import''s, whoever edits it '
'before it is sent';

/*
 * The last step before a creation is sent, in a transaction of its own: what
 * a worker claimed but did not come to send needs no lookup after a crash.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_begin_creation(
	claim_id bigint, held_claim_no integer, account_id bigint DEFAULT NULL,
	github_now timestamptz DEFAULT clock_timestamp(), asked_repo_id bigint DEFAULT NULL,
	OUT creation_key uuid, OUT title text, OUT body text, OUT marks text)
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim(claim_id, held_claim_no);
	cached github_sync.@resources@ := held.cached;
	here github_sync.local_row;
	first_fields text[];
BEGIN
	IF (held.t).id IS NULL OR cached.@record@_id IS NULL OR cached.github_id IS NOT NULL
		OR cached.github_repo_id <> asked_repo_id THEN
		RETURN;
	END IF;
	here := github_sync.@record@_local_row(cached.@record@_id);
	/* Moved meanwhile: the rules say what becomes of it, when it is claimed again. */
	IF github_sync.@record@_place_problem(cached, here) IS NOT NULL THEN
		RETURN;
	END IF;
	first_fields := here.fields;
	creation_key := coalesce(cached.creation_key, gen_random_uuid());	/* the record's, in every try */
	body := github_sync.with_creation_key(github_sync.@record@_body_to_send(
		cached, here.fields[github_sync.@record@_body_position()],
		github_sync.@record@_creation_priority(cached.id, (held.t).priority)), creation_key);
--@comment	/* GitHub refuses a blank comment, and so do we: the key would make it a valid one. */
--@comment	body := CASE WHEN here.fields[github_sync.comment_body_position()] ~ '[^[:space:]]' THEN body END;
--@task	title := here.fields[github_sync.task_title_position()];
--@task	/* An issue is born open; a closed task is closed by the update that follows. */
--@task	IF here.fields[github_sync.task_state_position()] IS NOT NULL THEN
--@task		first_fields[github_sync.task_state_position()] := 'open';
--@task	END IF;
--@task	IF {{has_marks}} THEN
--@task		first_fields := github_sync.task_without_unasked(cached, first_fields);
--@task		marks := github_sync.task_marks_to_send(cached, first_fields,
--@task			array_fill(true, ARRAY[cardinality(first_fields)]));
--@task		PERFORM github_sync.task_note_sent_sets(cached, NULL, marks, account_id);
--@task	END IF;
	/* One that was given up may turn up in the lists after all. */
	INSERT INTO github_sync.@record@_creation_attempts
		(creation_key, @resource@_id, github_repo_id, sent_at, lookup_since, sent_as)
	SELECT @record@_begin_creation.creation_key, cached.id, cached.github_repo_id, github_now,
		least(min(a.lookup_since), github_now), account_id
	FROM github_sync.@record@_creation_attempts AS a
	WHERE a.@resource@_id = cached.id AND a.outcome = 'not found';
	UPDATE github_sync.@resources@ AS r SET creation_key = @record@_begin_creation.creation_key, sent = first_fields,
		sent_mask = array_fill(true, ARRAY[cardinality(first_fields)])
	WHERE r.id = cached.id;
	PERFORM github_sync.@record@_require_attempt(cached.id, creation_key);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_begin_creation(bigint, integer, bigint, timestamptz, bigint) IS
'private: opens a creation attempt, committed before anything is sent, and says what to send; no key: there is '
'nothing to create (any more). account_id: GitHub''s id of the account that sends it (NULL: not known); github_now: '
'what GitHub''s clock shows, by its last answer; asked_repo_id: where the claim creates it (NULL: where the record is)';

/* Of a record whose transactions were pruned: before it, nobody had an issue at GitHub. */
CREATE OR REPLACE FUNCTION github_sync.@record@_begin_of_github() RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN timestamptz '2008-01-01 00:00:00Z';
COMMENT ON FUNCTION github_sync.@record@_begin_of_github() IS
'private: creations that may be of any age are looked for since then';

/* What was queued is dated by the clock of its server, which may have been wrong: as for what inbound ones tell. */
CREATE OR REPLACE FUNCTION github_sync.@record@_clocks_differ_by() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '1 day';
COMMENT ON FUNCTION github_sync.@record@_clocks_differ_by() IS
'private: by how much our clock and GitHub''s may have differed';

/*
 * A standby may have been promoted, a backup restored or a copy adopted before
 * it heard of attempts that were sent.  What may have been sent is then treated
 * as if it had been: it is looked up first.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_assume_creations_sent() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.@record@_creation_attempts (creation_key, @resource@_id, github_repo_id, lookup_since)
	SELECT r.creation_key, r.id, r.github_repo_id,
		coalesce(q.first_inserted_at - github_sync.@record@_clocks_differ_by(), github_sync.@record@_begin_of_github())
	FROM github_sync.@resources@ AS r
	CROSS JOIN LATERAL (
		SELECT min(t.inserted_at) AS first_inserted_at FROM github_sync.@record@_sync_transactions AS t
		WHERE t.@resource@_id = r.id AND t.direction = 'outbound') AS q
	WHERE r.github_id IS NULL AND r.creation_key IS NOT NULL
		AND (q.first_inserted_at IS NOT NULL OR r.@record@_id IS NOT NULL)
	FOR KEY SHARE OF r			/* one that is just becoming part of another needs none */
	ON CONFLICT DO NOTHING;		/* an attempt that it did hear of */
END
$$;
COMMENT ON FUNCTION github_sync.@record@_assume_creations_sent() IS
'private: every creation that waits, or was given up, gets an open attempt, which is looked up before it is sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_server() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	kept jsonb := (SELECT a.server FROM github_sync.attached_tables AS a WHERE a.record_type = '@record@');
	present jsonb := github_sync.server_fingerprint();
	/* These say only whether it is the same one: they change by themselves. */
	changing text[] := ARRAY['host', 'boot'];
BEGIN
	IF kept = present THEN
		RETURN;
	END IF;
	UPDATE github_sync.attached_tables AS a SET server = present WHERE a.record_type = '@record@';
	IF kept - changing IS DISTINCT FROM present - changing THEN
		PERFORM github_sync.@record@_assume_creations_sent();
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_meet_server() IS
'private: keeps the fingerprint of the server that goes on with an adopted database. Where it was promoted, or its '
'data directory moved or mounted anew, and so may be older than what was sent, creations are looked up first';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_rejected_creation(claim_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached_id bigint := (SELECT t.@resource@_id FROM github_sync.@record@_sync_transactions AS t WHERE t.id = claim_id);
BEGIN
	/* The record first, as whoever decides about it does. */
	UPDATE github_sync.@resources@ SET sent = NULL, sent_mask = NULL
	WHERE id = cached_id AND github_id IS NULL;
	PERFORM github_sync.@record@_close_attempt(cached_id, 'rejected');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_rejected_creation(bigint) IS
'private: the creation under way certainly did not happen, so it may be sent again';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_missing_creation(
	claim_id bigint, held_claim_no integer, recheck interval, answered_at timestamptz DEFAULT clock_timestamp())
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim(claim_id, held_claim_no);
	t github_sync.@record@_sync_transactions := held.t;
	/* GitHub's times are whole seconds: it was sent before the end of this one. */
	sent_at timestamptz := (SELECT a.sent_at + interval '1 second' FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = t.@resource@_id AND a.outcome IS NULL);
	next_lookup_at timestamptz;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	/*
	 * It is the time that counts, by one clock, GitHub's: whoever edits meanwhile
	 * has it looked up at once, as often as he likes.
	 */
	IF answered_at >= sent_at + recheck THEN
		PERFORM github_sync.@record@_close_attempt(t.@resource@_id, 'not found');
		RETURN github_sync.@record@_give_back_held(t, held.cached,
			'a creation without an answer was looked for and not found: it is sent again', NULL);
	END IF;
	SELECT min(clock_timestamp() + (sent_at + part * recheck - answered_at)) INTO next_lookup_at
	FROM unnest(github_sync.@record@_parts_of_recheck()) AS part
	WHERE sent_at + part * recheck > answered_at;
	RETURN github_sync.@record@_give_back_held(t, held.cached, 'a creation without an answer is being looked up',
		coalesce(next_lookup_at, clock_timestamp()));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_missing_creation(bigint, integer, interval, timestamptz) IS
'private: the lists do not show the creation (yet); once they have not shown it when recheck was over, it may be '
'sent again. answered_at: GitHub''s Date of the list';
