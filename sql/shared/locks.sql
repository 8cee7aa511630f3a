/*
 * Locks of what all records of a repository share: its switches, and of what all
 * repositories share: their names.
 *
 * None is an advisory lock: those any role of the database can take, and keep.
 * counts.sql tries for some, and does without where it cannot have one.
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

CREATE OR REPLACE FUNCTION github_sync.share_pause_skip_locked(repo_id bigint) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
	pause_end timestamptz;
BEGIN
	/* Who ends the pause just now would not see what begins to wait for its end. */
	SELECT r.paused_until INTO pause_end FROM github_sync.github_repos AS r WHERE r.id = repo_id FOR SHARE SKIP LOCKED;
	RETURN pause_end;
END
$$;
COMMENT ON FUNCTION github_sync.share_pause_skip_locked(bigint) IS
'private: the end of a repository''s pause, which stays as it is until commit; NULL: it does not pause, or somebody '
'is changing it just now';

CREATE OR REPLACE FUNCTION github_sync.lock_sweep_skip_locked(repo_id bigint, list text) RETURNS github_sync.repo_sweeps
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps;
BEGIN
	SELECT * INTO s FROM github_sync.repo_sweeps AS r WHERE r.github_repo_id = repo_id AND r.stream = list
	FOR NO KEY UPDATE SKIP LOCKED;
	RETURN s;
END
$$;
COMMENT ON FUNCTION github_sync.lock_sweep_skip_locked(bigint, text) IS
'private: locks how far a list of a repository has been read; NULL, at once: somebody has it';

CREATE OR REPLACE FUNCTION github_sync.lock_setup_check_skip_locked(check_id integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.setup_checks AS c WHERE c.id = check_id FOR NO KEY UPDATE SKIP LOCKED;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.lock_setup_check_skip_locked(integer) IS
'private: locks a question to GitHub that is no transaction''s; false, at once: somebody has it';

CREATE OR REPLACE FUNCTION github_sync.lock_claimed_sweep(repo_id bigint, list text, held_claim_no integer)
RETURNS github_sync.repo_sweeps
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps;
BEGIN
	SELECT * INTO s FROM github_sync.repo_sweeps AS r
	WHERE r.github_repo_id = repo_id AND r.stream = list AND r.claim_no = held_claim_no
		AND r.claimed_by = pg_backend_pid()
	FOR NO KEY UPDATE;
	RETURN s;
END
$$;
COMMENT ON FUNCTION github_sync.lock_claimed_sweep(bigint, text, integer) IS
'private: locks the list of a repository that the caller has claimed; NULL: it is not the caller''s any more';

CREATE OR REPLACE FUNCTION github_sync.table_is_locked() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* Who waits for such a lock keeps others from the table as well. */
	RETURN EXISTS (
		WITH attached AS (
			SELECT to_regclass(format('%I.%I', a.table_schema, a.table_name)) AS table
			FROM github_sync.attached_tables AS a)
		SELECT FROM pg_locks AS l
		JOIN pg_database AS d ON d.oid = l.database
		JOIN pg_class AS c ON c.oid = l.relation
		WHERE l.locktype = 'relation' AND d.datname = current_database() AND l.pid IS DISTINCT FROM pg_backend_pid()
			AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
			AND (c.relnamespace = 'github_sync'::regnamespace
				OR c.oid IN (SELECT a.table FROM attached AS a
					UNION ALL SELECT p.relid FROM attached AS a, pg_partition_tree(a.table) AS p)));
END
$$;
COMMENT ON FUNCTION github_sync.table_is_locked() IS
'private: whether some other transaction has a table of the queue, or one that is attached, to itself, or waits for '
'that: what could not be locked meanwhile is no fault of a row';

/* Whoever writes rows of the table does not wait for it. */
CREATE OR REPLACE FUNCTION github_sync.lock_names() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	LOCK TABLE github_sync.github_repos IN SHARE UPDATE EXCLUSIVE MODE;
END
$$;
COMMENT ON FUNCTION github_sync.lock_names() IS
'private: until commit nobody else gives a repository a name';

CREATE OR REPLACE FUNCTION github_sync.lock_names_nowait() RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	LOCK TABLE github_sync.github_repos IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
	RETURN true;
EXCEPTION WHEN lock_not_available THEN
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.lock_names_nowait() IS
'private: the same; false, at once: somebody else is giving names just now';

CREATE OR REPLACE FUNCTION github_sync.lock_problems_skip_locked(record_type text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.attached_tables AS a WHERE a.record_type = lock_problems_skip_locked.record_type
	FOR NO KEY UPDATE SKIP LOCKED;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.lock_problems_skip_locked(text) IS
'private: until commit nobody else notes a problem of the record type; false, at once: somebody else does, or attaches '
'it just now, which compares all rows';
