# 091_moves_broken_off.pl
#
# A move of an installation is broken off where it hurts: its script is killed while FROM deletes, FROM is lost in its
# COMMIT, a query fails, TO cannot be reached. Whatever comes of the move, one of the two servers has the rows. And
# check finds what would not arrive, or would be somebody else's where it does.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use IPC::Run qw(run start timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { MOVING => 626262, GADGETS => 1296270, ROCKETS => 4242 };

my $root      = abs_path("$FindBin::Bin/../..");
my $directory = PostgreSQL::Test::Utils::tempdir;
my $github    = GitHubSync::StandIn->start;

$github->seed({
	users         => [ { login => 'globex', type => 'Organization' } ],
	installations => [ { id => MOVING, account => 'globex' } ],
	repositories  => [ { id => ROCKETS, owner => 'globex', name => 'rockets' } ] });

my %settings = (fsync => 'off', wal_level => 'replica', max_wal_senders => 1);	# or no COMMIT waits for a standby
my $north = GitHubSync::Application->start($github, name => 'north', settings => \%settings);
my $south = GitHubSync::Application->start($github, name => 'south', settings => \%settings, repository => GADGETS);
$south->superuser_sql("ALTER TABLE planner.$_ ALTER COLUMN id RESTART WITH 2000") foreach qw(projects tasks comments);
$north->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (${\MOVING}, 'globex');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (${\ROCKETS}, ${\MOVING}, 'globex', 'rockets');
	INSERT INTO projects (name, github_repo_id) VALUES ('rockets', ${\ROCKETS})});
my $task = $north->add_task(title => 'moved', github_repo_id => ROCKETS);
$north->add_comment($task, 'moved with it');
$north->wait_until_done;

# A DELETE of tasks at a server waits until the gate is opened.
$_->superuser_sql(q{
	CREATE TABLE planner.gates (at text);
	GRANT SELECT ON planner.gates TO PUBLIC;
	CREATE FUNCTION planner.pass_gate() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		WHILE EXISTS (SELECT FROM planner.gates) LOOP PERFORM pg_sleep(0.01); END LOOP;
	END $$;
	CREATE RULE gate AS ON DELETE TO planner.tasks DO ALSO SELECT planner.pass_gate()}) foreach $north, $south;

sub close_gate { $_[0]->superuser_sql("INSERT INTO planner.gates VALUES ('delete')") }
sub open_gate  { $_[0]->superuser_sql('DELETE FROM planner.gates') }

sub wait_at_gate { $_[0]->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'DELETE FROM planner.tasks' AND wait_event = 'PgSleep'") }

# Nothing that a script has begun goes on.
sub wait_until_quiet
{
	$_->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'planner' AND backend_type = 'client backend')") foreach $north, $south;
}

# Files in it tell psql to fail, or to kill who called it.
my $programs = "$directory/programs";
my ($real)   = grep { -x } map { "$_/psql" } split /:/, $ENV{PATH};
mkdir $programs;
append_to_file("$programs/psql", <<"END");
#!/bin/bash
told() { [ -e "$programs/\$1" ] && rm "$programs/\$1"; }
case "\$*" in
	*/carry.sql*) if told kill_after_carry; then '$real' "\$@"; kill -9 \$PPID; exit; fi ;;
	*'SELECT state'*) if told kill_at_state; then kill -9 \$PPID; exit; fi ;;
	*'SELECT count(*) FROM github_sync.github_repos'*)
		if told refuse_count; then echo 'psql: error: sorry, too many clients already' >&2; exit 2; fi ;;
esac
exec '$real' "\$@"
END
append_to_file("$programs/rm", <<"END");
#!/bin/bash
[ ! -e "$programs/end_at_rm" ] || { /bin/rm "$programs/end_at_rm"; kill -TERM \$PPID; }
exec /bin/rm "\$@"
END
chmod 0755, "$programs/psql", "$programs/rm";
$ENV{PATH} = "$programs:$ENV{PATH}";

append_to_file("$directory/tables", "planner.projects: r.github_repo_id IN {repos}\ntasks\ncomments\n");

my %way = (there => [ $north, $south ], back => [ $south, $north ]);

sub connection { return $_[0]->node->connstr('application') . ' user=planner' }

# Of a move there or back; each has a directory of its own.
sub command
{
	my ($way, @option) = @_;

	return ("$root/contrib/move_installation/move_installation", '--tables', "$directory/tables", '--directory', "$directory/$way", @option, MOVING, map { connection($_) } @{ $way{$way} });
}

# What it prints; the first word says how it ended.
sub outcome_of
{
	my $output = '';

	return (run([ @_ ], '<', \undef, '>&', \$output) ? 'done ' : 'failed ') . $output;
}
sub move { return outcome_of(command(@_)) }

