--
-- Deferred triggers of the owner run at COMMIT, when nobody runs as the owner
-- any more: what a superuser calls puts none off
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE TABLE world.trapped (by text, a_superuser boolean);
GRANT INSERT ON world.trapped TO PUBLIC;
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('Burn', at(1));
SELECT outbound(1);
SELECT carry_out(2);
INSERT INTO github_sync.task_sync_transactions (id, direction, state, error_code, error_reason, task_id, github_issue_id, github_repo_id, finished_at)
SELECT 90 + n, 'outbound', 'errored', 'forbidden', 'no', 1, 1, 1, at(1) FROM generate_series(1, 2) AS n;
GRANT USAGE ON SCHEMA world TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
CREATE FUNCTION app.ambush() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO world.trapped SELECT TG_TABLE_NAME, r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user;
	RETURN NULL;
END
$$;
CREATE PROCEDURE app.plant() LANGUAGE plpgsql AS $$
DECLARE
	planted regclass;
BEGIN
	FOR planted IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r'
		AND pg_get_userbyid(c.relowner) = current_user
	LOOP
		EXECUTE format('CREATE CONSTRAINT TRIGGER ambush AFTER INSERT OR UPDATE OR DELETE ON %s DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION app.ambush()', planted);
	END LOOP;
END
$$;
CALL app.plant();
RESET SESSION AUTHORIZATION;
\set VERBOSITY terse
-- each in a transaction of its own: what would run at COMMIT is refused
SELECT github_sync.prune('0');
SELECT github_sync.set_repo_sync(1, false);
SELECT github_sync.reconcile_repo(1);
SELECT github_sync.backfill_repo(1);
SELECT github_sync.retry_task_sync_transaction(91);
SELECT github_sync.retry_errored();
SELECT github_sync.link_task(2, 1, 1, 'app');
SELECT github_sync.unlink_task(1);
SELECT github_sync.ingest_webhook('issues', 'a', json_build_object('action', 'edited', 'repository', json_build_object('id', 1, 'name', 'app', 'full_name', 'octo/app', 'owner', json_build_object('login', 'octo')),
	'issue', json_build_object('id', 3000000001, 'number', 1, 'updated_at', '2024-05-01T10:00:09Z', 'title', 'Crash', 'state', 'open', 'user', json_build_object('login', 'octocat', 'id', 1))));
SELECT count(*) >= 0 FROM github_sync.health();
SELECT count(*) > 0 FROM github_sync.record_history(task_id => 1);
-- nor by taking the owner's role, from which the trigger could come back
SET ROLE regress_owner;
SELECT github_sync.prune('0');
RESET ROLE;
-- and nothing is left of it behind the call
SELECT current_user = session_user;
CREATE TEMP TABLE a (b int);
DROP TABLE a;
SELECT * FROM world.trapped WHERE a_superuser;
-- the owner himself may
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.retry_task_sync_transaction(91);
SELECT github_sync.set_repo_sync(1, false);
RESET SESSION AUTHORIZATION;
SELECT count(*) > 0, bool_or(a_superuser) FROM world.trapped;
