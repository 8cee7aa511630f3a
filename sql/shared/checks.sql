/*
 * Checks that both record types make on what callers insert.
 */

CREATE OR REPLACE FUNCTION github_sync.check_inbound_time(github_updated_at timestamptz, is_required boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF github_updated_at IS NULL AND is_required THEN
		RAISE not_null_violation USING
			MESSAGE = 'an inbound transaction needs github_updated_at',
			HINT = 'GitHub''s webhook has it as updated_at of the issue or comment.';
	END IF;
	IF github_updated_at > clock_timestamp() + interval '1 day' THEN
		RAISE datetime_field_overflow USING
			MESSAGE = format('github_updated_at %s lies more than a day in the future', github_updated_at),
			DETAIL = 'Such a transaction would outrank every real change of its record.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_inbound_time(timestamptz, boolean) IS
'private: refuses an inbound transaction without a time (where it needs one), or with one more than a day ahead';

CREATE OR REPLACE FUNCTION github_sync.require_repo(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = repo_id) THEN
		RAISE foreign_key_violation USING
			MESSAGE = format('repository %s is not in github_sync.github_repos', repo_id),
			HINT = 'Insert the repository (and its installation) first.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_repo(bigint) IS
'private: a clear error for a repository that nobody connected';

CREATE OR REPLACE TRIGGER z_wake_on_commit
	AFTER INSERT OR UPDATE ON github_sync.github_app_installations
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.wake_on_commit();
CREATE OR REPLACE TRIGGER z_wake_on_commit
	AFTER INSERT OR UPDATE ON github_sync.github_repos
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.wake_on_commit();
