# 033_hostile_owner.pl
#
# Group: attacks.
# What the owner of the tables can replace answers with what the worker does not
# expect: NULL in each column of a claim, of what follows an answer and of a
# creation; other columns, other types, nothing at all; claims that a trigger
# undid.  The worker lives on, carries the other record type meanwhile, sends
# nothing that it was not told, and carries the rest once the fault is mended.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.max_attempts' => '50' });

my $task    = $application->add_task(title => 'a task');
my $comment = $application->add_comment($task, 'a comment');
$application->wait_until_done;
my $worker = $application->worker_pid;
my $number = $application->issue_of($task)->{number};
my $edits  = 0;

# Functions of the engine by their parameters.
my %parameters = (
	task_claim          => [qw(integer integer integer bigint[] github_sync.line[])],
	task_claim_apart    => [qw(integer integer integer bigint[] github_sync.line[])],
	task_report_answer  => [qw(bigint integer github_sync.answer)],
	task_report_answers => [qw(bigint[] integer[] github_sync.answer[])],
	task_begin_creation => [qw(bigint integer bigint timestamptz)]);

sub signature { my ($function) = @_; return join ', ', @{ $parameters{$function} } }
sub arguments { my ($function) = @_; return join ', ', map { "\$$_" } 1 .. @{ $parameters{$function} } }

