/*
 * The application deletes its row: the foreign key unlinks the record, and
 * nothing that was queued for it may run or recreate it.
 */

/* Where one is under way or waits already, it takes care of whatever turns up. */
CREATE OR REPLACE FUNCTION github_sync.@record@_propagate_deletion(cached github_sync.@resources@) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF github_sync.@record@_propagates_deletion(cached) AND NOT EXISTS (
		SELECT FROM github_sync.@record@_sync_transactions AS q
		WHERE q.@resource@_id = cached.id AND q.direction = 'outbound' AND q.action = 'delete'
			AND q.state IN ('queued', 'processing')) THEN
		INSERT INTO github_sync.@record@_sync_transactions (direction, action, @resource@_id)
		VALUES ('outbound', 'delete', cached.id);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_propagate_deletion(github_sync.@resources@) IS
'private: queues the deletion at GitHub of a record whose local row was deleted, where on_local_delete says so';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_local_deletion() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	/* The application's own DELETE comes by here: it is never refused. Nothing of its table's may run meanwhile. */
	IF (github_sync.owner_problem()).problem IS NOT NULL THEN
		UPDATE github_sync.@resources@ SET local_deleted_at = clock_timestamp()
		WHERE id = NEW.id AND github_sync.queue_has_one_owner();
		RETURN NULL;
	END IF;
	/* Where rows cannot be read, unlink_@record@() refuses: then only the foreign key can have done it. */
	IF github_sync.@record@_table_fits() AND github_sync.@record@_key_share_local_row(OLD.@record@_id) THEN
		RETURN NULL;			/* unlinked, not deleted */
	END IF;
	UPDATE github_sync.@resources@ SET local_deleted_at = clock_timestamp() WHERE id = NEW.id;
	UPDATE github_sync.@record@_sync_transactions SET
		event = CASE direction WHEN 'inbound' THEN 'overtaken' ELSE 'record deleted' END,
		because = 'the @record@ was deleted',
		next_attempt_at = NULL, disabled_reason = NULL
	WHERE @resource@_id = NEW.id AND state IN ('queued', 'disabled') AND action = 'upsert';
	PERFORM github_sync.@record@_propagate_deletion(NEW);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_local_deletion() IS
'private: a linked local row was deleted: queued and disabled outbound ones are canceled, inbound ones dropped, and '
'GitHub hears of it where the repository says so';

CREATE OR REPLACE TRIGGER b_note_@record@_deletion
	AFTER UPDATE ON github_sync.@resources@
	FOR EACH ROW WHEN (OLD.@record@_id IS NOT NULL AND NEW.@record@_id IS NULL)
	EXECUTE FUNCTION github_sync.@record@_note_local_deletion();

/* By deleted_when: the row is there, and came back after the deletion may have been sent. */
CREATE OR REPLACE FUNCTION github_sync.@record@_bring_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	key CONSTANT {{key_type}} := (SELECT r.@record@_id FROM github_sync.@resources@ AS r
		WHERE r.id = NEW.@resource@_id AND r.local_deleted_at IS NOT NULL);
	here github_sync.local_row;
BEGIN
	PERFORM github_sync.require_one_owner();
	IF {{has_filter}} AND key IS NOT NULL AND github_sync.@record@_table_fits() THEN
		here := github_sync.@record@_local_row(key);
		INSERT INTO github_sync.@record@_sync_transactions (direction, @record@_id)
		SELECT 'outbound', key WHERE here.is_wanted;
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_bring_back() IS
'private: a deletion of ours has ended: a row that is not called deleted any more is sent anew';
