# 007_dump_restore.pl
#
# What attach makes are ordinary objects of the application's owner: they are
# dumped and restored with its tables.  A copy sends nothing until it is told
# that it is the one that syncs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Catalog qw(catalog);
use Test::More;
use Time::HiRes qw(time);

my $github = GitHubSync::StandIn->start;
my $origin = GitHubSync::Application->start($github);
my $node   = $origin->node;
my $dumps  = PostgreSQL::Test::Utils::tempdir;

# Without what detaching ends: capture, and rights on views.
sub lasting
{
	my ($catalog) = @_;

	# A function has rights of its own as well: PUBLIC has none.
	return [ map { s/^(function .*) \{([^}]*),dashboard=[^}]*\}/$1 {$2}/r =~ s/ \{[^}]*dashboard=[^}]*\}//r } grep { !/^trigger .* github_sync_capture/ } @$catalog ];
}

sub restored_as
{
	my ($database, @command) = @_;
	my $application = GitHubSync::Application->of_database($node, $database);

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->command_ok([ @command, '-d', $node->connstr($database) ], "$database is restored without an error");
	return $application;
}

# ---- something of everything ----

my $synced = $origin->add_task(title => 'synced', markdown => 'text');
$origin->wait_until_done;
$origin->tell_of_issue($github->issue('acme/widgets', 1));
$origin->wait_until_done;
# Not before: a comment is a change of its issue, by the second.
my $comment = $origin->add_comment($synced, 'a comment');
$origin->wait_until_done;
my $errored = $origin->add_task(title => 'x' x 300);
$origin->wait_until_done;
$origin->superuser_sql('CREATE ROLE dashboard LOGIN; CREATE ROLE receiver LOGIN');
$origin->sql("SELECT github_sync.grant_monitor('dashboard'), github_sync.grant_application('receiver')");

# ---- a dump while something is queued ----

GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$origin->wait_until("SELECT activity = 'not enabled' FROM github_sync.sync_workers");
my $waiting = $origin->add_task(title => 'waits during the dump');
$origin->edit_task($synced, title => 'edited before the dump');
$origin->edit_task($synced, title => 'edited again before the dump');

my ($catalog, $contents) = (catalog($origin), $origin->contents);
is_deeply([ $origin->rows('SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY state ORDER BY state') ],
	[ { state => 'canceled', count => 1 }, { state => 'completed', count => 1 }, { state => 'duplicate', count => 1 },
		{ state => 'errored', count => 1 }, { state => 'queued', count => 2 } ], 'there are transactions in many states');
$node->command_ok([ 'pg_dump', '-f', "$dumps/plain.sql", '-d', $node->connstr($origin->database) ], 'a plain dump');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dumps/custom", '-d', $node->connstr($origin->database) ], 'a dump in custom format');
foreach my $triggers ('enabled', 'disabled')
{
	$node->command_ok([ 'pg_dump', '--data-only', $triggers eq 'disabled' ? '--disable-triggers' : (), '--exclude-table-data=github_sync.attached_tables',
			'-f', "$dumps/data_$triggers.sql", '-d', $node->connstr($origin->database) ], "a dump of the data alone, for triggers that are $triggers");
}

