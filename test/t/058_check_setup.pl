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

# What is neither ok nor as somebody wanted it, by check, and what is to be done.
sub findings
{
	return { map { $_->{check} => "$_->{status}: $_->{detail} -> " . ($_->{remedy} // 'nothing') }
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
isnt($node->psql($application->database, 'SELECT github_sync.check_repo(1296269)', stderr => \$told), 0, 'nor is there a check that would wait for them');
like($told, qr/the import of repository acme\/widgets will not go on.*reconcile_interval is 0.*SELECT github_sync\.backfill_repo\(1296269\)/s, '... which says what to do first');
is($application->superuser_sql(q{SELECT count(*) FROM github_sync.sync_progress WHERE phase = 'check'}), 0, '... and leaves nothing behind');
$application->sql('SELECT github_sync.backfill_repo(1296269)');
is($node->psql($application->database, 'CALL github_sync.wait_for_backfill(1296269)', stderr => \$told), 0, 'until he asks for it');
$application->sql('SELECT github_sync.check_repo(1296269)');
$application->wait_until(q{SELECT count(*) = 2 FROM github_sync.sync_progress WHERE phase = 'check' AND last_complete_at IS NOT NULL});
pass('a check after that comes to its end');
# Who waits looks at the lists first, and then for what may keep the import from going on, which may be over by then.
is($node->psql($application->database, 'SELECT github_sync.require_import(1296269)', stderr => \$told), 0, 'an import that has just come to its end goes on') or diag($told);

# ---- a table that begins to inherit from an attached one ----

$application->superuser_sql('CREATE TABLE planner.old_tasks () INHERITS (planner.tasks)');
is_deeply(findings(), { 'tables that inherit from tasks' => 'warn: rows in them are not synced: planner.old_tasks -> Keep what is to be synced in the table itself, or partition it: partitions are synced.' }, 'a table inherits from the tasks');
$application->superuser_sql('DROP TABLE planner.old_tasks');
is_content('no table inherits any more');

# ---- the repository ----

$github->set_repository('acme/widgets', has_issues => JSON::PP::false);
is_deeply(findings(), { $repository => 'critical: its issues are switched off -> Switch them on in the settings of the repository at GitHub.' }, 'issues are switched off');
$github->set_repository('acme/widgets', has_issues => JSON::PP::true);

$application->sql(q{UPDATE github_sync.github_repos SET name = 'wigdets'});
is_deeply(findings(), { 'repository 1296269 acme/wigdets' =>
	"critical: GitHub calls it acme/widgets -> UPDATE github_sync.github_repos SET owner_login = 'acme', name = 'widgets' WHERE id = 1296269" }, 'a mistyped name');
my $remedy = $application->superuser_sql("SELECT remedy FROM github_sync.check_setup() WHERE detail ~ 'calls it'");
$application->sql($remedy);
is_content('the remedy of a mistyped name');

$application->sql(q{INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (4711, 515151, 'acme', 'gadgets')});
is_deeply(findings(), { 'repository 4711 acme/gadgets' => 'critical: GitHub shows no repository 4711; acme/gadgets has the id 1296270 -> INSERT the repository with that id, and DELETE this one.' }, 'a mistyped id');
$application->sql('DELETE FROM github_sync.repo_sweeps WHERE github_repo_id = 4711; DELETE FROM github_sync.github_repos WHERE id = 4711');

# ---- the installation ----

$github->installation(515151, 'choose', repositories => ['acme/gadgets']);
is_deeply(findings(), { $repository => 'critical: GitHub does not show it -> Install the App on it, or give the token the right to it; gh api repos/OWNER/NAME --jq .id shows its id.' }, 'the App is not installed on it');
$github->installation(515151, 'choose');
$github->installation(515151, 'permit', permissions => { issues => 'read', metadata => 'read' });
is_deeply(findings(), { 'installation 515151 acme' => 'critical: it may not write issues: read -> Give the App "Issues: read and write" at GitHub, and accept it for the installation.' }, 'a permission is missing');
$github->installation(515151, 'permit', permissions => { issues => 'write', metadata => 'read' });

# Of one that no token can be had for nothing more is waited for, when that is news and when it is known.
$application->sql(q{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (4711, 'nobody');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1296270, 4711, 'acme', 'gadgets');
});
foreach my $time ('at first', 'again')
{
	is_deeply(findings(),
		{ 'installation 4711 nobody' => 'critical: GitHub knows the App, but no such installation of it: it is deleted, or its id is mistyped'
			. ' -> Where it was deleted, install the App again in the settings of the account at GitHub. Where it has another id (GET /app/installations lists those of the App):'
			. ' INSERT INTO github_sync.github_app_installations ..., and UPDATE github_sync.github_repos SET github_app_installation_id = ...',
		  'repository 1296270 acme/gadgets' => 'skipped: GitHub has not been asked, or has not answered -> See its installation above.' }, "an unknown installation, $time");
}
$application->sql('DELETE FROM github_sync.repo_sweeps WHERE github_repo_id = 1296270; DELETE FROM github_sync.github_repos WHERE id = 1296270; DELETE FROM github_sync.github_app_installations WHERE id = 4711');
is_content('installation');

# A personal access token's, and there is an App: it pauses, and neither the worker nor a look at it blames the repository's name.
$application->connect_repository(1296270, 'gadgets', 0);
my $credentials = 'Correct github_sync.app_id and private_key_file (or token_file), and the id of the installation: GET /app/installations lists those of the App. Then SELECT pg_reload_conf().';
my $for_a_token = 'installation 0 is for a personal access token: set github_sync.token_file, or give its repositories the installation of the App';
is(findings()->{'installation 0 acme'}, "critical: $for_a_token -> $credentials", 'installation 0 without a token');
is($application->superuser_sql('SELECT last_error FROM github_sync.sync_workers WHERE database = current_database()'), $for_a_token, '... says the worker, too');
$application->sql('UPDATE github_sync.github_repos SET github_app_installation_id = 515151 WHERE id = 1296270');
is_deeply([ grep { !/^worker$/ } keys %{ findings() } ], [ 'installation 0 acme' ], '... whose repository gets the installation of the App');
$application->sql('DELETE FROM github_sync.repo_sweeps WHERE github_repo_id = 1296270; DELETE FROM github_sync.github_repos WHERE id = 1296270; DELETE FROM github_sync.github_app_installations WHERE id = 0');
is_content('no installation 0');

# Its state is known from before, and GitHub's answer is what counts.
$github->installation(515151, 'suspend');
$application->wait_until(q{SELECT EXISTS (SELECT FROM github_sync.check_setup() WHERE detail = 'it is suspended at GitHub')});
is(findings()->{'installation 515151 acme'}, 'critical: it is suspended at GitHub -> Have it unsuspended in the settings of the account at GitHub: that is found out by itself.', 'a suspended installation');
$application->superuser_sql("UPDATE github_sync.setup_checks SET asked_at = clock_timestamp() + interval '1 hour'");
$github->installation(515151, 'unsuspend');
my $seq = $github->last_seq;
is_content('an installation that is active again is asked for');
is(scalar(grep { $_->{path} =~ m{^/app/installations/515151$} } $github->requests(since => $seq)), 1, '... once');

# Rows of former ones, deleted or not yet known to be, stay: no repository has them any more.
$application->sql("INSERT INTO github_sync.github_app_installations (id, account_login, state) VALUES (400001, 'acme', 'deleted'), (400002, 'Acme', 'active')");
$seq = $github->last_seq;
is_content('former installations of the account');
is_deeply([ grep { m{/installations/40000} } map { $_->{path} } $github->requests(since => $seq) ], [], '... for which GitHub is not asked');
$application->sql('DELETE FROM github_sync.github_app_installations WHERE id IN (400001, 400002)');

# ---- what the server was told ----

GitHubSync::Application::reconfigure($node, 'github_sync.webhook_secret_file' => '/nowhere/secret');
is(findings()->{'webhook secret'}, 'critical: the secrets of webhooks cannot be read: the file that github_sync.webhook_secret_file names does not exist'
	. ' -> Mend the file, which the server must be able to read, and nobody else.', 'a file that is not there');
GitHubSync::Application::reconfigure($node, 'github_sync.webhook_secret_file' => '');

$application->superuser_sql('UPDATE github_sync.github_repos SET access_lost = true WHERE id = ' . GitHubSync::Application::WIDGETS);
is_deeply(findings(), { $repository => 'critical: its sync is stopped, as GitHub did not show it; it shows it now -> SELECT github_sync.set_repo_sync(1296269, true)' }, 'GitHub shows it again');
$application->sql('SELECT github_sync.set_repo_sync(' . GitHubSync::Application::WIDGETS . ', true)');
is_content('shown again');

GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => '17');
like(findings()->{'installation 515151 acme'}, qr/^critical: no (?:installation token|identity): .* -> \Q$credentials\E$/, 'a wrong App id');
GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => $github->app_id);
is_content('App id');

GitHubSync::Application::reconfigure($node, 'github_sync.private_key_file' => '/nowhere/key.pem');
like(findings()->{'installation 515151 acme'}, qr/^critical: github_sync\.private_key_file does not exist.* -> \Q$credentials\E$/, 'a key that is not there');
GitHubSync::Application::reconfigure($node, 'github_sync.private_key_file' => $github->key_file);
is_content('key');

# What is wrong with a token's file is the installation's trouble, and none of its repositories'.
my $token_file = "$PostgreSQL::Test::Utils::tmp_check/token";
PostgreSQL::Test::Utils::append_to_file($token_file, '');
chmod 0600, $token_file or BAIL_OUT("$token_file: $!");
GitHubSync::Application::reconfigure($node, 'github_sync.token_file' => $token_file);
foreach my $time ('at first', 'again')
{
	is_deeply(findings(), { 'installation 515151 acme' => "critical: github_sync.token_file is empty -> $credentials",
		$repository => 'skipped: GitHub has not been asked, or has not answered -> See its installation above.' }, "an empty file for a token, $time");
}
GitHubSync::Application::reconfigure($node, 'github_sync.token_file' => '');
is_content('no token');

# ---- the owner, as whom the worker logs in ----

foreach my $case ([ 'ALTER ROLE planner NOLOGIN', 'ALTER ROLE planner LOGIN', 'not permitted to log in' ],
	[ 'REVOKE CONNECT ON DATABASE application FROM PUBLIC', 'GRANT CONNECT ON DATABASE application TO planner', 'permission denied for database' ])
{
	my ($break, $mend, $says) = @$case;
	$application->superuser_sql($break);
	my $worker = $application->worker_pid;
	$application->superuser_sql("SELECT pg_terminate_backend($worker)");
	$application->wait_until(q{SELECT EXISTS (SELECT FROM github_sync.health() WHERE "check" = 'worker' AND status = 'critical' AND detail ~ '} . $says . q{')});
	is($application->superuser_sql(q{SELECT remedy FROM github_sync.check_setup() WHERE "check" = 'worker' AND status = 'critical' LIMIT 1}), $mend, "$break: what mends it");
	$application->superuser_sql($mend);
	$application->wait_until(q{SELECT NOT EXISTS (SELECT FROM github_sync.check_setup() WHERE status NOT IN ('ok', 'info'))});
	pass('... and it does');
}

$application->switch_off;
is_deeply([ $application->rows(q{SELECT status, detail, remedy FROM github_sync.check_setup() WHERE "check" = 'worker'}) ],
	[ { status => 'info', detail => 'github_sync.enabled is off: nothing is synchronized until it is on again', remedy => 'ALTER SYSTEM SET github_sync.enabled = on; SELECT pg_reload_conf()' } ], 'switched off');
$application->switch_on;
is_content('enabled');

# ---- an import that waits for GitHub's hour ----

my $waits = q{SELECT coalesce(min(waits_for), 'nothing') FROM github_sync.sync_progress WHERE phase = 'backfill' AND stream = 'issues'};

$github->limits(used => { 'installation ID 515151' => 4600 });
my $task = $application->add_task(title => 'what people do');
$application->wait_until_done;
$application->sql('SELECT github_sync.backfill_repo(1296269)');
like($application->superuser_sql($waits), qr/^last tenth of the hour until 2/, 'a list says that the rest of the hour is left to others');
like($application->superuser_sql('SELECT progress FROM github_sync.backfill_status(1296269)'), qr/waits: the last tenth of the hour's requests is not for lists, until 2/, '... and so does the import');
$application->sql("UPDATE planner.tasks SET title = 'edited', modified_at = clock_timestamp() WHERE id = $task");
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($task)->{number})->{title}, 'edited', '... whose edits go on');

