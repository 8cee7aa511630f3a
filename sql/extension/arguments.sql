/*
 * What callers pass to public functions: nobody has to guess what NULL means.
 */

CREATE FUNCTION github_sync.require_argument(of_function text, argument text, is_missing boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF is_missing THEN
		RAISE null_value_not_allowed USING
			MESSAGE = format('%s of github_sync.%s() must not be NULL', argument, of_function),
			HINT = format('Nothing was done. The comment of function github_sync.%s says what it takes.', of_function);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_argument(text, text, boolean) IS
'private: a clear error (22004) where a public function is called without an argument that it needs';
