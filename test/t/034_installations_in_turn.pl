# 034_installations_in_turn.pl
#
# More installations at work than a worker has places for: what waits at some
# of them holds nobody else up.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

# Of each busy one eight reads are in hand, which may be sent one in twelve seconds.
use constant { BUSY => 260, FIRST => 2_000_000, ISSUES => 12, IN_HAND => 2048, HALF => 10 };

my @numbers = map { FIRST + $_ } 0 .. BUSY;
my $idle    = $numbers[-1];
my $github  = GitHubSync::StandIn->start;

$github->seed({
	repositories  => [ map { { id => $_, owner => "owner-$_", name => 'repository', filler_issues => ISSUES } } @numbers ],
	installations => [ map { { id => $_, account => "owner-$_" } } @numbers ] });

sub start
{
	my ($name, $last, %settings) = @_;
	my $application = GitHubSync::Application->start($github, name => $name, settings => { %settings, 'github_sync.enabled' => 'off' });

	$application->sql(qq{
		INSERT INTO github_sync.github_app_installations (id, account_login) SELECT n, 'owner-' || n FROM generate_series(@{[FIRST]}, $last) AS n;
		INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) SELECT n, n, 'owner-' || n, 'repository' FROM generate_series(@{[FIRST]}, $last) AS n;
		INSERT INTO projects (name, github_repo_id) SELECT 'of owner-' || n, n FROM generate_series(@{[FIRST]}, $last) AS n});
	return $application;
}

sub tell_of_all
{
	my ($application, $count, $first, $last) = @_;

	$application->sql("INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)"
		  . " SELECT 'inbound', id, n, now() FROM generate_series(1, $count) AS n, generate_series($first, $last) AS id");
}

sub processing { return "SELECT $_[0] FROM github_sync.task_sync_transactions WHERE state = 'processing'" }

# ---- hands full of what waits ----

my $application = start('main', $idle, 'github_sync.points_per_minute' => 5);

tell_of_all($application, ISSUES, FIRST, $idle - 1);
GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'on');
$application->wait_until(processing("count(*) >= @{[IN_HAND]}"));
pass('the worker has its hands full of what waits for its turn');
tell_of_all($application, 1, $idle, $idle);
$github->wait_for_request('GET', "^/repos/owner-$idle/repository/issues/1\$");
pass('another installation is served meanwhile');
$application->node->stop('immediate');

# ---- one request at a time, for three installations that all have some in hand before the first is sent ----

my @three = @numbers[ 0 .. 2 ];
my $seq   = $github->last_seq;

$application = start('second', $three[-1], 'github_sync.max_concurrent_requests' => 1);
tell_of_all($application, ISSUES, @three[ 0, -1 ]);
$github->fault('POST /access_tokens$', { gate => 'tokens' }, times => 'forever');
GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'on');
$application->wait_until(processing('count(*) = 3 * 8'));
$github->wait_at_gate('tokens');
$github->open_gate('tokens');
$github->wait_for_request('GET', '/issues/\d+$', since => $seq, count => 3 * HALF);
my %asked;
$asked{$_}++ foreach (map { $_->{path} =~ m{^/repos/owner-(\d+)/repository/issues/\d+$} ? $1 : () } $github->requests(since => $seq))[ 0 .. 3 * HALF - 1 ];
cmp_ok($asked{$_} // 0, '>=', HALF / 2, "by then $_ had a fair share") foreach @three;

done_testing();