# ---- what is attached ----

$application->sql('SELECT github_sync.capture_task_changes(false)');
$application->superuser_sql('SELECT github_sync.detach_comments()');
is_deeply({ map { $_->{check} => "$_->{detail} -> $_->{remedy}" } $application->rows(q{SELECT "check", detail, remedy FROM github_sync.check_setup() WHERE status = 'info'}) }, {
	'capture of tasks' => 'it is off: what the application changes is sent where it inserts transactions by itself -> SELECT github_sync.capture_task_changes(true)',
	'comments' => q{no table of comments is attached -> SELECT github_sync.attach_comments('your_schema.your_table', ...) attaches the table of comments: README.md#install},
	'webhook secret' => 'github_sync.webhook_secret_file is not set -> Without webhooks, sweeps find what changes at GitHub, each reconcile_interval. Else set github_sync.webhook_secret_file.' },
	'capture is off, and there are no comments');
# A mapping that leaves open where tasks go, and what new rows hold.
$application->superuser_sql("SELECT github_sync.attach_tasks('planner.tasks')");
sub of_mapping { return join("\n", map { "$_->{check}, $_->{status}: $_->{detail} -> $_->{remedy}" } $application->rows("SELECT * FROM github_sync.check_setup() WHERE \"check\" IN ('repository of tasks', 'new rows of tasks')")) }
my $no_place = 'repository of tasks, info: nothing says to which repository a new task belongs: none becomes an issue by itself'
	. ' -> SELECT github_sync.attach_tasks(..., github_repo_column => ...), or github_repo => ..., unless the application names the repository in transactions that it inserts.';
my $give_values = 'SELECT github_sync.attach_tasks(..., insert_values => ...), or set github_repos.task_defaults, or give the columns a default.';
is(of_mapping(), "$no_place\nnew rows of tasks, warn: nothing gives a value for project_id, created_by, which must not be NULL: a row made of GitHub's is refused -> $give_values", 'what a mapping leaves open');
$application->superuser_sql(q{UPDATE github_sync.github_repos SET task_defaults = '{"project_id": 1, "created_by": "GitHub"}'});
is(of_mapping(), $no_place, 'the repository gives it');
$application->superuser_sql(q{
	UPDATE github_sync.github_repos SET task_defaults = '{"project_id": 1}';
	SELECT github_sync.attach_tasks('planner.tasks', github_repo => 'github_repo_id');
	SET ROLE planner;
	CREATE FUNCTION planner.name_somebody() RETURNS trigger LANGUAGE plpgsql SET search_path = planner AS 'BEGIN NEW.created_by := 1; RETURN NEW; END';
	CREATE TRIGGER names_somebody BEFORE INSERT ON planner.tasks FOR EACH ROW EXECUTE FUNCTION planner.name_somebody();
	RESET ROLE;
});
is(of_mapping(), "new rows of tasks, info: nothing gives a value for created_by, which must not be NULL: a row made of GitHub's is refused, unless a trigger gives it -> $give_values", 'or a trigger may');
$application->attach;
is(of_mapping(), '', 'a whole mapping');

$application->superuser_sql('BEGIN; ALTER TABLE planner.tasks RENAME markdown TO other; ALTER TABLE planner.tasks DROP other; COMMIT');
like(findings()->{'mapping of tasks'}, qr/^critical: .*other.* -> Call github_sync\.attach_tasks\(\) again, with what counts now\.$/, 'a mapped column is gone');

# ---- and where nothing is ----

$node->safe_psql('postgres', 'CREATE DATABASE bare');
is($node->safe_psql('bare', 'SET client_min_messages = error; CREATE EXTENSION comment_sync_transaction CASCADE; SELECT * FROM github_sync.check_setup()'),
	q{tasks|critical|no table of tasks is attached|SELECT github_sync.attach_tasks('your_schema.your_table', ...) attaches the table of tasks: README.md#install}, 'nothing is attached');

my @refused = grep { $_->{path} =~ /access_tokens$/ && ($_->{status} // 0) == 404 } $github->requests;
cmp_ok(scalar(@refused), '<=', 4, 'no token was asked for in a circle');

done_testing();
