/*
 * What an answer of GitHub's does to a record: merge by field, write the
 * application's row, move the bases.  One procedure for both directions.  The
 * caller holds the local row and the record, and saves the record afterwards.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_remote_fields(cached github_sync.@resources@) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
--@task	SELECT ARRAY[cached.title, cached.body, {{cached_state}}{{cached_marks}}]
--@comment	SELECT ARRAY[cached.body]
$$;
COMMENT ON FUNCTION github_sync.@record@_remote_fields(github_sync.@resources@) IS
'private: the mapped fields as GitHub last answered';

CREATE OR REPLACE FUNCTION github_sync.@record@_shown_fields(shown github_sync.resource) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
--@task	SELECT ARRAY[shown.title, github_sync.as_written(shown.body), {{shown_state}}{{shown_marks}}]
--@comment	SELECT ARRAY[github_sync.as_written(shown.body)]
$$;
COMMENT ON FUNCTION github_sync.@record@_shown_fields(github_sync.resource) IS
'private: the mapped fields of a resource as an answer shows it';

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

CREATE OR REPLACE FUNCTION github_sync.@record@_first_side(
	cached github_sync.@resources@, repo github_sync.github_repos)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(cached.preferred_side, CASE repo.sync_direction WHEN 'inbound' THEN 'github' END)
$$;
COMMENT ON FUNCTION github_sync.@record@_first_side(github_sync.@resources@, github_sync.github_repos) IS
'private: which side decides every field until there is a base: the one that the link named, or GitHub where '
'nothing is ever written to it';

/* A value that we sent and GitHub holds is what both sides agree on, also when the answer was lost. */
CREATE OR REPLACE FUNCTION github_sync.@record@_settle_sent(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, remote text[], kind text)
LANGUAGE plpgsql AS $$
DECLARE
	is_answer_to_write CONSTANT boolean := kind IN ('written', 'created');
	was_created CONSTANT boolean := cached.local_base IS NULL;	/* before anything else was synced */
--@task	before CONSTANT github_sync.github_issues := CASE WHEN {{has_marks}} THEN cached END;
BEGIN
--@task	IF {{tells_reason}} AND kind = 'written' THEN
--@task		PERFORM github_sync.task_keep_refused_reason(t, cached, remote);
--@task	END IF;
	FOR i IN 1 .. cardinality(remote) LOOP
--@task		EXIT WHEN i > github_sync.task_state_position();		/* marks: task_settle_marks() */
		IF cached.sent_mask[i] AND (is_answer_to_write OR github_sync.same_text(remote[i], cached.sent[i])) THEN
			cached.local_base[i] := cached.sent[i];
			cached.remote_base[i] := remote[i];
		ELSIF cached.sent_mask[i] AND was_created THEN
			/* What exists was created with it: another value is a change since. */
			cached.local_base[i] := cached.sent[i];
			cached.remote_base[i] := cached.sent[i];
		END IF;
	END LOOP;
--@task	IF {{has_marks}} THEN
--@task		cached := github_sync.task_settle_marks(t, before, cached, remote, kind);
--@task	END IF;
	cached.sent := NULL;
	cached.sent_mask := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_sent(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text[], text) IS
'private: moves the bases of the fields that a write carried, by an answer of a kind: to the write, or a look at what '
'became of it';

CREATE OR REPLACE FUNCTION github_sync.@record@_never_synced(cached github_sync.@resources@) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT cached.local_base IS NULL OR cached.remote_base IS NULL
$$;
COMMENT ON FUNCTION github_sync.@record@_never_synced(github_sync.@resources@) IS
'private: linked, but there is no base that its sides could be compared with';

CREATE OR REPLACE FUNCTION github_sync.@record@_sides(
	cached github_sync.@resources@, remote text[], local text[], modified_at timestamptz)
