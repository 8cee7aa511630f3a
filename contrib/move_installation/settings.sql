/*
 * settings.sql
 *		What each session begins with, whatever its server, role or connection
 *		string has set.  What one writes as text the other one reads: as pg_dump
 *		does.  A wait that takes long is ours to end.  What has been committed is
 *		durable, as the other server's COMMIT relies on it.  A row that a policy
 *		hides is an error.  And sets of keys are hashed, however many there are.
 */
SELECT pg_catalog.set_config(s.name, w.value, false)
FROM (VALUES ('search_path', 'pg_catalog, pg_temp'), ('client_min_messages', 'warning'),
	('client_encoding', 'UTF8'), ('DateStyle', 'ISO'), ('IntervalStyle', 'postgres'), ('extra_float_digits', '3'),
	('xmloption', 'content'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on'),
	('statement_timeout', '0'), ('lock_timeout', '0'), ('transaction_timeout', '0'),
	('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),
	('default_transaction_isolation', 'read committed'), ('default_transaction_read_only', 'off'),
	('synchronous_commit', 'on'), ('row_security', 'off'), ('work_mem', '64MB')) AS w (name, value)
JOIN pg_catalog.pg_settings AS s ON s.name = w.name \g /dev/null
