/*
 * What happens when a sync transaction is inserted.
 */

/* The queue's owner may have imported it without our id; of a comment's task no issue was known. */
CREATE OR REPLACE FUNCTION github_sync.@record@_take_in_history(
	cached github_sync.@resources@, transaction_id bigint)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	installation_id bigint := (SELECT r.github_app_installation_id FROM github_sync.github_repos AS r
		WHERE r.id = cached.github_repo_id);
BEGIN
	UPDATE github_sync.@record@_sync_transactions AS q SET
		@resource@_id = cached.id,
		@record@_id = coalesce(q.@record@_id, cached.@record@_id),
		@resource@_external_id = coalesce(cached.github_id, q.@resource@_external_id),
--@task		github_issue_number = coalesce(cached.number, q.github_issue_number),
--@comment		github_issue_id = cached.github_issue_id,
		github_repo_id = cached.github_repo_id,
		github_app_installation_id = installation_id,
		creates = q.direction = 'outbound' AND q.action = 'upsert' AND github_sync.@record@_would_create(cached)
	WHERE q.@resource@_id IS NULL AND (q.id = transaction_id OR q.@resource@_external_id = cached.github_id
--@task		OR q.github_issue_external_id IS NULL AND q.github_repo_id = cached.github_repo_id
--@task			AND q.github_issue_number = cached.number
		OR q.direction = 'outbound' AND q.@record@_id = cached.@record@_id);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_take_in_history(github_sync.@resources@, bigint) IS
'private: transactions without a record that by GitHub''s ids, or by their local row, are of this one, which is held, '
'and the one that it was found for, become its own: they cover others, and can run when they are retried, queued or '
'enabled';

CREATE OR REPLACE FUNCTION github_sync.@record@_require_identity(t github_sync.@record@_sync_transactions) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF t.action = 'upsert' THEN
		RAISE not_null_violation USING
			MESSAGE = 'an outbound transaction needs @record@_id';
	END IF;
	IF NOT EXISTS (
		SELECT FROM github_sync.@resources@ AS r WHERE r.id = t.@resource@_id) THEN
		RAISE foreign_key_violation USING
			MESSAGE = 'an outbound deletion needs a @record@_id, or the @resource@_id of a cached record that exists',
			HINT = 'The row may be gone; github_sync.@resources@ knows the record.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_require_identity(github_sync.@record@_sync_transactions) IS
'private: raises where an outbound transaction, which names no local row, names nothing else that there is';

CREATE OR REPLACE FUNCTION github_sync.@record@_record_of_transaction(t github_sync.@record@_sync_transactions)
RETURNS github_sync.@resources@
LANGUAGE plpgsql AS $$
DECLARE
	cached github_sync.@resources@;
BEGIN
	IF t.direction = 'outbound' AND t.@record@_id IS NOT NULL THEN
--@task		cached := github_sync.task_record_of_local_row(t.task_id, t.github_repo_id);
--@comment		cached := github_sync.comment_record_of_local_row(t.comment_id, t.github_repo_id, t.priority);
	ELSE
		IF t.direction = 'outbound' THEN
			PERFORM github_sync.@record@_require_identity(t);
		END IF;
		cached := github_sync.@record@_record_of_resource(t);
	END IF;
	IF cached.id IS NOT NULL AND EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id IS NULL) THEN
		PERFORM github_sync.@record@_take_in_history(cached, t.id);
	END IF;
	RETURN cached;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_record_of_transaction(github_sync.@record@_sync_transactions) IS
'private: the locked record that a new transaction is about';

CREATE OR REPLACE FUNCTION github_sync.@record@_find_late_record(
	INOUT t github_sync.@record@_sync_transactions, OUT cached github_sync.@resources@)
LANGUAGE plpgsql AS $$
BEGIN
	cached := github_sync.@record@_record_of_transaction(t);
	SELECT * INTO t FROM github_sync.@record@_sync_transactions AS q WHERE q.id = t.id;
EXCEPTION WHEN not_null_violation OR foreign_key_violation THEN
	cached := NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_find_late_record(github_sync.@record@_sync_transactions) IS
