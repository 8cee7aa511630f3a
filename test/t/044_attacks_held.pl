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
my $application = GitHubSync::Application->start($github, settings => { max_prepared_transactions => 2, track_functions => 'pl' });
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

# ---- each thing that may be held ----

# What waits is there before; then somebody has what it needs, for as long as the worker takes to look so often.
# Beside it there is another repository of the same installation.
use constant { FEW => 8, LOOKS => 8 };
my $few     = join ', ', @held[ 0 .. FEW - 1 ];
my $widgets = GitHubSync::Application::WIDGETS;
$application->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
my $elsewhere         = $application->add_task(title => 'elsewhere', github_repo_id => GitHubSync::Application::GADGETS);
my $comment_elsewhere = $application->add_comment($elsewhere, 'elsewhere');
$application->add_comment($held[0], "comment $_ of the first one") foreach 1 .. FEW;
$application->wait_until_done;
my $in_gadgets = $application->issue_of($elsewhere)->{number};

sub edit_few               { my ($title) = @_; $application->sql("UPDATE tasks SET title = '$title', modified_at = clock_timestamp() WHERE id IN ($few)") }
sub edit_comments_of_first { my ($text)  = @_; $application->sql("UPDATE comments SET markdown = '$text', modified_at = clock_timestamp() WHERE task_id = $held[0]") }
sub set_sync               { my ($enabled) = @_; return "SELECT github_sync.set_repo_sync($widgets, $enabled)" }
sub titles_of_few          { return map { $github->issue('acme/widgets', $application->issue_of($_)->{number})->{title} } @held[ 0 .. FEW - 1 ] }
sub texts_of               { my ($repository, $number) = @_; return map { $_->{body} =~ s/\s*<!--.*//rs } $github->comments($repository, $number) }

# A new task and comments of it, which cannot be sent before it is; and what GitHub has of them.
my $new;
sub add_with_comments { my ($title) = @_; $new = $application->add_task(title => $title); $application->add_comment($new, $title) foreach 2 .. FEW }
sub texts_of_new      { my $number = $application->issue_of($new)->{number}; return ($github->issue('acme/widgets', $number)->{title}, texts_of('acme/widgets', $number)) }

# The time that one psql has is for all that is asked of it.
sub hold_anew
{
	$holder->quit;
	$holder = session();
	$holder->query_safe('ROLLBACK');
}

# How often a function of ours was called.
sub calls_of { return "(SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = '$_[0]')" }

hold_anew();
foreach my $case (
	{ what => 'records', hold => "SELECT FROM github_sync.github_issues WHERE task_id IN ($few) FOR UPDATE" },
	{ what => 'transactions', hold => "SELECT FROM github_sync.task_sync_transactions WHERE state = 'queued' FOR UPDATE" },
	{
		what   => 'transactions whose time has come',
		# Of times that nobody told it of, a worker finds out when it starts.
		before => sub {
			edit_few(@_);
			$application->superuser_sql("UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp() WHERE state = 'queued'");
			my $before = $application->worker_pid;
			$application->superuser_sql("SELECT pg_terminate_backend($before)");
			$application->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $before)");
		},
		hold   => "SELECT FROM github_sync.task_sync_transactions WHERE state = 'queued' FOR UPDATE",
		looked => 'task_release_due',
		looks  => LOOKS
	},
	{ what => 'a switch that is being set', hold => set_sync('false') },
	{
		what    => 'a switch that is being set, of comments',
		before  => \&edit_comments_of_first,
		hold    => set_sync('false'),
		looked  => 'comment_decide_claim',
		arrived => sub { texts_of('acme/widgets', $first_held) }
	},
	{
		what      => 'a switch that is being set back',
		before    => sub { $application->sql(set_sync('false')) },
		hold      => set_sync('true'),
		meanwhile => \&edit_few,
		after     => sub { is(scalar($application->task_transactions("state = 'disabled'")), FEW, "$_[0], held: they are disabled then"); $application->sql(set_sync('true')) }
	},
	{
		what   => 'a repository that pauses',
		before => sub { edit_few(@_); $application->sql("UPDATE github_sync.github_repos SET paused_until = clock_timestamp() + interval '1 hour', pause_reason = 'a test' WHERE id = $widgets") },
		hold   => "SELECT FROM github_sync.github_repos WHERE id = $widgets FOR UPDATE",
		done   => "SELECT count(*) = @{[FEW]} FROM github_sync.task_sync_transactions WHERE state = 'queued' AND next_attempt_at > clock_timestamp()",
		after  => sub { $application->sql("UPDATE github_sync.github_repos SET paused_until = NULL, pause_reason = NULL WHERE id = $widgets") }
	},
	# Their comments are taken out of the line until it is sent.
	{ what => 'the task of new comments', before => \&add_with_comments, hold => "SELECT FROM tasks WHERE id = (SELECT max(id) FROM tasks) FOR UPDATE", looks => LOOKS, arrived => \&texts_of_new },
	{
		what    => 'the record of the task of new comments',
		before  => \&add_with_comments,
		hold    => "SELECT FROM github_sync.github_issues WHERE task_id = (SELECT max(id) FROM tasks) FOR UPDATE",
		looked  => 'comment_decide_claim',
		looks   => LOOKS * (FEW - 1),
		arrived => \&texts_of_new
	})
{
	my ($what, $title) = ($case->{what}, "$case->{what}, held");
	my $looked = calls_of($case->{looked} // 'task_decide_claim');

	$application->switch_off;
	# What is asked by itself, a minute later, is not to be counted.
	$application->superuser_sql('UPDATE github_sync.github_issues SET settle_at = NULL; UPDATE github_sync.github_comments SET settle_at = NULL');
	($case->{before} // \&edit_few)->($title);
	$holder->query_safe("BEGIN; $case->{hold}");
	$case->{meanwhile}->($title) if $case->{meanwhile};
	my $seq   = $github->last_seq;
	my $looks = $application->superuser_sql("SELECT $looked") + ($case->{looks} // LOOKS * FEW);
	$application->edit_task($elsewhere, title => $title);
	$application->edit_comment($comment_elsewhere, markdown => $title);
	$application->switch_on;
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE repository = 'acme/gadgets')");
	is_deeply([ $github->issue('acme/gadgets', $in_gadgets)->{title}, texts_of('acme/gadgets', $in_gadgets) ], [ $title, $title ], "$title: what is elsewhere is carried");
	$application->wait_until("SELECT $looked >= $looks");
	is($application->row('SELECT count(*) FROM github_sync.sync_queue')->{count}, FEW, "$title: they wait");
	is(scalar(grep { m{^/repos/acme/widgets/} } map { $_->{path} } $github->requests(since => $seq)), 0, "$title: GitHub is not asked about them");
	$holder->query_safe('ROLLBACK');
	my $free_at = time;
	$application->wait_until($case->{done} // 'SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)');
	my $took = time - $free_at;
	cmp_ok($took, '<', at_this_load(FREE_WITHIN_S), "$title: done soon after it is free");
	diag sprintf 'figure: %s: %d are done after %.0f ms', $title, FEW, 1000 * $took;
	$case->{after}->($what) if $case->{after};
	$application->wait_until_done;
	is_deeply([ ($case->{arrived} // \&titles_of_few)->() ], [ ($title) x FEW ], "$title: and each arrives");
}

# Nothing that is sent needs the row of its repository.
hold_anew();
$holder->query_safe("BEGIN; SELECT FROM github_sync.github_repos FOR NO KEY UPDATE");
edit_few('a repository, held');
$application->wait_until_done;
is_deeply([ titles_of_few() ], [ ('a repository, held') x FEW ], 'a repository, held: nothing waits for it');
# But what asks once more does.
$application->superuser_sql("UPDATE github_sync.github_issues SET settle_at = clock_timestamp() WHERE task_id IN ($few)");
my $looks = $application->superuser_sql('SELECT ' . calls_of('task_settle_unless_held')) + 2;
my $asked = $github->last_seq;
$application->superuser_sql('SELECT github_sync.wake()');
$application->wait_until('SELECT ' . calls_of('task_settle_unless_held') . " >= $looks");
is(scalar(requests_for_held($asked)), 0, 'a repository, held: nothing is asked once more');
$holder->query_safe('ROLLBACK');
my $repository_free_at = time;
$github->wait_for_request(GET => '^/repos/acme/widgets/issues/', since => $asked, count => FEW);
cmp_ok(time - $repository_free_at, '<', at_this_load(FREE_WITHIN_S), 'a repository, held: they are asked for soon after it is free');
diag sprintf 'figure: a repository, held: asked once more after %.0f ms', 1000 * (time - $repository_free_at);
$application->wait_until_done;

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
$application->sql('CREATE TABLE moments (edit integer PRIMARY KEY, ms double precision)');
$holder->query_safe("DO \$\$ BEGIN FOR i IN 1 .. @{[EDITS]} LOOP UPDATE tasks SET title = 'busy ' || i, modified_at = clock_timestamp() WHERE id = $free;"
	  . ' PERFORM pg_sleep(0.004); INSERT INTO moments VALUES (i, 1000 * extract(epoch FROM clock_timestamp())); COMMIT; PERFORM pg_sleep(0.004); END LOOP; END $$');
$application->wait_until_done;
my @updates = grep { $_->{method} eq 'PATCH' && $_->{path} =~ m{/issues/$busy$} } $github->requests(since => $seq);
is($github->issue('acme/widgets', $busy)->{title}, 'busy ' . EDITS, 'a record that is edited all the time: GitHub has the last edit');
cmp_ok(scalar(@updates), '>=', EDITS / 25, 'a record that is edited all the time: it was told of others before');
# As an update arrives, GitHub has been behind since the first edit that the update before it did not have.
my %ms    = map { $_->{edit} => $_->{ms} } $application->rows('SELECT * FROM planner.moments');
my $shown = 0;
my @behind_ms;
foreach my $update (@updates)
{
	my ($edit) = $update->{body} =~ /busy (\d+)/ or next;

	push @behind_ms, $update->{t} - $ms{ $shown + 1 } if $edit > $shown;
	$shown = $edit;
}
@behind_ms = sort { $a <=> $b } @behind_ms;
my ($median, $nearly_all, $worst) = @behind_ms[ @behind_ms / 2, @behind_ms * 0.95, -1 ];
cmp_ok($median, '<', 1000 * at_this_load(0.1), 'a record that is edited all the time: GitHub is as good as never more than 100 ms behind');
cmp_ok($nearly_all, '<', 1000 * at_this_load(0.3), '... nor much more, when it is');
diag sprintf 'figure: a record edited %d times within %.1f s: %d updates; GitHub is behind by %.0f ms median, %.0f in 95 of 100, %.0f at most',
  EDITS, EDITS * 0.008, scalar(@updates), $median, $nearly_all, $worst;
$holder->quit;

done_testing();
