# 051_our_clock.pl
#
# Our clock is eleven minutes ahead of GitHub's, and answers to creations are
# lost: what was created is looked for by GitHub's clock.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $repo       = 'acme/widgets';
my $github     = GitHubSync::StandIn->start;
my $token_file = $github->dir . '/token';

GitHubSync::Application::write_secret($token_file, 'github_pat_alice');
$github->advance_clock(-11 * 60);
my $application = GitHubSync::Application->start($github, installation => 0, settings => {
	'github_sync.app_id'           => '',
	'github_sync.private_key_file' => '',
	'github_sync.token_file'       => $token_file });
my $task = $application->add_task(title => 'a task');
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};

# ---- a comment: the list is asked for what is newer than a time ----

$github->fault('POST /comments$', { reset_after_effect => 1 });
my $comment = $application->add_comment($task, 'lost');
$application->wait_until_done;
is(scalar(grep { $_->{body} =~ /^lost/ } $github->comments($repo)), 1, 'a comment whose answer was lost is found by GitHub\'s clock, and not made again');
ok($application->github_comment_of($comment)->{github_id}, 'and linked');

# ---- an issue: the list is read back to a time ----

$github->fault('POST /issues$', { reset_after_effect => 1 });
$github->fault('GET /issues\?', { gate => 'looking' });
my $lost = $application->add_task(title => 'lost');
$github->wait_at_gate('looking');
$github->advance_clock(5);
$github->human_creates_issue($repo, title => "later $_") foreach 1 .. 110;
$github->open_gate('looking');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'lost' } $github->issues($repo)), 1, 'an issue whose answer was lost is found on the second page of the list, and not made again');
ok($application->issue_of($lost)->{number}, 'and linked');

is_deeply([ map { $_->{error_reason} } $application->rows('SELECT * FROM github_sync.sync_errors') ], [], 'nothing is errored');
is($application->superuser_sql(q{SELECT count(*) FROM github_sync.github_issues WHERE seen_at > clock_timestamp() - interval '10 minutes'}), 0,
	'and what GitHub has shown is dated by its clock');

done_testing();
