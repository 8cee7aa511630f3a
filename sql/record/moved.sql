/*
 * GitHub sends requests on: a repository has another name or owner, an issue
 * was transferred to another repository.  Ids tell the two apart; names alone
 * prove nothing, as an old name can belong to another repository by now.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_is_own_repository(
	t github_sync.@record@_sync_transactions, reached_repo_id bigint, resource jsonb)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF reached_repo_id IS NULL AND resource ? 'full_name' THEN
		RETURN t.github_repo_id::text = resource ->> 'id';
--@task	ELSIF reached_repo_id IS NULL THEN
--@task		/* A redirect by name: the id of an issue stays only as long as the issue stays in its repository. */
--@task		RETURN EXISTS (SELECT FROM github_sync.github_issues AS i
--@task			WHERE i.id = t.github_issue_id AND i.github_id::text = resource ->> 'id');
	END IF;
	RETURN reached_repo_id = t.github_repo_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_own_repository(github_sync.@record@_sync_transactions, bigint, jsonb) IS
'private: what answered after a redirect is the transaction''s own repository, or is in it: by the id of the '
'repository that the redirect named, else by the id of what answered. NULL: nothing shows it';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_redirect(
	claim_id bigint, held_claim_no integer, reached_repo_id bigint, shown_json text,
	OUT owner_login text, OUT repo_name text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(claim_id, held_claim_no);
	resource jsonb := shown_json::jsonb;
	place text[] := github_sync.repository_of_resource(resource);
BEGIN
	/* An issue of ours may have gone there, and it is known by that name. */
	IF place IS NOT NULL AND reached_repo_id <> t.github_repo_id THEN
		PERFORM github_sync.report_repo_name(reached_repo_id, reached_repo_id, place[1], place[2]);
	END IF;
	IF place IS NULL OR github_sync.@record@_is_own_repository(t, reached_repo_id, resource) IS NOT TRUE THEN
		RETURN;
	END IF;
	/* A row that somebody changes just now is left for the next redirect. */
	UPDATE github_sync.github_repos AS r SET owner_login = place[1], name = place[2]
	FROM (SELECT held.id FROM github_sync.github_repos AS held
		WHERE held.id = t.github_repo_id FOR NO KEY UPDATE SKIP LOCKED) AS free
	WHERE r.id = free.id AND (r.owner_login, r.name) IS DISTINCT FROM (place[1], place[2])
	RETURNING r.owner_login, r.name INTO owner_login, repo_name;
	PERFORM github_sync.confirm_repo_name(t.github_repo_id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_redirect(bigint, integer, bigint, text) IS
'private: an answer that came by a redirect shows another name of the claim''s own repository, which goes by that '
'name from now on; NULL: the answer does not show one';

--@task CREATE OR REPLACE FUNCTION github_sync.task_ids_at(repo_id bigint, shown github_sync.resource) RETURNS bigint[]
--@task LANGUAGE plpgsql STABLE AS $$
--@task BEGIN
--@task	RETURN ARRAY(SELECT i.id FROM github_sync.github_issues AS i WHERE i.github_id = shown.github_id
--@task		UNION ALL SELECT i.id FROM github_sync.github_issues AS i
--@task		WHERE i.github_repo_id = repo_id AND i.number = shown.number);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_ids_at(bigint, github_sync.resource) IS
--@task 'private: records of an issue that an answer shows in a repository, by GitHub''s id or by its number there';

--@task CREATE OR REPLACE FUNCTION github_sync.task_take_in_stubs(
--@task	cached github_sync.github_issues, target github_sync.github_repos, shown github_sync.resource)
--@task RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	/* A comment's webhook knows the number alone: the place may have one stub more. */
--@task	PERFORM github_sync.task_join_records(cached.id, i.id) FROM github_sync.github_issues AS i
--@task	WHERE i.id <> cached.id AND i.id = ANY (github_sync.task_ids_at(target.id, shown));
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_take_in_stubs(
--@task	github_sync.github_issues, github_sync.github_repos, github_sync.resource) IS
--@task 'private: what webhooks made of the place where an issue arrived becomes part of its record';

--@task /* What is asked for at the old ids may not be found: a list of its comments shows what became of them. */
--@task CREATE OR REPLACE FUNCTION github_sync.task_note_transferred(of_issue bigint) RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	UPDATE github_sync.github_issues AS i SET is_transferred = true WHERE i.id = of_issue;
--@task	IF to_regclass('github_sync.github_comments') IS NULL THEN
--@task		RETURN;
--@task	END IF;
--@task	/* Also where it came back to its repository, so that it did not have to be taken along. */
--@task	UPDATE github_sync.github_comments AS c SET etag = NULL, etag_key = NULL, seen_at = NULL, missing_since = NULL
--@task	WHERE c.github_issue_id = of_issue AND c.seen_at IS NOT NULL;
--@task	/* An import lists them anyway. */
--@task	PERFORM github_sync.task_list_discussion(of_issue)
--@task	FROM github_sync.github_issues AS i JOIN github_sync.repo_sweeps AS s ON s.github_repo_id = i.github_repo_id
--@task	WHERE i.id = of_issue AND s.stream = 'comments' AND s.phase <> 'backfill'
--@task		AND EXISTS (SELECT FROM github_sync.github_comments AS c
--@task			WHERE c.github_issue_id = of_issue AND c.github_id IS NOT NULL);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_note_transferred(bigint) IS
--@task 'private: an issue was transferred to where its record is now: none of its comments was seen there yet';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_former_of(of_issue bigint, shown github_sync.resource)
--@comment RETURNS bigint
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN (SELECT c.id FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = of_issue AND c.seen_at IS NULL AND c.github_id <> shown.github_id
--@comment			AND (c.comment_id IS NOT NULL OR c.local_deleted_at IS NOT NULL)
--@comment			AND c.github_created_at = shown.created_at
--@comment			/* Its text is another one only where somebody has edited it since. */
--@comment			AND (github_sync.without_creation_key(c.body) = github_sync.without_creation_key(shown.body)
--@comment				OR github_sync.same_name(c.author_login, shown.author_login)
--@comment				AND shown.updated_at > greatest(c.github_updated_at, shown.created_at))
--@comment			AND EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.id = of_issue AND i.is_transferred)
--@comment		/* A bot may say two things within a second: GitHub makes them anew in their order. */
--@comment		ORDER BY github_sync.without_creation_key(c.body)
--@comment			IS DISTINCT FROM github_sync.without_creation_key(shown.body), c.github_id LIMIT 1);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_former_of(bigint, github_sync.resource) IS
--@comment 'private: the record of the comment that GitHub made anew as this one when its issue was transferred: of '
--@comment 'the same second and text, or, where it was edited since, author, and not seen there yet; NULL: none';

--@task CREATE OR REPLACE FUNCTION github_sync.task_move_issue(
--@task	INOUT cached github_sync.github_issues, target github_sync.github_repos, shown github_sync.resource)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	/* What another record has taken in of it is not in this one's row, and its transactions count as done. */
--@task	was_seen boolean;
--@task BEGIN
--@task	was_seen := EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.id <> cached.id
--@task		AND i.id = ANY (github_sync.task_ids_at(target.id, shown)) AND i.github_updated_at IS NOT NULL);
--@task	PERFORM github_sync.task_take_in_stubs(cached, target, shown);
--@task	UPDATE github_sync.github_issues AS i SET github_repo_id = target.id, github_id = shown.github_id,
--@task		number = shown.number, etag = NULL, etag_key = NULL, seen_at = NULL, missing_since = NULL,
--@task		settle_at = CASE WHEN was_seen THEN clock_timestamp() ELSE i.settle_at END,
--@task		went_to_id = NULL, lock_version = i.lock_version + 1
--@task	WHERE i.id = cached.id RETURNING * INTO cached;
--@task	PERFORM github_sync.task_take_along(cached, target);
--@task	PERFORM github_sync.task_note_transferred(cached.id);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_move_issue(
--@task	github_sync.github_issues, github_sync.github_repos, github_sync.resource) IS
--@task 'private: an issue, its comments and what is queued for them belong to another repository from now on';

