/*
 * What becomes of a page of a list: it is applied and the cursor moves, in one
 * transaction; or it could not be read.  sweeps.sql has which page is due.
 */

CREATE OR REPLACE FUNCTION github_sync.import_may_have_passed_over(s github_sync.repo_sweeps) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	began CONSTANT timestamptz := coalesce(s.pass_started_at, 'infinity');
BEGIN
	IF s.stream = 'issues' THEN
		RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
			WHERE i.github_repo_id = s.github_repo_id AND i.github_id IS NOT NULL AND i.deleted_at IS NULL
				AND i.seen_at < began);
	END IF;
	RETURN EXISTS (SELECT FROM github_sync.github_comments AS c
		WHERE c.github_repo_id = s.github_repo_id AND c.github_id IS NOT NULL AND c.deleted_at IS NULL
			AND c.seen_at < began);
END
$$;
COMMENT ON FUNCTION github_sync.import_may_have_passed_over(github_sync.repo_sweeps) IS
'private: whether something was known before an import began, by a webhook or because it was created here: an import '
'shows what is there, and does not miss what is not';

CREATE OR REPLACE FUNCTION github_sync.goes_on_at_once(s github_sync.repo_sweeps, is_late boolean, is_sparse boolean)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF s.stream = 'issues' THEN
		/* Behind a census what changed is still to be read. */
		RETURN s.phase = 'census' OR is_late OR is_sparse;
	END IF;
	/* One that went issue by issue has asked for it already. */
	PERFORM github_sync.ask_for_census(s.github_repo_id, s.is_asked) WHERE is_sparse AND NOT s.by_issue;
	RETURN github_sync.compare_counts(s.github_repo_id, s.pass_started_at) OR is_late;
END
$$;
COMMENT ON FUNCTION github_sync.goes_on_at_once(github_sync.repo_sweeps, boolean, boolean) IS
'private: whether another pass is due at once behind this one. is_late: somebody has asked for it since this one '
'began; is_sparse: import_may_have_passed_over(), which a census of the issues shows, also by the number of their '
'comments';

