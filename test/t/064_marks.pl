# 064_marks.pl
#
# Labels, assignees and milestones with a real worker: both sides edit them at
# once, in all orders; what a repository does not have, or does not let us set.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $github = GitHubSync::StandIn->start;
my $repo   = 'acme/widgets';
my $id     = GitHubSync::Application::WIDGETS;
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github), 'github_sync.write_interval' => '10ms');
my $application = GitHubSync::Application->with_tables($node);

$github->set_repository($repo, milestones => [ map { { number => $_, title => "v$_" } } 1 .. 130 ]);
$application->superuser_sql(q{
	CREATE EXTENSION comment_sync_transaction CASCADE;
	ALTER TABLE planner.tasks ADD labels text[] NOT NULL DEFAULT '{}', ADD people jsonb, ADD milestone text;
	SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id',
		insert_values => 'planner.values_of_task(bigint, jsonb)',
		labels_column => 'labels', assignees_column => 'people', milestone_column => 'milestone');
});
$application->connect_repository($id, 'widgets', GitHubSync::Application::INSTALLATION);
$application->sql('SELECT github_sync.capture_task_changes(true)');

sub one { return $application->superuser_sql($_[0]) }

# Both sides of a task: labels, assignees, milestone.
sub here
{
	my ($task) = @_;
	return one(qq{SELECT concat_ws(' | ', github_sync.name_set(labels), github_sync.name_set_of_json(people), coalesce(milestone, 'none'))
		FROM planner.tasks WHERE id = $task});
}

sub there
{
	my ($number) = @_;
	my $issue = $github->issue($repo, $number);
	my $set = sub { return '[' . join(', ', map { qq{"$_"} } sort { lc $a cmp lc $b } @_) . ']' };
	return join ' | ', $set->(@{ $issue->{labels} }), $set->(@{ $issue->{assignees} }), $issue->{milestone} ? "v$issue->{milestone}" : 'none';
}

sub number_of { my ($task) = @_; return one("SELECT number FROM github_sync.github_issues WHERE task_id = $task") }
sub settle    { $application->wait_until_done; is(one("SELECT count(*) FROM github_sync.sync_errors"), 0, 'nothing is errored') }

# What was told of the second that GitHub shows may still be another one's: a later answer tells.
sub nothing_is_lost
{
	is(one('SELECT count(*) FROM github_sync.lost_names AS n JOIN github_sync.github_issues AS i ON i.id = n.github_issue_id WHERE n.version < i.github_updated_at'), 0, 'nothing is left to restore');
}

sub writes { my ($since) = @_; return grep { $_->{method} ne 'GET' && $_->{path} !~ /access_tokens/ } $github->requests(since => $since) }

sub label_at_github
{
	my ($number, $change) = @_;
	$github->human_labels_issue($repo, $number, $change =~ /^-(.*)/ ? (remove => [$1]) : (add => [$change]));
	$application->tell_of_issue($github->issue($repo, $number));
}

# ---- one way, and the other ----

my $issue = $github->human_creates_issue($repo, title => 'Crash', labels => [ 'bug', 'Help wanted' ], assignees => ['alice'], milestone => 2);
$application->tell_of_issue($issue);
settle();
is(here(1), '["bug", "Help wanted"] | ["alice"] | v2', 'an issue becomes a task with its labels, assignees and milestone');
my $seq = $github->last_seq;
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, labels, people, milestone) SELECT 1, 'ann', 'New ' || n, 1296269, '{BUG}', '["Bob"]', 'v130' FROM generate_series(1, 3) AS n});
settle();
is(there(number_of(2)), '["bug"] | ["bob"] | v130', 'a task becomes an issue with its own, as GitHub spells them');
is(here(2), '["BUG"] | ["Bob"] | v130', '... and keeps them as it spells them');
is_deeply([ sort map { m{/((?:labels|assignees)/.*|milestones\?.*page=\d+)$} ? $1 =~ s/\?.*&/ /r : () } map { $_->{path} } $github->requests(since => $seq) ],
	[ 'assignees/bob', 'labels/bug', 'milestones page=1', 'milestones page=2' ], '... of which GitHub was asked once');

# ---- both at once ----

