# 053_lag.pl
#
# GitHub's lists and replicas lag or fail: a new issue that is not shown yet
# arrives within seconds, and a list whose pages are too large for GitHub is
# read in smaller ones.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use Test::More;

my $repo        = 'acme/widgets';
my $not_found   = { answer => { status => 404, body => '{"message":"Not Found"}', headers => { 'content-type' => 'application/json' } } };
my $bad_gateway = { answer => { status => 502, body => '<html>502</html>', headers => { 'content-type' => 'text/html' } } };
my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.max_attempts' => '3' });

sub sizes { my ($since, $list) = @_; return [ map { $_->{path} =~ /per_page=(\d+)/ ? $1 : () } grep { $_->{path} =~ $list } $github->requests(since => $since) ] }

# ---- told of, and not shown yet ----

my $task   = $application->add_task(title => 'a task');
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};

my $issue = $github->human_creates_issue($repo, title => 'shown late');
$github->fault("GET /issues/$issue->{number}\$", $not_found);
my $comment = $github->human_creates_comment($repo, $number, body => 'shown late');
$github->fault("GET /issues/comments/$comment->{id}\$", $not_found);
my $started = time;
$application->tell_of_issue($issue);
$application->tell_of_comment($comment, $number);
$application->wait_until_done;
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'shown late'"), 1, 'a new issue that is not shown at once arrives');
is($application->superuser_sql("SELECT count(*) FROM planner.comments WHERE markdown = 'shown late'"), 1, '... and a new comment');
cmp_ok(time - $started, '<', at_this_load(30), '... within seconds');

# Ours: created, and not shown to the next request.
my $own = $application->add_task(title => 'ours');
$application->wait_until_done;
my $own_number = $application->issue_of($own)->{number};
$github->fault("GET /issues/$own_number\$", $not_found);
$github->fault("POST /issues/$own_number/comments\$", $not_found);
$started = time;
$application->edit_task($own, markdown => 'edited at once');
my $own_comment = $application->add_comment($own, 'commented at once');
$application->wait_until_done;
is($github->issue($repo, $own_number)->{body} =~ s/\s*<!--.*//sr, 'edited at once', 'an edit of an issue of ours that is not shown yet arrives');
is(scalar(grep { $_->{body} =~ /^commented at once/ } $github->comments($repo, $own_number)), 1, '... and a comment on it');
cmp_ok(time - $started, '<', at_this_load(30), '... within seconds');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

# ---- a list whose large pages GitHub cannot make ----

foreach my $case ([ 'an issue', '/issues', qr{/issues\?}, 'task', sub { $application->add_task(title => "lost $_[0]") } ],
	[ 'a comment', '/comments', qr{/comments\?}, 'comment', sub { $application->add_comment($task, "lost $_[0]") } ])
{
	my ($what, $path, $list, $type, $create) = @$case;

	$github->fault("POST $path\$", { reset_after_effect => 1 });
	$github->fault("GET $path\\?.*per_page=(?:100|50)(?!\\d)", $bad_gateway, times => 'forever');
	my $seq = $github->last_seq;
	my $row = $create->('in a long list');
	$application->wait_until_done;
	is_deeply([ @{ sizes($seq, $list) }[ 0 .. 2 ] ], [ 100, 50, 25 ], "$what is looked for in smaller pages where larger ones fail");
	is($application->superuser_sql("SELECT count(*) FROM github_sync.${type}_sync_transactions AS t WHERE t.${type}_id = $row AND state = 'completed'"), 1, '... and found');
	$github->clear_faults;

	# Other requests go on; the list alone never can be had.
	$github->fault("POST $path\$", { reset_after_effect => 1 });
	$github->fault("GET $path\\?", $bad_gateway, times => 'forever');
	$seq = $github->last_seq;
	$row = $create->('for good');
	$application->wait_until("SELECT count(*) = 1 FROM github_sync.${type}_sync_transactions AS t WHERE t.${type}_id = $row AND state = 'errored'");
	is((sort { $a <=> $b } @{ sizes($seq, $list) })[0], 10, '... a list of which no page can be had is asked for ten at a time');
	cmp_ok(scalar @{ sizes($seq, $list) }, '<=', 15, '... and not for ever');
	is($application->superuser_sql("SELECT pause_reason FROM github_sync.github_app_installations"), '', '... while the installation is not paused for it');
	is($application->superuser_sql("SELECT error_code FROM github_sync.${type}_sync_transactions WHERE ${type}_id = $row"), 'lookup_failed', '... and says what failed');
	$github->clear_faults;
	$application->sql($application->row('SELECT retry FROM github_sync.sync_errors')->{retry});
	$application->wait_until_done;
	is_deeply(GitHubSync::Application::created_twice($github), [], '... a retry finds what was made');
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... and nothing is errored any more');
}

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description, which knows them all");

done_testing();
