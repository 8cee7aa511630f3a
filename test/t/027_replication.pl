# 027_replication.pl
#
# Logical replication of all tables, the application's and ours, to a server
# that has the extension but runs no worker: what arrives there is what was
# written here, no rule decides it again, capture adds nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

my $github    = GitHubSync::StandIn->start;
my $publisher = GitHubSync::Application->start($github, name => 'publisher', settings => { 'wal_level' => 'logical', 'max_wal_senders' => 10 });
my $node      = $publisher->node;
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');

# The library is there, but not preloaded: rules and capture work, no worker runs.
my $replica_node = PostgreSQL::Test::Cluster->new('subscriber');
$replica_node->init;
$replica_node->start;
$replica_node->safe_psql('postgres', 'CREATE ROLE planner LOGIN; CREATE DATABASE application TEMPLATE template0');
my $subscriber = GitHubSync::Application->of_database($replica_node, 'application');

sub wait_for_subscriber
{
	$node->wait_for_catchup('everything');
}

sub as_published
{
	my ($what) = @_;

	is_deeply($subscriber->contents, $publisher->contents, $what);
}

# ---- something is there already, captured and synced, and something waits ----

my $synced  = $publisher->add_task(title => 'synced', markdown => 'text');
my $comment = $publisher->add_comment($synced, 'a comment');
$publisher->wait_until_done;
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$publisher->wait_until("SELECT activity = 'not enabled' FROM github_sync.sync_workers");
my $waiting = $publisher->add_task(title => 'waits');
$publisher->edit_task($synced, title => $_) foreach 'edited before', 'edited again before';

my $schema = PostgreSQL::Test::Utils::tempdir . '/schema.sql';
$node->command_ok([ 'pg_dump', '--schema-only', '-f', $schema, '-d', $node->connstr('application') ], 'a dump of the schema');
$replica_node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', "$schema.output", '-f', $schema, '-d', $replica_node->connstr('application') ],
	'is restored at the subscriber, capture included');
is($subscriber->superuser_sql("SELECT count(*) FROM pg_trigger WHERE tgname ~ '^github_sync_capture'"), 4, 'capture is on there too');

# All tables but the extension's own, which CREATE EXTENSION fills.
my $tables = $publisher->superuser_sql(q{
	SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c
	WHERE c.relnamespace IN ('github_sync'::regnamespace, 'planner'::regnamespace) AND c.relkind = 'r'
		AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')});
$publisher->superuser_sql("CREATE PUBLICATION everything FOR TABLE $tables");
my $connection = $node->connstr('application') . " user=$superuser application_name=everything";
$subscriber->superuser_sql('CREATE SUBSCRIPTION everything CONNECTION ' . GitHubSync::Application::quote($connection) . ' PUBLICATION everything');
$replica_node->wait_for_subscription_sync($node, 'everything', 'application');
wait_for_subscriber();
as_published('the first copy is what the publisher has, state by state');

# ---- both sides go on ----

GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$publisher->wait_until_done;
$publisher->edit_task($synced, markdown => 'edited');
$publisher->edit_task($synced, markdown => 'edited again');
$publisher->wait_until_done;
my $number = $publisher->issue_of($synced)->{number};
$github->advance_clock(2);
$github->human_edits_issue('acme/widgets', $number, title => 'edited at GitHub');
$publisher->tell_of_issue($github->issue('acme/widgets', $number));
$publisher->wait_until_done;
is($publisher->task($synced)->{title}, 'edited at GitHub', 'an edit of GitHub is merged at the publisher');
my $errored = $publisher->add_task(title => 'x' x 300);
$publisher->wait_until_done;
$publisher->sql("DELETE FROM comments WHERE id = $comment; DELETE FROM tasks WHERE id = $waiting");
$publisher->sql('SELECT github_sync.set_repo_sync(' . GitHubSync::Application::WIDGETS . ', false)');
$publisher->edit_task($synced, title => 'edited while disabled');
# And perhaps a duplicate: whether a webhook brings news depends on the second in which it was sent.
is($publisher->superuser_sql(q{
		SELECT count(DISTINCT state) FROM github_sync.task_sync_transactions WHERE state IN ('canceled', 'completed', 'disabled', 'errored')}),
	4, 'there are transactions in many states');
wait_for_subscriber();
as_published('all of it arrives as it was written: no rule ran again, capture added nothing');
is($subscriber->task($synced)->{title}, 'edited while disabled', "the application's rows too");

# ---- at the subscriber ----

is($subscriber->superuser_sql('SELECT DISTINCT activity FROM github_sync.sync_workers'), 'copied database', 'the subscriber knows that it is a copy');
my $seq = $github->last_seq;
$subscriber->superuser_sql('SELECT github_sync.wake()');
is($github->last_seq, $seq, 'and asks GitHub nothing');
is($subscriber->superuser_sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'github_sync'"), 0, 'without the library preloaded no worker runs');

# ---- a subscriber that takes over ----

$subscriber->superuser_sql('DROP SUBSCRIPTION everything');
$subscriber->superuser_sql('SELECT github_sync.set_repo_sync(' . GitHubSync::Application::WIDGETS . ', true)');
is($subscriber->superuser_sql('SELECT waits_for FROM github_sync.sync_queue'), 'copied database', 'its queue says what it waits for');
$subscriber->superuser_sql('SELECT github_sync.adopt_database()');
is($subscriber->superuser_sql('SELECT waits_for FROM github_sync.sync_queue'), 'ready', 'adopted, it is ready to go on');

done_testing();
