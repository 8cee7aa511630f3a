/*
 * The end of CREATE EXTENSION task_sync_transaction: say what is missing,
 * attach what there is.  Notices would be held back without this setting.
 */

SET LOCAL client_min_messages = notice;
DO $$
BEGIN
	IF NOT github_sync.library_preloaded() THEN
		RAISE WARNING USING
			MESSAGE = 'github_sync is not in shared_preload_libraries: rules and capture work, nothing is sent',
			HINT = 'Add it to shared_preload_libraries and restart the server.';
	END IF;
	PERFORM github_sync.close_members();
	PERFORM github_sync.auto_attach('task'::text);
END
$$;
