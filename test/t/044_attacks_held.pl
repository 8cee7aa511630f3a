# 044_attacks_held.pl
#
# Group: attacks.  Nobody is stopped by what somebody else holds: rows of the
# application, by an open transaction or a prepared one; records, repositories,
# parents; a whole table.  Whatever is held is passed over, however many there
# are, GitHub is not asked about it meanwhile, and it is carried within two
# seconds of being free, without a commit or a call of wake().
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# More than an installation has places, and than a claim looks at.
use constant { HELD => 100, FREE_WITHIN_S => 2 };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => { max_prepared_transactions => 2 });
my $node        = $application->node;
my $text        = 0;

# However long this takes: once a minute has gone by on GitHub, what we know of a record is settled.
$github->freeze_clock;

my @held = map { $application->add_task(title => "held $_") } 1 .. HELD;
my ($free, $other) = map { $application->add_task(title => $_) } 'free', 'another free one';
my ($comment, $other_comment) = map { $application->add_comment($other, $_) } 'a comment', 'another one';
$application->wait_until_done;
my $first_held = $application->issue_of($held[0])->{number};
my $last_held  = $application->issue_of($held[-1])->{number};
my $ids        = join ', ', @held;

# A session of the owner's, in a transaction.
sub session
{
	my $session = $node->background_psql($application->database, on_error_stop => 0, extra_params => [ '-U', GitHubSync::Application::OWNER ]);

	$session->query_safe('BEGIN');
	return $session;
}

# GitHub tells once more, before its time is settled, of each of those that are about to be held,
# and for nobody else: they are the heads of the queue.  What would be asked once more by itself,
# a minute after it was answered, is not: on a slow machine that minute is over in the midst of it.
sub queue_heads
{
	$application->switch_off;
	$application->superuser_sql("UPDATE github_sync.github_issues SET settle_at = NULL WHERE task_id IN ($ids)");
	$application->superuser_sql("INSERT INTO github_sync.task_sync_transactions (direction, github_issue_id, github_updated_at)
		SELECT 'inbound', i.id, i.github_updated_at FROM github_sync.github_issues AS i WHERE i.task_id IN ($ids)");
}

sub requests_for_held
{
	my ($since) = @_;

	return grep { $_->{path} =~ m{/widgets/issues/(\d+)$} && $1 >= $first_held && $1 <= $last_held } $github->requests(since => $since);
}

# While the heads are held, a neighbour behind them is carried; when they are
# free again, they are.  let_go must not wake anybody.
sub passed_over
{
	my ($what, $let_go) = @_;
	my $since = $github->last_seq;
	my $title = 'free, ' . ++$text;

	$application->edit_task($free, title => $title);
	$application->edit_comment($comment, markdown => "a comment, $text");
	my $begin = time;
	$application->switch_on;
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE record_type = 'comment' OR direction = 'outbound')");
	my $took = time - $begin;
	is($github->issue('acme/widgets', $application->issue_of($free)->{number})->{title}, $title, "$what: a neighbour behind the heads is carried");
	cmp_ok($took, '<', at_this_load(5), "$what: at once") or diag(join("\n", map { "$_->{of}: $_->{row}" } $application->rows(q{
		SELECT 'task' AS of, t::text AS row FROM github_sync.task_sync_transactions AS t WHERE t.lagging_answers > 0 OR t.attempts > 0
		UNION ALL SELECT 'comment', c::text FROM github_sync.comment_sync_transactions AS c WHERE c.lagging_answers > 0 OR c.attempts > 0})));
	is($application->row('SELECT count(*) FROM github_sync.sync_queue')->{count}, HELD, "$what: they wait");
	# The worker has looked at them again by then, and more than once.
	select undef, undef, undef, 1.5;
	is(scalar(requests_for_held($since)), 0, "$what: GitHub is not asked about them");
	$let_go->();
	my $free_at = time;
	$application->wait_until('SELECT count(*) < ' . HELD . ' FROM github_sync.sync_queue');
	my $carried = time - $free_at;
	cmp_ok($carried, '<', at_this_load(FREE_WITHIN_S), "$what: they are carried when they are free");
	diag sprintf 'figure: %s: the neighbour after %.0f ms, the first of %d heads after %.0f ms', $what, 1000 * $took, HELD, 1000 * $carried;
	$application->wait_until_done;
}

# ---- rows of the application ----

queue_heads();
my $holder = session();
$holder->query_safe("SELECT id FROM tasks WHERE id IN ($ids) FOR UPDATE");
passed_over('rows locked by an open transaction', sub { $holder->query_safe('ROLLBACK') });

# ---- records, by a transaction that is prepared ----

queue_heads();
$holder->query_safe("BEGIN; UPDATE tasks SET title = title || '!', modified_at = clock_timestamp() WHERE id IN ($ids); PREPARE TRANSACTION 'for days'");
passed_over('rows changed by a prepared transaction', sub { $holder->query_safe("ROLLBACK PREPARED 'for days'") });

# ---- the queue's own rows ----

queue_heads();
$holder->query_safe("BEGIN; SELECT id FROM github_sync.task_sync_transactions WHERE state = 'queued' FOR UPDATE");
passed_over('transactions that somebody looks at', sub { $holder->query_safe('ROLLBACK') });

queue_heads();
$holder->query_safe("BEGIN; SELECT id FROM github_sync.github_issues WHERE task_id IN ($ids) FOR UPDATE");
passed_over('records that somebody looks at', sub { $holder->query_safe('ROLLBACK') });