--@task CREATE OR REPLACE FUNCTION github_sync.task_reference_to(reference oid, key {{key_type}}) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task #variable_conflict use_variable
--@task DECLARE
--@task	referrer regclass := (SELECT c.conrelid FROM pg_constraint AS c WHERE c.oid = reference);
--@task	columns text := (SELECT string_agg(format('f.%I OPERATOR(pg_catalog.=) r.%I', f.attname, r.attname), ' AND ')
--@task		FROM pg_constraint AS c CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k (referring, referred)
--@task		JOIN pg_attribute AS f ON f.attrelid = c.conrelid AND f.attnum = k.referring
--@task		JOIN pg_attribute AS r ON r.attrelid = c.confrelid AND r.attnum = k.referred
--@task		WHERE c.oid = reference);
--@task	is_referred_to boolean;
--@task BEGIN
--@task	/* Its policies, which are another role's perhaps, would hide rows and run as us. */
--@task	IF row_security_active(referrer) THEN
--@task		RETURN true;
--@task	END IF;
--@task	EXECUTE format('SELECT EXISTS (SELECT FROM %s AS f, %s AS r WHERE r.%I = $1 AND %s)',
--@task		(SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c
--@task			JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = referrer),
--@task		{{table_text}}, {{id_text}}, columns)
--@task	INTO is_referred_to USING key;
--@task	RETURN is_referred_to;
--@task EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
--@task	RETURN true;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_reference_to(oid, {{key_type}}) IS
--@task 'private: a foreign key of the application''s leads to the task; true as well where that cannot be seen';

--@task CREATE OR REPLACE FUNCTION github_sync.task_is_referred_to(key {{key_type}}) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	RETURN EXISTS (SELECT FROM pg_constraint AS c
--@task		WHERE c.contype = 'f' AND c.confrelid = {{table_text}}::regclass
--@task			AND c.connamespace <> 'github_sync'::regnamespace
--@task			AND github_sync.task_reference_to(c.oid, task_is_referred_to.key));
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_is_referred_to({{key_type}}) IS
--@task 'private: something of the application''s refers to the task, by a foreign key';

