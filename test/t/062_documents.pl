# 062_documents.pl
#
# What README and docs/first-hour.md tell their readers to type is typed here, as it stands
# there and in its order, in a world that has the names used there: each block, and each
# statement and command within the text.  What is neither run nor known to be run elsewhere is
# a failure, and so is an exception of these lists that no page has any more.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Document;
use PostgreSQL::Test::Utils;
use Test::More;

# Blocks that others run: their first words, and the file that does it.
my %elsewhere = (
	'make demo'                               => 'scripts/demo.sh',
	'make playground'                         => 'scripts/demo.sh',
	'scripts/install_packages.sh build'       => 'scripts/check.sh',
	'make deb'                                => 'scripts/check_deb.sh',
	'"""Hands GitHub'                         => 'test/t/070_webhooks.pl',
	'/* Hands GitHub'                         => 'test/t/070_webhooks.pl',
	'-- a mapped column is dropped'           => 'test/sql/migrations_readme.sql',
	'make hour'                               => 'test/t/029_full_hour.pl',
	'make check'                              => 'scripts/check.sh',
	"ALTER SYSTEM SET github_sync.app_id = 'Iv23...';\nALTER SYSTEM SET github_sync.private_key_file = '/etc/postgresql/github-app.pem';\nSELECT" => 'test/t/071_delivery_log.pl',
	'psql -d planner -U planner  -f examples' => 'test/t/059_examples.pl',
	'SELECT github_sync.disconnect_repo(129'  => 'test/t/084_disconnect.pl');

# Blocks that no test types, each line of them, and why.
my %nowhere = (
	"docker build -t postgres-github-sync .\n" => 'needs a daemon of docker, and its registry; scripts/check_deb.sh runs the steps of the Dockerfile',
	"gh webhook forward --repo=acme/widgets --events=issues,issue_comment --url=http://localhost:3000/ --secret=...\n"
		. "npx smee-client --url https://smee.io/... --target http://localhost:3000/\n" => 'needs GitHub itself, or smee.io',
	"make bench\n"     => 'measures for an hour',
	"make bigimport\n" => 'imports 100,000 issues');

# Blocks with nothing to type.
my %picture = (
	'application           '      => 'a picture',
	'max_worker_processes = what' => 'a formula',
	'NOTICE:  issues'             => 'what a statement prints');

# Statements and commands within the text: who types them, and what comes before and after; or why nobody does.
my %in_the_text = (
	q{SELECT * FROM github_sync.check_setup() WHERE status <> 'ok'} => { role => 'new_owner' },
	'SELECT outcome, count(*) FROM github_sync.webhook_deliveries GROUP BY 1' => { role => 'new_owner' },
	q{SELECT github_sync.grant_application('webhooks', 'inbound')} => { role => 'new_owner' },
	'SELECT * FROM github_sync.record_history(task_id => 42)' => { role => 'new_owner' },
	q{psql -XAtc 'SELECT github_sync.report()' > report.html} => { shell => 1 },
	'ALTER SYSTEM SET github_sync.enabled = off' => { after => '; ALTER SYSTEM RESET github_sync.enabled;' },
	'ALTER SYSTEM SET log_min_messages = debug1' => { after => '; ALTER SYSTEM RESET log_min_messages;' },
	'ALTER FUNCTION github_sync.prune SECURITY INVOKER' => { before => 'BEGIN;', after => '; ROLLBACK;' },
	'SELECT github_sync.adopt_database()' => {},
	'SELECT github_sync.refresh_attached()' => {},
	'DROP SCHEMA github_sync CASCADE' => { before => 'BEGIN;', after => '; ROLLBACK;' },
	'make install' => { why => 'a target of PGXS, by which make check installs' },
	'REVOKE USAGE ON SCHEMA github_sync' => { why => 'a part of a statement; test/sql/ownership.sql' },
	'pg_dump --schema-only' => { why => 'a program and its option; 027_replication.pl' },
	'pg_restore --clean' => { why => 'a program and its option; 007_dump_restore.pl' });

my $github = GitHubSync::StandIn->start;
my $repo   = 'acme/widgets';
$github->seed({ repositories => [ { id => GitHubSync::Application::WIDGETS, owner => 'acme', name => 'widgets',
	issues => [ { id => 3123456789, number => 1347, title => 'Told of', body => 'x', comments => [ { id => 4234567890, body => 'Told, too' } ] } ] } ] });
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github), 'github_sync.reconcile_interval' => '10min');
my $application;
my $files = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', 'CREATE ROLE app_owner LOGIN; CREATE ROLE new_owner LOGIN; CREATE ROLE webhooks LOGIN; CREATE ROLE web_anon');