my @app   = (q{labels = labels || '{mine}'}, q{labels = array_remove(labels, 'old'), people = '["alice", "bob"]'}, q{labels = labels || '{Both}'});
my @human = ('yours', '-stale', 'both');
my @tasks;
for my $order ('ahahah', 'hahaha', 'aaahhh', 'hhhaaa', 'a.h.a.h.a.h.', 'h.h.a.a.h.a.')
{
	my $made = $github->human_creates_issue($repo, title => "In the order $order", labels => [qw(old stale kept)], assignees => ['alice']);
	$application->tell_of_issue($made);
	push @tasks, { order => $order, number => $made->{number} };
}
$github->human_creates_issue($repo, title => 'Labels that there are', labels => [qw(mine yours both more)]);
settle();
# The worker looks at an issue when all of it is done; of the last two, after each edit.
for my $task (@tasks)
{
	my $gate = $task->{order} =~ /\./ ? undef : $github->fault("GET /issues/$task->{number}\$", { gate => 'edited' });
	my @left = ([@app], [@human]);

	$task->{id} = one("SELECT task_id FROM github_sync.github_issues WHERE number = $task->{number}");
	for my $turn (split //, $task->{order})
	{
		if    ($turn eq 'a') { $application->sql("UPDATE planner.tasks SET @{[shift @{ $left[0] }]} WHERE id = $task->{id}") }
		elsif ($turn eq 'h') { label_at_github($task->{number}, shift @{ $left[1] }) }
		else                 { $application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE github_issue_number = $task->{number})") }
	}
}
$github->open_gate('edited');
settle();
for my $task (@tasks)
{
	is(lc here($task->{id}), '["both", "kept", "mine", "yours"] | ["alice", "bob"] | none', "$task->{order}: the task has what both meant");
	is(lc there($task->{number}), lc here($task->{id}), '... and its issue as well');
}
is(one('SELECT count(*) FROM github_sync.sync_conflicts'), 0, 'there was nothing to decide');

# Quiet: nothing is asked, and nothing written. Everything is told of once more, and nobody answers anybody.
sub of_records { my ($since) = @_; return map { "$_->{method} $_->{path}" } grep { my $path = $_->{path}; grep { $path =~ m{/issues/$_->{number}(?!\d)} } @tasks } $github->requests(since => $since) }
sub quiet
{
	my ($what) = @_;
	# What changed within a minute is read once more when that is over, and not now.
	one(q{UPDATE github_sync.github_issues SET settle_at = settle_at + interval '1 hour'});
	my $since = $github->last_seq;
	one('SELECT pg_sleep(1)');
	is_deeply([ map { "$_->{method} $_->{path}" } $github->requests(since => $since) ], [], "$what, then there is quiet: no request of any kind");
}
quiet('labels and assignees edited on both sides at once');
$seq = $github->last_seq;
$application->tell_of_issue($github->issue($repo, $_->{number})) for @tasks;
$application->sql("INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', $_->{id})") for @tasks;
settle();
is_deeply([ map { "$_->{method} $_->{path} $_->{body}" } writes($seq) ], [], 'once both sides are the same, nothing is written');
is_deeply([ sort(of_records($seq)) ], [ sort map { "GET /repos/$repo/issues/$_->{number}" } @tasks ], '... and each is read once, for the webhook: all requests of these records');
quiet('everything told of once more');

# ---- without a webhook ----

$github->human_edits_issue($repo, $issue->{number}, labels => [ 'bug', 'more' ], assignees => [], milestone => undef);
$application->sql("SELECT github_sync.reconcile_repo($id)");
$application->wait_until("SELECT labels = '{bug,more}' FROM planner.tasks WHERE id = 1");
$application->wait_until_done;
is(here(1), '["bug", "more"] | [] | none', 'a sweep finds what no webhook told of');

# ---- what the repository does not have ----

$seq = $github->last_seq;
$application->sql(q{UPDATE planner.tasks SET title = 'Crash at start', labels = labels || '{unknown,kept}', people = '["nobody", "bob"]', milestone = 'v999' WHERE id = 1});
settle();
is(there($issue->{number}), '["bug", "kept", "more"] | ["bob"] | none', 'the rest is sent');
is($github->issue($repo, $issue->{number})->{title}, 'Crash at start', '... and the title');
is(here(1), '["bug", "kept", "more", "unknown"] | ["bob", "nobody"] | v999', '... and the task keeps what it has');
is(one(q{SELECT string_agg(field, ' ' ORDER BY field) FROM github_sync.sync_conflicts}), 'assignees labels milestone', '... which is said');
like(one(q{SELECT problem || ': ' || detail || ' ' || remedy FROM github_sync.sync_problems}), qr/^not taken: acme\/widgets: .* the repository has no .*/, '... with a remedy');
is(one(q{SELECT status FROM github_sync.health() WHERE "check" = 'not taken of tasks'}), 'warn', '... and a part of health()');
$seq = $github->last_seq;
$application->sql(q{UPDATE planner.tasks SET title = 'Crash' WHERE id = 1});
settle();
is_deeply([ map { $_->{body} } writes($seq) ], ['{"title":"Crash"}'], 'it is not sent again with another edit');
$application->sql(qq{UPDATE github_sync.github_repos SET create_labels = true WHERE id = $id; UPDATE planner.tasks SET labels = labels || '{brand-new}' WHERE id = 1});
settle();
is(there($issue->{number}), '["brand-new", "bug", "kept", "more"] | ["bob"] | none', 'with create_labels, GitHub makes one');

# ---- what GitHub leaves out ----

$github->set_repository($repo, may_mark => JSON::PP::false);
$application->sql(q{UPDATE planner.tasks SET labels = labels || '{refused}', title = 'Without the right' WHERE id = 1});
settle();
is(there($issue->{number}), '["brand-new", "bug", "kept", "more"] | ["bob"] | none', 'without the right GitHub takes no label');
$seq = $github->last_seq;
$application->sql(q{UPDATE planner.tasks SET title = 'Once more' WHERE id = 1});
$application->tell_of_issue($github->issue($repo, $issue->{number}));
settle();
is_deeply([ map { $_->{body} } writes($seq) ], ['{"title":"Once more"}'], '... which is not repeated');
$github->set_repository($repo, may_mark => JSON::PP::true, milestones => [ { number => 999, title => 'v999' } ]);
$github->seed({ users => [ { login => 'nobody' } ] });
$application->sql("UPDATE github_sync.known_names SET answered_at = answered_at - interval '1 day'");
$application->sql("SELECT github_sync.check_repo($id)");
$application->wait_until("SELECT count(*) = 3 FROM github_sync.sync_differences WHERE record_id = '1'");
is(one(q{SELECT string_agg(field || ' ' || why, ', ' ORDER BY field) FROM github_sync.sync_differences WHERE record_id = '1'}),
	'assignees left out by GitHub, labels left out by GitHub, milestone left out by GitHub', 'a check tells of it');
$application->sql("SELECT github_sync.mend_differences($id)");
settle();
is(there($issue->{number}), '["brand-new", "bug", "kept", "more", "refused", "unknown"] | ["bob", "nobody"] | v999', '... and what it mends is sent');
is(there($issue->{number}), here(1), 'both sides are the same');
is(one(q{SELECT count(*) FROM github_sync.sync_problems}), 0, '... and no problem is left');

# ---- changed at GitHub between our look and our PATCH ----

# All that GitHub has sent since the last call, in any order.
my %told;
sub tell_all
{
	my @new = grep { !$told{ $_->{guid} }++ } $github->deliveries;
	$application->sql(join '; ', map { "SELECT github_sync.ingest_webhook('$_->{event}', '$_->{guid}', " . GitHubSync::Application::quote($_->{body}) . ')' } @_ ? reverse(@new) : @new) if @new;
	return scalar @new;
}

# Until nobody has anything to tell any more.
sub tell_until_quiet
{
	do { settle() } while tell_all(@_);
}

tell_until_quiet();
for my $case (
	{ told => 'after its answer' },
	{ told => 'before its answer' },
	{ told => 'before its answer, the last one first', reversed => 1 },
	{ told => 'though its answer is lost', lost => 1 })
{
	my $made = $github->human_creates_issue($repo, title => "Told $case->{told}", labels => [qw(bug kept)], assignees => ['alice']);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");
	my $path = "PATCH /issues/$made->{number}\$";

	$github->fault($path, { gate => 'look', $case->{lost} ? (cut_in_body => JSON::PP::true) : (gate_after_effect => 'answer') });
	$application->sql(qq{UPDATE planner.tasks SET labels = '{bug,mine}', people = '["alice", "bob"]', title = 'Edited' WHERE id = $task});
	$github->wait_at_gate('look');
	$github->human_labels_issue($repo, $made->{number}, add => ['yours'], remove => ['bug']);
	$github->human_edits_issue($repo, $made->{number}, assignees => ['nobody']);
	$github->open_gate('look');
	if (!$case->{lost})
	{
		$github->wait_at_gate('answer');
		tell_all($case->{reversed} ? 1 : ()) if $case->{told} =~ /^before/;
		$github->open_gate('answer');
	}
	tell_until_quiet($case->{reversed} ? 1 : ());
	is(there($made->{number}), '["mine", "yours"] | ["bob", "nobody"] | none', "told $case->{told}: GitHub has what both meant");
	is(here($task), there($made->{number}), '... and so has the task');
	$github->close_gate($_) foreach qw(look answer);
	$seq = $github->last_seq;
	$application->sql("UPDATE planner.tasks SET title = 'Once more' WHERE id = $task");
	tell_until_quiet();
	is_deeply([ map { $_->{body} } writes($seq) ], ['{"title":"Once more"}'], '... and nothing of it is written any more');
}
nothing_is_lost();

# What is restored here, and then taken off here, before GitHub has it again: the application has decided.
{
	my $made = $github->human_creates_issue($repo, title => 'Restored and taken off', labels => ['kept']);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'look' });
	$application->sql("UPDATE planner.tasks SET labels = '{kept,mine}' WHERE id = $task");
	$github->wait_at_gate('look');
	$github->human_labels_issue($repo, $made->{number}, add => ['yours']);
	$github->open_gate('look');
	settle();
	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'restores', answer => { status => 502, body => '{}' } });
	tell_all();
	$github->wait_at_gate('restores');
	$application->wait_until("SELECT labels @> '{yours}' FROM planner.tasks WHERE id = $task");
	$application->sql("UPDATE planner.tasks SET labels = array_remove(labels, 'yours') WHERE id = $task");
	$github->open_gate('restores');
	tell_until_quiet();
	is(there($made->{number}), '["kept", "mine"] | [] | none', 'restored here and taken off before GitHub has it again, it stays off');
	is(here($task), there($made->{number}), '... on both sides');
	$github->close_gate($_) foreach qw(look restores);
}
nothing_is_lost();

