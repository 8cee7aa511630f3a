--
-- Who may do what
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

\set SHOW_CONTEXT never
\set VERBOSITY terse
-- PUBLIC may use nothing of it
RESET SESSION AUTHORIZATION;
SELECT has_schema_privilege('regress_app', 'github_sync', 'USAGE');
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v', 'S')
	AND EXISTS (SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee = 0);
INSERT INTO app.tasks (title) VALUES ('Crash'), ('Another');

-- the application: by the columns that are the caller's
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.grant_application('regress_app') \g /dev/null
GRANT USAGE ON SCHEMA world TO regress_app;
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1) RETURNING id, state;
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at, priority)
VALUES ('inbound', 1, 3000000001, 1, at(5), 50) RETURNING id, state;
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 5000000001, 1, at(5)) RETURNING id, state;
SELECT count(*) FROM github_sync.task_sync_transactions;
-- not the state, not the place in line, not a claim
INSERT INTO github_sync.task_sync_transactions (direction, task_id, state) VALUES ('outbound', 1, 'completed');
INSERT INTO github_sync.task_sync_transactions (direction, task_id, queued_at) VALUES ('outbound', 1, at(0));
INSERT INTO github_sync.task_sync_transactions (direction, task_id, claim_no) VALUES ('outbound', 1, 7);
INSERT INTO github_sync.task_sync_transactions (direction, task_id, supersedes) VALUES ('outbound', 2, '{1}');
INSERT INTO github_sync.task_sync_transactions (direction, task_id, event) VALUES ('outbound', 2, 'claimed');
UPDATE github_sync.task_sync_transactions SET state = 'completed';
UPDATE github_sync.task_sync_transactions SET event = 'claimed';
DELETE FROM github_sync.task_sync_transactions;
TRUNCATE github_sync.task_sync_transactions;
-- not where requests go
UPDATE github_sync.github_repos SET owner_login = 'mallory';
INSERT INTO github_sync.github_app_installations (id) VALUES (11);
SELECT * FROM github_sync.github_issues;
-- not what the worker does, nor what the owner does
SELECT * FROM github_sync.task_claim(1, 1);
SELECT github_sync.task_fail(1, 1, 'x', 'x');
SELECT github_sync.retry_task_sync_transaction(1);
SELECT github_sync.retry_errored();
SELECT github_sync.set_repo_sync(1, false);
SELECT github_sync.unlink_task(1);
SELECT github_sync.link_task(1, 1, 1, 'github');
SELECT github_sync.link_comment(1, 1, 5000000001, 'github');
SELECT github_sync.unlink_comment(1);
SELECT github_sync.retry_comment_sync_transaction(1);
SELECT github_sync.prune('0');
SELECT github_sync.adopt_database();
SELECT github_sync.capture_task_changes(true);
SELECT github_sync.execute_as_owner('github_sync.github_repos', 'DELETE FROM github_sync.github_repos');
-- what it inserted stands as the rules decided
SELECT id, direction, state FROM github_sync.task_sync_transactions ORDER BY id;

