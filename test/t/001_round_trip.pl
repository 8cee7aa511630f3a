# 001_round_trip.pl
#
# Tasks and comments travel both ways between an application's tables and
# GitHub, as the App, without losing what either side changed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use Test::More;

my $github = GitHubSync::StandIn->start(judged => 1);
$github->freeze_clock;
my $application = GitHubSync::Application->start($github);

sub asked { return GitHubSync::Application::asked($github, @_) }

# The decoded bodies of the updates since a sequence number.
sub sent_updates
{
	my ($since) = @_;

	return [ map { decode_json($_->{body}) } grep { $_->{method} eq 'PATCH' } $github->requests(since => $since) ];
}

# ---- a task becomes an issue ----

my $milk = $application->add_task(title => 'Buy milk', markdown => 'two bottles');
$application->wait_until_done;

my $issue  = $github->issue('acme/widgets', 1);
my $record = $application->issue_of($milk);
is($issue->{title}, 'Buy milk', 'a task inserted by the application becomes an issue');
like($issue->{body}, qr/^two bottles\n\n<!-- github_sync:[0-9a-f-]{36} -->$/, 'its body is sent with the hidden key of the creation');
is($issue->{author}, 'tasksync[bot]', 'the App is its author');
is($record->{github_id}, $issue->{id}, "GitHub's id is kept");
cmp_ok($record->{github_id}, '>', 2**31, 'ids beyond 32 bits are no problem');
is($record->{body}, 'two bottles', 'the cached record does not show the hidden key');
is_deeply([ asked() ], [ 'GET /repos/acme/widgets 200', 'POST /repos/acme/widgets/issues 201' ], 'one request creates it, after a look at its repository');
is_deeply([ map { $_->{authorization_kind} } grep { $_->{path} =~ /access_tokens/ } $github->requests ],
	['jwt'], "one installation token was asked for, with the App's JWT");
is((grep { $_->{path} =~ m{^/repos/} && $_->{authorization_kind} ne 'installation' } $github->requests),
	0, 'everything else is asked with that token');

my ($creation) = $application->task_transactions;
is($creation->{state}, 'completed', 'its transaction is completed');
is(scalar $application->task_transactions, 1, 'and was the only one');

# ---- the webhook of our own creation ----

