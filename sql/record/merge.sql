/*
 * What an answer of GitHub's does to a record: merge by field, write the
 * application's row, move the bases.  One procedure for both directions.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_remote_fields(cached github_sync.@resources@) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
--@task	SELECT ARRAY[cached.title, cached.body, cached.state]
--@comment	SELECT ARRAY[cached.body]
$$;
COMMENT ON FUNCTION github_sync.@record@_remote_fields(github_sync.@resources@) IS
'private: the mapped fields as GitHub last answered';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_record(cached_id bigint) RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	linked_id {{key_type}};
	cached github_sync.@resources@;
BEGIN
	/* The application locks its row first and then, by capture, the record: so do we, without waiting. */
	SELECT r.@record@_id INTO linked_id FROM github_sync.@resources@ AS r WHERE r.id = cached_id;
	PERFORM github_sync.@record@_lock_local_row(linked_id) WHERE linked_id IS NOT NULL;
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = cached_id FOR UPDATE NOWAIT;
	IF cached.@record@_id IS DISTINCT FROM linked_id THEN
		RAISE lock_not_available USING MESSAGE = 'the record was linked or unlinked meanwhile';
	END IF;
	RETURN cached;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_record(bigint) IS
'private: locks the local row and the record without waiting; 55P03: somebody else holds one, try again shortly';

