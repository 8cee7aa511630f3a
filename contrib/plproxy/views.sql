/*
 * views.sql
 *		Run on a server with the extension, as the owner of its queue; writes what
 *		is to be run in the front database: a view for each of ours, and health(),
 *		of all servers at once.
 *
 *		psql -XAtq -d SERVER -f views.sql | psql -X -v ON_ERROR_STOP=1 -d FRONT
 *
 * What it writes is SQL alone, for any client.  Again after an upgrade of the
 * extension.  Each view has the column server before those of the servers' own.
 * Who may read them (grant_monitor) may do so afterwards.
 */
SELECT 'BEGIN;';
WITH shown AS (
	SELECT c.relname AS name, format('github_sync.%I', c.relname) AS source, true AS is_view,
		obj_description(c.oid, 'pg_class') AS comment, d.columns, d.names
	FROM pg_catalog.pg_class AS c
	CROSS JOIN LATERAL (
		SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum),
			string_agg(format('v.%I', a.attname), ', ' ORDER BY a.attnum)
		FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
		AS d (columns, names)
	WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
	UNION ALL
	SELECT p.proname, format('github_sync.%I()', p.proname), false, obj_description(p.oid, 'pg_proc'), d.columns, d.names
	FROM pg_catalog.pg_proc AS p
	CROSS JOIN LATERAL (
		SELECT string_agg(format('%I %s', a.name, format_type(a.type, NULL)), ', ' ORDER BY a.place),
			string_agg(format('v.%I', a.name), ', ' ORDER BY a.place)
		FROM unnest(p.proargnames, p.proallargtypes, p.proargmodes::text[]) WITH ORDINALITY AS a (name, type, mode, place)
		WHERE a.mode IN ('o', 't')) AS d (columns, names)
	WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proname = 'health')
SELECT format(
	E'DROP FUNCTION IF EXISTS github_sync.%1$I() CASCADE;\n'
	'CREATE FUNCTION github_sync.%1$I() RETURNS TABLE (server text, %2$s)\n'
	'LANGUAGE plproxy AS $front$\n\tCLUSTER ''github_sync'';\n\tRUN ON ALL;\n'
	'\tSELECT current_setting(''application_name'') AS server, %3$s FROM %4$s AS v;\n$front$;\n'
	'COMMENT ON FUNCTION github_sync.%1$I() IS %5$L;\n'
	'REVOKE ALL ON FUNCTION github_sync.%1$I() FROM PUBLIC;\n',
	CASE WHEN s.is_view THEN 'all_' || s.name ELSE s.name END, s.columns, s.names, s.source,
	'of all servers: ' || s.comment)
	|| CASE WHEN s.is_view THEN format(
		E'CREATE VIEW github_sync.%1$I AS SELECT * FROM github_sync.%2$I();\n'
		'COMMENT ON VIEW github_sync.%1$I IS %3$L;\n',
		s.name, 'all_' || s.name, 'of all servers: ' || s.comment) ELSE '' END
FROM shown AS s ORDER BY s.name;
SELECT 'DO $$ BEGIN PERFORM github_sync.grant_monitors(); END $$;';
SELECT 'COMMIT;';
