--
-- GitHub sends us on: repositories renamed, issues transferred, names that belong to others by now
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

CREATE VIEW repos AS SELECT id, owner_login, name FROM github_sync.github_repos ORDER BY id;
CREATE VIEW issues AS SELECT id, task_id, github_repo_id AS repo, github_id, number FROM github_sync.github_issues ORDER BY id;
CREATE VIEW places AS SELECT id, state, github_repo_id AS repo, github_app_installation_id AS installation, github_issue_number AS number
	FROM github_sync.task_sync_transactions ORDER BY id;

-- the redirect of a claimed transaction led to a repository (NULL: by name), where its issue answered
CREATE FUNCTION redirected(transaction bigint, reached_repo bigint, place text, issue_id bigint DEFAULT 3000000001)
RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('/', owner_login, repo_name)
	FROM github_sync.task_report_redirect(transaction, (SELECT claim_no FROM claim_of(transaction)), reached_repo,
		jsonb_build_object('id', issue_id, 'repository_url', 'https://api.github.com/repos/' || place)::text)
$$;
-- an issue of another id, and perhaps of another place, answers a claimed transaction
CREATE FUNCTION answered_by(transaction bigint, issue_id bigint, issue_number integer, place text, kind text DEFAULT 'fetched',
	asked_repo bigint DEFAULT NULL) -- where the record is
RETURNS text LANGUAGE sql AS $$
	SELECT result FROM github_sync.task_report_answer(transaction, (SELECT claim_no FROM claim_of(transaction)), ROW(kind, at(9), 41,
		ROW(issue_id, issue_number, false, 'Crash', '', 'open', NULL, 'octocat', NULL, at(0), at(9), NULL, NULL, NULL)::github_sync.resource, NULL, NULL,
		CASE kind WHEN 'fetched' THEN jsonb_build_object('id', issue_id,
			'repository_url', 'https://api.github.com/repos/' || place)::text END, asked_repo)::github_sync.answer)
$$;
-- a synced task, its issue, and a change of GitHub's that is being fetched: transaction 2
CREATE PROCEDURE synced() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	UPDATE github_sync.github_repos SET owner_login = 'octo', name = 'app' WHERE id = 1;
	CALL github_has(1, 'Crash');
	PERFORM webhook(1);
	PERFORM carry_out(1);
	PERFORM webhook(9);
	PERFORM claim();
END
$$;

-- a repository was renamed, or given to another owner: by its id in the redirect
CALL synced();
SELECT redirected(2, 1, 'octo/gadget');
SELECT redirected(2, 1, 'hexa/gadget');
SELECT * FROM repos;
-- told once
SELECT redirected(2, 1, 'hexa/gadget') = '' AS nothing_new;
-- where the redirect is by name, by the id of the issue
CALL synced();
SELECT redirected(2, NULL, 'octo/gadget');
SELECT * FROM repos;
-- another repository's id, another issue's, no place: it proves nothing
CALL synced();
SELECT redirected(2, 2, 'octo/gadget');
SELECT redirected(2, NULL, 'octo/gadget', 3000000002);
SELECT redirected(2, 1, NULL);
SELECT redirected(2, 1, 'octo/gad get');
SELECT redirected(2, 1, '../..');
SELECT * FROM repos;
-- nor does a stale claim
SELECT owner_login FROM github_sync.task_report_redirect(2, 0, 1, '{"id": 3000000001, "repository_url": "https://api.github.com/repos/octo/gadget"}');
-- where comments say that they are
SELECT github_sync.repository_of_resource('{"issue_url": "https://ghes.example/api/v3/repos/octo/a.b_c-d/issues/1347"}');

-- transferred to a repository of ours: the link goes along, and so does what waits
INSERT INTO github_sync.github_app_installations (id) VALUES (20);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 20, 'octo', 'Other');
CALL synced();
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'A comment.', at(9));
SELECT outbound(1, 'comment');
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
SELECT * FROM places;
SELECT state, github_repo_id, github_app_installation_id, github_issue_number FROM github_sync.comment_sync_transactions;
SELECT last_error FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT id, step, installation_id, owner_login, repo_name, issue_number FROM github_sync.task_claim(1, 1);
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT title FROM app.tasks;
SELECT * FROM places;

-- its webhook came first: one record in the end
CALL synced();
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 2, 3000000077, 7, at(10));
SELECT * FROM issues;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
SELECT * FROM queue;

