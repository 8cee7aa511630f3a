# 011_poison.pl
#
# Group: attacks.
# No row stops the worker for the others: what cannot be claimed, or put back,
# ends alone; what is wrong with all rows ends none of them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);

# The owner's own trigger on the queue, for the transactions of one task.
sub poison
{
	my ($task, $event) = @_;

	$application->sql(qq{
		CREATE FUNCTION planner.refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			IF NEW.task_id = $task AND $event THEN
				RAISE EXCEPTION 'not this one' USING ERRCODE = 'XX123';
			END IF;
			RETURN NEW;
		END \$\$;
		CREATE TRIGGER zz_refuse BEFORE UPDATE ON github_sync.task_sync_transactions
		FOR EACH ROW EXECUTE FUNCTION planner.refuse()});
}

sub cure { $application->sql('DROP TRIGGER zz_refuse ON github_sync.task_sync_transactions; DROP FUNCTION planner.refuse()') }

# ---- a row that cannot be claimed ----

my $bad  = $application->add_task(title => 'a bad task');
my $good = $application->add_task(title => 'a good task');
$application->wait_until_done;
poison($bad, "NEW.state = 'processing'");
$application->edit_task($bad, title => 'a bad task, edited');
$application->wait_until("SELECT activity = 'cannot claim' FROM github_sync.sync_workers");
like($application->row('SELECT last_error FROM github_sync.sync_workers')->{last_error}, qr/not this one/, 'alone, it waits, and the worker says why');
is($application->row("SELECT count(*) FROM github_sync.sync_queue WHERE waits_for = 'ready'")->{count}, 1, 'nothing is lost');
$application->edit_task($good, title => 'a good task, edited');
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($good)->{number})->{title}, 'a good task, edited', 'beside others, the others are carried');
my ($error) = $application->rows('SELECT * FROM github_sync.sync_errors');
is("$error->{record_id} $error->{error_code}", "$bad apply_failed", 'and it is errored');
like($error->{error_reason}, qr/^XX123: not this one/, 'with the reason');
$application->wait_until("SELECT activity = 'idle' AND coalesce(last_error, '') = '' FROM github_sync.sync_workers");
pass('the worker has nothing to complain of any more');
cure();
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($bad)->{number})->{title}, 'a bad task, edited', 'cured and retried, it is carried');

# ---- a row that has much to say ----

$application->sql(qq{
	CREATE FUNCTION planner.shout() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		RAISE EXCEPTION 'it begins %, and ends so', repeat('\xc3\xa9', 400000);
	END \$\$;
	CREATE TRIGGER shout BEFORE UPDATE ON tasks FOR EACH ROW WHEN (NEW.title = 'shout') EXECUTE FUNCTION planner.shout()});
$github->advance_clock(5);
$application->tell_of_issue($github->human_edits_issue('acme/widgets', $application->issue_of($bad)->{number}, title => 'shout'));
$application->wait_until_done;
my $told = $application->row('SELECT e.error_reason, t.last_error FROM github_sync.sync_errors AS e, github_sync.task_sync_transactions AS t'
	  . " WHERE t.state = 'errored'");
foreach my $text (@$told{qw(error_reason last_error)})
{
	like($text, qr/^P0001: it begins .*left out.*, and ends so$/s, 'a message of 800 kB is kept with its begin and its end');
	cmp_ok(length $text, '<=', 2100, '... and without its middle');
}
my ($longest) = sort { $b <=> $a } map { length } split /\n/, slurp_file($application->node->logfile);
cmp_ok($longest, '<', 10_000, '... in the log as well') or diag("$longest bytes in a line");
$application->sql('DROP TRIGGER shout ON tasks; DROP FUNCTION planner.shout()');
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
$application->edit_task($bad, title => 'a bad task');
$application->wait_until_done;

# ---- what is wrong with all rows ----

$application->sql('ALTER TABLE tasks RENAME COLUMN title TO headline');
$application->sql("UPDATE tasks SET headline = 'under another name', modified_at = clock_timestamp() WHERE id = $good");
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($good)->{number})->{title}, 'under another name', 'a column that was renamed is followed');
$application->sql('ALTER TABLE tasks RENAME COLUMN headline TO title');

