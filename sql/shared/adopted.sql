/*
 * Whether this database is the one that syncs, and what the application changes
 * in one that is not.
 */

CREATE OR REPLACE FUNCTION github_sync.why_not_adopted() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	tasks github_sync.attached_tables;
BEGIN
	/* Comments are never attached without tasks. */
	SELECT * INTO tasks FROM github_sync.attached_tables AS a WHERE a.record_type = 'task';
	/* As why_copied() would find; capture asks with each row. */
	IF tasks.held_because IS NULL AND tasks.database_identity = github_sync.database_identity()
		AND tasks.server = github_sync.server_fingerprint() THEN
		RETURN NULL;
	END IF;
	RETURN github_sync.why_copied(tasks.database_identity, tasks.server, tasks.held_because);
END
$$;
COMMENT ON FUNCTION github_sync.why_not_adopted() IS
'private: why this database sends nothing before adopt_database(): it was restored or copied; NULL: it is the one that '
'syncs';

CREATE OR REPLACE FUNCTION github_sync.database_is_adopted() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN github_sync.why_not_adopted() IS NULL;
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
		WHERE held_because IS NULL AND database_identity = github_sync.database_identity();
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

CREATE OR REPLACE FUNCTION github_sync.note_change_in_copy(record_type text, record_id text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF github_sync.database_is_adopted() THEN
		RETURN false;
	ELSIF github_sync.is_restoring() THEN
		RETURN true;
	END IF;
	/* adopt_database() waits for us, or we have waited for it. */
	PERFORM 1 FROM github_sync.attached_tables AS a WHERE a.record_type = note_change_in_copy.record_type FOR SHARE;
	IF github_sync.database_is_adopted() THEN
		RETURN false;
	END IF;
	INSERT INTO github_sync.changed_in_copy (record_type, record_id)
	VALUES (note_change_in_copy.record_type, note_change_in_copy.record_id)
	ON CONFLICT DO NOTHING;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.note_change_in_copy(text, text) IS
'private: in a restored or copied database, notes a change for adopt_database() (but what is restored is no change) '
'and returns true; false: this database is the one that syncs';

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
