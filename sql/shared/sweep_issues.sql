/*
 * Comments issue by issue: those of issues that have another number of them than
 * here, and, where GitHub cannot make the list of all comments, or it ends before
 * its end, those of every issue that has any.
 *
 * What concerns one issue holds up no other: one whose comments cannot be had is
 * passed over for an hour, one that is gone is asked for by itself.
 */

CREATE OR REPLACE FUNCTION github_sync.issues_are_listed(s github_sync.repo_sweeps) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN s.by_issue AND s.issue_id IS NULL AND s.issue_number IS NULL
		AND (s.stream <> 'comments' OR github_sync.issue_to_list(s.github_repo_id) IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.issues_are_listed(github_sync.repo_sweeps) IS
'private: whether a pass that goes issue by issue has come to its end';

/* ---- a number that a census saw, while comments may have been unknown ---- */

CREATE OR REPLACE FUNCTION github_sync.discussed_until(repo_id bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT s.cursor_at - github_sync.sweep_overlap() FROM github_sync.repo_sweeps AS s
		WHERE s.github_repo_id = repo_id AND s.stream = 'comments' AND s.phase <> 'backfill');
END
$$;
COMMENT ON FUNCTION github_sync.discussed_until(bigint) IS
'private: comments that were there by then have been listed; NULL: not all of any time';

CREATE OR REPLACE FUNCTION github_sync.counts_wait(repo_id bigint, since timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = repo_id AND i.comments_counted IS NOT NULL AND i.comments_counted_at > since);
END
$$;
COMMENT ON FUNCTION github_sync.counts_wait(bigint, timestamptz) IS
'private: whether numbers of comments that were seen later than that are still to be compared';

CREATE OR REPLACE FUNCTION github_sync.compare_counts(repo_id bigint, pass_started_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	/* A list that is still the same was not read anew. */
	seen_by CONSTANT timestamptz := coalesce(pass_started_at, 'infinity');
	/* GitHub's lists lag: where a pass comes so soon, the next one may still show what this one did not. */
	settled CONSTANT timestamptz := coalesce(pass_started_at, clock_timestamp())
		- github_sync.comment_settling_time();
BEGIN
	UPDATE github_sync.github_issues AS r SET comments_counted = NULL, comments_counted_at = NULL,
		comments_to_list = r.comments_to_list OR o.differs
	FROM (SELECT i.id, github_sync.comment_number_differs(i.id, i.comments_counted, i.comments_counted_at) AS differs
		FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = repo_id AND i.comments_counted IS NOT NULL AND i.comments_counted_at <= seen_by
			/* Somebody held what is missing. */
			AND NOT EXISTS (SELECT FROM github_sync.listed_later AS l
				WHERE l.record_type = 'comment' AND l.github_repo_id = repo_id AND l.number = i.number
					AND l.wanted = 'item')
		ORDER BY i.id FOR NO KEY UPDATE SKIP LOCKED) AS o
	WHERE r.id = o.id AND (o.differs OR r.comments_counted_at <= settled);
	RETURN github_sync.issue_to_list(repo_id) IS NOT NULL OR github_sync.counts_wait(repo_id, seen_by);
END
$$;
COMMENT ON FUNCTION github_sync.compare_counts(bigint, timestamptz) IS
'private: the comments of a repository have been read, in a pass that began then, by GitHub''s Date: issues that still '
'have another number of them there have them listed. true: another pass is due at once, for these, or for numbers that '
'were seen during this one';

CREATE OR REPLACE FUNCTION github_sync.ask_for_census(repo_id bigint, asked boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.repo_sweeps AS s SET last_census_at = NULL, asked_at = clock_timestamp(),
		due_at = clock_timestamp(), is_asked = s.is_asked OR asked
	WHERE s.github_repo_id = repo_id AND s.stream = 'issues';
END
$$;
COMMENT ON FUNCTION github_sync.ask_for_census(bigint, boolean) IS
'private: how many comments each issue has at GitHub is to be seen now; asked: whatever reconcile_interval says';

/* ---- a check goes through the numbers of issues: some of them nobody knows here ---- */

CREATE OR REPLACE FUNCTION github_sync.next_number_to_check(s github_sync.repo_sweeps) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN least(
		(SELECT min(n.number) FROM github_sync.checked_pages AS l CROSS JOIN unnest(l.discussed_numbers) AS n (number)
			WHERE l.github_repo_id = s.github_repo_id AND l.stream = 'check of issues'
				AND n.number > coalesce(s.issue_number, 0)),
		(SELECT i.number FROM github_sync.github_issues AS i
			WHERE i.github_repo_id = s.github_repo_id AND i.number > coalesce(s.issue_number, 0)
				AND i.deleted_at IS NULL AND EXISTS (SELECT FROM github_sync.github_comments AS c
					WHERE c.github_issue_id = i.id AND c.github_id IS NOT NULL AND c.deleted_at IS NULL)
			ORDER BY i.number LIMIT 1));
END
$$;
COMMENT ON FUNCTION github_sync.next_number_to_check(github_sync.repo_sweeps) IS
'private: the next issue that has comments, at GitHub, as the check of the issues has seen, or here; NULL: none';

CREATE OR REPLACE FUNCTION github_sync.go_to_next_issue(INOUT s github_sync.repo_sweeps)
LANGUAGE plpgsql AS $$
BEGIN
	s.issue_number := CASE WHEN s.phase = 'check' THEN github_sync.next_number_to_check(s) END;
	s.issue_id := NULL;
	s.shown_ids := NULL;
	s.cursor_link := NULL;
	s.page_size := 100;
END
$$;
COMMENT ON FUNCTION github_sync.go_to_next_issue(github_sync.repo_sweeps) IS
'private: an issue is done with; of a sweep the next one is looked for by its claim';

/* ---- how an issue, or the list of all comments, ends ---- */

CREATE OR REPLACE FUNCTION github_sync.lock_listed_issue(of_issue bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.id = of_issue AND i.github_id IS NOT NULL)
		AND (github_sync.task_lock_record_skip_locked(of_issue)).id IS NULL THEN
		INSERT INTO github_sync.listed_later
			(record_type, github_id, github_repo_id, number, github_updated_at, wanted)
		SELECT 'task', i.github_id, i.github_repo_id, i.number, coalesce(i.github_updated_at, clock_timestamp()),
			'comments'
		FROM github_sync.github_issues AS i WHERE i.id = of_issue
		ON CONFLICT DO NOTHING;
		RETURN false;
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.lock_listed_issue(bigint) IS
'private: locks an issue whose comments have been listed; false, at once: somebody holds it, and they are listed again '
'when it is free';

CREATE OR REPLACE FUNCTION github_sync.end_issue(
	INOUT s github_sync.repo_sweeps, page github_sync.swept_page)
LANGUAGE plpgsql AS $$
BEGIN
	IF page.unreadable IS NULL AND s.issue_id IS NOT NULL THEN
		PERFORM github_sync.comment_ask_for_absent(
			github_sync.comment_absent_of_issue(s.issue_id, s.shown_ids), page.priority);
	END IF;
	IF github_sync.lock_listed_issue(s.issue_id) THEN
		UPDATE github_sync.github_issues AS i SET comments_to_list = false, comments_listed_after = NULL,
			comments_counted = NULL, comments_counted_at = NULL
		WHERE i.id = s.issue_id;
	END IF;
	s := github_sync.go_to_next_issue(s);
END
$$;
COMMENT ON FUNCTION github_sync.end_issue(github_sync.repo_sweeps, github_sync.swept_page) IS
'private: all comments of an issue have been listed: those that were not are asked for singly';

CREATE OR REPLACE FUNCTION github_sync.leave_issue(INOUT s github_sync.repo_sweeps, is_gone boolean)
LANGUAGE plpgsql AS $$
BEGIN
	IF s.phase = 'check' THEN
		INSERT INTO github_sync.record_differences
			(record_type, github_repo_id, github_issue_number, difference, why)
		SELECT 'comment', s.github_repo_id, s.issue_number, 'cannot be read', s.last_error WHERE NOT is_gone;
	ELSE
		IF github_sync.lock_listed_issue(s.issue_id) THEN
			UPDATE github_sync.github_issues AS i SET comments_to_list = NOT is_gone,
				comments_listed_after = CASE WHEN NOT is_gone THEN clock_timestamp() + github_sync.sweep_backoff(10) END
			WHERE i.id = s.issue_id;
		END IF;
		PERFORM github_sync.task_ask_for_absent(ARRAY[i.id], 200::smallint) FROM github_sync.github_issues AS i
		WHERE i.id = s.issue_id AND i.deleted_at IS NULL AND is_gone;
	END IF;
	s := github_sync.go_to_next_issue(s);
END
$$;
COMMENT ON FUNCTION github_sync.leave_issue(github_sync.repo_sweeps, boolean) IS
'private: the comments of an issue cannot be had, however small the page: others go on, and they are tried again in an '
'hour; a check says so. Or there is no such issue any more, which is then asked for itself';

CREATE OR REPLACE FUNCTION github_sync.mark_discussed_issues(s github_sync.repo_sweeps) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	wanted CONSTANT bigint[] := ARRAY(SELECT i.id FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = s.github_repo_id AND i.number IS NOT NULL AND i.deleted_at IS NULL
			AND NOT i.comments_to_list AND CASE s.phase
				WHEN 'backfill' THEN EXISTS (SELECT FROM github_sync.github_comments AS c
					WHERE c.github_issue_id = i.id)
				ELSE i.github_updated_at >= coalesce(s.since_filter, '-infinity') END);
	marked bigint;
BEGIN
	UPDATE github_sync.github_issues AS i SET comments_to_list = true
	WHERE i.id IN (SELECT o.id FROM github_sync.github_issues AS o WHERE o.id = ANY (wanted)
		FOR NO KEY UPDATE SKIP LOCKED);
	GET DIAGNOSTICS marked = ROW_COUNT;
	RETURN marked = cardinality(wanted);
END
$$;
COMMENT ON FUNCTION github_sync.mark_discussed_issues(github_sync.repo_sweeps) IS
'private: the comments of issues are to be listed by themselves: of an import, of those that have any here; later, of '
'those that changed, as each comment changes its issue. false: somebody holds one of them';

CREATE OR REPLACE FUNCTION github_sync.list_by_issue(INOUT s github_sync.repo_sweeps)
LANGUAGE plpgsql AS $$
DECLARE
	moves CONSTANT boolean := s.phase <> 'check' AND github_sync.mark_discussed_issues(s);
BEGIN
	s.by_issue := true;
	s := github_sync.go_to_next_issue(s);
	IF s.phase = 'check' THEN
		s.since_filter := NULL;
		RETURN;
	END IF;
	PERFORM github_sync.ask_for_census(s.github_repo_id, true) WHERE s.phase = 'backfill';
	/* By then, all of that time will have been listed; clocks differ. */
	IF moves THEN
		s.cursor_at := greatest(s.cursor_at, clock_timestamp() - interval '1 hour');
		s.since_filter := s.cursor_at - github_sync.sweep_overlap();
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.list_by_issue(github_sync.repo_sweeps) IS
'private: the list of all comments of a repository cannot be had, however small its pages, or ends before its end: '
'those of each issue are listed in this pass';
