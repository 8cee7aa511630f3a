/*
 * A rule broken on purpose: another text in the source of a function.
 */
CREATE FUNCTION model.break_rule(name text, good text, bad text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	source text := (SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p
		WHERE p.proname = name AND p.pronamespace = 'github_sync'::regnamespace);
BEGIN
	IF source IS NULL OR position(good IN source) = 0 THEN
		RAISE EXCEPTION 'function % does not contain: %', name, good;
	END IF;
	EXECUTE replace(source, good, bad);
END
$$;
