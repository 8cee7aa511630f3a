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

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_inbound(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT duplicate_of bigint, OUT dropped_for bigint)
LANGUAGE plpgsql AS $$
DECLARE
	covering record;
	here record;
BEGIN
	state := 'queued';

	/* Rule 2: one of the sides is gone. */
	IF cached.local_deleted_at IS NOT NULL THEN
		state := 'dropped';
		RETURN;
	END IF;
	IF t.github_updated_at <= cached.deleted_at THEN
		state := 'dropped';
		SELECT d.id INTO dropped_for FROM github_sync.@record@_sync_transactions AS d
		WHERE d.@resource@_id = cached.id AND d.action = 'delete' AND d.state = 'completed'
		ORDER BY d.id DESC LIMIT 1;
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
		ELSIF cached.local_base IS NULL AND NOT EXISTS (
			SELECT FROM github_sync.github_repos AS r
			WHERE r.id = t.github_repo_id AND r.sync_direction = 'inbound') THEN
			state := 'dropped';
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_inbound(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: inbound rules 2 to 5 for a transaction of a locked record; state is queued, dropped or duplicate';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_outbound(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT duplicate_of bigint)
LANGUAGE plpgsql AS $$
DECLARE
	here record;
BEGIN
	state := 'queued';

	/* Rule 2: both sides are known to agree. */
	IF cached.github_id IS NULL OR cached.local_base IS NULL OR cached.sent IS NOT NULL THEN
		RETURN;
	END IF;
	SELECT * INTO here FROM github_sync.@record@_local_row(t.@record@_id);
	IF here.is_there AND here.fields IS NOT DISTINCT FROM cached.local_base THEN
		state := 'duplicate';
		SELECT c.id INTO duplicate_of FROM github_sync.@record@_sync_transactions AS c
		WHERE c.@resource@_id = cached.id AND c.state = 'completed' AND c.id <> t.id
		ORDER BY c.finished_at DESC, c.id DESC LIMIT 1;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_outbound(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: outbound rule 2 for a transaction of a locked record; state is queued or duplicate';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	OUT state text, OUT disabled_reason text, OUT duplicate_of bigint, OUT dropped_for bigint)
LANGUAGE plpgsql AS $$
BEGIN
	disabled_reason := github_sync.sync_disabled_reason(t.github_repo_id, t.direction);
	IF disabled_reason IS NOT NULL THEN
		state := 'disabled';
	ELSIF t.direction = 'inbound' THEN
		SELECT d.state, d.duplicate_of, d.dropped_for INTO state, duplicate_of, dropped_for
		FROM github_sync.@record@_decide_inbound(t, cached) AS d;
	ELSE
		SELECT d.state, d.duplicate_of INTO state, duplicate_of
		FROM github_sync.@record@_decide_outbound(t, cached) AS d;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: whether a transaction may wait in the queue, and why not; asked at insert and at claim';
