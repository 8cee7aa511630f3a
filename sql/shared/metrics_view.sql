/*
 * View sync_metrics.
 */

--@view sync_metrics: a row per figure, for monitoring systems: contrib/monitoring has files for some of them. What does
--@more not apply is an empty text
--@column metric: health (0: ok or info, 1: warn, 2: critical; state: the check), workers, transactions (in the states
--@more that they can leave; queued: in line, about where there are more than 50,000; waiting: queued for a time, 20,000
--@more at most), disabled (state: why), oldest_waiting_seconds,
--@more oldest_processing_seconds, errors_last_hour (of the newest thousand; state: error_code), request_limit,
--@more requests_remaining, requests_last_hour, requests_under_way, creations_last_hour, paused (state: why),
--@more outage_seconds (0: it works), lists (state: importing, failing), oldest_sweep_seconds, deliveries; since the
--@more server started: answers_total and finished_total (state: the outcome of sync_stats), answer_bytes_total, and
--@more the histograms waited_seconds, answered_seconds, applied_seconds (_bucket, whose state is its upper limit, _sum,
--@more _count)
--@column record_type: task, comment, list or app
--@column direction: inbound or outbound
--@column state: what the metric says it is
--@column installation: GitHub's id of the installation
--@column value: times in seconds
	SELECT m.metric, m.record_type, m.direction, m.state, m.installation, m.value FROM github_sync.all_metrics() AS m