-- outbound deletions: only of what the application deleted, and where that is to be propagated
SET SESSION AUTHORIZATION regress_owner;
INSERT INTO app.tasks (title) VALUES ('Here'), ('Gone');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id)
SELECT 1, 3000000100 + t.id, 100 + t.id, t.id FROM app.tasks AS t WHERE t.title IN ('Here', 'Gone');
DELETE FROM app.tasks WHERE title = 'Gone';
UPDATE github_sync.github_issues SET local_deleted_at = at(9) WHERE number > 100 AND task_id IS NULL;
CREATE VIEW world.numbers AS SELECT id, number, task_id FROM github_sync.github_issues WHERE number > 100 ORDER BY id;
GRANT SELECT ON world.numbers TO regress_app;
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, action, task_id) SELECT 'outbound', 'delete', task_id FROM world.numbers WHERE task_id IS NOT NULL;
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) SELECT 'outbound', 'delete', id FROM world.numbers WHERE task_id IS NOT NULL;
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) SELECT 'outbound', 'delete', id FROM world.numbers WHERE task_id IS NULL;
INSERT INTO github_sync.comment_sync_transactions (direction, action, github_comment_id) VALUES ('outbound', 'delete', 1);
SET SESSION AUTHORIZATION regress_owner;
UPDATE github_sync.github_repos SET on_local_delete = 'propagate' WHERE id = 1;
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) SELECT 'outbound', 'delete', id FROM world.numbers WHERE task_id IS NOT NULL;
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) SELECT 'outbound', 'delete', id FROM world.numbers WHERE task_id IS NULL RETURNING direction, action, state;
-- a receiver of webhooks: inbound only, of repositories that are connected, and nothing outbound
SET SESSION AUTHORIZATION regress_owner;
UPDATE github_sync.github_repos SET on_local_delete = 'keep' WHERE id = 1;
REVOKE ALL ON github_sync.task_sync_transactions, github_sync.comment_sync_transactions FROM regress_app;
SELECT github_sync.grant_application('regress_app', 'sideways');
SELECT github_sync.grant_application('regress_app', 'inbound') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 3000000077, 77, at(5)) RETURNING direction, state;
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 4711, 3000000078, 78, at(5));
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1);
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id) VALUES ('outbound', 1);
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) VALUES ('outbound', 'delete', 1);
INSERT INTO github_sync.comment_sync_transactions (direction, action, github_comment_id) VALUES ('outbound', 'delete', 1);
-- the other way round
SET SESSION AUTHORIZATION regress_owner;
REVOKE ALL ON github_sync.task_sync_transactions, github_sync.comment_sync_transactions FROM regress_app;
SELECT github_sync.grant_application('regress_app', 'outbound') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id) VALUES ('inbound', 1);
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 2) RETURNING direction, state;

-- nobody is no role, and neither yes nor no is nothing
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.grant_application(NULL), 'application';
SELECT github_sync.grant_webhooks(NULL);
SELECT github_sync.grant_monitor(0::regrole);
SELECT github_sync.capture_task_changes(NULL);
SELECT github_sync.capture_comment_changes(NULL);
-- whatever a public function needs, NULL is refused by the name of the argument, or of what the function is about
CREATE FUNCTION world.refused(call text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE 'SELECT github_sync.' || call;
	RETURN NEXT 'taken: ' || call;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN NEXT concat_ws(' ', SQLSTATE, SQLERRM, CASE WHEN hint = '' THEN '(without a hint)' END);
END
$$;
SELECT r.* FROM (VALUES ('set_repo_sync(NULL, true)'), ('set_repo_sync(1, NULL)'), ('set_repo_sync(77, true)'), ('disconnect_repo(NULL)'), ('disconnect_repo(77)'),
	('backfill_repo(NULL)'), ('backfill_repo(1, NULL)'), ('backfill_repo(1, $$all$$, NULL, NULL)'),
	('backfill_repo(1, $$new$$)'), ('backfill_repo(77)'), ('reconcile_repo(NULL)'), ('reconcile_repo(77)'),
	('backfill_status(NULL)'), ('backfill_status(77)'),
	('retry_errored(NULL)'), ('retry_errored($$-1 hour$$)'), ('prune(NULL)'), ('prune($$-1 hour$$)'),
	('retry_task_sync_transaction(NULL)'), ('retry_comment_sync_transaction(NULL)'), ('retry_task_sync_transaction(0)'),
	('link_task(NULL, 1, 1, $$github$$)'), ('link_task(1, NULL, 1, $$github$$)'),
	('link_task(1, 1, NULL, $$github$$)'), ('link_task(1, 1, 1, NULL)'),
	('link_comment(NULL, 1, 1, $$github$$)'), ('link_comment(1, NULL, 1, $$github$$)'),
	('link_comment(1, 1, NULL, $$github$$)'), ('unlink_task(NULL)'), ('unlink_comment(NULL)'),
	('unlink_task(-1)')) AS c (call),
	world.refused(c.call) AS r;
SET SESSION AUTHORIZATION DEFAULT;
SELECT r.* FROM (VALUES ('detach_comments(NULL)'), ('attach_tasks(NULL)'), ('attach_comments(NULL)'),
	('attach_tasks($$app.tasks$$, $$$$)'), ('attach_comments($$app.comments$$, $$$$)'),
	('grant_application($$regress_app$$, NULL)'), ('grant_attach(NULL)'), ('grant_monitor(NULL)')) AS c (call),
	world.refused(c.call) AS r;
SET SESSION AUTHORIZATION regress_owner;
-- a dashboard reads the views, and only those
SET SESSION AUTHORIZATION regress_owner;
REVOKE ALL ON github_sync.task_sync_transactions, github_sync.comment_sync_transactions FROM regress_app;
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 0 FROM github_sync.sync_status;
SELECT count(*) > 0 FROM github_sync.sync_queue;
SELECT count(*) >= 0 FROM github_sync.sync_errors;
SELECT count(*) > 0 FROM github_sync.sync_history;
SELECT count(*) >= 0 FROM github_sync.sync_workers;
SELECT count(*) > 0 FROM github_sync.sync_rate_limits;
SELECT count(*) FROM github_sync.task_sync_transactions;
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1);

