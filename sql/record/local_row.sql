/*
 * The application's table as the engine sees it: the only functions that name
 * its columns.  Words in double braces are filled in by attach_@records@; a
 * parameter goes before a column of its name.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_local_row(key {{key_type}}) RETURNS github_sync.local_row
LANGUAGE plpgsql STABLE AS $$
/* Expressions of the application name its columns: none of them is a variable of ours. */
#variable_conflict use_column
DECLARE
	here github_sync.local_row;
BEGIN
	SELECT true, {{local_fields}}, {{modified_at}}, {{github_repo_id}}, {{parent_issue_id}}, {{parent_key}},
		{{is_wanted}}, {{is_deleted}} INTO here
	FROM {{table}} AS r WHERE r.{{id}} = $1;
	here.is_there := coalesce(here.is_there, false);
	RETURN here;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_local_row({{key_type}}) IS
'private: the mapped fields of a local row in the order of the record type, state as open or closed';

CREATE OR REPLACE FUNCTION github_sync.@record@_has_filter() RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN {{has_filter}};
COMMENT ON FUNCTION github_sync.@record@_has_filter() IS
'private: the table was attached with sync_when or deleted_when, so that rows of it may not be synced';

CREATE OR REPLACE FUNCTION github_sync.@record@_table_fits() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN github_sync.table_has_columns({{name_texts}}, {{columns_text}});
END
$$;
COMMENT ON FUNCTION github_sync.@record@_table_fits() IS
'private: whether local rows can be read: false after a migration of the application that was not followed, or without '
'a right';

CREATE OR REPLACE FUNCTION github_sync.@record@_require_table() RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF NOT github_sync.@record@_table_fits() THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'the @records@ cannot be read by the columns that were attached',
			HINT = 'SELECT * FROM github_sync.sync_problems says what is wrong with them.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_require_table() IS
'private: a clear error where local rows cannot be read';

/* GitHub says NULL of an empty text, and of one that was never written. */
CREATE OR REPLACE FUNCTION github_sync.@record@_storable_fields(INOUT fields text[])
LANGUAGE plpgsql STABLE AS $$
DECLARE
	body CONSTANT integer := github_sync.@record@_body_position();
BEGIN
	IF fields[body] IS NULL AND github_sync.column_refuses_null({{table_text}}::regclass, {{body_text}}) THEN
		fields[body] := '';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_storable_fields(text[]) IS
'private: the mapped fields as the application''s table can hold them: an empty text where GitHub has none and the '
'column is NOT NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_update_local_row(
	key {{key_type}}, new_fields text[], chosen boolean[], new_modified_at timestamptz, further jsonb)
RETURNS github_sync.local_row
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	path_of_ours text;
	named record;
BEGIN
	new_fields := github_sync.@record@_storable_fields(new_fields);
--@task	/* Opened again, it gets back what it held. */
--@task	IF {{has_state}} AND chosen[github_sync.task_state_position()] THEN
--@task		UPDATE github_sync.github_issues AS i SET local_open_value = {{state_text}} FROM {{table}} AS r
--@task		WHERE i.task_id = key AND r.{{id}} = key AND ({{local_fields}})[github_sync.task_state_position()] = 'open'
--@task			AND i.local_open_value IS DISTINCT FROM {{state_text}};
--@task	END IF;
	path_of_ours := github_sync.enter_application('@record@:' || key::text);
	IF further IS NULL THEN
		UPDATE {{table}} AS r SET {{assignments}} WHERE r.{{id}} = key;
	ELSE
		named := github_sync.columns_of_values({{table_text}}::regclass, further);
		EXECUTE format('UPDATE %s AS r SET %s, %s FROM jsonb_to_record($5) AS given (%s) WHERE r.%I = $1',
			{{table_text}}, {{assignments_text}}, named.assignments, named.columns, {{id_text}})
		USING key, new_fields, chosen, new_modified_at, further;
	END IF;
	PERFORM github_sync.leave_application(path_of_ours);
	/* Not RETURNING: AFTER and deferred triggers may have changed the row since. */
	RETURN github_sync.@record@_local_row(key);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_update_local_row({{key_type}}, text[], boolean[], timestamptz, jsonb) IS
