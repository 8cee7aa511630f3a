/*
 * What the worker learns about an installation as a whole.
 */

CREATE OR REPLACE FUNCTION github_sync.pause_installation(
	installation_id bigint, until timestamptz, kind text, reason text)
RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_app_installations SET paused_until = until, pause_kind = kind, pause_reason = reason
	WHERE id = installation_id
$$;
COMMENT ON FUNCTION github_sync.pause_installation(bigint, timestamptz, text, text) IS
'private: nothing is sent for the installation before that time; its rows stay queued and show the reason';

CREATE OR REPLACE FUNCTION github_sync.renew_pause(
	installation_id bigint, until timestamptz, kind text, reason text)
RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_app_installations SET paused_until = until, pause_kind = kind, pause_reason = reason
	WHERE id = installation_id AND coalesce(paused_until <= clock_timestamp(), true)
$$;
COMMENT ON FUNCTION github_sync.renew_pause(bigint, timestamptz, text, text) IS
'private: a pause that somebody ended before its time, a worker that was started, say, is one again';

/* Mostly there is nothing to end, and nothing is locked.  What two workers find out at a time, the log tells once. */
CREATE OR REPLACE FUNCTION github_sync.resume_installation(
	installation_id bigint, asked_at timestamptz, OUT outage_ends boolean, OUT pause_stays boolean)
LANGUAGE plpgsql AS $$
DECLARE
	i github_sync.github_app_installations;
BEGIN
	SELECT * INTO i FROM github_sync.github_app_installations AS t WHERE t.id = installation_id;
	IF i.paused_until IS NOT NULL OR i.outage_since IS NOT NULL THEN
		SELECT * INTO i FROM github_sync.github_app_installations AS t WHERE t.id = installation_id FOR NO KEY UPDATE;
	END IF;
	pause_stays := (i.state <> 'active' OR i.paused_until > clock_timestamp() OR i.outage_since >= asked_at) IS TRUE;
	outage_ends := i.outage_since IS NOT NULL AND NOT pause_stays;
	UPDATE github_sync.github_app_installations AS t SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL,
		outage_since = NULL, outage_kind = NULL
	WHERE t.id = installation_id AND NOT pause_stays AND (i.paused_until IS NOT NULL OR i.outage_since IS NOT NULL);
END
$$;
COMMENT ON FUNCTION github_sync.resume_installation(bigint, timestamptz) IS
'private: GitHub answered what it was asked at that time: whether that ends an outage, and the log is to tell that the '
'installation goes on; and whether a pause stays, as what was asked before it, or whose answer came before its end, '
'ends none';

CREATE OR REPLACE FUNCTION github_sync.pause_creations(installation_id bigint, until timestamptz) RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_app_installations SET creations_paused_until = until
	WHERE id = installation_id
$$;
COMMENT ON FUNCTION github_sync.pause_creations(bigint, timestamptz) IS
'private: nothing is created for the installation before that time; everything else goes on';

CREATE OR REPLACE FUNCTION github_sync.probe_may_take() RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN interval '2 minutes';
COMMENT ON FUNCTION github_sync.probe_may_take() IS
'private: between a pause and the answer to its probe, it is one outage still';

CREATE OR REPLACE FUNCTION github_sync.is_held_up(i github_sync.github_app_installations) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN i.state <> 'active' OR coalesce(i.paused_until > clock_timestamp()
		- CASE WHEN i.outage_since IS NULL THEN interval '0' ELSE github_sync.probe_may_take() END, false);
END
$$;
COMMENT ON FUNCTION github_sync.is_held_up(github_sync.github_app_installations) IS
'private: whether nothing, or a probe at most, is sent for an installation';

