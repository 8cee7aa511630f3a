/*
 * Which record a task transaction is about.  Finds the cached record or makes
 * a stub, and locks it: whoever holds the record's row decides alone.
 */

CREATE OR REPLACE FUNCTION github_sync.task_has_repository(key {{key_type}}) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.task_local_row(key) AS l
		JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id
		WHERE l.is_wanted AND r.disconnected_at IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.task_has_repository({{key_type}}) IS
'private: the row of a task is to be synced, and names a connected repository, so that an issue can be made of it';

CREATE OR REPLACE FUNCTION github_sync.task_record_of_local_row(key {{key_type}}, given_repo_id bigint)
RETURNS github_sync.github_issues
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.github_issues;
	repo_id bigint;
	named_repo_id bigint;
BEGIN
	IF NOT github_sync.task_key_share_local_row(key) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('task %s does not exist', key),
			HINT = 'Insert the task before its sync transaction.';
	END IF;
	LOOP
		cached := github_sync.task_lock_record_of_local_row(key);
		IF cached.id IS NOT NULL THEN
			RETURN github_sync.task_go_along(cached);
		END IF;
		named_repo_id := (SELECT l.github_repo_id FROM github_sync.task_local_row(key) AS l);
		repo_id := coalesce(given_repo_id, named_repo_id);
		IF repo_id IS NULL THEN
			RAISE not_null_violation USING
				MESSAGE = format('the repository of task %s is not known', key),
				HINT = 'Give github_repo_id, or name the column that holds it in '
					'attach_tasks(github_repo_column => ...).';
		END IF;
		PERFORM github_sync.require_repo(repo_id);
		INSERT INTO github_sync.github_issues (github_repo_id, local_repo_id, task_id, creation_key)
		VALUES (repo_id, named_repo_id, key, gen_random_uuid())
		ON CONFLICT (task_id) WHERE task_id IS NOT NULL DO NOTHING RETURNING * INTO cached;
		/* Who has made it holds it. */
		IF FOUND THEN
			RETURN cached;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_record_of_local_row({{key_type}}, bigint) IS
'private: the locked record of a task; a stub without github_id where there is none';

CREATE OR REPLACE FUNCTION github_sync.task_record_of_resource(t github_sync.task_sync_transactions)
RETURNS github_sync.github_issues
LANGUAGE plpgsql AS $$
DECLARE
	seen_id bigint;
	seen_key {{key_type}};
	cached github_sync.github_issues;
BEGIN
	LOOP
		/* One after the other: by all of them at once it costs several times as much. */
		seen_id := NULL;
		IF t.github_issue_id IS NOT NULL THEN
			SELECT i.id, i.task_id INTO seen_id, seen_key FROM github_sync.github_issues AS i
			WHERE i.id = t.github_issue_id;
		END IF;
		IF seen_id IS NULL AND t.github_issue_external_id IS NOT NULL THEN
			SELECT i.id, i.task_id INTO seen_id, seen_key FROM github_sync.github_issues AS i
			WHERE i.github_id = t.github_issue_external_id;
		END IF;
		IF seen_id IS NULL THEN
			SELECT i.id, i.task_id INTO seen_id, seen_key FROM github_sync.github_issues AS i
			WHERE i.github_repo_id = t.github_repo_id AND i.number = t.github_issue_number;
		END IF;
		IF seen_id IS NOT NULL THEN
			/* What a webhook tells of waits in the queue until the rows can be read again. */
			IF seen_key IS NOT NULL AND github_sync.task_table_fits() THEN
				PERFORM github_sync.task_key_share_local_row(seen_key);
			END IF;
			UPDATE github_sync.github_issues SET lock_version = lock_version + 1,
				github_id = coalesce(github_id, t.github_issue_external_id),
				number = coalesce(number, t.github_issue_number)
			WHERE id = seen_id AND task_id IS NOT DISTINCT FROM seen_key
			RETURNING * INTO cached;
			IF FOUND THEN
				RETURN cached;
			END IF;
			CONTINUE;			/* linked or joined meanwhile: look again */
		END IF;
		IF t.github_repo_id IS NULL OR t.github_issue_number IS NULL THEN
			RAISE not_null_violation USING
				MESSAGE = 'an inbound transaction of an issue not seen before needs '
					'github_repo_id and github_issue_number',
				HINT = 'GitHub''s webhook has them as repository.id and issue.number.';
		END IF;
		PERFORM github_sync.require_repo(t.github_repo_id);
		INSERT INTO github_sync.github_issues (github_repo_id, github_id, number)
		VALUES (t.github_repo_id, t.github_issue_external_id, t.github_issue_number)
		ON CONFLICT DO NOTHING RETURNING * INTO cached;
		/* Who has made it holds it. */
		IF FOUND THEN
			RETURN cached;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.task_record_of_resource(github_sync.task_sync_transactions) IS
'private: the locked record of an issue, by our id, GitHub''s id, or repository and number; a stub where there is none';

CREATE OR REPLACE FUNCTION github_sync.task_keep_refused_reason(
	t github_sync.task_sync_transactions, cached github_sync.github_issues, remote text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	state CONSTANT integer := github_sync.task_state_position();
BEGIN
	IF cached.sent_mask[state] AND cached.sent[state] <> remote[state]
		AND starts_with(cached.sent[state], 'closed') AND starts_with(remote[state], 'closed') THEN
		INSERT INTO github_sync.sync_conflicts
			(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
		VALUES ('task', cached.id, t.id, 'state', cached.remote_base[state], cached.sent[state], remote[state],
			'github');
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.task_keep_refused_reason(
	github_sync.task_sync_transactions, github_sync.github_issues, text[]) IS
'private: GitHub ignores the reason where the state does not change: another one of an issue that is closed '
'already is kept as lost';
