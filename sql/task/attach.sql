/*
 * The application's tasks: attach, capture and detach.
 */

CREATE FUNCTION github_sync.task_fields(the_row text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('ARRAY[%s::text, github_sync.without_creation_key(%s::text), %s%s]',
	github_sync.column_of(the_row, mapping.title), github_sync.column_of(the_row, mapping.body),
	coalesce(github_sync.state_expression(github_sync.column_of(the_row, mapping.state), mapping), 'NULL'),
	github_sync.mark_fields(
		github_sync.name_set_expression(github_sync.column_of(the_row, mapping.labels), mapping.labels),
		github_sync.name_set_expression(github_sync.column_of(the_row, mapping.assignees), mapping.assignees),
		github_sync.milestone_expression(github_sync.column_of(the_row, mapping.milestone), mapping.milestone),
		mapping));
COMMENT ON FUNCTION github_sync.task_fields(text, github_sync.table_mapping) IS
'private: the mapped fields of a row of tasks: title, body, state, and its marks where any is mapped';

CREATE FUNCTION github_sync.task_captured_fields_and_place(mapping github_sync.table_mapping) RETURNS name[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN array_remove(ARRAY[
	(mapping.title).name, (mapping.body).name, (mapping.state).name, (mapping.labels).name,
	(mapping.assignees).name, (mapping.milestone).name, (mapping.github_repo).name], NULL);
COMMENT ON FUNCTION github_sync.task_captured_fields_and_place(github_sync.table_mapping) IS
'private: title, body, then state, marks and repository where there are columns for them';

CREATE FUNCTION github_sync.task_captured_columns(mapping github_sync.table_mapping) RETURNS name[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN github_sync.task_captured_fields_and_place(mapping) || github_sync.expression_columns(mapping);
COMMENT ON FUNCTION github_sync.task_captured_columns(github_sync.table_mapping) IS
'private: the columns of tasks whose change is captured: those of its fields and its place, then those that '
'expressions name';

CREATE FUNCTION github_sync.task_captured_mark(
	captured text, mapped github_sync.found_column, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('%s[%s]', captured,
	array_position(github_sync.task_captured_fields_and_place(mapping), mapped.name));
COMMENT ON FUNCTION github_sync.task_captured_mark(text, github_sync.found_column, github_sync.table_mapping) IS
'private: what the captured column of a mark held; NULL where there is none';

CREATE FUNCTION github_sync.task_captured_fields(captured text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('ARRAY[%s, %s, %s%s]',
	github_sync.captured_text(captured, 1, mapping.title), github_sync.captured_text(captured, 2, mapping.body),
	coalesce(github_sync.state_expression(captured || '[3]', mapping), 'NULL'),
	github_sync.mark_fields(
		github_sync.name_set_expression(
			github_sync.task_captured_mark(captured, mapping.labels, mapping), mapping.labels),
		github_sync.name_set_expression(
			github_sync.task_captured_mark(captured, mapping.assignees, mapping), mapping.assignees),
		github_sync.milestone_expression(
			github_sync.task_captured_mark(captured, mapping.milestone, mapping), mapping.milestone),
		mapping));
COMMENT ON FUNCTION github_sync.task_captured_fields(text, github_sync.table_mapping) IS
'private: the mapped fields of a task, by what its captured columns held';

CREATE FUNCTION github_sync.task_assignments(mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN concat_ws(', ',
	github_sync.field_assignment((mapping.title).name, github_sync.task_title_position()),
	github_sync.field_assignment((mapping.body).name, github_sync.task_body_position()),
	github_sync.state_assignment(mapping, github_sync.task_state_position()),
	github_sync.mark_assignment(mapping.labels, github_sync.task_labels_position(), github_sync.name_set_value(
		format('$2[%s]', github_sync.task_labels_position()), mapping.labels)),
	github_sync.mark_assignment(mapping.assignees, github_sync.task_assignees_position(), github_sync.name_set_value(
		format('$2[%s]', github_sync.task_assignees_position()), mapping.assignees)),
	github_sync.mark_assignment(mapping.milestone, github_sync.task_milestone_position(), format(
		'$2[%s]::%s', github_sync.task_milestone_position(), (mapping.milestone).type)),
	github_sync.modified_at_assignment(mapping));
COMMENT ON FUNCTION github_sync.task_assignments(github_sync.table_mapping) IS
'private: the SET of an UPDATE that writes the chosen fields of a task';

CREATE FUNCTION github_sync.task_new_columns(mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('pg_catalog.jsonb_build_object(%s)', concat_ws(', ',
	format('%L, new_fields[%s]', (mapping.title).name, github_sync.task_title_position()),
	format('%L, new_fields[%s]', (mapping.body).name, github_sync.task_body_position()),
	CASE WHEN (mapping.state).name IS NOT NULL THEN
		format('%L, %s', (mapping.state).name, github_sync.state_value(format('new_fields[%s]',
			github_sync.task_state_position()), mapping, quote_literal(mapping.open_value))) END,
	CASE WHEN (mapping.labels).name IS NOT NULL THEN format('%L, coalesce(new_fields[%s], %L)::pg_catalog.jsonb',
		(mapping.labels).name, github_sync.task_labels_position(), '[]') END,
	CASE WHEN (mapping.assignees).name IS NOT NULL THEN format('%L, coalesce(new_fields[%s], %L)::pg_catalog.jsonb',
		(mapping.assignees).name, github_sync.task_assignees_position(), '[]') END,
	CASE WHEN (mapping.milestone).name IS NOT NULL THEN
		format('%L, new_fields[%s]', (mapping.milestone).name, github_sync.task_milestone_position()) END,
	CASE WHEN (mapping.modified_at).name IS NOT NULL THEN
		format('%L, %s', (mapping.modified_at).name, github_sync.local_time('new_modified_at'::text, mapping)) END,
	CASE WHEN (mapping.github_repo).name IS NOT NULL THEN format('%L, repo.id', (mapping.github_repo).name) END));
COMMENT ON FUNCTION github_sync.task_new_columns(github_sync.table_mapping) IS
'private: the mapped columns of a row that is inserted for an issue, by name';

CREATE FUNCTION github_sync.task_dictionary(tasks regclass, mapping github_sync.table_mapping) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN github_sync.dictionary_of_table(tasks, mapping,
		github_sync.task_fields('r'::text, mapping),
		github_sync.task_captured_fields('old_values'::text, mapping),
		github_sync.task_captured_fields('new_values'::text, mapping),
		github_sync.task_assignments(mapping))
	|| CASE WHEN (mapping.github_repo).name IS NULL
		THEN jsonb_build_object(
			'names_repository', CASE WHEN (mapping.repo_expression).given IS NULL THEN 'false' ELSE 'true' END,
			'github_repo_id', coalesce(
				github_sync.expression_over('r'::text, mapping.repo_expression), 'NULL') || '::bigint',
			'same_place', 'true')
		ELSE jsonb_build_object(
			'names_repository', 'true',
			'github_repo_id', format('r.%I::bigint', (mapping.github_repo).name),
			'same_place', format('old_values[%1$s] IS NOT DISTINCT FROM new_values[%1$s]',
				cardinality(github_sync.task_captured_fields_and_place(mapping)))) END
	|| github_sync.words_of_expressions(mapping, cardinality(github_sync.task_captured_fields_and_place(mapping)))
	|| jsonb_build_object(
		'parent_issue_id', 'NULL::bigint',
		'parent_key', 'NULL::text',
		'mapped_columns', github_sync.task_new_columns(mapping),
		'shown_state', github_sync.state_of_github('shown.state'::text, 'shown.state_reason'::text, mapping),
		'cached_state', github_sync.state_of_github('cached.state'::text, 'cached.state_reason'::text, mapping),
		'shown_marks', github_sync.marks_of_github('shown.marks'::text, mapping),
		'cached_marks', github_sync.marks_of_github('cached.marks'::text, mapping),
		'has_marks', CASE WHEN github_sync.maps_marks(mapping) THEN 'true' ELSE 'false' END,
		'mapped_fields', CASE WHEN github_sync.maps_marks(mapping) THEN format('ARRAY[true, true, true, %L, %L, %L]',
				(mapping.labels).name IS NOT NULL, (mapping.assignees).name IS NOT NULL,
				(mapping.milestone).name IS NOT NULL) ELSE 'ARRAY[true, true, true]' END,
		'fields_to_write', CASE WHEN github_sync.maps_marks(mapping) THEN 'marks.fields' ELSE 'remote' END,
		'milestone_text', quote_nullable((mapping.milestone).name),
		'milestone_is_title', CASE WHEN github_sync.is_text(mapping.milestone) THEN 'true' ELSE 'false' END,
		'tells_reason', CASE WHEN mapping.state_reasons IS NULL THEN 'false' ELSE 'true' END,
		'has_state', CASE WHEN (mapping.state).name IS NULL THEN 'false' ELSE 'true' END,
		'state_text', coalesce(github_sync.column_of('r'::text, mapping.state), 'NULL') || '::text',
		'closed_from', CASE WHEN (mapping.state).name IS NULL THEN 'NULL::text'
			ELSE format('CASE WHEN old_fields[%1$s] = ''open'' AND new_fields[%1$s] <> ''open'' THEN old_values[3] END',
				github_sync.task_state_position()) END);
COMMENT ON FUNCTION github_sync.task_dictionary(regclass, github_sync.table_mapping) IS
'private: what is filled into the definitions for tasks';

CREATE FUNCTION github_sync.task_mapping_as_json(mapping github_sync.table_mapping) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
	'id', (mapping.key).name, 'title', (mapping.title).name, 'body', (mapping.body).name,
	'state', (mapping.state).name, 'modified_at', (mapping.modified_at).name,
	'github_repo', (mapping.github_repo).name, 'labels', (mapping.labels).name,
	'assignees', (mapping.assignees).name, 'milestone', (mapping.milestone).name,
	'captured_columns', github_sync.task_captured_columns(mapping),
	'key_type', (mapping.key).type);
COMMENT ON FUNCTION github_sync.task_mapping_as_json(github_sync.table_mapping) IS
'private: what attached_tables keeps of the mapping of tasks';

CREATE FUNCTION github_sync.require_no_milestone_fits(tasks regclass, milestone github_sync.found_column) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF milestone.problem IS NULL AND github_sync.number_refuses_null(tasks, milestone.name) THEN
		RAISE invalid_table_definition USING
			MESSAGE = format('table %s cannot be attached: its column %I for the milestone is NOT NULL', tasks,
				milestone.name),
			DETAIL = 'Most issues have no milestone, and there is no number that says so.',
			HINT = format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL, or, where its domain says it, of the domain.',
				tasks, milestone.name);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_no_milestone_fits(regclass, github_sync.found_column) IS
'private: raises (42P16) where a column for the number of a milestone cannot hold that there is none';

CREATE FUNCTION github_sync.find_task_columns(
	tasks regclass, wanted github_sync.table_mapping, by_convention boolean) RETURNS github_sync.table_mapping
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found github_sync.table_mapping := wanted;
	conventional record;
BEGIN
	SELECT c.title, c.body, c.state INTO conventional FROM (VALUES
		(true, '{title,name,subject}'::name[], '{markdown,body,description,content}'::name[], '{status,state}'::name[]),
		(false, '{}', '{}', '{}')) AS c (is_wanted, title, body, state)
	WHERE c.is_wanted = by_convention;
	found.key := github_sync.find_key(tasks, (wanted.key).name);
	found.title := github_sync.find_text_column(tasks, (wanted.title).name, conventional.title, 'title'::text);
	found.body := github_sync.find_text_column(tasks, (wanted.body).name, conventional.body, 'body'::text);
	found.state := github_sync.find_column(tasks, (wanted.state).name, conventional.state,
		NULL::text[], 'state'::text, false);
	found.modified_at := github_sync.find_modified_at_column(
		tasks, (wanted.modified_at).name, wanted.modified_at_unit, by_convention);
	found.github_repo := github_sync.find_column(tasks, (wanted.github_repo).name, '{}'::name[],
		'{bigint,integer}'::text[], 'repository'::text, false);
	found.labels := github_sync.find_mark_column(tasks, (wanted.labels).name,
		'{text[],character varying[],jsonb}'::text[], 'labels'::text, (found.key).name);
	found.assignees := github_sync.find_mark_column(tasks, (wanted.assignees).name,
		'{text[],character varying[],jsonb}'::text[], 'assignees'::text, (found.key).name);
	found.milestone := github_sync.find_mark_column(tasks, (wanted.milestone).name,
		'{text,character varying,citext,integer,bigint,smallint}'::text[], 'milestone'::text, (found.key).name);
	/* Of a table that is attached already, its migrations are followed all the same. */
	PERFORM github_sync.require_no_milestone_fits(tasks, found.milestone) WHERE by_convention;
	found.repo_expression := github_sync.find_expression(tasks, wanted.repo_expression, (found.key).name,
		'github_repo'::text, '{bigint,integer,smallint}'::text[]);
	found.sync_when := github_sync.find_expression(
		tasks, wanted.sync_when, (found.key).name, 'sync_when'::text, '{boolean}'::text[]);
	found.deleted_when := github_sync.find_expression(
		tasks, wanted.deleted_when, (found.key).name, 'deleted_when'::text, '{boolean}'::text[]);
	RETURN found;
END
$$;
COMMENT ON FUNCTION github_sync.find_task_columns(regclass, github_sync.table_mapping, boolean) IS
'private: the columns of a table of tasks by the names that are wanted; one without a name by convention, or, '
'where the names are those of an earlier attach, none';

CREATE FUNCTION github_sync.require_said_once(
	github_repo_column name, github_repo text, closed_value text, closed_values text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_repo_column IS NOT NULL AND github_repo IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'github_repo_column and github_repo both say where a task belongs',
			HINT = 'Give one of them.';
	ELSIF closed_value IS NOT NULL AND closed_values IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'closed_value and closed_values both say which values are closed',
			HINT = 'Give closed_values alone: the first of them is written.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_said_once(name, text, text, text[]) IS
'private: raises (22023) where a call of attach_tasks says the same in two ways';

CREATE FUNCTION github_sync.with_state_values(tasks regclass, INOUT wanted github_sync.table_mapping)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	before jsonb := github_sync.attached_table('task'::text) -> 'mapping';
BEGIN
	/* Without a column there is nothing that they could be values of. */
	IF (wanted.state).name = '' THEN
		wanted.closed_values := '{closed}';
		wanted.open_value := 'open';
		RETURN;
	END IF;
	/* Those of another column are not this one's. */
	IF github_sync.names_of_columns(tasks, before) ->> 'state' IS DISTINCT FROM (wanted.state).name THEN
		before := NULL;
	END IF;
	IF wanted.closed_values IS NULL THEN
		wanted.state_reasons := coalesce(wanted.state_reasons, nullif(before -> 'state_reasons', 'null'));
		wanted.closed_values := CASE WHEN before IS NULL THEN '{closed}'
			ELSE ARRAY(SELECT jsonb_array_elements_text(before -> 'closed_values')) END;
	END IF;
	wanted.open_value := coalesce(wanted.open_value, before ->> 'open_value', 'open');
END
$$;
COMMENT ON FUNCTION github_sync.with_state_values(regclass, github_sync.table_mapping) IS
'private: values of the state that the call does not name: those that were attached with the same column, else open '
'and closed; reasons go with the closed values that they are of';

CREATE FUNCTION github_sync.require_state_column(tasks regclass, VARIADIC given text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF num_nonnulls(VARIADIC given) > 0
		AND (github_sync.attached_table('task'::text) -> 'mapping' -> 'names' ->> 'state') IS NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('table %s cannot be attached: values of its state are given, and it has no state column',
				tasks),
			DETAIL = 'It has ' || github_sync.columns_of(tasks) || '.',
			HINT = 'Name it, as in state_column => ''phase'', or give none of open_value, closed_value, closed_values '
				'and state_reasons.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_state_column(regclass, text[]) IS
'private: raises (42703) where values of the state were given, and there is no column for it';

CREATE FUNCTION github_sync.say_what_tasks_lack(tasks regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping CONSTANT jsonb := github_sync.attached_table('task'::text) -> 'mapping';
	names CONSTANT jsonb := mapping -> 'names';
BEGIN
	IF names ->> 'state' IS NULL AND (mapping -> 'left_out' ? 'state') IS NOT TRUE THEN
		RAISE NOTICE USING
			MESSAGE = format('table %s has no state column: whether an issue is open or closed is not synced', tasks),
			HINT = 'Where it has one of another name, give state_column, open_value and closed_value or closed_values.';
	END IF;
	IF names ->> 'github_repo' IS NULL
		AND mapping ->> 'github_repo_is' IS NULL
		AND EXISTS (SELECT FROM pg_attribute AS a
			WHERE a.attrelid = tasks AND a.attname = 'github_repo_id' AND NOT a.attisdropped) THEN
		RAISE NOTICE USING
			MESSAGE = format('column github_repo_id of table %s is not used: new tasks are not sent by capture', tasks),
			HINT = 'github_repo_column => ''github_repo_id'' has it say where a new task becomes an issue.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.say_what_tasks_lack(regclass) IS
'private: NOTICEs about what was attached without, where somebody may have expected it';

CREATE FUNCTION github_sync.attach_tasks(
	tasks regclass,
	id_column name DEFAULT NULL,
	title_column name DEFAULT NULL,
	body_column name DEFAULT NULL,
	state_column name DEFAULT NULL,
	open_value text DEFAULT NULL,
	closed_value text DEFAULT NULL,
	modified_at_column name DEFAULT NULL,
	modified_at_time_zone text DEFAULT 'UTC',
	github_repo_column name DEFAULT NULL,
	insert_values regprocedure DEFAULT NULL,
	sync_when text DEFAULT NULL,
	deleted_when text DEFAULT NULL,
	github_repo text DEFAULT NULL,
	closed_values text[] DEFAULT NULL,
	state_reasons jsonb DEFAULT NULL,
	modified_at_unit text DEFAULT NULL,
	apply_values regprocedure DEFAULT NULL,
	byline regprocedure DEFAULT NULL,
	labels_column name DEFAULT NULL, assignees_column name DEFAULT NULL, milestone_column name DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.table_owner(tasks);
	wanted github_sync.table_mapping;
	was_captured boolean;
BEGIN
	PERFORM github_sync.check_may_attach('task'::text, tasks, owner);
	PERFORM github_sync.require_said_once(github_repo_column, github_repo, closed_value, closed_values);
	wanted.key.name := id_column;
	wanted.title.name := title_column;
	wanted.body.name := body_column;
	wanted.state.name := state_column;
	wanted.open_value := open_value;
	wanted.closed_values := coalesce(closed_values, CASE WHEN closed_value IS NOT NULL THEN ARRAY[closed_value] END);
	wanted.state_reasons := state_reasons;
	wanted.modified_at.name := modified_at_column;
	wanted.modified_at_time_zone := modified_at_time_zone;
	wanted.modified_at_unit := modified_at_unit;
	wanted.github_repo.name := github_repo_column;
	wanted.insert_values := insert_values;
	wanted.apply_values := apply_values;
	wanted.byline := byline;
	wanted.labels.name := labels_column;
	wanted.assignees.name := assignees_column;
	wanted.milestone.name := milestone_column;
	wanted.sync_when.given := sync_when;
	wanted.deleted_when.given := deleted_when;
	wanted.repo_expression.given := github_repo;
	PERFORM github_sync.require_filters('task'::text, tasks, wanted);
	was_captured := github_sync.was_captured('task'::text);
	PERFORM github_sync.make_attached('task'::text, tasks, owner, github_sync.find_task_columns(tasks,
		github_sync.with_state_values(tasks, github_sync.with_attached_columns('task'::text, tasks, wanted)), true),
		NULL::jsonb);
	PERFORM github_sync.require_state_column(tasks, open_value, closed_value, closed_values::text, state_reasons::text);
	PERFORM github_sync.say_what_tasks_lack(tasks);
	PERFORM github_sync.say_that_capture_is_off('task'::text) WHERE was_captured;
END
$$;
COMMENT ON FUNCTION github_sync.attach_tasks(
	regclass, name, name, name, name, text, text, name, text, name, regprocedure, text, text, text,
	text[], jsonb, text, regprocedure, regprocedure, name, name, name) IS
'public: attaches the application''s table of tasks; columns that are not named are found by convention. '
'insert_values: a function (github_repo_id bigint, resource jsonb) returns jsonb of further column values '
'for rows created from GitHub. sync_when, deleted_when (boolean) and github_repo (GitHub''s id of a repository): SQL '
'expressions over the row''s bare column names, or names of functions of its key, with their schema. A row for which '
'sync_when is not true, or deleted_when is, is not synced. closed_values: any of them is closed (the first is '
'written), instead of closed_value; state_reasons: {closed value: completed, not_planned or duplicate, '
'open value: reopened}. modified_at_unit: seconds or milliseconds since 1970, of an integer column. apply_values: a '
'function like insert_values, for each answer of GitHub''s. byline: a function of the key that returns the first line '
'of what is sent. labels_column, assignees_column: names and logins, a text[] or a JSON array of strings, synced as '
'sets in both '
'directions; milestone_column: the milestone''s title (text) or its number (integer). An empty name of one of these, '
'of the state''s or the last change''s: there is none. '
'Called again, it leaves columns, and values of the state, that it does not name as they were attached';

CREATE FUNCTION github_sync.capture_task_changes(enabled boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.capture_changes('task'::text, enabled) $$;
COMMENT ON FUNCTION github_sync.capture_task_changes(boolean) IS
'public: from now on inserts and changes of mapped columns of tasks enqueue outbound transactions (or no longer do)';

CREATE FUNCTION github_sync.detach_tasks(drop_data boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	PERFORM github_sync.require_rights_of_owner();
	IF github_sync.attached_table('comment'::text) IS NOT NULL THEN
		RAISE object_in_use USING
			MESSAGE = 'comments are attached: they need the tasks',
			HINT = 'SELECT github_sync.detach_comments() first.';
	END IF;
	PERFORM github_sync.detach('task'::text, drop_data);
END
$$;
COMMENT ON FUNCTION github_sync.detach_tasks(boolean) IS
'public: stops the sync of tasks and drops its triggers, functions and views; '
'the queue and its history stay unless drop_data, which forgets the arguments of attach_tasks as well, filters too';
