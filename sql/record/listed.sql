/*
 * What a page of a list shows is applied without another request.
 *
 * _apply_listed is the one door: it takes all items of a page and sorts them by
 * one statement.  Those that nobody here knows are imported together (import.sql);
 * of those that are known to be so, some are settled, all by one statement; each
 * of the rest is the answer of an ordinary inbound transaction.  Where one of
 * them fails, its set is halved down to it.  Nothing here waits for anybody's lock:
 * what somebody holds is noted in listed_later, and tried again; so is each item of a
 * page that workers ended with.  An item that cannot be read is an error of its own.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_edits_wait(of_installation bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_app_installation_id = of_installation AND t.state = 'queued' AND t.next_attempt_at IS NULL
			AND t.priority <= 100);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_edits_wait(bigint) IS
'private: whether transactions of an installation that people wait for stand in line: sweeps go after them';

CREATE OR REPLACE FUNCTION github_sync.@record@_record_of_item(repo_id bigint, item github_sync.resource)
RETURNS github_sync.@resources@
LANGUAGE plpgsql STABLE AS $$
DECLARE
	cached github_sync.@resources@;
BEGIN
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.github_id = item.github_id;
--@task	IF NOT FOUND THEN
--@task		SELECT * INTO cached FROM github_sync.github_issues AS r
--@task		WHERE r.github_repo_id = repo_id AND r.number = item.number;
--@task	END IF;
	RETURN cached;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_record_of_item(bigint, github_sync.resource) IS
'private: the record that an item of a list shows; NULL: it is not known yet';

/* The next ones in SQL, which becomes part of the statement that sorts a page. */
CREATE OR REPLACE FUNCTION github_sync.@record@_shows_what_is_known(
	cached github_sync.@resources@, item github_sync.resource)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT github_sync.same_texts(
		github_sync.@record@_remote_fields(cached), github_sync.@record@_shown_fields(item))
$$;
COMMENT ON FUNCTION github_sync.@record@_shows_what_is_known(github_sync.@resources@, github_sync.resource) IS
'private: whether each mapped field of an item is what GitHub is known to have';

CREATE OR REPLACE FUNCTION github_sync.@record@_item_is_wanted(
	repo github_sync.github_repos, cached github_sync.@resources@, item github_sync.resource)
RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT repo.pull_requests = 'sync' OR
--@task		NOT item.is_pull_request OR cached.task_id IS NOT NULL AND NOT cached.row_is_ours
--@comment		item.html_url IS NULL OR strpos(item.html_url, '/pull/') = 0
--@comment		OR cached.comment_id IS NOT NULL AND NOT github_sync.comment_is_skipped(cached)
$$;
COMMENT ON FUNCTION github_sync.@record@_item_is_wanted(
	github_sync.github_repos, github_sync.@resources@, github_sync.resource) IS
'private: whether an item is to be synced: where pull requests are skipped, only those that were linked by hand, and '
'their comments';

CREATE OR REPLACE FUNCTION github_sync.@record@_item_says_nothing_new(
	cached github_sync.@resources@, item github_sync.resource)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT cached.id IS NOT NULL AND coalesce(cached.local_deleted_at IS NOT NULL
		OR item.updated_at <= cached.deleted_at OR item.updated_at < cached.github_updated_at
		OR cached.github_id = item.github_id AND cached.seen_at IS NOT NULL AND cached.deleted_at IS NULL
			AND item.updated_at = cached.github_updated_at
			AND github_sync.@record@_shows_what_is_known(cached, item), false)
$$;
COMMENT ON FUNCTION github_sync.@record@_item_says_nothing_new(github_sync.@resources@, github_sync.resource) IS
'private: the rules would end a transaction of an item at once';

CREATE OR REPLACE FUNCTION github_sync.@record@_settles(
	cached github_sync.@resources@, item github_sync.resource, answered_at timestamptz)
RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT cached.settle_at IS NOT NULL AND item.updated_at = cached.github_updated_at
		AND answered_at >= item.updated_at + github_sync.@record@_settling_time()
		AND github_sync.@record@_shows_what_is_known(cached, item)
$$;
COMMENT ON FUNCTION github_sync.@record@_settles(github_sync.@resources@, github_sync.resource, timestamptz) IS
'private: a list still shows the version that is known, a minute after it was made';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_waits_elsewhere(
--@comment	cached github_sync.github_comments, repo_id bigint, item github_sync.resource)
--@comment RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN cached.comment_id IS NULL AND EXISTS (SELECT FROM github_sync.github_issues AS i
--@comment		WHERE i.id = cached.github_issue_id AND i.task_id IS NULL
--@comment			AND (i.number, i.github_repo_id) IS DISTINCT FROM (item.number, repo_id));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_waits_elsewhere(
--@comment	github_sync.github_comments, bigint, github_sync.resource) IS
--@comment 'private: a comment that is no row yet waits for an issue without a task; a list shows it at another one';

