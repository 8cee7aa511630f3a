# 008_security.pl
#
# Group: attacks.
# The worker is the owner of the application's tables from its first moment on
# and stays so, whatever the owner's triggers try; who was granted nothing has
# nothing; no secret shows anywhere.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

my $canary = 'github_pat_canary' . 'x' x 40;
my $github = GitHubSync::StandIn->start;
$github->seed({ users => [ { login => 'carol', token => $canary } ] });

my $application = GitHubSync::Application->start($github, settings => {
	'log_min_messages' => 'debug2', 'log_error_verbosity' => 'verbose', 'github_sync.max_attempts' => 1 });
my $node      = $application->node;
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

my ($task, $neighbour) = map { $application->add_task(title => "task $_") } 1, 2;
$application->wait_until_done;

# GitHub has a new title for a task; returns the transaction that tells of it,
# when it has ended.
sub retitle
{
	my ($id, $title) = @_;
	my $number = $application->issue_of($id)->{number};

	$github->advance_clock(2);
	$github->human_edits_issue('acme/widgets', $number, title => $title);
	my $told = $application->tell_of_issue($github->issue('acme/widgets', $number));
	$application->wait_until("SELECT state NOT IN ('queued', 'processing') FROM github_sync.task_sync_transactions WHERE id = $told->{id}");
	return $application->task_transaction($told->{id});
}

# ---- who the worker is ----

$application->sql(q{
	CREATE TABLE seen (session_user_was name, current_user_was name, is_superuser text);
	CREATE FUNCTION look_around() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO planner.seen VALUES (session_user, current_user, current_setting('is_superuser'));
		RETURN NEW;
	END $$;
	CREATE TRIGGER look_around BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION look_around();
});
is(retitle($task, 'seen by a trigger')->{state}, 'completed', "the owner's triggers run");
is_deeply($application->row('SELECT * FROM planner.seen'), { session_user_was => 'planner', current_user_was => 'planner', is_superuser => 'off' },
	'as the owner: by session, by role, and without being a superuser');
is($application->superuser_sql("SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'github_sync worker'"), 'planner',
	'the server shows the session as its own');
$application->sql('DROP TRIGGER look_around ON tasks');

# ---- what a trigger of the owner's may try ----

