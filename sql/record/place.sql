/*
 * Where a local row belongs: a task to its repository, a comment to its task.
 * A record whose resource exists stays where that is: once the application has
 * moved the row, nothing of it is sent there any more.  A record of which
 * nothing is at GitHub yet goes along with its row.
 *
 * A task's record remembers which repository its row named when the two were
 * last seen together (local_repo_id): where an issue was transferred, or linked
 * by hand, the row may go on naming another one without having been moved.  A
 * comment's record remembers the task that its row names in the same way, where
 * the comment went to the issue of another task at GitHub (left_task_key).
 *
 * A row that the application does not want to be synced (sync_when,
 * deleted_when), and a comment of such a task, belongs nowhere as long as that is so.
 * Nor does one that was made of a pull request, while its repository skips those.
 */

--@task /* One that somebody linked by hand is meant to be synced. */
--@task CREATE OR REPLACE FUNCTION github_sync.task_is_skipped(cached github_sync.github_issues) RETURNS boolean
--@task LANGUAGE plpgsql STABLE AS $$
--@task BEGIN
--@task	RETURN cached.is_pull_request AND cached.row_is_ours AND EXISTS (SELECT FROM github_sync.github_repos AS r
--@task		WHERE r.id = cached.github_repo_id AND r.pull_requests = 'skip');
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_is_skipped(github_sync.github_issues) IS
--@task 'private: a record is a pull request, of which we made a task, and its repository skips pull requests';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_is_skipped(cached github_sync.github_comments) RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
--@comment		WHERE i.id = cached.github_issue_id AND i.is_pull_request AND github_sync.task_is_skipped(i));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_is_skipped(github_sync.github_comments) IS
--@comment 'private: a record is a comment of a pull request that is skipped';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_task_is_filtered(parent_key text) RETURNS boolean
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	task_key github_sync.github_issues.task_id%TYPE := parent_key;
--@comment	the_task github_sync.local_row;
--@comment BEGIN
--@comment	/* A session of the application does not wait for its own tasks: the claim looks again. */
--@comment	IF task_key IS NULL OR NOT github_sync.task_table_is_free() THEN
--@comment		RETURN false;
--@comment	END IF;
--@comment	the_task := github_sync.task_local_row(task_key);
--@comment	RETURN the_task.is_there AND the_task.is_wanted IS NOT TRUE;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_task_is_filtered(text) IS
--@comment 'private: the task that the row of a comment belongs to is not to be synced, wherever the comment is at '
--@comment 'GitHub. 55P03: a worker cannot look, as somebody has locked the tasks';

--@task CREATE OR REPLACE FUNCTION github_sync.task_place_problem(
--@task	cached github_sync.github_issues, here github_sync.local_row)
--@task RETURNS text
--@task LANGUAGE sql STABLE AS $$
--@task	SELECT CASE
--@task		WHEN {{has_filter}} AND here.is_wanted IS NOT TRUE THEN 'filtered'
--@task		WHEN cached.is_pull_request AND github_sync.task_is_skipped(cached) THEN 'filtered'
--@task		WHEN NOT {{names_repository}} OR here.github_repo_id = cached.github_repo_id
--@task			OR here.github_repo_id IS NOT DISTINCT FROM cached.local_repo_id THEN NULL
--@task		WHEN here.github_repo_id IS NULL THEN 'no_repo'
--@task		ELSE 'repo_changed' END
--@task $$;
--@comment CREATE OR REPLACE FUNCTION github_sync.comment_place_problem(
--@comment	cached github_sync.github_comments, here github_sync.local_row)
--@comment RETURNS text
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	parent github_sync.github_issues;
--@comment BEGIN
--@comment	IF {{has_filter}} AND here.is_wanted IS NOT TRUE THEN
--@comment		RETURN 'filtered';
--@comment	ELSIF github_sync.comment_is_skipped(cached)
--@comment		OR github_sync.task_has_filter() AND github_sync.comment_task_is_filtered(here.parent_key) THEN
--@comment		RETURN 'filtered';
--@comment	END IF;
--@comment	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id;
--@comment	IF here.parent_key = cached.left_task_key THEN
--@comment		RETURN NULL;
--@comment	ELSIF parent.task_id IS NULL THEN
--@comment		/* Of an issue without a task they stay, unless their task has another issue by now. */
--@comment		RETURN CASE WHEN here.parent_issue_id <> cached.github_issue_id THEN 'repo_changed' END;
--@comment	ELSIF here.parent_key IS DISTINCT FROM parent.task_id::text THEN
--@comment		RETURN CASE WHEN here.parent_key IS NULL THEN 'no_repo' ELSE 'repo_changed' END;
--@comment	ELSIF NOT github_sync.task_table_is_free() THEN
--@comment		/* A session of the application does not wait for its own tasks: the claim looks again. */
--@comment		RETURN NULL;
--@comment	END IF;
--@comment	RETURN github_sync.task_place_problem(parent, github_sync.task_local_row(parent.task_id));
--@comment END
--@comment $$;
COMMENT ON FUNCTION github_sync.@record@_place_problem(github_sync.@resources@, github_sync.local_row) IS
'private: why nothing of a local row is sent to where its record is: no_repo (it belongs to no repository any more), '
'repo_changed (to another one; of a comment: to another task), filtered (it, or its task, is not to be synced); '
'NULL: it still belongs there. 55P03: a worker cannot '
'look, as somebody has locked the tasks';