'private: gives a transaction without a record the one that an insert would find for it, locked; NULL: it still names '
'nothing that there is';

/* For all but the owner, and whoever he let empty the queue: ids can be guessed. */
CREATE OR REPLACE FUNCTION github_sync.@record@_check_deletion() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	IF NEW.@record@_id IS NULL AND EXISTS (SELECT FROM github_sync.@resources@ AS c
		JOIN github_sync.github_repos AS r ON r.id = c.github_repo_id
		WHERE c.id = NEW.@resource@_id AND c.@record@_id IS NULL AND c.local_deleted_at IS NOT NULL
			AND r.on_local_delete = 'propagate') THEN
		RETURN NEW;
	END IF;
	RAISE insufficient_privilege USING
		MESSAGE = 'only the owner of the queue may delete at GitHub what the application has not deleted',
		HINT = 'Delete the row of the application, in a repository whose on_local_delete is propagate.';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_check_deletion() IS
'private: an outbound deletion by another role than the owner is of a row that is gone, where deletions are propagated';

CREATE OR REPLACE FUNCTION github_sync.@record@_in_place_of_superseded(INOUT t github_sync.@record@_sync_transactions)
LANGUAGE plpgsql AS $$
DECLARE
	place record;
BEGIN
	SELECT * INTO place FROM github_sync.@record@_superseded_by(t, true);
	IF place.ids IS NOT NULL THEN
		t.supersedes := place.ids || t.supersedes;
		t.queued_at := place.queued_at;
		t.priority := least(t.priority, place.priority);
		t.lagging_answers := place.lagging_answers;
		t.next_attempt_at := place.next_attempt_at;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_in_place_of_superseded(github_sync.@record@_sync_transactions) IS
'private: a new transaction with the place in line of those that it supersedes, and what their retries have come to';

/* GitHub may carry it out, or has: a row that is back by then is sent anew when that is known. */
CREATE OR REPLACE FUNCTION github_sync.@record@_is_being_deleted(cached_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached_id AND q.direction = 'outbound' AND q.action = 'delete'
			AND (q.state = 'processing' OR q.state IN ('queued', 'disabled') AND q.claim_no > 0));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_is_being_deleted(bigint) IS
'private: a deletion of ours is under way, or may have been sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_follow_deleted_when(
	INOUT t github_sync.@record@_sync_transactions, INOUT cached github_sync.@resources@, here github_sync.local_row)
LANGUAGE plpgsql AS $$
BEGIN
	IF here.is_deleted AND cached.local_deleted_at IS NULL AND github_sync.@record@_propagates_deletion(cached) THEN
		t.action := 'delete';
		UPDATE github_sync.@resources@ AS r SET local_deleted_at = clock_timestamp()
		WHERE r.id = cached.id RETURNING * INTO cached;
	ELSIF here.is_wanted AND cached.local_deleted_at IS NOT NULL
		AND NOT github_sync.@record@_is_being_deleted(cached.id) THEN
		t.supersedes := ARRAY(SELECT q.id FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached.id AND q.direction = 'outbound' AND q.action = 'delete'
				AND q.state IN ('queued', 'disabled', 'errored') ORDER BY q.id);
		UPDATE github_sync.@resources@ AS r SET local_deleted_at = NULL,
			/* What we deleted at GitHub does not come back: the row gets another record. */
			@record@_id = CASE WHEN r.deleted_at IS NULL THEN r.@record@_id END
		WHERE r.id = cached.id RETURNING * INTO cached;
		IF cached.@record@_id IS NULL THEN
--@task			cached := github_sync.task_record_of_local_row(t.task_id, cached.github_repo_id);
--@comment			cached := github_sync.comment_record_of_local_row(t.comment_id, cached.github_repo_id, t.priority);
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_follow_deleted_when(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.local_row) IS
'private: an outbound upsert of a held record whose row has become one that deleted_when calls deleted becomes a '
'deletion, where those are propagated; one of a row that was called so, and is not any more, takes the deletion back, '
'unless that may have been sent';

CREATE OR REPLACE FUNCTION github_sync.@record@_decided(
	INOUT t github_sync.@record@_sync_transactions, cached github_sync.@resources@, here github_sync.local_row,
	found github_sync.situation)