-- the application has made a task of its own of it: nothing is guessed
CALL synced();
INSERT INTO app.tasks (title) VALUES ('Its own');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (2, 3000000077, 7, 2);
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT error_code, error_reason FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT task_id, number FROM github_sync.github_issues ORDER BY id;

-- transferred elsewhere: errored, unlinked, and what waited for it ends
CALL synced();
UPDATE app.tasks SET title = 'Crashes', modified_at = at(8);
SELECT outbound(1);
SELECT answered_by(2, 3000000077, 7, 'strange/place');
SELECT error_code, error_reason FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT * FROM queue;
SELECT * FROM issues;
SELECT title FROM app.tasks;

-- what was dropped for a change of ours goes along when that ends otherwise, though it was in nobody's queue when the issue moved
CALL synced();
UPDATE app.tasks SET title = 'Crashes', modified_at = at(20);
SELECT outbound(1);
SELECT webhook(10);
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT id, step FROM github_sync.task_claim(1, 1);
SELECT github_sync.task_fail(3, 1, 'forbidden', 'no');
SELECT id, state, github_repo_id, github_issue_external_id, github_issue_number FROM github_sync.task_sync_transactions ORDER BY id;

-- ... which stays an error, whatever becomes of the issue at its old place: the task has none
CALL synced();
SELECT answered_by(2, 3000000077, 7, 'strange/place');
SELECT deletion();
SELECT id, step FROM github_sync.task_claim(1, 8);
SELECT missing(3, 12);
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE id = 3;
SELECT id, step FROM github_sync.task_claim(1, 8);
SELECT missing(3, 80);
SELECT id, state FROM github_sync.task_sync_transactions WHERE id = 3;
SELECT id, error_code FROM github_sync.sync_errors;
-- ... also where the issue is back in one of ours, and has become another task; until the first one has an issue again
CALL synced();
SELECT answered_by(2, 3000000077, 7, 'strange/place');
UPDATE github_sync.github_issues SET former_task_key = NULL;
SELECT webhook(9);
SELECT id, step FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000088, 16, 'octo/other');
SELECT id, step FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000088, 16, 'octo/other');
SELECT id, state FROM github_sync.task_sync_transactions WHERE id = 3;
SELECT * FROM issues;
SELECT id, error_code FROM github_sync.sync_errors;
SELECT detail FROM github_sync.health() WHERE "check" = 'errors of tasks';
UPDATE app.tasks SET title = 'Crashes', modified_at = at(30) WHERE id = 1;
SELECT outbound(1);
SELECT carry_out(31);
SELECT id, error_code FROM github_sync.sync_errors;

-- ... unless it is known whose it was: then it is the first one's again
CALL synced();
SELECT answered_by(2, 3000000077, 7, 'strange/place');
SELECT webhook(9);
SELECT id, step FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000088, 16, 'octo/other');
SELECT id, step FROM github_sync.task_claim(1, 8);
SELECT answered_by(2, 3000000088, 16, 'octo/other');
SELECT id, state FROM github_sync.task_sync_transactions WHERE id IN (2, 3) ORDER BY id;
SELECT * FROM issues;
SELECT count(*) FROM app.tasks;
SELECT id, error_code FROM github_sync.sync_errors;

-- the answer to a write says nothing of its place: the next fetch does
CALL synced();
SELECT answered_by(2, 3000000077, 7, 'octo/other', 'written');
SELECT * FROM issues;
SELECT * FROM queue;

-- known by its number alone, as a comment's webhook told of it: it is no issue of its old place that has another number
CALL synced();
INSERT INTO github_sync.github_issues (github_repo_id, number) VALUES (1, 5);
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 1, 5, at(9));
SELECT id FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
SELECT id FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
-- ... nor one of ours, where it went elsewhere
CALL synced();
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 1, 5, at(9));
SELECT id FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000077, 7, 'strange/place');
SELECT error_code, error_reason FROM github_sync.task_sync_transactions WHERE id = 3;
SELECT * FROM issues;

-- a comment that waits for a stub at the new place waits no longer when that becomes the record of a task
CALL synced();
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 2, 4000000001, 7, at(9));
SELECT id FROM github_sync.comment_claim(8, 8) WHERE step <> 'over';
SELECT next_attempt_at FROM github_sync.comment_sync_transactions;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT state, next_attempt_at, github_issue_id FROM github_sync.comment_sync_transactions;
SELECT id, step FROM github_sync.comment_claim(8, 8);