# In which of the two servers are a project, a task, a repository and its issue.
sub places
{
	my $rows = "SELECT (SELECT count(*) FROM planner.projects WHERE github_repo_id = ${\ROCKETS}) || ' ' || (SELECT count(*) FROM planner.tasks WHERE title = 'moved')"
	  . " || ' ' || (SELECT count(*) FROM github_sync.github_repos WHERE id = ${\ROCKETS}) || ' ' || (SELECT count(*) FROM github_sync.github_issues WHERE github_repo_id = ${\ROCKETS})";

	return join ', ', map { $_->superuser_sql($rows) } $north, $south;
}
use constant { AT_NORTH => '1 1 1 1, 0 0 0 0', AT_SOUTH => '0 0 0 0, 1 1 1 1', AT_BOTH => '1 1 1 1, 1 1 1 1' };

sub state_at { return $_[0]->superuser_sql("SELECT state || ' ' || coalesce(told_at::text, 'never') FROM github_sync.github_app_installations WHERE id = ${\MOVING}") }

# A move whose script gets a signal, alone, while FROM deletes; then what the next call prints, while which FROM goes on.
sub kill_and_call_again
{
	my ($signal, @option) = @_;
	my ($first, $next) = ('', '');

	close_gate($north);
	my $killed = start([ command('there') ], '<', \undef, '>&', \$first);
	wait_at_gate($north);
	kill $signal, $killed->{KIDS}[0]{PID};
	my $call = start([ command('there', @option) ], '<', \undef, '>&', \$next);
	$call->pump while $call->pumpable && $next !~ /waiting for its end|took back/;
	open_gate($north);
	my $status = $call->finish ? 'done ' : 'failed ';
	eval { $killed->finish };
	wait_until_quiet();
	return $status . $next;
}

# ---- killed while FROM deletes: what it began goes on ----

like(kill_and_call_again('KILL', '--undo'), qr/^done .*began at FROM goes on \(process \d+\).*goes on at FROM/s, 'a call waits for what a killed one began');
is(places(), AT_NORTH, '... and calls it off: FROM has the rows, and TO none');
is(state_at($north), 'active never', '... and goes on with them');
like(kill_and_call_again('TERM', '--until', 'hold'), qr/^done .*took back what an earlier attempt had left at TO.*nothing is under way/s, 'or goes on with the move, where its script was asked to end');
is(places(), AT_NORTH, '... whose rows are at FROM still');
is(state_at($north), 'suspended infinity', '... on hold');
is($north->superuser_sql("SELECT status || ': ' || detail || ' -> ' || remedy FROM github_sync.health() WHERE \"check\" = 'installations'"),
	'warn: installation 626262 of globex is held while it moves to another server -> Who moves it has move_installation go on, or --undo it; set by hand, it would send from two servers.', '... of which health() says what it is');
is($north->superuser_sql("SELECT detail || ' -> ' || remedy FROM github_sync.check_setup() WHERE \"check\" ~ '^installation 626262'"),
	'it is held while it moves to another server -> Have move_installation go on, or --undo it.', '... and check_setup(), too');
is($north->superuser_sql('SELECT reason FROM github_sync.pauses ORDER BY id DESC LIMIT 1'), 'it is held while it moves to another server', '... and the stories of its records');
like(move('there', '--undo'), qr/^done .*goes on at FROM/s, '... from which it is called off');

# ---- killed while it reads which state the installation has ----

append_to_file("$programs/kill_at_state", '');
like(move('there', '--until', 'hold'), qr/^failed/, 'killed as it asks for the state');
like(move('there', '--until', 'hold'), qr/^done/, '... it goes on');
is(slurp_file("$directory/there/state_before"), "active\n", '... and knows which it was');

# ---- asked to end as it has just opened a session ----

append_to_file("$programs/end_at_rm", '');
my $ended = start([ command('there', '--until', 'hold') ], '<', \undef, '>&', \my $words, my $patience = timeout($PostgreSQL::Test::Utils::timeout_default));
ok(!eval { $ended->finish } && !$patience->is_expired, 'a script that is asked to end as it opens a session does') or $ended->kill_kill;
wait_until_quiet();
like(move('there', '--until', 'hold'), qr/^done/, '... and the next call goes on');

# ---- TO is down ----

my @elsewhere = command('there', '--undo');
$elsewhere[-1] =~ s/port=\d+/port=1/;
like(outcome_of(@elsewhere), qr/^done .*TO does not answer; it was given nothing yet.*goes on at FROM/s, 'on hold the move is called off without TO');
is(state_at($north), 'active never', '... and the installation goes on');

