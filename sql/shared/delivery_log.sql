/*
 * The App's delivery log (GET /app/hook/deliveries), which GitHub keeps for three
 * days: what it tried to deliver, whether anybody took it or not.  Without a
 * receiver of webhooks it is how the database hears of changes; with one, of those
 * that were lost.
 *
 * It is a hint: an entry of an issue or comment that changed makes its
 * repository's lists due.  Of what lists do not show (deletions, transfers, and
 * what happens to repositories and installations) the delivery itself is
 * fetched, and taken as if it had come.  What did come is passed over.
 *
 * The log is read from its newest entry back to the newest one of the walk before.
 * The entries of a walk are done oldest first; only then are lists due, so that an
 * issue which moved is known to have before its new place is listed.
 *
 * A walk that breaks begins anew, with what it has noted: what says that all of it
 * was read (is_read) is nothing else than its last page.
 */

CREATE TABLE IF NOT EXISTS github_sync.delivery_log (
	is_row boolean NOT NULL DEFAULT true CONSTRAINT delivery_log_pkey PRIMARY KEY
		CONSTRAINT delivery_log_is_row_check CHECK (is_row),
	last_id bigint,
	newest_id bigint,
	is_read boolean NOT NULL DEFAULT false,
	page_link text,
	pages integer NOT NULL DEFAULT 0,
	changed_repos bigint[] NOT NULL DEFAULT '{}',
	discussed_repos bigint[] NOT NULL DEFAULT '{}',
	due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	claimed_by integer,
	claimed_installation bigint,
	claim_no integer NOT NULL DEFAULT 0,
	attempts integer NOT NULL DEFAULT 0,
	last_error text,
	last_error_at timestamptz,
	failing_since timestamptz,
	last_complete_at timestamptz
);
COMMENT ON TABLE github_sync.delivery_log IS
'private: one row: how far the App''s delivery log has been read';
COMMENT ON COLUMN github_sync.delivery_log.last_id IS
'GitHub''s id of the newest entry of the last complete walk; NULL: there was none';
COMMENT ON COLUMN github_sync.delivery_log.newest_id IS
'of the walk under way; NULL: none is';
COMMENT ON COLUMN github_sync.delivery_log.is_read IS
'all entries of the walk were read: what is left of it are the deliveries of logged_deliveries';
COMMENT ON COLUMN github_sync.delivery_log.attempts IS
'failures in a row of the walk, or of the delivery that it asks for: to have read its first pages once more is no '
'success';
COMMENT ON COLUMN github_sync.delivery_log.changed_repos IS
'repositories whose issues are due when all entries are done; discussed_repos: whose comments are, too';

CREATE TABLE IF NOT EXISTS github_sync.logged_deliveries (
	id bigint CONSTRAINT logged_deliveries_pkey PRIMARY KEY,
	guid text NOT NULL,
	event text NOT NULL,
	github_repo_id bigint
);
COMMENT ON TABLE github_sync.logged_deliveries IS
'private: entries of the App''s delivery log that are to be fetched';
COMMENT ON COLUMN github_sync.logged_deliveries.guid IS
'X-GitHub-Delivery, which a redelivery has again';

CREATE OR REPLACE FUNCTION github_sync.delivery_log_interval() RETURNS interval
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN github_sync.reconcile_interval() = '0' THEN '0'
		ELSE coalesce(nullif(current_setting('github_sync.delivery_log_interval', true), ''), '0') END::interval
$$;
COMMENT ON FUNCTION github_sync.delivery_log_interval() IS
'private: the setting of this name; 0: the log is never read, as where no sweep follows it';

CREATE OR REPLACE FUNCTION github_sync.log_due_at(log github_sync.delivery_log) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	/* Of a walk under way, or one that failed, due_at is the time of its next try; infinity: it is put off by hand. */
	SELECT CASE WHEN log.newest_id IS NULL AND NOT log.is_read AND log.attempts = 0 AND log.last_error IS NULL
		AND log.due_at < 'infinity'
		THEN least(log.due_at, log.last_complete_at + github_sync.delivery_log_interval()) ELSE log.due_at END
$$;
COMMENT ON FUNCTION github_sync.log_due_at(github_sync.delivery_log) IS
'private: when the log is read next: sooner than it was put off to, where delivery_log_interval was shortened since';

/* ---- what is asked next ---- */

CREATE OR REPLACE FUNCTION github_sync.installation_for_log(busy bigint[]) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT i.id FROM github_sync.github_app_installations AS i
		WHERE i.id <> 0 AND NOT github_sync.is_moving(i)
			AND coalesce(i.paused_until, '-infinity') <= clock_timestamp() AND i.id <> ALL (busy)
		ORDER BY i.state = 'active' DESC, i.id LIMIT 1);
