/*
 * A comment that waits for its issue: out of the line until the issue has a
 * number, or a task, or will have none.
 */

/* Stated for what the record is now: the caller looks again once it holds the parent. */
CREATE OR REPLACE FUNCTION github_sync.comment_wait_for_locks() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '1 second';
COMMENT ON FUNCTION github_sync.comment_wait_for_locks() IS
'private: when a comment is claimed again whose task the application holds';

CREATE OR REPLACE FUNCTION github_sync.comment_needs_parent(
	t github_sync.comment_sync_transactions, cached github_sync.github_comments, step text,
	parent github_sync.github_issues)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF step IN ('create', 'lookup') THEN
		RETURN parent.number IS NULL;
	END IF;
	/* A comment that is to become a row needs the task of its issue. */
	RETURN step = 'fetch' AND t.direction = 'inbound' AND t.action = 'upsert' AND cached.comment_id IS NULL
		AND parent.id IS NOT NULL AND parent.task_id IS NULL
		AND parent.local_deleted_at IS NULL AND parent.deleted_at IS NULL
		AND NOT EXISTS (SELECT FROM github_sync.github_repos AS r
			WHERE r.id = cached.github_repo_id AND r.sync_direction = 'outbound');
END
$$;
COMMENT ON FUNCTION github_sync.comment_needs_parent(
	github_sync.comment_sync_transactions, github_sync.github_comments, text, github_sync.github_issues) IS
'private: the issue of the comment has no number yet, or the row that the comment is to become would have no task';

CREATE OR REPLACE FUNCTION github_sync.comment_parent_is_gone(
	t github_sync.comment_sync_transactions, step text, parent github_sync.github_issues)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	code text := CASE
		WHEN step <> 'create' THEN NULL
		WHEN parent.number IS NULL AND parent.task_id IS NULL THEN 'parent_not_synced'
		WHEN parent.deleted_at IS NOT NULL THEN 'gone' END;
BEGIN
	UPDATE github_sync.comment_sync_transactions SET event = 'failed', error_code = code, error_reason = CASE code
			WHEN 'gone' THEN 'the issue of the comment was deleted at GitHub'
			ELSE 'the task of the comment has no issue, and will have none' END
	WHERE id = t.id AND code IS NOT NULL;
	RETURN code IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.comment_parent_is_gone(
	github_sync.comment_sync_transactions, text, github_sync.github_issues) IS
'private: ends a comment as errored that has nothing to wait for: its issue will never be there (again)';

CREATE OR REPLACE FUNCTION github_sync.comment_parent_has_failed(parent_id bigint, version timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN coalesce((SELECT q.state = 'errored' AND q.github_updated_at >= version
		FROM github_sync.task_sync_transactions AS q
		WHERE q.github_issue_id = parent_id AND q.direction = 'inbound' AND q.action = 'upsert'
			AND q.state NOT IN ('canceled', 'dropped', 'duplicate')
		ORDER BY q.finished_at DESC NULLS FIRST, q.id DESC LIMIT 1), false);
END
$$;
COMMENT ON FUNCTION github_sync.comment_parent_has_failed(bigint, timestamptz) IS
'private: the issue of a comment could not become a task, last time, in a version that is no older than the '
'comment''s: it would fail once more';

CREATE OR REPLACE FUNCTION github_sync.comment_wait_for_parent(
	t github_sync.comment_sync_transactions, step text, parent github_sync.github_issues)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF step = 'fetch' THEN
		IF NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
			WHERE q.github_issue_id = parent.id AND q.state IN ('queued', 'processing'))
			AND NOT github_sync.comment_parent_has_failed(parent.id, t.github_updated_at) THEN
			/* The comment moved its issue's updated_at at least that far. */
			INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
			VALUES ('inbound', parent.id, github_sync.time_to_ask_with(t.github_updated_at));
		END IF;
	/* The last that ended by itself: one that another covers was inserted before that one failed. */
	ELSIF (SELECT q.state FROM github_sync.task_sync_transactions AS q
		WHERE q.github_issue_id = parent.id AND q.state NOT IN ('canceled', 'dropped', 'duplicate')
		ORDER BY q.finished_at DESC NULLS FIRST, q.id DESC LIMIT 1) IS DISTINCT FROM 'errored' THEN
		PERFORM github_sync.comment_ask_for_parent(parent, t.priority);
	END IF;
	UPDATE github_sync.comment_sync_transactions SET next_attempt_at = 'infinity' WHERE id = t.id;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
	/* The application holds the task: not for us to wait for. */
	UPDATE github_sync.comment_sync_transactions
	SET next_attempt_at = clock_timestamp() + github_sync.comment_wait_for_locks() WHERE id = t.id;