CREATE OR REPLACE FUNCTION github_sync.is_rate_limit(kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(kind IN ('rate limit', 'budget'), false);
COMMENT ON FUNCTION github_sync.is_rate_limit(text) IS
'private: whether a pause of that kind is for GitHub''s limits, or ours: that is no outage';

CREATE OR REPLACE FUNCTION github_sync.passes_by_itself(i github_sync.github_app_installations) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT i.state = 'active' AND github_sync.is_rate_limit(i.pause_kind)
$$;
COMMENT ON FUNCTION github_sync.passes_by_itself(github_sync.github_app_installations) IS
'private: whether a rate limit is all that holds an installation up';

CREATE OR REPLACE FUNCTION github_sync.is_moving(i github_sync.github_app_installations) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT i.state <> 'active' AND coalesce(i.told_at = 'infinity', false)
$$;
COMMENT ON FUNCTION github_sync.is_moving(github_sync.github_app_installations) IS
'private: whether an installation is held while it moves to another server, whatever its state at GitHub is';

CREATE OR REPLACE FUNCTION github_sync.was_unreachable(i github_sync.github_app_installations) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(i.state = 'active' AND i.pause_kind = 'unreachable', false);
COMMENT ON FUNCTION github_sync.was_unreachable(github_sync.github_app_installations) IS
'private: whether GitHub could not be reached for an installation, and has not answered since';

CREATE OR REPLACE FUNCTION github_sync.remedy_of_pause(kind text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE kind
		WHEN 'credentials' THEN 'Correct github_sync.app_id and private_key_file (or token_file), and the id of the '
			'installation: GET /app/installations lists those of the App. Then SELECT pg_reload_conf().'
		WHEN 'unreachable' THEN 'It goes on by itself once GitHub answers. Where www.githubstatus.com tells of '
			'nothing, look at this server''s network, name service, proxy and github_sync.api_url.'
		ELSE 'It goes on by itself then.' END
$$;
COMMENT ON FUNCTION github_sync.remedy_of_pause(text) IS
'private: what somebody may do while nothing is sent for an installation';

/* In a claim, which waits for nobody: one that somebody holds goes on when its pause ends by itself. */
CREATE OR REPLACE FUNCTION github_sync.end_credential_pauses(
	left_out bigint[] DEFAULT '{}', alone bigint DEFAULT NULL)
RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL
	WHERE id IN (SELECT i.id FROM github_sync.github_app_installations AS i
		WHERE i.pause_kind = 'credentials' AND i.id <> ALL (left_out) AND (alone IS NULL OR i.id = alone)
		FOR NO KEY UPDATE SKIP LOCKED)
$$;
COMMENT ON FUNCTION github_sync.end_credential_pauses(bigint[], bigint) IS
'private: keys or tokens may be others now: those that were refused are tried again at once, of all installations but '
'those left out, or of the one that is named';

CREATE OR REPLACE FUNCTION github_sync.end_budget_pauses(
	left_out bigint[] DEFAULT '{}', alone bigint DEFAULT NULL)
RETURNS void
LANGUAGE sql AS $$
	UPDATE github_sync.github_app_installations SET
		paused_until = CASE WHEN pause_kind <> 'budget' THEN paused_until END,
		pause_reason = CASE WHEN pause_kind <> 'budget' THEN pause_reason END,
		pause_kind = nullif(pause_kind, 'budget'),
		creations_paused_until = NULL
	WHERE id IN (SELECT i.id FROM github_sync.github_app_installations AS i
		WHERE (i.pause_kind = 'budget' OR i.creations_paused_until IS NOT NULL)
			AND i.id <> ALL (left_out) AND (alone IS NULL OR i.id = alone)
		FOR NO KEY UPDATE SKIP LOCKED)
$$;
COMMENT ON FUNCTION github_sync.end_budget_pauses(bigint[], bigint) IS
'private: settings may be others now: pauses that our own budgets demanded end, of all installations but those left '
'out, or of the one that is named';

CREATE OR REPLACE FUNCTION github_sync.next_pause_end() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT min(pause_end) FROM github_sync.github_app_installations AS i,
		LATERAL (VALUES (i.paused_until), (i.creations_paused_until)) AS pause (pause_end)
	WHERE pause_end > clock_timestamp() AND i.state = 'active'
$$;
COMMENT ON FUNCTION github_sync.next_pause_end() IS
'private: when the first paused installation may send, or create, again';

CREATE OR REPLACE FUNCTION github_sync.begin_outage(installation_id bigint, kind text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE github_sync.github_app_installations AS i SET
		/* A rate limit that went before it was none. */
		outage_since = CASE WHEN github_sync.is_rate_limit(i.outage_kind) AND NOT github_sync.is_rate_limit(kind)
			THEN clock_timestamp() ELSE coalesce(i.outage_since, clock_timestamp()) END,
		outage_kind = kind
	WHERE i.id = installation_id AND i.outage_kind IS DISTINCT FROM kind;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION github_sync.begin_outage(bigint, text) IS
'private: GitHub, or our credentials, keep the installation from working; whether that is new, or for another reason '
'than it was, and the log is to tell';

CREATE OR REPLACE FUNCTION github_sync.is_former(i github_sync.github_app_installations) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT NOT EXISTS (SELECT FROM github_sync.github_repos AS r
			WHERE r.github_app_installation_id = i.id AND r.disconnected_at IS NULL)
		AND (i.state = 'deleted' OR EXISTS (SELECT FROM github_sync.github_app_installations AS later
			WHERE i.id <> 0 AND later.id > i.id AND later.state <> 'deleted'
				AND (later.account_id = i.account_id OR github_sync.same_name(later.account_login, i.account_login))))
$$;
COMMENT ON FUNCTION github_sync.is_former(github_sync.github_app_installations) IS
'private: an installation that is gone, or of whose account there is a later one, and that no connected repository '
'has: its row stays for what it did';

CREATE OR REPLACE FUNCTION github_sync.installations_in_outage() RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT EXISTS (SELECT FROM github_sync.github_app_installations AS i WHERE i.outage_since IS NOT NULL
		AND EXISTS (SELECT FROM github_sync.github_repos AS r WHERE r.github_app_installation_id = i.id))
$$;
COMMENT ON FUNCTION github_sync.installations_in_outage() IS
'private: whether GitHub, or our credentials, keep one of them from working, or may do so still: nobody has found out';
