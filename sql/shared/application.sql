/*
 * Code of the application that runs in the worker: triggers, constraints and
 * functions of its tables, while a local row is written.
 *
 * It runs with the search_path that its owner's own sessions have, as that code
 * was written for; everything of ours is pinned, function by function.  The
 * worker's session is the owner's, so that code can do here what it can do there.
 */

CREATE OR REPLACE FUNCTION github_sync.application_path() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN coalesce((
		SELECT substr(given.setting, length('search_path=') + 1)
		FROM pg_db_role_setting AS d CROSS JOIN LATERAL unnest(d.setconfig) AS given (setting)
		WHERE starts_with(given.setting, 'search_path=') AND d.setrole IN (
				0, (SELECT o.oid FROM pg_roles AS o WHERE o.rolname = session_user))
			AND d.setdatabase IN (0, (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database()))
		ORDER BY d.setrole <> 0 DESC, d.setdatabase <> 0 DESC LIMIT 1),
		nullif(current_setting('github_sync.server_search_path', true), ''),
		'"$user", public');
END
$$;
COMMENT ON FUNCTION github_sync.application_path() IS
'private: the search_path with which a session of the owner''s begins: what ALTER ROLE and ALTER DATABASE say, else '
'the server''s configuration when this worker started';

CREATE OR REPLACE FUNCTION github_sync.enter_application(written_row text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	path_of_ours CONSTANT text := pg_catalog.current_setting('search_path');
	new_setting text;		/* an assignment is no statement of its own, as PERFORM is */
BEGIN
	new_setting := pg_catalog.set_config('github_sync.applying', written_row, true);
	/* Any other session than a worker's has a path of its own already. */
	IF github_sync.in_worker() THEN
		new_setting := pg_catalog.set_config('search_path', github_sync.application_path(), true);
	END IF;
	RETURN path_of_ours;
END
$$;
COMMENT ON FUNCTION github_sync.enter_application(text) IS
'private: what follows runs code of the application, for a row that is written (task:7, or task:new): its own '
'search_path holds. Returns what leave_application() is to be given';

CREATE OR REPLACE FUNCTION github_sync.leave_application(path_of_ours text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	new_setting text;
BEGIN
	/* Deferred triggers belong to the write, as at the COMMIT of a session; what they refuse is this row's failure. */
	SET CONSTRAINTS ALL IMMEDIATE;
	new_setting := pg_catalog.set_config('search_path', path_of_ours, true);
	new_setting := pg_catalog.set_config('github_sync.applying', '', true);
END
$$;
COMMENT ON FUNCTION github_sync.leave_application(text) IS
'private: the row is written: its deferred triggers run now, and what follows is ours again';

/* More would keep all rows of the database waiting for the one. */
CREATE OR REPLACE FUNCTION github_sync.require_sane_size(what text, octets bigint, most_octets bigint) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF octets > most_octets THEN
		RAISE program_limit_exceeded USING
			MESSAGE = format('%s returned %s bytes, of which it may return %s at most', what, octets,
				most_octets),
			HINT = 'Have it return less, or have the application add the rest to its row itself.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_sane_size(text, bigint, bigint) IS
'private: raises where a function of the application''s gave more than a row may wait for';

/* STRICT: most applications have no such function, and each new row asks. */
CREATE OR REPLACE FUNCTION github_sync.sane_values(what text, given jsonb, not_further text[]) RETURNS jsonb
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind CONSTANT text := jsonb_typeof(given);
	taken text;
BEGIN
	/* Twice as many as an answer of GitHub's may have. */
	PERFORM github_sync.require_sane_size(what, pg_column_size(given), 2 * 1024 * 1024);
	IF kind = 'null' THEN
		RETURN NULL;
	ELSIF kind <> 'object' THEN
		RAISE datatype_mismatch USING
			MESSAGE = format('%s returned a JSON %s: it has to return an object with values of columns, or NULL', what,
				kind);
	END IF;
	taken := (SELECT n.name FROM unnest(not_further) AS n (name) WHERE given ? n.name LIMIT 1);
	IF taken IS NOT NULL THEN
		RAISE invalid_column_reference USING
			MESSAGE = format('%s names column %s, which is synced by itself: it gives further columns alone', what,
				taken);
	END IF;
	RETURN given;
END
$$;
COMMENT ON FUNCTION github_sync.sane_values(text, jsonb, text[]) IS
'private: what apply_values or insert_values gave, JSON''s null as NULL; raises where that is too much, no object, or '
'has a column that is not_further';

CREATE OR REPLACE FUNCTION github_sync.columns_of_values(
	application_table regclass, given jsonb,
	OUT columns text, OUT assignments text, OUT present text, OUT given_text text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	unknown text := (SELECT k.name FROM jsonb_object_keys(given) AS k (name) WHERE NOT EXISTS (
		SELECT FROM pg_attribute AS a WHERE a.attrelid = application_table AND a.attname = k.name AND a.attnum > 0
			AND NOT a.attisdropped) LIMIT 1);
BEGIN
	IF unknown IS NOT NULL THEN
		RAISE undefined_column USING
			MESSAGE = format('apply_values names column %s, which table %s does not have', unknown, application_table);
	END IF;
	SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '),
		string_agg(format('%1$I = given.%1$I', a.attname), ', '),
		string_agg(format('r.%I::text', a.attname), ', '), string_agg(format('given.%I::text', a.attname), ', ')
	INTO columns, assignments, present, given_text
	FROM jsonb_object_keys(given) AS k (name)
	JOIN pg_attribute AS a ON a.attrelid = application_table AND a.attname = k.name AND a.attnum > 0;
END
$$;
COMMENT ON FUNCTION github_sync.columns_of_values(regclass, jsonb) IS
'private: the columns that an object has values of, as parts of statements; raises where the table lacks one';
