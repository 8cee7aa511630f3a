# 015_outage.pl
#
# Group: attacks.
# GitHub out of reach: nothing is errored, one request at a time asks whether
# it is over, and then everything drains.  A row that alone always fails on
# the way holds nobody up, and is given up in the end; nor does a change that
# GitHub never takes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;
use Time::HiRes qw(sleep time);

# Nine hours of three days, in seconds.
use constant { OUTAGE_S => 2, GIVE_UP_AFTER_S => 16 };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.give_up_after'        => GIVE_UP_AFTER_S . 's',
	'github_sync.retry_max_delay'      => '200ms',
	'github_sync.workers_per_database' => 2 });
my $node = $application->node;

sub add_tasks
{
	my ($count, $title) = @_;

	$application->sql("INSERT INTO tasks (project_id, created_by, github_repo_id, title)"
		  . " SELECT p.id, 'user', p.github_repo_id, '$title ' || n FROM projects AS p, generate_series(1, $count) AS n");
}

sub count_of { my ($query) = @_; return $application->superuser_sql("SELECT count(*) FROM $query") }

sub titles { my ($pattern) = @_; return scalar grep { $_->{title} =~ $pattern } $github->issues('acme/widgets') }

# ---- nine hours ----

add_tasks(60, 'task');
$application->wait_until_done;
is($github->counts->{most}{writes_under_way}, 1, 'two workers, and still one write at a time');

# In the middle of a full queue GitHub's front door answers that nobody is in.
$github->fault('PATCH /issues/', { gate => 'under-way' });
$application->sql("UPDATE tasks SET title = title || ', edited', modified_at = clock_timestamp()");
$github->wait_at_gate('under-way');
$github->fault('* .', { html => 503 }, times => 'forever');
my $seq = $github->last_seq;
add_tasks(20, 'in the outage');
$application->wait_until("SELECT bool_or(waits_for LIKE 'GitHub unreachable%') FROM github_sync.sync_queue");
$application->wait_until("SELECT bool_or(pause_reason LIKE 'GitHub unreachable%') FROM github_sync.sync_rate_limits");
pass('sync_queue and sync_rate_limits say why nothing is sent');
# What was asked before it is answered in the middle of it: that ends nothing.
$github->open_gate('under-way');
sleep OUTAGE_S;    # the outage itself

