/*
 * check_original.sql
 *		Under the locks of lock_ours.sql, for which whoever deletes them is waited
 *		for: FROM has the rows, and keeps them while TO's copy is taken away.
 */
SELECT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.github_app_installation_id = :installation) AS is_there \gset
\if :is_there
\else
DO $$ BEGIN RAISE 'FROM has the rows no longer: what TO has is left as it is'; END $$;
\endif
