/*
 * View sync_waiting.
 */

--@view sync_waiting: what the queue waits for: a row per reason, record type, direction and installation. Exact where
--@more no more than a thousand wait; of more, the first of each line are looked at, and what stands behind them counts
--@more to the reason that most of them have: to be asked each second, however much waits. sync_queue has each row
--@column record_type: task or comment
--@column direction: inbound (from GitHub) or outbound (to GitHub)
--@column github_app_installation_id: GitHub's id of the installation; NULL: of none
--@column waits_for: as in sync_queue, but retry without its time
--@column transactions: how many; about, where there are more than 50,000 in line; of those that wait for a time, 20,000
--@more at most
--@column oldest: place in line of the oldest that was looked at
	SELECT w.record_type, w.direction, w.installation_id AS github_app_installation_id, w.reason AS waits_for,
		w.transactions, w.oldest
	FROM github_sync.all_waits() AS w