# One update adds a label, somebody takes it off, and the next one, looked at before, has it again: within a second, two webhooks tell of it.
{
	my $made = $github->human_creates_issue($repo, title => 'Twice within a second', labels => ['kept']);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$application->sql("UPDATE planner.tasks SET labels = '{kept,mine}' WHERE id = $task");
	settle();
	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'second' });
	$application->sql("UPDATE planner.tasks SET labels = '{kept,mine,more}' WHERE id = $task");
	$github->wait_at_gate('second');
	$github->human_labels_issue($repo, $made->{number}, remove => ['mine']);
	$github->open_gate('second');
	tell_until_quiet();
	is(there($made->{number}), '["kept", "more"] | [] | none', 'taken off between two updates of ours, it is not put down to the first one');
	is(here($task), there($made->{number}), '... and the task has what GitHub has');
	$github->close_gate('second');
}
nothing_is_lost();

# What somebody undoes of an update whose answer is lost stays undone, whether we hear of it before we send it again or after.
for my $told (qw(before after))
{
	my $made = $github->human_creates_issue($repo, title => "Undone, told $told", labels => [qw(bug kept)]);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'sent', cut_in_body => JSON::PP::true });
	$application->sql("UPDATE planner.tasks SET labels = '{kept,mine,ours}' WHERE id = $task");
	$github->wait_at_gate('sent');
	my $look = $github->fault("GET /issues/$made->{number}\$", { gate => 'again' }, times => 'forever');
	$github->open_gate('sent');
	$github->wait_at_gate('again');
	$github->human_labels_issue($repo, $made->{number}, add => ['bug'], remove => ['mine']);
	tell_all() if $told eq 'before';
	$github->remove_fault($look);
	$github->open_gate('again');
	settle() if $told eq 'after';
	tell_until_quiet();
	is(there($made->{number}), '["bug", "kept", "ours"] | [] | none', "undone, told $told: GitHub has what was left of the update");
	is(here($task), there($made->{number}), '... and so has the task');
	$github->close_gate($_) foreach qw(sent again);
}
nothing_is_lost();

