# 085_pull_requests.pl
#
# pull_requests is set from sync back to skip, and to sync again: meanwhile nothing
# of those that became tasks goes either way, and afterwards the same tasks go on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use Test::More;

use constant WIDGETS => GitHubSync::Application::WIDGETS;

my $github = GitHubSync::StandIn->start(judged => 1);

$github->control('POST', 'seed', { repositories => [ { id => WIDGETS, owner => 'acme', name => 'widgets', private => \1, issues => [
	map { { number => $_, title => ($_ == 1 ? 'issue' : "pull $_"), body => 'text', author => 'alice', pull_request => ($_ == 1 ? JSON::PP::false : JSON::PP::true),
		created_at => "2024-02-01T00:00:0${_}Z", updated_at => "2024-02-01T00:00:0${_}Z",
		comments => [ { body => "words on $_", author => 'bob', created_at => "2024-02-01T00:01:0${_}Z", updated_at => "2024-02-01T00:01:0${_}Z" } ] } } 1 .. 4 ] } ] });
$github->webhooks(mode => 'off');
my $application = GitHubSync::Application->start($github);

sub wait_for_lists { $application->sql("CALL github_sync.wait_for_backfill(@{[WIDGETS]})"); $application->wait_until_done; return }

sub sweep
{
	$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
	$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps WHERE stream IN ('issues', 'comments')");
	$application->wait_until_done;
}

sub set { my ($value) = @_; $application->sql("UPDATE github_sync.github_repos SET pull_requests = '$value'"); return }

sub differences
{
	$application->sql("SELECT github_sync.check_repo(@{[WIDGETS]})");
	$application->wait_until("SELECT bool_and(waits_for = 'complete') FROM github_sync.sync_progress WHERE phase = 'check'");
	return $application->sql("SELECT coalesce(string_agg(concat_ws(' ', record_type, github_issue_number, field, why), '; '), '') FROM github_sync.sync_differences");
}

sub task_of { my ($number) = @_; return $application->sql("SELECT task_id FROM github_sync.github_issues WHERE number = $number") }
sub words_at { my ($number) = @_; return join '; ', map { $_->{body} =~ s/\s*<!--.*//sr } $github->comments('acme/widgets', $number) }

# The last one is linked by hand, to a task that was there.
my $mine = $application->sql("INSERT INTO tasks (project_id, created_by, title, markdown) SELECT id, 'user', 'pull 4', 'text' FROM projects RETURNING id");
set('sync');
$application->sql("SELECT github_sync.link_task($mine, @{[WIDGETS]}, 4, 'github')");
$application->wait_until_done;
$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]})");
wait_for_lists();
is($application->sql("SELECT string_agg(title, '; ' ORDER BY title) FROM tasks"), 'issue; pull 2; pull 3; pull 4', 'with sync, pull requests are tasks');
my %task = map { $_ => task_of($_) } 1 .. 4;
my $words = $application->sql("SELECT id FROM comments WHERE task_id = $task{2}");

# ---- back to skip ----

set('skip');
my $seq = $github->last_seq;

$application->edit_task($task{2}, title => 'pull 2, edited here', status => 'closed');
$application->edit_comment($words, markdown => 'words of ours');
$application->add_comment($task{2}, 'a new comment of ours');
$application->wait_until_done;
$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', 3, body => 'edited there');
$github->human_creates_comment('acme/widgets', 3, body => 'a new comment of theirs');
$github->human_edits_issue('acme/widgets', 1, body => 'an issue, edited there');
$github->act(create_issue => (repo => 'acme/widgets', title => 'pull 5', body => 'new', pull_request => JSON::PP::true));
sweep();
is_deeply([ grep { $_->{method} ne 'GET' && $_->{path} =~ /widgets/ } $github->requests(since => $seq) ], [], 'with skip, nothing of a pull request is written to GitHub');
is($github->issue('acme/widgets', 2)->{state}, 'open', '... least of all closed');
is($application->task($task{3})->{markdown}, 'text', '... nor is anything taken over');
is($application->sql("SELECT count(*) FROM comments WHERE task_id = $task{3}"), 1, '... nor a comment');
is($application->task($task{1})->{markdown}, 'an issue, edited there', '... but of an issue all is');
is($application->sql("SELECT string_agg(DISTINCT disabled_reason, ', ') FROM (SELECT disabled_reason FROM github_sync.task_sync_transactions WHERE state = 'disabled'"
	  . " UNION ALL SELECT disabled_reason FROM github_sync.comment_sync_transactions WHERE state = 'disabled') AS d"), 'filtered', 'what is written here waits: filtered');
is(differences(), '', '... and is no difference');
is($application->sql("SELECT github_sync.ingest_webhook('issues', 'one', '" . JSON::PP->new->encode({ action => 'edited', repository => { id => WIDGETS, name => 'widgets', owner => { login => 'acme' } },
	issue => { (map { $_ => $github->issue('acme/widgets', 3)->{$_} } qw(id number updated_at)), pull_request => { url => 'u' } } }) . "')"), 'ignored: pull requests are skipped', 'a webhook is ignored');

$application->edit_task($task{4}, title => 'pull 4, edited here');
$application->wait_until_done;
is($github->issue('acme/widgets', 4)->{title}, 'pull 4, edited here', 'one that was linked by hand is synced all the same');

$application->sql("UPDATE github_sync.github_repos SET on_local_delete = 'propagate'; DELETE FROM comments WHERE task_id = $task{3}; DELETE FROM tasks WHERE id = $task{3}");
$application->wait_until_done;
is($github->issue('acme/widgets', 3)->{state} . ' ' . words_at(3), 'open words on 3; a new comment of theirs', 'a deletion here is not carried there either');

# ---- and to sync again ----

set('sync');
wait_for_lists();
is($application->sql("SELECT string_agg(title, '; ' ORDER BY title) FROM tasks"), 'issue; pull 2, edited here; pull 4, edited here; pull 5', 'with sync again, the same tasks go on, and a new one arrives');
is_deeply([ map { task_of($_) } 1, 2, 4 ], [ @task{1, 2, 4} ], '... each with its own');
is($github->issue('acme/widgets', 2)->{title} . ' ' . $github->issue('acme/widgets', 2)->{state}, 'pull 2, edited here closed', 'what waited here is sent');
is(words_at(2), 'words of ours; a new comment of ours', '... and its comments');
$application->sql("UPDATE github_sync.github_repos SET on_local_delete = 'keep'");

# What changed there while it was skipped.
set('skip');
$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', 5, body => 'edited while it was skipped');
$github->human_creates_comment('acme/widgets', 5, body => 'said while it was skipped');
sweep();
is($application->task(task_of(5))->{markdown}, 'new', 'passed over');
set('sync');
wait_for_lists();
is($application->task(task_of(5))->{markdown}, 'edited while it was skipped', 'what changed there meanwhile arrives');
is($application->sql("SELECT string_agg(markdown, '; ') FROM comments WHERE task_id = @{[task_of(5)]}"), 'said while it was skipped', '... and its comments');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description");

done_testing;
