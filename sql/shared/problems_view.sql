/*
 * View sync_problems.
 */

--@view sync_problems: a row per thing that is wrong with the set-up and was contained: changes of the application may
--@more be missing in the queue until attach or refresh_attached() has compared all rows; and per record whose two
--@more sides overwrite each other
--@column record_type: task or comment; NULL: of a repository
--@column problem: mapping (a column, the table or its key is not what was attached, or refuses what it has to hold),
--@more ownership, copy (of the database that syncs), capture (anything else that kept a change from being enqueued),
--@more moved (another repository has the name that one of ours is known by), or overwriting (either side of a record
--@more keeps overwriting what the other has written: ten times within an hour), or not taken (GitHub left out labels,
--@more assignees or a milestone that were sent, or they were not, as GitHub does not have them: a row for each, of no
--@more more than twenty)
--@column since: when the first change was not captured, or the migration was run; NULL: no change has met it yet
--@column detail: what is wrong; of the server's words others than the owner of the queue see the SQLSTATE alone
--@column remedy: what mends it: a statement, or a sentence, which ends with a full stop
	SELECT n.record_type, n.problem, n.since,
		CASE WHEN present.is_over THEN 'not captured while it lasted: ' ELSE '' END
			|| github_sync.words_for_reader(n.detail) AS detail,
		CASE WHEN present.is_over THEN 'SELECT github_sync.refresh_attached()' ELSE n.remedy END AS remedy
	FROM github_sync.noted_problems AS n CROSS JOIN github_sync.owner_problem() AS o
	CROSS JOIN LATERAL (VALUES (n.problem = 'ownership' AND o.problem IS NULL)) AS present (is_over)
	UNION ALL
	SELECT a.record_type, 'ownership', NULL::timestamptz, o.problem, o.remedy
	FROM github_sync.attached_tables AS a CROSS JOIN github_sync.owner_problem() AS o
	WHERE o.problem IS NOT NULL AND NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
		WHERE n.record_type = a.record_type AND n.problem = 'ownership')
	UNION ALL
	SELECT m.record_type, 'mapping', NULL::timestamptz, m.detail, m.remedy FROM github_sync.drift_problems() AS m
	UNION ALL
	SELECT a.record_type, 'copy', NULL::timestamptz, 'this database is a copy: it sends nothing and captures nothing',
		'Where this database is to take the place of the other: SELECT github_sync.adopt_database().'
	FROM github_sync.attached_tables AS a
	WHERE a.attached_at IS NOT NULL AND (
			/* As database_is_adopted() asks, with the rights of the view's owner. */
			SELECT github_sync.why_copied(t.database_identity, t.server, t.held_because,
				github_sync.registered_identity(), github_sync.server_fingerprint(),
				github_sync.promotion_fingerprint())
			FROM github_sync.attached_tables AS t WHERE t.record_type = 'task') IS NOT NULL
		AND NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
			WHERE n.record_type = a.record_type AND n.problem = 'copy')
	UNION ALL
	SELECT a.record_type, 'capture', NULL::timestamptz,
		format('trigger %I of table %s is disabled: nothing that is changed meanwhile is captured',
			t.tgname, t.tgrelid::regclass),
		format('ALTER TABLE %I.%I ENABLE TRIGGER %I; SELECT github_sync.refresh_attached()',
			a.table_schema, a.table_name, t.tgname)
	FROM github_sync.attached_tables AS a JOIN pg_trigger AS t ON t.tgname = 'github_sync_capture_' || a.record_type
	WHERE t.tgenabled IN ('D', 'R') AND t.tgparentid = 0
		AND t.tgrelid = (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
			WHERE s.nspname = a.table_schema AND c.relname = a.table_name)
		AND NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
			WHERE n.record_type = a.record_type AND n.problem = 'capture')
	UNION ALL
	SELECT NULL, 'moved', NULL::timestamptz,
		format('repository %s is known as %s/%s, which is another one''s name: nothing is created there',
			r.id, r.owner_login, r.name),
		format('Set owner_login and name of repository %s in github_sync.github_repos to what they are at GitHub now.',
			r.id)
	FROM github_sync.github_repos AS r WHERE r.name_lost AND r.disconnected_at IS NULL
