/*
 * Attaching the application's tasks.
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
	qualified text := (SELECT format('%I.%I', n.nspname, c.relname)
		FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = tasks);
	row_fields text;
	dictionary jsonb;
BEGIN
	PERFORM github_sync.check_not_attached_elsewhere('task', tasks);
	SELECT * INTO key FROM github_sync.find_key(tasks, id_column);
	SELECT * INTO title FROM github_sync.find_column(tasks, title_column,
		'{title,name,subject}', '{text,character varying,character}', 'title');
	SELECT * INTO body FROM github_sync.find_column(tasks, body_column,
		'{markdown,body,description,content}', '{text,character varying,character}', 'body');
	SELECT * INTO state FROM github_sync.find_column(tasks, state_column,
		'{status,state}', '{text,character varying,character,boolean,enum}', 'state');
	SELECT * INTO modified FROM github_sync.find_column(tasks, modified_at_column,
		'{modified_at,updated_at}', '{timestamp with time zone,timestamp without time zone}', 'time of the last change');
	SELECT * INTO repo FROM github_sync.find_column(tasks, github_repo_column,
		'{}', '{bigint,integer}', 'repository');
	problems := array_remove(ARRAY[key.problem, title.problem, body.problem, modified.problem,
		CASE WHEN state_column IS NOT NULL OR state.name IS NOT NULL THEN
			coalesce(state.problem, github_sync.state_problem(tasks, state.name, open_value, closed_value)) END,
		CASE WHEN github_repo_column IS NOT NULL THEN repo.problem END], NULL);
	IF cardinality(problems) > 0 THEN
		PERFORM github_sync.raise_unfit_table(tasks, problems);
	END IF;

	row_fields := format('ARRAY[@row@.%I::text, @row@.%I::text, %s]', title.name, body.name,
		CASE WHEN state.name IS NULL THEN 'NULL'
			ELSE format('CASE WHEN @row@.%I = %L::%s THEN ''closed'' ELSE ''open'' END', state.name, closed_value, state.type) END);
	dictionary := github_sync.dictionary_of_table(qualified, key.name, key.type, row_fields,
			modified.name, modified.type, modified_at_time_zone, insert_values)
		|| jsonb_build_object(
		'github_repo_id', CASE WHEN github_repo_column IS NULL THEN 'NULL::bigint' ELSE format('r.%I::bigint', repo.name) END,
		'same_place', CASE WHEN github_repo_column IS NULL THEN 'true'
			ELSE format('OLD.%1$I IS NOT DISTINCT FROM NEW.%1$I', repo.name) END,
		'parent_issue_id', 'NULL::bigint',
		'captured_columns', concat_ws(', ', quote_ident(title.name), quote_ident(body.name), quote_ident(state.name),
			CASE WHEN github_repo_column IS NOT NULL THEN quote_ident(repo.name) END),
		'assignments', concat_ws(', ',
			github_sync.field_assignment(title.name, title.type, 1),
			github_sync.field_assignment(body.name, body.type, 2),
			CASE WHEN state.name IS NOT NULL THEN
			format('%I = CASE WHEN chosen[3] AND %s <> new_fields[3] THEN CASE new_fields[3] WHEN ''closed'' THEN %L ELSE %L END::%s ELSE r.%I END',
				state.name, format('CASE WHEN r.%I = %L::%s THEN ''closed'' ELSE ''open'' END', state.name, closed_value, state.type),
				closed_value, open_value, state.type, state.name) END,
			github_sync.modified_at_assignment(modified.name, modified.type, modified_at_time_zone)),
		'mapped_columns', 'jsonb_build_object(' || concat_ws(', ',
			format('%L, new_fields[1]', title.name),
			format('%L, new_fields[2]', body.name),
			CASE WHEN state.name IS NOT NULL THEN
				format('%L, CASE new_fields[3] WHEN ''closed'' THEN %L ELSE %L END', state.name, closed_value, open_value) END,
			format('%L, %s', modified.name, github_sync.local_time('new_modified_at', modified.type, modified_at_time_zone)),
			CASE WHEN github_repo_column IS NOT NULL THEN format('%L, repo.id', repo.name) END) || ')');
	PERFORM github_sync.make_attached('task', tasks, owner, dictionary,
		jsonb_build_object('id', key.name, 'title', title.name, 'body', body.name, 'state', state.name,
			'modified_at', modified.name, 'github_repo', CASE WHEN github_repo_column IS NOT NULL THEN repo.name END,
			'captured_columns', dictionary ->> 'captured_columns', 'key_type', key.type));
END
$$;
COMMENT ON FUNCTION github_sync.attach_tasks(regclass, name, name, name, name, text, text, name, text, name, regprocedure) IS
'public: attaches the application''s table of tasks; columns that are not named are found by convention. insert_values: a function (github_repo_id bigint, resource jsonb) returns jsonb of further column values for rows created from GitHub';

CREATE FUNCTION github_sync.local_time(expression text, type text, time_zone text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN type LIKE 'timestamp%without time zone' THEN format('(%s AT TIME ZONE %L)', expression, time_zone) ELSE expression END $$;
COMMENT ON FUNCTION github_sync.local_time(text, text, text) IS
'private: an expression turned from timestamptz to the column''s type, or back; the session''s TimeZone is never used';

CREATE FUNCTION github_sync.field_assignment(column_name name, type text, field integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('%1$I = CASE WHEN chosen[%2$s] THEN new_fields[%2$s]::%3$s ELSE r.%1$I END', column_name, field, type) $$;
COMMENT ON FUNCTION github_sync.field_assignment(name, text, integer) IS
'private: writes a field where it was chosen';

CREATE FUNCTION github_sync.modified_at_assignment(column_name name, type text, time_zone text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('%1$I = CASE WHEN new_modified_at IS NULL THEN r.%1$I ELSE greatest(r.%1$I, %2$s) END',
	column_name, github_sync.local_time('new_modified_at', type, time_zone)) $$;
COMMENT ON FUNCTION github_sync.modified_at_assignment(name, text, text) IS
'private: never moves the local time of change backwards';

CREATE FUNCTION github_sync.dictionary_of_table(
	qualified text, key_name name, key_type text, row_fields text,
	modified_name name, modified_type text, time_zone text, insert_values regprocedure)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object(
		'table', qualified,
		'table_text', quote_literal(qualified),
		'id', quote_ident(key_name),
		'key_type', key_type,
		'local_fields', replace(row_fields, '@row@', 'r'),
		'old_fields', replace(row_fields, '@row@', 'OLD'),
		'new_fields', replace(row_fields, '@row@', 'NEW'),
		'returning_text', quote_literal(format('r.%I, %s', key_name, replace(row_fields, '@row@', 'r'))),
		'modified_at', github_sync.local_time(format('r.%I', modified_name), modified_type, time_zone),
		'insert_values', coalesce((SELECT format('%I.%I(repo.id, resource)', n.nspname, p.proname)
			FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = insert_values), 'NULL::jsonb'))
$$;
COMMENT ON FUNCTION github_sync.dictionary_of_table(text, name, text, text, name, text, text, regprocedure) IS
'private: what both record types fill into the definitions; row_fields names the row @row@';

CREATE FUNCTION github_sync.require_attached() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass('github_sync.attached_tables') IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no tasks table is attached',
			HINT = 'SELECT github_sync.attach_tasks(...) first.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_attached() IS
'private: a clear error where nothing was ever attached';

CREATE FUNCTION github_sync.capture_changes(record_type text, enabled boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here record;
	trigger_name text := format('github_sync_capture_%s', record_type);
BEGIN
	PERFORM github_sync.require_attached();
	SELECT format('%I.%I', a.table_schema, a.table_name) AS application_table, a.mapping ->> 'captured_columns' AS columns INTO here
	FROM github_sync.attached_tables AS a WHERE a.record_type = capture_changes.record_type;
	IF NOT FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('no %ss table is attached', record_type),
			HINT = format('SELECT github_sync.attach_%ss(...) first.', record_type);
	END IF;
	IF EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = here.application_table::regclass AND t.tgname = trigger_name) THEN
		EXECUTE format('DROP TRIGGER %I ON %s', trigger_name, here.application_table);
	END IF;
	IF enabled THEN
		EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OF %s ON %s FOR EACH ROW EXECUTE FUNCTION github_sync.%I()',
			trigger_name, here.columns, here.application_table, record_type || '_capture');
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.capture_changes(text, boolean) IS
'private: makes or drops the capture trigger of a record type';

CREATE FUNCTION github_sync.capture_task_changes(enabled boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT github_sync.capture_changes('task', enabled) $$;
COMMENT ON FUNCTION github_sync.capture_task_changes(boolean) IS
'public: from now on inserts and changes of mapped columns of tasks enqueue outbound transactions (or no longer do)';

CREATE FUNCTION github_sync.detach(record_type text, drop_data boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
	/* Objects of comments say so in their names; all others belong to tasks. */
	pattern text := CASE record_type WHEN 'comment' THEN 'comment' ELSE '' END;
