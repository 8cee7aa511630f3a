/*
 * check_held.sql
 *		Under the locks of carry: it is still on hold.
 */
SELECT i.state <> 'active'
	AND NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS t
		WHERE t.github_app_installation_id = i.id AND t.state IN ('queued', 'processing'))
	AND NOT EXISTS (SELECT FROM github_sync.uncaptured_rows) AS is_held
FROM github_sync.github_app_installations AS i WHERE i.id = :installation \gset
\if :has_comments
SELECT :'is_held' AND NOT EXISTS (SELECT FROM github_sync.comment_sync_transactions AS t
	WHERE t.github_app_installation_id = :installation AND t.state IN ('queued', 'processing')) AS is_held \gset
\endif
\if :is_held
\else
DO $$ BEGIN RAISE 'it is no longer on hold: its state was changed meanwhile, or something is queued'; END $$;
\endif
