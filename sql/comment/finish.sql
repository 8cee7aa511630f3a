/*
 * The end of CREATE EXTENSION comment_sync_transaction.
 */

SET LOCAL client_min_messages = notice;
DO $$
BEGIN
	PERFORM github_sync.close_members();
	PERFORM github_sync.auto_attach('comment'::text);
END
$$;
