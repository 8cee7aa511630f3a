/* sql/extension/grants.sql: comment: intruder has no comment */

create or replace
function github_sync.intruder() returns integer
language sql immutable set search_path = pg_catalog, pg_temp
return 1;
