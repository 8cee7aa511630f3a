/*
 * What workers counted is forgotten on demand.
 */

CREATE OR REPLACE FUNCTION github_sync.sync_stats_reset() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.forget_counts();
END
$$;
COMMENT ON FUNCTION github_sync.sync_stats_reset() IS
'public: counting for sync_stats, sync_latency and sync_minutes begins anew; of this database alone. For the owner of '
'the queue';
