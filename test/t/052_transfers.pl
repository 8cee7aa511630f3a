# 052_transfers.pl
#
# Issues are transferred at GitHub.  Their comments are not deleted by that:
# a comment's 404 is followed by a question for its issue.  A receiver of
# webhooks tells of the new place before anything here asks for the old one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };

my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github);

$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
$application->sql("UPDATE github_sync.github_repos SET on_remote_delete = 'delete'");
$github->seed({ repositories => [ { id => 42, owner => 'acme', name => 'attic' } ] });

# Tasks with a comment each, all at GitHub.
my @names = ('edited comment', 'told deletion', 'attic', 'out of sight', 'opened first', 'opened first, by a comment', 'opened, edited there', 'opened, edited', 'opened, referred to', 'new comment');
my %task    = map { $_ => $application->add_task(title => $_) } @names;
$application->wait_until_done;
# These are known by their links alone: nobody reads off them that they are ours.
$github->human_edits_issue('acme/widgets', $application->issue_of($task{$_})->{number}, body => "text of $_") foreach grep { /^opened/ } @names;
my %comment = map { $_ => $application->add_comment($task{$_}, "comment of $_") } @names;
$application->wait_until_done;
my %number  = map { $_ => $application->issue_of($task{$_})->{number} } @names;
my %github_id = map { $_ => $application->github_comment_of($comment{$_})->{github_id} } @names;

sub transfer { my ($name, $to) = @_; return $github->human_transfers_issue('acme/widgets', $number{$name}, $to) }

# Waits that a lagging replica or a deletion that is to be believed would take.
sub pass_the_waits
{
	my ($type) = @_;

	$github->advance_clock(60);
	$application->superuser_sql("UPDATE github_sync.${type}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued' AND next_attempt_at < 'infinity'");
}

sub settle
{
	my ($type, $id) = @_;

	for (1 .. 8)
	{
		last if $application->superuser_sql("SELECT state NOT IN ('queued', 'processing') FROM github_sync.${type}_sync_transactions WHERE id = $id") eq 't';
		$application->wait_until("SELECT state <> 'processing' AND (state <> 'queued' OR next_attempt_at > clock_timestamp()) FROM github_sync.${type}_sync_transactions WHERE id = $id");
		pass_the_waits($type);
	}
	my $t = $application->row("SELECT * FROM github_sync.${type}_sync_transactions WHERE id = $id");
	note("$type transaction $id: $t->{error_reason}") if defined $t->{error_reason};
	return join ' ', grep { defined } @$t{qw(state error_code)};
}

sub outbound { my ($type, $id) = @_; return $application->superuser_sql("SELECT max(id) FROM github_sync.${type}_sync_transactions WHERE direction = 'outbound' AND ${type}_id = $id") }