CREATE OR REPLACE FUNCTION github_sync.@record@_decide_place(
	cached github_sync.@resources@, here github_sync.local_row)
RETURNS github_sync.decision
LANGUAGE plpgsql AS $$
DECLARE
	decided github_sync.decision;
	problem text := CASE WHEN here.is_there THEN github_sync.@record@_place_problem(cached, here) END;
BEGIN
--@comment	/* Who moves its task back just now would not see this one: its claim decides. */
--@comment	IF problem IS NOT NULL THEN
--@comment		problem := CASE WHEN github_sync.task_place_is_free(cached.github_issue_id)
--@comment			THEN github_sync.comment_place_problem(cached, here) END;
--@comment	END IF;
	IF problem IN ('no_repo', 'filtered') THEN
		decided.state := 'disabled';
		decided.disabled_reason := problem;
	ELSIF problem = 'repo_changed' THEN
		decided.state := 'errored';
		decided.error_code := problem;
		SELECT format('the @record@ was moved, but what it is linked to is in %s/%s still: SELECT github_sync.%s(%L), '
			'after which its next change makes a new one in its new place',
			r.owner_login, r.name, 'unlink_@record@', cached.@record@_id) INTO decided.error_reason
		FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	END IF;
	RETURN decided;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_place(github_sync.@resources@, github_sync.local_row) IS
'private: what becomes of an outbound upsert whose local row the application has moved; state NULL: it was not moved';

CREATE OR REPLACE FUNCTION github_sync.@record@_may_go_along(cached github_sync.@resources@) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN cached.github_id IS NULL
--@task		AND cached.number IS NULL
		AND NOT github_sync.@record@_has_open_attempt(cached.id)
		AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.state = 'processing');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_may_go_along(github_sync.@resources@) IS
'private: nothing of the record is at GitHub, nor on its way there';

--@task CREATE OR REPLACE FUNCTION github_sync.task_go_along(INOUT cached github_sync.github_issues)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	target github_sync.github_repos;
--@task BEGIN
--@task	IF NOT github_sync.task_may_go_along(cached) THEN
--@task		RETURN;
--@task	END IF;
--@task	SELECT r.* INTO target FROM github_sync.task_local_row(cached.task_id) AS l
--@task	JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id
--@task	WHERE r.id <> cached.github_repo_id AND r.id IS DISTINCT FROM cached.local_repo_id;
--@task	IF NOT FOUND THEN
--@task		RETURN;
--@task	END IF;
--@task	UPDATE github_sync.github_issues AS i SET github_repo_id = target.id, local_repo_id = target.id
--@task	WHERE i.id = cached.id RETURNING * INTO cached;
--@task	UPDATE github_sync.task_sync_transactions SET github_repo_id = target.id,
--@task		github_app_installation_id = target.github_app_installation_id
--@task	WHERE github_issue_id = cached.id AND state IN ('queued', 'errored', 'disabled');
--@task	IF to_regclass('github_sync.github_comments') IS NOT NULL THEN
--@task		UPDATE github_sync.github_comments SET github_repo_id = target.id WHERE github_issue_id = cached.id;
--@task		UPDATE github_sync.comment_sync_transactions SET github_repo_id = target.id,
--@task			github_app_installation_id = target.github_app_installation_id
--@task		WHERE github_issue_id = cached.id AND state IN ('queued', 'errored', 'disabled');
--@task	END IF;
--@task END
--@task $$;
--@comment CREATE OR REPLACE FUNCTION github_sync.comment_go_along(
--@comment	INOUT cached github_sync.github_comments, parent_id bigint)
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	IF parent_id IS NULL OR parent_id = cached.github_issue_id
--@comment		OR NOT github_sync.comment_may_go_along(cached) THEN
--@comment		RETURN;
--@comment	END IF;
--@comment	UPDATE github_sync.github_comments AS c SET github_issue_id = i.id, github_repo_id = i.github_repo_id
--@comment	FROM github_sync.github_issues AS i WHERE i.id = parent_id AND c.id = cached.id RETURNING c.* INTO cached;
--@comment	UPDATE github_sync.comment_sync_transactions AS q SET github_issue_id = i.id,
--@comment		github_issue_number = i.number, github_repo_id = r.id,
--@comment		github_app_installation_id = r.github_app_installation_id,
--@comment		next_attempt_at = CASE WHEN q.next_attempt_at < 'infinity' THEN q.next_attempt_at END
--@comment	FROM github_sync.github_issues AS i JOIN github_sync.github_repos AS r ON r.id = i.github_repo_id
--@comment	WHERE i.id = parent_id AND q.github_comment_id = cached.id
--@comment		AND q.state IN ('queued', 'errored', 'disabled');
--@comment END
--@comment $$;
--@task COMMENT ON FUNCTION github_sync.task_go_along(github_sync.github_issues) IS
--@task 'private: a task of which nothing is at GitHub yet is to be created where its row belongs now, and so are its '
--@task 'comments';
--@comment COMMENT ON FUNCTION github_sync.comment_go_along(github_sync.github_comments, bigint) IS
--@comment 'private: a comment of which nothing is at GitHub yet is to be created at the issue of the task that its '
--@comment 'row belongs to now; both are held';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_follow_alone(
--@comment	cached github_sync.github_comments, target github_sync.github_repos, issue github_sync.resource)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	arrived_id bigint := github_sync.task_key_share_record_of_number_nowait(target.id, issue.number);
--@comment BEGIN
--@comment	UPDATE github_sync.github_comments AS c SET github_repo_id = target.id, github_issue_id = arrived_id,
--@comment		left_task_key = (github_sync.comment_local_row(c.comment_id)).parent_key,
--@comment		etag = NULL, etag_key = NULL, seen_at = NULL, missing_since = NULL, lock_version = c.lock_version + 1
--@comment	WHERE c.id = cached.id AND arrived_id IS NOT NULL;
--@comment	UPDATE github_sync.comment_sync_transactions AS q SET github_issue_id = arrived_id,
--@comment		github_repo_id = target.id, github_app_installation_id = target.github_app_installation_id,
--@comment		github_issue_number = issue.number,
--@comment		next_attempt_at = nullif(q.next_attempt_at, 'infinity')	/* for the issue where it was */
--@comment	WHERE q.github_comment_id = cached.id AND arrived_id IS NOT NULL
--@comment		AND q.state IN ('queued', 'processing', 'errored', 'disabled');
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_follow_alone(
--@comment	github_sync.github_comments, github_sync.github_repos, github_sync.resource) IS
--@comment 'private: a comment goes where GitHub has it, to the issue''s new place, though that has become a task of '
--@comment 'its own; its row stays with its task';

