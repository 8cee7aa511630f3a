/*
 * Composite types: what the worker's C passes to the functions that it calls
 * and gets from them, and what those functions pass to one another.  Values
 * only: no table has a column of these types, so that all data stay readable
 * without the extension.
 */

CREATE TYPE github_sync.resource AS (
	github_id bigint,
	number integer,
	is_pull_request boolean,
	title text,
	body text,
	state text,
	state_reason text,
	author_login text,
	html_url text,
	created_at timestamptz,
	updated_at timestamptz,
	closed_at timestamptz,
	author_id bigint,
	marks jsonb
);
COMMENT ON TYPE github_sync.resource IS
'private: an issue, a pull request or an issue comment as an answer of GitHub''s shows it';
COMMENT ON COLUMN github_sync.resource.number IS
'of the issue; of a comment: of the issue that it belongs to';
COMMENT ON COLUMN github_sync.resource.author_id IS
'GitHub''s id of the account that wrote it, which keeps it under every name; NULL: a deleted account';
COMMENT ON COLUMN github_sync.resource.body IS
'as GitHub sent it, with a creation key if it carries one';
COMMENT ON COLUMN github_sync.resource.marks IS
'of an issue: as marks_of() has them; filled in where the application maps any of them. NULL: not known';

CREATE TYPE github_sync.answer AS (
	kind text,
	answered_at timestamptz,
	own_id bigint,
	resource github_sync.resource,
	etag text,
	etag_key text,
	json text,
	asked_repo_id bigint
);
COMMENT ON TYPE github_sync.answer IS
'private: an answer of GitHub''s that shows the resource of a claimed transaction';
COMMENT ON COLUMN github_sync.answer.kind IS
'fetched; not modified (304: GitHub still holds what is cached; resource is NULL); written (answers our update); '
'created (answers our creation); found (our creation, met in a list)';
COMMENT ON COLUMN github_sync.answer.asked_repo_id IS
'the repository that was asked, as the claim has it; NULL: the one where the record is';
COMMENT ON COLUMN github_sync.answer.answered_at IS
'GitHub''s Date of the answer';
COMMENT ON COLUMN github_sync.answer.own_id IS
'GitHub''s id of the account that the worker sends as';
COMMENT ON COLUMN github_sync.answer.etag IS
'ETag of the answer; of one that was not modified: the ETag that was sent';
COMMENT ON COLUMN github_sync.answer.etag_key IS
'a fingerprint of the token that the ETag belongs to';
COMMENT ON COLUMN github_sync.answer.json IS
'the resource as GitHub sent it, or, of one that was found, the page of the list; NULL where an answer does not say '
'which repository it comes from';

CREATE TYPE github_sync.next_request AS (
	result text,
	issue_number integer,
	github_id bigint,
	send_title boolean,
	title text,
	send_body boolean,
	body text,
	send_state boolean,
	issue_state text,
	send_state_reason boolean,
	state_reason text,
	marks text
);
COMMENT ON TYPE github_sync.next_request IS
'private: what follows an answer';
COMMENT ON COLUMN github_sync.next_request.marks IS
'a JSON object with those of labels, assignees and milestone that are to be sent, as GitHub takes them; NULL: the '
'application maps none of them';
COMMENT ON COLUMN github_sync.next_request.result IS
'send: an update with the fields that are marked; stale: the claim is over; moved: another repository seems to have '
'the name, and the claim goes on; else the state that the transaction has now';

CREATE TYPE github_sync.field_sides AS (
	local text,
	local_base text,
	local_changed_at timestamptz,
	remote text,
	remote_base text,
	remote_changed_at timestamptz
);
COMMENT ON TYPE github_sync.field_sides IS
'private: one mapped field of a record on both sides: the value of the local row and of GitHub''s resource, the '
'base that each is compared with, and when each changed';

