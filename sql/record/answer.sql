/*
 * GitHub answered with the resource: whether that is the record's, whether the
 * answer may be believed, what it changes on either side, and what follows.
 *
 * The worker calls _report_answers, for a set, and _report_answer, for a set of
 * one.  Both are fenced by (id, claim_no): of a claim that is no longer the
 * transaction's they change nothing and say stale.  Of a record, its local row,
 * its repository and its transaction each is read once; the local row is
 * written when its answer is merged, record and transaction at the end, those
 * of the set by one statement each.
 */

/* GitHub's replicas lag for seconds; what is still there after so many answers is GitHub's truth. */
CREATE OR REPLACE FUNCTION github_sync.@record@_lagging_answers_refused() RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN 5;
COMMENT ON FUNCTION github_sync.@record@_lagging_answers_refused() IS
'private: how many answers of a lagging replica are refused before one is taken';

CREATE OR REPLACE FUNCTION github_sync.@record@_wait_for_replica(lagging_answers integer) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN ('{2 s,5 s,15 s,30 s,60 s}'::interval[])[lagging_answers];
COMMENT ON FUNCTION github_sync.@record@_wait_for_replica(integer) IS
'private: after which time a resource is fetched again whose answer, the first, second ... of them, came from a '
'lagging replica';

/* Replicas are this far behind at most: a value that is older was written since by somebody. */
CREATE OR REPLACE FUNCTION github_sync.@record@_longest_lag() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '60 seconds';
COMMENT ON FUNCTION github_sync.@record@_longest_lag() IS
'private: how long a read may take back, within one second of GitHub''s clock, what we have just written';

/* Of any inbound transaction, whatever became of it: GitHub has said that there is such a version. */
CREATE OR REPLACE FUNCTION github_sync.@record@_is_behind(
	cached github_sync.@resources@, answer github_sync.answer)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN ((answer.resource).updated_at < cached.github_updated_at
		OR (answer.resource).updated_at < (SELECT max(q.github_updated_at)
			FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.action = 'upsert')) IS TRUE;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_behind(github_sync.@resources@, github_sync.answer) IS
'private: a read that is older than the newest version that we were told of or have seen';

/* What no replica has shown since for longer than they lag would be asked for each minute, for ever. */
CREATE OR REPLACE FUNCTION github_sync.@record@_was_told_lately(
	cached github_sync.@resources@, answer github_sync.answer)
RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.action = 'upsert'
			AND q.github_updated_at > (answer.resource).updated_at
			AND q.inserted_at > (SELECT clock_timestamp()) - github_sync.@record@_is_news_for())
$$;
COMMENT ON FUNCTION github_sync.@record@_was_told_lately(github_sync.@resources@, github_sync.answer) IS
'private: a version that is newer than an answer was told of a moment ago, so that a replica may not have heard of it';

CREATE OR REPLACE FUNCTION github_sync.@record@_takes_back(
	cached github_sync.@resources@, answer github_sync.answer)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
	known CONSTANT text[] := github_sync.@record@_remote_fields(cached);
	shown CONSTANT text[] := github_sync.@record@_shown_fields(answer.resource);
BEGIN
	FOR i IN 1 .. cardinality(known) LOOP
		IF cached.written_at[i] > answer.answered_at - github_sync.@record@_longest_lag()
			AND github_sync.same_text(cached.replaced[i], shown[i])
			AND NOT github_sync.same_text(known[i], shown[i]) THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_takes_back(github_sync.@resources@, github_sync.answer) IS
'private: a read of the second in which we wrote shows what was there before';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_lagging(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer,
	is_behind boolean)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN t.lagging_answers < github_sync.@record@_lagging_answers_refused()
		AND (is_behind
			OR answer.kind IN ('fetched', 'not modified') AND t.direction = 'inbound' AND t.action = 'delete'
			OR answer.kind = 'fetched' AND cached.written_at IS NOT NULL
				AND (answer.resource).updated_at = cached.github_updated_at
				AND github_sync.@record@_takes_back(cached, answer));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_lagging(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer, boolean) IS
'private: the answer of a replica that is behind, that takes back what we have just written, or that still shows what '
'we were told is deleted';

