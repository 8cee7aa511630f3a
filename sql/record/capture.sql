/*
 * Capture: triggers on the application's table that enqueue what it changes.
 * Made and dropped by capture_@record@_changes(); off at first.  Whatever the
 * application does, they raise nothing of their own.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_stamp_local_change(
	key {{key_type}}, old_fields text[], new_fields text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	stamps timestamptz[];
BEGIN
	SELECT r.local_changed_at INTO stamps FROM github_sync.@resources@ AS r
	WHERE r.@record@_id = key FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	FOR i IN 1 .. cardinality(new_fields) LOOP
		stamps[i] := CASE WHEN new_fields[i] IS DISTINCT FROM old_fields[i] THEN clock_timestamp() ELSE stamps[i] END;
	END LOOP;
	UPDATE github_sync.@resources@ SET local_changed_at = stamps WHERE @record@_id = key;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_stamp_local_change({{key_type}}, text[], text[]) IS
'private: when the application changed which field, for last_write_wins';

CREATE OR REPLACE FUNCTION github_sync.@record@_capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	new_row_fields text[] := {{new_fields}};
	old_row_fields text[] := {{old_fields}};
	here record;
BEGIN
	/* What the worker itself writes is no news. */
	IF github_sync.in_worker() AND current_setting('github_sync.applying', true)
		IN ('@record@:new', '@record@:' || NEW.{{id}}::text) THEN
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' AND new_row_fields IS NOT DISTINCT FROM old_row_fields AND {{same_place}} THEN
		RETURN NULL;
	END IF;
	/* Another trigger may have deleted the row since. */
	SELECT * INTO here FROM github_sync.@record@_local_row(NEW.{{id}});
--@task	IF here.is_there AND (EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.task_id = NEW.{{id}})
--@task		OR EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = here.github_repo_id)) THEN
--@comment	IF here.is_there AND (EXISTS (SELECT FROM github_sync.github_comments AS c WHERE c.comment_id = NEW.{{id}})
--@comment		OR here.parent_issue_id IS NOT NULL
--@comment		OR EXISTS (SELECT FROM github_sync.task_local_row(NEW.{{task_id}}) AS l
--@comment			JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id)) THEN
--@comment		/* Before the record of the comment, as whoever enqueues it does. */
--@comment		PERFORM github_sync.comment_parent_of_local_row(NEW.{{id}});
		PERFORM github_sync.@record@_stamp_local_change(NEW.{{id}}, old_row_fields, new_row_fields)
		WHERE TG_OP = 'UPDATE';
		INSERT INTO github_sync.@record@_sync_transactions (direction, @record@_id) VALUES ('outbound', NEW.{{id}});
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_capture() IS
'private: enqueues an outbound transaction for a row of a known repository; a row without one is left alone';