LANGUAGE plpgsql AS $$
DECLARE
	decision github_sync.decision;
BEGIN
	t.@resource@_id := cached.id;
	t.@resource@_external_id := cached.github_id;
--@task	t.github_issue_number := cached.number;
--@comment	t.github_issue_id := cached.github_issue_id;
	t.github_repo_id := cached.github_repo_id;
	t.github_app_installation_id := found.installation_id;

	IF {{has_filter}} AND t.direction = 'outbound' AND t.action = 'upsert' AND cached.local_deleted_at IS NOT NULL
		AND here.is_wanted AND github_sync.@record@_is_being_deleted(cached.id) THEN
		decision.state := 'duplicate';
		decision.because := 'it is being deleted at GitHub, and is sent anew after that';
	ELSE
		decision := github_sync.@record@_decide(t, cached, here, found.disabled_reason);
	END IF;
	t.state := decision.state;
	t.disabled_reason := decision.disabled_reason;
	t.duplicate_of := decision.duplicate_of;
	t.dropped_for := decision.dropped_for;
	t.because := decision.because;
	t.error_code := decision.error_code;
	t.error_reason := decision.error_reason;
	IF t.direction = 'outbound' AND t.action = 'upsert' AND t.state IN ('queued', 'duplicate') THEN
		IF NOT found.is_alone THEN
			t.supersedes := t.supersedes || github_sync.@record@_strays_of(cached.id);
		END IF;
--@task		IF here.github_repo_id IS DISTINCT FROM cached.local_repo_id THEN
--@task			PERFORM github_sync.task_note_place(cached, here.github_repo_id);
--@task		END IF;
	ELSIF t.state = 'disabled' AND t.direction = 'outbound' AND t.action = 'upsert' AND NOT found.is_alone THEN
		/* One is enough to tell that something was not sent: a repository may rest for years. */
		t.supersedes := t.supersedes || github_sync.@record@_unsent_edits_of(cached.id)
			|| CASE t.disabled_reason WHEN 'filtered' THEN github_sync.@record@_strays_of(cached.id) END;
	END IF;
	IF t.state <> 'queued' THEN
		t.finished_at := clock_timestamp();
		RETURN;
	END IF;

	t.creates := t.direction = 'outbound' AND t.action = 'upsert' AND github_sync.@record@_would_create(cached);
	IF NOT found.is_alone THEN
		t := github_sync.@record@_in_place_of_superseded(t);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_decided(
	github_sync.@record@_sync_transactions, github_sync.@resources@, github_sync.local_row, github_sync.situation) IS
'private: a new transaction of a held record as it is stored: with what the record knows, decided by the rules, and '
'with the place of those that it supersedes. here is the local row where the rules may read it, found the situation '
'of the record';

/* What the table's defaults and the trigger make of an INSERT that names the row alone. */
CREATE OR REPLACE FUNCTION github_sync.@record@_new_edit(
	cached github_sync.@resources@, here github_sync.local_row)
RETURNS github_sync.@record@_sync_transactions
LANGUAGE plpgsql AS $$
DECLARE
	t github_sync.@record@_sync_transactions;
BEGIN
	t.id := nextval('github_sync.@record@_sync_transactions_id_seq');
	t.direction := 'outbound';
	t.action := 'upsert';
	t.state := 'queued';
	t.@record@_id := cached.@record@_id;
	t.record_modified_at := here.modified_at;
	t.priority := 100;
	t.lagging_answers := 0;
	t.creates := false;
	t.queued_at := clock_timestamp();
	RETURN t;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_new_edit(github_sync.@resources@, github_sync.local_row) IS
'private: an outbound transaction of a record''s local row that nothing has been decided about';

