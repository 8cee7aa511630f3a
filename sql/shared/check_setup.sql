/*
 * Whether all of it is set up: what one looks at before and after the first
 * start.  What GitHub has to be asked for the worker asks (setup_checks.sql).
 */

/* From the first question to the last answer; then what is not answered is said. */
CREATE OR REPLACE FUNCTION github_sync.patience_of_check_setup() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '10 seconds';
COMMENT ON FUNCTION github_sync.patience_of_check_setup() IS
'private: how long check_setup() waits for GitHub''s answers';

CREATE OR REPLACE FUNCTION github_sync.setup_answers_are_in(asked integer) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.setup_checks AS c WHERE c.id > asked AND c.request = 'nothing')
		AND NOT EXISTS (SELECT FROM github_sync.setup_checks AS c
			LEFT JOIN github_sync.github_app_installations AS i ON i.id = c.installation_id
			WHERE c.answered_at IS NULL AND (i.state = 'active' OR c.request = 'installation')
				AND (i.paused_until > clock_timestamp()) IS NOT TRUE);
END
$$;
COMMENT ON FUNCTION github_sync.setup_answers_are_in(integer) IS
'private: GitHub has answered all questions of a round, but for those of installations that wait, and those about '
'repositories of one that may not send';

CREATE OR REPLACE FUNCTION github_sync.ask_for_setup_checks() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	began_at CONSTANT timestamptz := clock_timestamp();
	looks integer := 0;
	asked integer := nextval(pg_get_serial_sequence('github_sync.setup_checks', 'id'));
BEGIN
	WHILE NOT github_sync.setup_answers_are_in(asked) LOOP
		IF clock_timestamp() > began_at + github_sync.patience_of_check_setup() THEN
			RETURN false;
		END IF;
		PERFORM github_sync.wake_now() WHERE looks % 20 = 0;
		PERFORM pg_sleep(0.05);
		looks := looks + 1;
	END LOOP;
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.ask_for_setup_checks() IS
'private: has the worker ask GitHub, and waits for the answers; false: not all of them came';

CREATE OR REPLACE FUNCTION github_sync.finding_of(
	what text, problem text, remedy text, status text DEFAULT 'critical', OUT finding github_sync.finding)
LANGUAGE sql IMMUTABLE
RETURN ROW(what, CASE WHEN problem IS NULL THEN 'ok' ELSE status END, NULL, problem,
	CASE WHEN problem IS NOT NULL THEN remedy END)::github_sync.finding;
COMMENT ON FUNCTION github_sync.finding_of(text, text, text, text) IS
'private: a finding; without a problem it is ok';

CREATE OR REPLACE FUNCTION github_sync.installation_setup(i github_sync.github_app_installations)
RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	what CONSTANT text := concat_ws(' ', 'installation', i.id, i.account_login);
	c github_sync.setup_checks;
	may text;
