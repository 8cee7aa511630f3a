/*
 * Triggers of the queue.  Names sort in the order in which they must fire.
 * The last ones use functions of the extension: DROP EXTENSION without
 * CASCADE refuses while they exist.
 */

/* Both ask for the privileges of whoever inserts: see grant_application(). */
CREATE OR REPLACE TRIGGER a_check_direction
	BEFORE INSERT ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NOT has_column_privilege('github_sync.@record@_sync_transactions'::regclass,
		CASE NEW.direction WHEN 'inbound' THEN 'github_updated_at' ELSE 'record_modified_at' END, 'INSERT'))
	EXECUTE FUNCTION github_sync.refuse_direction();
CREATE OR REPLACE TRIGGER a_check_deletion
	BEFORE INSERT ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.direction = 'outbound' AND NEW.action = 'delete'
		AND NOT has_table_privilege('github_sync.@record@_sync_transactions'::regclass, 'TRUNCATE'))
	EXECUTE FUNCTION github_sync.@record@_check_deletion();
CREATE OR REPLACE TRIGGER a_check_history
	BEFORE INSERT ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.state <> 'queued' OR NEW.queued_at IS NOT NULL)
	EXECUTE FUNCTION github_sync.@record@_check_history();
CREATE OR REPLACE TRIGGER b_insert_transaction
	BEFORE INSERT ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.state = 'queued' AND NEW.queued_at IS NULL)
	EXECUTE FUNCTION github_sync.@record@_insert_transaction();
CREATE OR REPLACE TRIGGER c_cancel_superseded
	AFTER INSERT ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.supersedes IS NOT NULL AND NEW.state IN ('queued', 'duplicate', 'disabled', 'errored'))
	EXECUTE FUNCTION github_sync.@record@_cancel_superseded();
CREATE OR REPLACE TRIGGER c_return_filtered
	AFTER INSERT ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.supersedes IS NOT NULL AND NEW.direction = 'outbound' AND NEW.action = 'upsert'
		AND NEW.state IN ('queued', 'duplicate'))
	EXECUTE FUNCTION github_sync.@record@_return_filtered();
CREATE OR REPLACE TRIGGER d_change_state
	BEFORE UPDATE ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.event IS NOT NULL OR NEW.state IS DISTINCT FROM OLD.state)
	EXECUTE FUNCTION github_sync.@record@_change_state();
CREATE OR REPLACE TRIGGER e_restore_dropped
	AFTER UPDATE ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN ((NEW.direction = 'outbound' OR NEW.action = 'delete')
		AND NEW.state NOT IN ('queued', 'processing', 'completed')
		AND OLD.state IN ('queued', 'processing'))
	EXECUTE FUNCTION github_sync.@record@_requeue_dropped();
CREATE OR REPLACE TRIGGER e_bring_back
	AFTER UPDATE ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.direction = 'outbound' AND NEW.action = 'delete'
		AND OLD.state IN ('queued', 'processing') AND NEW.state IN ('completed', 'errored'))
	EXECUTE FUNCTION github_sync.@record@_bring_back();
CREATE OR REPLACE TRIGGER f_decide_arrival
	AFTER UPDATE OF github_repo_id ON github_sync.@record@_sync_transactions
	FOR EACH ROW WHEN (NEW.state = OLD.state AND (NEW.state = 'disabled'
			OR NEW.state = 'errored' AND NEW.error_code IN ('repo_changed', 'transferred'))
		AND NEW.@resource@_id IS NOT NULL AND NEW.github_repo_id <> OLD.github_repo_id)
	EXECUTE FUNCTION github_sync.@record@_decide_arrival();
CREATE OR REPLACE TRIGGER z_wake_on_commit
	AFTER INSERT OR UPDATE ON github_sync.@record@_sync_transactions
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.wake_on_commit();
