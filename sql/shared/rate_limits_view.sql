/*
 * View sync_rate_limits.
 */

--@view sync_rate_limits: a row per installation: GitHub's limit, what this server used of it, and until when nothing
--@more is sent and why
--@column github_app_installation_id: GitHub's id of the installation
--@column account_login: whose installation it is
--@column request_limit: GitHub's limit of requests an hour, as its last answer said; NULL: not known, or none
--@column remaining: how many of them surely remain; a hundredth is left to others
--@column reset_at: when GitHub's hour begins anew, by this server's clock
--@column requests_last_hour: requests of all databases of this server, since it started
--@column points_last_minute: a read is a point, a write is five; see points_per_minute
--@column creations_last_minute: see creations_per_minute
--@column creations_last_hour: see creations_per_hour; those before a restart included
--@column requests_under_way: sent and not answered yet
--@column paused_until: nothing is sent before; NULL: it is not paused
--@column pause_reason: why nothing is sent; after an outage's pause, until the answer to its probe, why nothing was
--@column creations_paused_until: nothing is created before, everything else goes on: our creations of the hour are
--@more used up
	SELECT i.id AS github_app_installation_id, i.account_login,
		b.request_limit, b.remaining, b.reset_at,
		b.requests_last_hour, b.points_last_minute, b.creations_last_minute, b.creations_last_hour,
		b.requests_under_way,
		CASE WHEN i.paused_until > now() THEN i.paused_until END AS paused_until,
		CASE WHEN i.paused_until > now() OR i.outage_since IS NOT NULL THEN i.pause_reason END AS pause_reason,
		CASE WHEN i.creations_paused_until > now() THEN i.creations_paused_until END AS creations_paused_until
	FROM github_sync.github_app_installations AS i
	LEFT JOIN LATERAL github_sync.installation_budget(i.id) AS b ON true
