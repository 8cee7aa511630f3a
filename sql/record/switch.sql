/*
 * Syncing is disabled and enabled: by an UPDATE of github_repos, of an
 * installation's state, by a webhook or by function, always with the same effect.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_find_disabled(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	disabled github_sync.@record@_sync_transactions;
BEGIN
	FOR disabled IN
		SELECT * FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id IS NULL AND q.state = 'disabled' AND q.github_repo_id = repo_id ORDER BY q.id
	LOOP
		PERFORM github_sync.@record@_find_late_record(disabled);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_find_disabled(bigint) IS
'private: gives disabled transactions that were imported without a record the one that they are about';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_switch(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	inbound_reason text := github_sync.sync_disabled_reason(repo_id, 'inbound');
	outbound_reason text := github_sync.sync_disabled_reason(repo_id, 'outbound');
	enabled text[] := array_remove(ARRAY[CASE WHEN outbound_reason IS NULL THEN 'outbound' END,
		CASE WHEN inbound_reason IS NULL THEN 'inbound' END], NULL);
	cached_id bigint;
BEGIN
	PERFORM github_sync.@record@_find_disabled(repo_id) WHERE cardinality(enabled) > 0;
	/* Who holds one of these records decides alone; what comes after is caught at claim. */
	PERFORM github_sync.@record@_lock_records_of_repository(repo_id);
	UPDATE github_sync.@record@_sync_transactions AS q SET github_app_installation_id = r.github_app_installation_id
	FROM github_sync.github_repos AS r
	WHERE r.id = repo_id AND q.github_repo_id = repo_id AND q.state IN ('queued', 'disabled')
		AND q.github_app_installation_id <> r.github_app_installation_id;
	UPDATE github_sync.@record@_sync_transactions AS q SET
		event = CASE q.state WHEN 'queued' THEN 'sync disabled' END,
		next_attempt_at = NULL,
		disabled_reason = now_says.reason
	FROM (VALUES ('inbound', inbound_reason), ('outbound', outbound_reason)) AS now_says (direction, reason)
	WHERE q.github_repo_id = repo_id AND q.state IN ('queued', 'disabled') AND q.direction = now_says.direction
		AND now_says.reason IS NOT NULL AND now_says.reason IS DISTINCT FROM q.disabled_reason;
	FOR cached_id IN
		SELECT DISTINCT q.@resource@_id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.github_repo_id = repo_id AND q.state = 'disabled' AND q.direction = ANY (enabled)
		ORDER BY 1
	LOOP
		PERFORM github_sync.@record@_enable_record(cached_id, enabled);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_switch(bigint) IS
'private: disables what is queued, or queues again what was disabled, as the repository and its installation now say';

