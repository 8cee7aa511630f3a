/*
 * What people ask of sweeps: an import, a comparison at once, and how far it is.
 */

CREATE OR REPLACE FUNCTION github_sync.widened_filters(s github_sync.repo_sweeps, asked jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	widened jsonb;
BEGIN
	/* What nobody has read to its end is read as it is asked for last. */
	IF s.last_complete_at IS NULL THEN
		RETURN asked;
	ELSIF s.filters = '{}' OR asked = '{}' THEN
		RETURN '{}';
	END IF;
	widened := jsonb_strip_nulls(jsonb_build_object(
		'state', CASE WHEN s.filters -> 'state' = asked -> 'state' THEN asked -> 'state' END,
		'since', CASE WHEN s.filters ? 'since' AND asked ? 'since'
			THEN least((s.filters ->> 'since')::timestamptz, (asked ->> 'since')::timestamptz) END));
	RETURN CASE WHEN widened = '{}' THEN widened ELSE widened || jsonb_build_object(
		'began', least((s.filters ->> 'began')::timestamptz, (asked ->> 'began')::timestamptz)) END;
END
$$;
COMMENT ON FUNCTION github_sync.widened_filters(github_sync.repo_sweeps, jsonb) IS
'private: the filters of a list that an import is asked of with others: what was wanted stays wanted';

CREATE OR REPLACE FUNCTION github_sync.begin_import(
	repo_id bigint, since timestamptz, include_comments boolean, wanted jsonb)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.repo_sweeps AS s (github_repo_id, stream, phase, is_asked, filters)
	SELECT repo_id, l.stream, CASE WHEN l.is_listed THEN 'backfill' ELSE 'sweep' END, l.is_listed,
		CASE WHEN f.filters = '{}' THEN f.filters
			ELSE f.filters || jsonb_build_object('began', clock_timestamp()) END
	FROM (VALUES ('issues', true), ('comments', include_comments)) AS l (stream, is_listed)
	CROSS JOIN LATERAL (SELECT CASE WHEN l.is_listed THEN wanted
		ELSE wanted || '{"comments": false}' END AS filters) AS f
	ON CONFLICT ON CONSTRAINT repo_sweeps_pkey DO UPDATE SET phase = excluded.phase, is_asked = excluded.is_asked,
		filters = github_sync.widened_filters(s, excluded.filters), due_at = clock_timestamp(),
		/* What was read to there may have changed since: the list begins no later than its next sweep would. */
		cursor_at = CASE WHEN s.last_complete_at IS NOT NULL AND s.cursor_at IS NOT NULL
			AND begin_import.since IS NOT NULL
			THEN least(s.cursor_at, begin_import.since + github_sync.sweep_overlap()) END,
		since_filter = NULL, cursor_link = NULL, issue_id = NULL, shown_ids = NULL, pass_began_at = NULL,
		pass_started_at = NULL, shown_until = NULL, shown_last = NULL, listed = 0, applied = 0,
		failed = 0, total = NULL, claimed_by = NULL, attempts = 0, last_error = NULL, last_error_at = NULL,
		failing_since = NULL
	/* A list of comments that is read already goes on. */
	WHERE s.stream = 'issues' OR include_comments OR s.phase = 'backfill' AND s.last_complete_at IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.begin_import(bigint, timestamptz, boolean, jsonb) IS
'private: the lists of a repository begin anew, with these filters; without its comments, those that there are by now '
'are passed over, unless they have been read before';

CREATE OR REPLACE FUNCTION github_sync.backfill_repo(
	github_repo_id bigint, state text DEFAULT 'all', since timestamptz DEFAULT NULL,
	include_comments boolean DEFAULT true)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('backfill_repo', 'github_repo_id', github_repo_id IS NULL);
	PERFORM github_sync.require_argument('backfill_repo', 'state', state IS NULL);
	PERFORM github_sync.require_argument('backfill_repo', 'include_comments', include_comments IS NULL);
	PERFORM github_sync.require_repo(github_repo_id);
	IF state NOT IN ('all', 'open', 'closed') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('there are no issues of state %L to import', state),
			HINT = 'state is all, open or closed.';
	END IF;
	IF since = 'infinity' THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'nothing will have changed since infinity',
			HINT = 'since is a time; NULL: all of it is imported.';
	END IF;
	PERFORM github_sync.begin_import(github_repo_id, since, include_comments, jsonb_strip_nulls(
		jsonb_build_object('state', nullif(state, 'all'), 'since', since)));
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.backfill_repo(bigint, text, timestamptz, boolean) IS
'public: imports what a repository (GitHub''s id) has: its issues of a state (all, open, closed) that changed since '
'a time (NULL: all), and their comments; what is linked stays so and is compared; what failed before is tried again, '
'once. What changes from now on is wanted whatever its state, and what was wanted before stays so. The worker does it, '
'behind all else; sync_progress shows how far it is, CALL wait_for_backfill() waits. Begins anew where one is under '
'way. Raises 23503 for a repository that is not connected, 22023 for another state, or since infinity, 22004 for NULL';

CREATE OR REPLACE FUNCTION github_sync.resume_pull_requests() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.task_return_skipped(NEW.id);
	IF to_regprocedure('github_sync.comment_return_skipped(bigint)') IS NOT NULL THEN
		PERFORM github_sync.comment_return_skipped(NEW.id);
	END IF;
	/* Its lists were read without them, or are being read so: they begin anew, with the filters that they had. */
	PERFORM github_sync.begin_import(NEW.id, (i.filters ->> 'since')::timestamptz,
		NOT coalesce(c.filters ? 'comments', false), i.filters - 'began')
	FROM github_sync.repo_sweeps AS i
	LEFT JOIN github_sync.repo_sweeps AS c ON c.github_repo_id = i.github_repo_id AND c.stream = 'comments'
	WHERE i.github_repo_id = NEW.id AND i.stream = 'issues'
		AND (i.last_complete_at IS NOT NULL OR i.pass_began_at IS NOT NULL);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.resume_pull_requests() IS
'private: pull_requests of a repository was set to sync: what was disabled for it is queued again, and what changed '
'meanwhile, or is new, is imported';

CREATE OR REPLACE TRIGGER d_resume_pull_requests
	AFTER UPDATE ON github_sync.github_repos
	FOR EACH ROW WHEN (OLD.pull_requests = 'skip' AND NEW.pull_requests = 'sync')
	EXECUTE FUNCTION github_sync.resume_pull_requests();

CREATE OR REPLACE FUNCTION github_sync.reconcile_repo(github_repo_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('reconcile_repo', 'github_repo_id', github_repo_id IS NULL);
	PERFORM github_sync.require_repo(github_repo_id);
	PERFORM github_sync.hasten_sweeps(github_repo_id, true);
END
$$;
COMMENT ON FUNCTION github_sync.reconcile_repo(bigint) IS
'public: a repository (GitHub''s id) is compared with GitHub now, deletions included, whatever reconcile_interval '
'says. Raises 23503 for a repository that is not connected';

CREATE OR REPLACE FUNCTION github_sync.lists_of_import(repo_id bigint) RETURNS SETOF github_sync.repo_sweeps
LANGUAGE sql STABLE AS $$
	SELECT s.* FROM github_sync.repo_sweeps AS s
	WHERE s.github_repo_id = repo_id AND (s.stream = 'issues' OR s.stream = 'comments' AND NOT s.filters ? 'comments'
		AND to_regprocedure('github_sync.comment_edits_wait(bigint)') IS NOT NULL)
$$;
COMMENT ON FUNCTION github_sync.lists_of_import(bigint) IS
'private: the lists that an import of a repository reads: of its comments, where they are attached and wanted';

CREATE OR REPLACE FUNCTION github_sync.require_import(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	obstacle record;
BEGIN
	SELECT format('%s/%s', r.owner_login, r.name) AS repository, k.why, k.remedy INTO obstacle
	FROM github_sync.github_repos AS r
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	CROSS JOIN LATERAL (SELECT
		CASE WHEN NOT r.sync_enabled THEN 'its sync is disabled' WHEN r.access_lost THEN 'GitHub does not show it'
			WHEN r.sync_direction = 'outbound' THEN 'its sync_direction is outbound'
			WHEN i.state = 'deleted' THEN format('installation %s of the App is deleted', i.id)
			ELSE 'github_sync.reconcile_interval is 0, and nobody asked for the import' END AS why,
		CASE WHEN NOT r.sync_enabled THEN format('SELECT github_sync.set_repo_sync(%s, true) first.', r.id)
			WHEN r.access_lost THEN format('Give the App, or the token, the right to it, then SELECT '
				'github_sync.set_repo_sync(%s, true).', r.id)
			WHEN r.sync_direction = 'outbound' THEN format('UPDATE github_sync.github_repos SET sync_direction = %L '
				'WHERE id = %s, if GitHub''s issues are to become tasks.', 'both', r.id)
			WHEN i.state = 'deleted' THEN format('Install the App on the account again; where neither a webhook nor '
				'the delivery log tells of that, insert the new installation, and UPDATE github_sync.github_repos SET '
				'github_app_installation_id = ... WHERE id = %s.', r.id)
			ELSE format('SELECT github_sync.backfill_repo(%s) asks for it.', r.id) END AS remedy) AS k
	WHERE r.id = repo_id AND (NOT r.sync_enabled OR r.access_lost OR r.sync_direction = 'outbound'
		OR i.state = 'deleted'
		/* By one snapshot: who asks found an import under way, which may be over by now. */
		OR github_sync.reconcile_interval() = '0'
			AND EXISTS (SELECT FROM github_sync.lists_of_import(r.id) AS s WHERE s.phase = 'backfill')
			AND NOT EXISTS (SELECT FROM github_sync.repo_sweeps AS s
				WHERE s.github_repo_id = r.id AND s.phase <> 'check' AND s.is_asked));
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the import of repository %s will not go on', obstacle.repository),
			DETAIL = format('What is not there yet is not read: %s.', obstacle.why),
			HINT = obstacle.remedy;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_import(bigint) IS
'private: raises object_not_in_prerequisite_state where the lists of a repository are not read until somebody does '
'something: open_sweeps() has none of them. What passes by itself (a pause, a suspended installation) is waited for';

CREATE OR REPLACE FUNCTION github_sync.require_readable_lists(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	failures_at_most CONSTANT integer := 2;
	obstacle record;
BEGIN
	SELECT format('%s/%s', r.owner_login, r.name) AS repository, k.problem INTO obstacle
	FROM github_sync.github_repos AS r
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	JOIN github_sync.repo_sweeps AS s ON s.github_repo_id = r.id
	CROSS JOIN LATERAL (SELECT CASE
		WHEN i.pause_kind = 'credentials' AND i.paused_until > clock_timestamp() THEN i.pause_reason
		WHEN s.attempts > failures_at_most THEN format('Its list of %s could not be read %s times in a row: %s',
			s.stream, s.attempts, s.last_error) END AS problem) AS k
	WHERE r.id = repo_id AND s.phase = 'backfill' AND k.problem IS NOT NULL
	ORDER BY s.stream DESC LIMIT 1;
	IF FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the import of repository %s does not go on', obstacle.repository),
			DETAIL = obstacle.problem,
			HINT = 'SELECT * FROM github_sync.check_setup() WHERE status <> ''ok'' says what is wrong. The import is '
				'tried again by itself, each hour at the latest, and at once by backfill_repo().';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_readable_lists(bigint) IS
'private: raises object_not_in_prerequisite_state where GitHub does not let us read a list of a repository, for more '
'than a minute: that may end by itself, or never';

CREATE OR REPLACE FUNCTION github_sync.import_waits_for(repo_id bigint) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN i.state = 'suspended' THEN format('installation %s is suspended', i.id)
		WHEN i.paused_until > clock_timestamp() THEN format('installation %s pauses until %s: %s', i.id,
			i.paused_until::timestamptz(0), i.pause_reason)
		WHEN r.paused_until > clock_timestamp() THEN format('it pauses until %s: %s',
			r.paused_until::timestamptz(0), r.pause_reason)
		ELSE 'the last tenth of the hour''s requests is not for lists, until '
			|| github_sync.hour_is_kept_until(i.id)::timestamptz(0) END
	FROM github_sync.github_repos AS r
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	WHERE r.id = repo_id
$$;
COMMENT ON FUNCTION github_sync.import_waits_for(bigint) IS
'private: what keeps the lists of a repository from being read for a time, for people; NULL: nothing is known';

CREATE OR REPLACE FUNCTION github_sync.import_leaves(list text, repo_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE list WHEN 'issues' THEN github_sync.task_import_leaves(repo_id)
		ELSE github_sync.comment_import_leaves(repo_id) END;
END
$$;
COMMENT ON FUNCTION github_sync.import_leaves(text, bigint) IS
'private: how many items of a list an import has left to be fetched singly';

CREATE OR REPLACE FUNCTION github_sync.import_failures(list text, repo_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE list WHEN 'issues' THEN github_sync.task_import_failures(repo_id)
		ELSE github_sync.comment_import_failures(repo_id) END;
END
$$;
COMMENT ON FUNCTION github_sync.import_failures(text, bigint) IS
'private: how many issues or comments could not be taken over';

CREATE OR REPLACE FUNCTION github_sync.import_progress(s github_sync.repo_sweeps, leaves bigint, is_over boolean)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN concat(s.stream || ': ',
		CASE WHEN s.phase <> 'backfill' THEN coalesce(s.import_listed, s.listed) || ' done'
			ELSE concat(s.listed, ' of about ' || s.total, ' so far') END,
		' (' || nullif(leaves, 0) || ' to be fetched singly)',
		' (' || CASE WHEN is_over THEN nullif(github_sync.import_failures(s.stream, s.github_repo_id), 0) END
			|| ' failed: see sync_errors)');
END
$$;
COMMENT ON FUNCTION github_sync.import_progress(github_sync.repo_sweeps, bigint, boolean) IS
'private: how far the import of a list is, or was, for people: the passes behind it count for themselves';

CREATE OR REPLACE FUNCTION github_sync.backfill_status(
	repo_id bigint, OUT is_over boolean, OUT progress text) RETURNS record
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	lists CONSTANT text[] := ARRAY(SELECT s.stream FROM github_sync.lists_of_import(repo_id) AS s);
	lists_are_read boolean;
	problems text;
	leaves bigint;
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.require_argument('wait_for_backfill', 'github_repo_id', repo_id IS NULL);
	PERFORM github_sync.require_repo(repo_id);
	SELECT coalesce(bool_and(s.phase <> 'backfill' AND NOT s.is_asked), true),
		string_agg(format('%s: %s', s.stream, s.last_error), '; ' ORDER BY s.stream DESC)
			FILTER (WHERE s.phase = 'backfill' AND s.last_error IS NOT NULL),
		coalesce(sum(github_sync.import_leaves(s.stream, repo_id)), 0)
	INTO lists_are_read, problems, leaves
	FROM github_sync.repo_sweeps AS s WHERE s.github_repo_id = repo_id AND s.stream = ANY (lists);
	is_over := lists_are_read AND leaves = 0;
	PERFORM github_sync.require_import(repo_id), github_sync.require_readable_lists(repo_id) WHERE NOT lists_are_read;
	SELECT string_agg(github_sync.import_progress(s, CASE WHEN leaves > 0
		THEN github_sync.import_leaves(s.stream, repo_id) END, backfill_status.is_over), ', ' ORDER BY s.stream DESC)
	INTO progress
	FROM github_sync.repo_sweeps AS s WHERE s.github_repo_id = repo_id AND s.stream = ANY (lists);
	IF NOT is_over THEN
		progress := concat_ws('; ', progress, problems, 'waits: ' || github_sync.import_waits_for(repo_id));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.backfill_status(bigint) IS
'private: whether the import of a repository is over, and how far it is, for people. Raises 55000 where it will never '
'be, as things are';