--@task CREATE OR REPLACE FUNCTION github_sync.task_row_is_untouched(cached github_sync.github_issues) RETURNS boolean
--@task LANGUAGE plpgsql STABLE AS $$
--@task DECLARE
--@task	here github_sync.local_row := github_sync.task_local_row(cached.task_id);
--@task BEGIN
--@task	RETURN cached.row_is_ours AND here.fields IS NOT DISTINCT FROM cached.local_base
--@task		AND coalesce(array_remove(cached.local_changed_at, NULL) = '{}', true)
--@task		/* A trigger may set it when we write; later, somebody changed what is not mapped. */
--@task		AND coalesce(here.modified_at <= greatest(cached.github_updated_at,
--@task			(SELECT max(t.finished_at) FROM github_sync.task_sync_transactions AS t
--@task				WHERE t.github_issue_id = cached.id AND t.state = 'completed')), true)
--@task		AND NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS t
--@task			WHERE t.github_issue_id = cached.id AND t.direction = 'outbound');
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_row_is_untouched(github_sync.github_issues) IS
--@task 'private: the task was made by us of what GitHub showed, and nobody has edited it';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_rows_are_untouched(of_issue bigint) RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	RETURN NOT EXISTS (SELECT FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = of_issue AND c.comment_id IS NOT NULL AND NOT (c.row_is_ours
--@comment			AND (SELECT l.fields FROM github_sync.comment_local_row(c.comment_id) AS l)
--@comment				IS NOT DISTINCT FROM c.local_base
--@comment			AND NOT EXISTS (SELECT FROM github_sync.comment_sync_transactions AS t
--@comment				WHERE t.github_comment_id = c.id AND t.direction = 'outbound')));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_rows_are_untouched(bigint) IS
--@comment 'private: all comments of an issue that are rows were made by us, and nobody has edited one';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_withdraw_made_anew(of_issue bigint, heir_issue bigint)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	made github_sync.github_comments;
--@comment	shown github_sync.resource;
--@comment	path_of_ours text;
--@comment BEGIN
--@comment	PERFORM github_sync.task_note_transferred(heir_issue);
--@comment	FOR made IN SELECT * FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = of_issue AND c.comment_id IS NOT NULL ORDER BY c.github_id
--@comment	LOOP
--@comment		shown.github_id := made.github_id;
--@comment		shown.created_at := made.github_created_at;
--@comment		shown.body := made.body;
--@comment		CONTINUE WHEN github_sync.comment_former_of(heir_issue, shown) IS NULL;
--@comment		/* Shown once more, it becomes part of that one's record. */
--@comment		PERFORM github_sync.comment_unlink_held(made.id);
--@comment		UPDATE github_sync.github_comments AS c SET seen_at = NULL WHERE c.id = made.id;
--@comment		UPDATE github_sync.github_issues AS i SET comments_to_list = true WHERE i.id = heir_issue;
--@comment		path_of_ours := github_sync.enter_application('comment:' || made.comment_id::text);
--@comment		DELETE FROM {{table}} AS r WHERE r.{{id}} = made.comment_id;
--@comment		PERFORM github_sync.leave_application(path_of_ours);
--@comment	END LOOP;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_withdraw_made_anew(bigint, bigint) IS
--@comment 'private: takes back the held rows that we made of comments of an issue that another one''s task has '
--@comment 'already, since GitHub made them anew when that issue was transferred';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_give_rows_to(of_issue bigint, heir_issue bigint) RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	heir github_sync.github_issues := (SELECT i FROM github_sync.github_issues AS i WHERE i.id = heir_issue);
--@comment	given record;
--@comment	path_of_ours text;
--@comment BEGIN
--@comment	IF NOT github_sync.comment_rows_are_untouched(of_issue) THEN
--@comment		RETURN;
--@comment	END IF;
--@comment	PERFORM FROM {{table}} AS r WHERE r.{{id}} IN (SELECT c.comment_id FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = of_issue) ORDER BY r.{{id}} FOR UPDATE NOWAIT;
--@comment	PERFORM github_sync.comment_withdraw_made_anew(of_issue, heir_issue);
--@comment	FOR given IN SELECT r.{{id}} AS key FROM {{table}} AS r
--@comment		WHERE r.{{id}} IN (SELECT c.comment_id FROM github_sync.github_comments AS c
--@comment			WHERE c.github_issue_id = of_issue) ORDER BY r.{{id}}
--@comment	LOOP
--@comment		path_of_ours := github_sync.enter_application('comment:' || given.key::text);
--@comment		UPDATE {{table}} AS r SET {{task_id}} = heir.task_id WHERE r.{{id}} = given.key;
--@comment		PERFORM github_sync.leave_application(path_of_ours);
--@comment	END LOOP;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_give_rows_to(bigint, bigint) IS
--@comment 'private: comments that we made of an issue become comments of another issue''s task, unless somebody has '
--@comment 'edited one of them. 55P03: somebody holds one';

--@task CREATE OR REPLACE FUNCTION github_sync.task_withdraw_row(cached_id bigint, heir_id bigint) RETURNS boolean
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	arrived github_sync.github_issues := github_sync.task_lock_record_nowait(cached_id);
--@task BEGIN
--@task	IF NOT github_sync.task_row_is_untouched(arrived) THEN
--@task		RETURN false;
--@task	END IF;
--@task	IF to_regprocedure('github_sync.comment_give_rows_to(bigint, bigint)') IS NOT NULL THEN
--@task		PERFORM github_sync.comment_give_rows_to(cached_id, heir_id);
--@task	END IF;
--@task	IF github_sync.task_is_referred_to(arrived.task_id)
--@task		OR (SELECT r.sync_direction = 'outbound' FROM github_sync.github_repos AS r
--@task			WHERE r.id = arrived.github_repo_id)
--@task	THEN
--@task		RAISE triggered_action_exception USING MESSAGE = format('task %s is in use', arrived.task_id);
--@task	END IF;
--@task	/* No deletion of the application's: its issue lives on with the task of before. */
--@task	PERFORM github_sync.task_unlink_held(arrived.id);
--@task	DELETE FROM {{table}} AS r WHERE r.{{id}} = arrived.task_id;
--@task	IF NOT FOUND THEN
--@task		RAISE triggered_action_exception USING MESSAGE = format('task %s stays', arrived.task_id);
--@task	END IF;
--@task	RETURN true;
--@task EXCEPTION
--@task	WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
--@task		RAISE;
--@task	WHEN OTHERS OR assert_failure THEN	/* the application keeps it, by a trigger or a right */
--@task		RETURN false;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_withdraw_row(bigint, bigint) IS
--@task 'private: takes back a task that we made of an issue, which turns out to be one that was transferred: where it '
--@task 'was made by us, nobody edited it and nothing refers to it but comments of which that is true as well: they '
--@task 'become comments of the heir''s task; false: it stays. 55P03: somebody holds it';