CREATE OR REPLACE FUNCTION github_sync.@record@_import_began(page github_sync.swept_page) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT s.pass_began_at FROM github_sync.repo_sweeps AS s
		WHERE s.github_repo_id = page.github_repo_id AND s.stream = page.stream AND s.phase = 'backfill');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_import_began(github_sync.swept_page) IS
'private: when the import began that a page belongs to, by our clock; NULL: to no import';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_told_of(
	record_id bigint, version timestamptz, import_began timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = record_id AND q.direction = 'inbound' AND q.action = 'upsert'
			AND (q.state IN ('queued', 'processing', 'errored', 'dropped') OR q.disabled_reason = 'filtered')
			AND q.github_updated_at >= version
			/* What could not be read in a list, and can now. */
			AND (q.state <> 'errored' OR q.claim_no > 0
				/* An import tries again, once, what failed before it: a sweep would do so each time. */
				AND coalesce(q.finished_at >= import_began, true))
			/* The version was seen since, and has changed within its second. */
			AND (q.state <> 'dropped' OR NOT EXISTS (SELECT FROM github_sync.@resources@ AS r
				WHERE r.id = record_id AND r.github_updated_at >= version)));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_told_of(bigint, timestamptz, timestamptz) IS
'private: a transaction tells of a version of a record already, and is about to end, or ended otherwise than by it. '
'import_began: for an import, what was errored before that tells of nothing; NULL: it is none';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle_listed(
	ids bigint[], versions timestamptz[], answered_at timestamptz)
RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	UPDATE github_sync.@resources@ AS r SET seen_at = answered_at, settle_at = NULL, lock_version = r.lock_version + 1
	FROM unnest(ids, versions) AS s (id, version)
	WHERE r.id = ANY (ids) AND r.id = s.id AND r.github_updated_at = s.version AND r.seen_at < answered_at
		AND r.id IN (SELECT f.id FROM github_sync.@resources@ AS f WHERE f.id = ANY (ids)
			ORDER BY f.id FOR NO KEY UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_listed(bigint[], timestamptz[], timestamptz) IS
'private: versions of records were still listed a minute after they were made, and are settled; of those that somebody '
'holds, another answer will be';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_listed(
	repo github_sync.github_repos, items github_sync.resource[], of_priority smallint,
	OUT id bigint, OUT state text, OUT cached_id bigint, OUT github_id bigint)
RETURNS SETOF record
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY INSERT INTO github_sync.@record@_sync_transactions AS t (direction, github_repo_id,
		@resource@_external_id, github_issue_number, github_updated_at, priority)
	SELECT 'inbound', repo.id, i.github_id, i.number, i.updated_at, of_priority FROM unnest(items) AS i
	ORDER BY i.number, i.github_id
	RETURNING t.id, t.state, t.@resource@_id, t.@resource@_external_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_listed(github_sync.github_repos, github_sync.resource[], smallint) IS
'private: ordinary inbound transactions of what a list shows';

CREATE OR REPLACE FUNCTION github_sync.@record@_lock_listed_nowait(
	repo github_sync.github_repos, cached github_sync.@resources@, item github_sync.resource)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF cached.id IS NOT NULL AND NOT (github_sync.@record@_lock_local_row_skip_locked(cached.id)
		AND (github_sync.@record@_lock_record_skip_locked(cached.id)).id IS NOT NULL) THEN
		RAISE lock_not_available USING MESSAGE = 'somebody holds the record';
	END IF;
--@comment	PERFORM github_sync.task_key_share_record_of_number_nowait(repo.id, item.number) WHERE cached.id IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lock_listed_nowait(
	github_sync.github_repos, github_sync.@resources@, github_sync.resource) IS
'private: locks what a transaction of a listed item would wait for; 55P03, at once: somebody holds it';

CREATE OR REPLACE FUNCTION github_sync.@record@_answer_of_item(
	page github_sync.swept_page, item github_sync.resource, json text)
RETURNS github_sync.answer
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	answer github_sync.answer;
BEGIN
	answer.kind := 'fetched';
	answer.answered_at := page.answered_at;
	answer.own_id := page.own_id;
	answer.resource := item;
	answer.json := json;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_answer_of_item(github_sync.swept_page, github_sync.resource, text) IS
'private: what a list shows, as if it had been fetched';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_listed(
	page github_sync.swept_page, ids bigint[], cached_ids bigint[], answers github_sync.answer[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	claim github_sync.claim;
	claim_ids bigint[] := '{}';
	claim_nos integer[] := '{}';
	claimed github_sync.answer[] := '{}';
	report record;
BEGIN
	FOR claim IN SELECT * FROM github_sync.@record@_claim_set(ids, cached_ids) LOOP
		IF claim.step = 'fetch' THEN
			claim_ids := claim_ids || claim.id;
			claim_nos := claim_nos || claim.claim_no;
			claimed := claimed || answers[array_position(ids, claim.id)];
		ELSIF claim.claim_no IS NOT NULL THEN
			PERFORM github_sync.@record@_give_back(claim.id, claim.claim_no, NULL, NULL);
		END IF;
	END LOOP;
	IF claim_ids = '{}' THEN
		RETURN;
	END IF;
	FOR report IN SELECT * FROM github_sync.@record@_report_answers(claim_ids, claim_nos, claimed) LOOP
		PERFORM github_sync.@record@_report_answer(
			claim_ids[report.place], claim_nos[report.place], claimed[report.place])
		WHERE (report.follows).result = 'alone';
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_listed(
	github_sync.swept_page, bigint[], bigint[], github_sync.answer[]) IS
'private: claims transactions of listed items, and answers them at once with what the list shows';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_items(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	made record;
	place integer;
	ids bigint[] := '{}';
	cached_ids bigint[] := '{}';
	answers github_sync.answer[] := '{}';
BEGIN
	/* Making its transaction may be what ends workers, too: each item is tried apart from this page. */
	IF page.is_careful THEN
		FOR i IN 1 .. cardinality(items) LOOP
			PERFORM github_sync.@record@_note_for_later(repo.id, items[i]);
		END LOOP;
		RETURN;
	END IF;
	FOR i IN 1 .. cardinality(items) LOOP
		PERFORM github_sync.@record@_lock_listed_nowait(
			repo, github_sync.@record@_record_of_item(repo.id, items[i]), items[i]);
	END LOOP;
	FOR made IN
		SELECT m.*, r.seen_at FROM github_sync.@record@_insert_listed(repo, items, page.priority) AS m
		LEFT JOIN github_sync.@resources@ AS r ON r.id = m.cached_id
	LOOP
		place := array_position(ARRAY(SELECT i.github_id FROM unnest(items) AS i), made.github_id);
		/* Where a newer answer than the page is recorded, or not all of it can be stored, GitHub is asked. */
		CONTINUE WHEN made.state <> 'queued' OR jsons[place] IS NULL OR made.seen_at >= page.answered_at;
		ids := ids || made.id;
		cached_ids := cached_ids || made.cached_id;
		answers := answers || github_sync.@record@_answer_of_item(page, items[place], jsons[place]);
	END LOOP;
	PERFORM github_sync.@record@_report_listed(page, ids, cached_ids, answers) WHERE ids <> '{}';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_items(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: what items of a list change here, answered at once with what the list shows. 55P03, at once, where somebody '
'holds what one of them is about';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_for_later(repo_id bigint, item github_sync.resource) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.listed_later AS l (record_type, github_id, github_repo_id, number, github_updated_at)
	VALUES ('@record@', item.github_id, repo_id, item.number, item.updated_at)
	ON CONFLICT ON CONSTRAINT listed_later_pkey DO UPDATE SET
		github_updated_at = greatest(l.github_updated_at, excluded.github_updated_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_for_later(bigint, github_sync.resource) IS
'private: an item of which no transaction could be made just now';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail_listed(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, reason text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.@record@_sync_transactions (direction, action, state, github_app_installation_id,
		github_repo_id, @record@_id, @resource@_id, @resource@_external_id,
--@comment		github_issue_id,
		github_issue_number, github_updated_at, priority, error_code, error_reason, last_error, last_error_at,
		attempts, queued_at, finished_at)
	SELECT 'inbound', 'upsert', 'errored', r.github_app_installation_id,
		cached.github_repo_id, cached.@record@_id, cached.id, cached.github_id,
--@comment		cached.github_issue_id,
		t.github_issue_number, t.github_updated_at, t.priority, 'invalid_response', reason, reason, clock_timestamp(),
		1, clock_timestamp(), clock_timestamp()
	FROM github_sync.github_repos AS r
	WHERE r.id = cached.github_repo_id AND NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.direction = 'inbound' AND q.action = 'upsert'
			AND (q.state IN ('queued', 'processing') OR q.state = 'errored' AND q.error_reason = reason
				AND q.github_updated_at IS NOT DISTINCT FROM t.github_updated_at));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail_listed(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text) IS
'private: an errored transaction of a held record, once for each version, unless one is under way that will fetch it';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_unreadable(
	repo github_sync.github_repos, page github_sync.swept_page, bad github_sync.unreadable_item)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	item github_sync.resource;
	t github_sync.@record@_sync_transactions;
BEGIN
	item.github_id := bad.github_id;
	item.number := bad.number;
	item.updated_at := coalesce(bad.updated_at, page.answered_at);
	t.github_repo_id := repo.id;
	t.@resource@_external_id := bad.github_id;
	t.github_issue_number := bad.number;
	t.github_updated_at := bad.updated_at;
	t.priority := page.priority;
	PERFORM github_sync.@record@_lock_listed_nowait(
		repo, github_sync.@record@_record_of_item(repo.id, item), item);
	PERFORM github_sync.@record@_fail_listed(t, github_sync.@record@_record_of_resource(t),
		format('GitHub''s list shows it, but it cannot be read: %s', bad.problem));
EXCEPTION WHEN OTHERS OR assert_failure THEN
	/* Somebody holds it: fetched then, and it ends with what is wrong with it. */
	PERFORM github_sync.@record@_note_for_later(repo.id, item);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_unreadable(
	github_sync.github_repos, github_sync.swept_page, github_sync.unreadable_item) IS
'private: an item of a list that cannot be read becomes an errored transaction, which outlives the pass and is retried '
'as any: then it is fetched singly';

CREATE OR REPLACE FUNCTION github_sync.@record@_fetch_instead(
	repo github_sync.github_repos, item github_sync.resource, of_priority smallint)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_insert_listed(repo, ARRAY[item], of_priority);
EXCEPTION WHEN OTHERS OR assert_failure THEN
	PERFORM github_sync.@record@_note_for_later(repo.id, item);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fetch_instead(github_sync.github_repos, github_sync.resource, smallint) IS
'private: an item that could not be applied becomes a transaction that ends with the reason when it is tried';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_or_halve(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	half CONSTANT integer := cardinality(items) / 2;
	is_held boolean;
BEGIN
	PERFORM github_sync.@record@_apply_items(repo, page, items, jsons) WHERE items <> '{}';
EXCEPTION WHEN OTHERS OR assert_failure THEN
	is_held := SQLSTATE IN ('55P03', '40P01', '40001');
	IF half > 0 THEN
		PERFORM github_sync.@record@_apply_or_halve(repo, page, items[:half], jsons[:half]);
		PERFORM github_sync.@record@_apply_or_halve(repo, page, items[half + 1:], jsons[half + 1:]);
	ELSIF is_held THEN
		PERFORM github_sync.@record@_note_for_later(repo.id, items[1]);
	ELSE
		PERFORM github_sync.@record@_fetch_instead(repo, items[1], page.priority);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_or_halve(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: applies items together; where that fails, each half of them, down to the one that cannot be applied';

CREATE OR REPLACE FUNCTION github_sync.@record@_import_or_halve(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	half CONSTANT integer := cardinality(items) / 2;
	goes_singly boolean;
BEGIN
	PERFORM github_sync.@record@_import(repo, page, items, jsons) WHERE items <> '{}';
EXCEPTION WHEN OTHERS OR assert_failure THEN
	goes_singly := half = 0 OR SQLSTATE = '0A000';
	IF goes_singly THEN
		PERFORM github_sync.@record@_apply_or_halve(repo, page, items, jsons);
	ELSE
		PERFORM github_sync.@record@_import_or_halve(repo, page, items[:half], jsons[:half]);
		PERFORM github_sync.@record@_import_or_halve(repo, page, items[half + 1:], jsons[half + 1:]);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_import_or_halve(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: imports items together; where that fails, each half of them, down to the one that becomes a transaction of '
'its own';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_spoken_of(
	repo_id bigint, item_id bigint, item_number integer)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id IS NULL AND q.@resource@_external_id = item_id)
--@task		OR EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
--@task			WHERE q.github_issue_id IS NULL AND q.github_repo_id = repo_id AND q.github_issue_number = item_number)
		;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_spoken_of(bigint, bigint, integer) IS
'private: transactions without a record are about a resource: an insert takes them in';

CREATE OR REPLACE FUNCTION github_sync.@record@_doubled(items github_sync.resource[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN ARRAY(SELECT i.github_id FROM unnest(items) AS i GROUP BY i.github_id HAVING count(*) > 1)
--@task		|| ARRAY(SELECT unnest(array_agg(i.github_id)) FROM unnest(items) AS i
--@task			GROUP BY i.number HAVING count(*) > 1)
		;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_doubled(github_sync.resource[]) IS
'private: items that a page shows more than once, as what moves while a list is read';

CREATE OR REPLACE FUNCTION github_sync.@record@_sort_items(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[],
	OUT unknown integer[], OUT news integer[], OUT settled bigint[], OUT settled_versions timestamptz[])
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	takes_new CONSTANT boolean := github_sync.@record@_takes_new_records(repo, page);
	creators CONSTANT bigint[] := github_sync.@record@_creating_accounts(repo.id, page.own_id);
	import_began CONSTANT timestamptz := github_sync.@record@_import_began(page);
	doubled CONSTANT bigint[] := github_sync.@record@_doubled(items);
	latest CONSTANT timestamptz := clock_timestamp() + interval '1 day';
--@task	some_departed CONSTANT boolean := EXISTS (SELECT FROM github_sync.github_issues AS d
--@task		WHERE d.went_to_id IS NOT NULL);
	some_are_spoken_of CONSTANT boolean := EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id IS NULL);
BEGIN
	SELECT coalesce(array_agg(s.place ORDER BY s.number, s.github_id) FILTER (WHERE s.sort = 'unknown'), '{}'),
		coalesce(array_agg(s.place ORDER BY s.number, s.github_id) FILTER (WHERE s.sort = 'news'), '{}'),
		array_agg(s.id) FILTER (WHERE s.sort = 'settled'), array_agg(s.updated_at) FILTER (WHERE s.sort = 'settled')
	INTO unknown, news, settled, settled_versions
	FROM (SELECT i.place, i.number, i.github_id, i.updated_at, (i.cached).id, CASE
			WHEN NOT github_sync.@record@_item_is_wanted(repo, i.cached, items[i.place]) THEN 'unwanted'
			WHEN (i.cached).id IS NULL AND takes_new AND jsons[i.place] IS NOT NULL AND i.updated_at <= latest
				AND i.body IS NOT DISTINCT FROM github_sync.without_creation_key(i.body)
				AND (creators = '{}' OR i.author_id <> ALL (creators)) AND i.github_id <> ALL (doubled)
--@comment				AND (SELECT p.task_id IS NOT NULL AND NOT (p.is_transferred
--@comment						AND github_sync.comment_former_of(p.id, items[i.place]) IS NOT NULL)
--@comment					FROM github_sync.github_issues AS p
--@comment					WHERE p.github_repo_id = repo.id AND p.number = i.number)
--@task				AND NOT (some_departed AND github_sync.task_departed_as(i.github_id) IS NOT NULL)
				AND NOT (some_are_spoken_of
					AND github_sync.@record@_is_spoken_of(repo.id, i.github_id, i.number)) THEN 'unknown'
			WHEN NOT github_sync.@record@_item_says_nothing_new(i.cached, items[i.place])
				AND (NOT github_sync.@record@_is_told_of((i.cached).id, i.updated_at, import_began)
--@comment					OR github_sync.comment_waits_elsewhere(i.cached, repo.id, items[i.place])
					) THEN 'news'
			WHEN github_sync.@record@_settles(i.cached, items[i.place], page.answered_at) THEN 'settled' END AS sort
		/* Looked up item by item: as a join, all records would be read for each page. */
		FROM (SELECT u.*,
--@task				coalesce((SELECT k FROM github_sync.github_issues AS k WHERE k.github_id = u.github_id),
--@task					(SELECT k FROM github_sync.github_issues AS k
--@task					WHERE k.github_repo_id = repo.id AND k.number = u.number)) AS cached
--@comment				(SELECT k FROM github_sync.github_comments AS k WHERE k.github_id = u.github_id) AS cached
			FROM unnest(items) WITH ORDINALITY AS u (github_id, number, is_pull_request, title, body, state,
				state_reason, author_login, html_url, created_at, updated_at, closed_at, author_id, marks, place)
			OFFSET 0) AS i
		) AS s;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_sort_items(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: what is to be done with the items of a page, by their places. unknown: they can be imported; news: each '
'becomes a transaction; settled: records whose versions, settled_versions, are settled by that. Nothing is to be done '
'with the others';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_ask_for_departed(repo_id bigint, items github_sync.resource[])
--@comment RETURNS void
--@comment LANGUAGE plpgsql SET enable_seqscan = off AS $$
--@comment BEGIN
--@comment	UPDATE github_sync.github_comments AS c SET seen_at = NULL, settle_at = clock_timestamp(),
--@comment		lock_version = c.lock_version + 1
--@comment	WHERE c.id IN (SELECT k.id FROM github_sync.github_comments AS k
--@comment		WHERE k.github_id = ANY (ARRAY(SELECT i.github_id FROM unnest(items) AS i))
--@comment			AND k.github_repo_id <> repo_id AND k.comment_id IS NOT NULL
--@comment		ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED);
--@comment	/* In their own repository their place tells nothing: their issue left, and is back under another number. */
--@comment	PERFORM github_sync.task_ask_where_they_are(ARRAY(
--@comment		SELECT DISTINCT k.github_issue_id FROM unnest(items) AS i
--@comment		CROSS JOIN LATERAL (SELECT c.github_issue_id FROM github_sync.github_comments AS c
--@comment			WHERE c.github_id = i.github_id AND c.github_repo_id = repo_id
--@comment				AND c.comment_id IS NOT NULL OFFSET 0) AS k
--@comment		CROSS JOIN LATERAL (SELECT p.number FROM github_sync.github_issues AS p
--@comment			WHERE p.id = k.github_issue_id OFFSET 0) AS p
--@comment		WHERE p.number <> i.number AND i.number > 0));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_ask_for_departed(bigint, github_sync.resource[]) IS
--@comment 'private: comments that a list shows in another repository than where they are known went there with their '
--@comment 'issue: each is asked for at its place, which tells. Of those that it shows at another issue of the '
--@comment 'same repository, the issue is asked for';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_listed(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[])
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	sorted record;
	unknown integer[];
	news integer[];
BEGIN
--@task	IF {{has_marks}} THEN
--@task		items := github_sync.task_items_with_marks(items, jsons);
--@task	END IF;
--@comment	PERFORM github_sync.comment_ask_for_departed(repo.id, items);
	sorted := github_sync.@record@_sort_items(repo, page, items, jsons);
	unknown := sorted.unknown;
	news := sorted.news;
--@task	PERFORM github_sync.task_ask_for_returned(ARRAY(SELECT items[p] FROM unnest(unknown) AS p))
--@task	WHERE unknown <> '{}';
	IF sorted.settled IS NOT NULL THEN
		PERFORM github_sync.@record@_settle_listed(sorted.settled, sorted.settled_versions, page.answered_at);
	END IF;
	PERFORM github_sync.@record@_import_or_halve(repo, page, ARRAY(SELECT items[p] FROM unnest(unknown) AS p),
		ARRAY(SELECT jsons[p] FROM unnest(unknown) AS p));
	PERFORM github_sync.@record@_apply_or_halve(repo, page, ARRAY(SELECT items[p] FROM unnest(news) AS p),
		ARRAY(SELECT jsons[p] FROM unnest(news) AS p));
	RETURN cardinality(unknown) + cardinality(news);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_listed(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: applies the items of a page: what is known already makes no transaction. Returns how many were news';

CREATE OR REPLACE FUNCTION github_sync.@record@_failures_of_items(
	items github_sync.resource[], since timestamptz, OUT failed bigint, OUT anew bigint)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
	SELECT count(f.failed_at), count(*) FILTER (WHERE f.failed_at >= since) INTO failed, anew
	FROM unnest(items) AS i
	CROSS JOIN LATERAL (SELECT r.* FROM github_sync.@resources@ AS r WHERE r.github_id = i.github_id OFFSET 0) AS r
	CROSS JOIN LATERAL (SELECT max(coalesce(q.finished_at, q.inserted_at)) AS failed_at
		FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = r.id AND q.direction = 'inbound' AND q.action = 'upsert'
			AND q.github_updated_at >= i.updated_at
			AND (q.state = 'errored' AND NOT github_sync.@record@_error_is_outdated(q)
--@comment				OR q.state = 'queued' AND q.next_attempt_at = 'infinity'
--@comment					AND github_sync.comment_parent_has_failed(r.github_issue_id, q.github_updated_at)
				OR q.state = 'queued' AND q.inserted_at >= since)) AS f;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_failures_of_items(github_sync.resource[], timestamptz) IS
'private: of how many items of a list the version that it shows could not be applied: it is errored, or was left since '
'then to be fetched singly, or, of a comment, waits for an issue that failed; and of how many of these since then';

CREATE OR REPLACE FUNCTION github_sync.@record@_import_leaves(repo_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* What GitHub fails with is tried for days. */
	RETURN (SELECT count(*) FROM github_sync.@record@_sync_transactions AS q
		WHERE q.github_repo_id = repo_id AND q.state IN ('queued', 'processing') AND q.direction = 'inbound'
			AND q.priority = 300 AND q.attempts = 0 AND q.next_attempt_at IS DISTINCT FROM 'infinity');
END
$$;
COMMENT ON FUNCTION github_sync.@record@_import_leaves(bigint) IS
'private: how many items an import could not apply as they were listed, and has left to be fetched singly';

CREATE OR REPLACE FUNCTION github_sync.@record@_import_failures(repo_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT count(DISTINCT q.@resource@_id) FROM github_sync.@record@_sync_transactions AS q
		WHERE q.github_repo_id = repo_id AND q.direction = 'inbound' AND q.action = 'upsert'
			AND (q.state = 'errored' AND NOT github_sync.@record@_error_is_outdated(q)
--@comment				OR q.state = 'queued' AND q.next_attempt_at = 'infinity'
--@comment					AND github_sync.comment_parent_has_failed(q.github_issue_id, q.github_updated_at)
				OR q.state = 'queued' AND q.priority = 300 AND q.attempts > 0));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_import_failures(bigint) IS
'private: how many issues or comments of a repository could not be taken over from GitHub, last time; a comment fails '
'with its issue';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_later(later github_sync.listed_later) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	repo github_sync.github_repos;
	item github_sync.resource;
	cached github_sync.@resources@;
BEGIN
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = later.github_repo_id;
	item.github_id := later.github_id;
	item.number := later.number;
	item.updated_at := later.github_updated_at;
	cached := github_sync.@record@_record_of_item(repo.id, item);
	PERFORM github_sync.@record@_lock_listed_nowait(repo, cached, item);
	CASE later.wanted
	WHEN 'item' THEN
		PERFORM github_sync.@record@_insert_listed(repo, ARRAY[item], 200::smallint);
	WHEN 'absent' THEN
		PERFORM github_sync.@record@_ask_for_absent(ARRAY[cached.id], 200::smallint)
		WHERE cached.id IS NOT NULL AND cached.deleted_at IS NULL;
--@task	WHEN 'comments' THEN
--@task		PERFORM github_sync.task_list_discussion(cached.id);
	END CASE;
	DELETE FROM github_sync.listed_later AS l
	WHERE l.record_type = '@record@' AND l.github_id = later.github_id AND l.wanted = later.wanted;
	RETURN true;
EXCEPTION
	WHEN lock_not_available OR deadlock_detected THEN
		RETURN false;
	WHEN OTHERS OR assert_failure THEN
		UPDATE github_sync.listed_later AS l SET try_at = clock_timestamp() + interval '10 minutes',
			last_error = github_sync.shortened(format('%s (%s)', SQLERRM, SQLSTATE))
		WHERE l.record_type = '@record@' AND l.github_id = later.github_id AND l.wanted = later.wanted;
		RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_later(github_sync.listed_later) IS
'private: an item that somebody held when it was listed is fetched, or what else was wanted; false: somebody holds '
'it still';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_absent_for_later(absent_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.listed_later
		(record_type, github_id, github_repo_id, number, github_updated_at, wanted)
	SELECT '@record@', r.github_id, r.github_repo_id,
--@task		r.number,
--@comment		(SELECT i.number FROM github_sync.github_issues AS i WHERE i.id = r.github_issue_id),
		coalesce(r.github_updated_at, clock_timestamp()), 'absent'
	FROM github_sync.@resources@ AS r WHERE r.id = absent_id
	ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_absent_for_later(bigint) IS
'private: a record that a list does not show is asked for when nobody holds it';

CREATE OR REPLACE FUNCTION github_sync.@record@_ask_for_absent(absent bigint[], of_priority smallint)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	absent_id bigint;
	asked integer := 0;
BEGIN
	FOREACH absent_id IN ARRAY absent LOOP
		CONTINUE WHEN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = absent_id AND q.state IN ('queued', 'processing'));
		IF NOT github_sync.@record@_lock_local_row_skip_locked(absent_id)
			OR (github_sync.@record@_lock_record_skip_locked(absent_id)).id IS NULL THEN
			PERFORM github_sync.@record@_note_absent_for_later(absent_id);
			CONTINUE;
		END IF;
		INSERT INTO github_sync.@record@_sync_transactions (direction, action, @resource@_id, priority)
		VALUES ('inbound', 'delete', absent_id, of_priority);
		asked := asked + 1;
	END LOOP;
	RETURN asked;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_ask_for_absent(bigint[], smallint) IS
'private: records that a list does not show, and should, are asked for singly: a list may lag, and what is not there '
'may have been transferred';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_absent_of_issue(of_issue bigint, shown bigint[])
--@comment RETURNS bigint[]
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN (SELECT coalesce(array_agg(c.id ORDER BY c.id), '{}') FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = of_issue AND c.deleted_at IS NULL AND c.github_id <> ALL (shown));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_absent_of_issue(bigint, bigint[]) IS
--@comment 'private: comments of an issue that its list does not show';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_number_differs(
--@comment	issue_id bigint, comments integer, counted_at timestamptz)
--@comment RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN comments <> (SELECT count(*) FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = issue_id AND c.github_id IS NOT NULL
--@comment			AND (c.deleted_at IS NULL OR c.deleted_at > counted_at)
--@comment			AND (c.github_created_at IS NULL OR c.github_created_at <= counted_at));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_number_differs(bigint, integer, timestamptz) IS
--@comment 'private: whether an issue had another number of comments at GitHub than is known of that time by now';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_note_counts(
--@comment	repo_id bigint, numbers integer[], updated_ats timestamptz[], counts integer[], counted_at timestamptz,
--@comment	read_until timestamptz)
--@comment RETURNS void
--@comment LANGUAGE plpgsql SET enable_seqscan = off AS $$
--@comment DECLARE
--@comment	/* Looked up one by one: as a join, all issues would be read for each page. */
--@comment	ids CONSTANT bigint[] := ARRAY(SELECT (SELECT i.id FROM github_sync.github_issues AS i
--@comment			WHERE i.github_repo_id = repo_id AND i.number = n.number AND i.task_id IS NOT NULL
--@comment				AND NOT i.comments_to_list AND NOT (i.is_pull_request AND github_sync.task_is_skipped(i)))
--@comment		FROM unnest(numbers) WITH ORDINALITY AS n (number, place) ORDER BY n.place);
--@comment BEGIN
--@comment	WITH numbers AS MATERIALIZED (
--@comment		/* A comment changes its issue: one that is unknown here is later than what was read. */
--@comment		SELECT u.id, u.comments, s.is_sure
--@comment		FROM unnest(ids, updated_ats, counts) AS u (id, updated_at, comments)
--@comment		CROSS JOIN LATERAL (SELECT u.comments = 0 OR coalesce(u.updated_at < read_until, false) AS is_sure) AS s
--@comment		WHERE u.id IS NOT NULL AND u.comments IS NOT NULL
--@comment			AND (NOT s.is_sure OR github_sync.comment_number_differs(u.id, u.comments, counted_at))
--@comment	), locked AS MATERIALIZED (
--@comment		SELECT i.id FROM github_sync.github_issues AS i WHERE i.id IN (SELECT n.id FROM numbers AS n)
--@comment		ORDER BY i.id FOR NO KEY UPDATE SKIP LOCKED
--@comment	), noted AS (
--@comment		UPDATE github_sync.github_issues AS r SET comments_to_list = n.is_sure,
--@comment			comments_counted = CASE WHEN NOT n.is_sure THEN n.comments END,
--@comment			comments_counted_at = CASE WHEN NOT n.is_sure THEN counted_at END
--@comment		FROM numbers AS n JOIN locked AS l ON l.id = n.id WHERE r.id = n.id
--@comment	)
--@comment	INSERT INTO github_sync.listed_later
--@comment		(record_type, github_id, github_repo_id, number, github_updated_at, wanted)
--@comment	SELECT 'task', i.github_id, repo_id, i.number, counted_at, 'comments'
--@comment	FROM github_sync.github_issues AS i
--@comment	WHERE i.id IN (SELECT n.id FROM numbers AS n) AND i.id NOT IN (SELECT l.id FROM locked AS l)
--@comment		AND i.github_id IS NOT NULL
--@comment	ON CONFLICT DO NOTHING;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_note_counts(
--@comment	bigint, integer[], timestamptz[], integer[], timestamptz, timestamptz) IS
--@comment 'private: issues whose comments at GitHub are more or fewer than ours have theirs listed: the deletion of a '
--@comment 'comment does not change its issue. Where some may still be unknown here, which would hide a deletion, the '
--@comment 'number is compared later. read_until: all comments that were there by then are known; NULL: of no time';
