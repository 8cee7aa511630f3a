DROP FUNCTION github_sync.forgotten();
