/*
 * GitHub does not show the resource: 404 or 410, confirmed by an inquiry about
 * its repository; or it was deleted there by us.
 */

/* A deletion at GitHub is believed when it is seen twice, this far apart. */
CREATE OR REPLACE FUNCTION github_sync.@record@_missing_long_enough(cached github_sync.@resources@, answered_at timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(answered_at >= cached.missing_since + interval '60 seconds', false);
COMMENT ON FUNCTION github_sync.@record@_missing_long_enough(github_sync.@resources@, timestamptz) IS
'private: replicas lag and answers err: one answer that does not show a resource proves nothing';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_delete_local_row(cached github_sync.github_comments) RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	/* Never a row whose last change GitHub has not seen. */
--@comment	IF cached.comment_id IS NOT NULL
--@comment		AND (SELECT r.on_remote_delete = 'delete' AND r.sync_direction <> 'outbound'
--@comment			FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id)
--@comment		AND (SELECT l.fields IS NOT DISTINCT FROM cached.local_base
--@comment			FROM github_sync.comment_local_row(cached.comment_id) AS l) THEN
--@comment		/* No deletion of the application's: should the comment come back, it becomes a row again. */
--@comment		PERFORM github_sync.unlink_comment(cached.comment_id);
--@comment		DELETE FROM {{table}} AS r WHERE r.{{id}} = cached.comment_id;
--@comment	END IF;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_delete_local_row(github_sync.github_comments) IS
--@comment 'private: what on_remote_delete of the repository says about the row of a comment that was deleted at GitHub; a task outlives its issue';

CREATE OR REPLACE FUNCTION github_sync.@record@_bury(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, confirmed_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ SET deleted_at = date_trunc('second', confirmed_at), missing_since = NULL,
		sent = NULL, sent_mask = NULL, etag = NULL, etag_key = NULL, lock_version = lock_version + 1
	WHERE id = cached.id;
	IF t.direction = 'outbound' AND t.action = 'upsert' THEN
		RETURN github_sync.@record@_fail(t.id, t.claim_no, 'gone', 'it was deleted at GitHub');
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET event = 'completed',
		@record@_id = cached.@record@_id, @resource@_external_id = cached.github_id,
		github_updated_at = CASE action WHEN 'delete' THEN date_trunc('second', confirmed_at) ELSE github_updated_at END
	WHERE id = t.id;
--@comment	PERFORM github_sync.comment_delete_local_row(cached);
	RETURN 'completed';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_bury(github_sync.@record@_sync_transactions, github_sync.@resources@, timestamptz) IS
'private: the tombstone: the resource is deleted at GitHub, by its Date of the answer that says so';

/*
 * repository: what GitHub said when it was then asked about the repository:
 * readable, issues disabled, or not readable.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_missing(
	transaction_id bigint, held_claim_no integer, answered_at timestamptz, repository text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_lock_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	PERFORM github_sync.@record@_end_trouble(t);
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id;
	CASE repository
		WHEN 'not readable' THEN
			UPDATE github_sync.github_repos SET access_lost = true WHERE id = cached.github_repo_id AND NOT access_lost;
			RETURN github_sync.@record@_give_back(t.id, held_claim_no, 'GitHub does not show us the repository', NULL);
		WHEN 'issues disabled' THEN
			PERFORM github_sync.pause_repo(cached.github_repo_id, clock_timestamp() + interval '10 minutes',
				'the repository''s issues are switched off at GitHub');
			RETURN github_sync.@record@_give_back(t.id, held_claim_no, 'the repository''s issues are switched off at GitHub', NULL);
		WHEN 'readable' THEN
			NULL;
	END CASE;
	IF NOT github_sync.@record@_missing_long_enough(cached, answered_at) THEN
		UPDATE github_sync.@resources@ AS r SET missing_since = coalesce(r.missing_since, answered_at) WHERE r.id = cached.id
		RETURNING * INTO cached;
		RETURN github_sync.@record@_give_back(t.id, held_claim_no, 'GitHub does not show it: asked again, to be sure',
			clock_timestamp() + (cached.missing_since + interval '60 seconds' - answered_at));
	END IF;
--@task	IF cached.number IS NULL THEN
--@comment	IF cached.github_id IS NULL THEN
		UPDATE github_sync.@resources@ SET missing_since = NULL WHERE id = cached.id;
		RETURN github_sync.@record@_fail(t.id, held_claim_no, 'gone', 'GitHub does not show us where to create it');
	END IF;
	RETURN github_sync.@record@_bury(t, cached, answered_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_missing(bigint, integer, timestamptz, text) IS
'private: GitHub answered 404 or 410; the state of the repository decides what that means. Returns the state the transaction has now, or stale';

CREATE OR REPLACE FUNCTION github_sync.@record@_deleted(transaction_id bigint, held_claim_no integer, answered_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_lock_claim(transaction_id, held_claim_no);
	cached github_sync.@resources@;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id;
	RETURN github_sync.@record@_bury(t, cached, answered_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_deleted(bigint, integer, timestamptz) IS
'private: GitHub deleted the resource as we asked';
