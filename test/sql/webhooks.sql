--
-- Webhook deliveries: what each event does, and what it must not
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
\set ECHO all

CREATE SEQUENCE world.deliveries;
CREATE VIEW world.repos AS SELECT r.id, r.github_app_installation_id AS installation, r.owner_login || '/' || r.name AS name,
	concat_ws(' ', CASE WHEN r.access_lost THEN 'access lost' END, CASE WHEN r.is_archived THEN 'archived' END, CASE WHEN r.name_lost THEN 'name lost' END) AS state
	FROM github_sync.github_repos AS r ORDER BY r.id;
CREATE VIEW world.installations AS SELECT id, account_login, account_type, account_id, state FROM github_sync.github_app_installations ORDER BY id;
CREATE VIEW world.issues AS SELECT id, task_id, github_repo_id AS repo, github_id, number FROM github_sync.github_issues ORDER BY id;
CREATE VIEW world.inbox AS SELECT delivery_id, event, action, github_repo_id AS repo, installation_id AS installation, outcome, finished_at IS NOT NULL AS finished
	FROM github_sync.webhook_deliveries ORDER BY received_at;

/* Payloads, with what is needed of them and some of what is not. */
CREATE FUNCTION world.repository(repo bigint, name text DEFAULT 'octo/app', second numeric DEFAULT 0) RETURNS jsonb LANGUAGE sql STABLE RETURN jsonb_build_object(
	'id', repo, 'name', split_part(name, '/', 2), 'full_name', name, 'private', false, 'updated_at', world.at(second),
	'owner', jsonb_build_object('login', split_part(name, '/', 1), 'id', 7, 'type', 'Organization'));
CREATE FUNCTION world.issue(number integer, second numeric, id bigint DEFAULT NULL) RETURNS jsonb LANGUAGE sql STABLE RETURN jsonb_build_object(
	'id', coalesce(id, 3000000000 + number), 'number', number, 'title', 'from the payload', 'body', NULL, 'updated_at', world.at(second));
CREATE FUNCTION world.deliver(event text, payload jsonb, delivery_id text DEFAULT nextval('world.deliveries')::text) RETURNS text LANGUAGE sql
RETURN github_sync.ingest_webhook(event, delivery_id, payload::json);
CREATE FUNCTION world.issue_event(action text, number integer, second numeric, repo bigint DEFAULT 1, further jsonb DEFAULT '{}', delivery_id text DEFAULT nextval('world.deliveries')::text)
RETURNS text LANGUAGE sql RETURN world.deliver('issues', jsonb_build_object('action', action, 'issue', world.issue(number, second),
	'repository', world.repository(repo), 'installation', '{"id": 10}'::jsonb) || further, delivery_id);
CREATE FUNCTION world.comment_event(action text, comment bigint, second numeric, number integer DEFAULT 1) RETURNS text LANGUAGE sql
RETURN world.deliver('issue_comment', jsonb_build_object('action', action, 'issue', world.issue(number, second),
	'comment', jsonb_build_object('id', comment, 'body', 'from the payload', 'updated_at', world.at(second)), 'repository', world.repository(1)));
CREATE FUNCTION world.repo_event(action text, name text, second numeric, repo bigint DEFAULT 1, further jsonb DEFAULT '{}') RETURNS text LANGUAGE sql
RETURN world.deliver('repository', jsonb_build_object('action', action, 'repository', world.repository(repo, name, second)) || further);
CREATE FUNCTION world.installation_event(
	action text, id bigint, second numeric, account bigint DEFAULT 7, login text DEFAULT 'octo', further jsonb DEFAULT '{}', event text DEFAULT 'installation')
RETURNS text LANGUAGE sql RETURN world.deliver(event, jsonb_build_object('action', action, 'installation',
	jsonb_build_object('id', id, 'account', jsonb_build_object('id', account, 'login', login, 'type', 'Organization'), 'updated_at', world.at(second))) || further);
CREATE FUNCTION world.repos_event(action text, id bigint, added jsonb DEFAULT '[]', removed jsonb DEFAULT '[]', second numeric DEFAULT 60, account bigint DEFAULT 7) RETURNS text LANGUAGE sql
RETURN world.installation_event(action, id, second, account, further => jsonb_build_object('repositories_added', added, 'repositories_removed', removed), event => 'installation_repositories');

