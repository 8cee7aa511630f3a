/*
 * Webhook deliveries: received, kept for seven days, and turned into what they
 * are about.
 *
 * Receiving never waits long, whatever somebody has locked: what cannot be had
 * within half a second is left to the worker, which does not wait at all.
 *
 * A call that fails leaves nothing behind: the delivery can be sent again.
 */

CREATE OR REPLACE FUNCTION github_sync.hear_of(event text, facts github_sync.event_facts) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	effect text := (SELECT a.effect FROM github_sync.webhook_actions AS a
		WHERE a.event = hear_of.event AND a.action = facts.action);
BEGIN
	IF effect IS NULL THEN
		RETURN format('ignored: nothing here depends on %s', concat_ws('.', event, facts.action));
	ELSIF facts.is_another_events THEN
		RETURN format('ignored: the payload is not one of event %s', event);
	END IF;
	PERFORM github_sync.check_not_ahead(told.at, format('updated_at of the %s', told.what),
		format('Such a webhook would outrank all that is told of the %s later.', told.what))
	FROM (VALUES (facts.installation_updated_at, 'installation'),
		(facts.repo_updated_at, 'repository')) AS told (at, what);
	RETURN CASE split_part(effect, ' ', 1)
		WHEN 'installation' THEN github_sync.hear_of_installation(effect, facts)
		WHEN 'repositories' THEN github_sync.hear_of_listed_repositories(facts)
		WHEN 'repository' THEN github_sync.hear_of_repository(effect, facts)
		ELSE github_sync.hear_of_record(effect, facts)
	END;
END
$$;
COMMENT ON FUNCTION github_sync.hear_of(text, github_sync.event_facts) IS
'private: does what webhook_actions says that an event does; returns what came of it';

CREATE OR REPLACE FUNCTION github_sync.try_delivery(delivery github_sync.webhook_deliveries) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	RETURN github_sync.hear_of(delivery.event,
		jsonb_populate_record(NULL::github_sync.event_facts, delivery.facts));
EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN
	RETURN 'pending';
WHEN foreign_key_violation THEN
	/* It was disconnected, or moved to another server, since it was looked up a moment ago. */
	IF github_sync.is_connected(delivery.github_repo_id) IS TRUE THEN
		RAISE;
	END IF;
	RETURN 'ignored: unknown repository';
END
$$;
COMMENT ON FUNCTION github_sync.try_delivery(github_sync.webhook_deliveries) IS
'private: does what a delivery asks for; pending: somebody holds what it is about';

