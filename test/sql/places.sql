--
-- Where a row belongs: tasks that get, lose or change their repository, comments that change their task
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);

-- a task and its comments before it has a repository: nothing is said of them, then all of them go
INSERT INTO app.tasks (repo_id, title, modified_at) VALUES (NULL, 'Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'First', at(1)), (1, 'Second', at(2));
SELECT * FROM queue;
SELECT * FROM comment_queue;
UPDATE app.tasks SET repo_id = 1;
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Third', at(3));
SELECT carry_out(4);
SELECT * FROM comment_queue;
SELECT carry_out(5, of_type => 'comment');
SELECT id, number, github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;
-- those that the application enqueued by itself are errored until then
CALL start_afresh();
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false);
INSERT INTO app.tasks (repo_id, title, modified_at) VALUES (NULL, 'Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Sent', at(1)), (1, 'Not sent', at(2));
SELECT outbound(1, of_type => 'comment');
UPDATE app.tasks SET repo_id = 1;
SELECT outbound(1);
SELECT carry_out(4);
SELECT carry_out(5, of_type => 'comment');
SELECT * FROM comment_queue;
-- not the comments of a task that is linked to an issue: they may be there already
CALL start_afresh();
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
INSERT INTO app.tasks (repo_id, title, modified_at) VALUES (NULL, 'Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'There already', at(1));
CALL github_has(1, 'Crash');
SELECT github_sync.link_task(1, 1, 1, 'github');
SELECT carry_out(4);
SELECT * FROM comment_queue;

-- the world: task 1 and its comment are synced
CREATE PROCEDURE synced() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
	INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
	PERFORM carry_out(2);
	PERFORM carry_out(3, of_type => 'comment');
END
$$;

-- without a repository: nothing is sent, and it is said
CALL synced();
UPDATE app.tasks SET repo_id = NULL;
UPDATE app.tasks SET title = 'Private', modified_at = at(5);
UPDATE app.comments SET body = 'Private', modified_at = at(5);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Private as well', at(5));
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT carry_out(6);
SELECT carry_out(6, of_type => 'comment');
SELECT because FROM github_sync.sync_history WHERE state = 'disabled' ORDER BY record_type, id;
-- switching the repository leaves it at that
UPDATE github_sync.github_repos SET sync_enabled = false WHERE id = 1;
SELECT * FROM queue;
UPDATE github_sync.github_repos SET sync_enabled = true WHERE id = 1;
SELECT * FROM queue;
SELECT * FROM comment_queue;
-- GitHub is heard of still
CALL github_has(60, 'Crash', 'Text');
SELECT webhook(60);
SELECT carry_out(60);
-- it is back: what waited goes with the next change
UPDATE app.tasks SET repo_id = 1;
UPDATE app.comments SET body = body || '!', modified_at = at(65);
SELECT * FROM queue;
SELECT carry_out(70);
SELECT carry_out(70, of_type => 'comment');
SELECT * FROM comment_queue;
SELECT * FROM both_sides;
-- comments come back with their task, what they said meanwhile is sent
CALL synced();
UPDATE app.tasks SET repo_id = NULL;
UPDATE app.comments SET body = 'Said meanwhile', modified_at = at(5);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Made meanwhile', at(5));
SELECT * FROM comment_queue;
UPDATE app.tasks SET repo_id = 1;
SELECT * FROM comment_queue;
SELECT carry_out(6, of_type => 'comment');
-- back, and nothing was changed meanwhile
CALL synced();
UPDATE app.tasks SET repo_id = NULL;
UPDATE app.tasks SET repo_id = 1;
SELECT * FROM queue;
-- queued before: found out at the claim
CALL synced();
UPDATE app.tasks SET title = 'Crashes', modified_at = at(5);
SELECT github_sync.capture_task_changes(false);
UPDATE app.tasks SET repo_id = NULL;
SELECT carry_out(6);
SELECT * FROM queue;
-- and what was dropped for it comes back
UPDATE app.tasks SET repo_id = 1, modified_at = at(15);
SELECT outbound(1);
CALL github_has(10, 'Crash', 'Text');
SELECT webhook(10);
UPDATE app.tasks SET repo_id = NULL;
SELECT carry_out(20);
SELECT * FROM queue;
SELECT github_sync.capture_task_changes(true);

-- in another repository: errored, with what to do
CALL synced();
UPDATE app.tasks SET repo_id = 2;
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
SELECT record_type, error_code, error_reason FROM github_sync.sync_errors ORDER BY record_type DESC, id;
SELECT github_sync.retry_errored();
SELECT state, error_code FROM github_sync.task_sync_transactions ORDER BY id;
SELECT carry_out(6);
SELECT github_sync.unlink_task(1);
UPDATE app.tasks SET title = 'Elsewhere', modified_at = at(7);
SELECT carry_out(8);
SELECT task_id, github_repo_id, number FROM github_sync.github_issues ORDER BY id;
-- one that nobody connected
CALL synced();
UPDATE app.tasks SET repo_id = 99;
SELECT * FROM queue;
-- nothing of it is at GitHub yet: it goes along
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
UPDATE app.tasks SET repo_id = 2;
SELECT * FROM queue;
SELECT github_repo_id FROM github_sync.github_issues UNION ALL SELECT github_repo_id FROM github_sync.github_comments
UNION ALL SELECT github_repo_id FROM github_sync.task_sync_transactions UNION ALL SELECT github_repo_id FROM github_sync.comment_sync_transactions;
-- it may be there already: it stays, and is found out when its outcome is known
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT * FROM claim();
UPDATE app.tasks SET repo_id = 2;
SELECT * FROM queue;
CALL posted(1, 3);
SELECT created(1);
SELECT * FROM queue;
-- moved between its claim and the beginning of its creation
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT github_sync.capture_task_changes(false);
SELECT id, step FROM github_sync.task_claim(1, 1);
UPDATE app.tasks SET repo_id = NULL;
SELECT * FROM github_sync.task_begin_creation(1, 1);
SELECT github_sync.task_give_back(1, 1, NULL, NULL);
SELECT * FROM queue;
SELECT github_sync.capture_task_changes(true);

-- transferred: the row names its old repository, and was not moved
CALL synced();
UPDATE github_sync.github_issues SET github_repo_id = 2;
UPDATE app.tasks SET title = 'Crashes', modified_at = at(5);
SELECT * FROM queue;
UPDATE app.tasks SET repo_id = 2;
SELECT * FROM queue;
UPDATE app.tasks SET repo_id = 1;
SELECT * FROM queue;

-- a comment that belongs to another task, or to none
CALL synced();
INSERT INTO app.tasks (title, modified_at) VALUES ('Other', at(1));
SELECT carry_out(4);
UPDATE app.comments SET task_id = 2;
UPDATE app.comments SET task_id = NULL;
SELECT * FROM comment_queue;
SELECT error_reason FROM github_sync.comment_sync_transactions WHERE state = 'errored';
UPDATE app.comments SET task_id = 1, body = 'Back', modified_at = at(5);
SELECT carry_out(6, of_type => 'comment');
SELECT * FROM comment_queue;
UPDATE app.comments SET task_id = 2;
SELECT github_sync.unlink_comment(1);
UPDATE app.comments SET body = 'There', modified_at = at(7);
SELECT carry_out(8, of_type => 'comment');
SELECT id, number, github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;
-- nothing of it is at GitHub yet
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'On its way', at(9));
UPDATE app.comments SET task_id = 2 WHERE id = 2;
SELECT carry_out(10, of_type => 'comment');
SELECT number FROM resources WHERE id = 5000000003;
-- its issue belongs to no task any more: its comments go on
CALL synced();
SELECT github_sync.unlink_task(1);
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
SELECT carry_out(6, of_type => 'comment');
-- moved while GitHub is asked: what it was changed to at the same time is not sent
CALL synced();
UPDATE app.tasks SET title = 'Crashes', modified_at = at(5);
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
SELECT * FROM claim();
SELECT * FROM claim(of_type => 'comment');
UPDATE app.tasks SET title = 'Private', repo_id = NULL, modified_at = at(6);
UPDATE app.comments SET body = 'Private', modified_at = at(6);
SELECT fetched(2, 7);
SELECT fetched(2, 7, of_type => 'comment');
SELECT * FROM queue;
SELECT * FROM comment_queue;
-- their task has another issue by now
CALL synced();
SELECT github_sync.unlink_task(1);
UPDATE app.tasks SET title = 'Anew', modified_at = at(5);
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
SELECT * FROM comment_queue;

