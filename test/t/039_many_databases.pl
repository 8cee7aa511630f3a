# 039_many_databases.pl
#
# Group: long.
#
# Many databases of a server share a few workers: all are served, those that are
# idle cost no process, and nothing is left of those that are gone.  Meanwhile
# extensions and databases come and go at random.
#
# `make many-databases` plays it with 500 databases, 16 workers, and a minute of
# coming and going; `make check-long` with few of all.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use PostgreSQL::Test::Utils;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $databases = $ENV{MANY_DATABASES} || 30;
my $workers   = $ENV{MANY_WORKERS}   || 4;
my $seconds   = $ENV{MANY_SECONDS}   || 2;
my $restless  = $ENV{MANY_DATABASES} ? 20 : 4;
my $samples   = $ENV{MANY_DATABASES} ? 100 : 5;
my $seed      = $ENV{SEED} || 1;

my $github = GitHubSync::StandIn->start;
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github),
	'autovacuum' => 'off', 'fsync' => 'off', 'max_worker_processes' => $workers + 8, 'github_sync.max_workers' => $workers);
my $original = GitHubSync::Application->in_server($node, database => 'original');

my $workers_now = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'github_sync worker'";

# What several databases are told, by one client.
sub in_each
{
	my ($names, $query) = @_;

	$node->safe_psql('postgres', join('', map { "\\connect $_\n$query;\n" } @$names), extra_params => [ '-q' ]);
}

sub insert_task
{
	my ($title) = @_;

	return "INSERT INTO planner.tasks (project_id, github_repo_id, title, created_by)"
	  . " SELECT id, github_repo_id, $title, 'user' FROM planner.projects ORDER BY id LIMIT 1";
}

sub titles
{
	my ($pattern) = @_;

	return map { $_->{title} } grep { $_->{title} =~ $pattern } $github->issues('acme/widgets');
}

# Until GitHub has so many issues with such a title.
sub wait_for_titles
{
	my ($pattern, $count) = @_;
	my $deadline = time + 10 * $PostgreSQL::Test::Utils::timeout_default;

	sleep 0.1 until titles($pattern) >= $count || time > $deadline;
	return scalar titles($pattern);
}

# ---- all are served ----

my @names = map { "d$_" } 1 .. $databases;
$original->disconnect;
$node->safe_psql('postgres', join '', map { "CREATE DATABASE $_ TEMPLATE original;\n" } @names);
my $adopted_at = time;
in_each(\@names, "BEGIN; SELECT github_sync.adopt_database(); @{[insert_task('current_database()')]}; COMMIT");
is(wait_for_titles(qr/^d\d+$/, $databases), $databases, "$databases databases are served by $workers workers");
note sprintf 'figure: %d databases adopted and served in %.1f s', $databases, time - $adopted_at;
cmp_ok($node->safe_psql('postgres', $workers_now), '<=', $workers, '... and by no more at any time');

# ---- how long a commit waits ----

# Milliseconds from before an INSERT until a first request of its worker arrives.
sub time_to_request
{
	my ($of, $title) = @_;
	my $seq   = $github->last_seq;
	my $began = 1000 * time;

	$of->superuser_sql(insert_task("'$title'"));
	my ($request) = $github->wait_for_request('*', '.', since => $seq, arrived => 1);
	return $request->{t} - $began;
}

sub figures
{
	my ($what, @times) = @_;

	@times = sort { $a <=> $b } @times;
	note sprintf 'figure: %s: median %.1f ms, p99 %.1f ms, worst %.1f ms of %d', $what, $times[ @times / 2 ], $times[ 0.99 * @times ], $times[-1], scalar @times;
	return $times[-1];
}