$application->sql('SET client_min_messages = error; ALTER TABLE tasks DROP COLUMN modified_at');
$application->sql("UPDATE tasks SET title = 'without a time' WHERE id = $good");
$application->wait_until("SELECT activity = 'cannot claim' FROM github_sync.sync_workers");
is($application->row('SELECT count(*) FROM github_sync.sync_errors')->{count}, 0, 'a column that is gone errors no row');
is($application->row("SELECT count(*) FROM github_sync.health() WHERE status = 'critical'")->{count}, 1, 'and is said');
$application->sql('SET client_min_messages = error; ALTER TABLE tasks ADD COLUMN modified_at timestamptz NOT NULL DEFAULT clock_timestamp()');
$application->superuser_sql('SELECT github_sync.refresh_attached()');
$application->wait_until_done;
is($application->row('SELECT count(*) FROM github_sync.sync_errors')->{count}, 0, 'when it is there again, they are carried');
is($github->issue('acme/widgets', $application->issue_of($good)->{number})->{title}, 'without a time', 'with what was written meanwhile');
is($application->row("SELECT count(*) FROM github_sync.health() WHERE status <> 'ok'")->{count}, 0, 'and all is well');

# ---- what is under way when a mapped column is dropped ----

my $waiting = "SELECT coalesce(string_agg(state || ' ' || waits_for || ' ' || attempts, ', '), 'nothing') FROM github_sync.sync_queue";
my %under_way = (
	'a delivery'        => [ 'GET /issues/\d+$', sub { $application->tell_of_issue($github->human_edits_issue('acme/widgets', $application->issue_of($good)->{number}, body => 'from GitHub')) } ],
	'one of a new task' => [ 'GET /issues/\d+$', sub { $application->tell_of_issue($github->human_creates_issue('acme/widgets', title => 'new at GitHub')) } ],
	'an edit'           => [ 'PATCH /issues/\d+$', sub { $application->edit_task($good, title => 'on its way') } ],
	'a creation'        => [ 'POST /issues$', sub { $application->add_task(title => 'created meanwhile') } ]);
foreach my $what (sort keys %under_way)
{
	my ($request, $happens) = @{ $under_way{$what} };
	my $gate = $what =~ tr/ /-/r;

	$github->fault($request, { gate_after_effect => $gate });
	$happens->();
	$github->wait_at_gate($gate);
	$application->sql('SET client_min_messages = error; ALTER TABLE tasks DROP COLUMN markdown');
	my $seq = $github->last_seq;
	$github->open_gate($gate);
	$application->wait_until("SELECT activity = 'cannot claim' FROM github_sync.sync_workers");
	is($application->superuser_sql($waiting), 'queued table does not fit 0', "$what, when a mapped column is dropped: it waits, and no attempt is counted");
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... is not errored');
	is(scalar(grep { $_->{path} =~ m{/issues} } $github->requests(since => $seq)), 0, '... and GitHub is not asked in vain');
	$application->sql('SET client_min_messages = error; ALTER TABLE tasks ADD COLUMN markdown text');
	$application->superuser_sql('SELECT github_sync.refresh_attached()');
	$application->wait_until_done;
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... and goes on when it is there again');
}
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'new at GitHub'"), 1, 'the new one has made a task');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

# Without a gate: whatever the worker was doing.
foreach my $round (1 .. 5)
{
	$application->sql("SET client_min_messages = error; UPDATE tasks SET title = 'round $round' WHERE id IN ($good, $bad)");
	$application->sql('SET client_min_messages = error; ALTER TABLE tasks DROP COLUMN markdown');
	$application->wait_until("SELECT activity IN ('cannot claim', 'idle') FROM github_sync.sync_workers");
	$application->sql('SET client_min_messages = error; ALTER TABLE tasks ADD COLUMN markdown text');
	$application->superuser_sql('SELECT github_sync.refresh_attached()');
	$application->wait_until_done;
}
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'a column that is dropped at any time errors no row');
is($github->issue('acme/widgets', $application->issue_of($good)->{number})->{title}, 'round 5', 'and all is carried in the end');

# ---- a row that cannot be put back ----

$github->fault('GET /issues/\d+$', { gate => 'fetch' }, times => 'forever');
poison($bad, "NEW.state IN ('queued', 'errored')");
$application->edit_task($bad, title => 'a bad task, edited again');
$application->edit_task($good, title => 'a good task, edited again');
$github->wait_at_gate('fetch', count => 2);
kill 'KILL', $application->worker_pid;
$github->open_gate('fetch');
$github->clear_faults;
$application->wait_until("SELECT count(*) = 1 FROM github_sync.sync_queue");
is($github->issue('acme/widgets', $application->issue_of($good)->{number})->{title}, 'a good task, edited again', 'after a crash, the others are carried');
is($application->row('SELECT state FROM github_sync.sync_queue')->{state}, 'processing', 'it cannot be put back');
cure();
$application->superuser_sql('SELECT github_sync.wake()');
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($bad)->{number})->{title}, 'a bad task, edited again', 'once it can, it is, by the same worker');

done_testing;
