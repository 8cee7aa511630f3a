/*
 * View sync_metrics.
 */

--@view sync_metrics: a row per figure, for monitoring systems: contrib/monitoring has files for some of them. What does
--@more not apply is an empty text
--@column metric: health (0: ok or info, 1: warn, 2: critical; state: the check), health_seconds (for how long it
--@more has not been ok; 0: it is, or nobody knows), workers, transactions (in the states that they can leave;
--@more queued: in line, about where there are more than 50,000; waiting: queued for a time, 20,000 at most),
--@more disabled (state: why), oldest_waiting_seconds (state: creation; failing: GitHub fails with it at each try),
--@more oldest_processing_seconds, errors_last_hour (of the newest thousand; state: error_code), request_limit,
--@more requests_remaining, requests_last_hour, requests_under_way, creations_last_hour, paused (state: why),
--@more outage_seconds (0: it works, or a rate limit holds it up), lists (state: importing, failing),
--@more oldest_sweep_seconds, deliveries; since the server started: answers_total and finished_total
--@more (state: the outcome of sync_stats), answer_bytes_total, and the histograms waited_seconds,
--@more answered_seconds, applied_seconds (_bucket, whose state is its upper limit, _sum, _count)
--@column record_type: task, comment, list or app
--@column direction: inbound or outbound
--@column state: what the metric says it is
--@column installation: GitHub's id of the installation
--@column value: times in seconds
	SELECT m.metric, m.record_type, m.direction, m.state, m.installation, m.value FROM github_sync.all_metrics() AS m
