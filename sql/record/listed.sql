/*
 * What a page of a list shows: each item is applied as the answer of an
 * ordinary inbound transaction, without another request.
 *
 * _apply_listed is the one door: it takes all items of a page, and applies them
 * together; where one of them fails, the page is halved down to it.  Nothing here
 * waits for anybody's lock: what somebody holds is noted in listed_later, and
 * tried again.
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

CREATE OR REPLACE FUNCTION github_sync.@record@_shows_what_is_known(
	cached github_sync.@resources@, item github_sync.resource)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	known CONSTANT text[] := github_sync.@record@_remote_fields(cached);
	shown CONSTANT text[] := github_sync.@record@_shown_fields(item);
BEGIN
	FOR i IN 1 .. cardinality(known) LOOP
		IF NOT github_sync.same_text(known[i], shown[i]) THEN
			RETURN false;
		END IF;
	END LOOP;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_shows_what_is_known(github_sync.@resources@, github_sync.resource) IS
'private: whether each mapped field of an item is what GitHub is known to have';

CREATE OR REPLACE FUNCTION github_sync.@record@_item_is_wanted(
	repo github_sync.github_repos, cached github_sync.@resources@, item github_sync.resource)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF cached.@record@_id IS NOT NULL OR repo.pull_requests = 'sync' THEN
		RETURN true;
	END IF;
--@task	RETURN NOT item.is_pull_request;
--@comment	RETURN item.html_url IS NULL OR strpos(item.html_url, '/pull/') = 0;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_item_is_wanted(
	github_sync.github_repos, github_sync.@resources@, github_sync.resource) IS
'private: whether an item is to be synced: where pull requests are skipped, only those that were linked by hand, and '
'their comments';

CREATE OR REPLACE FUNCTION github_sync.@record@_item_is_news(
	cached github_sync.@resources@, item github_sync.resource)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF cached.id IS NULL THEN
		RETURN true;
	ELSIF cached.local_deleted_at IS NOT NULL OR item.updated_at <= cached.deleted_at
		OR item.updated_at < cached.github_updated_at THEN
		RETURN false;
	ELSIF cached.github_id = item.github_id AND cached.seen_at IS NOT NULL AND cached.deleted_at IS NULL
		AND item.updated_at = cached.github_updated_at AND github_sync.@record@_shows_what_is_known(cached, item) THEN
		RETURN false;
	END IF;
	RETURN NOT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.direction = 'inbound' AND q.action = 'upsert'
			AND (q.state IN ('queued', 'processing', 'errored', 'dropped') OR q.disabled_reason = 'filtered')
			AND q.github_updated_at >= item.updated_at);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_item_is_news(github_sync.@resources@, github_sync.resource) IS
'private: whether a transaction is to be made of an item: what the rules would end at once, and what a transaction '
'tells of already, needs none';

CREATE OR REPLACE FUNCTION github_sync.@record@_settle_by_list(
	cached github_sync.@resources@, item github_sync.resource, answered_at timestamptz)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF cached.settle_at IS NULL OR item.updated_at IS DISTINCT FROM cached.github_updated_at
		OR answered_at < item.updated_at + github_sync.@record@_settling_time()
		OR NOT github_sync.@record@_shows_what_is_known(cached, item) THEN
		RETURN;
	END IF;
	cached := github_sync.@record@_lock_record_skip_locked(cached.id);
	UPDATE github_sync.@resources@ AS r SET seen_at = answered_at, settle_at = NULL, lock_version = r.lock_version + 1
	WHERE r.id = cached.id AND r.github_updated_at = item.updated_at AND r.seen_at < answered_at;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_settle_by_list(
	github_sync.@resources@, github_sync.resource, timestamptz) IS
'private: a list that still shows the version that is known, a minute after it was made, settles it';

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
		CONTINUE WHEN made.state <> 'queued' OR page.is_careful OR jsons[place] IS NULL
			OR made.seen_at >= page.answered_at;
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

CREATE OR REPLACE FUNCTION github_sync.@record@_fetch_instead(
	repo github_sync.github_repos, item github_sync.resource, of_priority smallint)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM github_sync.@record@_insert_listed(repo, ARRAY[item], of_priority);
EXCEPTION WHEN OTHERS THEN
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
EXCEPTION WHEN OTHERS THEN
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

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_listed(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[])
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@;
	news github_sync.resource[] := '{}';
	jsons_of_news text[] := '{}';
BEGIN
	FOR i IN 1 .. cardinality(items) LOOP
		cached := github_sync.@record@_record_of_item(repo.id, items[i]);
		IF NOT github_sync.@record@_item_is_wanted(repo, cached, items[i]) THEN
			CONTINUE;
		ELSIF github_sync.@record@_item_is_news(cached, items[i]) THEN
			news := news || items[i];
			jsons_of_news := jsons_of_news || jsons[i];
		ELSE
			PERFORM github_sync.@record@_settle_by_list(cached, items[i], page.answered_at);
		END IF;
	END LOOP;
	PERFORM github_sync.@record@_apply_or_halve(repo, page, news, jsons_of_news);
	RETURN cardinality(news);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_listed(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: applies the items of a page: what is known already makes no transaction. Returns how many were news';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_later(later github_sync.listed_later) RETURNS void
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
	PERFORM github_sync.@record@_insert_listed(repo, ARRAY[item], 200::smallint);
	DELETE FROM github_sync.listed_later AS l WHERE l.record_type = '@record@' AND l.github_id = later.github_id;
EXCEPTION
	WHEN lock_not_available OR deadlock_detected THEN
		RETURN;
	WHEN OTHERS THEN
		UPDATE github_sync.listed_later AS l SET try_at = clock_timestamp() + interval '10 minutes',
			last_error = github_sync.shortened(format('%s (%s)', SQLERRM, SQLSTATE))
		WHERE l.record_type = '@record@' AND l.github_id = later.github_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_later(github_sync.listed_later) IS
'private: an item that somebody held when it was listed is fetched, if nobody holds it now';

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
		CONTINUE WHEN NOT github_sync.@record@_lock_local_row_skip_locked(absent_id)
			OR (github_sync.@record@_lock_record_skip_locked(absent_id)).id IS NULL;
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

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_note_counts(
--@comment	repo_id bigint, numbers integer[], counts integer[])
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	UPDATE github_sync.github_issues AS r SET comments_to_list = true
--@comment	WHERE r.id IN (SELECT i.id FROM unnest(numbers, counts) AS n (number, comments)
--@comment		JOIN github_sync.github_issues AS i ON i.github_repo_id = repo_id AND i.number = n.number
--@comment		WHERE i.task_id IS NOT NULL AND NOT i.comments_to_list AND n.comments <> (
--@comment			SELECT count(*) FROM github_sync.github_comments AS c
--@comment			WHERE c.github_issue_id = i.id AND c.github_id IS NOT NULL AND c.deleted_at IS NULL)
--@comment		FOR NO KEY UPDATE OF i SKIP LOCKED);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_note_counts(bigint, integer[], integer[]) IS
--@comment 'private: issues whose comments at GitHub are more or fewer than ours have theirs listed: the deletion of a '
--@comment 'comment does not change its issue';
