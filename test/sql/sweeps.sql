--
-- Sweeps: what is asked of a list next, and what a page does
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
CREATE FUNCTION listed(number integer, updated_s integer, title text DEFAULT 'Listed') RETURNS github_sync.resource
LANGUAGE sql AS $$
	SELECT ROW(3000000000 + number, number, false, title, NULL, 'open', NULL, 'octocat', NULL, at(number), at(updated_s),
		NULL, 7, NULL)::github_sync.resource
$$;
CREATE FUNCTION as_json(item github_sync.resource) RETURNS text
LANGUAGE sql AS $$
	SELECT format('{"id": %s, "number": %s, "repository_url": "https://api.github.com/repos/octo/app"}',
		item.github_id, item.number)
$$;
-- the next list that is asked for
CREATE FUNCTION ask() RETURNS github_sync.sweep
LANGUAGE sql AS $$ SELECT * FROM github_sync.sweep_claim('{}') LIMIT 1 $$;
CREATE TABLE asked (n serial, sweep jsonb);
-- what pages show besides: how many there are, and items that cannot be read
CREATE TABLE last_page (number integer);
CREATE TABLE unreadable (github_id bigint, number integer, updated_at timestamptz, problem text);
-- what is asked for, and what comes of a page that answers it
CREATE FUNCTION read_page(answered_s integer, next_link text, VARIADIC items github_sync.resource[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.sweep := ask();
BEGIN
	IF s.github_repo_id IS NULL THEN
		RETURN 'nothing is due';
	END IF;
	RETURN format('%s%s since %s%s: ', s.request, coalesce(' ' || s.issue_number, ''),
			coalesce(extract(epoch FROM s.since - at(0))::integer::text, 'ever'), coalesce(' at ' || s.page_link, ''))
		|| github_sync.sweep_page(ROW(s.github_repo_id, s.stream, s.claim_no, at(answered_s), 41, next_link, NULL, NULL,
			NULL, (SELECT number FROM last_page), NULL, NULL)::github_sync.swept_page, items,
			ARRAY(SELECT as_json(i) FROM unnest(items) AS i), ARRAY(SELECT CASE i.number WHEN 3 THEN 1 ELSE 0 END FROM unnest(items) AS i),
			ARRAY(SELECT u::github_sync.unreadable_item FROM (SELECT * FROM unreadable) AS u));
END
$$;
CREATE FUNCTION fail_page(may_be_page_size boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	s github_sync.sweep := ask();
BEGIN
	RETURN s.page_size || ' ' || s.request || ': '
		|| github_sync.sweep_failed(s.github_repo_id, s.stream, s.claim_no, 'bad gateway', CASE WHEN may_be_page_size THEN 'smaller pages' ELSE 'none' END);
END
$$;
CREATE VIEW lists AS SELECT stream, phase, listed, applied, page_size, attempts, last_error,
	due_at > clock_timestamp() AS rests FROM github_sync.repo_sweeps WHERE github_repo_id = 1 ORDER BY stream DESC;
\set ECHO all
-- a list is read by since, a second before the last item; within a second by GitHub's link
SELECT github_sync.backfill_repo(1);
SELECT * FROM lists;
SELECT read_page(100, 'https://api.github.com/2', listed(1, 5), listed(2, 9));
SELECT read_page(100, 'https://api.github.com/3', listed(2, 9), listed(3, 9));
SELECT read_page(100, NULL, listed(3, 9), listed(4, 10));
SELECT i.number, t.title FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id ORDER BY 1;
SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1;
SELECT * FROM lists;
-- who waits for the import is told how far it is; he commits, and so nobody waits within a transaction
UPDATE github_sync.repo_sweeps SET phase = 'sweep', is_asked = false WHERE stream = 'comments';
CALL github_sync.wait_for_backfill(1);
UPDATE github_sync.repo_sweeps SET phase = 'backfill' WHERE stream = 'comments';
BEGIN;
CALL github_sync.wait_for_backfill(1);
ROLLBACK;
\set SHOW_CONTEXT never
CALL github_sync.wait_for_backfill(NULL);
CALL github_sync.wait_for_backfill(77);
-- nor does anybody wait for what will not come
BEGIN;
SAVEPOINT as_it_is;
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT * FROM github_sync.backfill_status(1);
ROLLBACK TO as_it_is;
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT github_sync.check_repo(1);
ROLLBACK TO as_it_is;
UPDATE github_sync.github_repos SET access_lost = true;
SELECT * FROM github_sync.backfill_status(1);
ROLLBACK TO as_it_is;
UPDATE github_sync.github_repos SET sync_direction = 'outbound';
SELECT * FROM github_sync.backfill_status(1);
ROLLBACK TO as_it_is;
-- an outbound repository is compared without an import
UPDATE github_sync.github_repos SET sync_direction = 'outbound';
SELECT github_sync.check_repo(1);
ROLLBACK TO as_it_is;
UPDATE github_sync.github_app_installations SET state = 'deleted';
SELECT * FROM github_sync.backfill_status(1);
ROLLBACK TO as_it_is;
-- what passes is waited for, and said
UPDATE github_sync.github_app_installations SET state = 'suspended';
SELECT * FROM github_sync.backfill_status(1);
ROLLBACK TO as_it_is;
UPDATE github_sync.github_app_installations SET paused_until = '2100-01-01 00:00:00+00', pause_reason = 'GitHub is out of reach', pause_kind = 'unreachable';
SELECT is_over, regexp_replace(progress, 'until [^:]+:[^ ]+', 'until ...:') FROM github_sync.backfill_status(1);
ROLLBACK;
\set SHOW_CONTEXT errors
-- comments come when the issues are there
SELECT read_page(100, NULL);
SELECT read_page(100, NULL);
-- a sweep goes back ten minutes; what is known makes no transaction
SELECT github_sync.reconcile_repo(1);
UPDATE github_sync.repo_sweeps SET last_census_at = now();
SELECT read_page(200, NULL, listed(3, 9), listed(4, 10), listed(2, 50, 'Edited'));
SELECT i.number, t.title FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id ORDER BY 1;
SELECT count(*) FROM github_sync.task_sync_transactions;
SELECT read_page(200, NULL);
-- the census: what is missing between two items is asked for singly; the third issue has a comment that is not known, and that the list of all does not show
SELECT github_sync.reconcile_repo(1);
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 5), listed(3, 9));
SELECT read_page(1000, NULL);
SELECT action, github_issue_number, state FROM github_sync.task_sync_transactions WHERE action = 'delete';
SELECT read_page(1000, NULL);
SELECT read_page(1000, NULL, listed(4, 10));
SELECT read_page(1000, NULL) FROM generate_series(1, 3);
-- a worker that is late changes nothing
SELECT github_sync.reconcile_repo(1);
INSERT INTO asked (sweep) SELECT to_jsonb(ask());
UPDATE github_sync.repo_sweeps SET claimed_by = NULL;
INSERT INTO asked (sweep) SELECT to_jsonb(ask());
SELECT github_sync.sweep_failed(1, sweep ->> 'stream', (sweep ->> 'claim_no')::integer, 'late', 'none') FROM asked ORDER BY n;
-- the items of a page that ends its worker twice are tried apart from it; those of one that GitHub refused are not
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 minute', claimed_by = NULL, abandoned = 0 WHERE stream = 'comments';
UPDATE github_sync.repo_sweeps SET due_at = now(), claimed_by = NULL, abandoned = 0, last_census_at = now(), phase = 'sweep', cursor_link = NULL, pass_began_at = NULL WHERE stream = 'issues';
SELECT ask() IS NULL FROM generate_series(1, 3);
SELECT read_page(1000, 'https://api.github.com/2', listed(5, 60));
SELECT number, wanted FROM github_sync.listed_later;
SELECT github_sync.apply_later();
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute' WHERE stream = 'issues';
SELECT fail_page(false);
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute' WHERE stream = 'issues';
SELECT fail_page(false);
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute' WHERE stream = 'issues';
SELECT read_page(1000, 'https://api.github.com/3', listed(6, 60));
SELECT github_issue_number, state FROM github_sync.task_sync_transactions WHERE github_issue_number IN (5, 6) ORDER BY 1;
-- pages become smaller, then the list rests
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute', claimed_by = NULL WHERE stream = 'issues';
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 minute', claimed_by = NULL WHERE stream = 'comments';
SELECT fail_page(true) FROM generate_series(1, 4);
SELECT * FROM lists;
SELECT ask() IS NULL;
-- the list of all comments cannot be had: those of each issue are listed
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute' WHERE stream = 'comments';
SELECT fail_page(true) FROM generate_series(1, 4);
SELECT read_page(1000, NULL) FROM generate_series(1, 2);
SELECT count(*) FROM github_sync.github_issues WHERE comments_to_list;
-- nothing is asked of a repository that does not sync, and all of it at once when it does
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute';
SELECT github_sync.set_repo_sync(1, false);
SELECT ask() IS NULL;
SELECT repository, stream, waits_for FROM github_sync.sync_progress ORDER BY stream DESC;
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour', attempts = 3;
SELECT github_sync.set_repo_sync(1, true);
SELECT * FROM lists;
-- mistakes
\set VERBOSITY terse
SELECT github_sync.backfill_repo(99);
SELECT github_sync.backfill_repo(1, 'half-open');
SELECT github_sync.reconcile_repo(99);

-- what somebody held when it was listed becomes a transaction later; what cannot be one says why, and is tried again in a while
DELETE FROM github_sync.listed_later;
INSERT INTO github_sync.listed_later (record_type, github_id, github_repo_id, number, github_updated_at)
VALUES ('task', 3000000901, 1, 901, at(1)), ('task', 3000000902, 1, 902, now() + interval '2 days');
SELECT github_sync.apply_later();
SELECT github_issue_number, state FROM github_sync.task_sync_transactions WHERE github_issue_number > 900;
SELECT number, try_at > now() + interval '9 minutes' AS later, last_error ~ 'more than a day in the future \(22008\)$' AS says_why FROM github_sync.listed_later;
SELECT github_sync.apply_later();
DELETE FROM github_sync.listed_later;

-- how far a pass is: by the pages that GitHub numbers, where the first page is not the last one; by what is known, in a census
CREATE VIEW progress AS SELECT phase, done, total, per_cent, remaining IS NOT NULL AS will_end FROM github_sync.sync_progress WHERE stream = 'issues';
UPDATE github_sync.github_issues SET comments_to_list = false;
DELETE FROM github_sync.repo_sweeps WHERE stream = 'comments';
CREATE FUNCTION begin_again(of_phase text) RETURNS void LANGUAGE sql AS $$
	UPDATE github_sync.repo_sweeps SET due_at = now() + CASE stream WHEN 'comments' THEN interval '1 hour' ELSE '0' END, is_asked = true, phase = of_phase,
		cursor_at = NULL, since_filter = NULL, cursor_link = NULL, pass_began_at = NULL, pass_started_at = NULL, last_census_at = CASE of_phase WHEN 'sweep' THEN now() END, full_length = NULL
$$;
SELECT begin_again('backfill') \g /dev/null
INSERT INTO last_page VALUES (2);
SELECT read_page(2000, 'https://api.github.com/2', listed(1, 5), listed(2, 9));
SELECT * FROM progress;
UPDATE last_page SET number = 7;
SELECT read_page(2000, NULL, listed(2, 9));
SELECT * FROM progress;
DELETE FROM last_page;
SELECT begin_again('backfill') \g /dev/null
SELECT read_page(2000, 'https://api.github.com/2', listed(1, 5));
SELECT * FROM progress;
SELECT read_page(2000, NULL);
SELECT begin_again('census') \g /dev/null
SELECT read_page(2000, 'https://api.github.com/2', listed(1, 5), listed(2, 9));
SELECT * FROM progress;
-- an item that cannot be read is an error of its own, and the page is not lost: once for each version of it, whatever the pass
INSERT INTO unreadable VALUES (3000000700, 700, at(3000), 'title');
SELECT read_page(3100, 'https://api.github.com/3', listed(4, 10));
SELECT read_page(3100, NULL, listed(5, 10), listed(701, 3001));
CREATE VIEW of_700 AS SELECT id, state, error_code, error_reason, attempts, second_of(github_updated_at) AS updated FROM github_sync.task_sync_transactions WHERE github_issue_number = 700 ORDER BY id;
SELECT state, error_code, error_reason, attempts, updated FROM of_700;
SELECT i.number FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id WHERE i.number > 700 AND i.number < 900;
SELECT last_error FROM github_sync.sync_progress WHERE stream = 'issues';
UPDATE unreadable SET updated_at = NULL, problem = 'updated_at';
SELECT begin_again('sweep'), read_page(3100, NULL) FROM generate_series(1, 2);
SELECT state, error_code, error_reason, attempts, updated FROM of_700;
-- nor is it one of those that the census misses
SELECT count(*) FROM github_sync.task_sync_transactions WHERE action = 'delete' AND github_issue_number = 700;
-- it is retried as any
SELECT github_sync.retry_task_sync_transaction(max(id)) FROM of_700;
-- and what can be read in a list again is no error any more
DELETE FROM unreadable;
SELECT begin_again('sweep'), read_page(3200, NULL, listed(700, 3000, 'Legible'));
SELECT count(*) FROM github_sync.sync_errors WHERE record_type = 'task' AND github_issue_number = 700;
SELECT t.title FROM app.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id WHERE i.number = 700;

-- a list that comes to no end is given up for a time: a page that leads on and shows what was shown, nothing, or what is older
CREATE FUNCTION begin_list(list text, in_phase text) RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour', is_asked = false WHERE github_repo_id = 1;
	UPDATE github_sync.github_issues SET comments_to_list = false;
	UPDATE github_sync.repo_sweeps SET phase = in_phase, is_asked = true, due_at = now() - interval '1 minute', claimed_by = NULL,
		cursor_link = NULL, cursor_at = at(600), since_filter = at(0), issue_id = NULL, shown_ids = NULL, created_until = NULL,
		pass_began_at = now(), pass_started_at = NULL, abandoned = 0, attempts = 0, page_size = 100, last_error = NULL,
		last_complete_at = now(), last_census_at = now()
	WHERE github_repo_id = 1 AND stream = list;
$$;
CREATE FUNCTION says() RETURNS text
LANGUAGE sql AS $$ SELECT concat_ws(' ', phase, attempts, left(last_error, 34), CASE WHEN due_at > now() + interval '20 seconds' THEN 'rests' END)
	FROM github_sync.repo_sweeps WHERE github_repo_id = 1 AND is_asked $$;
SELECT begin_list('issues', 'sweep');
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 1), listed(2, 1));
SELECT read_page(1000, 'https://api.github.com/3', listed(2, 1), listed(3, 1));
SELECT read_page(1000, 'https://api.github.com/2', listed(2, 1), listed(1, 1));
SELECT says();
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute' WHERE is_asked;
-- the step begins anew: what its first page shows was not shown; it counts as a failure in a row
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 1), listed(2, 1));
SELECT read_page(1000, 'https://api.github.com/3');
SELECT says();
SELECT begin_list('issues', 'sweep');
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 0), listed(2, 1));
SELECT read_page(1000, 'https://api.github.com/3', listed(3, -5));
SELECT says();
-- its end may be empty
SELECT begin_list('issues', 'sweep');
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 0), listed(2, 1));
SELECT read_page(1000, NULL);
SELECT begin_list('issues', 'census');
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 1), listed(2, 1));
SELECT read_page(1000, 'https://api.github.com/3', listed(2, 1), listed(3, 1));
SELECT read_page(1000, 'https://api.github.com/2', listed(1, 1), listed(2, 1));
SELECT says();
SELECT begin_list('comments', 'sweep');
UPDATE github_sync.github_issues SET comments_to_list = true WHERE number = 1;
SELECT read_page(1000, 'https://api.github.com/2');
SELECT read_page(1000, 'https://api.github.com/2');
SELECT says();

