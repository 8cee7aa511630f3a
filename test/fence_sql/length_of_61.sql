/* sql/extension/grants.sql: length: intruder has 61 lines */

CREATE FUNCTION github_sync.intruder(a integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	-- and an empty line, which does not count

	a := a + 1;
	a := a + 2;
	a := a + 3;
	a := a + 4;
	a := a + 5;
	a := a + 6;
	a := a + 7;
	a := a + 8;
	a := a + 9;
	a := a + 10;
	a := a + 11;
	a := a + 12;
	a := a + 13;
	a := a + 14;
	a := a + 15;
	a := a + 16;
	a := a + 17;
	a := a + 18;
	a := a + 19;
	a := a + 20;
	a := a + 21;
	a := a + 22;
	a := a + 23;
	a := a + 24;
	a := a + 25;
	a := a + 26;
	a := a + 27;
	a := a + 28;
	a := a + 29;
	a := a + 30;
	a := a + 31;
	a := a + 32;
	a := a + 33;
	a := a + 34;
	a := a + 35;
	a := a + 36;
	a := a + 37;
	a := a + 38;
	a := a + 39;
	a := a + 40;
	a := a + 41;
	a := a + 42;
	a := a + 43;
	a := a + 44;
	a := a + 45;
	a := a + 46;
	a := a + 47;
	a := a + 48;
	a := a + 49;
	a := a + 50;
	a := a + 51;
	a := a + 52;
	a := a + 53;
	a := a + 54;
	RETURN a;
END
$$;
COMMENT ON FUNCTION github_sync.intruder(integer) IS
'private: one line too many';