# Who added what an update without an answer takes off did not undo it: the webhook is late, and of before the version that it was sent for.
{
	my $made = $github->human_creates_issue($repo, title => 'Told late', labels => ['kept']);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$github->human_labels_issue($repo, $made->{number}, add => ['early']);
	$github->advance_clock(3);
	$application->tell_of_issue($github->human_edits_issue($repo, $made->{number}, title => 'Told late, and edited'));
	settle();
	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'unsent', answer => { status => 502, body => '{}' } });
	$application->sql("UPDATE planner.tasks SET labels = '{kept}' WHERE id = $task");
	$github->wait_at_gate('unsent');
	tell_all();
	$github->open_gate('unsent');
	tell_until_quiet();
	is(there($made->{number}), '["kept"] | [] | none', 'told late of what an update takes off, it is taken off');
	is(here($task), there($made->{number}), '... on both sides');
	$github->close_gate('unsent');
}
nothing_is_lost();

# Its own changes show that it was carried out, all of it: what GitHub has not, somebody took off, of which no webhook comes.
{
	my $made = $github->human_creates_issue($repo, title => 'Carried out', labels => [qw(bug kept)]);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'sent', cut_in_body => JSON::PP::true });
	$application->sql("UPDATE planner.tasks SET labels = '{kept,mine,ours}' WHERE id = $task");
	$github->wait_at_gate('sent');
	my $look = $github->fault("GET /issues/$made->{number}\$", { gate => 'again' }, times => 'forever');
	$github->open_gate('sent');
	$github->wait_at_gate('again');
	tell_all();
	$github->human_labels_issue($repo, $made->{number}, add => [qw(bug theirs)], remove => ['mine']);
	$told{ $_->{guid} } = 1 foreach $github->deliveries;
	$github->remove_fault($look);
	$github->open_gate('again');
	settle();
	is(there($made->{number}), '["bug", "kept", "ours", "theirs"] | [] | none', 'carried out, its answer lost: nothing of it is sent again');
	is(here($task), there($made->{number}), '... and the task has what was left of it');
	$github->close_gate($_) foreach qw(sent again);
}
nothing_is_lost();

