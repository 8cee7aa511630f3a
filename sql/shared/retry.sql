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
