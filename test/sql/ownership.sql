--
-- One owner of the queue, its functions and both tables of the application
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
RESET SESSION AUTHORIZATION;
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
CREATE ROLE regress_next LOGIN;
GRANT USAGE, CREATE ON SCHEMA app, world TO regress_next;
GRANT ALL ON ALL TABLES IN SCHEMA app TO regress_app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA app TO regress_app;
GRANT USAGE ON SCHEMA app TO regress_app;
CREATE FUNCTION pg_temp.owners() RETURNS TABLE (what text, owner text) LANGUAGE sql AS $$
	SELECT k.what, string_agg(DISTINCT pg_get_userbyid(k.owner), ' ') FROM (
		SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'v' THEN 'views' ELSE 'sequences' END, c.relowner, 'pg_class'::regclass, c.oid
		FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v', 'S')
		UNION ALL
		SELECT 'functions', p.proowner, 'pg_proc'::regclass, p.oid FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace
		UNION ALL
		SELECT 'application', c.relowner, 'pg_class'::regclass, c.oid FROM pg_class AS c
		WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'S')) AS k (what, owner, catalog, oid)
	WHERE NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = k.catalog AND d.objid = k.oid AND d.deptype = 'e')
	GROUP BY 1 ORDER BY 1
$$;
-- what the application sees of a drift: nothing; returns how many transactions its writes made
CREATE FUNCTION world.application_writes(and_deletes boolean DEFAULT true) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
	written bigint;
BEGIN
	SELECT count(*) INTO made FROM github_sync.task_sync_transactions;
	PERFORM set_config('role', 'regress_app', true);
	INSERT INTO app.tasks (title, body) VALUES ('Crash', 'It crashes.'), ('Slow', 'It is slow.') ;
	UPDATE app.tasks SET title = title || '!';
	GET DIAGNOSTICS written = ROW_COUNT;
	ASSERT written > 0;
	INSERT INTO app.comments (task_id, body) SELECT max(id), 'Me too' FROM app.tasks;
	IF and_deletes THEN
		DELETE FROM app.comments;
		DELETE FROM app.tasks WHERE title ~ 'Crash';
	END IF;
	PERFORM set_config('role', 'none', true);
	RETURN (SELECT count(*) FROM github_sync.task_sync_transactions) - made;
END
$$;
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true) \g /dev/null
\set ECHO all

-- as it should be
SELECT * FROM github_sync.owner_problem();
SELECT * FROM pg_temp.owners();
SELECT world.application_writes() > 0;
-- whatever runs with the owner's rights asks first; the application's own DELETE is never refused
SELECT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef
	AND p.prosrc !~ '^\s*(DECLARE[^;]*(;[^;]*)*)?\s*BEGIN\s+PERFORM github_sync.require_one_owner\(\);' ORDER BY 1;
SELECT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef AND p.prosrc !~ 'require_one_owner|owner_problem|queue_has_one_owner';

-- the tasks are given to somebody else
ALTER TABLE app.tasks OWNER TO regress_next;
SELECT * FROM github_sync.owner_problem();
SELECT activity, last_error FROM github_sync.sync_workers;
SELECT world.application_writes();
-- what it deleted is known to be deleted
SELECT count(*) > 0, count(*) FILTER (WHERE local_deleted_at IS NULL) FROM github_sync.github_issues WHERE task_id IS NULL;
-- nothing runs
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 1, 7, world.at(5));
\set VERBOSITY terse
SELECT github_sync.retry_errored();
SELECT github_sync.set_repo_sync(1, false);
SELECT github_sync.link_task(1, 1, 1, 'app');
SELECT github_sync.unlink_task(1);
SELECT github_sync.prune('0');
SELECT github_sync.adopt_database();
SELECT github_sync.capture_task_changes(true);
\set VERBOSITY default
-- the comments are the first one's: said with what mends it
SELECT github_sync.take_over_ownership();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
ALTER TABLE app.comments OWNER TO regress_next;
-- who may not, cannot
SET SESSION AUTHORIZATION regress_next;
SELECT github_sync.take_over_ownership();
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA github_sync TO regress_next;
SET SESSION AUTHORIZATION regress_next;
SELECT github_sync.take_over_ownership();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.take_over_ownership();
RESET SESSION AUTHORIZATION;
-- one call
SELECT github_sync.take_over_ownership() \g /dev/null
SELECT * FROM github_sync.owner_problem();
SELECT * FROM pg_temp.owners();
SELECT world.application_writes() > 0;
SELECT count(*) FROM github_sync.sync_workers WHERE activity = 'does not run';