# What was not carried out is sent again, though somebody else means the same and changes his mind: nothing of the application's is lost.
{
	my $made = $github->human_creates_issue($repo, title => 'Not carried out', labels => [qw(bug kept)]);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'refused', answer => { status => 502, body => '{}' } });
	$application->sql("UPDATE planner.tasks SET title = 'Of the application', labels = '{bug,kept,mine,ours}' WHERE id = $task");
	$github->wait_at_gate('refused');
	my $look = $github->fault("GET /issues/$made->{number}\$", { gate => 'looked' }, times => 'forever');
	$github->open_gate('refused');
	$github->human_labels_issue($repo, $made->{number}, add => ['mine']);
	$github->human_labels_issue($repo, $made->{number}, remove => ['mine']);
	$github->human_labels_issue($repo, $made->{number}, add => ['theirs']);
	tell_all();
	$github->wait_at_gate('looked');
	$github->remove_fault($look);
	$github->open_gate('looked');
	tell_until_quiet();
	is($github->issue($repo, $made->{number})->{title}, 'Of the application', 'not carried out: the text is sent again');
	like(there($made->{number}), qr/"ours", "theirs"/, '... and the labels');
	is(one("SELECT title FROM planner.tasks WHERE id = $task"), 'Of the application', '... and the task has them');
	is(here($task), there($made->{number}), '... as GitHub has');
	$github->close_gate($_) foreach qw(refused looked);
}

# Taken off before the answer to the creation is found.
$github->fault('POST /issues$', { reset_after_effect => JSON::PP::true });
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, labels) VALUES (1, 'ann', 'Answered never', 1296269, '{bug,kept}')});
$github->wait_for_request(POST => '/issues$', since => $seq, arrived => 1);
my ($unanswered) = grep { $_->{title} eq 'Answered never' } $github->issues($repo);
$github->human_labels_issue($repo, $unanswered->{number}, remove => ['bug']);
tell_until_quiet();
is(there($unanswered->{number}), '["kept"] | [] | none', 'what somebody takes off a creation whose answer is lost stays off');
is(one(q{SELECT github_sync.name_set(labels) FROM planner.tasks WHERE title = 'Answered never'}), '["kept"]', '... on both sides');

