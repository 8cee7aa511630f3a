/*
 * Capture: a trigger on the application's table that enqueues what it changes.
 * Made and dropped by capture_@record@_changes(); off at first.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* What the worker itself writes is no news. */
	IF github_sync.in_worker() AND current_setting('github_sync.applying', true) IN ('@record@:new', '@record@:' || NEW.{{id}}::text) THEN
		RETURN NULL;
	END IF;
--@task	IF EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.task_id = NEW.{{id}})
--@task		OR (SELECT l.github_repo_id IN (SELECT r.id FROM github_sync.github_repos AS r)
--@task			FROM github_sync.task_local_row(NEW.{{id}}) AS l) THEN
--@comment	IF EXISTS (SELECT FROM github_sync.github_comments AS c WHERE c.comment_id = NEW.{{id}})
--@comment		OR EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.task_id = NEW.{{task_id}})
--@comment		OR (SELECT l.github_repo_id IN (SELECT r.id FROM github_sync.github_repos AS r)
--@comment			FROM github_sync.task_local_row(NEW.{{task_id}}) AS l) THEN
		INSERT INTO github_sync.@record@_sync_transactions (direction, @record@_id) VALUES ('outbound', NEW.{{id}});
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_capture() IS
'private: enqueues an outbound transaction for a row of a known repository; a row without one is left alone';
