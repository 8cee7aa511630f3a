/*
 * Creation attempts: a POST cannot be repeated, so each one is on record before
 * it is sent, and belongs to the record rather than to the transaction that
 * made it.  While one is open (outcome NULL) nothing is created again.
 *
 * What the rules and the reports ask about attempts, and the statements that
 * close them.  creation.sql has the way of a creation.
 */

/* Our POST's webhook can overtake our POST's answer; a minute later that answer is in, or the creation is looked up. */
CREATE OR REPLACE FUNCTION github_sync.@record@_longest_answer() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '60 seconds';
COMMENT ON FUNCTION github_sync.@record@_longest_answer() IS
'private: how long an unlinked resource that may be our creation waits for the answer to that creation';

/* An hour is what GitHub's budget of creations spans; twice that, as clocks differ. */
CREATE OR REPLACE FUNCTION github_sync.@record@_creations_remembered() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '2 hours';
COMMENT ON FUNCTION github_sync.@record@_creations_remembered() IS
'private: creations of this long ago count for the budget of a server that has just started';

/* The hour's budget counts no finer. */
CREATE OR REPLACE FUNCTION github_sync.@record@_seconds_per_step() RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN 30;
COMMENT ON FUNCTION github_sync.@record@_seconds_per_step() IS
'private: past creations are counted by steps of this length';

CREATE OR REPLACE FUNCTION github_sync.@record@_has_open_attempt(cached_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = cached_id AND a.outcome IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_has_open_attempt(bigint) IS
'private: a creation of the record was sent, or may have been, and its outcome is not known';

CREATE OR REPLACE FUNCTION github_sync.@record@_would_create(cached github_sync.@resources@) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* One that is looked up first is not created yet. */
	RETURN cached.github_id IS NULL
--@task		AND cached.number IS NULL
		AND NOT github_sync.@record@_has_open_attempt(cached.id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_would_create(github_sync.@resources@) IS
'private: whether an outbound upsert of the record makes a new @record@ at GitHub: those have a budget of their own';

CREATE OR REPLACE FUNCTION github_sync.@record@_past_creations(
	OUT installation_id bigint, OUT creations integer, OUT age_ms bigint)
RETURNS SETOF record
LANGUAGE sql STABLE AS $$
	SELECT r.github_app_installation_id, count(*)::integer,
		(extract(epoch FROM clock_timestamp() - max(a.begun_at)) * 1000)::bigint
	FROM github_sync.@record@_creation_attempts AS a
	JOIN github_sync.github_repos AS r ON r.id = a.github_repo_id
	WHERE a.begun_at > (SELECT clock_timestamp()) - github_sync.@record@_creations_remembered()
	GROUP BY r.github_app_installation_id,
		floor(extract(epoch FROM a.begun_at) / github_sync.@record@_seconds_per_step())
$$;
COMMENT ON FUNCTION github_sync.@record@_past_creations() IS
'private: what was created lately, for the budget of a server that has just started; attempts are committed before '
'they are sent, so none is missing';

/*
 * Accounts are told apart by GitHub's id: an App is renamed, and the token of
 * another account put in the place of the one before.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_was_sent_as(cached_id bigint, account_id bigint, own_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
		WHERE a.@resource@_id = cached_id AND (a.sent_as = account_id
			/* Assumed to have been sent, by whoever was at work then. */
			OR a.sent_as IS NULL AND (account_id = own_id
				OR EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS b WHERE b.sent_as = account_id))));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_was_sent_as(bigint, bigint, bigint) IS
