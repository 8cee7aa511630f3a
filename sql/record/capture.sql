/*
 * Capture: what the application's writes put into the queue.  Called for each
 * change by capture_change(), the trigger on its table, which contains whatever
 * is raised here; the trigger is made and dropped by capture_@record@_changes(),
 * and there is none at first.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_stamp_local_change(
	key {{key_type}}, old_fields text[], new_fields text[], closed_from text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ AS r SET
--@task		local_open_value = coalesce(closed_from, r.local_open_value),
		local_changed_at = (
		SELECT array_agg(CASE WHEN new_fields[i] IS DISTINCT FROM old_fields[i]
			THEN clock_timestamp() ELSE r.local_changed_at[i] END ORDER BY i)
		FROM generate_subscripts(new_fields, 1) AS i)
	WHERE r.@record@_id = key;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_stamp_local_change({{key_type}}, text[], text[], text) IS
'private: when the application changed which field, for last_write_wins; and what its state was before it was closed';

CREATE OR REPLACE FUNCTION github_sync.@record@_standing_has_changed(
	cached github_sync.@resources@, here github_sync.local_row)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	RETURN
--@task		here.is_wanted
--@task			AND here.github_repo_id IS DISTINCT FROM coalesce(cached.local_repo_id, cached.github_repo_id)
--@task		OR
		(here.is_wanted IS TRUE) = (github_sync.@record@_strays_of(cached.id) IS NOT NULL)
		OR here.is_wanted AND cached.local_deleted_at IS NOT NULL
		OR here.is_deleted AND cached.local_deleted_at IS NULL AND github_sync.@record@_propagates_deletion(cached);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_standing_has_changed(github_sync.@resources@, github_sync.local_row) IS
'private: whether a row is to be synced, is deleted, or belongs elsewhere, other than its record and its '
'transactions tell';

CREATE OR REPLACE FUNCTION github_sync.@record@_capture(
	key_text text, is_update boolean, old_values text[], new_values text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
	key {{key_type}};
	old_fields text[];
	new_fields text[];
	record_id bigint;
	here github_sync.local_row;
	is_standing_alone boolean;
BEGIN
	PERFORM github_sync.require_one_owner();
	key := key_text;
	old_fields := {{old_fields}};
	new_fields := {{new_fields}};
	is_standing_alone := is_update AND new_fields IS NOT DISTINCT FROM old_fields AND {{same_place}};
	IF is_standing_alone AND {{same_standing}} THEN
		RETURN;
	END IF;
	IF NOT github_sync.database_is_adopted() THEN
		/* Rows that a restore brings back are no change. */
		PERFORM github_sync.note_problem('@record@', 'copy', 'in a copied database nothing is captured',
			'Where this database is to take the place of the other: SELECT github_sync.adopt_database().')
		WHERE NOT github_sync.is_restoring();
		RETURN;
	END IF;
	/* A row that has a record is there.  Any other may have been deleted since by another trigger. */
	record_id := (SELECT r.id FROM github_sync.@resources@ AS r WHERE r.@record@_id = key);
	IF record_id IS NULL OR is_standing_alone THEN
		here := github_sync.@record@_local_row(key);
	END IF;
	IF record_id IS NULL THEN
--@task		IF here.is_wanted IS NOT TRUE
--@task			OR NOT github_sync.is_connected(here.github_repo_id) THEN
--@comment		IF here.is_wanted IS NOT TRUE OR here.parent_issue_id IS NULL
--@comment			AND NOT github_sync.task_has_repository(
--@comment				(SELECT r.{{task_id}} FROM {{table}} AS r WHERE r.{{id}} = key)) THEN
			RETURN;
		END IF;
	ELSIF is_standing_alone AND NOT github_sync.@record@_standing_has_changed(
		(SELECT r FROM github_sync.@resources@ AS r WHERE r.id = record_id), here) THEN
		RETURN;
	END IF;
