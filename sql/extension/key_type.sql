/*
 * The key of an attached table gets a larger type: what refers to it in the
 * queue follows, and every link and transaction stays.
 */

CREATE FUNCTION github_sync.key_type_may_become(was text, becomes text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN was = becomes
	OR was IN ('integer', 'bigint') AND becomes IN ('integer', 'bigint')
	OR was IN ('text', 'character varying') AND becomes IN ('text', 'character varying');
COMMENT ON FUNCTION github_sync.key_type_may_become(text, text) IS
'private: whether keys of one type are keys of the other';

CREATE FUNCTION github_sync.functions_of_key(record_type text) RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH heads AS MATERIALIZED (
		SELECT (regexp_match(h.head, '.*FUNCTION github_sync[.]([a-z_]+)(.*)'))
		FROM github_sync.definitions_of(record_type, 'objects'::text) AS d (definition),
			regexp_split_to_table(d.definition, '[$][$]') WITH ORDINALITY AS h (head, place)
		WHERE h.place % 2 = 1)
	SELECT DISTINCT p.oid::regprocedure FROM heads AS h (parts)
	JOIN pg_proc AS p ON p.pronamespace = 'github_sync'::regnamespace AND p.proname = h.parts[1]
	WHERE (h.parts[2] ~ '[{][{]key_type[}][}]' OR p.prosqlbody IS NOT NULL)
		AND NOT EXISTS (SELECT FROM pg_depend AS e
			WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
$$;
COMMENT ON FUNCTION github_sync.functions_of_key(text) IS
'private: the functions that attach made with the key''s type among their arguments, and those that the server keeps '
'as parsed expressions, where it may be as well';

CREATE FUNCTION github_sync.grants_to_keep(record_type text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT g.command FROM pg_class AS c
	CROSS JOIN LATERAL github_sync.grants_on_view(c.relname::text) AS g (command)
	WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
	UNION ALL
	SELECT github_sync.grant_command(
		a.privilege_type, format('FUNCTION github_sync.%I', p.proname), a.grantee, a.is_grantable)
	FROM github_sync.functions_of_key(record_type) AS f (oid) JOIN pg_proc AS p ON p.oid = f.oid
	CROSS JOIN LATERAL aclexplode(p.proacl) AS a
	WHERE a.grantee <> p.proowner
$$;
COMMENT ON FUNCTION github_sync.grants_to_keep(text) IS
'private: the statements that grant again what is granted on the views and on the functions of a key';

CREATE FUNCTION github_sync.commands_of_key_type(record_type text, becomes text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH referring AS (
		SELECT a.attrelid, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped
			AND c.relname IN (record_type || '_sync_transactions',
				CASE record_type WHEN 'task' THEN 'github_issues' ELSE 'github_comments' END)
			AND a.attname = record_type || '_id')
	/* What another view reads comes last; what the other type alone has stays. */
	(SELECT format('DROP VIEW github_sync.%I', c.relname) FROM pg_class AS c
	WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
		AND c.relname !~ CASE record_type WHEN 'task' THEN '^comment_' ELSE '^task_' END
	ORDER BY EXISTS (SELECT FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
		WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
			AND r.ev_class <> c.oid))
	UNION ALL
	/* Their WHEN names the column; the definitions make them again. */
	SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
	FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
	WHERE t.tgrelid IN (SELECT r.attrelid FROM referring AS r) AND NOT t.tgisinternal
		AND p.pronamespace = 'github_sync'::regnamespace
	UNION ALL
	SELECT format('DROP FUNCTION %s', f.oid::regprocedure) FROM github_sync.functions_of_key(record_type) AS f (oid)
	UNION ALL
	SELECT format('ALTER TABLE %s ALTER %I TYPE %s', r.attrelid::regclass, r.attname, becomes) FROM referring AS r
$$;
COMMENT ON FUNCTION github_sync.commands_of_key_type(text, text) IS
'private: what gives the columns that hold keys another type; the tables are written anew. What is dropped is made '
'again by attach';
