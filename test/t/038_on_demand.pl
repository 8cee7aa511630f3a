# 038_on_demand.pl
#
# Group: attacks.
# Workers run where something is due, and nowhere else: they leave when they have
# nothing to do, and a commit or a due time brings them back.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use Test::More;
use Time::HiRes qw(sleep time);

my $github = GitHubSync::StandIn->start;
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github),
	'autovacuum' => 'off', 'fsync' => 'off', 'log_min_messages' => 'debug1', 'max_prepared_transactions' => '5',
	'github_sync.worker_idle_exit' => '50ms');
my $application = GitHubSync::Application->in_server($node);

my $run = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'github_sync worker'";

# A process leaves the list of sessions some moments after its slot.
sub no_worker_of
{
	my ($database) = @_;

	return $node->poll_query_until('postgres', "SELECT n = 0 FROM ($run AND datname = '$database') AS r (n)");
}

sub wait_for_sleep
{
	my ($of) = @_;

	$of->wait_until("SELECT pid IS NULL AND activity = 'asleep' FROM github_sync.sync_workers");
}

sub titles
{
	my ($pattern) = @_;

	return scalar grep { $_->{title} =~ $pattern } $github->issues('acme/widgets');
}

sub workers_ordered
{
	my ($database) = @_;
	my $oid = $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = '$database'");
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);

	return scalar(() = $log =~ /ordered a worker for database $oid /g);
}

# ---- idle, and back ----

my $task = $application->add_task(title => 'the first');
$application->wait_until_done;
wait_for_sleep($application);
ok(no_worker_of('application'), 'a worker that has nothing to do leaves');
my ($asleep) = $application->rows('SELECT last_error, next_start_at IS NOT NULL AS starts FROM github_sync.sync_workers');
is_deeply($asleep, { last_error => undef, starts => JSON::PP::true }, 'sync_workers says so, and when one is started at the latest');
$application->add_task(title => 'the second');
$application->wait_until_done;
is(titles(qr/^the second$/), 1, 'a commit brings one back');
wait_for_sleep($application);
$application->sql("BEGIN; INSERT INTO tasks (project_id, github_repo_id, title, created_by) SELECT project_id, github_repo_id, 'prepared', 'user' FROM tasks LIMIT 1; PREPARE TRANSACTION 'one'");
$application->sql("COMMIT PREPARED 'one'");
$application->wait_until_done;
is(titles(qr/^prepared$/), 1, 'COMMIT PREPARED, too');

# ---- a due time ----

wait_for_sleep($application);
GitHubSync::Application::reconfigure($node, 'github_sync.retry_base_delay' => '2s');
$github->fault('GET /issues/', { answer => { status => 503, body => '{}' } });
$application->edit_task($task, title => 'the first, edited');
$application->wait_until("SELECT count(*) = 1 FROM github_sync.sync_queue WHERE attempts + (last_error IS NOT NULL)::int > 0");
$application->wait_until("SELECT pid IS NULL FROM github_sync.sync_workers");
pass('what is due later does not keep a worker');
my ($due) = $application->rows("SELECT next_start_at < clock_timestamp() + '1 minute' AS soon FROM github_sync.sync_workers");
is($due->{soon}, JSON::PP::true, 'sync_workers says when one is started for it');
$application->wait_until_done;
is(titles(qr/^the first, edited$/), 1, 'its time brings one back');
GitHubSync::Application::reconfigure($node, 'github_sync.retry_base_delay' => '50ms');

# ---- what finished long ago ----

wait_for_sleep($application);
$application->superuser_sql(q{
	INSERT INTO github_sync.task_sync_transactions (direction, state, error_code, error_reason, inserted_at, queued_at, finished_at)
	SELECT 'inbound', state, nullif(state, 'completed'), nullif(state, 'completed'), at, at, at
	FROM (VALUES ('completed', 31, 1000), ('errored', 31, 1), ('completed', 29, 1)) AS v (state, days, n),
		LATERAL (SELECT now() - days * interval '1 day') AS a (at), generate_series(1, n)});
