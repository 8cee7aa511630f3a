# 035_longer_queue.pl
#
# A worker that has begun with an empty queue, and then has thousands of rows of
# many installations: what it reads for each does not grow with how many wait,
# although nobody has counted them (ANALYZE) since.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { INSTALLATIONS => 40, FIRST => 2_000_000, SHORT => 1, LONG => 60 };

my @numbers = map { FIRST + $_ } 1 .. INSTALLATIONS;
my $github  = GitHubSync::StandIn->start;

$github->seed({
	repositories  => [ map { { id => $_, owner => "owner-$_", name => 'repository', filler_issues => LONG } } @numbers ],
	installations => [ map { { id => $_, account => "owner-$_" } } @numbers ] });

my $application = GitHubSync::Application->start($github, capture => 0, settings => {
	'github_sync.enabled' => 'off', 'github_sync.points_per_minute' => 0, 'autovacuum' => 'off' });

$application->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login) SELECT n, 'owner-' || n FROM generate_series($numbers[0], $numbers[-1]) AS n;
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) SELECT n, n, 'owner-' || n, 'repository' FROM generate_series($numbers[0], $numbers[-1]) AS n;
	INSERT INTO projects (name, github_repo_id) SELECT 'of owner-' || n, n FROM generate_series($numbers[0], $numbers[-1]) AS n});

# The entries of the indexes of the queue and of its records that were read so far.
sub entries_read
{
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND state <> 'idle')");
	return $application->superuser_sql("SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN ('task_sync_transactions', 'github_issues')");
}

# All that are told of wait, and are let go together; what was read for each of them.
sub entries_read_for_each
{
	my ($first, $last) = @_;
	my $before = entries_read();
	my $rows   = INSTALLATIONS * ($last - $first + 1);

	GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'off');
	$application->sql("INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)"
		  . " SELECT 'inbound', id, n, '2020-01-01' FROM generate_series($first, $last) AS n, generate_series($numbers[0], $numbers[-1]) AS id");
	GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'on');
	$application->wait_until("SELECT count(*) = @{[INSTALLATIONS * $last]} FROM github_sync.task_sync_transactions WHERE state = 'completed'");
	return (entries_read() - $before) / $rows;
}

# The queue is empty, and the server knows it.
$application->superuser_sql('VACUUM ANALYZE');
my $of_a_few = entries_read_for_each(1, SHORT);
my $of_many  = entries_read_for_each(SHORT + 1, LONG);

diag sprintf 'figure: entries of indexes read for each of %d and of %d transactions: %.0f and %.0f', INSTALLATIONS * SHORT, INSTALLATIONS * (LONG - SHORT), $of_a_few, $of_many;
cmp_ok($of_many, '<', 2 * $of_a_few, 'what is read for each of many is no more than for each of a few');
done_testing();