/* Those of an earlier stay: the row is back where its record is. */
CREATE OR REPLACE FUNCTION github_sync.@record@_strays_of(cached_id bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT CASE WHEN count(*) > 0 THEN
			coalesce(array_agg(s.id ORDER BY s.id) FILTER (WHERE s.direction = 'outbound'), '{}') END FROM (
		SELECT q.id, q.direction FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'disabled' AND q.disabled_reason IN ('no_repo', 'filtered')
		UNION ALL
		SELECT q.id, q.direction FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'errored' AND q.error_code = 'repo_changed') AS s);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_strays_of(bigint) IS
'private: outbound transactions that were not sent as the row belonged to no repository or another one, or was not to '
'be synced; one that is inserted when it is back takes their place. None, but something that GitHub told '
'meanwhile: an empty array. NULL: neither';

CREATE OR REPLACE FUNCTION github_sync.@record@_unsent_edits_of(cached_id bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ARRAY(SELECT q.id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'disabled' AND q.direction = 'outbound' AND q.action = 'upsert'
		ORDER BY q.id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_unsent_edits_of(bigint) IS
'private: edits of a record that may not be sent now: the next one sends what they would have, and takes their place';

CREATE OR REPLACE FUNCTION github_sync.@record@_stops_both_ways(
	cached github_sync.@resources@, here github_sync.local_row)
RETURNS boolean
LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	task_key github_sync.github_issues.task_id%TYPE;
BEGIN
--@task	IF cached.is_pull_request AND github_sync.task_is_skipped(cached) THEN
--@comment	IF github_sync.comment_is_skipped(cached) THEN
		RETURN true;
	END IF;
	IF {{has_filter}} AND cached.@record@_id IS NOT NULL AND cached.local_deleted_at IS NULL THEN
		IF here.is_there IS NULL THEN
			here := github_sync.@record@_local_row(cached.@record@_id);
		END IF;
		IF here.is_there AND here.is_wanted IS NOT TRUE THEN
			RETURN true;
		END IF;
	END IF;
--@comment	IF github_sync.task_has_filter() AND github_sync.task_table_is_free() THEN
--@comment		SELECT i.task_id INTO task_key FROM github_sync.github_issues AS i
--@comment		WHERE i.id = cached.github_issue_id AND i.task_id IS NOT NULL;
--@comment		IF FOUND THEN
--@comment			here := github_sync.task_local_row(task_key);
--@comment			RETURN here.is_there AND here.is_wanted IS NOT TRUE;
--@comment		END IF;
--@comment	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_stops_both_ways(github_sync.@resources@, github_sync.local_row) IS
'private: the row, or of a comment its task, is not to be synced as it is now: what GitHub tells of it is not taken '
'over either. 55P03: a worker cannot look, as somebody has locked the tasks';

--@task CREATE OR REPLACE FUNCTION github_sync.task_note_place(cached github_sync.github_issues, named_repo_id bigint)
--@task RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	IF named_repo_id = cached.github_repo_id AND named_repo_id IS DISTINCT FROM cached.local_repo_id THEN
--@task		UPDATE github_sync.github_issues AS i SET local_repo_id = named_repo_id WHERE i.id = cached.id;
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_note_place(github_sync.github_issues, bigint) IS
--@task 'private: the row of a held record names the repository that its issue is in';
