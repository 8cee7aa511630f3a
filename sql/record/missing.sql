/*
 * GitHub does not show the resource: 404 or 410, confirmed by an inquiry about
 * its repository; or it was deleted there by us.
 */

/* Replicas lag and answers err: one answer that does not show a resource proves nothing. */
CREATE OR REPLACE FUNCTION github_sync.@record@_missing_for() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '60 seconds';
COMMENT ON FUNCTION github_sync.@record@_missing_for() IS
'private: GitHub is believed that a resource is deleted when two answers, this far apart, do not show it';

/* A replica that has not heard of something new says that there is nothing. */
CREATE OR REPLACE FUNCTION github_sync.@record@_waits_for_news() RETURNS interval[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY[interval '2 seconds', interval '5 seconds', interval '15 seconds'];
COMMENT ON FUNCTION github_sync.@record@_waits_for_news() IS
'private: after which times a resource is asked for again that GitHub does not show, but told of a moment ago; only '
'what it does not show after all of them is missing';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_news_for() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '10 minutes';
COMMENT ON FUNCTION github_sync.@record@_is_news_for() IS
'private: for how long a replica of GitHub''s may not have heard of a resource';

/* A person switches issues on again, which nobody tells us. */
CREATE OR REPLACE FUNCTION github_sync.@record@_pause_without_issues() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '10 minutes';
COMMENT ON FUNCTION github_sync.@record@_pause_without_issues() IS
'private: how long nothing is sent for a repository whose issues are switched off';

CREATE OR REPLACE FUNCTION github_sync.@record@_missing_long_enough(
	cached github_sync.@resources@, answered_at timestamptz)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(answered_at >= cached.missing_since + github_sync.@record@_missing_for(), false)
$$;
COMMENT ON FUNCTION github_sync.@record@_missing_long_enough(github_sync.@resources@, timestamptz) IS
'private: an answer that does not show the resource is late enough after the first such answer';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_was_not_listed(cached github_sync.github_comments)
--@comment RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
--@comment		JOIN github_sync.repo_sweeps AS s ON s.github_repo_id = i.github_repo_id
--@comment		WHERE i.id = cached.github_issue_id AND i.is_transferred AND NOT i.comments_to_list
--@comment			AND s.stream = 'comments' AND s.phase <> 'backfill');
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_was_not_listed(github_sync.github_comments) IS
--@comment 'private: the issue of a comment that was not seen yet was transferred, and its comments have been listed '
--@comment 'since: whatever GitHub has of them is known';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_delete_local_row(cached github_sync.github_comments)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	path_of_ours text;
--@comment BEGIN
--@comment	/* Never a row whose last change GitHub has not seen. */
--@comment	/* And seen where it is now, or not in the list of its issue there: else it may have come along, or not. */
--@comment	IF cached.comment_id IS NOT NULL
--@comment		AND (cached.seen_at IS NOT NULL OR github_sync.comment_was_not_listed(cached))
--@comment		AND (SELECT r.on_remote_delete = 'delete' AND r.sync_direction <> 'outbound'
--@comment			FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id)
--@comment		AND (SELECT l.fields IS NOT DISTINCT FROM cached.local_base
--@comment			FROM github_sync.comment_local_row(cached.comment_id) AS l) THEN
--@comment		/* No deletion of the application's: should the comment come back, it becomes a row again. */
--@comment		PERFORM github_sync.comment_unlink_held(cached.id);
--@comment		path_of_ours := github_sync.enter_application('comment:' || cached.comment_id::text);
--@comment		DELETE FROM {{table}} AS r WHERE r.{{id}} = cached.comment_id;
--@comment		PERFORM github_sync.leave_application(path_of_ours);
--@comment	END IF;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_delete_local_row(github_sync.github_comments) IS
--@comment 'private: what on_remote_delete of the repository says about the row of a comment that was deleted at '
--@comment 'GitHub; a task outlives its issue';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_note_gone_with_issue(of_issue bigint) RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	INSERT INTO github_sync.listed_later
--@comment		(record_type, github_id, github_repo_id, number, github_updated_at, wanted)
--@comment	SELECT 'comment', c.github_id, c.github_repo_id, i.number, coalesce(c.github_updated_at, clock_timestamp()),
--@comment		'absent'
--@comment	FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id
--@comment	WHERE c.github_issue_id = of_issue AND c.github_id IS NOT NULL AND c.deleted_at IS NULL
--@comment	ON CONFLICT DO NOTHING;
--@comment	PERFORM github_sync.wake() WHERE FOUND;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_note_gone_with_issue(bigint) IS
--@comment 'private: an issue was deleted at GitHub, and nobody tells of its comments: each is asked for, some at a '
--@comment 'time and behind what people wait for, as a comment whose issue went out of sight may be somewhere else';