sub place_of { my ($task) = @_; my $issue = $application->issue_of($task) // {}; return [ @$issue{qw(github_repo_id number)} ] }

# ---- a comment is the first that finds out ----

my $arrived = transfer('edited comment', 'acme/gadgets');
$application->edit_comment($comment{'edited comment'}, markdown => 'edited here');
is(settle(comment => outbound(comment => $comment{'edited comment'})), 'completed', "an edit of a comment follows its issue's transfer");
is(($github->comments('acme/gadgets', $arrived->{number}))[0]{body}, 'edited here', 'and arrives there');
is_deeply(place_of($task{'edited comment'}), [ GADGETS, $arrived->{number} ], 'the task is linked to the new place');
is($application->github_comment_of($comment{'edited comment'})->{deleted_at}, undef, 'the comment is not taken for deleted');

# ---- GitHub tells of a deletion, of which nothing is true ----

$arrived = transfer('told deletion', 'acme/gadgets');
my $deletion = $application->sql("INSERT INTO github_sync.comment_sync_transactions (direction, action, github_repo_id, github_issue_number, github_comment_external_id)"
	  . " VALUES ('inbound', 'delete', @{[WIDGETS]}, $number{'told deletion'}, $github_id{'told deletion'}) RETURNING id");
settle(comment => $deletion);
is($application->comment($comment{'told deletion'})->{markdown}, 'comment of told deletion', 'with on_remote_delete = delete, the row of a comment whose issue went elsewhere stays');
is_deeply(place_of($task{'told deletion'}), [ GADGETS, $arrived->{number} ], '... and its task follows');

# ---- to where we do not sync ----

$github->human_transfers_issue('acme/widgets', $number{'attic'}, 'acme/attic');
$application->edit_comment($comment{'attic'}, markdown => 'edited for the attic');
is(settle(comment => outbound(comment => $comment{'attic'})), 'errored transferred', 'a comment of an issue that went to a repository that is not ours: transferred');
like($application->superuser_sql("SELECT error_reason FROM github_sync.comment_sync_transactions WHERE id = " . outbound(comment => $comment{'attic'})), qr{acme/attic}, '... with the place');
$application->tell_of_comment({ id => $github_id{'attic'}, updated_at => $github->now }, $number{'attic'});
settle(comment => $application->superuser_sql('SELECT max(id) FROM github_sync.comment_sync_transactions'));
is($application->comment($comment{'attic'})->{markdown}, 'edited for the attic', '... its row stays');
is($application->github_comment_of($comment{'attic'})->{deleted_at}, undef, '... nor is it deleted by a webhook that comes late');

# A new comment goes nowhere either.
my $lone = $application->add_comment($task{'attic'}, 'not for the attic');
settle(comment => outbound(comment => $lone));
is(scalar(grep { $_->{body} =~ /not for the attic/ } $github->comments('acme/attic')), 0, '... a new comment is not written into a repository that is not ours');

# ---- to where we cannot look ----

$github->set_repository('acme/attic', owner => 'stranger');
transfer('out of sight', 42);
$github->advance_clock(1);
$application->tell_of_comment({ id => $github_id{'out of sight'}, updated_at => $github->now }, $number{'out of sight'});
settle(comment => $application->superuser_sql('SELECT max(id) FROM github_sync.comment_sync_transactions'));
is(($application->comment($comment{'out of sight'}) // {})->{markdown}, 'comment of out of sight', 'nor is the row of a comment deleted whose issue is out of sight');

# ---- the receiver's `opened` comes first ----

$arrived = transfer('opened first', 'acme/gadgets');
$application->tell_of_issue($arrived, GADGETS);
$application->wait_until_done;
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'opened first'"), 2, 'a new issue makes a task');
$github->advance_clock(5);
$application->edit_task($task{'opened first'}, title => 'opened first, edited');
is(settle(task => outbound(task => $task{'opened first'})), 'completed', '... until the task of before finds out that it is its own');
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title LIKE 'opened first' OR title = 'opened first, edited'"), 1, '... then there is one');
is_deeply(place_of($task{'opened first'}), [ GADGETS, $arrived->{number} ], '... which is linked to the new place');
is($github->issue('acme/gadgets', $arrived->{number})->{title}, 'opened first, edited', '... and carries the edit there');
$application->edit_comment($comment{'opened first'}, markdown => 'follows');
is(settle(comment => outbound(comment => $comment{'opened first'})), 'completed', '... its comments follow');
is(($github->comments('acme/gadgets', $arrived->{number}))[0]{body}, 'follows', '... to the new place');

$arrived = transfer('opened first, by a comment', 'acme/gadgets');
$application->tell_of_issue($arrived, GADGETS);
$application->wait_until_done;
$application->edit_comment($comment{'opened first, by a comment'}, markdown => 'finds out');
is(settle(comment => outbound(comment => $comment{'opened first, by a comment'})), 'completed', 'a comment finds it out as well');
is_deeply(place_of($task{'opened first, by a comment'}), [ GADGETS, $arrived->{number} ], '... for its task');
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'opened first, by a comment'"), 1, '... and there is one');

# What it has in its new place the second task has taken in; then a webhook of before that comes late, and says less.
my $before = $application->issue_of($task{'opened, edited there'});
$arrived = transfer('opened, edited there', 'acme/gadgets');
$github->advance_clock(5);
my $late = $github->now;
$github->advance_clock(5);
$github->human_edits_issue('acme/gadgets', $arrived->{number}, body => 'written there');
$application->tell_of_issue($github->issue('acme/gadgets', $arrived->{number}), GADGETS);
$application->wait_until_done;
$application->tell_of_issue({ id => $before->{github_id}, number => $before->{number}, updated_at => $late });
$application->wait_until("SELECT github_repo_id = @{[GADGETS]} AND seen_at IS NOT NULL FROM github_sync.github_issues WHERE task_id = $task{'opened, edited there'}");
$application->wait_until_done;
is($application->superuser_sql("SELECT string_agg(id || ' ' || markdown, '; ') FROM planner.tasks WHERE title = 'opened, edited there'"), "$task{'opened, edited there'} written there", 'a task that gets its issue back has what was written in the new place');

# ---- but what somebody has begun to use is not taken away ----

$arrived = transfer('opened, edited', 'acme/gadgets');
$application->tell_of_issue($arrived, GADGETS);
$application->wait_until_done;
my $second = $application->superuser_sql("SELECT max(id) FROM planner.tasks WHERE title = 'opened, edited'");
$application->edit_task($second, markdown => 'worked on');
$application->wait_until_done;
$application->edit_task($task{'opened, edited'}, title => 'too late');
is(settle(task => outbound(task => $task{'opened, edited'})), 'errored transferred', 'where the new task was edited, nothing is taken away: transferred');
like($application->superuser_sql("SELECT error_reason FROM github_sync.task_sync_transactions WHERE id = " . outbound(task => $task{'opened, edited'})),
	qr/acme\/gadgets#$arrived->{number}.*task $second.*task $task{'opened, edited'}/, '... naming both tasks');
is($application->task($second)->{markdown}, 'worked on', '... and the new one goes on');
$application->edit_comment($comment{'opened, edited'}, markdown => 'left behind');
is(settle(comment => outbound(comment => $comment{'opened, edited'})), 'completed', '... a comment of the one before follows by itself');
is(($github->comments('acme/gadgets', $arrived->{number}))[0]{body}, 'left behind', '... to where GitHub has it');
is($application->comment($comment{'opened, edited'})->{task_id}, $task{'opened, edited'}, '... and stays with its task here');

$arrived = transfer('opened, referred to', 'acme/gadgets');
$application->tell_of_issue($arrived, GADGETS);
$application->wait_until_done;
$second = $application->superuser_sql("SELECT max(id) FROM planner.tasks WHERE title = 'opened, referred to'");
$application->superuser_sql("CREATE TABLE planner.time_sheets (task_id bigint REFERENCES planner.tasks ON DELETE CASCADE);"
	  . " ALTER TABLE planner.time_sheets OWNER TO planner; INSERT INTO planner.time_sheets VALUES ($second)");
$application->edit_task($task{'opened, referred to'}, title => 'too late as well');
is(settle(task => outbound(task => $task{'opened, referred to'})), 'errored transferred', 'nor where something refers to it');
is($application->superuser_sql("SELECT count(*) FROM planner.time_sheets"), 1, '... which is still there');

# ---- a comment is created on an issue that has gone ----

$arrived = transfer('new comment', 'acme/gadgets');
my $new = $application->add_comment($task{'new comment'}, 'written after the transfer');
is(settle(comment => outbound(comment => $new)), 'completed', 'a new comment follows its issue, too');
is(scalar(grep { $_->{body} =~ /^written after/ } $github->comments('acme/gadgets', $arrived->{number})), 1, '... and is made once');
is_deeply(place_of($task{'new comment'}), [ GADGETS, $arrived->{number} ], '... and takes its task along');

# ---- what we created is transferred before we know that it is there ----

GitHubSync::Application::reconfigure($application->node, 'github_sync.creation_recheck' => '15min');

# Its answer comes, or is lost, when the gate is opened.
sub create_and_transfer
{
	my ($title, %answer) = @_;
	my $gate = $title =~ s/\W+/-/gr;

	$github->fault('POST /issues$', { gate_after_effect => $gate, %answer });
	my $created = $application->add_task(title => $title);
	$github->wait_at_gate($gate);
	my ($issue) = grep { $_->{title} eq $title } $github->issues('acme/widgets');
	return ($created, $github->human_transfers_issue('acme/widgets', $issue->{number}, 'acme/gadgets'), $gate);
}

sub wait_for_vain_lookup
{
	my ($created) = @_;

	$application->wait_until("SELECT state = 'queued' AND last_error LIKE '%is being looked up' FROM github_sync.task_sync_transactions WHERE id = " . outbound(task => $created));
}

sub is_there_once
{
	my ($title, $created, $place, $what) = @_;

	is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = '$title'"), 1, "$what: one task");
	is(scalar(grep { $_->{title} eq $title } map { $github->issues("acme/$_") } qw(widgets gadgets)), 1, '... one issue');
	is_deeply(place_of($created), [ GADGETS, $place->{number} ], '... which know each other');
}

my ($created, $gate);

($created, $arrived, $gate) = create_and_transfer('lost and gone', reset_after_effect => 1);
$github->open_gate($gate);
wait_for_vain_lookup($created);
$application->tell_of_issue($arrived, GADGETS);
is(settle(task => outbound(task => $created)), 'duplicate', 'the answer is lost, the issue is transferred: a webhook of its new place ends the look-up');
is_there_once('lost and gone', $created, $arrived, '... by the key');

($created, $arrived, $gate) = create_and_transfer('late and gone');
$application->tell_of_issue($arrived, GADGETS);
$application->wait_until("SELECT github_repo_id = @{[GADGETS]} FROM github_sync.github_issues WHERE task_id = $created");
$github->open_gate($gate);
settle(task => outbound(task => $created));
is_there_once('late and gone', $created, $arrived, 'the webhook comes before the answer, which names the old place');

# Its comment goes with it, and is told of in a place that is another task's by then.
my $commented = $application->add_task(title => 'commented and gone');
$application->wait_until_done;
$github->fault('POST /comments$', { gate_after_effect => 'commented', reset_after_effect => 1 });
my $lost = $application->add_comment($commented, 'a comment, lost and gone');
$github->wait_at_gate('commented');
$arrived = $github->human_transfers_issue('acme/widgets', $application->issue_of($commented)->{number}, 'acme/gadgets');
$application->tell_of_comment($_, $arrived->{number}, GADGETS) foreach $github->comments('acme/gadgets', $arrived->{number});
$application->wait_until("SELECT github_repo_id = @{[GADGETS]} FROM github_sync.github_comments WHERE comment_id = $lost");
$github->open_gate('commented');
settle(comment => outbound(comment => $lost));
is($application->superuser_sql("SELECT count(*) FROM planner.comments WHERE markdown LIKE 'a comment, lost%'"), 1, 'a comment that went with its issue: one row');
is(scalar(grep { $_->{body} =~ /^a comment, lost/ } $github->comments('acme/gadgets', $arrived->{number})), 1, '... one comment');
is_deeply(place_of($commented), [ GADGETS, $arrived->{number} ], '... and its task is where it is');

# There and back: the first to hear of it is a comment that is to be created.
my $returned = $application->add_task(title => 'there and back');
$application->wait_until_done;
$arrived = $github->human_transfers_issue('acme/widgets', $application->issue_of($returned)->{number}, 'acme/gadgets');
$arrived = $github->human_transfers_issue('acme/gadgets', $arrived->{number}, 'acme/widgets');
my $said = $application->add_comment($returned, 'said meanwhile');
is(settle(comment => outbound(comment => $said)), 'completed', 'a comment finds out that its issue was transferred and is back under another number');
is(scalar(grep { $_->{body} =~ /^said meanwhile/ } $github->comments('acme/widgets', $arrived->{number})), 1, '... and is there');
is_deeply(place_of($returned), [ WIDGETS, $arrived->{number} ], '... as is its task');

# Again and again: each transfer is a redirect of its own.
my $restless = $application->add_task(title => 'restless');
$application->wait_until_done;
$arrived = { number => $application->issue_of($restless)->{number} };
$arrived = $github->human_transfers_issue(@$_[0], $arrived->{number}, @$_[1]) foreach ([ 'acme/widgets', 'acme/gadgets' ], [ 'acme/gadgets', 'acme/widgets' ]) x 3;
$application->edit_task($restless, title => 'found after six transfers');
is(settle(task => outbound(task => $restless)), 'completed', 'an issue that was transferred six times is followed');
is($github->issue('acme/widgets', $arrived->{number})->{title}, 'found after six transfers', '... and is edited where it is');
is_deeply(place_of($restless), [ WIDGETS, $arrived->{number} ], '... as its task knows');

# Nobody tells of it before it is made again.
($created, $arrived, $gate) = create_and_transfer('made twice', reset_after_effect => 1);
$github->open_gate($gate);
wait_for_vain_lookup($created);
$application->superuser_sql("UPDATE github_sync.task_creation_attempts SET sent_at = sent_at - interval '1 hour' WHERE outcome IS NULL");
is(settle(task => outbound(task => $created)), 'completed', 'what nobody tells of is made again in the end');
my $told = $application->tell_of_issue($arrived, GADGETS)->{id};
is(settle(task => $told), 'errored created_twice', '... and when it is told of, that is no task, but an error');
is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'made twice'"), 1, '... and there is one task');
is_deeply(place_of($created)->[0], WIDGETS, '... with the issue that it had');

# To a repository that has got another name, of which nobody told either; and what is to be recorded is held for a moment.
my $node = $application->node;
$application->superuser_sql("ALTER SYSTEM SET log_min_messages = 'debug1'");
$application->superuser_sql('SELECT pg_reload_conf()');
my $session = $node->background_psql($application->database, on_error_stop => 1);

foreach my $first ('task', 'comment')
{
	my $held = $application->add_task(title => "held, a $first");
	$application->wait_until_done;
	my $words = $application->add_comment($held, "words, a $first");
	$application->wait_until_done;
	$github->human_renames_repository(GADGETS, name => "called-$first");
	$arrived = $github->human_transfers_issue('acme/widgets', $application->issue_of($held)->{number}, GADGETS);
	$github->fault("GET ^/repositories/@{[GADGETS]}/issues/$arrived->{number}\$", { gate => $first });
	my $log = -s $node->logfile;
	my $finds_out = $first eq 'task'
	  ? $application->tell_of_issue({ id => $application->issue_of($held)->{github_id}, number => $application->issue_of($held)->{number}, updated_at => $github->now })->{id}
	  : $application->tell_of_comment({ id => $application->github_comment_of($words)->{github_id}, updated_at => $github->now }, $application->issue_of($held)->{number})->{id};
	$github->wait_at_gate($first);
	$session->query_safe("BEGIN; SELECT FROM planner.tasks WHERE id = $held FOR NO KEY UPDATE");
	$github->open_gate($first);
	ok($node->wait_for_log(qr/transaction $finds_out, claim \d+: the record is in use, reported again/, $log), 'the lock lets nothing pass');
	$session->query_safe('COMMIT');
	like(settle($first, $finds_out), qr{^(?:completed|duplicate)$}, "a $first finds out that its issue was transferred to a repository that has another name by now");
	is_deeply(place_of($held), [ GADGETS, $arrived->{number} ], '... and the task follows, although somebody held it at first');
}
$session->quit;

is_deeply(GitHubSync::Application::created_twice($github), [ 'made twice (key)' ], 'nothing else was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description, which knows them all");

done_testing();
