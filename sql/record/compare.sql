/*
 * What check_repo() finds: what a page of a list shows is compared with what is
 * known of it and with the application's rows, by the rules of a merge, so that a
 * text which a trigger wrote otherwise is no difference.  Nothing is applied, and
 * nothing is locked; what is found is written down as digests, not as texts.
 *
 * mend_differences() makes ordinary transactions of it.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_why_pending(
	cached_id bigint, OUT why text, OUT transaction_id bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	SELECT CASE q.state WHEN 'errored' THEN format('errored (%s)', q.error_code)
		WHEN 'disabled' THEN format('disabled (%s)', q.disabled_reason) ELSE 'queued' END, q.id
	INTO why, transaction_id
	FROM github_sync.@record@_sync_transactions AS q
	WHERE q.@resource@_id = cached_id AND (q.state IN ('queued', 'processing', 'disabled')
		OR q.state = 'errored' AND NOT github_sync.@record@_error_is_outdated(q))
	ORDER BY q.state IN ('queued', 'processing') DESC, q.id DESC LIMIT 1;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_why_pending(bigint) IS
'private: a transaction that says why the sides of a record differ: it is to come, failed, or may not run; NULL: none';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_not_listed_yet(repo_id bigint, item github_sync.resource)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* Lists lag, and times are whole seconds. */
	RETURN NOT EXISTS (SELECT FROM github_sync.repo_sweeps AS s WHERE s.github_repo_id = repo_id
			AND s.last_complete_at >= item.updated_at + github_sync.@record@_settling_time()
--@task			AND s.stream = 'issues');
--@comment			AND s.stream = 'comments');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_not_listed_yet(bigint, github_sync.resource) IS
'private: it changed after the last sweep, or shortly before its end: the next one finds it, where no webhook tells of '
'it before';

CREATE OR REPLACE FUNCTION github_sync.@record@_why_differs(
	cached github_sync.@resources@, repo github_sync.github_repos, item github_sync.resource,
	side github_sync.field_sides, verdict text, field_name text)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE
		WHEN github_sync.@record@_never_synced(cached) THEN 'never synced'
		WHEN verdict = 'to remote' AND repo.sync_direction = 'inbound'
			OR verdict = 'to local' AND repo.sync_direction = 'outbound' THEN 'disabled (direction)'
--@task		WHEN side.local IS NULL AND verdict = 'unknown' THEN 'no array here'
--@task		WHEN field_name IN ('labels', 'assignees', 'milestone') AND verdict = 'same' THEN 'left out by GitHub'
		WHEN verdict IN ('github won', 'app won') OR EXISTS (SELECT FROM github_sync.sync_conflicts AS c
			WHERE c.record_type = '@record@' AND c.cached_record_id = cached.id AND c.field = field_name
				AND github_sync.same_text(c.local, side.local) AND github_sync.same_text(c.remote, side.remote))
			THEN format('conflict policy (%s)', github_sync.@record@_effective_policy(repo))
		WHEN verdict IN ('to remote', 'to both') THEN 'not captured'
		WHEN item.updated_at = cached.github_updated_at
			AND cached.seen_at < cached.github_updated_at + github_sync.@record@_settling_time() THEN 'unsettled'
		WHEN item.updated_at > cached.github_updated_at
			AND github_sync.@record@_is_not_listed_yet(repo.id, item) THEN 'not listed yet'
		ELSE 'no reason known' END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_why_differs(
	github_sync.@resources@, github_sync.github_repos, github_sync.resource, github_sync.field_sides, text, text) IS
'private: why a field of a linked record differs, where no transaction says so; verdict is that of merge_fields()';

CREATE OR REPLACE FUNCTION github_sync.@record@_why_kept_back(
	cached github_sync.@resources@, here github_sync.local_row)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	problem CONSTANT text := github_sync.@record@_place_problem(cached, here);
