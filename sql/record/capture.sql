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
			'SELECT github_sync.adopt_database() where this is the database that syncs.')
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
--@task			OR NOT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = here.github_repo_id) THEN
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

/* App and server have clocks of their own. */
CREATE OR REPLACE FUNCTION github_sync.@record@_catch_up_margin() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '1 minute';
COMMENT ON FUNCTION github_sync.@record@_catch_up_margin() IS
'private: rows never synced that were changed this long before a problem was noted are enqueued as well';

CREATE OR REPLACE FUNCTION github_sync.@record@_catch_up() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
/* Expressions of the application name its columns: none of them is a variable of ours. */
#variable_conflict use_column
<<catching_up>>
DECLARE
	uncaptured_since timestamptz;
	enqueued bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	uncaptured_since := (SELECT min(n.since) - github_sync.@record@_catch_up_margin()
		FROM github_sync.noted_problems AS n WHERE n.record_type = '@record@');
	/* A copy has nothing to send. */
	IF NOT github_sync.database_is_adopted() THEN
		RETURN 0;
	END IF;
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
				AND ({{modified_at}} >= catching_up.uncaptured_since OR r.{{id}}::text IN (
					SELECT u.key FROM github_sync.uncaptured_rows AS u WHERE u.record_type = '@record@'))
				AND (cached.id IS NOT NULL
--@task				OR EXISTS (SELECT FROM github_sync.github_repos AS p WHERE p.id = {{github_repo_id}})))
--@comment				OR {{parent_issue_id}} IS NOT NULL OR github_sync.task_has_repository(r.{{task_id}})))
			OR cached.id IS NOT NULL
				AND ({{has_filter}} OR github_sync.@record@_strays_of(cached.id) IS NOT NULL)
				AND github_sync.@record@_standing_has_changed(cached, github_sync.@record@_local_row(r.{{id}})))
	ORDER BY r.{{id}};
	GET DIAGNOSTICS enqueued = ROW_COUNT;
	DELETE FROM github_sync.noted_problems WHERE record_type = '@record@';
	DELETE FROM github_sync.uncaptured_rows WHERE record_type = '@record@';
	RETURN enqueued;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_catch_up() IS
'private: makes up for what was not captured: enqueues the rows that differ from what was last synced, and of those '
'never synced the ones that were changed since a problem was noted. Returns how many';
