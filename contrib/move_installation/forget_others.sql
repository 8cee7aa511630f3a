/*
 * forget_others.sql
 *		History of the installation that names a row which stays, as it was unlinked
 *		or given to another installation, goes on as that of a row that was deleted.
 */
UPDATE ours_task_sync_transactions SET task_id = NULL WHERE task_id NOT IN (SELECT m.key FROM moved_tasks AS m);
\if :has_comments
UPDATE ours_comment_sync_transactions SET comment_id = NULL WHERE comment_id NOT IN (SELECT m.key FROM moved_comments AS m);
\endif