# ---- a whole table ----

# LOCKED_S=40 holds it for as long; what the worker does does not change once it has met the lock ten times in a row,
# as it does when it is to ask once more for something that is not settled, each time after twice as long.
my $locked_s = $ENV{LOCKED_S} // 10;
my $log_end  = -s $node->logfile;
my $other_database = GitHubSync::Application->in_server($node, database => 'other', repository => GitHubSync::Application::GADGETS);
my $comment_at_github = $application->row("SELECT c.github_id, i.number FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id WHERE c.comment_id = $comment");
my $others_task    = $other_database->add_task(title => 'of another database');
$other_database->wait_until_done;
my $worker = $application->worker_pid;
my $since  = $github->last_seq;
queue_heads();
$application->superuser_sql("UPDATE github_sync.github_issues SET settle_at = clock_timestamp() WHERE task_id = $free");
$holder->query_safe('BEGIN; LOCK TABLE tasks');
# Whether it may be sent is for the task's row to say: it waits, and no other comment with it.
my $edit_begins = time;
$application->edit_comment($other_comment, markdown => 'edited beside a locked table');
cmp_ok(time - $edit_begins, '<', at_this_load(2), 'a table that is locked: an edit of a comment of it does not wait');
$application->switch_on;
my $locked_at = time;
my %worst     = (comment => 0, 'task of another database' => 0);
while (time - $locked_at < $locked_s)
{
	foreach my $what (keys %worst)
	{
		my $number = ++$text;
		my $seq    = $github->last_seq;
		my $begin  = time;

		if ($what eq 'comment')
		{
			# Its table is not locked, and what GitHub has is written whatever became of its task.
			$github->advance_clock(2);
			my $shown = $github->human_edits_comment($comment_at_github->{github_id}, body => "their comment, $number");
			$application->tell_of_comment($shown, $comment_at_github->{number});
			$application->wait_until("SELECT markdown = 'their comment, $number' FROM planner.comments WHERE id = $comment");
		}
		else
		{
			$other_database->edit_task($others_task, title => "of another database, $number");
			$github->wait_for_request(PATCH => '^/repos/acme/gadgets/issues/', since => $seq);
		}
		$worst{$what} = time - $begin if time - $begin > $worst{$what};
	}
}
# What waits for the lock would be carried by nobody before it is free.
cmp_ok($worst{$_}, '<', at_this_load(10), "a table that is locked: a $_ is carried meanwhile") foreach sort keys %worst;
is($application->worker_pid, $worker, 'a table that is locked: the worker lives');
is(scalar(requests_for_held($since)), 0, 'a table that is locked: GitHub is not asked about its rows');
$holder->query_safe('ROLLBACK');
my $free_at = time;
$application->wait_until('SELECT count(*) < ' . HELD . q{ FROM github_sync.sync_queue WHERE record_type = 'task'});
cmp_ok(time - $free_at, '<', at_this_load(FREE_WITHIN_S), 'a table that is locked: what waited goes on when it is free');
unlike(slurp_file($node->logfile, $log_end), qr/transaction \d+ cannot be claimed/, 'a table that is locked: no row is blamed for it');
diag sprintf 'figure: a table locked for %d s: at worst %.0f ms for a comment, %.0f ms in another database; its own rows %.0f ms after it is free',
  $locked_s, 1000 * $worst{comment}, 1000 * $worst{'task of another database'}, 1000 * (time - $free_at);
$application->wait_until_done;
is(($github->comments('acme/widgets', $comment_at_github->{number}))[1]{body}, 'edited beside a locked table', 'a table that is locked: the edit of the comment as well');
cmp_ok(scalar(requests_for_held($since)), '<=', HELD, 'a table that is locked: GitHub is asked once about each');

# ---- the table of webhook deliveries, which rows do not need ----

$holder->query_safe('BEGIN; LOCK TABLE github_sync.webhook_deliveries IN ACCESS EXCLUSIVE MODE');
foreach my $edit (1 .. 2)
{
	$edit_begins = time;
	$application->edit_task($free, title => "beside locked deliveries, $edit");
	$application->wait_until_done;
	cmp_ok(time - $edit_begins, '<', at_this_load(5), 'deliveries that are locked: an edit is carried meanwhile');
}
$holder->query_safe('ROLLBACK');

# ---- one record that is edited again and again ----

# Held half of the time, and free for 4 ms: whoever looks at it by a clock of his own finds it held, again and again.
use constant EDITS => 250;
my $busy = $application->issue_of($free)->{number};
my $seq  = $github->last_seq;
$holder->query_safe("DO \$\$ BEGIN FOR i IN 1 .. @{[EDITS]} LOOP UPDATE tasks SET title = 'busy ' || i, modified_at = clock_timestamp() WHERE id = $free;"
	  . ' PERFORM pg_sleep(0.004); COMMIT; PERFORM pg_sleep(0.004); END LOOP; END $$');
$application->wait_until_done;
my @updates = grep { $_->{method} eq 'PATCH' && $_->{path} =~ m{/issues/$busy$} } $github->requests(since => $seq);
is($github->issue('acme/widgets', $busy)->{title}, 'busy ' . EDITS, 'a record that is edited all the time: GitHub has the last edit');
cmp_ok(scalar(@updates), '>=', EDITS / 25, 'a record that is edited all the time: it was told of others before');
diag sprintf 'figure: a record edited %d times within %.1f s: %d updates', EDITS, EDITS * 0.008, scalar(@updates);
$holder->quit;

done_testing();
