/*
 * Attaching the application's comments.
 */

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
	owner_of_tasks name;
	key record;
	task record;
	body record;
	modified record;
	problems text[];
	qualified text := (SELECT format('%I.%I', n.nspname, c.relname)
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = comments);
	row_fields text;
BEGIN
	PERFORM github_sync.require_attached();
	PERFORM github_sync.check_not_attached_elsewhere('comment', comments);
	SELECT pg_get_userbyid(c.relowner) INTO owner_of_tasks
	FROM pg_class AS c WHERE c.oid = 'github_sync.attached_tables'::regclass;
	IF owner <> owner_of_tasks THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('table %s belongs to %s, the tasks to %s: one worker serves both, as the owner', comments, owner, owner_of_tasks),
			HINT = format('ALTER TABLE %s OWNER TO %I', comments, owner_of_tasks);
	END IF;
	SELECT * INTO key FROM github_sync.find_key(comments, id_column);
	SELECT * INTO task FROM github_sync.find_column(comments, task_id_column,
		'{task_id}', '{integer,bigint,uuid,text,character varying}', 'task');
	SELECT * INTO body FROM github_sync.find_column(comments, body_column,
		'{markdown,body,content}', '{text,character varying,character}', 'body');
	SELECT * INTO modified FROM github_sync.find_column(comments, modified_at_column,
		'{modified_at,updated_at}', '{timestamp with time zone,timestamp without time zone}', 'time of the last change');
	problems := array_remove(ARRAY[key.problem, task.problem, body.problem, modified.problem], NULL);
	IF cardinality(problems) > 0 THEN
		PERFORM github_sync.raise_unfit_table(comments, problems);
	END IF;

	row_fields := format('ARRAY[@row@.%I::text]', body.name);
	PERFORM github_sync.make_attached('comment', comments, owner,
		github_sync.dictionary_of_table(qualified, key.name, key.type, row_fields,
			modified.name, modified.type, modified_at_time_zone, insert_values)
		|| jsonb_build_object(
		'task_id', quote_ident(task.name),
		'same_place', 'true',
		'github_repo_id', format('(SELECT i.github_repo_id FROM github_sync.github_issues AS i WHERE i.task_id = r.%I)', task.name),
		'parent_issue_id', format('(SELECT i.id FROM github_sync.github_issues AS i WHERE i.task_id = r.%I)', task.name),
		'assignments', concat_ws(', ',
			github_sync.field_assignment(body.name, body.type, 1),
			github_sync.modified_at_assignment(modified.name, modified.type, modified_at_time_zone)),
		'mapped_columns', 'jsonb_build_object(' || concat_ws(', ',
			format('%L, (SELECT i.task_id FROM github_sync.github_issues AS i WHERE i.id = parent_issue_id)', task.name),
			format('%L, new_fields[1]', body.name),
			format('%L, %s', modified.name, github_sync.local_time('new_modified_at', modified.type, modified_at_time_zone))) || ')'),
		jsonb_build_object('id', key.name, 'task_id', task.name, 'body', body.name, 'modified_at', modified.name,
			'captured_columns', quote_ident(body.name), 'key_type', key.type));
END
$$;
COMMENT ON FUNCTION github_sync.attach_comments(regclass, name, name, name, name, text, regprocedure) IS
'public: attaches the application''s table of comments; columns that are not named are found by convention';

CREATE FUNCTION github_sync.capture_comment_changes(enabled boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.capture_changes('comment', enabled) $$;
COMMENT ON FUNCTION github_sync.capture_comment_changes(boolean) IS
'public: from now on inserts and changes of comments enqueue outbound transactions (or no longer do)';

CREATE FUNCTION github_sync.detach_comments(drop_data boolean DEFAULT false) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.detach('comment', drop_data) $$;
COMMENT ON FUNCTION github_sync.detach_comments(boolean) IS
'public: stops the sync of comments and drops its triggers, functions and views; the queue and its history stay unless drop_data';