-- back, by attaching again
ALTER TABLE app.tasks OWNER TO regress_owner;
ALTER TABLE app.comments OWNER TO regress_owner;
SELECT problem FROM github_sync.owner_problem();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT problem FROM github_sync.owner_problem();
SELECT * FROM pg_temp.owners();
SELECT world.application_writes() > 0;

-- a role that has both roles does it by itself, once it may create
GRANT regress_owner, regress_next TO regress_app;
GRANT USAGE ON SCHEMA github_sync TO regress_app;
ALTER TABLE app.tasks OWNER TO regress_next;
ALTER TABLE app.comments OWNER TO regress_next;
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.take_over_ownership();
RESET SESSION AUTHORIZATION;
SELECT github_sync.grant_attach('regress_next') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.take_over_ownership() \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT problem FROM github_sync.owner_problem();
REVOKE CREATE ON SCHEMA github_sync FROM regress_next;
REVOKE regress_owner, regress_next FROM regress_app;

-- REASSIGN OWNED: where the library is loaded, the new owner gets the rights that it needs
REASSIGN OWNED BY regress_next TO regress_owner;
SELECT * FROM pg_temp.owners();
SELECT problem FROM github_sync.owner_problem();
SELECT world.application_writes() > 0;
CREATE ROLE regress_third LOGIN;
REASSIGN OWNED BY regress_owner TO regress_third;
SELECT problem FROM github_sync.owner_problem();
SELECT world.application_writes() > 0;
-- where it is not, that is one call; until then deleting what is linked fails, by the server's own foreign key, and nothing else
REVOKE ALL ON SCHEMA github_sync FROM regress_third CASCADE;
SELECT * FROM github_sync.owner_problem();
SELECT activity, last_error FROM github_sync.sync_workers;
SELECT world.application_writes(and_deletes => false);
SELECT world.application_writes();
SELECT github_sync.detach_comments();
SELECT github_sync.take_over_ownership() \g /dev/null
SELECT problem FROM github_sync.owner_problem();
REVOKE ALL ON FUNCTION github_sync.in_worker() FROM regress_third CASCADE;
SELECT problem FROM github_sync.owner_problem();
SELECT world.application_writes();
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT problem FROM github_sync.owner_problem();
SELECT world.application_writes() > 0;
ALTER SCHEMA world OWNER TO regress_owner;
REASSIGN OWNED BY regress_third TO regress_owner;
DROP OWNED BY regress_third;
DROP ROLE regress_third;

