--
-- Inbound transactions: what becomes of one when it is inserted
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- example 1: nothing is known of the issue
SELECT webhook(5);
-- a stub stands for the issue, and the row is filled in
SELECT id, github_id, number, task_id, github_updated_at FROM github_sync.github_issues;
SELECT state, github_issue_id, github_issue_external_id, github_issue_number, github_app_installation_id, priority, attempts,
	claim_no, queued_at >= inserted_at AS is_in_line, finished_at FROM github_sync.task_sync_transactions;

-- example 2: a newer one takes the place in line of the one that waits
SELECT webhook(7);
SELECT * FROM queue;
SELECT min(queued_at) = max(queued_at) AS inherited FROM github_sync.task_sync_transactions;
-- of several, the oldest place and the best priority
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at, priority) VALUES ('inbound', 1, at(8), 50);
SELECT webhook(9);
SELECT id, state, priority, queued_at = min(queued_at) OVER () AS first_in_line FROM github_sync.task_sync_transactions ORDER BY id;

-- example 4: the same version waits already
SELECT webhook(9);
-- and an older one has come too late
SELECT webhook(6);
SELECT * FROM queue;

-- example 3: a newer one was completed
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(7);
SELECT webhook(5);
-- example 6: the same second again, and it is not certain that nothing was changed after the answer
SELECT webhook(7);
SELECT * FROM queue;
-- one GET says so
SELECT carry_out(8);
-- or says that there was more within that second
CALL github_has(7, 'Crash at start');
SELECT webhook(7);
SELECT carry_out(9);
SELECT title FROM app.tasks;
SELECT * FROM queue;

-- example 5: seen to be still at :07 sixty seconds later
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(67);
SELECT webhook(7);
-- one second less does not do
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT carry_out(66);
SELECT webhook(7);

-- example 7: the same version is being fetched, perhaps before it was written
CALL start_afresh();
CALL github_has(7, 'Crash');
SELECT webhook(7);
SELECT * FROM claim();
SELECT webhook(7);
SELECT fetched(1);
SELECT carry_out(8);
SELECT * FROM queue;

-- example 8: an older one while a newer one is processed
CALL start_afresh();
SELECT webhook(7);
SELECT * FROM claim();
SELECT webhook(5);

-- example 9: a newer one while an older one is processed waits, and is claimable when that ends
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT * FROM claim();
CALL github_has(7, 'Crash at start');
SELECT webhook(7);
SELECT * FROM claim(10);
-- the first GET shows all of it
SELECT fetched(1);
SELECT * FROM claim(10);
SELECT fetched(2);
SELECT * FROM queue;

-- example 19: an errored one covers nothing
CALL start_afresh();
SELECT webhook(7);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT webhook(5);
SELECT * FROM queue;

-- example 20: nor does what was canceled by one that is errored
CALL start_afresh();
SELECT webhook(7), webhook(9);
SELECT * FROM claim();
SELECT github_sync.task_fail(2, 1, 'forbidden', 'GitHub said no');
SELECT webhook(5);
SELECT * FROM queue;

-- nor duplicate, dropped and disabled ones
CALL start_afresh();
SELECT webhook(9), webhook(9), webhook(8);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
INSERT INTO github_sync.task_sync_transactions (direction, state, disabled_reason, github_issue_id, github_updated_at)
VALUES ('inbound', 'disabled', 'repo', 1, at(10));
SELECT webhook(5);

-- example 10: a local change that is on its way fetches and merges first
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(8);
SELECT outbound(1);
SELECT webhook(7);
-- a local change from before :07 does not hold it up
UPDATE app.tasks SET modified_at = at(6);
SELECT webhook(7);
SELECT * FROM queue;

-- example 11: linked, never synced, nothing queued: nothing could protect the local change
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(8));
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000001, 1, 1);
SELECT webhook(7);
-- a change after it is newer than the local one
SELECT webhook(8);
-- in an inbound-only repository GitHub decides until there is a base
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(8));
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000001, 1, 1);
UPDATE github_sync.github_repos SET sync_direction = 'inbound';
SELECT webhook(7);
-- no modified_at is the oldest
CALL start_afresh();
INSERT INTO app.tasks (title) VALUES ('Crash');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000001, 1, 1);
SELECT webhook(7);

-- example 12: synced before: the merge protects the local change
CALL start_afresh();
CALL github_has(1, 'Crash', 'It crashes.');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET title = 'Crash on start', modified_at = at(8);
CALL github_has(7, new_body => 'It crashes often.');
SELECT webhook(7);
SELECT carry_out(9);
SELECT title, body FROM app.tasks;

-- example 13: modified later, but in nothing that is mapped
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE app.tasks SET note = 'for Friday', modified_at = at(8);
SELECT webhook(7);

-- only the cached record knows a later time
CALL start_afresh();
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, github_updated_at) VALUES (1, 3000000001, 1, at(7));
SELECT webhook(6);
SELECT webhook(7);
SELECT webhook(8);

-- example 17: the repository does not sync
CALL start_afresh();
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT webhook(5);
-- the repository comes before the installation
UPDATE github_sync.github_app_installations SET state = 'suspended';
SELECT webhook(6);
-- the installation before the direction
UPDATE github_sync.github_repos SET sync_enabled = true, sync_direction = 'outbound';
SELECT webhook(7);
-- example 24: the repository syncs outbound only
UPDATE github_sync.github_app_installations SET state = 'active';
SELECT webhook(8);
SELECT * FROM queue;

-- example 22: deleted at GitHub; a later time may be news of its return
CALL start_afresh();
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, github_updated_at, deleted_at)
VALUES (1, 3000000001, 1, at(7), at(9));
INSERT INTO github_sync.task_sync_transactions (direction, action, state, github_issue_id, github_updated_at)
VALUES ('inbound', 'delete', 'completed', 1, at(9));
SELECT webhook(8);
SELECT webhook(9);
SELECT webhook(10);
SELECT webhook(11);
-- where no transaction tells of the deletion
CALL start_afresh();
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, github_updated_at, deleted_at)
VALUES (1, 3000000001, 1, at(7), at(9));
SELECT webhook(9);

-- the application deleted its row: nothing comes back
CALL start_afresh();
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, local_deleted_at)
VALUES (1, 3000000001, 1, at(3));
SELECT webhook(8);

-- the record is found by our id, by GitHub's id, by repository and number
CALL start_afresh();
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 1, at(1)) RETURNING id, state, github_issue_id, github_issue_external_id;
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_issue_external_id, github_updated_at)
VALUES ('inbound', 1, 1, 3000000001, at(2)) RETURNING id, state, github_issue_id, github_issue_external_id;
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_external_id, github_updated_at)
VALUES ('inbound', 3000000001, at(3)) RETURNING id, state, github_issue_id, github_repo_id, github_issue_number;
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
VALUES ('inbound', 1, at(4)) RETURNING id, state, github_issue_external_id, github_repo_id, github_issue_number;
-- records do not disturb each other
SELECT webhook(1, 2), webhook(1, 3), webhook(2, 2);
SELECT * FROM queue;

-- fractions of a second are cut off
SELECT webhook(5.9, 9);
SELECT second_of(github_updated_at) FROM github_sync.task_sync_transactions WHERE id = 8;

-- what was overtaken between insert and claim ends without a request
CALL start_afresh();
SELECT webhook(5);
UPDATE github_sync.github_issues SET github_updated_at = at(6);
SELECT * FROM claim();
SELECT webhook(7);
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT * FROM claim();
SELECT * FROM queue;
