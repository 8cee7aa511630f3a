# 004_many.pl
#
# Two thousand tasks that were there before arrive by the statement of
# docs/first-hour.md, each once, and the people they mention hear nothing of it; and
# while the worker waits for GitHub it holds nothing in the database.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Document;
use Test::More;

my $tasks  = 2000;
my $github = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, capture => 0);

sub insert_tasks
{
	my ($count, $title) = @_;

	$application->sql("INSERT INTO tasks (project_id, created_by, github_repo_id, title, markdown)"
		  . " SELECT p.id, 'import', p.github_repo_id, '$title ' || n, 'text ' || n || ' for \@alice, \@acme/team and `\@code`'"
		  . " FROM projects AS p, generate_series(1, $count) AS n WHERE p.github_repo_id = 1296269");
}

# What the worker's session holds, in words; '' when it is nothing.
sub held_by_worker
{
	my $pid = $application->worker_pid;

	return $application->superuser_sql(qq{
		SELECT concat_ws(', ',
			CASE WHEN backend_xmin IS NOT NULL THEN 'a snapshot' END,
			CASE WHEN backend_xid IS NOT NULL THEN 'a transaction id' END,
			CASE WHEN xact_start IS NOT NULL THEN 'an open transaction' END,
			CASE WHEN state <> 'idle' THEN 'state ' || state END,
			(SELECT string_agg(locktype || ' ' || coalesce(relation::regclass::text, ''), ', ')
			 FROM pg_locks AS l WHERE l.pid = a.pid AND locktype <> 'virtualxid'))
		FROM pg_stat_activity AS a WHERE pid = $pid});
}

# ---- while requests are under way ----

$github->fault('POST /issues$', { gate => 'creating' });
insert_tasks($tasks, 'number');
$application->sql('SET search_path = planner; ' . GitHubSync::Document->read('docs/first-hour.md')->block('-- first export') =~ s/\bapp\./planner./gr);
$github->wait_at_gate('creating');
# The first write is under way; what else the worker had to do, it does now.
$application->wait_until("SELECT state = 'idle' FROM pg_stat_activity WHERE backend_type = 'github_sync worker'");
is(held_by_worker(), '', 'a worker that waits for an answer has no transaction, snapshot or lock');
cmp_ok($application->superuser_sql("SELECT requests_under_way FROM github_sync.sync_workers"), '>', 0, 'sync_workers shows what is under way');
cmp_ok($application->superuser_sql("SELECT count(*) FROM github_sync.sync_queue WHERE state = 'processing'"), '>', 0, 'and so does sync_queue');
is($application->superuser_sql('BEGIN; LOCK TABLE planner.tasks, github_sync.task_sync_transactions IN ACCESS EXCLUSIVE MODE NOWAIT; SELECT 1; COMMIT'),
	1, 'meanwhile even an exclusive lock of the tables is to be had at once');
$github->open_gate('creating');

# ---- and in the end ----

$application->wait_until("SELECT count(*) > $tasks / 2 FROM github_sync.github_issues WHERE number IS NOT NULL");
$application->wait_until_done;
my @issues = $github->issues('acme/widgets');
is(scalar @issues, $tasks, "$tasks tasks become as many issues");
is(scalar keys %{ { map { $_->{title} => 1 } @issues } }, $tasks, 'each its own');
is($application->superuser_sql("SELECT count(*) FROM planner.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id"
		  . " WHERE i.github_id IS NOT NULL AND i.title = t.title"), $tasks, 'each linked with its task');
is($application->superuser_sql("SELECT string_agg(DISTINCT state, ',') || ' ' || count(*) FROM github_sync.task_sync_transactions WHERE direction = 'outbound'"),
	"completed $tasks", 'by one transaction for each task');
is(scalar(grep { $_->{method} eq 'POST' && $_->{path} =~ /issues$/ } $github->requests), $tasks, 'with one request for each');
is_deeply(GitHubSync::Application::created_twice($github), [], 'none was created twice');
is_deeply([ $github->mentions ], [], 'and none notifies those whom it names');
is(scalar(grep { $_->{body} !~ /for \@\x{200b}alice, \@\x{200b}acme\/team and `\@code`/ } @issues), 0, 'whose names are there');
is($github->counts->{most}{writes_under_way}, 1, 'writes of an installation go one at a time');

# What people write afterwards does.
$application->capture;
my $named = $application->add_task(title => 'by hand', markdown => 'what does @bob say?');
$application->edit_task($named, markdown => 'what do @bob and @carol say?');
$application->wait_until_done;
is_deeply([ sort map { $_->{login} } $github->mentions ], [qw(bob carol)], 'what people write notifies whom it names, once');
$application->sql('SELECT github_sync.capture_task_changes(false)');

# ---- the other way ----

# As a webhook receiver that has fallen behind: all in one statement.
my $issues = 200;
$github->seed({ repositories => [ { id => 1296271, owner => 'acme', name => 'archive', filler_issues => $issues } ] });
$application->connect_repository(1296271, 'archive', GitHubSync::Application::INSTALLATION);
$github->fault('GET /issues/', { gate => 'reading' }, times => 'forever');
$application->sql("INSERT INTO github_sync.task_sync_transactions"
	  . " (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at) VALUES "
	  . join(', ', map { "('inbound', 1296271, $_->{id}, $_->{number}, '$_->{updated_at}')" } $github->issues('acme/archive')));
$github->wait_at_gate('reading', count => 8);
pass('reads of an installation go side by side');
$github->open_gate('reading');
$application->wait_until_done;
is($application->superuser_sql('SELECT count(DISTINCT title) FROM planner.tasks WHERE github_repo_id = 1296271'), $issues,
	"$issues issues become as many tasks");
is($github->counts->{most}{under_way}, 8, 'but never more than eight');

done_testing();
