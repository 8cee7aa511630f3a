/*
 * Which record a comment transaction is about.  Finds the cached record or
 * makes a stub, and locks it; the parent issue comes first.
 */

CREATE OR REPLACE FUNCTION github_sync.comment_parent_is_asked_for(parent github_sync.github_issues) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
		WHERE q.github_issue_id = parent.id AND q.state IN ('queued', 'processing', 'disabled'));
END
$$;
COMMENT ON FUNCTION github_sync.comment_parent_is_asked_for(github_sync.github_issues) IS
'private: the task of an issue that a comment waits for stands in its queue';

CREATE OR REPLACE FUNCTION github_sync.comment_ask_for_parent(parent github_sync.github_issues) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT github_sync.comment_parent_is_asked_for(parent) THEN
		INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', parent.task_id);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.comment_ask_for_parent(github_sync.github_issues) IS
'private: an issue that a comment waits for has to be created: its task is put into its queue unless it stands there';

CREATE OR REPLACE FUNCTION github_sync.comment_parent_of_local_row(key {{key_type}}) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	task_key github_sync.github_issues.task_id%TYPE := (SELECT r.{{task_id}} FROM {{table}} AS r WHERE r.{{id}} = comment_parent_of_local_row.key);
	parent github_sync.github_issues;
BEGIN
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.task_id = task_key;
	IF parent.number IS NOT NULL THEN
		RETURN parent.id;
	END IF;
	IF parent.id IS NULL AND NOT EXISTS (SELECT FROM github_sync.task_local_row(task_key) AS l
		JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id) THEN
		RETURN NULL;
	END IF;
	/* Its issue has to exist first.  Held: should it be linked just now, then another record is its issue. */
	PERFORM github_sync.task_hold_key(task_key);
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.task_id = task_key FOR KEY SHARE;
	IF parent.number IS NOT NULL OR github_sync.comment_parent_is_asked_for(parent) THEN
		RETURN parent.id;
	END IF;
	/* Locked: of two comments one asks. */
	parent := github_sync.task_record_of_local_row(task_key, NULL::bigint);
	IF parent.number IS NULL THEN
		PERFORM github_sync.comment_ask_for_parent(parent);
	END IF;
	RETURN parent.id;
END
$$;
COMMENT ON FUNCTION github_sync.comment_parent_of_local_row({{key_type}}) IS
'private: the cached issue of a comment''s task, which is put into its queue where it has to be created first; NULL: its repository is not known';

CREATE OR REPLACE FUNCTION github_sync.comment_has_no_parent(OUT code text, OUT reason text)
LANGUAGE sql IMMUTABLE AS $$
	SELECT 'parent_not_synced', 'the comment belongs to no task, or to one of which no connected repository is known'
$$;
COMMENT ON FUNCTION github_sync.comment_has_no_parent() IS
'private: the error of a comment that has no issue to be written to, and will not get one by waiting';

CREATE OR REPLACE FUNCTION github_sync.comment_record_of_local_row(key {{key_type}}, given_repo_id bigint)
RETURNS github_sync.github_comments
LANGUAGE plpgsql AS $$
DECLARE
	parent_id bigint;
	cached github_sync.github_comments;
BEGIN
	IF NOT github_sync.comment_hold_key(key) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('comment %s does not exist', key),
			HINT = 'Insert the comment before its sync transaction.';
	END IF;
	parent_id := github_sync.comment_parent_of_local_row(key);
	LOOP
		UPDATE github_sync.github_comments SET lock_version = lock_version + 1
		WHERE comment_id = key RETURNING * INTO cached;
		IF FOUND OR parent_id IS NULL THEN
			RETURN cached;
		END IF;
		INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, comment_id, creation_key)
		SELECT i.github_repo_id, i.id, key, gen_random_uuid() FROM github_sync.github_issues AS i WHERE i.id = parent_id
		ON CONFLICT (comment_id) DO NOTHING;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.comment_record_of_local_row({{key_type}}, bigint) IS
'private: the locked record of a comment; a stub without github_id where there is none; NULL: it belongs to no known issue';

CREATE OR REPLACE FUNCTION github_sync.comment_record_of_resource(t github_sync.comment_sync_transactions)
RETURNS github_sync.github_comments
LANGUAGE plpgsql AS $$
DECLARE
	seen record;
	cached github_sync.github_comments;
BEGIN
	LOOP
		SELECT c.id, c.comment_id INTO seen FROM github_sync.github_comments AS c
		WHERE c.id = t.github_comment_id OR c.github_id = t.github_comment_external_id
		ORDER BY c.id = t.github_comment_id DESC NULLS LAST
		LIMIT 1;
		IF FOUND THEN
			PERFORM github_sync.comment_hold_key(seen.comment_id) WHERE seen.comment_id IS NOT NULL;
			UPDATE github_sync.github_comments SET lock_version = lock_version + 1,
				github_id = coalesce(github_id, t.github_comment_external_id)
			WHERE id = seen.id AND comment_id IS NOT DISTINCT FROM seen.comment_id
			RETURNING * INTO cached;
			IF FOUND THEN
				RETURN cached;
			END IF;
			CONTINUE;			/* linked or absorbed meanwhile: look again */
		END IF;
		IF t.github_comment_external_id IS NULL OR t.github_repo_id IS NULL OR t.github_issue_number IS NULL THEN
			RAISE not_null_violation USING
				MESSAGE = 'an inbound transaction of a comment not seen before needs github_repo_id, github_issue_number and github_comment_external_id',
				HINT = 'GitHub''s webhook has them as repository.id, issue.number and comment.id.';
		END IF;
		PERFORM github_sync.require_repo(t.github_repo_id);
		INSERT INTO github_sync.github_issues (github_repo_id, number)
		VALUES (t.github_repo_id, t.github_issue_number) ON CONFLICT DO NOTHING;
		INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, github_id)
		SELECT t.github_repo_id, i.id, t.github_comment_external_id FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = t.github_repo_id AND i.number = t.github_issue_number
		ON CONFLICT DO NOTHING;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.comment_record_of_resource(github_sync.comment_sync_transactions) IS
