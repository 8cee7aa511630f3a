/*
 * The guard of the state machine: a state changes by an event that
 * state_transitions lists for it, and by nothing else; a row that begins in another
 * state than queued is history, which only the owner of the queue may insert.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_check_history() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT pg_has_role(current_user, (SELECT c.relowner FROM pg_class AS c WHERE c.oid = TG_RELID), 'MEMBER') THEN
		RAISE insufficient_privilege USING
			MESSAGE = 'only the owner of the queue may insert history',
			DETAIL = 'A row with a state other than queued, or with queued_at, is stored as it is.',
			HINT = 'Leave out state and queued_at: the rules decide them.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_check_history() IS
'private: a restore or an import stores rows as they are; nobody else may';

CREATE OR REPLACE FUNCTION github_sync.@record@_change_state() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NEW.event IS NULL THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('the state of @record@ sync transaction %s cannot be changed by hand', OLD.id),
			DETAIL = 'States follow from events, so that the queue stays consistent.',
			HINT = 'Use github_sync.retry_@record@_sync_transaction(id) for an errored one; '
				'insert a new one for anything else.';
	END IF;
	SELECT s.next_state INTO NEW.state FROM github_sync.state_transitions AS s
	WHERE s.state = OLD.state AND s.event = NEW.event;
	IF NOT FOUND THEN
		RAISE object_not_in_prerequisite_state USING
			MESSAGE = format('@record@ sync transaction %s is %s: event "%s" cannot happen to it',
				OLD.id, OLD.state, NEW.event);
	END IF;
	NEW.event := NULL;
	IF NEW.last_error IS NOT NULL OR NEW.error_reason IS NOT NULL THEN
		NEW.last_error := github_sync.shortened(NEW.last_error);
		NEW.error_reason := github_sync.shortened(NEW.error_reason);
	END IF;
	IF NEW.state = 'processing' THEN
		NEW.claim_no := OLD.claim_no + 1;
		NEW.processing_at := clock_timestamp();
	ELSE
		NEW.claimed_by := NULL;
	END IF;
	PERFORM github_sync.@record@_note_change(OLD.id);
	NEW.finished_at := CASE WHEN NEW.state NOT IN ('queued', 'processing') THEN clock_timestamp() END;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_change_state() IS
'private: the guard of the state machine: turns an event into a state by state_transitions and refuses the rest';