-- another repository bears the old name: neither renamed nor transferred; the worker decides when it is tried again
CALL synced();
SELECT answered_by(2, 3000000077, 1, 'Octo/App');
SELECT t.state, r.name_lost FROM github_sync.task_sync_transactions AS t JOIN github_sync.github_repos AS r ON r.id = t.github_repo_id WHERE t.id = 2;
SELECT * FROM issues;

-- ---- a webhook of the new place has made a task of it ----
CREATE PROCEDURE opened_first() LANGUAGE plpgsql AS $$
BEGIN
	CALL synced();
	INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', 2, 3000000077, 7, at(9));
	PERFORM github_sync.task_claim(1, 8);
	PERFORM answered_by(3, 3000000077, 7, 'octo/other');
END
$$;
-- nobody has begun to use it: it makes way, and so do its record and what carried it
CALL opened_first();
SELECT * FROM issues;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
SELECT * FROM places;
SELECT id, title FROM app.tasks;
SELECT local_deleted_at FROM github_sync.github_issues;
SELECT * FROM queue;
-- it was edited, in a column that is ours or in another one; it was to be sent; it is held
CALL opened_first();
UPDATE app.tasks SET title = 'worked on' WHERE id = 2;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT error_code, error_reason FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT * FROM issues;
CALL opened_first();
UPDATE app.tasks SET modified_at = clock_timestamp() + interval '1 second' WHERE id = 2;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
CALL opened_first();
SELECT outbound(2);
SELECT answered_by(2, 3000000077, 7, 'octo/other');
-- something refers to it, of a kind that a deletion would take along
CREATE TABLE app.time_sheets (task_id bigint REFERENCES app.tasks ON DELETE CASCADE);
CALL opened_first();

INSERT INTO app.time_sheets VALUES (2);
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT count(*) FROM app.time_sheets;
DROP TABLE app.time_sheets;
-- a trigger of the application keeps it
CREATE FUNCTION app.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'tasks are kept'; END $$;
CALL opened_first();
CREATE TRIGGER keep BEFORE DELETE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.keep();
SELECT answered_by(2, 3000000077, 7, 'octo/other');
DROP TRIGGER keep ON app.tasks;
SELECT id, title FROM app.tasks ORDER BY id;
-- a record that is nobody's joins the task's; what a task did that is unlinked by now does not become another one's
CALL opened_first();
UPDATE github_sync.task_sync_transactions SET task_id = NULL WHERE github_issue_id = 1;
UPDATE github_sync.github_issues SET task_id = NULL WHERE id = 1;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
CALL opened_first();
UPDATE github_sync.github_issues SET task_id = NULL WHERE id = 1;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;

-- the number alone was known there, by a comment's webhook, and the id elsewhere
CALL synced();
INSERT INTO github_sync.github_issues (github_repo_id, number) VALUES (2, 7);
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number) VALUES (1, 3000000077, 99);
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;

-- ---- a comment is not shown, and its issue answers somewhere else ----
CREATE FUNCTION issue_answered(transaction bigint, reached_repo bigint, issue_id bigint, issue_number integer, place text)
RETURNS text LANGUAGE sql AS $$
	SELECT github_sync.comment_report_issue(transaction, (SELECT claim_no FROM claim_of(transaction, 'comment')), at(20), 1, reached_repo,
		jsonb_build_object('id', issue_id, 'number', issue_number, 'repository_url', 'https://api.github.com/repos/' || place)::text)
$$;
CREATE VIEW comments AS SELECT id, comment_id, github_repo_id AS repo, github_issue_id AS issue, deleted_at FROM github_sync.github_comments ORDER BY id;
CREATE PROCEDURE with_comment() LANGUAGE plpgsql AS $$
BEGIN
	CALL synced();
	CALL github_has(9, 'Crash');
	PERFORM fetched(2);
	CALL github_has(2, new_body => 'Me too', comment => 5000000001);
	PERFORM webhook(2, comment => 5000000001);
	PERFORM carry_out(2, of_type => 'comment');
	UPDATE github_sync.github_repos SET on_remote_delete = 'delete';
	PERFORM deletion(comment => 5000000001);
	PERFORM claim(of_type => 'comment');
