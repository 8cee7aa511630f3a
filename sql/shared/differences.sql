/*
 * Differences that check_repo() finds.  Those of a pass under way are not shown:
 * they take the place of the former ones, of the same list, when it is complete.
 */

CREATE OR REPLACE FUNCTION github_sync.note_difference(d github_sync.record_differences) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO github_sync.record_differences (record_type, github_repo_id, cached_record_id, record_id,
		github_id, github_issue_number, difference, field, digest_here, digest_github, why, transaction_id,
		github_updated_at, mend)
	VALUES (d.record_type, d.github_repo_id, d.cached_record_id, d.record_id, d.github_id,
		d.github_issue_number, d.difference, d.field, d.digest_here, d.digest_github, d.why, d.transaction_id,
		d.github_updated_at, d.mend);
END
$$;
COMMENT ON FUNCTION github_sync.note_difference(github_sync.record_differences) IS
'private: one more finding of a check under way';

CREATE OR REPLACE FUNCTION github_sync.take_new_differences(repo_id bigint, of_type text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM github_sync.record_differences AS d
	WHERE d.github_repo_id = repo_id AND d.record_type = of_type AND d.is_current;
	UPDATE github_sync.record_differences AS d SET is_current = true
	WHERE d.github_repo_id = repo_id AND d.record_type = of_type;
END
$$;
COMMENT ON FUNCTION github_sync.take_new_differences(bigint, text) IS
'private: what a check found takes the place of what the one before found';

CREATE OR REPLACE FUNCTION github_sync.checked_type(stream text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE stream WHEN 'check of issues' THEN 'task' WHEN 'check of comments' THEN 'comment' END;
COMMENT ON FUNCTION github_sync.checked_type(text) IS
'private: the record type that a check of a list is about; NULL: it is no check';

CREATE OR REPLACE FUNCTION github_sync.list_of_stream(stream text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN replace(stream, 'check of ', '');
COMMENT ON FUNCTION github_sync.list_of_stream(text) IS
'private: the list of GitHub''s that is read, by whatever pass';