-- ---- disabled for the place that it has left ----
CREATE VIEW comment_places AS SELECT id, direction, state, disabled_reason AS reason, github_repo_id AS repo
	FROM github_sync.comment_sync_transactions ORDER BY id;
CREATE PROCEDURE access_is_lost() LANGUAGE sql AS $$
	UPDATE github_sync.github_repos SET access_lost = true WHERE id = 1
$$;
-- a comment of which nothing is at GitHub goes to another task: it is sent there
CALL synced();
CALL access_is_lost();
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'On its way', at(5));
INSERT INTO app.tasks (repo_id, title, modified_at) VALUES (2, 'Other', at(5));
UPDATE app.comments SET task_id = 2 WHERE id = 2;
SELECT * FROM comment_places WHERE id > 1;
SELECT carry_out(6);
SELECT carry_out(6, of_type => 'comment');
SELECT * FROM comment_places WHERE id > 1;
-- so is a task, with its comments
CALL start_afresh();
CALL access_is_lost();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT * FROM queue;
SELECT * FROM comment_places;
UPDATE app.tasks SET repo_id = 2;
SELECT * FROM queue;
SELECT * FROM comment_places;
-- an issue was transferred, and its comments with it
CALL synced();
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
CALL access_is_lost();
SELECT webhook(6, comment => 5000000001);
SELECT * FROM comment_places WHERE id > 1;
SELECT (github_sync.task_transfer(i, r, ROW(3000000007, 7, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::github_sync.resource)).moved
FROM github_sync.github_issues AS i, github_sync.github_repos AS r WHERE i.id = 1 AND r.id = 2;
SELECT * FROM comment_places WHERE id > 1;
-- to a place that does not sync either
CALL synced();
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
CALL access_is_lost();
UPDATE github_sync.github_repos SET sync_direction = 'inbound' WHERE id = 2;
SELECT (github_sync.task_transfer(i, r, ROW(3000000007, 7, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::github_sync.resource)).moved
FROM github_sync.github_issues AS i, github_sync.github_repos AS r WHERE i.id = 1 AND r.id = 2;
SELECT * FROM comment_places WHERE id > 1;
-- its record is no longer the row's, or has no row any more: nothing of it waits for the old place
CALL synced();
UPDATE app.tasks SET title = 'Crashes', modified_at = at(5);
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
CALL access_is_lost();
SELECT github_sync.unlink_comment(1);
SELECT * FROM comment_places WHERE id > 1;
DELETE FROM app.comments;
DELETE FROM app.tasks;
SELECT * FROM queue;
-- the place is gone that could say where it went, and the new one tells of it
CALL synced();
CALL access_is_lost();
SELECT webhook(6, comment => 5000000001);
UPDATE resources SET number = 7, id = CASE type WHEN 'task' THEN 3000000007 ELSE id END;
SELECT webhook(6, issue => 7, comment => 5000000001, repo => 2);
SELECT * FROM comment_places WHERE id > 1;
SELECT i.github_repo_id, i.number, c.comment_id FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id;

-- a task that goes to another repository and back: what was not sent meanwhile is, its comments' too
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other') ON CONFLICT DO NOTHING;
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
CALL synced();
UPDATE app.tasks SET repo_id = 2;
UPDATE app.tasks SET title = 'Crash, elsewhere', modified_at = at(5);
UPDATE app.comments SET body = 'Me too, elsewhere', modified_at = at(5);
UPDATE app.comments SET body = 'Me too, elsewhere!', modified_at = at(6);
SELECT record_type, id, error_code FROM github_sync.sync_errors ORDER BY 1, 2;
UPDATE app.tasks SET repo_id = 1;
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT carry_out(7), carry_out(7, of_type => 'comment');
SELECT * FROM both_sides;
SELECT count(*) FROM github_sync.sync_errors;
-- and one whose issue follows it: it is transferred to where the task was moved
CALL synced();
UPDATE app.tasks SET repo_id = 2;
UPDATE app.tasks SET title = 'Crash, elsewhere', modified_at = at(5);
UPDATE app.comments SET body = 'Me too, elsewhere', modified_at = at(5);
SELECT record_type, id, error_code FROM github_sync.sync_errors ORDER BY 1, 2;
SELECT (github_sync.task_move_issue(i, r, jsonb_populate_record(NULL::github_sync.resource,
	jsonb_build_object('github_id', i.github_id + 1, 'number', 5)))).github_repo_id AS moved_to
FROM github_sync.github_issues AS i, github_sync.github_repos AS r WHERE r.id = 2;
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT record_type, id, error_code FROM github_sync.sync_errors ORDER BY 1, 2;
-- one that was given up, as its issue had gone where we do not follow, goes on when that comes back
CALL synced();
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
SELECT * FROM claim(of_type => 'comment');
SELECT github_sync.comment_fail(2, 1, 'transferred', 'its issue was transferred to octo/elsewhere#1, where it is not followed');
SELECT (github_sync.task_move_issue(i, r, jsonb_populate_record(NULL::github_sync.resource,
	jsonb_build_object('github_id', i.github_id + 1, 'number', 5)))).github_repo_id AS moved_to
FROM github_sync.github_issues AS i, github_sync.github_repos AS r WHERE r.id = 2;
SELECT * FROM comment_queue;
-- unlinked, as its error says: nothing is left of that
CALL synced();
UPDATE app.tasks SET repo_id = 2, title = 'Crash, elsewhere', modified_at = at(5);
SELECT id, error_code FROM github_sync.sync_errors;
SELECT github_sync.unlink_task(1);
SELECT * FROM queue;
SELECT count(*) FROM github_sync.sync_errors;
-- linked to an issue of another repository than the row names: the comments go there, and to no issue of that number here
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT github_repo_id, state FROM github_sync.comment_sync_transactions;
SELECT github_sync.link_task(1, 2, 1, 'app');
SELECT github_repo_id, state FROM github_sync.task_sync_transactions;
SELECT github_repo_id, state FROM github_sync.comment_sync_transactions;
SELECT c.github_repo_id, i.github_repo_id, i.number FROM github_sync.github_comments AS c
JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id;
SELECT repo_name, issue_number, step FROM github_sync.comment_claim(1, 1);
-- a comment that waits for the issue of a task that belongs to no repository any more does not wait for ever
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT * FROM claim(of_type => 'comment');
SELECT state, next_attempt_at FROM github_sync.comment_sync_transactions;
UPDATE app.tasks SET repo_id = NULL;
SELECT * FROM claim(of_type => 'comment');
SELECT * FROM comment_queue;
UPDATE app.tasks SET repo_id = 1;
SELECT carry_out(3), carry_out(4, of_type => 'comment');
SELECT * FROM comment_queue;