--@task	INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id)
--@task	VALUES ('outbound', key, here.github_repo_id);
--@comment	INSERT INTO github_sync.comment_sync_transactions (direction, comment_id) VALUES ('outbound', key);
	/*
	 * After the INSERT, which has locked the record, and of a comment the parent before it. A record that the
	 * INSERT has made, of a row that was unlinked meanwhile, say, has no base yet, from which a field could differ
	 * since a time.
	 */
	PERFORM github_sync.@record@_stamp_local_change(key, old_fields, new_fields, {{closed_from}})
	WHERE is_update
		AND EXISTS (SELECT FROM github_sync.@resources@ AS r WHERE r.id = record_id AND r.@record@_id = key);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_capture(text, boolean, text[], text[]) IS
'private: enqueues an outbound transaction for a row of a known repository that was inserted or changed; one without '
'it, or one that was never synced and is not to be, is left alone. The values are those of the captured columns '
'that changed, NULL for all others';

/*
 * Many edits at once.  What can be said of a row only by itself, as it was never
 * synced, or may be filtered, goes the way of one edit.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_takes_edits() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN github_sync.@record@_table_fits() AND NOT {{has_filter}} AND github_sync.database_is_adopted()
--@comment		AND NOT github_sync.task_has_filter()
		AND NOT github_sync.@record@_queue_runs_code_of_application()
		AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q WHERE q.@resource@_id IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_takes_edits() IS
'private: whether edits may be enqueued together';

CREATE OR REPLACE FUNCTION github_sync.@record@_edits_of(key_texts text[], old_texts text[], new_texts text[])
RETURNS github_sync.edit[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ARRAY(
		SELECT ROW(f.key_text, ARRAY(SELECT f.new_fields[i] IS DISTINCT FROM f.old_fields[i]
				FROM generate_subscripts(f.new_fields, 1) AS i ORDER BY i), f.closed_from)::github_sync.edit
		FROM (
			SELECT e.key_text, e.old_fields, e.new_fields, {{closed_from}} AS closed_from
			FROM (
				SELECT c.key_text, c.old_values, {{old_fields}} AS old_fields, {{new_fields}} AS new_fields
				FROM (
					SELECT u.key_text, u.old_text::text[] AS old_values, u.new_text::text[] AS new_values
					FROM unnest(key_texts, old_texts, new_texts) AS u (key_text, old_text, new_text)
				) AS c) AS e) AS f
		WHERE f.new_fields IS DISTINCT FROM f.old_fields);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_edits_of(text[], text[], text[]) IS
'private: what was changed of the mapped fields, by what captured columns held, an array as text of each row; rows of '
'which no such field changed are left out';

CREATE OR REPLACE FUNCTION github_sync.@record@_hold_edited(edits github_sync.edit[])
RETURNS github_sync.@resources@[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	keys CONSTANT {{key_type}}[] := ARRAY(SELECT e.key::{{key_type}} FROM unnest(edits) AS e);
	ids CONSTANT bigint[] := github_sync.@record@_lock_records_of_local_rows(keys);
	held github_sync.@resources@[];
BEGIN
	WITH stamped AS (
		UPDATE github_sync.@resources@ AS r SET lock_version = r.lock_version + 1,
--@task			local_open_value = coalesce(e.closed_from, r.local_open_value),
			local_changed_at = (SELECT array_agg(CASE WHEN e.changed[i] THEN clock_timestamp()
				ELSE r.local_changed_at[i] END ORDER BY i) FROM generate_subscripts(e.changed, 1) AS i)
		FROM unnest(edits) AS e
		WHERE r.id = ANY (ids) AND r.@record@_id = e.key::{{key_type}}
			/* Of any other, nothing is at GitHub yet, perhaps, or it is to go along with its row. */
			AND r.github_id IS NOT NULL AND r.local_base IS NOT NULL
--@task			AND r.number IS NOT NULL
		RETURNING r)
	SELECT array_agg(s.r) INTO held FROM stamped AS s;
	RETURN coalesce(held, '{}');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_hold_edited(github_sync.edit[]) IS
'private: locks the records of edited rows that were synced before, and notes when the application changed which of '
'their fields';

