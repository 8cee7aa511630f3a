# 047_upgrade.pl
#
# Group: attacks.
# Version 0.0.9 (test/upgrade) is installed, attached and used; then this
# version is installed over it.  Nothing is lost, nothing is sent by parts that
# do not belong together, and what there is in the end is what a fresh database
# has.  A dump that the older version made is brought along in the same way.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Catalog qw(catalog);
use GitHubSync::Document;
use PostgreSQL::Test::Utils;
use Test::More;

my $tree  = "$FindBin::Bin/../..";
my $older = PostgreSQL::Test::Utils::tempdir . '/older';
my $place = PostgreSQL::Test::Utils::tempdir . '/installed';

sub run
{
	my ($command) = @_;

	system('sh', '-ec', $command) == 0 or die "failed: $command";
}

# The server is to find what is installed below $place, where this program
# changes it as a package would; returns where this version is installed.
sub move_installation
{
	my $settings = slurp_file($ENV{TEMP_CONFIG});
	my ($present) = $settings =~ /^extension_(?:destdir|control_path) = '(.*?)(?:'|\/usr\/)/m or die $settings;

	$settings =~ s/\Q$present\E/$place/g;
	append_to_file("$older.conf", $settings);
	$ENV{TEMP_CONFIG} = "$older.conf";
	return $present;
}

# Only what names the version is compiled again.
sub install_older_version
{
	run(qq{
		mkdir -p $older $place
		cd $tree
		cp -a *.control META.json Makefile README.md CHANGELOG.md scripts sql src build $older 2>/dev/null || cp -a *.control META.json Makefile scripts sql src build $older
		perl test/upgrade/older_version.pl $older
		cd $older
		rm -f *--*.sql \$(grep -l GITHUB_SYNC_VERSION src/*.c src/*/*.c | sed 's/c\$/o/') github_sync.so
		make -s -o META.json install with_llvm=no DESTDIR=$place
	});
}

# As a package manager does: each file is replaced, none is written into.
sub install_this_version
{
	my ($present) = @_;
	my ($folder) = glob "$present/usr/share/postgresql/*/extension" or die "$present has no extensions";
	my $sql = "$older-changes";

	$folder =~ s/^\Q$present\E/$place/;
	run(qq{
		cp -a --remove-destination $present/. $place
		cp -a $tree/sql $sql
		cp -a $tree/test/upgrade/0.1.0 $sql/upgrade/
		for extension in task_sync_transaction comment_sync_transaction; do
			SQL_DIR=$sql $tree/scripts/build_sql.sh 0.1.0 \$extension >$folder/\$extension--0.1.0.sql
			SQL_DIR=$sql $tree/scripts/build_sql.sh --upgrade 0.0.9 0.1.0 \$extension >$folder/\$extension--0.0.9--0.1.0.sql
		done
	});
}

sub wait_until_worker_says
{
	my ($application, $what) = @_;

	$application->wait_until("SELECT activity = 'cannot claim' AND last_error ~ '$what' FROM github_sync.sync_workers LIMIT 1");
	return $application->superuser_sql('SELECT last_error FROM github_sync.sync_workers');
}

# ---- the older version is used ----

my $this_version = move_installation();
install_older_version();
my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

is($application->superuser_sql(q{SELECT string_agg(extversion, ' ') FROM pg_extension WHERE extname ~ '_sync_transaction'}), '0.0.9 0.0.9', 'the older version is there');
is($application->superuser_sql(q{SELECT to_regclass('github_sync.sync_history') IS NULL AND to_regprocedure('github_sync.forgotten()') IS NOT NULL}), 't',
	'... with what it has less and more');
$application->superuser_sql(q{
	CREATE ROLE dashboard LOGIN; CREATE ROLE receiver LOGIN; CREATE ROLE looker LOGIN;
	GRANT USAGE ON SCHEMA github_sync TO looker;
	GRANT SELECT (direction) ON github_sync.sync_status TO looker});
