/*
 * View sync_differences.
 */

--@view sync_differences: a row per difference that the last complete check of a repository found (check_repo()): a
--@more field of a record, or a record that one side lacks, but for what backfill_repo() was told to leave out;
--@more mend_differences() enqueues what mends it
--@column record_type: task or comment
--@column record_id: key of the application's row, as text; NULL: there is none
--@column github_repo_id: GitHub's id of the repository
--@column repository: owner/name
--@column github_issue_number: of the issue, or of the comment's issue; NULL: not known
--@column github_id: GitHub's id of the issue or comment; NULL: it has none
--@column difference: differs; missing here; missing at GitHub; cannot be read (what GitHub lists)
--@column field: title, body, state, labels, assignees or milestone, task (of a comment); NULL: the whole record
--@column digest_here: what stands for the value of the application's row: equal for equal texts; NULL: none
--@column digest_github: the same of GitHub's value; equal to digest_here where only what is known of GitHub is out of
--@more date
--@column why: queued, errored (code), disabled (reason): a transaction says so; unsettled, not listed yet: the next
--@more sweep finds it; not captured: only the application changed it, and nothing was enqueued; conflict policy
--@more (which); left out by GitHub: it did not take labels, assignees or a milestone, or not all of them; never synced;
--@more held by somebody; its issue is missing here; of another task here; taken for deleted at GitHub; deleted here,
--@more deleted at GitHub, its issue was deleted here: known, and kept; unlinked; gone or transferred: GitHub's list
--@more does not show it; no reason known
--@column transaction_id: id of the transaction that why tells of, in the table of its record type
--@column seen_at: when it was seen
--@column checked_at: when that check was complete; of the other record type it may be another
--@column mended_by: id of the transaction that mend_differences() enqueued for it
	SELECT d.record_type, d.record_id, d.github_repo_id, r.owner_login || '/' || r.name AS repository,
		d.github_issue_number, d.github_id, d.difference, d.field, d.digest_here, d.digest_github,
		github_sync.words_for_reader(d.why) AS why,
		d.transaction_id, d.seen_at, s.last_complete_at AS checked_at, d.mended_by
	FROM github_sync.record_differences AS d
	JOIN github_sync.github_repos AS r ON r.id = d.github_repo_id
	LEFT JOIN github_sync.repo_sweeps AS s ON s.github_repo_id = d.github_repo_id
		AND s.stream = CASE d.record_type WHEN 'task' THEN 'check of issues' ELSE 'check of comments' END
	WHERE d.is_current
