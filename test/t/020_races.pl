# 020_races.pl
#
# Each race that is known, made to happen: a gate in the stand-in holds a
# request until the other side has done its part.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;
my $repo        = 'acme/widgets';

# Requests since $seq whose line ("METHOD path status") matches.
sub asked_since
{
	my ($seq, $pattern) = @_;

	return scalar grep { /$pattern/ } GitHubSync::Application::asked($github, $seq);
}

my $posts_issue = qr{^POST /repos/acme/widgets/issues };
my $lists       = qr{^GET /repos/acme/widgets/issues\?};

# A task whose issue exists and holds the same: its id and the issue's number.
sub synced_task
{
	my (%columns) = @_;
	my $task = $application->add_task(%columns);

	$application->wait_until_done;
	return ($task, $application->issue_of($task)->{number});
}

sub github_issue { my ($number) = @_; return $github->issue($repo, $number) }

# Issues of this title; its words are not part of another's.
sub issues_called
{
	my ($title) = @_;

	return grep { $_->{title} eq $title } $github->issues($repo);
}

sub number_of_rows
{
	my ($query) = @_;

	return $application->superuser_sql("SELECT count(*) FROM $query");
}

# What lost, as "field: local | remote -> winner".
sub conflicts
{
	my ($task) = @_;

	return [ map { "$_->{field}: $_->{local} | $_->{remote} -> $_->{winner}" }
		  $application->rows("SELECT c.* FROM github_sync.sync_conflicts AS c JOIN github_sync.github_issues AS i ON i.id = c.cached_record_id"
			  . " WHERE c.record_type = 'task' AND i.task_id = $task ORDER BY c.id") ];
}

# What a sweep would do: nothing that GitHub holds stays untold.
sub tell_everything
{
	$application->tell_of_issue($_) foreach $github->issues($repo);
	$application->wait_until_done;
}

