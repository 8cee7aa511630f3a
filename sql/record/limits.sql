/*
 * What limits need of the queue: which transactions create, what was created
 * lately, and how long one may fail on the way to GitHub.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_would_create(cached github_sync.@resources@) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* One that is looked for first is not created yet. */
	RETURN cached.github_id IS NULL
--@task		AND cached.number IS NULL
		AND NOT EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a
			WHERE a.@resource@_id = cached.id AND a.outcome IS NULL);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_would_create(github_sync.@resources@) IS
'private: whether an outbound upsert of the record makes a new @record@ at GitHub: those have a budget of their own';

/* Created meanwhile: what is queued for it is an update now, and no longer waits for that budget. */
CREATE OR REPLACE FUNCTION github_sync.@record@_note_created() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE github_sync.@record@_sync_transactions SET creates = false
	WHERE @resource@_id = NEW.id AND state = 'queued' AND creates;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_created() IS
'private: when a record gets its GitHub id, its queued transactions create nothing any more';

CREATE OR REPLACE TRIGGER y_note_created
	AFTER UPDATE OF github_id ON github_sync.@resources@
	FOR EACH ROW WHEN (OLD.github_id IS NULL AND NEW.github_id IS NOT NULL)
	EXECUTE FUNCTION github_sync.@record@_note_created();

/* Steps of half a minute: the hour's budget counts no finer. */
CREATE OR REPLACE FUNCTION github_sync.@record@_past_creations(
	OUT installation_id bigint, OUT creations integer, OUT age_ms bigint)
RETURNS SETOF record
LANGUAGE sql STABLE AS $$
	SELECT r.github_app_installation_id, count(*)::integer,
		(extract(epoch FROM clock_timestamp() - max(a.sent_at)) * 1000)::bigint
	FROM github_sync.@record@_creation_attempts AS a
	JOIN github_sync.github_repos AS r ON r.id = a.github_repo_id
	WHERE a.sent_at > clock_timestamp() - interval '2 hours'
	GROUP BY r.github_app_installation_id, floor(extract(epoch FROM a.sent_at) / 30)
$$;
COMMENT ON FUNCTION github_sync.@record@_past_creations() IS
'private: what was created in the last two hours, for the budget of a server that has just started; attempts are committed before they are sent, so none is missing';

CREATE OR REPLACE FUNCTION github_sync.@record@_fail_on_the_way(
	transaction_id bigint, held_claim_no integer, problem text, paused_until timestamptz,
	retry_base interval, retry_max interval, give_up_after interval)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions := github_sync.@record@_held_claim(transaction_id, held_claim_no);
	tried_for interval := clock_timestamp() - coalesce(t.troubled_since, clock_timestamp());
BEGIN
	IF t.id IS NULL THEN
		RETURN 'stale';
	END IF;
	IF tried_for >= give_up_after THEN
		RETURN github_sync.@record@_fail(transaction_id, held_claim_no, 'gave_up',
			format('GitHub could not be reached with it since %s: %s', t.troubled_since::timestamptz(0), problem));
	END IF;
	UPDATE github_sync.@record@_sync_transactions SET troubled_since = clock_timestamp()
	WHERE id = t.id AND troubled_since IS NULL;
	/* Twice as long each time, and behind the others: if it is this one's fault, they go on. */
	RETURN github_sync.@record@_give_back(transaction_id, held_claim_no, problem,
		greatest(paused_until, clock_timestamp()) + least(greatest(tried_for, retry_base), retry_max));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_fail_on_the_way(bigint, integer, text, timestamptz, interval, interval, interval) IS
'private: GitHub was not reached: back into the queue, no attempt counted, for a time after the installation''s pause; errored when that has been going on for give_up_after';