-- a table or a function of ours alone
ALTER TABLE github_sync.github_issues OWNER TO regress_next;
SELECT * FROM github_sync.owner_problem();
SELECT world.application_writes();
SELECT github_sync.take_over_ownership();
ALTER TABLE github_sync.github_issues OWNER TO CURRENT_USER;
SELECT world.application_writes();
SELECT github_sync.take_over_ownership() \g /dev/null
ALTER FUNCTION github_sync.task_capture(text, boolean, text[], text[]) OWNER TO regress_next;
SELECT problem FROM github_sync.owner_problem();
SELECT world.application_writes();
ALTER FUNCTION github_sync.task_capture(text, boolean, text[], text[]) OWNER TO CURRENT_USER;
SELECT problem = format('function github_sync.task_capture(pg_catalog.text,boolean,pg_catalog.text[],pg_catalog.text[]) belongs to role %I, the queue to role regress_owner', current_user)
FROM github_sync.owner_problem();
SELECT world.application_writes();
SELECT github_sync.take_over_ownership() \g /dev/null
SELECT problem FROM github_sync.owner_problem();
-- what a superuser has beside it is no matter
CREATE FUNCTION github_sync.report_of_mine() RETURNS text LANGUAGE sql RETURN 'mine';
CREATE VIEW github_sync.view_of_mine AS SELECT 1 AS one;
SELECT problem FROM github_sync.owner_problem();
DROP FUNCTION github_sync.report_of_mine();
DROP VIEW github_sync.view_of_mine;
-- of a third one it is refused, by name
GRANT CREATE ON SCHEMA github_sync TO regress_next;
SET ROLE regress_next;
CREATE FUNCTION github_sync.useful() RETURNS text LANGUAGE sql RETURN 'planted';
RESET ROLE;
SELECT problem FROM github_sync.owner_problem();
SELECT github_sync.take_over_ownership();
DROP FUNCTION github_sync.useful();
REVOKE ALL ON SCHEMA github_sync FROM regress_next;
SELECT problem FROM github_sync.owner_problem();

-- a partition of somebody else's; of a superuser's it is no matter
CREATE TABLE app.child () INHERITS (app.tasks);
SELECT problem FROM github_sync.owner_problem();
ALTER TABLE app.child OWNER TO regress_next;
SELECT * FROM github_sync.owner_problem();
SELECT github_sync.take_over_ownership();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
DROP TABLE app.child;
SELECT problem FROM github_sync.owner_problem();

-- whoever owns the tasks can drop the key by which we know them
BEGIN;
ALTER TABLE app.tasks OWNER TO regress_next;
SET LOCAL ROLE regress_next;
SET LOCAL client_min_messages = warning;
ALTER TABLE app.tasks DROP CONSTRAINT tasks_pkey CASCADE;
RESET ROLE;
SELECT * FROM github_sync.owner_problem();
SELECT world.application_writes();
ROLLBACK;
SELECT problem FROM github_sync.owner_problem();

-- row-level security that hides rows from the owner
ALTER TABLE app.tasks ENABLE ROW LEVEL SECURITY;
SELECT problem FROM github_sync.owner_problem();
ALTER TABLE app.tasks FORCE ROW LEVEL SECURITY;
SELECT "check", status, detail, remedy FROM github_sync.check_setup();
SELECT * FROM github_sync.owner_problem();
SELECT activity, last_error FROM github_sync.sync_workers;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
SELECT github_sync.take_over_ownership();
ALTER ROLE regress_owner BYPASSRLS;
SELECT problem FROM github_sync.owner_problem();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
ALTER ROLE regress_owner NOBYPASSRLS;
ALTER TABLE app.tasks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE app.tasks DISABLE ROW LEVEL SECURITY;
-- of ours: what it hides is said to be hidden, not taken for absent
SET SESSION AUTHORIZATION regress_owner;
ALTER TABLE github_sync.github_repos ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT problem FROM github_sync.owner_problem();
ALTER TABLE github_sync.github_repos NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
ALTER TABLE github_sync.attached_tables ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments();
ALTER TABLE github_sync.attached_tables NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
SELECT problem FROM github_sync.owner_problem();