my %attempts = (
	'to be a superuser'                 => 'ALTER ROLE planner SUPERUSER',
	'RESET ROLE, then to be a superuser' => 'RESET ROLE; ALTER ROLE planner SUPERUSER',
	'RESET SESSION AUTHORIZATION, then to be a superuser' => 'RESET SESSION AUTHORIZATION; ALTER ROLE planner SUPERUSER',
	'SET SESSION AUTHORIZATION'         => "SET SESSION AUTHORIZATION $superuser",
	'SET ROLE'                          => "SET ROLE $superuser",
	'to start a program'                => "COPY planner.projects TO PROGRAM 'true'",
	'to read a file of the server'      => "CREATE TEMP TABLE stolen (line text); COPY stolen FROM '" . $github->key_file . "'",
	'to send our token elsewhere'       => "SET github_sync.api_url = 'http://127.0.0.1:1'",
);
$application->sql(q{
	CREATE TABLE attempt (commands text);
	CREATE FUNCTION attempt() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE (SELECT commands FROM planner.attempt);
		RETURN NEW;
	END $$;
	CREATE TRIGGER attempt BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION attempt();
});
foreach my $name (sort keys %attempts)
{
	$application->sql('DELETE FROM attempt; INSERT INTO attempt VALUES (' . GitHubSync::Application::quote($attempts{$name}) . ')');
	my $told = retitle($task, $name);
	is($told->{error_code}, 'apply_failed', "a trigger that tries $name fails");
	like($told->{error_reason}, qr/^42501: /, 'for want of rights');
}
is($application->superuser_sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'planner'"), 'f', 'the owner is no superuser');

$application->sql('DROP TRIGGER attempt ON tasks');
is(retitle($task, 'the worker goes on')->{state}, 'completed', 'after all that the worker works');

# ---- what the owner may try with a superuser's help ----

$application->sql(q{
	CREATE FUNCTION ambush() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		BEGIN
			ALTER ROLE planner SUPERUSER;
		EXCEPTION WHEN insufficient_privilege THEN
			NULL;
		END;
		RETURN NULL;
	END $$;
	CREATE TRIGGER ambush AFTER INSERT OR UPDATE ON github_sync.attached_tables FOR EACH ROW EXECUTE FUNCTION ambush();
});
$application->superuser_sql('SELECT github_sync.adopt_database()');
$application->attach;
is($application->superuser_sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'planner'"), 'f',
	"attach and adopt, called by a superuser, do not run the owner's triggers as one");
$application->sql('DROP TRIGGER ambush ON github_sync.attached_tables');

is($application->superuser_sql(q{
	SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc AS p
	WHERE p.pronamespace = 'github_sync'::regnamespace AND p.prosecdef
		AND (pg_get_userbyid(p.proowner) <> 'planner' OR p.proconfig IS NULL OR NOT p.proconfig::text LIKE '%search_path%')}), '',
	"every SECURITY DEFINER function is the owner's and sets its search_path");

# ---- who was granted nothing ----

$application->superuser_sql('CREATE ROLE stranger LOGIN');
my @relations = split /\n/, $application->superuser_sql(
	"SELECT oid::regclass FROM pg_class WHERE relnamespace = 'github_sync'::regnamespace AND relkind IN ('r', 'v')");
is(scalar(grep { $application->error_of("SELECT * FROM $_", 'stranger') !~ /permission denied/ } @relations), 0, 'who was granted nothing reads nothing');
like($application->error_of("INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', $task)", 'stranger'),
	qr/permission denied/, 'inserts nothing');
like($application->error_of("SELECT github_sync.$_", 'stranger'), qr/permission denied/, "and may not call $_")
  foreach 'wake()', 'adopt_database()', "attach_tasks('planner.tasks')", 'worker_slots()', "execute_unowned('SELECT 1')", 'retry_task_sync_transaction(1)';

$application->superuser_sql('GRANT USAGE ON SCHEMA github_sync TO stranger');
is($application->superuser_sql("SELECT string_agg(oid::regclass::text, ', ') FROM pg_class"
	  . " WHERE relnamespace = 'github_sync'::regnamespace AND relkind IN ('r', 'v', 'S')"
	  . " AND (CASE relkind WHEN 'S' THEN has_sequence_privilege('stranger', oid, 'USAGE, SELECT, UPDATE')"
	  . " ELSE has_any_column_privilege('stranger', oid, 'SELECT, INSERT, UPDATE, REFERENCES') OR has_table_privilege('stranger', oid, 'DELETE, TRUNCATE, TRIGGER') END)"),
	'', 'nor does the bare use of the schema give a right on a table of ours');
is($application->superuser_sql('SELECT DISTINCT t.oid::regtype FROM pg_type AS t'
	  . " WHERE typnamespace = 'github_sync'::regnamespace AND has_type_privilege('stranger', t.oid, 'USAGE') ORDER BY 1"),
	'', 'or on a type, of rows or other: what is made of one keeps it from being changed');
like($application->error_of('CREATE TEMPORARY TABLE kept (row github_sync.task_sync_transactions, action github_sync.webhook_actions)', 'stranger'),
	qr/permission denied for type/, 'so that no table of its rows is made');
$application->superuser_sql('GRANT USAGE ON SCHEMA planner TO stranger');
like($application->error_of("SELECT github_sync.attach_tasks('planner.tasks')", 'stranger'), qr/must be owner|permission denied/, 'or on one of the application');
like($application->error_of('SELECT github_sync.adopt_database()', 'stranger'), qr/permission denied|must be/, 'nor may one adopt the database');
like($application->error_of("SELECT github_sync.execute_unowned('DROP TABLE planner.tasks')", 'stranger'), qr/permission denied|must be owner/, 'or run what the owner may');

# ---- who was granted something ----

$application->superuser_sql('CREATE ROLE receiver LOGIN; CREATE ROLE dashboard LOGIN');
$application->sql("SELECT github_sync.grant_application('receiver'); SELECT github_sync.grant_monitor('dashboard')");
is($application->error_of("INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id) VALUES ('outbound', $task, 1296269)", 'receiver'),
	'', 'a role of the application may insert a transaction');
like($application->error_of("INSERT INTO github_sync.task_sync_transactions (direction, task_id, state) VALUES ('outbound', $task, 'completed')", 'receiver'),
	qr/permission denied/, 'but not its state');
like($application->error_of("UPDATE github_sync.task_sync_transactions SET priority = 1", 'receiver'), qr/permission denied/, 'nor change one');
like($application->error_of("UPDATE github_sync.github_repos SET owner_login = '../..'", 'receiver'), qr/permission denied/, 'nor where requests go');
is($application->error_of('SELECT * FROM github_sync.sync_queue', 'dashboard'), '', 'a dashboard may look');
like($application->error_of("INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', $task)", 'dashboard'),
	qr/permission denied/, 'and nothing else');
like($application->error_of("SHOW github_sync.$_", 'receiver'), qr/must be superuser|permission denied|privileges/, "neither sees $_")
  foreach qw(private_key_file token_file webhook_secret_file proxy);

# ---- secrets ----

my $token_file = $github->dir . '/token';
GitHubSync::Application::write_secret($token_file, $canary);
my $by_token = GitHubSync::Application->with_tables($node, 'by_token');
$node->safe_psql('postgres', "ALTER DATABASE by_token SET github_sync.token_file = '$token_file'");
$by_token->create_extensions;
$by_token->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', 0);
$by_token->capture;
my $by_carol = $by_token->add_task(title => 'by token');
$by_token->wait_until_done;
is($github->issue('acme/gadgets', 1)->{author}, 'carol', 'a database may have a token of its own');

# The troubles in which software likes to tell too much.
$github->fault('GET /issues/1$', { answer => { status => $_, body => '{"message":"no"}' } }) foreach 401, 403, 422, 500;
foreach my $edit (1 .. 4)
{
	$by_token->edit_task($by_carol, title => "by token, edit $edit");
	$by_token->wait_until_done;
}
GitHubSync::Application::write_secret($token_file, "$canary\n$canary");
$github->fault('GET /issues/1$', { answer => { status => 401, body => '{"message":"no"}' } });
$by_token->edit_task($by_carol, title => 'with a broken file');
$by_token->wait_until("SELECT bool_or(waits_for LIKE '%token_file%') FROM github_sync.sync_queue");

my ($key_line) = grep { length > 60 } split /\n/, slurp_file($github->key_file);
my %secrets = ('the key' => quotemeta $key_line, 'the token' => quotemeta $canary, 'an installation token' => 'ghs_[A-Za-z0-9_-]{10}', 'a JWT' => 'eyJ[A-Za-z0-9_-]{20}');
my %places  = ('the log' => slurp_file($node->logfile));
foreach my $database ('application', 'by_token')
{
	my $file = PostgreSQL::Test::Utils::tempdir . "/$database.sql";

	$node->command_ok([ 'pg_dump', '-f', $file, $node->connstr($database) ], "a dump of $database");
	$places{"a dump of $database"} = slurp_file($file);
	$places{"the views of $database"} = join "\n", map { $node->safe_psql($database, "SELECT r::text FROM $_ AS r") }
	  'pg_stat_activity', 'pg_settings', map { "github_sync.$_" } split /\n/,
	  $node->safe_psql($database, "SELECT relname FROM pg_class WHERE relnamespace = 'github_sync'::regnamespace AND relkind = 'v'");
}
foreach my $place (sort keys %places)
{
	cmp_ok(length $places{$place}, '>', 1000, "$place was looked at");
	unlike($places{$place}, qr/$secrets{$_}/, "$place does not show $_") foreach sort keys %secrets;
}

# ---- what a session may do to itself must not last in the worker's ----

$application->superuser_sql('CREATE ROLE powerless; GRANT powerless TO planner');
$application->sql('CREATE TRIGGER attempt BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION attempt()');
my $harmless = eval {
	foreach my $commands ('SET ROLE powerless', 'SET search_path = planner', "SET github_sync.applying = 'task:new'", "SET lock_timeout = 0",
		"SET statement_timeout = '1ms'", 'SET default_transaction_read_only = on')
	{
		$application->sql('DELETE FROM attempt; INSERT INTO attempt VALUES (' . GitHubSync::Application::quote($commands) . ')');
		retitle($task, $commands);
		$application->sql("DELETE FROM attempt; INSERT INTO attempt VALUES ('SELECT')");
		retitle($neighbour, "after $commands");
		is($application->task($neighbour)->{title}, "after $commands", "$commands in a trigger does not harm the worker");
	}
	1;
};
ok($harmless, 'the worker outlives them all');

# ---- what the owner plants in what attach made for him ----

# His functions and views are his to change: what a superuser has done by the extension's own functions runs none of them as
# a superuser. Those that he calls by himself do (README.md, Security).
my $planted = GitHubSync::Application->in_server($node, database => 'planted', repository => GitHubSync::Application::GADGETS);
$planted->add_comment($planted->add_task(title => 'a task'), 'a comment');
$planted->sql(q{
	CREATE FUNCTION rise() RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN
		ALTER ROLE planner SUPERUSER;
		RETURN true;
	EXCEPTION WHEN insufficient_privilege THEN
		RETURN true;
	END $$;
	CREATE TABLE later (what text);
	CREATE FUNCTION rise_later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM planner.rise(); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER rise_later AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION rise_later();
	CREATE PROCEDURE plant() LANGUAGE plpgsql AS $$
	DECLARE
		ours record;
	BEGIN
		FOR ours IN SELECT p.oid::regprocedure AS function, p.prosrc AS body, p.prosecdef FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
			WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proowner = 'planner'::regrole AND l.lanname = 'plpgsql' AND p.prosrc !~ 'rise'
		LOOP
			PERFORM github_sync.replace_function_body(ours.function, regexp_replace(ours.body, 'BEGIN', $body$BEGIN
				PERFORM planner.rise();
				BEGIN INSERT INTO planner.later VALUES ('rise'); EXCEPTION WHEN OTHERS THEN NULL; END;$body$));
			IF ours.prosecdef THEN
				EXECUTE format('ALTER ROUTINE %s SECURITY INVOKER', ours.function);
			END IF;
		END LOOP;
		FOR ours IN SELECT c.oid::regclass AS view, rtrim(pg_get_viewdef(c.oid), ';') AS query FROM pg_class AS c
			WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' AND pg_get_viewdef(c.oid) !~ 'rise'
		LOOP
			EXECUTE format('CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO %s DO INSTEAD
				SELECT q.* FROM (%s) AS q RIGHT JOIN (SELECT planner.rise() AS done OFFSET 0) AS r ON r.done', ours.view, ours.query);
		END LOOP;
	END $$});
foreach my $command ('SELECT github_sync.refresh_attached()', 'SELECT github_sync.adopt_database()', 'SELECT github_sync.take_over_ownership()',
	'SELECT github_sync.capture_task_changes(true)', q{SELECT github_sync.grant_monitor('dashboard')}, q{SELECT github_sync.grant_application('receiver')},
	'ALTER TABLE planner.tasks RENAME markdown TO body', 'ALTER TABLE planner.comments ALTER id TYPE integer',
	q{SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id', insert_values => 'planner.values_of_task(bigint, jsonb)')},
	'SELECT github_sync.detach_comments()', 'SELECT github_sync.detach_tasks(true)')
{
	$planted->sql('CALL plant()');
	cmp_ok($planted->superuser_sql(q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'github_sync'::regnamespace AND prosrc ~ 'planner.rise'}), '>', 100, 'planted');
	$node->safe_psql('planted', "SET client_min_messages = error; $command");
	is($planted->superuser_sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'planner'"), 'f', "$command, called by a superuser, runs nothing that was planted as one");
}

done_testing();