CREATE TYPE github_sync.merge_result AS (
	local_fields text[],
	to_send boolean[],
	applied boolean,
	lost boolean,
	was_moved boolean
);
COMMENT ON TYPE github_sync.merge_result IS
'private: what became of an answer at the local row';
COMMENT ON COLUMN github_sync.merge_result.local_fields IS
'the mapped fields of the local row before it was written';
COMMENT ON COLUMN github_sync.merge_result.to_send IS
'per field: GitHub is still to get the local value';
COMMENT ON COLUMN github_sync.merge_result.applied IS
'the local row was written or made';
COMMENT ON COLUMN github_sync.merge_result.lost IS
'a change of GitHub''s lost against a later one of the application''s';
COMMENT ON COLUMN github_sync.merge_result.was_moved IS
'the application has moved the local row since the claim: nothing of it is sent to where its record is';

CREATE TYPE github_sync.ending AS (
	place integer,
	transaction_id bigint,
	event text,
	duplicate_of bigint,
	dropped_for bigint,
	because text,
	local_key text,
	github_id bigint,
	number integer,
	github_updated_at timestamptz
);
COMMENT ON TYPE github_sync.ending IS
'private: how a transaction ends that ran, and what it is about as far as that is known by then (NULL: as before)';
COMMENT ON COLUMN github_sync.ending.place IS
'of its answer, among those that are reported together';
COMMENT ON COLUMN github_sync.ending.event IS
'NULL: it has ended already, or goes on';

CREATE TYPE github_sync.backoff AS (
	shortest interval,
	longest interval,
	give_up_after interval
);
COMMENT ON TYPE github_sync.backoff IS
'private: how long a transaction with which GitHub cannot be reached waits between two tries, and after which time '
'it is given up';

CREATE TYPE github_sync.local_row AS (
	is_there boolean,
	fields text[],
	modified_at timestamptz,
	github_repo_id bigint,
	parent_issue_id bigint,
	parent_key text,
	is_wanted boolean,
	is_deleted boolean
);
COMMENT ON TYPE github_sync.local_row IS
'private: a row of the application''s table as the rules see it';
COMMENT ON COLUMN github_sync.local_row.fields IS
'the mapped fields in the order of the record type, state as open or closed';
COMMENT ON COLUMN github_sync.local_row.parent_key IS
'of a comment: the key of its task, as text';
COMMENT ON COLUMN github_sync.local_row.is_wanted IS
'sync_when is true of it, and deleted_when is not; true where the table was attached without them';
COMMENT ON COLUMN github_sync.local_row.is_deleted IS
'deleted_when is true of it: the application shows it to nobody any more';

CREATE TYPE github_sync.edit AS (
	key text,
	changed boolean[],
	closed_from text
);
COMMENT ON TYPE github_sync.edit IS
'private: what capture saw the application change of a row whose record was synced before';
COMMENT ON COLUMN github_sync.edit.changed IS
'which of the mapped fields';
COMMENT ON COLUMN github_sync.edit.closed_from IS
'of a task that was closed: what its state column held before; else NULL';

CREATE TYPE github_sync.new_row AS (
	fields text[],
	modified_at timestamptz,
	parent_issue_id bigint,
	json text
);
COMMENT ON TYPE github_sync.new_row IS
'private: what a row that is made for a resource of GitHub''s is to hold';
COMMENT ON COLUMN github_sync.new_row.fields IS
'the mapped fields in the order of the record type, state as open or closed, as its columns can hold them';
COMMENT ON COLUMN github_sync.new_row.parent_issue_id IS
'of a comment: the cached record of its issue';
COMMENT ON COLUMN github_sync.new_row.json IS
'the resource as GitHub sent it, for insert_values';

CREATE TYPE github_sync.decision AS (
	state text,
	disabled_reason text,
	duplicate_of bigint,
	dropped_for bigint,
	because text,
	being_switched boolean,
	error_code text,
	error_reason text
);
COMMENT ON TYPE github_sync.decision IS
'private: whether a transaction may wait in the queue, and why not';
COMMENT ON COLUMN github_sync.decision.state IS
'queued, dropped, duplicate, disabled or errored; within the rules NULL: this rule does not apply';
COMMENT ON COLUMN github_sync.decision.being_switched IS
'its repository was disabled, and somebody is just changing that: the rules are to be asked again before anything '
'is sent';