# Somebody else's hand, and one that comes later, are what they are.
my $hands = $github->human_creates_issue($repo, title => 'By hand', labels => [qw(bug kept)]);
tell_until_quiet();
my $by_hand = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $hands->{id}");
$application->sql("UPDATE planner.tasks SET labels = '{bug,mine}' WHERE id = $by_hand");
tell_until_quiet();
$github->human_labels_issue($repo, $hands->{number}, add => ['yours'], remove => ['mine']);
tell_until_quiet();
is(there($hands->{number}), '["bug", "yours"] | [] | none', 'what people do after an update stays');
is(here($by_hand), there($hands->{number}), '... on both sides');

# So is the hand of the account that we write as, though the answer to an update is lost: a token's user has one.
{
	my $made = $github->human_creates_issue($repo, title => 'By the hand of our account', labels => [qw(bug kept more)]);
	tell_until_quiet();
	my $task = one("SELECT task_id FROM github_sync.github_issues WHERE github_id = $made->{id}");

	$github->fault("PATCH /issues/$made->{number}\$", { gate => 'sent', cut_in_body => JSON::PP::true });
	$application->sql("UPDATE planner.tasks SET labels = '{bug,kept,more,mine}' WHERE id = $task");
	$github->wait_at_gate('sent');
	my $look = $github->fault("GET /issues/$made->{number}\$", { gate => 'again' }, times => 'forever');
	$github->open_gate('sent');
	$github->wait_at_gate('again');
	$github->human_labels_issue($repo, $made->{number}, as => $unanswered->{author}, add => ['theirs'], remove => ['kept']);
	tell_all();
	$github->remove_fault($look);
	$github->open_gate('again');
	tell_until_quiet();
	is(there($made->{number}), '["bug", "mine", "more", "theirs"] | [] | none', 'what the user of our account does beside an update stays');
	is(here($task), there($made->{number}), '... on both sides');
	$github->close_gate($_) foreach qw(sent again);
}
nothing_is_lost();

# Found by the list, which shows its labels: what either side changed before that needs no webhook, and no further transaction.
$github->fault('POST /issues$', { reset_after_effect => JSON::PP::true });
GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => '1min');
$github->behaviour(list_lag_s => 3600);
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, labels) VALUES (1, 'ann', 'Found in a list', 1296269, '{kept}')});
my $looked_up = q{SELECT count(*) = 1 FROM github_sync.task_sync_transactions WHERE state = 'queued' AND last_error = 'a creation without an answer is being looked up'};
$application->wait_until($looked_up);
my ($found) = grep { $_->{title} eq 'Found in a list' } $github->issues($repo);
$github->human_labels_issue($repo, $found->{number}, add => ['yours']);
$application->sql(q{UPDATE planner.tasks SET labels = '{kept,mine}' WHERE title = 'Found in a list'});
$application->wait_until($looked_up);
$github->behaviour(list_lag_s => 0);
one(q{UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'; SELECT github_sync.wake()});
settle();
is(there($found->{number}), '["kept", "mine", "yours"] | [] | none', 'a creation that is found in a list gets the labels that the task has by now');
is(one(q{SELECT github_sync.name_set(labels) FROM planner.tasks WHERE title = 'Found in a list'}), '["kept", "mine", "yours"]', '... and its task those of GitHub');
is(scalar(grep { $_->{title} eq 'Found in a list' } $github->issues($repo)), 1, '... and is there once');
GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => '300ms');

# ---- what is deleted at GitHub while it is taken to be there ----

my @milestones = ({ number => 999, title => 'v999' });
$github->set_repository($repo, milestones => [ @milestones, { number => 1000, title => 'going' } ]);
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, milestone) VALUES (1, 'ann', 'Goes', 1296269, 'going'), (1, 'ann', 'Follows', 1296269, NULL)});
settle();
$github->set_repository($repo, milestones => \@milestones);
one(q{UPDATE github_sync.known_names SET answered_at = answered_at - interval '30 minutes'});
$application->sql(q{UPDATE planner.tasks SET markdown = 'a text that must arrive', milestone = 'going' WHERE title = 'Follows';
	INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, milestone) VALUES (1, 'ann', 'Comes later', 1296269, 'going')});
