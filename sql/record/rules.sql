/*
 * The rules of a sync transaction: what becomes of it when it is inserted,
 * and again when it is claimed or queued anew.
 */

--@task CREATE OR REPLACE FUNCTION github_sync.sync_disabled_reason(repo_id bigint, direction text) RETURNS text
--@task LANGUAGE plpgsql STABLE AS $$
--@task BEGIN
--@task	RETURN (SELECT CASE
--@task		WHEN NOT r.sync_enabled THEN 'repo'
--@task		WHEN i.state <> 'active' THEN 'installation'
--@task		WHEN r.sync_direction NOT IN ('both', direction) THEN 'direction'
--@task		WHEN r.access_lost THEN 'access_lost'
--@task	END
--@task	FROM github_sync.github_repos AS r
--@task	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
--@task	WHERE r.id = repo_id);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.sync_disabled_reason(bigint, text) IS
--@task 'private: rule 1 of both directions: why a repository does not sync now, or NULL';

--@task /* A row disabled while somebody enables would be disabled for ever: his UPDATE did not see it. */
--@task CREATE OR REPLACE FUNCTION github_sync.hold_switches(repo_id bigint) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	PERFORM 1 FROM github_sync.github_repos AS r
--@task	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
--@task	WHERE r.id = repo_id FOR SHARE OF r, i SKIP LOCKED;
--@task	RETURN FOUND;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.hold_switches(bigint) IS
--@task 'private: keeps a repository and its installation as they are until commit; false, at once: somebody is just changing them';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_inbound(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT duplicate_of bigint, OUT dropped_for bigint, OUT because text)
LANGUAGE plpgsql AS $$
DECLARE
	covering record;
	here record;
