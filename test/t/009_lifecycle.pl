# 009_lifecycle.pl
#
# Group: attacks.
# Workers come and go with what they are for, and are in nobody's way: not of
# a DROP or TRUNCATE while GitHub is slow, not of a server that has nothing
# to do.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $github = GitHubSync::StandIn->start;
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github), 'autovacuum' => 'off', 'max_prepared_transactions' => '5');

my $workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'github_sync worker'";

# Seconds that a command takes.
sub duration
{
	my ($command, $name) = @_;
	my $started = time;

	$command->();
	note sprintf 'figure: %s: %.2f s', $name, time - $started if defined $name;
	return time - $started;
}

# Leaves an application with a creation at GitHub that does not end.
sub begin_slow_request
{
	my ($application, $gate) = @_;

	$github->fault('POST /issues$', { gate => $gate });
	$application->add_task(title => "task of $gate");
	$github->wait_at_gate($gate);
}

# ---- the first one ----

my $application = GitHubSync::Application->with_tables($node, 'application');
is($node->safe_psql('postgres', $workers), 0, 'without the extension there is no worker');
$application->create_extensions;
ok($application->worker_pid, 'CREATE EXTENSION gets one, without a restart');
$application->connect_repository(GitHubSync::Application::WIDGETS, 'widgets', GitHubSync::Application::INSTALLATION);
$application->capture;
$application->add_task(title => 'the first');
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'the first', 'that works');

# ---- one for each database ----

my $second = GitHubSync::Application->in_server($node, database => 'second', repository => GitHubSync::Application::GADGETS);
isnt($second->worker_pid, $application->worker_pid, 'each database has a worker of its own');
$_->add_task(title => 'of ' . $_->database) foreach $application, $second;
$_->wait_until_done foreach $application, $second;
is($github->issue('acme/widgets', 2)->{title}, 'of application', 'each serves its own database:');
is($github->issue('acme/gadgets', 1)->{title}, 'of second', 'the one and the other');
is($second->superuser_sql('SELECT count(*) FROM github_sync.sync_workers'), 1, 'sync_workers shows those of its database');

# ---- nothing to do ----

sub traces
{
	$_->disconnect foreach $application, $second;
	my @pids = split /\n/, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'github_sync%'");

	return {
		wal          => $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()'),
		transactions => $node->safe_psql('postgres', "SELECT string_agg(xact_commit + xact_rollback || '', ' ' ORDER BY datname) FROM pg_stat_database WHERE datname IN ('application', 'second')"),
		wake_ups     => { map { $_ => (slurp_file("/proc/$_/status") =~ /^voluntary_ctxt_switches:\s*(\d+)/m)[0] } @pids } };
}

sub traces_after
{
	my ($seconds) = @_;

	$node->safe_psql('postgres', "SELECT pg_sleep($seconds)");
	return traces();
}

# What was done just now is still being counted for a while.
my ($before, $after) = (traces(), traces_after(1));
foreach (1 .. 12)
{
	last if eq_hash($before, $after);
	($before, $after) = ($after, traces_after(1));
}
# What was done may take 10 s: its time ends some day, and is no reason to look for work.
($before, $after) = ($after, traces_after(11));
is($after->{wal}, $before->{wal}, 'idle workers write nothing');
is($after->{transactions}, $before->{transactions}, 'begin no transaction');
($before, $after) = ($after, traces_after(3));
is_deeply($after->{wake_ups}, $before->{wake_ups}, 'and do not even wake up, nor does the launcher');

# ---- prepared transactions ----

foreach my $end ('COMMIT', 'ROLLBACK')
{
	$application->sql("BEGIN; INSERT INTO tasks (project_id, github_repo_id, title, created_by) SELECT project_id, github_repo_id, 'prepared: $end', 'user' FROM tasks LIMIT 1; PREPARE TRANSACTION 'one'");
	$application->sql("$end PREPARED 'one'");
}
$application->wait_until_done;
is_deeply([ map { $_->{title} } grep { $_->{title} =~ /^prepared/ } $github->issues('acme/widgets') ], ['prepared: COMMIT'], 'COMMIT PREPARED wakes the worker');

# ---- switched off ----

GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$application->wait_until("SELECT activity = 'not enabled' FROM github_sync.sync_workers");
my $seq = $github->last_seq;
$application->add_task(title => 'while switched off');
$application->sql('SELECT github_sync.wake()');
$application->wait_until("SELECT state = 'idle' FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()");
is($application->superuser_sql("SELECT state || ' ' || claim_no FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1"),
	'queued 0', 'switched off, everything is queued and nothing is claimed');
my $switched_on_at = 1000 * time;
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$application->wait_until_done;
is(scalar(grep { $_->{t} < $switched_on_at } $github->requests(since => $seq)), 0, 'nor sent');
is($github->issue('acme/widgets', 4)->{title}, 'while switched off', 'switched on again, it is');

