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

CREATE OR REPLACE FUNCTION github_sync.@record@_local_rows(keys {{key_type}}[]) RETURNS github_sync.local_row[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
/* Expressions of the application name its columns: none of them is a variable of ours. */
#variable_conflict use_column
BEGIN
	RETURN ARRAY(SELECT (SELECT ROW(true, {{local_fields}}, {{modified_at}}, {{github_repo_id}}, {{parent_issue_id}},
				{{parent_key}}, {{is_wanted}}, {{is_deleted}})::github_sync.local_row
			FROM {{table}} AS r WHERE r.{{id}} = k.key)
		FROM unnest(keys) WITH ORDINALITY AS k (key, place) ORDER BY k.place);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_local_rows({{key_type}}[]) IS
'private: the same of several rows, in the order of their keys; NULL: there is none';

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
--@task	/* No number says that there is none: a column that refuses NULL refuses it by its own name. */
--@task	IF {{milestone_text}} IS NOT NULL AND fields[github_sync.task_milestone_position()] = ''
--@task		AND NOT ({{milestone_is_title}}
--@task			AND github_sync.column_refuses_null({{table_text}}::regclass, {{milestone_text}})) THEN
--@task		fields[github_sync.task_milestone_position()] := NULL;
--@task	END IF;
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
	further jsonb := nullif(
		github_sync.sane_values('apply_values', {{apply_values}}, {{written_text}}), '{}');
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
	/* As many characters as GitHub takes of all of the body. */
	most_octets CONSTANT integer := 4 * 65536;
BEGIN
	PERFORM github_sync.leave_application(path_of_ours);
	PERFORM github_sync.require_sane_size('byline', octet_length(line), most_octets);
	RETURN line;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_byline_of({{key_type}}) IS
'private: the first line of what is sent of a row, as the application''s function says it; NULL: none';

/* Only what tells one row from another after all triggers: where it belongs, and what it holds. */
CREATE OR REPLACE FUNCTION github_sync.@record@_made_rows(keys {{key_type}}[]) RETURNS github_sync.local_row[]
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
/* Expressions of the application name its columns: none of them is a variable of ours. */
#variable_conflict use_column
BEGIN
	RETURN ARRAY(SELECT (
--@task			SELECT ROW(true, {{local_fields}}, NULL, {{github_repo_id}}, NULL, NULL,
--@task				{{is_wanted}}, {{is_deleted}})::github_sync.local_row
--@comment			SELECT ROW(true, {{local_fields}}, NULL, NULL, NULL, NULL,
--@comment				{{is_wanted}}, {{is_deleted}})::github_sync.local_row
			FROM {{table}} AS r WHERE r.{{id}} = k.key)
		FROM unnest(keys) WITH ORDINALITY AS k (key, place) ORDER BY k.place);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_made_rows({{key_type}}[]) IS
'private: local rows that were just made, as they are when all their triggers have run, in the order of their keys; '
'NULL: there is none';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_command(columns jsonb, is_one boolean) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* Only these columns: an absent one may be of a type that refuses NULL. */
	RETURN (SELECT 'INSERT INTO ' || {{table_text}} || ' AS r (' || string_agg(quote_ident(k.name), ', ') || ') SELECT '
			|| string_agg('given.' || quote_ident(k.name), ', ') || ' FROM '
			|| CASE WHEN is_one THEN 'pg_catalog.jsonb_to_record($1[1])' ELSE
				'pg_catalog.unnest($1) WITH ORDINALITY AS u (columns, place), pg_catalog.jsonb_to_record(u.columns)' END
			|| ' AS given (' || string_agg(quote_ident(k.name) || ' ' || format_type(a.atttypid, a.atttypmod), ', ')
			|| ')' || CASE WHEN is_one THEN '' ELSE ' ORDER BY u.place' END || ' RETURNING ' || {{returning_text}}
		FROM jsonb_object_keys(columns) AS k (name)
		LEFT JOIN pg_attribute AS a ON a.attrelid = {{table_text}}::regclass AND a.attname = k.name AND a.attnum > 0);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_command(jsonb, boolean) IS
'private: inserts the local rows of $1 (jsonb[]), all of which have the columns of this one, in their order; is_one: '
'there is one';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_values_see_rows() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN coalesce((SELECT bool_or(p.provolatile = 'v') FROM pg_proc AS p WHERE p.oid IN (
		to_regprocedure({{insert_values_function}}), to_regprocedure({{apply_values_function}}))), false);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_values_see_rows() IS
'private: insert_values or apply_values may answer by the rows that were made before (it is VOLATILE), so that each is '
'made before the next one is asked for';

/*
 * The next ones run with the application's search_path, where there may be a
 * function that fits better: all names have a schema.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_resource_for_application(json text, fields text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN pg_catalog.jsonb_set_lax(json::jsonb, '{body}',
	pg_catalog.to_jsonb(fields[github_sync.@record@_body_position()]));
COMMENT ON FUNCTION github_sync.@record@_resource_for_application(text, text[]) IS
'private: a resource as insert_values and apply_values are given it: with the body that rows get, without byline, '
'creation key and escapes; fields are the mapped ones of it';

CREATE OR REPLACE FUNCTION github_sync.@record@_columns_of_rows(
	repo github_sync.github_repos, new_rows github_sync.new_row[])
RETURNS jsonb[]
LANGUAGE plpgsql AS $$
BEGIN
	RETURN ARRAY(SELECT {{mapped_columns}} || repo.@record@_defaults
			|| coalesce(github_sync.sane_values('apply_values', {{apply_values}}, {{written_text}}), '{}')
			|| coalesce(github_sync.sane_values('insert_values', {{insert_values}}, '{}'), '{}')
		FROM (SELECT u.place, u.fields AS new_fields, u.modified_at AS new_modified_at, u.parent_issue_id,
				github_sync.@record@_resource_for_application(u.json, u.fields) AS resource
			FROM pg_catalog.unnest(new_rows) WITH ORDINALITY AS u (fields, modified_at, parent_issue_id, json, place))
			AS given
		ORDER BY given.place);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_columns_of_rows(github_sync.github_repos, github_sync.new_row[]) IS
'private: the columns of rows that are made for resources of GitHub''s, by name: mapped columns, then the '
'repository''s defaults, then apply_values and insert_values on top';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_columns(columns jsonb[]) RETURNS {{key_type}}[]
LANGUAGE plpgsql AS $$
DECLARE
	is_one CONSTANT boolean := pg_catalog.cardinality(columns) = 1;
	command CONSTANT text := github_sync.@record@_insert_command(columns[1], is_one);
	made {{key_type}};
	keys {{key_type}}[] := '{}';
BEGIN
	IF is_one THEN
		/* Not by the loop, which cannot be where the application's rules make several statements of it. */
		EXECUTE command INTO made USING columns;
		RETURN ARRAY[made];
	END IF;
	FOR made IN EXECUTE command USING columns LOOP
		keys := pg_catalog.array_append(keys, made);
	END LOOP;
	RETURN keys;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_columns(jsonb[]) IS
'private: inserts local rows that all have the same columns; returns their keys, fewer where a trigger of the '
'application''s did not let one be';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_as_set(
	repo github_sync.github_repos, new_rows github_sync.new_row[])
RETURNS {{key_type}}[]
LANGUAGE plpgsql AS $$
DECLARE
	alike record;
	made {{key_type}}[];
	keys {{key_type}}[] := '{}';
BEGIN
	FOR alike IN
		SELECT pg_catalog.array_agg(n.columns ORDER BY n.place) AS columns,
			pg_catalog.array_agg(n.place ORDER BY n.place) AS places
		FROM pg_catalog.unnest(github_sync.@record@_columns_of_rows(repo, new_rows)) WITH ORDINALITY
			AS n (columns, place)
		GROUP BY ARRAY(SELECT pg_catalog.jsonb_object_keys(n.columns))
	LOOP
		made := github_sync.@record@_insert_columns(alike.columns);
		IF pg_catalog.cardinality(made) <> pg_catalog.cardinality(alike.places) THEN
			RAISE cardinality_violation USING MESSAGE = 'a trigger did not let one of several rows be';
		END IF;
		FOR i IN 1 .. pg_catalog.cardinality(made) LOOP
			keys[alike.places[i]] := made[i];
		END LOOP;
	END LOOP;
	RETURN keys;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_as_set(github_sync.github_repos, github_sync.new_row[]) IS
'private: inserts local rows by as few statements as their columns allow; returns the key of each. 21000: a trigger of '
'the application''s did not let one of them be, and nobody knows which';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_one_by_one(
	repo github_sync.github_repos, new_rows github_sync.new_row[])
RETURNS {{key_type}}[]
LANGUAGE plpgsql AS $$
DECLARE
	keys {{key_type}}[] := '{}';
BEGIN
	FOR i IN 1 .. pg_catalog.cardinality(new_rows) LOOP
		keys[i] := (github_sync.@record@_insert_columns(github_sync.@record@_columns_of_rows(repo, new_rows[i:i])))[1];
	END LOOP;
	RETURN keys;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_one_by_one(github_sync.github_repos, github_sync.new_row[]) IS
'private: inserts local rows, each by a statement of its own; returns the key of each, NULL where a trigger of the '
'application''s did not let it be';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_local_rows(
	repo github_sync.github_repos, new_rows github_sync.new_row[],
	OUT keys {{key_type}}[], OUT made github_sync.local_row[])
LANGUAGE plpgsql AS $$
DECLARE
	goes_singly CONSTANT boolean := cardinality(new_rows) = 1 OR github_sync.@record@_insert_values_see_rows();
	path_of_ours text;
BEGIN
	path_of_ours := github_sync.enter_application('@record@:new');
	IF goes_singly THEN
		keys := github_sync.@record@_insert_one_by_one(repo, new_rows);
	ELSE
		BEGIN
			keys := github_sync.@record@_insert_as_set(repo, new_rows);
		EXCEPTION WHEN cardinality_violation THEN
			keys := github_sync.@record@_insert_one_by_one(repo, new_rows);
		END;
	END IF;
	PERFORM github_sync.leave_application(path_of_ours);
	made := github_sync.@record@_made_rows(keys);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_local_rows(github_sync.github_repos, github_sync.new_row[]) IS
'private: makes local rows for resources of GitHub''s. made is what each row holds afterwards, all triggers run; NULL '
'where one of them did not let it be, or deleted it';

CREATE OR REPLACE FUNCTION github_sync.@record@_queue_runs_code_of_application() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid
		WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND p.pronamespace <> 'github_sync'::regnamespace
			AND g.tgrelid IN ('github_sync.@resources@'::regclass, 'github_sync.@record@_sync_transactions'::regclass))
		OR EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class IN ({{table_text}}::regclass,
			'github_sync.@resources@'::regclass, 'github_sync.@record@_sync_transactions'::regclass));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_queue_runs_code_of_application() IS
'private: writing what we keep of a record fires triggers of the application, or it has rules: only what is done step '
'by step shows them each step';

CREATE OR REPLACE FUNCTION github_sync.@record@_runs_code_of_application() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid
		WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND p.pronamespace <> 'github_sync'::regnamespace
			AND g.tgrelid = {{table_text}}::regclass)
		OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = {{table_text}}::regclass)
		OR github_sync.@record@_queue_runs_code_of_application();
END
$$;
COMMENT ON FUNCTION github_sync.@record@_runs_code_of_application() IS
'private: writing a local row, or what we keep of it, fires triggers or rules of the application: what one row sets '
'off must not reach the next one, and so each is written by itself. A table with partitions may have some there';