my $seq  = $github->last_seq;
my $echo = $application->tell_of_issue($issue);
$application->wait_until_done;
$echo = $application->task_transaction($echo->{id});
is("$echo->{state} of $echo->{duplicate_of}", "duplicate of $creation->{id}", 'the echo of our own creation is a duplicate of it');
is_deeply([ map { s/ \d+$//r } asked($seq) ], ['GET /repos/acme/widgets/issues/1'],
	'within the minute in which equal times prove nothing it takes one look');

$github->advance_clock(90);
$application->tell_of_issue($issue);
$application->wait_until_done;
$seq  = $github->last_seq;
$echo = $application->tell_of_issue($issue);
is("$echo->{state} of $echo->{duplicate_of}", "duplicate of $creation->{id}", 'once settled the echo is known as a duplicate when it is inserted');
is_deeply([ asked($seq) ], [], 'and costs no request');

# ---- an edit on GitHub ----

$github->advance_clock(10);
$github->human_edits_issue('acme/widgets', 1, title => 'Buy oat milk');
$seq = $github->last_seq;
my $inbound = $application->tell_of_issue($github->issue('acme/widgets', 1));
is($inbound->{state}, 'queued', 'a newer version is queued');
$application->wait_until_done;
my $task = $application->task($milk);
is($application->task_transaction($inbound->{id})->{state}, 'completed', 'and completed');
is($task->{title}, 'Buy oat milk', 'an edit on GitHub reaches the task');
is($task->{markdown}, 'two bottles', 'and leaves its other columns alone');
is($application->superuser_sql("SELECT modified_at = '@{[$github->issue('acme/widgets', 1)->{updated_at}]}' FROM planner.tasks WHERE id = $milk"),
	't', "the task's time of change is GitHub's");
is_deeply([ asked($seq) ], ['GET /repos/acme/widgets/issues/1 200'], 'nothing is sent back');
is(scalar $application->task_transactions("direction = 'outbound'"), 1, 'what the worker writes is not captured');

# ---- the same version again ----

$seq = $github->last_seq;
my $again = $application->tell_of_issue($github->issue('acme/widgets', 1));
$application->wait_until_done;
is_deeply([ asked($seq) ], ['GET /repos/acme/widgets/issues/1 304'], 'an unchanged issue is answered with 304, thanks to its ETag');
is($application->task_transaction($again->{id})->{duplicate_of}, $inbound->{id}, 'and its transaction is a duplicate');
is_deeply($application->task($milk), $task, 'the task is untouched');

# ---- both sides edited ----

$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', 1, body => 'three bottles');
my $edited_by_human = $github->issue('acme/widgets', 1);
$github->advance_clock(5);
$seq = $github->last_seq;
$application->edit_task($milk, title => 'Buy soy milk');
$application->wait_until_done;
$issue = $github->issue('acme/widgets', 1);
$task  = $application->task($milk);
is_deeply([ $issue->{title}, $task->{title} ], [ ('Buy soy milk') x 2 ], "the application's title is on both sides");
is_deeply([ $issue->{body}, $task->{markdown} ], [ ('three bottles') x 2 ], "GitHub's body is on both sides");
is_deeply(sent_updates($seq), [ { title => 'Buy soy milk' } ], 'only the field that differs is sent');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_conflicts'), 0, 'changes of different fields are no conflict');

my ($merged) = $application->task_transactions("direction = 'outbound' AND id > $again->{id}");
is($merged->{state}, 'completed', 'the transaction that merged is completed');
my $late = $application->tell_of_issue($edited_by_human);
is("$late->{state} for $late->{dropped_for}", "dropped for $merged->{id}", 'the webhook of the merged edit comes too late and is dropped');

# ---- quick edits on GitHub ----

my ($ran, $overtaken, $newest);
$github->fault('GET /issues/1$', { gate => 'reading' });
foreach my $transaction (\$ran, \$overtaken, \$newest)
{
	$github->advance_clock(1);
	$github->human_edits_issue('acme/widgets', 1, title => 'Buy milk, edit ' . $github->now);
	$$transaction = $application->tell_of_issue($github->issue('acme/widgets', 1))->{id};
	$github->wait_at_gate('reading') if $transaction == \$ran;
}
$overtaken = $application->task_transaction($overtaken);
is("$overtaken->{state} by $overtaken->{canceled_by}", "canceled by $newest", 'of two edits that wait, the older is canceled by the newer');
is($application->task_transaction($ran)->{state}, 'processing', 'the one that runs goes on');
is($application->row("SELECT waits_for FROM github_sync.sync_queue WHERE id = $newest")->{waits_for}, 'record busy', 'and the other waits for it');
$github->open_gate('reading');
$application->wait_until_done;
is($application->task($milk)->{title}, $github->issue('acme/widgets', 1)->{title}, "GitHub's latest title arrives");
is($application->task_transaction($ran)->{state}, 'completed', 'by the transaction that was running');
$newest = $application->task_transaction($newest);
is("$newest->{state} of $newest->{duplicate_of}", "duplicate of $ran", 'the other finds nothing new');

# ---- quick edits by the application ----

$github->advance_clock(5);
$github->fault('PATCH /issues/1$', { gate => 'writing' });
$seq = $github->last_seq;
$application->edit_task($milk, title => 'first');
$github->wait_at_gate('writing');
$application->edit_task($milk, title => 'second');
$application->edit_task($milk, title => 'third');
my ($first, $second, $third) = $application->task_transactions("direction = 'outbound' AND id > $newest->{id}");
is("$first->{state} $second->{state} $third->{state}", 'processing canceled queued', 'of two local edits that wait, the older is canceled');
is($second->{canceled_by}, $third->{id}, 'by the newer');
is($application->superuser_sql("SELECT a.queued_at = b.queued_at FROM github_sync.task_sync_transactions AS a, github_sync.task_sync_transactions AS b"
		  . " WHERE a.id = $second->{id} AND b.id = $third->{id}"), 't', 'whose place in line it takes');
$github->open_gate('writing');
$application->wait_until_done;
is_deeply(sent_updates($seq), [ { title => 'first' }, { title => 'third' } ], 'the value in between is never sent');
is($github->issue('acme/widgets', 1)->{title}, 'third', 'the last value is on GitHub');
is($application->task($milk)->{title}, 'third', 'and in the task');

$seq = $github->last_seq;
$application->sql("UPDATE tasks SET title = 'fourth' WHERE id = $milk; UPDATE tasks SET title = 'fourth' WHERE id = $milk");
$application->wait_until_done;
is(scalar @{ sent_updates($seq) }, 1, 'the same value twice is sent once');

# ---- an issue born on GitHub ----

$github->advance_clock(5);
$issue = $github->human_creates_issue('acme/widgets', title => 'Feed the cat');
is($issue->{body}, undef, 'an issue without a body');
$seq = $github->last_seq;
$application->tell_of_issue($issue);
$application->wait_until_done;
my $cat = $application->superuser_sql("SELECT task_id FROM github_sync.github_issues WHERE number = $issue->{number}");
$task = $application->task($cat);
is($task->{title}, 'Feed the cat', 'becomes a task');
is($task->{markdown}, undef, 'without a text');
is($task->{status}, 'open', 'that is open');
is($task->{created_by}, 'alice', 'the other columns come from insert_values: of the issue,');
is($task->{project_id}, $application->superuser_sql("SELECT id FROM planner.projects WHERE github_repo_id = 1296269"), 'and of its repository');
is($task->{github_repo_id}, 1296269, 'the repository is kept with the task');

# ---- state ----

$github->advance_clock(5);
$github->human_closes_issue('acme/widgets', $issue->{number});
$application->tell_of_issue($github->issue('acme/widgets', $issue->{number}));
$application->wait_until_done;
is($application->task($cat)->{status}, 'closed', 'closing the issue closes the task');
$github->advance_clock(5);
$application->edit_task($cat, status => 'open');
$application->wait_until_done;
is($github->issue('acme/widgets', $issue->{number})->{state}, 'open', 'opening the task reopens the issue');
is_deeply(sent_updates($seq), [ { state => 'open' } ], 'without sending title or body');

$seq = $github->last_seq;
my $done = $application->add_task(title => 'Done already', status => 'closed');
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($done)->{number})->{state}, 'closed', 'a task that is closed already is closed on GitHub');
is_deeply(sent_updates($seq), [ { state => 'closed' } ], 'after its creation, since issues are born open');

