# 012_bulk.pl
#
# Many rows in one statement, statements that meet, and the application's own
# large writes: right end states, no deadlock, and a cost that grows with the
# rows and not with their square.
#
# BULK_ROWS is how many rows the captured UPDATE has, and each statement with
# inbound rows; figures are printed, and none is asserted.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use IPC::Run;
use Test::More;
use Time::HiRes qw(time);

my $bulk_rows = $ENV{BULK_ROWS} // 4_000;

use constant PER_RECORD => 5;
use constant RECORDS    => ($ENV{BULK_ROWS} // 4_000) / PER_RECORD;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, capture => 0, settings => { 'github_sync.enabled' => 'off' });
my $node        = $application->node;
my $widgets     = GitHubSync::Application::WIDGETS;

# Of each record :03, :01, :04, :02 and :05, in this order.
my $inbound_of_all = qq{
	INSERT INTO github_sync.task_sync_transactions
		(direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
	SELECT 'inbound', $widgets, 3000000000 + n, n, timestamptz '2026-01-01 10:00:00Z' + second * interval '1 second'
	FROM generate_series(1, @{[RECORDS]}) AS n, unnest('{3,1,4,2,5}'::int[]) WITH ORDINALITY AS v (second, place)
	ORDER BY n, place};

# What was read of the queue from end to end so far.
sub rows_scanned
{
	$application->superuser_sql('SELECT pg_stat_force_next_flush()');
	return $application->superuser_sql("SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'github_sync' AND relname ~ 'transactions|issues'");
}

sub deadlocks
{
	return $node->safe_psql('postgres', "SELECT sum(deadlocks) FROM pg_stat_database");
}

# A statement that is run beside others; ends with its exit code.
sub begin_beside
{
	my ($query) = @_;
	my ($out, $error) = ('', '');
	my $run = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($application->database), '-U', 'planner', '-c', $query ],
		'<', \undef, '>', \$out, '2>', \$error);

	return sub { my $ended_well = $run->finish; diag $error if $error ne ''; return $ended_well; };
}

sub timed
{
	my ($what, $rows, $act) = @_;
	my $started = time;

	$act->();
	my $took = time - $started;
	diag sprintf 'figure: %s: %d rows in %.1f s, %.0f us a row', $what, $rows, $took, 1e6 * $took / $rows;
}

# The queue is empty, and every session knows it: the worst case for plans that are kept.
$application->superuser_sql('VACUUM ANALYZE');

# ---- one statement ----

my $scanned = rows_scanned();
timed('inbound rows of ' . RECORDS . ' records, one statement', RECORDS * PER_RECORD, sub { $application->sql($inbound_of_all) });
is_deeply([ $application->rows(q{
		SELECT extract(second FROM github_updated_at)::int AS second, state, count(*), count(DISTINCT github_issue_id) AS records
		FROM github_sync.task_sync_transactions GROUP BY 1, 2 ORDER BY 1, 2}) ],
	[ map { { second => $_->[0], state => $_->[1], count => RECORDS, records => RECORDS } }
		[ 1, 'dropped' ], [ 2, 'dropped' ], [ 3, 'canceled' ], [ 4, 'canceled' ], [ 5, 'queued' ] ], 'of each record the newest is queued');
is($application->superuser_sql(q{
		SELECT count(*) FROM github_sync.task_sync_transactions AS t JOIN github_sync.task_sync_transactions AS b
		ON b.id = coalesce(t.canceled_by, t.dropped_for) AND b.github_issue_id = t.github_issue_id AND b.github_updated_at > t.github_updated_at}),
	4 * RECORDS, 'and each other refers to a newer one of its record');
cmp_ok(rows_scanned() - $scanned, '<', 10 * RECORDS * PER_RECORD, 'the queue was not read from end to end for each row');

# ---- two at once ----

