/*
 * What webhooks tell of issues and comments: an inbound transaction each.  What
 * they say is never applied: the worker fetches.
 */

CREATE OR REPLACE FUNCTION github_sync.knows_issue(issue_id bigint, repo_id bigint, issue_number integer)
RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.github_id = issue_id)
		OR EXISTS (SELECT FROM github_sync.github_issues AS i
			WHERE i.github_repo_id = repo_id AND i.number = issue_number AND i.github_id IS NULL)
$$;
COMMENT ON FUNCTION github_sync.knows_issue(bigint, bigint, integer) IS
'private: whether there is a record of an issue, by its id or, while that is not known, by its number';

CREATE OR REPLACE FUNCTION github_sync.hear_of_issue(
	repo_id bigint, issue_id bigint, issue_number integer, issue_updated_at timestamptz)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.task_sync_transactions
		(direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', repo_id, issue_id, issue_number, issue_updated_at);
	PERFORM github_sync.task_restore_lost(issue_id);
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_issue(bigint, bigint, integer, timestamptz) IS
'private: an issue is there, and has changed at that time';

CREATE OR REPLACE FUNCTION github_sync.follow_moved_issue(
	issue_id bigint, repo_id bigint, issue_number integer, new_id bigint, new_repo_id bigint, new_number integer)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	target github_sync.github_repos;
	cached_id bigint;
	place github_sync.resource;
BEGIN
	SELECT * INTO target FROM github_sync.github_repos AS r WHERE r.id = new_repo_id AND r.disconnected_at IS NULL;
	cached_id := coalesce((SELECT i.id FROM github_sync.github_issues AS i WHERE i.github_id = issue_id),
		(SELECT i.id FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = repo_id AND i.number = issue_number AND i.github_id IS NULL),
		github_sync.task_departed_as(issue_id));
	IF target.id IS NULL OR cached_id IS NULL THEN
		RETURN false;
	END IF;
	place.github_id := new_id;
	place.number := new_number;
	RETURN (SELECT m.moved FROM github_sync.task_transfer(
		github_sync.task_lock_record_nowait(cached_id), target, place) AS m);
END
$$;
COMMENT ON FUNCTION github_sync.follow_moved_issue(bigint, bigint, integer, bigint, bigint, integer) IS
'private: the record of an issue that went from one place to another goes along. False: there is none, or the new '
'place is none of ours, or has a task of its own that is in use. 55P03: somebody holds one of them';

CREATE OR REPLACE FUNCTION github_sync.hear_of_departure(facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	IF github_sync.follow_moved_issue(facts.issue_id, facts.repo_id, facts.issue_number,
		facts.other_issue_id, facts.other_repo_id, facts.other_issue_number) THEN
		RETURN github_sync.hear_of_issue(facts.other_repo_id, facts.other_issue_id, facts.other_issue_number,
			facts.other_issue_updated_at);
	ELSIF github_sync.knows_issue(facts.issue_id, facts.repo_id, facts.issue_number) THEN
		/* GitHub's redirect tells where it went, and the transaction why it is not followed. */
		RETURN github_sync.hear_of_issue(facts.repo_id, facts.issue_id, facts.issue_number,
			greatest(facts.issue_updated_at, facts.other_issue_updated_at));
	ELSIF github_sync.is_connected(facts.other_repo_id) THEN
		RETURN github_sync.hear_of_issue(facts.other_repo_id, facts.other_issue_id, facts.other_issue_number,
			facts.other_issue_updated_at);
	END IF;
	RETURN 'ignored: unknown issue';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_departure(github_sync.event_facts) IS
'private: an issue went to another repository; its arrival there may have been told before';

CREATE OR REPLACE FUNCTION github_sync.hear_of_arrival(facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT github_sync.follow_moved_issue(facts.other_issue_id, facts.other_repo_id, facts.other_issue_number,
			facts.issue_id, facts.repo_id, facts.issue_number)
		AND github_sync.is_connected(facts.other_repo_id)
		AND github_sync.knows_issue(facts.other_issue_id, facts.other_repo_id, facts.other_issue_number) THEN
		PERFORM github_sync.hear_of_issue(facts.other_repo_id, facts.other_issue_id, facts.other_issue_number,
			greatest(facts.issue_updated_at, facts.other_issue_updated_at));
	END IF;
	RETURN github_sync.hear_of_issue(facts.repo_id, facts.issue_id, facts.issue_number, facts.issue_updated_at);
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_arrival(github_sync.event_facts) IS
'private: an issue came from another repository; its departure there may have been told before';

CREATE OR REPLACE FUNCTION github_sync.hear_of_reply(effect text, facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	/* The table may be there without its functions: detached. */
	IF to_regprocedure('github_sync.comment_insert_transaction()') IS NULL THEN
		RETURN 'ignored: comments are not attached';
	ELSIF effect = 'comment deleted' AND NOT EXISTS (SELECT FROM github_sync.github_comments AS c
		WHERE c.github_id = facts.comment_id) THEN
		RETURN 'ignored: unknown comment';
	END IF;
	INSERT INTO github_sync.comment_sync_transactions
		(direction, action, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', CASE effect WHEN 'comment deleted' THEN 'delete' ELSE 'upsert' END, facts.repo_id,
		facts.comment_id, facts.issue_number, CASE WHEN effect <> 'comment deleted' THEN facts.comment_updated_at END);
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_reply(text, github_sync.event_facts) IS
'private: a comment has changed or was deleted; ignored while comments are not attached';

CREATE OR REPLACE FUNCTION github_sync.hear_of_deletion(facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT github_sync.knows_issue(facts.issue_id, facts.repo_id, facts.issue_number) THEN
		RETURN 'ignored: unknown issue';
	END IF;
	INSERT INTO github_sync.task_sync_transactions
		(direction, action, github_repo_id, github_issue_external_id, github_issue_number)
	VALUES ('inbound', 'delete', facts.repo_id, facts.issue_id, facts.issue_number);
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_deletion(github_sync.event_facts) IS
'private: an issue was deleted; the worker makes sure of it';

CREATE OR REPLACE FUNCTION github_sync.is_skipped_pull_request(
	known github_sync.github_repos, facts github_sync.event_facts)
RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT known.pull_requests = 'skip' AND coalesce(facts.is_pull_request, false)
		AND NOT EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.task_id IS NOT NULL AND NOT i.row_is_ours
			AND i.id IN (SELECT o.id FROM github_sync.github_issues AS o WHERE o.github_id = facts.issue_id
				UNION ALL SELECT o.id FROM github_sync.github_issues AS o
				WHERE o.github_repo_id = known.id AND o.number = facts.issue_number))
$$;
COMMENT ON FUNCTION github_sync.is_skipped_pull_request(github_sync.github_repos, github_sync.event_facts) IS
'private: a webhook is about a pull request, or a comment of one, that is not synced: nobody has linked it by hand';

CREATE OR REPLACE FUNCTION github_sync.hear_of_record(effect text, facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	known github_sync.github_repos;
BEGIN
	SELECT * INTO known FROM github_sync.github_repos AS r WHERE r.id = facts.repo_id AND r.disconnected_at IS NULL;
	IF known.id IS NULL THEN
		RETURN 'ignored: unknown repository';
	END IF;
	PERFORM github_sync.welcome_repository(known, facts)
	WHERE known.access_lost OR facts.installation_id <> known.github_app_installation_id;
	RETURN CASE
		WHEN github_sync.is_skipped_pull_request(known, facts) THEN 'ignored: pull requests are skipped'
		WHEN effect IN ('comment changed', 'comment deleted') THEN github_sync.hear_of_reply(effect, facts)
		WHEN effect = 'issue deleted' THEN github_sync.hear_of_deletion(facts)
		WHEN facts.transfer = 'left' THEN github_sync.hear_of_departure(facts)
		WHEN facts.transfer = 'arrived' THEN github_sync.hear_of_arrival(facts)
		ELSE github_sync.hear_of_issue(facts.repo_id, facts.issue_id, facts.issue_number, facts.issue_updated_at)
	END;
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_record(text, github_sync.event_facts) IS
'private: an issue or comment of a repository has changed, moved or was deleted';