-- the comments of an issue that could not be had keep what GitHub said, until they are had: at once, where somebody asks for it
CREATE VIEW list_of_comments AS SELECT p.attempts, p.last_error, s.failing_since IS NOT NULL AS fails, p.last_complete_at IS NOT NULL AS complete,
	(SELECT m.value FROM github_sync.sync_metrics AS m WHERE (m.metric, m.state) = ('lists', 'failing')) AS failing,
	(SELECT h.status FROM github_sync.health() AS h WHERE h."check" = 'sweeps') AS health
FROM github_sync.sync_progress AS p JOIN github_sync.repo_sweeps AS s USING (github_repo_id, stream) WHERE (github_repo_id, stream) = (1, 'comments');
CREATE PROCEDURE fail_issue() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM begin_list('comments', 'sweep');
	UPDATE github_sync.github_issues SET comments_to_list = true WHERE number = 1;
	PERFORM fail_page(true) FROM generate_series(1, 4);
	PERFORM read_page(1000, NULL);
END
$$;
CALL fail_issue();
SELECT * FROM list_of_comments;
SELECT github_sync.reconcile_repo(1);
UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour' WHERE (github_repo_id, stream) = (1, 'issues');
SELECT read_page(1000, NULL) FROM generate_series(1, 3);
SELECT * FROM list_of_comments;
-- one that is gone is not wanted any more
CALL fail_issue();
UPDATE github_sync.github_issues SET deleted_at = now() WHERE number = 1;
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute' WHERE (github_repo_id, stream) = (1, 'comments');
SELECT read_page(1000, NULL);
SELECT * FROM list_of_comments;
UPDATE github_sync.github_issues SET deleted_at = NULL WHERE number = 1;

