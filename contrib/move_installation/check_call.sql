/*
 * check_call.sql
 *		The call of move_installation that began this session is still there: it
 *		keeps a session with a lock that no other call knows. Raises where it is not.
 */
SELECT EXISTS (SELECT FROM pg_locks AS l
	WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
		AND (l.classid::bigint << 32 | l.objid::bigint) = :token
		AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())) AS is_called \gset
\if :is_called
\else
DO $$ BEGIN RAISE 'the call that began this has ended, or lost its connection'; END $$;
\endif
