/*
 * Creating at GitHub: a POST cannot be repeated, so every attempt is on record
 * before it is sent, and belongs to the record rather than to the transaction
 * that made it.  Its outcome is settled by the answer, by looking, or by a
 * webhook that meets what it made.
 */

/*
 * The last step before a creation is sent, in a transaction of its own: what
 * a worker claimed but did not come to send needs no looking for after a crash.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_begin_creation(
	transaction_id bigint, held_claim_no integer,
	OUT creation_key uuid, OUT title text, OUT body text)
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_hold_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
	here record;
BEGIN
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id;
	IF cached.@record@_id IS NULL OR cached.github_id IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO here FROM github_sync.@record@_local_row(cached.@record@_id);
	creation_key := coalesce(cached.creation_key, gen_random_uuid());
	INSERT INTO github_sync.@record@_creation_attempts (creation_key, @resource@_id, github_repo_id)
	VALUES (@record@_begin_creation.creation_key, cached.id, cached.github_repo_id);
--@task	title := here.fields[1];
--@task	body := github_sync.with_creation_key(here.fields[2], creation_key);
--@task	/* An issue is born open; a closed task is closed by the update that follows. */
--@task	UPDATE github_sync.github_issues SET creation_key = gen_random_uuid(), sent_mask = '{true,true,true}',
--@task		sent = ARRAY[here.fields[1], here.fields[2], CASE WHEN here.fields[3] IS NOT NULL THEN 'open' END]
--@task	WHERE id = cached.id;
--@comment	body := github_sync.with_creation_key(here.fields[1], creation_key);
--@comment	UPDATE github_sync.github_comments SET creation_key = gen_random_uuid(), sent_mask = '{true}', sent = here.fields WHERE id = cached.id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_begin_creation(bigint, integer) IS
'private: opens a creation attempt, committed before anything is sent, and says what to send; no key: there is nothing to create (any more)';

/*
 * A standby may have been promoted, or a backup restored, before it heard of
 * attempts that were sent.  What may have been is then treated as if it had
 * been: looked for before it is sent.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_suspect_creations() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.attached_tables AS a SET server_timeline = github_sync.server_timeline()
	WHERE a.record_type = '@record@' AND a.server_timeline IS DISTINCT FROM github_sync.server_timeline();
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO github_sync.@record@_creation_attempts (creation_key, @resource@_id, github_repo_id, look_since)
	SELECT r.creation_key, r.id, r.github_repo_id, q.first_inserted_at
	FROM github_sync.@resources@ AS r
	CROSS JOIN LATERAL (
		SELECT min(t.inserted_at) AS first_inserted_at FROM github_sync.@record@_sync_transactions AS t
		WHERE t.@resource@_id = r.id AND t.direction = 'outbound') AS q
	WHERE r.github_id IS NULL AND r.creation_key IS NOT NULL AND q.first_inserted_at IS NOT NULL
	ON CONFLICT DO NOTHING;		/* an attempt that it did hear of */
	/* The next attempt is another one. */
	UPDATE github_sync.@resources@ AS r SET creation_key = gen_random_uuid()
	WHERE EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a WHERE a.creation_key = r.creation_key);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_suspect_creations() IS
'private: on another timeline than before, every creation that waits gets an open attempt, which is looked for first';

