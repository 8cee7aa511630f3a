# 021_two_workers.pl
#
# Two workers serve one database: nothing is done twice, either goes on where
# the other ends.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.workers_per_database'    => '2',
	'github_sync.max_concurrent_requests' => '1' });
my $node    = $application->node;
my $repo    = 'acme/widgets';
my $workers = "SELECT count(*) = %d FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()";

sub asked_since
{
	my ($seq, $pattern) = @_;

	return scalar grep { /$pattern/ } GitHubSync::Application::asked($github, $seq);
}

sub issues_called
{
	my ($title) = @_;

	return grep { $_->{title} eq $title } $github->issues($repo);
}

sub add_tasks
{
	my ($first, $last) = @_;

	$application->sql("INSERT INTO tasks (project_id, created_by, title, github_repo_id)"
		  . " SELECT p.id, 'user', 'task ' || n, p.github_repo_id FROM projects AS p, generate_series($first, $last) AS n");
}

# Which worker holds a transaction of a task.
sub holder
{
	my ($transaction) = @_;

	return $application->task_transaction($transaction)->{claimed_by} // 'nobody';
}

# How much each worker takes.  A reload would reach a worker some time: until then one might take all.
sub take_at_once
{
	my ($requests) = @_;

	GitHubSync::Application::configure($node, 'github_sync.max_concurrent_requests' => $requests);
	$node->restart;
	$application->wait_until(sprintf $workers, 2);
}

sub newest_of_task
{
	my ($task) = @_;

	return ($application->task_transactions("task_id = $task"))[-1]{id};
}

$application->wait_until(sprintf $workers, 2);
pass('two workers serve the database');

# ---- the webhook of a creation, taken by the other one ----

my $posted = 'POST /repos/acme/widgets/issues$';
my $seq    = $github->last_seq;
$github->fault($posted, { gate_after_effect => 'answer' });
my $task = $application->add_task(title => 'created by one', markdown => 'text');
$github->wait_at_gate('answer');
my ($issue) = issues_called('created by one');
$github->fault("GET /issues/$issue->{number}\$", { gate => 'fetch' });
my $told = $application->tell_of_issue($issue)->{id};
$github->wait_at_gate('fetch');
isnt(holder($told), holder(newest_of_task($task)), 'the other worker fetches what this one creates');
$github->open_gate('fetch');
$application->wait_until("SELECT count(*) = 1 FROM github_sync.task_creation_attempts WHERE outcome = 'created'");
$github->open_gate('answer');
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM planner.tasks'), 1, 'no second task comes of it');
is($application->issue_of($task)->{number}, $issue->{number}, 'the task knows its issue');
is(asked_since($seq, qr{^POST /repos/acme/widgets/issues }), 1, 'which was created once');

# ---- both at work ----

take_at_once(4);
$seq = $github->last_seq;
$github->fault($posted, { gate => 'creation' });
# A worker may take all places of an installation: either is kept from it while the other one takes some.
my ($one, $other) = map { $_->{pid} } $application->rows('SELECT pid FROM github_sync.sync_workers');
kill 'STOP', $other;
add_tasks(1, 4);
$github->wait_at_gate('creation');
$application->wait_until("SELECT count(*) = 4 FROM github_sync.task_sync_transactions WHERE state = 'processing' AND claimed_by = $one");
kill 'STOP', $one;
kill 'CONT', $other;
add_tasks(5, 30);
$application->wait_until("SELECT count(DISTINCT claimed_by) = 2 FROM github_sync.task_sync_transactions WHERE state = 'processing'");
kill 'CONT', $one;
pass('both hold creations');
$github->open_gate('creation');
$application->wait_until_done;
is(scalar(grep { $_->{writes_under_way} > 1 } grep { "$_->{method} $_->{path}" =~ /$posted/ } $github->requests(since => $seq)), 0, 'and send one at a time');
is(asked_since($seq, qr{^POST /repos/acme/widgets/issues }), 30, 'with one request for each task');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is($application->superuser_sql('SELECT count(*) FROM github_sync.github_issues WHERE number IS NOT NULL AND task_id IS NOT NULL'), 31, 'every task knows its issue');

