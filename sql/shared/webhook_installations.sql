/*
 * What webhooks tell of installations of the App.  An installation that is made
 * again has another id, a greater one; the account stays who it is.
 */

CREATE OR REPLACE FUNCTION github_sync.is_out_of_date(told_at timestamptz, tells_at timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(tells_at < told_at, false);
COMMENT ON FUNCTION github_sync.is_out_of_date(timestamptz, timestamptz) IS
'private: whether a webhook tells what was so before another one; deliveries come in any order';

CREATE OR REPLACE FUNCTION github_sync.note_installation(facts github_sync.event_facts) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.github_app_installations AS i (id, account_login, account_type, account_id)
	VALUES (facts.installation_id, facts.account_login, facts.account_type, facts.account_id)
	ON CONFLICT ON CONSTRAINT github_app_installations_pkey DO UPDATE SET
		account_login = coalesce(excluded.account_login, i.account_login),
		account_type = coalesce(excluded.account_type, i.account_type),
		account_id = coalesce(excluded.account_id, i.account_id)
	WHERE excluded.account_login IS DISTINCT FROM i.account_login AND excluded.account_login IS NOT NULL
		OR excluded.account_id IS DISTINCT FROM i.account_id AND excluded.account_id IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.note_installation(github_sync.event_facts) IS
'private: the installation that a webhook names is known from now on, with its account';

CREATE OR REPLACE FUNCTION github_sync.installations_of_account(facts github_sync.event_facts) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
	SELECT array_agg(i.id) FROM github_sync.github_app_installations AS i
	WHERE i.id NOT IN (0, facts.installation_id) AND (i.account_id = facts.account_id
		OR i.account_id IS NULL AND github_sync.same_name(i.account_login, facts.account_login))
$$;
COMMENT ON FUNCTION github_sync.installations_of_account(github_sync.event_facts) IS
'private: other installations on the account of the one that a webhook names; NULL: there is none';

CREATE OR REPLACE FUNCTION github_sync.hear_of_new_installation(facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	others bigint[] := github_sync.installations_of_account(facts);
	tells_at CONSTANT timestamptz := facts.installation_updated_at;
	is_late CONSTANT boolean := coalesce((SELECT github_sync.is_out_of_date(i.told_at, tells_at)
		FROM github_sync.github_app_installations AS i WHERE i.id = facts.installation_id), false);
BEGIN
	IF (SELECT i.state = 'deleted' FROM github_sync.github_app_installations AS i WHERE i.id = facts.installation_id)
		OR facts.installation_id < ANY (others) THEN
		RETURN 'ignored: out of date: the installation is gone by now';
	END IF;
	PERFORM github_sync.note_installation(facts);
	UPDATE github_sync.github_app_installations AS i SET state = 'active',
		told_at = greatest(i.told_at, tells_at)
	WHERE i.id = facts.installation_id AND NOT is_late;
	/* An account has one at a time: what was the former one's is this one's.  What went since, or came back, stays. */
	UPDATE github_sync.github_repos AS r SET github_app_installation_id = facts.installation_id,
		access_lost = r.access_lost AND (is_late OR github_sync.is_out_of_date(r.access_told_at, tells_at)),
		access_told_at = greatest(r.access_told_at, tells_at)
	WHERE r.github_app_installation_id = ANY (others)
		OR r.id = ANY (facts.repositories_added) AND NOT is_late
			AND NOT github_sync.is_out_of_date(greatest(r.access_told_at, r.told_at), tells_at)
		OR github_sync.same_name(r.owner_login, facts.account_login) AND EXISTS (
			SELECT FROM github_sync.github_app_installations AS i
			WHERE i.id = r.github_app_installation_id AND i.state = 'deleted');
	UPDATE github_sync.github_app_installations AS i SET state = 'deleted'
	WHERE i.id = ANY (others) AND i.state <> 'deleted';
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_new_installation(github_sync.event_facts) IS
'private: the App was installed, perhaps again: repositories that the account''s former installation had follow';

CREATE OR REPLACE FUNCTION github_sync.retry_forbidden(installation_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.retry_task_sync_transaction(q.id) FROM github_sync.task_sync_transactions AS q
	WHERE q.state = 'errored' AND q.error_code = 'forbidden'
		AND q.github_app_installation_id = retry_forbidden.installation_id;
	IF to_regprocedure('github_sync.retry_comment_sync_transaction(bigint)') IS NOT NULL THEN
		PERFORM github_sync.retry_comment_sync_transaction(q.id) FROM github_sync.comment_sync_transactions AS q
		WHERE q.state = 'errored' AND q.error_code = 'forbidden'
			AND q.github_app_installation_id = retry_forbidden.installation_id;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.retry_forbidden(bigint) IS
'private: what GitHub forbade to an installation is tried again: it was given more permissions';

CREATE OR REPLACE FUNCTION github_sync.hear_of_installation(effect text, facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	known github_sync.github_app_installations;
BEGIN
	IF effect = 'installation made' THEN
		RETURN github_sync.hear_of_new_installation(facts);
	END IF;
	SELECT * INTO known FROM github_sync.github_app_installations AS i WHERE i.id = facts.installation_id
	FOR NO KEY UPDATE;
	IF known.id IS NULL THEN
		RETURN 'ignored: unknown installation';
	/* One that was deleted never comes back under its id. */
	ELSIF known.state = 'deleted' OR effect <> 'installation deleted'
		AND github_sync.is_out_of_date(known.told_at, facts.installation_updated_at) THEN
		RETURN 'ignored: out of date';
	END IF;
	UPDATE github_sync.github_app_installations AS i SET
		state = CASE effect WHEN 'installation deleted' THEN 'deleted' WHEN 'installation suspended' THEN 'suspended'
			WHEN 'installation active' THEN 'active' ELSE i.state END,
		told_at = greatest(i.told_at, facts.installation_updated_at)
	WHERE i.id = known.id;
	IF effect = 'installation permitted' THEN
		UPDATE github_sync.github_app_installations AS i
		SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL
		WHERE i.id = known.id AND i.pause_kind = 'credentials';
		PERFORM github_sync.retry_forbidden(known.id);
	END IF;
	RETURN 'queued';
END
$$;
COMMENT ON FUNCTION github_sync.hear_of_installation(text, github_sync.event_facts) IS
'private: an installation was made, deleted, suspended, is active again, or was given permissions';
