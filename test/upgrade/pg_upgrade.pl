# pg_upgrade.pl
#
# pg_upgrade carries a database with queued, errored and finished rows, grants
# and capture to another major version.  It is another database system
# afterwards: nothing is sent before adopt_database(), then each queued row goes
# on, once.  Run by scripts/pg_upgrade.sh, where both versions are installed.
#
#	OLD_INSTALLATION	where bin/ and lib/ of the old version are
use strict;
use warnings;

use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Cluster;
use Test::More;

my $github = GitHubSync::StandIn->start;
my $old    = PostgreSQL::Test::Cluster->new('old', install_path => $ENV{OLD_INSTALLATION});
my $new    = PostgreSQL::Test::Cluster->new('new');

sub initialize
{
	my ($node, @extra) = @_;

	$node->init(extra => [ '--encoding=UTF8', '--locale=C', @extra ]);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'github_sync'");
	GitHubSync::Application::configure($node, GitHubSync::Application::settings_of_tests(), GitHubSync::Application::app_settings($github));
}

initialize($old);
$old->start;
my $application = GitHubSync::Application->in_server($old);
$application->superuser_sql('CREATE ROLE dashboard LOGIN');
$application->sql("SELECT github_sync.grant_monitor('dashboard')");
my $synced = $application->add_task(title => 'synced');
$application->wait_until_done;
$application->add_task(title => 'x' x 300);
$application->wait_until_done;
GitHubSync::Application::reconfigure($old, 'github_sync.enabled' => 'off');
$application->wait_until("SELECT activity = 'not enabled' FROM github_sync.sync_workers LIMIT 1");
$application->edit_task($synced, title => 'edited before the upgrade');
$application->add_task(title => 'queued before the upgrade');
$application->add_comment($synced, 'a comment that is queued');
my $contents = $application->contents;
my $functions = $application->superuser_sql(q{SELECT string_agg(oid::regprocedure::text, ' ' ORDER BY oid::regprocedure::text)
	FROM pg_proc WHERE pronamespace = 'github_sync'::regnamespace});
my $bindir = $new->config_data('--bindir');
# Late minor versions note in each column's options when it was made; a pg_dump
# that does not know of it, of an earlier minor version, restores no table at all.
if (PostgreSQL::Test::Utils::slurp_file("$bindir/pg_dump") !~ /pg_attver/)
{
	note('this pg_dump knows no pg_attver: taken away first');
	$application->superuser_sql(q{SET allow_system_table_mods = on; UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text ~ '^.pg_attver=[0-9]+.$'});
}
$application->disconnect;
$old->stop;

# From 18 on a new database system has checksums, which the old one has not.
initialize($new, $new->pg_version >= 18 ? '--no-data-checksums' : ());
{
	local $ENV{LD_LIBRARY_PATH} = "$ENV{OLD_INSTALLATION}/lib";
	chdir PostgreSQL::Test::Utils::tempdir or die $!;
	$new->command_ok([ 'pg_upgrade', '--no-sync', '-b', "$ENV{OLD_INSTALLATION}/bin", '-B', $bindir, '-d', $old->data_dir, '-D', $new->data_dir,
			'-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade succeeds');
}
$new->start;
my $last_before = $github->last_seq;
$application = GitHubSync::Application->of_database($new, 'application');
is_deeply($application->contents, $contents, 'every row is there, in its state');
is($application->superuser_sql(q{SELECT string_agg(oid::regprocedure::text, ' ' ORDER BY oid::regprocedure::text)
	FROM pg_proc WHERE pronamespace = 'github_sync'::regnamespace}), $functions, 'every function');
$application->superuser_sql('SELECT github_sync.wake()');
$application->wait_until("SELECT activity = 'copied database' FROM github_sync.sync_workers LIMIT 1");
is($application->error_of('SELECT waits_for FROM github_sync.sync_queue', 'dashboard'), '', 'a dashboard may still look');
is($github->last_seq, $last_before, 'nothing is sent');

$application->sql('SELECT github_sync.adopt_database()');
$application->wait_until_done;
is_deeply([ sort map { $_->{title} } $github->issues('acme/widgets') ], [ 'edited before the upgrade', 'queued before the upgrade' ],
	'adopted, its queue goes on');
is(scalar($github->comments('acme/widgets', 1)), 1, 'comments as well');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing twice');
$application->edit_task($synced, title => 'edited after the upgrade');
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'edited after the upgrade', 'capture goes on');
is($application->superuser_sql('SELECT error_code FROM github_sync.sync_errors'), 'too_large', 'what was errored still is');

done_testing();
