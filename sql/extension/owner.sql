/*
 * Whose all this is: the owner of the application's table, to whom everything
 * that attach makes is handed over.
 *
 * The caller may be a superuser, and the owner of the table somebody else with
 * plans of his own.  So in every file of members:
 *
 *	- A function of this schema is called with all its arguments, each of
 *	  exactly the declared type: whoever may create functions here cannot offer
 *	  one that fits better.
 *	- What lies in tables of the owner is read by read_as_owner() and written by
 *	  execute_as_owner().
 *	- What comes from there is quoted wherever it becomes part of a command.
 */

CREATE FUNCTION github_sync.refuse_policies(application_table regclass, owner name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM pg_class AS c, pg_roles AS r
		WHERE c.oid = application_table AND r.rolname = refuse_policies.owner
			AND c.relrowsecurity AND c.relforcerowsecurity AND NOT r.rolbypassrls AND NOT r.rolsuper) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('row-level security of table %s is forced upon its owner, role %I',
				application_table, refuse_policies.owner),
			DETAIL = 'What a policy hides from the owner would be taken for deleted.',
			HINT = format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, or ALTER ROLE %I BYPASSRLS.',
				application_table, refuse_policies.owner);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.refuse_policies(regclass, name) IS
'private: raises where row-level security may hide rows of the application''s table from its owner';

/* Citus' catalog, where its extension is; nobody but a superuser could put another table there. */
CREATE FUNCTION github_sync.is_distributed(application_table regclass) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	is_there boolean := false;
BEGIN
	IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
		EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition AS p WHERE p.logicalrelid = $1)'
		INTO is_there USING application_table;
	END IF;
	RETURN is_there;
END
$$;
COMMENT ON FUNCTION github_sync.is_distributed(regclass) IS
'private: whether Citus distributes a table, or keeps it on each node as a reference table';