CREATE OR REPLACE FUNCTION github_sync.@record@_enqueue_edits(held github_sync.@resources@[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	rows CONSTANT github_sync.local_row[] := github_sync.@record@_local_rows(
		ARRAY(SELECT c.@record@_id FROM unnest(held) AS c));
	situations CONSTANT github_sync.situation[] := github_sync.@record@_situations(
		ARRAY(SELECT c.id FROM unnest(held) AS c), ARRAY(SELECT c.github_repo_id FROM unnest(held) AS c), 'outbound');
BEGIN
	INSERT INTO github_sync.@record@_sync_transactions AS q (id, direction, state, github_app_installation_id,
		github_repo_id, @record@_id, @resource@_id, @resource@_external_id,
--@task		github_issue_number,
--@comment		github_issue_id,
		record_modified_at, duplicate_of, disabled_reason, error_code, error_reason, because, priority, next_attempt_at,
		lagging_answers, creates, supersedes, queued_at, finished_at)
	SELECT (d.t).id, (d.t).direction, (d.t).state, (d.t).github_app_installation_id,
		(d.t).github_repo_id, (d.t).@record@_id, (d.t).@resource@_id, (d.t).@resource@_external_id,
--@task		(d.t).github_issue_number,
--@comment		(d.t).github_issue_id,
		(d.t).record_modified_at, (d.t).duplicate_of, (d.t).disabled_reason, (d.t).error_code, (d.t).error_reason,
		(d.t).because, (d.t).priority, (d.t).next_attempt_at, (d.t).lagging_answers, (d.t).creates, (d.t).supersedes,
		(d.t).queued_at, (d.t).finished_at
	FROM (
		SELECT github_sync.@record@_decided(github_sync.@record@_new_edit(held[i], rows[i]), held[i], rows[i],
			situations[i]) AS t
		FROM generate_subscripts(held, 1) AS i OFFSET 0) AS d;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_enqueue_edits(github_sync.@resources@[]) IS
'private: enqueues an outbound transaction for each of these records, which are held';

CREATE OR REPLACE FUNCTION github_sync.@record@_capture_edits(key_texts text[], old_texts text[], new_texts text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	held github_sync.@resources@[] := '{}';
	taken text[];
BEGIN
	PERFORM github_sync.require_one_owner();
	IF github_sync.@record@_takes_edits() THEN
		held := github_sync.@record@_hold_edited(github_sync.@record@_edits_of(key_texts, old_texts, new_texts));
		PERFORM github_sync.@record@_enqueue_edits(held);
	END IF;
	taken := ARRAY(SELECT c.@record@_id::text FROM unnest(held) AS c);
	PERFORM github_sync.@record@_capture(u.key_text, true, u.old_text::text[], u.new_text::text[])
	FROM unnest(key_texts, old_texts, new_texts) WITH ORDINALITY AS u (key_text, old_text, new_text, place)
	WHERE NOT EXISTS (SELECT FROM unnest(taken) AS k (key_text) WHERE k.key_text = u.key_text) ORDER BY u.place;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_capture_edits(text[], text[], text[]) IS
'private: the same for UPDATEs of many rows, each of which is there once: what captured columns held is an array as '
'text';

/* App and server have clocks of their own. */
CREATE OR REPLACE FUNCTION github_sync.@record@_catch_up_margin() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '1 minute';
COMMENT ON FUNCTION github_sync.@record@_catch_up_margin() IS
'private: rows never synced that were changed this long before a problem was noted are enqueued as well';

CREATE OR REPLACE FUNCTION github_sync.@record@_enqueue_uncaptured(uncaptured_since timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
/* Expressions of the application name its columns: none of them is a variable of ours. */
#variable_conflict use_column
DECLARE
	enqueued bigint;
BEGIN
	INSERT INTO github_sync.@record@_sync_transactions (direction, @record@_id, github_repo_id)
	SELECT 'outbound', r.{{id}}, {{github_repo_id}}
	FROM {{table}} AS r LEFT JOIN github_sync.@resources@ AS cached ON cached.@record@_id = r.{{id}}
	WHERE NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.direction = 'outbound' AND q.state = 'queued')
		AND (cached.local_base IS DISTINCT FROM {{local_fields}} AND {{is_wanted}}
			AND (cached.local_base IS NOT NULL
				/* Never synced, there is nothing to compare it with but when it was changed. */
				OR NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
					WHERE q.@resource@_id = cached.id AND q.direction = 'outbound'
						AND q.record_modified_at >= {{modified_at}})
				AND ({{modified_at}} >= @record@_enqueue_uncaptured.uncaptured_since OR r.{{id}}::text IN (
					SELECT u.key FROM github_sync.uncaptured_rows AS u WHERE u.record_type = '@record@'))
				AND (cached.id IS NOT NULL
--@task				OR EXISTS (SELECT FROM github_sync.github_repos AS p
--@task					WHERE p.id = {{github_repo_id}} AND p.disconnected_at IS NULL)))
--@comment				OR {{parent_issue_id}} IS NOT NULL OR github_sync.task_has_repository(r.{{task_id}})))
			OR cached.id IS NOT NULL
				AND ({{has_filter}} OR github_sync.@record@_strays_of(cached.id) IS NOT NULL)
				/* Not cached alone: a column of that name, of the application's, would be meant. */
				AND github_sync.@record@_standing_has_changed(cached.*, github_sync.@record@_local_row(r.{{id}})))
	ORDER BY r.{{id}};
	GET DIAGNOSTICS enqueued = ROW_COUNT;
	RETURN enqueued;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_enqueue_uncaptured(timestamptz) IS