BEGIN
	SELECT * INTO c FROM github_sync.setup_checks AS s WHERE s.installation_id = i.id AND s.request = 'installation';
	may := c.answer -> 'permissions' ->> 'issues';
	IF github_sync.is_moving(i) THEN
		RETURN github_sync.finding_of(what, 'it is held while it moves to another server',
			'Have move_installation go on, or --undo it.', 'warn');
	ELSIF i.state = 'deleted' THEN
		RETURN github_sync.finding_of(what,
			'GitHub knows the App, but no such installation of it: it is deleted, or its id is mistyped',
			'Where it was deleted, install the App again in the settings of the account at GitHub. Where it has '
			'another id (GET /app/installations lists those of the App): INSERT INTO '
			'github_sync.github_app_installations ..., and UPDATE github_sync.github_repos SET '
			'github_app_installation_id = ...');
	ELSIF i.state <> 'active' THEN
		RETURN github_sync.finding_of(what, format('it is %s at GitHub', i.state),
			'Have it unsuspended in the settings of the account at GitHub: that is found out by itself.');
	ELSIF i.paused_until > clock_timestamp() THEN
		RETURN github_sync.finding_of(what, i.pause_reason, github_sync.remedy_of_pause(i.pause_kind),
			CASE i.pause_kind WHEN 'credentials' THEN 'critical' ELSE 'warn' END);
	ELSIF i.id = 0 THEN
		RETURN github_sync.finding_of(what, NULL, NULL);
	ELSIF c.answered_at IS NULL THEN
		RETURN github_sync.finding_of(
			what, 'GitHub has not answered yet', 'SELECT * FROM github_sync.check_setup()', 'warn');
	ELSIF c.status = 404 THEN
		RETURN github_sync.finding_of(what, 'GitHub knows no such installation of the App',
			'GET /app/installations lists those of the App; its webhook has it as installation.id');
	ELSIF c.answer IS NULL THEN
		RETURN github_sync.finding_of(what, c.words, 'SELECT * FROM github_sync.sync_workers');
	ELSIF may IS DISTINCT FROM 'write' THEN
		RETURN github_sync.finding_of(what, format('it may not write issues: %s', coalesce(may, 'no access')),
			'Give the App "Issues: read and write" at GitHub, and accept it for the installation.');
	END IF;
	RETURN github_sync.finding_of(what, NULL, NULL);
END
$$;
COMMENT ON FUNCTION github_sync.installation_setup(github_sync.github_app_installations) IS
'private: whether an installation can do what it is to do, as GitHub has just said';

CREATE OR REPLACE FUNCTION github_sync.repository_setup(r github_sync.github_repos) RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	what CONSTANT text := format('repository %s %s/%s', r.id, r.owner_login, r.name);
	by_id github_sync.setup_checks;
	by_name github_sync.setup_checks;
	named text;
	full_name text;
BEGIN
	SELECT * INTO by_id FROM github_sync.setup_checks AS s WHERE s.github_repo_id = r.id AND s.request = 'repository';
	SELECT * INTO by_name FROM github_sync.setup_checks AS s WHERE s.github_repo_id = r.id AND s.request = 'name';
	named := by_name.answer ->> 'id';
	full_name := by_id.answer ->> 'full_name';
	IF by_id.answered_at IS NULL OR by_name.answered_at IS NULL THEN
		RETURN github_sync.finding_of(what, 'GitHub has not been asked, or has not answered',
			'See its installation above.', 'skipped');
	ELSIF by_id.status = 404 AND named IS NOT NULL THEN
		RETURN github_sync.finding_of(what, format('GitHub shows no repository %s; %s/%s has the id %s', r.id,
			r.owner_login, r.name, named), 'INSERT the repository with that id, and DELETE this one.');
	ELSIF by_id.status = 404 THEN
		RETURN github_sync.finding_of(what, 'GitHub does not show it',
			'Install the App on it, or give the token the right to it; gh api repos/OWNER/NAME --jq .id shows its id.');
	ELSIF by_id.answer IS NULL THEN
		RETURN github_sync.finding_of(what, by_id.words, 'SELECT * FROM github_sync.sync_workers');
	ELSIF by_id.answer ->> 'has_issues' = 'false' THEN
		RETURN github_sync.finding_of(what, 'its issues are switched off',
			'Switch them on in the settings of the repository at GitHub.');
	ELSIF NOT github_sync.same_name(full_name, r.owner_login || '/' || r.name) THEN
		RETURN github_sync.finding_of(what, format('GitHub calls it %s', full_name) || CASE WHEN named <> r.id::text
				THEN format('; repository %s has the name that is here', named) ELSE '' END, format(
			'UPDATE github_sync.github_repos SET owner_login = %L, name = %L WHERE id = %s',
			split_part(full_name, '/', 1), split_part(full_name, '/', 2), r.id));
	ELSIF r.access_lost THEN
		RETURN github_sync.finding_of(what, 'its sync is stopped, as GitHub did not show it; it shows it now', format(
			'SELECT github_sync.set_repo_sync(%s, true)', r.id));
	ELSIF by_id.answer ->> 'archived' = 'true' THEN
		RETURN github_sync.finding_of(
			what, 'it is archived: nothing can be written to it',
			'Unarchive it at GitHub: a webhook, the next sweep or check_setup() finds that out.', 'info');
	ELSIF NOT r.sync_enabled THEN
		RETURN github_sync.finding_of(what, 'its sync is disabled', format(
			'SELECT github_sync.set_repo_sync(%s, true)', r.id), 'info');
	END IF;
	RETURN github_sync.finding_of(what, NULL, NULL);
