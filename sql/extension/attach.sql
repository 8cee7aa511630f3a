/*
 * Attaching: what attach_tasks and attach_comments share.  The definitions of
 * attached objects are run as the caller, outside the extension, and handed to
 * the table's owner.
 */

CREATE FUNCTION github_sync.key_was_replaced(record_type text, application_table regclass) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping jsonb := github_sync.attached_table(record_type) -> 'mapping';
BEGIN
	RETURN mapping IS NOT NULL AND github_sync.attached_by_key(record_type) IS NULL
		AND application_table::oid::text = mapping ->> 'table'
		AND github_sync.database_identity() = mapping ->> 'database';
END
$$;
COMMENT ON FUNCTION github_sync.key_was_replaced(text, regclass) IS
'private: whether the key column of an attached table was dropped, and our foreign keys with it: another column has '
'its values now';

CREATE FUNCTION github_sync.check_kept_queue(
	record_type text, application_table regclass, key_name name, key_type text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kept record;
BEGIN
	SELECT k.confrelid, f.attname AS key_name, github_sync.type_name(a.atttypid, -1) AS key_type INTO kept
	FROM pg_attribute AS a
	LEFT JOIN pg_constraint AS k ON k.conrelid = a.attrelid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
	LEFT JOIN pg_attribute AS f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
	WHERE a.attrelid = to_regclass(format('github_sync.%I', record_type || '_sync_transactions'))
		AND a.attname = record_type || '_id' AND NOT a.attisdropped;
	IF FOUND AND NOT github_sync.key_was_replaced(record_type, application_table)
		AND ((kept.confrelid, kept.key_name) IS DISTINCT FROM (application_table::oid, key_name)
			OR NOT github_sync.key_type_may_become(kept.key_type, key_type)) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the queue that is there belongs to %s, not to column %I (%s) of table %s',
				CASE WHEN kept.confrelid IS NULL THEN 'a table that is gone'
					ELSE format('column %I (%s) of table %s',
						kept.key_name, kept.key_type, kept.confrelid::regclass) END,
				key_name, key_type, application_table),
			HINT = format('SELECT github_sync.detach_%ss(true) drops it with its history.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_kept_queue(text, regclass, name, text) IS
'private: a queue that a detach or a restore left is adopted only with the key that its rows refer to';

CREATE FUNCTION github_sync.check_not_attached_elsewhere(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	present jsonb := github_sync.attached_table(record_type);
BEGIN
	IF present IS NOT NULL
		AND github_sync.attached_relation(record_type, present) IS DISTINCT FROM application_table THEN
		RAISE object_in_use USING
			MESSAGE = format('table %s is attached already', github_sync.attached_name(present)),
			HINT = format('SELECT github_sync.detach_%ss() first.', record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_not_attached_elsewhere(text, regclass) IS
'private: raises where another table of the record type is attached: there can be one';

CREATE FUNCTION github_sync.check_may_attach(record_type text, application_table regclass, owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_same_version();
	PERFORM github_sync.refuse_distributed(application_table);
	IF github_sync.attached_by_key(record_type) = application_table THEN
		PERFORM github_sync.require_right_to_hand_over(owner);
	ELSIF github_sync.queue_owner() IS NOT NULL THEN
		PERFORM github_sync.require_owner();
	END IF;
	PERFORM github_sync.require_create();
	PERFORM github_sync.check_other_owner(record_type, application_table);
	PERFORM github_sync.refuse_foreign_objects(owner);
	/* Before any row is read as the owner: an earlier one may have been another. */
	PERFORM github_sync.require_right_to_hand_over(owner);
	PERFORM github_sync.hand_over(owner);
	PERFORM github_sync.check_not_attached_elsewhere(record_type, application_table);
END
$$;
COMMENT ON FUNCTION github_sync.check_may_attach(text, regclass, name) IS
'private: whether the caller may attach a table now; raises if not. What is there already is handed over to its owner';

CREATE FUNCTION github_sync.plan_by_index() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	entry_point regprocedure;
BEGIN
	FOR entry_point IN
		SELECT p.oid FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef
			AND NOT EXISTS (SELECT FROM pg_depend AS d
				WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
	LOOP
		/* What has to be read from end to end all the same would seem dear enough to be compiled, each time. */
		PERFORM github_sync.execute_unowned(format('ALTER ROUTINE %1$s SET enable_seqscan = off;
			ALTER ROUTINE %1$s SET jit = off', entry_point));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.plan_by_index() IS
'private: every entry to the rules plans by index. A queue is often all but empty, and a session keeps its plans: '
'read from end to end for each of the rows of one large statement it would cost their square';

CREATE FUNCTION github_sync.change_key_type(record_type text, becomes text) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	was text := (SELECT github_sync.type_name(a.atttypid, -1) FROM pg_attribute AS a
		WHERE a.attrelid = to_regclass(format('github_sync.%I', record_type || '_sync_transactions'))
			AND a.attname = record_type || '_id');
	command text;
	grants text[];
BEGIN
	IF was <> becomes THEN
		grants := ARRAY(SELECT * FROM github_sync.grants_to_keep(record_type));
		FOR command IN SELECT * FROM github_sync.commands_of_key_type(record_type, becomes) LOOP
			PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, command);
		END LOOP;
	END IF;
	RETURN grants;
END
$$;
COMMENT ON FUNCTION github_sync.change_key_type(text, text) IS
'private: gives the queue of an attached table the type that its key has now; returns what is to be granted again '
'when all is made';

CREATE FUNCTION github_sync.refer_again(record_type text, application_table regclass, key_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	referring name;
BEGIN
	IF github_sync.attached_by_key(record_type) IS NOT NULL THEN
		RETURN;
	END IF;
	FOREACH referring IN ARRAY ARRAY[
		CASE record_type WHEN 'task' THEN 'github_issues' ELSE 'github_comments' END,
		record_type || '_sync_transactions']
	LOOP
		/* The application deleted them meanwhile. */
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'UPDATE github_sync.%1$I AS q SET %2$I = NULL WHERE q.%2$I IS NOT NULL
				AND NOT EXISTS (SELECT FROM %3$s AS r WHERE r.%4$I = q.%2$I);
			ALTER TABLE github_sync.%1$I ADD CONSTRAINT %5$I
				FOREIGN KEY (%2$I) REFERENCES %3$s (%4$I) ON DELETE SET NULL',
			referring, record_type || '_id', github_sync.table_name(application_table), key_name,
			referring || '_' || record_type || '_id_fkey'));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.refer_again(text, regclass, name) IS
'private: foreign keys of the queue that went with the key column of an attached table';

CREATE FUNCTION github_sync.find_columns(
	record_type text, application_table regclass, wanted github_sync.table_mapping) RETURNS github_sync.table_mapping
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found github_sync.table_mapping;
BEGIN
	EXECUTE format('SELECT (f).* FROM github_sync.%I($1, $2, false) AS f', format('find_%s_columns', record_type))
	INTO found USING application_table, wanted;
	RETURN found;
END
$$;
COMMENT ON FUNCTION github_sync.find_columns(text, regclass, github_sync.table_mapping) IS
'private: the columns of an attached table by the names that they have now, each with its type or its problem';

CREATE FUNCTION github_sync.with_schema_of_now(record_type text, application_table regclass, attached jsonb)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping CONSTANT jsonb := attached -> 'mapping';
	was CONSTANT name := attached ->> 'table_schema';
	becomes CONSTANT name := github_sync.place_of_table(application_table) ->> 'table_schema';
	found github_sync.table_mapping;
BEGIN
	/* A table that moved to another schema left the functions where they are. */
	IF was = becomes OR EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = was) THEN
		RETURN mapping;
	END IF;
	found := github_sync.find_columns(
		record_type, application_table, github_sync.stored_mapping(application_table, mapping));
	/* What can be read as it is has no such schema in it, but perhaps another thing of that name. */
	RETURN mapping || (SELECT coalesce(
			jsonb_object_agg(x.purpose, github_sync.with_other_schema(mapping ->> x.purpose, was, becomes)), '{}')
		FROM (VALUES ('sync_when', found.sync_when), ('deleted_when', found.deleted_when),
			('github_repo_is', found.repo_expression)) AS x (purpose, e)
		WHERE (x.e).problem IS NOT NULL);
END
$$;
COMMENT ON FUNCTION github_sync.with_schema_of_now(text, regclass, jsonb) IS
'private: the mapping of a row of attached_tables; where the schema of its table was renamed since, with that name in '
'the expressions that name the schema';

CREATE FUNCTION github_sync.mapping_to_store(
	record_type text, application_table regclass, mapping github_sync.table_mapping, given jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	names jsonb := github_sync.mapped_names(mapping);
	by_type jsonb;
	dictionary jsonb;
BEGIN
	EXECUTE format('SELECT github_sync.%I($1), github_sync.%I($2, $1)',
		record_type || '_mapping_as_json', record_type || '_dictionary')
	INTO by_type, dictionary USING mapping, application_table;
	RETURN by_type || jsonb_build_object(
		'names', names,
		'numbers', github_sync.numbers_of_columns(application_table, names),
		'given', coalesce(given, names || github_sync.place_of_table(application_table)),
		'table', application_table::oid::text,
		'database', github_sync.database_identity(),
		'open_value', mapping.open_value, 'closed_values', mapping.closed_values,
		'state_reasons', mapping.state_reasons, 'modified_at_unit', mapping.modified_at_unit,
		'modified_at_time_zone', mapping.modified_at_time_zone,
		'insert_values', mapping.insert_values::text, 'apply_values', mapping.apply_values::text,
		'byline', mapping.byline::text,
		'functions', jsonb_strip_nulls(jsonb_build_object('insert_values', mapping.insert_values::oid,
			'apply_values', mapping.apply_values::oid, 'byline', mapping.byline::oid)),
		'sync_when', (mapping.sync_when).given, 'deleted_when', (mapping.deleted_when).given,
		'github_repo_is', (mapping.repo_expression).given,
		'dictionary', dictionary) || jsonb_strip_nulls(jsonb_build_object('left_out', mapping.left_out));
END
$$;
COMMENT ON FUNCTION github_sync.mapping_to_store(text, regclass, github_sync.table_mapping, jsonb) IS
'private: what attached_tables keeps of a mapping: names and numbers of its columns, the names that they and the table '
'had when it was attached (NULL: these), and what was filled into the definitions';

CREATE FUNCTION github_sync.filter_of_now(
	record_type text, application_table regclass, attached jsonb, purpose text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	mapping CONSTANT jsonb := github_sync.with_schema_of_now(record_type, application_table, attached);
BEGIN
	RETURN github_sync.expression_by_columns(application_table, jsonb_populate_record(
		NULL::github_sync.row_expression, github_sync.stored_expression(
			purpose, mapping, github_sync.names_of_columns(application_table, mapping))));
END
$$;
COMMENT ON FUNCTION github_sync.filter_of_now(text, regclass, jsonb, text) IS
'private: sync_when or deleted_when of a row of attached_tables, as a call could give it again now; NULL: a column of '
'it is gone';

CREATE FUNCTION github_sync.require_filters(
	record_type text, application_table regclass, wanted github_sync.table_mapping) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	before CONSTANT jsonb := github_sync.registered_table(record_type);
	is_the_same CONSTANT boolean := before -> 'mapping' ->> 'table' = application_table::oid::text
		OR github_sync.place_of_table(application_table)
			= jsonb_build_object('table_schema', before ->> 'table_schema', 'table_name', before ->> 'table_name');
	missing record;
	again text;
BEGIN
	SELECT f.name, before -> 'mapping' ->> f.name AS given, f.lifted INTO missing
	FROM (VALUES ('sync_when', (wanted.sync_when).given, 'true'),
		('deleted_when', (wanted.deleted_when).given, 'false')) AS f (name, given, lifted)
	WHERE is_the_same AND f.given IS NULL AND before -> 'mapping' ->> f.name <> f.lifted
	LIMIT 1;
	IF FOUND THEN
		again := github_sync.filter_of_now(record_type, application_table, before, missing.name);
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('table %s was attached with %s, and this call does not say what becomes of it',
				application_table, missing.name),
			DETAIL = format('Without it rows would be published that were not for GitHub. It was: %s', missing.given),
			HINT = format(CASE WHEN again IS NULL THEN 'A column of it is gone: give another %1$s. '
					ELSE 'Give it again: %1$s => %2$L. ' END
				|| 'If all rows are for GitHub from now on: %1$s => %3$L.', missing.name, again, missing.lifted);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_filters(text, regclass, github_sync.table_mapping) IS
'private: raises object_not_in_prerequisite_state where a table is attached again, or after it was detached, without a '
'filter that it had';

CREATE FUNCTION github_sync.store_mapping(record_type text, application_table regclass, mapping jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	where_it_is record;
BEGIN
	SELECT n.nspname, c.relname INTO where_it_is
	FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = application_table;
	/* Attached again, a copy is still a copy: the identity stays. */
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT set_config(''check_function_bodies'', ''on'', true);	/* no row of a dump: hold_restored() */
		INSERT INTO github_sync.attached_tables
			(record_type, table_schema, table_name, mapping, database_identity, server, made_by)
		VALUES (%L, %L, %L, %L, %L, %L, %L)
		ON CONFLICT ON CONSTRAINT attached_tables_pkey DO UPDATE SET
			table_schema = excluded.table_schema, table_name = excluded.table_name, mapping = excluded.mapping,
			attached_at = now(), made_by = excluded.made_by',
		record_type, where_it_is.nspname, where_it_is.relname, mapping, github_sync.registered_identity(),
		github_sync.server_fingerprint(), github_sync.extension_version(record_type)));
END
$$;
COMMENT ON FUNCTION github_sync.store_mapping(text, regclass, jsonb) IS
'private: registers an attached table, or what became of it';

CREATE FUNCTION github_sync.catch_up(record_type text, application_table regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM github_sync.capture_triggers(record_type, application_table)) THEN
		/* Made anew, by the columns that count now. */
		PERFORM github_sync.capture_changes(record_type, true);
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'SELECT github_sync.%I()', record_type || '_catch_up'));
	ELSE
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
			'DELETE FROM github_sync.noted_problems WHERE record_type = %1$L;
			DELETE FROM github_sync.uncaptured_rows WHERE record_type = %1$L', record_type));
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.catch_up(text, regclass) IS
'private: capture that is on goes on, and what it could not enqueue is enqueued now';

CREATE FUNCTION github_sync.remedy_of_mapping(record_type text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format('Call github_sync.attach_%ss() again, with what counts now.', record_type);
COMMENT ON FUNCTION github_sync.remedy_of_mapping(text) IS
'private: what mends a table that is not what was attached any more';

CREATE FUNCTION github_sync.remedy_of_children() RETURNS text
LANGUAGE sql IMMUTABLE
RETURN 'Keep what is to be synced in the table itself, or partition it: partitions are synced.';
COMMENT ON FUNCTION github_sync.remedy_of_children() IS
'private: what mends that other tables inherit from an attached one';

CREATE FUNCTION github_sync.children_of(application_table regclass) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* Of their children, too, which queries of the table show as well; a partition can have none but partitions. */
	RETURN (WITH RECURSIVE children AS (
			SELECT i.inhrelid AS oid FROM pg_inherits AS i WHERE i.inhparent = application_table
			UNION
			SELECT i.inhrelid FROM children AS c JOIN pg_inherits AS i ON i.inhparent = c.oid)
		SELECT string_agg(k.oid::regclass::text, ', ' ORDER BY k.oid::regclass::text)
		FROM children AS d JOIN pg_class AS k ON k.oid = d.oid WHERE NOT k.relispartition);
END
$$;
COMMENT ON FUNCTION github_sync.children_of(regclass) IS
'private: the tables that inherit from a table, or from one that does, without being its partitions; NULL: none';

CREATE FUNCTION github_sync.warn_of_children(application_table regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	children CONSTANT text := github_sync.children_of(application_table);
BEGIN
	IF children IS NOT NULL THEN
		RAISE WARNING USING
			MESSAGE = format('rows in tables that inherit from %s are not synced: %s', application_table, children),
			DETAIL = 'Queries of the table show them, but its triggers do not see their changes, and no foreign key '
				'of ours can refer to them.',
			HINT = github_sync.remedy_of_children();
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.warn_of_children(regclass) IS
'private: a WARNING where other tables inherit from an attached one without being its partitions';

CREATE FUNCTION github_sync.make_attached(
	record_type text, application_table regclass, owner name, mapping github_sync.table_mapping, given jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
	stored jsonb;
	definition text;
	grants text[];
	was_attached boolean := github_sync.has_functions(record_type);
BEGIN
	PERFORM github_sync.check_mapping(application_table, mapping, owner);
	PERFORM github_sync.try_expressions(application_table, mapping);
	stored := github_sync.mapping_to_store(record_type, application_table, mapping, given);
	PERFORM github_sync.check_kept_queue(record_type, application_table, (mapping.key).name, (mapping.key).type);
	PERFORM github_sync.bring_tables_along(record_type, stored -> 'dictionary');
	grants := github_sync.change_key_type(record_type, (mapping.key).type);
	FOR definition IN SELECT * FROM github_sync.definitions_of(record_type, 'objects'::text) LOOP
		PERFORM github_sync.execute_unowned(github_sync.fill_in(definition, stored -> 'dictionary'));
	END LOOP;
	PERFORM github_sync.refer_again(record_type, application_table, (mapping.key).name);
	PERFORM github_sync.plan_by_index();
	PERFORM github_sync.hand_over(owner);
	PERFORM github_sync.store_mapping(record_type, application_table, stored);
	PERFORM github_sync.make_views();
	PERFORM github_sync.hand_over(owner);
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, g.command)
	FROM unnest(grants) AS g (command);
	PERFORM github_sync.give_back_all(record_type)
	WHERE NOT was_attached AND (github_sync.owner_problem()).problem IS NULL;
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT github_sync.%I()', 'task_forget_unmapped_marks'))
	WHERE record_type = 'task' AND (github_sync.owner_problem()).problem IS NULL;
	PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass, format(
		'SELECT github_sync.%I()', 'task_have_marks_fetched'))
	WHERE stored -> 'dictionary' ->> 'has_marks' = 'true' AND (github_sync.owner_problem()).problem IS NULL;
	PERFORM github_sync.catch_up(record_type, application_table) WHERE (github_sync.owner_problem()).problem IS NULL;
	PERFORM github_sync.warn_of_owner_problem();
	PERFORM github_sync.warn_of_children(application_table);
	/* What comments know of the key of their tasks. */
	PERFORM github_sync.attach_as_before('comment'::text) WHERE record_type = 'task' AND grants IS NOT NULL;
	PERFORM github_sync.poke_launcher();
END
$$;
COMMENT ON FUNCTION github_sync.make_attached(text, regclass, name, github_sync.table_mapping, jsonb) IS
'private: makes (or adopts) the objects of a record type, registers the table and tells the launcher. '
'given: the names that the columns had when it was attached, NULL: those of the mapping';

CREATE FUNCTION github_sync.require_functions(record_type text, application_table regclass, mapping jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.gone_function(application_table, mapping) IS NOT NULL THEN
		RAISE undefined_function USING
			MESSAGE = format('table %s cannot be attached as before: %s', application_table,
				github_sync.gone_function(application_table, mapping)),
			HINT = github_sync.remedy_of_mapping(record_type);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_functions(text, regclass, jsonb) IS
'private: raises (42883) where a function that a table was attached with is gone: without it other texts are written';

CREATE FUNCTION github_sync.attach_as_before(record_type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	attached jsonb := github_sync.attached_table(record_type);
	application_table regclass := github_sync.attached_relation(record_type, attached);
	mapping jsonb;
	owner name;
BEGIN
	IF attached IS NOT NULL THEN
		IF application_table IS NULL THEN
			RAISE undefined_table USING
				MESSAGE = format('the attached table %s is gone', github_sync.attached_name(attached)),
				HINT = format('SELECT github_sync.detach_%ss()', record_type);
		END IF;
		owner := github_sync.table_owner(application_table);
		PERFORM github_sync.check_may_attach(record_type, application_table, owner);
		mapping := github_sync.with_schema_of_now(record_type, application_table, attached);
		PERFORM github_sync.require_functions(record_type, application_table, mapping);
		PERFORM github_sync.make_attached(record_type, application_table, owner, github_sync.find_columns(
			record_type, application_table, github_sync.stored_mapping(application_table, mapping)),
			mapping -> 'given');
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.attach_as_before(text) IS
'private: attaches again what is attached, by the same columns, whatever their names are now';