# What waits for its turn by then is not sent either.
$seq = $github->last_seq;
$github->fault('POST /repos/acme/widgets/issues$', { gate => 'switched-off' });
$application->add_task(title => "before it was switched off, $_") foreach 1 .. 3;
$github->wait_at_gate('switched-off');
my $processing = "SELECT count(*) = %d FROM github_sync.task_sync_transactions WHERE state = 'processing'";
$application->wait_until(sprintf $processing, 3);
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$application->wait_until(sprintf $processing, 1);
pass('switched off, what waits for its turn goes back into the queue');
$github->open_gate('switched-off');
$application->wait_until(sprintf $processing, 0);
is(scalar(grep { $_->{method} eq 'POST' } $github->requests(since => $seq)), 1, '... and only what was under way is finished');
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$application->wait_until_done;
is(scalar(grep { $_->{title} =~ /^before it was/ } $github->issues('acme/widgets')), 3, 'switched on again, the rest follows');

# ---- TRUNCATE while a request is under way ----

begin_slow_request($application, 'truncate');
cmp_ok(duration(sub { $application->sql('TRUNCATE tasks, comments CASCADE') }, 'TRUNCATE with a request under way'), '<', at_this_load(2), 'TRUNCATE does not wait for GitHub');
$github->open_gate('truncate');
$application->add_task(title => 'after the truncate');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'after the truncate' } $github->issues('acme/widgets')), 1, 'and the queue works as before');

# ---- a mapped column is dropped while a request is under way ----

my $migrated = $application->add_task(title => 'to be migrated', markdown => 'text');
$application->wait_until_done;
my $issue = $application->issue_of($migrated)->{number};
$github->fault("GET /issues/$issue\$", { gate => 'migration' });
$application->tell_of_issue($github->human_edits_issue('acme/widgets', $issue, title => 'edited there'));
$github->wait_at_gate('migration');
$application->sql('ALTER TABLE tasks RENAME COLUMN markdown TO gone; ALTER TABLE tasks DROP COLUMN gone');
$github->open_gate('migration');
$application->wait_until("SELECT count(*) = 1 FROM github_sync.task_sync_transactions WHERE state = 'queued' AND last_error ~ '42703'");
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'a table that no longer fits errors no row');
$application->superuser_sql("ALTER TABLE planner.tasks ADD COLUMN markdown text; SELECT github_sync.attach_tasks('planner.tasks',
	body_column => 'markdown', github_repo_column => 'github_repo_id', insert_values => 'planner.values_of_task(bigint, jsonb)')");
$application->wait_until_done;
is($application->task($migrated)->{title}, 'edited there', 'and when it fits again, what waited goes on by itself');

# ---- detach and attach while a request is under way ----

