/*
 * The application's comments: attach, capture and detach.
 */

CREATE FUNCTION github_sync.check_tasks_are_attached() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	IF github_sync.attached_table('task'::text) IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no tasks table is attached',
			HINT = 'SELECT github_sync.attach_tasks(...) first.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_tasks_are_attached() IS
'private: comments are comments of tasks';

CREATE FUNCTION github_sync.task_key_problem(task_column name, type text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key_type text := github_sync.attached_table('task'::text) -> 'mapping' ->> 'key_type';
BEGIN
	RETURN CASE WHEN NOT (type = key_type
			OR type IN ('integer', 'bigint') AND key_type IN ('integer', 'bigint')
			OR type IN ('text', 'character varying') AND key_type IN ('text', 'character varying')) THEN
		format('column %s of type %s cannot hold the key of a task, of type %s', task_column, type, key_type) END;
END
$$;
COMMENT ON FUNCTION github_sync.task_key_problem(name, text) IS
'private: why a column cannot refer to the attached tasks, or NULL';

CREATE FUNCTION github_sync.find_task_id_column(comments regclass, given name) RETURNS github_sync.found_column
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	task_id github_sync.found_column := github_sync.find_column(comments, given, '{task_id}'::name[],
		'{integer,bigint,uuid,text,character varying}'::text[], 'task'::text, true);
BEGIN
	task_id.problem := coalesce(task_id.problem, github_sync.task_key_problem(task_id.name, task_id.type));
	RETURN task_id;
END
$$;
COMMENT ON FUNCTION github_sync.find_task_id_column(regclass, name) IS
'private: the column by which a comment refers to its task';

CREATE FUNCTION github_sync.comment_fields(the_row text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('ARRAY[github_sync.without_creation_key(%s.%I::text)]', the_row, (mapping.body).name);
COMMENT ON FUNCTION github_sync.comment_fields(text, github_sync.table_mapping) IS
'private: the mapped fields of a row of comments: body';

CREATE FUNCTION github_sync.comment_captured_columns(mapping github_sync.table_mapping) RETURNS name[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN ARRAY[(mapping.body).name, (mapping.task_id).name] || github_sync.expression_columns(mapping);
COMMENT ON FUNCTION github_sync.comment_captured_columns(github_sync.table_mapping) IS
'private: the columns of comments whose change is captured: body, task, then those that expressions name';

CREATE FUNCTION github_sync.comment_captured_fields(captured text, mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('ARRAY[%s]', github_sync.captured_text(captured, 1, mapping.body));
COMMENT ON FUNCTION github_sync.comment_captured_fields(text, github_sync.table_mapping) IS
'private: the mapped fields of a comment, by what its captured columns held';

CREATE FUNCTION github_sync.comment_new_columns(mapping github_sync.table_mapping) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN format('pg_catalog.jsonb_build_object(%s)', concat_ws(', ',
	format('%L, (SELECT i.task_id FROM github_sync.github_issues AS i WHERE i.id = parent_issue_id)',
		(mapping.task_id).name),
	format('%L, new_fields[%s]', (mapping.body).name, github_sync.comment_body_position()),
	CASE WHEN (mapping.modified_at).name IS NOT NULL THEN
		format('%L, %s', (mapping.modified_at).name, github_sync.local_time('new_modified_at'::text, mapping)) END));
COMMENT ON FUNCTION github_sync.comment_new_columns(github_sync.table_mapping) IS
'private: the mapped columns of a row that is inserted for a comment at GitHub, by name';

CREATE FUNCTION github_sync.comment_dictionary(comments regclass, mapping github_sync.table_mapping) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	parent text := format('FROM github_sync.github_issues AS i WHERE i.task_id = r.%I', (mapping.task_id).name);
BEGIN
	RETURN github_sync.dictionary_of_table(comments, mapping,
			github_sync.comment_fields('r'::text, mapping),
			github_sync.comment_captured_fields('old_values'::text, mapping),
			github_sync.comment_captured_fields('new_values'::text, mapping),
			concat_ws(', ', github_sync.field_assignment((mapping.body).name, github_sync.comment_body_position()),
				github_sync.modified_at_assignment(mapping)))
		|| github_sync.words_of_expressions(mapping, 2)
		|| jsonb_build_object(
			'closed_from', 'NULL::text',
			'task_id', quote_ident((mapping.task_id).name),
			'same_place', 'old_values[2] IS NOT DISTINCT FROM new_values[2]',
			'github_repo_id', format('(SELECT i.github_repo_id %s)', parent),
			'parent_issue_id', format('(SELECT i.id %s)', parent),
			'parent_key', format('r.%I::text', (mapping.task_id).name),
			'mapped_columns', github_sync.comment_new_columns(mapping));
END
$$;
COMMENT ON FUNCTION github_sync.comment_dictionary(regclass, github_sync.table_mapping) IS
'private: what is filled into the definitions for comments';

CREATE FUNCTION github_sync.comment_mapping_as_json(mapping github_sync.table_mapping) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN jsonb_build_object(
	'id', (mapping.key).name, 'task_id', (mapping.task_id).name, 'body', (mapping.body).name,
	'modified_at', (mapping.modified_at).name,
	'captured_columns', github_sync.comment_captured_columns(mapping),
	'key_type', (mapping.key).type);
COMMENT ON FUNCTION github_sync.comment_mapping_as_json(github_sync.table_mapping) IS
'private: what attached_tables keeps of the mapping of comments';

CREATE FUNCTION github_sync.find_comment_columns(
	comments regclass, wanted github_sync.table_mapping, by_convention boolean) RETURNS github_sync.table_mapping
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found github_sync.table_mapping := wanted;
BEGIN
	found.key := github_sync.find_key(comments, (wanted.key).name);
	found.task_id := github_sync.find_task_id_column(comments, (wanted.task_id).name);
	found.body := github_sync.find_text_column(comments, (wanted.body).name,
		CASE WHEN by_convention THEN '{markdown,body,content}'::name[] ELSE '{}'::name[] END, 'body'::text);
	found.modified_at := github_sync.find_modified_at_column(
		comments, (wanted.modified_at).name, wanted.modified_at_unit, by_convention);
	found.sync_when := github_sync.find_expression(
		comments, wanted.sync_when, (found.key).name, 'sync_when'::text, '{boolean}'::text[]);
	found.deleted_when := github_sync.find_expression(
		comments, wanted.deleted_when, (found.key).name, 'deleted_when'::text, '{boolean}'::text[]);
	RETURN found;
END
$$;
COMMENT ON FUNCTION github_sync.find_comment_columns(regclass, github_sync.table_mapping, boolean) IS
'private: the columns of a table of comments by the names that are wanted, one without a name by convention';

CREATE FUNCTION github_sync.attach_comments(
	comments regclass,
	id_column name DEFAULT NULL,
	task_id_column name DEFAULT NULL,
	body_column name DEFAULT NULL,
	modified_at_column name DEFAULT NULL,
	modified_at_time_zone text DEFAULT 'UTC',
	insert_values regprocedure DEFAULT NULL,
	sync_when text DEFAULT NULL,
	deleted_when text DEFAULT NULL,
	modified_at_unit text DEFAULT NULL,
	apply_values regprocedure DEFAULT NULL,
	byline regprocedure DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.table_owner(comments);
	wanted github_sync.table_mapping;
	was_captured boolean;
BEGIN
	PERFORM github_sync.check_may_attach('comment'::text, comments, owner);
	PERFORM github_sync.check_tasks_are_attached();
	wanted.key.name := id_column;
	wanted.task_id.name := task_id_column;
	wanted.body.name := body_column;
	wanted.modified_at.name := modified_at_column;
	wanted.modified_at_time_zone := modified_at_time_zone;
	wanted.modified_at_unit := modified_at_unit;
	wanted.insert_values := insert_values;
	wanted.apply_values := apply_values;
	wanted.byline := byline;
	wanted.sync_when.given := sync_when;
	wanted.deleted_when.given := deleted_when;
	PERFORM github_sync.require_filters('comment'::text, comments, wanted);
	was_captured := github_sync.was_captured('comment'::text);
	PERFORM github_sync.make_attached('comment'::text, comments, owner,
		github_sync.find_comment_columns(
			comments, github_sync.with_attached_columns('comment'::text, comments, wanted), true),
		NULL::jsonb);
	PERFORM github_sync.say_that_capture_is_off('comment'::text) WHERE was_captured;
END
$$;
COMMENT ON FUNCTION github_sync.attach_comments(
	regclass, name, name, name, name, text, regprocedure, text, text, text, regprocedure, regprocedure) IS
'public: attaches the application''s table of comments; columns that are not named are found by convention. '
'sync_when, deleted_when, modified_at_unit, apply_values, byline: as of attach_tasks';

CREATE FUNCTION github_sync.capture_comment_changes(enabled boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.capture_changes('comment'::text, enabled) $$;
COMMENT ON FUNCTION github_sync.capture_comment_changes(boolean) IS
'public: from now on inserts and changes of comments enqueue outbound transactions (or no longer do)';

CREATE FUNCTION github_sync.detach_comments(drop_data boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	/* The views are made again, over the tasks alone. */
	PERFORM github_sync.require_create();
	PERFORM github_sync.detach('comment'::text, drop_data);
END
$$;
COMMENT ON FUNCTION github_sync.detach_comments(boolean) IS
'public: stops the sync of comments and drops its triggers and functions; '
'the queue and its history stay unless drop_data, which forgets the arguments of attach_comments as well, filters too';