# The task and its issue hold the same, and these values.
sub is_on_both_sides
{
	my ($task, $number, $values, $what) = @_;
	my ($here, $there) = ($application->task($task), github_issue($number));

	is_deeply({ title => $here->{title}, body => $here->{markdown} // '' }, $values, "$what: in the application");
	is_deeply({ title => $there->{title}, body => ($there->{body} // '') =~ s/\s*<!-- github_sync:\S+ -->//r }, $values, "$what: and on GitHub");
}

sub nothing_is_errored
{
	my ($what) = @_;

	is_deeply([ map { "$_->{record_type} $_->{record_id} $_->{error_reason}" } $application->rows('SELECT * FROM github_sync.sync_errors') ],
		[], "$what: nothing is errored");
}

# ---- our POST's webhook before our POST's answer ----

sub webhook_overtakes_answer
{
	my ($title) = @_;
	my $gate = $title =~ s/\W+/-/gr;
	my $seq  = $github->last_seq;

	$github->fault('POST /issues$', { gate_after_effect => $gate });
	my $task = $application->add_task(title => $title, markdown => 'text');
	$github->wait_at_gate($gate);
	my ($issue) = issues_called($title);
	my $told = $application->tell_of_issue($issue)->{id};
	$github->wait_for_request(GET => "/issues/$issue->{number}\$", since => $seq);
	$application->wait_until("SELECT outcome = 'created' FROM github_sync.task_creation_attempts AS a"
		  . " JOIN github_sync.github_issues AS i ON i.id = a.github_issue_id WHERE i.task_id = $task");
	pass("$title: its fetch settles the creation");
	$github->open_gate($gate);
	$application->wait_until_done;

	is(number_of_rows("planner.tasks WHERE title = '$title'"), 1, "$title: no second task");
	is($application->issue_of($task)->{number}, $issue->{number}, "$title: the task knows its issue");
	is(asked_since($seq, $posts_issue), 1, "$title: it was sent once");
	is($application->task_transaction($told)->{state}, 'duplicate', "$title: the webhook tells nothing new");
	nothing_is_errored($title);
}

webhook_overtakes_answer('a webhook overtakes the answer');

my ($parent, $parent_number) = synced_task(title => 'parent of comments');
$github->fault('POST /comments$', { gate_after_effect => 'comment' });
my $comment = $application->add_comment($parent, 'a comment');
$github->wait_at_gate('comment');
my ($on_github) = $github->comments($repo, $parent_number);
$application->tell_of_comment($on_github, $parent_number);
$github->wait_for_request(GET => "/issues/comments/$on_github->{id}\$");
$application->wait_until("SELECT count(*) = 1 FROM github_sync.comment_creation_attempts WHERE outcome = 'created'");
$github->open_gate('comment');
$application->wait_until_done;
is(number_of_rows('planner.comments'), 1, 'a webhook overtakes the answer to a comment: no second comment');
is($application->github_comment_of($comment)->{github_id}, $on_github->{id}, 'and the comment knows its own');

# What that fetch has seen counts: the answer that comes afterwards is older.
$github->fault('POST /issues$', { gate_after_effect => 'older' });
my $task = $application->add_task(title => 'created with this title');
$github->wait_at_gate('older');
my ($issue) = issues_called('created with this title');
$issue = $github->human_edits_issue($repo, $issue->{number}, title => 'their title');
$application->edit_task($task, title => 'our title');
$application->tell_of_issue($issue);
$application->wait_until("SELECT outcome = 'created' FROM github_sync.task_creation_attempts AS a"
	  . " JOIN github_sync.github_issues AS i ON i.id = a.github_issue_id WHERE i.task_id = $task");
$github->open_gate('older');
$application->wait_until_done;
is(scalar @{ conflicts($task) }, 1, 'both edit before the answer comes: a conflict, and what lost is kept');
is($application->task($task)->{title}, github_issue($issue->{number})->{title}, 'and both sides hold the same');

# A fetch that cannot tell yet whose issue it has seen gives way to the answer, which is older: nothing is written over it.
$github->fault('POST /issues$', { gate_after_effect => 'blind' });
$task = $application->add_task(title => 'seen without its key');
$github->wait_at_gate('blind');
($issue) = issues_called('seen without its key');
$issue = $github->human_edits_issue($repo, $issue->{number}, title => 'their title, the key gone', body => 'their text');
$application->edit_task($task, title => 'our title meanwhile');
my $told = $application->tell_of_issue($issue)->{id};
$application->wait_until("SELECT state = 'queued' AND last_error LIKE '%creation of ours%' FROM github_sync.task_sync_transactions WHERE id = $told");
$github->open_gate('blind');
$application->wait_until_done;
is_deeply(conflicts($task), [ 'title: our title meanwhile | their title, the key gone -> ' . ($application->task($task)->{title} =~ /^our/ ? 'app' : 'github') ],
	'an edit that was seen while the answer was on its way: a conflict, and what lost is kept');
is_on_both_sides($task, $issue->{number}, { title => $application->task($task)->{title}, body => 'their text' }, '...');

# What was found was created with what was sent: another value is an edit since, ours an older one.
$application->sql("UPDATE github_sync.github_repos SET conflict_policy = 'app_wins'");
$github->fault('POST /issues$', { gate_after_effect => 'edited', reset_after_effect => JSON::PP::true });
$task = $application->add_task(title => 'edited before it is found', markdown => 'text');
$github->wait_at_gate('edited');
($issue) = issues_called('edited before it is found');
$github->human_edits_issue($repo, $issue->{number}, title => 'edited on GitHub');
$github->open_gate('edited');
$application->wait_until_done;
is_on_both_sides($task, $issue->{number}, { title => 'edited on GitHub', body => 'text' }, 'a creation is edited on GitHub before it is found');
is_deeply(conflicts($task), [], 'which is no conflict');
$application->sql("UPDATE github_sync.github_repos SET conflict_policy = 'last_write_wins'");

# ---- a webhook is being taken while our POST's answer comes ----

my $session = $node->background_psql($application->database, extra_params => [ '-U', GitHubSync::Application::OWNER ]);
my $waits   = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE backend_type = 'github_sync worker'";

$github->fault('POST /issues$', { gate_after_effect => 'both' });
$task = $application->add_task(title => 'seen by two');
$github->wait_at_gate('both');
($issue) = issues_called('seen by two');
$session->query_safe("BEGIN; INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)"
	  . " VALUES ('inbound', @{[GitHubSync::Application::WIDGETS]}, $issue->{id}, $issue->{number}, '$issue->{updated_at}')");
$github->open_gate('both');
$application->wait_until($waits);
$session->query_safe('COMMIT');
$session->quit;
$application->wait_until_done;
nothing_is_errored('a webhook is being taken while the answer comes');
is($application->issue_of($task)->{github_id}, $issue->{id}, 'the task knows its issue');
is(number_of_rows("planner.tasks WHERE title = 'seen by two'"), 1, 'and there is no second task');

# Somebody comments on an issue whose answer has not come yet, and that webhook is all we hear.
$github->fault('POST /issues$', { gate_after_effect => 'commented' });
$task = $application->add_task(title => 'commented at once');
$github->wait_at_gate('commented');
($issue) = issues_called('commented at once');
$on_github = $github->human_creates_comment($repo, $issue->{number}, body => 'at once');
$github->fault("GET /issues/(?:comments/)?\\d+\$", { gate => 'later' }, times => 'forever');
$application->tell_of_comment($on_github, $issue->{number});
$github->open_gate('commented');
$application->wait_until("SELECT state <> 'processing' FROM github_sync.task_sync_transactions WHERE task_id = $task AND direction = 'outbound'");
is(($application->task_transactions("task_id = $task AND direction = 'outbound'"))[-1]{state}, 'completed',
	'a comment is heard of before the issue, whose creation completes all the same');
$github->clear_faults;
$application->wait_until_done;
nothing_is_errored('a comment is heard of before the issue');
is($application->issue_of($task)->{number}, $issue->{number}, 'the task knows its issue');
is($application->superuser_sql("SELECT task_id FROM planner.comments WHERE markdown = 'at once'"), $task, 'and has the comment');

# ---- edits on GitHub between our GET and our PATCH ----

($task, my $number) = synced_task(title => 'title', markdown => 'body');
$github->fault("PATCH /issues/$number\$", { gate => 'patch' });
$application->edit_task($task, title => 'our title');
$github->wait_at_gate('patch');
$github->human_edits_issue($repo, $number, body => 'their body');
$github->open_gate('patch');
$application->wait_until_done;
is_on_both_sides($task, $number, { title => 'our title', body => 'their body' }, 'another field is edited between GET and PATCH');
is_deeply(conflicts($task), [], 'which is no conflict');

# The limit that README states: GitHub has no compare-and-swap.
$github->fault("PATCH /issues/$number\$", { gate => 'patch-again' });
$application->edit_task($task, title => 'our second title');
$github->wait_at_gate('patch-again');
$issue = $github->human_edits_issue($repo, $number, title => 'their second title');
$application->tell_of_issue($issue);
$github->open_gate('patch-again');
$application->wait_until_done;
is_on_both_sides($task, $number, { title => 'our second title', body => 'their body' }, 'the same field is edited between GET and PATCH');

# ---- the application edits while our fetch is under way ----

($task, $number) = synced_task(title => 'title', markdown => 'body');
$github->advance_clock(5);
$issue = $github->human_edits_issue($repo, $number, title => 'their title');
$github->fault("GET /issues/$number\$", { gate_after_effect => 'get' });
$application->tell_of_issue($issue);
$github->wait_at_gate('get');
$application->edit_task($task, title => 'our title', markdown => 'our body');
$github->open_gate('get');
$application->wait_until_done;
is_on_both_sides($task, $number, { title => 'their title', body => 'our body' }, 'the application edits during the fetch');
is_deeply(conflicts($task), ['title: our title | their title -> github'], 'and what lost is kept');

# ---- a replica of GitHub's that lags ----

($task, $number) = synced_task(title => 'first', markdown => 'body');
$github->advance_clock(5);
$issue = $github->human_edits_issue($repo, $number, title => 'second');
$github->stale_reads(times => 1, path => "/issues/$number\$");
$application->tell_of_issue($issue);
$application->wait_until_done;
is($application->task($task)->{title}, 'second', 'a fetch that shows less than we were told of is made again');
$github->advance_clock(5);
$application->edit_task($task, title => 'third');
$application->wait_until_done;
$github->stale_reads(times => 1, path => "/issues/$number\$");
$application->edit_task($task, markdown => 'new body');
$application->wait_until_done;
is_on_both_sides($task, $number, { title => 'third', body => 'new body' }, 'a fetch that shows less than we have written ourselves');

# ---- the answer of a PATCH is lost after its effect ----

foreach my $edit (undef, 'edited again')
{
	my $what = 'the answer of a PATCH is lost' . ($edit ? ', and the application edits again' : '');
	my $seq;

	($task, $number) = synced_task(title => $what, markdown => 'body');
	$seq = $github->last_seq;
	$github->fault("PATCH /issues/$number\$", { gate_after_effect => "lost-$number", html => 502, after_effect => JSON::PP::true });
	$application->edit_task($task, markdown => 'sent');
	$github->wait_at_gate("lost-$number");
	$application->edit_task($task, markdown => $edit) if $edit;
	$github->open_gate("lost-$number");
	$application->wait_until_done;
	is_on_both_sides($task, $number, { title => $what, body => $edit // 'sent' }, $what);
	is_deeply(conflicts($task), [], "$what: which is no conflict with ourselves");
	is(asked_since($seq, qr/^PATCH/), $edit ? 2 : 1, "$what: nothing is sent twice");
}

# ---- a POST without an answer ----

foreach my $fault (
	[ '502 after the effect', { html => 502, after_effect => JSON::PP::true } ],
	[ 'a reset after the effect', { reset_after_effect => JSON::PP::true } ],
	[ 'a timeout after the effect', { drop_answer => JSON::PP::true } ],
	[ '502 without effect', { html => 502 } ])
{
	my ($what, $action) = @$fault;
	my $seq;

	GitHubSync::Application::reconfigure($node, 'github_sync.request_timeout' => $action->{drop_answer} ? '300ms' : '30s');
	$github->fault('POST /issues$', $action);
	$seq = $github->last_seq;
	($task, $number) = synced_task(title => $what);
	is(scalar(issues_called($what)), 1, "a POST gets $what: the issue exists once");
	cmp_ok(asked_since($seq, $lists), '>=', 1, "a POST gets $what: it was looked for");
	$github->fault('POST /comments$', $action);
	$application->add_comment($task, $what);
	$application->wait_until_done;
	is_deeply([ map { $_->{body} =~ s/\s*<!--.*//r } $github->comments($repo, $number) ], [$what], "a POST gets $what: the comment exists once");
}

# ---- lists show a creation only later ----

GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => '20s');
$github->freeze_clock;
$github->behaviour(list_lag_s => 30);
$github->fault('POST /issues$', { reset_after_effect => JSON::PP::true });
my $seq = $github->last_seq;
$task = $application->add_task(title => 'listed later');
$github->wait_for_request(GET => '/issues\?', since => $seq, count => 2);
$application->wait_until("SELECT bool_or(waits_for ~ 'look') FROM github_sync.sync_queue WHERE record_id = '$task'");
pass('a creation that lists do not show yet is looked for again');
# Each edit has it looked for at once, which makes it no later.
foreach my $edit (1 .. 5)
{
	my $before = $github->last_seq;

	$application->edit_task($task, markdown => "edit $edit");
	$github->wait_for_request(GET => '/issues\?', since => $before);
}
$github->advance_clock(31);
$application->edit_task($task, markdown => 'the last edit');
$application->wait_until_done;
is(asked_since($seq, $posts_issue), 1, 'and not sent again, however often that is');
is($application->issue_of($task)->{number}, (issues_called('listed later'))[0]{number}, 'but found when they show it');
$github->behaviour(list_lag_s => 0);
$github->real_clock;
GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => '300ms');

# ---- the local row is deleted while its POST is under way ----

foreach my $when ('before', 'after')
{
	my $title = "deleted $when the effect";

	$github->fault('POST /issues$', { $when eq 'before' ? 'gate' : 'gate_after_effect' => "deleted-$when" });
	$task = $application->add_task(title => $title);
	$github->wait_at_gate("deleted-$when");
	$application->sql("DELETE FROM tasks WHERE id = $task");
	$github->open_gate("deleted-$when");
	$application->wait_until_done;
	is(scalar(issues_called($title)), 1, "$title: the issue stays");
	nothing_is_errored($title);
	my ($told) = map { $application->tell_of_issue($_) } issues_called($title);
	$application->wait_until_done;
	is(number_of_rows("planner.tasks WHERE title = '$title'"), 0, "$title: and makes no new task");
}

# ---- a late report of a claim that is no longer its worker's ----

($task, $number) = synced_task(title => 'fenced', markdown => 'old');
$github->advance_clock(5);
$issue = $github->human_edits_issue($repo, $number, markdown => 'old', body => 'first');
$github->fault("GET /issues/$number\$", { gate_after_effect => 'first-claim' });
my $told = $application->tell_of_issue($issue)->{id};
$github->wait_at_gate('first-claim');
$github->advance_clock(5);
$github->human_edits_issue($repo, $number, body => 'second');
$github->fault("GET /issues/$number\$", { gate_after_effect => 'second-claim' });
# As another worker would that takes this one for dead.
$application->superuser_sql("UPDATE github_sync.task_sync_transactions SET event = 'given back' WHERE id = $told; SELECT github_sync.wake()");
$github->wait_at_gate('second-claim');
is($application->task_transaction($told)->{claim_no}, 2, 'a transaction is claimed again');
$github->open_gate('first-claim');
# What this worker does afterwards, it does after it has recorded that answer.
my $other = $application->add_task(title => 'afterwards');
$application->wait_until("SELECT state = 'completed' FROM github_sync.task_sync_transactions WHERE task_id = $other");
is($application->task_transaction($told)->{state}, 'processing', 'the late answer of the first claim does not end the second');
is($application->task($task)->{markdown}, 'old', 'and writes nothing');
$github->open_gate('second-claim');
$application->wait_until_done;
is($application->task($task)->{markdown}, 'second', 'the second claim does');
is($application->task_transaction($told)->{state}, 'completed', 'and completes');

# ---- and in the end ----

tell_everything();
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
nothing_is_errored('in the end');

done_testing();