'private: the locked record of a GitHub comment, by our id or GitHub''s id; a stub where there is none';

/* Stated for what the record is now: the caller looks again once it holds the parent. */
CREATE OR REPLACE FUNCTION github_sync.comment_needs_parent(
	t github_sync.comment_sync_transactions, cached github_sync.github_comments, step text, parent github_sync.github_issues)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF step IN ('create', 'look') THEN
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
COMMENT ON FUNCTION github_sync.comment_needs_parent(github_sync.comment_sync_transactions, github_sync.github_comments, text, github_sync.github_issues) IS
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
COMMENT ON FUNCTION github_sync.comment_parent_is_gone(github_sync.comment_sync_transactions, text, github_sync.github_issues) IS
'private: ends a comment as errored that has nothing to wait for: its issue will never be there (again)';

CREATE OR REPLACE FUNCTION github_sync.comment_wait_for_parent(
	t github_sync.comment_sync_transactions, step text, parent github_sync.github_issues)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF step = 'fetch' THEN
		IF NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
			WHERE q.github_issue_id = parent.id AND q.state IN ('queued', 'processing')) THEN
			/* The comment moved its issue's updated_at at least that far. */
			INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
			VALUES ('inbound', parent.id, t.github_updated_at);
		END IF;
	ELSIF (SELECT q.state FROM github_sync.task_sync_transactions AS q
		WHERE q.github_issue_id = parent.id ORDER BY q.id DESC LIMIT 1) IS DISTINCT FROM 'errored' THEN
		PERFORM github_sync.comment_ask_for_parent(parent);
	END IF;
	UPDATE github_sync.comment_sync_transactions SET next_attempt_at = 'infinity' WHERE id = t.id;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
	/* The application holds the task: not for us to wait for. */
	UPDATE github_sync.comment_sync_transactions SET next_attempt_at = clock_timestamp() + interval '1 second' WHERE id = t.id;
END
$$;
COMMENT ON FUNCTION github_sync.comment_wait_for_parent(github_sync.comment_sync_transactions, text, github_sync.github_issues) IS
'private: takes a comment out of the line until release_comments_of_issue(), and sees to it that its issue is under way; one whose transaction errored waits for its retry';

CREATE OR REPLACE FUNCTION github_sync.comment_waits_for_parent(
	t github_sync.comment_sync_transactions, cached github_sync.github_comments, step text)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	parent github_sync.github_issues;
BEGIN
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id;
	IF github_sync.comment_parent_is_gone(t, step, parent) THEN
		RETURN true;
	END IF;
	IF NOT github_sync.comment_needs_parent(t, cached, step, parent) THEN
		RETURN false;
	END IF;
	/* Who changes the parent just now would release only what waits already: left for the next claim. */
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id FOR NO KEY UPDATE SKIP LOCKED;
	IF FOUND AND github_sync.comment_needs_parent(t, cached, step, parent) THEN
		/* Who changes it with an older snapshot would not see that this one waits: he shall fail (40001). */
		UPDATE github_sync.github_issues SET lock_version = lock_version + 1 WHERE id = parent.id;
		PERFORM github_sync.comment_wait_for_parent(t, step, parent);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.comment_waits_for_parent(github_sync.comment_sync_transactions, github_sync.github_comments, text) IS
'private: true: the comment cannot be claimed now, because of its issue';

CREATE OR REPLACE FUNCTION github_sync.release_comments_of_issue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* What somebody holds, he supersedes; what he requeues, the next claim parks again. */
	UPDATE github_sync.comment_sync_transactions SET next_attempt_at = NULL
	WHERE id IN (SELECT t.id FROM github_sync.github_comments AS c
		JOIN github_sync.comment_sync_transactions AS t ON t.github_comment_id = c.id
		WHERE c.github_issue_id = NEW.id AND t.state = 'queued' AND t.next_attempt_at = 'infinity'
		FOR NO KEY UPDATE OF t SKIP LOCKED);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.release_comments_of_issue() IS
'private: comments that waited for their issue (its number, its task, or the news that there will be none) may be claimed';

CREATE OR REPLACE TRIGGER release_comments_of_issue
	AFTER UPDATE ON github_sync.github_issues
	FOR EACH ROW WHEN (OLD.number IS NULL AND NEW.number IS NOT NULL
		OR OLD.task_id IS DISTINCT FROM NEW.task_id
		OR OLD.local_deleted_at IS NULL AND NEW.local_deleted_at IS NOT NULL
		OR OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL)
	EXECUTE FUNCTION github_sync.release_comments_of_issue();