-- nor may it pass anything on
SELECT github_sync.grant_monitor('regress_app');
SELECT github_sync.grant_application('regress_app');
SELECT github_sync.detach_comments();
SELECT github_sync.detach_tasks(true);
SELECT github_sync.attach_tasks('app.tasks');

-- a settings change is the superuser's
SET SESSION AUTHORIZATION regress_owner;
SET github_sync.api_url = 'https://example.org';
SET github_sync.enabled = on;
ALTER ROLE regress_owner SET github_sync.token_file = '/etc/passwd';
RESET SESSION AUTHORIZATION;
REVOKE ALL ON ALL TABLES IN SCHEMA github_sync FROM regress_app;
REVOKE USAGE ON SCHEMA github_sync FROM regress_app;

-- attaching: by the owner of the table, who must be let into the schema
\set VERBOSITY default
REVOKE ALL ON SCHEMA github_sync FROM regress_owner CASCADE;
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
\echo :SQLSTATE
SELECT github_sync.detach_comments();
-- what needs nothing there: capture, adopting, detaching tasks
SELECT github_sync.capture_task_changes(true), github_sync.capture_task_changes(false), github_sync.adopt_database() \g /dev/null
-- to pass it on it must be passed on
SELECT github_sync.grant_monitor('regress_app');
SELECT github_sync.grant_application('regress_app');
RESET SESSION AUTHORIZATION;
SELECT github_sync.grant_attach('regress_owner') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.grant_monitor('regress_app'), github_sync.grant_application('regress_app') \g /dev/null
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.detach_comments() \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT github_sync.detach_comments(), github_sync.detach_tasks() \g /dev/null
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id'), github_sync.attach_comments('app.comments') \g /dev/null
SELECT count(*) FROM pg_class WHERE relnamespace = 'github_sync'::regnamespace AND relkind IN ('r', 'v') AND relname NOT IN ('state_transitions', 'webhook_actions')
	AND pg_get_userbyid(relowner) <> 'regress_owner';
-- not tables of others
RESET SESSION AUTHORIZATION;
GRANT USAGE, CREATE ON SCHEMA github_sync TO regress_app;
GRANT USAGE ON SCHEMA app TO regress_app;
CREATE TABLE app.mine (id int PRIMARY KEY, title text, body text, modified_at timestamptz);
ALTER TABLE app.mine OWNER TO regress_app;
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.attach_tasks('app.tasks');
-- nor one's own, where somebody else's are attached
SELECT github_sync.attach_tasks('app.mine');

-- what a third role put into the schema is refused, not adopted
CREATE FUNCTION github_sync.useful() RETURNS text LANGUAGE sql SECURITY DEFINER RETURN 'planted';
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
DROP ROUTINE github_sync.useful();
REVOKE ALL ON SCHEMA github_sync FROM regress_app;
REVOKE ALL ON ALL TABLES IN SCHEMA github_sync FROM regress_app;
DROP TABLE app.mine;

