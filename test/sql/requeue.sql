--
-- Back into the queue: requeued, restored, enabled again; and what the application deleted
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- given back beside a newer one: the rules decide anew
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT * FROM claim();
SELECT webhook(7);
SELECT github_sync.task_give_back(1, 1, 'GitHub is down', NULL);
SELECT * FROM queue;
-- an outbound one beside a newer one is canceled by it
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(2);
SELECT outbound(1);
SELECT * FROM claim();
SELECT outbound(1);
SELECT github_sync.task_give_back(2, 1, 'GitHub is down', NULL);
SELECT * FROM queue;
SELECT carry_out(3);

-- a retried inbound one supersedes older ones that wait, and inherits their place
CALL start_afresh();
SELECT webhook(7);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT webhook(5);
SELECT github_sync.retry_task_sync_transaction(1);
SELECT * FROM queue;
-- all that is errored, of both types
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT webhook(7), webhook(7, 2), webhook(7, 1, 5000000001);
SELECT * FROM claim(2);
SELECT * FROM claim(of_type => 'comment');
SELECT github_sync.task_fail(2, 1, 'forbidden', 'GitHub said no'), github_sync.comment_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT github_sync.retry_errored('1 hour');
SELECT github_sync.retry_errored();
SELECT * FROM queue;
SELECT * FROM comment_queue;
-- two of one record: the retry of one may end the other, which stops nobody's retry
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
SELECT webhook(7);
SELECT * FROM claim();
SELECT github_sync.task_fail(2, 1, 'forbidden', 'GitHub said no');
SELECT webhook(9), webhook(9, 2);
SELECT * FROM claim(2);
SELECT github_sync.task_fail(3, 1, 'forbidden', 'GitHub said no'), github_sync.task_fail(4, 1, 'forbidden', 'GitHub said no');
SELECT * FROM queue;
SELECT github_sync.retry_errored();
SELECT * FROM queue;

-- the outbound that an inbound was dropped for fails: the newest of those is queued again
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(9);
SELECT outbound(1);
SELECT webhook(5), webhook(7);
SELECT * FROM claim();
SELECT github_sync.task_fail(2, 1, 'validation_failed', 'title is wrong');
SELECT * FROM queue;
-- one canceled by a newer outbound hands them on
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(9);
SELECT outbound(1);
SELECT webhook(7);
SELECT outbound(1);
SELECT * FROM queue;
-- one that completed needs none
CALL github_has(7, 'Crash');
SELECT carry_out(10);
SELECT * FROM queue;

-- example 18: a repository is enabled again
CALL start_afresh();
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT webhook(1), webhook(2), webhook(3);
UPDATE github_sync.github_repos SET sync_enabled = true;
SELECT * FROM queue;
-- what waits is disabled, what is processed finishes, by function as by UPDATE
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1), webhook(1, 2);
SELECT * FROM claim();
SELECT github_sync.set_repo_sync(1, false) \g /dev/null
SELECT * FROM queue;
SELECT fetched(1);
SELECT github_sync.set_repo_sync(1, true) \g /dev/null
SELECT * FROM queue;
-- given back while disabled: disabled
SELECT * FROM claim();
UPDATE github_sync.github_app_installations SET state = 'suspended';
SELECT github_sync.task_give_back(2, 1, 'GitHub is down', NULL);
SELECT * FROM queue;
UPDATE github_sync.github_app_installations SET state = 'active';
SELECT * FROM queue;
-- the outbound comes before the inbound, the rules applied to each
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE github_sync.github_repos SET sync_enabled = false;
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(9);
SELECT webhook(7), outbound(1), outbound(1);
UPDATE github_sync.github_repos SET sync_enabled = true;
SELECT * FROM queue;

-- the application deletes a linked row: outbound canceled, inbound dropped, nothing recreated, history stays
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(2);
SELECT webhook(3), outbound(1);
DELETE FROM app.tasks;
SELECT * FROM queue;
SELECT webhook(5);
SELECT task_id, local_deleted_at IS NOT NULL AS knows, deleted_at FROM github_sync.github_issues;
SELECT count(*) FROM app.tasks;
-- while its answer is on the way
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
CALL github_has(3, 'Crash at start');
SELECT webhook(3);
SELECT * FROM claim();
DELETE FROM app.tasks;
SELECT fetched(2) \g /dev/null
SELECT count(*) FROM app.tasks;
-- unlinked while its answer is on the way: what was dropped for it comes back, if it is not older than that answer
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(20);
SELECT outbound(1), webhook(3);
SELECT * FROM claim();
SELECT github_sync.unlink_task(1) \g /dev/null
CALL github_has(5, new_state => 'closed');
SELECT fetched(2);
SELECT * FROM queue;
-- of a row never linked too
CALL start_afresh();
INSERT INTO app.tasks (title) VALUES ('Crash');
SELECT outbound(1);
DELETE FROM app.tasks;
SELECT * FROM queue;
