/*
 * check_to.sql
 *		No key of what moves (keys) is used at the server that it moves to, or
 *		will be by a sequence there; and rows of tables that are not moved, which it
 *		refers to (referred), are the same there. Raises what is not so.
 */
DO $$
DECLARE
	here record;
	rows bigint;
	first text;
	next bigint;
BEGIN
	FOR here IN
		SELECT k.place, k.name, count(*) AS moving FROM keys AS k GROUP BY k.place, k.name ORDER BY k.place
	LOOP
		EXECUTE (SELECT format('SELECT count(*), min(concat_ws('', '', %s)) FROM %s AS t JOIN keys AS k ON k.place = %s AND %s',
				string_agg(format('t.%I', a.attname), ', '), here.name, here.place,
				string_agg(format('t.%I = (k.row_of ->> %L)::%s', a.attname, a.attname, format_type(a.atttypid, a.atttypmod)), ' AND '))
			FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indrelid = here.name AND i.indisprimary)
		INTO rows, first;
		IF rows > 0 THEN
			RAISE '% of % rows of % have a key that TO has already, such as %', rows, here.moving, here.name, first
			USING HINT = 'Between servers keys have to differ: uuid, or sequences that are disjoint (docs/scaling.md).';
		END IF;
	END LOOP;
	FOR here IN
		SELECT t.name, t.place, a.attname, s.sequence
		FROM (SELECT DISTINCT k.place, k.name FROM keys AS k) AS t
		JOIN pg_attribute AS a ON a.attrelid = t.name AND a.attnum > 0 AND NOT a.attisdropped
			AND a.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
		CROSS JOIN LATERAL (SELECT pg_get_serial_sequence(t.name::text, a.attname::text)::regclass
			UNION
			/* Which no column owns: its default names it. */
			SELECT c.oid FROM pg_attrdef AS e
			JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
			JOIN pg_class AS c ON c.oid = d.refobjid AND c.relkind = 'S'
			WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum) AS s (sequence)
		WHERE s.sequence IS NOT NULL
	LOOP
		EXECUTE format('SELECT CASE WHEN s.is_called THEN s.last_value + d.seqincrement ELSE s.last_value END
			FROM %s AS s, pg_sequence AS d WHERE d.seqrelid = %L::regclass', here.sequence, here.sequence) INTO next;
		SELECT count(*), min(v.value) INTO rows, first
		FROM keys AS k CROSS JOIN LATERAL (VALUES ((k.row_of ->> here.attname)::bigint)) AS v (value), pg_sequence AS s
		WHERE k.place = here.place AND s.seqrelid = here.sequence AND s.seqincrement > 0
			AND v.value >= next AND v.value <= s.seqmax AND mod(v.value - next, s.seqincrement) = 0;
		IF rows > 0 THEN
			RAISE '% rows of % have values of % that sequence % of TO will give to others, such as %',
				rows, here.name, here.attname, here.sequence, first
			USING HINT = 'Between servers keys have to differ: uuid, or sequences that are disjoint (docs/scaling.md).';
		END IF;
	END LOOP;
	FOR here IN
		SELECT r.referring, r.name, string_agg(DISTINCT k.key, ' AND ') AS matches
		FROM referred AS r LEFT JOIN LATERAL (
			SELECT format('t.%1$I = (r.key_of ->> %1$L)::%2$s', a.attname, format_type(a.atttypid, a.atttypmod))
			FROM jsonb_object_keys(r.key_of) AS o (name)
			JOIN pg_attribute AS a ON a.attrelid = to_regclass(r.name) AND a.attname = o.name) AS k (key) ON true
		GROUP BY r.referring, r.name ORDER BY r.referring, r.name
	LOOP
		IF here.matches IS NULL THEN
			RAISE 'rows of % refer to table %, which TO has not', here.referring, here.name;
		END IF;
		EXECUTE format('SELECT count(*), min(r.key_of::text) FROM referred AS r LEFT JOIN %s AS t ON %s
			WHERE r.referring = $1 AND r.name = $2 AND to_jsonb(t) IS DISTINCT FROM r.row_of', here.name, here.matches)
		INTO rows, first USING here.referring, here.name;
		IF rows > 0 THEN
			RAISE '% rows of %, which is not in the file of --tables, are others at TO, or not there, and rows of % refer to them: %',
				rows, here.name, here.referring, first
			USING HINT = format('Name %s in that file, with a condition for what moves; or "%1$s: {shared}", where its keys '
				'mean the same at both.', here.name);
		END IF;
	END LOOP;
END
$$;
