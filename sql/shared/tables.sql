/*
 * Tables that both record types share.  Made by attach_tasks, owned by the
 * owner of the tasks table, no members of the extension.
 */

CREATE TABLE IF NOT EXISTS github_sync.attached_tables (
	record_type text NOT NULL CONSTRAINT attached_tables_pkey PRIMARY KEY
		CONSTRAINT attached_tables_record_type_check CHECK (record_type IN ('task', 'comment')),
	table_schema text NOT NULL,
	table_name text NOT NULL,
	mapping jsonb NOT NULL,
	attached_at timestamptz DEFAULT now(),
	database_identity text NOT NULL,
	server jsonb,
	held_because text,
	made_by text
);
COMMENT ON TABLE github_sync.attached_tables IS
'private: which tables of the application are attached, by which columns, and in which database; as text, so that it '
'restores anywhere';
COMMENT ON COLUMN github_sync.attached_tables.attached_at IS
'NULL: detached; the row stays as long as the queue does, which is still a copy''s where it is attached again';
COMMENT ON COLUMN github_sync.attached_tables.database_identity IS
'which database syncs: another one with the same rows is a copy and sends nothing until adopt_database()';
COMMENT ON COLUMN github_sync.attached_tables.server IS
'server_fingerprint() when a worker started last; another server with the same rows is a copy of it, but for a standby '
'that was promoted';
COMMENT ON COLUMN github_sync.attached_tables.held_because IS
'why this database was found to be a copy; until adopt_database()';

COMMENT ON COLUMN github_sync.attached_tables.made_by IS
'the version of the extension that made, or last refreshed, what is attached';

CREATE TABLE IF NOT EXISTS github_sync.github_app_installations (
	id bigint CONSTRAINT github_app_installations_pkey PRIMARY KEY
		CONSTRAINT github_app_installations_id_check CHECK (id >= 0),
	account_login text,
	account_type text,
	state text NOT NULL DEFAULT 'active'
		CONSTRAINT github_app_installations_state_check CHECK (state IN ('active', 'suspended', 'deleted')),
	paused_until timestamptz,
	pause_reason text,
	pause_kind text
		CONSTRAINT github_app_installations_pause_kind_check CHECK (pause_kind IN
			('rate limit', 'budget', 'unreachable', 'credentials')),
	creations_paused_until timestamptz,
	outage_since timestamptz,
	outage_kind text,
	account_id bigint,
	told_at timestamptz,
	CONSTRAINT github_app_installations_pause_check CHECK ((paused_until IS NULL) = (pause_reason IS NULL)
		AND (paused_until IS NULL) = (pause_kind IS NULL)),
	CONSTRAINT github_app_installations_outage_check CHECK ((outage_since IS NULL) = (outage_kind IS NULL))
);
COMMENT ON TABLE github_sync.github_app_installations IS
'public: installations of the GitHub App; id is GitHub''s (token mode: 0)';
COMMENT ON COLUMN github_sync.github_app_installations.paused_until IS
'private: nothing is sent before; afterwards one request at a time until one is answered';
COMMENT ON COLUMN github_sync.github_app_installations.pause_reason IS
'private: why nothing is sent, for sync_queue';
COMMENT ON COLUMN github_sync.github_app_installations.pause_kind IS
'private: rate limit: GitHub refused; budget: we keep within our own, so nothing has to be found out afterwards; '
'unreachable; credentials: over as soon as settings are read again or a worker starts';
COMMENT ON COLUMN github_sync.github_app_installations.outage_since IS
'private: when the log was told that the installation cannot work; NULL: it was told that it goes on';
COMMENT ON COLUMN github_sync.github_app_installations.outage_kind IS
'private: which kind of pause, or state of the installation, the log was told of last';
COMMENT ON COLUMN github_sync.github_app_installations.account_id IS
'private: GitHub''s id of the account, by which an installation that was made again is known; NULL: no webhook told it';
COMMENT ON COLUMN github_sync.github_app_installations.told_at IS
'private: GitHub''s time of the last webhook about the installation: what an earlier one tells is out of date; '
'infinity: it is held while it moves to another server, whatever GitHub tells';
COMMENT ON COLUMN github_sync.github_app_installations.creations_paused_until IS
'private: nothing is created before, everything else goes on: our creations of the hour are used up';

