/* sql/shared/tables.sql: arrow: a statement calls task_capture of record/capture\.sql, a later file */

CREATE OR REPLACE TRIGGER intruder
	AFTER INSERT ON github_sync.github_repos
	FOR EACH ROW EXECUTE FUNCTION github_sync.task_capture();
