/*
 * questions.mjs
 *		What a dashboard asks: each view as README tells to ask it, and what is made
 *		of all of them.
 */
export const QUESTIONS = {
	'sync_status': 'SELECT * FROM github_sync.sync_status',
	'sync_queue, first 50': 'SELECT * FROM github_sync.sync_queue ORDER BY priority, queued_at, id LIMIT 50',
	'sync_queue, by reason (sync_waiting)': 'SELECT * FROM github_sync.sync_waiting',
	'sync_history, newest 50': 'SELECT * FROM github_sync.sync_history ORDER BY inserted_at DESC, id DESC LIMIT 50',
	'sync_history, newest 50 by id': 'SELECT * FROM github_sync.sync_history ORDER BY id DESC LIMIT 50',
	'sync_errors, newest 50': 'SELECT * FROM github_sync.sync_errors ORDER BY errored_at DESC LIMIT 50',
	'sync_lag': 'SELECT * FROM github_sync.sync_lag',
	'sync_progress': 'SELECT * FROM github_sync.sync_progress',
	'sync_differences': 'SELECT * FROM github_sync.sync_differences LIMIT 50',
	'sync_problems': 'SELECT * FROM github_sync.sync_problems',
	'sync_rate_limits': 'SELECT * FROM github_sync.sync_rate_limits',
	'sync_workers': 'SELECT * FROM github_sync.sync_workers',
	'sync_stats': 'SELECT * FROM github_sync.sync_stats',
	'sync_latency': 'SELECT * FROM github_sync.sync_latency',
	'sync_minutes': 'SELECT * FROM github_sync.sync_minutes',
	'sync_metrics': 'SELECT * FROM github_sync.sync_metrics',
	'health()': 'SELECT * FROM github_sync.health()',
};

/* What people ask for once: a page, and each row of a queue. No dashboard asks for it each second. */
export const PAGE = {
	'report()': 'SELECT github_sync.report()',
	'sync_queue, each row by reason': 'SELECT waits_for, count(*) FROM github_sync.sync_queue GROUP BY waits_for',
};