END
$$;
COMMENT ON FUNCTION github_sync.repository_setup(github_sync.github_repos) IS
'private: whether a repository is what it is said to be, as GitHub has just said';

CREATE OR REPLACE FUNCTION github_sync.webhook_setup() RETURNS github_sync.finding
LANGUAGE plpgsql AS $$
DECLARE
	problem text;
	reason text;
	code text;
BEGIN
	PERFORM github_sync.webhook_is_signed('sha256=' || repeat('0', 64), '');
	RETURN github_sync.finding_of('webhook secret', NULL, NULL);
EXCEPTION WHEN OTHERS OR assert_failure THEN
	GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, reason = PG_EXCEPTION_DETAIL, code = RETURNED_SQLSTATE;
	/* A detail is a sentence of its own. */
	reason := nullif(rtrim(lower(left(reason, 1)) || substr(reason, 2), '.'), '');
	RETURN github_sync.finding_of('webhook secret', concat_ws(': ', problem, reason), CASE code
		WHEN '55000' THEN 'Without webhooks, sweeps find what changes at GitHub, each reconcile_interval. Else set '
			'github_sync.webhook_secret_file.'
		ELSE 'Mend the file, which the server must be able to read, and nobody else.' END,
		CASE code WHEN '55000' THEN 'info' ELSE 'critical' END);
END
$$;
COMMENT ON FUNCTION github_sync.webhook_setup() IS
'private: whether webhooks can be verified';

CREATE OR REPLACE FUNCTION github_sync.columns_without_value(a github_sync.attached_tables) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum)
		FROM pg_attribute AS c JOIN pg_type AS y ON y.oid = c.atttypid
		WHERE c.attrelid = to_regclass(format('%I.%I', a.table_schema, a.table_name)) AND c.attnum > 0
			AND NOT c.attisdropped AND github_sync.column_refuses_null(c.attrelid, c.attname)
			AND NOT c.atthasdef AND c.attidentity = '' AND y.typdefault IS NULL
			/* What an expression reads is not written, and the key is the database's to give. */
			AND NOT EXISTS (SELECT FROM jsonb_each_text(a.mapping -> 'names') AS n
				WHERE n.value = c.attname AND n.key <> 'key' AND n.key NOT LIKE '%:%')
			AND EXISTS (SELECT FROM github_sync.github_repos AS r
				WHERE r.sync_enabled AND r.sync_direction <> 'outbound' AND NOT
					CASE a.record_type WHEN 'task' THEN r.task_defaults ELSE r.comment_defaults END ? c.attname));
END
$$;
COMMENT ON FUNCTION github_sync.columns_without_value(github_sync.attached_tables) IS
'private: the columns of an attached table that must not be NULL, and of which neither the table, nor the mapping, nor '
'the defaults of each repository have a value for a row that is made of GitHub''s';

CREATE OR REPLACE FUNCTION github_sync.mapping_setup(a github_sync.attached_tables) RETURNS SETOF github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	missing CONSTANT text := github_sync.columns_without_value(a);
	/* A trigger of the application's may give what is missing. */
	has_trigger CONSTANT boolean := EXISTS (SELECT FROM pg_trigger AS t
		WHERE t.tgrelid = to_regclass(format('%I.%I', a.table_schema, a.table_name)) AND NOT t.tgisinternal
			AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7 AND t.tgname NOT LIKE 'github_sync%');
