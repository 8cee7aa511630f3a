/*
 * Which record a comment transaction is about.  Finds the cached record or
 * makes a stub, and locks it; the parent issue comes first.
 */

CREATE OR REPLACE FUNCTION github_sync.comment_parent_of_local_row(key {{key_type}}) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	parent_id bigint := (SELECT l.parent_issue_id FROM github_sync.comment_local_row(key) AS l);
BEGIN
	IF parent_id IS NULL THEN
		/* The comment's issue has to exist first: its task goes out before it. */
		INSERT INTO github_sync.task_sync_transactions (direction, task_id)
		SELECT 'outbound', r.{{task_id}} FROM {{table}} AS r WHERE r.{{id}} = key;
		parent_id := (SELECT l.parent_issue_id FROM github_sync.comment_local_row(key) AS l);
	END IF;
	RETURN parent_id;
END
$$;
COMMENT ON FUNCTION github_sync.comment_parent_of_local_row({{key_type}}) IS
'private: the cached issue of a comment''s task; where there is none yet, the task is put into its queue';

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
	LOOP
		UPDATE github_sync.github_comments SET lock_version = lock_version + 1
		WHERE comment_id = key RETURNING * INTO cached;
		IF FOUND THEN
			RETURN cached;
		END IF;
		parent_id := github_sync.comment_parent_of_local_row(key);
		INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, comment_id)
		SELECT i.github_repo_id, i.id, key FROM github_sync.github_issues AS i WHERE i.id = parent_id
		ON CONFLICT (comment_id) DO NOTHING;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.comment_record_of_local_row({{key_type}}, bigint) IS
'private: the locked record of a comment; a stub without github_id where there is none';

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

CREATE OR REPLACE FUNCTION github_sync.comment_waits_for_parent(
	t github_sync.comment_sync_transactions, cached github_sync.github_comments, step text)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	parent github_sync.github_issues;
BEGIN
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id;
	IF step <> 'fetch' THEN
		RETURN parent.number IS NULL;
	END IF;
	/* A comment that is to become a row needs the task of its issue. */
	IF t.direction = 'outbound' OR cached.comment_id IS NOT NULL OR parent.task_id IS NOT NULL
		OR parent.local_deleted_at IS NOT NULL OR parent.id IS NULL
		OR EXISTS (SELECT FROM github_sync.github_repos AS r
			WHERE r.id = cached.github_repo_id AND r.sync_direction = 'outbound') THEN
		RETURN false;
	END IF;
	IF NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
		WHERE q.github_issue_id = parent.id AND q.state IN ('queued', 'processing')) THEN
		/* The comment moved its issue's updated_at at least that far. */
		INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
		VALUES ('inbound', parent.id, t.github_updated_at);
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.comment_waits_for_parent(github_sync.comment_sync_transactions, github_sync.github_comments, text) IS
'private: a comment whose issue has no number yet, or whose row would have no task; the issue is then fetched first';

CREATE OR REPLACE FUNCTION github_sync.release_comments_of_issue() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE github_sync.comment_sync_transactions AS t SET next_attempt_at = NULL
	FROM github_sync.github_comments AS c
	WHERE c.github_issue_id = NEW.id AND t.github_comment_id = c.id
		AND t.state = 'queued' AND t.next_attempt_at = 'infinity';
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.release_comments_of_issue() IS
'private: comments that waited for their issue (its number, its task) may be claimed';

CREATE OR REPLACE TRIGGER release_comments_of_issue
	AFTER UPDATE ON github_sync.github_issues
	FOR EACH ROW WHEN (OLD.number IS NULL AND NEW.number IS NOT NULL OR OLD.task_id IS NULL AND NEW.task_id IS NOT NULL)
	EXECUTE FUNCTION github_sync.release_comments_of_issue();