CREATE TYPE github_sync.situation AS (
	installation_id bigint,
	disabled_reason text,
	is_alone boolean
);
COMMENT ON TYPE github_sync.situation IS
'private: what a new transaction of a record finds there';
COMMENT ON COLUMN github_sync.situation.disabled_reason IS
'why the repository does not sync in its direction now, or NULL';
COMMENT ON COLUMN github_sync.situation.is_alone IS
'no other transaction of the record waits, is being processed, is disabled, or was left behind where its row was moved';

CREATE TYPE github_sync.line AS (
	installation_id bigint,
	direction text,
	creates boolean,
	places integer,
	in_hand integer
);
COMMENT ON TYPE github_sync.line IS
'private: transactions of an installation that stand in one line: those of one direction, creations apart';
COMMENT ON COLUMN github_sync.line.places IS
'how many of it a worker may have in hand; NULL: as many as of any other';
COMMENT ON COLUMN github_sync.line.in_hand IS
'how many of it are being processed';

CREATE TYPE github_sync.claim AS (
	id bigint,
	claim_no integer,
	direction text,
	step text,
	installation_id bigint,
	owner_login text,
	repo_name text,
	issue_number integer,
	github_id bigint,
	etag text,
	etag_key text,
	creation_key uuid,
	lookup_since timestamptz,
	attempts integer,
	github_repo_id bigint,
	priority smallint,
	is_probe boolean,
	creates boolean,
	name_is_lost boolean,
	waiting_since timestamptz
);
COMMENT ON TYPE github_sync.claim IS
'private: a transaction that a worker has claimed, and what it needs to ask GitHub about it';
COMMENT ON COLUMN github_sync.claim.claim_no IS
'the fence: reports name it, and those of an earlier claim change nothing';
COMMENT ON COLUMN github_sync.claim.step IS
'what is asked of GitHub first: fetch, create, delete, or lookup (of a creation whose outcome is unknown). Of what is '
'no claim: held, somebody holds what the transaction is about; over, it ended without a request, or waits no longer';
COMMENT ON COLUMN github_sync.claim.creation_key IS
'of a lookup: what the creation carries';
COMMENT ON COLUMN github_sync.claim.is_probe IS
'the installation was paused, whichever worker recorded it: an answer ends the pause';
COMMENT ON COLUMN github_sync.claim.creates IS
'it stands in the line of creations';
COMMENT ON COLUMN github_sync.claim.waiting_since IS
'its place in line; NULL: it was claimed before, so that not all of the time since then was spent in line';
COMMENT ON COLUMN github_sync.claim.name_is_lost IS
'another repository has owner_login and repo_name, as far as is known: the repository is asked for its name by its id';

CREATE TYPE github_sync.sweep AS (
	github_repo_id bigint,
	stream text,
	claim_no integer,
	installation_id bigint,
	request text,
	issue_number integer,
	page_size integer,
	since timestamptz,
	page_link text,
	etag text,
	etag_key text,
	owner_login text,
	repo_name text,
	delivery_id bigint,
	asked_name text
);
COMMENT ON TYPE github_sync.sweep IS
'private: a page of a repository''s list that a worker has claimed to read; the repository is asked for by its id';
COMMENT ON COLUMN github_sync.sweep.request IS
'installation, repository (by its id), name: what check_setup() asks, and access: which installation has a repository; '
'claim_no is its number. label, '
'assignee, milestone (whose number is issue_number), milestones: whether a repository has one, asked for known_names, '
'whose id claim_no is. Else a list: '
'issues or comments: by their last change, oldest first; census: issues by their creation, oldest first; comments of '
'issue: those of issue_number. Or, of the App''s delivery log, deliveries: a page of it, and delivery: the one of '
'delivery_id';
COMMENT ON COLUMN github_sync.sweep.asked_name IS
'of the stream names: the label, login or milestone that GitHub is asked for';
COMMENT ON COLUMN github_sync.sweep.page_link IS
'where GitHub said that the list goes on; NULL: its first page is asked for';

