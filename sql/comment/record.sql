/*
 * Which record a comment transaction is about.  Finds the cached record or
 * makes a stub, and locks it; the parent issue comes first.
 */

CREATE OR REPLACE FUNCTION github_sync.comment_record_of_local_row(
	key {{key_type}}, given_repo_id bigint, of_priority smallint)
RETURNS github_sync.github_comments
LANGUAGE plpgsql AS $$
DECLARE
	parent_id bigint;
	cached github_sync.github_comments;
BEGIN
	IF NOT github_sync.comment_key_share_local_row(key) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('comment %s does not exist', key),
			HINT = 'Insert the comment before its sync transaction.';
	END IF;
	/* One that is at GitHub needs no issue to be made for it. */
	IF NOT EXISTS (SELECT FROM github_sync.github_comments AS c
		WHERE c.comment_id = comment_record_of_local_row.key AND c.github_id IS NOT NULL) THEN
		parent_id := github_sync.comment_parent_of_local_row(key, of_priority);
	END IF;
	LOOP
		cached := github_sync.comment_lock_record_of_local_row(key);
		IF cached.id IS NOT NULL OR parent_id IS NULL THEN
			RETURN github_sync.comment_go_along(cached, parent_id);
		END IF;
		INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, comment_id, creation_key)
		SELECT i.github_repo_id, i.id, key, gen_random_uuid() FROM github_sync.github_issues AS i WHERE i.id = parent_id
		ON CONFLICT (comment_id) WHERE comment_id IS NOT NULL DO NOTHING;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.comment_record_of_local_row({{key_type}}, bigint, smallint) IS
'private: the locked record of a comment; a stub without github_id where there is none; NULL: it belongs to no known '
'issue';

CREATE OR REPLACE FUNCTION github_sync.comment_place_is_left(
	t github_sync.comment_sync_transactions, cached github_sync.github_comments)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.github_repos AS lost
			WHERE lost.id = cached.github_repo_id AND lost.access_lost)
		/* Its issue went where it was not followed, and it would wait for that one for ever. */
		OR cached.comment_id IS NULL AND EXISTS (SELECT FROM github_sync.github_issues AS i
			JOIN github_sync.task_sync_transactions AS q ON q.github_issue_id = i.id
			WHERE i.id = cached.github_issue_id AND i.task_id IS NULL
				AND (i.github_repo_id, i.number) IS DISTINCT FROM (t.github_repo_id, t.github_issue_number)
				AND q.state = 'errored' AND q.error_code = 'transferred');
END
$$;
COMMENT ON FUNCTION github_sync.comment_place_is_left(
	github_sync.comment_sync_transactions, github_sync.github_comments) IS
'private: nothing is to be learnt of a comment at the place where its record is: its repository cannot be seen any '
'more, or its issue was transferred, and is told of at another place';

/* Its old place does not tell where it went: what is told of the new one is all that there is to go by. */
CREATE OR REPLACE FUNCTION github_sync.comment_leave_place(
	t github_sync.comment_sync_transactions, INOUT cached github_sync.github_comments)
LANGUAGE plpgsql AS $$
DECLARE
	target github_sync.github_repos;
	issue github_sync.resource;
BEGIN
	SELECT r.* INTO target FROM github_sync.github_repos AS r
	WHERE r.id = t.github_repo_id AND NOT r.access_lost AND t.direction = 'inbound' AND t.action = 'upsert'
		AND t.github_issue_number IS NOT NULL AND github_sync.comment_place_is_left(t, cached);
	IF target.id IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO github_sync.github_issues (github_repo_id, number)
	VALUES (target.id, t.github_issue_number) ON CONFLICT DO NOTHING;
	PERFORM github_sync.task_key_share_record_of_number(target.id, t.github_issue_number);
	issue.number := t.github_issue_number;
	PERFORM github_sync.comment_follow_alone(cached, target, issue);
	SELECT * INTO cached FROM github_sync.github_comments AS c WHERE c.id = cached.id;
END
$$;
COMMENT ON FUNCTION github_sync.comment_leave_place(
	github_sync.comment_sync_transactions, github_sync.github_comments) IS
'private: a held comment whose place tells nothing of it any more is told of at another one, in a repository of ours: '
'it goes there; the fetch decides';

CREATE OR REPLACE FUNCTION github_sync.comment_record_of_resource(t github_sync.comment_sync_transactions)
RETURNS github_sync.github_comments
LANGUAGE plpgsql AS $$
DECLARE
	seen record;
	parent_id bigint;
	cached github_sync.github_comments;
BEGIN
	LOOP
		/* One after the other: by both at once it costs several times as much. */
		SELECT c.id, c.comment_id, c.github_issue_id INTO seen FROM github_sync.github_comments AS c
		WHERE c.id = t.github_comment_id;
		IF NOT FOUND THEN
			SELECT c.id, c.comment_id, c.github_issue_id INTO seen FROM github_sync.github_comments AS c
			WHERE c.github_id = t.github_comment_external_id;
		END IF;
		IF FOUND THEN
			/* What a webhook tells of waits in the queue until the rows can be read again. */
			IF seen.comment_id IS NOT NULL AND github_sync.comment_table_fits() THEN
				PERFORM github_sync.comment_key_share_local_row(seen.comment_id);
			END IF;
			CONTINUE WHEN seen.github_issue_id IS NOT NULL
				AND NOT github_sync.task_key_share_record(seen.github_issue_id);
			UPDATE github_sync.github_comments SET lock_version = lock_version + 1,
				github_id = coalesce(github_id, t.github_comment_external_id)
			WHERE id = seen.id AND comment_id IS NOT DISTINCT FROM seen.comment_id
				AND github_issue_id IS NOT DISTINCT FROM seen.github_issue_id
			RETURNING * INTO cached;
			IF FOUND THEN
				RETURN github_sync.comment_leave_place(t, cached);
			END IF;
			CONTINUE;			/* linked, moved or joined meanwhile, or its issue was: look again */
		END IF;
		IF t.github_comment_external_id IS NULL OR t.github_repo_id IS NULL OR t.github_issue_number IS NULL THEN
			RAISE not_null_violation USING
				MESSAGE = 'an inbound transaction of a comment not seen before needs '
					'github_repo_id, github_issue_number and github_comment_external_id',
				HINT = 'GitHub''s webhook has them as repository.id, issue.number and comment.id.';
		END IF;
		PERFORM github_sync.require_repo(t.github_repo_id);
		INSERT INTO github_sync.github_issues (github_repo_id, number)
		VALUES (t.github_repo_id, t.github_issue_number) ON CONFLICT DO NOTHING;
		parent_id := github_sync.task_key_share_record_of_number(t.github_repo_id, t.github_issue_number);
		CONTINUE WHEN parent_id IS NULL;	/* it has just become part of another one */
		INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, github_id)
		VALUES (t.github_repo_id, parent_id, t.github_comment_external_id) ON CONFLICT DO NOTHING
		RETURNING * INTO cached;
		/* Who has made it holds it. */
		IF FOUND THEN
			RETURN github_sync.comment_leave_place(t, cached);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.comment_record_of_resource(github_sync.comment_sync_transactions) IS
'private: the locked record of a GitHub comment, by our id or GitHub''s id; a stub where there is none';
