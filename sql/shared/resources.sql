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

CREATE OR REPLACE FUNCTION github_sync.item_of_list(list text, resource_id bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT e.value::text FROM jsonb_array_elements(
		CASE jsonb_typeof(list::jsonb) WHEN 'array' THEN list::jsonb ELSE '[]' END) AS e (value)
	WHERE e.value -> 'id' = to_jsonb(resource_id) LIMIT 1
$$;
COMMENT ON FUNCTION github_sync.item_of_list(text, bigint) IS
'private: the item of a page of a list that has GitHub''s id, as it stands there; NULL: none has';
