--
-- A task and an issue, a comment and a comment, that existed before the sync
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all
\set SHOW_CONTEXT never

-- prefer github: its values count, what the application had is kept in sync_conflicts
CALL github_has(5, 'Crash', 'It crashes.', 'closed');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crashes', 'It crashes', at(9));
SELECT github_sync.link_task(1, 1, 1, 'github');
SELECT id, direction, github_updated_at, task_id, github_issue_number FROM github_sync.task_sync_transactions;
SELECT carry_out(9);
SELECT * FROM both_sides;
SELECT * FROM conflicts;
SELECT preferred_side FROM github_sync.github_issues;
-- from now on they are one record like any other
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(20);
SELECT outbound(1);
SELECT carry_out(21);
SELECT webhook(5), webhook(21);
SELECT * FROM both_sides;

-- prefer app: its values count
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.', 'closed');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crashes', NULL, at(1));
SELECT github_sync.link_task(1, 1, 1, 'app');
SELECT carry_out(9);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- what differs for no reader is no conflict; an empty side has nothing to lose
CALL start_afresh();
CALL github_has(5, 'Crash', E'It\r\ncrashes.');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', E'It\ncrashes.', at(9)), ('', 'mine', at(9));
CALL github_has(5, 'Slow', '', issue => 2);
SELECT github_sync.link_task(1, 1, 1, 'github'), github_sync.link_task(2, 1, 2, 'github');
SELECT carry_out(9);
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- whichever transaction comes first goes by the preference: here the webhook
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crashes', 'mine', at(1));
SELECT github_sync.link_task(1, 1, 1, 'app');
SELECT webhook(5);
UPDATE github_sync.task_sync_transactions SET priority = 1 WHERE id = 2;
SELECT carry_out(9);
SELECT * FROM queue;
SELECT * FROM both_sides;
SELECT * FROM conflicts;

-- an inbound one that waits carries the link; a newer one takes its place; older ones, and a local change, do not hinder it
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crashes', 'mine', at(9));
SELECT webhook(4);
SELECT github_sync.link_task(1, 1, 1, 'github');
SELECT * FROM queue;
SELECT webhook(5);
SELECT carry_out(9);
SELECT * FROM queue;
SELECT * FROM both_sides;
-- a time is needed again once the sides were merged
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id) VALUES ('inbound', 1);

-- what the application began to send makes way, with its comments
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crashes', 'mine', at(9));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(9));
SELECT outbound(1), outbound(1, 'comment');
SELECT * FROM claim(of_type => 'comment');
SELECT github_sync.link_task(1, 1, 1, 'app');
SELECT * FROM queue;
SELECT count(*) FROM github_sync.github_issues;
SELECT carry_out(9);
SELECT carry_out(10, 'comment');
SELECT * FROM both_sides;
SELECT c.github_id, c.github_issue_id, i.number FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id;
-- with prefer github the change that waited has nothing to send any more
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.');
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crashes', 'mine', at(9));
SELECT outbound(1);
SELECT github_sync.link_task(1, 1, 1, 'github');
SELECT carry_out(9);
SELECT * FROM queue;
SELECT * FROM both_sides;

-- two deletions that wait become deletions of one record: the second is a duplicate
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.');
SELECT webhook(5);
INSERT INTO app.tasks (title, modified_at) VALUES ('Crashes', at(9));
SELECT outbound_deletion(1);
INSERT INTO github_sync.task_sync_transactions (direction, action, github_issue_id) VALUES ('outbound', 'delete', 1);
SELECT github_sync.link_task(1, 1, 1, 'app');
SELECT * FROM queue;

-- so do two changes: the newest goes on
CALL start_afresh();
CALL github_has(5, 'Crash', 'It crashes.');
SELECT webhook(5);
SELECT carry_out(5);
UPDATE app.tasks SET title = 'Crash!', modified_at = at(6);
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_fail(2, 1, 'forbidden', 'no');
SELECT github_sync.unlink_task(1) \g /dev/null
SELECT github_sync.retry_task_sync_transaction(2);
INSERT INTO app.tasks (title, modified_at) VALUES ('Crashes', at(9));
SELECT outbound(2);
SELECT github_sync.link_task(2, 1, 1, 'github');
SELECT * FROM queue;

