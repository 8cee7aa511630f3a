/*
 * Two cached records turn out to be one, and become one; or a local row and
 * its GitHub resource stop being one record.  The caller holds the local row
 * and the record that stays.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_join_queues(cached_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	newest record;
BEGIN
	FOR newest IN
		SELECT DISTINCT ON (q.direction) q.id, q.direction, q.github_updated_at,
			min(q.queued_at) OVER of_direction AS queued_at, min(q.priority) OVER of_direction AS priority
		FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'queued' AND q.action = 'upsert'
		WINDOW of_direction AS (PARTITION BY q.direction)
		ORDER BY q.direction, q.github_updated_at DESC NULLS LAST, q.id DESC
	LOOP
		UPDATE github_sync.@record@_sync_transactions AS q SET next_attempt_at = NULL,
			event = CASE WHEN q.github_updated_at = newest.github_updated_at
				THEN 'already carried' ELSE 'superseded' END,
			duplicate_of = CASE WHEN q.github_updated_at = newest.github_updated_at THEN newest.id END,
			canceled_by = CASE WHEN q.github_updated_at = newest.github_updated_at THEN NULL ELSE newest.id END
		WHERE q.@resource@_id = cached_id AND q.state = 'queued' AND q.direction = newest.direction
			AND q.action = 'upsert' AND q.id <> newest.id;
		UPDATE github_sync.@record@_sync_transactions AS q SET queued_at = newest.queued_at, priority = newest.priority
		WHERE q.id = newest.id AND (q.queued_at, q.priority) IS DISTINCT FROM (newest.queued_at, newest.priority);
	END LOOP;
	UPDATE github_sync.@record@_sync_transactions AS q SET
		next_attempt_at = NULL, event = 'already carried', duplicate_of = d.id
	FROM (SELECT o.direction, min(o.id) AS id FROM github_sync.@record@_sync_transactions AS o
		WHERE o.@resource@_id = cached_id AND o.state = 'queued' AND o.action = 'delete' GROUP BY o.direction) AS d
	WHERE q.@resource@_id = cached_id AND q.state = 'queued' AND q.action = 'delete'
		AND q.direction = d.direction AND q.id > d.id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_join_queues(bigint) IS
'private: of two queues that became one, the newest upsert of each direction goes on, in the better place, and one '
'deletion';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_back_processed(cached github_sync.@resources@) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	under_way github_sync.@record@_sync_transactions;
BEGIN
	SELECT * INTO under_way FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached.id AND q.state = 'processing';
	PERFORM github_sync.@record@_requeue(under_way, cached, 'given back', NULL) WHERE under_way.id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_back_processed(github_sync.@resources@) IS
'private: takes a claim away from whoever holds it: its record is about to become part of another one';

--@task CREATE OR REPLACE FUNCTION github_sync.task_take_along(
--@task	cached github_sync.github_issues, target github_sync.github_repos)
--@task RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	UPDATE github_sync.task_sync_transactions SET github_repo_id = target.id,
--@task		github_app_installation_id = target.github_app_installation_id,
--@task		github_issue_external_id = cached.github_id, github_issue_number = cached.number
--@task	WHERE github_issue_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@task	IF to_regclass('github_sync.github_comments') IS NOT NULL THEN
--@task		UPDATE github_sync.github_comments SET github_repo_id = target.id, etag = NULL, etag_key = NULL,
--@task			seen_at = NULL, missing_since = NULL
--@task		WHERE github_issue_id = cached.id AND github_repo_id <> target.id;
--@task		UPDATE github_sync.comment_sync_transactions SET github_repo_id = target.id,
--@task			github_app_installation_id = target.github_app_installation_id, github_issue_number = cached.number
--@task		WHERE github_issue_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_take_along(github_sync.github_issues, github_sync.github_repos) IS
--@task 'private: what is queued for an issue, its comments and what is queued for them belong to the repository that '
--@task 'it is in now';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_take_along(
--@comment	cached github_sync.github_comments, target github_sync.github_repos)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	UPDATE github_sync.comment_sync_transactions SET github_repo_id = target.id,
--@comment		github_app_installation_id = target.github_app_installation_id, github_issue_id = cached.github_issue_id
--@comment	WHERE github_comment_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_take_along(github_sync.github_comments, github_sync.github_repos) IS
--@comment 'private: what is queued for a comment belongs to the repository that it is in now';

/*
 * The stub that a webhook made and the record whose creation it tells of; or
 * the stub of a local row and the record that the row is linked to.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_join_records(kept_id bigint, gone_id bigint)
RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	locked github_sync.@resources@;
	kept github_sync.@resources@;
	gone github_sync.@resources@;
BEGIN
	FOR locked IN
		SELECT * FROM github_sync.@record@_lock_records_nowait(ARRAY[kept_id, gone_id])
	LOOP
		kept := CASE WHEN locked.id = kept_id THEN locked ELSE kept END;
		gone := CASE WHEN locked.id = gone_id THEN locked ELSE gone END;
	END LOOP;
	/* Whoever joins has looked: it was linked since. */
	IF gone.@record@_id IS NOT NULL THEN
		RAISE lock_not_available USING MESSAGE = 'the record was linked meanwhile';
	END IF;
	PERFORM github_sync.@record@_give_back_processed(gone);
	UPDATE github_sync.@record@_sync_transactions SET @resource@_id = kept_id,
		@record@_id = coalesce(@record@_id, kept.@record@_id)
	WHERE @resource@_id = gone_id;
	UPDATE github_sync.@record@_creation_attempts SET @resource@_id = kept_id WHERE @resource@_id = gone_id;
	UPDATE github_sync.sync_conflicts SET cached_record_id = kept_id
	WHERE record_type = '@record@' AND cached_record_id = gone_id;