my $last_before = $github->last_seq;
my $plain  = restored_as('plain', 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', "$dumps/output", '-f', "$dumps/plain.sql");
my $custom = restored_as('custom', 'pg_restore', '--exit-on-error', "$dumps/custom");

foreach my $copy ($plain, $custom)
{
	my $name = $copy->database;

	is_deeply(catalog($copy), $catalog, "$name: tables, keys, triggers, functions and views are there, with owners and rights");
	is_deeply($copy->contents, $contents, "$name: every row is there, in its state");
	like($copy->superuser_sql('SELECT activity FROM github_sync.sync_workers LIMIT 1'), qr/copied database/, "$name: sync_workers says what it is");
}
is($plain->error_of('SELECT waits_for FROM github_sync.sync_queue', 'dashboard'), '', 'a dashboard may still look');
is($plain->error_of("BEGIN; INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', $synced); ROLLBACK", 'receiver'), '',
	'the application may still insert');
like($plain->error_of("INSERT INTO github_sync.task_sync_transactions (direction, task_id, state) VALUES ('outbound', $synced, 'completed')", 'receiver'),
	qr/permission denied/, 'but not what is not its own');
is($plain->superuser_sql(q{
	SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c
	WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v') AND pg_get_userbyid(c.relowner) <> 'planner'
		AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')}),
	'', "all of it belongs to the application's owner");

# ---- the original is lost; a copy does not take over by itself ----

$origin->disconnect;
$node->safe_psql('postgres', 'DROP DATABASE application');
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
my $in_copy = $plain->add_task(title => 'added to the copy', github_repo_id => GitHubSync::Application::WIDGETS);
foreach my $copy ($plain, $custom)
{
	$copy->wait_until("SELECT activity = 'copied database' FROM github_sync.sync_workers LIMIT 1");
}
is($plain->superuser_sql("SELECT count(*) FROM github_sync.sync_queue WHERE state = 'queued'"), 2, 'its queue stands still, and nothing is captured');
is($plain->superuser_sql("SELECT count(*) FROM github_sync.sync_problems WHERE problem = 'copy'"), 2, '... which sync_problems says');

my $adopted_at = 1000 * time;
$plain->sql('SELECT github_sync.adopt_database()');
$plain->wait_until_done;
my @asked = grep { $_->{seq} > $last_before } $github->requests;
is($plain->superuser_sql("SELECT count(*) FROM pg_type AS t WHERE typnamespace = 'github_sync'::regnamespace AND has_type_privilege('public', t.oid, 'USAGE')"),
	0, 'and no type is for everybody, though a dump has no rights on the types of rows');
is(scalar(grep { $_->{t} < $adopted_at } @asked), 0, 'nothing was sent before adopt_database()');
is_deeply([ sort map { $_->{title} } $github->issues('acme/widgets') ],
	[ 'added to the copy', 'edited again before the dump', 'waits during the dump' ], 'then its queue goes on');
is($plain->task($errored)->{title}, 'x' x 300, 'the errored task is still there');
is($plain->superuser_sql('SELECT error_code FROM github_sync.sync_errors'), 'too_large', 'and still errored');
$plain->edit_comment($comment, markdown => 'edited after the restore');
$plain->wait_until_done;
is(($github->comments('acme/widgets', 1))[0]{body}, 'edited after the restore', 'comments go on too');
is($plain->superuser_sql("SELECT activity FROM github_sync.sync_workers"), 'idle', 'sync_workers no longer calls it a copy');
is($custom->superuser_sql("SELECT count(*) FROM github_sync.sync_queue WHERE waits_for = 'copied database'"), 2, 'the other copy still sends nothing, and says why');

# ---- the data alone, into a database that has the rest ----

GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
foreach my $triggers ('enabled', 'disabled')
{
	my $data = GitHubSync::Application->with_tables($node, "data_$triggers");

	$data->create_extensions;
	$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', "$dumps/output", '-f', "$dumps/data_$triggers.sql", '-d', $node->connstr($data->database) ],
		"the data alone is restored without an error, triggers $triggers");
	is_deeply({ %{ $data->contents }, 'github_sync.attached_tables' => $contents->{'github_sync.attached_tables'} }, $contents,
		'every row is there, in its state, and none more');
	my $next = $data->add_task(title => 'the next one', github_repo_id => GitHubSync::Application::WIDGETS);
	cmp_ok($next, '>', $waiting, 'identity columns go on where they were');
	$data->disconnect;
	$node->safe_psql('postgres', 'DROP DATABASE ' . $data->database);
}
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');

# ---- detach and attach ----

my $transactions = $plain->superuser_sql('SELECT count(*) FROM github_sync.task_sync_transactions');
my $links        = $plain->superuser_sql('SELECT json_agg(i) FROM (SELECT id, github_id, number, task_id FROM github_sync.github_issues ORDER BY id) AS i');
like($plain->error_of('SELECT github_sync.detach_tasks()', $node->safe_psql('postgres', 'SELECT current_user')), qr/comments are attached/,
	'tasks cannot be detached before the comments');
$plain->superuser_sql('SELECT github_sync.detach_comments(); SELECT github_sync.detach_tasks()');
is($plain->superuser_sql("SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('planner.tasks'::regclass, 'planner.comments'::regclass) AND NOT tgisinternal"),
	0, "detaching leaves no trigger on the application's tables");
$plain->edit_task($synced, title => 'edited while detached');
is($plain->superuser_sql('SELECT count(*) FROM github_sync.task_sync_transactions'), $transactions, 'the history stays');
$plain->attach;
is_deeply(lasting(catalog($plain)), lasting($catalog), 'attaching again makes what there was');
is($plain->superuser_sql('SELECT json_agg(i) FROM (SELECT id, github_id, number, task_id FROM github_sync.github_issues ORDER BY id) AS i'), $links,
	'every task is linked as before');
$plain->capture;
$plain->edit_task($synced, markdown => 'edited after attaching');
$plain->wait_until_done;
is($github->issue('acme/widgets', 1)->{title}, 'edited while detached', 'the sync goes on with what was changed meanwhile');
is(scalar $github->issues('acme/widgets'), 3, 'and creates nothing anew');

# ---- attaching is not adopting ----

my $seq = $github->last_seq;
$custom->attach;
$custom->superuser_sql('SELECT github_sync.wake()');
$plain->edit_task($synced, markdown => 'edited meanwhile');
$plain->wait_until_done;
is($custom->superuser_sql('SELECT DISTINCT activity FROM github_sync.sync_workers'), 'copied database', 'a copy is still a copy when its tables are attached again');
is(scalar(grep { /^POST/ } GitHubSync::Application::asked($github, $seq)), 0, 'and sends nothing');

# ---- a dump, restored over the database that it was made of ----

GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$plain->add_task(title => "queued in the dump, $_", github_repo_id => GitHubSync::Application::WIDGETS) foreach 1 .. 3;
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dumps/again", '-d', $node->connstr('plain') ], 'a dump while three creations are queued');
$node->command_ok([ 'pg_dump', '--data-only', '-f', "$dumps/data.sql", '-d', $node->connstr('plain') ], 'and one of the data alone');
my $in_dump = $plain->contents;
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$plain->wait_until_done;
is(scalar $github->issues('acme/widgets'), 6, 'they are sent');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--clean', '--if-exists', '-d', $node->connstr('plain'), "$dumps/again" ],
	'the dump is restored over the same database');
$plain->wait_until("SELECT activity = 'copied database' FROM github_sync.sync_workers LIMIT 1");
is($plain->superuser_sql("SELECT count(*) FROM github_sync.sync_queue WHERE waits_for = 'copied database'"), 3, 'it is a copy of what it was');
$plain->sql('SELECT github_sync.adopt_database()');
$plain->wait_until_done;
is(scalar $github->issues('acme/widgets'), 6, 'adopted, it finds its three issues');
is($plain->superuser_sql("SELECT count(number) FROM github_sync.github_issues AS i JOIN planner.tasks AS t ON t.id = i.task_id WHERE t.title ~ '^queued in'"),
	3, 'and links them');

# ---- schema and data one after the other: capture is on before the data is there ----

my $parts = restored_as('parts', 'pg_restore', '--exit-on-error', '--schema-only', "$dumps/again");
is($parts->superuser_sql("SELECT count(*) FROM pg_trigger WHERE tgname ~ '^github_sync_capture'"), $plain->superuser_sql("SELECT count(*) FROM pg_trigger WHERE tgname ~ '^github_sync_capture'"),
	'capture is on');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', "$dumps/output", '-f', "$dumps/data.sql", '-d', $node->connstr('parts') ],
	'then the data is restored');
