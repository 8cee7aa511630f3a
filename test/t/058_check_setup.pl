# 058_check_setup.pl
#
# check_setup() after each of the mistakes that one makes when a repository is
# connected: it names it, says what to do, and is content when that is done.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;
my $repository  = 'repository 1296269 acme/widgets';

# What is neither ok nor as somebody wanted it, by check.
sub findings
{
	return { map { $_->{check} => "$_->{status}: $_->{detail}" }
		  $application->rows("SELECT * FROM github_sync.check_setup() WHERE status NOT IN ('ok', 'info')") };
}

sub is_content { is_deeply(findings(), {}, "$_[0]: all is well again"); }

# ---- nothing is wrong ----

my @checks = $application->rows('SELECT * FROM github_sync.check_setup()');
is_deeply([ map { $_->{check} } grep { $_->{status} eq 'ok' } @checks ],
	[ 'library', 'tasks', 'capture of tasks', 'comments', 'capture of comments', 'worker', 'repositories', 'GitHub', 'installation 515151 acme', $repository ],
	'what is looked at');
is_deeply([ map { $_->{check} } grep { $_->{status} ne 'ok' } @checks ], ['webhook secret'], 'no webhooks: so somebody wanted it');

# ---- an import that nobody asked for ----

my ($status, $told);
$status = $node->psql($application->database, 'CALL github_sync.wait_for_backfill(1296269)', stderr => \$told, timeout => 60);
like($told, qr/the import of repository acme\/widgets will not go on.*reconcile_interval is 0.*SELECT github_sync\.backfill_repo\(1296269\)/s, 'nobody waits for lists that are not read');
$application->sql('SELECT github_sync.backfill_repo(1296269)');
is($node->psql($application->database, 'CALL github_sync.wait_for_backfill(1296269)', stderr => \$told), 0, 'until he asks for it');

# ---- the repository ----

$github->set_repository('acme/widgets', has_issues => JSON::PP::false);
is_deeply(findings(), { $repository => 'critical: its issues are switched off' }, 'issues are switched off');
$github->set_repository('acme/widgets', has_issues => JSON::PP::true);

$application->sql(q{UPDATE github_sync.github_repos SET name = 'wigdets'});
is_deeply(findings(), { 'repository 1296269 acme/wigdets' => 'critical: GitHub calls it acme/widgets' }, 'a mistyped name');
my $remedy = $application->superuser_sql("SELECT remedy FROM github_sync.check_setup() WHERE detail ~ 'calls it'");
$application->sql($remedy);
is_content('the remedy of a mistyped name');

$application->sql(q{INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (4711, 515151, 'acme', 'gadgets')});
is_deeply(findings(), { 'repository 4711 acme/gadgets' => 'critical: GitHub shows no repository 4711; acme/gadgets has the id 1296270' }, 'a mistyped id');
$application->sql('DELETE FROM github_sync.repo_sweeps WHERE github_repo_id = 4711; DELETE FROM github_sync.github_repos WHERE id = 4711');

# ---- the installation ----

$github->installation(515151, 'choose', repositories => ['acme/gadgets']);
is_deeply(findings(), { $repository => 'critical: GitHub does not show it' }, 'the App is not installed on it');
$github->installation(515151, 'choose');
$github->installation(515151, 'permit', permissions => { issues => 'read', metadata => 'read' });
is_deeply(findings(), { 'installation 515151 acme' => 'critical: it may not write issues: read' }, 'a permission is missing');
$github->installation(515151, 'permit', permissions => { issues => 'write', metadata => 'read' });

$application->sql(q{INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (4711, 'nobody')});
like(findings()->{'installation 4711 nobody'}, qr/^critical: GitHub knows no such installation|^critical: it is deleted/, 'an unknown installation');
$application->sql('DELETE FROM github_sync.github_app_installations WHERE id = 4711');
is_content('installation');

# Its state is known from before, and GitHub's answer is what counts.
$github->installation(515151, 'suspend');
$application->wait_until(q{SELECT EXISTS (SELECT FROM github_sync.check_setup() WHERE detail = 'it is suspended at GitHub')});
$application->superuser_sql("UPDATE github_sync.setup_checks SET asked_at = clock_timestamp() + interval '1 hour'");
$github->installation(515151, 'unsuspend');
my $seq = $github->last_seq;
is_content('an installation that is active again is asked for');
is(scalar(grep { $_->{path} =~ m{^/app/installations/515151$} } $github->requests(since => $seq)), 1, '... once');

# ---- what the server was told ----

GitHubSync::Application::reconfigure($node, 'github_sync.webhook_secret_file' => '/nowhere/secret');
like(findings()->{'webhook secret'}, qr/^critical: .*secret/, 'a file that is not there');
GitHubSync::Application::reconfigure($node, 'github_sync.webhook_secret_file' => '');

$application->superuser_sql('UPDATE github_sync.github_repos SET access_lost = true WHERE id = ' . GitHubSync::Application::WIDGETS);
is_deeply(findings(), { $repository => 'critical: its sync is stopped, as GitHub did not show it; it shows it now' }, 'GitHub shows it again');
$application->sql('SELECT github_sync.set_repo_sync(' . GitHubSync::Application::WIDGETS . ', true)');
is_content('shown again');

GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => '17');
like(findings()->{'installation 515151 acme'}, qr/^critical: no (?:installation token|identity): /, 'a wrong App id');
GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => $github->app_id);
is_content('App id');

GitHubSync::Application::reconfigure($node, 'github_sync.private_key_file' => '/nowhere/key.pem');
like(findings()->{'installation 515151 acme'}, qr/^critical: github_sync\.private_key_file does not exist/, 'a key that is not there');
GitHubSync::Application::reconfigure($node, 'github_sync.private_key_file' => $github->key_file);
is_content('key');

$application->switch_off;
is(findings()->{worker}, 'info: github_sync.enabled is off: nothing is synchronized until it is on again', 'switched off');
$application->switch_on;
is_content('enabled');

# ---- what is attached ----

$application->sql('SELECT github_sync.capture_task_changes(false)');
$application->superuser_sql('SELECT github_sync.detach_comments()');
is_deeply([ $application->superuser_sql("SELECT string_agg(\"check\", ', ') FROM github_sync.check_setup() WHERE status = 'info'") ],
	['capture of tasks, comments, webhook secret'], 'capture is off, and there are no comments');
$application->superuser_sql('BEGIN; ALTER TABLE planner.tasks RENAME markdown TO other; ALTER TABLE planner.tasks DROP other; COMMIT');
like(findings()->{'mapping of tasks'}, qr/^critical: .*other/, 'a mapped column is gone');

my @refused = grep { $_->{path} =~ /access_tokens$/ && ($_->{status} // 0) == 404 } $github->requests;
cmp_ok(scalar(@refused), '<=', 4, 'no token was asked for in a circle');

done_testing();
