/*
 * What an UPDATE of a repository or an installation sets off, for the record
 * types that are attached.
 */

CREATE OR REPLACE FUNCTION github_sync.apply_switch(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.task_apply_switch(repo_id);
	IF to_regprocedure('github_sync.comment_apply_switch(bigint)') IS NOT NULL THEN
		PERFORM github_sync.comment_apply_switch(repo_id);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.apply_switch(bigint) IS
'private: applies a repository''s switches to the queues';

CREATE OR REPLACE FUNCTION github_sync.switch_repo() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.apply_switch(NEW.id);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.switch_repo() IS
'private: a repository''s sync_enabled, sync_direction or installation changed';

CREATE OR REPLACE FUNCTION github_sync.release_paused() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.task_release_paused(OLD.id, OLD.paused_until);
	IF to_regprocedure('github_sync.comment_release_paused(bigint,timestamptz)') IS NOT NULL THEN
		PERFORM github_sync.comment_release_paused(OLD.id, OLD.paused_until);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.release_paused() IS
'private: the pause of a repository is over: GitHub answered, or somebody said so';

CREATE OR REPLACE FUNCTION github_sync.switch_installation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	repo_id bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	FOR repo_id IN
		SELECT r.id FROM github_sync.github_repos AS r WHERE r.github_app_installation_id = NEW.id ORDER BY r.id
	LOOP
		PERFORM github_sync.apply_switch(repo_id);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.switch_installation() IS
'private: an installation''s state changed';

CREATE OR REPLACE TRIGGER a_switch
	AFTER UPDATE ON github_sync.github_repos
	FOR EACH ROW WHEN ((OLD.sync_enabled, OLD.sync_direction, OLD.access_lost, OLD.is_archived,
			OLD.github_app_installation_id)
		IS DISTINCT FROM (NEW.sync_enabled, NEW.sync_direction, NEW.access_lost, NEW.is_archived,
			NEW.github_app_installation_id))
	EXECUTE FUNCTION github_sync.switch_repo();
CREATE OR REPLACE TRIGGER b_release_paused
	AFTER UPDATE ON github_sync.github_repos
	FOR EACH ROW WHEN (OLD.paused_until IS NOT NULL AND NEW.paused_until IS NULL)
	EXECUTE FUNCTION github_sync.release_paused();
CREATE OR REPLACE TRIGGER a_switch
	AFTER UPDATE ON github_sync.github_app_installations
	FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
	EXECUTE FUNCTION github_sync.switch_installation();

CREATE OR REPLACE FUNCTION github_sync.set_repo_sync(github_repo_id bigint, enabled boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('set_repo_sync', 'github_repo_id', github_repo_id IS NULL);
	PERFORM github_sync.require_argument('set_repo_sync', 'enabled', enabled IS NULL);
	PERFORM github_sync.require_repo(github_repo_id);
	UPDATE github_sync.github_repos AS r SET sync_enabled = enabled, access_lost = access_lost AND NOT enabled,
		paused_until = CASE WHEN NOT enabled THEN paused_until END,
		pause_reason = CASE WHEN NOT enabled THEN pause_reason END,
		ask_archived_at = CASE WHEN enabled AND is_archived THEN clock_timestamp() ELSE ask_archived_at END
	WHERE r.id = github_repo_id;
END
$$;
COMMENT ON FUNCTION github_sync.set_repo_sync(bigint, boolean) IS
'public: switches the sync of a repository (GitHub''s id) off or on; what is queued becomes disabled, what is '
'disabled is queued again by the rules. On also tries again where GitHub did not show the repository any more, and '
'asks GitHub whether one is still archived. '
'Raises 22004 for NULL, 23503 for a repository that is not connected';