CREATE OR REPLACE FUNCTION github_sync.@record@_set_tombstone(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, confirmed_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@resources@ SET deleted_at = date_trunc('second', confirmed_at), missing_since = NULL,
		sent = NULL, sent_mask = NULL, etag = NULL, etag_key = NULL, lock_version = lock_version + 1
	WHERE id = cached.id;
	IF t.direction = 'outbound' AND t.action = 'upsert' THEN
		RETURN github_sync.@record@_fail_held(t, 'gone', 'it was deleted at GitHub');
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET event = 'completed',
		@record@_id = cached.@record@_id, @resource@_external_id = cached.github_id,
		github_updated_at = CASE action WHEN 'delete'
			THEN date_trunc('second', confirmed_at) ELSE github_updated_at END,
		unreachable_since = t.unreachable_since
	WHERE id = t.id RETURNING state INTO t.state;
--@comment	/* A row that we deleted there is kept here as the application has it: it only counts as deleted. */
--@comment	PERFORM github_sync.comment_delete_local_row(cached) WHERE t.direction = 'inbound';
	RETURN t.state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_set_tombstone(
	github_sync.@record@_sync_transactions, github_sync.@resources@, timestamptz) IS
'private: the resource is deleted at GitHub, by its Date of the answer that says so; ends the transaction';

CREATE OR REPLACE FUNCTION github_sync.@record@_ask_where_it_is(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN github_sync.@record@_give_back_held(t, cached, 'it went to another repository while it was asked for', NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_ask_where_it_is(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: the record has been moved since its claim: what GitHub said is of a place, and of a repository, that are no '
'longer its own';

CREATE OR REPLACE FUNCTION github_sync.@record@_lose_access(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_repos SET access_lost = true WHERE id = cached.github_repo_id AND NOT access_lost;
	RETURN github_sync.@record@_give_back_held(t, cached, 'GitHub does not show us the repository', NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lose_access(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: the repository cannot be read: what is queued for it becomes disabled, this transaction too';

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_archive(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_repos SET is_archived = true WHERE id = cached.github_repo_id AND NOT is_archived;
	RETURN github_sync.@record@_give_back_held(t, cached, 'the repository is archived at GitHub', NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_meet_archive(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: the repository cannot be written to: what is outbound becomes disabled, this transaction too';

CREATE OR REPLACE FUNCTION github_sync.@record@_wait_for_issues(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	problem CONSTANT text := 'the repository''s issues are switched off at GitHub';
BEGIN
	PERFORM github_sync.pause_repo(cached.github_repo_id,
		clock_timestamp() + github_sync.@record@_pause_without_issues(), problem);
	RETURN github_sync.@record@_give_back_held(t, cached, problem, NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_wait_for_issues(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: the repository has no issues now: it pauses';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_news(
	cached github_sync.@resources@, answered_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* Each by its own clock: ours says when we were told, GitHub's when it was made. */
	RETURN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.direction = 'inbound' AND q.action = 'upsert'
				AND q.inserted_at > (SELECT clock_timestamp()) - github_sync.@record@_is_news_for())
		OR EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
			WHERE a.@resource@_id = cached.id AND a.outcome = 'created'
				AND a.sent_at > answered_at - github_sync.@record@_is_news_for());
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_news(github_sync.@resources@, timestamptz) IS
'private: a transaction told of the resource lately, or it was created lately: not all of GitHub may show it yet';

CREATE OR REPLACE FUNCTION github_sync.@record@_may_be_late(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answered_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF t.lagging_answers >= cardinality(github_sync.@record@_waits_for_news())
		OR t.direction = 'inbound' AND t.action = 'delete'
	THEN
		RETURN false;
	END IF;
--@comment	/* Where there is no comment yet, it is its issue that is not shown. */
--@comment	IF cached.github_id IS NULL THEN
--@comment		RETURN coalesce((SELECT github_sync.task_is_news(i, answered_at) FROM github_sync.github_issues AS i
--@comment			WHERE i.id = cached.github_issue_id), false);
--@comment	END IF;
	RETURN github_sync.@record@_is_news(cached, answered_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_may_be_late(
	github_sync.@record@_sync_transactions, github_sync.@resources@, timestamptz) IS
'private: that GitHub does not show the resource may be a replica that lags, and was not asked often enough to know';

CREATE OR REPLACE FUNCTION github_sync.@record@_ask_for_news(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	t.lagging_answers := t.lagging_answers + 1;
	/* What was not shown before it was told of counts for nothing. */
	UPDATE github_sync.@resources@ SET missing_since = NULL WHERE id = cached.id AND missing_since IS NOT NULL;
	RETURN github_sync.@record@_give_back_held(t, cached, 'GitHub, which told of it a moment ago, does not show it yet',
		clock_timestamp() + (github_sync.@record@_waits_for_news())[t.lagging_answers]);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_ask_for_news(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: asked again shortly, and counted as an answer that lags: not as an attempt';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_missing(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answered_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	IF github_sync.@record@_may_be_late(t, cached, answered_at) THEN
		RETURN github_sync.@record@_ask_for_news(t, cached);
	END IF;
	IF NOT github_sync.@record@_missing_long_enough(cached, answered_at) THEN
		/* A clock that was ahead, once, makes nobody wait for it. */
		UPDATE github_sync.@resources@ AS r SET missing_since = least(r.missing_since, answered_at)
		WHERE r.id = cached.id RETURNING * INTO cached;
		RETURN github_sync.@record@_give_back_held(t, cached, 'GitHub does not show it: asked again, to be sure',
			clock_timestamp() + (cached.missing_since + github_sync.@record@_missing_for() - answered_at));
	END IF;
--@task	IF cached.number IS NULL THEN
--@comment	IF cached.github_id IS NULL THEN
		UPDATE github_sync.@resources@ SET missing_since = NULL WHERE id = cached.id;
		RETURN github_sync.@record@_fail_held(t, 'gone', 'GitHub does not show us where to create it');
	END IF;
	RETURN github_sync.@record@_set_tombstone(t, cached, answered_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_missing(
	github_sync.@record@_sync_transactions, github_sync.@resources@, timestamptz) IS
'private: the repository can be read, the resource cannot: asked again later, then it counts as deleted';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_note_missing_with_issue(
--@comment	t github_sync.comment_sync_transactions, cached github_sync.github_comments, answered_at timestamptz)
--@comment RETURNS text
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	/* Where the issue went, the comment may be, and it was never seen there. */
--@comment	cached.seen_at := NULL;
--@comment	RETURN github_sync.comment_note_missing(t, cached, answered_at);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_note_missing_with_issue(
--@comment	github_sync.comment_sync_transactions, github_sync.github_comments, timestamptz) IS
--@comment 'private: neither a comment nor its issue is shown (404): the issue may have gone where we cannot look, and '
--@comment 'so the comment''s row stays';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_missing(
	claim_id bigint, held_claim_no integer, answered_at timestamptz, asked_repo_id bigint, repository text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim_nowait(claim_id, held_claim_no);
	t github_sync.@record@_sync_transactions := held.t;
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	t.unreachable_since := NULL;
	IF (held.cached).github_repo_id <> asked_repo_id THEN
		RETURN github_sync.@record@_ask_where_it_is(t, held.cached);
	END IF;
	CASE repository
		WHEN 'not readable' THEN RETURN github_sync.@record@_lose_access(t, held.cached);
		WHEN 'archived' THEN RETURN github_sync.@record@_meet_archive(t, held.cached);
		WHEN 'issues disabled' THEN RETURN github_sync.@record@_wait_for_issues(t, held.cached);
		WHEN 'readable' THEN RETURN github_sync.@record@_note_missing(t, held.cached, answered_at);
--@comment		WHEN 'issue not shown' THEN
--@comment			RETURN github_sync.comment_note_missing_with_issue(t, held.cached, answered_at);
	END CASE;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_missing(bigint, integer, timestamptz, bigint, text) IS
'private: GitHub answered 404 or 410, and then said of the repository asked_repo_id that it is readable, has its '
'issues disabled, or is not readable; or it refused a write, and said that the repository is archived; or it does not '
'show the issue of a comment either. Returns the state that the transaction has now, or stale';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_deleted(
	claim_id bigint, held_claim_no integer, answered_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	held record := github_sync.@record@_lock_claim_nowait(claim_id, held_claim_no);
BEGIN
	IF (held.t).id IS NULL THEN
		RETURN 'stale';
	END IF;
	RETURN github_sync.@record@_set_tombstone(held.t, held.cached, answered_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_deleted(bigint, integer, timestamptz) IS
'private: GitHub deleted the resource as we asked. Returns the state that the transaction has now, or stale';