BEGIN
	IF a.record_type = 'task'
		AND coalesce(a.mapping -> 'names' ->> 'github_repo', a.mapping ->> 'github_repo_is') IS NULL THEN
		RETURN NEXT github_sync.finding_of('repository of tasks',
			'nothing says to which repository a new task belongs: none becomes an issue by itself',
			'SELECT github_sync.attach_tasks(..., github_repo_column => ...), or github_repo => ..., unless the '
			'application names the repository in transactions that it inserts.', 'info');
	END IF;
	IF missing IS NOT NULL AND coalesce(a.mapping ->> 'insert_values', a.mapping ->> 'apply_values') IS NULL THEN
		RETURN NEXT github_sync.finding_of(format('new rows of %ss', a.record_type),
			format('nothing gives a value for %s, which must not be NULL: a row made of GitHub''s is refused', missing)
				|| CASE WHEN has_trigger THEN ', unless a trigger gives it' ELSE '' END,
			format('SELECT github_sync.attach_%1$ss(..., insert_values => ...), or set github_repos.%1$s_defaults, or '
				'give the columns a default.', a.record_type),
			CASE WHEN has_trigger THEN 'info' ELSE 'warn' END);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.mapping_setup(github_sync.attached_tables) IS
'private: what a mapping leaves open, so that new tasks do not go out, or new rows cannot be made';

CREATE OR REPLACE FUNCTION github_sync.capture_setup(record_type text) RETURNS SETOF github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	a github_sync.attached_tables;
	application_table regclass;
BEGIN
	SELECT * INTO a FROM github_sync.attached_tables AS t
	WHERE t.record_type = capture_setup.record_type AND t.attached_at IS NOT NULL;
	IF NOT FOUND THEN
		RETURN NEXT github_sync.unattached_finding(record_type);
		RETURN;
	END IF;
	application_table := to_regclass(format('%I.%I', a.table_schema, a.table_name));
	RETURN NEXT github_sync.finding_of(record_type || 's', CASE WHEN application_table IS NULL
		THEN format('table %I.%I is gone', a.table_schema, a.table_name) END,
		'SELECT * FROM github_sync.sync_problems');
	RETURN NEXT github_sync.finding_of(format('capture of %ss', record_type), CASE WHEN NOT EXISTS (
			SELECT FROM pg_trigger AS t WHERE t.tgrelid = application_table
				AND t.tgname = 'github_sync_capture_' || record_type)
		THEN 'it is off: what the application changes is sent where it inserts transactions by itself' END,
		format('SELECT github_sync.capture_%s_changes(true)', record_type), 'info');
	RETURN QUERY SELECT f.* FROM github_sync.children_of(application_table) AS c (names)
	CROSS JOIN LATERAL github_sync.finding_of(format('tables that inherit from %ss', record_type),
		format('rows in them are not synced: %s', c.names), github_sync.remedy_of_children(), 'warn') AS f
	WHERE c.names IS NOT NULL;
	RETURN QUERY SELECT * FROM github_sync.mapping_setup(a);
	RETURN QUERY SELECT f.* FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
	JOIN pg_language AS l ON l.oid = p.prolang
	CROSS JOIN LATERAL github_sync.finding_of(format('trigger %s of %ss', t.tgname, record_type),
		format('function %s has no search_path of its own: a worker calls it with that of role %s', p.oid::regprocedure,
			pg_get_userbyid(p.proowner)),
		format('Where it needs another one, give function %s a search_path of its own.', p.oid::regprocedure),
		'info') AS f
	WHERE t.tgrelid = application_table AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND l.lanname = 'plpgsql'
		AND p.pronamespace <> 'github_sync'::regnamespace
		AND coalesce(array_to_string(p.proconfig, ' '), '') NOT LIKE '%search_path%'
	ORDER BY t.tgname;
