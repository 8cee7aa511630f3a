# 063_corrections.pl
#
# What somebody got wrong when he connected a repository says so within seconds,
# where one looks (sync_queue, health(), sync_workers), and mends itself when it
# is corrected: within 20 seconds of rest, without a statement, and what was said of
# it is gone within 5.  The clock goes faster here, and the machine does not: the
# bounds have room for that.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant { PACE => 4, ROOM_S => 20 };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, pace => PACE);
my $node        = $application->node;
my $worker_says = 'SELECT last_error FROM github_sync.sync_workers';

sub one { return $application->superuser_sql($_[0]) }

# Where one looks, until it says so.
sub says
{
	my ($pattern, $what) = @_;
	my $began = time;

	$application->wait_until(qq{SELECT string_agg(detail, ' ') ~ '$pattern' FROM github_sync.health() WHERE status = 'critical'});
	cmp_ok(PACE * (time - $began), '<', at_this_load(5 + ROOM_S), "$what: health() says so within seconds");
}

# Nothing waits any more, and nothing is complained of.
sub mended
{
	my ($what) = @_;
	my $began = time;

	$application->wait_until(q{SELECT NOT EXISTS (SELECT FROM github_sync.task_sync_transactions WHERE state IN ('queued', 'processing', 'disabled'))});
	cmp_ok(PACE * (time - $began), '<', at_this_load(20 + ROOM_S), "$what: corrected, rows move by themselves");
	$application->wait_until("SELECT count(*) = 0 FROM ($worker_says) AS w WHERE last_error IS NOT NULL");
	cmp_ok(PACE * (time - $began), '<', at_this_load(25 + ROOM_S), 'and the error is gone');
	is(one(q{SELECT string_agg(detail, '; ') FROM github_sync.health() WHERE status IN ('warn', 'critical')}), '', 'health() is content');
}

# ---- the App and its key ----

GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => '17');
my $task = $application->add_task(title => 'under a wrong App');
says('Integration not found', 'a wrong App id');
like(one($worker_says), qr/Integration not found/, 'and so does sync_workers');
like(one('SELECT waits_for FROM github_sync.sync_queue'), qr/Integration not found/, 'and sync_queue');
GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => $github->app_id);
mended('the App id');

# The file is put in its place later, and nobody reloads.
my $file = PostgreSQL::Test::Utils::tempdir() . '/later.pem';
GitHubSync::Application::reconfigure($node, 'github_sync.private_key_file' => $file);
$application->edit_task($task, title => 'before there is a key');
says('private_key_file does not exist', 'a key that is not there');
GitHubSync::Application::write_secret($file, PostgreSQL::Test::Utils::slurp_file($github->key_file));
mended('the key');

# ---- an installation that there is not, yet ----

$application->sql(q{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (4711, 'nobody');
	UPDATE github_sync.github_repos SET github_app_installation_id = 4711;
});
$application->edit_task($task, title => 'under a wrong installation');
says('4711 .*deleted', 'an unknown installation');
$application->sql('UPDATE github_sync.github_repos SET github_app_installation_id = 515151');
mended('the installation of the repository');

$application->sql('UPDATE github_sync.github_repos SET github_app_installation_id = 4711');
$application->edit_task($task, title => 'before the App is installed');
$application->wait_until(q{SELECT EXISTS (SELECT FROM github_sync.task_sync_transactions WHERE disabled_reason = 'installation')});
$github->install('acme', id => 4711);
mended('an installation that is made');

# ---- suspended, and back, and no webhook tells of it ----

$github->installation(4711, 'suspend');
$application->edit_task($task, title => 'while it is suspended');
says('4711 .*suspended', 'a suspended installation');
$github->installation(4711, 'unsuspend');
mended('an installation that is active again');
is($github->issue('acme/widgets', 1)->{title}, 'while it is suspended', 'what waited is there');

# ---- the repository ----

$application->sql(q{UPDATE github_sync.github_repos SET name = 'wigdets'});
$application->edit_task($task, title => 'under a mistyped name');
mended('a mistyped name');
is(one('SELECT name FROM github_sync.github_repos'), 'widgets', 'the id says which it is');

$application->sql(q{
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (4711, 515151, 'acme', 'gadgets');
	INSERT INTO projects (name, github_repo_id) VALUES ('gadgets', 4711);
});
$application->add_task(title => 'under a mistyped id', github_repo_id => 4711);
$application->wait_until(q{SELECT EXISTS (SELECT FROM github_sync.health() WHERE status IN ('warn', 'critical') AND detail ~ '4711|gadgets')});
is(scalar $github->issues('acme/gadgets'), 0, 'a mistyped id: nothing comes to whatever has the name');
cmp_ok(scalar(grep { $_->{path} =~ m{^/app/installations/4711(/access_tokens)?$} } $github->requests), '<', 20, 'nothing was asked in a circle');

done_testing();
