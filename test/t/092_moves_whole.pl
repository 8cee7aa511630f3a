# 092_moves_whole.pl
#
# What moves arrives as it was: whatever the sessions of the two servers are set to, whatever changes after check, and
# with what only webhooks can tell of. What would not arrive is refused before anything is carried.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use IPC::Run qw(run start);
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

# What is committed asynchronously is not written by chance.
my %lazy  = ('fsync' => 'off', 'wal_writer_delay' => '10s', 'wal_writer_flush_after' => '1GB', 'autovacuum' => 'off', 'checkpoint_timeout' => '1h');
my $north = GitHubSync::Application->start($github, name => 'north', settings => { fsync => 'off' });
my $south = GitHubSync::Application->start($github, name => 'south', settings => \%lazy, repository => GADGETS);

$_->sql(q{
	CREATE TABLE labels (id bigint PRIMARY KEY, name text);
	CREATE TABLE notes (id bigint PRIMARY KEY, github_repo_id bigint, told interval, at date);
	CREATE TABLE reactions (id bigint PRIMARY KEY, task_id bigint REFERENCES tasks ON DELETE CASCADE);
	ALTER TABLE tasks ADD COLUMN label_id bigint REFERENCES labels, ADD COLUMN latest_id bigint CONSTRAINT latest REFERENCES comments}) foreach $north, $south;
$south->superuser_sql("ALTER TABLE planner.$_ ALTER COLUMN id RESTART WITH 2000") foreach qw(projects tasks comments);
$north->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (${\MOVING}, 'globex');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (${\ROCKETS}, ${\MOVING}, 'globex', 'rockets');
	INSERT INTO projects (name, github_repo_id) VALUES ('rockets', ${\ROCKETS});
	INSERT INTO notes VALUES (1, ${\ROCKETS}, '-1 day 02:03:04', '2026-02-01')});
my $task    = $north->add_task(title => 'moved', github_repo_id => ROCKETS);
my $comment = $north->add_comment($task, 'moved with it');
$north->wait_until_done;

append_to_file("$directory/tables", "planner.projects: r.github_repo_id IN {repos}\ntasks\ncomments\nplanner.notes: r.github_repo_id IN {repos}\n");

sub connection { return $_[0]->node->connstr('application') . ' user=planner' }
sub command    { return ("$root/contrib/move_installation/move_installation", '--tables', "$directory/tables", '--directory', "$directory/move", @_, MOVING, connection($north), connection($south)) }

# What it prints; the first word says how it ended.
sub move
{
	my (@option) = @_;
	my $output = '';

	return (run([ command(@option) ], '<', \undef, '>&', \$output) ? 'done ' : 'failed ') . $output;
}

# Where the tasks and the notes of the installation are.
sub places { return join ', ', map { $_->superuser_sql("SELECT (SELECT count(*) FROM planner.tasks WHERE github_repo_id = ${\ROCKETS}) || ' ' || (SELECT count(*) FROM planner.notes)") } $north, $south }

# ---- rows that a policy hides ----

$north->sql('ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY');
like(move('--until', 'check'), qr/^failed .*affected by row-level security policy for table "notes"/s, 'rows that a policy hides are not left behind unseen');
$north->sql('ALTER TABLE notes NO FORCE ROW LEVEL SECURITY');

# ---- tables that refer to each other ----

$north->sql("UPDATE tasks SET latest_id = $comment WHERE id = $task");
like(move('--until', 'check'), qr/^failed .*1 rows of planner\.tasks refer to rows of planner\.comments, which comes after it.*ALTER TABLE planner\.tasks ALTER CONSTRAINT latest DEFERRABLE/s,
	'what refers to a table that comes later is found by check');
$_->sql('ALTER TABLE tasks ALTER CONSTRAINT latest DEFERRABLE') foreach $north, $south;
like(move('--until', 'check'), qr/^done/, '... unless its foreign key can wait');

# ---- what changes between check and carry ----

$south->sql("INSERT INTO labels VALUES (7, 'the south''s')");
$github->fault('POST /repos/globex/rockets/issues$', { gate_after_effect => 'late' }, times => 1);
$north->add_task(title => 'answered late', github_repo_id => ROCKETS);
$github->wait_at_gate('late');
my $output = '';
my $moving = start([ command() ], '<', \undef, '>&', \$output);
$north->wait_until("SELECT state = 'suspended' FROM github_sync.github_app_installations WHERE id = ${\MOVING}");
$north->sql("INSERT INTO labels VALUES (7, 'the north''s'); UPDATE tasks SET label_id = 7 WHERE id = $task");
$github->open_gate('late');
$moving->finish;
like($output, qr/nothing is in the way.*1 rows of planner\.labels, .*others at TO.*stay at FROM/s, 'a key that means another row at TO, given after check, is found all the same');
is(places(), '2 1, 0 0', '... and nothing has moved');
$_->sql("UPDATE labels SET name = 'the same'") foreach $north, $south;