--@comment CREATE OR REPLACE FUNCTION github_sync.comment_without_issue(
--@comment	INOUT t github_sync.comment_sync_transactions)
--@comment LANGUAGE plpgsql AS $$
--@comment DECLARE
--@comment	here CONSTANT github_sync.local_row := github_sync.comment_local_row(t.comment_id);
--@comment BEGIN
--@comment	IF here.is_there AND here.is_wanted IS NOT TRUE
--@comment		OR github_sync.comment_task_is_filtered(here.parent_key) THEN
--@comment		t.state := 'disabled';
--@comment		t.disabled_reason := 'filtered';
--@comment	ELSE
--@comment		t.state := 'errored';
--@comment		SELECT e.code, e.reason INTO t.error_code, t.error_reason
--@comment		FROM github_sync.comment_has_no_parent() AS e;
--@comment	END IF;
--@comment	t.finished_at := clock_timestamp();
--@comment END
--@comment $$;
--@comment COMMENT ON FUNCTION github_sync.comment_without_issue(github_sync.comment_sync_transactions) IS
--@comment 'private: a new transaction of a comment whose task has no issue, nor will get one: not to be synced, as '
--@comment 'the comment or its task is not, or an error';

CREATE OR REPLACE FUNCTION github_sync.@record@_insert_transaction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	cached github_sync.@resources@;
	here github_sync.local_row;
	followed record;
	can_be_read boolean := github_sync.table_has_columns({{name_texts}}, {{columns_text}});
BEGIN
	PERFORM github_sync.require_one_owner();
	/* The table refuses it, with the name of its constraint. */
	IF (NEW.direction IN ('inbound', 'outbound') AND NEW.action IN ('upsert', 'delete')) IS NOT TRUE THEN
		RETURN NEW;
	END IF;
	cached := github_sync.@record@_record_of_transaction(NEW);
--@comment	IF cached.id IS NULL THEN
--@comment		RETURN github_sync.comment_without_issue(NEW);
--@comment	END IF;
	/* Else the rules that need the local row are asked at the claim, and no foreign key to it can be checked before. */
	here.is_there := CASE WHEN NOT can_be_read THEN false END;
	NEW.queued_at := clock_timestamp();
	NEW.github_updated_at := CASE NEW.direction WHEN 'inbound' THEN date_trunc('second', NEW.github_updated_at) END;
	IF NEW.direction = 'inbound' THEN
		PERFORM github_sync.check_inbound_time(NEW.github_updated_at,
			NEW.action = 'upsert' AND (cached.preferred_side IS NULL OR cached.local_base IS NOT NULL));
	ELSIF can_be_read THEN
		here := github_sync.@record@_local_row(cached.@record@_id);
		NEW.record_modified_at := coalesce(NEW.record_modified_at, here.modified_at);
		IF {{has_filter}} AND NEW.action = 'upsert' THEN
			followed := github_sync.@record@_follow_deleted_when(NEW, cached, here);
			NEW := followed.t;
			cached := followed.cached;
		END IF;
	END IF;
	NEW.@record@_id := CASE WHEN can_be_read OR NEW.direction = 'outbound' THEN cached.@record@_id END;
	RETURN github_sync.@record@_decided(NEW, cached, here,
		(github_sync.@record@_situations(ARRAY[cached.id], ARRAY[cached.github_repo_id], NEW.direction))[1]);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_insert_transaction() IS
'private: locks the record, fills in what the caller may leave out, and decides the state by the rules';

/* The others change only after this row exists: their foreign key names it. */
CREATE OR REPLACE FUNCTION github_sync.@record@_cancel_superseded() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	UPDATE github_sync.@record@_sync_transactions SET event = 'superseded', canceled_by = NEW.id,
		disabled_reason = NULL, error_code = NULL, error_reason = NULL, last_error = coalesce(error_reason, last_error)
	WHERE id = ANY (NEW.supersedes)
		/* As no index has it: a plan of before may take all that wait for fewer than these. */
		AND CASE state
			WHEN 'queued' THEN true
			/* A deletion is taken back by a row that is there again, whatever has kept it from GitHub. */
			WHEN 'disabled' THEN true
			WHEN 'errored' THEN action = 'delete' OR error_code = 'repo_changed'
			ELSE false END;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_cancel_superseded() IS
'private: cancels the queued transactions that a new one supersedes, those that were not sent because the row was '
'elsewhere, earlier edits that may not be sent either, and deletions that were not sent, of a row that is back';