BEGIN
	FOR command IN
		SELECT 'DROP VIEW ' || format('%I.%I', 'github_sync', c.relname) FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
		UNION ALL
		SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
		WHERE NOT t.tgisinternal AND p.pronamespace = 'github_sync'::regnamespace
			AND (t.tgname ~ pattern OR t.tgrelid::regclass::text ~ pattern)
		UNION ALL
		SELECT 'DROP FUNCTION ' || p.oid::regprocedure FROM pg_proc AS p
		WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proname ~ pattern
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		EXECUTE command;
	END LOOP;
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables', format(
		'DELETE FROM github_sync.attached_tables WHERE record_type = %L', record_type));
	FOR command IN
		SELECT string_agg(format('%I.%I', 'github_sync', c.relname), ', ') FROM pg_class AS c
		WHERE drop_data AND c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r' AND c.relname ~ pattern
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		HAVING count(*) > 0
	LOOP
		EXECUTE 'DROP TABLE ' || command;
	END LOOP;
	IF record_type = 'comment' THEN
		PERFORM github_sync.make_views();
		PERFORM github_sync.hand_over((SELECT pg_get_userbyid(c.relowner)
			FROM pg_class AS c WHERE c.oid = 'github_sync.attached_tables'::regclass));
	END IF;
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.detach(text, boolean) IS
'private: drops what attach made of a record type; the tables with their rows only on demand';

CREATE FUNCTION github_sync.detach_tasks(drop_data boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_attached();
	IF EXISTS (SELECT FROM github_sync.attached_tables AS a WHERE a.record_type = 'comment') THEN
		RAISE object_in_use USING
			MESSAGE = 'comments are attached: they need the tasks',
			HINT = 'SELECT github_sync.detach_comments() first.';
	END IF;
	PERFORM github_sync.detach('task', drop_data);
END
$$;
COMMENT ON FUNCTION github_sync.detach_tasks(boolean) IS
'public: stops the sync of tasks and drops its triggers, functions and views; the queue and its history stay unless drop_data';
