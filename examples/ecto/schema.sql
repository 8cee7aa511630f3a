/*
 * An application of Phoenix and Ecto, as its migrations leave it: integer keys,
 * nothing NULL that need not be, times without a zone to the second, a number of
 * the task within its project, the rendered text beside the markdown, and triggers
 * that count and tell behind each write, by names without a schema.
 * Nothing here knows of github_sync but the two functions that say is_sync().
 */
CREATE TABLE users (
	id serial PRIMARY KEY,
	username varchar(255) NOT NULL,
	github_id bigint,
	inserted_at timestamp(0) NOT NULL,
	updated_at timestamp(0) NOT NULL
);
CREATE UNIQUE INDEX users_github_id_index ON users (github_id);

CREATE TABLE projects (
	id serial PRIMARY KEY,
	title varchar(255) NOT NULL,
	open_tasks integer NOT NULL DEFAULT 0,
	last_number integer NOT NULL DEFAULT 0,
	inserted_at timestamp(0) NOT NULL,
	updated_at timestamp(0) NOT NULL
);

/* Which repository a project has: the application's own table. */
CREATE TABLE project_repos (
	project_id integer NOT NULL REFERENCES projects,
	repo_id bigint NOT NULL
);
CREATE UNIQUE INDEX project_repos_project_id_index ON project_repos (project_id);
CREATE UNIQUE INDEX project_repos_repo_id_index ON project_repos (repo_id);

CREATE TABLE task_lists (
	id serial PRIMARY KEY,
	name varchar(255) NOT NULL,
	inbox boolean NOT NULL DEFAULT false,
	project_id integer NOT NULL REFERENCES projects,
	inserted_at timestamp(0) NOT NULL,
	updated_at timestamp(0) NOT NULL
);

CREATE TABLE tasks (
	id serial PRIMARY KEY,
	title varchar(255) NOT NULL,
	markdown text NOT NULL,
	body text,
	number integer NOT NULL,
	status varchar(255) NOT NULL DEFAULT 'open',
	archived boolean NOT NULL DEFAULT false,
	modified_from varchar(255) NOT NULL DEFAULT 'app',
	project_id integer NOT NULL REFERENCES projects,
	task_list_id integer NOT NULL REFERENCES task_lists,
	user_id integer NOT NULL REFERENCES users,
	inserted_at timestamp(0) NOT NULL,
	updated_at timestamp(0) NOT NULL
);
CREATE UNIQUE INDEX tasks_project_id_number_index ON tasks (project_id, number);

CREATE TABLE comments (
	id serial PRIMARY KEY,
	markdown text NOT NULL,
	body text,
	task_id integer NOT NULL REFERENCES tasks ON DELETE CASCADE,
	user_id integer NOT NULL REFERENCES users,
	inserted_at timestamp(0) NOT NULL,
	updated_at timestamp(0) NOT NULL
);
CREATE INDEX comments_task_id_index ON comments (task_id);

CREATE TABLE task_events (
	id bigserial PRIMARY KEY,
	task_id integer NOT NULL,
	event varchar(255) NOT NULL,
	by_sync boolean NOT NULL
);

CREATE FUNCTION number_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE projects SET last_number = last_number + 1 WHERE id = NEW.project_id RETURNING last_number INTO NEW.number;
	RETURN NEW;
END
$$;
CREATE TRIGGER number_task BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION number_task();

/* The text that was rendered from other markdown is forgotten: the application renders it when it is shown. */
CREATE FUNCTION forget_rendered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.body := NULL;
	RETURN NEW;
END
$$;
CREATE TRIGGER forget_rendered BEFORE UPDATE OF markdown ON tasks FOR EACH ROW
	WHEN (NEW.markdown <> OLD.markdown) EXECUTE FUNCTION forget_rendered();
CREATE TRIGGER forget_rendered BEFORE UPDATE OF markdown ON comments FOR EACH ROW
	WHEN (NEW.markdown <> OLD.markdown) EXECUTE FUNCTION forget_rendered();

CREATE FUNCTION count_open_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE projects SET open_tasks = (SELECT count(*) FROM tasks WHERE project_id = projects.id AND status = 'open')
	WHERE id = coalesce(NEW.project_id, OLD.project_id);
	RETURN NULL;
END
$$;
CREATE TRIGGER count_open_tasks AFTER INSERT OR UPDATE OR DELETE ON tasks
	FOR EACH ROW EXECUTE FUNCTION count_open_tasks();

/* For a GenServer that listens, and pushes to the browsers: who wrote it is of interest to it. */
CREATE FUNCTION tell_of_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO task_events (task_id, event, by_sync) VALUES (NEW.id, lower(TG_OP), github_sync.is_sync());
	PERFORM pg_notify('tasks', NEW.id::text);
	RETURN NULL;
END
$$;