# ---- the application of the pages ----

sub make_application
{
	my ($database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$application = GitHubSync::Application->of_database($node, $database);
	$application->superuser_sql(q{
		CREATE SCHEMA app AUTHORIZATION app_owner;
		CREATE SCHEMA api;
		SET ROLE app_owner;
		CREATE TABLE app.projects (id bigint PRIMARY KEY, repo_id bigint);
		INSERT INTO app.projects VALUES (1, 1296269);
		CREATE TABLE app.tasks (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, project_id bigint NOT NULL, title text NOT NULL,
			body text, status text NOT NULL DEFAULT 'todo', github_repo_id bigint, draft boolean NOT NULL DEFAULT false,
			confidential boolean NOT NULL DEFAULT false, removed_at timestamptz, modified_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE app.comments (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, task_id bigint NOT NULL REFERENCES app.tasks,
			author text NOT NULL, body text NOT NULL, modified_at timestamptz NOT NULL DEFAULT now());
		CREATE TABLE app.notes (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, noteable_type text NOT NULL, noteable_id bigint NOT NULL,
			body text, internal boolean NOT NULL DEFAULT false, system boolean NOT NULL DEFAULT false, modified_at timestamptz);
		CREATE FUNCTION app.task_from_github(github_repo_id bigint, issue jsonb) RETURNS jsonb STABLE
			RETURN jsonb_build_object('project_id', 1);
		CREATE FUNCTION app.comment_from_github(github_repo_id bigint, comment jsonb) RETURNS jsonb STABLE
			RETURN jsonb_build_object('author', comment #>> '{user,login}');
		CREATE FUNCTION app.send_mail(bigint) RETURNS void LANGUAGE sql AS 'SELECT NULL::void';
		INSERT INTO app.tasks (project_id, title, body, github_repo_id, draft) VALUES (1, 'Old', 'for @alice', 1296269, false),
			(1, 'Old draft', '', 1296269, true);
		INSERT INTO app.comments (task_id, author, body) VALUES (1, 'ann', 'Old words for @alice');
	});
}

sub one { return $application->superuser_sql($_[0]) }
sub titles { return join ', ', sort map { $_->{title} } $github->issues($repo) }

# A block as it stands there; what it printed.
sub type
{
	my ($block, $role, $before, $after) = @_;
	my ($out, $error) = ('', '');
	my $status = $node->psql($application->database, join("\n", $before // '', $block->{text} =~ s{/etc/postgresql}{$files}gr, $after // ''),
		stdout => \$out, stderr => \$error, on_error_stop => 1, extra_params => [ $role ? ('-U', $role) : () ]);

	is($status, 0, "$block->{file}:$block->{line} ($block->{heading})") or diag($error);
	return $out;
}

sub blocks_of
{
	my ($file) = @_;

	return map { { %$_, file => $file } } GitHubSync::Document->read($file)->blocks;
}

my %is_met;

sub run_elsewhere
{
	my ($block) = @_;
	my ($known) = $nowhere{ $block->{text} } ? $block->{text} : grep { index($block->{text}, $_) == 0 } keys %elsewhere, keys %picture;

	$is_met{$known} = 1 if defined $known;
	return defined $known;
}

# The next block, which must begin so.
sub next_block
{
	my ($blocks, $words) = @_;

	while (my $block = shift @$blocks)
	{
		return $block if index($block->{text}, $words) == 0;
		if (!run_elsewhere($block))
		{
			fail("$block->{file}:$block->{line} is run by a test");
			diag($block->{text});
		}
	}
	die "no block begins with $words";
}

sub no_more_blocks { my ($blocks) = @_; is(scalar(grep { !run_elsewhere($_) } @$blocks), 0, 'all blocks were run') }

# What could be typed: not the name of a command, nor one with something left out.
sub is_to_be_typed
{
	my ($text) = @_;

	return 0 if $text =~ /\.\.\./ || $text =~ /^[A-Z ]+$/;
	return $text =~ /^(?:SELECT|CALL|INSERT|UPDATE|DELETE|ALTER|DROP|GRANT|REVOKE|CREATE|TRUNCATE|SET|VACUUM|COMMENT|DO|WITH|COPY)\s/
		|| $text =~ m{^(?:make|gh|docker|psql|npm|npx|curl|git|sudo|apt|systemctl|pg_\w+|(?:\./)?scripts/\S+)\s};
}

sub type_what_stands_in_the_text
{
	my ($file) = @_;
	my $makefile = slurp_file(GitHubSync::Document::root() . '/Makefile');

	foreach my $code (grep { is_to_be_typed($_->{text}) } GitHubSync::Document->read($file)->code)
	{
		my $text = $code->{text};
		my $how  = $in_the_text{$text};

		$is_met{$text} = 1;
		if    (!$how && $text =~ m{^make (?:-f \S+/Makefile$|([\w-]+)$)}) { ok(!defined $1 || $makefile =~ /^(?:[\w-]+ )*$1(?: [\w-]+)*:/m, "$file:$code->{line}: $text is a target") }
		elsif (!$how)                                            { fail("$file:$code->{line} is run by a test"); diag($text) }
		elsif ($how->{shell})                                    { is(system("cd $files && PGHOST=@{[$node->host]} PGPORT=@{[$node->port]} PGDATABASE=@{[$application->database]} && export PGHOST PGPORT PGDATABASE && $text"), 0, "$file:$code->{line}: $text") }
		elsif (!$how->{why})                                     { type({ %$code, file => $file, heading => $text }, $how->{role}, $how->{before}, $how->{after}) }
	}
}

# A program called gh, which asks the stand-in and knows of jq what is used.
sub gh
{
	my ($command) = @_;
	my ($path, $member) = $command =~ m{^gh api (\S+) --jq \.(\w+)$}m or die "not understood: $command";
	my $answer = HTTP::Tiny->new->get($github->url . "/$path", { headers => { authorization => 'Bearer ' . $github->human_token,
		accept => 'application/vnd.github+json', 'user-agent' => 'gh', 'x-github-api-version' => '2022-11-28' } });

	return JSON::PP->new->decode($answer->{content})->{$member};
}

# ---- docs/first-hour.md ----

my @hour = blocks_of('docs/first-hour.md');
make_application('hour');

is(gh(next_block(\@hour, 'gh api repos')->{text}), GitHubSync::Application::WIDGETS, "the repository's id");
type(next_block(\@hour, 'CREATE EXTENSION'));
type(next_block(\@hour, 'INSERT INTO github_sync.github_app_installations'), 'app_owner');
is(type(next_block(\@hour, 'SELECT * FROM github_sync.check_setup()')), '', 'nothing is wrong');
$node->safe_psql('hour', q{INSERT INTO app.tasks (project_id, title, github_repo_id) VALUES (1, 'New', 1296269)}, extra_params => [ '-U', 'app_owner' ]);
is(type(next_block(\@hour, 'CALL github_sync.wait_for_backfill')), '', 'the import made no errors');
is(one(q{SELECT string_agg(title, ', ' ORDER BY title) FROM app.tasks}), 'New, Old, Old draft, Told of', "GitHub's issues are tasks");
is(type(next_block(\@hour, 'SELECT t.task_id, t.action')), one(q{SELECT id FROM app.tasks WHERE title = 'New'}) . '|upsert', 'what would be sent is shown');
is(titles(), 'Told of', 'and nothing is');
type(next_block(\@hour, 'UPDATE github_sync.github_repos SET sync_direction'), 'app_owner');
$application->wait_until_done;
is(titles(), 'New, Told of', 'both ways: what was written in the dry run is sent');
type(next_block(\@hour, '-- first export'), 'app_owner');
$application->wait_until_done;
is(titles(), 'New, Old, Told of', 'then what was there before, but no draft');
is_deeply([ $github->mentions ], [], 'which notifies nobody') or diag(explain([ $github->mentions ]));
is(one('SELECT count(*) FROM github_sync.github_comments WHERE comment_id = 1 AND github_id IS NOT NULL'), 1, 'with its comment');
type(next_block(\@hour, 'ALTER SYSTEM SET github_sync.enabled = off'));
$node->safe_psql('postgres', 'ALTER SYSTEM RESET github_sync.enabled; SELECT pg_reload_conf()');
like(type(next_block(\@hour, 'SELECT state, count(*)')), qr/completed\|2/, 'what a suite looks at');
$application->wait_until(q{SELECT current_setting('github_sync.enabled') = 'on'});
type(next_block(\@hour, 'DROP SCHEMA github_sync CASCADE'));
$node->safe_psql('hour', q{UPDATE app.tasks SET title = title || '!'; DELETE FROM app.comments; TRUNCATE app.comments, app.tasks}, extra_params => [ '-U', 'app_owner' ]);
is(one(q{SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal}) . one(q{SELECT count(*) FROM pg_extension WHERE extname ~ 'sync'}) . one(q{SELECT count(*) FROM pg_event_trigger}), '000', 'nothing is left of it');
no_more_blocks(\@hour);

# ---- README.md ----

my @readme = blocks_of('README.md');
$application->disconnect;
make_application('planner');

sub run_here { my ($words, @how) = @_; return type(next_block(\@readme, $words), @how) }

is(next_block(\@readme, 'shared_preload_libraries')->{text}, "shared_preload_libraries = '@{[one('SHOW shared_preload_libraries')]}'\n", 'the library is preloaded');
run_here('CREATE EXTENSION');
run_here("SELECT github_sync.attach_tasks('app.tasks',\n");
run_here('SELECT github_sync.grant_attach');
run_here("SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'github_repo_id',\n", undef, 'BEGIN; SELECT github_sync.detach_comments(true);', 'ROLLBACK;');
run_here('UPDATE github_sync.github_repos SET mentions', 'app_owner');
run_here('CREATE FUNCTION app.notify()');
run_here("SELECT github_sync.attach_tasks('app.tasks', state_column => 'status'", undef, 'BEGIN;', 'ROLLBACK;');

run_here('ALTER TABLE app.issues ADD github_state', 'app_owner', q{
	CREATE TABLE app.states (id bigint PRIMARY KEY, project_id bigint NOT NULL, place integer, is_closed boolean);
	INSERT INTO app.states VALUES (1, 1, 1, false), (2, 1, 2, true), (3, 2, 1, false), (4, 2, 2, true);
	CREATE TABLE app.issues (id bigint PRIMARY KEY, project_id bigint NOT NULL, state_id bigint NOT NULL);
	INSERT INTO app.issues VALUES (1, 1, 2), (2, 2, 3);}, q{
	UPDATE app.issues SET github_state = CASE id WHEN 1 THEN 'open' ELSE 'closed' END;
	INSERT INTO app.issues (id, project_id, state_id) VALUES (3, 2, 4);});
is(one(q{SELECT string_agg(concat_ws(' ', id, state_id, github_state), ', ' ORDER BY id) FROM app.issues}), '1 1 open, 2 4 closed, 3 4 closed', 'states that are rows');

run_here("SELECT github_sync.attach_tasks('app.tasks', labels_column", undef, 'BEGIN; ALTER TABLE app.tasks ADD labels text[], ADD github_logins text[], ADD milestone text;', 'ROLLBACK;');
run_here('UPDATE github_sync.github_repos SET create_labels', 'app_owner');

# The files and the App's id are those of this world.
append_to_file("$files/webhook-secret", "It's a Secret to Everybody\n");
run_log([ 'cp', $github->key_file, "$files/app.pem" ]);
my $install = next_block(\@readme, 'install -o postgres')->{text} =~ s{/etc/postgresql}{$files}gr =~ s/-o postgres/-o @{[scalar getpwuid($<)]}/gr;
is(system("cd $files && set -e; $install"), 0, 'the files are put in their place');
my $settings = next_block(\@readme, 'ALTER SYSTEM SET github_sync.app_id');
$settings->{text} =~ s/Iv23\.\.\./@{[$github->app_id]}/;
type($settings);
$application->wait_until("SELECT current_setting('github_sync.app_id') = '@{[$github->app_id]}'");
run_here('INSERT INTO github_sync.github_app_installations', 'app_owner');
run_here('SELECT github_sync.capture_task_changes', 'app_owner');
$node->safe_psql('planner', q{INSERT INTO app.tasks (id, project_id, title, github_repo_id) VALUES (42, 1, 'The answer', NULL); UPDATE app.tasks SET github_repo_id = 1296269 WHERE id = 42}, extra_params => [ '-U', 'app_owner' ]);
run_here('INSERT INTO github_sync.task_sync_transactions (direction, task_id)', 'app_owner');
$application->wait_until_done;
like(titles(), qr/The answer/, 'what is said by hand is sent');

# The signature is that of the body, which GitHub gives as an example, and which no event has.
my (undef, undef, $refused) = $node->psql('planner', next_block(\@readme, "SELECT github_sync.receive_webhook('issues'")->{text});
like($refused, qr/^(?!.*signature).*JSON/s, 'a signature is verified, and the body looked at');
run_here("SELECT github_sync.grant_webhooks('webhooks')", 'app_owner');
type($_) foreach next_block(\@readme, 'CREATE FUNCTION api.github(json)');
$application->wait_until(q{SELECT count(*) = 2 FROM github_sync.repo_sweeps WHERE phase = 'sweep' AND last_complete_at IS NOT NULL});
like(run_here('-- event "issues"', 'app_owner'), qr/^\d+\|dropped\n\d+\|dropped$/, 'what a receiver inserts is taken, and known from the import');
$application->wait_until_done;
is(one(q{SELECT string_agg(t.title || ' ' || c.body, ', ') FROM app.tasks AS t JOIN app.comments AS c ON c.task_id = t.id WHERE t.title = 'Told of'}), 'Told of Told, too', 'and arrives');
run_here('SELECT github_sync.backfill_repo(1296269);', 'app_owner');
run_here('SELECT * FROM github_sync.check_setup()');
my $check = next_block(\@readme, 'SELECT github_sync.check_repo');
my ($ask, $look) = split /(?<=\n)/, $check->{text}, 2;
type({ %$check, text => $ask }, 'app_owner');
$application->wait_until('SELECT EXISTS (SELECT FROM github_sync.repo_sweeps WHERE phase = \'check\' AND last_complete_at IS NOT NULL)');
type({ %$check, text => $look }, 'app_owner');
run_here('INSERT INTO github_sync.comment_sync_transactions (direction, action', 'app_owner', q{BEGIN; INSERT INTO github_sync.github_comments (id, github_repo_id, github_id, github_issue_id) SELECT 17, 1296269, 5, max(id) FROM github_sync.github_issues;}, 'ROLLBACK;');
$application->wait_until_done;
run_here('SELECT github_sync.link_task(42', 'app_owner', q{
	BEGIN;
	SELECT github_sync.unlink_task(42), github_sync.unlink_task((SELECT task_id FROM github_sync.github_issues WHERE number = 1347)),
		github_sync.unlink_comment((SELECT comment_id FROM github_sync.github_comments WHERE github_id = 4234567890));
	INSERT INTO app.comments (id, task_id, author, body) VALUES (7, 42, 'ann', 'Ours counts');}, 'COMMIT;');
$application->wait_until_done;
is(one('SELECT title FROM app.tasks WHERE id = 42') . '; ' . join(', ', map { $_->{body} } grep { $_->{id} == 4234567890 } $github->comments($repo)), 'Told of; Ours counts', 'what existed on both sides is one');
run_here('SELECT "check", status', 'app_owner');
run_here('SELECT error_code', 'app_owner');
run_here('SELECT metric', 'app_owner');
run_here('SELECT record_type', 'app_owner');
is(one('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing of all that is errored');
run_here('ALTER TABLE app.tasks OWNER TO new_owner', undef, 'GRANT ALL ON SCHEMA app TO new_owner;');
is(one(q{SELECT count(*) FROM github_sync.sync_problems}), 0, 'the new owner goes on');
run_here('SELECT github_sync.adopt_database()');
run_here("BEGIN;\nALTER EXTENSION task_sync");
type_what_stands_in_the_text($_) foreach qw(README.md docs/first-hour.md);
is_deeply([ grep { !$is_met{$_} } sort keys %in_the_text ], [], 'each statement of the list stands in a text');
run_here('SELECT github_sync.detach_comments();', undef, 'DROP FUNCTION app.notify();');
is(one(q{SELECT count(*) FROM pg_extension WHERE extname ~ 'sync'}), 0, 'removed');
no_more_blocks(\@readme);

my @examples = blocks_of('examples/README.md');
no_more_blocks(\@examples);
is_deeply([ grep { !$is_met{$_} } sort keys %elsewhere, keys %nowhere, keys %picture ], [], 'what others run is there');
is_deeply([ grep { !-e GitHubSync::Document::root() . "/$_" } sort values %elsewhere ], [], '... and so are those');

done_testing();
