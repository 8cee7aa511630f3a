--
-- Tables in the style of Plane and OpenProject: uuid keys, states that are rows, of each project its own, a number
-- within the project, texts that are rendered and stripped, foreign keys that wait for the commit, soft deletion
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
DROP VIEW world.queue, world.comment_queue, world.both_sides, world.conflicts;
DROP PROCEDURE world.start_afresh;
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.tasks, app.comments CASCADE;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
\set ECHO all
CREATE TABLE app.projects (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, last_number integer NOT NULL DEFAULT 0,
	repo_id bigint);
CREATE TABLE app.states (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), project_id uuid NOT NULL REFERENCES app.projects,
	name text NOT NULL, "group" text NOT NULL, place integer NOT NULL);
CREATE TABLE app.issues (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name varchar(255) NOT NULL,
	description_html text NOT NULL DEFAULT '<p></p>', description_stripped text NOT NULL, sequence_id integer NOT NULL,
	project_id uuid NOT NULL REFERENCES app.projects DEFERRABLE INITIALLY DEFERRED,
	state_id uuid NOT NULL REFERENCES app.states DEFERRABLE INITIALLY DEFERRED,
	is_draft boolean NOT NULL, deleted_at timestamptz, updated_at timestamptz NOT NULL);
CREATE UNIQUE INDEX number_of_issue ON app.issues (project_id, sequence_id) WHERE deleted_at IS NULL;
CREATE TABLE app.issue_comments (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), comment_stripped text NOT NULL, access text NOT NULL,
	issue_id uuid NOT NULL REFERENCES app.issues DEFERRABLE INITIALLY DEFERRED, deleted_at timestamptz, updated_at timestamptz NOT NULL);
INSERT INTO app.projects (name, repo_id) VALUES ('Widgets', 1), ('Gadgets', NULL);
INSERT INTO app.states (project_id, name, "group", place)
SELECT p.id, s.name, s.group, s.place FROM app.projects AS p, (VALUES ('Backlog', 'backlog', 1), ('Doing', 'started', 2), ('Done', 'completed', 3),
	('Cancelled', 'cancelled', 4)) AS s (name, "group", place);
CREATE FUNCTION app.number_issue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE app.projects SET last_number = last_number + 1 WHERE id = NEW.project_id RETURNING last_number INTO NEW.sequence_id;
	RETURN NEW;
END
$$;
CREATE TRIGGER a_number BEFORE INSERT ON app.issues FOR EACH ROW EXECUTE FUNCTION app.number_issue();

-- a state that is a row cannot be named: which one is closed depends on the project
SELECT github_sync.attach_tasks('app.issues', title_column => 'name', body_column => 'description_stripped', state_column => 'state_id');
-- a column between them, kept by a trigger: what GitHub says becomes a state of the row's project, and a state what GitHub hears
ALTER TABLE app.issues ADD github_state text NOT NULL DEFAULT 'open';
CREATE FUNCTION app.keep_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.state_id IS NULL OR TG_OP = 'UPDATE' AND NEW.github_state <> OLD.github_state AND NEW.state_id = OLD.state_id THEN
		NEW.state_id := (SELECT s.id FROM app.states AS s WHERE s.project_id = NEW.project_id
			AND s.group = ANY (CASE NEW.github_state WHEN 'open' THEN '{backlog}'::text[] WHEN 'not_planned' THEN '{cancelled}' ELSE '{completed}' END)
			ORDER BY s.place LIMIT 1);
	ELSE
		NEW.github_state := (SELECT CASE s.group WHEN 'completed' THEN 'completed' WHEN 'cancelled' THEN 'not_planned' ELSE 'open' END
			FROM app.states AS s WHERE s.id = NEW.state_id);
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER b_keep_state BEFORE INSERT OR UPDATE ON app.issues FOR EACH ROW EXECUTE FUNCTION app.keep_state();
CREATE FUNCTION app.issue_of(github_repo_id bigint, issue jsonb) RETURNS jsonb STABLE
RETURN (SELECT jsonb_build_object('project_id', p.id, 'is_draft', false) FROM app.projects AS p WHERE p.repo_id = issue_of.github_repo_id);
CREATE FUNCTION app.rendered(github_repo_id bigint, issue jsonb) RETURNS jsonb STABLE
RETURN jsonb_build_object('description_html', format('<p>%s</p>', issue ->> 'body'));
CREATE FUNCTION app.comment_of(github_repo_id bigint, comment jsonb) RETURNS jsonb STABLE RETURN '{"access": "EXTERNAL"}'::jsonb;
SELECT github_sync.attach_tasks('app.issues', title_column => 'name', body_column => 'description_stripped',
	state_column => 'github_state', closed_values => '{completed,not_planned}',
	github_repo => '(SELECT p.repo_id FROM app.projects AS p WHERE p.id = project_id)',
	sync_when => 'NOT is_draft', deleted_when => 'deleted_at IS NOT NULL',
	insert_values => 'app.issue_of(bigint, jsonb)', apply_values => 'app.rendered(bigint, jsonb)');