CREATE OR REPLACE FUNCTION github_sync.@record@_record_conflict(
	t github_sync.@record@_sync_transactions, field integer, base text, local text, remote text, winner text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.sync_conflicts
		(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
--@task	SELECT '@record@', t.@resource@_id, t.id, ('{title,body,state}'::text[])[field], base, local, remote, winner;
--@comment	SELECT '@record@', t.@resource@_id, t.id, 'body', base, local, remote, winner;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_record_conflict(github_sync.@record@_sync_transactions, integer, text, text, text, text) IS
'private: keeps both texts of a field that both sides changed differently';

CREATE OR REPLACE FUNCTION github_sync.@record@_effective_policy(repo github_sync.github_repos) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	/* In a one-way repository the side that is never written decides. */
	SELECT CASE repo.sync_direction
		WHEN 'inbound' THEN 'github_wins'
		WHEN 'outbound' THEN 'app_wins'
		ELSE repo.conflict_policy END
$$;
COMMENT ON FUNCTION github_sync.@record@_effective_policy(github_sync.github_repos) IS
'private: conflict_policy, or what a one-way repository makes of it';

CREATE OR REPLACE FUNCTION github_sync.@record@_first_side(cached github_sync.@resources@, repo github_sync.github_repos) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(cached.preferred_side, CASE repo.sync_direction WHEN 'inbound' THEN 'github' END)
$$;
COMMENT ON FUNCTION github_sync.@record@_first_side(github_sync.@resources@, github_sync.github_repos) IS
'private: who decides every field until there is a base: as the link said, or GitHub where nothing else is ever written';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_remote(
	INOUT cached github_sync.@resources@, remote text[], remote_updated_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	previous text[] := github_sync.@record@_remote_fields(cached);
BEGIN
	FOR i IN 1 .. cardinality(remote) LOOP
		IF cached.remote_changed_at[i] IS NULL OR previous[i] IS DISTINCT FROM remote[i] THEN
			cached.remote_changed_at[i] := remote_updated_at;
		END IF;
	END LOOP;
--@task	cached.title := remote[1];
--@task	cached.body := remote[2];
--@task	cached.state := remote[3];
--@comment	cached.body := remote[1];
	cached.github_updated_at := remote_updated_at;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_remote(github_sync.@resources@, text[], timestamptz) IS
'private: takes over GitHub''s present values and since when each is known';

/* A value that we sent and GitHub holds is what both sides agree on, also when the answer was lost. */
CREATE OR REPLACE FUNCTION github_sync.@record@_settle_sent(
	INOUT cached github_sync.@resources@, remote text[], is_answer_to_write boolean)
LANGUAGE plpgsql AS $$
DECLARE
	was_created boolean := cached.local_base IS NULL;	/* before anything else was synced */
BEGIN
	IF cached.sent IS NULL THEN
		RETURN;
	END IF;
	FOR i IN 1 .. cardinality(remote) LOOP
		IF cached.sent_mask[i] AND (is_answer_to_write OR github_sync.same_text(remote[i], cached.sent[i])) THEN
			cached.local_base[i] := cached.sent[i];
			cached.remote_base[i] := remote[i];
		ELSIF cached.sent_mask[i] AND was_created THEN
			/* What exists was created with it: another value is a change since. */
			cached.local_base[i] := cached.sent[i];
			cached.remote_base[i] := cached.sent[i];
		END IF;
	END LOOP;
	cached.sent := NULL;
	cached.sent_mask := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_sent(github_sync.@resources@, text[], boolean) IS
'private: moves the bases of the fields that a write carried';

CREATE OR REPLACE FUNCTION github_sync.@record@_merge(
	t github_sync.@record@_sync_transactions, repo github_sync.github_repos,
	INOUT cached github_sync.@resources@, remote text[], is_answer_to_write boolean, resource text,
	OUT local_fields text[], OUT to_send boolean[], OUT applied boolean, OUT lost boolean)
LANGUAGE plpgsql AS $$
DECLARE
	here record;
	verdicts text[];
	chosen boolean[] := array_fill(false, ARRAY[cardinality(remote)]);
	written text[];
	never_synced boolean;
	local_times timestamptz[];
	stays_dirty boolean := false;
BEGIN
	to_send := chosen;
	applied := false;
	lost := false;
	cached := github_sync.@record@_settle_sent(cached, remote, is_answer_to_write);

	IF cached.@record@_id IS NULL THEN
		IF repo.sync_direction <> 'outbound' AND cached.local_deleted_at IS NULL AND t.direction = 'inbound'
--@comment			AND EXISTS (SELECT FROM github_sync.github_issues AS i
--@comment				WHERE i.id = cached.github_issue_id AND i.task_id IS NOT NULL)
		THEN
--@comment			/* Its task is being deleted: asked again shortly, when that is done. */
--@comment			IF NOT github_sync.task_hold_key_at_once((SELECT i.task_id FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id)) THEN
--@comment				RAISE lock_not_available USING MESSAGE = 'the task of the comment has just been deleted';
--@comment			END IF;
			SELECT n.key, n.written INTO cached.@record@_id, written
			FROM github_sync.@record@_insert_local_row(repo, remote, cached.github_updated_at, resource::jsonb,
--@task				NULL) AS n;
--@comment				cached.github_issue_id) AS n;
			cached.local_base := written;
			cached.remote_base := remote;
			cached.preferred_side := NULL;
			applied := true;
		END IF;
		RETURN;
	END IF;

	SELECT * INTO here FROM github_sync.@record@_local_row(cached.@record@_id);
	local_fields := here.fields;
	never_synced := cached.local_base IS NULL OR cached.remote_base IS NULL;
	FOR i IN 1 .. cardinality(remote) LOOP
		local_times[i] := coalesce(cached.local_changed_at[i], here.modified_at);
	END LOOP;
	verdicts := github_sync.merge_fields(local_fields, cached.local_base, remote, cached.remote_base,
		github_sync.@record@_effective_policy(repo), github_sync.@record@_first_side(cached, repo),
		local_times, cached.remote_changed_at);
--@task	/* A state that the application has no column for cannot win. */
--@task	IF local_fields[3] IS NULL AND verdicts[3] IN ('app won', 'to remote') THEN
--@task		verdicts[3] := 'to local';
--@task	END IF;
	IF never_synced THEN
		cached.local_base := local_fields;
		cached.remote_base := remote;
		cached.preferred_side := NULL;
	END IF;

	FOR i IN 1 .. cardinality(remote) LOOP
		IF verdicts[i] IN ('github won', 'app won') THEN
			PERFORM github_sync.@record@_record_conflict(t, i,
				CASE WHEN NOT never_synced THEN cached.local_base[i] END, local_fields[i], remote[i],
				split_part(verdicts[i], ' ', 1));
		END IF;
		CASE verdicts[i]
			WHEN 'same' THEN
				NULL;
			WHEN 'agreed' THEN
				cached.local_base[i] := local_fields[i];
				cached.remote_base[i] := remote[i];
			WHEN 'to local', 'github won' THEN
				chosen[i] := repo.sync_direction <> 'outbound';
				cached.local_base[i] := local_fields[i];
				cached.remote_base[i] := remote[i];
			WHEN 'to remote', 'app won' THEN
				/* From here on GitHub's value is the base, and the local one a change on top of it. */
				IF never_synced OR verdicts[i] = 'app won' THEN
					cached.local_base[i] := remote[i];
					cached.remote_base[i] := remote[i];
				END IF;
				lost := lost OR verdicts[i] = 'app won';
				stays_dirty := true;
				to_send[i] := t.direction = 'outbound' AND repo.sync_direction <> 'inbound';
		END CASE;
	END LOOP;

	IF true = ANY (chosen) THEN
		written := github_sync.@record@_update_local_row(cached.@record@_id, remote, chosen,
			CASE WHEN NOT stays_dirty THEN cached.github_updated_at END);
		FOR i IN 1 .. cardinality(remote) LOOP
			IF chosen[i] THEN
				cached.local_base[i] := written[i];
			END IF;
		END LOOP;
		applied := true;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_merge(github_sync.@record@_sync_transactions, github_sync.github_repos, github_sync.@resources@, text[], boolean, text) IS
'private: merges GitHub''s present values into the local row and says which fields are still to be sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_save_record(cached github_sync.@resources@) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ AS r SET
		github_id = cached.github_id,
--@task		number = cached.number,
--@task		is_pull_request = cached.is_pull_request,
--@task		title = cached.title,
--@task		state = cached.state,
--@task		state_reason = cached.state_reason,
--@task		closed_at = cached.closed_at,
--@comment		github_issue_id = cached.github_issue_id,
		@record@_id = cached.@record@_id,
		body = cached.body,
		author_login = cached.author_login,
		html_url = cached.html_url,
		github_created_at = cached.github_created_at,
		github_updated_at = cached.github_updated_at,
		seen_at = cached.seen_at,
		missing_since = cached.missing_since,
		preferred_side = cached.preferred_side,
		deleted_at = cached.deleted_at,
		remote_base = cached.remote_base,
		local_base = cached.local_base,
		remote_changed_at = cached.remote_changed_at,
		local_changed_at = cached.local_changed_at,
		sent = cached.sent,
		sent_mask = cached.sent_mask,
		etag = cached.etag,
		etag_key = cached.etag_key,
		lock_version = r.lock_version + 1
	WHERE r.id = cached.id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_save_record(github_sync.@resources@) IS
'private: writes a record back that its holder changed';
