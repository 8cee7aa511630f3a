ALTER TABLE github_sync.github_issues ADD COLUMN IF NOT EXISTS state_reason text;
DROP FUNCTION IF EXISTS github_sync.task_is_quiet(github_sync.github_issues);