--@task CREATE OR REPLACE FUNCTION github_sync.task_repository_at(reached_repo_id bigint, place text[])
--@task RETURNS github_sync.github_repos
--@task LANGUAGE plpgsql STABLE AS $$
--@task DECLARE
--@task	repo github_sync.github_repos;
--@task BEGIN
--@task	SELECT * INTO repo FROM github_sync.github_repos AS r
--@task	WHERE r.disconnected_at IS NULL AND CASE WHEN reached_repo_id IS NOT NULL THEN r.id = reached_repo_id
--@task		ELSE NOT r.name_lost AND github_sync.same_name(r.owner_login, place[1])
--@task			AND github_sync.same_name(r.name, place[2]) END;
--@task	RETURN repo;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_repository_at(bigint, text[]) IS
--@task 'private: the repository of ours where an issue arrived: by the id that a redirect named, else by the name '
--@task 'that the issue says; NULL: it is none of ours';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_leave_with_task(cached github_sync.github_comments)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	/* As much as is canceled now. */
--@comment	waits CONSTANT boolean := EXISTS (SELECT FROM github_sync.comment_sync_transactions AS q
--@comment		WHERE q.github_comment_id = cached.id AND q.direction = 'outbound' AND q.action = 'upsert'
--@comment			AND (q.state IN ('queued', 'disabled') OR q.state = 'errored' AND q.error_code = 'repo_changed'));
--@comment BEGIN
--@comment	PERFORM github_sync.comment_unlink_held(cached.id);
--@comment	INSERT INTO github_sync.comment_sync_transactions (direction, comment_id)
--@comment	SELECT 'outbound', cached.comment_id WHERE waits AND cached.comment_id IS NOT NULL;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_leave_with_task(github_sync.github_comments) IS
--@comment 'private: the row of a held comment stays with its task, which has another issue by now, and is unlinked: '
--@comment 'its next change makes a comment of that one, and what waits to be sent is such a change';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_release_rows(of_issue bigint) RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	linked_id bigint;
--@comment BEGIN
--@comment	FOR linked_id IN SELECT c.id FROM github_sync.github_comments AS c
--@comment		WHERE c.github_issue_id = of_issue AND c.comment_id IS NOT NULL ORDER BY c.id
--@comment	LOOP
--@comment		PERFORM github_sync.comment_leave_with_task(github_sync.comment_lock_record_nowait(linked_id));
--@comment		UPDATE github_sync.github_comments AS c SET seen_at = NULL WHERE c.id = linked_id;
--@comment	END LOOP;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_release_rows(bigint) IS
--@comment 'private: the rows of an issue''s comments stay with their task, which has another issue by now, and what '
--@comment 'GitHub has becomes rows of the task that this issue gets. 55P03: somebody holds one of them';

--@task CREATE OR REPLACE FUNCTION github_sync.task_stub_in_place_of(
--@task	key {{key_type}}, OUT stub_id bigint, OUT is_taken boolean)
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	stub_id := (SELECT i.id FROM github_sync.github_issues AS i WHERE i.task_id = key);
--@task	is_taken := stub_id IS NOT NULL
--@task		AND NOT github_sync.task_may_go_along(github_sync.task_lock_record_nowait(stub_id));
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_stub_in_place_of({{key_type}}) IS
--@task 'private: the record that a task has got meanwhile, locked, and whether anything of it is at GitHub, or on its '
--@task 'way there; NULL: none. 55P03: somebody holds it';

--@task CREATE OR REPLACE FUNCTION github_sync.task_refuse_to_relink(INOUT cached github_sync.github_issues)
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	IF to_regprocedure('github_sync.comment_release_rows(bigint)') IS NOT NULL THEN
--@task		PERFORM github_sync.comment_release_rows(cached.id);
--@task	END IF;
--@task	UPDATE github_sync.github_issues AS i SET former_task_key = NULL, local_base = NULL, remote_base = NULL,
--@task		local_repo_id = NULL, local_changed_at = NULL, preferred_side = NULL
--@task	WHERE i.id = cached.id RETURNING * INTO cached;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_refuse_to_relink(github_sync.github_issues) IS
--@task 'private: the former task of a held record has another issue by now, or was moved: this issue gets a task of '
--@task 'its own, and the comments that GitHub has become that one''s';

--@task /* Its bases are still there: what either side has changed meanwhile is merged as ever. */
--@task CREATE OR REPLACE FUNCTION github_sync.task_relink(
--@task	INOUT cached github_sync.github_issues, target github_sync.github_repos)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	key {{key_type}} := cached.former_task_key;
--@task	is_there CONSTANT boolean := github_sync.task_lock_local_row_nowait(key);
--@task	present record;
--@task BEGIN
--@task	IF NOT is_there THEN
--@task		/* The application's deletion stands: nothing is made anew of the issue. */
--@task		UPDATE github_sync.github_issues AS i SET former_task_key = NULL, local_deleted_at = clock_timestamp()
--@task		WHERE i.id = cached.id RETURNING * INTO cached;
--@task		RETURN;
--@task	END IF;
--@task	present := github_sync.task_stub_in_place_of(key);
--@task	cached.github_repo_id := target.id;
--@task	IF present.is_taken
--@task		OR github_sync.task_place_problem(cached, github_sync.task_local_row(key)) = 'repo_changed' THEN
--@task		cached := github_sync.task_refuse_to_relink(cached);
--@task		RETURN;
--@task	END IF;
--@task	/* What was to be created in the meantime goes to this issue. */
--@task	UPDATE github_sync.github_issues AS i SET task_id = NULL WHERE i.id = present.stub_id;
--@task	UPDATE github_sync.github_issues AS i SET task_id = key, former_task_key = NULL,
--@task		lock_version = i.lock_version + 1
--@task	WHERE i.id = cached.id RETURNING * INTO cached;
--@task	IF present.stub_id IS NOT NULL THEN
--@task		cached := github_sync.task_join_records(cached.id, present.stub_id);
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_relink(github_sync.github_issues, github_sync.github_repos) IS
--@task 'private: a held record whose issue went where it was not followed, and which is ours by now, gets back the '
--@task 'task that was unlinked for that: unless the task was deleted, moved, or has another issue. 55P03: somebody '
--@task 'holds it';

