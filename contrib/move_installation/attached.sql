/*
 * attached.sql
 *		What is attached: record type, table, key column, and over a row r the
 *		repository of a task, or the key of a comment's task as text; in one line.
 */
SELECT a.record_type, a.mapping -> 'dictionary' ->> 'table', quote_ident(a.mapping ->> 'id'),
	'(' || translate(a.mapping -> 'dictionary' ->> CASE a.record_type WHEN 'task' THEN 'github_repo_id' ELSE 'parent_key' END,
		E'\n\t', '  ') || ')'
FROM github_sync.attached_tables AS a WHERE a.attached_at IS NOT NULL ORDER BY a.record_type DESC;
