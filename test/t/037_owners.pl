# 037_owners.pl
#
# Queue, functions and both tables of the application have one owner, or no
# worker runs: whatever is done to owners, no trigger runs with the rights of
# another role, and one call makes it good.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

# The App is that of one database, not of the server.
my $github = GitHubSync::StandIn->start;
my $node   = GitHubSync::Application::start_server('main', 'log_min_messages' => 'log');
my %app    = GitHubSync::Application::app_settings($github);
my $application = GitHubSync::Application->with_tables($node, 'application');

$node->safe_psql('postgres', "ALTER DATABASE application SET $_ = '$app{$_}'") foreach sort keys %app;
$application->create_extensions;
$application->connect_repository(GitHubSync::Application::WIDGETS, 'widgets', GitHubSync::Application::INSTALLATION);
$application->capture;

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
my $works_as  = "SELECT usename FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()";
my $problem   = "SELECT last_error FROM github_sync.sync_workers WHERE activity = 'does not run'";

sub give_tables
{
	my ($role, @tables) = @_;

	$application->superuser_sql(join ';', map { "ALTER TABLE planner.$_ OWNER TO $role" } @tables);
}

# Runs as the superuser, warnings aside.
sub take_over
{
	return $node->safe_psql($application->database, 'SET client_min_messages = error; SELECT github_sync.take_over_ownership()');
}

sub wait_for_worker_as
{
	my ($role, $what) = @_;

	$application->wait_until("SELECT count(*) = 1 FROM ($works_as) AS w WHERE w.usename = '$role'");
	pass($what);
}

sub wait_for_no_worker
{
	my ($what) = @_;

	$application->wait_until("SELECT count(*) = 0 FROM ($works_as) AS w");
	pass($what);
}

my $task = $application->add_task(title => 'the first');
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'the first', 'an App set for one database serves it');

# ---- another database does not have that database's App ----

my $stranger = GitHubSync::Application->with_tables($node, 'stranger');
$stranger->create_extensions;
$stranger->connect_repository(GitHubSync::Application::WIDGETS, 'widgets', GitHubSync::Application::INSTALLATION);
$stranger->capture;
my $seq = $github->last_seq;
$stranger->add_task(title => 'by the installation of another database');
$stranger->wait_until("SELECT bool_or(waits_for ~ 'app_id') FROM github_sync.sync_queue");
is_deeply([ GitHubSync::Application::asked($github, $seq) ], [], 'where no App is set, the installation of another database is of no use');
$stranger->disconnect;
$node->safe_psql('postgres', 'DROP DATABASE stranger');

# ---- a superuser's tables, then given away as the hint says ----

$application->superuser_sql('SET client_min_messages = error');
give_tables($superuser, 'tasks', 'comments');
like($application->superuser_sql($problem), qr/^nothing is synchronized: table planner.tasks belongs to role $superuser, the queue to role planner; The owner of the tasks table gets all of it by SELECT github_sync.take_over_ownership/,
	'given to another owner, sync_workers says what is wrong and what mends it');
wait_for_no_worker('and the worker ends');
take_over();
wait_for_worker_as($superuser, 'one call, and a worker runs as the new owner');
$application->superuser_sql("UPDATE planner.tasks SET title = 'a superuser''s' WHERE id = $task");
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, "a superuser's", 'all of it goes on');

# GitHub's answer is on the way while the tables change hands, to somebody who lies in wait for it.
$github->advance_clock(2);
$github->human_edits_issue('acme/widgets', 1, title => 'edited at GitHub');
$github->fault('GET /issues/1$', { gate => 'hand-over' });
$application->superuser_sql("INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)"
	  . " VALUES ('inbound', @{[GitHubSync::Application::WIDGETS]}, 1, '" . $github->issue('acme/widgets', 1)->{updated_at} . "')");
$github->wait_at_gate('hand-over');
give_tables('planner', 'tasks', 'comments');
$application->sql(q{
	CREATE TABLE seen (role name, is_superuser boolean, session_is name);
	CREATE FUNCTION ambush() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO planner.seen SELECT r.rolname, r.rolsuper, session_user FROM pg_roles AS r WHERE r.rolname = current_user;
		BEGIN
			ALTER ROLE planner SUPERUSER;
		EXCEPTION WHEN insufficient_privilege THEN
			NULL;
		END;
		RETURN coalesce(NEW, OLD);
	END $$;
	CREATE TRIGGER ambush BEFORE INSERT OR UPDATE OR DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION ambush();
	CREATE TRIGGER ambush BEFORE INSERT OR UPDATE OR DELETE ON comments FOR EACH ROW EXECUTE FUNCTION ambush();
	GRANT ALL ON seen TO PUBLIC;
});
$github->open_gate('hand-over');
wait_for_no_worker("a superuser's worker ends when the tables are somebody else's");
is($application->task($task)->{title}, "a superuser's", 'and does not bring home what it had asked for');
ok($application->add_task(title => 'while the owners differ'), "the application's writes go through");
is($application->sql("UPDATE tasks SET title = 'edited meanwhile' WHERE title = 'while the owners differ'"), '', 'of all kinds');
is($application->sql("DELETE FROM tasks WHERE title = 'edited meanwhile'"), '', 'deletions too');
like($application->error_of('SELECT github_sync.adopt_database()', $superuser), qr/nothing is synchronized: .*HINT:  The owner of the tasks table gets all of it by SELECT github_sync.take_over_ownership/s,
	'a superuser cannot adopt it so either');
