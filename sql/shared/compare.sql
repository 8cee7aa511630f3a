/*
 * A check of a list: how its pass begins and ends, and what a page is compared
 * with.
 */

CREATE OR REPLACE FUNCTION github_sync.begin_check(s github_sync.repo_sweeps) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM github_sync.checked_pages AS l WHERE l.github_repo_id = s.github_repo_id AND l.stream = s.stream;
	DELETE FROM github_sync.record_differences AS d WHERE d.github_repo_id = s.github_repo_id
		AND d.record_type = github_sync.checked_type(s.stream) AND NOT d.is_current;
END
$$;
COMMENT ON FUNCTION github_sync.begin_check(github_sync.repo_sweeps) IS
'private: what a check that was broken off has left is forgotten';

CREATE OR REPLACE FUNCTION github_sync.note_checked_page(
	s github_sync.repo_sweeps, repo github_sync.github_repos, items github_sync.resource[], shown bigint[],
	comment_counts integer[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.checked_pages (github_repo_id, stream, github_ids, discussed_numbers)
	VALUES (s.github_repo_id, s.stream, shown, ARRAY(SELECT i.number FROM unnest(items) WITH ORDINALITY AS i
		WHERE s.stream = 'check of issues' AND comment_counts[i.ordinality] > 0
			AND NOT (i.is_pull_request AND repo.pull_requests = 'skip')));
END
$$;
COMMENT ON FUNCTION github_sync.note_checked_page(
	github_sync.repo_sweeps, github_sync.github_repos, github_sync.resource[], bigint[], integer[]) IS
'private: what a page of a check has shown, for what its end makes of the rest';

CREATE OR REPLACE FUNCTION github_sync.end_check(INOUT s github_sync.repo_sweeps)
LANGUAGE plpgsql AS $$
BEGIN
	IF s.stream = 'check of issues' THEN
		PERFORM github_sync.task_end_comparison(s);
	ELSE
		PERFORM github_sync.comment_end_comparison(s);
	END IF;
	DELETE FROM github_sync.checked_pages AS l WHERE l.github_repo_id = s.github_repo_id
		/* What it tells of the issues, the check of their comments may need. */
		AND NOT (s.stream = 'check of issues' AND EXISTS (SELECT FROM github_sync.repo_sweeps AS o
			WHERE o.github_repo_id = s.github_repo_id AND o.stream = 'check of comments' AND o.is_asked));
	s.is_asked := false;
	s.cursor_at := NULL;
	s.since_filter := NULL;
	s.cursor_link := NULL;
	s.shown_ids := NULL;
	s.by_issue := false;
	s.pass_began_at := NULL;
	s.pass_started_at := NULL;
	s.last_complete_at := clock_timestamp();
	s.last_error := NULL;
	s.last_error_at := NULL;
	s.failing_since := NULL;
	s.attempts := 0;
END
$$;
COMMENT ON FUNCTION github_sync.end_check(github_sync.repo_sweeps) IS
'private: a check has come to the end of its list; it is made again when somebody asks for it';

CREATE OR REPLACE FUNCTION github_sync.compare_page(
	s github_sync.repo_sweeps, repo github_sync.github_repos, page github_sync.swept_page,
	items github_sync.resource[], jsons text[], unreadable github_sync.unreadable_item[])
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
	IF s.stream = 'check of issues' THEN
		RETURN github_sync.task_compare_page(repo, page, items, jsons, unreadable);
	END IF;
	RETURN github_sync.comment_compare_page(repo, page, items, jsons, unreadable);
END
$$;
COMMENT ON FUNCTION github_sync.compare_page(
	github_sync.repo_sweeps, github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[],
	github_sync.unreadable_item[]) IS
'private: notes in what the items of a page differ from what is here. Returns of how many something does';
