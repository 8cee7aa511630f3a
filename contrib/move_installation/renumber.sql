/*
 * renumber.sql
 *		Our ids are each server's own: what was loaded into in_TABLE gets ids of
 *		this one, in the same order, and what refers to them follows.
 */
CREATE TEMP TABLE ids (of text, old bigint, new bigint, PRIMARY KEY (of, old));
INSERT INTO ids SELECT 'task', t.id, nextval('github_sync.task_sync_transactions_id_seq')
FROM (SELECT s.id FROM in_task_sync_transactions AS s ORDER BY s.id) AS t;
INSERT INTO ids SELECT 'issue', t.id, nextval('github_sync.github_issues_id_seq')
FROM (SELECT s.id FROM in_github_issues AS s ORDER BY s.id) AS t;
INSERT INTO ids SELECT 'sent', t.id, nextval('github_sync.sent_sets_id_seq')
FROM (SELECT s.id FROM in_sent_sets AS s ORDER BY s.id) AS t;
CREATE FUNCTION pg_temp.new_id(of text, old bigint) RETURNS bigint LANGUAGE sql STABLE
AS $$ SELECT i.new FROM pg_temp.ids AS i WHERE i.of = $1 AND i.old = $2 $$;

UPDATE in_github_issues SET id = pg_temp.new_id('issue', id);
UPDATE in_sent_sets SET id = pg_temp.new_id('sent', id), github_issue_id = pg_temp.new_id('issue', github_issue_id);
/* 0: that request was forgotten; those that are known came later. */
UPDATE in_lost_names SET github_issue_id = pg_temp.new_id('issue', github_issue_id),
	undone_id = CASE WHEN undone_id IS NOT NULL THEN coalesce(pg_temp.new_id('sent', undone_id), 0) END;
/* What they superseded is canceled: that was the moment of their INSERT. */
UPDATE in_task_sync_transactions SET id = pg_temp.new_id('task', id),
	github_issue_id = pg_temp.new_id('issue', github_issue_id), canceled_by = pg_temp.new_id('task', canceled_by),
	duplicate_of = pg_temp.new_id('task', duplicate_of), dropped_for = pg_temp.new_id('task', dropped_for),
	supersedes = NULL;
UPDATE in_task_creation_attempts SET id = nextval('github_sync.task_creation_attempts_id_seq'),
	github_issue_id = pg_temp.new_id('issue', github_issue_id);
\if :has_comments
INSERT INTO ids SELECT 'comment', t.id, nextval('github_sync.comment_sync_transactions_id_seq')
FROM (SELECT s.id FROM in_comment_sync_transactions AS s ORDER BY s.id) AS t;
INSERT INTO ids SELECT 'github comment', t.id, nextval('github_sync.github_comments_id_seq')
FROM (SELECT s.id FROM in_github_comments AS s ORDER BY s.id) AS t;
UPDATE in_github_comments SET id = pg_temp.new_id('github comment', id),
	github_issue_id = pg_temp.new_id('issue', github_issue_id);
UPDATE in_comment_sync_transactions SET id = pg_temp.new_id('comment', id),
	github_comment_id = pg_temp.new_id('github comment', github_comment_id),
	github_issue_id = pg_temp.new_id('issue', github_issue_id), canceled_by = pg_temp.new_id('comment', canceled_by),
	duplicate_of = pg_temp.new_id('comment', duplicate_of), dropped_for = pg_temp.new_id('comment', dropped_for),
	supersedes = NULL;
UPDATE in_comment_creation_attempts SET id = nextval('github_sync.comment_creation_attempts_id_seq'),
	github_comment_id = pg_temp.new_id('github comment', github_comment_id);
\endif
/* 0: the transaction was pruned. */
UPDATE in_sync_conflicts SET id = nextval('github_sync.sync_conflicts_id_seq'),
	cached_record_id = pg_temp.new_id(CASE record_type WHEN 'task' THEN 'issue' ELSE 'github comment' END, cached_record_id),
	transaction_id = coalesce(pg_temp.new_id(record_type, transaction_id), 0);
/* A pass begins anew; what was listed before is known. */
UPDATE in_repo_sweeps SET cursor_link = NULL, issue_id = NULL, shown_ids = NULL, created_until = NULL,
	pass_began_at = NULL, pass_started_at = NULL, claimed_by = NULL, listed = 0, applied = 0, attempts = 0;