$application->sql("SELECT github_sync.grant_monitor('dashboard'), github_sync.grant_application('receiver')");
my $synced = $application->add_task(title => 'synced', markdown => 'text');
$application->wait_until_done;
my $comment = $application->add_comment($synced, 'a comment');
my $errored = $application->add_task(title => 'x' x 300);
$application->wait_until_done;

GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$application->wait_until("SELECT activity = 'not enabled' FROM github_sync.sync_workers");
$application->edit_task($synced, title => 'edited before the upgrade');
$application->add_task(title => 'queued before the upgrade');
$application->add_comment($synced, 'a second comment');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$older.dump", '-d', $node->connstr($application->database) ], 'a dump by the older version');
$node->safe_psql('postgres', 'CREATE DATABASE as_told TEMPLATE template0');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('as_told'), "$older.dump" ], '... of which another database is made');

# ---- the package is installed ----

install_this_version($this_version);
like($application->error_of('ALTER EXTENSION task_sync_transaction UPDATE', $node->safe_psql('postgres', 'SELECT current_user')),
	qr/the server has loaded version 0\.0\.9 of the library, not 0\.1\.0.*HINT:\s+Restart the server/s, 'before the server is restarted the update refuses');

$application->disconnect;
GitHubSync::Application::configure($node, 'github_sync.enabled' => 'on');
$node->restart;
my $last_before = $github->last_seq;
$application = GitHubSync::Application->of_database($node, 'application');
$application->superuser_sql('SELECT github_sync.wake()');
like(wait_until_worker_says($application, 'task_sync_transaction'), qr/extension task_sync_transaction is version 0\.0\.9, the library is 0\.1\.0: ALTER EXTENSION task_sync_transaction UPDATE/,
	'restarted, the worker says what to do');
my $between = $application->add_task(title => 'added between');
ok($between, "the application's write succeeds");

# ---- the extensions are updated ----

my ($status, undef, $warnings) = $node->psql('application', 'ALTER EXTENSION task_sync_transaction UPDATE');
is($status, 0, 'the first extension is updated');
like($warnings, qr/WARNING:  nothing is sent until both extensions are of one version\nHINT:  ALTER EXTENSION comment_sync_transaction UPDATE/, '... and says what comes next');
$application->superuser_sql('SELECT github_sync.wake()');
wait_until_worker_says($application, 'comment_sync_transaction');
like($application->error_of('SELECT github_sync.refresh_attached()'), qr/extension comment_sync_transaction is version 0\.0\.9.*HINT:\s+ALTER EXTENSION comment_sync_transaction UPDATE/s,
	'nothing is made of two versions');
my $later = $application->add_task(title => 'added between the updates');
is($github->last_seq, $last_before, 'nothing was sent meanwhile');

$application->superuser_sql('CREATE VIEW public.of_the_owner AS SELECT direction FROM github_sync.sync_status');
like($application->error_of('ALTER EXTENSION comment_sync_transaction UPDATE', $node->safe_psql('postgres', 'SELECT current_user')),
	qr/view github_sync\.sync_status has other columns now, and other objects depend on it.*DETAIL:\s+view public\.of_the_owner depends.*HINT:\s+Drop these/s,
	"what depends on a view that changes is nobody's to drop");
$application->superuser_sql('DROP VIEW public.of_the_owner');
# Whatever the session's settings are.
$application->superuser_sql(q{
	SET standard_conforming_strings = off; SET array_nulls = off; SET DateStyle = 'SQL, DMY'; SET check_function_bodies = off;
	SET transform_null_equals = on; SET plpgsql.variable_conflict = use_column; SET plpgsql.extra_errors = 'all'});
$application->superuser_sql('ALTER EXTENSION comment_sync_transaction UPDATE');
$application->superuser_sql('RESET ALL');
$application->wait_until_done;

# ---- what there is ----