'private: an account (GitHub''s id) is the one that a creation of the record was sent as; of one that was assumed to '
'have been sent: it is own_id, the account that the worker sends as, or sent another one';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_other_creation(
	shown_id bigint, shown_body text, cached_id bigint)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@resources@ AS r JOIN github_sync.@resources@ AS o ON o.id = cached_id
			WHERE r.github_id = shown_id AND r.creation_key <> o.creation_key)
		/* Its own look-up is still to come. */
		OR EXISTS (SELECT FROM github_sync.@resources@ AS r
			WHERE r.creation_key = github_sync.own_creation_key(shown_body) AND r.github_id IS NULL
				AND r.id <> cached_id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_other_creation(bigint, text, bigint) IS
'private: what has this id and this text at GitHub is known as the creation of another record, whatever it quotes by '
'now; or it ends with the key of one that was not met yet';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_own_creation(
	claim_id bigint, shown_id bigint, author_id bigint, own_id bigint, shown_body text)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	cached_id bigint := (SELECT t.@resource@_id FROM github_sync.@record@_sync_transactions AS t WHERE t.id = claim_id);
BEGIN
	RETURN coalesce(github_sync.@record@_was_sent_as(cached_id, author_id, own_id)
		AND NOT github_sync.@record@_is_other_creation(shown_id, shown_body, cached_id), false);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_own_creation(bigint, bigint, bigint, bigint, text) IS
'private: what carries the creation key of a claim''s record, and has the id shown_id at GitHub, was written by the '
'account that the creation was sent as: it is that creation, or that account''s quotation of it, which is newer; '
'unless it is another creation';

/*
 * In whichever repository of ours it is met: an issue may be transferred before
 * its creation was looked up, and its comments go with it.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_record_of_creation(
	cached github_sync.@resources@, answer github_sync.answer)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	own_key uuid := github_sync.own_creation_key(shown.body);
BEGIN
	RETURN (SELECT r.id FROM github_sync.@resources@ AS r
	WHERE cached.@record@_id IS NULL AND r.creation_key = own_key AND r.github_id IS NULL AND r.id <> cached.id
--@comment		/* Elsewhere, its issue is the one that it names, as soon as that is known to be so. */
--@comment		AND (r.github_repo_id = cached.github_repo_id OR EXISTS (SELECT FROM github_sync.github_issues AS i
--@comment			WHERE i.id = cached.github_issue_id AND i.number = shown.number))
		AND github_sync.@record@_was_sent_as(r.id, shown.author_id, answer.own_id)
	LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_record_of_creation(github_sync.@resources@, github_sync.answer) IS
'private: the record whose creation an unlinked resource is: the resource carries the key and we wrote it';

CREATE OR REPLACE FUNCTION github_sync.@record@_twin_of_creation(
	cached github_sync.@resources@, answer github_sync.answer)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	own_key uuid := github_sync.own_creation_key(shown.body);
BEGIN
	RETURN (SELECT r.id FROM github_sync.@resources@ AS r
	WHERE answer.kind = 'fetched' AND cached.@record@_id IS NULL AND cached.local_deleted_at IS NULL
		AND r.creation_key = own_key AND cached.creation_key IS DISTINCT FROM own_key
		AND r.github_id <> shown.github_id AND r.@record@_id IS NOT NULL AND r.deleted_at IS NULL
		AND github_sync.@record@_was_sent_as(r.id, shown.author_id, answer.own_id)
	LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_twin_of_creation(github_sync.@resources@, github_sync.answer) IS
'private: the record, linked to another resource by now, whose creation an unlinked resource is as well: it was made '
'twice, or GitHub has given it another id and place';

/* Somebody may have edited the key away, or written on behind it. */
CREATE OR REPLACE FUNCTION github_sync.@record@_may_be_own_creation(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	shown github_sync.resource := answer.resource;
BEGIN
	RETURN answer.kind = 'fetched' AND cached.@record@_id IS NULL AND github_sync.own_creation_key(shown.body) IS NULL
		AND t.inserted_at > (SELECT clock_timestamp()) - github_sync.@record@_longest_answer()
		AND EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
			WHERE a.github_repo_id = cached.github_repo_id AND a.outcome IS NULL AND a.@resource@_id <> cached.id
				AND coalesce(a.sent_as, answer.own_id) = shown.author_id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_may_be_own_creation(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: an unlinked resource that we wrote, without a key at its end, while a creation in its repository waits for '
'its answer: it waits for that answer too';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_being_sent(a github_sync.@record@_creation_attempts) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* A claim that came later looks for it. */
	RETURN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS t
		WHERE t.@resource@_id = a.@resource@_id AND t.direction = 'outbound' AND t.state = 'processing'
			AND t.processing_at <= a.begun_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_being_sent(github_sync.@record@_creation_attempts) IS
'private: whether the claim that began a creation is still held: its answer may yet come';

CREATE OR REPLACE FUNCTION github_sync.@record@_close_attempt(cached_id bigint, new_outcome text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@record@_creation_attempts AS a SET outcome = new_outcome,
		found_at = CASE WHEN new_outcome = 'created' AND NOT github_sync.@record@_is_being_sent(a)
			THEN clock_timestamp() END
	WHERE a.@resource@_id = cached_id AND a.outcome IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_close_attempt(bigint, text) IS
'private: the outcome of the creation under way, if there is one: created, rejected or not found';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_outcome_known(cached_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	/* The one under way; all carry the same key, so that of others the last one is as good as any. */
	UPDATE github_sync.@record@_creation_attempts SET outcome = 'created', found_at = clock_timestamp()
	WHERE id = (SELECT a.id FROM github_sync.@record@_creation_attempts AS a WHERE a.@resource@_id = cached_id
		ORDER BY a.outcome IS NULL DESC, a.id DESC LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_outcome_known(bigint) IS
'private: the creation of the record has been met at GitHub, also where it had been given up';

/* Created meanwhile: what is queued for it is an update now, and no longer waits for the budget of creations. */
CREATE OR REPLACE FUNCTION github_sync.@record@_note_created() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE github_sync.@record@_sync_transactions SET creates = false
	WHERE @resource@_id = NEW.id AND state = 'queued' AND creates;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_created() IS
'private: when a record gets its GitHub id, its queued transactions create nothing any more';

CREATE OR REPLACE TRIGGER y_note_created
	AFTER UPDATE OF github_id ON github_sync.@resources@
	FOR EACH ROW WHEN (OLD.github_id IS NULL AND NEW.github_id IS NOT NULL)
	EXECUTE FUNCTION github_sync.@record@_note_created();
