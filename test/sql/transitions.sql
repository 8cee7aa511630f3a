--
-- States follow from events: every pair of state and event, and what is refused
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- the whole state machine
SELECT state, event, next_state FROM github_sync.state_transitions ORDER BY state, event;

-- a row in each state; history is stored as it is, for the owner
INSERT INTO github_sync.github_issues (github_repo_id, number) VALUES (1, 1);
CREATE FUNCTION put_in_state(wanted text) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO github_sync.task_sync_transactions (direction, state, github_repo_id, github_issue_id, github_updated_at, queued_at,
		disabled_reason, error_code, error_reason)
	VALUES ('inbound', wanted, 1, 1, at(1), at(1), CASE WHEN wanted = 'disabled' THEN 'repo' END,
		CASE WHEN wanted = 'errored' THEN 'forbidden' END, CASE WHEN wanted = 'errored' THEN 'no' END)
	RETURNING id
$$;
CREATE FUNCTION happens(event text, state text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	transaction bigint;
	result text;
BEGIN
	transaction := put_in_state(state);
	UPDATE github_sync.task_sync_transactions AS t SET event = happens.event,
		disabled_reason = CASE WHEN happens.event = 'sync disabled' THEN 'repo' END,
		error_code = CASE WHEN happens.event = 'failed' THEN 'forbidden' END,
		error_reason = CASE WHEN happens.event = 'failed' THEN 'no' END
	WHERE t.id = transaction RETURNING t.state INTO result;
	DELETE FROM github_sync.task_sync_transactions WHERE id = transaction;
	RETURN result;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN 'refused';
END
$$;
-- every event in every state leads where the table says, or is refused
SELECT states.state, events.event, happens(events.event, states.state) AS result
FROM (VALUES ('queued'), ('processing'), ('completed'), ('errored'), ('canceled'), ('dropped'), ('duplicate'), ('disabled')) AS states (state)
CROSS JOIN (SELECT DISTINCT event FROM github_sync.state_transitions UNION SELECT 'abducted') AS events
LEFT JOIN github_sync.state_transitions AS allowed ON allowed.state = states.state AND allowed.event = events.event
WHERE happens(events.event, states.state) <> coalesce(allowed.next_state, 'refused');
SELECT count(*) FILTER (WHERE result = 'refused') AS refused, count(*) FILTER (WHERE result <> 'refused') AS allowed
FROM (
	SELECT happens(events.event, states.state) AS result
	FROM (VALUES ('queued'), ('processing'), ('completed'), ('errored'), ('canceled'), ('dropped'), ('duplicate'), ('disabled')) AS states (state)
	CROSS JOIN (SELECT DISTINCT event FROM github_sync.state_transitions) AS events) AS all_pairs;
-- the end states have no way out
SELECT state FROM unnest('{completed,canceled,duplicate}'::text[]) AS state
WHERE state IN (SELECT t.state FROM github_sync.state_transitions AS t);

-- what an event brings with it
CALL start_afresh();
INSERT INTO github_sync.github_issues (github_repo_id, number) VALUES (1, 1);
SELECT put_in_state('queued') AS id \gset
UPDATE github_sync.task_sync_transactions SET event = 'claimed', claimed_by = 4711 WHERE id = :id
RETURNING state, claim_no, claimed_by, processing_at IS NOT NULL, finished_at, event;
UPDATE github_sync.task_sync_transactions SET event = 'given back' WHERE id = :id
RETURNING state, claim_no, claimed_by, processing_at IS NOT NULL, finished_at, event;
UPDATE github_sync.task_sync_transactions SET event = 'claimed' WHERE id = :id
RETURNING state, claim_no;
UPDATE github_sync.task_sync_transactions SET event = 'completed' WHERE id = :id
RETURNING state, claim_no, claimed_by, finished_at IS NOT NULL;

-- by hand it is refused, also for the owner and a superuser, with the name of the function to use
\set SHOW_CONTEXT never
SELECT put_in_state('errored') AS id \gset
UPDATE github_sync.task_sync_transactions SET state = 'queued' WHERE id = :id;
\echo :SQLSTATE
RESET SESSION AUTHORIZATION;
UPDATE github_sync.task_sync_transactions SET state = 'completed' WHERE id = :id;
SET SESSION AUTHORIZATION regress_owner;
UPDATE github_sync.task_sync_transactions SET event = 'completed' WHERE id = :id;
UPDATE github_sync.task_sync_transactions SET event = 'abducted' WHERE id = :id;
\echo :SQLSTATE
\set VERBOSITY terse
-- so are states that there are not
INSERT INTO github_sync.task_sync_transactions (direction, state) VALUES ('inbound', 'lost');
UPDATE github_sync.task_sync_transactions SET state = 'lost' WHERE id = :id;
\set VERBOSITY default
-- a state that stays the same is no change
UPDATE github_sync.task_sync_transactions SET state = 'errored', priority = 1 WHERE id = :id RETURNING state;

-- a reason exactly when there is one to give
\set VERBOSITY terse
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id) VALUES ('inbound', 'errored', 1);
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id, error_code) VALUES ('inbound', 'errored', 1, 'gone');
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id, error_code, error_reason) VALUES ('inbound', 'completed', 1, 'gone', 'gone');
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id) VALUES ('inbound', 'disabled', 1);
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id, disabled_reason) VALUES ('inbound', 'disabled', 1, 'mood');
-- one in processing per record
SELECT put_in_state('processing') \g /dev/null
SELECT put_in_state('processing');

\set VERBOSITY default
-- history is for the owner: nobody else chooses a state or a place in line
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA github_sync TO regress_app;
GRANT INSERT, SELECT ON github_sync.task_sync_transactions TO regress_app;
GRANT USAGE ON SCHEMA world TO regress_app;
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id, github_repo_id, github_updated_at)
VALUES ('inbound', 'completed', 1, 1, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, queued_at, github_issue_id, github_repo_id, github_updated_at)
VALUES ('inbound', at(1), 1, 1, at(2));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_repo_id, github_updated_at)
VALUES ('inbound', 1, 1, at(2)) RETURNING state;
UPDATE github_sync.task_sync_transactions SET event = 'claimed';
-- a member of the owner may
RESET SESSION AUTHORIZATION;
GRANT regress_owner TO regress_app;
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, state, github_issue_id, github_repo_id, github_updated_at, queued_at)
VALUES ('inbound', 'completed', 1, 1, at(1), at(0)) RETURNING state, second_of(github_updated_at), second_of(queued_at), finished_at;
-- a queued row with its place in line is restored as it is: no rule applies
INSERT INTO github_sync.task_sync_transactions (direction, queued_at, github_issue_id, github_repo_id, github_updated_at)
VALUES ('inbound', at(0), 1, 1, at(0)) RETURNING state, second_of(queued_at);
RESET SESSION AUTHORIZATION;
REVOKE regress_owner FROM regress_app;
