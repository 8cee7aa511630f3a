/*
 * check_from.sql
 *		What moves is whole: nothing that stays refers to it, and it refers to
 *		nothing that stays and might have moved. Raises what is not so. What it
 *		refers to in tables that are not moved is left in referred, for TO to compare.
 */
CREATE TEMP TABLE referred (referring text, name text, key_of jsonb, row_of jsonb);
DO $$
DECLARE
	rows bigint;
	keys text;
BEGIN
	SELECT count(*), string_agg(s.key::text, ', ' ORDER BY s.key) INTO rows, keys
	FROM (SELECT t.key, row_number() OVER (ORDER BY t.key) AS place FROM stray_tasks AS t) AS s WHERE s.place <= 10;
	IF rows > 0 THEN
		RAISE 'tasks are linked to issues of the installation, and are in repositories of another one: %', keys
		USING HINT = 'Give each the repository of its issue again, or unlink_task() it: then it stays at FROM.';
	END IF;
END
$$;
\if :has_comments
DO $$
DECLARE
	rows bigint;
	keys text;
BEGIN
	SELECT count(*), string_agg(s.key::text, ', ' ORDER BY s.key) INTO rows, keys
	FROM (SELECT c.key, row_number() OVER (ORDER BY c.key) AS place FROM stray_comments AS c) AS s WHERE s.place <= 10;
	IF rows > 0 THEN
		RAISE 'comments are linked to comments of the installation, and hang on tasks that stay: %', keys
		USING HINT = 'Give each its task again, or unlink_comment() it: then it stays at FROM.';
	END IF;
END
$$;
\endif
DO $$
DECLARE
	without_key regclass := (SELECT min(a.name::text) FROM moved_application AS a
		WHERE NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = a.name AND i.indisprimary));
	here record;
	rows bigint;
