# 045_attacks_rows.pl
#
# Group: attacks.  A row of the application, by its triggers in the worker's
# session, stops nobody else: it may end the worker, refuse at COMMIT, claim that
# it cannot be serialized, leave anything in the session.  It is tried again with
# a backoff and errored in the end; its neighbours are carried meanwhile.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use Test::More;
use Time::HiRes qw(time);

use constant NEIGHBOURS => 10;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.max_attempts' => 1 });
my $node        = $application->node;
my $repository  = 'acme/widgets';
my ($bad, @neighbours);
my $edits = 0;

# Times of GitHub are then equal, and nothing that we are told of is newer than what is there.
$github->freeze_clock;

# What the triggers do for the bad task alone: commands run before its row is
# written, and after; and at COMMIT, by a constraint trigger that is deferred.
sub prepare
{
	($bad, @neighbours) = map { $application->add_task(title => "task $_") } 0 .. NEIGHBOURS;
	$application->wait_until_done;
	$application->sql(q{
	CREATE TABLE evil (at_what text PRIMARY KEY, commands text);
	CREATE TABLE scratch (n int);
	CREATE TABLE seen (what text);
	CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('application_name') = 'github_sync worker' AND (to_jsonb(NEW) ->> 'title' IS NULL OR to_jsonb(NEW) ->> 'title' LIKE 'evil%') THEN
			EXECUTE coalesce((SELECT e.commands FROM planner.evil AS e WHERE e.at_what = TG_ARGV[0]), 'SELECT 1');
		END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER evil_before BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION evil('before');
	CREATE CONSTRAINT TRIGGER evil_deferred AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil('deferred');
	CREATE CONSTRAINT TRIGGER evil_later AFTER INSERT ON scratch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil('later')});
}

sub be_evil
{
	my (%commands) = @_;

	$application->sql('TRUNCATE evil; TRUNCATE scratch');
	$application->sql('INSERT INTO evil VALUES (' . GitHubSync::Application::quote($_) . ', ' . GitHubSync::Application::quote($commands{$_}) . ')') foreach keys %commands;
}

# GitHub has a new title for the bad task, and so have the neighbours; returns
# the transaction of the bad one.
sub everybody_changes
{
	my $title = 'evil ' . ++$edits;

	$github->advance_clock(2);
	foreach my $task (@neighbours)
	{
		$github->human_edits_issue($repository, $application->issue_of($task)->{number}, title => "neighbour, $edits");
	}
	$github->human_edits_issue($repository, $application->issue_of($bad)->{number}, title => $title);
	$application->superuser_sql("INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
		SELECT 'inbound', i.id, '@{[$github->issue($repository, $application->issue_of($bad)->{number})->{updated_at}]}' FROM github_sync.github_issues AS i ORDER BY i.id");
	return $application->superuser_sql("SELECT max(t.id) FROM github_sync.task_sync_transactions AS t WHERE t.task_id = $bad");
}

sub neighbours_are_carried
{
	my ($what, $told, $within_s) = @_;
	my $begin = time;

	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE id <> $told)");
	my $took = time - $begin;
	is($application->row("SELECT count(*) FROM planner.tasks WHERE title = 'neighbour, $edits'")->{count}, NEIGHBOURS, "$what: the neighbours are carried");
	cmp_ok($took, '<', at_this_load($within_s), "$what: soon");
	diag sprintf 'figure: %s: %d neighbours after %.1f s', $what, NEIGHBOURS, $took;
}

sub is_errored
{
	my ($what, $told, $code, $reason) = @_;

	$application->wait_until("SELECT state = 'errored' FROM github_sync.task_sync_transactions WHERE id = $told");
	my $ended = $application->task_transaction($told);
	is($ended->{error_code}, $code, "$what: errored");
	like($ended->{error_reason}, $reason, "$what: with a reason");
}

# ---- the end of the worker: how it begins ----

# In another database, which is looked at again in the end: it takes its time.
my $ours  = $application;
my $other = $application = GitHubSync::Application->in_server($node, database => 'other', repository => GitHubSync::Application::GADGETS);
$repository = 'acme/gadgets';
prepare();
my @others_tasks = ($bad, @neighbours);
be_evil(before => 'SELECT pg_terminate_backend(pg_backend_pid())');
my $ends_the_worker = everybody_changes();
neighbours_are_carried('the end of the worker', $ends_the_worker, 10);

# ---- refused ----

($application, $repository) = ($ours, 'acme/widgets');
prepare();

my $worker = $application->worker_pid;
my $holder = $node->background_psql($application->database, extra_params => [ '-U', GitHubSync::Application::OWNER ]);
$holder->query_safe('CREATE TABLE locked (n int)');
foreach my $case (
	[ 'a serialization failure each time', { before => q{DO $$ BEGIN RAISE serialization_failure; END $$} }, qr/^40001: / ],
	[ 'a lock that nobody has, each time', { before => q{DO $$ BEGIN RAISE lock_not_available; END $$} }, qr/^55P03: / ],
	[ 'no end, each time', { before => 'SELECT pg_sleep(3600)' }, qr/^57014: / ],
	[ 'an error at the end of its transaction', { deferred => q{DO $$ BEGIN RAISE 'not now'; END $$} }, qr/not now/ ],
	[ 'an error at COMMIT, by a trigger that a deferred one queued', {
		deferred => 'SET CONSTRAINTS ALL DEFERRED; INSERT INTO planner.scratch VALUES (1)',
		later    => q{DO $$ BEGIN RAISE 'not even then'; END $$} }, qr/not even then/ ],
	[ 'DISCARD ALL, which no trigger may', { before => 'DISCARD ALL' }, qr/^25001: DISCARD ALL cannot / ],
	[ 'a lock of a table that somebody has', { before => 'LOCK TABLE planner.locked' }, qr/^(?:55P03|57014): / ])
{
	my ($what, $commands, $reason) = @$case;

	be_evil(%$commands);
	$holder->query_safe('BEGIN; LOCK TABLE locked');
	my $told = everybody_changes();
	neighbours_are_carried($what, $told, 12);
	is_errored($what, $told, 'apply_failed', $reason);
	$holder->query_safe('ROLLBACK');
}
$holder->quit;
is($application->worker_pid, $worker, 'all that by one worker');