-- an issue whose task was deleted gets another one
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
DELETE FROM app.tasks;
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(9));
SELECT github_sync.link_task(2, 1, 1, 'github');
SELECT carry_out(9);
SELECT task_id, local_deleted_at FROM github_sync.github_issues;

-- comments
INSERT INTO app.comments (task_id, body, modified_at) VALUES (2, 'mine', at(9)), (2, 'also mine', at(9));
CALL github_has(2, new_body => 'theirs', comment => 5000000001);
CALL github_has(2, new_body => 'also theirs', comment => 5000000002);
SELECT github_sync.link_comment(1, 1, 5000000001, 'github'), github_sync.link_comment(2, 1, 5000000002, 'app');
SELECT carry_out(9, 'comment');
SELECT c.id, c.body, r.body AS github_body FROM app.comments AS c
JOIN github_sync.github_comments AS g ON g.comment_id = c.id JOIN world.resources AS r ON r.id = g.github_id ORDER BY c.id;
SELECT * FROM conflicts WHERE record_type = 'comment';

-- unlinked again, and linked elsewhere
SELECT github_sync.unlink_comment(1), github_sync.unlink_task(2) \g /dev/null
CALL github_has(5, 'Slow', issue => 2);
SELECT github_sync.link_task(2, 1, 2, 'app');
SELECT carry_out(9);
SELECT task_id, number FROM github_sync.github_issues ORDER BY number;

-- ---- what is refused ----
SELECT github_sync.link_task(2, 1, 1, 'app');
\echo :SQLSTATE
INSERT INTO app.tasks (title, modified_at) VALUES ('Another', at(9));
SELECT github_sync.link_task(3, 1, 2, 'app');
\echo :SQLSTATE
SELECT github_sync.link_task(4, 1, 3, 'app');
SELECT github_sync.link_task(3, 99, 3, 'app');
SELECT github_sync.link_task(3, 1, 0, 'app');
SELECT github_sync.link_task(3, 1, 3, 'both');
\echo :SQLSTATE
SELECT github_sync.link_task(3, 1, 3, NULL);
SELECT outbound(3);
SELECT * FROM claim();
SELECT github_sync.link_task(3, 1, 3, 'app');
\echo :SQLSTATE
INSERT INTO app.comments (task_id, body, modified_at) VALUES (3, 'mine', at(9)), (2, 'mine', at(9));
SELECT github_sync.link_comment(3, 1, 5000000009, 'app');
SELECT github_sync.link_comment(4, 1, 5000000001, 'app');
SELECT github_sync.link_comment(4, 1, NULL, 'app');
SELECT github_sync.link_comment(99, 1, 5000000009, 'app');
SELECT github_sync.unlink_task(99);

-- ---- an outbound one that was disabled is compared with the row that is linked now, not with one that is gone ----
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
UPDATE github_sync.github_repos SET sync_direction = 'inbound';
UPDATE app.tasks SET title = 'mine', modified_at = at(5);
SELECT outbound(1);
DELETE FROM app.tasks;
INSERT INTO app.tasks (title, modified_at) VALUES ('another', at(6));
SELECT github_sync.link_task(2, 1, 1, 'github');
SELECT carry_out(9);
UPDATE github_sync.github_repos SET sync_direction = 'both';
SELECT * FROM queue;

-- ---- unlinked before anything of its comment was sent: the comment goes to the task's new issue ----
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(2));
SELECT outbound(1, of_type => 'comment');
SELECT github_sync.unlink_task(1);
UPDATE app.tasks SET title = 'Anew', modified_at = at(3);
SELECT outbound(1);
SELECT carry_out(5);
SELECT carry_out(6, of_type => 'comment');
SELECT r.type, r.number, r.title, github_sync.without_creation_key(r.body) FROM resources AS r ORDER BY r.id;
SELECT * FROM comment_queue;
