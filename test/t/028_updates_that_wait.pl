# 028_updates_that_wait.pl
#
# GitHub has no compare-and-swap: what somebody edits there between our fetch
# and our update is overwritten.  An update that has to wait for its turn is
# merged with what is there when its turn comes; where it is known that it would
# have to wait, it is not fetched before.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

my @tasks = map { $application->add_task(title => "task $_", markdown => 'text') } 1 .. 4;
$application->wait_until_done;
my @numbers = map { $application->issue_of($_)->{number} } @tasks;

# The first update is held at GitHub: the others are fetched, and wait behind it.
GitHubSync::Application::reconfigure($node, 'github_sync.request_timeout' => '60s');
my $seq = $github->last_seq;
$github->fault("PATCH /issues/$numbers[0]\$", { gate => 'first' });
$application->edit_task($tasks[0], title => 'the first');
$github->wait_at_gate('first');
$application->edit_task($tasks[$_], title => "the application's $_") foreach 1 .. 3;
$github->wait_for_request('GET', "/issues/$numbers[$_]\$", since => $seq) foreach 1 .. 3;

# Meanwhile: the same field of one, another field of the next, nothing of the last.
my $fetched = $github->last_seq;
$github->human_edits_issue('acme/widgets', $numbers[1], title => "somebody's at GitHub");
$github->human_edits_issue('acme/widgets', $numbers[2], body => "somebody's text");
$application->wait_until('SELECT clock_timestamp() > max(processing_at) + interval \'3 seconds\' FROM github_sync.task_sync_transactions');
$github->open_gate('first');
$application->wait_until_done;

my $both = $application->task($tasks[1])->{title};
is($github->issue('acme/widgets', $numbers[1])->{title}, $both, 'the same field on both sides: they agree in the end');
my ($conflict) = $application->rows('SELECT * FROM github_sync.sync_conflicts');
is_deeply([ sort @$conflict{qw(local remote)} ], [ "somebody's at GitHub", "the application's 1" ], 'and the text that lost is kept');
is($github->issue('acme/widgets', $numbers[2])->{title}, "the application's 2", 'different fields: the one is sent');
is($application->task($tasks[2])->{markdown}, "somebody's text", '... and the other applied');
is($github->issue('acme/widgets', $numbers[3])->{title}, "the application's 3", 'what nobody touched is sent as it was');
is_deeply([ sort map { $_->{path} } grep { $_->{method} eq 'GET' && $_->{path} =~ m{/issues/\d+$} } $github->requests(since => $fetched) ],
	[ sort map { "/repos/acme/widgets/issues/$_" } @numbers[ 1 .. 3 ] ], 'each that waited was fetched once more');

# What the first fetch saw is known: the second asks for what is different.
my %last_fetch = map { $_->{path} => $_ } grep { $_->{method} eq 'GET' } $github->requests(since => $fetched);
is_deeply([ map { $last_fetch{"/repos/acme/widgets/issues/$_"}{status} } @numbers[ 1 .. 3 ] ], [ 200, 200, 304 ], 'which is answered in full only where something has changed');

