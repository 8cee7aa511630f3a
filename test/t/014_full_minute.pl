# 014_full_minute.pl
#
# A minute of a full queue under limits that GitHub enforces, with two workers:
# nothing is refused, and all of the budget is used.  (029 plays an hour, with a
# clock that goes faster; this is real time.)
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { POINTS => 60, CREATIONS => 6, MINUTE_MS => 60_000, INTERVAL_MS => 200 };

my $github = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.points_per_minute'    => POINTS,
	'github_sync.creations_per_minute' => CREATIONS,
	'github_sync.write_interval'       => INTERVAL_MS . 'ms',
	'github_sync.workers_per_database' => 2 });

$github->limits(points_per_minute => POINTS, creations_per_minute => CREATIONS);
$github->seed({ repositories => [ { id => 1296271, owner => 'acme', name => 'archive', filler_issues => 200 } ] });
$application->connect_repository(1296271, 'archive', GitHubSync::Application::INSTALLATION);
$application->sql("INSERT INTO tasks (project_id, created_by, github_repo_id, title)"
	  . " SELECT p.id, 'user', p.github_repo_id, 'task ' || n FROM projects AS p, generate_series(1, 30) AS n WHERE p.name = 'widgets'");
# A crowd of reads would leave no points for them.
$application->wait_until("SELECT creations_last_minute = @{[CREATIONS]} FROM github_sync.sync_rate_limits");
$application->sql("INSERT INTO github_sync.task_sync_transactions"
	  . " (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at) VALUES "
	  . join(', ', map { "('inbound', 1296271, $_->{id}, $_->{number}, '$_->{updated_at}')" } $github->issues('acme/archive')));

sub points_of { my ($request) = @_; return $request->{method} eq 'GET' ? 1 : 5 }

# Who we are is asked with a token, once by either worker, and counts as well.
sub asked { return grep { $_->{path} =~ m{^/(?:repos|users)/} } $github->requests }

# The most that any minute held, of what a function counts.
sub most_in_a_minute
{
	my ($count, @requests) = @_;
	my ($first, $sum, $most) = (0, 0, 0);

	foreach my $last (@requests)
	{
		$sum += $count->($last);
		$sum -= $count->($requests[ $first++ ]) while $requests[$first]{t} <= $last->{t} - MINUTE_MS;
		$most = $sum if $sum > $most;
	}
	return $most;
}

sub sum_of { my ($count, @requests) = @_; my $sum = 0; $sum += $count->($_) foreach @requests; return $sum }

# The budget is used up, evenly, and then everything waits.
$github->wait_for_request('*', '^/(repos|users)/', count => CREATIONS + POINTS - 5 * CREATIONS - 1);
$application->wait_until("SELECT points_last_minute >= @{[POINTS - 1]} AND paused_until IS NOT NULL FROM github_sync.sync_rate_limits");
like($application->superuser_sql('SELECT pause_reason FROM github_sync.sync_rate_limits'), qr/points of the minute/, 'sync_rate_limits says why nothing is sent');
is($application->superuser_sql("SELECT count(DISTINCT waits_for) FROM github_sync.sync_queue WHERE waits_for LIKE 'rate limit until %'"), 1,
	'... and sync_queue until when');
is($application->superuser_sql("SELECT count(*) FROM github_sync.sync_queue WHERE state = 'processing'"), 0, 'meanwhile nothing is held');

my $used = asked();
$github->wait_for_request('*', '^/(repos|users)/', count => $used + 8);
my @requests = asked();
my $creates  = sub { return $_[0]{method} eq 'POST' ? 1 : 0 };
my @minute   = grep { $_->{t} < $requests[0]{t} + MINUTE_MS } @requests;
my $points   = sum_of(\&points_of, @minute);

note "in the first minute $points of @{[POINTS]} points and @{[sum_of($creates, @minute)]} of @{[CREATIONS]} creations";
cmp_ok($points, '>=', POINTS * 0.98, 'the first minute uses 98 % of its points');
is(sum_of($creates, @minute), CREATIONS, '... and all of its creations');
cmp_ok(most_in_a_minute(\&points_of, @requests), '<=', POINTS, 'no minute, wherever it begins, holds more points');
cmp_ok(most_in_a_minute($creates, @requests), '<=', CREATIONS, '... nor more creations');
is(scalar(grep { $_->{status} =~ /^(?:403|429)$/ } @requests), 0, 'GitHub never had to refuse');
is($github->counts->{most}{writes_under_way}, 1, 'two workers write one at a time');

my @writes = grep { $_->{method} ne 'GET' } @requests;
# As they arrive, which is not to the millisecond as they were sent.
cmp_ok($writes[ CREATIONS - 1 ]{t} - $writes[0]{t}, '>=', (CREATIONS - 2) * INTERVAL_MS, '... and apart from each other');

# Without limits the rest goes on at once.
$github->limits(points_per_minute => undef, creations_per_minute => undef);
GitHubSync::Application::reconfigure($application->node, map { ("github_sync.$_" => 0) } qw(points_per_minute creations_per_minute write_interval));
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'and in the end everything has arrived');
is(scalar $github->issues('acme/widgets'), 30, '... once');

done_testing();