-- an issue is told of, and fetched: nothing of the payload is applied
CALL github_has(1, 'Crash', 'It fell.');
SELECT issue_event('opened', 1, 1);
SELECT * FROM queue;
SELECT carry_out(1);
SELECT title, body FROM app.tasks;
SELECT * FROM inbox;
SELECT facts - 'issue_updated_at' - 'repo_updated_at' FROM github_sync.webhook_deliveries;
-- once for each delivery
SELECT issue_event('opened', 1, 1, delivery_id => '1');
SELECT issue_event('edited', 1, 4, delivery_id => '1');
SELECT * FROM queue;
-- again by another name: the rules say what it is
SELECT issue_event('edited', 1, 3);
SELECT issue_event('labeled', 1, 3);
SELECT * FROM queue;
-- a comment
CALL github_has(5, new_body => 'Indeed', issue => 1, comment => 5000000001);
SELECT comment_event('created', 5000000001, 5);
SELECT * FROM comment_queue;
SELECT carry_out(5), carry_out(5, 'comment');
SELECT body FROM app.comments;
-- deletions of what is known
SELECT comment_event('deleted', 5000000001, 5);
SELECT comment_event('deleted', 5000000009, 5);
SELECT issue_event('deleted', 1, 5);
SELECT issue_event('deleted', 9, 5);
SELECT direction, action, state FROM github_sync.task_sync_transactions WHERE action = 'delete';
SELECT direction, action, state FROM github_sync.comment_sync_transactions WHERE action = 'delete';
-- pull requests are passed over, and their comments, unless they are synced, or this one was linked
CREATE FUNCTION pull_event(number integer, comment bigint DEFAULT NULL) RETURNS text LANGUAGE sql
RETURN deliver(CASE WHEN comment IS NULL THEN 'issues' ELSE 'issue_comment' END, jsonb_build_object('action', CASE WHEN comment IS NULL THEN 'closed' ELSE 'created' END,
	'issue', issue(number, 7) || '{"pull_request": {"url": "u"}}', 'repository', repository(1))
	|| CASE WHEN comment IS NULL THEN '{}' ELSE jsonb_build_object('comment', jsonb_build_object('id', comment, 'updated_at', at(7))) END);
BEGIN;
UPDATE github_sync.github_repos SET pull_requests = 'skip';
SELECT pull_event(71), pull_event(71, 5000000071);
SELECT count(*) FROM github_sync.github_issues WHERE number = 71;
-- one that became a task meanwhile is passed over as well; one that somebody linked is synced, both ways
SELECT row_is_ours, pull_event(1), pull_event(1, 5000000072) FROM github_sync.github_issues WHERE number = 1;
UPDATE github_sync.github_issues SET row_is_ours = false;
SELECT pull_event(1), pull_event(1, 5000000072);
UPDATE github_sync.github_issues SET is_pull_request = true;
UPDATE app.tasks SET title = 'Not skipped';
SELECT outbound(1);
SELECT state FROM github_sync.task_sync_transactions WHERE direction = 'outbound';
UPDATE github_sync.github_repos SET pull_requests = 'sync';
SELECT pull_event(71), pull_event(71, 5000000071);
ROLLBACK;
-- what nothing depends on
SELECT issue_event('pinned', 1, 5);
SELECT deliver('ping', '{"zen": "Keep it logically awesome.", "hook_id": 30}');
SELECT deliver('star', '{"action": "deleted", "starred_at": null}');
SELECT deliver('pull_request', '{"action": "opened", "number": 2}');
SELECT deliver('code_scanning_alert', '{"action": 7}');
-- a repository that is not connected, until it is
SELECT issue_event('opened', 1, 1, repo => 99, delivery_id => 'strange');
SELECT issue_event('opened', 1, 1, repo => 99, delivery_id => 'strange');
BEGIN;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (99, 10, 'octo', 'later');
SELECT github_sync.ingest_webhook('issues', 'strange', (jsonb_build_object('action', 'opened', 'issue', issue(8, 1), 'repository', repository(99)))::json);
SELECT issue_event('opened', 8, 1, repo => 99, delivery_id => 'strange');
ROLLBACK;
-- a repository that does not sync: kept, as any insert is
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT issue_event('opened', 3, 1);
SELECT state, disabled_reason FROM github_sync.task_sync_transactions WHERE github_issue_number = 3;
UPDATE github_sync.github_repos SET sync_enabled = true;

