# 066_attacks_log.pl
#
# Group: attacks.  However many rows fail at once by what the owner of the tables
# did, the server's log, which is everybody's, gets a line for all of them: how
# many, and one of them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { ROWS => 400, REPOSITORIES => 60, LINES_MAX => 15 };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

sub lines_since
{
	my ($from, $pattern) = @_;

	return grep { /$pattern/ } split /\n/, slurp_file($node->logfile, $from);
}

$application->sql(q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not in my tables'; END $$});

# ---- records that cannot be asked for once more ----

$application->switch_off;
$application->sql("SELECT github_sync.capture_task_changes(false);
	INSERT INTO tasks (project_id, created_by, title, github_repo_id) SELECT p.id, 'user', 'task ' || n, p.github_repo_id FROM projects AS p, generate_series(1, @{[ROWS]}) AS n");
$application->superuser_sql("INSERT INTO github_sync.github_issues (github_id, github_repo_id, number, github_updated_at, settle_at, task_id)
	SELECT 3000000000 + t.id, t.github_repo_id, 100000 + t.id, now() - interval '1 hour', clock_timestamp() - interval '1 second', t.id FROM planner.tasks AS t");
$application->sql('CREATE TRIGGER x_refuse BEFORE INSERT ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION refuse()');
my $log = -s $node->logfile;
# Of times that nobody told it of, a worker finds out when it starts.
$application->superuser_sql('SELECT pg_terminate_backend(' . $application->worker_pid . ')');
$application->switch_on;
$application->wait_until("SELECT bool_and(settle_at > clock_timestamp()) FROM github_sync.github_issues WHERE number > 100000");
my @lines = lines_since($log, 'cannot be asked for once more');
ok(@lines > 0 && @lines <= LINES_MAX, 'records that cannot be asked for once more: a few lines') or diag scalar @lines;
my $told = 0;
$told += /and (\d+) more like it/ ? 1 + $1 : 1 foreach @lines;
is($told, ROWS, '... that tell of all of them');
like($lines[0], qr/not in my tables/, '... and why');
$application->sql('DROP TRIGGER x_refuse ON github_sync.task_sync_transactions');
$application->superuser_sql('UPDATE github_sync.github_issues SET settle_at = NULL');

# ---- lists that can neither be claimed nor put off ----

$application->switch_off;
$application->superuser_sql("INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) SELECT 5000 + n, 515151, 'acme', 'r' || n FROM generate_series(1, @{[REPOSITORIES]}) AS n");
GitHubSync::Application::reconfigure($node, 'github_sync.reconcile_interval' => '1h');
$application->sql("UPDATE github_sync.repo_sweeps SET due_at = clock_timestamp(); CREATE TRIGGER x_refuse BEFORE UPDATE ON github_sync.repo_sweeps FOR EACH ROW EXECUTE FUNCTION refuse()");
$log = -s $node->logfile;
$application->switch_on;
# Its looks are a second apart: those of three seconds.
$node->wait_for_log(qr/(?:cannot be claimed, nor put off.*?){3}/s, $log);
@lines = lines_since($log, 'cannot be claimed, nor put off');
cmp_ok(scalar(@lines), '<=', LINES_MAX, 'lists that can neither be claimed nor put off: a line for each look');
like($lines[0], qr/not in my tables.*, and \d+ more like it/, '... that says how many');
$application->sql('DROP TRIGGER x_refuse ON github_sync.repo_sweeps');
GitHubSync::Application::reconfigure($node, 'github_sync.reconcile_interval' => '0');

# ---- claims that cannot be read ----

$application->switch_off;
$application->superuser_sql(q{
	DELETE FROM github_sync.repo_sweeps WHERE github_repo_id > 5000 AND github_repo_id < 6000;
	DELETE FROM github_sync.github_repos WHERE id > 5000 AND id < 6000;
	ALTER FUNCTION github_sync.task_claim(integer, integer, integer, bigint[], github_sync.line[]) RENAME TO task_claim_true;
	CREATE FUNCTION github_sync.task_claim(integer, integer, integer, bigint[], github_sync.line[]) RETURNS SETOF github_sync.claim LANGUAGE sql AS
		$$ SELECT (jsonb_populate_record(t, '{"direction": null}')).* FROM github_sync.task_claim_true($1, $2, $3, $4, $5) AS t $$;
	ALTER FUNCTION github_sync.task_claim(integer, integer, integer, bigint[], github_sync.line[]) OWNER TO planner;
	INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
	SELECT 'inbound', i.id, now() FROM github_sync.github_issues AS i WHERE i.number > 100000;
});
$log = -s $node->logfile;
$application->switch_on;
$application->wait_until("SELECT count(*) FILTER (WHERE state = 'errored') >= 50 FROM github_sync.task_sync_transactions");
pass('those behind claims that cannot be read are claimed, though nobody wakes the worker');
$application->switch_off;
my $errored = $application->superuser_sql(q{SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'errored'});
@lines = lines_since($log, 'claims? that cannot be read|a claim cannot be read');
cmp_ok(scalar(@lines), '<', $errored / 2, 'claims that cannot be read: a line for those of a round') or diag "$errored rows";
diag sprintf 'figure: %d claims that cannot be read: %d lines', $errored, scalar @lines;

done_testing();