BEGIN
	RETURN CASE WHEN problem = 'filtered' AND here.is_deleted THEN 'deleted here'
		WHEN problem IN ('filtered', 'no_repo') THEN format('disabled (%s)', problem) END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_why_kept_back(github_sync.@resources@, github_sync.local_row) IS
'private: why the sides of a linked record are to differ, whether a transaction says so or not: its row is marked as '
'deleted, is not to be synced, or belongs to no repository; NULL: they are not. 55P03: a worker cannot look';

CREATE OR REPLACE FUNCTION github_sync.@record@_new_difference(
	repo github_sync.github_repos, cached github_sync.@resources@, item github_sync.resource)
RETURNS github_sync.record_differences
LANGUAGE plpgsql STABLE AS $$
DECLARE
	d github_sync.record_differences;
	pending record := github_sync.@record@_why_pending(cached.id);
BEGIN
	d.record_type := '@record@';
	d.github_repo_id := repo.id;
	d.cached_record_id := cached.id;
	d.record_id := cached.@record@_id::text;
	d.github_id := item.github_id;
	d.github_issue_number := item.number;
	d.github_updated_at := item.updated_at;
	d.why := pending.why;
	d.transaction_id := pending.transaction_id;
	RETURN d;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_new_difference(
	github_sync.github_repos, github_sync.@resources@, github_sync.resource) IS
'private: what every difference of a listed item says, with the transaction that explains it';

CREATE OR REPLACE FUNCTION github_sync.@record@_why_missing_here(
	repo github_sync.github_repos, cached github_sync.@resources@, item github_sync.resource)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	later text;
--@comment	issue github_sync.github_issues;
BEGIN
	later := (SELECT coalesce('cannot be taken over: ' || l.last_error, 'held by somebody')
		FROM github_sync.listed_later AS l
		WHERE l.record_type = '@record@' AND l.github_id = item.github_id AND l.wanted = 'item');
	IF later IS NOT NULL THEN
		RETURN later;
	END IF;
--@comment	SELECT * INTO issue FROM github_sync.github_issues AS i
--@comment	WHERE i.github_repo_id = repo.id AND i.number = item.number;
--@comment	IF issue.local_deleted_at IS NOT NULL THEN
--@comment		RETURN 'its issue was deleted here';
--@comment	ELSIF issue.task_id IS NULL THEN
--@comment		RETURN 'its issue is missing here';
--@comment	END IF;
	RETURN CASE
		/* Nothing of this version is news: no sweep makes a row of it. */
		WHEN cached.remote_base IS NULL AND cached.github_updated_at >= item.updated_at THEN 'unlinked'
		WHEN github_sync.@record@_is_not_listed_yet(repo.id, item) THEN 'not listed yet'
		ELSE 'no reason known' END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_why_missing_here(
	github_sync.github_repos, github_sync.@resources@, github_sync.resource) IS
'private: why there is no @record@ for an item of a list, where no transaction says so';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_missing(
	repo github_sync.github_repos, cached github_sync.@resources@, item github_sync.resource)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	d github_sync.record_differences;
BEGIN
	/* There, nothing is ever written here. */
	IF repo.sync_direction = 'outbound' THEN
		RETURN;
	END IF;
	d := github_sync.@record@_new_difference(repo, cached, item);
	d.difference := 'missing here';
	d.digest_github := github_sync.digest_of(array_to_string(github_sync.@record@_shown_fields(item), E'\n'));
	d.why := CASE WHEN cached.local_deleted_at IS NOT NULL THEN 'deleted here'
		ELSE coalesce(d.why, github_sync.@record@_why_missing_here(repo, cached, item)) END;
	d.mend := CASE WHEN d.why NOT IN ('deleted here', 'its issue was deleted here') THEN 'inbound' END;
	PERFORM github_sync.note_difference(d);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_missing(
	github_sync.github_repos, github_sync.@resources@, github_sync.resource) IS