-- what is no delivery
\set VERBOSITY default
SELECT github_sync.ingest_webhook('issues', 'broken', '[]');
SELECT github_sync.ingest_webhook('repository', 'broken', '["a"]');
SELECT github_sync.ingest_webhook('installation', 'broken', '["a"]');
SELECT github_sync.ingest_webhook('installation_repositories', 'broken', '["a"]');
SELECT github_sync.ingest_webhook('issues', 'broken', '{"action": "opened", "repository": {"id": 1, "name": "app", "owner": {"login": "octo"}}, "issue": {"id": 1, "number": 1}}');
SELECT github_sync.ingest_webhook('issues', 'broken', '{"action": "opened", "action": "deleted"}');
SELECT github_sync.ingest_webhook('issues', NULL, '{}');
SELECT github_sync.ingest_webhook(NULL, 'broken', '{}');
SELECT github_sync.ingest_webhook('issues', '', '{}');
SELECT github_sync.ingest_webhook('issues', repeat('x', 201), '{}');
SELECT github_sync.receive_webhook('issues', 'broken', 'sha256=0', NULL);
-- where no secret is known nobody can be believed
SELECT github_sync.receive_webhook('issues', 'broken', 'sha256=0', '{}');
\set VERBOSITY terse
SELECT count(*) FROM inbox WHERE delivery_id NOT IN ('strange') AND delivery_id !~ '^[0-9]+$';
-- U+0000 and halves of characters, anywhere
SELECT github_sync.ingest_webhook('issues', 'odd', ('{"action": "edited", "sender": "\u0000 \ud800", "issue": {"id": 3000000001, "number": 1, "updated_at": "2024-05-01T10:00:06Z", "body": "\u0000"}, "repository": {"id": 1, "name": "app", "owner": {"login": "octo"}}}')::json);
-- a payload that was signed for another event: the name is no part of what is signed
SELECT deliver('issues', jsonb_build_object('action', 'deleted', 'issue', issue(1, 9), 'comment', '{"id": 5}'::jsonb, 'repository', repository(1)));
SELECT repo_event('deleted', 'octo/app', 9, further => '{"starred_at": null}');
SELECT installation_event('deleted', 10, 9, further => '{"repository": {"id": 1}}');
SELECT * FROM repos;

-- repositories: another name, another owner; what was told later stays
CALL start_afresh();
SELECT repo_event('renamed', 'octo/gadget', 20);
SELECT repo_event('renamed', 'octo/between', 19);
SELECT * FROM repos;
SELECT repo_event('transferred', 'hexa/gadget', 21);
SELECT repo_event('renamed', 'octo/elsewhere', 22, repo => 98);
SELECT * FROM repos;
-- of a name that another one of ours has, GitHub is asked whose it is
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'app');
SELECT repo_event('renamed', 'hexa/gadget', 23, repo => 2);
SELECT * FROM repos;
-- archived: what comes from GitHub goes on, nothing can be written; an edit waits until it can
CALL start_afresh();
INSERT INTO app.tasks (title) VALUES ('Waits');
SELECT repo_event('archived', 'hexa/gadget', 30);
SELECT outbound(1), webhook(1);
SELECT repo_event('unarchived', 'hexa/gadget', 31);
SELECT repo_event('archived', 'hexa/gadget', 30);
SELECT * FROM queue;
SELECT ask_archived_at FROM github_sync.github_repos WHERE id = 1;
-- in the same second, nobody knows: GitHub is asked, and what it says counts, both ways
CREATE FUNCTION answer_archived(archived text, second numeric DEFAULT 31, status integer DEFAULT 200, repo bigint DEFAULT 1) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	asked github_sync.sweep;
BEGIN
	UPDATE github_sync.setup_checks SET claimed_by = NULL;
	SELECT * INTO asked FROM github_sync.sweep_claim('{}') AS s WHERE s.request = 'archived';
	RETURN concat_ws(' ', asked.request, asked.repo_name, github_sync.report_setup_check(asked.claim_no, status, 'words', CASE WHEN status = 200
		THEN format('{"id": %s, "archived": %s, "updated_at": %s}', repo, archived, to_json(to_char(at(second) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))) END));