my %of = map { $_ => GitHubSync::Application->of_database($node, $_) } @names;
my (@asleep, @awake);
foreach my $sample (1 .. $samples)
{
	my $name = $names[ ($sample * 7) % @names ];

	$of{$name}->superuser_sql('SELECT');
	push @asleep, time_to_request($of{$name}, "asleep $sample");
	$of{$name}->wait_until_done;
	push @awake, time_to_request($of{$name}, "awake $sample");
	$of{$name}->wait_until_done;
	$of{$name}->disconnect;
}
figures('commit to request, its worker running', @awake);
cmp_ok(figures('commit to request, its worker to be started', @asleep), '<', at_this_load(10_000), 'where no worker is free, an idle one gives way');

# ---- coming and going ----

my $launcher = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'github_sync launcher'";
my $launched = $node->safe_psql('postgres', $launcher);
my $extended = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'task_sync_transaction')";
my $create   = 'CREATE EXTENSION comment_sync_transaction CASCADE';
my $drop     = 'DROP EXTENSION task_sync_transaction CASCADE';

# One step of somebody who cannot make up his mind; dies of an error.
sub change
{
	my ($application) = @_;
	my $name    = $application->database;
	my $dice    = int rand 6;
	my $has_one = $node->safe_psql($name, $extended) eq 't';

	if    ($dice == 0)             { $node->safe_psql('postgres', "DROP DATABASE $name; CREATE DATABASE $name TEMPLATE original"); $application->sql('SELECT github_sync.adopt_database()') }
	elsif ($dice == 1 && $has_one) { $node->safe_psql($name, $drop) }
	elsif ($dice == 2 && $has_one) { $node->safe_psql($name, "BEGIN; $drop; ROLLBACK") }
	elsif ($dice == 3 && !$has_one) { $node->safe_psql($name, "BEGIN; $create; ROLLBACK") }
	elsif ($has_one)               { $application->sql(insert_task("'at random'")) }
	else                           { $application->create_extensions; $application->capture; $application->disconnect }
}

# Clients of their own, each with some of the databases.
my @restless = @names[ 0 .. $restless - 1 ];
my @clients;
foreach my $client (0 .. 3)
{
	my $pid = fork() // die "no child: $!";
	if ($pid == 0)
	{
		my $deadline = time + $seconds;
		my @its = @restless[ grep { $_ % 4 == $client } 0 .. $#restless ];

		srand($seed * 4 + $client);
		my $failed = !eval { change($of{ $its[ rand @its ] }) while time < $deadline; 1 };
		print STDERR $@ if $failed;
		POSIX::_exit($failed);
	}
	push @clients, $pid;
}
my $failed = 0;
foreach my $pid (@clients)
{
	waitpid $pid, 0;
	$failed++ if $?;
}
is($failed, 0, 'extensions and databases come and go, and no command fails');
foreach my $name (@restless)
{
	next if $node->safe_psql($name, $extended) eq 't';
	$of{$name}->create_extensions;
	$of{$name}->capture;
	$of{$name}->disconnect;
}
in_each(\@restless, insert_task("'restless ' || current_database()"));
is(wait_for_titles(qr/^restless/, scalar @restless), scalar @restless, 'in the end all of them are served');
is($node->safe_psql('postgres', $launcher), $launched, 'by the same launcher');
foreach my $name (@restless)
{
	# Of more databases than there is room for, these counted last.
	$of{$name}->wait_until(q{SELECT EXISTS (SELECT FROM github_sync.sync_stats WHERE counted = 'transactions' AND outcome = 'completed' AND total > 0)});
	$of{$name}->disconnect;
}
pass('and counts what it does, however many came and went before');

# ---- and gone ----

$original->disconnect;
$node->safe_psql('postgres', join '', map { "DROP DATABASE $_;\n" } @names);
is($node->safe_psql('postgres', "$workers_now AND datname <> 'original'"), 0, 'nobody serves what is gone');
$original->add_task(title => 'the last');
$original->wait_until_done;
is(scalar titles(qr/^the last$/), 1, 'the other one is served');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'no process crashed');

done_testing();
