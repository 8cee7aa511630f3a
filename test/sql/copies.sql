--
-- A restored or copied database sends and captures nothing until it is adopted
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- which differences of a server's fingerprint make another server of it
SELECT what, coalesce(github_sync.server_difference(kept.server, kept.server || change), 'the same')
FROM (VALUES ('{"inode": "i", "birth": "b", "device": "d", "path": "p", "host": "h", "boot": "o", "backup": null, "timeline": "1"}'::jsonb)) AS kept (server),
	(VALUES (1, 'nothing', '{}'::jsonb),
		(2, 'booted', '{"boot": "?"}'),
		(3, 'a container with another name', '{"host": "?"}'),
		(4, 'another host', '{"host": "?", "boot": "?"}'),
		(5, 'another host that does not say when it booted', '{"host": "?", "boot": null}'),
		(6, 'moved', '{"path": "?"}'),
		(7, 'booted, and devices have other numbers', '{"boot": "?", "device": "?"}'),
		(8, 'a snapshot, mounted beside', '{"path": "?", "device": "?"}'),
		(9, 'other files', '{"inode": "?"}'),
		(10, 'the inode of a file that was removed', '{"birth": "?"}'),
		(11, 'a file system that no longer tells', '{"birth": null, "inode": null}'),
		(12, 'a backup', '{"backup": "?"}'),
		(13, 'recovered to a time', '{"timeline": "2"}')) AS changes (place, what, change)
ORDER BY place;
SELECT coalesce(github_sync.server_difference('{"backup": "x"}', '{"backup": null}'), 'the same');
SELECT jsonb_object_keys(github_sync.server_fingerprint()) ORDER BY 1;

-- the creation key is the record's from the moment it is queued, whatever becomes of its transactions
SELECT github_sync.capture_task_changes(true) \g /dev/null
INSERT INTO app.tasks (title) VALUES ('Crash'), ('Given up'), ('Slow');
CREATE TEMPORARY TABLE keys AS SELECT task_id, creation_key FROM github_sync.github_issues;
SELECT count(DISTINCT creation_key) FROM keys;
SELECT id, step FROM github_sync.task_claim(10, 10);
SELECT (github_sync.task_begin_creation(id, 1)).creation_key IS NOT NULL AS begun FROM github_sync.task_sync_transactions ORDER BY id;
SELECT github_sync.task_report_rejected_creation(1) \g /dev/null
SELECT github_sync.task_report_rejected_creation(2), github_sync.task_fail(2, 1, 'forbidden', 'No') \g /dev/null
SELECT i.task_id, i.creation_key = k.creation_key AS kept, a.creation_key = k.creation_key AS carried, a.outcome
FROM github_sync.github_issues AS i JOIN keys AS k USING (task_id)
JOIN github_sync.task_creation_attempts AS a ON a.github_issue_id = i.id ORDER BY 1;

-- in a copy, capture notes that something changed and enqueues nothing; what a dump brings is no change
UPDATE github_sync.attached_tables SET database_identity = 'another one';
SELECT github_sync.why_not_adopted();
SET check_function_bodies = off;
INSERT INTO app.tasks (title) VALUES ('Restored');
RESET check_function_bodies;
SELECT record_type, problem FROM github_sync.noted_problems;
SELECT activity, last_error FROM github_sync.sync_workers;
INSERT INTO app.tasks (title, modified_at) VALUES ('New in the copy', now()), ('New and gone', now());
UPDATE app.tasks SET title = 'Given up no more', modified_at = now() WHERE title = 'Given up';
DELETE FROM app.tasks WHERE title = 'New and gone';
SELECT count(*) FROM github_sync.task_sync_transactions;
SELECT record_type, problem FROM github_sync.noted_problems;
-- attached again it is still one
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.why_not_adopted();

-- adopted, it enqueues them, and looks for what was queued or given up before
SELECT github_sync.adopt_database();
SELECT github_sync.why_not_adopted();
SELECT count(*) FROM github_sync.noted_problems;
SELECT task_id, state FROM github_sync.task_sync_transactions WHERE state IN ('queued', 'processing') ORDER BY id;
SELECT i.task_id, k.creation_key IS NULL OR i.creation_key = k.creation_key AS kept, a.outcome, a.creation_key = i.creation_key AS carried
FROM github_sync.github_issues AS i LEFT JOIN keys AS k USING (task_id)
LEFT JOIN github_sync.task_creation_attempts AS a ON a.github_issue_id = i.id AND a.outcome IS NULL ORDER BY 1;

-- what was found is kept: a standby of a copy is one, too, also when it was promoted
UPDATE github_sync.attached_tables SET server = jsonb_set(server, '{inode}', '"another"');
SELECT github_sync.hold_copy();
UPDATE github_sync.attached_tables SET server = github_sync.server_fingerprint();
SELECT github_sync.why_not_adopted();
SELECT github_sync.adopt_database();
SELECT github_sync.why_not_adopted(), count(held_because) FROM github_sync.attached_tables;
-- a server that moved looks for what is queued; one that was merely booted does not
UPDATE github_sync.task_creation_attempts SET outcome = 'not found' WHERE outcome IS NULL;
UPDATE github_sync.attached_tables SET server = jsonb_set(server, '{boot}', '"another"');
SELECT recovered FROM github_sync.task_recover_orphans('{}');
SELECT count(*) FROM github_sync.task_creation_attempts WHERE outcome IS NULL;
UPDATE github_sync.attached_tables SET server = jsonb_set(server, '{path}', '"another"');
SELECT recovered FROM github_sync.task_recover_orphans('{}');
SELECT count(*) > 0 AS looked_for FROM github_sync.task_creation_attempts WHERE outcome IS NULL;

-- rows of a dump in the same tables, and none at all
CREATE TEMPORARY TABLE dumped AS SELECT * FROM github_sync.attached_tables;
TRUNCATE github_sync.attached_tables;
SELECT github_sync.why_not_adopted();
SET check_function_bodies = off;
INSERT INTO github_sync.attached_tables SELECT * FROM dumped;
RESET check_function_bodies;
SELECT github_sync.why_not_adopted();
TRUNCATE github_sync.attached_tables;
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT github_sync.why_not_adopted();