END
$$;
SELECT repo_event('archived', 'hexa/gadget', 31);
SELECT state, disabled_reason FROM github_sync.task_sync_transactions WHERE direction = 'outbound';
SELECT github_sync.next_sweep_at('{}') <= clock_timestamp() AS due;
SELECT answer_archived(NULL, status => 502);
UPDATE github_sync.github_repos SET ask_archived_at = now() WHERE id = 1;
SELECT answer_archived('false');
SELECT state, ask_archived_at FROM repos JOIN github_sync.github_repos AS r USING (id) WHERE id = 1;
SELECT state, disabled_reason FROM github_sync.task_sync_transactions WHERE direction = 'outbound';
SELECT repo_event('unarchived', 'hexa/gadget', 31);
SELECT answer_archived('true');
SELECT * FROM repos WHERE id = 1;
-- not what was so before the last webhook, nor of another repository, nor what says neither
SELECT github_sync.doubt_archive(1);
SELECT answer_archived('false', 30);
UPDATE github_sync.github_repos SET ask_archived_at = now() WHERE id = 1;
SELECT answer_archived('false', repo => 2);
UPDATE github_sync.github_repos SET ask_archived_at = now() WHERE id = 1;
SELECT answer_archived('null');
SELECT * FROM repos WHERE id = 1;
-- whoever asks for a sweep, or for its sync, has GitHub asked whether it is archived still; and so does each pass
UPDATE github_sync.github_repos SET ask_archived_at = NULL WHERE id = 1;
BEGIN;
SELECT github_sync.reconcile_repo(1);
SELECT ask_archived_at IS NOT NULL AS asks FROM github_sync.github_repos WHERE id = 1;
SELECT answer_archived('false');
SELECT * FROM repos WHERE id = 1;
SELECT state, disabled_reason FROM github_sync.task_sync_transactions WHERE direction = 'outbound';
SELECT github_sync.reconcile_repo(1);
SELECT ask_archived_at IS NOT NULL AS asks FROM github_sync.github_repos WHERE id = 1;
ROLLBACK;
BEGIN;
SELECT github_sync.set_repo_sync(1, true);
SELECT ask_archived_at IS NOT NULL AS asks FROM github_sync.github_repos WHERE id = 1;
ROLLBACK;
BEGIN;
SELECT (github_sync.claim_sweep(1, 'issues')).request;
SELECT ask_archived_at IS NOT NULL AS asks FROM github_sync.github_repos WHERE id = 1;
ROLLBACK;
-- check_setup() asks as well
BEGIN;
INSERT INTO github_sync.setup_checks (id, request, github_repo_id, status, answer, answered_at)
SELECT 1000 + n, q.request, 1, 200, '{"id": 1, "full_name": "hexa/gadget", "archived": true}', now() FROM (VALUES (1, 'repository'), (2, 'name')) AS q (n, request);
SELECT (s).status, (s).detail, (s).remedy FROM github_sync.github_repos AS r, github_sync.repository_setup(r) AS s WHERE id = 1;
UPDATE github_sync.setup_checks SET answered_at = NULL WHERE id = 1001;
SELECT github_sync.report_setup_check(1001, 200, 'words', '{"id": 1, "archived": false}');
SELECT * FROM repos WHERE id = 1;
-- a write that meets an archive of which nobody told waits, as any other
SELECT id FROM claim();
SELECT missing(id, 50, 'archived', asked_repo => 1) FROM github_sync.task_sync_transactions WHERE state = 'processing' AND direction = 'outbound';
SELECT state, disabled_reason FROM github_sync.task_sync_transactions WHERE direction = 'outbound';
SELECT * FROM repos WHERE id = 1;
ROLLBACK;
SELECT repo_event('unarchived', 'hexa/gadget', 32);
-- deleted; whoever is told of one that is there may see it
SELECT repo_event('deleted', 'hexa/gadget', 32);
SELECT * FROM repos;
SELECT repo_event('publicized', 'hexa/gadget', 33);
SELECT * FROM repos;

