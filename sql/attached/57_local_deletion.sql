/*
 * The application deletes its row: the foreign key unlinks the record, and
 * nothing that was queued for it may run or recreate it.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_note_local_deletion() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.@record@_hold_key(OLD.@record@_id) THEN
		RETURN NULL;			/* unlinked, not deleted */
	END IF;
	UPDATE github_sync.@resources@ SET local_deleted_at = clock_timestamp() WHERE id = NEW.id;
	UPDATE github_sync.@record@_sync_transactions SET
		event = CASE direction WHEN 'inbound' THEN 'overtaken' ELSE 'record deleted' END,
		next_attempt_at = NULL
	WHERE @resource@_id = NEW.id AND state = 'queued' AND action = 'upsert';
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_local_deletion() IS
'private: a linked local row was deleted: queued outbound transactions are canceled, inbound ones dropped';

CREATE OR REPLACE TRIGGER b_note_@record@_deletion
	AFTER UPDATE ON github_sync.@resources@
	FOR EACH ROW WHEN (OLD.@record@_id IS NOT NULL AND NEW.@record@_id IS NULL)
	EXECUTE FUNCTION github_sync.@record@_note_local_deletion();

CREATE OR REPLACE FUNCTION github_sync.unlink_@record@(@record@_id {{key_type}}) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	linked_id bigint := (SELECT r.id FROM github_sync.@resources@ AS r WHERE r.@record@_id = unlink_@record@.@record@_id);
BEGIN
	IF linked_id IS NULL THEN
		RAISE no_data_found USING
			MESSAGE = format('@record@ %s is not linked', unlink_@record@.@record@_id);
	END IF;
	PERFORM github_sync.@record@_lock_for_rules(linked_id);
	UPDATE github_sync.@record@_sync_transactions SET event = 'record deleted', next_attempt_at = NULL
	WHERE @resource@_id = linked_id AND state = 'queued' AND direction = 'outbound';
	UPDATE github_sync.@resources@ AS r SET @record@_id = NULL, local_base = NULL, remote_base = NULL,
		sent = NULL, sent_mask = NULL, local_changed_at = NULL
	WHERE r.id = linked_id;
END
$$;
COMMENT ON FUNCTION github_sync.unlink_@record@({{key_type}}) IS
'public: a @record@ and its GitHub resource go their own ways; both stay as they are';
