/* sql/shared/checks.sql: name: comment_intruder is not made for comments, but named so */

CREATE OR REPLACE FUNCTION github_sync.comment_intruder() RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1;
END
$$;
COMMENT ON FUNCTION github_sync.comment_intruder() IS
'private: one, which a detach of comments would drop';
