/*
 * Items of a list that are not known here become rows and records, all of a
 * page together: the local rows by one statement, records and their completed
 * transactions by another.  What is left is what fetching each of them would have
 * left.
 *
 * Only what nobody else can have anything to do with comes by here: see
 * _sort_items.  Nobody's lock is waited for, but for a moment that of a webhook
 * which makes the same record just now.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_takes_new_records(
	repo github_sync.github_repos, page github_sync.swept_page)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN NOT page.is_careful AND github_sync.sync_disabled_reason(repo.id, 'inbound') IS NULL
		AND github_sync.@record@_table_fits() AND NOT github_sync.@record@_queue_runs_code_of_application()
--@comment		/* Of a task that is not to be synced, comments are not taken over: the rules see to that. */
--@comment		AND NOT github_sync.task_has_filter()
		;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_takes_new_records(github_sync.github_repos, github_sync.swept_page) IS
'private: whether items that are not known here may become records at once, and not by a transaction each that the '
'rules decide about';

CREATE OR REPLACE FUNCTION github_sync.@record@_creating_accounts(repo_id bigint, own_id bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ARRAY(SELECT coalesce(a.sent_as, own_id) FROM github_sync.@record@_creation_attempts AS a
		WHERE a.github_repo_id = repo_id AND a.outcome IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_creating_accounts(bigint, bigint) IS
'private: as whom creations were sent that wait for their answer: an item of one of these authors may be what it made. '
'NULL among them: not known';

CREATE OR REPLACE FUNCTION github_sync.@record@_record_of_new_item(
	repo_id bigint, page github_sync.swept_page, item github_sync.resource, parent_id bigint, key {{key_type}},
	made github_sync.local_row)
RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@;
	answer github_sync.answer;
BEGIN
	cached.github_repo_id := repo_id;
	cached.github_id := item.github_id;
--@comment	cached.github_issue_id := parent_id;
	cached.row_is_ours := false;
	answer.kind := 'fetched';
	answer.answered_at := page.answered_at;
	answer.resource := item;
	cached := github_sync.@record@_note_answer(cached, answer, false);
	RETURN github_sync.@record@_with_made_row(cached, key, made);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_record_of_new_item(
	bigint, github_sync.swept_page, github_sync.resource, bigint, {{key_type}}, github_sync.local_row) IS
'private: the record of an item that was not known before, with the local row that was made of it';

CREATE OR REPLACE FUNCTION github_sync.@record@_new_rows_of_items(
	items github_sync.resource[], jsons text[], parent_ids bigint[])
RETURNS github_sync.new_row[]
LANGUAGE plpgsql AS $$
BEGIN
	RETURN ARRAY(SELECT ROW(github_sync.@record@_storable_fields(github_sync.@record@_shown_fields(items[i])),
			(items[i]).updated_at, parent_ids[i], jsons[i])::github_sync.new_row
		FROM generate_subscripts(items, 1) AS i ORDER BY i);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_new_rows_of_items(github_sync.resource[], text[], bigint[]) IS
'private: what the local rows of new items are to hold';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_hold_parents(repo_id bigint, items github_sync.resource[])
--@comment RETURNS bigint[]
--@comment LANGUAGE plpgsql SET enable_seqscan = off AS $$
--@comment DECLARE
--@comment	parent_ids CONSTANT bigint[] := ARRAY(
--@comment		SELECT (SELECT p.id FROM github_sync.github_issues AS p
--@comment			WHERE p.github_repo_id = repo_id AND p.number = (items[i]).number)
--@comment		FROM generate_subscripts(items, 1) AS i ORDER BY i);
--@comment BEGIN
--@comment	IF NOT parent_ids <@ github_sync.comment_hold_tasks(parent_ids) THEN
--@comment		RAISE lock_not_available USING MESSAGE = 'the issue of a comment has just lost its task';
--@comment	END IF;
--@comment	RETURN parent_ids;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_hold_parents(bigint, github_sync.resource[]) IS
--@comment 'private: the issues that comments belong to, kept together with their tasks. 55P03: somebody holds one, or '
--@comment 'it has no task any more';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_records(
	repo github_sync.github_repos, page github_sync.swept_page, changed github_sync.@resources@[])
RETURNS void
LANGUAGE plpgsql SET lock_timeout = '10ms' AS $$
BEGIN
	/* All that _note_answer and _with_made_row set. */
	WITH made AS (
		INSERT INTO github_sync.@resources@ AS r (github_repo_id, github_id,
--@task			number, local_repo_id, is_pull_request, title, state, state_reason, closed_at, marks,
--@comment			github_issue_id,
			@record@_id, row_is_ours, body, author_login, html_url, github_created_at, github_updated_at, seen_at,
			remote_base, local_base, remote_changed_at, settle_at)
		SELECT c.github_repo_id, c.github_id,
--@task			c.number, c.local_repo_id, c.is_pull_request, c.title, c.state, c.state_reason, c.closed_at, c.marks,
--@comment			c.github_issue_id,
			c.@record@_id, c.row_is_ours, c.body, c.author_login, c.html_url, c.github_created_at, c.github_updated_at,
			c.seen_at, c.remote_base, c.local_base, c.remote_changed_at, c.settle_at
		FROM unnest(changed) AS c
		RETURNING r.*)
	INSERT INTO github_sync.@record@_sync_transactions AS t (direction, state, github_app_installation_id,
		github_repo_id, @record@_id, @resource@_external_id, github_updated_at, priority, claim_no, queued_at,
		github_issue_number,
--@comment		github_comment_id,
		github_issue_id, processing_at, finished_at)
	SELECT 'inbound', 'completed', repo.github_app_installation_id, m.github_repo_id, m.@record@_id, m.github_id,
		m.github_updated_at, page.priority, 1, clock_timestamp(),
--@task		m.number, m.id,
--@comment		(SELECT p.number FROM github_sync.github_issues AS p WHERE p.id = m.github_issue_id), m.id,
--@comment		m.github_issue_id,
		clock_timestamp(), clock_timestamp()
	FROM made AS m;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_records(
	github_sync.github_repos, github_sync.swept_page, github_sync.@resources@[]) IS
'private: inserts records of new items, and of each the transaction that made it, which has completed. 55P03, after a '
'moment: a webhook makes one of them just now';

CREATE OR REPLACE FUNCTION github_sync.@record@_have_records(keys {{key_type}}[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@resources@ AS r WHERE r.@record@_id = ANY (keys));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_have_records({{key_type}}[]) IS
'private: one of several local rows has a record already';

CREATE OR REPLACE FUNCTION github_sync.@record@_import(
	repo github_sync.github_repos, page github_sync.swept_page, items github_sync.resource[], jsons text[])
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	parent_ids bigint[];
	rows record;
BEGIN
--@comment	parent_ids := github_sync.comment_hold_parents(repo.id, items);
	PERFORM github_sync.@record@_lock_table_to_insert_nowait();
	rows := github_sync.@record@_insert_local_rows(
		repo, github_sync.@record@_new_rows_of_items(items, jsons, parent_ids));
	/* A trigger of the application's enqueued its new row: its echo is taken in where there is a transaction. */
	IF github_sync.@record@_have_records(rows.keys) THEN
		RAISE feature_not_supported USING MESSAGE = 'a trigger made a record of a row that is being imported';
	END IF;
	PERFORM github_sync.@record@_insert_records(repo, page, ARRAY(
		SELECT github_sync.@record@_record_of_new_item(
			repo.id, page, items[i], parent_ids[i], rows.keys[i], rows.made[i])
		FROM generate_subscripts(items, 1) AS i ORDER BY i));
	IF repo.paused_until IS NOT NULL THEN
		PERFORM github_sync.resume_repo(repo.id);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_import(
	github_sync.github_repos, github_sync.swept_page, github_sync.resource[], text[]) IS
'private: makes rows and records of items that are not known here. 0A000: they have to be answered singly; 55P03, or '
'what else the application''s table says: one of them cannot be made now';