is_deeply({ %{ $parts->contents }, 'github_sync.attached_tables' => $in_dump->{'github_sync.attached_tables'} }, $in_dump, 'every row is there, and none more');
is($parts->superuser_sql('SELECT DISTINCT activity FROM github_sync.sync_workers'), 'copied database', 'and this is a copy');
$parts->disconnect;
$node->safe_psql('postgres', 'DROP DATABASE parts');

# ---- a copy is one, detached and attached ----

$custom->superuser_sql('SELECT github_sync.detach_comments(); SELECT github_sync.detach_tasks()');
$custom->attach;
is($custom->superuser_sql('SELECT DISTINCT activity FROM github_sync.sync_workers'), 'copied database', 'a copy is still a copy when it was detached meanwhile');

# ---- without the extensions ----

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
foreach my $extension (qw(comment_sync_transaction task_sync_transaction))
{
	like($custom->error_of("DROP EXTENSION $extension", $superuser), qr/cannot drop extension $extension because other objects depend on it/,
		"DROP EXTENSION $extension refuses while its tables are attached");
}
my $before = $custom->contents;
$custom->superuser_sql('DROP EXTENSION task_sync_transaction CASCADE');
my $kept = $custom->contents;
is_deeply($kept->{$_}, $before->{$_}, "with CASCADE $_ stays readable")
  foreach qw(github_sync.task_sync_transactions github_sync.comment_sync_transactions github_sync.github_issues github_sync.github_comments planner.tasks);
