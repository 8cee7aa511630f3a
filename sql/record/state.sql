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
	NEW.finished_at := CASE WHEN NEW.state NOT IN ('queued', 'processing') THEN clock_timestamp() END;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_change_state() IS
'private: the guard of the state machine: turns an event into a state by state_transitions and refuses the rest';

/* Inlined where it is used: whoever reads a view calls it. */
CREATE OR REPLACE FUNCTION github_sync.@record@_mends(
	later github_sync.@record@_sync_transactions, errored github_sync.@record@_sync_transactions)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN (later).finished_at > (errored).finished_at AND (
	(later).action = (errored).action AND (
		/* An outbound one takes over what GitHub has, too; as a duplicate it found that both sides agree. */
		(later).state = 'completed' AND ((later).direction = (errored).direction OR (errored).direction = 'inbound')
		OR (later).state = 'duplicate' AND (later).direction = (errored).direction
			AND ((later).direction = 'outbound' OR (later).claim_no > 0))
	/* GitHub has it no longer: there is nothing to take over. */
	OR (later).action = 'delete' AND (later).state = 'completed'
		AND (later).direction = 'inbound' AND (errored).direction = 'inbound');
COMMENT ON FUNCTION github_sync.@record@_mends(
	github_sync.@record@_sync_transactions, github_sync.@record@_sync_transactions) IS
'private: a transaction of the same record did what an errored one before it was to do';
