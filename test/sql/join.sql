--
-- Two records turn out to be one; or they would have to, and belong to two rows
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all
CREATE VIEW issues AS SELECT id, task_id, github_id, number FROM github_sync.github_issues ORDER BY id;
CREATE VIEW github_comments AS SELECT id, comment_id, github_id FROM github_sync.github_comments ORDER BY id;
CREATE VIEW errors AS SELECT record_type, record_id, error_code, error_reason FROM github_sync.sync_errors ORDER BY record_type DESC, id;
-- the answer to a creation, by a resource of these ids
CREATE FUNCTION created_as(transaction bigint, kind text, github_id bigint, number integer, of_type text DEFAULT 'task') RETURNS text LANGUAGE sql AS $$
	SELECT answer(transaction, kind, ROW(of_type, github_id, number, 'Crash', 'Crash', CASE of_type WHEN 'task' THEN 'open' END, 'our-app[bot]', at(9))::resources,
		at(9), of_type, (SELECT claim_no FROM claim_of(transaction, of_type)))
$$;

-- a stub that a webhook made, with nothing but the number or with both
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('Other', at(1));
SELECT outbound(1);
SELECT * FROM claim();
SELECT webhook(2, issue => 1, comment => 5000000001);
SELECT created_as(1, 'created', 3000000001, 1);
SELECT * FROM issues;

-- the name was reused: the new repository's issue 1 meets the record of the old one
SELECT outbound(2);
SELECT * FROM claim();
SELECT created_as(2, 'created', 3000000777, 1);
SELECT * FROM issues;
SELECT * FROM errors;
-- the first one goes on, with its comments
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Mine', at(3));
SELECT outbound(1, of_type => 'comment');
SELECT * FROM comment_queue;
-- and what was sent is looked for before anything is sent again, with the same outcome
SELECT github_sync.retry_task_sync_transaction(2);
SELECT * FROM claim();
SELECT created_as(2, 'found', 3000000777, 1);
-- unlinked, it is another resource still: moved
SELECT github_sync.unlink_task(1);
SELECT github_sync.retry_task_sync_transaction(2);
SELECT * FROM claim();
SELECT created_as(2, 'found', 3000000777, 1);
SELECT * FROM errors;
SELECT * FROM issues;

-- its answer was lost, and somebody linked the issue to another task by hand
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('Other', at(1));
SELECT outbound(1);
SELECT * FROM claim();
CALL posted(1, 2);
SELECT github_sync.link_task(2, 1, 1, 'github');
SELECT created(1);
SELECT * FROM errors;
SELECT * FROM issues;
-- unlinked again, it is found
SELECT github_sync.unlink_task(2);
SELECT github_sync.retry_task_sync_transaction(1);
SELECT carry_out(4);
SELECT * FROM issues;
-- what a transaction told of another row before stays that row's
SELECT task_id, state FROM github_sync.task_sync_transactions ORDER BY id;

-- the same for a comment
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1);
SELECT carry_out(2);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Mine', at(1)), (1, 'Other', at(1));
SELECT outbound(1, of_type => 'comment');
SELECT * FROM claim(of_type => 'comment');
CALL posted(1, 3, of_type => 'comment');
SELECT github_sync.link_comment(2, 1, 5000000001, 'github');
SELECT created(1, of_type => 'comment');
SELECT * FROM errors;
SELECT * FROM github_comments;
SELECT github_sync.unlink_comment(2);
SELECT github_sync.retry_comment_sync_transaction(1);
SELECT carry_out(4, of_type => 'comment');
SELECT * FROM github_comments;
SELECT comment_id, state FROM github_sync.comment_sync_transactions ORDER BY id;

-- a stub that was told the wrong id, which is a linked issue's
CALL start_afresh();
CALL github_has(1, 'Crash');
SELECT webhook(1);
SELECT carry_out(1);
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 3000000999, 2, at(2)) RETURNING id;
SELECT id, step FROM github_sync.task_claim(1, 1);
SELECT result FROM github_sync.task_report_answer(2, 1, ROW('fetched', at(9), 41,
	ROW(3000000001, 2, false, 'Crash', '', 'open', NULL, 'octocat', NULL, at(0), at(9), NULL, NULL, NULL)::github_sync.resource, NULL, NULL,
	'{"repository_url": "https://api.github.com/repos/octo/app"}', NULL)::github_sync.answer);
SELECT * FROM errors;
SELECT * FROM issues;
