# 010_deletions.pl
#
# What is deleted on one side, and what an answer 404 or 410 means: asked about
# the repository, and asked again a minute later, before anything counts as
# deleted.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github);

sub switch
{
	my ($assignment) = @_;

	$application->sql("UPDATE github_sync.github_repos SET $assignment");
}

# An inbound deletion, as a receiver of webhooks inserts it.
sub tell_of_deletion
{
	my ($type, %columns) = @_;
	my $names = join ', ', sort keys %columns;
	my $values = join ', ', map { $columns{$_} } sort keys %columns;

	return $application->sql("INSERT INTO github_sync.${type}_sync_transactions (direction, action, github_repo_id, $names)"
		  . " VALUES ('inbound', 'delete', @{[GitHubSync::Application::WIDGETS]}, $values) RETURNING id");
}

# Until a transaction waits for its minute; then the minute is over, on both clocks.
sub pass_the_minute
{
	my ($type) = @_;

	$application->wait_until("SELECT count(*) = 1 FROM github_sync.${type}_sync_transactions"
		  . " WHERE state = 'queued' AND next_attempt_at > clock_timestamp() + interval '10 seconds'");
	$github->advance_clock(60);
	$application->superuser_sql("UPDATE github_sync.${type}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'");
}

sub state_of
{
	my ($type, $id) = @_;
	my $t = $application->row("SELECT * FROM github_sync.${type}_sync_transactions WHERE id = $id");

	return join ' ', grep { defined } $t->{state}, $t->{error_code}, $t->{disabled_reason};
}

my $task     = $application->add_task(title => 'a task');
my @comments = map { $application->add_comment($task, $_) } 'one', 'two', 'three';
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};
my %github_id = map { $_ => $application->github_comment_of($_)->{github_id} } @comments;

# ---- a comment deleted at GitHub ----

$github->human_deletes_comment($github_id{$comments[0]});
my $seq      = $github->last_seq;
my $deletion = tell_of_deletion('comment', github_issue_number => $number, github_comment_external_id => $github_id{$comments[0]});
pass_the_minute('comment');
$application->wait_until_done;
is(state_of(comment => $deletion), 'completed', 'the deletion of a comment at GitHub completes');
is_deeply([ GitHubSync::Application::asked($github, $seq) ],
	[ map { ("GET /repos/acme/widgets/issues/comments/$github_id{$comments[0]} 404", 'GET /repos/acme/widgets 200', "GET /repos/acme/widgets/issues/$number 200") } 1 .. 2 ],
	'after it was asked for twice, and each time about the repository and the issue');
isnt($application->github_comment_of($comments[0])->{deleted_at}, undef, 'the record has a tombstone');
is($application->comment($comments[0])->{markdown}, 'one', 'the row stays: on_remote_delete is keep');

switch("on_remote_delete = 'delete'");
$github->human_deletes_comment($github_id{$comments[1]});
$deletion = tell_of_deletion('comment', github_issue_number => $number, github_comment_external_id => $github_id{$comments[1]});
pass_the_minute('comment');
$application->wait_until_done;
is($application->comment($comments[1]), undef, 'with on_remote_delete = delete the row goes too');

# ---- an edit of what is gone ----

$github->human_deletes_issue('acme/widgets', $number);
$application->superuser_sql("UPDATE github_sync.task_creation_attempts SET sent_at = sent_at - interval '1 hour'");
$application->edit_task($task, title => 'edited too late');
my $outbound = ($application->task_transactions("direction = 'outbound'"))[-1]{id};
pass_the_minute('task');

# Nobody tells of the comments of an issue that was deleted.
pass_the_minute('comment');
$application->wait_until_done;
is(state_of(task => $outbound), 'errored gone', 'an edit of a task whose issue was deleted is errored');
is($application->task($task)->{title}, 'edited too late', 'the task is as its user left it');
isnt($application->row("SELECT deleted_at FROM github_sync.github_comments WHERE github_id = $github_id{$comments[2]}")->{deleted_at},
	undef, 'a comment of the issue is found to be gone with it');
is($application->comment($comments[2]), undef, '... and so is its row, as on_remote_delete says');

# ---- deleted in the application ----

switch("on_local_delete = 'propagate'");
my $second = $application->add_task(title => 'a second task');
my $third  = $application->add_comment($second, 'a comment that goes');
$application->wait_until_done;
my $issue = $application->issue_of($second)->{number};
my $comment_id = $application->github_comment_of($third)->{github_id};
$application->sql("DELETE FROM comments WHERE id = $third");
$application->wait_until_done;
is_deeply([ $github->comments('acme/widgets', $issue) ], [], 'a comment deleted in the application is deleted at GitHub');
$seq = $github->last_seq;
$application->sql("DELETE FROM tasks WHERE id = $second");
$application->wait_until_done;
is($github->issue('acme/widgets', $issue)->{state}, 'closed', "the issue of a deleted task is closed");
is($github->issue('acme/widgets', $issue)->{title}, 'a second task', 'and otherwise as it was');
is_deeply([ map { s/ .*//r } GitHubSync::Application::asked($github, $seq) ], [ 'GET', 'PATCH' ], 'by one update');
is($application->row('SELECT count(*) FROM github_sync.sync_errors WHERE error_code <> \'gone\'')->{count}, 0, 'nothing else is errored');

# ---- its creation was still under way ----

$github->fault('POST /comments$', { gate => 'creation' });
my $fourth = $application->add_task(title => 'a fourth task');
$application->wait_until_done;
my $fleeting = $application->add_comment($fourth, 'a fleeting comment');
$github->wait_at_gate('creation');
$application->sql("DELETE FROM comments WHERE id = $fleeting");
$github->open_gate('creation');
$application->wait_until_done;
is_deeply([ $github->comments('acme/widgets', $application->issue_of($fourth)->{number}) ], [],
	'a comment deleted while its creation is under way is deleted once it is there');

# ---- issues switched off, the repository out of sight ----

$github->set_repository('acme/widgets', has_issues => JSON::PP::false);
my $paused = $application->add_task(title => 'a task that waits');
my $waiting = ($application->task_transactions("direction = 'outbound'"))[-1]{id};
$application->wait_until("SELECT pause_reason IS NOT NULL FROM github_sync.github_repos");
$application->wait_until("SELECT state = 'queued' AND next_attempt_at IS NOT NULL FROM github_sync.task_sync_transactions WHERE id = $waiting");
is(state_of(task => $waiting), 'queued', 'where issues are switched off, rows wait');
$github->set_repository('acme/widgets', has_issues => JSON::PP::true);
$application->sql('SELECT github_sync.set_repo_sync(id, true) FROM github_sync.github_repos');
$application->wait_until_done;
is(state_of(task => $waiting), 'completed', 'and go on when they are back');

$github->fault('GET ^/(?:repos/acme/widgets|repositories/)', { answer => { status => 404, body => '{"message":"Not Found"}', headers => { 'content-type' => 'application/json' } } },
	times => 'forever');
$application->edit_task($paused, title => 'a title for nobody');
$application->wait_until_done;
is(state_of(task => ($application->task_transactions("direction = 'outbound'"))[-1]{id}), 'disabled access_lost',
	'of a repository that GitHub does not show, rows are disabled');
$github->clear_faults;
$application->sql('SELECT github_sync.set_repo_sync(id, true) FROM github_sync.github_repos');
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($paused)->{number})->{title}, 'a title for nobody', 'switched on again, they are carried');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

cmp_ok($github->judged, '>=', 10, "every request was judged by GitHub's own description");
is_deeply([ $github->violations ], [], 'which knows them all');

done_testing;
