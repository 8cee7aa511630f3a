/*
 * Repositories: whether one syncs now, its pauses, and what is said where one
 * is not known.
 */

/* Of a plan, not for itself: it is part of the statement that it is written in. */
CREATE OR REPLACE FUNCTION github_sync.why_disabled(
	r github_sync.github_repos, installation_state text, direction text)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN NOT r.sync_enabled THEN 'repo'
		WHEN installation_state <> 'active' THEN 'installation'
		WHEN r.sync_direction NOT IN ('both', direction) THEN 'direction'
		WHEN r.access_lost THEN 'access_lost'
		WHEN r.is_archived AND direction = 'outbound' THEN 'archived'
	END
$$;
COMMENT ON FUNCTION github_sync.why_disabled(github_sync.github_repos, text, text) IS
'private: rule 1 of both directions: why a repository, whose installation is in this state, does not sync now, or NULL';

CREATE OR REPLACE FUNCTION github_sync.sync_disabled_reason(repo_id bigint, direction text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT github_sync.why_disabled(r, i.state, direction) FROM github_sync.github_repos AS r
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	WHERE r.id = repo_id);
END
$$;
COMMENT ON FUNCTION github_sync.sync_disabled_reason(bigint, text) IS
'private: the same of a repository by its id';

CREATE OR REPLACE FUNCTION github_sync.is_connected(repo_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = repo_id AND r.disconnected_at IS NULL)
$$;
COMMENT ON FUNCTION github_sync.is_connected(bigint) IS
'private: a repository is one of ours, and was not disconnected';

CREATE OR REPLACE FUNCTION github_sync.require_repo(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = repo_id) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('repository %s is not in github_sync.github_repos', repo_id),
			HINT = 'Insert the repository (and its installation) first.';
	ELSIF NOT github_sync.is_connected(repo_id) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('repository %s was disconnected', repo_id),
			HINT = 'INSERT INTO github_sync.github_repos connects it again.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_repo(bigint) IS
'private: a clear error for a repository that nobody connected';

CREATE OR REPLACE FUNCTION github_sync.pause_repo(repo_id bigint, until timestamptz, reason text) RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_repos SET paused_until = until, pause_reason = reason WHERE id = repo_id
$$;
COMMENT ON FUNCTION github_sync.pause_repo(bigint, timestamptz, text) IS
'private: nothing is sent for the repository before that time; its rows stay queued and show the reason';

CREATE OR REPLACE FUNCTION github_sync.resume_repo(repo_id bigint) RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_repos SET paused_until = NULL, pause_reason = NULL
	WHERE id = repo_id AND paused_until IS NOT NULL
$$;
COMMENT ON FUNCTION github_sync.resume_repo(bigint) IS
'private: GitHub answered for the repository again';

CREATE OR REPLACE FUNCTION github_sync.doubt_archive(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	/* Whoever holds it is just changing it. No statement where there is nothing to do: each wakes the workers. */
	PERFORM 1 FROM github_sync.github_repos AS r WHERE r.id = repo_id AND r.is_archived
	FOR NO KEY UPDATE SKIP LOCKED;
	IF FOUND THEN
		UPDATE github_sync.github_repos AS r SET ask_archived_at = clock_timestamp() WHERE r.id = repo_id;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.doubt_archive(bigint) IS
'private: GitHub is asked whether a repository that is known as archived still is: nobody may have told';
