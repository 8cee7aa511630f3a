/*
 * Locks of what all records of a repository share: its switches.
 */

/* A row disabled while somebody enables would be disabled for ever: his UPDATE did not see it. */
CREATE OR REPLACE FUNCTION github_sync.share_repository_skip_locked(repo_id bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.github_repos AS r
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	WHERE r.id = repo_id FOR SHARE OF r, i SKIP LOCKED;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.share_repository_skip_locked(bigint) IS
'private: keeps a repository and its installation as they are until commit; false, at once: somebody is just '
'changing them';
