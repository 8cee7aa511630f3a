/*
 * Sweeps: what GitHub's lists show is compared with what is known, a page at a
 * time.  The first pass imports what there is (backfill); later ones read what
 * changed (sweep), and once a day which issues are still there (census).
 *
 * A page is applied and the cursor moves in one transaction: whoever dies
 * repeats one page.  Only a page moves the cursor, by GitHub's own updated_at.
 * Lists are read by their last change, oldest first, stepping by since: what
 * moves while one reads moves to where it is still to be read, and no page
 * number grows.  A step begins a second before the last item of the page, so that
 * it makes no difference whether GitHub's since includes its boundary.
 *
 * The lists of a repository are apart, and each has a row of repo_sweeps: one
 * that fails keeps its reason and its backoff, and holds up no other.
 *
 * A check (check_repo()) reads the same lists once more, from their beginning,
 * with a row and a cursor of its own: sweeps go on meanwhile.  It goes behind all
 * else, and its pages are compared, not applied.
 */

/* GitHub's lists lag, and its times are whole seconds. */
CREATE OR REPLACE FUNCTION github_sync.sweep_overlap() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '10 minutes';
COMMENT ON FUNCTION github_sync.sweep_overlap() IS
'private: how far before the newest change that was seen a sweep begins';

CREATE OR REPLACE FUNCTION github_sync.first_since() RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN '2008-01-01 00:00:00+00'::timestamptz;
COMMENT ON FUNCTION github_sync.first_since() IS
'private: there was no GitHub before: who wants all since then wants all';

CREATE OR REPLACE FUNCTION github_sync.census_interval() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '1 day';
COMMENT ON FUNCTION github_sync.census_interval() IS
'private: how often all issues are listed, to find those that are not there any more';

CREATE OR REPLACE FUNCTION github_sync.reconcile_interval() RETURNS interval
LANGUAGE sql STABLE
RETURN coalesce(nullif(current_setting('github_sync.reconcile_interval', true), ''), '0')::interval;
COMMENT ON FUNCTION github_sync.reconcile_interval() IS
'private: the setting of this name; 0: no sweeps but those that somebody asks for';

/* What people do has the rest of the hour. */
CREATE OR REPLACE FUNCTION github_sync.sweep_interval(of_installation bigint) RETURNS interval
LANGUAGE sql AS $$
	SELECT greatest(github_sync.reconcile_interval(),
		count(*) * interval '1 hour' / (0.2 * coalesce(max(b.request_limit), 5000)))
	FROM github_sync.repo_sweeps AS s
	JOIN github_sync.github_repos AS r ON r.id = s.github_repo_id
	LEFT JOIN LATERAL github_sync.installation_budget(of_installation) AS b ON true
	WHERE r.github_app_installation_id = of_installation AND s.phase <> 'check'
$$;
COMMENT ON FUNCTION github_sync.sweep_interval(bigint) IS
'private: the time between two sweeps of a list: stretched where the lists of the installation would otherwise use '
'more than a fifth of its hour';

CREATE OR REPLACE FUNCTION github_sync.sweep_backoff(failures integer) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN least(interval '30 seconds' * 2 ^ least(failures, 10), interval '1 hour');
COMMENT ON FUNCTION github_sync.sweep_backoff(integer) IS
'private: after which time a list is read again that could not be read so many times in a row';

