/*
 * Checks that both record types make on what callers insert.
 */

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
	IF github_updated_at > clock_timestamp() + interval '1 day' THEN
		RAISE datetime_field_overflow USING
			MESSAGE = format('github_updated_at %s lies more than a day in the future', github_updated_at),
			DETAIL = 'Such a transaction would outrank every real change of its record.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.check_inbound_time(timestamptz, boolean) IS
'private: refuses an inbound transaction without a time (where it needs one), or with one more than a day ahead';
