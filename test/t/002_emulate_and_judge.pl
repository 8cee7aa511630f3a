# 002_emulate_and_judge.pl
#
# The conversation with a GitHub that this project did not write, held against
# GitHub's own description: each request that the worker sends passes through
# a judge.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::Application;
use GitHubSync::Emulate;
use GitHubSync::Judge;
use Test::More;

my $github = GitHubSync::Emulate->start;
my $judge  = GitHubSync::Judge->start(upstream => $github->url);

my $issues     = '/repos/acme/widgets/issues';
my $repository = $github->human(GET => '/repos/acme/widgets')->{id};

my $application = GitHubSync::Application->start($github, repository => $repository,
	settings => { 'github_sync.api_url' => $judge->url });

# ---- a task becomes an issue ----

my $task = $application->add_task(title => 'Buy milk', markdown => 'two bottles');
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};
my $issue  = $github->human(GET => "$issues/$number");
is($issue->{title}, 'Buy milk', 'a task becomes an issue');
like($issue->{body}, qr/^two bottles\n/, 'with its text');
is($issue->{user}{login}, 'tasksync[bot]', 'written by the App');

# ---- a human edits the issue ----

# emulate's times have milliseconds, ours whole seconds: both edits may fall
# into the second of the creation, which the rules must bear.
$issue = $github->human(PATCH => "$issues/$number", { title => 'Buy oat milk' });
my $inbound = $application->tell_of_issue($issue);
is($inbound->{state}, 'queued', "the human's edit is queued");
$application->wait_until_done;
is($application->task($task)->{title}, 'Buy oat milk', 'and reaches the task');

# ---- the application edits the task ----

$application->edit_task($task, markdown => 'three bottles', status => 'closed');
$application->wait_until_done;
$issue = $github->human(GET => "$issues/$number");
is($issue->{body}, 'three bottles', 'an edit of the task reaches the issue');
is($issue->{state}, 'closed', 'its state too');
is($issue->{title}, 'Buy oat milk', "and the human's title stays");

# ---- a comment, both ways ----

my $comment = $application->add_comment($task, 'at the market');
$application->wait_until_done;
my ($remote) = @{ $github->human(GET => "$issues/$number/comments") };
like($remote->{body}, qr/^at the market\n/, 'a comment arrives');
is($remote->{user}{login}, 'tasksync[bot]', 'written by the App');

$application->edit_comment($comment, markdown => 'in the shop');
$application->wait_until_done;
($remote) = @{ $github->human(GET => "$issues/$number/comments") };
is($remote->{body}, 'in the shop', 'its edit too');

my $reply = $github->human(POST => "$issues/$number/comments", { body => 'they are closed' });
$application->tell_of_comment($reply, $number);
$application->wait_until_done;
is($application->superuser_sql("SELECT markdown FROM planner.comments WHERE created_by = 'alice' AND task_id = $task"),
	'they are closed', "a human's comment becomes a comment of the task");

# ---- an issue born on GitHub ----

$issue = $github->human(POST => $issues, { title => 'Feed the cat' });
$application->tell_of_issue($issue);
$application->wait_until_done;
is($application->superuser_sql("SELECT t.title || ' by ' || t.created_by FROM planner.tasks AS t"
	  . " JOIN github_sync.github_issues AS i ON i.task_id = t.id WHERE i.number = $issue->{number}"),
	'Feed the cat by alice', "a human's issue becomes a task");

# ---- and in the end ----

is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');
cmp_ok($judge->judged, '>', 10, 'the judge has seen the conversation');
is_deeply([ $judge->violations ], [], 'and GitHub would know every request of it');

done_testing();