# ---- what it leaves in the session ----

# Changes of the bad task alone; returns when it has ended.
sub bad_one_changes
{
	my $number = $application->issue_of($bad)->{number};

	$github->advance_clock(2);
	$github->human_edits_issue($repository, $number, title => 'evil ' . ++$edits);
	my $told = $application->tell_of_issue($github->issue($repository, $number));
	$application->wait_until("SELECT state NOT IN ('queued', 'processing') FROM github_sync.task_sync_transactions WHERE id = $told->{id}");
	return $application->task_transaction($told->{id})->{state};
}

# The application's code has the search_path of its owner's sessions, whatever was set before; what runs at COMMIT has the worker's.
my $look = q{INSERT INTO planner.seen SELECT format('%s %s %s %s %s %s', (SELECT count(*) FROM pg_catalog.pg_listening_channels()),
	(SELECT count(*) FROM pg_catalog.pg_prepared_statements WHERE from_sql), (SELECT count(*) FROM pg_catalog.pg_cursors WHERE is_holdable),
	(SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()),
	(SELECT count(*) FROM pg_catalog.pg_class WHERE relpersistence = 't' AND relnamespace = pg_my_temp_schema()),
	(SELECT count(*) FROM pg_catalog.pg_locks WHERE mode = 'AccessExclusiveLock' AND locktype = 'relation' AND pid = pg_backend_pid()) ||
	current_setting('statement_timeout') || current_setting('search_path') || current_setting('default_transaction_read_only'))};
my %left = (
	'things' => 'SELECT pg_advisory_lock(4711); LISTEN tasks; PREPARE task_claim AS SELECT 1; DECLARE c CURSOR WITH HOLD FOR SELECT 1;'
	  . ' CREATE TEMP TABLE task_sync_transactions (id text); CREATE TEMP TABLE tasks (id text); CREATE TEMP TABLE pg_class (oid text)',
	'settings' => 'SET statement_timeout = 1; SET search_path = nowhere; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET CONSTRAINTS ALL DEFERRED',
	'nothing'  => 'RESET ALL; DEALLOCATE ALL');
# Nor does it miss what a row throws away, or what it locks, ours too: these are carried.
my %harmless = (
	'plans'     => 'CREATE TEMP TABLE of_its_own (n int); DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES',
	'locks'     => 'LOCK TABLE planner.tasks, planner.comments, github_sync.task_sync_transactions, github_sync.github_issues, github_sync.github_repos, github_sync.github_app_installations');
%left = (%left, %harmless);
foreach my $what (sort keys %left)
{
	foreach my $when ('while it is recorded', 'at the commit')
	{
		be_evil($when eq 'at the commit' ? (deferred => 'SET CONSTRAINTS ALL DEFERRED; INSERT INTO planner.scratch VALUES (1)', later => $left{$what}) : (before => $left{$what}));
		my $state = bad_one_changes();
		is($state, 'completed', "a row that leaves no $what $when is carried") if $harmless{$what};
		be_evil(before => $look, deferred => 'SET CONSTRAINTS ALL DEFERRED; INSERT INTO planner.scratch VALUES (1)', later => $look);
		bad_one_changes();
		is($application->superuser_sql(q{SELECT string_agg(what, '; ') FROM planner.seen}), '0 0 0 0 0 00planneroff; 0 0 0 0 0 00pg_catalog, pg_tempoff', "$what left $when are gone");
		$application->sql('TRUNCATE seen');
	}
}
is($application->worker_pid, $worker, 'all that by one worker');

# ---- the end of the worker: how it went on ----

($application, $repository, $bad, @neighbours) = ($other, 'acme/gadgets', @others_tasks);
is_errored('the end of the worker', $ends_the_worker, 'worker_failed', qr/workers ended with this transaction/);
cmp_ok($application->task_transaction($ends_the_worker)->{attempts}, '<=', 6, 'the end of the worker: six times at most');

# ---- the end of the server ----

# What one row does can crash it: here a signal stands for that.
sub crash
{
	$application->wait_until("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()");
	my $pid = $application->worker_pid;
	kill 'KILL', $pid;
	my $begin = time;
	$application->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database() AND pid <> $pid");
	return time - $begin;
}

be_evil(before => 'SELECT pg_sleep(600)');
my $told = everybody_changes();
my $first = crash();
neighbours_are_carried('a crash of the server', $told, 10);
my $second = crash();
my $third  = crash();
cmp_ok($_, '>=', 1, 'a crash of the server: workers start after a while') foreach $first, $second;
cmp_ok($third, '>=', 2, 'a crash of the server: after another one, before which nothing was carried, after a longer one');
be_evil();
# It may just have begun again: then it is canceled after a while, and errored.
$application->wait_until("SELECT state IN ('completed', 'errored') FROM github_sync.task_sync_transactions WHERE id = $told");
$application->superuser_sql('SELECT github_sync.retry_errored()');
# On a slow machine what was not settled is asked for by itself meanwhile, and brings it.
$application->wait_until("SELECT state IN ('completed', 'duplicate') FROM github_sync.task_sync_transactions WHERE id = $told");
is($application->task($bad)->{title}, "evil $edits", 'a crash of the server: cured, the row is carried');

done_testing();
