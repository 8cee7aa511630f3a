/*
 * Attaching the application's comments, capture and the way out.
 */

CREATE FUNCTION github_sync.check_same_owner(comments regclass, owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner_of_tasks name := github_sync.queue_owner();
BEGIN
	IF owner <> owner_of_tasks THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('table %s belongs to %s, the tasks to %s: one worker serves both, as the owner', comments, owner, owner_of_tasks),
			HINT = format('ALTER TABLE %s OWNER TO %I', comments, owner_of_tasks);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_same_owner(regclass, name) IS
'private: comments belong to the owner of the tasks, or the statement that mends it';

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

CREATE FUNCTION github_sync.attach_comments(
	comments regclass,
	id_column name DEFAULT NULL,
	task_id_column name DEFAULT NULL,
	body_column name DEFAULT NULL,
	modified_at_column name DEFAULT NULL,
	modified_at_time_zone text DEFAULT 'UTC',
	insert_values regprocedure DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.table_owner(comments);
	key record;
	task record;
	body record;
	modified record;
	problems text[];
	parent text;
BEGIN
	PERFORM github_sync.check_tasks_are_attached();
	PERFORM github_sync.check_same_owner(comments, owner);
	PERFORM github_sync.check_may_attach('comment'::text, comments, owner);
	SELECT * INTO key FROM github_sync.find_key(comments, id_column);
	SELECT * INTO task FROM github_sync.find_column(comments, task_id_column,
		'{task_id}'::name[], '{integer,bigint,uuid,text,character varying}'::text[], 'task'::text);
	SELECT * INTO body FROM github_sync.find_column(comments, body_column,
		'{markdown,body,content}'::name[], '{text,character varying,character}'::text[], 'body'::text);
	SELECT * INTO modified FROM github_sync.find_column(comments, modified_at_column,
		'{modified_at,updated_at}'::name[], '{timestamp with time zone,timestamp without time zone}'::text[],
		'time of the last change'::text);
	problems := array_remove(ARRAY[key.problem, coalesce(task.problem, github_sync.task_key_problem(task.name, task.type)),
		body.problem, modified.problem,
		github_sync.time_zone_problem(modified_at_time_zone),
		github_sync.insert_values_problem(insert_values, owner)], NULL);
	IF cardinality(problems) > 0 THEN
		PERFORM github_sync.raise_unfit_table(comments, problems);
	END IF;

	parent := format('FROM github_sync.github_issues AS i WHERE i.task_id = r.%I', task.name);
	PERFORM github_sync.make_attached('comment'::text, comments, owner,
		github_sync.dictionary_of_table(comments, key.name, key.type,
			github_sync.comment_fields('r'::text, body.name),
			github_sync.comment_fields('OLD'::text, body.name),
			github_sync.comment_fields('NEW'::text, body.name),
			modified.name, modified.type, modified_at_time_zone, insert_values)
		|| jsonb_build_object(
		'task_id', quote_ident(task.name),
		'same_place', 'true',
		'github_repo_id', format('(SELECT i.github_repo_id %s)', parent),
		'parent_issue_id', format('(SELECT i.id %s)', parent),
		'assignments', concat_ws(', ',
			github_sync.field_assignment(body.name, 1),
			github_sync.modified_at_assignment(modified.name, modified.type, modified_at_time_zone)),
		'mapped_columns', format('jsonb_build_object(%s)', concat_ws(', ',
			format('%L, (SELECT i.task_id FROM github_sync.github_issues AS i WHERE i.id = parent_issue_id)', task.name),
			format('%L, new_fields[1]', body.name),
			format('%L, %s', modified.name, github_sync.local_time('new_modified_at'::text, modified.type, modified_at_time_zone))))),
		jsonb_build_object('id', key.name, 'task_id', task.name, 'body', body.name, 'modified_at', modified.name,
			'captured_columns', ARRAY[body.name], 'key_type', key.type));
END
$$;
COMMENT ON FUNCTION github_sync.attach_comments(regclass, name, name, name, name, text, regprocedure) IS
'public: attaches the application''s table of comments; columns that are not named are found by convention';

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
'public: stops the sync of comments and drops its triggers and functions; the queue and its history stay unless drop_data';