'private: notes that an item of a list has no @record@';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_compare_place(
--@comment	repo github_sync.github_repos, cached github_sync.github_comments, item github_sync.resource)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	here CONSTANT github_sync.local_row := github_sync.comment_local_row(cached.comment_id);
--@comment	issue github_sync.github_issues;
--@comment	d github_sync.record_differences;
--@comment BEGIN
--@comment	SELECT * INTO issue FROM github_sync.github_issues AS i
--@comment	WHERE i.github_repo_id = repo.id AND i.number = item.number;
--@comment	IF issue.id = cached.github_issue_id
--@comment		AND (issue.task_id IS NULL OR issue.task_id::text IS NOT DISTINCT FROM here.parent_key) THEN
--@comment		RETURN;
--@comment	END IF;
--@comment	d := github_sync.comment_new_difference(repo, cached, item);
--@comment	d.difference := 'differs';
--@comment	d.field := 'task';
--@comment	d.digest_here := github_sync.digest_of(here.parent_key);
--@comment	d.digest_github := github_sync.digest_of(issue.task_id::text);
--@comment	d.why := coalesce(d.why, 'of another task here');
--@comment	d.mend := CASE WHEN issue.id IS DISTINCT FROM cached.github_issue_id THEN 'inbound' END;
--@comment	PERFORM github_sync.note_difference(d);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_compare_place(
--@comment	github_sync.github_repos, github_sync.github_comments, github_sync.resource) IS
--@comment 'private: notes that the row of a comment belongs to another task than the one that has its issue';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_linked(
	repo github_sync.github_repos, page github_sync.swept_page, cached github_sync.@resources@,
	item github_sync.resource)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	here CONSTANT github_sync.local_row := github_sync.@record@_local_row(cached.@record@_id);
	known CONSTANT text[] := github_sync.@record@_remote_fields(cached);
	/* A newer answer than the page has been recorded: that is what GitHub has. */
	remote CONSTANT text[] := CASE WHEN cached.seen_at > page.answered_at OR cached.github_updated_at > item.updated_at
		THEN known ELSE github_sync.@record@_shown_fields(item) END;
	sides CONSTANT github_sync.field_sides[] := github_sync.@record@_sides(
		cached, remote, here.fields, here.modified_at);
	verdicts CONSTANT text[] := github_sync.@record@_verdicts(cached, repo, sides);
	may_send CONSTANT boolean := github_sync.sync_disabled_reason(repo.id, 'outbound') IS NULL;
	never_synced CONSTANT boolean := github_sync.@record@_never_synced(cached);
	kept_back text;
	d github_sync.record_differences;
BEGIN
	FOR i IN 1 .. cardinality(remote) LOOP
		CONTINUE WHEN github_sync.same_text(known[i], remote[i])
--@task			AND ({{has_marks}} AND github_sync.task_is_left_out(cached.id, i, sides[i])) IS NOT TRUE
			AND (verdicts[i] IN ('same', 'agreed') OR github_sync.same_text(here.fields[i], remote[i]));
		IF d IS NULL THEN
			d := github_sync.@record@_new_difference(repo, cached, item);
			kept_back := github_sync.@record@_why_kept_back(cached, here);
		END IF;
		d.difference := 'differs';
		d.field := (github_sync.field_names('@record@'))[i];
		d.digest_here := github_sync.digest_of(here.fields[i]);
		d.digest_github := github_sync.digest_of(remote[i]);
		d.why := CASE WHEN d.transaction_id IS NOT NULL THEN d.why ELSE coalesce(kept_back,
			github_sync.@record@_why_differs(cached, repo, item, sides[i], verdicts[i], d.field)) END;
		/* An outbound one takes over what GitHub has, too. */
		d.mend := CASE WHEN d.why IN ('disabled (direction)', 'no array here', 'deleted here') THEN NULL
			WHEN may_send AND (never_synced OR verdicts[i] IN ('to remote', 'to both', 'app won', 'github won')
				OR d.why = 'left out by GitHub')
			THEN 'outbound' ELSE 'inbound' END;
		PERFORM github_sync.note_difference(d);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_linked(
	github_sync.github_repos, github_sync.swept_page, github_sync.@resources@, github_sync.resource) IS
