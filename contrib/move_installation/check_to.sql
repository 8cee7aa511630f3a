/*
 * check_to.sql
 *		No key of what moves (keys) is used at the server that it moves to, or
 *		will be by a sequence there. Raises where one is.
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
		SELECT t.name, t.place, a.attname, pg_get_serial_sequence(t.name::text, a.attname::text)::regclass AS sequence
		FROM (SELECT DISTINCT k.place, k.name FROM keys AS k) AS t
		JOIN pg_attribute AS a ON a.attrelid = t.name AND a.attnum > 0 AND NOT a.attisdropped
		WHERE pg_get_serial_sequence(t.name::text, a.attname::text) IS NOT NULL
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
END
$$;