BEGIN
	IF without_key IS NOT NULL THEN
		RAISE 'table % has no primary key', without_key USING HINT = 'Rows that move are known by it.';
	END IF;
	FOR here IN
		SELECT k.conname, k.conrelid::regclass AS referring, k.confrelid::regclass AS referred,
			f.place AS referring_place, t.place AS referred_place,
			f.place < t.place AND (NOT k.condeferrable OR k.confdeltype = 'r') AS comes_too_early,
			(SELECT string_agg(format('r.%I = m.%I', ra.attname, ma.attname), ' AND ')
			FROM unnest(k.conkey, k.confkey) AS c (referring, referred)
			JOIN pg_attribute AS ra ON ra.attrelid = k.conrelid AND ra.attnum = c.referring
			JOIN pg_attribute AS ma ON ma.attrelid = k.confrelid AND ma.attnum = c.referred) AS matches,
			(SELECT string_agg(format('r.%1$I = s.%1$I', a.attname), ' AND ') FROM pg_index AS i
			JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indrelid = k.conrelid AND i.indisprimary) AS is_itself,
			(SELECT string_agg(format('m.%1$I = s.%1$I', a.attname), ' AND ') FROM pg_index AS i
			JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
			WHERE i.indrelid = k.confrelid AND i.indisprimary) AS is_referred
		FROM pg_constraint AS k JOIN moved_application AS t ON t.name = k.confrelid
		LEFT JOIN moved_application AS f ON f.name = k.conrelid
		WHERE k.contype = 'f' AND k.conparentid = 0 AND k.connamespace <> 'github_sync'::regnamespace
	LOOP
		EXECUTE format('SELECT count(*) FROM %s AS r JOIN moved_%s AS m ON %s %s', here.referring, here.referred_place,
			here.matches, CASE WHEN here.referring_place IS NOT NULL THEN format(
				'WHERE NOT EXISTS (SELECT FROM moved_%s AS s WHERE %s)', here.referring_place, here.is_itself) END)
		INTO rows;
		IF rows > 0 THEN
			RAISE '% rows of % that stay refer to rows of % that would move', rows, here.referring, here.referred
			USING HINT = 'Name the table, with a condition that has them, in the file of --tables.';
		END IF;
		CONTINUE WHEN here.referring_place IS NULL;
		EXECUTE format('SELECT count(*) FROM moved_%s AS r JOIN %s AS m ON %s '
			'WHERE NOT EXISTS (SELECT FROM moved_%s AS s WHERE %s)', here.referring_place, here.referred, here.matches,
			here.referred_place, here.is_referred)
		INTO rows;
		IF rows > 0 THEN
			RAISE '% rows of % that would move refer to rows of % that stay', rows, here.referring, here.referred
			USING HINT = format('In the file of --tables the condition of %s has to have all that the one of %s refers to; or the rows '
				'belong to another installation: then give them what they refer to in this one.', here.referred, here.referring);
		END IF;
		CONTINUE WHEN NOT here.comes_too_early;
		EXECUTE format('SELECT count(*) FROM moved_%s AS r JOIN moved_%s AS m ON %s',
			here.referring_place, here.referred_place, here.matches) INTO rows;
		IF rows > 0 THEN
			RAISE '% rows of % refer to rows of %, which comes after it', rows, here.referring, here.referred
			USING HINT = format('In the file of --tables a table stands after those that it refers to. Where each refers to the '
				'other, one of the foreign keys has to be deferrable: ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE, at both.',
				here.referring, here.conname);
		END IF;
	END LOOP;
	FOR here IN
		SELECT f.place, f.name AS referring, k.confrelid::regclass AS referred,
			(SELECT string_agg(format('r.%I = m.%I', ra.attname, ma.attname), ' AND ')
			FROM unnest(k.conkey, k.confkey) AS c (referring, referred)
			JOIN pg_attribute AS ra ON ra.attrelid = k.conrelid AND ra.attnum = c.referring
			JOIN pg_attribute AS ma ON ma.attrelid = k.confrelid AND ma.attnum = c.referred) AS matches,
			(SELECT string_agg(format('%L, m.%I', a.attname, a.attname), ', ') FROM pg_attribute AS a
			WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)) AS key
		FROM pg_constraint AS k JOIN moved_application AS f ON f.name = k.conrelid
		WHERE k.contype = 'f' AND k.conparentid = 0
			AND k.confrelid NOT IN (SELECT o.oid FROM pg_class AS o WHERE o.relnamespace = 'github_sync'::regnamespace)
			AND k.confrelid NOT IN (SELECT t.name FROM moved_application AS t UNION ALL SELECT s.name FROM shared_application AS s)
	LOOP
		EXECUTE format('INSERT INTO referred SELECT DISTINCT %L, %L, jsonb_build_object(%s), to_jsonb(m)
			FROM moved_%s AS r JOIN %s AS m ON %s',
			here.referring, here.referred, here.key, here.place, here.referred, here.matches);
	END LOOP;
	/* A table that came later is not left behind unseen: of these the last ones stay, or are made anew. */
	SELECT c.oid::regclass AS name INTO here FROM pg_class AS c
	WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT IN (
		'github_app_installations', 'github_repos', 'repo_sweeps', 'listed_later', 'webhook_deliveries', 'github_issues',
		'sent_sets', 'lost_names', 'task_sync_transactions', 'task_creation_attempts', 'github_comments',
		'comment_sync_transactions', 'comment_creation_attempts', 'sync_conflicts',
		'attached_tables', 'checked_pages', 'comment_changed_blocks', 'comment_state_counts', 'delivery_log', 'known_names',
		'logged_deliveries', 'noted_problems', 'pauses', 'record_differences', 'setup_checks', 'state_transitions',
		'task_changed_blocks', 'task_state_counts', 'uncaptured_rows', 'webhook_actions');
	IF FOUND THEN
		RAISE 'table % is not known to this version of move_installation', here.name
		USING HINT = 'Take move_installation from the sources of the version that is installed.';
	END IF;
	SELECT count(*) INTO rows FROM moved_tasks AS m JOIN github_sync.github_issues AS i ON i.task_id = m.key
	WHERE i.github_repo_id NOT IN (SELECT r.id FROM moved_repos AS r);
	IF rows > 0 THEN
		RAISE '% tasks of the installation are linked to issues of another one', rows
		USING HINT = 'See sync_errors, and unlink_task() them.';
	END IF;
END
$$;
\if :has_comments
DO $$
DECLARE
	rows bigint := (SELECT count(*) FROM moved_comments AS m
		JOIN github_sync.github_comments AS c ON c.comment_id = m.key
		WHERE c.github_repo_id NOT IN (SELECT r.id FROM moved_repos AS r));
BEGIN
	IF rows > 0 THEN
		RAISE '% comments of the installation are linked to comments of another one', rows
		USING HINT = 'See sync_errors, and unlink_comment() them.';
	END IF;
END
$$;
\endif
