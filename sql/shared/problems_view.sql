/*
 * View sync_problems.
 */

--@view sync_problems: a row per thing that is wrong with the set-up and was contained: changes of the application may
--@more be missing in the queue until attach or refresh_attached() has compared all rows
--@column record_type: task or comment
--@column problem: mapping (a column, the table or its key is not what was attached), ownership, or capture (anything
--@more else that kept a change from being enqueued)
--@column since: when the first change was not captured, or the migration was run; NULL: no change has met it yet
--@column detail: what is wrong
--@column remedy: the statement that mends it
	SELECT n.record_type, n.problem, n.since, n.detail, n.remedy
	FROM github_sync.noted_problems AS n
	UNION ALL
	SELECT a.record_type, 'ownership', NULL::timestamptz, o.problem, o.remedy
	FROM github_sync.attached_tables AS a CROSS JOIN github_sync.owner_problem() AS o
	WHERE o.problem IS NOT NULL AND NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
		WHERE n.record_type = a.record_type AND n.problem = 'ownership')
	UNION ALL
	SELECT a.record_type, 'mapping', NULL::timestamptz, d.drift,
		format('SELECT github_sync.attach_%ss(...) with what counts now.', a.record_type)
	FROM github_sync.attached_tables AS a
	CROSS JOIN LATERAL github_sync.mapping_drift(a.table_schema, a.table_name, a.mapping) AS d (drift)
	WHERE d.drift IS NOT NULL AND NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
		WHERE n.record_type = a.record_type AND n.problem = 'mapping')