-- a hostile new owner of a superuser's tables: whatever fires, it is never as the superuser
ALTER TABLE app.tasks OWNER TO CURRENT_USER;
ALTER TABLE app.comments OWNER TO CURRENT_USER;
SET client_min_messages = error;
DROP VIEW world.both_sides CASCADE;
SELECT github_sync.take_over_ownership() \g /dev/null
RESET client_min_messages;
INSERT INTO app.tasks (title, body) VALUES ('of the superuser', 'text');
ALTER TABLE app.tasks OWNER TO regress_next;
CREATE TABLE world.trapped (a_superuser boolean, by text);
GRANT SELECT, INSERT ON world.trapped TO PUBLIC;
SET SESSION AUTHORIZATION regress_next;
CREATE FUNCTION world.spring(by text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO world.trapped SELECT r.rolsuper, by FROM pg_roles AS r WHERE r.rolname = current_user;
	RETURN true;
END
$$;
CREATE FUNCTION world.spring() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM world.spring(TG_OP); RETURN coalesce(NEW, OLD); END $$;
CREATE TRIGGER spring BEFORE INSERT OR UPDATE OR DELETE ON app.tasks FOR EACH ROW EXECUTE FUNCTION world.spring();
CREATE TYPE world.words AS (words text);
CREATE FUNCTION world.as_text(world.words) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM world.spring('cast'); RETURN ($1).words; END $$;
CREATE CAST (world.words AS text) WITH FUNCTION world.as_text AS ASSIGNMENT;
ALTER TABLE app.tasks ADD CONSTRAINT spring CHECK (world.spring('check')) NOT VALID;
INSERT INTO app.tasks (title) VALUES ('mine');
UPDATE app.tasks SET title = 'mine too';
DELETE FROM app.tasks WHERE title = 'mine too';
-- a column's cast
ALTER TABLE app.tasks ALTER COLUMN title TYPE world.words USING ROW(title)::world.words;
INSERT INTO app.tasks (title) VALUES (ROW('mine'));
RESET SESSION AUTHORIZATION;
\set VERBOSITY terse
INSERT INTO github_sync.task_sync_transactions (direction, task_id) SELECT 'outbound', max(id) FROM app.tasks;
SELECT github_sync.link_task((SELECT max(id) FROM app.tasks), 1, 1, 'github');
SELECT github_sync.adopt_database();
SELECT github_sync.capture_task_changes(true);
SELECT github_sync.take_over_ownership();
SELECT a_superuser, count(*) > 0 FROM world.trapped GROUP BY 1;
ALTER TABLE app.comments OWNER TO regress_next;
SELECT github_sync.take_over_ownership() \g /dev/null
INSERT INTO github_sync.task_sync_transactions (direction, task_id) SELECT 'outbound', max(id) FROM app.tasks;
SELECT a_superuser, count(*) > 0 FROM world.trapped GROUP BY 1;
SELECT DISTINCT rolname FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef;

-- what the owner makes of its functions does not run as a superuser who looks at health()
SET ROLE regress_next;
ALTER FUNCTION github_sync.health_findings() SECURITY INVOKER;
ALTER FUNCTION github_sync.checked_setup() SECURITY INVOKER;
RESET ROLE;
\set VERBOSITY default
SELECT "check", status, detail, remedy FROM github_sync.health();
SELECT "check", status, detail, remedy FROM github_sync.check_setup();
SET ROLE regress_next;
ALTER FUNCTION github_sync.health_findings() SECURITY DEFINER;
ALTER FUNCTION github_sync.checked_setup() SECURITY DEFINER;
RESET ROLE;
SELECT count(*) FILTER (WHERE "check" ~ '^mapping') > 0 FROM github_sync.health();

-- PUBLIC may use nothing: no function, of the extension or of attach's, no table, no sequence, no type
SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND EXISTS (
	SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a WHERE a.grantee = 0)
ORDER BY p.proname, p.oid::regprocedure::text;
SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND EXISTS (
	SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee = 0);
SELECT t.oid::regtype FROM pg_type AS t JOIN pg_depend AS d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
WHERE t.typnamespace = 'github_sync'::regnamespace AND has_type_privilege('public', t.oid, 'USAGE');
-- a dashboard gets what the views call, and no more: not poke_launcher()
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace AND EXISTS (
	SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 'regress_app'::regrole) ORDER BY p.proname;

SET client_min_messages = warning;
DROP EXTENSION task_sync_transaction CASCADE;
DROP SCHEMA github_sync, app, world CASCADE;
DROP OWNED BY regress_next, regress_app;
DROP ROLE regress_next;