CREATE OR REPLACE FUNCTION github_sync.@record@_refuse_lagging(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	t.lagging_answers := t.lagging_answers + 1;
	RETURN github_sync.@record@_give_back_held(t, cached,
		format('GitHub answered with the state of %s', (answer.resource).updated_at),
		clock_timestamp() + github_sync.@record@_wait_for_replica(t.lagging_answers));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_refuse_lagging(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: asked again shortly, and counted: not as an attempt';

CREATE OR REPLACE FUNCTION github_sync.@record@_is_about_base(
	cached github_sync.@resources@, answer github_sync.answer)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT cached.remote_base IS NOT NULL AND cached.etag IS NOT DISTINCT FROM answer.etag
$$;
COMMENT ON FUNCTION github_sync.@record@_is_about_base(github_sync.@resources@, github_sync.answer) IS
'private: the ETag of an answer 304 still stands for the base that is kept: neither was replaced or let go of '
'meanwhile';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_remote(
	INOUT cached github_sync.@resources@, shown github_sync.resource)
LANGUAGE plpgsql AS $$
DECLARE
	previous text[] := github_sync.@record@_remote_fields(cached);
	remote text[] := github_sync.@record@_shown_fields(shown);
BEGIN
	FOR i IN 1 .. cardinality(remote) LOOP
		IF cached.remote_changed_at[i] IS NULL OR NOT github_sync.same_text(previous[i], remote[i]) THEN
			cached.remote_changed_at[i] := shown.updated_at;
		END IF;
	END LOOP;
--@task	cached.number := shown.number;
--@task	cached.is_pull_request := shown.is_pull_request;
--@task	cached.title := remote[github_sync.task_title_position()];
--@task	cached.state := shown.state;
--@task	cached.state_reason := shown.state_reason;
--@task	cached.closed_at := shown.closed_at;
--@task	cached.marks := shown.marks;
	cached.body := remote[github_sync.@record@_body_position()];
	cached.author_login := shown.author_login;
	cached.html_url := shown.html_url;
	cached.github_created_at := shown.created_at;
	cached.github_updated_at := shown.updated_at;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_remote(github_sync.@resources@, github_sync.resource) IS
'private: takes over what GitHub shows, and since when each mapped field is known to have its value';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_written(
	INOUT cached github_sync.@resources@, answer github_sync.answer)
LANGUAGE plpgsql AS $$
DECLARE
	known CONSTANT text[] := github_sync.@record@_remote_fields(cached);
	shown CONSTANT text[] := github_sync.@record@_shown_fields(answer.resource);
BEGIN
	FOR i IN 1 .. cardinality(shown) LOOP
		IF cached.sent_mask[i] AND (answer.kind = 'written' OR github_sync.same_text(shown[i], cached.sent[i])) THEN
			cached.written_at[i] := answer.answered_at;
			cached.replaced[i] := known[i];
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_written(github_sync.@resources@, github_sync.answer) IS
'private: when GitHub was seen to have what an update under way carries, and what it had before';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_answer(
	INOUT cached github_sync.@resources@, answer github_sync.answer, is_behind boolean)
LANGUAGE plpgsql AS $$
DECLARE
	settled_from CONSTANT timestamptz := (answer.resource).updated_at + github_sync.@record@_settling_time();
	is_change CONSTANT boolean := answer.kind IN ('written', 'created')
		OR (answer.resource).updated_at IS DISTINCT FROM cached.github_updated_at;
BEGIN
	IF cached.sent IS NOT NULL AND answer.kind IN ('written', 'fetched') THEN
		cached := github_sync.@record@_note_written(cached, answer);
	END IF;
	IF answer.kind <> 'not modified' THEN
		cached := github_sync.@record@_note_remote(cached, answer.resource);
		cached.etag := answer.etag;
		cached.etag_key := answer.etag_key;
	END IF;
	/* An answer that still lags is taken, but settles nothing. */
	IF NOT is_behind THEN
		cached.seen_at := greatest(cached.seen_at, answer.answered_at);
	END IF;
	IF is_behind THEN
		/* An older version than we have seen is asked for once more, too: it is news. */
		cached.settle_at := CASE WHEN is_change OR github_sync.@record@_was_told_lately(cached, answer)
			THEN clock_timestamp() + github_sync.@record@_settling_time() END;
	ELSIF cached.seen_at >= settled_from THEN
		cached.settle_at := NULL;
	ELSIF is_change THEN
		/* By GitHub's clock, whose times are whole seconds. */
		cached.settle_at := clock_timestamp() + (settled_from - answer.answered_at) + interval '1 second';
	END IF;
	cached.missing_since := NULL;
	cached.deleted_at := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_answer(github_sync.@resources@, github_sync.answer, boolean) IS
'private: what GitHub shows, when it was seen there, and when it is to be asked once more, as this answer does not '
'settle it; a tombstone is cleared';

CREATE OR REPLACE FUNCTION github_sync.@record@_end_without_row(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, kind text)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	event_of_end text := CASE
		WHEN t.direction = 'inbound' AND cached.local_deleted_at IS NOT NULL THEN 'overtaken'
		WHEN t.direction = 'outbound' AND kind IN ('fetched', 'not modified') THEN 'record deleted' END;
	end_state text;
BEGIN
	IF event_of_end IS NOT NULL THEN
		/* First: what comes back now is decided by what is known now. */
		PERFORM github_sync.@record@_save_record(cached);
		UPDATE github_sync.@record@_sync_transactions SET
			event = event_of_end, because = github_sync.@record@_reason_without_row(cached)
		WHERE id = t.id RETURNING state INTO end_state;
	END IF;
	RETURN end_state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_end_without_row(
	github_sync.@record@_sync_transactions, github_sync.@resources@, text) IS
'private: the end of an upsert whose local row was deleted or unlinked while GitHub was asked: inbound '
'dropped, outbound canceled; NULL: it goes on';

CREATE OR REPLACE FUNCTION github_sync.@record@_lost_ending(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS github_sync.ending
LANGUAGE plpgsql STABLE AS $$
DECLARE
	ending github_sync.ending;
BEGIN
	ending.event := 'overtaken';
	ending.because := 'a later change of the @record@ stands';
	SELECT o.id INTO ending.dropped_for FROM github_sync.@record@_sync_transactions AS o
	WHERE o.@resource@_id = cached.id AND o.state = 'queued' AND o.direction = 'outbound'
	ORDER BY o.id DESC LIMIT 1;
	RETURN ending;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_lost_ending(github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: the end of an inbound transaction all of whose changes lost: dropped, for the outbound one that is '
'queued, if there is one';

CREATE OR REPLACE FUNCTION github_sync.@record@_completed_ending(cached github_sync.@resources@)
RETURNS github_sync.ending
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	ending github_sync.ending;
BEGIN
	ending.event := 'completed';
	ending.local_key := cached.@record@_id;
	ending.github_id := cached.github_id;
--@task	ending.number := cached.number;
	ending.github_updated_at := cached.github_updated_at;
	RETURN ending;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_completed_ending(github_sync.@resources@) IS
'private: both sides agree on what the transaction carried';

CREATE OR REPLACE FUNCTION github_sync.@record@_merged_ending(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, merged github_sync.merge_result)
RETURNS github_sync.ending
LANGUAGE plpgsql STABLE AS $$
DECLARE
	ending github_sync.ending;
BEGIN
	IF t.direction = 'inbound' AND t.action = 'upsert' AND NOT merged.applied THEN
		IF merged.lost THEN
			RETURN github_sync.@record@_lost_ending(t, cached);
		END IF;
		SELECT c.id INTO ending.duplicate_of FROM github_sync.@record@_sync_transactions AS c
		WHERE c.@resource@_id = cached.id AND c.state = 'completed' AND c.action = 'upsert'
			AND c.github_updated_at = t.github_updated_at
		ORDER BY c.id DESC LIMIT 1;
		IF FOUND THEN
			ending.event := 'already carried';
			RETURN ending;
		END IF;
	END IF;
	RETURN github_sync.@record@_completed_ending(cached);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_merged_ending(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.merge_result) IS
'private: how a transaction that ran ends: completed, or duplicate or dropped when it found nothing to do';

CREATE OR REPLACE FUNCTION github_sync.@record@_end_transactions(
	ids bigint[], endings github_sync.ending[], OUT place integer, OUT state text)
RETURNS SETOF record
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY UPDATE github_sync.@record@_sync_transactions AS q SET event = e.event,
		duplicate_of = e.duplicate_of, dropped_for = e.dropped_for, because = e.because,
		@record@_id = coalesce(e.local_key::{{key_type}}, CASE WHEN e.event <> 'completed' THEN q.@record@_id END),
		@resource@_external_id = coalesce(e.github_id, q.@resource@_external_id),
--@task		github_issue_number = coalesce(e.number, q.github_issue_number),
		github_updated_at = coalesce(e.github_updated_at, q.github_updated_at)
	FROM unnest(endings) AS e WHERE q.id = ANY (ids) AND q.id = e.transaction_id
	RETURNING e.place, q.state;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_end_transactions(bigint[], github_sync.ending[]) IS
'private: ends transactions of held records, by their ids and how they end; returns the state that each has now';

CREATE OR REPLACE FUNCTION github_sync.@record@_send(
	INOUT cached github_sync.@resources@, fields text[], to_send boolean[], OUT follows github_sync.next_request)
LANGUAGE plpgsql AS $$
DECLARE
--@task	title CONSTANT integer := github_sync.task_title_position();
	body CONSTANT integer := github_sync.@record@_body_position();
--@task	state CONSTANT integer := github_sync.task_state_position();
BEGIN
	cached.sent := fields;
	cached.sent_mask := to_send;
	follows.result := 'send';
--@task	follows.issue_number := cached.number;
--@task	follows.send_title := to_send[title];
--@task	follows.title := fields[title];
	follows.send_body := to_send[body];
	follows.body := fields[body];
--@task	follows.send_state := to_send[state];
--@task	follows.issue_state := split_part(fields[state], ':', 1);
--@task	follows.send_state_reason := {{tells_reason}} AND to_send[state] AND follows.issue_state = 'closed';
--@task	follows.state_reason := coalesce(nullif(split_part(fields[state], ':', 2), ''), 'completed');
--@task	IF {{has_marks}} THEN
--@task		follows.marks := github_sync.task_marks_to_send(cached, fields, to_send);
--@task	END IF;
--@comment	follows.github_id := cached.github_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_send(github_sync.@resources@, text[], boolean[]) IS
'private: an update follows; what it sends is kept with the record, and committed before it is sent';

--@task /* Issues cannot be deleted by their App: the deletion of a task closes its issue. */
--@task CREATE OR REPLACE FUNCTION github_sync.task_close_deleted(
--@task	INOUT cached github_sync.github_issues, remote text[], kind text,
--@task	OUT follows github_sync.next_request, OUT ending github_sync.ending)
--@task LANGUAGE plpgsql AS $$
--@task DECLARE
--@task	send record;
--@task	state CONSTANT integer := github_sync.task_state_position();
--@task	fields text[];
--@task	only_state boolean[] := array_fill(false, ARRAY[cardinality(remote)]);
--@task BEGIN
--@task	IF kind = 'written' THEN
--@task		/* What was sent is no value of the local row. */
--@task		cached.sent := NULL;
--@task		cached.sent_mask := NULL;
--@task		/* A row that only counts as deleted may come back: its state then is a change on top of this one. */
--@task		IF cached.task_id IS NOT NULL AND cached.local_deleted_at IS NOT NULL AND cached.local_base IS NOT NULL THEN
--@task			cached.local_base[state] := remote[state];
--@task			cached.remote_base[state] := remote[state];
--@task		END IF;
--@task	ELSE
--@task		IF cached.sent IS NOT NULL THEN
--@task			cached := github_sync.task_settle_sent(NULL, cached, remote, kind);
--@task		END IF;
--@task		IF remote[state] = 'open' THEN
--@task			fields := array_fill(NULL::text, ARRAY[cardinality(remote)]);
--@task			fields[state] := 'closed';
--@task			only_state[state] := true;
--@task			send := github_sync.task_send(cached, fields, only_state);
--@task			cached := send.cached;
--@task			follows := send.follows;
--@task			RETURN;
--@task		END IF;
--@task	END IF;
--@task	ending := github_sync.task_completed_ending(cached);
--@task END
--@task $$;
--@task COMMENT ON FUNCTION github_sync.task_close_deleted(github_sync.github_issues, text[], text) IS
--@task 'private: closes the issue if it is open; nothing is merged and no base moves, so that a task that is still '
--@task 'there learns of it as of any change at GitHub';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_delete_found(
--@comment	t github_sync.comment_sync_transactions, cached github_sync.github_comments)
--@comment RETURNS github_sync.next_request
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	follows github_sync.next_request;
--@comment BEGIN
--@comment	PERFORM github_sync.comment_save_record(cached);
--@comment	follows.result := github_sync.comment_give_back_held(t, cached, NULL, NULL);
--@comment	RETURN follows;
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_delete_found(
--@comment	github_sync.comment_sync_transactions, github_sync.github_comments) IS
--@comment 'private: a comment that is to be deleted was looked up and found: now it can be deleted';

CREATE OR REPLACE FUNCTION github_sync.@record@_send_or_end(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@,
	merged github_sync.merge_result, was_told boolean,
	OUT follows github_sync.next_request, OUT ending github_sync.ending)
LANGUAGE plpgsql AS $$
DECLARE
	is_to_send CONSTANT boolean := true = ANY (merged.to_send);
	send record;
BEGIN
	IF is_to_send AND NOT was_told AND merged.was_moved IS NOT TRUE THEN
		send := github_sync.@record@_send(cached, merged.local_fields, merged.to_send);
		cached := send.cached;
		follows := send.follows;
		IF follows.send_body THEN
			follows.body := github_sync.@record@_body_to_send(cached, follows.body, t.priority);
		END IF;
	ELSIF is_to_send THEN
		PERFORM github_sync.@record@_save_record(cached);
		follows.result := github_sync.@record@_give_back_held(t, cached, NULL, NULL);
		cached := NULL;
	ELSE
		ending := github_sync.@record@_merged_ending(t, cached, merged);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_send_or_end(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.merge_result, boolean) IS
'private: what follows the merge. Where a webhook told of the resource before this answer came, nothing is written '
'over what its fetch may have seen: the resource is fetched again first; where the application has moved the row, the '
'rules decide anew. cached is NULL where nothing of it is to be saved any more';

CREATE OR REPLACE FUNCTION github_sync.@record@_keep_unseen(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, merged github_sync.merge_result)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.sync_conflicts
		(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
	SELECT '@record@', cached.id, t.id, (github_sync.field_names('@record@'))[i], cached.remote_base[i],
		merged.local_fields[i], NULL, 'app'
	FROM generate_subscripts(merged.to_send, 1) AS i WHERE merged.to_send[i];
END
$$;
COMMENT ON FUNCTION github_sync.@record@_keep_unseen(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.merge_result) IS
'private: notes that what is sent may overwrite a text of GitHub''s that no answer has shown: remote is NULL';

CREATE OR REPLACE FUNCTION github_sync.@record@_apply_answer(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, answer github_sync.answer,
	was_told boolean, is_behind boolean,
	OUT follows github_sync.next_request, OUT ending github_sync.ending)
LANGUAGE plpgsql AS $$
DECLARE
	repo github_sync.github_repos;
	remote text[] := github_sync.@record@_remote_fields(cached);
	outcome record;
BEGIN
	SELECT * INTO repo FROM github_sync.github_repos AS r WHERE r.id = cached.github_repo_id;
	IF repo.paused_until IS NOT NULL THEN
		PERFORM github_sync.resume_repo(repo.id);
	END IF;
	IF t.direction = 'outbound' AND t.action = 'delete' THEN
--@task		outcome := github_sync.task_close_deleted(cached, remote, answer.kind);
--@task		cached := outcome.cached;
--@task		follows := outcome.follows;
--@task		ending := outcome.ending;
--@comment		follows := github_sync.comment_delete_found(t, cached);
--@comment		cached := NULL;
		RETURN;
	END IF;
	IF cached.@record@_id IS NULL THEN
		follows.result := github_sync.@record@_end_without_row(t, cached, answer.kind);
		IF follows.result IS NOT NULL THEN
			cached := NULL;
			RETURN;
		END IF;
	END IF;
--@task	IF {{has_marks}} AND answer.kind = 'written' THEN
--@task		PERFORM github_sync.task_note_sender_of_sets(cached.id, answer.own_id);
--@task	END IF;
	outcome := github_sync.@record@_merge(t, repo, cached, remote, answer);
	IF is_behind AND NOT was_told THEN
		PERFORM github_sync.@record@_keep_unseen(t, outcome.cached, outcome.merged);
	END IF;
	outcome := github_sync.@record@_send_or_end(t, outcome.cached, outcome.merged, was_told);
	cached := outcome.cached;
	follows := outcome.follows;
	ending := outcome.ending;
--@task	IF {{has_marks}} THEN
--@task		PERFORM github_sync.task_note_sent_sets(cached, remote, follows.marks, answer.own_id)
--@task		WHERE follows.marks IS NOT NULL;
--@task	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_apply_answer(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer, boolean, boolean) IS
'private: what GitHub shows of a record, noted already, meets the local row. cached is what is to be saved (NULL: '
'nothing), ending how the transaction is to end then';

CREATE OR REPLACE FUNCTION github_sync.@record@_end_filtered(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	IF t.action = 'upsert' THEN
		RETURN github_sync.@record@_give_back_held(t, cached, NULL, NULL);
	END IF;
	/* It is there, and no more was asked: given back it would be asked for again, and again. */
	UPDATE github_sync.@record@_sync_transactions AS q SET event = 'sync disabled', disabled_reason = 'filtered',
		unreachable_since = t.unreachable_since
	WHERE q.id = t.id RETURNING q.state INTO result;
	RETURN result;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_end_filtered(
	github_sync.@record@_sync_transactions, github_sync.@resources@) IS
'private: GitHub has shown a record that is not to be synced now: nothing is taken over, or noted. Returns the state '
'that the transaction has now';

CREATE OR REPLACE FUNCTION github_sync.@record@_take_answer(
	t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, answer github_sync.answer,
	OUT follows github_sync.next_request, OUT ending github_sync.ending)
LANGUAGE plpgsql AS $$
DECLARE
	identity record;
	was_told boolean := false;
	is_behind boolean;
	outcome record;
BEGIN
	IF answer.kind = 'found' THEN
		answer.json := github_sync.item_of_list(answer.json, (answer.resource).github_id);
	END IF;
--@task	IF {{has_marks}} THEN
--@task		answer := github_sync.task_with_marks(answer, cached);
--@task	END IF;
	/* With the place of then and the number of now an update would go to another issue. */
	IF answer.kind IN ('fetched', 'not modified') AND cached.github_repo_id <> answer.asked_repo_id THEN
		follows.result := github_sync.@record@_ask_where_it_is(t, cached);
	ELSIF answer.kind <> 'not modified' THEN
		identity := github_sync.@record@_identify(t, cached, answer);
		cached := identity.cached;
		was_told := identity.was_told;
		follows.result := identity.result;
	ELSIF github_sync.@record@_is_about_base(cached, answer) THEN
		answer.resource.updated_at := cached.github_updated_at;
	ELSE
		follows.result := github_sync.@record@_give_back_held(t, cached, NULL, NULL);
	END IF;
	IF follows.result IS NULL THEN
		is_behind := answer.kind IN ('fetched', 'not modified') AND github_sync.@record@_is_behind(cached, answer);
		IF github_sync.@record@_is_lagging(t, cached, answer, is_behind) THEN
			follows.result := github_sync.@record@_refuse_lagging(t, cached, answer);
		END IF;
	END IF;
	/* Not noted either: asked again when the row is to be synced again. */
--@task	IF ({{has_filter}} OR cached.is_pull_request) AND follows.result IS NULL
--@task		AND answer.kind IN ('fetched', 'not modified')
--@comment	IF follows.result IS NULL AND answer.kind IN ('fetched', 'not modified')
		AND (t.action = 'upsert' OR t.direction = 'inbound')
		AND github_sync.@record@_stops_both_ways(cached, NULL) THEN
		follows.result := github_sync.@record@_end_filtered(t, cached);
	END IF;
	IF follows.result IS NOT NULL THEN
		cached := NULL;
		RETURN;
	END IF;
	cached := github_sync.@record@_note_answer(cached, answer, is_behind);
	IF answer.kind IN ('created', 'found') THEN
		PERFORM github_sync.@record@_close_attempt(cached.id, 'created');
	END IF;
	outcome := github_sync.@record@_apply_answer(t, cached, answer, was_told, is_behind);
	cached := outcome.cached;
	follows := outcome.follows;
	ending := outcome.ending;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_take_answer(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: what an answer does to a held record and its local row, all but what is to be written in the end, for many '
'together: cached, and how the transaction ends. Of what goes another way (given back, refused, joined), cached is '
'NULL, and all is written';

CREATE OR REPLACE FUNCTION github_sync.@record@_goes_alone(
	t github_sync.@record@_sync_transactions, cached github_sync.@resources@, answer github_sync.answer)
RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN answer.kind NOT IN ('fetched', 'not modified', 'written') OR t.action = 'delete'
		OR answer.kind <> 'not modified' AND cached.github_id IS DISTINCT FROM (answer.resource).github_id
--@task		OR cached.task_id IS NULL AND github_sync.task_departed_as((answer.resource).github_id) IS NOT NULL
--@comment		OR cached.comment_id IS NULL
--@comment			AND github_sync.comment_former_of(cached.github_issue_id, answer.resource) IS NOT NULL
		OR cached.@record@_id IS NULL AND github_sync.creation_keys_of((answer.resource).body) <> '{}';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_goes_alone(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.answer) IS
'private: an answer after which another record may change as well, or go: one that may be held by another report of '
'the same set';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_answers(
	ids bigint[], claim_nos integer[], answers github_sync.answer[], OUT place integer,
	OUT follows github_sync.next_request)
RETURNS SETOF record
LANGUAGE plpgsql AS $$
DECLARE
	is_set CONSTANT boolean := cardinality(ids) > 1;
	all_alone CONSTANT boolean := is_set AND github_sync.@record@_runs_code_of_application();
	held record;
	outcome record;
	ended record;
	reports github_sync.next_request[];
	changed_ids bigint[] := '{}';
	changed github_sync.@resources@[] := '{}';
	ended_ids bigint[] := '{}';
	endings github_sync.ending[] := '{}';
	ending github_sync.ending;
BEGIN
	follows.result := 'alone';
	reports := CASE WHEN all_alone THEN array_fill(follows, ARRAY[cardinality(ids)]) END;
	FOR held IN SELECT * FROM github_sync.@record@_lock_claims_skip_locked(ids, claim_nos) WHERE NOT all_alone LOOP
		follows := NULL;
		IF held.is_held AND NOT is_set THEN
			RAISE lock_not_available USING MESSAGE = 'the record, or its row, is in use';
		ELSIF (held.t).id IS NULL THEN
			follows.result := 'stale';
		ELSIF held.is_held OR is_set AND github_sync.@record@_goes_alone(held.t, held.cached, answers[held.place]) THEN
			follows.result := 'alone';
		ELSE
			outcome := github_sync.@record@_take_answer(held.t, held.cached, answers[held.place]);
			follows := outcome.follows;
			IF (outcome.cached).id IS NOT NULL THEN
				changed_ids := changed_ids || (outcome.cached).id;
				changed := changed || outcome.cached;
			END IF;
			IF (outcome.ending).event IS NOT NULL THEN
				ending := outcome.ending;
				ending.transaction_id := (held.t).id;
				ending.place := held.place;
				ended_ids := ended_ids || ending.transaction_id;
				endings := endings || ending;
			END IF;
		END IF;
		reports[held.place] := follows;
	END LOOP;
	IF changed_ids <> '{}' THEN
		PERFORM github_sync.@record@_save_records(changed_ids, changed);
	END IF;
	FOR ended IN SELECT * FROM github_sync.@record@_end_transactions(ended_ids, endings) WHERE ended_ids <> '{}' LOOP
		reports[ended.place].result := ended.state;
	END LOOP;
	FOR i IN 1 .. cardinality(ids) LOOP
		place := i;
		follows := reports[i];
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_answers(bigint[], integer[], github_sync.answer[]) IS
'private: reports answers of GitHub''s that show the resources of claims, and says what follows each. alone: nothing '
'was done about it, it is to be reported by itself; 55P03 when that is done and somebody holds the record';

CREATE OR REPLACE FUNCTION github_sync.@record@_report_answer(
	claim_id bigint, held_claim_no integer, answer github_sync.answer)
RETURNS github_sync.next_request
LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT r.follows
		FROM github_sync.@record@_report_answers(ARRAY[claim_id], ARRAY[held_claim_no], ARRAY[answer]) AS r);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_report_answer(bigint, integer, github_sync.answer) IS
'private: reports one answer by itself';
