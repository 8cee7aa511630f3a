/*
 * enter_call.sql
 *		What each session of a call begins with. It has the lock "work" until its
 *		backend has ended, whatever becomes of psql and of the script.
 */
SELECT pg_is_in_recovery() AS is_standby, pg_try_advisory_lock_shared(:work) AS may_work \gset
\if :is_standby
DO $$ BEGIN RAISE 'this is a standby: connect to its primary (target_session_attrs=read-write)'; END $$;
\endif
\if :may_work
\else
DO $$ BEGIN RAISE 'another call for the installation is at work'; END $$;
\endif
\ir check_call.sql
