/*
 * GitHub sends requests on: a repository has another name or owner, an issue
 * was transferred to another repository.  Ids tell the two apart; names alone
 * prove nothing, as an old name can belong to another repository by now.
 */

--@task CREATE OR REPLACE FUNCTION github_sync.repository_of_resource(resource jsonb) RETURNS text[]
--@task LANGUAGE sql IMMUTABLE
--@task RETURN regexp_match(coalesce(resource ->> 'repository_url', resource ->> 'issue_url', '/repos/' || (resource ->> 'full_name')),
--@task	'/repos/(?!\.{1,2}/)([A-Za-z0-9._-]+)/(?!\.{1,2}(?:/|$))([A-Za-z0-9._-]+)(?:/|$)');
--@task COMMENT ON FUNCTION github_sync.repository_of_resource(jsonb) IS
--@task 'private: owner and name of the repository that an issue or comment says it is in, or a repository that it is; or NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_redirected(
	transaction_id bigint, held_claim_no integer, reached_repo_id bigint, resource text,
	OUT owner_login text, OUT repo_name text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
	place text[] := github_sync.repository_of_resource(resource::jsonb);
	same_repository boolean := reached_repo_id = t.github_repo_id;
BEGIN
	IF reached_repo_id IS NULL AND resource::jsonb ? 'full_name' THEN
		same_repository := t.github_repo_id::text = resource::jsonb ->> 'id';
--@task	ELSIF reached_repo_id IS NULL THEN
--@task		/* A redirect by name: the id of an issue stays only as long as the issue stays in its repository. */
--@task		same_repository := EXISTS (SELECT FROM github_sync.github_issues AS i
--@task			WHERE i.id = t.github_issue_id AND i.github_id::text = resource::jsonb ->> 'id');
	END IF;
	IF same_repository IS NOT TRUE OR place IS NULL THEN
		RETURN;
	END IF;
	/* A row that somebody changes just now is left for the next redirect. */
	UPDATE github_sync.github_repos AS r SET owner_login = place[1], name = place[2]
	FROM (SELECT held.id FROM github_sync.github_repos AS held
		WHERE held.id = t.github_repo_id FOR NO KEY UPDATE SKIP LOCKED) AS free
	WHERE r.id = free.id AND (r.owner_login, r.name) IS DISTINCT FROM (place[1], place[2])
	RETURNING r.owner_login, r.name INTO owner_login, repo_name;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_redirected(bigint, integer, bigint, text) IS
'private: an answer that came by a redirect shows another name of the claim''s own repository: it goes by that from now on; NULL: it does not show that';

--@task CREATE OR REPLACE FUNCTION github_sync.move_issue(
--@task	cached github_sync.github_issues, target github_sync.github_repos, new_github_id bigint, new_number integer)
--@task RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	stub_id bigint := (SELECT i.id FROM github_sync.github_issues AS i WHERE i.github_id = new_github_id);
--@task BEGIN
--@task	IF stub_id IS NOT NULL THEN
--@task		PERFORM github_sync.task_absorb(cached.id, stub_id);
--@task	END IF;
--@task	UPDATE github_sync.github_issues SET github_repo_id = target.id, github_id = new_github_id, number = new_number,
--@task		etag = NULL, etag_key = NULL, seen_at = NULL, lock_version = lock_version + 1
--@task	WHERE id = cached.id;
--@task	UPDATE github_sync.task_sync_transactions SET github_repo_id = target.id,
--@task		github_app_installation_id = target.github_app_installation_id,
--@task		github_issue_external_id = new_github_id, github_issue_number = new_number
--@task	WHERE github_issue_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@task	IF to_regclass('github_sync.github_comments') IS NOT NULL THEN
--@task		UPDATE github_sync.github_comments SET github_repo_id = target.id, etag = NULL, etag_key = NULL
--@task		WHERE github_issue_id = cached.id;
--@task		UPDATE github_sync.comment_sync_transactions SET github_repo_id = target.id,
--@task			github_app_installation_id = target.github_app_installation_id, github_issue_number = new_number
--@task		WHERE github_issue_id = cached.id AND state IN ('queued', 'processing', 'errored', 'disabled');
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.move_issue(github_sync.github_issues, github_sync.github_repos, bigint, integer) IS
--@task 'private: an issue, its comments and what is queued for them belong to another repository from now on';

/* Errored, and linked to nothing: neither side is to be taken for the other. */
CREATE OR REPLACE FUNCTION github_sync.@record@_give_up_transferred(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, reason text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text := github_sync.@record@_fail(t.id, t.claim_no, 'transferred', reason);
BEGIN
	IF cached.@record@_id IS NOT NULL THEN
		PERFORM github_sync.unlink_@record@(cached.@record@_id);
	END IF;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_up_transferred(github_sync.@record@_sync_transactions, github_sync.@resources@, text) IS
'private: the resource went where we do not follow: errored transferred, and unlinked';

CREATE OR REPLACE FUNCTION github_sync.@record@_answered_by_another(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@,
	other_github_id bigint, other_number integer, resource text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	place text[] := github_sync.repository_of_resource(resource::jsonb);
	own_repo github_sync.github_repos;
--@task	target github_sync.github_repos;
BEGIN
	/* The answer to a write does not say where it comes from; the next fetch will. */
	IF resource IS NULL THEN
		RETURN github_sync.@record@_give_back(t.id, t.claim_no, 'another resource answered', NULL);
	END IF;
	SELECT * INTO own_repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;

	/* The same place, another resource: the name belongs to somebody else by now. */
	IF lower(place[1]) = lower(own_repo.owner_login) AND lower(place[2]) = lower(own_repo.name)
--@task		AND other_number = cached.number
	THEN
		RETURN github_sync.@record@_fail(t.id, t.claim_no, 'moved', format(
			'another repository answers to the name %s/%s: GitHub''s id there is %s instead of %s',
			own_repo.owner_login, own_repo.name, other_github_id, cached.github_id));
	END IF;
--@task
--@task	SELECT * INTO target FROM github_sync.github_repos AS r
--@task	WHERE lower(r.owner_login) = lower(place[1]) AND lower(r.name) = lower(place[2]) ORDER BY r.id LIMIT 1;
--@task	IF FOUND AND NOT EXISTS (SELECT FROM github_sync.github_issues AS i
--@task		WHERE i.github_id = other_github_id AND i.task_id IS NOT NULL)
--@task	THEN
--@task		PERFORM github_sync.move_issue(cached, target, other_github_id, other_number);
--@task		RETURN github_sync.task_give_back(t.id, t.claim_no,
--@task			format('the issue was transferred to %s/%s#%s', target.owner_login, target.name, other_number), NULL);
--@task	END IF;
	RETURN github_sync.@record@_give_up_transferred(t, cached, format(
		'GitHub answered with another resource: id %s instead of %s, in %s',
		other_github_id, cached.github_id, coalesce(array_to_string(place, '/'), 'a place that it does not name')));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_answered_by_another(github_sync.@record@_sync_transactions, github_sync.@resources@, bigint, integer, text) IS
'private: the answer carries another id than the record''s: moved along where it was transferred to a repository of ours that has no task of its own for it; else errored';