# ---- FROM is lost in its COMMIT ----

close_gate($north);
my $output = '';
my $lost   = start([ command('there') ], '<', \undef, '>&', \$output);
wait_at_gate($north);
GitHubSync::Application::reconfigure($north->node, synchronous_standby_names => 'nobody');
$north->node->psql('application', 'SET synchronous_commit = off; DELETE FROM planner.gates');
$north->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'planner' AND query ~ 'COMMIT' AND wait_event = 'SyncRep'");
$north->disconnect;
$north->node->stop('immediate');
ok(!$lost->finish, 'a move whose FROM is lost ends');
like($output, qr/FROM does not answer, and nothing was decided/, '... and decides nothing');
GitHubSync::Application::configure($north->node, synchronous_standby_names => '');
$north->node->start;
$north = $way{there}[0] = $way{back}[1] = GitHubSync::Application->of_database($north->node, 'application');
is(places(), AT_SOUTH, 'as the COMMIT was durable, TO has the rows');
like(move('there'), qr/^done .*at TO already.*goes on at TO/s, '... and the next call goes on there');
is(state_at($south), 'active never', '... in the state that it had');

# ---- killed after the COMMIT, and then a query fails ----

append_to_file("$programs/kill_after_carry", '');
like(move('back'), qr/^failed/, 'killed as FROM has committed');
is(places(), AT_NORTH, '... TO has the rows');
append_to_file("$programs/refuse_count", '');
like(move('back'), qr/^failed .*too many clients already.*nothing was decided/s, 'a query that fails decides nothing');
is(places(), AT_NORTH, '... and nothing was changed');
like(move('back'), qr/^done .*at TO already.*goes on at TO/s, 'the next call goes on');
is(state_at($north), 'active never', '... in the state that it had');

$north->edit_task($task, title => 'edited after all');
$north->wait_until_done;
is_deeply([ map { $_->{title} } $github->issues('globex/rockets') ], [ 'edited after all' ], 'what is written then is sent');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

# ---- what check finds ----

like(move('back', '--directory', "$directory/anew"), qr/^failed .*are FROM and TO swapped\?/s, 'FROM and TO that are swapped are refused');
like(move('there', '--until', 'check', '--tables', "$directory/nothing"), qr/^failed .*No such file/s, 'a file of tables that is not there');
append_to_file("$directory/half", "planner.projects: r.github_repo_id IN {repos}\ntasks\n");
like(move('there', '--tables', "$directory/half"), qr/^failed .*when it is the turn of comments/s, 'and one without the comments');

is(outcome_of((command('there', '--directory', "$directory/anew"))[ 0 .. 6 ], MOVING, connection($north), connection($north) . ' application_name=other'),
	"failed move_installation: FROM and TO are the same database\n", 'and a server that is both');
$south->sql('SELECT github_sync.capture_comment_changes(false)');
like(move('there', '--until', 'check'), qr/^failed .*what is attached differs.*comments\|.*\|captured.*comments\|.*\|not captured/s, 'a TO that captures no changes');
$south->sql('SELECT github_sync.capture_comment_changes(true)');
$south->superuser_sql("UPDATE pg_extension SET extversion = extversion || 'next' WHERE extname = 'task_sync_transaction'");
like(move('there', '--until', 'check'), qr/^failed .*versions of the extension.*TO: .*task_sync_transaction\|\S+next/s, 'another version of the extension at TO');
$south->superuser_sql("UPDATE pg_extension SET extversion = replace(extversion, 'next', '') WHERE extname = 'task_sync_transaction'");

# What TO would be at GitHub, as a session of its database sees it.
sub at_to { my ($setting, $value) = @_; $south->superuser_sql(sprintf 'ALTER DATABASE %s SET github_sync.%s = %s', $south->database, $setting, GitHubSync::Application::quote($value)) }
my $app = $north->superuser_sql('SHOW github_sync.app_id');
at_to('app_id', $app =~ /^[0-9]+$/ ? $app + 1 : "other$app");
like(move('there', '--until', 'check'), qr/^failed .*TO has another App than FROM/s, 'another App at TO');
at_to('app_id', $app =~ /^[0-9]+$/ ? 'Iv1.1234' : 1234);
like(move('there', '--until', 'check'), qr/^done .*have a look whether they are the same/s, '... or one that is named otherwise');
at_to('app_id', '');
like(move('there', '--until', 'check'), qr/^failed .*TO has no App/s, '... or none');
at_to('api_url', 'https://github.example.com/api/v3');
like(move('there', '--until', 'check'), qr/^failed .*do not ask the same GitHub: \S+, https:..github.example.com/s, 'another GitHub at TO');
$south->superuser_sql(sprintf 'ALTER DATABASE %s RESET ALL', $south->database);