-- a hostile owner: of every function a variant that fits unless arguments are
-- exactly what they should be, operators of all kinds, casts, triggers, rules
CREATE TABLE world.trapped (a_superuser boolean, by text);
GRANT SELECT, INSERT ON world.trapped TO PUBLIC;
CREATE FUNCTION world.trap(by text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO world.trapped SELECT r.rolsuper, by FROM pg_roles AS r WHERE r.rolname = current_user;
END
$$;
GRANT USAGE ON SCHEMA world TO PUBLIC;
SET SESSION AUTHORIZATION regress_owner;
CREATE PROCEDURE world.plant() LANGUAGE plpgsql AS $$
DECLARE
	member record;
	types text;
	planted integer := 0;
BEGIN
	FOR member IN
		SELECT p.proname, p.pronargs, p.prorettype::regtype AS returns, p.proretset, p.proargtypes
		FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prorettype <> 'trigger'::regtype
	LOOP
		/* With fewer arguments than declared, as the default ones allow; all text, all exact but the last, any. */
		FOR given IN 0 .. member.pronargs LOOP
			FOREACH types IN ARRAY ARRAY[
				(SELECT coalesce(string_agg('text', ', '), '') FROM generate_series(1, given)),
				(SELECT coalesce(string_agg('anyelement', ', '), '') FROM generate_series(1, given)),
				(SELECT coalesce(string_agg(CASE WHEN n = given THEN 'text' ELSE member.proargtypes[n - 1]::regtype::text END, ', ' ORDER BY n), '')
					FROM generate_series(1, given) AS n),
				(SELECT coalesce(string_agg(CASE WHEN n = given THEN 'anyelement' ELSE member.proargtypes[n - 1]::regtype::text END, ', ' ORDER BY n), '')
					FROM generate_series(1, given) AS n),
				(SELECT coalesce(string_agg(member.proargtypes[n - 1]::regtype::text, ', ' ORDER BY n), '') FROM generate_series(1, given) AS n)]
			LOOP
				BEGIN
					EXECUTE format('CREATE FUNCTION github_sync.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', member.proname, types,
						CASE WHEN member.returns = 'record'::regtype THEN 'text' ELSE member.returns::text END,
						format('BEGIN PERFORM world.trap(%L); %s END', member.proname,
							CASE WHEN member.returns <> 'void'::regtype THEN 'RETURN NULL;' END));
					planted := planted + 1;
				EXCEPTION WHEN duplicate_function OR invalid_function_definition OR ambiguous_function THEN
					NULL;
				END;
			END LOOP;
		END LOOP;
	END LOOP;
	RAISE NOTICE 'planted: %', planted > 450;
END
$$;
CALL plant();
-- they work: a call that is not exact is caught
SELECT github_sync.wake(), github_sync.table_owner('app.tasks') IS NULL AS caught;
SELECT * FROM world.trapped;
-- operators, in our schema and in one of the owner's
CREATE FUNCTION world.equal(a name, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM world.trap('='); RETURN true; END $$;
CREATE FUNCTION world.joined(a text, b name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM world.trap('||'); RETURN a; END $$;
CREATE FUNCTION world.taken(a jsonb, b text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM world.trap('->>'); RETURN a; END $$;
CREATE OPERATOR github_sync.= (LEFTARG = name, RIGHTARG = text, FUNCTION = world.equal);
CREATE OPERATOR github_sync.|| (LEFTARG = text, RIGHTARG = name, FUNCTION = world.joined);
CREATE OPERATOR github_sync.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = world.taken);
CREATE OPERATOR world.= (LEFTARG = name, RIGHTARG = text, FUNCTION = world.equal);
CREATE OPERATOR world.|| (LEFTARG = text, RIGHTARG = name, FUNCTION = world.joined);
-- a trigger, a policy, a column of a type that has a cast of its own, and a mapping that is a command
CREATE FUNCTION world.is_word(a text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM world.trap('domain'); RETURN true; END $$;
CREATE DOMAIN world.word AS text CHECK (world.is_word(VALUE));
CREATE TYPE world.pair AS (a world.word);
CREATE FUNCTION world.ambush() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM world.trap('trigger'); RETURN coalesce(NEW, OLD); END $$;
CREATE TRIGGER ambush BEFORE INSERT OR UPDATE OR DELETE ON github_sync.attached_tables FOR EACH ROW EXECUTE FUNCTION world.ambush();
DROP VIEW github_sync.sync_problems, github_sync.sync_queue;
CREATE TYPE world.kind AS (word text);
CREATE FUNCTION world.kind_as_text(world.kind) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM world.trap('cast'); RETURN ($1).word; END $$;
CREATE CAST (world.kind AS text) WITH FUNCTION world.kind_as_text AS IMPLICIT;
ALTER TABLE github_sync.attached_tables DROP CONSTRAINT attached_tables_record_type_check;
ALTER TABLE github_sync.attached_tables ADD COLUMN plain text;
UPDATE github_sync.attached_tables SET plain = record_type;
ALTER TABLE github_sync.attached_tables ALTER COLUMN record_type TYPE world.kind USING ROW(record_type)::world.kind;
RESET SESSION AUTHORIZATION;
SET search_path = world, github_sync, pg_catalog;
\set VERBOSITY sqlstate
-- A superuser calls with all arguments and exact types. That a shorter call of his could be caught cannot be helped:
-- whoever may create in a schema can offer what fits better there. What happens is no matter, but that nothing is run.
SELECT github_sync.attach_tasks('app.tasks'::regclass, NULL::name, NULL::name, NULL::name, NULL::name, 'open'::text, 'closed'::text,
	NULL::name, 'UTC'::text, 'repo_id'::name, NULL::regprocedure, NULL::text, NULL::text, NULL::text, NULL::text[], NULL::jsonb, NULL::text, NULL::regprocedure, NULL::regprocedure, NULL::name, NULL::name, NULL::name) \g /dev/null
SELECT github_sync.adopt_database() \g /dev/null
SELECT github_sync.capture_task_changes(true::boolean) \g /dev/null
\set VERBOSITY terse
SELECT by, count(*) FROM world.trapped WHERE a_superuser GROUP BY by;
SELECT by, count(*) > 0 FROM world.trapped GROUP BY by ORDER BY by;
-- the same with columns as they were
SET SESSION AUTHORIZATION regress_owner;
ALTER TABLE github_sync.attached_tables DROP COLUMN record_type;
ALTER TABLE github_sync.attached_tables RENAME COLUMN plain TO record_type;
ALTER TABLE github_sync.attached_tables ADD CONSTRAINT attached_tables_pkey PRIMARY KEY (record_type);
UPDATE github_sync.attached_tables SET mapping = jsonb_set(mapping, '{captured_columns}',
	'["title, body) IS DISTINCT FROM (1, 2)) EXECUTE FUNCTION world.ambush(); SELECT world.trap(''command''); --"]');
RESET SESSION AUTHORIZATION;
SELECT github_sync.capture_task_changes(true::boolean);
SELECT github_sync.attach_tasks('app.tasks'::regclass, NULL::name, NULL::name, NULL::name, NULL::name, 'open'::text, 'closed'::text,
	NULL::name, 'UTC'::text, 'repo_id'::name, NULL::regprocedure, $$('(x)'::world.pair) IS NOT NULL$$::text, NULL::text, NULL::text, NULL::text[], NULL::jsonb, NULL::text, NULL::regprocedure, NULL::regprocedure, NULL::name, NULL::name, NULL::name) \g /dev/null
SELECT github_sync.attach_comments('app.comments'::regclass, NULL::name, NULL::name, NULL::name, NULL::name, 'UTC'::text, NULL::regprocedure, NULL::text, NULL::text, NULL::text, NULL::regprocedure, NULL::regprocedure) \g /dev/null
SELECT github_sync.capture_task_changes(true::boolean) \g /dev/null
SELECT github_sync.capture_comment_changes(true::boolean) \g /dev/null
SELECT github_sync.grant_application('regress_app'::regrole, 'both'::text) \g /dev/null
SELECT github_sync.grant_monitor('regress_app'::regrole) \g /dev/null
SELECT github_sync.adopt_database() \g /dev/null
SELECT github_sync.take_over_ownership() \g /dev/null
SELECT github_sync.grant_attach('regress_app'::regrole) \g /dev/null
SELECT github_sync.detach_comments(false::boolean) \g /dev/null
SELECT github_sync.detach_tasks(false::boolean) \g /dev/null
SELECT by, count(*) FROM world.trapped WHERE a_superuser GROUP BY by;
SELECT record_type FROM github_sync.attached_tables WHERE attached_at IS NOT NULL;

-- a schema that was somebody else's before
SET client_min_messages = warning;
DROP EXTENSION task_sync_transaction CASCADE;
DROP SCHEMA github_sync CASCADE;
CREATE SCHEMA github_sync AUTHORIZATION regress_owner;
CREATE EXTENSION task_sync_transaction;
DROP SCHEMA github_sync, app, world CASCADE;