$github->fault('POST /comments$', { gate => 'detach' });
my $in_between = $application->add_comment($migrated, 'while it is detached');
$github->wait_at_gate('detach');
$application->superuser_sql('SELECT github_sync.detach_comments()');
$github->open_gate('detach');
$application->wait_until("SELECT count(*) = 0 FROM github_sync.sync_workers WHERE requests_under_way > 0");
$application->attach;
$application->sql('SELECT github_sync.capture_comment_changes(true)');
$application->edit_comment($in_between, markdown => 'edited afterwards');
$application->wait_until_done;
is_deeply([ map { $_->{body} =~ s/\n.*//sr } $github->comments('acme/widgets', $issue) ], ['edited afterwards'], 'what was under way goes on, once');

# ---- DROP EXTENSION while a request is under way, and back ----

begin_slow_request($application, 'drop-extension');
cmp_ok(duration(sub { $application->superuser_sql('DROP EXTENSION task_sync_transaction CASCADE') }, 'DROP EXTENSION with a request under way'), '<', at_this_load(2), 'DROP EXTENSION does not wait for GitHub');
cmp_ok(duration(sub { $application->wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = 'application'") }, '... until its worker is gone'),
	'<', at_this_load(2), 'its worker goes, and does not wait for GitHub either');
$github->open_gate('drop-extension');
$application->add_task(title => 'without the extension');
$application->create_extensions;
$application->capture;
ok($application->worker_pid, 'created again it gets a worker again');
$application->add_task(title => 'with the extension again');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'with the extension again' } $github->issues('acme/widgets')), 1, 'that works');
is(scalar(grep { $_->{title} eq 'task of drop-extension' } $github->issues('acme/widgets')), 1, 'what was under way is not created twice');

# ---- comments are detached while one is under way, and attached again ----

my $task = $application->row("SELECT task_id FROM github_sync.github_issues WHERE title = 'with the extension again'")->{task_id};
my $number = $application->issue_of($task)->{number};
my %away = (
	'DETACH' => 'SELECT github_sync.detach_comments()',
	'DROP EXTENSION' => 'SET client_min_messages = error; DROP EXTENSION comment_sync_transaction CASCADE');
foreach my $command (sort keys %away)
{
	# Answered before they are attached again, and afterwards.
	foreach my $answered ('before', 'after')
	{
		my $text = lc "$command-answered-$answered" =~ tr/ /-/r;
		my $log  = -s $node->logfile;

		$github->fault('POST /comments$', { gate_after_effect => $text });
		my $comment = $application->add_comment($task, $text);
		$github->wait_at_gate($text);
		cmp_ok(duration(sub { $application->superuser_sql($away{$command}) }), '<', at_this_load(2), "$command with a comment under way does not wait for GitHub");
		if ($answered eq 'before')
		{
			$github->open_gate($text);
			$application->wait_until("SELECT requests_under_way = 0 FROM github_sync.sync_workers");
		}
		$application->superuser_sql("SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS comment_sync_transaction");
		$application->add_task(title => "beside $text");
		$application->wait_until("SELECT number IS NOT NULL FROM github_sync.github_issues WHERE title = 'beside $text'");
		pass("$text: tasks go on before comments are attached again");
		$application->superuser_sql("SELECT github_sync.attach_comments('planner.comments', insert_values => 'planner.values_of_comment(bigint, jsonb)'); SELECT github_sync.capture_comment_changes(true)");
		$github->open_gate($text) if $answered eq 'after';
		$application->edit_comment($comment, markdown => "$text, edited");
		$application->wait_until_done;
		is_deeply([ map { $_->{body} =~ s/\s*<!--.*//sr } grep { $_->{body} =~ /^$text/ } $github->comments('acme/widgets', $number) ], ["$text, edited"],
			"$text: the comment exists once, as it was edited since");
		unlike(slurp_file($node->logfile, $log), qr/could not report the failure/, '... and the worker has nothing to complain of');
	}
}

# ---- a copy ----

$application->disconnect;
$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE application');
pass('a database with a worker can be copied');
my $copy = GitHubSync::Application->of_database($node, 'copy');
$copy->wait_until("SELECT activity = 'copied database' FROM github_sync.sync_workers LIMIT 1");
pass('the copy is known as one');
$copy->add_task(title => 'of the copy', github_repo_id => GitHubSync::Application::WIDGETS);
$application->add_task(title => 'of the original');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'of the original' } $github->issues('acme/widgets')), 1, 'the original goes on');
is(scalar(grep { $_->{title} eq 'of the copy' } $github->issues('acme/widgets')), 0, 'the copy sends nothing');
is($copy->superuser_sql("SELECT (SELECT count(*) FROM github_sync.sync_queue) || ' ' || (SELECT count(*) FROM github_sync.noted_problems)"), '0 1',
	'and notes that something was changed, for when it is adopted');

# ---- RENAME and DROP DATABASE while a request is under way ----

# For as long as the stand-in may keep the creation: it has its effect though nobody waits for its answer.
GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => '10s');
begin_slow_request($application, 'rename');
$application->disconnect;
my $rename = duration(sub { $node->safe_psql('postgres', 'ALTER DATABASE application RENAME TO renamed') }, 'RENAME with a request under way');
$github->open_gate('rename');
cmp_ok($rename, '<', at_this_load(2), 'RENAME does not wait for GitHub');
my $renamed = GitHubSync::Application->of_database($node, 'renamed');
$renamed->wait_until_done;
is(scalar(grep { $_->{title} eq 'task of rename' } $github->issues('acme/widgets')), 1, 'under its new name the database goes on');

# It writes a checkpoint and removes hundreds of files: what is asked is what a request under way adds to that.
$_->disconnect foreach $copy, $renamed;
my $idle = duration(sub { $node->safe_psql('postgres', 'DROP DATABASE copy') }, 'DROP DATABASE while nothing is under way');
begin_slow_request($second, 'drop-database');
$second->disconnect;
cmp_ok(duration(sub { $node->safe_psql('postgres', 'DROP DATABASE second') }, 'DROP DATABASE with a request under way') - $idle, '<', at_this_load(2), 'DROP DATABASE does not wait for GitHub');
$github->open_gate('drop-database');
$node->safe_psql('postgres', 'DROP DATABASE renamed');
is($node->safe_psql('postgres', $workers), 0, 'without databases there are no workers');

# ---- without the library ----

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
my $unserved = GitHubSync::Application->with_tables($node, 'unserved');
my (undef, undef, $notices) = $node->psql('unserved', 'CREATE EXTENSION comment_sync_transaction CASCADE');
like($notices, qr/WARNING: .*shared_preload_libraries/, 'where the library is not loaded, CREATE EXTENSION warns');
$unserved->attach;
$unserved->connect_repository(GitHubSync::Application::WIDGETS, 'widgets', GitHubSync::Application::INSTALLATION);
$unserved->capture;
$unserved->add_task(title => 'nobody sends it');
is($unserved->superuser_sql("SELECT string_agg(state, ' ') FROM github_sync.sync_queue"), 'queued', 'capture and rules work, nothing is sent');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