$_->sql(q{
	CREATE SEQUENCE place_ids;
	CREATE TABLE labels (id bigint PRIMARY KEY, name text);
	INSERT INTO labels VALUES (1, current_setting('cluster_name'));
	ALTER TABLE tasks ADD COLUMN place bigint DEFAULT nextval('place_ids'), ADD COLUMN label_id bigint REFERENCES labels;
	CREATE TABLE notes (id bigint PRIMARY KEY, github_repo_id bigint)}) foreach $north, $south;
$north->sql("UPDATE tasks SET label_id = 1; INSERT INTO notes VALUES (1, ${\ROCKETS})");
like(move('there', '--until', 'check'), qr/^failed .*1 rows of planner\.tasks have values of place that sequence planner\.place_ids of TO will give to others/s, 'a sequence that no column owns');
$south->sql("SELECT setval('place_ids', 1000)");
like(move('there', '--until', 'check'), qr/^failed .*1 rows of planner\.labels, .*others at TO.*planner\.tasks refer to them: \{"id": 1\}/s, 'a key that means another row at TO');
append_to_file("$directory/whole", "planner.labels: {shared}\nplanner.projects: r.github_repo_id IN {repos}\ntasks\ncomments\nplanner.notes: r.github_repo_id IN {repos}");
like(move('there', '--until', 'check', '--tables', "$directory/whole"), qr/^done/s, '... unless it is said to mean the same');

my $other   = $north->add_task(title => 'of another installation');
my $comment = $north->superuser_sql("SELECT id FROM planner.comments WHERE task_id = $task");
$north->wait_until_done;
$north->sql("UPDATE tasks SET github_repo_id = ${\GitHubSync::Application::WIDGETS} WHERE id = $task");
like(move('there', '--until', 'check', '--tables', "$directory/whole"), qr/^failed .*tasks are linked to issues of the installation, and are in repositories of another one: $task\b/s, 'a task that was given to another installation');
$north->sql("UPDATE tasks SET github_repo_id = ${\ROCKETS} WHERE id = $task");
$north->sql("UPDATE comments SET task_id = $other WHERE id = $comment");
$north->wait_until_done;
like(move('there', '--until', 'check', '--tables', "$directory/whole"), qr/^failed .*comments are linked to comments of the installation, and hang on tasks that stay: $comment\b.*unlink_comment\(\)/s, 'and a comment that was');
$north->sql("SELECT github_sync.unlink_comment($comment)");

# ---- somebody works with a table at TO: he is not waited for with FROM's locks; a webhook has told TO of the installation ----

$south->sql("INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (${\MOVING}, 'globex')");
close_gate($south);
my $working = start([ 'psql', '-Xqd', connection($south), '-c', 'BEGIN; LOCK TABLE tasks IN ROW EXCLUSIVE MODE; SELECT planner.pass_gate(); COMMIT' ], '<', \undef, '>&', \my $said);
$south->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'pass_gate' AND wait_event = 'PgSleep'");
$output = '';
my $moving = start([ command('there', '--tables', "$directory/whole", '--until', 'carry') ], '<', \undef, '>&', \$output);
$south->wait_until("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'planner.tasks'::regclass AND NOT granted)");
is($north->error_of("SET lock_timeout = '300ms'; UPDATE tasks SET title = 'written meanwhile' WHERE id = $other"), '', 'while somebody works at TO, FROM can be written');
like(move('there', '--undo'), qr/^failed .*another call for installation ${\MOVING} is at work at FROM: process \d+/s, '... and a call beside it is refused');
open_gate($south);
ok($moving->finish, '... and then the move goes on') or diag($output);
$working->finish;
is(state_at($south), 'suspended infinity', '... to where it is held, although it was known there as active before');
like(move('there', '--tables', "$directory/whole"), qr/^done .*at TO already.*goes on at TO/s, '... until it is started');
is(state_at($south), 'active never', '... in the state that it had');
is(places() . ', ' . join(' ', map { $_->superuser_sql('SELECT count(*) FROM planner.notes') } $north, $south), AT_SOUTH =~ s/1 1 1 1/1 0 1 1/r . ', 0 1', 'with the last line of the file');
is($south->superuser_sql("SELECT count(*) FROM github_sync.comment_sync_transactions WHERE comment_id IS NULL AND github_repo_id = ${\ROCKETS}"),
	$south->superuser_sql("SELECT count(*) FROM github_sync.comment_sync_transactions WHERE github_repo_id = ${\ROCKETS}"), 'history of a row that stays goes on without it');

done_testing();
