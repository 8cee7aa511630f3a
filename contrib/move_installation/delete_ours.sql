/*
 * delete_ours.sql
 *		Takes away what select_ours.sql found; the application's rows that it
 *		was about are linked to nothing then.
 */
DELETE FROM github_sync.sync_conflicts WHERE id IN (SELECT o.id FROM ours_sync_conflicts AS o);
\if :has_comments
DELETE FROM github_sync.comment_sync_transactions WHERE id IN (SELECT o.id FROM ours_comment_sync_transactions AS o);
DELETE FROM github_sync.github_comments WHERE id IN (SELECT o.id FROM ours_github_comments AS o);
\endif
DELETE FROM github_sync.task_sync_transactions WHERE id IN (SELECT o.id FROM ours_task_sync_transactions AS o);
DELETE FROM github_sync.lost_names WHERE github_issue_id IN (SELECT o.id FROM ours_github_issues AS o);
DELETE FROM github_sync.sent_sets WHERE github_issue_id IN (SELECT o.id FROM ours_github_issues AS o);
DELETE FROM github_sync.github_issues WHERE id IN (SELECT o.id FROM ours_github_issues AS o);
DELETE FROM github_sync.webhook_deliveries
WHERE delivery_id IN (SELECT o.delivery_id FROM ours_webhook_deliveries AS o);
DELETE FROM github_sync.github_repos WHERE id IN (SELECT o.id FROM ours_github_repos AS o);
/* Unless something else still names it: then without a repository, which does nothing. */
DELETE FROM github_sync.github_app_installations AS i
WHERE i.id = :installation AND NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS t
	WHERE t.github_app_installation_id = i.id);
