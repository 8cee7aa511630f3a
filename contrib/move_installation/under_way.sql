/*
 * under_way.sql
 *		What of the installation is not at rest yet, in words; nothing where all is.
 */
SELECT format('%s transaction(s) of tasks %s', count(*), t.state) FROM github_sync.task_sync_transactions AS t
WHERE t.github_app_installation_id = :installation AND t.state IN ('queued', 'processing') GROUP BY t.state;
\if :has_comments
SELECT format('%s transaction(s) of comments %s', count(*), t.state) FROM github_sync.comment_sync_transactions AS t
WHERE t.github_app_installation_id = :installation AND t.state IN ('queued', 'processing') GROUP BY t.state;
\endif
SELECT format('%s webhook(s) pending', count(*)) FROM github_sync.webhook_deliveries AS d
WHERE d.installation_id = :installation AND d.outcome = 'pending' HAVING count(*) > 0;
