/*
 * Retrying what is errored, of all record types that are attached.
 */

CREATE OR REPLACE FUNCTION github_sync.retry_errored(older_than interval DEFAULT '0') RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	retried bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_age(older_than, 'It is for how long at least what is retried has been errored.');
	retried := github_sync.task_retry_all(older_than);
	IF to_regprocedure('github_sync.comment_retry_all(interval)') IS NOT NULL THEN
		retried := retried + github_sync.comment_retry_all(older_than);
	END IF;
	RETURN retried;
END
$$;
COMMENT ON FUNCTION github_sync.retry_errored(interval) IS
'public: retries every transaction that has been errored for that long; returns how many. '
'Raises 22023 where that is NULL or negative';

CREATE OR REPLACE FUNCTION github_sync.ask_for_departed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	errored_id bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	/* Of those that have their task still, as a comment was the first to find out. */
	UPDATE github_sync.github_issues AS i SET seen_at = NULL, settle_at = clock_timestamp(),
		lock_version = i.lock_version + 1
	WHERE i.went_to_id IS NOT NULL AND i.task_id IS NOT NULL;
	FOR errored_id IN
		SELECT max(q.id) FROM github_sync.github_issues AS i
		JOIN github_sync.task_sync_transactions AS q ON q.github_issue_id = i.id
		WHERE i.went_to_id IS NOT NULL AND i.former_task_key IS NOT NULL
			AND q.state = 'errored' AND q.error_code = 'transferred'
		GROUP BY i.id ORDER BY i.id
	LOOP
		PERFORM github_sync.task_retry_if_errored(errored_id);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.ask_for_departed() IS
'private: a repository was connected: issues that went where nobody followed them are asked for once more, as they may '
'be there, by way of however many others';

CREATE OR REPLACE TRIGGER b_ask_for_departed
	AFTER INSERT ON github_sync.github_repos
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.ask_for_departed();
