/*
 * What is worked out of what workers counted.
 */

CREATE FUNCTION github_sync.percentile_of_counts(limits_ms integer[], counts bigint[], share numeric) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT limits_ms[c.place] FROM (
		SELECT u.place, sum(u.number) OVER (ORDER BY u.place) AS up_to, sum(u.number) OVER () AS in_all
		FROM unnest(counts) WITH ORDINALITY AS u (number, place)) AS c
	WHERE c.in_all > 0 AND c.up_to >= share * c.in_all ORDER BY c.place LIMIT 1
$$;
COMMENT ON FUNCTION github_sync.percentile_of_counts(integer[], bigint[], numeric) IS
'private: the limit that a share (0.95) of what was counted does not exceed; NULL: beyond all limits, or nothing was';