# One that is sent at once is not.
$seq = $github->last_seq;
$application->edit_task($tasks[3], title => 'at once');
$application->wait_until_done;
is_deeply([ map { s/ .*//r } GitHubSync::Application::asked($github, $seq) ], [ 'GET', 'PATCH' ], 'an update whose turn has come needs one fetch');

# Nor does an answer to the update itself, that it is to be sent again, make it fresh.
$seq = $github->last_seq;
$github->fault("PATCH /issues/$numbers[3]\$", { gate => 'refused', answer => { status => 401, body => '{"message":"Bad credentials"}' } });
$application->edit_task($tasks[3], title => "the application's once more");
$github->wait_at_gate('refused');
$github->human_edits_issue('acme/widgets', $numbers[3], title => "somebody's once more");
$application->wait_until('SELECT clock_timestamp() > max(processing_at) + interval \'3 seconds\' FROM github_sync.task_sync_transactions');
$github->open_gate('refused');
$application->wait_until_done;
is_deeply([ map { sort @$_{qw(local remote)} } $application->rows("SELECT * FROM github_sync.sync_conflicts WHERE local LIKE '%once more'") ],
	[ "somebody's once more", "the application's once more" ], 'an update that is sent again after a refusal is merged anew, too');

# What is more urgent goes before those that wait already.
$seq = $github->last_seq;
$github->fault("PATCH /issues/$numbers[0]\$", { gate => 'before' });
$application->edit_task($tasks[0], title => 'before them');
$github->wait_at_gate('before');
$application->edit_task($tasks[$_], title => "waits $_") foreach 1, 2;
$github->wait_for_request('GET', "/issues/$numbers[$_]\$", since => $seq) foreach 1, 2;
$application->sql("BEGIN; UPDATE tasks SET title = 'urgent', modified_at = clock_timestamp() WHERE id = $tasks[3];"
	  . " INSERT INTO github_sync.task_sync_transactions (direction, task_id, priority) VALUES ('outbound', $tasks[3], 1); COMMIT");
$github->wait_for_request('GET', "/issues/$numbers[3]\$", since => $seq);
$github->open_gate('before');
$application->wait_until_done;
is_deeply([ map { $_->{path} =~ m{/(\d+)$} } grep { $_->{method} eq 'PATCH' } $github->requests(since => $seq) ],
	[ @numbers[ 0, 3, 1, 2 ] ], 'a more urgent update goes before those that have waited longer');

# Updates that are written a second apart are fetched as they come, not all at once and then anew.
GitHubSync::Application::reconfigure($node, 'github_sync.write_interval' => '1s');
push @tasks, map { $application->add_task(title => "task $_", markdown => 'text') } 5 .. 6;
$application->wait_until_done;
$seq = $github->last_seq;
$application->sql("UPDATE tasks SET title = title || ' (edited)', modified_at = clock_timestamp()");
$application->wait_until_done;
my @asked = map { s/ .*//r } GitHubSync::Application::asked($github, $seq);
is(scalar(grep { $_ eq 'PATCH' } @asked), 6, 'each of six is written');
# One that the machine stopped for a second may get old all the same.
cmp_ok(scalar(grep { $_ eq 'GET' } @asked), '<=', 7, '... having been fetched once');

# One whose fetch takes long holds the others up for no longer than a write would.
$seq = $github->last_seq;
$github->fault("GET /issues/$numbers[0]\$", { gate => 'slow' });
$application->edit_task($tasks[0], title => 'slow');
$github->wait_at_gate('slow');
$application->edit_task($tasks[$_], title => "not slow $_") foreach 1, 2;
$github->wait_for_request('PATCH', "/issues/$numbers[$_]\$", since => $seq) foreach 1, 2;
pass('while the fetch for one is under way, others are written');
$github->open_gate('slow');
$application->wait_until_done;
is($github->issue('acme/widgets', $numbers[0])->{title}, 'slow', '... and then that one');

# One whose answer could not be recorded for a while, as the application held its row, gets old behind a
# write, and before another one that waits to be written: it is fetched anew, and neither waits for the other.
my ($under_way, $old, $fresh) = @tasks[ 0 .. 2 ];
my @of = map { $application->issue_of($_)->{number} } $under_way, $old, $fresh;
my $is_to_be_sent = 'SELECT sent_mask IS NOT NULL FROM github_sync.github_issues WHERE task_id =';
$github->fault("PATCH /issues/$of[0]\$", { gate => 'writing' });
$github->fault("GET /issues/$of[1]\$", { gate => 'old' });
$github->fault("GET /issues/$of[2]\$", { gate => 'fresh' });
$application->edit_task($under_way, title => 'under way');
$github->wait_at_gate('writing');
$application->edit_task($old, title => 'old');
$github->wait_at_gate('old');
my $holder = $node->background_psql($application->database);
$holder->query_safe("BEGIN; SELECT FROM planner.tasks WHERE id = $old FOR UPDATE");
$seq = $github->last_seq;
$github->open_gate('old');
my $held_since = $application->superuser_sql('SELECT clock_timestamp()');
$application->edit_task($fresh, title => 'fresh');
$github->wait_at_gate('fresh');
$application->wait_until("SELECT clock_timestamp() > '$held_since'::timestamptz + interval '2.2 seconds'");
$holder->query_safe('COMMIT');
$holder->quit;
$application->wait_until("$is_to_be_sent $old");
$github->open_gate('fresh');
$application->wait_until("$is_to_be_sent $fresh");
$github->open_gate('writing');
$application->wait_until_done;
is_deeply([ map { $github->issue('acme/widgets', $_)->{title} } @of ], [ 'under way', 'old', 'fresh' ], 'an update that got old while its row was held holds up no other one');
is(scalar(grep { $_ eq "GET /repos/acme/widgets/issues/$of[1]" } map { "$_->{method} $_->{path}" } $github->requests(since => $seq)), 1, '... and is fetched once more');

done_testing;