CREATE OR REPLACE FUNCTION github_sync.issue_fails(repo_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* One that is gone is not listed any more, as issue_to_list() has it. */
	RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
		WHERE i.github_repo_id = repo_id AND i.comments_to_list AND i.comments_listed_after IS NOT NULL
			AND i.number IS NOT NULL AND i.deleted_at IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.issue_fails(bigint) IS
'private: whether the comments of an issue could not be had at the last try, and are still wanted';

CREATE OR REPLACE FUNCTION github_sync.end_pass(INOUT s github_sync.repo_sweeps)
LANGUAGE plpgsql AS $$
DECLARE
	is_census CONSTANT boolean := s.phase = 'census';
	is_late CONSTANT boolean := coalesce(s.pass_began_at < s.asked_at, false);
	is_sparse CONSTANT boolean := s.phase = 'backfill' AND github_sync.import_may_have_passed_over(s);
	goes_on boolean;
BEGIN
	IF s.phase = 'check' THEN
		s := github_sync.end_check(s);
		RETURN;
	END IF;
	goes_on := github_sync.goes_on_at_once(s, is_late, is_sparse);
	IF is_census OR s.phase = 'backfill' THEN
		s.last_census_at := CASE WHEN NOT is_late AND NOT is_sparse THEN clock_timestamp() END;
		s.full_length := s.listed;
	END IF;
	s.import_listed := CASE WHEN s.phase = 'backfill' THEN s.listed ELSE s.import_listed END;
	s.phase := 'sweep';
	s.last_complete_at := clock_timestamp();
	s.due_at := clock_timestamp();
	IF NOT goes_on THEN
		s.is_asked := false;
		s.due_interval := github_sync.reconcile_interval();
		s.due_at := s.due_at + github_sync.sweep_interval((SELECT r.github_app_installation_id
			FROM github_sync.github_repos AS r WHERE r.id = s.github_repo_id));
	END IF;
	s.cursor_link := NULL;
	s.created_until := NULL;
	s.shown_ids := NULL;
	s.pass_began_at := NULL;
	s.pass_started_at := NULL;
	s.attempts := 0;
	IF s.stream <> 'comments' OR NOT github_sync.issue_fails(s.github_repo_id) THEN
		s.last_error := NULL;
		s.last_error_at := NULL;
		s.failing_since := NULL;
	END IF;
	/* Their number is known now: those of an issue are listed next, or what may be missing for a comparison is read. */
	IF is_census THEN
		UPDATE github_sync.repo_sweeps AS r SET due_at = clock_timestamp(), is_asked = r.is_asked OR s.is_asked
		WHERE r.github_repo_id = s.github_repo_id AND r.stream = 'comments'
			AND (github_sync.issue_to_list(s.github_repo_id) IS NOT NULL
				OR github_sync.counts_wait(s.github_repo_id, '-infinity'));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.end_pass(github_sync.repo_sweeps) IS
'private: a list has been read to its end: that alone makes the next pass due later';

CREATE OR REPLACE FUNCTION github_sync.take_census(
	s github_sync.repo_sweeps, page github_sync.swept_page, items github_sync.resource[], shown bigint[],
	comment_counts integer[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	until timestamptz := CASE WHEN page.next_link IS NULL THEN 'infinity'
		ELSE (SELECT max(i.created_at) FROM unnest(items) AS i) END;
	/* Of older issues an import passed comments over: their number differs. */
	counted_from CONSTANT timestamptz := coalesce((SELECT (c.filters ->> 'began')::timestamptz
		FROM github_sync.repo_sweeps AS c WHERE c.github_repo_id = s.github_repo_id AND c.stream = 'comments'
			AND c.filters ? 'comments'), '-infinity');
	counted record;
BEGIN
	/* An item of which nothing could be read may be any. */
	IF page.unreadable IS NULL THEN
		PERFORM github_sync.task_ask_for_absent(ARRAY(SELECT i.id FROM github_sync.github_issues AS i
			WHERE i.github_repo_id = s.github_repo_id AND i.deleted_at IS NULL
				AND i.github_id <> ALL (shown || s.shown_ids)
				AND i.github_created_at >= coalesce(s.created_until, '-infinity') AND i.github_created_at < until
				AND i.seen_at < coalesce(s.pass_started_at, page.answered_at)
				AND NOT (i.is_pull_request AND github_sync.task_is_skipped(i))
				/* It went where no task follows it, and an error says so. */
				AND NOT (i.task_id IS NULL AND EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
					WHERE q.github_issue_id = i.id AND q.error_code = 'transferred'))
			ORDER BY i.id), page.priority);
	END IF;
	IF to_regprocedure('github_sync.comment_number_differs(bigint,integer,timestamptz)') IS NOT NULL THEN
		SELECT array_agg(i.number) AS numbers, array_agg(i.updated_at) AS updated_ats,
			array_agg(comment_counts[i.ordinality]) AS counts INTO counted
		FROM unnest(items) WITH ORDINALITY AS i WHERE i.created_at >= counted_from;
		PERFORM github_sync.comment_note_counts(s.github_repo_id, counted.numbers, counted.updated_ats, counted.counts,
			page.answered_at, github_sync.discussed_until(s.github_repo_id));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.take_census(
	github_sync.repo_sweeps, github_sync.swept_page, github_sync.resource[], bigint[], integer[]) IS
'private: issues of the time that a page spans which it does not show are asked for singly; issues that have another '
'number of comments than here have them listed, at once or when others have been read';

CREATE OR REPLACE FUNCTION github_sync.runs_in_a_circle(
	s github_sync.repo_sweeps, page github_sync.swept_page, items github_sync.resource[], shown bigint[])
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	RETURN s.cursor_link IS NOT NULL AND page.next_link IS NOT NULL AND (
		cardinality(shown) = 0 AND page.unreadable IS NULL
		OR cardinality(shown) > 0 AND shown <@ s.shown_ids
		OR coalesce((SELECT s.issue_id IS NULL AND s.phase = 'census' AND max(i.created_at) < s.created_until
			OR s.issue_id IS NULL AND s.phase <> 'census' AND max(i.updated_at) < s.since_filter
			FROM unnest(items) AS i), false));
END
$$;
COMMENT ON FUNCTION github_sync.runs_in_a_circle(
	github_sync.repo_sweeps, github_sync.swept_page, github_sync.resource[], bigint[]) IS
'private: whether a page that GitHub''s link led to leads on, and shows nothing that was not shown, or older things';

CREATE OR REPLACE FUNCTION github_sync.ids_shown(s github_sync.repo_sweeps, ids bigint[], newest timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN s.issue_id IS NOT NULL OR s.cursor_link IS NOT NULL
			AND (s.phase <> 'census' OR newest IS NOT DISTINCT FROM s.created_until)
		THEN s.shown_ids || ids ELSE ids END;
END
$$;
COMMENT ON FUNCTION github_sync.ids_shown(github_sync.repo_sweeps, bigint[], timestamptz) IS
'private: what the pages of an issue, or of one second, have shown, with another page; newest: of the census, when the '
'last item of the page was created';

CREATE OR REPLACE FUNCTION github_sync.move_cursor(
	INOUT s github_sync.repo_sweeps, page github_sync.swept_page, items github_sync.resource[], shown bigint[])
LANGUAGE plpgsql AS $$
DECLARE
	newest timestamptz := (SELECT max(i.updated_at) FROM unnest(items) AS i);
	created_until timestamptz := coalesce((SELECT max(i.created_at) FROM unnest(items) AS i), s.created_until);
BEGIN
	s.pass_started_at := coalesce(s.pass_started_at, page.answered_at);
	s.shown_ids := github_sync.ids_shown(s, shown, created_until);
	s.cursor_link := page.next_link;
	IF s.issue_id IS NOT NULL OR s.issue_number IS NOT NULL THEN
		IF page.next_link IS NULL THEN
			s := github_sync.end_issue(s, page);
		END IF;
		IF github_sync.issues_are_listed(s) THEN
			s := github_sync.end_pass(s);
		END IF;
		RETURN;
	ELSIF s.phase = 'census' THEN
		s.created_until := created_until;
	ELSE
		s.cursor_at := greatest(s.cursor_at, newest);
		IF page.next_link IS NOT NULL AND newest - interval '1 second' > coalesce(s.since_filter, '-infinity') THEN
			s.since_filter := newest - interval '1 second';
			s.shown_until := newest;
			s.shown_last := ARRAY(SELECT i.github_id FROM unnest(items) AS i WHERE i.updated_at = newest);
			s.cursor_link := NULL;
		END IF;
	END IF;
	IF page.next_link IS NULL THEN
		s := github_sync.end_pass(s);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.move_cursor(
	github_sync.repo_sweeps, github_sync.swept_page, github_sync.resource[], bigint[]) IS
'private: where the list goes on behind a page. A link is followed only within one second, and by the census';

CREATE OR REPLACE FUNCTION github_sync.ids_with_row(s github_sync.repo_sweeps, items github_sync.resource[])
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF s.stream <> 'check of comments' THEN
		RETURN '{}';
	END IF;
	RETURN ARRAY(SELECT c.github_id FROM github_sync.github_comments AS c
		WHERE c.github_id = ANY (ARRAY(SELECT i.github_id FROM unnest(items) AS i)) AND c.comment_id IS NOT NULL);
END
$$;
COMMENT ON FUNCTION github_sync.ids_with_row(github_sync.repo_sweeps, github_sync.resource[]) IS
'private: comments of a page of a check that have a row here, though an import may have left such comments out';

CREATE OR REPLACE FUNCTION github_sync.keep_wanted(
	s github_sync.repo_sweeps, INOUT items github_sync.resource[], INOUT jsons text[])
LANGUAGE plpgsql AS $$
DECLARE
	known CONSTANT bigint[] := github_sync.ids_with_row(s, items);
BEGIN
	IF s.filters = '{}' THEN
		RETURN;
	END IF;
	SELECT coalesce(array_agg(i.item ORDER BY i.place), '{}'), coalesce(array_agg(i.json ORDER BY i.place), '{}')
	INTO keep_wanted.items, keep_wanted.jsons
	FROM (SELECT u.place, u.json, ROW(u.github_id, u.number, u.is_pull_request, u.title, u.body, u.state,
			u.state_reason, u.author_login, u.html_url, u.created_at, u.updated_at, u.closed_at,
			u.author_id, u.marks)::github_sync.resource AS item
		FROM ROWS FROM (unnest(items), unnest(jsons)) WITH ORDINALITY AS u (github_id, number, is_pull_request, title,
			body, state, state_reason, author_login, html_url, created_at, updated_at, closed_at, author_id, marks,
			json, place)
		WHERE u.updated_at >= (s.filters ->> 'began')::timestamptz OR u.github_id = ANY (known)
			OR NOT s.filters ? 'comments' AND (
			EXISTS (SELECT FROM github_sync.github_issues AS k
				WHERE k.github_repo_id = s.github_repo_id AND k.number = u.number)
			OR github_sync.list_of_stream(s.stream) = 'issues'
				AND (s.filters ->> 'state' IS NULL OR u.state = s.filters ->> 'state')
				AND u.updated_at >= coalesce((s.filters ->> 'since')::timestamptz, '-infinity'))) AS i;
END
$$;
COMMENT ON FUNCTION github_sync.keep_wanted(github_sync.repo_sweeps, github_sync.resource[], text[]) IS
'private: the items of a page that backfill_repo() was to import, those that are known already, with their comments, '
'and what changed since the import began: a webhook would bring it, too';

CREATE OR REPLACE FUNCTION github_sync.note_import_began(INOUT s github_sync.repo_sweeps, answered_at timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.repo_sweeps AS r SET filters = r.filters || jsonb_build_object(
		'began', least((r.filters ->> 'began')::timestamptz, answered_at))
	WHERE r.github_repo_id = s.github_repo_id AND r.stream IN ('issues', 'comments') AND r.filters ? 'began';
	s.filters := (SELECT r.filters FROM github_sync.repo_sweeps AS r
		WHERE r.github_repo_id = s.github_repo_id AND r.stream = s.stream);
END
$$;
COMMENT ON FUNCTION github_sync.note_import_began(github_sync.repo_sweeps, timestamptz) IS
'private: the first page of an import was answered then, by GitHub''s Date: our clock may be ahead of it';

CREATE OR REPLACE FUNCTION github_sync.note_listed_name(repo github_sync.github_repos, item github_sync.resource)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	place CONSTANT text[] := regexp_match(item.html_url, '/([^/]+)/([^/]+)/(?:issues|pull)/[0-9]+(?:#.*)?$');
BEGIN
	IF place IS NULL OR (place[1], place[2]) = (repo.owner_login, repo.name) AND NOT repo.name_lost THEN
		RETURN;
	END IF;
	PERFORM github_sync.report_repo_name(repo.id, repo.id, place[1], place[2]);
END
$$;
COMMENT ON FUNCTION github_sync.note_listed_name(github_sync.github_repos, github_sync.resource) IS
'private: a list is asked for by the id of its repository, and its items show the name that the repository has by now';

CREATE OR REPLACE FUNCTION github_sync.estimate_total(s github_sync.repo_sweeps, page github_sync.swept_page)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
	known bigint;
BEGIN
	IF s.total IS NOT NULL OR s.pass_started_at IS NOT NULL OR s.issue_id IS NOT NULL THEN
		RETURN s.total;
	ELSIF page.next_link IS NULL THEN
		RETURN s.listed;
	ELSIF page.last_page IS NOT NULL THEN
		RETURN page.last_page::bigint * s.page_size;
	ELSIF s.phase = 'sweep' THEN
		RETURN NULL;
	END IF;
	known := (SELECT o.full_length FROM github_sync.repo_sweeps AS o
		WHERE o.github_repo_id = s.github_repo_id AND o.stream = github_sync.list_of_stream(s.stream));
	IF known IS NULL AND s.stream = 'check of comments' THEN
		known := (SELECT count(*) FROM github_sync.github_comments AS c
			WHERE c.github_repo_id = s.github_repo_id AND c.github_id IS NOT NULL AND c.deleted_at IS NULL);
	ELSIF known IS NULL AND s.phase IN ('census', 'check') THEN
		known := (SELECT count(*) FROM github_sync.github_issues AS i
			WHERE i.github_repo_id = s.github_repo_id AND i.github_id IS NOT NULL AND i.deleted_at IS NULL);
	END IF;
	RETURN CASE WHEN known IS NOT NULL THEN greatest(known, s.listed) END;
END
$$;
COMMENT ON FUNCTION github_sync.estimate_total(github_sync.repo_sweeps, github_sync.swept_page) IS
'private: about how many items a pass lists: by what its first page tells, which has been counted, by how many there '
'were when all were listed last, or by how many are known; NULL: not known';

CREATE OR REPLACE FUNCTION github_sync.apply_page(
	s github_sync.repo_sweeps, repo github_sync.github_repos, page github_sync.swept_page,
	items github_sync.resource[], jsons text[], unreadable github_sync.unreadable_item[])
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	wanted record := github_sync.keep_wanted(s, items, jsons);
BEGIN
	IF s.phase = 'check' THEN
		RETURN github_sync.compare_page(s, repo, page, wanted.items, wanted.jsons, unreadable);
	ELSIF s.stream = 'issues' THEN
		PERFORM github_sync.task_note_unreadable(repo, page, u) FROM unnest(unreadable) AS u;
		RETURN github_sync.task_apply_listed(repo, page, wanted.items, wanted.jsons);
	END IF;
	PERFORM github_sync.comment_note_unreadable(repo, page, u) FROM unnest(unreadable) AS u;
	RETURN github_sync.comment_apply_listed(repo, page, wanted.items, wanted.jsons);
END
$$;
COMMENT ON FUNCTION github_sync.apply_page(
	github_sync.repo_sweeps, github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[],
	github_sync.unreadable_item[]) IS
'private: what the items of a page change here. Returns how many were news';

CREATE OR REPLACE FUNCTION github_sync.fresh_ids(
	s github_sync.repo_sweeps, items github_sync.resource[], unreadable github_sync.unreadable_item[])
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* A step begins with the end of the one before, however many pages that is; an issue has a list of its own. */
	IF s.issue_id IS NOT NULL OR s.issue_number IS NOT NULL THEN
		s.shown_until := NULL;
		s.shown_last := NULL;
	END IF;
	RETURN ARRAY(SELECT u.github_id FROM (SELECT i.github_id, i.updated_at FROM unnest(items) AS i
			UNION SELECT b.github_id, b.updated_at FROM unnest(unreadable) AS b) AS u
		WHERE u.github_id <> ALL (coalesce(s.shown_ids, '{}') || coalesce(s.shown_last, '{}'))
			AND coalesce(u.updated_at >= s.shown_until, true));
END
$$;
COMMENT ON FUNCTION github_sync.fresh_ids(
	github_sync.repo_sweeps, github_sync.resource[], github_sync.unreadable_item[]) IS
'private: the items of a page that the pass has not shown before';

CREATE OR REPLACE FUNCTION github_sync.note_failures(
	INOUT s github_sync.repo_sweeps, items github_sync.resource[], unreadable github_sync.unreadable_item[],
	fresh bigint[], since timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
	/* What repeats the end of a page was counted with it. */
	counted CONSTANT github_sync.resource[] := ARRAY(SELECT items[p] FROM generate_subscripts(items, 1) AS p
		WHERE (items[p]).github_id = ANY (fresh) ORDER BY p);
	failures record;
BEGIN
	IF s.stream = 'issues' THEN
		failures := github_sync.task_failures_of_items(counted, since);
	ELSIF s.stream = 'comments' THEN
		failures := github_sync.comment_failures_of_items(counted, since);
	ELSE
		RETURN;
	END IF;
	s.applied := greatest(s.applied - failures.anew, 0);
	s.failed := s.failed + failures.failed
		+ (SELECT count(*) FROM unnest(unreadable) AS u WHERE u.github_id = ANY (fresh));
END
$$;
COMMENT ON FUNCTION github_sync.note_failures(
	github_sync.repo_sweeps, github_sync.resource[], github_sync.unreadable_item[], bigint[], timestamptz) IS
'private: items of a page that could not be applied are counted as that, and not as applied. since: when the page '
'began to be applied';

CREATE OR REPLACE FUNCTION github_sync.sweep_page(
	page github_sync.swept_page, items github_sync.resource[], jsons text[], comment_counts integer[],
	unreadable github_sync.unreadable_item[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps := github_sync.lock_claimed_sweep(page.github_repo_id, page.stream, page.claim_no);
	repo github_sync.github_repos;
	shown CONSTANT bigint[] := ARRAY(SELECT i.github_id FROM unnest(items) AS i)
		|| ARRAY(SELECT u.github_id FROM unnest(unreadable) AS u);
	is_first CONSTANT boolean := s.pass_started_at IS NULL AND s.issue_id IS NULL;
	follows_link CONSTANT boolean := s.cursor_link IS NOT NULL;
	fresh CONSTANT bigint[] := github_sync.fresh_ids(s, items, unreadable);
	began_at CONSTANT timestamptz := clock_timestamp();
BEGIN
	IF s.github_repo_id IS NULL THEN
		RETURN 'stale';
	ELSIF github_sync.runs_in_a_circle(s, page, items, shown) THEN
		RETURN github_sync.sweep_failed(s.github_repo_id, s.stream, s.claim_no,
			'GitHub''s list comes to no end: a page leads on, and shows nothing new', 'none');
	END IF;
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = s.github_repo_id;
	PERFORM github_sync.note_listed_name(repo, items[1]) WHERE cardinality(items) > 0 AND s.phase <> 'check';
	page.is_careful := s.abandoned >= 2;
	page.priority := CASE s.phase WHEN 'backfill' THEN 300 ELSE 200 END;
	IF is_first AND s.phase = 'backfill' AND s.stream = 'issues' THEN
		s := github_sync.note_import_began(s, page.answered_at);
	END IF;
	s.listed := s.listed + cardinality(fresh);
	s.total := github_sync.estimate_total(s, page);
	s.applied := s.applied + github_sync.apply_page(s, repo, page, items, jsons, unreadable);
	s := github_sync.note_failures(s, items, unreadable, fresh, began_at);
	IF s.phase = 'check' THEN
		PERFORM github_sync.note_checked_page(s, repo, items, shown, comment_counts);
	ELSIF s.phase = 'census' THEN
		PERFORM github_sync.take_census(s, page, items, shown, comment_counts);
	END IF;
	IF s.phase = 'sweep' AND is_first AND page.next_link IS NULL THEN
		s.etag := page.etag;
		s.etag_key := page.etag_key;
	END IF;
	s.due_at := clock_timestamp();
	s.claimed_by := NULL;
	s.abandoned := 0;
	s := github_sync.move_cursor(s, page, items, shown);
	/* The first page of what has no end can be read each time. */
	IF follows_link OR s.cursor_link IS NULL THEN
		s.attempts := 0;
		s.failing_since := NULL;
	END IF;
	IF page.unreadable IS NOT NULL THEN
		s.last_error := page.unreadable;
		s.last_error_at := clock_timestamp();
		s.failing_since := coalesce(s.failing_since, s.last_error_at);
	END IF;
	PERFORM github_sync.save_sweep(s);
	RETURN CASE WHEN s.pass_began_at IS NULL THEN 'complete' ELSE 'goes on' END;
END
$$;
COMMENT ON FUNCTION github_sync.sweep_page(
	github_sync.swept_page, github_sync.resource[], text[], integer[], github_sync.unreadable_item[]) IS
'private: a page of a list was read: it is applied, and the cursor moves, in this one transaction. jsons: NULL: the '
'database has no character for something in it; comment_counts: of issues; NULL: not shown. Returns goes on, '
'complete (the end of the list), or stale: the claim is not the caller''s any more';

CREATE OR REPLACE FUNCTION github_sync.sweep_not_modified(repo_id bigint, list text, held_claim_no integer) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps := github_sync.lock_claimed_sweep(repo_id, list, held_claim_no);
BEGIN
	IF s.github_repo_id IS NULL THEN
		RETURN 'stale';
	END IF;
	s.claimed_by := NULL;
	s.abandoned := 0;
	PERFORM github_sync.save_sweep(github_sync.end_pass(s));
	RETURN 'complete';
END
$$;
COMMENT ON FUNCTION github_sync.sweep_not_modified(bigint, text, integer) IS
'private: a list is what it was when it was read last; as sweep_page()';

/* Below that, a list that cannot be had is not too large. */
CREATE OR REPLACE FUNCTION github_sync.smaller_page(page_size integer) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN page_size > 50 THEN 50 WHEN page_size > 25 THEN 25 WHEN page_size > 10 THEN 10 END;
COMMENT ON FUNCTION github_sync.smaller_page(integer) IS
'private: the next smaller page of a list; NULL: there is none';

CREATE OR REPLACE FUNCTION github_sync.find_way_out(INOUT s github_sync.repo_sweeps, way_out text)
LANGUAGE plpgsql AS $$
DECLARE
	smaller CONSTANT integer := CASE way_out WHEN 'smaller pages' THEN github_sync.smaller_page(s.page_size) END;
	is_of_issue CONSTANT boolean := s.issue_id IS NOT NULL OR s.issue_number IS NOT NULL;
BEGIN
	IF smaller IS NOT NULL THEN
		s.page_size := smaller;
	ELSIF is_of_issue AND way_out IN ('smaller pages', 'next issue') THEN
		s := github_sync.leave_issue(s, way_out = 'next issue');
	ELSIF NOT is_of_issue AND way_out IN ('smaller pages', 'by issue') AND NOT s.by_issue
		AND github_sync.list_of_stream(s.stream) = 'comments' THEN
		s := github_sync.list_by_issue(s);
	ELSE
		s.attempts := s.attempts + 1;
		s.due_at := clock_timestamp() + github_sync.sweep_backoff(s.attempts - 1);
	END IF;
	IF github_sync.issues_are_listed(s) THEN
		s := github_sync.end_pass(s);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.find_way_out(github_sync.repo_sweeps, text) IS
'private: how a list goes on of which a page could not be had; way_out as in sweep_failed()';

CREATE OR REPLACE FUNCTION github_sync.sweep_failed(
	repo_id bigint, list text, held_claim_no integer, reason text, way_out text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps := github_sync.lock_claimed_sweep(repo_id, list, held_claim_no);
BEGIN
	IF s.github_repo_id IS NULL THEN
		RETURN 'stale';
	END IF;
	s.claimed_by := NULL;
	s.abandoned := 0;
	s.last_error := github_sync.shortened(reason);
	s.last_error_at := clock_timestamp();
	s.failing_since := coalesce(s.failing_since, s.last_error_at);
	s.due_at := clock_timestamp();
	/* A link names the size of its pages: the step begins anew. */
	IF s.cursor_link IS NOT NULL AND s.phase = 'census' THEN
		s.created_until := NULL;
	END IF;
	IF s.cursor_link IS NOT NULL THEN
		s.shown_ids := '{}';
	END IF;
	s.cursor_link := NULL;
	s := github_sync.find_way_out(s, way_out);
	PERFORM github_sync.save_sweep(s);
	RETURN CASE WHEN s.pass_began_at IS NULL THEN 'complete' ELSE 'goes on' END;
END
$$;
COMMENT ON FUNCTION github_sync.sweep_failed(bigint, text, integer, text, text) IS
'private: a page could not be read, or not be applied. way_out: none: it is read again after a time; smaller pages: '
'they may help, and in the end the comments of each issue do; by issue: the list ends before its end; next issue: the '
'one whose comments were asked for is gone. Nothing is passed over';

CREATE OR REPLACE FUNCTION github_sync.sweep_let_go(
	repo_id bigint, list text, held_claim_no integer, reason text, retry_at timestamptz) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.repo_sweeps := github_sync.lock_claimed_sweep(repo_id, list, held_claim_no);
BEGIN
	IF s.github_repo_id IS NULL THEN
		RETURN 'stale';
	END IF;
	s.claimed_by := NULL;
	s.abandoned := 0;
	s.due_at := coalesce(retry_at, s.due_at);
	s.last_error := coalesce(github_sync.shortened(reason), s.last_error);
	s.last_error_at := CASE WHEN reason IS NULL THEN s.last_error_at ELSE clock_timestamp() END;
	PERFORM github_sync.save_sweep(s);
	RETURN 'goes on';
END
$$;
COMMENT ON FUNCTION github_sync.sweep_let_go(bigint, text, integer, text, timestamptz) IS
'private: a page was not read, for a reason that is not the list''s: it is claimed again, at once or at that time';
