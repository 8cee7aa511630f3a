/*
 * The parent of a comment: the issue of its task, which has to exist before the
 * comment can be created.  Its task is put into its queue where nobody has asked
 * for it yet.
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

CREATE OR REPLACE FUNCTION github_sync.comment_ask_for_parent(
	parent github_sync.github_issues, of_priority smallint)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT github_sync.comment_parent_is_asked_for(parent) THEN
		INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority)
		VALUES ('outbound', parent.task_id, of_priority);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.comment_ask_for_parent(github_sync.github_issues, smallint) IS
'private: an issue that a comment waits for has to be created: its task is put into its queue, behind what the comment '
'is behind, unless it stands there';

CREATE OR REPLACE FUNCTION github_sync.comment_parent_of_local_row(
	key {{key_type}}, of_priority smallint)
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	task_key github_sync.github_issues.task_id%TYPE := (SELECT r.{{task_id}} FROM {{table}} AS r
		WHERE r.{{id}} = comment_parent_of_local_row.key);
	parent github_sync.github_issues;
	known_parent_id bigint;
BEGIN
	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.task_id = task_key;
	IF parent.number IS NOT NULL THEN
		parent := github_sync.task_key_share_record_of_local_row(task_key);
	END IF;
	IF parent.number IS NOT NULL THEN
		RETURN parent.id;
	END IF;
	IF parent.id IS NULL AND NOT github_sync.task_has_repository(task_key) THEN
		RETURN NULL;
	END IF;
	/*
	 * Its issue has to exist first.  Held: should it be linked just now, then another record is its issue.  Whoever
	 * deletes the task and then its comments waits for who edits one of them, and he must not wait for the task.
	 */
	SELECT c.github_issue_id INTO known_parent_id FROM github_sync.github_comments AS c
	WHERE c.comment_id = comment_parent_of_local_row.key;
	IF known_parent_id IS NULL THEN
		PERFORM github_sync.task_key_share_local_row(task_key);
	ELSIF NOT github_sync.task_key_share_local_row_if_free(task_key) THEN
		RETURN known_parent_id;
	END IF;
	parent := github_sync.task_key_share_record_of_local_row(task_key);
	IF parent.number IS NOT NULL OR github_sync.comment_parent_is_asked_for(parent) THEN
		RETURN parent.id;
	END IF;
	/* Locked: of two comments one asks. */
	parent := github_sync.task_record_of_local_row(task_key, NULL::bigint);
	IF parent.number IS NULL THEN
		PERFORM github_sync.comment_ask_for_parent(parent, of_priority);
	END IF;
	RETURN parent.id;
END
$$;
COMMENT ON FUNCTION github_sync.comment_parent_of_local_row({{key_type}}, smallint) IS
'private: the cached issue of a comment''s task, kept from becoming part of another one; the task is put into its '
'queue where the issue has to be created first. NULL: its repository is not known';

CREATE OR REPLACE FUNCTION github_sync.comment_has_no_parent(OUT code text, OUT reason text)
LANGUAGE sql IMMUTABLE AS $$
	SELECT 'parent_not_synced', 'the comment belongs to no task, or to one of which no connected repository is known'
$$;
COMMENT ON FUNCTION github_sync.comment_has_no_parent() IS
'private: the error of a comment that has no issue to be written to, and will not get one by waiting';