--@task CREATE OR REPLACE FUNCTION github_sync.task_send_what_waited(cached github_sync.github_issues) RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	INSERT INTO github_sync.task_sync_transactions (direction, task_id)
--@task	SELECT 'outbound', cached.task_id
--@task	WHERE EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
--@task			WHERE q.github_issue_id = cached.id AND q.direction = 'outbound' AND q.action = 'upsert'
--@task				AND q.state = 'canceled' AND q.canceled_by IS NULL)
--@task		AND NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
--@task			WHERE q.github_issue_id = cached.id AND q.direction = 'outbound'
--@task				AND q.state IN ('queued', 'processing', 'disabled'));
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_send_what_waited(github_sync.github_issues) IS
--@task 'private: what was canceled as the task lost its issue is sent, now that it has it back';

--@task CREATE OR REPLACE FUNCTION github_sync.task_ask_where_they_are(ids bigint[]) RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	UPDATE github_sync.github_issues AS i SET seen_at = NULL, settle_at = clock_timestamp(),
--@task		lock_version = i.lock_version + 1
--@task	WHERE i.id IN (SELECT k.id FROM github_sync.github_issues AS k
--@task		WHERE k.id = ANY (ids) AND (k.task_id IS NOT NULL OR k.former_task_key IS NOT NULL)
--@task		ORDER BY k.id FOR NO KEY UPDATE SKIP LOCKED);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_ask_where_they_are(bigint[]) IS
--@task 'private: issues that seem to be elsewhere are asked for at their places, from which GitHub sends us on; of '
--@task 'those that somebody holds, the next sign tells';

--@task /* A title or a text proves nothing: it is worth a request. */
--@task CREATE OR REPLACE FUNCTION github_sync.task_ask_for_returned(shown github_sync.resource[]) RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	PERFORM github_sync.task_ask_where_they_are(departed.ids) FROM (
--@task		SELECT array_agg(d.id) AS ids FROM github_sync.github_issues AS d
--@task		WHERE d.went_to_id IS NOT NULL AND EXISTS (SELECT FROM unnest(shown) AS i
--@task			WHERE i.title = d.title OR d.body <> '' AND github_sync.same_text(
--@task				github_sync.without_creation_key(i.body), github_sync.without_creation_key(d.body)))) AS departed
--@task	WHERE departed.ids IS NOT NULL;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_ask_for_returned(github_sync.resource[]) IS
--@task 'private: issues that were met for the first time may be some that went where they were not followed, by way '
--@task 'of other repositories: those that look like them are asked for';

--@task CREATE OR REPLACE FUNCTION github_sync.task_list_discussion(of_issue bigint) RETURNS void
--@task LANGUAGE plpgsql AS $$
--@task BEGIN
--@task	UPDATE github_sync.github_issues AS i SET comments_to_list = true
--@task	WHERE i.id = of_issue AND i.deleted_at IS NULL;
--@task	UPDATE github_sync.repo_sweeps AS s SET due_at = least(s.due_at, clock_timestamp()), is_asked = true
--@task	FROM github_sync.github_issues AS i
--@task	WHERE i.id = of_issue AND s.github_repo_id = i.github_repo_id AND s.stream = 'comments';
--@task	PERFORM github_sync.wake();
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_list_discussion(bigint) IS
--@task 'private: the comments of an issue are listed by themselves, now';

--@task CREATE OR REPLACE FUNCTION github_sync.task_transfer_former(
--@task	INOUT cached github_sync.github_issues, taken_id bigint, target github_sync.github_repos,
--@task	shown github_sync.resource, OUT moved boolean)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	before CONSTANT github_sync.github_issues := cached;
--@task BEGIN
--@task	cached := github_sync.task_relink(cached, target);
--@task	moved := taken_id IS NULL
--@task		OR cached.task_id IS NOT NULL AND github_sync.task_withdraw_row(taken_id, cached.id);
--@task	IF moved THEN
--@task		cached := github_sync.task_move_issue(cached, target, shown);
--@task		PERFORM github_sync.task_send_what_waited(cached) WHERE cached.task_id IS NOT NULL;
--@task		/* Whoever was away may have been spoken of there; an import lists that anyway. */
--@task		PERFORM github_sync.task_list_discussion(cached.id) FROM github_sync.repo_sweeps AS s
--@task		WHERE s.github_repo_id = target.id AND s.stream = 'comments' AND s.phase <> 'backfill';
--@task	ELSIF cached.task_id IS NOT NULL THEN
--@task		RAISE triggered_action_exception USING MESSAGE = 'the new place has a task that is in use';
--@task	END IF;
--@task EXCEPTION WHEN triggered_action_exception THEN
--@task	cached := before;
--@task	moved := false;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_transfer_former(
--@task	github_sync.github_issues, bigint, github_sync.github_repos, github_sync.resource) IS
--@task 'private: the same of a record that lost its task when its issue went where it was not followed: the task gets '
--@task 'it back, where the application has not decided otherwise since. moved is false: the issue has become another '
--@task 'task, which is in use, or is its only one';

