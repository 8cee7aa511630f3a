/*
 * A local row and a GitHub resource that existed before the sync become one
 * record, or stop being one.
 */

/* What the application began to send, but GitHub never got, makes way for the link. */
CREATE OR REPLACE FUNCTION github_sync.@record@_require_linkable(
	key {{key_type}}, target github_sync.@resources@)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	present github_sync.@resources@;
BEGIN
	IF target.@record@_id IS NOT NULL THEN
		RAISE unique_violation USING
			MESSAGE = format('the GitHub resource is linked to @record@ %s', target.@record@_id),
			HINT = format('SELECT github_sync.unlink_@record@(%L) first.', target.@record@_id);
	END IF;
	SELECT * INTO present FROM github_sync.@resources@ AS r WHERE r.@record@_id = key;
--@task	IF present.number IS NOT NULL THEN
--@comment	IF present.github_id IS NOT NULL THEN
		RAISE unique_violation USING
			MESSAGE = format('@record@ %s is linked to another GitHub resource', key),
			HINT = format('SELECT github_sync.unlink_@record@(%L) first.', key);
	END IF;
	IF github_sync.@record@_has_open_attempt(present.id)
		OR EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = present.id AND q.state = 'processing') THEN
		RAISE object_in_use USING
			MESSAGE = format('@record@ %s is just being created at GitHub', key),
			HINT = 'Wait until its transaction is finished.';
	END IF;
	RETURN present.id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_require_linkable({{key_type}}, github_sync.@resources@) IS
'private: refuses to link what is linked or under way; returns the stub of a row that never went out, or NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_link(key {{key_type}}, target_id bigint, prefer text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	stub_id bigint;
	target github_sync.@resources@;
	linking bigint;
BEGIN
	IF prefer IS NULL OR prefer NOT IN ('github', 'app') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('prefer is %s', coalesce(quote_literal(prefer), 'NULL')),
			HINT = 'It says whose values count where the two differ: ''github'' or ''app''.';
	END IF;
	PERFORM github_sync.@record@_lock_records_to_link(target_id, key);
	SELECT * INTO target FROM github_sync.@resources@ AS r WHERE r.id = target_id;
	stub_id := github_sync.@record@_require_linkable(key, target);
	UPDATE github_sync.@resources@ SET @record@_id = NULL WHERE id = stub_id;
	UPDATE github_sync.@resources@ SET @record@_id = key, row_is_ours = false, preferred_side = prefer,
		local_deleted_at = NULL,
		local_base = NULL, remote_base = NULL, local_changed_at = NULL, sent = NULL, sent_mask = NULL,
--@task		local_repo_id = (github_sync.task_local_row(key)).github_repo_id,
--@comment		left_task_key = NULL,
		etag = NULL, etag_key = NULL, lock_version = lock_version + 1
	WHERE id = target_id;
	PERFORM github_sync.@record@_join_records(target_id, stub_id) WHERE stub_id IS NOT NULL;
	IF prefer = 'github' THEN
		INSERT INTO github_sync.@record@_sync_transactions (direction, @resource@_id) VALUES ('inbound', target_id)
		RETURNING id INTO linking;
	ELSE
		INSERT INTO github_sync.@record@_sync_transactions (direction, @record@_id) VALUES ('outbound', key)
		RETURNING id INTO linking;
	END IF;
	RETURN linking;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_link({{key_type}}, bigint, text) IS
'private: links a held local row to a cached record and enqueues the transaction that merges them for the first time';

--@task CREATE OR REPLACE FUNCTION github_sync.link_task(
--@task	task_id {{key_type}}, github_repo_id bigint, github_issue_number integer, prefer text)
--@task RETURNS bigint
--@task LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
--@task DECLARE
--@task	target_id bigint;
--@task BEGIN
--@task	PERFORM github_sync.require_one_owner();
--@task	PERFORM github_sync.require_argument('link_task', 'task_id', task_id IS NULL);
--@task	PERFORM github_sync.require_argument('link_task', 'github_repo_id', github_repo_id IS NULL);
--@task	PERFORM github_sync.require_repo(link_task.github_repo_id);
--@task	IF github_issue_number IS NULL OR github_issue_number < 1 THEN
--@task		RAISE invalid_parameter_value USING
--@task			MESSAGE = 'github_issue_number has to be the number of an issue',
--@task			HINT = 'It is what GitHub shows behind the # of the issue, not its id.';
--@task	END IF;
--@task	IF NOT github_sync.task_lock_row_and_record(link_task.task_id) THEN
--@task		RAISE foreign_key_violation USING
--@task			MESSAGE = format('task %s does not exist', link_task.task_id),
--@task			HINT = 'The first argument is the key of a row of the attached table.';
--@task	END IF;
--@task	/* An empty record if need be: who enqueues the task for the first time just now waits for it. */
--@task	PERFORM github_sync.task_record_of_local_row(link_task.task_id, link_task.github_repo_id);
--@task	INSERT INTO github_sync.github_issues (github_repo_id, number)
--@task	VALUES (link_task.github_repo_id, github_issue_number) ON CONFLICT DO NOTHING;
--@task	SELECT i.id INTO target_id FROM github_sync.github_issues AS i
--@task	WHERE i.github_repo_id = link_task.github_repo_id AND i.number = github_issue_number;
--@task	RETURN github_sync.task_link(link_task.task_id, target_id, prefer);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.link_task({{key_type}}, bigint, integer, text) IS
--@task 'public: makes a task and an issue of a connected repository (GitHub''s id, the issue''s number) one record; '
--@task 'where they differ, the side that prefer names (github, app) counts and the other text goes to '
--@task 'sync_conflicts. Returns the transaction that merges them';