'private: notes each field of a linked record in which what GitHub shows is not what is known, or what the row has';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_item(
	repo github_sync.github_repos, page github_sync.swept_page, item github_sync.resource, json text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached CONSTANT github_sync.@resources@ := github_sync.@record@_record_of_item(repo.id, item);
	d github_sync.record_differences;
BEGIN
	IF NOT github_sync.@record@_item_is_wanted(repo, cached, item) THEN
		RETURN;
	ELSIF json IS NULL THEN
		d := github_sync.@record@_new_difference(repo, cached, item);
		d.difference := 'cannot be read';
		d.why := coalesce(d.why, 'the database has no character for something in it');
		PERFORM github_sync.note_difference(d);
	ELSIF cached.@record@_id IS NULL THEN
		PERFORM github_sync.@record@_compare_missing(repo, cached, item);
	ELSIF page.answered_at > cached.deleted_at + github_sync.@record@_settling_time() THEN
		d := github_sync.@record@_new_difference(repo, cached, item);
		d.difference := 'differs';
		d.why := coalesce(d.why, 'taken for deleted at GitHub');
		d.mend := 'inbound';
		PERFORM github_sync.note_difference(d);
	ELSE
--@comment		PERFORM github_sync.comment_compare_place(repo, cached, item);
		PERFORM github_sync.@record@_compare_linked(repo, page, cached, item);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_item(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource, text) IS
'private: notes in what an item of a list differs from what is here';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_item_contained(
	repo github_sync.github_repos, page github_sync.swept_page, item github_sync.resource, json text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	d github_sync.record_differences;
BEGIN
	PERFORM github_sync.@record@_compare_item(repo, page, item, json);
EXCEPTION WHEN OTHERS OR assert_failure THEN
	/* The table as a whole, or what passes by itself: the page is compared again. */
	IF SQLSTATE ~ '^(40|53|55|57|58)' OR NOT github_sync.@record@_table_fits() THEN
		RAISE;
	END IF;
	d := github_sync.@record@_new_difference(repo, github_sync.@record@_record_of_item(repo.id, item), item);
	d.difference := 'differs';
	d.why := github_sync.shortened(format('cannot be compared: %s (%s)', SQLERRM, SQLSTATE));
	PERFORM github_sync.note_difference(d);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_item_contained(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource, text) IS
'private: the same; where the application''s code raises for the row, that is what is noted, and the others are '
'compared';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_unreadable(
	repo github_sync.github_repos, bad github_sync.unreadable_item)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	item github_sync.resource;
	d github_sync.record_differences;
BEGIN
	item.github_id := bad.github_id;
	item.number := bad.number;
	item.updated_at := bad.updated_at;
	d := github_sync.@record@_new_difference(repo, github_sync.@record@_record_of_item(repo.id, item), item);
	d.difference := 'cannot be read';
	d.why := coalesce(d.why, 'cannot be read: ' || bad.problem);
	PERFORM github_sync.note_difference(d);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_unreadable(
	github_sync.github_repos, github_sync.unreadable_item) IS
'private: notes that an item of a list cannot be read';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_page(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[],
	unreadable github_sync.unreadable_item[])
RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	shown CONSTANT bigint[] := ARRAY(SELECT i.github_id FROM unnest(items) AS i)
		|| ARRAY(SELECT u.github_id FROM unnest(unreadable) AS u);
BEGIN
	/* What changed while the list was read, or stands at the end of a page, is shown again. */
	DELETE FROM github_sync.record_differences AS d WHERE d.github_repo_id = repo.id AND d.record_type = '@record@'
		AND NOT d.is_current AND d.github_id = ANY (shown);
--@task	IF {{has_marks}} THEN
--@task		items := github_sync.task_items_with_marks(items, jsons);
--@task	END IF;
	FOR i IN 1 .. cardinality(items) LOOP
		PERFORM github_sync.@record@_compare_item_contained(repo, page, items[i], jsons[i]);
	END LOOP;
	PERFORM github_sync.@record@_compare_unreadable(repo, u) FROM unnest(unreadable) AS u;
	IF page.unreadable IS NOT NULL THEN
		INSERT INTO github_sync.record_differences (record_type, github_repo_id, difference, why)
		VALUES ('@record@', repo.id, 'cannot be read', page.unreadable);
	END IF;
	RETURN (SELECT count(DISTINCT d.github_id) FROM github_sync.record_differences AS d
		WHERE d.github_repo_id = repo.id AND d.record_type = '@record@' AND NOT d.is_current
			AND d.github_id = ANY (shown));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_page(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[], github_sync.unreadable_item[]) IS
'private: notes in what the items of a page differ from what is here. Returns of how many something does';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_absent(s github_sync.repo_sweeps) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.record_differences (record_type, github_repo_id, cached_record_id, record_id, github_id,
		github_issue_number, difference, why, transaction_id, github_updated_at, mend)
	WITH shown AS MATERIALIZED (SELECT unnest(l.github_ids) AS github_id FROM github_sync.checked_pages AS l
			WHERE l.github_repo_id = s.github_repo_id AND l.stream = s.stream),
		absent AS MATERIALIZED (SELECT r.* FROM github_sync.@resources@ AS r
			WHERE r.github_repo_id = s.github_repo_id AND r.@record@_id IS NOT NULL
				/* GitHub showed it since, by another answer. */
				AND (r.seen_at >= s.pass_started_at) IS NOT TRUE
--@task				/* Linked by its number, it has been compared by that. */
--@task				AND (r.github_id IS NOT NULL OR r.number IS NULL)
				AND NOT EXISTS (SELECT FROM shown WHERE shown.github_id = r.github_id))
	SELECT '@record@', c.github_repo_id, c.id, c.@record@_id::text, c.github_id,
--@task		c.number,
--@comment		(SELECT i.number FROM github_sync.github_issues AS i WHERE i.id = c.github_issue_id),
		'missing at GitHub',
		CASE WHEN c.deleted_at IS NOT NULL THEN 'deleted at GitHub' ELSE coalesce(p.why, CASE
			WHEN c.github_id IS NULL THEN 'never synced'
			WHEN c.github_updated_at > s.pass_started_at - github_sync.@record@_settling_time() THEN 'unsettled'
			ELSE 'gone or transferred' END) END,
		p.transaction_id, c.github_updated_at,
		CASE WHEN c.deleted_at IS NULL AND c.github_id IS NOT NULL THEN 'inquiry' END
	FROM absent AS c CROSS JOIN LATERAL github_sync.@record@_why_pending(c.id) AS p
	/* Neither side is to have what the other has of these. */
--@task	WHERE NOT (c.is_pull_request AND github_sync.task_is_skipped(c));
--@comment	WHERE NOT github_sync.comment_is_skipped(c);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_absent(github_sync.repo_sweeps) IS
'private: notes the records of a repository with a @record@ that its list did not show';

CREATE OR REPLACE FUNCTION github_sync.@record@_unknown_keys(s github_sync.repo_sweeps) RETURNS {{key_type}}[]
LANGUAGE plpgsql STABLE AS $$
/* Expressions of the application name its columns: none of them is a variable of ours. */
#variable_conflict use_column
BEGIN
	RETURN ARRAY(SELECT r.{{id}}
--@task	FROM {{table}} AS r WHERE {{github_repo_id}} = s.github_repo_id
--@comment	FROM {{table}} AS r JOIN github_sync.github_issues AS i ON i.task_id = r.{{task_id}}
--@comment	WHERE i.github_repo_id = s.github_repo_id AND i.number IS NOT NULL AND i.deleted_at IS NULL
		AND NOT EXISTS (SELECT FROM github_sync.@resources@ AS c WHERE c.@record@_id = r.{{id}})
		AND EXISTS (SELECT FROM github_sync.github_repos AS g
			WHERE g.id = s.github_repo_id AND g.sync_direction <> 'inbound')
		ORDER BY 1);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_unknown_keys(github_sync.repo_sweeps) IS
'private: the rows of a repository that nobody ever enqueued, whether they are to be synced or not';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_unknown(s github_sync.repo_sweeps, keys {{key_type}}[])
RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	INSERT INTO github_sync.record_differences (record_type, github_repo_id, record_id, github_issue_number,
		difference, why)
--@task	SELECT 'task', s.github_repo_id, r.{{id}}::text, NULL, 'missing at GitHub', 'never synced'
--@task	FROM (SELECT k.* FROM {{table}} AS k WHERE k.{{id}} = ANY (@record@_note_unknown.keys) OFFSET 0) AS r
--@comment	SELECT 'comment', s.github_repo_id, r.{{id}}::text, i.number, 'missing at GitHub', 'never synced'
--@comment	FROM (SELECT k.* FROM {{table}} AS k WHERE k.{{id}} = ANY (@record@_note_unknown.keys) OFFSET 0) AS r
--@comment	JOIN github_sync.github_issues AS i ON i.task_id = r.{{task_id}}
	WHERE {{is_wanted}};
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_unknown(github_sync.repo_sweeps, {{key_type}}[]) IS
'private: notes those of some rows that would be sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_unknown_contained(
	s github_sync.repo_sweeps, keys {{key_type}}[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	half CONSTANT integer := cardinality(keys) / 2;
BEGIN
	PERFORM github_sync.@record@_note_unknown(s, keys);
EXCEPTION WHEN OTHERS OR assert_failure THEN
	IF SQLSTATE ~ '^(40|53|55|57|58)' OR NOT github_sync.@record@_table_fits() THEN
		RAISE;
	ELSIF half > 0 THEN
		PERFORM github_sync.@record@_note_unknown_contained(s, keys[:half]);
		PERFORM github_sync.@record@_note_unknown_contained(s, keys[half + 1:]);
		RETURN;
	END IF;
	INSERT INTO github_sync.record_differences (record_type, github_repo_id, record_id, difference, why)
	VALUES ('@record@', s.github_repo_id, keys[1]::text, 'missing at GitHub',
		github_sync.shortened(format('cannot be compared: %s (%s)', SQLERRM, SQLSTATE)));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_unknown_contained(github_sync.repo_sweeps, {{key_type}}[]) IS
'private: the same; of a row for which the application''s code raises, that is what is noted';

CREATE OR REPLACE FUNCTION github_sync.@record@_compare_unknown(s github_sync.repo_sweeps) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	keys CONSTANT {{key_type}}[] := github_sync.@record@_unknown_keys(s);
BEGIN
	PERFORM github_sync.@record@_note_unknown_contained(s, keys) WHERE keys <> '{}';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_compare_unknown(github_sync.repo_sweeps) IS
'private: notes the @records@ of a repository that nobody ever enqueued, where they would be sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_end_comparison(s github_sync.repo_sweeps) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	/* An item of which nothing could be read may be any. */
	PERFORM github_sync.@record@_compare_absent(s) WHERE NOT EXISTS (SELECT FROM github_sync.record_differences AS d
		WHERE d.github_repo_id = s.github_repo_id AND d.record_type = '@record@' AND NOT d.is_current
			AND d.difference = 'cannot be read' AND d.github_id IS NULL);
	PERFORM github_sync.@record@_compare_unknown(s) WHERE github_sync.@record@_table_fits();
	PERFORM github_sync.take_new_differences(s.github_repo_id, '@record@');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_end_comparison(github_sync.repo_sweeps) IS
'private: all of a list has been compared: what it did not show is noted, and the findings take the place of the '
'former ones';

/* ---- mending ---- */

CREATE OR REPLACE FUNCTION github_sync.@record@_have_fetched(cached_id bigint) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
	cached CONSTANT github_sync.@resources@ := github_sync.@record@_lock_record(cached_id);
BEGIN
	/* Whatever was seen of it does not settle it, and no ETag says that there is nothing new. */
	UPDATE github_sync.@resources@ AS r SET seen_at = NULL, etag = NULL, etag_key = NULL, deleted_at = NULL
	WHERE r.id = cached.id;
	RETURN cached.github_updated_at;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_have_fetched(bigint) IS
'private: the next transaction of a record fetches it, whatever is known of it. Returns its last known time';

CREATE OR REPLACE FUNCTION github_sync.@record@_enqueue_mend(
	repo_id bigint, d github_sync.record_differences, way text, OUT id bigint, OUT state text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	item github_sync.resource;
	cached github_sync.@resources@;
	known_at timestamptz;
BEGIN
	item.github_id := d.github_id;
	item.number := d.github_issue_number;
	cached := github_sync.@record@_record_of_item(repo_id, item);
	IF github_sync.sync_disabled_reason(repo_id, CASE way WHEN 'outbound' THEN way ELSE 'inbound' END) IS NOT NULL
		OR EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.state IN ('queued', 'processing')) THEN
		RETURN;
	ELSIF way = 'inquiry' THEN
		INSERT INTO github_sync.@record@_sync_transactions AS t (direction, action, @resource@_id, priority)
		VALUES ('inbound', 'delete', cached.id, 200) RETURNING t.id, t.state INTO id, state;
	ELSIF way = 'outbound' THEN
--@task		IF {{has_marks}} THEN
--@task			PERFORM github_sync.task_offer_marks_again(cached.id);
--@task		END IF;
		INSERT INTO github_sync.@record@_sync_transactions AS t (direction, @record@_id, priority)
		SELECT 'outbound', cached.@record@_id, 200 WHERE cached.@record@_id IS NOT NULL
		RETURNING t.id, t.state INTO id, state;
	ELSE
		known_at := github_sync.@record@_have_fetched(cached.id);
		INSERT INTO github_sync.@record@_sync_transactions AS t (direction, github_repo_id, @resource@_external_id,
			github_issue_number, github_updated_at, priority)
		VALUES ('inbound', repo_id, d.github_id, d.github_issue_number,
			github_sync.time_to_ask_with(greatest(d.github_updated_at, known_at)), 200)
		RETURNING t.id, t.state INTO id, state;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_enqueue_mend(bigint, github_sync.record_differences, text) IS
'private: enqueues what mends a difference: a fetch (inbound), an outbound transaction, or an inquiry whether it is '
'gone; NULL: something of the record is under way, or the repository does not sync in that direction now';

CREATE OR REPLACE FUNCTION github_sync.@record@_mend(repo_id bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	differing record;
	made record;
	enqueued bigint := 0;
BEGIN
	/* In the order of records, as inserts of many rows are advised to be. */
	FOR differing IN
		SELECT (array_agg(d ORDER BY d.id))[1] AS first_one, array_agg(d.id) AS ids,
			CASE WHEN bool_or(d.mend = 'outbound') THEN 'outbound' ELSE min(d.mend) END AS way
		FROM github_sync.record_differences AS d
		WHERE d.github_repo_id = repo_id AND d.record_type = '@record@' AND d.is_current AND d.mend IS NOT NULL
			AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
				WHERE q.id = d.mended_by AND q.state IN ('queued', 'processing', 'completed'))
		GROUP BY d.github_id ORDER BY min(d.cached_record_id), min(d.github_issue_number), d.github_id
	LOOP
		SELECT * INTO made
		FROM github_sync.@record@_enqueue_mend(repo_id, differing.first_one, differing.way);
		UPDATE github_sync.record_differences AS d SET mended_by = made.id
		WHERE d.id = ANY (differing.ids) AND made.id IS NOT NULL;
		enqueued := enqueued + CASE made.state WHEN 'queued' THEN 1 ELSE 0 END;
	END LOOP;
	RETURN enqueued;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_mend(bigint) IS
'private: enqueues what mends the differences of a repository that its last check found. Returns how many are queued';