'private: writes the chosen fields (and a later modified_at, NULL: leave it; and further columns) and returns what the '
'row holds afterwards, all its triggers run; is_there is false where one of them deleted it';

CREATE OR REPLACE FUNCTION github_sync.@record@_further_values(
	key {{key_type}}, repo github_sync.github_repos, resource jsonb)
RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	path_of_ours text := github_sync.enter_application('@record@:' || key::text);
	further jsonb := nullif({{apply_values}}, '{}');
	named record;
	differs boolean;
BEGIN
	PERFORM github_sync.leave_application(path_of_ours);
	IF further IS NOT NULL THEN
		named := github_sync.columns_of_values({{table_text}}::regclass, further);
		EXECUTE format('SELECT ROW(%s) IS DISTINCT FROM ROW(%s) FROM %s AS r, jsonb_to_record($2) AS given (%s)
			WHERE r.%I = $1', named.present, named.given_text, {{table_text}}, named.columns, {{id_text}})
		INTO differs USING key, further;
	END IF;
	RETURN CASE WHEN differs THEN further END;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_further_values({{key_type}}, github_sync.github_repos, jsonb) IS
'private: what apply_values gives for a row that there is, where the row holds something else; NULL: nothing is to be '
'written';

CREATE OR REPLACE FUNCTION github_sync.@record@_byline_of(key {{key_type}}) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	path_of_ours text := github_sync.enter_application('@record@:' || key::text);
	line text := {{byline}};
BEGIN
	PERFORM github_sync.leave_application(path_of_ours);
	RETURN line;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_byline_of({{key_type}}) IS
'private: the first line of what is sent of a row, as the application''s function says it; NULL: none';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_local_row(
	repo github_sync.github_repos, new_fields text[], new_modified_at timestamptz, resource jsonb,
	parent_issue_id bigint,
	OUT key {{key_type}}, OUT written text[])
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	path_of_ours text;
	columns jsonb;
	names text;
	types text;
	here github_sync.local_row;
BEGIN
	new_fields := github_sync.@record@_storable_fields(new_fields);
	path_of_ours := github_sync.enter_application('@record@:new');
	columns := {{mapped_columns}} || repo.@record@_defaults
		|| coalesce({{apply_values}}, '{}') || coalesce({{insert_values}}, '{}');
	/* Only these columns: an absent one may be of a type that refuses NULL. */
	SELECT string_agg(quote_ident(k.name), ', '),
		string_agg(quote_ident(k.name) || ' ' || format_type(a.atttypid, a.atttypmod), ', ')
	INTO names, types
	FROM jsonb_object_keys(columns) AS k (name)
	LEFT JOIN pg_attribute AS a ON a.attrelid = {{table_text}}::regclass AND a.attname = k.name AND a.attnum > 0;
	EXECUTE 'INSERT INTO ' || {{table_text}} || ' AS r (' || names || ') SELECT ' || names
		|| ' FROM jsonb_to_record($1) AS given (' || types || ') RETURNING ' || {{returning_text}}
	INTO key USING columns;
	PERFORM github_sync.leave_application(path_of_ours);
	here := github_sync.@record@_local_row(key);
	key := CASE WHEN here.is_there THEN key END;
	written := here.fields;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_local_row(
	github_sync.github_repos, text[], timestamptz, jsonb, bigint) IS
'private: makes a local row for a resource of GitHub''s: mapped columns, then the repository''s defaults, then '
'apply_values and insert_values on top. written is what the row holds afterwards, all its triggers run; key is NULL '
'where one of them did not let it be, or deleted it';

CREATE OR REPLACE FUNCTION github_sync.@record@_runs_code_of_application() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid
		WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND p.pronamespace <> 'github_sync'::regnamespace
			AND g.tgrelid IN ({{table_text}}::regclass, 'github_sync.@resources@'::regclass,
				'github_sync.@record@_sync_transactions'::regclass))
		OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = {{table_text}}::regclass)
		OR EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class IN ({{table_text}}::regclass,
			'github_sync.@resources@'::regclass, 'github_sync.@record@_sync_transactions'::regclass));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_runs_code_of_application() IS
'private: writing a local row, or what we keep of it, fires triggers or rules of the application: what one row sets '
'off must not reach the next one, and so each is written by itself. A table with partitions may have some there';
