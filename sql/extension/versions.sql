/*
 * Versions: whether the library, the extensions and what attach made belong
 * together, and the changes that bring what an older version made up to this
 * one (sql/upgrade/releases.txt says how they are written down).
 */

CREATE FUNCTION github_sync.extension_version(record_type text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = record_type || '_sync_transaction');
COMMENT ON FUNCTION github_sync.extension_version(text) IS
'private: the version of the extension of a record type that this database has; NULL: none';

CREATE FUNCTION github_sync.version_numbers(version text) RETURNS integer[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN string_to_array(version, '.')::integer[];
COMMENT ON FUNCTION github_sync.version_numbers(text) IS
'private: a version, to be compared with others';

CREATE FUNCTION github_sync.outdated_extension() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT e.extname FROM pg_extension AS e
	WHERE e.extname IN ('task_sync_transaction', 'comment_sync_transaction')
		AND e.extversion <> github_sync.library_version()
	ORDER BY e.extname DESC LIMIT 1);
COMMENT ON FUNCTION github_sync.outdated_extension() IS
'private: an extension of another version than the library; NULL: there is none';

CREATE FUNCTION github_sync.require_same_version() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	outdated name := github_sync.outdated_extension();
BEGIN
	IF outdated IS NOT NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('extension %I is version %s, and the library that the server has loaded %s', outdated,
				(SELECT e.extversion FROM pg_extension AS e WHERE e.extname = outdated), github_sync.library_version()),
			HINT = format('ALTER EXTENSION %I UPDATE; restart the server first where its library is the older one.',
				outdated);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_same_version() IS
'private: raises object_not_in_prerequisite_state where library and extensions are not of one version: what attach '
'makes would be of two';

CREATE FUNCTION github_sync.changes_since(record_type text, version text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT d.definition FROM github_sync.%I() AS d
		CROSS JOIN LATERAL (VALUES (github_sync.version_numbers(split_part(d.part, '' '', 2)))) AS v (numbers)
		WHERE d.part LIKE ''change %%'' AND v.numbers > $1 ORDER BY v.numbers', record_type || '_definitions')
		USING github_sync.version_numbers(version);
END
$$;
COMMENT ON FUNCTION github_sync.changes_since(text, text) IS
'private: the changes of a record type''s tables that later versions than this one brought, oldest first';

CREATE FUNCTION github_sync.bring_tables_along(record_type text, dictionary jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	/* Also of what is detached, or was restored: its tables are still those of that version. */
	version text := github_sync.registered_table(record_type) ->> 'made_by';
	change text;
BEGIN
	IF github_sync.version_numbers(version) > github_sync.version_numbers(github_sync.library_version()) THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('what is attached for %ss was made by version %s, and this is version %s',
				record_type, version, github_sync.library_version()),
			HINT = 'Install that version, or a later one.';
	END IF;
	FOR change IN SELECT * FROM github_sync.changes_since(record_type, version) LOOP
		PERFORM github_sync.execute_as_owner('github_sync.attached_tables'::regclass,
			github_sync.fill_in(change, dictionary));
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.bring_tables_along(text, jsonb) IS
'private: changes the tables that an older version made to what they are now, as their owner; raises where a later '
'version made them';
