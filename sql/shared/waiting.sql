/*
 * What both queues wait for.
 */

CREATE OR REPLACE FUNCTION github_sync.all_waits()
RETURNS TABLE (
	record_type text, direction text, installation_id bigint, reason text, transactions bigint, oldest timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN;
	END IF;
	RETURN QUERY SELECT 'task', w.* FROM github_sync.task_waits() AS w;
	IF to_regprocedure('github_sync.comment_waits()') IS NOT NULL THEN
		RETURN QUERY SELECT 'comment', w.* FROM github_sync.comment_waits() AS w;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.all_waits() IS
'private: what view sync_waiting shows, with the rights of the owner of the queue; nothing where that has several';
