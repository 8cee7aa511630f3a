/*
 * One operation of the model, done to the database.  Template for both record
 * types: @record@ is task or comment.  @parent@ is the column of the table
 * that says where a row belongs.
 */
CREATE FUNCTION model.@record@_step(op jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tx bigint := op ->> 'id';
	held integer := op ->> 'claimNo';
	resource jsonb := op -> 'resource';
	later timestamptz := CASE WHEN (op ->> 'later')::boolean THEN clock_timestamp() + interval '1 hour' END;
	told text;
BEGIN
	PERFORM set_config('model.in_worker', CASE WHEN op ->> 'does' IN ('add row', 'edit row', 'remove row') THEN 'off' ELSE 'on' END, true);
	CASE op ->> 'does'
		WHEN 'insert' THEN
			WITH inserted AS (
				INSERT INTO github_sync.@record@_sync_transactions
					(direction, action, github_repo_id, @record@_id, @resource@_external_id, github_issue_number, github_updated_at, priority,
					@resource@_id)
				SELECT r.direction, r.action, r.repo, r.local, r."githubId", r.number, model.at(r."T"), r.priority,
					(SELECT c.id FROM github_sync.@resource@s AS c WHERE c.github_repo_id = 1 AND c.@cached_key@ = r.cached)
				FROM jsonb_array_elements(op -> 'rows') WITH ORDINALITY AS given (element, ordinal)
				CROSS JOIN LATERAL jsonb_to_record(element) AS r
					(direction text, action text, repo bigint, local bigint, "githubId" bigint, number integer, "T" numeric,
					priority smallint, cached bigint)
				ORDER BY ordinal
				RETURNING id, state)
			SELECT string_agg(id || ' ' || state, '; ' ORDER BY id) INTO told FROM inserted;
		WHEN 'import' THEN
			INSERT INTO github_sync.@record@_sync_transactions (direction, state, error_code, error_reason, disabled_reason, github_repo_id,
				@resource@_external_id, github_issue_number, github_updated_at, finished_at)
			VALUES ('inbound', op ->> 'state', CASE op ->> 'state' WHEN 'errored' THEN 'forbidden' END,
				CASE op ->> 'state' WHEN 'errored' THEN 'imported' END, CASE op ->> 'state' WHEN 'disabled' THEN 'repo' END,
				(op ->> 'repo')::bigint, (op ->> 'githubId')::bigint, (op ->> 'number')::integer, model.at((op ->> 'T')::numeric), clock_timestamp())
			RETURNING id INTO told;
		WHEN 'add row' THEN
			INSERT INTO app.@record@s SELECT r.* FROM jsonb_populate_record(NULL::app.@record@s, op -> 'values'
				|| jsonb_build_object('id', op -> 'id', '@parent@', op -> '@parent_key@', 'modified_at', model.at((op ->> 'modified')::numeric))) AS r;
			told := '1';
		WHEN 'edit row' THEN
			UPDATE app.@record@s AS r SET
--@task				title = CASE WHEN op -> 'values' ? 'title' THEN op -> 'values' ->> 'title' ELSE r.title END,
--@task				labels = CASE WHEN op -> 'values' ? 'labels' THEN (jsonb_populate_record(r, op -> 'values')).labels ELSE r.labels END,
--@task				state = CASE WHEN op -> 'values' ? 'state' THEN op -> 'values' ->> 'state' ELSE r.state END,
				body = CASE WHEN op -> 'values' ? 'body' THEN op -> 'values' ->> 'body' ELSE r.body END,
				@parent@ = CASE WHEN op ? '@parent_key@' THEN (op ->> '@parent_key@')::bigint ELSE r.@parent@ END,
				modified_at = model.at((op ->> 'modified')::numeric)
			WHERE r.id = (op ->> 'id')::bigint;
			GET DIAGNOSTICS told = ROW_COUNT;
		WHEN 'remove row' THEN
			DELETE FROM app.@record@s AS r WHERE r.id = (op ->> 'id')::bigint;
			GET DIAGNOSTICS told = ROW_COUNT;
		WHEN 'capture' THEN
			PERFORM github_sync.capture_@record@_changes((op ->> 'enabled')::boolean);
		WHEN 'missing' THEN
			told := (SELECT github_sync.@record@_report_missing(tx, held, model.at((op ->> 'at')::numeric), r.github_repo_id,
				op ->> 'repository')
			FROM github_sync.@record@_sync_transactions AS q JOIN github_sync.@resource@s AS r ON r.id = q.@resource@_id
			WHERE q.id = tx);
		WHEN 'deleted' THEN
			told := github_sync.@record@_report_deleted(tx, held, model.at((op ->> 'at')::numeric));
		WHEN 'link' THEN
			told := github_sync.link_@record@((op ->> 'row')::bigint, (op ->> 'repo')::bigint,
--@task				(op ->> 'number')::integer,
--@comment				(op ->> 'githubId')::bigint,
				op ->> 'prefer');
		WHEN 'unlink' THEN
			PERFORM github_sync.unlink_@record@((op ->> 'row')::bigint);
		WHEN 'claim' THEN
			SELECT string_agg(c.id || ' ' || c.step, '; ') INTO told FROM github_sync.@record@_claim((op ->> 'slots')::integer, 8) AS c
			WHERE c.step NOT IN ('held', 'over');
		WHEN 'begin creation' THEN
			SELECT CASE WHEN b.creation_key IS NULL THEN 'nothing to create' ELSE 'create '
--@task				|| 'title=' || coalesce(b.title, '-') || ' labels=' || (b.marks::jsonb ->> 'labels') || ' '
				|| 'body=' || coalesce(github_sync.without_creation_key(b.body), '') END
			INTO told FROM github_sync.@record@_begin_creation(tx, held,
				CASE op ->> 'account' WHEN 'our-user' THEN 42 ELSE 41 END) AS b;
		WHEN 'answer' THEN
			SELECT concat(a.result,
				CASE WHEN a.send_title THEN ' title=' || coalesce(a.title, '-') END,
				CASE WHEN a.send_body THEN ' body=' || coalesce(a.body, '-') END,
				CASE WHEN a.send_state THEN ' state=' || coalesce(a.issue_state, '-') END,
				' labels=' || (a.marks::jsonb ->> 'labels'))
			INTO told FROM github_sync.@record@_report_answer(
				tx, held, ROW(op ->> 'kind', model.at((op ->> 'at')::numeric), 41,
				ROW((resource ->> 'githubId')::bigint, (resource ->> 'number')::integer, false,
--@task				resource -> 'fields' ->> 0,
--@comment				NULL,
				CASE WHEN resource ->> 'keyOf' IS NULL THEN resource -> 'fields' ->> @body_place@
					ELSE github_sync.with_creation_key(resource -> 'fields' ->> @body_place@, (SELECT k.creation_key
						FROM github_sync.@record@_creation_attempts AS k WHERE k.id = (resource ->> 'keyOf')::bigint)) END,
--@task				resource -> 'fields' ->> 2,
--@comment				NULL,
				NULL, resource ->> 'author', 'https://github.com/octo/app', model.at(0),
				model.at((resource ->> 'updated')::numeric), NULL, (resource ->> 'authorId')::bigint, NULL)::github_sync.resource,
				NULL, NULL,
--@task				jsonb_build_object('labels', (resource -> 'fields' ->> 3)::jsonb)::text,
--@comment				'{}',
				NULL)::github_sync.answer) AS a;
		WHEN 'creation rejected' THEN
			PERFORM github_sync.@record@_report_rejected_creation(tx);
		WHEN 'creation not found' THEN
			told := github_sync.@record@_report_missing_creation(tx, held, interval '15 minutes');
		WHEN 'give back' THEN
			told := github_sync.@record@_give_back(tx, held, 'trouble', later);
		WHEN 'try again' THEN
			told := github_sync.@record@_try_again(tx, held, op ->> 'code', 'trouble', later, (op ->> 'maxAttempts')::integer);
		WHEN 'fail' THEN
			told := github_sync.@record@_fail(tx, held, op ->> 'code', 'trouble');
		WHEN 'recover' THEN
			told := (github_sync.@record@_recover_orphans(ARRAY(SELECT jsonb_array_elements_text(op -> 'held')::bigint))).recovered;
		WHEN 'retry' THEN
			told := github_sync.retry_@record@_sync_transaction(tx);
		ELSE
			told := model.common_step(op);
	END CASE;
	RETURN coalesce(told, '');
END
$$;