CREATE OR REPLACE FUNCTION github_sync.@record@_creation_rejected(transaction_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached_id bigint := (SELECT t.@resource@_id FROM github_sync.@record@_sync_transactions AS t WHERE t.id = transaction_id);
BEGIN
	/* The record first, as whoever decides about it does. */
	UPDATE github_sync.@resources@ SET sent = NULL, sent_mask = NULL
	WHERE id = cached_id AND github_id IS NULL;
	UPDATE github_sync.@record@_creation_attempts SET outcome = 'rejected'
	WHERE @resource@_id = cached_id AND outcome IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_creation_rejected(bigint) IS
'private: the creation under way certainly did not happen, so it may be sent again';

CREATE OR REPLACE FUNCTION github_sync.@record@_creation_not_found(
	transaction_id bigint, held_claim_no integer, recheck interval)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_hold_claim(transaction_id, held_claim_no);
	attempt github_sync.@record@_creation_attempts;
	next_look_at timestamptz;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	UPDATE github_sync.@record@_creation_attempts SET looks = looks + 1
	WHERE @resource@_id = t.@resource@_id AND outcome IS NULL RETURNING * INTO attempt;
	/* It is the time that counts: whoever edits meanwhile has it looked for at once, as often as he likes. */
	IF t.processing_at >= attempt.sent_at + recheck THEN
		UPDATE github_sync.@record@_creation_attempts SET outcome = 'not found' WHERE id = attempt.id;
		RETURN github_sync.@record@_give_back(t.id, held_claim_no,
			'a creation without an answer was looked for and not found: it is sent again', NULL);
	END IF;
	/* Lists lag: looked at once, then after a fifteenth, a third and the whole of recheck. */
	SELECT min(attempt.sent_at + part * recheck) INTO next_look_at FROM unnest(ARRAY[1.0 / 15, 1.0 / 3, 1.0]::double precision[]) AS part
	WHERE attempt.sent_at + part * recheck > clock_timestamp();
	RETURN github_sync.@record@_give_back(t.id, held_claim_no, 'a creation without an answer is being looked up',
		coalesce(next_look_at, clock_timestamp()));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_creation_not_found(bigint, integer, interval) IS
'private: the lists do not show the creation (yet); once they have not done so when recheck was over it may be sent again';

CREATE OR REPLACE FUNCTION github_sync.@record@_join_queued(cached_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	newest record;
BEGIN
	FOR newest IN
		SELECT DISTINCT ON (q.direction) q.id, q.direction, q.github_updated_at,
			min(q.queued_at) OVER of_direction AS queued_at, min(q.priority) OVER of_direction AS priority
		FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'queued' AND q.action = 'upsert'
		WINDOW of_direction AS (PARTITION BY q.direction)
		ORDER BY q.direction, q.github_updated_at DESC NULLS LAST, q.id DESC
	LOOP
		UPDATE github_sync.@record@_sync_transactions AS q SET next_attempt_at = NULL,
			event = CASE WHEN q.github_updated_at = newest.github_updated_at THEN 'already carried' ELSE 'superseded' END,
			duplicate_of = CASE WHEN q.github_updated_at = newest.github_updated_at THEN newest.id END,
			canceled_by = CASE WHEN q.github_updated_at = newest.github_updated_at THEN NULL ELSE newest.id END
		WHERE q.@resource@_id = cached_id AND q.state = 'queued' AND q.direction = newest.direction AND q.action = 'upsert'
			AND q.id <> newest.id;
		UPDATE github_sync.@record@_sync_transactions AS q SET queued_at = newest.queued_at, priority = newest.priority
		WHERE q.id = newest.id AND (q.queued_at, q.priority) IS DISTINCT FROM (newest.queued_at, newest.priority);
	END LOOP;
	UPDATE github_sync.@record@_sync_transactions AS q SET next_attempt_at = NULL, event = 'already carried', duplicate_of = d.id
	FROM (SELECT o.direction, min(o.id) AS id FROM github_sync.@record@_sync_transactions AS o
		WHERE o.@resource@_id = cached_id AND o.state = 'queued' AND o.action = 'delete' GROUP BY o.direction) AS d
	WHERE q.@resource@_id = cached_id AND q.state = 'queued' AND q.action = 'delete' AND q.direction = d.direction AND q.id > d.id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_join_queued(bigint) IS
'private: of two queues that became one, the newest upsert of each direction goes on, in the better place, and one deletion';

/* Two records turn out to be one: the stub that a webhook made and the record whose creation it tells of. */
CREATE OR REPLACE FUNCTION github_sync.@record@_absorb(kept_id bigint, gone_id bigint) RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	kept github_sync.@resources@;
	gone github_sync.@resources@;
	under_way bigint;
BEGIN
	PERFORM 1 FROM github_sync.@resources@ AS r WHERE r.id IN (kept_id, gone_id) ORDER BY r.id FOR UPDATE NOWAIT;
	SELECT * INTO gone FROM github_sync.@resources@ AS r WHERE r.id = gone_id;
	SELECT * INTO kept FROM github_sync.@resources@ AS r WHERE r.id = kept_id;
	SELECT q.id INTO under_way FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = gone_id AND q.state = 'processing';
	PERFORM github_sync.@record@_requeue(under_way, gone, 'given back', NULL) WHERE under_way IS NOT NULL;
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
	PERFORM github_sync.@record@_join_queued(kept_id);
	RETURN kept;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_absorb(bigint, bigint) IS
'private: moves everything of one record to another and removes it; a claim that was under way on it is given back';

CREATE OR REPLACE FUNCTION github_sync.@record@_take_identity(INOUT cached github_sync.@resources@, taken_id bigint, taken_number integer)
LANGUAGE plpgsql AS $$
BEGIN
	cached.github_id := taken_id;
--@task	cached.number := taken_number;
	UPDATE github_sync.@resources@ SET github_id = taken_id
--@task		, number = taken_number
	WHERE id = cached.id;
EXCEPTION WHEN unique_violation THEN
	/* Its stub was committed while we waited for it: the next try sees it. */
	RAISE lock_not_available USING MESSAGE = 'another transaction has just met the same resource';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_take_identity(github_sync.@resources@, bigint, integer) IS
'private: from now on the record is the one of this resource; 55P03: a webhook makes a stub of it just now, try again shortly';

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

/* Our POST's webhook can overtake our POST's answer, and somebody may have edited the key away. */
CREATE OR REPLACE FUNCTION github_sync.@record@_may_be_own_creation(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, kind text,
	found_body text, found_author text, own_login text)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN kind = 'fetched' AND cached.@record@_id IS NULL AND found_author = own_login
		AND github_sync.creation_key_of(found_body) IS NULL
		AND t.inserted_at > clock_timestamp() - interval '60 seconds'
		AND EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
			WHERE a.github_repo_id = cached.github_repo_id AND a.outcome IS NULL AND a.@resource@_id <> cached.id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_may_be_own_creation(github_sync.@record@_sync_transactions, github_sync.@resources@, text, text, text, text) IS
'private: an unlinked resource that we wrote, without a readable key, while a creation in its repository waits for its answer: waits for it too, at most a minute';
