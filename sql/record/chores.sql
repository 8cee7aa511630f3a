/*
 * Chores: what the worker does in the queue for many rows at a time, besides
 * claims and reports.  Where workers end and nobody knows with which row, it does
 * one at a time: what its next one is about, and that one alone.
 *
 *   find      a queued transaction without a record gets one
 *   release   a transaction whose time has come stands in line
 *   settle    a record whose time has come is asked for once more
 *   apply     what somebody held when it was listed becomes a transaction
 *   resume    an installation's pause that follows from settings ends
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_next_chore(chore text, behind bigint, left_out bigint[])
RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
	CASE chore
	WHEN 'find' THEN
		RETURN (SELECT min(t.id) FROM (SELECT t.id FROM github_sync.@record@_sync_transactions AS t
			WHERE t.@resource@_id IS NULL AND t.state IN ('queued', 'processing')
				AND t.id > behind AND t.id <> ALL (left_out) OFFSET 0) AS t);
	WHEN 'release' THEN
		RETURN (SELECT min(t.id) FROM (SELECT t.id FROM github_sync.@record@_sync_transactions AS t
			WHERE t.state = 'queued' AND t.next_attempt_at <= (SELECT clock_timestamp())
				AND t.id > behind AND t.id <> ALL (left_out) OFFSET 0) AS t);
	WHEN 'settle' THEN
		RETURN CASE WHEN github_sync.@record@_table_fits() THEN (
			SELECT min(r.id) FROM (SELECT r.id FROM github_sync.@resources@ AS r
				WHERE r.settle_at <= (SELECT clock_timestamp()) AND r.id > behind AND r.id <> ALL (left_out)
				OFFSET 0) AS r) END;
	WHEN 'apply' THEN
		RETURN (SELECT min(l.github_id) FROM (SELECT l.github_id FROM github_sync.listed_later AS l
			WHERE l.record_type = '@record@' AND l.try_at <= (SELECT clock_timestamp())
				AND l.github_id > behind AND l.github_id <> ALL (left_out) OFFSET 0) AS l);
	WHEN 'resume' THEN
		RETURN (SELECT min(i.id) FROM (SELECT i.id FROM github_sync.github_app_installations AS i
			WHERE (i.pause_kind IN ('credentials', 'budget') OR i.creations_paused_until IS NOT NULL)
				AND i.id > behind AND i.id <> ALL (left_out) OFFSET 0) AS i);
	END CASE;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_next_chore(text, bigint, bigint[]) IS
'private: what the next chore of a kind is about, by its id: a transaction (find, release), a record (settle), what '
'GitHub has (apply), an installation (resume); NULL: there is none behind that id but those left out';

CREATE OR REPLACE FUNCTION github_sync.@record@_do_chore(chore text, about bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	CASE chore
	WHEN 'find' THEN
		PERFORM github_sync.@record@_find_queued('{}', about);
	WHEN 'release' THEN
		PERFORM github_sync.@record@_release(about);
	WHEN 'settle' THEN
		PERFORM github_sync.@record@_settle_unless_held(ARRAY[about]);
	WHEN 'apply' THEN
		PERFORM github_sync.@record@_apply_later(l) FROM github_sync.listed_later AS l
		WHERE l.record_type = '@record@' AND l.github_id = about AND l.try_at <= (SELECT clock_timestamp());
	WHEN 'resume' THEN
		PERFORM github_sync.end_credential_pauses('{}', about), github_sync.end_budget_pauses('{}', about);
	END CASE;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_do_chore(text, bigint) IS
'private: does one chore, if it still is one and nobody holds what it is about';