--@task CREATE OR REPLACE FUNCTION github_sync.task_transfer(
--@task	INOUT cached github_sync.github_issues, target github_sync.github_repos, shown github_sync.resource,
--@task	OUT moved boolean)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	taken github_sync.github_issues;
--@task	former record;
--@task BEGIN
--@task	SELECT * INTO taken FROM github_sync.github_issues AS i
--@task	WHERE i.id <> cached.id AND i.task_id IS NOT NULL
--@task		AND i.id = ANY (github_sync.task_ids_at(target.id, shown)) LIMIT 1;
--@task	IF target.id IS NOT NULL AND cached.task_id IS NULL AND cached.former_task_key IS NOT NULL THEN
--@task		former := github_sync.task_transfer_former(cached, taken.id, target, shown);
--@task		cached := former.cached;
--@task		moved := former.moved;
--@task		RETURN;
--@task	END IF;
--@task	moved := target.id IS NOT NULL AND CASE WHEN taken.id IS NULL THEN true
--@task		WHEN cached.task_id IS NOT NULL THEN github_sync.task_withdraw_row(taken.id, cached.id)
--@task		/* What a task did that is unlinked by now is no history of another one. */
--@task		ELSE NOT EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
--@task			WHERE q.github_issue_id = cached.id AND q.task_id IS NOT NULL) END;
--@task	IF moved AND taken.id IS NOT NULL AND cached.task_id IS NULL THEN
--@task		/* What is known of the old place belongs to the task that the new one has. */
--@task		cached := github_sync.task_join_records(taken.id, cached.id);
--@task		IF cached.github_repo_id <> taken.github_repo_id OR cached.number <> taken.number THEN
--@task			RAISE lock_not_available USING MESSAGE = 'the record at the new place has just moved';
--@task		END IF;
--@task		PERFORM github_sync.task_take_along(cached, target);
--@task		PERFORM github_sync.task_note_transferred(cached.id);
--@task	ELSIF moved THEN
--@task		cached := github_sync.task_move_issue(cached, target, shown);
--@task	END IF;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_transfer(
--@task	github_sync.github_issues, github_sync.github_repos, github_sync.resource) IS
--@task 'private: the record of an issue that was transferred moves along, and so do its comments. A task that was '
--@task 'made of the new place makes way where nobody has begun to use it. moved is false: the place is none of ours, '
--@task 'or has a task of its own';