$application->superuser_sql(q{
	INSERT INTO github_sync.sync_conflicts (record_type, cached_record_id, transaction_id, field, winner)
	SELECT 'task', i.id, t.id, 'title', 'app' FROM github_sync.github_issues AS i, github_sync.task_sync_transactions AS t
	WHERE i.id = (SELECT min(id) FROM github_sync.github_issues) AND t.id = (SELECT min(id) + 500 FROM github_sync.task_sync_transactions WHERE inserted_at < now() - interval '1 day')});
$application->superuser_sql(q{UPDATE github_sync.task_sync_transactions AS t SET github_issue_id = c.cached_record_id
	FROM github_sync.sync_conflicts AS c WHERE c.transaction_id = t.id});
$application->sql('SELECT github_sync.wake()');
$application->wait_until(q{SELECT count(*) <= 3 FROM github_sync.task_sync_transactions WHERE inserted_at < now() - interval '1 day'});
is_deeply([ map { $_->{is} } $application->rows(q{SELECT state || ' ' || (now()::date - finished_at::date) AS is
	FROM github_sync.task_sync_transactions WHERE inserted_at < now() - interval '1 day' ORDER BY finished_at, state}) ],
	[ 'completed 31', 'errored 31', 'completed 29' ], 'a worker deletes what finished 30 days ago, but for errors and conflicts');

# ---- commits while a worker decides to leave ----