CREATE OR REPLACE FUNCTION github_sync.@record@_cancel_of_repository(repo_id bigint, reason text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	ended bigint := 0;
	now_ended bigint;
BEGIN
	PERFORM github_sync.@record@_lock_records_of_repository(repo_id);
	/* Outbound ones first: the inbound ones that were dropped for them come back by that, and end as well. */
	FOR i IN 1 .. 2 LOOP
		UPDATE github_sync.@record@_sync_transactions AS q SET event = 'record deleted', because = reason,
			next_attempt_at = NULL, disabled_reason = NULL, error_code = NULL, error_reason = NULL,
			last_error = coalesce(q.error_reason, q.last_error)
		WHERE q.github_repo_id = repo_id AND q.state IN ('queued', 'disabled', 'errored')
			AND (q.direction = 'outbound' OR i = 2);
		GET DIAGNOSTICS now_ended = ROW_COUNT;
		ended := ended + now_ended;
	END LOOP;
	UPDATE github_sync.@resources@ AS r SET settle_at = NULL, lock_version = r.lock_version + 1
	WHERE r.github_repo_id = repo_id AND r.settle_at IS NOT NULL;
	RETURN ended;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_cancel_of_repository(bigint, text) IS
'private: what waits for a repository that was just disabled, failed or is disabled is canceled, for this reason; '
'returns how many';

CREATE OR REPLACE FUNCTION github_sync.@record@_has_repository_records(repo_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@resources@ AS r WHERE r.github_repo_id = repo_id)
		OR EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q WHERE q.github_repo_id = repo_id)
		OR EXISTS (SELECT FROM github_sync.@record@_creation_attempts AS a WHERE a.github_repo_id = repo_id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_has_repository_records(bigint) IS
'private: something of a repository is known, or was done';

CREATE OR REPLACE FUNCTION github_sync.@record@_enable_record(cached_id bigint, directions text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@ := github_sync.@record@_lock_record(cached_id);
	disabled record;
BEGIN
	/*
	 * The newest come back, of deletions by id and of upserts by GitHub's time.
	 * Deletions last: they cancel older upserts.
	 */
	FOR disabled IN
		SELECT array_agg(q.id ORDER BY CASE q.action WHEN 'upsert' THEN q.github_updated_at END DESC NULLS LAST,
			q.id DESC) AS ids
		FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'disabled' AND q.direction = ANY (directions)
		GROUP BY q.action, q.direction
		ORDER BY q.action DESC, q.direction DESC
	LOOP
		PERFORM github_sync.@record@_requeue(q, cached, 'sync enabled', NULL)
		FROM github_sync.@record@_sync_transactions AS q WHERE q.id = disabled.ids[1];
		UPDATE github_sync.@record@_sync_transactions SET
			event = 'superseded', canceled_by = disabled.ids[1], disabled_reason = NULL
		WHERE id = ANY (disabled.ids[2:]);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_enable_record(bigint, text[]) IS
'private: queues the newest disabled transaction of a record and direction again, the rules applied; the older ones '
'are canceled by it';

CREATE OR REPLACE FUNCTION github_sync.@record@_return_skipped(repo_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	skipped_id bigint;
BEGIN
	FOR skipped_id IN
		SELECT DISTINCT r.id FROM github_sync.@record@_sync_transactions AS q
		JOIN github_sync.@resources@ AS r ON r.id = q.@resource@_id
--@comment		JOIN github_sync.github_issues AS i ON i.id = r.github_issue_id AND i.is_pull_request
		WHERE q.github_repo_id = repo_id AND q.state = 'disabled' AND q.disabled_reason = 'filtered'
--@task			AND r.is_pull_request
		ORDER BY r.id
	LOOP
		PERFORM github_sync.@record@_enable_record(skipped_id, '{inbound,outbound}');
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_return_skipped(bigint) IS
'private: pull requests of a repository are synced again: what was disabled is queued again, by the rules';

CREATE OR REPLACE FUNCTION github_sync.@record@_return_filtered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	IF EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = NEW.@resource@_id AND q.state = 'disabled' AND q.disabled_reason = 'filtered'
			AND q.direction = 'inbound') THEN
		PERFORM github_sync.@record@_enable_record(NEW.@resource@_id, '{inbound}');
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_return_filtered() IS
'private: a row is to be synced again: what GitHub told of it meanwhile is queued again, by the rules';

CREATE OR REPLACE FUNCTION github_sync.@record@_retry_strays(cached_id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@ := github_sync.@record@_lock_record(cached_id);
	strays record;
	newest github_sync.@record@_sync_transactions;
BEGIN
	IF cached.@record@_id IS NULL OR NOT github_sync.@record@_table_fits() OR github_sync.@record@_place_problem(cached,
			github_sync.@record@_local_row(cached.@record@_id)) IS NOT NULL THEN
		RETURN;
	END IF;
	FOR strays IN
		SELECT array_agg(q.id ORDER BY CASE q.action WHEN 'upsert' THEN q.github_updated_at END DESC NULLS LAST,
			q.id DESC) AS ids
		FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.state = 'errored' AND q.error_code IN ('repo_changed', 'transferred')
		GROUP BY q.action, q.direction
		ORDER BY q.action DESC, q.direction DESC
	LOOP
		SELECT * INTO newest FROM github_sync.@record@_sync_transactions AS q WHERE q.id = strays.ids[1];
		newest.attempts := 0;
		newest.lagging_answers := 0;
		PERFORM github_sync.@record@_requeue(newest, cached, 'retried', NULL);
		UPDATE github_sync.@record@_sync_transactions SET event = 'superseded', canceled_by = newest.id,
			error_code = NULL, error_reason = NULL, last_error = coalesce(error_reason, last_error)
		WHERE id = ANY (strays.ids[2:]);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_retry_strays(bigint) IS
'private: what was given up because the row had been moved, or the resource had gone where we do not follow, is queued '
'again, where the two are in one place by now; the older ones are canceled by the newest';

/*
 * Nobody switches anything on in the place where a record has come to: what was
 * disabled for the old one would stay so for ever.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_decide_arrival() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	reason text := github_sync.sync_disabled_reason(NEW.github_repo_id, NEW.direction);
BEGIN
	IF NEW.state = 'errored' THEN
		PERFORM github_sync.@record@_retry_strays(NEW.@resource@_id);
	ELSIF reason IS NULL THEN
		PERFORM github_sync.@record@_enable_record(NEW.@resource@_id, ARRAY[NEW.direction]);
	ELSE
		UPDATE github_sync.@record@_sync_transactions SET disabled_reason = reason
		WHERE id = NEW.id AND state = 'disabled' AND disabled_reason <> reason;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decide_arrival() IS
'private: a disabled transaction, or one whose row had been moved, went to another repository, with its record, which '
'whoever moved it holds: whether it may run is decided there';

CREATE OR REPLACE FUNCTION github_sync.@record@_release_paused(repo_id bigint, paused_until timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.@record@_sync_transactions SET next_attempt_at = NULL
	WHERE id IN (SELECT q.id FROM github_sync.@record@_sync_transactions AS q
		WHERE q.state = 'queued' AND q.next_attempt_at = paused_until AND q.github_repo_id = repo_id
		FOR NO KEY UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_release_paused(bigint, timestamptz) IS
'private: transactions that a repository''s pause took out of the line may be claimed before it would have ended';
