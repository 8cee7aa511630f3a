/*
 * Views sync_stats, sync_latency and sync_minutes: what workers counted, in
 * shared memory, since the server started.
 */

--@view sync_stats: a row per record type, direction and outcome: what workers of this database counted since the
--@more server started, or sync_stats_reset() was called; a restart of the server forgets it
--@column record_type: task or comment; list: pages of lists that sweeps read; app: tokens, and who we are
--@column direction: inbound (from GitHub) or outbound (to GitHub); NULL: of lists and app
--@column counted: answers (one for each request) or transactions (one for each claim of a worker)
--@column outcome: of answers: 2xx, 304 (what we know is what GitHub has), 3xx (any other), 4xx, 5xx, no answer; of
--@more transactions: the state that they ended in, or tried again. What ended without a claim is not counted here
--@column total: how many there were
--@column bytes: of the bodies of these answers; NULL: of transactions
--@column since: when counting began; NULL: nothing was counted yet
	SELECT a.record_type, a.direction, 'answers' AS counted, a.outcome, a.answers AS total, a.bytes,
		github_sync.counted_since() AS since
	FROM github_sync.counted_answers() AS a
	UNION ALL
	SELECT e.record_type, e.direction, 'transactions', e.outcome, e.transactions, NULL, github_sync.counted_since()
	FROM github_sync.counted_ends() AS e

--@view sync_latency: a row per record type, direction and stage: how long it took, since the server started, or
--@more sync_stats_reset() was called
--@column record_type: as in sync_stats
--@column direction: as in sync_stats
--@column stage: waited (from its place in line to its first request), answered (from a request to its answer), applied
--@more (from an answer to the commit of what it does)
--@column measured: how often
--@column mean_ms: on the average; NULL: it was not measured yet
--@column p50_ms: half of them took no longer; up to the next of limits_ms, NULL: longer than all of these
--@column p95_ms: the same of 95 in 100
--@column p99_ms: the same of 99 in 100
--@column limits_ms: upper limits of the counts
--@column counts: how many took longer than the limit before and no longer than this; the last: longer than all
	SELECT t.record_type, t.direction, t.stage, n.measured,
		round((t.total_ms / nullif(n.measured, 0))::numeric, 1) AS mean_ms,
		github_sync.percentile_of_counts(t.limits_ms, t.counts, 0.5) AS p50_ms,
		github_sync.percentile_of_counts(t.limits_ms, t.counts, 0.95) AS p95_ms,
		github_sync.percentile_of_counts(t.limits_ms, t.counts, 0.99) AS p99_ms,
		t.limits_ms, t.counts
	FROM github_sync.counted_times() AS t
	CROSS JOIN LATERAL (SELECT sum(c)::bigint AS measured FROM unnest(t.counts) AS c) AS n

--@view sync_minutes: a row per minute of the last 24 hours in which workers of this database did something; a restart
--@more of the server forgets them, and so does sync_stats_reset()
--@column minute: when it began
--@column answers_2xx: answers of GitHub's in which it did what was asked
--@column answers_304: that what we know is what GitHub has: they cost nothing of the hour's requests
--@column answers_3xx: others that send us on
--@column answers_4xx: refusals, rate limits included
--@column answers_5xx: failures of GitHub's
--@column no_answer: requests that were not answered
--@column bytes: of the bodies of answers
--@column completed_inbound: transactions from GitHub that were completed
--@column completed_outbound: transactions to GitHub that were completed
--@column errored: transactions that gave up
--@column ended_otherwise: that ended canceled, dropped, duplicate or disabled while they were being processed
--@column tried_again: that went back into the queue
--@column answered_ms: how long answers took on the average; NULL: none came
	SELECT m.minute, m.answers_2xx, m.answers_304, m.answers_3xx, m.answers_4xx, m.answers_5xx, m.no_answer, m.bytes,
		m.completed_inbound, m.completed_outbound, m.errored, m.ended_otherwise, m.tried_again,
		round(m.answered_ms::numeric, 1) AS answered_ms
	FROM github_sync.counted_minutes() AS m
