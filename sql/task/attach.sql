/*
 * The application's tasks: attach, capture and detach.
 */

CREATE FUNCTION github_sync.attach_tasks(
	tasks regclass,
	id_column name DEFAULT NULL,
	title_column name DEFAULT NULL,
	body_column name DEFAULT NULL,
	state_column name DEFAULT NULL,
	open_value text DEFAULT 'open',
	closed_value text DEFAULT 'closed',
	modified_at_column name DEFAULT NULL,
	modified_at_time_zone text DEFAULT 'UTC',
	github_repo_column name DEFAULT NULL,
	insert_values regprocedure DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.table_owner(tasks);
	key record;
	title record;
	body record;
	state record;
	modified record;
	repo record;
	problems text[];
	captured_columns name[];
	dictionary jsonb;
BEGIN
	PERFORM github_sync.check_may_attach('task'::text, tasks, owner);
	SELECT * INTO key FROM github_sync.find_key(tasks, id_column);
	SELECT * INTO title FROM github_sync.find_column(tasks, title_column,
		'{title,name,subject}'::name[], '{text,character varying,character}'::text[], 'title'::text);
	SELECT * INTO body FROM github_sync.find_column(tasks, body_column,
		'{markdown,body,description,content}'::name[], '{text,character varying,character}'::text[], 'body'::text);
	SELECT * INTO state FROM github_sync.find_column(tasks, state_column,
		'{status,state}'::name[], '{text,character varying,character,boolean,enum}'::text[], 'state'::text);
	SELECT * INTO modified FROM github_sync.find_column(tasks, modified_at_column,
		'{modified_at,updated_at}'::name[], '{timestamp with time zone,timestamp without time zone}'::text[],
		'time of the last change'::text);
	SELECT * INTO repo FROM github_sync.find_column(tasks, github_repo_column,
		'{}'::name[], '{bigint,integer}'::text[], 'repository'::text);
	problems := array_remove(ARRAY[key.problem, title.problem, body.problem, modified.problem,
		CASE WHEN state_column IS NOT NULL OR state.name IS NOT NULL THEN
			coalesce(state.problem, github_sync.state_problem(tasks, state.name, open_value, closed_value)) END,
		CASE WHEN github_repo_column IS NOT NULL THEN repo.problem END,
		github_sync.time_zone_problem(modified_at_time_zone),
		github_sync.insert_values_problem(insert_values, owner)], NULL);
	IF cardinality(problems) > 0 THEN
		PERFORM github_sync.raise_unfit_table(tasks, problems);
	END IF;

	captured_columns := array_remove(ARRAY[title.name, body.name, state.name, repo.name], NULL);
	dictionary := github_sync.dictionary_of_table(tasks, key.name, key.type,
			github_sync.task_fields('r'::text, title.name, body.name, state.name, state.type, closed_value),
			github_sync.task_fields('OLD'::text, title.name, body.name, state.name, state.type, closed_value),
			github_sync.task_fields('NEW'::text, title.name, body.name, state.name, state.type, closed_value),
			modified.name, modified.type, modified_at_time_zone, insert_values)
		|| jsonb_build_object(
		'github_repo_id', CASE WHEN repo.name IS NULL THEN 'NULL::bigint' ELSE format('r.%I::bigint', repo.name) END,
		'same_place', CASE WHEN repo.name IS NULL THEN 'true' ELSE format('OLD.%1$I IS NOT DISTINCT FROM NEW.%1$I', repo.name) END,
		'parent_issue_id', 'NULL::bigint',
		'assignments', concat_ws(', ',
			github_sync.field_assignment(title.name, 1),
			github_sync.field_assignment(body.name, 2),
			github_sync.state_assignment(state.name, state.type, 3, open_value, closed_value),
			github_sync.modified_at_assignment(modified.name, modified.type, modified_at_time_zone)),
		'mapped_columns', format('jsonb_build_object(%s)', concat_ws(', ',
			format('%L, new_fields[1]', title.name),
			format('%L, new_fields[2]', body.name),
			CASE WHEN state.name IS NOT NULL THEN
				format('%L, CASE new_fields[3] WHEN ''closed'' THEN %L ELSE %L END', state.name, closed_value, open_value) END,
			format('%L, %s', modified.name, github_sync.local_time('new_modified_at'::text, modified.type, modified_at_time_zone)),
			CASE WHEN repo.name IS NOT NULL THEN format('%L, repo.id', repo.name) END)));
	PERFORM github_sync.make_attached('task'::text, tasks, owner, dictionary,
		jsonb_build_object('id', key.name, 'title', title.name, 'body', body.name, 'state', state.name,
			'modified_at', modified.name, 'github_repo', repo.name,
			'captured_columns', captured_columns, 'key_type', key.type));
END
$$;
COMMENT ON FUNCTION github_sync.attach_tasks(regclass, name, name, name, name, text, text, name, text, name, regprocedure) IS
'public: attaches the application''s table of tasks; columns that are not named are found by convention. insert_values: a function (github_repo_id bigint, resource jsonb) returns jsonb of further column values for rows created from GitHub';

CREATE FUNCTION github_sync.capture_task_changes(enabled boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.capture_changes('task'::text, enabled) $$;
COMMENT ON FUNCTION github_sync.capture_task_changes(boolean) IS
'public: from now on inserts and changes of mapped columns of tasks enqueue outbound transactions (or no longer do)';

CREATE FUNCTION github_sync.detach_tasks(drop_data boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	IF github_sync.attached_table('comment'::text) IS NOT NULL THEN
		RAISE object_in_use USING
			MESSAGE = 'comments are attached: they need the tasks',
			HINT = 'SELECT github_sync.detach_comments() first.';
	END IF;
	PERFORM github_sync.detach('task'::text, drop_data);
END
$$;
COMMENT ON FUNCTION github_sync.detach_tasks(boolean) IS
'public: stops the sync of tasks and drops its triggers, functions and views; the queue and its history stay unless drop_data';