END
$$;
COMMENT ON FUNCTION github_sync.installation_for_log(bigint[]) IS
'private: the log is the App''s, and needs no token of an installation: one that is suspended or deleted may ask for '
'it as well, and so hears of the one that was made in its place, but not one that is held while it moves to another '
'server; NULL: none may, as with a token';

CREATE OR REPLACE FUNCTION github_sync.log_is_under_way(log github_sync.delivery_log, busy bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN CASE WHEN log.claimed_by = pg_backend_pid() THEN log.claimed_installation = ANY (busy)
		ELSE EXISTS (SELECT FROM github_sync.worker_slots() AS w WHERE w.pid = log.claimed_by) END;
END
$$;
COMMENT ON FUNCTION github_sync.log_is_under_way(github_sync.delivery_log, bigint[]) IS
'private: whether a worker, perhaps the caller, waits for a page of the log';

CREATE OR REPLACE FUNCTION github_sync.claim_delivery_log(busy bigint[]) RETURNS SETOF github_sync.sweep
LANGUAGE plpgsql AS $$
DECLARE
	asker CONSTANT bigint := github_sync.installation_for_log(busy);
	log github_sync.delivery_log;
	logged_id bigint;
BEGIN
	IF github_sync.delivery_log_interval() = '0' OR asker IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO github_sync.delivery_log DEFAULT VALUES ON CONFLICT DO NOTHING;
	SELECT * INTO log FROM github_sync.delivery_log AS l WHERE github_sync.log_due_at(l) <= clock_timestamp()
	FOR NO KEY UPDATE SKIP LOCKED;
	IF log.is_row IS NULL OR github_sync.log_is_under_way(log, busy) THEN
		RETURN;
	END IF;
	UPDATE github_sync.delivery_log AS l SET claimed_by = pg_backend_pid(), claimed_installation = asker,
		claim_no = l.claim_no + 1;
	IF log.is_read THEN
		logged_id := (SELECT min(d.id) FROM github_sync.logged_deliveries AS d);
	END IF;
	RETURN NEXT ROW(0, 'delivery log', log.claim_no + 1, asker,
		CASE WHEN logged_id IS NULL THEN 'deliveries' ELSE 'delivery' END, NULL, 100, NULL,
		CASE WHEN logged_id IS NULL THEN log.page_link END, NULL, NULL, NULL, NULL, logged_id, NULL)::github_sync.sweep;
END
$$;
COMMENT ON FUNCTION github_sync.claim_delivery_log(bigint[]) IS
'private: claims the next page of the log, or the next delivery of which it is to be asked more';

CREATE OR REPLACE FUNCTION github_sync.claim_lists(busy bigint[]) RETURNS SETOF github_sync.sweep
LANGUAGE plpgsql AS $$
DECLARE
	sweep github_sync.sweep;
BEGIN
	FOR sweep IN SELECT * FROM github_sync.claim_delivery_log(busy) LOOP
		busy := busy || sweep.installation_id;
		RETURN NEXT sweep;
	END LOOP;
	RETURN QUERY SELECT * FROM github_sync.sweep_claim(busy);
END
$$;
COMMENT ON FUNCTION github_sync.claim_lists(bigint[]) IS
'private: claims what is read next for each installation that may be asked: a page of a list, of the App''s delivery '
'log, or what check_setup() asks; busy: those for which the caller reads something';

CREATE OR REPLACE FUNCTION github_sync.next_list_at(busy bigint[]) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
	log_due timestamptz;
BEGIN
	IF github_sync.delivery_log_interval() > '0' AND github_sync.installation_for_log(busy) IS NOT NULL THEN
		log_due := coalesce((SELECT CASE WHEN NOT github_sync.log_is_under_way(l, busy) THEN github_sync.log_due_at(l)
				ELSE 'infinity' END FROM github_sync.delivery_log AS l), clock_timestamp());
	END IF;
	RETURN least(github_sync.next_sweep_at(busy), nullif(log_due, 'infinity'));
END
$$;
COMMENT ON FUNCTION github_sync.next_list_at(bigint[]) IS
'private: when something is to be read next; NULL: nothing is';

/* ---- what becomes of it ---- */

CREATE OR REPLACE FUNCTION github_sync.hasten_lists(changed bigint[], discussed bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.repo_sweeps AS s SET due_at = clock_timestamp()
	WHERE s.phase <> 'check' AND s.due_at > clock_timestamp()
		AND s.github_repo_id = ANY (CASE s.stream WHEN 'issues' THEN changed || discussed ELSE discussed END);
END
$$;
COMMENT ON FUNCTION github_sync.hasten_lists(bigint[], bigint[]) IS
'private: what changed in these repositories is read now: of the first their issues, of the second their comments, too';

CREATE OR REPLACE FUNCTION github_sync.end_log_if_done(INOUT log github_sync.delivery_log)
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT log.is_read OR EXISTS (SELECT FROM github_sync.logged_deliveries AS d) THEN
		RETURN;
	END IF;
	PERFORM github_sync.hasten_lists(log.changed_repos, log.discussed_repos);
	log.is_read := false;
	log.changed_repos := '{}';
	log.discussed_repos := '{}';
	log.due_at := clock_timestamp() + github_sync.delivery_log_interval();
	log.last_complete_at := clock_timestamp();
	log.attempts := 0;
	log.last_error := NULL;
	log.last_error_at := NULL;
	log.failing_since := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.end_log_if_done(github_sync.delivery_log) IS
'private: where the walk is over and nothing is to be fetched any more, lists are due, and the log later';

CREATE OR REPLACE FUNCTION github_sync.news_of_log(log github_sync.delivery_log, entries jsonb)
RETURNS TABLE (id bigint, guid text, event text, repo_id bigint, effect text)
LANGUAGE sql STABLE AS $$
	SELECT DISTINCT ON (e.guid) e.id, e.guid, e.event, e.repository_id, a.effect
	FROM jsonb_to_recordset(entries) AS e (id bigint, guid text, event text, action text, repository_id bigint)
	JOIN github_sync.webhook_actions AS a ON a.event = e.event AND a.action = e.action
	WHERE e.id > coalesce(log.last_id, 0) AND length(e.guid) BETWEEN 1 AND 200
		AND (e.repository_id IS NULL OR EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.id = e.repository_id))
		/* It was received. */
		AND NOT EXISTS (SELECT FROM github_sync.webhook_deliveries AS d
			WHERE d.delivery_id = e.guid AND d.outcome NOT LIKE 'failed: %' AND d.outcome NOT LIKE 'ignored: unknown %')
	ORDER BY e.guid, e.id
$$;
COMMENT ON FUNCTION github_sync.news_of_log(github_sync.delivery_log, jsonb) IS
'private: entries of a page of the log of which nobody has told here, each delivery once';

CREATE OR REPLACE FUNCTION github_sync.log_page_is_last(log github_sync.delivery_log, entries jsonb, next_link text)
RETURNS boolean
LANGUAGE sql STABLE AS $$
	/* At first what changed before is the import's; GitHub keeps three days. */
	SELECT next_link IS NULL OR log.last_id IS NULL OR coalesce(bool_or(e.id <= log.last_id), true)
	FROM jsonb_to_recordset(entries) AS e (id bigint)
$$;
COMMENT ON FUNCTION github_sync.log_page_is_last(github_sync.delivery_log, jsonb, text) IS
'private: whether a page of the log reaches back to what the walk before has seen, or to its end';

CREATE OR REPLACE FUNCTION github_sync.take_log_page(INOUT log github_sync.delivery_log, entries jsonb, next_link text)
LANGUAGE plpgsql AS $$
DECLARE
	most_pages CONSTANT integer := 30;
	lists_show CONSTANT text[] := '{issue changed,comment changed}';
	is_last CONSTANT boolean := github_sync.log_page_is_last(log, entries, next_link);
BEGIN
	log.changed_repos := ARRAY(SELECT unnest(log.changed_repos) UNION SELECT n.repo_id
		FROM github_sync.news_of_log(log, entries) AS n WHERE n.effect = 'issue changed' AND n.repo_id IS NOT NULL);
	log.discussed_repos := ARRAY(SELECT unnest(log.discussed_repos) UNION SELECT n.repo_id
		FROM github_sync.news_of_log(log, entries) AS n WHERE n.effect = 'comment changed' AND n.repo_id IS NOT NULL);
	INSERT INTO github_sync.logged_deliveries (id, guid, event, github_repo_id)
	SELECT n.id, n.guid, n.event, n.repo_id FROM github_sync.news_of_log(log, entries) AS n
	WHERE n.effect <> ALL (lists_show) ON CONFLICT DO NOTHING;
	log.newest_id := coalesce(log.newest_id, (SELECT max(e.id) FROM jsonb_to_recordset(entries) AS e (id bigint)),
		log.last_id, 0);
	log.page_link := next_link;
	log.pages := log.pages + 1;
	IF NOT is_last AND log.pages >= most_pages THEN
		/* Then it is cheaper to look at everything. */
		DELETE FROM github_sync.logged_deliveries AS d WHERE d.github_repo_id IS NOT NULL;
		PERFORM github_sync.hasten_sweeps(r.id, false) FROM github_sync.github_repos AS r;
	END IF;
	IF is_last OR log.pages >= most_pages THEN
		log.last_id := greatest(log.last_id, log.newest_id);
		log.newest_id := NULL;
		log.is_read := true;
		log.page_link := NULL;
		log.pages := 0;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.take_log_page(github_sync.delivery_log, jsonb, text) IS
'private: notes what a page of the log tells of';

/* A worker waits for nobody: what is held ends as any delivery that is pending. */
CREATE OR REPLACE FUNCTION github_sync.take_logged_delivery(logged_id bigint, json text) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '10ms' AS $$
DECLARE
	logged github_sync.logged_deliveries;
BEGIN
	DELETE FROM github_sync.logged_deliveries AS d WHERE d.id = logged_id RETURNING * INTO logged;
	BEGIN
		PERFORM github_sync.take_delivery(logged.event, logged.guid,
			convert_to((json::json -> 'request' -> 'payload')::text, 'UTF8'));
	EXCEPTION WHEN OTHERS OR assert_failure THEN
		/* What it would have told, a census finds. */
		PERFORM github_sync.hasten_sweeps(logged.github_repo_id, false);
		RAISE LOG 'github_sync: delivery % of the App''s log cannot be taken: % (%)', logged.guid, SQLERRM, SQLSTATE;
	END;
END
$$;
COMMENT ON FUNCTION github_sync.take_logged_delivery(bigint, text) IS
'private: a delivery as GitHub''s log has it is taken as if it had come';

CREATE OR REPLACE FUNCTION github_sync.fail_log(
	INOUT log github_sync.delivery_log, logged_id bigint, is_gone boolean, reason text)
LANGUAGE plpgsql AS $$
DECLARE
	most_attempts CONSTANT integer := 4;
	given_up github_sync.logged_deliveries;
BEGIN
	log.attempts := log.attempts + 1;
	log.last_error := github_sync.shortened(reason);
	log.last_error_at := clock_timestamp();
	log.failing_since := coalesce(log.failing_since, log.last_error_at);
	log.due_at := clock_timestamp() + github_sync.sweep_backoff(log.attempts - 1);
	/* From its newest entry again: a link may lead nowhere by now. */
	log.newest_id := NULL;
	log.page_link := NULL;
	log.pages := 0;
	IF logged_id IS NOT NULL AND (is_gone OR log.attempts >= most_attempts) THEN
		DELETE FROM github_sync.logged_deliveries AS d WHERE d.id = logged_id RETURNING * INTO given_up;
		PERFORM github_sync.hasten_sweeps(given_up.github_repo_id, false);
		/* The next one has failures of its own. */
		log.attempts := 0;
		log := github_sync.end_log_if_done(log);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.fail_log(github_sync.delivery_log, bigint, boolean, text) IS
'private: the log could not be read, or a delivery of it not be had: later, ever later; a delivery is given up in the '
'end, and its repository looked through';

CREATE OR REPLACE FUNCTION github_sync.report_delivery_log(
	held_claim_no integer, logged_id bigint, status integer, words text, json text, next_link text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	log github_sync.delivery_log;
	reason text := words;
BEGIN
	SELECT * INTO log FROM github_sync.delivery_log AS l
	WHERE l.claim_no = held_claim_no AND l.claimed_by = pg_backend_pid() FOR NO KEY UPDATE;
	IF log.is_row IS NULL THEN
		RETURN 'stale';
	END IF;
	BEGIN
		IF json IS NOT NULL AND logged_id IS NOT NULL THEN
			PERFORM github_sync.take_logged_delivery(logged_id, json);
		ELSIF json IS NOT NULL THEN
			log := github_sync.take_log_page(log, json::jsonb, next_link);
		END IF;
		IF json IS NOT NULL AND log.is_read THEN
			log.attempts := 0;
		END IF;
	EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
		RAISE;
	WHEN OTHERS OR assert_failure THEN
		reason := format('%s (%s)', SQLERRM, SQLSTATE);
		json := NULL;
	END;
	IF json IS NULL THEN
		log := github_sync.fail_log(log, logged_id, coalesce(status IN (404, 410), false), reason);
	ELSE
		log := github_sync.end_log_if_done(log);
	END IF;
	UPDATE github_sync.delivery_log AS l SET last_id = log.last_id, newest_id = log.newest_id,
		is_read = log.is_read, page_link = log.page_link, pages = log.pages, changed_repos = log.changed_repos,
		discussed_repos = log.discussed_repos, due_at = log.due_at, claimed_by = NULL, claimed_installation = NULL,
		attempts = log.attempts, last_error = log.last_error, last_error_at = log.last_error_at,
		failing_since = log.failing_since, last_complete_at = log.last_complete_at;
	RETURN 'noted';
END
$$;
COMMENT ON FUNCTION github_sync.report_delivery_log(integer, bigint, integer, text, text, text) IS
'private: what GitHub answered to a question about the log; json: NULL: not what was asked for, and words say why';