settle();
my %late = map { $_->{title} => $_ } $github->issues($repo);
like($late{Follows}{body}, qr/a text that must arrive/, 'an update that GitHub refuses for a milestone that is gone arrives without it');
ok($late{'Comes later'} && !$late{'Comes later'}{milestone}, 'so does a creation');
is(one(q{SELECT count(*) FROM github_sync.sync_conflicts WHERE field = 'milestone' AND local = 'going'}), 2, '... which is said');

# ... also where GitHub was asked for it a moment before
$github->set_repository($repo, milestones => [ @milestones, { number => 1002, title => 'soon gone' } ]);
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, milestone) VALUES (1, 'ann', 'Goes soon', 1296269, 'soon gone'), (1, 'ann', 'Follows soon', 1296269, NULL)});
settle();
$github->set_repository($repo, milestones => \@milestones);
$application->sql(q{UPDATE planner.tasks SET markdown = 'a text that must arrive', milestone = 'soon gone' WHERE title = 'Follows soon'});
settle();
is((grep { $_->{title} eq 'Follows soon' } $github->issues($repo))[0]{body} =~ /a text that must arrive/, 1, 'what was asked for a moment before is asked for again, too');
is(one(q{SELECT count(*) FROM github_sync.sync_errors WHERE error_reason LIKE '%milestone%'}), 0, '... and keeps no text back');

# ---- renamed at GitHub while it is known by its former title ----

$github->set_repository($repo, milestones => [ @milestones, { number => 1001, title => 'before' } ]);
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, milestone) VALUES (1, 'ann', 'Knows it', 1296269, 'before'), (1, 'ann', 'Is given it', 1296269, NULL)});
settle();
$github->set_repository($repo, milestones => [ @milestones, { number => 1001, title => 'after' } ]);
$application->sql(q{UPDATE planner.tasks SET milestone = 'before' WHERE title = 'Is given it';
	INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, milestone) VALUES (1, 'ann', 'Is made with it', 1296269, 'before')});
settle();
is(one(q{SELECT string_agg(milestone, ' ') FROM planner.tasks WHERE title IN ('Is given it', 'Is made with it')}), 'after after', 'a milestone that has another title by now is taken over by that');
is(join(' ', map { $_->{milestone} } grep { $_->{title} =~ /Is given it|Is made with it/ } $github->issues($repo)), '1001 1001', '... which is the one that was meant');
is(one(q{SELECT string_agg(local || ' ' || remote || ' ' || winner, ', ') FROM github_sync.sync_conflicts WHERE field = 'milestone' AND local = 'before'}),
	'before after github, before after github', '... as sync_conflicts says');
is(one(q{SELECT count(*) FROM github_sync.sync_problems WHERE detail LIKE '%before%'}), 0, '... and nobody is told to grant a right');
$seq = $github->last_seq;
$application->sql(q{UPDATE planner.tasks SET milestone = 'before' WHERE title = 'Knows it' OR title = 'Is given it'});
settle();
is(one(q{SELECT count(*) FROM github_sync.sync_problems WHERE detail LIKE '%the repository has no ["before"]%'}), 1, 'the former title is asked for again: there is none');
is_deeply([ map { $_->{body} } writes($seq) ], [], '... and it is not sent');

# ---- many names ----

$application->sql("UPDATE github_sync.github_repos SET create_labels = false WHERE id = $id");
$seq = $github->last_seq;
$application->sql(q{INSERT INTO planner.tasks (project_id, created_by, title, github_repo_id, labels) SELECT 1, 'ann', 'Many', 1296269, array_agg('area ' || n) FROM generate_series(1, 60) AS n});
settle();
is(scalar(grep { $_->{path} =~ m{/labels/area} } $github->requests(since => $seq)), 60, 'each of many labels is asked for once');
unlike(slurp_file($node->logfile), qr/within a short time/, '... which is no circle, in which lists would rest');

done_testing;
