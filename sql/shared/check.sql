/*
 * A comparison of all that a repository has with all that is here, and what
 * mends what it finds.
 */

CREATE OR REPLACE FUNCTION github_sync.require_import_of_check(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.require_import(r.id) FROM github_sync.github_repos AS r
	/* An outbound repository is compared without one. */
	WHERE r.id = repo_id AND r.sync_direction <> 'outbound' AND EXISTS (
		SELECT FROM github_sync.lists_of_import(r.id) AS s WHERE s.phase = 'backfill');
END
$$;
COMMENT ON FUNCTION github_sync.require_import_of_check(bigint) IS
'private: raises object_not_in_prerequisite_state where a check would wait for an import that will not go on';

CREATE OR REPLACE FUNCTION github_sync.check_repo(github_repo_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	has_comments CONSTANT boolean := to_regprocedure('github_sync.comment_edits_wait(bigint)') IS NOT NULL;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('check_repo', 'github_repo_id', github_repo_id IS NULL);
	PERFORM github_sync.require_repo(github_repo_id);
	PERFORM github_sync.add_missing_sweeps();
	PERFORM github_sync.require_import_of_check(github_repo_id);
	/* One under way goes on: who asks each hour for what takes two would never see the end of it. */
	INSERT INTO github_sync.repo_sweeps AS s (github_repo_id, stream, phase, is_asked, filters)
	SELECT l.github_repo_id, 'check of ' || l.stream, 'check', true, l.filters
	FROM github_sync.repo_sweeps AS l
	WHERE l.github_repo_id = check_repo.github_repo_id
		AND (l.stream = 'issues' OR l.stream = 'comments' AND has_comments)
	ON CONFLICT ON CONSTRAINT repo_sweeps_pkey DO UPDATE SET is_asked = true, due_at = clock_timestamp(),
		filters = CASE WHEN s.is_asked THEN s.filters ELSE excluded.filters END;
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.check_repo(bigint) IS
'public: compares all issues and comments of a repository (GitHub''s id) with what is known of them and with the '
'application''s rows, and changes nothing on either side. What backfill_repo() was told to leave out is no '
'difference. The worker does it, behind all else; where one is under way, that goes on; sync_progress shows how far it '
'is (phase check), sync_differences what it found. Raises 55000 where the repository is not imported and its import '
'will not go on, 23503 for one that is not connected, 22004 for NULL';

CREATE OR REPLACE FUNCTION github_sync.mend_differences(github_repo_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	enqueued bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('mend_differences', 'github_repo_id', github_repo_id IS NULL);
	PERFORM github_sync.require_repo(github_repo_id);
	IF NOT EXISTS (SELECT FROM github_sync.repo_sweeps AS s WHERE s.github_repo_id = mend_differences.github_repo_id
		AND s.phase = 'check' AND s.last_complete_at IS NOT NULL) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('repository %s was never checked to the end', github_repo_id),
			HINT = format('SELECT github_sync.check_repo(%s); view github_sync.sync_progress shows how far it is.',
				github_repo_id);
	END IF;
	enqueued := github_sync.task_mend(github_repo_id);
	IF to_regprocedure('github_sync.comment_mend(bigint)') IS NOT NULL THEN
		enqueued := enqueued + github_sync.comment_mend(github_repo_id);
	END IF;
	RETURN enqueued;
END
$$;
COMMENT ON FUNCTION github_sync.mend_differences(bigint) IS
'public: enqueues ordinary transactions for what the last check of a repository (GitHub''s id) found, and returns how '
'many: what differs or is missing here is fetched, what the application changed is sent, what GitHub does not list is '
'asked for. Nothing for a record of which something is queued, nothing against sync_direction, nothing that would '
'create anything at GitHub. Raises 55000 where no check is complete, 23503 for a repository that is not connected, '
'22004 for NULL';
