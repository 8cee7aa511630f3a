/* sql/comment/record.sql: name: intruder is made for comments, but not named so */

CREATE OR REPLACE FUNCTION github_sync.intruder() RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: one, which a detach of comments would leave behind';