# Each is alone: a commit that were lost would be found by none that follows.
GitHubSync::Application::reconfigure($node, 'github_sync.worker_idle_exit' => '1ms');
wait_for_sleep($application);
my ($wakes, $idle) = (5, workers_ordered('application'));
foreach my $wake (1 .. $wakes)
{
	my $so_far = -s $node->logfile;

	$application->sql('SELECT github_sync.wake()');
	$node->wait_for_log(qr/has ended \(asked to: yes/, $so_far);
	wait_for_sleep($application);
}
is(workers_ordered('application') - $idle, $wakes, 'one that finds nothing to do when it starts leaves, and none follows it');

my $edits = 60;
my ($worst, $started) = (0, workers_ordered('application'));
foreach my $edit (1 .. $edits)
{
	my $began = time;

	$application->edit_task($task, title => "edit $edit");
	$application->wait_until_done;
	$worst = time - $began if time - $began > $worst;
	# Through all the moments of a worker's life, before the next one.
	sleep(0.0005 * $edit);
}
is($github->issue('acme/widgets', $application->issue_of($task)->{number})->{title}, "edit $edits", 'no commit is lost while a worker leaves');
cmp_ok($worst, '<', at_this_load(5), '... or waits for more than a worker needs to start');
cmp_ok(workers_ordered('application') - $started, '>', $edits / 4, '... though many workers left');
GitHubSync::Application::reconfigure($node, 'github_sync.worker_idle_exit' => '50ms');

# ---- one that ends by itself ----

GitHubSync::Application::reconfigure($node, 'github_sync.worker_idle_exit' => '0');
$application->sql('SELECT github_sync.wake()');
foreach my $time (1 .. 3)
{
	my $pid = $application->worker_pid;

	$application->superuser_sql("SELECT pg_terminate_backend($pid)");
	$application->wait_until("SELECT pid IS DISTINCT FROM $pid FROM github_sync.sync_workers");
}
$application->wait_until("SELECT pid IS NULL AND activity = 'to be started again' AND next_start_at > clock_timestamp() FROM github_sync.sync_workers");
pass('one that was terminated several times is shown while it waits for its next start');
ok($application->worker_pid, 'then it is there again; with worker_idle_exit = 0 it stays');
is($application->superuser_sql('SELECT last_error FROM github_sync.sync_workers'), '', 'and has nothing to complain of');

# ---- settings ----

my $before = $application->worker_pid;
$application->sql('ALTER ROLE planner RESET ALL');
$application->sql("ALTER ROLE planner SET github_sync.applying = 'x'");
$application->sql('ALTER ROLE planner RESET github_sync.applying; SELECT github_sync.wake()');
$node->safe_psql('application', "BEGIN; ALTER DATABASE application SET github_sync.ca_file = '/dev/null'; PREPARE TRANSACTION 'two'");
is($application->worker_pid, $before, 'what changes nobody\'s identity restarts no worker');
$node->safe_psql('application', "COMMIT PREPARED 'two'");
$application->wait_until("SELECT pid <> $before FROM github_sync.sync_workers");
pass('a setting that does, even if its transaction was prepared, restarts it');
$node->safe_psql('postgres', 'ALTER DATABASE application RESET github_sync.ca_file');

# ---- copies ----

GitHubSync::Application::reconfigure($node, 'github_sync.worker_idle_exit' => '50ms');
wait_for_sleep($application);
$application->disconnect;
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE application');
my $copy = GitHubSync::Application->of_database($node, 'copy');
# One is started, to find that out.
my $patience = time + 10 * $PostgreSQL::Test::Utils::timeout_default;
sleep 0.1 until workers_ordered('copy') > 0 || time > $patience;
$copy->wait_until("SELECT pid IS NULL AND activity = 'copied database' FROM github_sync.sync_workers");
ok(no_worker_of('copy'), 'a copy keeps no worker');
my $ordered = workers_ordered('copy');
$copy->add_task(title => 'not sent');
$copy->sql('SELECT github_sync.wake()') foreach 1 .. 3;
$application->add_task(title => 'of the original');
$application->wait_until_done;
is(workers_ordered('copy'), $ordered, 'commits in it start none');
$copy->sql('SELECT github_sync.adopt_database()');
$copy->add_task(title => 'of the copy');
$copy->wait_until_done;
is(titles(qr/^of the copy$/), 1, 'adopted, it is served');

# ---- none is free ----

GitHubSync::Application::reconfigure($node, 'github_sync.max_workers' => '1');
$node->poll_query_until('postgres', "SELECT n = 0 FROM ($run) AS r (n)") or die;
$github->fault('POST /issues$', { gate => 'busy' });
$application->add_task(title => 'takes long');
$github->wait_at_gate('busy');
$copy->add_task(title => 'has to wait');
$copy->wait_until("SELECT activity = 'waits for a free process' FROM github_sync.sync_workers");
like($copy->superuser_sql('SELECT last_error FROM github_sync.sync_workers'), qr/max_workers/, 'where no worker is free, sync_workers says why');
$github->open_gate('busy');
$copy->wait_until_done;
is(titles(qr/^(takes long|has to wait)$/), 2, 'both are served, one after the other');
wait_for_sleep($copy);
is($copy->superuser_sql('SELECT last_error FROM github_sync.sync_workers'), '', 'and the reason is gone');

# ---- not enabled ----

GitHubSync::Application::configure($node, 'github_sync.enabled' => 'off');
$node->restart;
$application->wait_until("SELECT pid IS NULL AND activity = 'not enabled' FROM github_sync.sync_workers");
pass('with enabled = off none is started, and sync_workers says so');

# ---- no processes at all ----

GitHubSync::Application::configure($node, 'github_sync.enabled' => 'on', 'max_worker_processes' => '2');
$node->restart;
$application->wait_until("SELECT pid IS NULL AND activity = 'waits for a free process' FROM github_sync.sync_workers");
like($application->superuser_sql('SELECT last_error FROM github_sync.sync_workers'), qr/max_worker_processes = 2/, 'where the server has none to spare, sync_workers says so');
GitHubSync::Application::configure($node, 'max_worker_processes' => '1');
$node->restart;
$application->wait_until("SELECT activity = 'does not run' FROM github_sync.sync_workers");
pass('not even for the launcher');
GitHubSync::Application::configure($node, 'max_worker_processes' => '8');
$node->restart;
$application->add_task(title => 'served again');
$application->wait_until_done;
is(titles(qr/^served again$/), 1, 'with enough of them it is served');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
