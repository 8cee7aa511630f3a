--
-- What is being processed when its record type is detached, or its functions are dropped: no worker can report on it
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set VERBOSITY terse
CREATE PROCEDURE comment_under_way() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	CALL github_has(5, 'Crash');
	PERFORM webhook(5);
	PERFORM carry_out(5);
	INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(6));
	PERFORM outbound(1, 'comment');
	PERFORM * FROM claim(of_type => 'comment');
END
$$;
CREATE VIEW under_way AS SELECT id, direction, state, claim_no, claimed_by IS NOT NULL AS is_held, attempts
FROM github_sync.comment_sync_transactions ORDER BY id;
\set ECHO all

-- detach gives it back; the late answer is no longer the row's, and the creation is looked up before it is sent again
CALL comment_under_way();
SELECT * FROM under_way;
CALL posted(1, 8, 'comment');
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments() \g /dev/null
SELECT * FROM world.under_way;
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM under_way;
SELECT github_sync.comment_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT * FROM claim(of_type => 'comment');
SELECT github_sync.comment_give_back(1, 2, NULL, NULL);
-- behind it a newer one: the older one makes way
CALL comment_under_way();
UPDATE app.comments SET body = 'Me, too', modified_at = at(7);
SELECT outbound(1, 'comment');
SELECT waits_for FROM github_sync.sync_queue ORDER BY id;
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments() \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM under_way;
SELECT * FROM claim(of_type => 'comment');

-- detached by its owner, who is no superuser
CALL comment_under_way();
RESET SESSION AUTHORIZATION;
SELECT github_sync.grant_attach('regress_owner') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.detach_comments() \g /dev/null
SELECT * FROM under_way;
RESET SESSION AUTHORIZATION;
REVOKE CREATE ON SCHEMA github_sync FROM regress_owner;
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;

-- both types: tasks last
CALL comment_under_way();
SELECT webhook(9);
SELECT * FROM claim();
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments() \g /dev/null
SELECT id, state FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1;
SELECT github_sync.detach_tasks() \g /dev/null
SELECT id, state FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1;
SELECT * FROM world.under_way;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('app.tasks'::regclass, 'app.comments'::regclass) AND tgname ~ 'github_sync|note_';
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;

-- what is attached keeps its claims when it is attached again, or refreshed
CALL comment_under_way();
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT github_sync.refresh_attached() \g /dev/null
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT * FROM world.under_way;

-- the extension was dropped: nobody could give it back, so attach does
DROP EXTENSION comment_sync_transaction CASCADE;
SELECT * FROM world.under_way;
CREATE EXTENSION comment_sync_transaction;
-- tasks went on and go on: what came is the owner's to call, and nobody else's
SELECT * FROM github_sync.owner_problem();
SELECT m.function FROM github_sync.members_of_owner() AS m (function)
WHERE NOT has_function_privilege('regress_owner', m.function, 'EXECUTE') OR has_function_privilege('public', m.function, 'EXECUTE');
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT * FROM world.under_way;
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM claim(of_type => 'comment');
-- one that cannot be put back just now stays, and neither detach nor attach fails
CREATE FUNCTION world.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE TRIGGER zz_refuse BEFORE UPDATE ON github_sync.comment_sync_transactions FOR EACH ROW EXECUTE FUNCTION world.refuse();
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments() \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT * FROM world.under_way;
DROP TRIGGER zz_refuse ON github_sync.comment_sync_transactions;
SET SESSION AUTHORIZATION regress_owner;
SELECT recovered, busy FROM github_sync.comment_recover_orphans('{}');
SELECT * FROM under_way;

-- a trigger of the application that asks is_sync() is there before a table is attached, and goes on when none is
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments(), github_sync.detach_tasks() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
CREATE TABLE app.mails (told text);
CREATE FUNCTION app.mail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO app.mails VALUES (NEW.title || CASE WHEN github_sync.is_sync() THEN ' by sync' ELSE '' END);
	RETURN NULL;
END
$$;
CREATE TRIGGER mail AFTER UPDATE ON app.tasks FOR EACH ROW WHEN (NOT github_sync.is_sync()) EXECUTE FUNCTION app.mail();
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.refresh_attached() \g /dev/null
SELECT github_sync.detach_tasks() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
UPDATE app.tasks SET title = 'Detached' WHERE id = 1;
SELECT * FROM app.mails;
RESET SESSION AUTHORIZATION;
DROP SCHEMA world CASCADE;
DROP EXTENSION comment_sync_transaction, task_sync_transaction;
DROP TRIGGER mail ON app.tasks;
DROP EXTENSION comment_sync_transaction, task_sync_transaction;
