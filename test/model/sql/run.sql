/*
 * Operations that belong to no record type; histories; and where they begin.
 */
CREATE FUNCTION model.common_step(op jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	settings jsonb := op -> 'settings';
BEGIN
	CASE op ->> 'does'
		WHEN 'retry all' THEN
			RETURN github_sync.retry_errored();
		WHEN 'set repo' THEN
			UPDATE github_sync.github_repos AS r SET
				sync_enabled = coalesce((settings ->> 'enabled')::boolean, r.sync_enabled),
				sync_direction = coalesce(settings ->> 'direction', r.sync_direction),
				conflict_policy = coalesce(settings ->> 'policy', r.conflict_policy),
				on_local_delete = coalesce(settings ->> 'onLocalDelete', r.on_local_delete),
				on_remote_delete = coalesce(settings ->> 'onRemoteDelete', r.on_remote_delete)
			WHERE r.id = (op ->> 'repo')::bigint;
		WHEN 'set repo sync' THEN
			PERFORM github_sync.set_repo_sync((op ->> 'repo')::bigint, (op ->> 'enabled')::boolean);
		WHEN 'name repo' THEN
			UPDATE github_sync.github_repos SET owner_login = 'octo', name = op ->> 'name' WHERE id = (op ->> 'repo')::bigint;
		WHEN 'repo answered' THEN
			PERFORM github_sync.report_repo_name((op ->> 'asked')::bigint, (op ->> 'answered')::bigint, 'octo', op ->> 'name');
		WHEN 'repo confirmed' THEN
			PERFORM github_sync.confirm_repo_name((op ->> 'repo')::bigint);
		WHEN 'prune' THEN
			RETURN github_sync.prune(interval '0');
		WHEN 'set installation' THEN
			UPDATE github_sync.github_app_installations SET state = op ->> 'state' WHERE id = 10;
		WHEN 'pause' THEN
			IF (op ->> 'paused')::boolean THEN
				PERFORM github_sync.pause_installation(10, clock_timestamp() + interval '1 hour', 'rate limit', 'rate limit');
			ELSE
				/* Its time comes, and GitHub answers. */
				UPDATE github_sync.github_app_installations SET paused_until = clock_timestamp() WHERE paused_until IS NOT NULL;
				PERFORM github_sync.resume_installation(10, clock_timestamp());
			END IF;
		WHEN 'time passes' THEN
			UPDATE github_sync.github_repos SET paused_until = clock_timestamp() WHERE paused_until IS NOT NULL;
			UPDATE github_sync.task_sync_transactions SET inserted_at = inserted_at - interval '1 hour',
				next_attempt_at = CASE WHEN next_attempt_at < 'infinity' THEN clock_timestamp() ELSE next_attempt_at END;
			UPDATE github_sync.comment_sync_transactions SET inserted_at = inserted_at - interval '1 hour',
				next_attempt_at = CASE WHEN next_attempt_at < 'infinity' THEN clock_timestamp() ELSE next_attempt_at END;
			UPDATE github_sync.task_creation_attempts SET sent_at = sent_at - interval '1 hour';
			UPDATE github_sync.comment_creation_attempts SET sent_at = sent_at - interval '1 hour';
			UPDATE github_sync.github_issues SET settle_at = to_timestamp(id) WHERE settle_at IS NOT NULL;
			UPDATE github_sync.github_comments SET settle_at = to_timestamp(id) WHERE settle_at IS NOT NULL;
			PERFORM github_sync.task_release_due(), github_sync.comment_release_due();
	END CASE;
	RETURN '';
END
$$;

/* -> what the operation answered, or what it raised, and the state that follows */
CREATE FUNCTION model.step(op jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	told text;
	message text;
BEGIN
	BEGIN
		told := CASE op ->> 'type' WHEN 'comment' THEN model.comment_step(op) ELSE model.task_step(op) END;
	EXCEPTION WHEN OTHERS THEN
		told := 'raised ' || SQLSTATE;
		message := SQLERRM;
	END;
	RETURN jsonb_build_array(told, model.observe(), message);
END
$$;

CREATE FUNCTION model.run(operations jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
	op jsonb;
BEGIN
	FOR op IN SELECT value FROM jsonb_array_elements(operations) LOOP
		RETURN NEXT model.step(op);
	END LOOP;
END
$$;

/* The same without the state, which others are changing just now. */
CREATE FUNCTION model.step_beside_others(op jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	PERFORM model.lose_deadlocks((op ->> 'isReport')::boolean);
	RETURN jsonb_build_array(CASE op ->> 'type' WHEN 'comment' THEN model.comment_step(op) ELSE model.task_step(op) END, NULL);
EXCEPTION WHEN OTHERS THEN
	RETURN jsonb_build_array('raised ' || SQLSTATE, SQLERRM);
END
$$;

/* Whoever comes now meets at the records, until commit. */
CREATE FUNCTION model.hold_records() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM github_sync.github_issues FOR UPDATE;
	PERFORM 1 FROM github_sync.github_comments FOR UPDATE;
END
$$;

/* Until each of the sessions waits for a lock, or is done; they are quick, so not for long. */
CREATE FUNCTION model.await_meeting(sessions integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR attempt IN 1 .. 40 LOOP
		EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_get_activity(NULL) AS s
			WHERE s.pid = ANY (sessions) AND s.state = 'active' AND s.wait_event_type IS DISTINCT FROM 'Lock');
		PERFORM pg_sleep(0.0005);
	END LOOP;
END
$$;

/* places: of every transaction, also of those that are not in line just now. */
CREATE FUNCTION model.state_and_counters() RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN jsonb_build_object('state', model.observe(), 'places', jsonb_build_object(
		'task', (SELECT jsonb_object_agg(t.id, t.place) FROM (
			SELECT id, dense_rank() OVER (ORDER BY queued_at) AS place FROM github_sync.task_sync_transactions) AS t),
		'comment', (SELECT jsonb_object_agg(t.id, t.place) FROM (
			SELECT id, dense_rank() OVER (ORDER BY queued_at) AS place FROM github_sync.comment_sync_transactions) AS t)),
		'counters', jsonb_build_object(
		'task', jsonb_build_object(
			'nextTransaction', model.next_id('github_sync.task_sync_transactions'),
			'nextRow', model.next_id('app.tasks'), 'nextAttempt', model.next_id('github_sync.task_creation_attempts')),
		'comment', jsonb_build_object(
			'nextTransaction', model.next_id('github_sync.comment_sync_transactions'),
			'nextRow', model.next_id('app.comments'), 'nextAttempt', model.next_id('github_sync.comment_creation_attempts'))));
END
$$;

CREATE FUNCTION model.next_id(of_table regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	next_value bigint;
BEGIN
	EXECUTE format('SELECT last_value + is_called::integer FROM %s', pg_get_serial_sequence(of_table::text, 'id')) INTO next_value;
	RETURN next_value;
END
$$;

/* As before the first history. */
CREATE FUNCTION model.reset() RETURNS void LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
	TRUNCATE app.tasks, app.comments, github_sync.github_issues, github_sync.github_comments, github_sync.task_sync_transactions,
		github_sync.comment_sync_transactions, github_sync.task_creation_attempts, github_sync.comment_creation_attempts,
		github_sync.sync_conflicts, github_sync.sent_sets, github_sync.lost_names, github_sync.noted_problems;
	UPDATE github_sync.github_app_installations SET state = 'active', paused_until = NULL, pause_kind = NULL, pause_reason = NULL;
	UPDATE github_sync.github_repos SET sync_enabled = DEFAULT, access_lost = DEFAULT, paused_until = NULL, pause_reason = NULL,
		sync_direction = DEFAULT, conflict_policy = DEFAULT, on_remote_delete = DEFAULT, on_local_delete = DEFAULT,
		name = CASE id WHEN 1 THEN 'app' ELSE 'site' END;
	UPDATE github_sync.github_repos SET name_lost = false;
	PERFORM github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false);
	PERFORM model.restart_ids();
END
$$;

/* Ids begin where the model's do. */
CREATE FUNCTION model.restart_ids() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setval(pg_get_serial_sequence('github_sync.task_sync_transactions', 'id'), 1, false),
		setval(pg_get_serial_sequence('github_sync.comment_sync_transactions', 'id'), 1, false),
		setval(pg_get_serial_sequence('github_sync.task_creation_attempts', 'id'), 1, false),
		setval(pg_get_serial_sequence('github_sync.comment_creation_attempts', 'id'), 1, false),
		setval(pg_get_serial_sequence('app.tasks', 'id'), 101, false),
		setval(pg_get_serial_sequence('app.comments', 'id'), 101, false);
END
$$;
