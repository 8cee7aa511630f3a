/*
 * broken_rules.mjs
 *	Rules broken on purpose, to see that the model notices: in a function (of
 *	both record types, where @record@ stands) one text is put in the place of another.
 */
const broken = (rule, does, where, from, to) => ({ rule, does, where, from, to });

export const BROKEN_RULES = [
	broken('inbound 1', 'a repository without access still syncs', 'sync_disabled_reason', 'WHEN r.access_lost THEN', 'WHEN false THEN'),
	broken('inbound 2', 'T at the time of the deletion passes', '@record@_decide_gone',
		't.github_updated_at <= cached.deleted_at', 't.github_updated_at < cached.deleted_at'),
	broken('inbound 2', 'a locally deleted record is synced', '@record@_decide_inbound', 'cached.local_deleted_at IS NOT NULL', 'false'),
	broken('inbound 3', 'errored ones cover', '@record@_decide_covered',
		"c.state IN ('queued', 'processing', 'completed')", "c.state IN ('queued', 'processing', 'completed', 'errored')"),
	broken('inbound 3', 'the confirmed time of the record does not count', '@record@_decide_covered',
		'IF cached.github_updated_at > t.github_updated_at', 'IF false'),
	broken('inbound 4', 'settled at once', '@record@_decide_covered', ' + github_sync.@record@_settling_time()', ''),
	broken('inbound 4', 'a queued one of the same time is no original', '@record@_decide_covered', "covering.state = 'queued'", 'false'),
	broken('inbound 5', 'a queued outbound does not protect the row', '@record@_decide_protected', 'IF decided.dropped_for IS NOT NULL THEN', 'IF false THEN'),
	broken('inbound 5', 'a row that was never synced is not protected', '@record@_decide_protected', 'ELSIF cached.local_base IS NULL', 'ELSIF false'),
	broken('inbound 5', 'a clean row is protected', '@record@_decide_protected', 'here.fields IS DISTINCT FROM cached.local_base', 'true'),
	broken('inbound 5', 'whole seconds of modified_at', '@record@_decide_protected',
		'here.modified_at > t.github_updated_at', "date_trunc('second', here.modified_at) > t.github_updated_at"),
	broken('inbound 6', 'older ones stay in the queue', '@record@_superseded_by',
		"coalesce(q.github_updated_at, '-infinity') < t.github_updated_at", 'false'),
	broken('place in line', 'not inherited', '@record@_insert_transaction', 'NEW.queued_at := place.queued_at;', ''),
	broken('place in line', 'priority not inherited', '@record@_insert_transaction', 'NEW.priority := least(NEW.priority, place.priority);', ''),
	broken('outbound 2', 'a clean row is sent', '@record@_decide_outbound', "decided.state := 'duplicate';", 'RETURN decided;'),
	broken('outbound 2', 'duplicate of the oldest', '@record@_decide_outbound', 'ORDER BY c.finished_at DESC, c.id DESC', 'ORDER BY c.id'),
	broken('outbound 2', 'a write under way counts as done', '@record@_decide_outbound', 'OR cached.sent IS NOT NULL', ''),
	broken('outbound 3', 'earlier ones stay in the queue', '@record@_superseded_by',
		"OR t.direction = 'outbound' AND q.direction = 'outbound' THEN", 'THEN'),
	broken('delete', 'upserts of the other direction stay', '@record@_superseded_by', "WHEN t.action = 'delete' OR", 'WHEN'),
	broken('delete', 'never a duplicate', '@record@_decide_delete', 'WHEN FOUND THEN', 'WHEN false THEN'),
	broken('delete', 'a duplicate of one of the other direction', '@record@_decide_delete', 'q.direction = t.direction', 'true'),
	broken('requeue', 'beside a newer outbound', '@record@_requeue', 'q.id > t.id', 'false'),
	broken('requeue', 'recovery does not ask the rules', '@record@_give_back_orphans',
		"PERFORM github_sync.@record@_requeue(t, cached, 'given back', NULL);",
		"UPDATE github_sync.@record@_sync_transactions SET event = 'given back' WHERE id = orphan.id;"),
	broken('restore', 'the oldest instead of the newest', '@record@_requeue_dropped',
		'ORDER BY q.github_updated_at DESC NULLS LAST, q.id DESC', 'ORDER BY q.github_updated_at, q.id'),
	broken('restore', 'a canceled one hands nothing on', '@record@_requeue_dropped', 'SET dropped_for = NEW.canceled_by', 'SET dropped_for = NULL'),
	broken('restore', 'never', '@record@_requeue_dropped', 'IF FOUND THEN', 'IF false THEN'),
	broken('claim', 'priority does not count', '@record@_candidates', 'ORDER BY t.priority, t.queued_at, t.id', 'ORDER BY t.queued_at, t.id'),
	broken('claim', 'the rules are not asked again', '@record@_recheck', "IF decision.state = 'queued' THEN", 'IF true THEN'),
	broken('claim', 'while one of the record is processed', '@record@_candidates', "AND p.state = 'processing')\n\t\tORDER", "AND false)\n\t\tORDER"),
	broken('lag', 'taken at once', '@record@_is_lagging', 't.lagging_answers < github_sync.@record@_lagging_answers_refused()',
		't.lagging_answers < 0'),
	broken('lag', 'settles', '@record@_note_answer',
		'IF t.github_updated_at IS NULL OR (answer.resource).updated_at >= t.github_updated_at THEN', 'IF true THEN'),
	broken('merge', 'a tie is the application\'s', 'merge_fields',
		"date_trunc('second', field.local_changed_at) > date_trunc('second', field.remote_changed_at)",
		"date_trunc('second', field.local_changed_at) >= date_trunc('second', field.remote_changed_at)"),
	broken('merge', 'fractions of seconds count', 'merge_fields',
		"date_trunc('second', field.local_changed_at) > date_trunc('second', field.remote_changed_at)", 'field.local_changed_at > field.remote_changed_at'),
	broken('merge', 'CRLF differs from LF', 'same_text', "replace(COALESCE(a, ''::text), '\r\n'::text, '\n'::text)", "COALESCE(a, ''::text)"),
	broken('merge', 'github_wins as last_write_wins', 'merge_fields', "WHEN policy = 'github_wins' THEN", 'WHEN false THEN'),
	broken('merge', 'app_wins as last_write_wins', 'merge_fields', "WHEN policy = 'app_wins' THEN", 'WHEN false THEN'),
	broken('merge', 'the base is what GitHub holds, not what the row took', '@record@_write_local_row',
		'cached.local_base[i] := written[i];', 'cached.local_base[i] := remote[i];'),
	broken('merge', 'modified_at moves although a field stays dirty', '@record@_write_local_row', 'CASE WHEN NOT stays_dirty THEN', 'CASE WHEN true THEN'),
	broken('merge', 'outbound only: the row is written', '@record@_merge',
		"verdicts[i] IN ('to local', 'github won') AND repo.sync_direction <> 'outbound';", "verdicts[i] IN ('to local', 'github won');"),
	broken('merge', 'the side of a link does not count', '@record@_first_side', 'cached.preferred_side', 'NULL'),
	broken('merge', 'lost text is not kept', '@record@_keep_conflicts', "IF verdicts[i] IN ('github won', 'app won') THEN", 'IF false THEN'),
	broken('write', 'fields not sent are taken as sent', '@record@_settle_sent', 'IF cached.sent_mask[i] AND (', 'IF ('),
	broken('write', 'the first time of a remote value is forgotten', '@record@_note_remote',
		'IF cached.remote_changed_at[i] IS NULL OR NOT github_sync.same_text(previous[i], remote[i]) THEN', 'IF true THEN'),
	broken('end', 'nothing new is completed', '@record@_end_merged', "IF FOUND THEN\n\t\t\tUPDATE", "IF false THEN\n\t\t\tUPDATE"),
	broken('end', 'lost is completed', '@record@_end_merged', 'IF merged.lost THEN', 'IF false THEN'),
	broken('creation', 'sent again while the outcome is open', '@record@_first_step', "step := 'lookup';", "step := 'create';"),
	broken('creation', 'adopted from anybody', '@record@_record_of_creation', 'AND shown.author_login = answer.own_login', ''),
	broken('creation', 'looked for three times only', '@record@_report_missing_creation', 't.processing_at >= sent_at + recheck', 't.claim_no > 3'),
	broken('creation', 'looked for for ever', '@record@_report_missing_creation', 't.processing_at >= sent_at + recheck', 'false'),
	broken('creation', 'our own without a key becomes a row at once', '@record@_may_be_own_creation', "answer.kind = 'fetched'", 'false'),
	broken('deletion', 'believed at once', '@record@_missing_long_enough', 'coalesce(', 'true OR coalesce('),
	broken('deletion', 'an answer does not clear it', '@record@_note_answer', 'cached.deleted_at := NULL;', ''),
	broken('creation', 'a stub that knows the number alone is not met', 'task_stub_of_resource',
		'OR r.github_repo_id = cached.github_repo_id AND r.number = shown.number', ''),
	broken('deletion', 'the base moves by our own closing', 'task_close_deleted', "IF kind = 'written' THEN",
		"IF kind = 'written' THEN cached := github_sync.task_settle_sent(cached, remote, true);"),
	broken('deletion', 'the row that we delete is one that the application deleted', 'comment_delete_local_row',
		'PERFORM github_sync.comment_unlink_held(cached.id);', ''),
	broken('deletion', 'a dirty row is deleted', 'comment_delete_local_row', 'l.fields IS NOT DISTINCT FROM cached.local_base', 'true'),
	broken('deletion', 'propagated where GitHub has nothing', '@record@_propagates_deletion', 'cached.deleted_at IS NULL', 'true OR cached.deleted_at IS NULL'),
	broken('switch', 'the newest is the one with the highest id', '@record@_enable_record',
		"ORDER BY CASE q.action WHEN 'upsert' THEN q.github_updated_at END DESC NULLS LAST,", 'ORDER BY'),
	broken('switch', 'older ones stay disabled', '@record@_enable_record', 'disabled.ids[2:]', 'disabled.ids[99:]'),
	broken('parent', 'comments do not wait', 'comment_needs_parent', "IF step IN ('create', 'lookup') THEN", 'IF false THEN'),
	broken('parent', 'comments are not released', 'release_comments_of_issue', "t.next_attempt_at = 'infinity'", 'false'),
	broken('prune', 'what could come back goes', '@record@_prune', "o.state IN ('queued', 'processing', 'errored', 'disabled')", 'false'),
	broken('retry', 'attempts go on counting', 'retry_@record@_sync_transaction', 't.attempts := 0;', ''),
];

const RECORD_TYPES = ['task', 'comment'];

/* SQL that breaks the rule, to be run by a superuser. */
export function breakage({ where, from, to }) {
	const targets = where.includes('@record@') ? RECORD_TYPES : [null];
	const quoted = (text) => `$text$${text}$text$`;
	return targets.map((record) => {
		const named = (text) => (record ? text.replaceAll('@record@', record) : text);
		return `SELECT model.break_rule(${quoted(named(where))}, ${quoted(named(from))}, ${quoted(named(to))}) \\g /dev/null`;
	}).join('\n');
}