CREATE TYPE github_sync.swept_page AS (
	github_repo_id bigint,
	stream text,
	claim_no integer,
	answered_at timestamptz,
	own_id bigint,
	next_link text,
	etag text,
	etag_key text,
	unreadable text,
	last_page integer,
	priority smallint,
	is_careful boolean
);
COMMENT ON TYPE github_sync.swept_page IS
'private: what is known of a page of a list besides its items';
COMMENT ON COLUMN github_sync.swept_page.next_link IS
'where GitHub says that the list goes on; NULL: this is the last page';
COMMENT ON COLUMN github_sync.swept_page.unreadable IS
'what is wrong with items of which not even ids could be read; NULL: there are none';
COMMENT ON COLUMN github_sync.swept_page.last_page IS
'how many pages of this size the list has, as GitHub numbers them; NULL: not told';
COMMENT ON COLUMN github_sync.swept_page.is_careful IS
'workers ended with this page: its items are noted for later, and nothing else, so that each can be tried alone; '
'filled in by sweep_page()';
COMMENT ON COLUMN github_sync.swept_page.priority IS
'of the transactions that are made of its items; filled in by sweep_page()';

CREATE TYPE github_sync.unreadable_item AS (
	github_id bigint,
	number integer,
	updated_at timestamptz,
	problem text
);
COMMENT ON TYPE github_sync.unreadable_item IS
'private: an item of a list that cannot be read, but which says which one it is; number: as that of type resource; '
'updated_at: NULL: not told; problem: the member that cannot be read';

CREATE TYPE github_sync.finding AS (
	"check" text,
	status text,
	since timestamptz,
	detail text,
	remedy text
);
COMMENT ON TYPE github_sync.finding IS
'private: what a check of health() found';
COMMENT ON COLUMN github_sync.finding.status IS
'ok; info: so somebody wanted it; warn; critical: nothing is synchronized, or something is not';
COMMENT ON COLUMN github_sync.finding.since IS
'since when it is not ok; NULL: it is, or nobody knows';
COMMENT ON COLUMN github_sync.finding.remedy IS
'a statement or a setting; NULL: none is needed';

CREATE TYPE github_sync.lag AS (
	github_repo_id bigint,
	oldest_unsynced_at timestamptz,
	last_sweep_at timestamptz,
	phase text,
	done bigint,
	total bigint,
	rate numeric
);
COMMENT ON TYPE github_sync.lag IS
'private: how far a repository is behind, for view sync_lag';
COMMENT ON COLUMN github_sync.lag.last_sweep_at IS
'when all of its lists had been read to their end';
COMMENT ON COLUMN github_sync.lag.total IS
'about how many items the pass will list; NULL: not known';

CREATE TYPE github_sync.metric AS (
	metric text,
	record_type text,
	direction text,
	state text,
	installation text,
	value double precision
);
COMMENT ON TYPE github_sync.metric IS
'private: a row of view sync_metrics; what does not apply is an empty text, as monitoring systems have it';

CREATE TYPE github_sync.error_group AS (
	record_type text,
	code text,
	errors bigint,
	latest timestamptz,
	record text,
	reason text,
	retry text
);
COMMENT ON TYPE github_sync.error_group IS
'private: errors of one code, for report(), with the last of them; record is HTML';

CREATE TYPE github_sync.slow_record AS (
	record text,
	since timestamptz,
	what text,
	direction text,
	attempts integer,
	last_error text
);
COMMENT ON TYPE github_sync.slow_record IS
'private: what waits for long, for report(); record is HTML';

CREATE TYPE github_sync.hot_record AS (
	record text,
	transactions bigint,
	since timestamptz,
	latest timestamptz,
	failed_tries bigint
);
COMMENT ON TYPE github_sync.hot_record IS
'private: a record of which there are many transactions, for report(); record is HTML';

CREATE TYPE github_sync.story_line AS (
	record_type text,
	at timestamptz,
	transaction_id bigint,
	direction text,
	event text,
	detail text
);
COMMENT ON TYPE github_sync.story_line IS
'private: one thing that happened to a record; without a time: it did not happen';