take_over();
wait_for_worker_as('planner', 'one call, and the worker runs as the new owner');
$application->wait_until("SELECT title = 'edited at GitHub' FROM planner.tasks WHERE id = $task");
pass('which brings home what was on the way');
is($application->superuser_sql("SELECT string_agg(DISTINCT role || ' ' || is_superuser || ' ' || session_is, ', ') FROM planner.seen"), 'planner false planner',
	"the owner's triggers ran as nobody else");
is($application->superuser_sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'planner'"), 'f', 'and could not make a superuser of him');
like(slurp_file($node->logfile), qr/FATAL:  nothing is synchronized: table planner.tasks belongs to role planner, the queue to role $superuser/,
	'the log says why the worker ended');
$application->sql('DROP TRIGGER ambush ON tasks; DROP TRIGGER ambush ON comments');

# ---- the two tables apart, and together again ----

$application->superuser_sql('CREATE ROLE other LOGIN; GRANT USAGE, CREATE ON SCHEMA planner TO other; GRANT SELECT ON ALL TABLES IN SCHEMA planner TO other');
give_tables('other', 'comments');
like($application->superuser_sql($problem), qr/table planner.comments belongs to role other, the queue to role planner; ALTER TABLE planner.comments OWNER TO planner/,
	'comments of another owner than the tasks: said, with the statement that mends it');
wait_for_no_worker('no worker runs');
give_tables('planner', 'comments');
wait_for_worker_as('planner', 'mended, it runs again by itself');

# ---- row-level security ----

$application->superuser_sql('ALTER TABLE planner.tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
like($application->superuser_sql($problem), qr/row-level security may hide rows of table planner.tasks from role planner, its owner; Either ALTER TABLE planner.tasks NO FORCE/,
	'rows that policies may hide from the owner: said, with what mends it');
wait_for_no_worker('no worker runs, which would take them for deleted');
$application->superuser_sql('ALTER ROLE planner BYPASSRLS');
wait_for_worker_as('planner', 'the owner sees all rows: it runs again by itself');
$application->superuser_sql('ALTER ROLE planner NOBYPASSRLS; ALTER TABLE planner.tasks NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY');
wait_for_worker_as('planner', 'and so it does without policies');

# ---- REASSIGN OWNED ----

$application->superuser_sql('REASSIGN OWNED BY planner TO other');
wait_for_worker_as('other', 'after REASSIGN OWNED a worker runs as the new owner');
is($application->error_of("UPDATE planner.tasks SET title = 'after REASSIGN OWNED', modified_at = clock_timestamp() WHERE id = $task", 'other'), '', 'the application goes on');
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'after REASSIGN OWNED', 'and so does the sync');
$application->superuser_sql('REASSIGN OWNED BY other TO planner');
wait_for_worker_as('planner', 'the way back is the same');

# ---- a dump without owners ----

my $dump = PostgreSQL::Test::Utils::tempdir . '/application.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('application') ], 'a dump');
$application->disconnect;
$node->safe_psql('postgres', 'ALTER DATABASE application RENAME TO original; CREATE DATABASE application TEMPLATE template0');
$node->safe_psql('postgres', "ALTER DATABASE application SET $_ = '$app{$_}'") foreach sort keys %app;
$application = GitHubSync::Application->of_database($node, 'application');
$node->command_ok([ 'pg_restore', '--no-owner', '--no-privileges', '--exit-on-error', '-d', $node->connstr('application'), $dump ], 'is restored by a superuser, without owners and rights');
is($application->superuser_sql('SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname = \'planner\')'),
	$superuser, 'whose all of it is then');
$application->superuser_sql('SELECT github_sync.adopt_database()');
wait_for_worker_as($superuser, 'adopted, it runs as one');
$application->superuser_sql('ALTER SCHEMA planner OWNER TO planner');
$application->superuser_sql("ALTER TABLE planner.$_ OWNER TO planner") foreach qw(projects tasks comments);
wait_for_no_worker('given back to their owner, the tables have no worker of a superuser');
take_over();
wait_for_worker_as('planner', 'one call, and the owner has one again, rights included');
$application->superuser_sql('ALTER FUNCTION planner.values_of_task OWNER TO planner; ALTER FUNCTION planner.values_of_comment OWNER TO planner');
$application->edit_task($task, title => 'after the restore');
$application->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'after the restore', 'which works');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