CREATE OR REPLACE FUNCTION github_sync.edits_wait(of_installation bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF github_sync.task_edits_wait(of_installation) THEN
		RETURN true;
	ELSIF to_regprocedure('github_sync.comment_edits_wait(bigint)') IS NULL THEN
		RETURN false;
	END IF;
	RETURN github_sync.comment_edits_wait(of_installation);
END
$$;
COMMENT ON FUNCTION github_sync.edits_wait(bigint) IS
'private: whether transactions that people wait for stand in line';

CREATE OR REPLACE FUNCTION github_sync.hour_is_kept_until(installation_id bigint) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (SELECT b.reset_at FROM github_sync.installation_budget(installation_id) AS b
	WHERE b.remaining <= b.request_limit / 10 AND b.reset_at > clock_timestamp());
COMMENT ON FUNCTION github_sync.hour_is_kept_until(bigint) IS
'private: the last tenth of the hour of an installation is not for lists: until when they rest; NULL: they need not';

CREATE OR REPLACE FUNCTION github_sync.open_sweeps()
RETURNS TABLE (
	repo_id bigint, list text, of_installation bigint, of_phase text, due timestamptz, wanted_since timestamptz,
	is_probed boolean)
LANGUAGE plpgsql AS $$
DECLARE
	has_comments CONSTANT boolean := to_regprocedure('github_sync.comment_edits_wait(bigint)') IS NOT NULL;
BEGIN
	RETURN QUERY SELECT s.github_repo_id, s.stream, i.id, s.phase,
		/* Of thousands of lists few are due: of those alone it is asked. */
		greatest(s.due_at, r.paused_until, i.paused_until,
			CASE WHEN s.due_at <= now() THEN github_sync.hour_is_kept_until(i.id) END), s.due_at,
		github_sync.was_unreachable(i)
	FROM github_sync.repo_sweeps AS s
	JOIN github_sync.github_repos AS r ON r.id = s.github_repo_id
	JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
	WHERE (s.is_asked OR github_sync.reconcile_interval() > '0')
		AND r.sync_enabled AND NOT r.access_lost AND i.state = 'active'
		AND (r.sync_direction <> 'outbound' OR s.phase = 'check')
		AND (has_comments OR s.stream NOT LIKE '%comments')
		AND CASE s.stream WHEN 'issues' THEN true
			/* A comment belongs to an issue: those come first. */
			WHEN 'comments' THEN EXISTS (SELECT FROM github_sync.repo_sweeps AS o
				WHERE o.github_repo_id = s.github_repo_id AND o.stream = 'issues' AND o.phase <> 'backfill')
			/* What is still to be imported is missing for that; an outbound repository never is. */
			ELSE s.is_asked AND NOT EXISTS (SELECT FROM github_sync.repo_sweeps AS o
				WHERE o.github_repo_id = s.github_repo_id AND CASE o.stream
					WHEN 'issues' THEN o.phase = 'backfill' AND r.sync_direction <> 'outbound'
					WHEN 'comments' THEN s.stream = 'check of comments' AND o.phase = 'backfill'
						AND r.sync_direction <> 'outbound'
					WHEN 'check of issues' THEN s.stream = 'check of comments' AND o.is_asked
					ELSE false END) END;
END
$$;
COMMENT ON FUNCTION github_sync.open_sweeps() IS
'private: the lists that are to be read, and when';

CREATE OR REPLACE FUNCTION github_sync.sweep_candidates(busy bigint[])
RETURNS TABLE (repo_id bigint, list text, of_installation bigint)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT o.repo_id, o.list, o.of_installation
	FROM github_sync.open_sweeps() AS o
	WHERE o.due <= clock_timestamp() AND o.of_installation <> ALL (busy)
		/* One at a time for each installation, whichever worker has it. */
		AND NOT EXISTS (SELECT FROM github_sync.repo_sweeps AS h
			JOIN github_sync.github_repos AS r ON r.id = h.github_repo_id
			WHERE r.github_app_installation_id = o.of_installation AND h.claimed_by <> pg_backend_pid()
				AND h.claimed_by IN (SELECT w.pid FROM github_sync.worker_slots() AS w))
		/* Of edits with which GitHub fails one is due at the end of each pause. */
		AND (o.is_probed OR o.wanted_since < clock_timestamp() - github_sync.sweep_overlap()
			OR NOT github_sync.edits_wait(o.of_installation))
	ORDER BY o.of_installation, array_position('{backfill,check}', o.of_phase) NULLS FIRST, o.due, o.repo_id,
		o.list DESC;
END
$$;
COMMENT ON FUNCTION github_sync.sweep_candidates(bigint[]) IS
'private: the lists that are to be read now of each installation but the busy ones, in order: one is read at a time. '
'Edits of people go first, but not for ever';

CREATE OR REPLACE FUNCTION github_sync.first_wanted(s github_sync.repo_sweeps) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	began CONSTANT timestamptz := (s.filters ->> 'began')::timestamptz;
	swept_from CONSTANT timestamptz := s.cursor_at - github_sync.sweep_overlap();
BEGIN
	RETURN CASE WHEN s.filters ? 'comments' THEN greatest(began, swept_from)
		WHEN swept_from IS NOT NULL THEN swept_from
		WHEN s.filters ? 'since' THEN least((s.filters ->> 'since')::timestamptz, began) END;
END
$$;
COMMENT ON FUNCTION github_sync.first_wanted(github_sync.repo_sweeps) IS
'private: since when a list is read in its next pass; NULL: from its beginning. What changed since an import began is '
'wanted, whatever its filters say of what was there before';

CREATE OR REPLACE FUNCTION github_sync.begin_pass(INOUT s github_sync.repo_sweeps)
LANGUAGE plpgsql AS $$
DECLARE
	wanted CONSTANT timestamptz := github_sync.first_wanted(s);
	/* GitHub answers a since of 1970 with an empty list, as if there were nothing. */
	since CONSTANT timestamptz := CASE WHEN wanted >= github_sync.first_since() THEN wanted END;
BEGIN
	s.pass_began_at := clock_timestamp();
	s.by_issue := false;
	s.issue_number := NULL;
	s.page_size := 100;
	s.shown_until := NULL;
	s.shown_last := NULL;
	s.listed := 0;
	s.applied := 0;
	s.failed := 0;
	s.total := NULL;
	IF s.phase = 'check' THEN
		PERFORM github_sync.begin_check(s);
		s.cursor_at := NULL;
		s.since_filter := NULL;
		s.cursor_link := NULL;
		RETURN;
	END IF;
	IF s.phase = 'sweep' AND s.stream = 'issues'
		AND coalesce(s.last_census_at < clock_timestamp() - github_sync.census_interval(), true)
		AND s.last_complete_at IS NOT NULL THEN
		s.phase := 'census';
		s.created_until := NULL;
		s.shown_ids := '{}';
	ELSIF since IS DISTINCT FROM s.since_filter THEN
		s.since_filter := since;
		s.etag := NULL;
		s.etag_key := NULL;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.begin_pass(github_sync.repo_sweeps) IS
'private: what a pass begins with. Its address stays the same while nothing changes, so that GitHub can say so';

CREATE OR REPLACE FUNCTION github_sync.issue_to_list(repo_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT i.id FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = repo_id AND i.comments_to_list AND i.number IS NOT NULL AND i.deleted_at IS NULL
			AND coalesce(i.comments_listed_after, '-infinity') <= clock_timestamp()
			/* They were, while somebody held it. */
			AND NOT EXISTS (SELECT FROM github_sync.listed_later AS l
				WHERE l.record_type = 'task' AND l.github_id = i.github_id AND l.wanted = 'comments')
		ORDER BY i.id LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.issue_to_list(bigint) IS
'private: the issue whose comments are to be listed by themselves next; NULL: none, or later';

CREATE OR REPLACE FUNCTION github_sync.next_issue_to_list(INOUT s github_sync.repo_sweeps, OUT number integer)
LANGUAGE plpgsql AS $$
BEGIN
	number := s.issue_number;
	IF s.stream <> 'comments' OR s.issue_id IS NULL AND s.cursor_link IS NOT NULL THEN
		RETURN;
	ELSIF s.issue_id IS NOT NULL THEN
		number := (SELECT i.number FROM github_sync.github_issues AS i WHERE i.id = s.issue_id);
	END IF;
	IF number IS NULL THEN
		s.issue_id := github_sync.issue_to_list(s.github_repo_id);
		s.shown_ids := '{}';
		s.cursor_link := NULL;
		number := (SELECT i.number FROM github_sync.github_issues AS i WHERE i.id = s.issue_id);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.next_issue_to_list(github_sync.repo_sweeps) IS
'private: the issue whose comments are listed by themselves; NULL: none';

CREATE OR REPLACE FUNCTION github_sync.save_sweep(s github_sync.repo_sweeps) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.repo_sweeps AS r SET phase = s.phase, is_asked = s.is_asked, due_at = s.due_at,
		due_interval = s.due_interval, cursor_at = s.cursor_at,
		since_filter = s.since_filter, cursor_link = s.cursor_link, page_size = s.page_size,
		by_issue = s.by_issue, issue_id = s.issue_id, issue_number = s.issue_number,
		shown_ids = s.shown_ids, created_until = s.created_until,
		pass_began_at = s.pass_began_at, pass_started_at = s.pass_started_at, shown_until = s.shown_until,
		shown_last = s.shown_last, listed = s.listed, applied = s.applied, failed = s.failed, total = s.total,
		import_listed = s.import_listed, claimed_by = s.claimed_by, claim_no = s.claim_no, abandoned = s.abandoned,
		attempts = s.attempts, last_error = s.last_error, last_error_at = s.last_error_at,
		failing_since = s.failing_since, etag = s.etag, etag_key = s.etag_key,
		last_complete_at = s.last_complete_at, last_census_at = s.last_census_at,
		full_length = s.full_length
	WHERE r.github_repo_id = s.github_repo_id AND r.stream = s.stream;
END
$$;
COMMENT ON FUNCTION github_sync.save_sweep(github_sync.repo_sweeps) IS
'private: writes a row of repo_sweeps back that its holder changed';

CREATE OR REPLACE FUNCTION github_sync.claim_sweep(repo_id bigint, list text) RETURNS github_sync.sweep
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps := github_sync.lock_sweep_skip_locked(repo_id, list);
	begun record;
	sweep github_sync.sweep;
BEGIN
	IF s.github_repo_id IS NULL THEN
		RETURN NULL;
	END IF;
	IF s.pass_began_at IS NULL THEN
		s := github_sync.begin_pass(s);
		PERFORM github_sync.doubt_archive(repo_id) WHERE s.stream = 'issues';
	END IF;
	SELECT * INTO begun FROM github_sync.next_issue_to_list(s);
	s := begun.s;
	/* What this worker had and could not record is read again; others ended. */
	IF s.abandoned >= 2 AND s.claimed_by <> pg_backend_pid() THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'workers ended with a page of this list, also where its items were left for later';
	ELSIF s.claimed_by IS NOT NULL THEN
		s.abandoned := s.abandoned + 1;
	END IF;
	s.claimed_by := pg_backend_pid();
	s.claim_no := s.claim_no + 1;
	PERFORM github_sync.save_sweep(s);
	sweep := ROW(s.github_repo_id, s.stream, s.claim_no, r.github_app_installation_id,
		CASE WHEN begun.number IS NOT NULL THEN 'comments of issue' WHEN s.phase = 'census' THEN 'census'
			ELSE github_sync.list_of_stream(s.stream) END,
		begun.number, s.page_size, CASE WHEN begun.number IS NULL AND s.phase <> 'census' THEN s.since_filter END,
		s.cursor_link, NULL, NULL, NULL, NULL, NULL, NULL)::github_sync.sweep
	FROM github_sync.github_repos AS r WHERE r.id = s.github_repo_id;
	IF s.phase = 'sweep' AND s.pass_started_at IS NULL AND begun.number IS NULL AND s.cursor_link IS NULL THEN
		sweep.etag := s.etag;
		sweep.etag_key := s.etag_key;
	END IF;
	RETURN sweep;
END
$$;
COMMENT ON FUNCTION github_sync.claim_sweep(bigint, text) IS
'private: claims the next page of a list; NULL: somebody else has it. 55000: workers end with that page, whatever is '
'done with it';

CREATE OR REPLACE FUNCTION github_sync.claim_sweep_or_put_off(
	repo_id bigint, list text, OUT sweep github_sync.sweep, OUT problem text)
LANGUAGE plpgsql AS $$
BEGIN
	sweep := github_sync.claim_sweep(repo_id, list);
EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
	sweep := NULL;
WHEN OTHERS OR assert_failure THEN
	BEGIN
		UPDATE github_sync.repo_sweeps AS s SET claimed_by = NULL, attempts = s.attempts + 1,
			due_at = clock_timestamp() + github_sync.sweep_backoff(s.attempts),
			last_error = github_sync.shortened(format('%s (%s)', SQLERRM, SQLSTATE)), last_error_at = clock_timestamp()
		WHERE s.github_repo_id = repo_id AND s.stream = list;
	EXCEPTION WHEN OTHERS OR assert_failure THEN
		problem := format('the %s of repository %s cannot be claimed, nor put off: %s (%s)', list, repo_id,
			github_sync.shortened(SQLERRM), SQLSTATE);
	END;
	sweep := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.claim_sweep_or_put_off(bigint, text) IS
'private: as claim_sweep(); a list that cannot be claimed is tried again later, and stops no other one. problem: not '
'even that could be noted';

CREATE OR REPLACE FUNCTION github_sync.apply_one_later(later github_sync.listed_later) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF later.record_type = 'task' THEN
		RETURN github_sync.task_apply_later(later);
	ELSIF to_regprocedure('github_sync.comment_apply_later(github_sync.listed_later)') IS NOT NULL THEN
		RETURN github_sync.comment_apply_later(later);
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.apply_one_later(github_sync.listed_later) IS
'private: what somebody held when it was listed is tried again; false: in vain, as it is held still';

CREATE OR REPLACE FUNCTION github_sync.apply_later(
	tasks_left_out bigint[] DEFAULT '{}', comments_left_out bigint[] DEFAULT '{}')
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	until CONSTANT timestamptz := clock_timestamp() + interval '100 ms';
	later github_sync.listed_later;
	applied integer := 0;
BEGIN
	/* In any order: those that stay held must not keep the others waiting. */
	FOR later IN SELECT * FROM github_sync.listed_later AS l
		WHERE l.try_at <= (SELECT clock_timestamp()) AND l.github_id <> ALL (
			CASE l.record_type WHEN 'task' THEN tasks_left_out ELSE comments_left_out END)
		ORDER BY random()
	LOOP
		applied := applied + github_sync.apply_one_later(later)::integer;
		EXIT WHEN clock_timestamp() > until;
	END LOOP;
	RETURN applied;
END
$$;
COMMENT ON FUNCTION github_sync.apply_later(bigint[], bigint[]) IS
'private: what somebody held when it was listed is tried again, but for those left out, by GitHub''s ids. Returns how '
'many are not held any more: transactions may have come of them';

CREATE OR REPLACE FUNCTION github_sync.missing_sweeps() RETURNS TABLE (repo_id bigint, list text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT r.id, l.stream
	FROM github_sync.github_repos AS r CROSS JOIN (VALUES ('issues'), ('comments')) AS l (stream)
	WHERE r.disconnected_at IS NULL AND NOT EXISTS (SELECT FROM github_sync.repo_sweeps AS s
		WHERE s.github_repo_id = r.id AND s.stream = l.stream);
END
$$;
COMMENT ON FUNCTION github_sync.missing_sweeps() IS
'private: the lists of connected repositories that have no row yet';

CREATE OR REPLACE FUNCTION github_sync.add_missing_sweeps() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.repo_sweeps (github_repo_id, stream)
	SELECT m.repo_id, m.list FROM github_sync.missing_sweeps() AS m
	ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION github_sync.add_missing_sweeps() IS
'private: the lists of repositories that were restored without them, or connected before there were sweeps';

/* A worker waits for nobody: neither for who has a repository, nor for who adds the same row. */
CREATE OR REPLACE FUNCTION github_sync.add_missing_sweeps_unless_held() RETURNS void
LANGUAGE plpgsql SET lock_timeout = '10ms' AS $$
DECLARE
	until CONSTANT timestamptz := clock_timestamp() + interval '100 ms';
	missing record;
BEGIN
	FOR missing IN SELECT * FROM github_sync.missing_sweeps() ORDER BY random() LOOP
		BEGIN
			INSERT INTO github_sync.repo_sweeps (github_repo_id, stream) VALUES (missing.repo_id, missing.list)
			ON CONFLICT DO NOTHING;
		EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
			EXIT WHEN clock_timestamp() > until;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.add_missing_sweeps_unless_held() IS
'private: as add_missing_sweeps(), but for those that need something that somebody holds just now';

CREATE OR REPLACE FUNCTION github_sync.bring_sweeps_forward() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	present CONSTANT interval := github_sync.reconcile_interval();
BEGIN
	UPDATE github_sync.repo_sweeps AS s SET due_interval = present,
		due_at = least(s.due_at, s.last_complete_at + resting.its_interval)
	FROM (
		SELECT l.github_repo_id, l.stream, github_sync.sweep_interval(r.github_app_installation_id) AS its_interval
		FROM github_sync.repo_sweeps AS l JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id
		/* At rest: neither under way, nor tried again later. */
		WHERE l.due_interval > present AND present > '0' AND l.pass_began_at IS NULL AND l.attempts = 0
		FOR NO KEY UPDATE OF l SKIP LOCKED) AS resting
	WHERE (s.github_repo_id, s.stream) = (resting.github_repo_id, resting.stream);
END
$$;
COMMENT ON FUNCTION github_sync.bring_sweeps_forward() IS
'private: reconcile_interval was shortened: lists that rest are due as if it had been so when they were read last';

CREATE OR REPLACE FUNCTION github_sync.sweep_claim(busy bigint[]) RETURNS SETOF github_sync.sweep
LANGUAGE plpgsql AS $$
DECLARE
	until CONSTANT timestamptz := clock_timestamp() + interval '200 ms';
	candidate record;
	claimed record;
	sweep github_sync.sweep;
	problems text[] := '{}';
BEGIN
	/* Rounds are counted by the table's own sequence, which is no part of a transaction. */
	IF pg_sequence_last_value(pg_get_serial_sequence('github_sync.setup_checks', 'id')::regclass)
		> coalesce((SELECT max(c.id) FROM github_sync.setup_checks AS c), 0) THEN
		PERFORM github_sync.begin_setup_checks();
	END IF;
	PERFORM github_sync.ask_for_inactive();
	PERFORM github_sync.ask_for_access();
	PERFORM github_sync.ask_for_archives();
	IF EXISTS (SELECT FROM github_sync.setup_checks AS c WHERE c.answered_at IS NULL) THEN
		FOR sweep IN SELECT * FROM github_sync.claim_setup_checks(busy) LOOP
			busy := busy || sweep.installation_id;
			RETURN NEXT sweep;
		END LOOP;
	END IF;
	IF {{has_marks}} THEN
		FOR sweep IN SELECT * FROM github_sync.task_claim_names(busy) LOOP
			busy := busy || sweep.installation_id;
			RETURN NEXT sweep;
		END LOOP;
	END IF;
	PERFORM github_sync.add_missing_sweeps_unless_held();
	PERFORM github_sync.bring_sweeps_forward();
	FOR candidate IN SELECT * FROM github_sync.sweep_candidates(busy) LOOP
		CONTINUE WHEN candidate.of_installation = ANY (busy);
		claimed := github_sync.claim_sweep_or_put_off(candidate.repo_id, candidate.list);
		sweep := claimed.sweep;
		problems := array_append(problems, claimed.problem);
		IF sweep.github_repo_id IS NOT NULL THEN
			busy := busy || candidate.of_installation;
			RETURN NEXT sweep;
		END IF;
		/* Somebody holds it, or it was put off: the next one is read, if not as many were as take so long. */
		EXIT WHEN sweep.github_repo_id IS NULL AND clock_timestamp() > until;
	END LOOP;
	problems := array_remove(problems, NULL);
	PERFORM github_sync.log_problems(cardinality(problems), problems[1]);
END
$$;
COMMENT ON FUNCTION github_sync.sweep_claim(bigint[]) IS
'private: claims a page of a list, or what check_setup() or known_names asks, for each installation that may be asked; '
'busy: those of which the caller reads one';

CREATE OR REPLACE FUNCTION github_sync.next_sweep_at(busy bigint[]) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
	RETURN least((SELECT min(o.due) FROM github_sync.open_sweeps() AS o WHERE o.of_installation <> ALL (busy)),
		(SELECT min(l.try_at) FROM github_sync.listed_later AS l),
		(SELECT min(n.due) FROM github_sync.inactive_installations() AS n),
		(SELECT min(r.ask_access_at) FROM github_sync.github_repos AS r
			JOIN github_sync.github_app_installations AS i ON i.id = r.github_app_installation_id
			WHERE r.access_lost AND i.state = 'active'),
		(SELECT min(d.due) FROM github_sync.doubted_archives() AS d),
		/* Somebody held what one needs: whoever he is, he tells nobody. */
		CASE WHEN EXISTS (SELECT FROM github_sync.missing_sweeps()) THEN clock_timestamp() END,
		CASE WHEN {{has_marks}} THEN (SELECT min(n.due) FROM github_sync.task_open_names() AS n
			WHERE n.of_installation <> ALL (busy)) END);
END
$$;
COMMENT ON FUNCTION github_sync.next_sweep_at(bigint[]) IS
'private: when the next list is to be read; NULL: none';

/* ---- what makes sweeps due ---- */

CREATE OR REPLACE FUNCTION github_sync.begin_sweeps() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	/* A dump brings its own. */
	IF NOT github_sync.is_restoring() THEN
		PERFORM github_sync.add_missing_sweeps();
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.begin_sweeps() IS
'private: a repository that is connected is to be imported';

CREATE OR REPLACE FUNCTION github_sync.hasten_sweeps(repo_id bigint, asked boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	at_once timestamptz := clock_timestamp();
BEGIN
	PERFORM github_sync.doubt_archive(repo_id);
	UPDATE github_sync.repo_sweeps AS s SET due_at = at_once, asked_at = at_once, last_census_at = NULL, attempts = 0,
		is_asked = s.is_asked OR asked
	WHERE s.github_repo_id = repo_id AND s.phase <> 'check';
	/* What could not be had of an issue waits no longer; whoever holds one has it listed later. */
	UPDATE github_sync.github_issues AS i SET comments_listed_after = at_once
	WHERE i.id IN (SELECT o.id FROM github_sync.github_issues AS o
		WHERE o.github_repo_id = repo_id AND o.comments_to_list AND o.comments_listed_after > at_once
		FOR NO KEY UPDATE SKIP LOCKED);
	/* A worker that finds it out looks for lists as well. */
	PERFORM github_sync.wake();
END
$$;
COMMENT ON FUNCTION github_sync.hasten_sweeps(bigint, boolean) IS
'private: something may have changed at GitHub that nobody told of: all lists of a repository are due, census '
'included, and so are the comments of issues that could not be had. A pass that is under way does not do: what changed '
'may be on a page that it has read. And whether it is still archived';

CREATE OR REPLACE FUNCTION github_sync.resume_sweeps() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.hasten_sweeps(NEW.id, false);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.resume_sweeps() IS
'private: a repository syncs again, or in another way, or GitHub answers for it again';

CREATE OR REPLACE FUNCTION github_sync.resume_sweeps_of_installation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.hasten_sweeps(r.id, false) FROM github_sync.github_repos AS r
	WHERE r.github_app_installation_id = NEW.id;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.resume_sweeps_of_installation() IS
'private: an installation is active again, or GitHub was out of reach for it for a while';

CREATE OR REPLACE FUNCTION github_sync.resume_all_sweeps() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.hasten_sweeps(r.id, false) FROM github_sync.github_repos AS r;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.resume_all_sweeps() IS
'private: another server goes on, promoted or adopted, whose rows may be older than what webhooks told the one before';

CREATE OR REPLACE TRIGGER c_resume_sweeps
	AFTER UPDATE ON github_sync.attached_tables
	/* Host and boot change by themselves. Of either record type: one row of them has changed first. */
	FOR EACH ROW WHEN (NEW.held_because IS NULL AND (OLD.held_because IS NOT NULL
		OR OLD.database_identity IS DISTINCT FROM NEW.database_identity
		OR OLD.server - '{host,boot}'::text[] IS DISTINCT FROM NEW.server - '{host,boot}'::text[]))
	EXECUTE FUNCTION github_sync.resume_all_sweeps();
CREATE OR REPLACE TRIGGER c_begin_sweeps
	AFTER INSERT ON github_sync.github_repos
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.begin_sweeps();
CREATE OR REPLACE TRIGGER c_resume_sweeps
	AFTER UPDATE ON github_sync.github_repos
	FOR EACH ROW WHEN ((OLD.sync_enabled, OLD.sync_direction, OLD.access_lost, OLD.github_app_installation_id)
		IS DISTINCT FROM (NEW.sync_enabled, NEW.sync_direction, NEW.access_lost, NEW.github_app_installation_id)
		OR OLD.paused_until IS NOT NULL AND NEW.paused_until IS NULL)
	EXECUTE FUNCTION github_sync.resume_sweeps();
CREATE OR REPLACE TRIGGER c_resume_sweeps
	AFTER UPDATE ON github_sync.github_app_installations
	/* A short outage hides nothing that the next sweep does not find: a census for each would never end. */
	FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state = 'active'
		OR OLD.outage_since < clock_timestamp() - interval '1 minute' AND NEW.outage_since IS NULL)
	EXECUTE FUNCTION github_sync.resume_sweeps_of_installation();
