/*
 * An application as one finds it: a role of its own, tables with more columns
 * than GitHub has fields, some of them NOT NULL.  Nothing here knows of
 * github_sync but the two functions at the end, and those only its JSON.
 * To be run once, by a superuser, in the application's database.
 */

CREATE ROLE tracker LOGIN;				/* the application; owns its tables */
CREATE ROLE tracker_webhooks LOGIN;		/* receives GitHub's webhooks, and may do nothing else */

CREATE SCHEMA app AUTHORIZATION tracker;
SET ROLE tracker;

CREATE TABLE app.projects (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	github_repo_id bigint UNIQUE
);

CREATE TABLE app.users (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	github_login text UNIQUE
);

CREATE TABLE app.tasks (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	project_id bigint NOT NULL REFERENCES app.projects,
	user_id bigint NOT NULL REFERENCES app.users,
	title text NOT NULL,
	markdown text,
	status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
	urgency text NOT NULL DEFAULT 'normal',
	github_repo_id bigint,
	inserted_at timestamptz NOT NULL DEFAULT now(),
	modified_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE app.comments (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	task_id bigint NOT NULL REFERENCES app.tasks,
	user_id bigint NOT NULL REFERENCES app.users,
	markdown text NOT NULL,
	inserted_at timestamptz NOT NULL DEFAULT now(),
	modified_at timestamptz NOT NULL DEFAULT now()
);

/* Who sets the time by hand, as the worker does with GitHub's, is left alone. */
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.modified_at := now();
	RETURN NEW;
END
$$;
CREATE TRIGGER touch BEFORE UPDATE ON app.tasks
	FOR EACH ROW WHEN (NEW.modified_at = OLD.modified_at) EXECUTE FUNCTION app.touch();
CREATE TRIGGER touch BEFORE UPDATE ON app.comments
	FOR EACH ROW WHEN (NEW.modified_at = OLD.modified_at) EXECUTE FUNCTION app.touch();

/* What a row made from an issue needs beyond the issue's own fields. */
CREATE FUNCTION app.task_from_github(repo_id bigint, issue jsonb) RETURNS jsonb STABLE
RETURN jsonb_build_object(
	'project_id', (SELECT p.id FROM app.projects AS p WHERE p.github_repo_id = repo_id),
	'user_id', (SELECT u.id FROM app.users AS u WHERE u.github_login = issue -> 'user' ->> 'login'),
	'urgency', 'reported',
	'inserted_at', issue ->> 'created_at');

CREATE FUNCTION app.comment_from_github(repo_id bigint, comment jsonb) RETURNS jsonb STABLE
RETURN jsonb_build_object(
	'user_id', (SELECT u.id FROM app.users AS u WHERE u.github_login = comment -> 'user' ->> 'login'),
	'inserted_at', comment ->> 'created_at');

INSERT INTO app.projects (name, github_repo_id) VALUES ('Widgets', 1296269);
INSERT INTO app.users (name, github_login) VALUES ('Alice', 'alice'), ('Carol', NULL);