SELECT github_sync.attach_comments('app.issue_comments', task_id_column => 'issue_id', body_column => 'comment_stripped',
	sync_when => $$access = 'EXTERNAL'$$, deleted_when => 'deleted_at IS NOT NULL', insert_values => 'app.comment_of(bigint, jsonb)');
INSERT INTO github_sync.github_app_installations (id) VALUES (10);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, on_local_delete) VALUES (1, 10, 'octo', 'app', 'propagate');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
CREATE VIEW shown AS SELECT i.sequence_id, i.name, i.description_stripped, i.description_html, s.name AS state, i.github_state
FROM app.issues AS i JOIN app.states AS s ON s.id = i.state_id AND s.project_id = i.project_id ORDER BY 1;

-- out: an issue, a draft, one of a project without a repository, comments that are internal or not
INSERT INTO app.issues (name, description_stripped, project_id, state_id, is_draft, updated_at)
SELECT n.name, 'Text', p.id, s.id, n.is_draft, at(1) FROM (VALUES ('Crash', false, 'Widgets'), ('Secret', true, 'Widgets'), ('Elsewhere', false, 'Gadgets')) AS n (name, is_draft, project)
JOIN app.projects AS p ON p.name = n.project JOIN app.states AS s ON s.project_id = p.id AND s.name = 'Doing' ORDER BY n.name;
INSERT INTO app.issue_comments (comment_stripped, access, issue_id, updated_at)
SELECT c.text, c.access, i.id, at(2) FROM app.issues AS i, (VALUES ('Internal', 'INTERNAL'), ('Me too', 'EXTERNAL')) AS c (text, access) WHERE i.name = 'Crash';
SELECT carry_out(3);
SELECT carry_out(4, of_type => 'comment');
SELECT type, title, github_sync.without_creation_key(body), state FROM resources ORDER BY id;
-- in: closed there, opened again; an issue without a text
CALL github_has(65, new_state => 'closed', new_body => 'Text of theirs');
SELECT webhook(65);
SELECT carry_out(66);
SELECT * FROM shown;
CALL github_has(130, new_state => 'open');
SELECT webhook(130);
SELECT carry_out(131);
SELECT * FROM shown;
CALL github_has(132, 'From there', NULL, issue => 2);
SELECT webhook(132, issue => 2);
SELECT carry_out(133);
SELECT * FROM shown;
-- out: a state of the project is closed; a title; deleted and back
UPDATE app.issues AS i SET state_id = s.id, updated_at = at(140) FROM app.states AS s WHERE s.project_id = i.project_id AND s.name = 'Done' AND i.name = 'Crash';
SELECT carry_out(141);
SELECT * FROM shown;
UPDATE app.issues SET deleted_at = at(200) WHERE name = 'From there';
SELECT carry_out(201);
UPDATE app.issues SET deleted_at = NULL, updated_at = at(202) WHERE name = 'From there';
SELECT carry_out(203);
SELECT title, github_sync.without_creation_key(body), state FROM resources WHERE type = 'task' ORDER BY id;
SELECT * FROM github_sync.sync_problems;
SELECT record_type, state, count(*) FROM (SELECT 'task' AS record_type, state FROM github_sync.task_sync_transactions
	UNION ALL SELECT 'comment', state FROM github_sync.comment_sync_transactions) AS t GROUP BY 1, 2 ORDER BY 1, 2;