-- a comment that is gone and one that is new make the same number of them: it is compared once the new one has been read
CREATE FUNCTION said(id integer, updated_s integer) RETURNS github_sync.resource
LANGUAGE sql AS $$
	SELECT ROW(5000000000 + id, 3, false, NULL, 'said', NULL, NULL, 'octocat', NULL, at(updated_s), at(updated_s),
		NULL, 7, NULL)::github_sync.resource
$$;
CREATE VIEW of_3 AS SELECT comments_to_list, comments_counted FROM github_sync.github_issues WHERE number = 3;
SELECT begin_list('comments', 'sweep');
SELECT read_page(1000, NULL, said(1, 60));
SELECT begin_list('issues', 'census');
SELECT read_page(2000, NULL, listed(1, 5), listed(3, 1900));
TABLE of_3;
SELECT read_page(2000, NULL);
SELECT read_page(2000, NULL, said(2, 1900));
TABLE of_3;
SELECT read_page(2000, NULL, said(2, 1900)) FROM generate_series(1, 2);
SELECT github_comment_external_id, action, state FROM github_sync.comment_sync_transactions WHERE action = 'delete';
TABLE of_3;
-- where nothing differs, a pass a minute later is the last one that compares
DELETE FROM github_sync.comment_sync_transactions WHERE action = 'delete';
UPDATE github_sync.github_comments SET deleted_at = at(2000) WHERE github_id = 5000000001;
SELECT begin_list('issues', 'census');
SELECT read_page(2030, NULL, listed(1, 5), listed(3, 1900));
SELECT read_page(2050, NULL);
SELECT read_page(2050, NULL, said(2, 1900));
TABLE of_3;
SELECT begin_list('comments', 'sweep');
SELECT read_page(2090, NULL, said(2, 1900));
TABLE of_3;
-- of an issue that has not changed since comments were read, it is compared at once
UPDATE github_sync.github_comments SET deleted_at = NULL WHERE github_id = 5000000001;
SELECT begin_list('issues', 'census');
UPDATE github_sync.repo_sweeps SET cursor_at = at(2600) WHERE stream = 'comments';
SELECT read_page(3000, NULL, listed(1, 5), listed(3, 1900));
TABLE of_3;

