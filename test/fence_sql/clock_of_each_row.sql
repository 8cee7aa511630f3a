/* sql/shared/prune.sql: clock: no index finds what is compared */

CREATE FUNCTION github_sync.intruder() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	SELECT count(*) FROM github_sync.webhook_deliveries AS d WHERE d.received_at < clock_timestamp()
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: one';