-- an installation: suspended and back; what it was meanwhile is not lost
CALL start_afresh();
SELECT installation_event('suspend', 10, 40);
SELECT webhook(1);
SELECT installation_event('unsuspend', 10, 41);
SELECT installation_event('suspend', 10, 40);
SELECT * FROM installations;
SELECT * FROM queue;
SELECT installation_event('suspend', 77, 40);
-- more permissions: what was forbidden is tried again
SELECT id FROM claim();
SELECT github_sync.task_fail(1, (SELECT claim_no FROM claim_of(1)), 'forbidden', 'GitHub says no');
SELECT installation_event('new_permissions_accepted', 10, 42);
-- what is told of a time to come would outrank all that is told later
SELECT installation_event('suspend', 10, 30000000000);
\echo :SQLSTATE
SELECT repo_event('archived', 'app', 30000000000);
SELECT state FROM github_sync.github_app_installations WHERE id = 10;
SELECT is_archived, told_at > now() AS is_told_of_the_future FROM github_sync.github_repos WHERE id = 1;
SELECT * FROM queue;
-- deleted and made again: under another id, with the repositories of before
SELECT installation_event('deleted', 10, 43);
SELECT * FROM queue;
SELECT installation_event('created', 11, 44, further => '{"repositories": [{"id": 1}, {"id": 12345}]}');
SELECT * FROM installations;
SELECT * FROM repos;
SELECT * FROM queue;
SELECT facts -> 'repositories_added' FROM github_sync.webhook_deliveries WHERE event = 'installation' AND action = 'created';
-- out of order: the former one
SELECT installation_event('created', 10, 45), installation_event('unsuspend', 10, 46), installation_event('deleted', 10, 47);
SELECT issue_event('opened', 3, 1);
SELECT * FROM installations;
-- again, and the webhook that tells of it is lost: any other one does; the account has another name by then
SELECT installation_event('deleted', 11, 48);
SELECT issue_event('opened', 4, 1, further => '{"installation": {"id": 12}}');
SELECT installation_event('created', 12, 49, login => 'hexa');
SELECT * FROM installations;
SELECT * FROM repos;
-- without its account it is none of GitHub's; on an account that is gone, it is
SELECT deliver('installation', '{"action": "created", "installation": {"id": 17}}');
SELECT deliver('installation', '{"action": "suspend", "installation": {"id": 17, "account": null}}');
-- another account's is not connected with ours
SELECT installation_event('created', 13, 50, account => 8, login => 'else');
SELECT * FROM installations;
SELECT DISTINCT installation FROM repos;