CREATE OR REPLACE FUNCTION github_sync.@record@_give_up_transferred(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, shown_id bigint, reason text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text := github_sync.@record@_fail_held(t, 'transferred', reason);
BEGIN
--@task	/* Neither side is to be taken for the other; but should it be met again, it is known whose it was. */
--@task	PERFORM github_sync.task_cancel_unlinked(cached.id) WHERE cached.task_id IS NOT NULL;
--@task	UPDATE github_sync.github_issues AS i SET task_id = NULL, went_to_id = shown_id,
--@task		former_task_key = coalesce(i.task_id::text, i.former_task_key),
--@task		sent = NULL, sent_mask = NULL, lock_version = i.lock_version + 1
--@task	WHERE i.id = cached.id;
--@comment	/* Neither side is to be taken for the other. */
--@comment	PERFORM github_sync.comment_unlink_held(cached.id) WHERE cached.comment_id IS NOT NULL;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_give_up_transferred(
	github_sync.@record@_sync_transactions, github_sync.@resources@, bigint, text) IS
'private: the resource went where we do not follow, and has this id there: errored transferred, and unlinked';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_place_of(
	repo github_sync.github_repos, cached github_sync.@resources@, place text[], shown github_sync.resource)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT github_sync.same_name(place[1], repo.owner_login) AND github_sync.same_name(place[2], repo.name)
--@task		AND shown.number = cached.number
$$;
COMMENT ON FUNCTION github_sync.@record@_is_place_of(
	github_sync.github_repos, github_sync.@resources@, text[], github_sync.resource) IS
'private: an answer comes from where the record is, by name';

--@task CREATE OR REPLACE FUNCTION github_sync.task_follow_transfer(
--@task	t github_sync.task_sync_transactions, cached github_sync.github_issues, place text[],
--@task	shown github_sync.resource)
--@task RETURNS text
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	target github_sync.github_repos := github_sync.task_repository_at(NULL, place);
--@task	arrived record;
--@task BEGIN
--@task	SELECT * INTO arrived FROM github_sync.task_transfer(cached, target, shown);
--@task	IF NOT arrived.moved THEN
--@task		RETURN NULL;
--@task	ELSIF (arrived.cached).id <> cached.id THEN
--@task		/* Given back already, with the record that is gone. */
--@task		RETURN (SELECT q.state FROM github_sync.task_sync_transactions AS q WHERE q.id = t.id);
--@task	END IF;
--@task	t.github_repo_id := target.id;
--@task	RETURN github_sync.task_give_back_held(t, arrived.cached,
--@task		format('the issue was transferred to %s/%s#%s', target.owner_login, target.name, shown.number), NULL);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_follow_transfer(
--@task	github_sync.task_sync_transactions, github_sync.github_issues, text[], github_sync.resource) IS
--@task 'private: an issue was transferred to a repository of ours: its record moves along. NULL: the place is none '
--@task 'of ours, or has a task of its own for the issue';

--@task CREATE OR REPLACE FUNCTION github_sync.task_why_not_followed(
--@task	left_task_id {{key_type}}, place text[], shown github_sync.resource)
--@task RETURNS text
--@task LANGUAGE plpgsql STABLE AS $$
--@task DECLARE
--@task	target github_sync.github_repos := github_sync.task_repository_at(NULL, place);
--@task	taken_by github_sync.github_issues.task_id%TYPE := (SELECT i.task_id FROM github_sync.github_issues AS i
--@task		WHERE i.task_id IS NOT NULL AND i.id = ANY (github_sync.task_ids_at(target.id, shown)) LIMIT 1);
--@task BEGIN
--@task	RETURN CASE WHEN taken_by IS NOT NULL THEN format('the issue was transferred to %s#%s, which has become '
--@task		'task %s, and that is in use%s', array_to_string(place, '/'), shown.number, taken_by,
--@task		coalesce(': task ' || left_task_id::text || ' is left without an issue', '')) END;
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_why_not_followed({{key_type}}, text[], github_sync.resource) IS
--@task 'private: why the record of a transferred issue does not move along, where the new place has a task of its '
--@task 'own: names both; NULL: it has none';

CREATE OR REPLACE FUNCTION github_sync.@record@_meet_other_resource(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	shown github_sync.resource := answer.resource;
	place text[] := github_sync.repository_of_resource(answer.json::jsonb);
	repo github_sync.github_repos;
	result text;
BEGIN
	/* The answer to a write does not say where it comes from; the next fetch will. */
	IF answer.json IS NULL THEN
		RETURN github_sync.@record@_give_back_held(t, cached, 'another resource answered', NULL);
	END IF;
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	/* The same place, another resource: the name belongs to somebody else by now. */
	IF github_sync.@record@_is_place_of(repo, cached, place, shown) THEN
		PERFORM github_sync.doubt_repo_name(repo.id);
		RETURN 'moved';
	END IF;
--@task	result := github_sync.task_follow_transfer(t, cached, place, shown);
	IF result IS NULL THEN
		result := github_sync.@record@_give_up_transferred(t, cached, shown.github_id, coalesce(
--@task			github_sync.task_why_not_followed(cached.task_id, place, shown),
			format('GitHub answered with another resource: id %s instead of %s, in %s', shown.github_id,
				coalesce(cached.github_id::text, 'one that is not known'),
				coalesce(array_to_string(place, '/'), 'a place that it does not name'))));
	END IF;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_meet_other_resource(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: the answer carries another id than the record''s: the record moves along where the issue was transferred '
'to a repository of ours that has no task of its own for it; else the transaction is errored. Where it is the same '
'place, moved, and the claim goes on';

--@comment /* Its 404 says nothing of that: the comments of a transferred issue are not at their old place. */
--@comment CREATE OR REPLACE FUNCTION github_sync.comment_is_issue_of(
--@comment	parent github_sync.github_issues, reached_repo_id bigint, shown jsonb)
--@comment RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment BEGIN
--@comment	IF parent.github_id IS NOT NULL THEN
--@comment		RETURN parent.github_id::text = shown ->> 'id';
--@comment	END IF;
--@comment	RETURN parent.number::text = shown ->> 'number' AND coalesce(reached_repo_id = parent.github_repo_id,
--@comment		(SELECT github_sync.same_name(r.owner_login || '/' || r.name, array_to_string(
--@comment			github_sync.repository_of_resource(shown), '/'))
--@comment		FROM github_sync.github_repos AS r WHERE r.id = parent.github_repo_id));
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_is_issue_of(github_sync.github_issues, bigint, jsonb) IS
--@comment 'private: what answered to the number of a comment''s issue is that issue';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_meets_other_issue(
--@comment	claim_id bigint, reached_repo_id bigint, shown_json text)
--@comment RETURNS boolean
--@comment LANGUAGE plpgsql STABLE AS $$
--@comment DECLARE
--@comment	shown CONSTANT jsonb := shown_json::jsonb;
--@comment	parent github_sync.github_issues;
--@comment BEGIN
--@comment	SELECT i.* INTO parent FROM github_sync.comment_sync_transactions AS t
--@comment	JOIN github_sync.github_comments AS c ON c.id = t.github_comment_id
--@comment	JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id WHERE t.id = claim_id;
--@comment	RETURN reached_repo_id IS NULL AND EXISTS (SELECT FROM github_sync.github_repos AS r
--@comment		WHERE r.id = parent.github_repo_id AND github_sync.same_name(r.owner_login || '/' || r.name,
--@comment			array_to_string(github_sync.repository_of_resource(shown), '/')))
--@comment		AND github_sync.comment_is_issue_of(parent, reached_repo_id, shown) IS NOT TRUE;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_meets_other_issue(bigint, bigint, text) IS
--@comment 'private: what answered to the number of the issue of a claim''s comment, at the name of its repository, is '
--@comment 'another issue: the name may be another repository''s';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_part_from_row(
--@comment	cached github_sync.github_comments, target github_sync.github_repos, issue github_sync.resource)
--@comment RETURNS void
--@comment LANGUAGE plpgsql AS $$
--@comment BEGIN
--@comment	PERFORM github_sync.comment_leave_with_task(cached)
--@comment	FROM github_sync.comment_local_row(cached.comment_id) AS l
--@comment	JOIN github_sync.github_issues AS i ON i.id = l.parent_issue_id
--@comment	WHERE target.id IS NOT NULL AND i.id <> cached.github_issue_id
--@comment		AND (i.github_repo_id, i.number) IS DISTINCT FROM (target.id, issue.number);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_part_from_row(
--@comment	github_sync.github_comments, github_sync.github_repos, github_sync.resource) IS
--@comment 'private: a comment goes with its issue to where that is another task''s, and its row stays with its own: '
--@comment 'where that has another issue by now, edits of the row are no longer the comment''s';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_follow_issue(
--@comment	t github_sync.comment_sync_transactions, cached github_sync.github_comments, reached_repo_id bigint,
--@comment	shown jsonb)
--@comment RETURNS text
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	place CONSTANT text[] := github_sync.repository_of_resource(shown);
--@comment	target github_sync.github_repos := github_sync.task_repository_at(reached_repo_id, place);
--@comment	parent github_sync.github_issues := github_sync.task_lock_record_nowait(cached.github_issue_id);
--@comment	issue github_sync.resource;
--@comment BEGIN
--@comment	issue.github_id := (shown ->> 'id')::bigint;
--@comment	issue.number := (shown ->> 'number')::integer;
--@comment	IF NOT (SELECT m.moved FROM github_sync.task_transfer(parent, target, issue) AS m)
--@comment		AND cached.github_id IS NOT NULL
--@comment	THEN
--@comment		PERFORM github_sync.comment_part_from_row(cached, target, issue);
--@comment		PERFORM github_sync.comment_follow_alone(cached, target, issue);
--@comment	END IF;
--@comment	/* Should the repository become ours, the issue is known by that. */
--@comment	UPDATE github_sync.github_issues AS i SET went_to_id = issue.github_id
--@comment	WHERE i.id = parent.id AND target.id IS NULL;
--@comment	/* The task that went there is asked for, too: nobody may have told what became of its issue. */
--@comment	UPDATE github_sync.github_issues AS i SET seen_at = NULL, settle_at = clock_timestamp(),
--@comment		lock_version = i.lock_version + 1
--@comment	WHERE i.id = parent.id AND i.task_id IS NOT NULL
--@comment		AND i.github_repo_id = target.id AND i.number = issue.number;
--@comment	SELECT * INTO cached FROM github_sync.github_comments AS c WHERE c.id = cached.id;
--@comment	/* By its number as well: an issue may be back in its first repository. */
--@comment	IF NOT EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.id = cached.github_issue_id
--@comment		AND i.github_repo_id = target.id AND i.number = issue.number)
--@comment	THEN
--@comment		RETURN github_sync.comment_fail_held(t, 'transferred', format(
--@comment			'the issue of the comment was transferred to %s#%s, where it is not followed',
--@comment			coalesce(array_to_string(place, '/'), 'another repository'), issue.number));
--@comment	END IF;
--@comment	/* Its row stays with a task that has another issue. */
--@comment	IF cached.comment_id IS NULL AND t.comment_id IS NOT NULL AND t.direction = 'outbound' THEN
--@comment		RETURN github_sync.comment_fail_held(t, 'transferred', format(
--@comment			'the issue of the comment was transferred to %s#%s, and its task has another issue by now: the '
--@comment			'next change of the row makes a new comment there', array_to_string(place, '/'), issue.number));
--@comment	END IF;
--@comment	t.github_repo_id := cached.github_repo_id;
--@comment	RETURN github_sync.comment_give_back_held(t, cached, format(
--@comment		'the issue of the comment was transferred to %s/%s#%s', target.owner_login, target.name,
--@comment		issue.number), NULL);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_follow_issue(
--@comment	github_sync.comment_sync_transactions, github_sync.github_comments, bigint, jsonb) IS
--@comment 'private: the issue of a comment was transferred, and the comment was the first to find out: the issue''s '
--@comment 'record moves along where it can, else the comment alone; to a repository that is none of ours: errored '
--@comment 'transferred, and the comment stays linked. 55P03: somebody holds the task or its record, try again shortly';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_report_issue(
--@comment	claim_id bigint, held_claim_no integer, answered_at timestamptz, asked_repo_id bigint,
--@comment	reached_repo_id bigint, shown_json text)
--@comment RETURNS text
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	held record := github_sync.comment_lock_claim_nowait(claim_id, held_claim_no);
--@comment	t github_sync.comment_sync_transactions := held.t;
--@comment	shown jsonb := shown_json::jsonb;
--@comment	parent github_sync.github_issues;
--@comment BEGIN
--@comment	IF t.id IS NULL THEN
--@comment		RETURN 'stale';
--@comment	END IF;
--@comment	t.unreachable_since := NULL;
--@comment	IF (held.cached).github_repo_id <> asked_repo_id THEN
--@comment		RETURN github_sync.comment_ask_where_it_is(t, held.cached);
--@comment	END IF;
--@comment	SELECT * INTO parent FROM github_sync.github_issues AS i WHERE i.id = (held.cached).github_issue_id;
--@comment	IF github_sync.comment_is_issue_of(parent, reached_repo_id, shown) THEN
--@comment		RETURN github_sync.comment_note_missing(t, held.cached, answered_at);
--@comment	END IF;
--@comment	/* The worker has asked by the id how the repository is called. */
--@comment	IF github_sync.comment_meets_other_issue(t.id, reached_repo_id, shown_json) THEN
--@comment		PERFORM github_sync.doubt_repo_name(parent.github_repo_id);
--@comment		RETURN 'moved';
--@comment	END IF;
--@comment	RETURN github_sync.comment_follow_issue(t, held.cached, reached_repo_id, shown);
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_report_issue(bigint, integer, timestamptz, bigint, bigint, text) IS
--@comment 'private: GitHub does not show a comment in the repository asked_repo_id, and then showed what answers to '
--@comment 'the number of its issue, perhaps after a redirect to a repository (its id, NULL: by name): the issue, so '
--@comment 'that the comment is missing, or the issue somewhere else. Returns the state that the transaction has now, '
--@comment 'or stale; or moved where it is another issue at the same place, and the claim goes on';
