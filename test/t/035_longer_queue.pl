# 035_longer_queue.pl
#
# A worker that has begun with an empty queue, and then has thousands of rows of
# many installations: what is read for each does not grow with how many wait, nor
# with how many records there are, although nobody has counted them (ANALYZE)
# since.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { INSTALLATIONS => 40, FIRST => 2_000_000, SHORT => 3, LONG => 33 };

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

# Asked without an index: what is read for this question is not what is counted.
my $all_done = "SELECT NOT EXISTS (SELECT FROM (SELECT state FROM github_sync.task_sync_transactions UNION ALL SELECT state FROM github_sync.comment_sync_transactions) AS t"
  . " WHERE t.state || '' IN ('queued', 'processing'))";

# The entries of indexes that were read so far, of all our tables.
sub entries_read
{
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND state <> 'idle')");
	return $application->superuser_sql("SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'github_sync'");
}

# What is enqueued waits, and is let go together; what was read for each row of it.
sub entries_read_for_each
{
	my ($rows, $enqueue) = @_;
	my $before = entries_read();

	GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'off');
	$application->sql($enqueue);
	GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'on');
	$application->wait_until($all_done);
	return (entries_read() - $before) / $rows;
}

sub compare
{
	my ($what, $enqueue) = @_;
	my $of_a_few = entries_read_for_each(INSTALLATIONS * SHORT, $enqueue->(1, SHORT));
	my $of_many  = entries_read_for_each(INSTALLATIONS * (LONG - SHORT), $enqueue->(SHORT + 1, LONG));

	diag sprintf 'figure: entries of indexes read for each of %d and of %d %s: %.0f and %.0f', INSTALLATIONS * SHORT, INSTALLATIONS * (LONG - SHORT), $what, $of_a_few, $of_many;
	cmp_ok($of_many, '<', 2 * $of_a_few, "$what: what is read for each of many is no more than for each of a few");
}

# The queue is empty, and the server knows it.
$application->superuser_sql('VACUUM ANALYZE');

compare('issues that are new', sub {
	my ($first, $last) = @_;

	return "INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)"
	  . " SELECT 'inbound', id, n, '2020-01-01' FROM generate_series($first, $last) AS n, generate_series($numbers[0], $numbers[-1]) AS id";
});
is($application->superuser_sql('SELECT count(*) FROM planner.tasks'), INSTALLATIONS * LONG, 'all of them are tasks');
$application->capture;

my $of_each = 'SELECT i.task_id FROM github_sync.github_issues AS i WHERE i.number BETWEEN %d AND %d';

compare('edits of tasks', sub { sprintf "UPDATE planner.tasks SET title = title || '!' WHERE id IN ($of_each)", @_ });
compare('comments that are made', sub { sprintf "INSERT INTO planner.comments (task_id, created_by, markdown) SELECT t.task_id, 'user', 'Here' FROM ($of_each) AS t", @_ });
compare('edits of comments', sub { sprintf "UPDATE planner.comments SET markdown = 'There' WHERE task_id IN ($of_each)", @_ });
compare('tasks that are made', sub { sprintf "INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id)"
	  . " SELECT p.id, 'user', 'Made', p.github_repo_id FROM projects AS p, generate_series(%d, %d) WHERE p.github_repo_id >= $numbers[0]", @_ });
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'Made'"), INSTALLATIONS * LONG, 'as many are made');
is($application->superuser_sql("SELECT count(*) FROM github_sync.sync_errors"), 0, 'nothing has failed');
done_testing();