my @tries  = grep { ($_->{status} // 0) == 503 } $github->requests(since => $seq);
my $length = $tries[-1]{t} - $tries[0]{t};
cmp_ok(scalar @tries, '>', 3, 'during the outage it is asked again and again');
# At most nine under way when it began; pauses of 25, 50, and then 100 ms at least.
cmp_ok(scalar @tries, '<=', 9 + 2 + $length / 100, '... with pauses');
my $together = 0;
foreach my $i (9 .. $#tries)
{
	$together++ if $tries[$i]{t} < $tries[ $i - 1 ]{finished_t};
}
is($together, 0, '... by one request at a time, once those under way had failed');
is(count_of('github_sync.sync_errors'), 0, 'no row is errored');
is(count_of('github_sync.sync_queue WHERE attempts > 0'), 0, 'nor has any counted an attempt');

$github->clear_faults;
my $over = time;
$application->wait_until_done;
note sprintf('drained after %.1f s', time - $over);
is(count_of('github_sync.sync_errors'), 0, 'after the outage everything drains, nothing is errored');
$application->wait_until('SELECT count(*) = 2 AND bool_and(last_error IS NULL) FROM github_sync.sync_workers');
pass('no worker has anything to complain of any more');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
my @begins = $log =~ /^.* LOG:  github_sync: installation \d+ pauses until .*: GitHub unreachable: .*$/mg;
my @ends   = $log =~ /^.* LOG:  github_sync: installation \d+ goes on$/mg;
is(scalar @begins, 1, 'the log says that it began, once for two workers');
is(scalar @ends, 1, '... and that it is over');
is(titles(qr/^task \d+, edited$/), 60, 'every edit has arrived');
is(titles(qr/^in the outage \d+$/), 20, '... and every task');
is_deeply(GitHubSync::Application::created_twice($github), [], 'none twice');
is(count_of("planner.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id WHERE i.title = t.title"), 80, 'both sides agree');

# ---- one row that always fails on the way ----

GitHubSync::Application::reconfigure($node, 'github_sync.give_up_after' => '1s', 'github_sync.retry_max_delay' => '10s');
my $task   = $application->superuser_sql("SELECT id FROM planner.tasks WHERE title = 'task 1, edited'");
my $number = $application->issue_of($task)->{number};
$github->fault("GET /issues/$number\$", { html => 502 }, times => 'forever');
$application->edit_task($task, title => 'a poisoned task');
my $neighbours = 0;
my $deadline   = time + $PostgreSQL::Test::Utils::timeout_default;

# Its neighbours go on all the while.
until ($application->superuser_sql("SELECT state FROM github_sync.task_sync_transactions WHERE task_id = $task ORDER BY id DESC LIMIT 1") eq 'errored')
{
	my $neighbour = $application->superuser_sql("SELECT id FROM planner.tasks WHERE title LIKE 'task 2%' ORDER BY id LIMIT 1");

	$application->edit_task($neighbour, title => "task 2, edit " . ++$neighbours);
	$application->wait_until("SELECT bool_and(state = 'completed') FROM (SELECT state FROM github_sync.task_sync_transactions WHERE task_id = $neighbour ORDER BY id DESC LIMIT 1) AS t");
	last if time > $deadline;
}
cmp_ok($neighbours, '>', 1, 'while one row always fails on the way, its neighbours complete');
my ($error) = $application->rows('SELECT * FROM github_sync.sync_errors');
is($error->{error_code}, 'gave_up', 'after give_up_after it is errored: gave_up');
like($error->{error_reason}, qr/502/, "with GitHub's answer");
is($error->{record_id}, $task, '... it alone');
$github->clear_faults;
$application->sql($error->{retry});
$application->wait_until_done;
is($github->issue('acme/widgets', $number)->{title}, 'a poisoned task', 'once GitHub is well, a retry completes it');

# ---- a change that GitHub never takes ----

GitHubSync::Application::reconfigure($node, 'github_sync.give_up_after' => '1h', 'github_sync.retry_max_delay' => '300ms');
my $logged = length PostgreSQL::Test::Utils::slurp_file($node->logfile);

# Since the last look, as the log tells it.
sub pauses
{
	my $told = substr PostgreSQL::Test::Utils::slurp_file($node->logfile), $logged;

	$logged += length $told;
	return join "\n", $told =~ /^.* LOG:  github_sync: installation \d+ pauses until .*$/mg;
}

sub installations { return $application->superuser_sql(q{SELECT status FROM github_sync.health() WHERE "check" = 'installations'}) }

sub edit_neighbours
{
	my ($title) = @_;

	$application->sql("UPDATE tasks SET title = '$title ' || id, modified_at = clock_timestamp() WHERE title LIKE 'task 3%' OR title LIKE 'neighbour%'");
	$application->wait_until("SELECT count(*) = 11 FROM github_sync.github_issues WHERE title LIKE '$title %'");
}

$github->fault("PATCH /issues/$number\$", { html => 502 }, times => 'forever');
$seq = $github->last_seq;
$application->edit_task($task, title => 'never taken');
$github->wait_for_request('PATCH', "/issues/$number\$", since => $seq, count => 10);
is(pauses(), '', 'one row whose change GitHub never takes, though it shows the issue: the installation does not pause');
is(installations(), 'ok', '... and health() does not call it unreachable');
edit_neighbours("neighbour $_") foreach 1 .. 3;
is(pauses(), '', '... nor among others that go on');
my ($untaken) = $application->task_transactions("task_id = $task AND state IN ('queued', 'processing')");
is($untaken->{attempts}, 0, 'no attempt is counted');
like($untaken->{last_error}, qr{^GitHub unreachable: GitHub answered 502}, "... and its last error is GitHub's answer");
$github->clear_faults;
$application->wait_until_done;
is($github->issue('acme/widgets', $number)->{title}, 'never taken', 'once GitHub takes it, it arrives');

# ---- an import beside issues that cannot be read ----

# Did a page stand behind rows of which one is due after each pause, these would be longer than the test waits.
GitHubSync::Application::reconfigure($node, 'github_sync.retry_max_delay' => '20s');
my @bad = map { $application->issue_of($_) } split /\n/, $application->superuser_sql("SELECT id FROM planner.tasks WHERE title LIKE 'task 4_, edited' ORDER BY id LIMIT 3");
my $bad = join '|', map { $_->{number} } @bad;

sub bad_reads { my ($count) = @_; return $github->wait_for_request('GET', "acme/widgets/issues/(?:$bad)\$", since => $github->last_seq, count => $count) }

$github->fault("GET acme/widgets/issues/(?:$bad)\$", { html => 502 }, times => 'forever');
$github->human_creates_issue('acme/gadgets', title => "a gadget $_", body => 'its text') foreach 1 .. 30;
$application->edit_task($_->{task_id}, title => 'not to be read') foreach @bad;
$application->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
$seq = $github->last_seq;
$application->sql("SELECT github_sync.backfill_repo(@{[GitHubSync::Application::GADGETS]})");
$github->wait_for_request('GET', '/issues\?.*sort=updated', since => $seq);
pass('a page does not stand behind rows of which one is due after each pause');
$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps WHERE github_repo_id = @{[GitHubSync::Application::GADGETS]}");
# What was held just when it was listed is in the queue.
$application->wait_until("SELECT count(*) = 30 FROM planner.tasks WHERE title LIKE 'a gadget %'");
pass('an import goes on beside issues that cannot be read');
pauses();
bad_reads(6);
is(pauses(), '', '... which stop nothing any more, each for itself, when others have been answered');
is(installations(), 'ok', '... and health() does not call the installation unreachable');

$github->clear_faults;
$application->wait_until_done;
is(titles(qr/^not to be read$/), 3, 'once GitHub is well, all that could not be read arrives');
is(count_of('github_sync.sync_errors'), 0, '... and nothing is errored');

# ---- a repository that always fails, and many of its rows before the others' ----

# Were each of them tried first, with a pause behind it: the same.
$github->fault('* acme/gadgets', { html => 502 }, times => 'forever');
$seq = $github->last_seq;
$application->sql("UPDATE tasks SET title = title || ', edited', modified_at = clock_timestamp() WHERE title LIKE 'a gadget %';"
	  . " UPDATE tasks SET title = 'behind the gadgets', modified_at = clock_timestamp() WHERE id = $task");
$github->wait_for_request('PATCH', "acme/widgets/issues/$number\$", since => $seq);
note scalar(grep { ($_->{status} // 0) == 502 } $github->requests(since => $seq)) . ' requests failed before';
pass('behind the 30 rows of a repository that always fails, others go on');
is(count_of('github_sync.sync_errors'), 0, '... and nothing is errored');
$github->clear_faults;
$application->wait_until_done;
is(count_of("github_sync.github_issues WHERE title LIKE 'a gadget %, edited'"), 30, 'once GitHub is well, they all arrive');

done_testing();