--@task	IF to_regclass('github_sync.github_comments') IS NOT NULL THEN
--@task		UPDATE github_sync.github_comments SET github_issue_id = kept_id WHERE github_issue_id = gone_id;
--@task		/* What waits for the one that is gone looks at this one, which may have what it waits for. */
--@task		UPDATE github_sync.comment_sync_transactions SET github_issue_id = kept_id,
--@task			next_attempt_at = nullif(next_attempt_at, 'infinity')
--@task		WHERE github_issue_id = gone_id;
--@task	END IF;
	DELETE FROM github_sync.@resources@ WHERE id = gone_id;
	UPDATE github_sync.@resources@ SET github_id = coalesce(github_id, gone.github_id),
--@task		number = coalesce(number, gone.number), is_transferred = is_transferred OR gone.is_transferred,
		lock_version = lock_version + 1
	WHERE id = kept_id RETURNING * INTO kept;
	/* A row may name another repository than that of the issue that it is linked to. */
	PERFORM github_sync.@record@_take_along(kept, r) FROM github_sync.github_repos AS r
	WHERE r.id = kept.github_repo_id AND r.id <> gone.github_repo_id;
	PERFORM github_sync.@record@_join_queues(kept_id);
	RETURN kept;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_join_records(bigint, bigint) IS
'private: moves everything of one cached record, which has no local row, to another and removes it; a claim that was '
'under way on the removed one is given back. 55P03: somebody else holds one of them, or has just linked it';

CREATE OR REPLACE FUNCTION github_sync.@record@_cancel_unlinked(cached_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@record@_sync_transactions SET event = 'record deleted',
		because = 'the @record@ was unlinked', next_attempt_at = NULL, disabled_reason = NULL,
		error_code = NULL, error_reason = NULL, last_error = coalesce(error_reason, last_error)
	WHERE @resource@_id = cached_id AND direction = 'outbound' AND action = 'upsert'
		/* An error because the row was moved asks for nothing else. */
		AND (state IN ('queued', 'disabled') OR state = 'errored' AND error_code = 'repo_changed');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_cancel_unlinked(bigint) IS
'private: what waits to be sent for a record that is about to be unlinked, or is disabled, is canceled';

CREATE OR REPLACE FUNCTION github_sync.@record@_unlink_held(cached_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_cancel_unlinked(cached_id);
	UPDATE github_sync.@resources@ AS r SET @record@_id = NULL, row_is_ours = false, local_base = NULL,
		remote_base = NULL, sent = NULL, sent_mask = NULL, local_changed_at = NULL, preferred_side = NULL,
		lock_version = r.lock_version + 1
	WHERE r.id = cached_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_unlink_held(bigint) IS
'private: a held local row and its GitHub resource are no record any more; both stay as they are, and what waits to '
'be sent, or is disabled, is canceled';
