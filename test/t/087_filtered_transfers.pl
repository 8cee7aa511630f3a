# 087_filtered_transfers.pl
#
# Issues of tasks that are not to be synced (sync_when), or count as deleted
# (deleted_when), are transferred while no webhook tells: to a repository of ours,
# and to one that is connected later, found out before or not.  None becomes a
# second task, nothing is taken over, and once they are wanted again they go on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };

my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github);

$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
# One that is never connected.
$github->seed({ repositories => [ { id => 44, owner => 'acme', name => 'shed' } ] });
$github->webhooks(mode => 'off');

sub sql { return $application->superuser_sql(@_) }

# All that was asked for has been read, and what follows from it is done; what is missing is asked for again a minute later, on both clocks.
sub wait_for_all
{
	for (1 .. 8)
	{
		$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps");
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^(retry at|parent issue)') AND NOT EXISTS (SELECT FROM github_sync.listed_later)"
			  . join('', map { " AND NOT EXISTS (SELECT FROM github_sync.$_ WHERE settle_at <= clock_timestamp())" } 'github_issues', 'github_comments'));
		last if sql('SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)') eq 't';
		$github->advance_clock(61);
		sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued' AND next_attempt_at < 'infinity'") foreach qw(task comment);
	}
}

# A sweep of each list, and no census.
sub sweep
{
	$github->advance_clock(120);
	$application->sql("UPDATE github_sync.repo_sweeps SET is_asked = true, due_at = now(); SELECT github_sync.wake()");
	wait_for_all();
}

sub reconcile
{
	$github->advance_clock(120);
	$application->sql("SELECT github_sync.reconcile_repo(id) FROM github_sync.github_repos");
	wait_for_all();
}

sub transfer { my ($from, $number, $to) = @_; return $github->human_transfers_issue("acme/$from", $number, "acme/$to") }


$application->superuser_sql(q{
	ALTER TABLE planner.tasks ADD draft boolean NOT NULL DEFAULT false, ADD removed_at timestamptz;
	SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id', insert_values => 'planner.values_of_task(bigint, jsonb)',
		sync_when => 'NOT draft', deleted_when => 'removed_at IS NOT NULL')});
my (%task, %number, %arrived);
my @names = map { my $w = $_; map { ("$w, $_", "$w, $_, silent") } 'near', 'later', 'later, found' } 'draft', 'removed';
foreach my $name (@names) {
	$number{$name} = $github->human_creates_issue('acme/widgets', title => $name, body => "text of $name")->{number};
	$github->human_creates_comment('acme/widgets', $number{$name}, body => "words of $name") unless $name =~ /silent/;
}
$application->sql('SELECT github_sync.backfill_repo(id) FROM github_sync.github_repos');
wait_for_all();
$task{$_} = $application->sql("SELECT id FROM tasks WHERE title = '$_'") foreach @names;
$github->advance_clock(100);

# Where the issues are, and that there is no task but these.
sub each_is_one_task
{
	my ($what, @repo_ids) = @_;

	is($application->sql('SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM tasks'), join(' ', sort { $a <=> $b } values %task), "$what: no task is there twice");
	is($application->sql('SELECT count(*) FROM comments'), scalar(grep { !/silent/ } @names), '... and no comment');
	is_deeply([ map { my $issue = $application->issue_of($task{$_}) // {}; "$_: " . join '#', map { $_ // '' } @$issue{qw(github_repo_id number)} } @names ],
		[ map { my $repo_id = shift @repo_ids; "$_: $repo_id#$arrived{$_}{number}" } @names ], '... each has its issue where that is') if @repo_ids;
	return;
}

# found out while it was still synced
$arrived{$_} = transfer('widgets', $number{$_}, 'shed') foreach grep { /found/ } @names;
reconcile();
$application->sql("UPDATE tasks SET draft = true WHERE title LIKE 'draft%'; UPDATE tasks SET removed_at = now() WHERE title LIKE 'removed%'");
wait_for_all();
$arrived{$_} = transfer('widgets', $number{$_}, /near/ ? 'gadgets' : 'shed') foreach grep { !/found/ } @names;
reconcile();
is(sql("SELECT count(*) FROM planner.tasks WHERE id <> ALL ('{" . join(',', values %task) . "}')"), 0, 'while the target is not connected, or is: no second task');
$github->human_edits_issue("acme/" . (/near/ ? 'gadgets' : 'shed'), $arrived{$_}{number}, title => "$_, unseen") foreach @names;
$application->connect_repository(44, 'shed', GitHubSync::Application::INSTALLATION);
$application->sql('SELECT github_sync.backfill_repo(44)');
wait_for_all();
my @places = map { /near/ ? GADGETS : 44 } @names;
each_is_one_task('a repository is connected later', @places);
reconcile();
each_is_one_task('... and reconciled', @places);
is($application->sql("SELECT string_agg(title, ', ') FROM tasks WHERE title ~ 'unseen'"), '', '... and what is written there does not arrive');
$application->sql("UPDATE tasks SET draft = false, removed_at = NULL");
wait_for_all();
reconcile();
each_is_one_task('all are wanted again', @places);
is($application->sql("SELECT count(*) FROM tasks WHERE title ~ 'unseen'"), scalar @names, '... and what was written there meanwhile arrives');
is($application->sql('SELECT string_agg(error_reason, $$; $$) FROM github_sync.sync_errors'), '', '... without an error');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description");
done_testing;