END
$$;
COMMENT ON FUNCTION github_sync.comment_wait_for_parent(
	github_sync.comment_sync_transactions, text, github_sync.github_issues) IS
'private: takes a comment out of the line until release_comments_of_issue(), and sees to it that its issue is under '
'way; one whose transaction errored waits for its retry';

CREATE OR REPLACE FUNCTION github_sync.comment_step_with_parent(
	t github_sync.comment_sync_transactions, cached github_sync.github_comments, step text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	parent github_sync.github_issues;
BEGIN
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id;
	IF github_sync.comment_parent_is_gone(t, step, parent) THEN
		RETURN NULL;
	END IF;
	IF NOT github_sync.comment_needs_parent(t, cached, step, parent) THEN
		RETURN step;
	END IF;
	/* Who changes the parent just now would release only what waits already: left for the next claim. */
	parent := github_sync.task_lock_record_skip_locked(cached.github_issue_id);
	IF parent.id IS NULL OR NOT github_sync.comment_needs_parent(t, cached, step, parent) THEN
		RETURN 'held';
	END IF;
	/* Who changes it with an older snapshot would not see that this one waits: he shall fail (40001). */
	UPDATE github_sync.github_issues SET lock_version = lock_version + 1 WHERE id = parent.id;
	PERFORM github_sync.comment_wait_for_parent(t, step, parent);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.comment_step_with_parent(
	github_sync.comment_sync_transactions, github_sync.github_comments, text) IS
'private: the step, where the comment''s issue lets it be taken now; held: somebody has just changed the issue, or '
'holds it; NULL: it cannot be claimed now, because of its issue';

CREATE OR REPLACE FUNCTION github_sync.comment_is_captured() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM pg_trigger AS g
		WHERE g.tgrelid = {{table_text}}::regclass AND g.tgname = 'github_sync_capture_comment'
			AND g.tgenabled IN ('O', 'A'));
END
$$;
COMMENT ON FUNCTION github_sync.comment_is_captured() IS
'private: the application''s comments are enqueued by capture; else it enqueues them by itself';

/* From an issue that the task was unlinked from, say, before anything of them was sent. */
CREATE OR REPLACE FUNCTION github_sync.comment_bring_home(issue github_sync.github_issues) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	cached github_sync.github_comments;
BEGIN
	FOR cached IN
		SELECT c.* FROM github_sync.github_comments AS c JOIN {{table}} AS r ON r.{{id}} = c.comment_id
		WHERE r.{{task_id}} = issue.task_id AND c.github_issue_id <> issue.id AND c.github_id IS NULL
		ORDER BY c.id FOR NO KEY UPDATE OF c NOWAIT
	LOOP
		PERFORM github_sync.comment_go_along(cached, issue.id);
		PERFORM github_sync.comment_enable_record(cached.id, '{outbound}');
		PERFORM github_sync.comment_retry_strays(cached.id);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.comment_bring_home(github_sync.github_issues) IS
'private: the issue of a task was made: comments of the task of which nothing is at GitHub, and whose records are at '
'another issue, come here. 55P03: somebody holds one of them';