END
$$;
COMMENT ON FUNCTION github_sync.capture_setup(text) IS
'private: whether a record type is attached and captured, which tables inherit from its table, and which triggers of '
'that go by the search_path of their session';

CREATE OR REPLACE FUNCTION github_sync.setup_findings() RETURNS SETOF github_sync.finding
LANGUAGE plpgsql AS $$
DECLARE
	worker github_sync.finding := github_sync.worker_finding();
	can_be_asked CONSTANT boolean := github_sync.library_preloaded() AND github_sync.database_is_adopted()
		AND worker.status <> 'critical' AND NOT pg_is_in_recovery()
		AND NOT github_sync.is_switched_off();
	is_answered boolean := can_be_asked AND github_sync.ask_for_setup_checks();
BEGIN
	RETURN NEXT github_sync.finding_of('library', CASE WHEN NOT github_sync.library_preloaded()
		THEN 'the server has not loaded it: nothing is sent' END,
		'shared_preload_libraries = ''github_sync'' in postgresql.conf, and a restart');
	RETURN QUERY SELECT * FROM github_sync.set_up_findings() AS f WHERE f.status <> 'ok';
	RETURN QUERY SELECT * FROM github_sync.capture_setup('task');
	RETURN QUERY SELECT * FROM github_sync.capture_setup('comment');
	RETURN NEXT github_sync.webhook_setup();
	/* What it has to complain of may have come with the questions. */
	RETURN NEXT github_sync.worker_finding();
	RETURN QUERY SELECT f.* FROM (VALUES (1)) AS once (once) CROSS JOIN LATERAL github_sync.finding_of('repositories',
		CASE WHEN NOT EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.disconnected_at IS NULL)
			THEN 'none is connected' END,
		'INSERT INTO github_sync.github_app_installations ... and INTO github_sync.github_repos ...', 'warn') AS f;
	IF NOT can_be_asked THEN
		RETURN NEXT github_sync.finding_of('GitHub', 'it was not asked: no worker can', 'See above.', 'skipped');
		RETURN;
	END IF;
	RETURN NEXT github_sync.finding_of('GitHub',
		CASE WHEN NOT is_answered THEN 'not all questions were answered in time' END,
		'SELECT * FROM github_sync.sync_workers', 'warn');
	RETURN QUERY SELECT f.* FROM github_sync.github_app_installations AS i
	CROSS JOIN LATERAL github_sync.installation_setup(i) AS f WHERE NOT github_sync.is_former(i) ORDER BY i.id;
	RETURN QUERY SELECT f.* FROM github_sync.github_repos AS r
	CROSS JOIN LATERAL github_sync.repository_setup(r) AS f WHERE r.disconnected_at IS NULL ORDER BY r.id;
END
$$;
COMMENT ON FUNCTION github_sync.setup_findings() IS
'private: a row for each check, what is nearest to the server first';

CREATE OR REPLACE FUNCTION github_sync.checked_setup() RETURNS SETOF github_sync.finding
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	/* Nothing of a table of somebody else is looked at with the rights of the queue's owner. */
	RETURN QUERY SELECT 'ownership', 'critical', NULL::timestamptz, p.problem, p.remedy
	FROM github_sync.owner_problem() AS p WHERE p.problem IS NOT NULL;
	IF FOUND THEN
		RETURN QUERY SELECT 'all else', 'skipped', NULL::timestamptz, 'nothing is synchronized until that is mended',
			NULL;
		RETURN;
	END IF;
	RETURN QUERY SELECT * FROM github_sync.setup_findings();
END
$$;
COMMENT ON FUNCTION github_sync.checked_setup() IS
'private: what check_setup() finds, what is nearest to the server first';
