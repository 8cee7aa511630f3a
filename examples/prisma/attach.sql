/*
 * What makes the tables of schema.sql sync, as a superuser:
 *
 *     psql -d tracker -U postgres -v app=tracker -f examples/prisma/attach.sql
 *
 * then connect.sql as the application's role.  With Prisma: in a migration made by
 * `prisma migrate dev --create-only`, but for CREATE EXTENSION and grant_attach, which
 * are a superuser's; `prisma db pull` and `migrate` keep to their own schema, and
 * leave github_sync alone.
 */
CREATE EXTENSION IF NOT EXISTS comment_sync_transaction CASCADE;
SELECT github_sync.grant_attach(:'app');
SET ROLE :"app";

/* In the form of a cuid, since the client, which makes the others, has no part in these. */
CREATE FUNCTION cuid() RETURNS text LANGUAGE sql VOLATILE
	RETURN 'c' || substr(translate(gen_random_uuid()::text, '-', ''), 1, 24);
CREATE FUNCTION "taskOfIssue"(github_repo_id bigint, issue jsonb) RETURNS jsonb LANGUAGE sql
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('id', cuid(), 'projectId', p."id", 'createdAt', issue -> 'created_at',
		'authorId', (SELECT u."id" FROM "User" AS u WHERE u."githubLogin" = issue #>> '{user,login}'))
	FROM "Project" AS p WHERE p."githubRepoId" = github_repo_id
$$;
CREATE FUNCTION "commentOfIssue"(github_repo_id bigint, comment jsonb) RETURNS jsonb LANGUAGE sql
SET search_path = public, pg_temp AS $$
	SELECT jsonb_build_object('id', cuid(), 'createdAt', comment -> 'created_at',
		'authorId', (SELECT u."id" FROM "User" AS u WHERE u."githubLogin" = comment #>> '{user,login}'))
$$;

SELECT github_sync.attach_tasks('"Task"', title_column => 'title', body_column => 'description',
	state_column => 'status', open_value => 'TODO', closed_values => '{DONE,CANCELED}',
	state_reasons => '{"DONE": "completed", "CANCELED": "not_planned"}', modified_at_column => 'updatedAt',
	github_repo => '(SELECT p."githubRepoId" FROM public."Project" AS p WHERE p."id" = "projectId")',
	insert_values => '"taskOfIssue"(bigint, jsonb)');
SELECT github_sync.attach_comments('"Comment"', task_id_column => 'taskId', body_column => 'text',
	modified_at_column => 'updatedAt', insert_values => '"commentOfIssue"(bigint, jsonb)');
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
RESET ROLE;
REVOKE CREATE ON SCHEMA github_sync FROM :"app";