# ---- one is refused, and the other goes on when that is over ----

my $refused = $application->superuser_sql("SELECT id FROM planner.tasks WHERE title = 'task 4'");
my $paused  = "SELECT paused_until IS NOT NULL FROM github_sync.github_app_installations";
$github->fault("GET /issues/" . $application->issue_of($refused)->{number} . '$',
	{ answer => { status => 403, body => '{"message":"You have exceeded a secondary rate limit."}', headers => { 'content-type' => 'application/json', 'retry-after' => '2' } } });
kill 'STOP', $other;
$application->edit_task($refused, title => 'refused once');
$application->wait_until($paused);
kill 'STOP', $one;
kill 'CONT', $other;
$application->wait_until('SELECT coalesce(paused_until < clock_timestamp(), true) FROM github_sync.github_app_installations');
add_tasks(31, 31);    # wakes the one that did not note the pause, unless it looked by itself
$application->wait_until_done;
is($application->superuser_sql($paused), 'f', 'a pause that one of them recorded ends with an answer to the other');
kill 'CONT', $one;
is(scalar(issues_called('refused once')), 1, '... which wrote what was refused');

# ---- one ends in the middle, and is started anew ----

take_at_once(1);
$github->fault($posted, { gate_after_effect => 'dying' }, body => 'its worker ends');
my $stays = $application->superuser_sql("SELECT id FROM planner.tasks WHERE title = 'task 3'");
$github->fault("GET /issues/" . $application->issue_of($stays)->{number} . '$', { gate => 'living' });
$application->edit_task($stays, title => 'its worker stays');
$task = $application->add_task(title => 'its worker ends');
$github->wait_at_gate($_) foreach qw(dying living);
my $living = holder(newest_of_task($stays));
$application->superuser_sql("SELECT pg_terminate_backend(@{[holder(newest_of_task($task))]})");
$application->wait_until("SELECT number IS NOT NULL FROM github_sync.github_issues WHERE task_id = $task");
pass('what a worker held when it ended goes on');
is(holder(newest_of_task($stays)), $living, 'what the other one holds stays with it');
$github->open_gate($_) foreach qw(dying living);
$application->wait_until_done;
is($application->task_transaction(newest_of_task($stays))->{claim_no}, 1, 'until it is done');
is(scalar(issues_called('its worker ends')), 1, 'and is not created again');
$application->wait_until(sprintf $workers, 2);
pass('two workers serve the database again');

# ---- one ends for good ----

my @tasks = map { $application->superuser_sql("SELECT id FROM planner.tasks WHERE title = 'task $_'") } 1, 2;
$github->fault("GET /issues/" . $application->issue_of($tasks[ $_ - 1 ])->{number} . '$', { gate => "both-$_" }) foreach 1, 2;
$application->edit_task($tasks[ $_ - 1 ], title => "held by $_") foreach 1, 2;
$github->wait_at_gate("both-$_") foreach 1, 2;
GitHubSync::Application::reconfigure($node, 'github_sync.workers_per_database' => '1');
# The last place is not wanted any more: its worker waits for an answer and, ended, has no successor.
my $leaves = (map { $_->{pid} } $application->rows('SELECT pid FROM github_sync.sync_workers'))[-1];
$application->superuser_sql("SELECT pg_terminate_backend($leaves)");
$application->wait_until(sprintf $workers, 1);
$github->open_gate("both-$_") foreach 1, 2;
$application->wait_until_done;
is(scalar(issues_called("held by $_")), 1, "what a worker held that has no successor goes on ($_)") foreach 1, 2;

# ---- and in the end ----

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

done_testing();
