/*
 * The templates of what attach makes: text with {{...}} for what only the
 * application knows, and the views' templates, with a share of each record
 * type.
 */

CREATE FUNCTION github_sync.fill_in(definition text, dictionary jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
	delimiter text := 'body';
	pieces text[];
	word text;
	filled text;
BEGIN
	/* A name with $$ in it must not end the body that it stands in. */
	WHILE strpos(dictionary::text, '$' || delimiter) > 0 LOOP
		delimiter := delimiter || '_';
	END LOOP;
	pieces := string_to_array(replace(definition, '$$', '$' || delimiter || '$'), '{{');
	filled := pieces[1];
	FOR i IN 2 .. cardinality(pieces) LOOP
		word := split_part(pieces[i], '}}', 1);
		IF dictionary ->> word IS NULL THEN
			RAISE internal_error USING
				MESSAGE = format('nobody says what to fill in for {{%s}}', word);
		END IF;
		filled := filled || (dictionary ->> word) || substr(pieces[i], length(word) + 3);
	END LOOP;
	RETURN filled;
END
$function$;
COMMENT ON FUNCTION github_sync.fill_in(text, jsonb) IS
'private: replaces each {{word}} of a definition by what the dictionary says, in one pass: '
'what is filled in is never looked at again';

CREATE FUNCTION github_sync.definitions_of(record_type text, part text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT d.definition FROM github_sync.%I() AS d WHERE d.part = $1 ORDER BY d.place',
		record_type || '_definitions') USING part;
END
$$;
COMMENT ON FUNCTION github_sync.definitions_of(text, text) IS
'private: the definitions of a record type''s objects, or of its share of the views, '
'in the order in which they are made';

CREATE FUNCTION github_sync.view_parts(
	record_types text[], OUT view_name text, OUT tells text, OUT columns text[], OUT query text)
RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH parts AS (
		SELECT t.place, split_part(v.text, ':', 1) AS view_name, regexp_split_to_array(v.text, E'\n') AS lines
		FROM unnest(record_types) WITH ORDINALITY AS t (record_type, place),
			github_sync.definitions_of(t.record_type, 'views'::text) AS d (definition),
			regexp_split_to_table(regexp_replace(d.definition, E'\n--@more', '', 'g'), '--@view ')
				WITH ORDINALITY AS v (text, place)
		WHERE v.place > 1)
	SELECT p.view_name, max(btrim(substr(p.lines[1], strpos(p.lines[1], ':') + 1))),
		/* A view of which one share is made once says there what its columns tell. */
		(SELECT array_agg(l.line ORDER BY l.place)
		FROM parts AS f, unnest(f.lines) WITH ORDINALITY AS l (line, place)
		WHERE f.view_name = p.view_name AND f.place = min(p.place) AND l.line LIKE '--@column %'),
		format(coalesce((SELECT max(format(E'SELECT * FROM (\n%%s) AS shares WHERE %s', substr(l.line, 9)))
			FROM parts AS f, unnest(f.lines) AS l (line)
			WHERE f.view_name = p.view_name AND l.line LIKE '--@only %'), '%s'),
		string_agg((SELECT string_agg(l.line, E'\n' ORDER BY l.place)
			FROM unnest(p.lines[2:]) WITH ORDINALITY AS l (line, place)
			WHERE l.line NOT LIKE ALL (ARRAY['--@column %', '--@only %'])), E'\nUNION ALL\n' ORDER BY p.place))
	FROM parts AS p GROUP BY p.view_name
$$;
COMMENT ON FUNCTION github_sync.view_parts(text[]) IS
'private: the views over some record types: what each tells, the lines about its columns, and its query';

CREATE FUNCTION github_sync.grant_command(privilege text, object text, grantee oid, is_grantable boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN format('GRANT %s ON %s TO %s%s', privilege, object,
	CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
	CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
COMMENT ON FUNCTION github_sync.grant_command(text, text, oid, boolean) IS
'private: the statement that grants again what an entry of an access list says';

CREATE FUNCTION github_sync.grants_on_view(view_name text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH granted AS (
		SELECT c.relowner, c.relacl AS acl, NULL::name AS column_name FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relname = view_name
		UNION ALL
		SELECT c.relowner, a.attacl, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relname = view_name AND NOT a.attisdropped)
	SELECT github_sync.grant_command(a.privilege_type || coalesce(' (' || quote_ident(g.column_name) || ')', ''),
		format('github_sync.%I', view_name), a.grantee, a.is_grantable)
	FROM granted AS g, aclexplode(g.acl) AS a WHERE a.grantee <> g.relowner
$$;
COMMENT ON FUNCTION github_sync.grants_on_view(text) IS
'private: the statements that grant again what is granted on a view';

CREATE FUNCTION github_sync.drop_view(view_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	dependents text;
BEGIN
	PERFORM github_sync.execute_as_owner(to_regclass(format('github_sync.%I', view_name)),
		format('DROP VIEW github_sync.%I', view_name));
EXCEPTION WHEN dependent_objects_still_exist THEN
	GET STACKED DIAGNOSTICS dependents = PG_EXCEPTION_DETAIL;
	RAISE dependent_objects_still_exist USING
		MESSAGE = format('view github_sync.%I has other columns now, and other objects depend on it', view_name),
		DETAIL = dependents,
		HINT = 'Drop these, do this again, and make them anew.';
END
$$;
COMMENT ON FUNCTION github_sync.drop_view(text) IS
'private: drops a view of ours as its owner, or says what depends on it';

CREATE FUNCTION github_sync.make_view(view_name text, query text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	definition text := format('CREATE OR REPLACE VIEW github_sync.%I AS %s', view_name, query);
	grants text[];
BEGIN
	PERFORM github_sync.execute_unowned(definition);
EXCEPTION WHEN invalid_table_definition THEN
	/* The server adds columns behind the last one, and does nothing else to those that there are. */
	grants := ARRAY(SELECT * FROM github_sync.grants_on_view(view_name));
	PERFORM github_sync.drop_view(view_name);
	PERFORM github_sync.execute_unowned(definition);
	PERFORM github_sync.execute_unowned(g.command) FROM unnest(grants) AS g (command);
END
$$;
COMMENT ON FUNCTION github_sync.make_view(text, text) IS
'private: makes a view, or gives one of an older version the columns of now; who was granted it keeps it';

/* Compiling the query that takes the templates apart takes far longer than running it. */
CREATE FUNCTION github_sync.make_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
	attached text[] := (SELECT array_agg(t.record_type) FROM (VALUES ('task'), ('comment')) AS t (record_type)
		WHERE github_sync.attached_table(t.record_type) IS NOT NULL
			AND to_regprocedure(format('github_sync.%I()', t.record_type || '_definitions')) IS NOT NULL);
	part record;
BEGIN
	FOR part IN SELECT * FROM github_sync.view_parts(attached) LOOP
		PERFORM github_sync.make_view(part.view_name, part.query);
		PERFORM github_sync.execute_unowned(
			format('COMMENT ON VIEW github_sync.%I IS %L', part.view_name, 'public: ' || part.tells));
		PERFORM github_sync.execute_unowned(format('COMMENT ON COLUMN github_sync.%I.%I IS %L', part.view_name,
			btrim(split_part(split_part(c.line, ':', 1), ' ', 2)), btrim(substr(c.line, strpos(c.line, ':') + 1))))
		FROM unnest(part.columns) AS c (line);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.make_views() IS
'private: (re)makes the views over the record types that are attached, with what their templates say of each column';