END
$$;
-- in a repository of ours: the task goes there, and its comments too
CALL with_comment();
SELECT issue_answered(2, 2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
SELECT * FROM comments;
-- and the task is asked for there: what else changed nobody may have told
CALL wait_is_over();
SELECT * FROM claim();
SELECT id, step, owner_login, repo_name, issue_number FROM github_sync.comment_claim(1, 8);
SELECT body FROM app.comments;
-- what was never seen at the new place is not deleted here
SELECT missing(2, 90, of_type => 'comment');
CALL wait_is_over('comment');
SELECT * FROM claim(of_type => 'comment');
SELECT missing(2, 150, of_type => 'comment');
SELECT body FROM app.comments;
-- in none of ours: transferred, and still linked
CALL with_comment();
SELECT issue_answered(2, 77, 3000000077, 7, 'strange/place');
SELECT error_code, error_reason FROM github_sync.comment_sync_transactions WHERE id = 2;
SELECT * FROM comments;
-- a redirect of the repository itself: the issue is where it was, and the comment is missing
CALL with_comment();
SELECT issue_answered(2, 1, 3000000001, 1, 'octo/renamed');
SELECT second_of(missing_since) FROM github_sync.github_comments;
-- another issue in its place: the name is somebody else's
CALL with_comment();
SELECT issue_answered(2, NULL, 3000000099, 1, 'Octo/App');
SELECT t.state, r.name_lost FROM github_sync.comment_sync_transactions AS t JOIN github_sync.github_repos AS r ON r.id = t.github_repo_id WHERE t.id = 2;
SELECT * FROM comments;
-- of a stale claim
CALL with_comment();
SELECT github_sync.comment_report_issue(2, 0, at(20), 1, 2, '{}');
-- the new place has become a task that is in use: the comment goes there by itself, its row stays
CALL with_comment();
INSERT INTO app.tasks (id, title) VALUES (1000, 'Its own');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (2, 3000000077, 7, 1000);
SELECT issue_answered(2, 2, 3000000077, 7, 'octo/other');
SELECT i.task_id, c.github_repo_id, r.task_id AS task_of_row FROM github_sync.github_comments AS c
JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id JOIN app.comments AS r ON r.id = c.comment_id;
-- not a row yet, and its issue went where it was not followed: told of at the new place, it goes there, and waits for the old one no longer
CALL synced();
SELECT webhook(2, comment => 5000000001);
SELECT answered_by(2, 3000000077, 7, 'strange/place');
SELECT id FROM github_sync.comment_claim(8, 8) WHERE step <> 'over';
SELECT next_attempt_at FROM github_sync.comment_sync_transactions;
INSERT INTO app.tasks (id, title) VALUES (1000, 'Its own');
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id) VALUES (1, 3000000088, 5, 1000);
SELECT webhook(3, 5, 5000000001);
SELECT * FROM comment_queue;
SELECT c.github_issue_id, t.github_issue_number, t.next_attempt_at FROM github_sync.comment_sync_transactions AS t
JOIN github_sync.github_comments AS c ON c.id = t.github_comment_id WHERE t.state = 'queued';
SELECT id, step, issue_number FROM github_sync.comment_claim(1, 8);
-- of an issue that is where it was, what is told proves nothing: the fetch decides
CALL synced();
SELECT webhook(2, comment => 5000000001);
SELECT webhook(3, 5, 5000000001);
SELECT github_issue_id FROM github_sync.github_comments;
-- ---- moved while it was asked for: what GitHub says of the old place, or of its repository, counts for nothing ----
CREATE VIEW standing AS SELECT id, access_lost, paused_until IS NOT NULL AS is_paused FROM github_sync.github_repos ORDER BY id;
CREATE PROCEDURE moved_meanwhile() LANGUAGE sql AS $$
	UPDATE github_sync.github_issues SET github_repo_id = 2, number = 70 + number;
	UPDATE github_sync.github_comments SET github_repo_id = 2;