# Puts a function in the place of one of ours, which it can call by its name with "_true".
sub lie
{
	my ($function, $returns, $query) = @_;

	$application->superuser_sql("ALTER FUNCTION github_sync.$function RENAME TO ${function}_true;
		CREATE FUNCTION github_sync.$function(" . signature($function) . ") RETURNS $returns LANGUAGE sql AS \$\$ $query \$\$;
		ALTER FUNCTION github_sync.$function(" . signature($function) . ') OWNER TO ' . GitHubSync::Application::OWNER);
}

sub tell_the_truth
{
	my ($function) = @_;

	$application->superuser_sql("DROP FUNCTION github_sync.$function(" . signature($function) . ");
		ALTER FUNCTION github_sync.${function}_true RENAME TO $function");
}

# Columns of a row type, in order.
sub columns
{
	my ($type) = @_;

	return split /\n/, $application->superuser_sql(
		"SELECT attname FROM pg_attribute WHERE attrelid = '$type'::regclass AND attnum > 0 ORDER BY attnum");
}

# The comment of a task arrives while its edit meets the lie.
sub others_are_carried
{
	my ($what) = @_;
	my $body   = 'comment ' . ++$edits;
	my $before = $github->last_seq;

	$application->edit_task($task, title => "title $edits");
	$application->edit_comment($comment, markdown => $body);
	$github->wait_for_request(PATCH => '/issues/comments/', since => $before);
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE record_type = 'comment')");
	is(($github->comments('acme/widgets', $number))[0]{body} =~ s/\s*<!--.*//r, $body, "$what: the comment is carried");
}

sub all_is_well_again
{
	my ($what) = @_;

	$application->superuser_sql('SELECT github_sync.wake()');
	# What was claimed by the lie may end only now.
	$application->wait_until('SELECT github_sync.retry_errored() = 0 AND NOT EXISTS (SELECT FROM github_sync.sync_queue)');
	is($github->issue('acme/widgets', $number)->{title}, "title $edits", "$what: told the truth, the task is carried");
	is($application->worker_pid, $worker, "$what: by the same worker");
}

sub lies_about_edits
{
	my ($what, $function, $returns, $query) = @_;

	lie($function, $returns, $query);
	others_are_carried($what);
	tell_the_truth($function);
	all_is_well_again($what);
}

# ---- NULL in each column ----

# What the true function returns, but for one column.
sub but
{
	my ($function, $column, $json) = @_;

	return qq{SELECT (jsonb_populate_record(t, '{"$column": $json}')).* FROM github_sync.${function}_true(} . arguments($function) . ') AS t';
}

my @of_claim = columns('github_sync.claim');
foreach my $column (grep { !/etag|creation_key|lookup_since/ } @of_claim)
{
	lies_about_edits("a claim without its $column", 'task_claim', 'SETOF github_sync.claim',
		but('task_claim', $column, 'null'));
}
my @of_answer = columns('github_sync.next_request');
foreach my $column (@of_answer)
{
	lies_about_edits("what follows without its $column", 'task_report_answer', 'github_sync.next_request',
		but('task_report_answer', $column, 'null'));
}

# ---- other types, other words, nothing ----

# No task can be claimed: the worker says so, and tries again; comments can.
foreach my $case (
	[ 'claims of another type', 'SETOF text', q{SELECT 'a claim'}, qr/column "id" does not exist/ ],
	[ 'claims that raise', 'SETOF github_sync.claim', 'SELECT t FROM github_sync.task_claim_true($1 / 0, $2, $3, $4, $5) AS t', qr/division by zero/ ])
{
	my ($what, $returns, $query, $reason) = @$case;

	lie($_, $returns, $query) foreach 'task_claim', 'task_claim_apart';
	others_are_carried($what);
	$application->wait_until("SELECT activity = 'cannot claim' FROM github_sync.sync_workers");
	like($application->superuser_sql('SELECT last_error FROM github_sync.sync_workers'), $reason, "$what: the worker says why");
	tell_the_truth($_) foreach 'task_claim', 'task_claim_apart';
	all_is_well_again($what);
}
foreach my $case (
	[ 'claims that are numbers where names should be', 'task_claim',
		'TABLE (' . join(', ', map { "$_ integer" } @of_claim) . ')', 'SELECT ' . join(', ', (1) x @of_claim) ],
	[ 'a claim of nobody\'s row', 'task_claim', 'SETOF github_sync.claim',
		but('task_claim', 'id', '424242') ],
	[ 'a step that there is not', 'task_claim', 'SETOF github_sync.claim',
		but('task_claim', 'step', '"dance"') ],
	[ 'no row after an answer', 'task_report_answer', 'SETOF github_sync.next_request', 'SELECT NULL::github_sync.next_request WHERE false' ],
	[ 'two rows after an answer', 'task_report_answer', 'SETOF github_sync.next_request', 'SELECT NULL::github_sync.next_request FROM generate_series(1, 2)' ],
	[ 'a number after an answer', 'task_report_answer', 'integer', 'SELECT 1' ],
	[ 'a state that there is not', 'task_report_answer', 'github_sync.next_request',
		but('task_report_answer', 'result', '"dancing"') ])
{
	lies_about_edits(@$case);
}

# ---- sets of answers ----

my @more = map { $application->add_task(title => "more of them, $_") } 1 .. 8;
$application->wait_until_done;
my $true_answers = 'github_sync.task_report_answers_true($1, $2, $3) AS t';
foreach my $case (
	[ 'no rows after a set of answers', "SELECT t.* FROM $true_answers WHERE t.place > cardinality(\$1)" ],
	[ 'rows in another order', "SELECT t.* FROM $true_answers ORDER BY t.place DESC" ],
	[ 'a set with a state that there is not', qq{SELECT t.place, jsonb_populate_record(t.follows, '{"result": "dancing"}') FROM $true_answers} ],
	[ 'a set whose last row says nothing', "SELECT t.place, CASE WHEN t.place < 2 THEN t.follows END FROM $true_answers" ])
{
	my ($what, $query) = @$case;

	lie('task_report_answers', 'TABLE (place integer, follows github_sync.next_request)', $query);
	$application->superuser_sql("UPDATE planner.tasks SET title = 'all at once: $what' WHERE id <> $task");
	others_are_carried($what);
	tell_the_truth('task_report_answers');
	all_is_well_again($what);
	is_deeply([ map { $github->issue('acme/widgets', $application->issue_of($_)->{number})->{title} } @more ], [ ("all at once: $what") x @more ],
		"$what: told the truth, all tasks are carried");
}

# ---- creations ----

sub lies_about_creations
{
	my ($what, $returns, $query) = @_;
	my $title = "created: $what";

	lie('task_begin_creation', $returns, $query);
	my $new = $application->add_task(title => $title);
	others_are_carried($what);
	tell_the_truth('task_begin_creation');
	all_is_well_again($what);
	is(scalar(grep { $_->{title} eq $title } $github->issues('acme/widgets')), 1, "$what: the issue is created once");
}

my $true_creation = 'FROM github_sync.task_begin_creation_true(' . arguments('task_begin_creation') . ') AS t';
lies_about_creations('a creation without its key', 'TABLE (creation_key uuid, title text, body text)', "SELECT NULL::uuid, (t).title, (t).body $true_creation");
lies_about_creations('a creation without a title', 'TABLE (creation_key uuid, title text, body text)', "SELECT (t).creation_key, NULL::text, (t).body $true_creation");
lies_about_creations('a creation of other columns', 'TABLE (key uuid)', "SELECT (t).creation_key $true_creation");
lies_about_creations('a creation that is a number', 'integer', 'SELECT 1');

# ---- a creation that is looked for by no key ----

# Of the task and the comment that are named, open attempts with NULL where their keys belong: both are looked for in
# GitHub's lists, which show others.
GitHubSync::Application::reconfigure($application->node, 'github_sync.max_attempts' => 2);
$application->switch_off;
my $log_end     = -s $application->node->logfile;
my $looked_for  = $application->add_task(title => 'looked for');
my $its_comment = $application->add_comment($task, 'a comment that is looked for');
my $neighbour   = $application->add_task(title => 'created beside them');
my @of_both     = ([ 'task', 'issue', $looked_for ], [ 'comment', 'comment', $its_comment ]);
foreach (@of_both)
{
	my ($record, $resource, $id) = @$_;

	$application->sql("ALTER TABLE github_sync.${record}_creation_attempts ALTER creation_key DROP NOT NULL;
		INSERT INTO github_sync.${record}_creation_attempts (creation_key, github_${resource}_id, github_repo_id)
		SELECT NULL, r.id, r.github_repo_id FROM github_sync.github_${resource}s AS r WHERE r.${record}_id = $id");
}
$application->switch_on;
others_are_carried('open attempts without a key');
$application->wait_until_done;
ok($application->issue_of($neighbour)->{number}, 'open attempts without a key: another task is created');
foreach (@of_both)
{
	my ($record, undef, $id) = @$_;
	my $ended = $application->row("SELECT state, error_code, error_reason FROM github_sync.${record}_sync_transactions WHERE ${record}_id = $id ORDER BY id DESC LIMIT 1");

	is("$ended->{state} $ended->{error_code}", 'errored apply_failed', "open attempts without a key: the $record is errored");
	like($ended->{error_reason}, qr/returned NULL in column "creation_key"/, '... which says what is missing');
}
is($application->worker_pid, $worker, 'open attempts without a key: the worker lives');
unlike(slurp_file($application->node->logfile, $log_end), qr/terminated by signal|server process .* exited|reinitializing/, '... and the server did not restart');
foreach (@of_both)
{
	my ($record, $resource, $id) = @$_;

	$application->sql("DELETE FROM github_sync.${record}_creation_attempts WHERE creation_key IS NULL;
		ALTER TABLE github_sync.${record}_creation_attempts ALTER creation_key SET NOT NULL");
}
all_is_well_again('open attempts without a key');
is(scalar(grep { $_->{title} eq 'looked for' } $github->issues('acme/widgets')), 1, 'open attempts without a key: mended, the issue is created once');
is(scalar(grep { $_->{body} =~ /that is looked for/ } $github->comments('acme/widgets', $number)), 1, '... and the comment, too');
GitHubSync::Application::reconfigure($application->node, 'github_sync.max_attempts' => 50);

# ---- a trigger of the owner's undoes what the worker did ----

foreach my $event ('processing', 'completed')
{
	my $what = "a trigger undoes the change to $event";

	$application->sql(qq{
		CREATE FUNCTION planner.undo() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			RETURN CASE WHEN NEW.state <> '$event' THEN NEW END;
		END \$\$;
		CREATE TRIGGER zz_undo BEFORE UPDATE ON github_sync.task_sync_transactions
		FOR EACH ROW EXECUTE FUNCTION planner.undo()});
	others_are_carried($what);
	$application->sql('DROP TRIGGER zz_undo ON github_sync.task_sync_transactions; DROP FUNCTION planner.undo()');
	all_is_well_again($what);
}
is(scalar $github->issues('acme/widgets'), 7 + @more, 'nothing was created twice');

done_testing();