CREATE TABLE IF NOT EXISTS github_sync.github_repos (
	id bigint CONSTRAINT github_repos_pkey PRIMARY KEY
		CONSTRAINT github_repos_id_check CHECK (id > 0),
	github_app_installation_id bigint NOT NULL
		CONSTRAINT github_repos_github_app_installation_id_fkey REFERENCES github_sync.github_app_installations,
	owner_login text NOT NULL,
	name text NOT NULL,
	name_lost boolean NOT NULL DEFAULT false,
	sync_enabled boolean NOT NULL DEFAULT true,
	disconnected_at timestamptz,
	access_lost boolean NOT NULL DEFAULT false,
	is_archived boolean NOT NULL DEFAULT false,
	told_at timestamptz,
	access_told_at timestamptz,
	ask_access_at timestamptz,
	ask_archived_at timestamptz,
	paused_until timestamptz,
	pause_reason text,
	sync_direction text NOT NULL DEFAULT 'both'
		CONSTRAINT github_repos_sync_direction_check CHECK (sync_direction IN ('both', 'inbound', 'outbound')),
	conflict_policy text NOT NULL DEFAULT 'last_write_wins'
		CONSTRAINT github_repos_conflict_policy_check CHECK (conflict_policy IN
			('last_write_wins', 'github_wins', 'app_wins')),
	on_remote_delete text NOT NULL DEFAULT 'keep'
		CONSTRAINT github_repos_on_remote_delete_check CHECK (on_remote_delete IN ('keep', 'delete')),
	on_local_delete text NOT NULL DEFAULT 'keep'
		CONSTRAINT github_repos_on_local_delete_check CHECK (on_local_delete IN ('keep', 'propagate')),
	pull_requests text NOT NULL DEFAULT 'skip'
		CONSTRAINT github_repos_pull_requests_check CHECK (pull_requests IN ('sync', 'skip')),
	mentions text
		CONSTRAINT github_repos_mentions_check CHECK (mentions IN ('keep', 'escape')),
	create_labels boolean NOT NULL DEFAULT false,
	task_defaults jsonb NOT NULL DEFAULT '{}'
		CONSTRAINT github_repos_task_defaults_check CHECK (jsonb_typeof(task_defaults) = 'object'),
	comment_defaults jsonb NOT NULL DEFAULT '{}'
		CONSTRAINT github_repos_comment_defaults_check CHECK (jsonb_typeof(comment_defaults) = 'object'),
	CONSTRAINT github_repos_pause_check CHECK ((paused_until IS NULL) = (pause_reason IS NULL)),
	CONSTRAINT github_repos_disconnected_check CHECK (disconnected_at IS NULL OR NOT sync_enabled)
);
COMMENT ON TABLE github_sync.github_repos IS
'public: repositories that sync; id is GitHub''s';
COMMENT ON COLUMN github_sync.github_repos.disconnected_at IS
'when disconnect_repo() was called: it counts as not connected; an INSERT of the same id connects it again. NULL: it '
'is connected';
COMMENT ON COLUMN github_sync.github_repos.on_local_delete IS
'whether GitHub''s comment of a deleted row is deleted, and its issue closed (propagate), or left as it is (keep); a '
'row that sync_when kept back at that time is no exception';
COMMENT ON COLUMN github_sync.github_repos.pull_requests IS
'whether pull requests are synced (sync) or passed over (skip): closing a task must not close somebody''s pull '
'request unasked. One that was linked by link_task() is synced in either case; one that became a task while this was '
'sync keeps it, and is synced again when this is';
COMMENT ON COLUMN github_sync.github_repos.mentions IS
'whether mentions in texts of the application notify people: keep (they do) or escape; NULL: escape where the '
'transaction is one of a bulk import (priority above 100), else keep';
COMMENT ON COLUMN github_sync.github_repos.create_labels IS
'whether labels of tasks that the repository does not have are made there (true) or left out (false)';
COMMENT ON COLUMN github_sync.github_repos.access_lost IS
'private: GitHub does not show it to us any more; set_repo_sync(id, true) tries again';
COMMENT ON COLUMN github_sync.github_repos.is_archived IS
'GitHub lets nobody write to it, as far as a webhook or an answer told: what is outbound is disabled meanwhile '
'(archived)';
COMMENT ON COLUMN github_sync.github_repos.told_at IS
'private: GitHub''s time of the last webhook about the repository itself: what an earlier one tells is out of date';
COMMENT ON COLUMN github_sync.github_repos.access_told_at IS
'private: GitHub''s time of the last webhook that gave the repository to an installation, or took it away: what an '
'earlier one tells is out of date';
COMMENT ON COLUMN github_sync.github_repos.ask_access_at IS
'private: when GitHub is asked whether the installation has it, which webhooks of the same second leave open; NULL: '
'they do not, or it has said so';
COMMENT ON COLUMN github_sync.github_repos.ask_archived_at IS
'private: when GitHub is asked whether it is archived, as it was and may not be any more, or as webhooks of the same '
'second leave open; NULL: nobody doubts it';
COMMENT ON COLUMN github_sync.github_repos.name_lost IS
'private: another repository has its name by now, as far as is known; until an answer tells its own, or somebody does';
COMMENT ON COLUMN github_sync.github_repos.paused_until IS
'private: its issues are switched off at GitHub: nothing is sent before';
COMMENT ON COLUMN github_sync.github_repos.pause_reason IS
'private: why nothing is sent, for sync_queue';
CREATE INDEX IF NOT EXISTS github_repos_github_app_installation_id_idx
	ON github_sync.github_repos (github_app_installation_id);