# ---- comments ----

$github->advance_clock(5);
$github->fault('POST /issues$', { gate => 'creating' });
my $garden  = $application->add_task(title => 'Water the garden');
my $comment = $application->add_comment($garden, 'in the evening');
$github->wait_at_gate('creating');
my ($waiting) = $application->comment_transactions;
$application->wait_until("SELECT bool_or(waits_for = 'parent issue') FROM github_sync.sync_queue WHERE record_type = 'comment'");
pass("a comment waits for its task's issue");
is($waiting->{attempts}, 0, 'which is no failed attempt');
$github->open_gate('creating');
$application->wait_until_done;
my $number = $application->issue_of($garden)->{number};
my ($remote) = $github->comments('acme/widgets', $number);
like($remote->{body}, qr/^in the evening\n\n<!-- github_sync:/, 'it arrives as soon as the issue exists');
is($remote->{author}, 'tasksync[bot]', 'written by the App');
is($application->github_comment_of($comment)->{github_id}, $remote->{id}, "GitHub's id is kept");
cmp_ok($remote->{id}, '>', 2**31, 'which may lie beyond 32 bits');

$echo = $application->tell_of_comment($remote, $number);
$application->wait_until_done;
is($application->comment_transaction($echo->{id})->{duplicate_of}, $waiting->{id}, 'the echo of our own comment is a duplicate');

$github->advance_clock(5);
my $reply = $github->human_creates_comment('acme/widgets', $number, body => 'it rains');
$application->tell_of_comment($reply, $number);
$application->wait_until_done;
my $received = $application->row("SELECT c.* FROM planner.comments AS c"
	  . " JOIN github_sync.github_comments AS g ON g.comment_id = c.id WHERE g.github_id = $reply->{id}");
is($received->{markdown}, 'it rains', "a human's comment becomes a comment");
is($received->{task_id}, $garden, 'of the task');
is($received->{created_by}, 'alice', 'with the columns of insert_values');

$github->advance_clock(5);
$reply = $github->human_edits_comment($reply->{id}, body => 'it pours');
$application->tell_of_comment($reply, $number);
$application->wait_until_done;
is($application->comment($received->{id})->{markdown}, 'it pours', 'its edit on GitHub arrives');

$github->advance_clock(5);
$seq = $github->last_seq;
$application->edit_comment($comment, markdown => 'in the morning');
$application->wait_until_done;
is_deeply(sent_updates($seq), [ { body => 'in the morning' } ], "the application's edit of its own is sent");

# ---- and in the end ----

is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

# What the worker counted is what happened: it adds it up before it waits for something new.
my $requests = scalar $github->requests;
$application->wait_until("SELECT sum(total) = $requests FROM github_sync.sync_stats WHERE counted = 'answers'");
pass("each of $requests requests was counted");
is($application->superuser_sql("SELECT sum(total) FROM github_sync.sync_stats WHERE counted = 'answers' AND outcome = '304'"),
	scalar(grep { $_->{status} == 304 } $github->requests), '... those that found nothing new apart');
is($application->superuser_sql("SELECT string_agg(concat_ws(' ', record_type, direction, outcome, total), ', ' ORDER BY record_type, direction, outcome)"
	  . " FROM github_sync.sync_stats WHERE counted = 'transactions' AND total > 0"),
	$application->superuser_sql("SELECT string_agg(concat_ws(' ', record_type, direction, state, transactions), ', ' ORDER BY record_type, direction, state)"
	  . " FROM (SELECT record_type, direction, state, count(*) AS transactions FROM github_sync.sync_history WHERE claim_no > 0 GROUP BY 1, 2, 3) AS ended"),
	'and so was each transaction that a worker ended');
is($application->superuser_sql("SELECT sum(measured) FROM github_sync.sync_latency WHERE stage = 'answered'"), $requests, 'each answer was timed');
is($application->superuser_sql("SELECT sum(m.answers_2xx + m.answers_304 + m.answers_3xx + m.answers_4xx + m.answers_5xx) FROM github_sync.sync_minutes AS m"),
	$requests, 'and has its minute');
is($application->superuser_sql("SELECT bool_and(p50_ms < 30000) FROM github_sync.sync_latency WHERE measured > 0"), 't', 'nothing took long');
$application->superuser_sql('SELECT github_sync.sync_stats_reset()');
is($application->superuser_sql('SELECT sum(total) FROM github_sync.sync_stats'), 0, 'sync_stats_reset() begins anew');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

cmp_ok($github->judged, '>=', 10, "every request was judged by GitHub's own description");
is_deeply([ $github->violations ], [], 'which knows them all');

done_testing();
