/*
 * What the resources that GitHub sends say of themselves.
 */

CREATE OR REPLACE FUNCTION github_sync.repository_of_resource(resource jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN regexp_match(
	coalesce(resource ->> 'repository_url', resource ->> 'issue_url', '/repos/' || (resource ->> 'full_name')),
	'/repos/(?![.]{1,2}/)([A-Za-z0-9._-]+)/(?![.]{1,2}(?:/|$))([A-Za-z0-9._-]+)(?:/|$)');
COMMENT ON FUNCTION github_sync.repository_of_resource(jsonb) IS
'private: owner and name of the repository that an issue or comment says it is in, or a repository that it is; or NULL';
