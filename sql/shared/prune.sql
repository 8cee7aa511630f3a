/*
 * Removing history, of all record types that are attached.
 */

CREATE OR REPLACE FUNCTION github_sync.prune(older_than interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	pruned bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_age(older_than,
		'It is the least age of what is pruned, for example interval ''90 days''.');
	pruned := github_sync.task_prune(older_than);
	IF to_regprocedure('github_sync.comment_prune(interval)') IS NOT NULL THEN
		pruned := pruned + github_sync.comment_prune(older_than);
	END IF;
	DELETE FROM github_sync.sync_conflicts WHERE detected_at < (SELECT clock_timestamp()) - older_than;
	DELETE FROM github_sync.webhook_deliveries
	WHERE received_at < (SELECT clock_timestamp()) - older_than AND outcome <> 'pending';
	RETURN pruned;
END
$$;
COMMENT ON FUNCTION github_sync.prune(interval) IS
'public: deletes transactions that were completed, canceled, dropped or duplicates longer ago than that, and '
'conflicts and webhook deliveries of that age; returns how many transactions. Errored and disabled ones stay: they '
'can still run. Raises 22023 where the age is NULL or negative';
