/*
 * select_ours.sql
 *		Our rows of the installation, as temporary tables ours_TABLE, and locked. A
 *		check's findings are not among them: it is made anew.
 */
CREATE TEMP TABLE ours_github_app_installations AS
SELECT * FROM github_sync.github_app_installations WHERE id = :installation FOR UPDATE;
CREATE TEMP TABLE ours_github_repos AS
SELECT * FROM github_sync.github_repos WHERE id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_repo_sweeps AS
SELECT * FROM github_sync.repo_sweeps
WHERE github_repo_id IN (SELECT m.id FROM moved_repos AS m) AND stream IN ('issues', 'comments') FOR UPDATE;
CREATE TEMP TABLE ours_listed_later AS
SELECT * FROM github_sync.listed_later WHERE github_repo_id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_webhook_deliveries AS
SELECT * FROM github_sync.webhook_deliveries
WHERE installation_id = :installation OR github_repo_id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_github_issues AS
SELECT * FROM github_sync.github_issues WHERE github_repo_id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_sent_sets AS
SELECT * FROM github_sync.sent_sets WHERE github_issue_id IN (SELECT i.id FROM ours_github_issues AS i) FOR UPDATE;
CREATE TEMP TABLE ours_lost_names AS
SELECT * FROM github_sync.lost_names WHERE github_issue_id IN (SELECT i.id FROM ours_github_issues AS i) FOR UPDATE;
CREATE TEMP TABLE ours_task_sync_transactions AS
SELECT * FROM github_sync.task_sync_transactions
WHERE github_issue_id IN (SELECT i.id FROM ours_github_issues AS i)
	OR github_repo_id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_task_creation_attempts AS
SELECT * FROM github_sync.task_creation_attempts WHERE github_issue_id IN (SELECT i.id FROM ours_github_issues AS i) FOR UPDATE;
\if :has_comments
CREATE TEMP TABLE ours_github_comments AS
SELECT * FROM github_sync.github_comments WHERE github_repo_id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_comment_sync_transactions AS
SELECT * FROM github_sync.comment_sync_transactions
WHERE github_comment_id IN (SELECT c.id FROM ours_github_comments AS c)
	OR github_repo_id IN (SELECT m.id FROM moved_repos AS m) FOR UPDATE;
CREATE TEMP TABLE ours_comment_creation_attempts AS
SELECT * FROM github_sync.comment_creation_attempts
WHERE github_comment_id IN (SELECT c.id FROM ours_github_comments AS c) FOR UPDATE;
\else
CREATE TEMP TABLE ours_github_comments (id bigint);
\endif
CREATE TEMP TABLE ours_sync_conflicts AS
SELECT * FROM github_sync.sync_conflicts
WHERE record_type = 'task' AND cached_record_id IN (SELECT i.id FROM ours_github_issues AS i)
	OR record_type = 'comment' AND cached_record_id IN (SELECT c.id FROM ours_github_comments AS c) FOR UPDATE;
