/* sql/shared/sweeps.sql: tied: RETURN ties intruder to reconcile_interval */

CREATE OR REPLACE FUNCTION github_sync.intruder() RETURNS interval
LANGUAGE sql STABLE
RETURN 2 * github_sync.reconcile_interval();
COMMENT ON FUNCTION github_sync.intruder() IS
'private: twice as long';
