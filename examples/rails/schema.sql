/*
 * An application of Rails, as db/structure.sql has it: bigint keys, enums as
 * integers, optimistic locking by lock_version, counter caches, times without a
 * zone to the microsecond, and notes of many things in one table, some of them
 * internal, some written by the application itself.
 */
CREATE TABLE users (
	id bigserial PRIMARY KEY,
	login character varying NOT NULL,
	github_uid bigint,
	created_at timestamp(6) without time zone NOT NULL,
	updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_users_on_github_uid ON users USING btree (github_uid);

CREATE TABLE projects (
	id bigserial PRIMARY KEY,
	name character varying NOT NULL,
	github_repo_id bigint,
	tickets_count integer DEFAULT 0 NOT NULL,
	created_at timestamp(6) without time zone NOT NULL,
	updated_at timestamp(6) without time zone NOT NULL
);

CREATE TABLE tickets (
	id bigserial PRIMARY KEY,
	project_id bigint NOT NULL,
	author_id bigint NOT NULL,
	subject character varying NOT NULL,
	description text DEFAULT ''::text NOT NULL,
	status integer DEFAULT 0 NOT NULL,		-- enum status: { open: 0, started: 1, done: 2, rejected: 3 }
	confidential boolean DEFAULT false NOT NULL,
	notes_count integer DEFAULT 0 NOT NULL,
	lock_version integer DEFAULT 0 NOT NULL,
	created_at timestamp(6) without time zone NOT NULL,
	updated_at timestamp(6) without time zone NOT NULL
);
ALTER TABLE ONLY tickets ADD CONSTRAINT fk_rails_project FOREIGN KEY (project_id) REFERENCES projects(id);
ALTER TABLE ONLY tickets ADD CONSTRAINT fk_rails_author FOREIGN KEY (author_id) REFERENCES users(id);
CREATE INDEX index_tickets_on_project_id ON tickets USING btree (project_id);

/* Polymorphic, so without a foreign key: noteable_type is Ticket, WikiPage, MergeRequest ... */
CREATE TABLE notes (
	id bigserial PRIMARY KEY,
	noteable_type character varying NOT NULL,
	noteable_id bigint NOT NULL,
	author_id bigint NOT NULL,
	body text DEFAULT ''::text NOT NULL,
	internal boolean DEFAULT false NOT NULL,
	system boolean DEFAULT false NOT NULL,
	discarded_at timestamp(6) without time zone,
	created_at timestamp(6) without time zone NOT NULL,
	updated_at timestamp(6) without time zone NOT NULL
);
ALTER TABLE ONLY notes ADD CONSTRAINT fk_rails_note_author FOREIGN KEY (author_id) REFERENCES users(id);
CREATE INDEX index_notes_on_noteable ON notes USING btree (noteable_type, noteable_id);
