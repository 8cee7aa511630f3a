DROP FUNCTION IF EXISTS github_sync.comment_is_quiet(github_sync.github_comments);
