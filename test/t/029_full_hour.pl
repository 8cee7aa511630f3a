# 029_full_hour.pl
#
# Group: long.
#
# An hour of full queues under limits that GitHub enforces, with the real worker
# and a clock that goes faster than ours: nothing is refused, nearly all of the
# budget is used, and limits that GitHub lowers meanwhile are learned.
#
# As part of `make check-long`: a twentieth of GitHub's limits, so that other tests
# beside it do not matter.  `make hour`: GitHub's own, which wants idle cores.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;
use Time::HiRes qw(sleep time);

use constant HOUR_S => 3600;

my $is_full = ($ENV{FULL_HOUR} // 0) ? 1 : 0;
my $part    = $is_full ? 1 : 20;
my %limits  = (points_per_minute => 900 / $part, creations_per_minute => 80 / $part, creations_per_hour => 500 / $part);
my $requests_per_hour = 5000 / $part;
my $plenty            = 10**6;

# Installations, each with a queue that outlasts its hour: of tasks to create, of
# issues to read, which are less urgent than what people edit.
my %installations = (
	creating => { id => 1001, tasks => 600 / $part },
	reading  => { id => 1002, issues => 5500 / $part },
	lowered  => { id => 1003, issues => 5500 / $part },
	# What binds it is the minute.
	mixed    => { id => 1004, issues => 57000 / $part, primary => $plenty },
	# Lowered too, but GitHub does not say so.
	hidden   => { id => 1005, issues => 57000 / $part, primary => $plenty });

my $github = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, pace => $is_full ? 12 : 30, capture => 0, settings => {
	(map { ("github_sync.$_" => $limits{$_}) } keys %limits), 'github_sync.write_interval' => '1s', 'github_sync.enabled' => 'off' });

$github->limits(%limits, primary => $requests_per_hour);
fill($_, $installations{$_}) foreach sort keys %installations;
$application->capture;

sub fill
{
	my ($name, $own) = @_;

	$github->seed({ installations => [ { id => $own->{id}, account => 'acme' } ],
		repositories => [ { id => $own->{id}, owner => 'acme', name => $name, filler_issues => $own->{issues} // 0 } ] });
	limit($own, primary => $own->{primary}) if $own->{primary};
	$application->sql(qq{
		INSERT INTO github_sync.github_app_installations (id, account_login) VALUES ($own->{id}, 'acme');
		INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES ($own->{id}, $own->{id}, 'acme', '$name');
		INSERT INTO projects (name, github_repo_id) VALUES ('$name', $own->{id});
		INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at, priority)
			SELECT 'inbound', $own->{id}, n, '2026-01-01', 200 FROM generate_series(1, @{[$own->{issues} // 0]}) AS n;
		INSERT INTO tasks (project_id, created_by, github_repo_id, title)
			SELECT p.id, 'user', p.github_repo_id, 'task ' || n FROM projects AS p, generate_series(1, @{[$own->{tasks} // 0]}) AS n
			WHERE p.name = '$name';
		INSERT INTO github_sync.task_sync_transactions (direction, task_id)
			SELECT 'outbound', t.id FROM tasks AS t JOIN projects AS p ON p.id = t.project_id WHERE p.name = '$name'});
}

sub limit
{
	my ($own, %limits) = @_;

	$github->limits(of => { "installation ID $own->{id}" => \%limits });
}

# What it sent in its first so many seconds; undef: nothing yet.
sub account
{
	my ($name, $seconds) = @_;

	return $github->account($installations{$name}{id}, $seconds // HOUR_S);
}

sub wait_for
{
	my ($what, $condition) = @_;
	my $deadline = time + 800;

	until ($condition->())
	{
		time < $deadline or die "in vain: $what\n" . $application->situation;
		sleep 0.1;
	}
}

sub wait_for_second
{
	my ($name, $second) = @_;

	wait_for("second $second of $name", sub { my $own = account($name); return $own && $own->{seconds} >= $second });
}

GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'on');

# GitHub says in its headers that it lowered the limit.
wait_for('a fifth of the requests', sub { my $own = account('lowered'); return $own && $own->{requests} >= $requests_per_hour / 5 });
limit($installations{lowered}, primary => $requests_per_hour / 2);

# The application edits what came from GitHub: a write a second, while reads use what points are left.
my $edits = 3000 / $part;
wait_for_second(mixed => 600);
$application->sql("UPDATE tasks SET title = title || ' (edited)', modified_at = clock_timestamp() WHERE id IN (SELECT t.id FROM tasks AS t"
	  . " JOIN projects AS p ON p.id = t.project_id WHERE p.name = 'mixed' ORDER BY t.id LIMIT $edits)");

use constant LOWERED_AT_S => 1200;
wait_for_second(hidden => LOWERED_AT_S);
my $lowered_points = $limits{points_per_minute} * 5 / 9;
my $before         = account('hidden');
limit($installations{hidden}, points_per_minute => $lowered_points);

wait_for_second($_ => HOUR_S) foreach sort keys %installations;
my %accounts = map { $_ => account($_) } keys %installations;

sub uses
{
	my ($name, $what, $most, $least) = (@_, 0.98);
	my $used = $accounts{$name}{$what};

	note sprintf('figure: %-8s %5d of %5d %s, %d refused', $name, $used, $most, $what, $accounts{$name}{refusals});
	cmp_ok($used, '<=', $most, "$name: no more $what than allowed");
	cmp_ok($used, '>=', $least * $most, '... and nearly all of them');
	is($accounts{$name}{refusals}, 0, '... GitHub never had to refuse');
}

uses(creating => creations => $limits{creations_per_hour});
uses(reading  => requests  => $requests_per_hour);
uses(lowered  => requests  => $requests_per_hour / 2);
# A minute of that hour is two seconds: what else runs then takes its share.
uses(mixed    => points    => 60 * $limits{points_per_minute}, $is_full ? () : 0.95);

my $writes = ($accounts{mixed}{points} - $accounts{mixed}{requests}) / 4;
note "figure: mixed    $writes writes among them";
cmp_ok($writes, '>=', 0.8 * $edits, 'mixed: what people edit goes before');

# What nobody tells is found out by being refused, a few times an hour.
my $afterwards = $accounts{hidden}{points} - $before->{points};
my $allowed    = (HOUR_S - LOWERED_AT_S) / 60 * $lowered_points;
note sprintf('figure: hidden   %5d of %5d points since the limit was lowered, %d refused', $afterwards, $allowed, $accounts{hidden}{refusals});
is($before->{refusals}, 0, 'hidden: no refusal before its limit was lowered');
cmp_ok($accounts{hidden}{refusals}, '<=', 20, '... few afterwards');
cmp_ok($afterwards, '>=', 0.6 * $allowed, '... and most of what is left is used');

is($application->superuser_sql('SELECT DISTINCT error_code, error_reason FROM github_sync.sync_errors LIMIT 5'), '', 'no row has failed');

done_testing();