ok($custom->add_task(title => 'without the extension', github_repo_id => GitHubSync::Application::WIDGETS), 'and the application works');
$custom->create_extensions;
is($custom->superuser_sql("SELECT count(*) FROM github_sync.task_sync_transactions"), scalar @{ $before->{'github_sync.task_sync_transactions'} },
	'created again the extension adopts them');
# ---- keys, what refers to them, states and labels, all of them of domains ----

my $domains = GitHubSync::Application->of_database($node, 'domains');
$node->safe_psql('postgres', 'CREATE DATABASE domains TEMPLATE template0');
$domains->superuser_sql(q{
	CREATE EXTENSION comment_sync_transaction CASCADE;
	CREATE SCHEMA planner AUTHORIZATION planner;
	SET ROLE planner;
	SET search_path = planner;
	CREATE DOMAIN row_number AS bigint CHECK (VALUE > 0);
	CREATE DOMAIN task_number AS row_number NOT NULL;
	CREATE DOMAIN slug AS varchar(60);
	CREATE DOMAIN tag AS varchar(20);
	CREATE DOMAIN tags AS tag[];
	CREATE DOMAIN stage AS text CHECK (VALUE IN ('todo', 'done'));
	CREATE SEQUENCE task_numbers;
	CREATE FUNCTION line_of(key task_number) RETURNS text LANGUAGE sql AS $$ SELECT 'by Ann' $$;
	CREATE FUNCTION is_said(key slug) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$ SELECT key <> '' $$;
	CREATE TABLE tasks (id task_number PRIMARY KEY DEFAULT nextval('planner.task_numbers'), title text, markdown text, status stage DEFAULT 'todo',
		modified_at timestamptz DEFAULT clock_timestamp(), labels tag[], people tags, repository row_number);
	CREATE TABLE comments (id slug PRIMARY KEY DEFAULT 'c' || gen_random_uuid(), task_id row_number REFERENCES tasks, markdown text,
		modified_at timestamptz DEFAULT clock_timestamp());
	RESET ROLE;
	SELECT github_sync.attach_tasks('planner.tasks', open_value => 'todo', closed_value => 'done', byline => 'planner.line_of(planner.task_number)',
		sync_when => 'id < 1000', labels_column => 'labels', assignees_column => 'people', github_repo_column => 'repository');
	SELECT github_sync.attach_comments('planner.comments', sync_when => 'planner.is_said')});
$domains->sql(sprintf q{
	INSERT INTO github_sync.github_app_installations (id) VALUES (%d);
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (%d, %1$d, 'acme', 'gadgets')},
	GitHubSync::Application::INSTALLATION, GitHubSync::Application::GADGETS);
$domains->capture;
$domains->sql(sprintf q{
	INSERT INTO planner.tasks (title, labels, repository) VALUES ('of domains', '{bug}', %d);
	INSERT INTO planner.comments (task_id, markdown) SELECT id, 'of its domain' FROM planner.tasks}, GitHubSync::Application::GADGETS);
$domains->wait_until_done;
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$domains->sql("UPDATE planner.tasks SET title = 'edited before the dump', status = 'done', modified_at = clock_timestamp()");
($catalog, $contents) = (catalog($domains), $domains->contents);
$node->command_ok([ 'pg_dump', '-f', "$dumps/domains.sql", '-d', $node->connstr('domains') ], 'a dump of a database of domains');
my $of_domains = restored_as('of_domains', 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', "$dumps/output", '-f', "$dumps/domains.sql");
is_deeply(catalog($of_domains), $catalog, 'its tables, keys, triggers, functions and views are there');
is_deeply($of_domains->contents, $contents, 'and every row, in its state');
$domains->disconnect;
$node->safe_psql('postgres', 'DROP DATABASE domains');
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$of_domains->sql('SELECT github_sync.adopt_database()');
$of_domains->sql("UPDATE planner.comments SET markdown = 'edited after the restore', modified_at = clock_timestamp()");
$of_domains->wait_until_done;
is_deeply([ map { "$_->{title}, $_->{state}" } $github->issues('acme/gadgets') ], [ 'edited before the dump, closed' ], 'adopted, it carries what was queued');
is_deeply([ map { $_->{body} } $github->comments('acme/gadgets', 1) ], [ 'edited after the restore' ], 'and what is edited then');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
