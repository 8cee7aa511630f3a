/*
 * When an error is none any more.
 */

CREATE TYPE github_sync.ended AS (
	finished_at timestamptz,
	direction text,
	action text,
	state text,
	was_claimed boolean,
	is_unlinked boolean,
	error_code text
);
COMMENT ON TYPE github_sync.ended IS
'private: a transaction that has ended, as far as outdates_error() has to know of it';
COMMENT ON COLUMN github_sync.ended.is_unlinked IS
'the resource went where we do not follow, and its row has had none since';

CREATE FUNCTION github_sync.outdates_error(later github_sync.ended, errored github_sync.ended) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN later.finished_at > errored.finished_at
	/* What happens to the resource alone does nothing for the row. */
	AND NOT errored.is_unlinked
	AND (later.action = errored.action AND (
			/* An outbound one takes over what GitHub has, too; as a duplicate it found that both sides agree. */
			later.state = 'completed' AND (later.direction = errored.direction OR errored.direction = 'inbound')
			OR later.state = 'duplicate' AND later.direction = errored.direction
				AND (later.direction = 'outbound' OR later.was_claimed)
			/* What failed again is one problem, and the later one tells how it is now. */
			OR later.state = 'errored' AND (later.direction = errored.direction
				OR errored.direction = 'inbound' AND later.error_code = errored.error_code))
		/* GitHub has it no longer: there is nothing to take over. */
		OR later.action = 'delete' AND later.state = 'completed'
			AND later.direction = 'inbound' AND errored.direction = 'inbound');
COMMENT ON FUNCTION github_sync.outdates_error(github_sync.ended, github_sync.ended) IS
'private: a later transaction of the same record did what an errored one was to do, or failed to do it once more';