CREATE TABLE IF NOT EXISTS github_sync.sync_conflicts (
	id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT sync_conflicts_pkey PRIMARY KEY,
	record_type text NOT NULL
		CONSTRAINT sync_conflicts_record_type_check CHECK (record_type IN ('task', 'comment')),
	cached_record_id bigint NOT NULL,
	transaction_id bigint NOT NULL,
	field text NOT NULL,
	base text,
	local text,
	remote text,
	winner text NOT NULL CONSTRAINT sync_conflicts_winner_check CHECK (winner IN ('github', 'app')),
	detected_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE github_sync.sync_conflicts IS
'public: fields that both sides changed differently, with both texts: what lost is never silently lost; and labels, '
'assignees and milestones of tasks that GitHub did not take (winner: github)';
COMMENT ON COLUMN github_sync.sync_conflicts.remote IS
'GitHub''s text; NULL where winner is app: also a later text that GitHub told of, and no answer or webhook ever showed';
COMMENT ON COLUMN github_sync.sync_conflicts.cached_record_id IS
'id in github_issues or github_comments';
COMMENT ON COLUMN github_sync.sync_conflicts.transaction_id IS
'id in task_sync_transactions or comment_sync_transactions';
CREATE INDEX IF NOT EXISTS sync_conflicts_record_idx
	ON github_sync.sync_conflicts (record_type, cached_record_id);

CREATE TABLE IF NOT EXISTS github_sync.webhook_deliveries (
	delivery_id text CONSTRAINT webhook_deliveries_pkey PRIMARY KEY
		CONSTRAINT webhook_deliveries_delivery_id_check CHECK (length(delivery_id) BETWEEN 1 AND 200),
	event text NOT NULL,
	action text,
	github_repo_id bigint,
	installation_id bigint,
	facts jsonb NOT NULL,
	received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	outcome text NOT NULL DEFAULT 'pending',
	finished_at timestamptz,
	CONSTRAINT webhook_deliveries_pending_check CHECK ((outcome = 'pending') = (finished_at IS NULL))
);
COMMENT ON TABLE github_sync.webhook_deliveries IS
'public: the webhook deliveries of the last seven days: what each told, without its payload, and what came of it';
COMMENT ON COLUMN github_sync.webhook_deliveries.delivery_id IS
'X-GitHub-Delivery, which a redelivery has again';
COMMENT ON COLUMN github_sync.webhook_deliveries.event IS
'X-GitHub-Event';
COMMENT ON COLUMN github_sync.webhook_deliveries.github_repo_id IS
'GitHub''s id of the repository; NULL: it is about none, or its event is ignored';
COMMENT ON COLUMN github_sync.webhook_deliveries.installation_id IS
'GitHub''s id of the installation that it came for; NULL: as above, or a hook of the repository itself sent it';
COMMENT ON COLUMN github_sync.webhook_deliveries.facts IS
'private: ids, numbers, times and names; of the repositories of an installation, those that are ours';
COMMENT ON COLUMN github_sync.webhook_deliveries.outcome IS
'queued: what it tells is in the queue, or done; pending: somebody held what it is about, and the worker ends it; '
'ignored, and why; failed, and why, when the worker tried to end it: a redelivery is tried again';
CREATE INDEX IF NOT EXISTS webhook_deliveries_received_at_idx
	ON github_sync.webhook_deliveries (received_at);
CREATE INDEX IF NOT EXISTS webhook_deliveries_pending_idx
	ON github_sync.webhook_deliveries (received_at) WHERE outcome = 'pending';
CREATE INDEX IF NOT EXISTS webhook_deliveries_failed_idx
	ON github_sync.webhook_deliveries (received_at) WHERE outcome LIKE 'failed: %';

CREATE TABLE IF NOT EXISTS github_sync.repo_sweeps (
	github_repo_id bigint NOT NULL
		CONSTRAINT repo_sweeps_github_repo_id_fkey REFERENCES github_sync.github_repos ON DELETE CASCADE,
	stream text NOT NULL CONSTRAINT repo_sweeps_stream_check CHECK (stream IN
			('issues', 'comments', 'check of issues', 'check of comments')),
	phase text NOT NULL DEFAULT 'backfill'
		CONSTRAINT repo_sweeps_phase_check CHECK (phase IN ('backfill', 'sweep', 'census', 'check')),
	filters jsonb NOT NULL DEFAULT '{}',
	is_asked boolean NOT NULL DEFAULT false,
	asked_at timestamptz,
	due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	due_interval interval,
	cursor_at timestamptz,
	since_filter timestamptz,
	cursor_link text,
	page_size integer NOT NULL DEFAULT 100,
	by_issue boolean NOT NULL DEFAULT false,
	issue_id bigint,
	issue_number integer,
	shown_ids bigint[],
	created_until timestamptz,
	pass_began_at timestamptz,
	pass_started_at timestamptz,
	shown_until timestamptz,
	shown_last bigint[],
	listed bigint NOT NULL DEFAULT 0,
	applied bigint NOT NULL DEFAULT 0,
	failed bigint NOT NULL DEFAULT 0,
	total bigint,
	import_listed bigint,
	claimed_by integer,
	claim_no integer NOT NULL DEFAULT 0,
	abandoned integer NOT NULL DEFAULT 0,
	attempts integer NOT NULL DEFAULT 0,
	last_error text,
	last_error_at timestamptz,
	failing_since timestamptz,
	etag text,
	etag_key text,
	last_complete_at timestamptz,
	last_census_at timestamptz,
	full_length bigint,
	CONSTRAINT repo_sweeps_pkey PRIMARY KEY (github_repo_id, stream)
) WITH (fillfactor = 50);
COMMENT ON TABLE github_sync.repo_sweeps IS
'private: how far each list of a repository has been read, for imports, sweeps and the census, and for a check, which '
'goes its own way; view sync_progress shows it';
COMMENT ON COLUMN github_sync.repo_sweeps.filters IS
'what of the list is wanted, of what was there and unchanged when the import began: state, since, comments (false: '
'none); began: when that was, by GitHub''s Date of its first page at the latest; {}: all';
COMMENT ON COLUMN github_sync.repo_sweeps.is_asked IS
'somebody asked for this pass: it is made whatever reconcile_interval says';
COMMENT ON COLUMN github_sync.repo_sweeps.asked_at IS
'when all was to be compared last, deletions included, by our clock: a pass that began before does not answer that';
COMMENT ON COLUMN github_sync.repo_sweeps.due_interval IS
'reconcile_interval when due_at was worked out from it: a shorter one makes the list due sooner';
COMMENT ON COLUMN github_sync.repo_sweeps.cursor_at IS
'the newest updated_at of all that was listed and applied: GitHub''s clock, and moved by pages alone';
COMMENT ON COLUMN github_sync.repo_sweeps.since_filter IS
'since when changes are listed in the present step of the pass; NULL: all';
COMMENT ON COLUMN github_sync.repo_sweeps.cursor_link IS
'the next page of the present step, as GitHub named it';
COMMENT ON COLUMN github_sync.repo_sweeps.by_issue IS
'GitHub could not make the list of all comments in this pass: those of each issue are listed by themselves';
COMMENT ON COLUMN github_sync.repo_sweeps.issue_id IS
'id in github_issues of the issue whose comments are being listed';
COMMENT ON COLUMN github_sync.repo_sweeps.issue_number IS
'check: number of the issue whose comments are being listed, which may be unknown here; NULL: the list of all is read';
COMMENT ON COLUMN github_sync.repo_sweeps.shown_ids IS
'GitHub''s ids on the page before (census), or of all comments of the issue so far';
COMMENT ON COLUMN github_sync.repo_sweeps.created_until IS
'census: created_at of the last item of the page before';
COMMENT ON COLUMN github_sync.repo_sweeps.pass_began_at IS
'when the pass began, by our clock; NULL: none is under way';
COMMENT ON COLUMN github_sync.repo_sweeps.pass_started_at IS
'when the pass began, by the Date of its first page';
COMMENT ON COLUMN github_sync.repo_sweeps.shown_until IS
'all that changed before was listed in an earlier step of the pass, and of what changed then shown_last, by GitHub''s '
'ids; NULL: there was none';
COMMENT ON COLUMN github_sync.repo_sweeps.failed IS
'how many items of the pass could not be applied as they were listed, in this pass or before; a comment fails with '
'its issue';
COMMENT ON COLUMN github_sync.repo_sweeps.import_listed IS
'how many items the last import listed; NULL: none has come to its end';
COMMENT ON COLUMN github_sync.repo_sweeps.total IS
'about how many items the pass will list: by the pages that GitHub numbers; where it does not, and the pass lists '
'all, by what is known here; NULL: not known';
COMMENT ON COLUMN github_sync.repo_sweeps.failing_since IS
'when the first of the tries failed that went wrong in a row; NULL: the last one did not';
COMMENT ON COLUMN github_sync.repo_sweeps.full_length IS
'how many items it had when all of it was listed last, by an import or a census; NULL: never';
COMMENT ON COLUMN github_sync.repo_sweeps.claim_no IS
'raised by every claim; the report of a page names it, so that a stale worker changes nothing';
COMMENT ON COLUMN github_sync.repo_sweeps.abandoned IS
'claims in a row whose worker ended without a report: it may be the page that ends it';
COMMENT ON COLUMN github_sync.repo_sweeps.attempts IS
'pages in a row that could not be read, or not be applied';
CREATE INDEX IF NOT EXISTS repo_sweeps_due_at_idx ON github_sync.repo_sweeps (due_at);

CREATE TABLE IF NOT EXISTS github_sync.listed_later (
	record_type text NOT NULL
		CONSTRAINT listed_later_record_type_check CHECK (record_type IN ('task', 'comment')),
	github_id bigint NOT NULL,
	github_repo_id bigint NOT NULL
		CONSTRAINT listed_later_github_repo_id_fkey REFERENCES github_sync.github_repos ON DELETE CASCADE,
	number integer NOT NULL,
	github_updated_at timestamptz NOT NULL,
	try_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	last_error text,
	wanted text NOT NULL DEFAULT 'item'
		CONSTRAINT listed_later_wanted_check CHECK (wanted IN ('item', 'absent', 'comments')),
	CONSTRAINT listed_later_pkey PRIMARY KEY (record_type, github_id, wanted)
);
COMMENT ON TABLE github_sync.listed_later IS
'private: what a list showed while somebody held what it is about, and the comments of an issue that is gone: it '
'becomes a transaction as soon as nobody does';
COMMENT ON COLUMN github_sync.listed_later.wanted IS
'private: what is to be done. item: it is fetched; absent: the list did not show it, or its issue is gone, and it is '
'asked for singly; comments: of the issue they are listed by themselves';
COMMENT ON COLUMN github_sync.listed_later.try_at IS
'private: when it is tried again';
COMMENT ON COLUMN github_sync.listed_later.last_error IS
'private: why it could not become one, where nobody held it';

CREATE TABLE IF NOT EXISTS github_sync.checked_pages (
	github_repo_id bigint NOT NULL
		CONSTRAINT checked_pages_github_repo_id_fkey REFERENCES github_sync.github_repos ON DELETE CASCADE,
	stream text NOT NULL,
	github_ids bigint[] NOT NULL,
	discussed_numbers integer[]
);
COMMENT ON TABLE github_sync.checked_pages IS
'private: what the pages of a check under way have shown, by GitHub''s ids: all else that is known is missing there';
COMMENT ON COLUMN github_sync.checked_pages.discussed_numbers IS
'of a check of issues: numbers of those on the page that have comments at GitHub; kept until the comments are checked';
CREATE INDEX IF NOT EXISTS checked_pages_idx ON github_sync.checked_pages (github_repo_id, stream);

CREATE TABLE IF NOT EXISTS github_sync.record_differences (
	id bigint GENERATED BY DEFAULT AS IDENTITY CONSTRAINT record_differences_pkey PRIMARY KEY,
	is_current boolean NOT NULL DEFAULT false,
	record_type text NOT NULL
		CONSTRAINT record_differences_record_type_check CHECK (record_type IN ('task', 'comment')),
	github_repo_id bigint NOT NULL
		CONSTRAINT record_differences_github_repo_id_fkey REFERENCES github_sync.github_repos ON DELETE CASCADE,
	cached_record_id bigint,
	record_id text,
	github_id bigint,
	github_issue_number integer,
	difference text NOT NULL
		CONSTRAINT record_differences_difference_check CHECK (difference IN
			('differs', 'missing here', 'missing at GitHub', 'cannot be read')),
	field text,
	digest_here text,
	digest_github text,
	why text NOT NULL,
	transaction_id bigint,
	github_updated_at timestamptz,
	mend text CONSTRAINT record_differences_mend_check CHECK (mend IN ('inbound', 'outbound', 'inquiry')),
	mended_by bigint,
	seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE github_sync.record_differences IS
'private: what check_repo() found; view sync_differences shows it';
COMMENT ON COLUMN github_sync.record_differences.is_current IS
'found by the last check of the list that came to its end; false: by one that is under way';
COMMENT ON COLUMN github_sync.record_differences.mend IS
'which transaction mends it: a fetch, one that sends what the application changed, or an inquiry whether GitHub has it '
'no longer; NULL: none, as both sides are as they were wanted, or somebody has to decide';
COMMENT ON COLUMN github_sync.record_differences.mended_by IS
'the transaction that mend_differences() enqueued for it';
CREATE INDEX IF NOT EXISTS record_differences_github_id_idx
	ON github_sync.record_differences (github_repo_id, record_type, github_id);