my $deadlocks = deadlocks();
my @beside    = map { begin_beside($inbound_of_all) } 1, 2;
is_deeply([ map { $_->() } @beside ], [ 1, 1 ], 'two such statements at once, sorted by record, both succeed');
is(deadlocks(), $deadlocks, 'without a deadlock');
is_deeply([ $application->rows(q{
		SELECT extract(second FROM github_updated_at)::int AS second, state, count(*) FROM github_sync.task_sync_transactions GROUP BY 1, 2 ORDER BY 1, 2}) ],
	[ map { { second => $_->[0], state => $_->[1], count => $_->[2] * RECORDS } }
		[ 1, 'dropped', 3 ], [ 2, 'dropped', 3 ], [ 3, 'canceled', 1 ], [ 3, 'dropped', 2 ], [ 4, 'canceled', 1 ], [ 4, 'dropped', 2 ],
		[ 5, 'duplicate', 2 ], [ 5, 'queued', 1 ] ], 'and add nothing to what was known');

# ---- the application deletes meanwhile ----

$application->sql(qq{
	INSERT INTO tasks (project_id, created_by, title, github_repo_id)
	SELECT p.id, 'user', 'task ' || n, $widgets FROM projects AS p, generate_series(1, @{[RECORDS]}) AS n;
	UPDATE github_sync.github_issues SET task_id = number;
});
@beside = (begin_beside($inbound_of_all =~ s/10:00:00/11:00:00/r), begin_beside('DELETE FROM tasks'), begin_beside($inbound_of_all =~ s/10:00:00/12:00:00/r));
is_deeply([ map { $_->() } @beside ], [ 1, 1, 1 ], "the application's DELETE beside two of them: all succeed");
is(deadlocks(), $deadlocks, 'without a deadlock');
is($application->superuser_sql('SELECT count(*) FROM planner.tasks'), 0, 'the tasks are gone');
is($application->superuser_sql("SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'queued'"), 0, 'and nothing is queued for them');
is($application->superuser_sql('SELECT count(*) FROM github_sync.github_issues WHERE local_deleted_at IS NULL'), 0, 'every record knows it');

# ---- capture ----

$application->superuser_sql('TRUNCATE planner.tasks, planner.comments CASCADE; TRUNCATE github_sync.github_issues CASCADE');
$application->sql(qq{
	INSERT INTO tasks (project_id, created_by, title, markdown, github_repo_id)
	SELECT p.id, 'user', 'task ' || n, 'text', $widgets FROM projects AS p, generate_series(1, $bulk_rows) AS n;
	INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id, title, body, state, github_updated_at, seen_at, local_base, remote_base)
	SELECT $widgets, 3000000000 + id, id, id, title, markdown, 'open', now(), now(), ARRAY[title, markdown, 'open'], ARRAY[title, markdown, 'open'] FROM tasks;
});
$application->superuser_sql('VACUUM ANALYZE');
timed('UPDATE without capture', $bulk_rows, sub { $application->sql("UPDATE tasks SET title = title || '!'") });
$application->capture;
timed('UPDATE of a column that is not captured', $bulk_rows, sub { $application->sql("UPDATE tasks SET created_by = 'other'") });
is($application->superuser_sql('SELECT count(*) FROM github_sync.task_sync_transactions'), 0, 'a column that is not captured enqueues nothing');
$scanned = rows_scanned();
timed('UPDATE with capture', $bulk_rows, sub { $application->sql("UPDATE tasks SET title = title || '!'") });
timed('the same again, which cancels the first', $bulk_rows, sub { $application->sql("UPDATE tasks SET title = title || '!'") });
is_deeply([ $application->rows('SELECT state, count(*) FROM github_sync.task_sync_transactions GROUP BY state ORDER BY state') ],
	[ { state => 'canceled', count => $bulk_rows }, { state => 'queued', count => $bulk_rows } ], 'of each task the last change is queued');
cmp_ok(rows_scanned() - $scanned, '<', 10 * $bulk_rows, 'the queue was not read from end to end for each row');

done_testing();
