# 086_log_story.pl
#
# What an operator sees of the worker besides the views: with log_min_messages =
# debug1, the server's log tells the story of one row, and of a sweep; without it,
# normal work leaves no line.  pg_stat_activity says what the worker does.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

use constant WIDGETS => GitHubSync::Application::WIDGETS;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

my $from = 0;
sub logged { return slurp_file($node->logfile, $from) }

# ---- normal work, as it is ----

my $task = $application->add_task(title => 'Quiet');
$application->wait_until_done;
$from = -s $node->logfile;
$application->edit_task($task, title => 'Quiet, still');
$application->add_comment($task, 'words');
$application->wait_until_done;
$github->human_edits_issue('acme/widgets', $application->issue_of($task)->{number}, body => 'from GitHub');
$application->tell_of_issue($github->issue('acme/widgets', $application->issue_of($task)->{number}));
$application->wait_until_done;
is_deeply([ grep { /github_sync/ && !/statement:/ } split /\n/, logged() ], [], 'normal work leaves no line in the log');

# ---- one row ----

GitHubSync::Application::reconfigure($node, log_min_messages => 'debug1', 'github_sync.request_timeout' => '60s');
$from = -s $node->logfile;
$github->fault('POST /issues$', { gate => 'creation' });
my $told = $application->add_task(title => 'Told of');
$github->wait_at_gate('creation');

my $worker = "FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = '" . $application->database . "'";
my $waits_in = $node->pg_version >= 17 ? 'GithubSyncAnswer' : 'Extension';
my $idles_in = $node->pg_version >= 17 ? 'GithubSyncIdle'   : 'Extension';
$application->wait_until("SELECT bool_and(state = 'idle' AND query = 'waiting for GitHub' AND wait_event = '$waits_in') $worker");
is($application->superuser_sql("SELECT DISTINCT application_name $worker"), 'github_sync worker', 'pg_stat_activity tells whose the worker is');
is($application->superuser_sql("SELECT bool_or(query = 'waiting for GitHub') $worker"), 't', '... and that it waits for GitHub');
$github->open_gate('creation');
$application->wait_until_done;
$application->wait_until("SELECT bool_and(query = 'idle' AND wait_event = '$idles_in') $worker");
pass('... or that there is nothing to do');

my $id    = $application->superuser_sql("SELECT id FROM github_sync.task_sync_transactions WHERE task_id = $told AND direction = 'outbound'");
my @story = map { /task transaction $id, claim 1: (.*)/ ? $1 : () } split /\n/, logged();
note $_ foreach @story;
my @told = ([ claimed => qr/^claimed, attempt 1$/ ], [ sent => qr{^sending POST \S+/repos/acme/widgets/issues$} ],
	[ answered => qr/^answered 201 \(ok\), request id (?!not known)\S+$/ ], [ reported => qr/^reported by [\w.]+\(\): completed$/ ]);
my $place = 0;

foreach (@told)
{
	my ($what, $line) = @$_;

	$place++ while $place < @story && $story[$place] !~ $line;
	cmp_ok($place, '<', scalar @story, "the log tells that it was $what, in its turn");
}

# ---- a sweep, and a pause ----

$from = -s $node->logfile;
$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
$application->wait_until("SELECT bool_and(last_complete_at IS NOT NULL AND pass_began_at IS NULL) FROM github_sync.repo_sweeps WHERE stream IN ('issues', 'comments')");
like(logged(), qr{issues of repository @{[WIDGETS]}, claim \d+: sending GET \S+/issues\?.*issues of repository @{[WIDGETS]}, claim \d+: answered 200}s, 'it tells of a sweep');

$from = -s $node->logfile;
$github->fault('GET .*', { answer => { status => 502, body => { message => 'Bad Gateway' } } }, times => 'forever');
$application->edit_task($told, title => 'Told of, again');
ok($node->wait_for_log(qr/LOG: .*installation @{[$github->installation_id]} pauses until/, $from), '... and of a pause, with or without debug1');
$github->clear_faults;

done_testing();
