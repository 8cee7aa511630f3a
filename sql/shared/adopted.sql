/*
 * Whether this database is the one that syncs.
 */

CREATE OR REPLACE FUNCTION github_sync.why_not_adopted() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	tasks github_sync.attached_tables;
BEGIN
	/* Comments are never attached without tasks. */
	SELECT * INTO tasks FROM github_sync.attached_tables AS a WHERE a.record_type = 'task';
	RETURN github_sync.why_copied(tasks.database_identity, tasks.server, tasks.held_because,
		github_sync.registered_identity(), github_sync.server_fingerprint(), github_sync.promotion_fingerprint());
END
$$;
COMMENT ON FUNCTION github_sync.why_not_adopted() IS
'private: why this database sends nothing before adopt_database(): it was restored or copied; NULL: it is the one that '
'syncs';

CREATE OR REPLACE FUNCTION github_sync.database_is_adopted() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* The common case first. By the key: entry points plan by index, and any other scan would be compiled each time. */
	RETURN EXISTS (SELECT FROM github_sync.attached_tables AS a WHERE a.record_type = 'task'
			AND a.held_because IS NULL AND github_sync.is_registered_here(a.database_identity, a.server))
		OR github_sync.why_not_adopted() IS NULL;
END
$$;
COMMENT ON FUNCTION github_sync.database_is_adopted() IS
'private: false in a restored or copied database, which sends nothing before adopt_database()';

CREATE OR REPLACE FUNCTION github_sync.hold_copy() RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	because text := github_sync.why_not_adopted();
BEGIN
	IF because IS NOT NULL THEN
		UPDATE github_sync.attached_tables SET held_because = because
		WHERE held_because IS NULL AND database_identity = github_sync.registered_identity();
	END IF;
	RETURN because;
END
$$;
COMMENT ON FUNCTION github_sync.hold_copy() IS
'private: as why_not_adopted(); what a worker finds is kept, so that a standby of a copy, promoted, is still one';

/* What pg_dump wrote begins with this setting; else CREATE EXTENSION has it, and no application. */
CREATE OR REPLACE FUNCTION github_sync.is_restoring() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN NOT current_setting('check_function_bodies')::boolean;
END
$$;
COMMENT ON FUNCTION github_sync.is_restoring() IS
'private: whether this session restores a dump';

/* Rows of a dump that come back into these very tables are as old as the dump. */
CREATE OR REPLACE FUNCTION github_sync.hold_restored() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.is_restoring() THEN
		NEW.held_because := coalesce(NEW.held_because, 'its rows were restored from a dump');
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION github_sync.hold_restored() IS
'private: a row of attached_tables that a dump brings, without the tables, makes this database a copy too';

CREATE OR REPLACE TRIGGER a_hold_restored
	BEFORE INSERT ON github_sync.attached_tables
	FOR EACH ROW EXECUTE FUNCTION github_sync.hold_restored();