'private: enqueues the rows that differ from what was last synced, and of those never synced the ones that were '
'changed since then. Returns how many';

CREATE OR REPLACE FUNCTION github_sync.@record@_row_that_raises() RETURNS text
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	until CONSTANT timestamptz := clock_timestamp() + interval '10 seconds';
	one record;
BEGIN
	FOR one IN SELECT r.{{id}} AS key FROM {{table}} AS r ORDER BY 1 LOOP
		BEGIN
			PERFORM {{is_wanted}}, {{is_deleted}}, {{github_repo_id}} FROM {{table}} AS r WHERE r.{{id}} = one.key;
		EXCEPTION WHEN OTHERS OR assert_failure THEN
			RETURN one.key;
		END;
		EXIT WHEN clock_timestamp() > until;
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_row_that_raises() IS
'private: the key of the first row for which an expression of the application raises; NULL: none was found in 10 s';

CREATE OR REPLACE FUNCTION github_sync.@record@_catch_up() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	uncaptured_since timestamptz;
	enqueued bigint;
	key text;
BEGIN
	PERFORM github_sync.require_one_owner();
	uncaptured_since := (SELECT min(n.since) - github_sync.@record@_catch_up_margin()
		FROM github_sync.noted_problems AS n WHERE n.record_type = '@record@' AND n.problem <> 'not taken');
	/* A copy has nothing to send. */
	IF NOT github_sync.database_is_adopted() THEN
		RETURN 0;
	END IF;
	BEGIN
		enqueued := github_sync.@record@_enqueue_uncaptured(uncaptured_since);
	EXCEPTION WHEN OTHERS OR assert_failure THEN
		key := github_sync.@record@_row_that_raises();
		IF key IS NULL THEN
			RAISE;
		END IF;
		RAISE USING
			ERRCODE = SQLSTATE,
			MESSAGE = format('sync_when, deleted_when or github_repo fails for @record@ %s: %s', key, SQLERRM),
			HINT = 'It is asked of every row, of those as well that it is not true of. Nothing was done.';
	END;
	DELETE FROM github_sync.noted_problems WHERE record_type = '@record@';
	DELETE FROM github_sync.uncaptured_rows WHERE record_type = '@record@';
	RETURN enqueued;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_catch_up() IS
'private: makes up for what was not captured: enqueues the rows that differ from what was last synced, and of those '
'never synced the ones that were changed since a problem was noted. Returns how many';
