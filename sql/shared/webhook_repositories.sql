/*
 * What webhooks tell of repositories that are connected; of others nothing is
 * kept.
 */

CREATE OR REPLACE FUNCTION github_sync.known_repositories(ids bigint[]) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
	SELECT array_agg(r.id ORDER BY r.id) FROM github_sync.github_repos AS r
	WHERE r.id = ANY (ids) AND r.disconnected_at IS NULL
$$;
COMMENT ON FUNCTION github_sync.known_repositories(bigint[]) IS
'private: those of these repositories that are connected; NULL: none is';

CREATE OR REPLACE FUNCTION github_sync.hear_of_listed_repositories(facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	added bigint[] := github_sync.known_repositories(facts.repositories_added);
	removed bigint[] := github_sync.known_repositories(facts.repositories_removed);
	tells_at CONSTANT timestamptz := facts.installation_updated_at;
BEGIN
	IF added IS NULL AND removed IS NULL THEN
		RETURN 'ignored: unknown repository';
	ELSIF (SELECT i.state = 'deleted' FROM github_sync.github_app_installations AS i
		WHERE i.id = facts.installation_id)
		OR facts.installation_id < ANY (github_sync.installations_of_account(facts)) THEN
		RETURN 'ignored: out of date: the installation is gone by now';
	END IF;
	PERFORM github_sync.note_installation(facts);
	UPDATE github_sync.github_repos AS r SET github_app_installation_id = facts.installation_id, access_lost = false,
		access_told_at = greatest(r.access_told_at, tells_at), ask_access_at = NULL
	WHERE r.id = ANY (added) AND NOT github_sync.is_out_of_date(r.access_told_at, tells_at);
	/* Another installation may have it by now; or, told of within a second, this one again. */
	UPDATE github_sync.github_repos AS r SET access_lost = true, access_told_at = greatest(r.access_told_at, tells_at),
		ask_access_at = CASE WHEN (r.access_told_at < tells_at) IS NOT TRUE THEN clock_timestamp() END
	WHERE r.id = ANY (removed) AND r.github_app_installation_id = facts.installation_id
		AND NOT github_sync.is_out_of_date(r.access_told_at, tells_at);
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_listed_repositories(github_sync.event_facts) IS
'private: an installation was given repositories, or they were taken from it; what an earlier webhook tells is out of '
'date, and of one that is as old nobody knows: GitHub is asked';

CREATE OR REPLACE FUNCTION github_sync.installation_of_owner(facts github_sync.event_facts) RETURNS bigint
LANGUAGE sql STABLE AS $$
	SELECT i.id FROM github_sync.github_app_installations AS i
	WHERE i.id = facts.installation_id AND i.state <> 'deleted'
		AND github_sync.same_name(i.account_login, facts.repo_owner)
$$;
COMMENT ON FUNCTION github_sync.installation_of_owner(github_sync.event_facts) IS
'private: the installation that a webhook names, where it is on the account that owns the repository; NULL: it is not';

CREATE OR REPLACE FUNCTION github_sync.hear_of_repository(effect text, facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	known github_sync.github_repos;
BEGIN
	SELECT * INTO known FROM github_sync.github_repos AS r WHERE r.id = facts.repo_id FOR NO KEY UPDATE;
	IF known.id IS NULL OR known.disconnected_at IS NOT NULL THEN
		RETURN 'ignored: unknown repository';
	ELSIF github_sync.is_out_of_date(known.told_at, facts.repo_updated_at) THEN
		RETURN 'ignored: out of date';
	END IF;
	IF effect = 'repository named' THEN
		known.owner_login := coalesce(facts.repo_owner, known.owner_login);
		known.name := coalesce(facts.repo_name, known.name);
		known.github_app_installation_id := coalesce(github_sync.installation_of_owner(facts),
			known.github_app_installation_id);
	END IF;
	UPDATE github_sync.github_repos AS r SET
		told_at = greatest(r.told_at, facts.repo_updated_at),
		access_lost = effect = 'repository gone',
		is_archived = CASE effect WHEN 'repository archived' THEN true WHEN 'repository writable' THEN false
			ELSE r.is_archived END,
		/* Told of within a second: which of the two was the last, nobody knows. */
		ask_archived_at = CASE WHEN effect NOT IN ('repository archived', 'repository writable') THEN r.ask_archived_at
			WHEN r.told_at >= facts.repo_updated_at THEN clock_timestamp() END,
		github_app_installation_id = known.github_app_installation_id
	WHERE r.id = known.id;
	/* By itself: whoever has the name now, may be another one of ours. */
	UPDATE github_sync.github_repos AS r SET owner_login = known.owner_login, name = known.name
	WHERE r.id = known.id AND (r.owner_login, r.name) IS DISTINCT FROM (known.owner_login, known.name);
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_repository(text, github_sync.event_facts) IS
'private: a repository has another name or owner, is deleted, archived or not any more, private or public: whoever is '
'told of one that is there may see it. Where webhooks of one second may contradict each other, GitHub is asked '
'whether it is archived';

CREATE OR REPLACE FUNCTION github_sync.welcome_repository(known github_sync.github_repos, facts github_sync.event_facts)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF known.access_lost AND facts.installation_id = known.github_app_installation_id THEN
		UPDATE github_sync.github_repos AS r SET access_lost = false WHERE r.id = known.id AND r.access_lost;
	ELSIF facts.installation_id > known.github_app_installation_id AND EXISTS (
		SELECT FROM github_sync.github_app_installations AS i
		WHERE i.id = known.github_app_installation_id AND i.state = 'deleted') THEN
		PERFORM github_sync.note_installation(facts);
		UPDATE github_sync.github_repos AS r SET github_app_installation_id = facts.installation_id,
			access_lost = false
		WHERE r.id = known.id AND r.github_app_installation_id = known.github_app_installation_id;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.welcome_repository(github_sync.github_repos, github_sync.event_facts) IS
'private: a webhook of a repository came for an installation: it may see it again, also under a new id that no other '
'webhook told of';
