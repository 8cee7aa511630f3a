# 056_lag.pl
#
# GitHub's replicas lag: what a webhook told of is not overwritten unseen by an
# edit here, and a read of the second in which we wrote does not undo what we
# wrote; what one second hides is asked for when it is over. Of tasks and of
# comments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $repo = 'acme/widgets';

sub is_kept
{
	my ($text) = @_;

	return $application->superuser_sql("SELECT count(*) FROM github_sync.sync_conflicts WHERE remote = '$text'");
}

my $issue = $github->human_creates_issue($repo, title => 'a title', body => 'a text');
my $comment = $github->human_creates_comment($repo, $issue->{number}, body => 'a word');
$application->tell_of_comment($comment, $issue->{number});
$application->wait_until_done;
my $task = $application->superuser_sql('SELECT task_id FROM github_sync.github_issues');
my $word = $application->superuser_sql('SELECT comment_id FROM github_sync.github_comments');

# Whether transactions of a direction were answered by a replica that was behind, of tasks and of comments: a slow machine asks once more.
sub refused
{
	my ($direction) = @_;

	return "SELECT EXISTS (SELECT FROM github_sync.task_sync_transactions WHERE direction = '$direction' AND lagging_answers > 0)"
	  . " AND EXISTS (SELECT FROM github_sync.comment_sync_transactions WHERE direction = '$direction' AND lagging_answers > 0)";
}

# Edited at GitHub; the replica does not have it yet when it is read for the webhook, nor when it is read for our edit.
sleep 1 while $github->now le $comment->{updated_at};
# The comment first: its edit is one of the issue, too.
$comment = $github->human_edits_comment($comment->{id}, body => 'their word');
sleep 1 while $github->now le $comment->{updated_at};
$issue = $github->human_edits_issue($repo, $issue->{number}, title => 'theirs');
$github->stale_reads(times => 1000, path => "/issues/($issue->{number}|comments/$comment->{id})\$");
$application->tell_of_issue($issue);
$application->tell_of_comment($comment, $issue->{number});
$application->wait_until(refused('inbound'));
$application->edit_task($task, title => 'ours');
$application->edit_comment($word, markdown => 'our word');
$application->wait_until(refused('outbound'));
$github->stale_reads(times => 0, path => '^');
$application->wait_until_done;
my $there = $github->issue($repo, $issue->{number});
my ($word_there) = $github->comments($repo, $issue->{number});
is($there->{title}, $application->task($task)->{title}, 'both sides have one title');
ok($there->{title} eq 'theirs' || is_kept('theirs'), 'GitHub\'s title is not lost');
is($word_there->{body}, $application->comment($word)->{markdown}, 'and one comment');
ok($word_there->{body} eq 'their word' || is_kept('their word'), 'GitHub\'s comment is not lost');

# Within one second: synced, edited here, and read from a replica that lacks our edit.
$github->freeze_clock;
my $second = $github->human_creates_issue($repo, title => 'one', body => 'text');
my $remark = $github->human_creates_comment($repo, $second->{number}, body => 'one word');
$application->tell_of_comment($remark, $second->{number});
$application->wait_until_done;
$task = $application->superuser_sql("SELECT task_id FROM github_sync.github_issues WHERE number = $second->{number}");
$word = $application->superuser_sql("SELECT comment_id FROM github_sync.github_comments WHERE github_id = $remark->{id}");
$application->edit_task($task, title => 'two');
$application->edit_comment($word, markdown => 'two words');
$application->wait_until_done;
$github->stale_reads(times => 2, path => "/issues/($second->{number}|comments/$remark->{id})\$");
$application->tell_of_issue($github->issue($repo, $second->{number}));
$application->tell_of_comment($remark, $second->{number});
$application->wait_until_done;
is($application->task($task)->{title}, 'two', 'our title is not undone here');
is($github->issue($repo, $second->{number})->{title}, 'two', 'nor at GitHub');
is($application->comment($word)->{markdown}, 'two words', 'nor is our comment');
is(($github->comments($repo, $second->{number}))[0]{body}, 'two words', 'there neither');

# An edit of the second that was read already, of which nobody tells: what no answer has settled is asked for once more.
my $hush = $github->human_creates_comment($repo, $second->{number}, body => 'a word in the same second');
$application->tell_of_comment($hush, $second->{number});
$application->wait_until_done;
$word = $application->superuser_sql("SELECT comment_id FROM github_sync.github_comments WHERE github_id = $hush->{id}");
my $unsettled = 'SELECT (SELECT count(*) FROM github_sync.github_issues WHERE settle_at IS NOT NULL) + (SELECT count(*) FROM github_sync.github_comments WHERE settle_at IS NOT NULL)';
cmp_ok($application->superuser_sql($unsettled), '>=', 2, 'what was seen within its second is not settled');
$github->human_edits_comment($hush->{id}, body => 'another word');
$github->human_edits_issue($repo, $second->{number}, title => 'in silence');
$github->advance_clock(61);
# As when that minute is over here, too.
$application->superuser_sql("UPDATE github_sync.$_ SET settle_at = clock_timestamp() WHERE settle_at IS NOT NULL") foreach qw(github_issues github_comments);
$application->sql('SELECT github_sync.wake()');
$application->wait_until("SELECT title = 'in silence' FROM planner.tasks WHERE id = $task");
$application->wait_until("SELECT markdown = 'another word' FROM planner.comments WHERE id = $word");
pass('an edit within that second arrives, though nobody tells of it');
$application->wait_until_done;
is($application->superuser_sql($unsettled), 0, '... and settles it');

done_testing();
