/*
 * The story of one record, for who has to explain it.
 */

CREATE OR REPLACE FUNCTION github_sync.story_of(task_key text, comment_key text) RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* Only the queue is read: to whom the application's tables belong makes no difference. */
	PERFORM github_sync.require_one_owner()
	WHERE NOT github_sync.queue_has_one_owner() OR (github_sync.owner_problem()).problem IS NULL;
	IF num_nonnulls(task_key, comment_key) <> 1 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'the story of one record is told: of a task or of a comment',
			HINT = 'SELECT * FROM github_sync.record_history(task_id => 5), or comment_id => 5.';
	ELSIF task_key IS NOT NULL THEN
		RETURN QUERY SELECT l.* FROM github_sync.task_story(task_key) AS l WHERE l.at IS NOT NULL
			ORDER BY l.at, l.transaction_id NULLS FIRST;
	ELSIF to_regprocedure('github_sync.comment_story(text)') IS NOT NULL THEN
		RETURN QUERY SELECT l.* FROM github_sync.comment_story(comment_key) AS l WHERE l.at IS NOT NULL
			ORDER BY l.at, l.transaction_id NULLS FIRST;
	ELSE
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no comments table is attached',
			HINT = 'SELECT github_sync.attach_comments(...) first.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.story_of(text, text) IS
'private: what record_history() tells, with the rights of the owner of the queue';

/*
 * Of any type: keys are numbers, UUIDs or texts, and the two tables may differ.
 * With the rights of the caller, who may have written the cast of his type.
 */
CREATE OR REPLACE FUNCTION github_sync.record_history(
	task_id anycompatible DEFAULT NULL, comment_id anycompatible DEFAULT NULL)
RETURNS SETOF github_sync.story_line
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM github_sync.story_of(task_id::text, comment_id::text);
END
$$;
COMMENT ON FUNCTION github_sync.record_history(anycompatible, anycompatible) IS
'public: the story of one task, or of one comment, by the key of its row, oldest first: each transaction, what '
'superseded it, its failed tries, pauses, creations that were sent, webhooks, conflicts, deletions, and what it waits '
'for now. No texts of users are in it, and nothing that was pruned. Raises P0002 where nothing is known of the row, '
'22023 where not exactly one of the two is named, 22P02 for a key that is none';