-- one that cannot be claimed says why and rests; it stops no other one, not even where that cannot be written down
INSERT INTO github_sync.github_app_installations (id) VALUES (9);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (9, 9, 'octo', 'other');
SELECT begin_list('issues', 'sweep');
UPDATE github_sync.repo_sweeps SET filters = '{"since": "no time"}', pass_began_at = NULL, cursor_at = NULL WHERE github_repo_id = 1 AND stream = 'issues';
SELECT github_repo_id, stream FROM github_sync.sweep_claim('{}');
SELECT attempts, last_error, due_at > now() + interval '20 seconds' AS rests FROM github_sync.repo_sweeps WHERE github_repo_id = 1 AND is_asked;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON github_sync.repo_sweeps FOR EACH ROW WHEN (OLD.github_repo_id = 1 AND NEW.last_error IS NOT NULL) EXECUTE FUNCTION refuse();
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '1 minute', claimed_by = NULL, last_error = NULL WHERE is_asked OR github_repo_id = 9;
SELECT github_repo_id, stream FROM github_sync.sweep_claim('{}');

-- a server that was promoted, or adopted, reads all of it at once; another host name is no reason
DROP TRIGGER refuse ON github_sync.repo_sweeps;
CREATE FUNCTION rests_after(change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.repo_sweeps SET due_at = now() + interval '1 hour', last_census_at = now() WHERE phase <> 'check';
	EXECUTE change;
	RETURN (SELECT string_agg(DISTINCT CASE WHEN due_at > clock_timestamp() AND last_census_at IS NOT NULL THEN 'rests' ELSE 'is due' END, ', ')
		FROM github_sync.repo_sweeps WHERE phase <> 'check');
END
$$;
SELECT rests_after($$UPDATE github_sync.attached_tables SET server = server || '{"host": "another"}'$$);
SELECT rests_after($$UPDATE github_sync.attached_tables SET server = server || '{"timeline": "99"}'$$);
SELECT rests_after($$UPDATE github_sync.attached_tables SET held_because = 'its rows were restored'$$);
SELECT rests_after($$SELECT github_sync.adopt_database()$$);

-- an import shows what is there, and misses nothing that was known before: a census follows
CREATE FUNCTION import_anew() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM github_sync.github_repos AS r WHERE r.id = 9;
	DELETE FROM github_sync.listed_later;
	UPDATE github_sync.github_comments AS c SET deleted_at = NULL;
	UPDATE github_sync.github_issues AS i SET deleted_at = NULL, comments_to_list = false, comments_counted = NULL;
	PERFORM github_sync.backfill_repo(1);
	UPDATE github_sync.repo_sweeps AS s SET last_census_at = now(), asked_at = NULL WHERE s.github_repo_id = 1;
	RETURN (SELECT count(*) FROM github_sync.github_issues AS i WHERE i.seen_at < at(9000)) || ' issues are known';
END
$$;
SELECT import_anew();
SELECT read_page(9000, NULL, listed(1, 5));
SELECT last_census_at IS NULL AS is_wanted, is_asked FROM github_sync.repo_sweeps WHERE github_repo_id = 1 AND stream = 'issues';
SELECT read_page(9000, NULL, listed(1, 5));
SELECT last_census_at IS NULL AS is_wanted, is_asked FROM github_sync.repo_sweeps WHERE github_repo_id = 1 AND stream = 'issues';
-- what somebody asks for while a pass is under way, a later one answers
UPDATE github_sync.repo_sweeps SET phase = 'sweep', is_asked = false, due_at = 'infinity' WHERE stream = 'comments';
UPDATE github_sync.repo_sweeps SET phase = 'sweep', is_asked = true, due_at = now(), last_census_at = now(), pass_began_at = NULL, cursor_at = NULL, cursor_link = NULL, claimed_by = NULL WHERE stream = 'issues';
SELECT read_page(9100, 'https://api.github.com/2', listed(1, 5));
SELECT github_sync.reconcile_repo(1);
UPDATE github_sync.repo_sweeps SET due_at = 'infinity' WHERE stream = 'comments';
SELECT read_page(9100, NULL, listed(1, 6)), read_page(9100, 'https://api.github.com/2', listed(1, 6));
SELECT github_sync.reconcile_repo(1);
UPDATE github_sync.repo_sweeps SET due_at = 'infinity' WHERE stream = 'comments';
SELECT read_page(9100, NULL, listed(2, 50)), read_page(9100, NULL, listed(1, 6)), read_page(9100, NULL);
SELECT is_asked, due_at > now() AS rests FROM github_sync.repo_sweeps WHERE github_repo_id = 1 AND stream = 'issues';

-- what was dropped for an edit of the application's says nothing of a version that was seen since, and changed within its second
UPDATE github_sync.github_issues SET github_updated_at = at(3000), seen_at = at(3000) WHERE number = 4;
UPDATE app.tasks AS t SET title = 'Edited here', modified_at = at(3100) FROM github_sync.github_issues AS i WHERE i.task_id = t.id AND i.number = 4;
SELECT outbound(i.task_id::integer) IS NOT NULL AS is_queued FROM github_sync.github_issues AS i WHERE i.number = 4;
SELECT webhook(3000, 4);
SELECT state FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1;
SELECT github_sync.task_is_told_of(i.id, at(3000), NULL) AS seen, github_sync.task_is_told_of(i.id, at(3001), NULL) AS later FROM github_sync.github_issues AS i WHERE i.number = 4;
UPDATE github_sync.github_issues SET github_updated_at = at(2900) WHERE number = 4;
SELECT github_sync.task_is_told_of(i.id, at(3000), NULL) AS not_seen_yet FROM github_sync.github_issues AS i WHERE i.number = 4;
-- what an import leaves out is what was there, and unchanged, when its first page was answered: all else is wanted as a webhook would bring it
UPDATE github_sync.repo_sweeps SET due_at = 'infinity', is_asked = false;
DELETE FROM github_sync.listed_later;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (21, 9, 'octo', 'large');
CREATE FUNCTION closed(number integer, updated_s integer) RETURNS github_sync.resource LANGUAGE sql AS $$
	SELECT ROW(l.github_id, l.number, false, l.title, NULL, 'closed', NULL, 'octocat', NULL, l.created_at, l.updated_at, l.updated_at, 7, NULL)::github_sync.resource
	FROM listed(number, updated_s, 'Closed') AS l
$$;
CREATE FUNCTION said_of(id integer, number integer, updated_s integer) RETURNS github_sync.resource LANGUAGE sql AS $$
	SELECT ROW(5000000000 + id, number, false, NULL, 'said', NULL, NULL, 'octocat', NULL, at(updated_s), at(updated_s), NULL, 7, NULL)::github_sync.resource
$$;
CREATE VIEW imported AS SELECT string_agg(i.number::text, ' ' ORDER BY i.number) FROM github_sync.github_issues AS i WHERE i.github_repo_id > 20 AND i.task_id IS NOT NULL;
CREATE VIEW told AS SELECT string_agg(t.github_comment_external_id - 5000000000 || ' ' || t.state, ', ' ORDER BY t.id)
	FROM github_sync.comment_sync_transactions AS t WHERE t.github_repo_id > 20;
CREATE VIEW cursors AS SELECT stream, phase, is_asked, second_of(cursor_at) AS cursor, filters - 'began' AS filters, second_of((filters ->> 'began')::timestamptz) AS began
	FROM github_sync.repo_sweeps WHERE github_repo_id = (SELECT max(r.id) FROM github_sync.github_repos AS r) AND phase <> 'check' ORDER BY stream DESC;
/* Of the repository that was connected last; edits that people wait for would go first. */
CREATE PROCEDURE due(list text, is_census boolean DEFAULT false) LANGUAGE sql AS $$
	DELETE FROM github_sync.task_sync_transactions WHERE state = 'queued';
	UPDATE github_sync.github_issues SET comments_to_list = false;
	UPDATE github_sync.repo_sweeps SET due_at = 'infinity', is_asked = false;
	UPDATE github_sync.repo_sweeps SET due_at = now(), is_asked = true, asked_at = NULL, last_census_at = CASE WHEN NOT is_census THEN now() END
	WHERE github_repo_id = (SELECT max(github_repo_id) FROM github_sync.repo_sweeps) AND stream = list;
$$;
SELECT github_sync.backfill_repo(21, state => 'open');
SELECT read_page(100, 'https://api.github.com/2', listed(2001, 5), closed(2002, 9));
SELECT read_page(120, NULL, closed(2003, 110));
SELECT read_page(120, NULL, said_of(901, 2001, 50), said_of(902, 2002, 60));
TABLE imported;
TABLE told;
TABLE cursors;
CALL due('issues');
SELECT read_page(300, NULL, closed(2002, 9), closed(2004, 200));
TABLE imported;
CALL due('issues', true);
SELECT read_page(400, NULL, listed(2001, 5), closed(2002, 9), closed(2003, 110), closed(2004, 200), closed(2005, 99), closed(2006, 100));
TABLE imported;
CALL due('comments');
SELECT read_page(400, NULL, said_of(903, 2002, 99), said_of(904, 2002, 310));
TABLE told;
SELECT github_issue_number, direction, state FROM github_sync.task_sync_transactions WHERE github_repo_id = 21 AND state = 'queued';
CALL due('none');
-- another import may read more than a sweep would, and leads no list past what nobody has read
SELECT github_sync.backfill_repo(21, state => 'closed', since => at(8000), include_comments => false);
TABLE cursors;
SELECT github_sync.backfill_repo(21, since => at(-9000));
TABLE cursors;
SELECT read_page(8500, NULL);
TABLE cursors;
SELECT github_sync.check_repo(21);
SELECT stream FROM github_sync.repo_sweeps WHERE github_repo_id = 21 AND phase = 'check' ORDER BY 1;
-- nor does a first one that begins in the future
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (22, 9, 'octo', 'new');
CALL due('none');
SELECT github_sync.backfill_repo(22, since => at(9999));
UPDATE github_sync.repo_sweeps SET filters = filters || jsonb_build_object('began', at(500)) WHERE github_repo_id = 22;
SELECT read_page(490, NULL);
CALL due('issues');
SELECT read_page(600, NULL, listed(2011, 510));
TABLE imported;
-- without comments: those of before are passed over, of which the import's first page decides; later ones are synced as any
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (23, 9, 'octo', 'quiet');
CALL due('none');
SELECT github_sync.backfill_repo(23, include_comments => false);
SELECT stream, phase, filters ? 'began' AS will_begin FROM github_sync.repo_sweeps WHERE github_repo_id = 23 ORDER BY 1;
SELECT read_page(3000, NULL, listed(2021, 5));
TABLE cursors;
CALL due('comments');
SELECT read_page(3100, NULL, said_of(921, 2021, 2999), said_of(922, 2021, 3000));
TABLE told;
-- the census compares the numbers of issues that are younger than that
CALL due('issues', true);
SELECT read_page(3200, NULL, listed(2021, 5), listed(3001, 3050));
SELECT read_page(3200, NULL, listed(3001, 3050));
CALL due('issues', true);
SELECT github_sync.sweep_page(ROW(s.github_repo_id, s.stream, s.claim_no, at(3300), 41, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::github_sync.swept_page,
	ARRAY[listed(2021, 5), listed(3001, 3050)], '{"{}", "{}"}', '{4, 4}', '{}') FROM ask() AS s;
SELECT number, comments_to_list, comments_counted FROM github_sync.github_issues WHERE github_repo_id = 23 ORDER BY 1;
-- asked for once more, they are imported; and those that were read already stay so
SELECT github_sync.backfill_repo(23);
TABLE cursors;

-- what failed in an import, or before it, is tried again by the next one, once, and by no sweep; a comment fails with its issue, which is not fetched for each
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (24, 9, 'octo', 'broken');
CREATE VIEW counted AS SELECT stream, phase, done, applied, failed FROM github_sync.sync_progress WHERE github_repo_id = 24 ORDER BY stream DESC;
CREATE VIEW of_24 AS SELECT github_issue_number, state, error_code, priority, attempts, count(*) FROM github_sync.task_sync_transactions WHERE github_repo_id = 24
	GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2;
CREATE VIEW comments_of_24 AS SELECT github_comment_external_id - 5000000000 AS comment, state, next_attempt_at FROM github_sync.comment_sync_transactions WHERE github_repo_id = 24 ORDER BY 1, id;
CREATE FUNCTION import_24() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.repo_sweeps SET due_at = 'infinity', is_asked = false;
	UPDATE github_sync.github_issues SET comments_to_list = false;
	PERFORM github_sync.backfill_repo(24);
	RETURN NEXT read_page(4000, NULL, listed(4001, 5, 'bad'), listed(4002, 6), listed(4003, 7, 'bad'));
	/* What may have been passed over is looked for at once. */
	UPDATE github_sync.repo_sweeps SET due_at = 'infinity', is_asked = false WHERE stream = 'issues';
	RETURN NEXT read_page(4000, NULL, said_of(941, 4001, 5), said_of(942, 4001, 5), said_of(943, 4002, 6));
	UPDATE github_sync.repo_sweeps SET due_at = 'infinity', is_asked = false;
END
$$;
CREATE PROCEDURE fetch_24_in_vain() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM claim(10);
	PERFORM github_sync.task_fail(t.id, t.claim_no, 'apply_failed', '23514: not fine') FROM github_sync.task_sync_transactions AS t WHERE t.state = 'processing' ORDER BY t.id;
	PERFORM claim(10, 'comment');
END
$$;
CALL due('none');
ALTER TABLE app.tasks ADD CONSTRAINT fine CHECK (title <> 'bad');
SELECT import_24();
TABLE counted;
SELECT * FROM github_sync.backfill_status(24);
CALL fetch_24_in_vain();
TABLE of_24;
TABLE comments_of_24;
SELECT * FROM github_sync.backfill_status(24);
-- nor does a comment that comes now have its issue fetched, as it stands
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at, priority)
VALUES ('inbound', 24, 5000000944, 4001, at(5), 200);
CALL fetch_24_in_vain();
TABLE of_24;
CALL due('issues');
SELECT read_page(4100, NULL, listed(4001, 5, 'bad'), listed(4002, 6), listed(4003, 7, 'bad'));
CALL due('issues', true);
SELECT read_page(4100, NULL, listed(4001, 5, 'bad'), listed(4002, 6), listed(4003, 7, 'bad'));
TABLE of_24;
SELECT import_24();
CALL fetch_24_in_vain();
TABLE counted;
TABLE of_24;
SELECT github_issue_number, error_code FROM github_sync.sync_errors WHERE github_repo_id = 24 AND record_type = 'task' ORDER BY 1;
ALTER TABLE app.tasks DROP CONSTRAINT fine;
SELECT import_24();
TABLE counted;
SELECT * FROM github_sync.backfill_status(24);
SELECT count(*) FROM github_sync.sync_errors WHERE github_repo_id = 24 AND record_type = 'task';
SELECT i.number, t.title FROM github_sync.github_issues AS i JOIN app.tasks AS t ON t.id = i.task_id WHERE i.github_repo_id = 24 ORDER BY 1;
TABLE comments_of_24;
-- each item counts once, however much of a step the one before has shown; the passes behind an import count for themselves
CALL due('none');
DELETE FROM github_sync.comment_sync_transactions WHERE github_repo_id = 24;
SELECT github_sync.backfill_repo(24);
SELECT * FROM github_sync.backfill_status(24);
SELECT read_page(4200, 'https://api.github.com/2', listed(4001, 5), listed(4002, 5));
SELECT read_page(4200, 'https://api.github.com/3', listed(4001, 5), listed(4002, 5));
SELECT read_page(4200, 'https://api.github.com/4', listed(4003, 5), listed(4004, 6));
SELECT read_page(4200, 'https://api.github.com/5', listed(4001, 5), listed(4002, 5));
SELECT read_page(4200, NULL, listed(4003, 5), listed(4004, 6));
SELECT done FROM counted WHERE stream = 'issues';
UPDATE github_sync.repo_sweeps SET phase = 'sweep', is_asked = false WHERE github_repo_id = 24;
SELECT github_sync.check_repo(24);
CALL due('issues');
SELECT read_page(4300, NULL);
SELECT * FROM github_sync.backfill_status(24);

-- a shorter interval counts from the last time at once; a list that failed, or is under way, waits as it did
CREATE VIEW rests AS SELECT stream, due_interval, round(extract(epoch FROM due_at - last_complete_at) / 60) AS minutes FROM github_sync.repo_sweeps WHERE github_repo_id = 24 AND phase = 'sweep'
	ORDER BY stream DESC;
CALL due('issues');
SELECT read_page(4300, NULL);
SELECT * FROM rests WHERE stream = 'issues';
UPDATE github_sync.repo_sweeps SET due_interval = '1 hour', last_complete_at = clock_timestamp(), due_at = clock_timestamp() + interval '1 hour',
	attempts = CASE stream WHEN 'comments' THEN 1 ELSE 0 END WHERE github_repo_id = 24;
SELECT ask() IS NULL;
TABLE rests;
UPDATE github_sync.repo_sweeps SET due_interval = '1 minute', last_complete_at = clock_timestamp(), due_at = clock_timestamp() + interval '1 minute', attempts = 0 WHERE github_repo_id = 24;
SELECT ask() IS NULL;
TABLE rests;
SELECT github_sync.log_due_at(jsonb_populate_record(NULL::github_sync.delivery_log, l || '{"is_read": false, "due_at": "2024-05-01T12:00Z", "last_complete_at": "2024-05-01T10:00Z"}')) - at(0) AS log_rests
FROM (VALUES ('{"attempts": 0}'::jsonb), ('{"attempts": 1}'), ('{"attempts": 0, "newest_id": 5}')) AS v (l);

-- who waits for an import hears of what will not let it go on: a list that fails again and again, or credentials; one failure is said and waited for
\set SHOW_CONTEXT never
\set VERBOSITY default
SELECT github_sync.backfill_repo(24);
UPDATE github_sync.repo_sweeps SET listed = 100, attempts = 1, last_error = 'GitHub answered 404 (not found): Not Found' WHERE (github_repo_id, stream) = (24, 'issues');
SELECT * FROM github_sync.backfill_status(24);
UPDATE github_sync.repo_sweeps SET attempts = 3 WHERE (github_repo_id, stream) = (24, 'issues');
SELECT * FROM github_sync.backfill_status(24);
CALL github_sync.wait_for_backfill(24);
SELECT github_sync.backfill_repo(24);
UPDATE github_sync.github_app_installations SET paused_until = '2100-01-01 00:00:00+00', pause_reason = 'no identity: there is no key', pause_kind = 'credentials' WHERE id = 9;
SELECT * FROM github_sync.backfill_status(24);
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_reason = NULL, pause_kind = NULL WHERE id = 9;
SELECT github_sync.backfill_repo(24, since => 'infinity');
SELECT github_sync.backfill_repo(24, since => '-infinity');

-- a check of what an import has left out: no difference; comments that came since, or are here, are compared
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (25, 9, 'octo', 'part');
CALL due('none');
SELECT github_sync.backfill_repo(25, state => 'open', include_comments => false);
SELECT read_page(5000, NULL, listed(4101, 5), closed(4102, 6));
CALL due('comments');
SELECT read_page(5100, NULL, said_of(951, 4101, 5050));
UPDATE app.comments AS t SET body = 'edited here' FROM github_sync.github_comments AS c WHERE c.comment_id = t.id AND c.github_id = 5000000951;
CALL due('none');
SELECT github_sync.check_repo(25);
SELECT stream FROM github_sync.repo_sweeps WHERE github_repo_id = 25 AND phase = 'check' ORDER BY 1;
UPDATE github_sync.repo_sweeps SET due_at = now(), is_asked = true WHERE github_repo_id = 25 AND phase = 'check';
SELECT read_page(5200, NULL, listed(4101, 5), closed(4102, 6));
SELECT read_page(5200, NULL, said_of(952, 4101, 6), said_of(951, 4101, 4000), said_of(953, 4101, 5060));
SELECT record_type, github_issue_number, github_id - 5000000000 AS comment, difference, why FROM github_sync.sync_differences WHERE github_repo_id = 25 ORDER BY 1, 2, 3;

-- a list that is not there yet, since somebody held what it needs, is looked for again soon: who lets go of it tells nobody
UPDATE github_sync.repo_sweeps SET due_at = 'infinity';
SELECT coalesce(github_sync.next_sweep_at('{}'), 'infinity') > clock_timestamp() AS rests;
DELETE FROM github_sync.repo_sweeps WHERE (github_repo_id, stream) = (25, 'comments');
SELECT github_sync.next_sweep_at('{}') <= clock_timestamp() AS due;
SELECT github_sync.add_missing_sweeps_unless_held();
UPDATE github_sync.repo_sweeps SET due_at = 'infinity';
SELECT coalesce(github_sync.next_sweep_at('{}'), 'infinity') > clock_timestamp() AS rests;