/*
 * Whoever holds one of the rows makes the report wait (55P03), as one that
 * holds the task does: it would be passed over for good.
 */
CREATE OR REPLACE FUNCTION github_sync.comment_bring_along(issue github_sync.github_issues) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	here record;
	is_captured boolean;
	waits_since timestamptz;
	enqueued_id bigint;
	brought bigint[] := '{}';
	/* Of an import all stands behind what people write, and notifies nobody. */
	as_its_task CONSTANT smallint := github_sync.task_creation_priority(issue.id, coalesce(
		(SELECT q.priority FROM github_sync.task_sync_transactions AS q
		WHERE q.github_issue_id = issue.id AND q.direction = 'outbound' ORDER BY q.id DESC LIMIT 1), 100::smallint));
BEGIN
	IF NOT github_sync.comment_table_fits() THEN
		RETURN;
	END IF;
	SELECT min(t.queued_at) INTO waits_since FROM github_sync.comment_sync_transactions AS t
	WHERE t.github_comment_id IN (SELECT c.id FROM github_sync.github_comments AS c WHERE c.github_issue_id = issue.id)
		AND t.state = 'queued';
	PERFORM github_sync.comment_bring_home(issue);
	is_captured := github_sync.comment_is_captured();
	FOR here IN
		SELECT r.{{id}} AS key, (SELECT max(q.id) FROM (SELECT q.id FROM github_sync.comment_sync_transactions AS q
				WHERE q.comment_id = r.{{id}} AND q.state = 'errored' AND q.error_code = 'parent_not_synced'
				OFFSET 0) AS q) AS errored_id,
			/* The task was not to be synced, or the comment: another one takes its place. */
			EXISTS (SELECT FROM github_sync.comment_sync_transactions AS q WHERE q.comment_id = r.{{id}}
				AND q.state = 'disabled' AND q.disabled_reason = 'filtered') AS was_filtered
		FROM {{table}} AS r WHERE r.{{task_id}} = issue.task_id AND {{is_wanted}}
			AND NOT EXISTS (SELECT FROM github_sync.github_comments AS c WHERE c.comment_id = r.{{id}})
		ORDER BY r.{{id}} FOR KEY SHARE OF r NOWAIT
	LOOP
		IF here.errored_id IS NOT NULL THEN
			PERFORM github_sync.retry_comment_sync_transaction(here.errored_id);
			brought := brought || here.errored_id;
		ELSIF is_captured OR here.was_filtered THEN
			INSERT INTO github_sync.comment_sync_transactions (direction, comment_id, priority)
			VALUES ('outbound', here.key, as_its_task)
			RETURNING comment_sync_transactions.id INTO enqueued_id;
			brought := brought || enqueued_id;
		END IF;
	END LOOP;
	/* They were made before those that wait by now: GitHub shows comments in the order in which it got them. */
	UPDATE github_sync.comment_sync_transactions AS t
	SET queued_at = waits_since - (cardinality(brought) + 1 - b.place) * interval '1 microsecond'
	FROM unnest(brought) WITH ORDINALITY AS b (id, place)
	WHERE t.id = b.id AND t.state = 'queued' AND waits_since IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.comment_bring_along(github_sync.github_issues) IS
'private: the issue of a task was made: the comments that the task had before its repository was known are enqueued, '
'with the priority of the task''s creation. 55P03: the application holds one of them';