RETURNS github_sync.field_sides[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	never_synced boolean := github_sync.@record@_never_synced(cached);
	sides github_sync.field_sides[];
BEGIN
	FOR i IN 1 .. cardinality(remote) LOOP
		sides[i] := ROW(
			local[i], CASE WHEN NOT never_synced THEN cached.local_base[i] END,
			coalesce(cached.local_changed_at[i], modified_at),
			remote[i], CASE WHEN NOT never_synced THEN cached.remote_base[i] END,
			cached.remote_changed_at[i]);
	END LOOP;
	RETURN sides;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_sides(github_sync.@resources@, text[], text[], timestamptz) IS
'private: both sides of each mapped field; where capture did not see the application change one, the row''s '
'modified_at counts';

CREATE OR REPLACE FUNCTION github_sync.@record@_deciding_side(
	cached github_sync.@resources@, repo github_sync.github_repos)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN github_sync.@record@_never_synced(cached) THEN github_sync.@record@_first_side(cached, repo) END
$$;
COMMENT ON FUNCTION github_sync.@record@_deciding_side(github_sync.@resources@, github_sync.github_repos) IS
'private: _first_side() of a record that was never synced; NULL: the bases decide, or neither side does';

CREATE OR REPLACE FUNCTION github_sync.@record@_verdicts(
	cached github_sync.@resources@, repo github_sync.github_repos, sides github_sync.field_sides[])
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	verdicts text[] := github_sync.merge_fields(sides, github_sync.@record@_never_synced(cached),
		github_sync.@record@_effective_policy(repo), github_sync.@record@_first_side(cached, repo));
--@task	state CONSTANT integer := github_sync.task_state_position();
BEGIN
--@task	/* A state that the application has no column for cannot win. */
--@task	IF (sides[state]).local IS NULL AND verdicts[state] IN ('app won', 'to remote') THEN
--@task		verdicts[state] := 'to local';
--@task	END IF;
--@task	IF {{has_marks}} THEN
--@task		verdicts := github_sync.task_verdicts_of_marks(
--@task			repo, sides, github_sync.task_deciding_side(cached, repo), verdicts);
--@task	END IF;
	RETURN verdicts;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_verdicts(
	github_sync.@resources@, github_sync.github_repos, github_sync.field_sides[]) IS
'private: what happens to each mapped field; the verdicts of merge_fields()';

CREATE OR REPLACE FUNCTION github_sync.@record@_keep_conflicts(
	t github_sync.@record@_sync_transactions, sides github_sync.field_sides[], verdicts text[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. cardinality(verdicts) LOOP
		IF verdicts[i] IN ('github won', 'app won') THEN
			INSERT INTO github_sync.sync_conflicts
				(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
			VALUES ('@record@', t.@resource@_id, t.id, (github_sync.field_names('@record@'))[i],
				(sides[i]).local_base, (sides[i]).local, (sides[i]).remote, split_part(verdicts[i], ' ', 1));
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_keep_conflicts(
	github_sync.@record@_sync_transactions, github_sync.field_sides[], text[]) IS
'private: keeps both texts of each field that both sides changed differently';

CREATE OR REPLACE FUNCTION github_sync.@record@_move_bases(
	INOUT cached github_sync.@resources@, sides github_sync.field_sides[], verdicts text[])
LANGUAGE plpgsql AS $$
DECLARE
	never_synced boolean := github_sync.@record@_never_synced(cached);
BEGIN
	FOR i IN 1 .. cardinality(verdicts) LOOP
		IF verdicts[i] IN ('same', 'agreed', 'to local', 'github won') THEN
			cached.local_base[i] := (sides[i]).local;
			cached.remote_base[i] := (sides[i]).remote;
		ELSIF verdicts[i] = 'app won' OR verdicts[i] = 'to remote' AND never_synced THEN
			/* From here on GitHub's value is the base, and the local one a change on top of it. */
			cached.local_base[i] := (sides[i]).remote;
			cached.remote_base[i] := (sides[i]).remote;
		END IF;
	END LOOP;
	cached.preferred_side := CASE WHEN NOT never_synced THEN cached.preferred_side END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_move_bases(github_sync.@resources@, github_sync.field_sides[], text[]) IS
'private: moves both bases of the fields that the verdicts settle; the base of a field that is only to be sent '
'moves when GitHub has it';

CREATE OR REPLACE FUNCTION github_sync.@record@_write_local_row(
	INOUT cached github_sync.@resources@, remote text[], chosen boolean[], stays_dirty boolean, further jsonb)
LANGUAGE plpgsql AS $$
DECLARE
	here github_sync.local_row := github_sync.@record@_update_local_row(cached.@record@_id, remote, chosen,
		CASE WHEN NOT stays_dirty THEN cached.github_updated_at END, further);
BEGIN
	IF NOT here.is_there THEN
		/* A trigger of the application's deleted the row, as an archive does: the foreign key has unlinked it. */
		cached.@record@_id := NULL;
		cached.local_base := NULL;
		cached.remote_base := NULL;
		RETURN;
	END IF;
	FOR i IN 1 .. cardinality(remote) LOOP
		IF chosen[i] THEN
			cached.local_base[i] := here.fields[i];
		END IF;
	END LOOP;
	IF true = ANY (chosen) THEN
		cached := github_sync.@record@_note_side(cached, 'github');
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_write_local_row(github_sync.@resources@, text[], boolean[], boolean, jsonb) IS
'private: writes GitHub''s values into the chosen fields of the local row, and further columns; what the row holds '
'when all its triggers have run is their local base. Its time of change follows GitHub''s where no field stays dirty';

/* By an outbound trigger of the application's own, or by capture where a trigger wrote the new row once more. */
CREATE OR REPLACE FUNCTION github_sync.@record@_take_in_echo(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	stub_id bigint := (SELECT r.id FROM github_sync.@resources@ AS r
		WHERE r.@record@_id = cached.@record@_id AND r.id <> cached.id);
	echoes bigint[];
BEGIN
	IF stub_id IS NULL THEN
		RETURN;
	END IF;
	WITH ended AS (
		UPDATE github_sync.@record@_sync_transactions SET event = 'already carried', duplicate_of = t.id
		WHERE @resource@_id = stub_id AND state = 'queued' AND direction = 'outbound' AND action = 'upsert'
		RETURNING id)
	SELECT array_agg(e.id) INTO echoes FROM ended AS e;
	UPDATE github_sync.@resources@ SET @record@_id = NULL WHERE id = stub_id;
	PERFORM github_sync.@record@_join_records(cached.id, stub_id);
	UPDATE github_sync.@record@_sync_transactions SET @record@_id = cached.@record@_id WHERE id = ANY (echoes);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_take_in_echo(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: outbound transactions that were inserted while the row of this record was made are its own echo: what they '
'tell of came from GitHub. The record that they made for the row becomes part of this one';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_hold_tasks(issue_ids bigint[]) RETURNS bigint[]
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	held record;
--@comment BEGIN
--@comment	/* Unlinked while a row is made, its issue would leave it without a task. */
--@comment	SELECT coalesce(array_agg(i.id), '{}') AS ids, array_agg(i.task_id) AS keys INTO held
--@comment	FROM github_sync.task_share_records_nowait(issue_ids) AS i WHERE i.task_id IS NOT NULL;
--@comment	/* A task is being deleted: asked again shortly, when that is done. */
--@comment	IF NOT github_sync.task_key_share_local_rows_nowait(held.keys) THEN
--@comment		RAISE lock_not_available USING MESSAGE = 'the task of the comment has just been deleted';
--@comment	END IF;
--@comment	RETURN held.ids;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_hold_tasks(bigint[]) IS
--@comment 'private: keeps issues and their tasks together, so that comments can become rows of them; returns the '
--@comment 'issues that have a task. 55P03: somebody holds one of them';

CREATE OR REPLACE FUNCTION github_sync.@record@_with_made_row(
	INOUT cached github_sync.@resources@, key {{key_type}}, made github_sync.local_row)
LANGUAGE plpgsql AS $$
BEGIN
	/* The application's triggers did not let it be: the record stays as it is. */
	IF made.is_there IS NOT TRUE THEN
		RETURN;
	END IF;
	cached.@record@_id := key;
--@task	cached.local_repo_id := made.github_repo_id;
	cached.row_is_ours := true;
	cached.local_base := made.fields;
	cached.remote_base := github_sync.@record@_remote_fields(cached);
	cached.preferred_side := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_with_made_row(
	github_sync.@resources@, {{key_type}}, github_sync.local_row) IS
'private: a record with the local row that was made of what it shows';

CREATE OR REPLACE FUNCTION github_sync.@record@_make_local_row(
	t github_sync.@record@_sync_transactions, repo github_sync.github_repos,
	INOUT cached github_sync.@resources@, remote text[], shown_json text)
LANGUAGE plpgsql AS $$
DECLARE
	new_row github_sync.new_row;
	made record;
BEGIN
	IF repo.sync_direction = 'outbound' OR cached.local_deleted_at IS NOT NULL OR t.direction <> 'inbound' THEN
		RETURN;
	END IF;
--@comment	IF github_sync.comment_hold_tasks(ARRAY[cached.github_issue_id]) = '{}' THEN
--@comment		RETURN;
--@comment	END IF;
	new_row.fields := github_sync.@record@_storable_fields(remote);
	new_row.modified_at := cached.github_updated_at;
--@comment	new_row.parent_issue_id := cached.github_issue_id;
	new_row.json := shown_json;
	PERFORM github_sync.@record@_lock_table_to_insert_nowait();
	made := github_sync.@record@_insert_local_rows(repo, ARRAY[new_row]);
	cached := github_sync.@record@_with_made_row(cached, made.keys[1], made.made[1]);
	PERFORM github_sync.@record@_take_in_echo(t, cached) WHERE cached.@record@_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_make_local_row(
	github_sync.@record@_sync_transactions, github_sync.github_repos, github_sync.@resources@, text[], text) IS
'private: makes a local row for a resource that has none, where the direction allows it and none was deleted by the '
'application; without a row the record stays as it is';

/* Ten turns within an hour are no conversation of people: see sync_problems and the index of turned_at. */
CREATE OR REPLACE FUNCTION github_sync.@record@_note_side(INOUT cached github_sync.@resources@, side text)
LANGUAGE plpgsql AS $$
DECLARE
	was_fight CONSTANT boolean := cardinality(cached.turned_at) = 10
		AND cached.turned_at[10] - cached.turned_at[1] < interval '1 hour';
BEGIN
	IF cached.last_side <> side THEN
		cached.turning_since := CASE WHEN was_fight THEN coalesce(cached.turning_since, cached.turned_at[1]) END;
		cached.turned_at := cached.turned_at || clock_timestamp();
		cached.turned_at := cached.turned_at[greatest(cardinality(cached.turned_at) - 9, 1):];
	END IF;
	cached.last_side := side;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_side(github_sync.@resources@, text) IS
'private: one side of a record (github, app) was written from the other; where it was the other one before, when that '
'turned, of the last ten times, and since when they came so fast that older ones are forgotten';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle_write(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, remote text[], kind text)
LANGUAGE plpgsql AS $$
BEGIN
	IF cached.sent IS NOT NULL THEN
		cached := github_sync.@record@_settle_sent(t, cached, remote, kind);
	END IF;
	IF kind = 'written' THEN
		cached := github_sync.@record@_note_side(cached, 'app');
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_write(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text[], text) IS
'private: what an answer of a kind says of the write before it, if there was one';

CREATE OR REPLACE FUNCTION github_sync.@record@_merge(
	t github_sync.@record@_sync_transactions, repo github_sync.github_repos,
	INOUT cached github_sync.@resources@, remote text[], answer github_sync.answer, OUT merged github_sync.merge_result)
LANGUAGE plpgsql AS $$
DECLARE
	here github_sync.local_row;
	sides github_sync.field_sides[];
	verdicts text[];
	chosen boolean[];
	further jsonb;
	nothing CONSTANT boolean[] := array_fill(false, ARRAY[cardinality(remote)]);
--@task	marks record;
--@task	left_at_github record;
BEGIN
	merged.to_send := nothing;
	cached := github_sync.@record@_settle_write(t, cached, remote, answer.kind);
--@task	IF {{has_marks}} THEN
--@task		left_at_github := github_sync.task_as_left(cached, remote);
--@task		cached := left_at_github.cached;
--@task		remote := left_at_github.remote;
--@task	END IF;
	IF cached.@record@_id IS NULL THEN
		cached := github_sync.@record@_make_local_row(t, repo, cached, remote, answer.json);
		merged.applied := cached.@record@_id IS NOT NULL;
		RETURN;
	END IF;

	here := github_sync.@record@_local_row(cached.@record@_id);
	sides := github_sync.@record@_sides(cached, remote, here.fields, here.modified_at);
	verdicts := github_sync.@record@_verdicts(cached, repo, sides);
--@task	IF {{has_marks}} THEN
--@task		marks := github_sync.task_merged_marks(repo, sides, github_sync.task_deciding_side(cached, repo), remote);
--@task	END IF;
	PERFORM github_sync.@record@_keep_conflicts(t, sides, verdicts) WHERE verdicts && '{github won,app won}';
	cached := github_sync.@record@_move_bases(cached, sides, verdicts);
	FOR i IN 1 .. cardinality(verdicts) LOOP
		chosen[i] := verdicts[i] IN ('to local', 'to both', 'github won') AND repo.sync_direction <> 'outbound';
		merged.to_send[i] := verdicts[i] IN ('to remote', 'to both', 'app won')
			AND t.direction = 'outbound' AND repo.sync_direction <> 'inbound';
	END LOOP;
	merged.local_fields := here.fields;
	merged.was_moved := true = ANY (merged.to_send)
		AND github_sync.@record@_place_problem(cached, here) IS NOT NULL;
	merged.lost := 'app won' = ANY (verdicts);
	further := CASE WHEN {{has_apply_values}} AND answer.json IS NOT NULL AND here.is_there
		AND repo.sync_direction <> 'outbound'
		THEN github_sync.@record@_further_values(cached.@record@_id, repo,
			github_sync.@record@_resource_for_application(answer.json, remote)) END;
	merged.applied := true = ANY (chosen) OR further IS NOT NULL;
	IF merged.applied THEN
		cached := github_sync.@record@_write_local_row(
			cached, {{fields_to_write}}, chosen, verdicts && '{to remote,to both,app won}', further);
	END IF;
--@task	IF {{has_marks}} THEN
--@task		marks := github_sync.task_move_bases_of_marks(t, cached, merged, sides, chosen, marks.there);
--@task		cached := marks.cached;
--@task		merged := github_sync.task_with_lost_to_send(t, repo, marks.merged, left_at_github.to_restore);
--@task	END IF;
	merged.to_send := CASE WHEN cached.@record@_id IS NOT NULL THEN merged.to_send ELSE nothing END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_merge(
	github_sync.@record@_sync_transactions, github_sync.github_repos, github_sync.@resources@, text[],
	github_sync.answer) IS
'private: merges GitHub''s present values into the local row and says which fields are still to be sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_save_records(
	ids bigint[], changed github_sync.@resources@[])
RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	saved bigint[];
BEGIN
	WITH s AS (UPDATE github_sync.@resources@ AS r SET
		github_id = c.github_id,
--@task		number = c.number,
--@task		local_repo_id = c.local_repo_id,
--@task		is_pull_request = c.is_pull_request,
--@task		title = c.title,
--@task		state = c.state,
--@task		state_reason = c.state_reason,
--@task		closed_at = c.closed_at,
--@task		marks = c.marks,
--@comment		github_issue_id = c.github_issue_id,
		@record@_id = c.@record@_id,
		row_is_ours = c.row_is_ours,
		body = c.body,
		author_login = c.author_login,
		html_url = c.html_url,
		github_created_at = c.github_created_at,
		github_updated_at = c.github_updated_at,
		seen_at = c.seen_at,
		missing_since = c.missing_since,
		preferred_side = c.preferred_side,
		deleted_at = c.deleted_at,
		remote_base = c.remote_base,
		local_base = c.local_base,
		remote_changed_at = c.remote_changed_at,
		sent = c.sent,
		sent_mask = c.sent_mask,
		written_at = c.written_at,
		replaced = c.replaced,
		settle_at = c.settle_at,
		turned_at = c.turned_at,
		turning_since = c.turning_since,
		last_side = c.last_side,
		etag = c.etag,
		etag_key = c.etag_key,
		lock_version = r.lock_version + 1
	FROM unnest(changed) AS c WHERE r.id = ANY (ids) AND r.id = c.id
	RETURNING r.id, (r.github_id, r.@record@_id, r.github_updated_at, r.remote_base, r.local_base, r.sent)
		IS NOT DISTINCT FROM (c.github_id, c.@record@_id, c.github_updated_at, c.remote_base, c.local_base, c.sent)
		AS is_as_it_should_be)
	SELECT array_agg(s.id) INTO saved FROM s WHERE s.is_as_it_should_be;
	IF cardinality(saved) = cardinality(ids) IS NOT TRUE THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the cached record %s could not be written', (
				SELECT min(u.id) FROM unnest(ids) AS u (id) WHERE (u.id = ANY (saved)) IS NOT TRUE)),
			HINT = 'A trigger or a rule undoes it: see those of github_sync.@resources@.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_save_records(bigint[], github_sync.@resources@[]) IS
'private: writes records, with their ids, back that their holder changed, all but local_changed_at, which is '
'capture''s; raises where that took no effect: their bases would be wrong';

CREATE OR REPLACE FUNCTION github_sync.@record@_save_record(cached github_sync.@resources@) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_save_records(ARRAY[cached.id], ARRAY[cached]);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_save_record(github_sync.@resources@) IS
'private: the same of one record';