CREATE OR REPLACE FUNCTION github_sync.note_outcome(delivery_id text, outcome text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.webhook_deliveries AS d SET outcome = note_outcome.outcome,
		finished_at = CASE WHEN note_outcome.outcome <> 'pending' THEN clock_timestamp() END
	WHERE d.delivery_id = note_outcome.delivery_id;
END
$$;
COMMENT ON FUNCTION github_sync.note_outcome(text, text) IS
'private: what came of a delivery; pending: nothing yet';

CREATE OR REPLACE FUNCTION github_sync.note_overwritten(event text, facts jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF event = 'issues' THEN
		PERFORM github_sync.task_note_overwritten((facts ->> 'issue_id')::bigint, facts -> 'texts')
		WHERE facts ? 'texts';
		PERFORM github_sync.task_note_lost_name((facts ->> 'issue_id')::bigint,
			(facts ->> 'issue_updated_at')::timestamptz, facts -> 'mark') WHERE facts ? 'mark';
	ELSIF to_regprocedure('github_sync.comment_note_overwritten(bigint, jsonb)') IS NOT NULL THEN
		PERFORM github_sync.comment_note_overwritten((facts ->> 'comment_id')::bigint, facts -> 'texts');
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.note_overwritten(text, jsonb) IS
'private: the one use that is made of texts in a payload: what an edit of ours replaced unseen goes to sync_conflicts, '
'and a label or assignee that it changed unseen to lost_names';

CREATE OR REPLACE FUNCTION github_sync.facts_to_keep(facts jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
	list text;
BEGIN
	facts := facts - '{texts,mark}'::text[];
	/* An installation may have thousands of repositories. */
	FOREACH list IN ARRAY ARRAY['repositories_added', 'repositories_removed'] LOOP
		IF facts ? list THEN
			facts := jsonb_set(facts, ARRAY[list], coalesce(to_jsonb(github_sync.known_repositories(
				ARRAY(SELECT jsonb_array_elements_text(facts -> list)::bigint))), '[]'));
		END IF;
	END LOOP;
	RETURN facts;
END
$$;
COMMENT ON FUNCTION github_sync.facts_to_keep(jsonb) IS
'private: what a delivery tells, without texts, and of repositories in lists those that are connected';

CREATE OR REPLACE FUNCTION github_sync.check_delivery(event text, delivery_id text, body bytea) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF event IS NULL OR delivery_id IS NULL OR body IS NULL THEN
		RAISE null_value_not_allowed USING
			MESSAGE = format('a webhook delivery needs %s', CASE WHEN event IS NULL THEN 'its event'
				WHEN delivery_id IS NULL THEN 'its id' ELSE 'its payload' END),
			HINT = 'They are the headers X-GitHub-Event and X-GitHub-Delivery, and the body, of GitHub''s request.';
	ELSIF length(event) NOT BETWEEN 1 AND 100 OR length(delivery_id) NOT BETWEEN 1 AND 200 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a webhook delivery has an event of 1 to 100 characters, and an id of 1 to 200',
			HINT = 'They are the headers X-GitHub-Event and X-GitHub-Delivery of GitHub''s request.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_delivery(text, text, bytea) IS
'private: a clear error for a delivery without one of its parts (22004), or with what cannot be one (22023)';

CREATE OR REPLACE FUNCTION github_sync.take_delivery(event text, delivery_id text, body bytea) RETURNS text
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	told jsonb;
	facts jsonb;
	delivery github_sync.webhook_deliveries;
	outcome text;
BEGIN
	told := github_sync.webhook_facts(event, body);
	facts := github_sync.facts_to_keep(told);
	/* As most end: nobody sees it before the outcome is known, and one row version does. */
	INSERT INTO github_sync.webhook_deliveries AS d
		(delivery_id, event, action, github_repo_id, installation_id, facts, outcome, finished_at)
	VALUES (delivery_id, event, facts ->> 'action', (facts ->> 'repo_id')::bigint,
		(facts ->> 'installation_id')::bigint, facts, 'queued', clock_timestamp())
	/* What was not known then may have been connected since, and what failed may have been mended. */
	ON CONFLICT ON CONSTRAINT webhook_deliveries_pkey DO UPDATE SET
		received_at = clock_timestamp(), outcome = excluded.outcome, finished_at = excluded.finished_at,
		facts = excluded.facts
	WHERE d.outcome ~ '^(ignored: unknown |ignored: comments are not attached|failed: )'
	RETURNING d.* INTO delivery;
	IF NOT FOUND THEN
		RETURN 'duplicate delivery';
	END IF;
	PERFORM github_sync.note_overwritten(event, told) WHERE told ?| '{texts,mark}';
	outcome := github_sync.try_delivery(delivery);
	PERFORM github_sync.note_outcome(delivery_id, outcome) WHERE outcome <> 'queued';
	PERFORM github_sync.wake() WHERE outcome = 'pending';
	RETURN outcome;
END
$$;
COMMENT ON FUNCTION github_sync.take_delivery(text, text, bytea) IS
'private: stores a delivery that is genuine, and does what it asks for, or leaves that to the worker';

CREATE OR REPLACE FUNCTION github_sync.receive_webhook(event text, delivery_id text, signature text, body bytea)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.check_delivery(event, delivery_id, body);
	IF github_sync.webhook_is_signed(signature, body) IS NOT TRUE THEN
		RAISE invalid_authorization_specification USING
			MESSAGE = 'the signature of the webhook is not that of its body',
			HINT = 'The body has to be the bytes that GitHub sent, the signature the header X-Hub-Signature-256, and '
				'the secret of the webhook a line of github_sync.webhook_secret_file.';
	END IF;
	RETURN github_sync.take_delivery(event, delivery_id, body);
END
$$;
COMMENT ON FUNCTION github_sync.receive_webhook(text, text, text, bytea) IS
'public: takes a delivery of GitHub''s: X-GitHub-Event, X-GitHub-Delivery, X-Hub-Signature-256 and the bytes of the '
'body. Returns queued; pending (somebody holds what it is about: the worker ends it); duplicate delivery; or ignored, '
'and why. Raises 28000 for another signature, and stores nothing then; 22023 for a payload that is not the event''s, '
'22004 where a part is missing, 22008 for a time more than a day ahead, 55000 and F0000 where the secrets cannot be '
'read. See grant_webhooks()';

CREATE OR REPLACE FUNCTION github_sync.ingest_webhook(event text, delivery_id text, payload json) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
	body bytea := convert_to(payload::text, 'UTF8');
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.check_delivery(event, delivery_id, body);
	RETURN github_sync.take_delivery(event, delivery_id, body);
END
$$;
COMMENT ON FUNCTION github_sync.ingest_webhook(text, text, json) IS
'public: the same as receive_webhook() for a delivery whose signature the caller has verified';

CREATE OR REPLACE FUNCTION github_sync.end_or_leave(delivery github_sync.webhook_deliveries) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
BEGIN
	outcome := github_sync.try_delivery(delivery);
	PERFORM github_sync.note_outcome(delivery.delivery_id, outcome) WHERE outcome <> 'pending';
	RETURN outcome <> 'pending';
EXCEPTION WHEN OTHERS OR assert_failure THEN
	PERFORM github_sync.note_outcome(delivery.delivery_id, format('failed: %s (%s)',
		github_sync.shortened(SQLERRM), SQLSTATE));
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.end_or_leave(github_sync.webhook_deliveries) IS
'private: ends a delivery that is pending; false: somebody still holds what it is about. What fails stops no other one';

CREATE OR REPLACE FUNCTION github_sync.is_free(delivery github_sync.webhook_deliveries) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	facts github_sync.event_facts;
BEGIN
	facts := jsonb_populate_record(NULL::github_sync.event_facts, delivery.facts);
	IF facts.comment_id IS NULL THEN
		RETURN facts.issue_id IS NULL OR github_sync.task_lock_shown_skip_locked(facts.issue_id);
	END IF;
	RETURN to_regprocedure('github_sync.comment_lock_shown_skip_locked(bigint)') IS NULL
		OR github_sync.comment_lock_shown_skip_locked(facts.comment_id);
EXCEPTION WHEN OTHERS OR assert_failure THEN
	RETURN true;
END
$$;
COMMENT ON FUNCTION github_sync.is_free(github_sync.webhook_deliveries) IS
'private: false: somebody holds the record that a delivery is about, so that it need not be tried, which takes longer';

/* A round of the worker waits for nobody, and looks for so long. */
CREATE OR REPLACE FUNCTION github_sync.end_pending_deliveries() RETURNS timestamptz
LANGUAGE plpgsql SET lock_timeout = '10ms' AS $$
DECLARE
	held_again_after CONSTANT interval := '1 second'; /* nobody tells when it is let go of */
	until CONSTANT timestamptz := clock_timestamp() + interval '100 ms';
	most_held CONSTANT integer := 5; /* though they seemed to be free */
	delivery github_sync.webhook_deliveries;
	held integer := 0;
	ended text[] := '{}';
BEGIN
	/* In any order: those that stay held must not keep the others waiting. */
	FOR delivery IN
		SELECT * FROM github_sync.webhook_deliveries AS d WHERE d.outcome = 'pending' ORDER BY random()
	LOOP
		EXIT WHEN held = most_held OR clock_timestamp() > until;
		CONTINUE WHEN NOT github_sync.is_free(delivery);
		PERFORM 1 FROM github_sync.webhook_deliveries AS d
		WHERE d.delivery_id = delivery.delivery_id AND d.outcome = 'pending' FOR UPDATE SKIP LOCKED;
		CONTINUE WHEN NOT FOUND;
		IF github_sync.end_or_leave(delivery) THEN
			ended := ended || delivery.delivery_id;
		ELSE
			held := held + 1;
		END IF;
	END LOOP;
	RETURN CASE
		WHEN NOT EXISTS (SELECT FROM github_sync.webhook_deliveries AS d WHERE d.outcome = 'pending') THEN NULL
		/* There are more; but where the owner's triggers undo it, nothing is gained by going on at once. */
		WHEN held < most_held AND EXISTS (SELECT FROM github_sync.webhook_deliveries AS d
			WHERE d.delivery_id = ANY (ended) AND d.outcome <> 'pending') THEN clock_timestamp()
		ELSE clock_timestamp() + held_again_after END;
END
$$;
COMMENT ON FUNCTION github_sync.end_pending_deliveries() IS
'private: ends deliveries that were left pending; returns when others are to be, NULL: there are none';

CREATE OR REPLACE FUNCTION github_sync.forget_deliveries() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	kept_for CONSTANT interval := '7 days';
	most_at_once CONSTANT integer := 1000;
	forgotten integer;
BEGIN
	DELETE FROM github_sync.webhook_deliveries WHERE delivery_id IN (
		SELECT d.delivery_id FROM github_sync.webhook_deliveries AS d
		WHERE d.received_at < (SELECT clock_timestamp()) - kept_for AND d.outcome <> 'pending'
		ORDER BY d.received_at LIMIT most_at_once FOR UPDATE SKIP LOCKED);
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	RETURN forgotten = most_at_once;
END
$$;
COMMENT ON FUNCTION github_sync.forget_deliveries() IS
'private: deletes deliveries that GitHub has forgotten long since: it can redeliver for three days; true: there are '
'more of them';
