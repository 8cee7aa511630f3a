/*
 * Checks that both record types make: on what callers insert, and whether
 * anything is to be done at all.
 */

CREATE OR REPLACE FUNCTION github_sync.check_not_ahead(tells_at timestamptz, named text, outranked text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF tells_at > clock_timestamp() + interval '1 day' THEN
		RAISE datetime_field_overflow USING
			MESSAGE = format('%s %s lies more than a day in the future', named, tells_at),
			DETAIL = outranked,
			HINT = 'Give updated_at as GitHub sends it. If it is that, this server''s clock is behind.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_not_ahead(timestamptz, text, text) IS
'private: refuses what is told of a time more than a day ahead: nothing that comes later would count';

CREATE OR REPLACE FUNCTION github_sync.check_inbound_time(
	github_updated_at timestamptz, is_required boolean)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF github_updated_at IS NULL AND is_required THEN
		RAISE not_null_violation USING
			MESSAGE = 'an inbound transaction needs github_updated_at',
			HINT = 'GitHub''s webhook has it as updated_at of the issue or comment.';
	END IF;
	PERFORM github_sync.check_not_ahead(github_updated_at, 'github_updated_at',
		'Such a transaction would outrank every real change of its record.');
END
$$;
COMMENT ON FUNCTION github_sync.check_inbound_time(timestamptz, boolean) IS
'private: refuses an inbound transaction without a time (where it needs one), or with one more than a day ahead';

/* What check_inbound_time() asks of what the worker inserts, too: an answer may have shown anything. */
CREATE OR REPLACE FUNCTION github_sync.time_to_ask_with(known timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE
RETURN least(coalesce(known, date_trunc('second', clock_timestamp())), clock_timestamp() + interval '1 day');
COMMENT ON FUNCTION github_sync.time_to_ask_with(timestamptz) IS
'private: github_updated_at of an inbound transaction that asks for a record whose last known time this is; NULL: none';

CREATE OR REPLACE FUNCTION github_sync.require_age(older_than interval, meaning text) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF (older_than >= interval '0') IS NOT TRUE THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('older_than is %s', coalesce(older_than::text, 'NULL')),
			HINT = meaning;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_age(interval, text) IS
'private: a clear error (22023) for an age that is none';

CREATE OR REPLACE FUNCTION github_sync.refuse_direction() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE insufficient_privilege USING
		MESSAGE = format('role %I may not insert %s transactions', current_user, NEW.direction),
		HINT = format('The owner of the queue may allow it: SELECT github_sync.grant_application(%L, %L).',
			current_user, NEW.direction);
END
$$;
COMMENT ON FUNCTION github_sync.refuse_direction() IS
'private: refuses transactions of a direction that was not granted';

CREATE OR REPLACE FUNCTION github_sync.is_switched_off() RETURNS boolean
LANGUAGE sql STABLE
RETURN current_setting('github_sync.enabled', true) = 'off';
COMMENT ON FUNCTION github_sync.is_switched_off() IS
'private: whether somebody has set github_sync.enabled off: all is queued, and nothing else is done, until it is on';