--@comment CREATE OR REPLACE FUNCTION github_sync.link_comment(
--@comment	comment_id {{key_type}}, github_repo_id bigint, github_comment_external_id bigint, prefer text)
--@comment RETURNS bigint
--@comment LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
--@comment DECLARE
--@comment	parent_id bigint;
--@comment	target_id bigint;
--@comment BEGIN
--@comment	PERFORM github_sync.require_one_owner();
--@comment	PERFORM github_sync.require_argument('link_comment', 'comment_id', comment_id IS NULL);
--@comment	PERFORM github_sync.require_argument('link_comment', 'github_repo_id', github_repo_id IS NULL);
--@comment	IF github_comment_external_id IS NULL OR github_comment_external_id < 1 THEN
--@comment		RAISE invalid_parameter_value USING
--@comment			MESSAGE = 'github_comment_external_id has to be GitHub''s id of a comment',
--@comment			HINT = 'It is the number behind #issuecomment- of its address.';
--@comment	END IF;
--@comment	IF NOT github_sync.comment_key_share_local_row(link_comment.comment_id) THEN
--@comment		RAISE foreign_key_violation USING
--@comment			MESSAGE = format('comment %s does not exist', link_comment.comment_id),
--@comment			HINT = 'The first argument is the key of a row of the attached table.';
--@comment	END IF;
--@comment	SELECT i.id INTO parent_id FROM github_sync.comment_local_row(link_comment.comment_id) AS l
--@comment	JOIN github_sync.github_issues AS i ON i.id = l.parent_issue_id
--@comment	WHERE i.number IS NOT NULL AND i.github_repo_id = link_comment.github_repo_id FOR KEY SHARE OF i;
--@comment	IF parent_id IS NULL THEN
--@comment		RAISE object_not_in_prerequisite_state USING
--@comment			MESSAGE = format('the task of comment %s is not linked to an issue of repository %s',
--@comment				link_comment.comment_id, link_comment.github_repo_id),
--@comment			HINT = 'SELECT github_sync.link_task(...) first.';
--@comment	END IF;
--@comment	PERFORM github_sync.comment_lock_row_and_record(link_comment.comment_id);
--@comment	/* An empty record if need be: who enqueues the comment for the first time just now waits for it. */
--@comment	PERFORM github_sync.comment_record_of_local_row(
--@comment		link_comment.comment_id, link_comment.github_repo_id, 100::smallint);
--@comment	INSERT INTO github_sync.github_comments (github_repo_id, github_issue_id, github_id)
--@comment	VALUES (link_comment.github_repo_id, parent_id, github_comment_external_id) ON CONFLICT DO NOTHING;
--@comment	SELECT c.id INTO target_id FROM github_sync.github_comments AS c
--@comment	WHERE c.github_id = github_comment_external_id AND c.github_issue_id = parent_id;
--@comment	IF NOT FOUND THEN
--@comment		RAISE object_not_in_prerequisite_state USING
--@comment			MESSAGE = format('comment %s at GitHub is one of another issue', github_comment_external_id);
--@comment	END IF;
--@comment	RETURN github_sync.comment_link(link_comment.comment_id, target_id, prefer);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.link_comment({{key_type}}, bigint, bigint, text) IS
--@comment 'public: makes a comment and a comment at GitHub (repository''s and comment''s id) one record; its task '
--@comment 'has to be linked to the issue. Where they differ, the side that prefer names (github, app) counts and '
--@comment 'the other text goes to sync_conflicts. Returns the transaction that merges them';

CREATE OR REPLACE FUNCTION github_sync.unlink_@record@(@record@_id {{key_type}}) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	linked_id bigint;
	cached github_sync.@resources@;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('unlink_@record@', '@record@_id', @record@_id IS NULL);
	PERFORM github_sync.@record@_require_table();
	LOOP
		SELECT r.id INTO linked_id FROM github_sync.@resources@ AS r WHERE r.@record@_id = unlink_@record@.@record@_id;
		IF NOT FOUND THEN
			RAISE no_data_found USING
				MESSAGE = format('@record@ %s is not linked', unlink_@record@.@record@_id),
				HINT = 'Table github_sync.@resources@ has what is linked, by @record@_id.';
		END IF;
		cached := github_sync.@record@_lock_record(linked_id);
		/* Else it was linked or unlinked while we waited: look again. */
		EXIT WHEN cached.@record@_id = unlink_@record@.@record@_id;
	END LOOP;
	PERFORM github_sync.@record@_unlink_held(linked_id);
END
$$;
COMMENT ON FUNCTION github_sync.unlink_@record@({{key_type}}) IS
'public: a @record@ and its GitHub resource go their own ways; both stay as they are';