BEGIN
	state := 'queued';

	/* Rule 2: one of the sides is gone. */
	IF t.github_updated_at <= cached.deleted_at THEN
		state := 'dropped';
		because := 'deleted at GitHub';
		SELECT d.id INTO dropped_for FROM github_sync.@record@_sync_transactions AS d
		WHERE d.@resource@_id = cached.id AND d.action = 'delete' AND d.state = 'completed'
			AND d.github_updated_at = cached.deleted_at
		ORDER BY d.id DESC LIMIT 1;
		RETURN;
	END IF;
	IF cached.local_deleted_at IS NOT NULL THEN
		state := 'dropped';
		because := 'the @record@ was deleted';
		RETURN;
	END IF;

	/* Linking has no time to compare: whichever is queued will fetch and merge. */
	IF t.github_updated_at IS NULL THEN
		SELECT q.id INTO duplicate_of FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.direction = 'inbound' AND q.action = 'upsert'
			AND q.id <> t.id
		ORDER BY q.id DESC LIMIT 1;
		state := CASE WHEN FOUND THEN 'duplicate' ELSE 'queued' END;
		RETURN;
	END IF;

	SELECT c.id, c.github_updated_at, c.state INTO covering
	FROM github_sync.@record@_sync_transactions AS c
	WHERE c.@resource@_id = cached.id AND c.state IN ('queued', 'processing', 'completed') AND c.action = 'upsert'
		AND c.github_updated_at >= t.github_updated_at AND c.id <> t.id
	ORDER BY c.github_updated_at DESC, (c.state = 'queued') DESC, c.id DESC
	LIMIT 1;

	/* Rule 3: something newer is known. */
	IF covering.github_updated_at > t.github_updated_at THEN
		state := 'dropped';
		dropped_for := covering.id;
		RETURN;
	END IF;
	IF cached.github_updated_at > t.github_updated_at AND cached.deleted_at IS NULL THEN
		state := 'dropped';
		because := 'a newer version is known';
		RETURN;
	END IF;

	/* Rule 4: the same version, and it is certain to be the same. */
	IF covering.state = 'queued'
		OR covering.id IS NOT NULL AND cached.github_updated_at = t.github_updated_at
			AND cached.seen_at >= t.github_updated_at + interval '60 seconds' THEN
		state := 'duplicate';
		duplicate_of := covering.id;
		RETURN;
	END IF;

	/* Rule 5: the local row was changed later, and nothing protects the change. */
	IF cached.@record@_id IS NULL OR cached.deleted_at IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO here FROM github_sync.@record@_local_row(cached.@record@_id);
	IF here.modified_at > t.github_updated_at AND here.fields IS DISTINCT FROM cached.local_base THEN
		SELECT o.id INTO dropped_for FROM github_sync.@record@_sync_transactions AS o
		WHERE o.@resource@_id = cached.id AND o.state = 'queued' AND o.direction = 'outbound' AND o.action = 'upsert'
		ORDER BY o.id DESC LIMIT 1;
		IF dropped_for IS NOT NULL THEN
			state := 'dropped';
		ELSIF cached.local_base IS NULL AND cached.preferred_side IS NULL AND NOT EXISTS (
			SELECT FROM github_sync.github_repos AS r
			WHERE r.id = t.github_repo_id AND r.sync_direction = 'inbound') THEN
			state := 'dropped';
			because := 'the @record@ was changed later, and never synced';
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_inbound(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: inbound rules 2 to 5 for a transaction of a locked record; state is queued, dropped or duplicate';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_outbound(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT duplicate_of bigint, OUT because text)
LANGUAGE plpgsql AS $$
DECLARE
	here record;
BEGIN
	state := 'queued';

	/* Rule 2: both sides are known to agree. */
	IF cached.github_id IS NULL OR cached.local_base IS NULL OR cached.sent IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO here FROM github_sync.@record@_local_row(cached.@record@_id);
	IF here.is_there AND here.fields IS NOT DISTINCT FROM cached.local_base THEN
		state := 'duplicate';
		because := 'both sides agree';
		SELECT c.id INTO duplicate_of FROM github_sync.@record@_sync_transactions AS c
		WHERE c.@resource@_id = cached.id AND c.state = 'completed' AND c.id <> t.id
		ORDER BY c.finished_at DESC, c.id DESC LIMIT 1;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_outbound(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: outbound rule 2 for a transaction of a locked record; state is queued or duplicate';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_delete(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT duplicate_of bigint)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT q.id INTO duplicate_of FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached.id AND q.state = 'queued' AND q.action = 'delete' AND q.direction = t.direction
		AND q.id <> t.id
	ORDER BY q.id DESC LIMIT 1;
	state := CASE WHEN FOUND THEN 'duplicate' ELSE 'queued' END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_delete(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: a deletion is compared with nothing; a second one is a duplicate of the queued one of its direction';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT disabled_reason text, OUT duplicate_of bigint, OUT dropped_for bigint, OUT because text,
	OUT being_switched boolean)
LANGUAGE plpgsql AS $$
BEGIN
	being_switched := false;
	disabled_reason := github_sync.sync_disabled_reason(t.github_repo_id, t.direction);
	IF disabled_reason IS NOT NULL THEN
		being_switched := NOT github_sync.hold_switches(t.github_repo_id);
		disabled_reason := CASE WHEN NOT being_switched
			THEN github_sync.sync_disabled_reason(t.github_repo_id, t.direction) END;
	END IF;
	IF disabled_reason IS NOT NULL THEN
		state := 'disabled';
	ELSIF t.action = 'delete' THEN
		SELECT d.state, d.duplicate_of INTO state, duplicate_of
		FROM github_sync.@record@_decide_delete(t, cached) AS d;
	ELSIF t.direction = 'inbound' THEN
		SELECT d.state, d.duplicate_of, d.dropped_for, d.because INTO state, duplicate_of, dropped_for, because
		FROM github_sync.@record@_decide_inbound(t, cached) AS d;
	ELSE
		SELECT d.state, d.duplicate_of, d.because INTO state, duplicate_of, because
		FROM github_sync.@record@_decide_outbound(t, cached) AS d;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: whether a transaction may wait in the queue, and why not; asked at insert and at claim. being_switched: its repository was disabled, and somebody is just changing that: ask again before anything is sent';

/* Inbound rule 6, outbound rule 3, deletions: the one place that says what gives way to what. */
CREATE OR REPLACE FUNCTION github_sync.@record@_superseded_by(
	t github_sync.@record@_sync_transactions, is_new boolean, OUT ids bigint[], OUT queued_at timestamptz, OUT priority smallint)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT array_agg(q.id ORDER BY q.id), min(q.queued_at), min(q.priority) INTO ids, queued_at, priority
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

/* A foreign key would wait for whoever prunes, and then fail. */
CREATE OR REPLACE FUNCTION github_sync.@record@_unless_pruned(transaction_id bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
	IF transaction_id IS NOT NULL THEN
		PERFORM 1 FROM github_sync.@record@_sync_transactions AS t WHERE t.id = transaction_id FOR KEY SHARE SKIP LOCKED;
		RETURN CASE WHEN FOUND THEN transaction_id END;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_unless_pruned(bigint) IS
'private: a transaction that may be referred to, or NULL, which pruning makes of the reference anyway';

CREATE OR REPLACE FUNCTION github_sync.@record@_without_row(cached github_sync.@resources@) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN cached.local_deleted_at IS NOT NULL THEN 'the @record@ was deleted' ELSE 'the @record@ was unlinked' END;
COMMENT ON FUNCTION github_sync.@record@_without_row(github_sync.@resources@) IS
'private: why a record has no row of the application''s (any more), for sync_history';