-- repositories taken from it, and given
SELECT repos_event('removed', 12, removed => '[{"id": 1}, {"id": 12345}]');
SELECT * FROM repos;
SELECT repos_event('added', 12, added => '[{"id": 1}]');
SELECT * FROM repos;
SELECT repos_event('removed', 13, removed => '[{"id": 1}]', account => 8);
SELECT repos_event('removed', 13, removed => '[{"id": 12345}]', account => 8);
SELECT * FROM repos;
-- told of one that was out of sight
SELECT repos_event('removed', 12, removed => '[{"id": 1}]');
SELECT issue_event('opened', 6, 1, further => '{"installation": {"id": 12}}');
SELECT * FROM repos;
-- in the wrong order: what was told earlier is out of date, of whichever installation
SELECT repos_event('added', 12, added => '[{"id": 1}]', second => 62), repos_event('removed', 12, removed => '[{"id": 1}]', second => 61);
SELECT * FROM repos;
SELECT repos_event('removed', 12, removed => '[{"id": 1}]', second => 64), repos_event('added', 12, added => '[{"id": 1}]', second => 63);
SELECT installation_event('created', 12, 50, login => 'hexa', further => '{"repositories": [{"id": 1}]}');
SELECT * FROM repos;
SELECT installation_event('created', 13, 50, account => 8, login => 'else', further => '{"repositories": [{"id": 1}]}');
SELECT repos_event('added', 11, added => '[{"id": 1}]', second => 70);
SELECT * FROM repos;
SELECT ask_access_at FROM github_sync.github_repos;
-- in the same second, nobody knows: GitHub is asked which installation has it
SELECT repos_event('added', 12, added => '[{"id": 1}]', second => 65), repos_event('removed', 12, removed => '[{"id": 1}]', second => 65);
SELECT * FROM repos;
CREATE FUNCTION answer(status integer, installation bigint DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	asked github_sync.sweep;
BEGIN
	UPDATE github_sync.setup_checks SET claimed_by = NULL;
	SELECT * INTO asked FROM github_sync.sweep_claim('{}') AS s WHERE s.request = 'access';
	RETURN concat_ws(' ', asked.request, asked.owner_login, asked.repo_name, github_sync.report_setup_check(asked.claim_no, status, 'words', CASE WHEN installation IS NOT NULL THEN format('{"id": %s}', installation) END));
END
$$;
SELECT answer(502);
SELECT * FROM repos;
UPDATE github_sync.github_repos SET ask_access_at = now();
SELECT answer(200, 12);
SELECT * FROM repos;
SELECT repos_event('removed', 12, removed => '[{"id": 1}]', second => 65);
SELECT answer(200, 13);
SELECT * FROM repos;
SELECT answer(200, 12);
SELECT repos_event('removed', 12, removed => '[{"id": 1}]', second => 65);
SELECT answer(404);
SELECT * FROM repos;
SELECT repos_event('added', 12, added => '[{"id": 1}]', second => 66);

-- an issue goes to another repository: first that it left
CREATE FUNCTION departure(number integer, second numeric, target bigint DEFAULT 2, new_number integer DEFAULT 21) RETURNS text LANGUAGE sql
RETURN issue_event('transferred', number, second, further => jsonb_build_object('installation', NULL, 'changes', jsonb_build_object(
	'new_issue', issue(new_number, second), 'new_repository', repository(target, 'octo/other'))));
CREATE FUNCTION arrival(number integer, second numeric, target bigint DEFAULT 2, new_number integer DEFAULT 21) RETURNS text LANGUAGE sql
RETURN issue_event('opened', new_number, second, repo => target, further => jsonb_build_object('installation', NULL, 'changes', jsonb_build_object(
	'old_issue', issue(number, second), 'old_repository', repository(1))));
CREATE PROCEDURE synced() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	CALL github_has(1, 'Crash');
	PERFORM webhook(1);
	PERFORM carry_out(1);
	CALL github_has(2, new_body => 'Indeed', issue => 1, comment => 5000000001);
	PERFORM webhook(2, comment => 5000000001);
	PERFORM carry_out(2, 'comment');
END
$$;
CALL synced();
SELECT departure(1, 9);
SELECT * FROM issues;
SELECT github_repo_id, github_issue_id, comment_id FROM github_sync.github_comments;
SELECT arrival(1, 9);
SELECT * FROM issues;
SELECT * FROM queue;
-- first that it arrived
CALL synced();
SELECT arrival(1, 9), departure(1, 9);
SELECT * FROM issues;
SELECT count(*) FROM app.tasks;
-- while it is being fetched at the old place
CALL synced();
SELECT webhook(8);
SELECT id, step FROM claim();
SELECT arrival(1, 9);
SELECT * FROM issues;
SELECT id, state, github_repo_id, github_issue_number FROM github_sync.task_sync_transactions ORDER BY id;
-- a comment of the new place was told of first
CALL synced();
SELECT issue_event('edited', 21, 9, repo => 2), departure(1, 9), arrival(1, 9);
SELECT * FROM issues;
-- to a repository that is none of ours: the redirect tells the rest
CALL synced();
SELECT departure(1, 9, target => 77);
SELECT * FROM queue;
SELECT * FROM issues;
-- of an issue that nobody knew: the new one is a new one
CALL start_afresh();
SELECT departure(1, 9), departure(1, 9, target => 77);
SELECT arrival(1, 9);
SELECT * FROM issues;
-- what an update of ours overwrote unseen is kept: its own webhook tells, after its answer or before
CREATE FUNCTION edit(second numeric, was text, became text) RETURNS text LANGUAGE sql RETURN issue_event('edited', 1, second,
	further => jsonb_build_object('issue', issue(1, second) || jsonb_build_object('title', became), 'changes', jsonb_build_object('title', jsonb_build_object('from', was))));
CALL synced();
UPDATE app.tasks SET title = 'Ours', modified_at = at(10);
SELECT outbound(1);
SELECT carry_out(11);
SELECT edit(9, 'Crash', 'Theirs'), edit(11, 'Theirs', 'Ours'), edit(12, 'Ours', 'Later');
SELECT * FROM conflicts;
SELECT facts ? 'texts' FROM github_sync.webhook_deliveries WHERE action = 'edited' ORDER BY received_at DESC LIMIT 1;
CALL synced();
UPDATE app.tasks SET title = 'Ours', modified_at = at(10);
SELECT outbound(1);
SELECT id, step FROM claim();
SELECT fetched(2);
SELECT edit(11, 'Crash', 'Ours');
SELECT * FROM conflicts;
SELECT edit(11, 'Theirs', 'Ours');
SELECT * FROM conflicts;
CALL synced();
UPDATE app.comments SET body = 'Ours', modified_at = at(10);
SELECT outbound(1, 'comment');
SELECT carry_out(11, 'comment');
SELECT deliver('issue_comment', jsonb_build_object('action', 'edited', 'issue', issue(1, 11), 'comment', jsonb_build_object('id', 5000000001, 'body', 'Ours', 'updated_at', at(11)),
	'repository', repository(1), 'changes', '{"body": {"from": "Theirs"}}'::jsonb));
SELECT * FROM conflicts;
-- with comments detached
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments();
SET SESSION AUTHORIZATION regress_owner;
SELECT comment_event('created', 5000000001, 5);
SELECT arrival(1, 9, new_number => 22);

-- a role that receives webhooks can do that, and nothing else
SELECT github_sync.grant_webhooks('regress_app');
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.ingest_webhook('ping', 'by regress_app', '{}');
SELECT github_sync.receive_webhook('ping', 'by regress_app', NULL, '{}');
RESET SESSION AUTHORIZATION;
SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'github_sync'::regnamespace
	AND has_function_privilege('regress_app', p.oid, 'EXECUTE') ORDER BY 1;
SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v', 'S')
	AND (has_any_column_privilege('regress_app', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') OR has_table_privilege('regress_app', c.oid, 'DELETE, TRUNCATE, TRIGGER'));
SET SESSION AUTHORIZATION regress_app;
SELECT * FROM github_sync.webhook_deliveries;
SELECT github_sync.take_delivery('ping', 'x', '{}');
SELECT github_sync.webhook_is_signed('sha256=0', '{}');
SELECT github_sync.grant_webhooks('regress_app');
SET SESSION AUTHORIZATION regress_owner;

-- the worker ends what is pending, whatever becomes of it, and forgets what is old
TRUNCATE github_sync.webhook_deliveries;
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, action, facts, received_at, outcome, finished_at)
SELECT 'old ' || n, 'ping', 'x', '{}', now() - interval '7 days 1 minute', 'queued', now() FROM generate_series(1, 1500) AS n;
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, action, facts) VALUES
	('pending', 'issues', 'opened', '{"action": "opened", "repo_id": 2, "issue_id": 3000000031, "issue_number": 31, "issue_updated_at": "2024-05-01T10:00:09Z"}'),
	('beyond all times', 'issues', 'opened', jsonb_build_object('action', 'opened', 'repo_id', 2, 'issue_id', 3000000032, 'issue_number', 32, 'issue_updated_at', now() + interval '2 days')),
	('no facts', 'issues', 'opened', '{"action": "opened", "repo_id": "two"}');
SELECT github_sync.end_pending_deliveries() IS NOT NULL AS more, github_sync.forget_deliveries();
SELECT delivery_id, regexp_replace(outcome, 'github_updated_at .* lies', 'github_updated_at ... lies') FROM github_sync.webhook_deliveries WHERE delivery_id NOT LIKE 'old %' ORDER BY 1;
-- what failed then may be delivered again, what did not may not
SELECT outcome, finished_at IS NOT NULL AS finished FROM github_sync.webhook_deliveries WHERE outcome LIKE 'failed: %' AND delivery_id = 'no facts';
SELECT issue_event('opened', 33, 1, delivery_id => id) FROM unnest(ARRAY['no facts', 'no facts', 'pending']) AS id;
SELECT outcome, finished_at IS NOT NULL AS finished FROM github_sync.webhook_deliveries WHERE delivery_id = 'no facts';
SELECT count(*) FROM github_sync.webhook_deliveries WHERE delivery_id LIKE 'old %';
SELECT github_sync.forget_deliveries();
SELECT count(*) FROM github_sync.webhook_deliveries WHERE delivery_id LIKE 'old %';
-- prune() does so earlier
SELECT github_sync.prune('0');
SELECT count(*) FROM github_sync.webhook_deliveries;

-- the App's delivery log: a walk that breaks begins anew, and is complete when its last page and what it asked for are done
UPDATE github_sync.github_app_installations SET state = 'active', paused_until = NULL;
CREATE FUNCTION world.walk(words text, json text DEFAULT NULL, next_link text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	asked github_sync.sweep;
BEGIN
	UPDATE github_sync.delivery_log SET due_at = clock_timestamp();
	SELECT * INTO asked FROM github_sync.claim_delivery_log('{}');
	PERFORM github_sync.report_delivery_log(asked.claim_no, asked.delivery_id, CASE WHEN json IS NULL THEN 502 ELSE 200 END, words, json, next_link);
	RETURN concat_ws(' ', asked.request, asked.delivery_id, asked.page_link);
END
$$;
CREATE VIEW world.log AS SELECT last_id, last_complete_at IS NOT NULL AS is_complete, attempts, due_at > clock_timestamp() + interval '4 minutes' AS rests, last_error, h.status
	FROM github_sync.delivery_log, github_sync.health() AS h WHERE h."check" = 'delivery log';
SELECT walk('fine', '[{"id": 1, "guid": "one", "event": "ping"}]');
SELECT * FROM log;
UPDATE github_sync.delivery_log SET last_complete_at = NULL;
SELECT walk('fine', '[{"id": 9, "guid": "nine", "event": "repository", "action": "renamed", "repository_id": 2}]', 'page 2');
SELECT walk('GitHub answered 502');
SELECT * FROM log;
SELECT walk('fine', '[{"id": 9, "guid": "nine", "event": "repository", "action": "renamed", "repository_id": 2}]', 'page 2');
SELECT walk('GitHub answered 502');
SELECT * FROM log;
SELECT detail FROM github_sync.health() WHERE "check" = 'delivery log';
SELECT walk('fine', '[{"id": 9, "guid": "nine", "event": "repository", "action": "renamed", "repository_id": 2}]', 'page 2');
SELECT walk('fine', '[{"id": 1, "guid": "one", "event": "ping"}]');
SELECT * FROM log;
SELECT walk('GitHub answered 502');
SELECT walk('fine', '{}');
SELECT * FROM log;
-- any installation of the App asks for it, also one that is gone: of that which was made in its place nothing else tells; not a token, nor one that is held
BEGIN;
UPDATE github_sync.github_app_installations SET state = CASE id WHEN 12 THEN 'active' ELSE 'deleted' END;
SELECT github_sync.installation_for_log('{}');
UPDATE github_sync.github_app_installations SET state = CASE id WHEN 12 THEN 'suspended' ELSE 'deleted' END;
SELECT github_sync.installation_for_log('{}'), github_sync.next_list_at('{}') IS NOT NULL AS is_read;
UPDATE github_sync.github_app_installations SET told_at = 'infinity' WHERE id <> 12;
SELECT github_sync.installation_for_log('{}'), github_sync.installation_for_log('{12}');
ROLLBACK;
-- a delivery that cannot be had is given up, and the walk with it is over
SELECT walk('fine', '[{"id": 12, "guid": "twelve", "event": "repository", "action": "renamed", "repository_id": 2}, {"id": 9, "guid": "nine", "event": "ping"}]');
SELECT walk('GitHub answered 502') FROM generate_series(1, 4);
SELECT * FROM log;
-- each event that is listed is one of GitHub's
SELECT event, string_agg(action, ' ' ORDER BY action) FROM github_sync.webhook_actions GROUP BY event ORDER BY event;
