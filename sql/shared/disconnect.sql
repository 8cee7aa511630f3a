/*
 * A repository is disconnected: nothing of it is sent, read or told of any more.
 * What links its issues and comments to rows stays, put away with it: connected
 * again, it goes on with the same rows, and nothing is created twice.
 */

CREATE OR REPLACE FUNCTION github_sync.forget_progress(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM github_sync.repo_sweeps AS s WHERE s.github_repo_id = repo_id;
	DELETE FROM github_sync.listed_later AS l WHERE l.github_repo_id = repo_id;
	DELETE FROM github_sync.checked_pages AS p WHERE p.github_repo_id = repo_id;
	DELETE FROM github_sync.record_differences AS d WHERE d.github_repo_id = repo_id;
	DELETE FROM github_sync.known_names AS n WHERE n.github_repo_id = repo_id;
	UPDATE github_sync.webhook_deliveries AS d SET
		outcome = 'ignored: unknown repository', finished_at = clock_timestamp()
	WHERE d.github_repo_id = repo_id AND d.outcome = 'pending';
END
$$;
COMMENT ON FUNCTION github_sync.forget_progress(bigint) IS
'private: what lists, checks and webhooks of a repository have come to is forgotten';

CREATE OR REPLACE FUNCTION github_sync.disconnect_repo(github_repo_id bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	reason text;
	canceled bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('disconnect_repo', 'github_repo_id', github_repo_id IS NULL);
	PERFORM github_sync.require_repo(github_repo_id);
	UPDATE github_sync.github_repos AS r SET sync_enabled = false, disconnected_at = clock_timestamp(),
		paused_until = NULL, pause_reason = NULL, ask_access_at = NULL, ask_archived_at = NULL
	WHERE r.id = github_repo_id
	RETURNING format('repository %s/%s was disconnected', r.owner_login, r.name) INTO reason;
	canceled := github_sync.task_cancel_of_repository(github_repo_id, reason);
	IF to_regprocedure('github_sync.comment_cancel_of_repository(bigint,text)') IS NOT NULL THEN
		canceled := canceled + github_sync.comment_cancel_of_repository(github_repo_id, reason);
	END IF;
	PERFORM github_sync.forget_progress(github_repo_id);
	RETURN canceled;
END
$$;
COMMENT ON FUNCTION github_sync.disconnect_repo(bigint) IS
'public: a repository (GitHub''s id) is not synced any more: what waits for it, failed or is disabled is canceled, and '
'the number of these transactions returned; what is under way just now ends. Neither rows of the application nor '
'GitHub''s side change. An INSERT of the same id into github_repos connects it again, with the links that it had. '
'Raises 23503 for a repository that is not connected, 22004 for NULL';

CREATE OR REPLACE FUNCTION github_sync.connect_again() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	UPDATE github_sync.github_repos AS r SET disconnected_at = NULL,
		github_app_installation_id = NEW.github_app_installation_id, owner_login = NEW.owner_login, name = NEW.name,
		name_lost = NEW.name_lost, access_lost = NEW.access_lost, is_archived = NEW.is_archived,
		sync_enabled = NEW.sync_enabled, sync_direction = NEW.sync_direction, conflict_policy = NEW.conflict_policy,
		on_remote_delete = NEW.on_remote_delete, on_local_delete = NEW.on_local_delete,
		pull_requests = NEW.pull_requests, mentions = NEW.mentions, create_labels = NEW.create_labels,
		task_defaults = NEW.task_defaults, comment_defaults = NEW.comment_defaults,
		told_at = NULL, access_told_at = NULL
	WHERE r.id = NEW.id AND r.disconnected_at IS NOT NULL;
	IF NOT FOUND THEN
		RETURN NEW;
	END IF;
	RAISE NOTICE USING
		MESSAGE = format('repository %s/%s is connected again: its row is back, and no new one is inserted',
			NEW.owner_login, NEW.name),
		DETAIL = 'Its issues and comments are linked to the rows that they had.';
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.connect_again() IS
'private: an INSERT of a repository that was disconnected brings its row back, with the new settings';

CREATE OR REPLACE FUNCTION github_sync.refuse_deletion_of_repository() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	has_records boolean;
BEGIN
	PERFORM github_sync.require_one_owner();
	has_records := github_sync.task_has_repository_records(OLD.id);
	IF NOT has_records AND to_regprocedure('github_sync.comment_has_repository_records(bigint)') IS NOT NULL THEN
		has_records := github_sync.comment_has_repository_records(OLD.id);
	END IF;
	IF has_records THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('repository %s (%s/%s) cannot be deleted', OLD.id, OLD.owner_login, OLD.name),
			DETAIL = 'Issues, comments or transactions of it are known, by which nothing is created twice.',
			HINT = CASE WHEN OLD.disconnected_at IS NULL
				THEN format('SELECT github_sync.disconnect_repo(%s) ends its sync.', OLD.id)
				ELSE 'It is disconnected already: its row stays for that, and nothing else.' END;
	END IF;
	RETURN OLD;
END
$$;
COMMENT ON FUNCTION github_sync.refuse_deletion_of_repository() IS
'private: a clear error instead of that of a foreign key, where anything is known of the repository';

CREATE OR REPLACE TRIGGER a_connect_again
	BEFORE INSERT ON github_sync.github_repos
	FOR EACH ROW EXECUTE FUNCTION github_sync.connect_again();
CREATE OR REPLACE TRIGGER a_refuse_deletion
	BEFORE DELETE ON github_sync.github_repos
	FOR EACH ROW EXECUTE FUNCTION github_sync.refuse_deletion_of_repository();
