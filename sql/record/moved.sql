/*
 * GitHub sends requests on: a repository has another name or owner, an issue
 * was transferred to another repository.  Ids tell the two apart; names alone
 * prove nothing, as an old name can belong to another repository by now.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_is_own_repository(
	t github_sync.@record@_sync_transactions, reached_repo_id bigint, resource jsonb)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF reached_repo_id IS NULL AND resource ? 'full_name' THEN
		RETURN t.github_repo_id::text = resource ->> 'id';
--@task	ELSIF reached_repo_id IS NULL THEN
--@task		/* A redirect by name: the id of an issue stays only as long as the issue stays in its repository. */
--@task		RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
--@task			WHERE i.id = t.github_issue_id AND i.github_id::text = resource ->> 'id');
	END IF;
	RETURN reached_repo_id = t.github_repo_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_own_repository(github_sync.@record@_sync_transactions, bigint, jsonb) IS
'private: what answered after a redirect is the transaction''s own repository, or is in it: by the id of the '
'repository that the redirect named, else by the id of what answered. NULL: nothing shows it';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_redirect(
	claim_id bigint, held_claim_no integer, reached_repo_id bigint, shown_json text,
	OUT owner_login text, OUT repo_name text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(claim_id, held_claim_no);
	resource jsonb := shown_json::jsonb;
	place text[] := github_sync.repository_of_resource(resource);
BEGIN
	IF place IS NULL OR github_sync.@record@_is_own_repository(t, reached_repo_id, resource) IS NOT TRUE THEN
		RETURN;
	END IF;
	/* A row that somebody changes just now is left for the next redirect. */
	UPDATE github_sync.github_repos AS r SET owner_login = place[1], name = place[2]
	FROM (SELECT held.id FROM github_sync.github_repos AS held
		WHERE held.id = t.github_repo_id FOR NO KEY UPDATE SKIP LOCKED) AS free
	WHERE r.id = free.id AND (r.owner_login, r.name) IS DISTINCT FROM (place[1], place[2])
	RETURNING r.owner_login, r.name INTO owner_login, repo_name;
	PERFORM github_sync.confirm_repo_name(t.github_repo_id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_redirect(bigint, integer, bigint, text) IS
'private: an answer that came by a redirect shows another name of the claim''s own repository, which goes by that '
'name from now on; NULL: the answer does not show one';

--@task CREATE OR REPLACE FUNCTION github_sync.task_move_issue(
--@task	INOUT cached github_sync.github_issues, target github_sync.github_repos, shown github_sync.resource)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	stub_id bigint := (SELECT i.id FROM github_sync.github_issues AS i WHERE i.github_id = shown.github_id);
--@task BEGIN
--@task	PERFORM github_sync.task_join_records(cached.id, stub_id) WHERE stub_id IS NOT NULL;
--@task	UPDATE github_sync.github_issues AS i SET github_repo_id = target.id, github_id = shown.github_id,
--@task		number = shown.number, etag = NULL, etag_key = NULL, seen_at = NULL, lock_version = i.lock_version + 1
--@task	WHERE i.id = cached.id RETURNING * INTO cached;
--@task	UPDATE github_sync.task_sync_transactions SET github_repo_id = target.id,
--@task		github_app_installation_id = target.github_app_installation_id,
--@task		github_issue_external_id = shown.github_id, github_issue_number = shown.number
--@task	WHERE github_issue_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@task	IF to_regclass('github_sync.github_comments') IS NOT NULL THEN
--@task		UPDATE github_sync.github_comments SET github_repo_id = target.id, etag = NULL, etag_key = NULL
--@task		WHERE github_issue_id = cached.id;
--@task		UPDATE github_sync.comment_sync_transactions SET github_repo_id = target.id,
--@task			github_app_installation_id = target.github_app_installation_id, github_issue_number = shown.number
--@task		WHERE github_issue_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_move_issue(
--@task	github_sync.github_issues, github_sync.github_repos, github_sync.resource) IS
--@task 'private: an issue, its comments and what is queued for them belong to another repository from now on';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_up_transferred(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, reason text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text := github_sync.@record@_fail_held(t, 'transferred', reason);
BEGIN
	/* Neither side is to be taken for the other. */
	PERFORM github_sync.@record@_unlink_held(cached.id) WHERE cached.@record@_id IS NOT NULL;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_up_transferred(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text) IS
'private: the resource went where we do not follow: errored transferred, and unlinked';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_place_of(
	repo github_sync.github_repos, cached github_sync.@resources@, place text[], shown github_sync.resource)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT lower(place[1]) = lower(repo.owner_login) AND lower(place[2]) = lower(repo.name)
--@task		AND shown.number = cached.number
$$;
COMMENT ON FUNCTION github_sync.@record@_is_place_of(
	github_sync.github_repos, github_sync.@resources@, text[], github_sync.resource) IS
'private: an answer comes from where the record is, by name';

--@task CREATE OR REPLACE FUNCTION github_sync.task_follow_transfer(
--@task	t github_sync.task_sync_transactions, cached github_sync.github_issues, place text[],
--@task	shown github_sync.resource)
--@task RETURNS text
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	target github_sync.github_repos;
--@task BEGIN
--@task	SELECT * INTO target FROM github_sync.github_repos AS r
--@task	WHERE lower(r.owner_login) = lower(place[1]) AND lower(r.name) = lower(place[2])
--@task	ORDER BY r.name_lost, r.id LIMIT 1;
--@task	IF NOT FOUND OR EXISTS (SELECT FROM github_sync.github_issues AS i
--@task		WHERE i.github_id = shown.github_id AND i.task_id IS NOT NULL)
--@task	THEN
--@task		RETURN NULL;
--@task	END IF;
--@task	cached := github_sync.task_move_issue(cached, target, shown);
--@task	t.github_repo_id := target.id;
--@task	RETURN github_sync.task_give_back_held(t, cached,
--@task		format('the issue was transferred to %s/%s#%s', target.owner_login, target.name, shown.number), NULL);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_follow_transfer(
--@task	github_sync.task_sync_transactions, github_sync.github_issues, text[], github_sync.resource) IS
--@task 'private: an issue was transferred to a repository of ours: its record moves along. NULL: the place is none '
--@task 'of ours, or has a task of its own for the issue';

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_other_resource(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	place text[] := github_sync.repository_of_resource(answer.json::jsonb);
	repo github_sync.github_repos;
	result text;
BEGIN
	/* The answer to a write does not say where it comes from; the next fetch will. */
	IF answer.json IS NULL THEN
		RETURN github_sync.@record@_give_back_held(t, cached, 'another resource answered', NULL);
	END IF;
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	/* The same place, another resource: the name belongs to somebody else by now. */
	IF github_sync.@record@_is_place_of(repo, cached, place, shown) THEN
		UPDATE github_sync.github_repos SET name_lost = true WHERE id = repo.id AND NOT name_lost;
		RETURN github_sync.@record@_fail_held(t, 'moved', format(
			'another repository answers to the name %s/%s: GitHub''s id there is %s instead of %s',
			repo.owner_login, repo.name, shown.github_id, cached.github_id));
	END IF;
--@task	result := github_sync.task_follow_transfer(t, cached, place, shown);
	IF result IS NULL THEN
		result := github_sync.@record@_give_up_transferred(t, cached, format(
			'GitHub answered with another resource: id %s instead of %s, in %s',
			shown.github_id, cached.github_id, coalesce(array_to_string(place, '/'), 'a place that it does not name')));
	END IF;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_meet_other_resource(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: the answer carries another id than the record''s: the record moves along where the issue was transferred '
'to a repository of ours that has no task of its own for it; else the transaction is errored';