# ---- a row of a table that does not move, inserted while its task does ----

$north->superuser_sql(q{
	CREATE TABLE planner.gates (at text);
	GRANT SELECT ON planner.gates TO PUBLIC;
	INSERT INTO planner.gates VALUES ('delete');
	CREATE FUNCTION planner.pass_gate() RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		WHILE EXISTS (SELECT FROM planner.gates) LOOP PERFORM pg_sleep(0.01); END LOOP;
	END $$;
	CREATE RULE gate AS ON DELETE TO planner.tasks DO ALSO SELECT planner.pass_gate()});
$north->superuser_sql(qq{
	INSERT INTO github_sync.sent_sets (github_issue_id, field, added, removed, becomes)
	SELECT i.id, 'labels', '["ours"]', '[]', '["ours"]' FROM github_sync.github_issues AS i WHERE i.task_id = $task;
	INSERT INTO github_sync.lost_names (github_issue_id, field, name, was_added, account_id, version, undone_id)
	SELECT s.github_issue_id, 'labels', 'theirs', false, 1, now(), s.id FROM github_sync.sent_sets AS s});
my $tasks = "SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id) || (SELECT to_jsonb(n) FROM planner.notes AS n) FROM planner.tasks AS t WHERE github_repo_id = ${\ROCKETS}";
my $before = $north->superuser_sql($tasks);

$north->superuser_sql("ALTER ROLE planner SET DateStyle = 'SQL, DMY'; ALTER ROLE planner SET IntervalStyle = 'sql_standard'");
$south->superuser_sql("ALTER ROLE planner SET DateStyle = 'ISO, MDY'; ALTER ROLE planner SET synchronous_commit = off");
$south->superuser_sql(q{
	CREATE FUNCTION planner.is_durable() RETURNS boolean LANGUAGE sql RETURN current_setting('synchronous_commit') <> 'off';
	ALTER TABLE planner.tasks ADD CONSTRAINT durable CHECK (planner.is_durable())});
$output = '';
$moving = start([ command('--until', 'carry') ], '<', \undef, '>&', \$output);
$north->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'DELETE FROM planner.tasks' AND wait_event = 'PgSleep'");
like($north->error_of("SET lock_timeout = '300ms'; INSERT INTO reactions VALUES (1, $task)"), qr/lock timeout/, 'nobody refers to a row that moves: it would be deleted with it');
$north->superuser_sql('DELETE FROM planner.gates');
ok($moving->finish, 'and then it moves, by a COMMIT that is durable where the role has others') or diag($output);

# ---- TO crashes right after ----

$south->disconnect;
$south->node->stop('immediate');
$south->node->start;
$south = GitHubSync::Application->of_database($south->node, 'application');
$south->superuser_sql('ALTER TABLE planner.tasks DROP CONSTRAINT durable');
is(places(), '0 0, 2 1', 'what FROM has let go, TO has after a crash');
is($south->superuser_sql($tasks), $before, 'dates and intervals are what they were, however each server writes and reads them');
is($south->superuser_sql("SELECT n.name || ' ' || s.added FROM github_sync.github_issues AS i
	JOIN github_sync.lost_names AS n ON n.github_issue_id = i.id JOIN github_sync.sent_sets AS s ON s.github_issue_id = i.id AND s.id = n.undone_id
	WHERE i.task_id = $task"), 'theirs ["ours"]', 'labels that are to be restored are known');
is($north->superuser_sql('SELECT (SELECT count(*) FROM github_sync.lost_names) + (SELECT count(*) FROM github_sync.sent_sets)'), '0', '... there alone');
like(move(), qr/^done .*at TO already.*goes on at TO/s, 'it goes on');
$south->wait_until_done;
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

# ---- tables of ours that it does not know ----

$south->superuser_sql('CREATE TABLE github_sync.later (id bigint); ALTER TABLE github_sync.later OWNER TO planner');
$output = '';
my @back = (command('--directory', "$directory/back"))[ 0 .. 6 ];
ok(!run([ @back, '--until', 'check', MOVING, connection($south), connection($north) ], '<', \undef, '>&', \$output), 'a move back is refused');
like($output, qr/table github_sync\.later is not known to this version of move_installation/, '... where a table of ours would be left behind');

done_testing();