CREATE OR REPLACE FUNCTION github_sync.comment_retry_strays_of_issue(issue_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.comment_retry_strays(s.id) FROM (
		SELECT DISTINCT c.id FROM github_sync.github_comments AS c
		JOIN github_sync.comment_sync_transactions AS t ON t.github_comment_id = c.id
		WHERE c.github_issue_id = issue_id AND t.state = 'errored' AND t.error_code = 'repo_changed'
		ORDER BY c.id) AS s;
END
$$;
COMMENT ON FUNCTION github_sync.comment_retry_strays_of_issue(bigint) IS
'private: a task and its issue are in one place again: so may be its comments that were not sent for that';

CREATE OR REPLACE FUNCTION github_sync.return_comments_of_task() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	cached_id bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	FOR cached_id IN
		SELECT DISTINCT c.id FROM github_sync.github_comments AS c
		JOIN github_sync.comment_sync_transactions AS t ON t.github_comment_id = c.id
		WHERE c.github_issue_id = NEW.github_issue_id AND t.state = 'disabled'
			AND t.disabled_reason IN ('no_repo', 'filtered')
		ORDER BY 1
	LOOP
		PERFORM github_sync.comment_enable_record(cached_id, '{outbound,inbound}');
	END LOOP;
	PERFORM github_sync.comment_retry_strays_of_issue(NEW.github_issue_id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.return_comments_of_task() IS
'private: a task that belonged to no repository, or to another one, or was not to be synced, is sent again: what its '
'comments said meanwhile is queued again, by the rules';

CREATE OR REPLACE TRIGGER d_return_comments
	AFTER INSERT ON github_sync.task_sync_transactions
	FOR EACH ROW WHEN (NEW.direction = 'outbound' AND NEW.supersedes IS NOT NULL
		AND NEW.state IN ('queued', 'duplicate'))
	EXECUTE FUNCTION github_sync.return_comments_of_task();

CREATE OR REPLACE FUNCTION github_sync.release_comments(issue_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	/* What somebody holds, he supersedes; what he requeues, the next claim parks again. */
	UPDATE github_sync.comment_sync_transactions SET next_attempt_at = NULL
	WHERE id IN (SELECT t.id FROM github_sync.github_comments AS c
		JOIN github_sync.comment_sync_transactions AS t ON t.github_comment_id = c.id
		WHERE c.github_issue_id = issue_id AND t.state = 'queued' AND t.next_attempt_at = 'infinity'
		FOR NO KEY UPDATE OF t SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION github_sync.release_comments(bigint) IS
'private: comments that wait for their issue stand in line again: their claim decides anew';

CREATE OR REPLACE FUNCTION github_sync.release_comments_without_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.release_comments(NEW.github_issue_id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.release_comments_without_place() IS
'private: a task belongs to no repository any more, or to another one: comments that wait for its issue end as it did';

CREATE OR REPLACE TRIGGER e_release_comments
	AFTER INSERT OR UPDATE ON github_sync.task_sync_transactions
	FOR EACH ROW WHEN (NEW.state = 'disabled' AND NEW.disabled_reason IN ('no_repo', 'filtered')
		OR NEW.state = 'errored' AND NEW.error_code = 'repo_changed')
	EXECUTE FUNCTION github_sync.release_comments_without_place();

CREATE OR REPLACE FUNCTION github_sync.release_comments_of_issue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* The application's own DELETE comes by here: it is never refused. */
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN NULL;
	END IF;
	PERFORM github_sync.release_comments(NEW.id);
	PERFORM github_sync.comment_note_gone_with_issue(NEW.id)
	WHERE OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL;
	PERFORM github_sync.comment_bring_along(NEW)
	WHERE OLD.number IS NULL AND NEW.number IS NOT NULL AND NEW.task_id IS NOT NULL;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.release_comments_of_issue() IS
'private: comments that waited for their issue (its number, its task, or the news that there will be none) may be '
'claimed; those of an issue that is deleted are asked for';

CREATE OR REPLACE TRIGGER release_comments_of_issue
	AFTER UPDATE ON github_sync.github_issues
	FOR EACH ROW WHEN (OLD.number IS NULL AND NEW.number IS NOT NULL
		OR OLD.task_id IS DISTINCT FROM NEW.task_id
		OR OLD.local_deleted_at IS NULL AND NEW.local_deleted_at IS NOT NULL
		OR OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
	EXECUTE FUNCTION github_sync.release_comments_of_issue();