is_deeply([ sort map { $_->{title} } $github->issues('acme/widgets') ],
	[ 'added between', 'added between the updates', 'edited before the upgrade', 'queued before the upgrade' ], 'all that was queued is sent, once');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing twice');
is(scalar($github->comments('acme/widgets', 1)), 2, 'comments as well');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 1, 'what was errored is still there');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_problems'), 0, 'there is no problem');
is($application->error_of('SELECT because FROM github_sync.sync_history; SELECT oldest FROM github_sync.sync_status; SELECT * FROM github_sync.health()', 'dashboard'), '',
	'a dashboard may read the views that there are now');
is($application->error_of('SELECT direction FROM github_sync.sync_status', 'looker'), '', 'and who was granted a column of a view keeps it');
is($application->superuser_sql(q{SELECT DISTINCT made_by FROM github_sync.attached_tables}), '0.1.0', 'attached_tables says by which version');

my $fresh = GitHubSync::Application->in_server($node, database => 'fresh');
$fresh->superuser_sql('GRANT USAGE ON SCHEMA github_sync TO looker; GRANT SELECT (direction) ON github_sync.sync_status TO looker');
$fresh->sql("SELECT github_sync.grant_monitor('dashboard'), github_sync.grant_application('receiver')");
my $expected = catalog($fresh);
is_deeply(catalog($application), $expected, 'the upgraded database is made as a fresh one is');
is($node->psql('as_told', GitHubSync::Document->read('README.md')->block('ALTER EXTENSION task_sync_transaction UPDATE'), on_error_stop => 1), 0, "README's transaction, as it stands there");
is_deeply(catalog(GitHubSync::Application->of_database($node, 'as_told')), $expected, '... does the same');

# ---- a dump of the older version ----

my $restored = GitHubSync::Application->of_database($node, 'restored');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
# What the owner was granted on a function that this version has no more cannot be granted again.
my ($out, $errors) = run_command([ 'pg_restore', '-d', $node->connstr('restored'), "$older.dump" ]);
is_deeply([ map { /error: could not execute query: (.*)/ ? $1 : () } split /\n/, $errors ],
	['ERROR:  function github_sync.forgotten() does not exist'], 'it is restored, but for a right to what is gone');
is($restored->superuser_sql(q{SELECT to_regclass('github_sync.sync_history') IS NULL}), 't', '... as the older version made it');
$restored->sql('SELECT github_sync.adopt_database()');
like(wait_until_worker_says($restored, 'refresh_attached'), qr/what is attached for tasks was made by version 0\.0\.9, the library is 0\.1\.0: SELECT github_sync\.refresh_attached\(\)/,
	'adopted, its worker says what to do');
$restored->superuser_sql('SELECT github_sync.refresh_attached()');
is_deeply(catalog($restored), $expected, 'refreshed, it is made as a fresh one is');
$restored->wait_until_done;
is_deeply(GitHubSync::Application::created_twice($github), [], 'and its queue finds what the original has sent');

# ---- made by a version that comes later ----

$fresh->sql("UPDATE github_sync.attached_tables SET made_by = '9.0.0'");
like($fresh->error_of('SELECT github_sync.refresh_attached()', $node->safe_psql('postgres', 'SELECT current_user')),
	qr/what is attached for tasks was made by version 9\.0\.0, and this is version 0\.1\.0/, 'what a later version made is not changed');

# ---- detached in the meantime ----

$restored->sql("UPDATE github_sync.attached_tables SET made_by = '0.0.9'; ALTER TABLE github_sync.github_issues DROP COLUMN state_reason");
$restored->superuser_sql('SELECT github_sync.detach_comments(); SELECT github_sync.detach_tasks()');
$restored->attach;
is($restored->superuser_sql(q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'github_sync.github_issues'::regclass AND attname = 'state_reason'}), 1,
	'attach brings kept tables of an older version along');

done_testing();
