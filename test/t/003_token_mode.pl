# 003_token_mode.pl
#
# Group: attacks.
# A personal access token in a file instead of an App.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github     = GitHubSync::StandIn->start(judged => 1);
my $token_file = $github->dir . '/token';
GitHubSync::Application::write_secret($token_file, 'github_pat_alice' . "\n");

# Token mode has one installation, 0.
my $application = GitHubSync::Application->start($github, installation => 0, settings => {
	'github_sync.app_id'           => '',
	'github_sync.private_key_file' => '',
	'github_sync.token_file'       => $token_file });

# ---- both ways ----

my $task = $application->add_task(title => 'Buy milk');
$application->wait_until_done;
my $issue = $github->issue('acme/widgets', 1);
is($issue->{title}, 'Buy milk', 'a task becomes an issue');
is($issue->{author}, 'alice', "written by the token's user");
is_deeply([ sort keys %{ { map { $_->{authorization_kind} => 1 } $github->requests } } ], ['user'],
	'every request carries the token, none an App');

$github->advance_clock(5);
$application->tell_of_issue($github->human_edits_issue('acme/widgets', 1, title => 'Buy oat milk', as => 'bob'));
$application->wait_until_done;
is($application->task($task)->{title}, 'Buy oat milk', 'an edit on GitHub reaches the task');

my $comment = $application->add_comment($task, 'at the market');
$application->wait_until_done;
is(scalar $github->comments('acme/widgets', 1), 1, 'a comment arrives');

# ---- a creation whose answer is lost: our user is looked for ----

$github->fault('POST /issues$', { reset_after_effect => 1 });
$task = $application->add_task(title => 'Feed the cat');
$application->wait_until_done;
is($application->issue_of($task)->{number}, 2, 'a creation whose answer was lost is found again');
is(scalar $github->issues('acme/widgets'), 2, 'and not repeated');

# ---- another token ----

$github->seed({ users => [ { login => 'carol', token => 'github_pat_carol' } ] });
GitHubSync::Application::write_secret($token_file, 'github_pat_carol');
$github->fault('PATCH /issues/1$', { answer => { status => 401, body => '{"message":"Bad credentials"}' } });
$application->edit_task(1, title => 'Buy soy milk');
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'Buy soy milk', 'a token that is refused is read anew from its file');

# ---- which is another user's: under that login creations are looked for ----

$github->fault('POST /issues$', { reset_after_effect => 1 });
my $by_carol = $application->add_task(title => 'Feed the dog');
$application->wait_until_done;
is($application->issue_of($by_carol)->{author_login}, 'carol', "the token's user is asked for anew");
is(scalar(grep { $_->{title} eq 'Feed the dog' } $github->issues('acme/widgets')), 1, 'a creation of theirs is found again, and not repeated');

# ---- no token ----

GitHubSync::Application::write_secret($token_file, "two words\n");
$github->fault('GET /issues/1$', { answer => { status => 401, body => '{"message":"Bad credentials"}' } });
$application->edit_task(1, title => 'Buy rice milk');
$application->wait_until("SELECT bool_or(waits_for LIKE '%token_file does not hold a token%') FROM github_sync.sync_queue");
pass('a file that holds no token is shown as what the row waits for');
is($application->superuser_sql("SELECT attempts FROM github_sync.sync_queue"), 0, 'and is no failed attempt of the row');

# ---- two databases, two tokens, one installation 0 ----

$github->seed({ users => [ { login => 'dave', token => 'github_pat_dave' } ] });
GitHubSync::Application::write_secret($token_file, 'github_pat_carol');
GitHubSync::Application::write_secret("$token_file.dave", 'github_pat_dave');
my $node  = $application->node;
my $other = GitHubSync::Application->with_tables($node, 'other');
$node->safe_psql('postgres', "ALTER DATABASE other SET github_sync.token_file = '$token_file.dave'");
$other->create_extensions;
$other->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', 0);
$other->capture;
$node->reload;
$application->wait_until_done;
$github->fault('GET ^/repos/acme/widgets/issues/1$', { answer => { status => 403, body => '{"message":"API rate limit exceeded"}',
	headers => { 'x-ratelimit-limit' => 5000, 'x-ratelimit-remaining' => 0, 'x-ratelimit-reset' => time + 3000, 'x-ratelimit-resource' => 'core' } } });
$application->edit_task(1, title => 'Buy almond milk');
$application->wait_until("SELECT bool_or(waits_for LIKE 'rate limit until %') FROM github_sync.sync_queue");
$other->add_task(title => 'Water the plants');
$other->wait_until_done;
is($github->issue('acme/gadgets', 1)->{author}, 'dave', "the hour that one token has used up does not stop another one's");
is($application->row('SELECT count(*) FROM github_sync.sync_queue')->{count}, 1, '... and is not over by that');

# ---- a token is one account's, whatever installations a database names ----

$application->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', 7);
$application->add_task(title => 'of an installation of that name', github_repo_id => GitHubSync::Application::GADGETS);
$application->wait_until("SELECT count(*) = 2 FROM github_sync.sync_queue WHERE waits_for LIKE 'rate limit until %'");
is(scalar $github->issues('acme/gadgets'), 1, 'the hour that a token has used up is over for all installations that are asked with it');

cmp_ok($github->judged, '>=', 10, "every request was judged by GitHub's own description");
is_deeply([ $github->violations ], [], 'which knows them all');

done_testing();
