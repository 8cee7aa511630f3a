/*
 * Capture: triggers on the application's table that enqueue what it changes.
 * Made and dropped by capture_@record@_changes(); off at first.  Whatever the
 * application does, they raise nothing of their own.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_stamp_local_change(
	key {{key_type}}, old_fields text[], new_fields text[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ AS r SET local_changed_at = (
		SELECT array_agg(CASE WHEN new_fields[i] IS DISTINCT FROM old_fields[i]
			THEN clock_timestamp() ELSE r.local_changed_at[i] END ORDER BY i)
		FROM generate_subscripts(new_fields, 1) AS i)
	WHERE r.@record@_id = key;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_stamp_local_change({{key_type}}, text[], text[]) IS
'private: when the application changed which field, for last_write_wins';

CREATE OR REPLACE FUNCTION github_sync.@record@_enqueue_change(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	here github_sync.local_row;
BEGIN
	/* A row that has a record is there.  Any other may have been deleted since by another trigger. */
	IF NOT EXISTS (SELECT FROM github_sync.@resources@ AS r WHERE r.@record@_id = key) THEN
		here := github_sync.@record@_local_row(key);
--@task		IF NOT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = here.github_repo_id) THEN
--@comment		IF NOT here.is_there OR here.parent_issue_id IS NULL AND NOT github_sync.task_has_repository(
--@comment			(SELECT r.{{task_id}} FROM {{table}} AS r WHERE r.{{id}} = key)) THEN
			RETURN false;
		END IF;
	END IF;
--@task	INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id)
--@task	VALUES ('outbound', key, here.github_repo_id);
--@comment	INSERT INTO github_sync.comment_sync_transactions (direction, comment_id) VALUES ('outbound', key);
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_enqueue_change({{key_type}}) IS
'private: enqueues an outbound transaction for a row of a known repository; a row without one is left alone (false)';

CREATE OR REPLACE FUNCTION github_sync.@record@_enqueue_changed_in_copy() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	enqueued bigint := 0;
	key {{key_type}};
BEGIN
	IF NOT github_sync.database_is_adopted() THEN
		RETURN 0;
	END IF;
	FOR key IN
		SELECT c.record_id::{{key_type}} AS key FROM github_sync.changed_in_copy AS c
		WHERE c.record_type = '@record@' ORDER BY 1
	LOOP
		enqueued := enqueued + github_sync.@record@_enqueue_change(key)::integer;
	END LOOP;
	DELETE FROM github_sync.changed_in_copy AS c WHERE c.record_type = '@record@';
	RETURN enqueued;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_enqueue_changed_in_copy() IS
'private: enqueues what the application changed while this database was a copy, if it is none any more; returns how '
'many transactions';

CREATE OR REPLACE FUNCTION github_sync.@record@_capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	new_row_fields text[] := {{new_fields}};
	old_row_fields text[] := {{old_fields}};
BEGIN
	/* What the worker itself writes is no news. */
	IF github_sync.in_worker() AND current_setting('github_sync.applying', true)
		IN ('@record@:new', '@record@:' || NEW.{{id}}::text) THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' AND new_row_fields IS NOT DISTINCT FROM old_row_fields AND {{same_place}} THEN
		RETURN NULL;
	END IF;
	IF github_sync.note_change_in_copy('@record@'::text, NEW.{{id}}::text)
		OR NOT github_sync.@record@_enqueue_change(NEW.{{id}}) THEN
		RETURN NULL;
	END IF;
	/* After the INSERT, which has locked the record, and of a comment the parent before it. */
	PERFORM github_sync.@record@_stamp_local_change(NEW.{{id}}, old_row_fields, new_row_fields)
	WHERE TG_OP = 'UPDATE';
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_capture() IS
'private: enqueues an outbound transaction for a row of a known repository; a copy of the database notes the row for '
'adopt_database() instead';