$$;
CALL synced();
CALL moved_meanwhile();
SELECT missing(2, 90, 'not readable', asked_repo => 1);
SELECT * FROM standing;
SELECT last_error FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT step, owner_login, repo_name, issue_number FROM github_sync.task_claim(1, 8);
SELECT missing(2, 90, 'issues disabled', asked_repo => 1);
SELECT * FROM standing;
SELECT step FROM github_sync.task_claim(1, 8);
SELECT missing(2, 90, 'readable', asked_repo => 1);
SELECT deleted_at, missing_since FROM github_sync.github_issues WHERE id = 1;
-- of where it is, it counts
SELECT step FROM github_sync.task_claim(1, 8);
SELECT missing(2, 90, 'not readable', asked_repo => 2);
SELECT * FROM standing;
-- a comment, which on_remote_delete would take from the application
CALL with_comment();
CALL moved_meanwhile();
SELECT missing(2, 90, of_type => 'comment', asked_repo => 1);
SELECT missing_since, deleted_at FROM github_sync.github_comments;
SELECT step, repo_name FROM github_sync.comment_claim(1, 8);
SELECT issue_answered(2, 2, 3000000001, 71, 'octo/other');
SELECT missing_since, deleted_at FROM github_sync.github_comments;
SELECT body FROM app.comments;
-- an update that follows would go to the old place, with the number of the new one
CALL synced();
UPDATE app.tasks SET title = 'Crashes', modified_at = at(8);
SELECT outbound(1);
SELECT answered_by(2, 3000000001, 1, 'octo/app');
SELECT id, step, owner_login, repo_name, issue_number FROM github_sync.task_claim(1, 8);
CALL moved_meanwhile();
SELECT answered_by(3, 3000000001, 71, 'octo/other', asked_repo => 1);
SELECT sent FROM github_sync.github_issues WHERE id = 1;
SELECT id, step, owner_login, repo_name, issue_number FROM github_sync.task_claim(1, 8);
SELECT answered_by(3, 3000000001, 71, 'octo/other', asked_repo => 2);
-- and a creation to where its task does not belong any more
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('New', at(1));
SELECT outbound(1);
SELECT id, step, repo_name FROM github_sync.task_claim(1, 8);
UPDATE github_sync.github_issues SET github_repo_id = 2;
SELECT creation_key IS NULL AS is_none FROM github_sync.task_begin_creation(1, (SELECT claim_no FROM claim_of(1)), asked_repo_id => 1);
SELECT count(*) FROM github_sync.task_creation_attempts;
SELECT creation_key IS NULL AS is_none FROM github_sync.task_begin_creation(1, (SELECT claim_no FROM claim_of(1)), asked_repo_id => 2);
-- ---- a comment at the new place comes first, then what tells of the transfer: there is one task, and it has all comments ----
CREATE PROCEDURE comment_came_first() LANGUAGE plpgsql AS $$
BEGIN
	CALL synced();
	CALL github_has(2, new_body => 'Before', comment => 5000000001);
	PERFORM webhook(2, comment => 5000000001);
	PERFORM carry_out(1, of_type => 'comment');
	INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', 2, 3000000077, 7, at(9));
	PERFORM claim();
	PERFORM answered_by(3, 3000000077, 7, 'octo/other');
	INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', 2, 5000000002, 7, at(10));
	PERFORM claim(of_type => 'comment');
	PERFORM github_sync.comment_report_answer(2, (SELECT claim_no FROM claim_of(2, 'comment')), ROW('fetched', at(11), 41,
		ROW(5000000002, 7, NULL, NULL, 'After', NULL, NULL, 'octocat', NULL, at(9), at(10), NULL, NULL, NULL)::github_sync.resource, NULL, NULL,
		'{}', 2)::github_sync.answer);
END
$$;
CREATE VIEW rows_of_comments AS SELECT c.body, c.task_id, g.github_issue_id AS issue, g.github_repo_id AS repo
	FROM app.comments AS c LEFT JOIN github_sync.github_comments AS g ON g.comment_id = c.id ORDER BY c.body;
CALL comment_came_first();
SELECT * FROM issues;
SELECT * FROM rows_of_comments;
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM issues;
SELECT * FROM rows_of_comments;
SELECT id, title FROM app.tasks;
SELECT direction, state FROM github_sync.comment_sync_transactions WHERE direction = 'outbound';
-- one of them was edited: both tasks stay
CALL comment_came_first();
UPDATE app.comments SET body = 'After all', modified_at = at(20) WHERE body = 'After';
SELECT answered_by(2, 3000000077, 7, 'octo/other');
SELECT * FROM rows_of_comments;
SELECT id FROM app.tasks ORDER BY id;