CREATE FUNCTION github_sync.refuse_distributed(application_table regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.is_distributed(application_table) THEN
		RAISE feature_not_supported USING
			MESSAGE = format('table %s is distributed by Citus', application_table),
			DETAIL = 'Our tables refer to it by foreign keys, and triggers stand on it. Citus supports neither foreign '
				'keys from local tables to distributed ones nor triggers on distributed tables.',
			HINT = format('Keep tasks and comments local, in a schema of their own on one node (SELECT '
				'undistribute_table(%L)), or have a server for each group of installations: docs/scaling.md.',
				application_table::text);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.refuse_distributed(regclass) IS
'private: raises feature_not_supported where the application''s table is distributed by Citus';

CREATE FUNCTION github_sync.refuse_other_relations(
	application_table regclass, relation_kind "char", persistence "char") RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	refused record;
BEGIN
	SELECT r.what, r.remedy INTO refused
	FROM (VALUES
		(1, persistence = 't', 'a temporary table', 'The worker does not see tables of another session: attach one '
			'that was made without TEMPORARY.'),
		(2, relation_kind IN ('v', 'm'), 'a view', 'Attach the table that the view reads; sync_when says which of its '
			'rows are for GitHub.'),
		(3, relation_kind = 'f', 'a foreign table', 'Attach the table itself, in the database that has its rows.'),
		(4, relation_kind NOT IN ('r', 'p'), 'no table', 'Name the table of the application, with its schema: '
			'''public.tasks''.'),
		(5, persistence = 'u', 'unlogged: a crash empties it', format('ALTER TABLE %s SET LOGGED', application_table))
	) AS r (place, applies, what, remedy)
	WHERE r.applies ORDER BY r.place LIMIT 1;
	IF FOUND THEN
		RAISE wrong_object_type USING
			MESSAGE = format('%s cannot be attached: it is %s', application_table, refused.what),
			DETAIL = 'Tables of ours refer to its rows by foreign keys, and triggers stand on it: it has to be an '
				'ordinary or partitioned table, and a permanent one.',
			HINT = refused.remedy;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.refuse_other_relations(regclass, "char", "char") IS
'private: raises wrong_object_type for what is no ordinary or partitioned table, or not there for good';

CREATE FUNCTION github_sync.table_owner(application_table regclass) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here record;
BEGIN
	SELECT c.relkind, c.relpersistence, r.rolname, r.rolcanlogin, r.rolsuper INTO here
	FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner WHERE c.oid = application_table;
	IF NOT FOUND THEN
		RAISE undefined_table USING
			MESSAGE = format('there is no table %s', coalesce(application_table::text, 'NULL')),
			HINT = 'Name the table of the application, with its schema: ''public.tasks''.';
	END IF;
	PERFORM github_sync.refuse_other_relations(application_table, here.relkind, here.relpersistence);
	IF NOT pg_has_role(current_user, here.rolname, 'USAGE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('must be owner of table %s', application_table);
	END IF;
	IF here.rolsuper THEN
		RAISE WARNING USING
			MESSAGE = format('table %s belongs to superuser %s', application_table, here.rolname),
			DETAIL = 'The worker logs in as the owner: triggers and defaults of the table would run as a superuser.',
			HINT = format('Before production give it, and with it all of ours, to a role of its own: ALTER TABLE %s '
				'OWNER TO ..., the same for the other table, and SELECT github_sync.take_over_ownership().',
				application_table);
	ELSIF NOT here.rolcanlogin AND current_setting('server_version_num')::integer < 170000 THEN
		RAISE invalid_authorization_specification USING
			MESSAGE = format('role %s, the owner of table %s, cannot log in', here.rolname, application_table),
			DETAIL = 'The worker logs in as the owner of the table; before PostgreSQL 17 that needs LOGIN.',
			HINT = format('ALTER ROLE %I LOGIN', here.rolname);
	END IF;
	PERFORM github_sync.refuse_policies(application_table, here.rolname);
	RETURN here.rolname;
END
$$;
COMMENT ON FUNCTION github_sync.table_owner(regclass) IS
'private: the owner of an application''s table that may be attached by the caller; '
'raises when it is no table, not the caller''s, or its owner cannot log in or see all rows';

CREATE FUNCTION github_sync.queue_owner() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = to_regclass('github_sync.attached_tables'));
COMMENT ON FUNCTION github_sync.queue_owner() IS
'private: to whom everything that attach made belongs; NULL: nothing was attached';

/*
 * Both who calls and, where a function with its owner's rights stands between,
 * who asked for that: health() and report() read as the owner, for others.
 */
CREATE FUNCTION github_sync.reader_is_owner() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner CONSTANT name := github_sync.queue_owner();
	asks CONSTANT name := CASE current_setting('role') WHEN 'none' THEN session_user
		ELSE current_setting('role')::name END;
BEGIN
	RETURN owner IS NOT NULL AND pg_has_role(current_user, owner, 'MEMBER')
		AND EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = asks AND pg_has_role(r.oid, owner, 'MEMBER'));
END
$$;
COMMENT ON FUNCTION github_sync.reader_is_owner() IS
'private: whether who reads may be the owner of the queue: he or a superuser, and not a role that only monitors';

/* A failure stands there as "SQLSTATE: words" or as "words (SQLSTATE)", behind what it happened to. */
CREATE FUNCTION github_sync.words_for_reader(words text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	code CONSTANT text := coalesce(substring(words FROM '^([0-9A-Z]{5}): '),
		substring(words FROM ' [(]([0-9A-Z]{5})[)]$'));
BEGIN
	IF code IS NULL OR github_sync.reader_is_owner() THEN
		RETURN words;
	END IF;
	RETURN concat(substring(words FROM '^(failed: |(?:task|comment) [^ :]+: )'), code,
		': the server''s words, which may quote a text, are shown to the owner of the queue');
END
$$;
COMMENT ON FUNCTION github_sync.words_for_reader(text) IS
'private: what is kept of a failure, as a reader may see it: the server''s words often quote a value (invalid input '
'syntax for type integer: "..."), and are for the owner of the queue; others get the SQLSTATE';

CREATE FUNCTION github_sync.require_owner() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.queue_owner();
BEGIN
	IF owner IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = 'no tasks table is attached',
			HINT = 'SELECT github_sync.attach_tasks(...) first.';
	END IF;
	IF NOT pg_has_role(current_user, owner, 'USAGE') THEN
		RAISE insufficient_privilege USING
			MESSAGE = 'must be owner of the tables in schema github_sync',
			DETAIL = format('They belong to role %I.', owner);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_owner() IS
'private: a clear error for anybody else than the owner of what attach made (or a superuser), '
'and where nothing was ever attached';

CREATE FUNCTION github_sync.require_rights_of_owner() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	owner name := github_sync.queue_owner();
BEGIN
	IF NOT has_schema_privilege(owner, 'github_sync', 'USAGE') THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('role %I, to whom the queue belongs, may not use schema github_sync', owner),
			HINT = 'SELECT github_sync.take_over_ownership() as a superuser gives it all that it needs.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_rights_of_owner() IS
'private: a clear error where what belongs to the owner cannot be read as the owner: after REASSIGN OWNED, say';

CREATE FUNCTION github_sync.members_of_owner() RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.oid::regprocedure FROM pg_proc AS p
	JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
	WHERE p.pronamespace = 'github_sync'::regnamespace
	ORDER BY p.proname
$$;
COMMENT ON FUNCTION github_sync.members_of_owner() IS
'private: the extension''s functions, which are for the owner of the queue: PUBLIC may not call them';

CREATE FUNCTION github_sync.types_of_owner() RETURNS SETOF regtype
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.oid::regtype FROM pg_type AS t
	/* The type of a table's rows is a part of that. */
	JOIN pg_depend AS d ON d.deptype = 'e' AND (d.classid, d.objid) IN (
		('pg_type'::regclass, t.oid), ('pg_class'::regclass, t.typrelid))
	WHERE t.typnamespace = 'github_sync'::regnamespace
	ORDER BY t.typname
$$;
COMMENT ON FUNCTION github_sync.types_of_owner() IS
'private: the extension''s types, which are for the owner of the queue: what PUBLIC makes of them would keep the '
'extension from being dropped or updated';

CREATE FUNCTION github_sync.require_create() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT has_schema_privilege(current_user, 'github_sync', 'CREATE')
		OR EXISTS (SELECT FROM github_sync.members_of_owner() AS m (function)
			WHERE NOT has_function_privilege(current_user, m.function, 'EXECUTE'))
		OR EXISTS (SELECT FROM github_sync.types_of_owner() AS t (type)
			WHERE NOT has_type_privilege(current_user, t.type, 'USAGE')) THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %I may not create objects in schema github_sync', current_user),
			DETAIL = 'What is made there belongs to the owner of the application''s table.',
			HINT = format('Let a superuser make this call, or SELECT github_sync.grant_attach(%L), and afterwards '
				'REVOKE CREATE ON SCHEMA github_sync FROM %I.', current_user, current_user);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_create() IS
'private: a clear error, with the call that mends it, where an owner who is no superuser may not create';

CREATE FUNCTION github_sync.let_use(owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	rows_of_ours text;
	function regprocedure;
	type regtype;
BEGIN
	/* With grant option: the owner passes on what readers of the views need. Only who may pass it on can give it. */
	IF NOT has_schema_privilege(let_use.owner, 'github_sync', 'USAGE WITH GRANT OPTION')
		AND has_schema_privilege(current_user, 'github_sync', 'USAGE WITH GRANT OPTION') THEN
		PERFORM github_sync.execute_unowned(
			format('GRANT USAGE ON SCHEMA github_sync TO %I WITH GRANT OPTION', let_use.owner));
	END IF;
	FOREACH rows_of_ours IN ARRAY ARRAY['github_sync.state_transitions', 'github_sync.webhook_actions'] LOOP
		IF NOT has_table_privilege(let_use.owner, rows_of_ours, 'SELECT WITH GRANT OPTION')
			AND has_table_privilege(current_user, rows_of_ours, 'SELECT WITH GRANT OPTION') THEN
			PERFORM github_sync.execute_unowned(
				format('GRANT SELECT ON %s TO %I WITH GRANT OPTION', rows_of_ours, let_use.owner));
		END IF;
	END LOOP;
	FOR function IN
		SELECT m.function FROM github_sync.members_of_owner() AS m (function)
		WHERE NOT has_function_privilege(let_use.owner, m.function, 'EXECUTE WITH GRANT OPTION')
			AND has_function_privilege(current_user, m.function, 'EXECUTE WITH GRANT OPTION')
	LOOP
		PERFORM github_sync.execute_unowned(
			format('GRANT EXECUTE ON ROUTINE %s TO %I WITH GRANT OPTION', function, let_use.owner));
	END LOOP;
	FOR type IN
		SELECT t.type FROM github_sync.types_of_owner() AS t (type)
		WHERE NOT has_type_privilege(let_use.owner, t.type, 'USAGE WITH GRANT OPTION')
			AND has_type_privilege(current_user, t.type, 'USAGE WITH GRANT OPTION')
	LOOP
		PERFORM github_sync.execute_unowned(
			format('GRANT USAGE ON TYPE %s TO %I WITH GRANT OPTION', type, let_use.owner));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.let_use(name) IS
'private: lets the owner of the queue use the schema, the extension''s functions and its types, and let others do so, '
'as far as the caller may';

CREATE FUNCTION github_sync.close_members() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	FOR command IN
		SELECT format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', m.function)
		FROM github_sync.members_of_owner() AS m (function)
		WHERE has_function_privilege('public', m.function, 'EXECUTE')
		UNION ALL
		SELECT format('REVOKE ALL ON TYPE %s FROM PUBLIC', t.type)
		FROM github_sync.types_of_owner() AS t (type)
		WHERE has_type_privilege('public', t.type, 'USAGE')
	LOOP
		EXECUTE command;
	END LOOP;
	PERFORM github_sync.let_use(github_sync.queue_owner()) WHERE github_sync.queue_owner() IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.close_members() IS
'private: takes the extension''s functions and types from PUBLIC, and gives them to the owner of a queue that is there '
'already; at the end of each script that makes some';

CREATE FUNCTION github_sync.made_by_attach(
	OUT object oid, OUT kind text, OUT owner name, OUT is_public boolean, OUT is_tied boolean)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT o.oid, o.kind, pg_get_userbyid(o.owner), o.is_public,
		/* Read once for all of them. */
		(o.catalog, o.oid) IN (SELECT d.classid, d.objid FROM pg_depend AS d
			WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x')
	FROM (
		SELECT c.oid, c.relowner, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
			has_type_privilege('public', c.reltype, 'USAGE'), 'pg_class'::regclass::oid
		FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		UNION ALL
		SELECT p.oid, p.proowner, 'ROUTINE', p.proacl IS NULL, 'pg_proc'::regclass::oid
		FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace
	) AS o (oid, owner, kind, is_public, catalog)
	WHERE NOT EXISTS (SELECT FROM pg_depend AS d
		WHERE d.classid = o.catalog AND d.objid = o.oid AND d.deptype = 'e')
$$;
COMMENT ON FUNCTION github_sync.made_by_attach() IS
'private: tables, views and functions in our schema that are no members of an extension, and whether they are tied to '
'one; nobody else should have put any there';

CREATE FUNCTION github_sync.made_name(object oid, kind text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN CASE kind WHEN 'ROUTINE' THEN object::regprocedure::text
	ELSE (SELECT format('github_sync.%I', c.relname) FROM pg_class AS c WHERE c.oid = object) END;
COMMENT ON FUNCTION github_sync.made_name(oid, text) IS
'private: how a command names an object that made_by_attach() lists';

CREATE FUNCTION github_sync.hand_over(owner name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	PERFORM github_sync.let_use(hand_over.owner);
	FOR command IN
		SELECT c.command FROM github_sync.made_by_attach() AS m CROSS JOIN LATERAL (
			SELECT format('ALTER %s %s OWNER TO %I', m.kind, n.what, hand_over.owner)
			FROM github_sync.made_name(m.object, m.kind) AS n (what) WHERE m.owner <> hand_over.owner
			UNION ALL
			/* Of a table or view, the type of its rows: what anybody makes of it keeps it from being changed. */
			SELECT format('REVOKE ALL ON %s %s FROM PUBLIC',
				CASE m.kind WHEN 'ROUTINE' THEN m.kind ELSE 'TYPE' END, n.what)
			FROM github_sync.made_name(m.object, m.kind) AS n (what) WHERE m.is_public
			UNION ALL
			/* CREATE OR REPLACE forgets the dependency. */
			SELECT format('ALTER ROUTINE %s DEPENDS ON EXTENSION %I', n.what,
				CASE WHEN n.what ~ 'comment' THEN 'comment_sync_transaction' ELSE 'task_sync_transaction' END)
			FROM github_sync.made_name(m.object, m.kind) AS n (what)
			WHERE m.kind = 'ROUTINE' AND NOT m.is_tied) AS c (command)
	LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.hand_over(name) IS
'private: gives attached objects to the owner of the application''s table, with the rights that they need, closes '
'them to PUBLIC and ties the functions to the extension: it cannot be dropped while triggers use them';
