# 086_there_and_back.pl
#
# Issues are transferred and come back under another number, while no webhook
# tells of anything: sweeps find each where it is, and it stays the task that it
# was, the only one, with its comments.
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
# One that is never connected.
$github->seed({ repositories => [ { id => 44, owner => 'acme', name => 'shed' } ] });
$github->webhooks(mode => 'off');

sub sql { return $application->superuser_sql(@_) }

# All that was asked for has been read, and what follows from it is done; what is missing is asked for again a minute later, on both clocks.
sub wait_for_all
{
	for (1 .. 8)
	{
		$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps");
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^(retry at|parent issue)') AND NOT EXISTS (SELECT FROM github_sync.listed_later)"
			  . join('', map { " AND NOT EXISTS (SELECT FROM github_sync.$_ WHERE settle_at <= clock_timestamp())" } 'github_issues', 'github_comments'));
		last if sql('SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)') eq 't';
		$github->advance_clock(61);
		sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued' AND next_attempt_at < 'infinity'") foreach qw(task comment);
	}
}

# A sweep of each list, and no census.
sub sweep
{
	$github->advance_clock(120);
	$application->sql("UPDATE github_sync.repo_sweeps SET is_asked = true, due_at = now(); SELECT github_sync.wake()");
	wait_for_all();
}

sub reconcile
{
	$github->advance_clock(120);
	$application->sql("SELECT github_sync.reconcile_repo(id) FROM github_sync.github_repos");
	wait_for_all();
}

sub transfer { my ($from, $number, $to) = @_; return $github->human_transfers_issue("acme/$from", $number, "acme/$to") }

my (%task, %number, %away, %back);

# What a task has become: where its issue is, and its comments; there is no other task, nor a comment without a row.
sub is_where_it_is
{
	my ($name, $what) = @_;
	my $issue = $application->issue_of($task{$name}) // {};

	is_deeply([ @$issue{qw(github_repo_id number)} ], [ WIDGETS, $back{$name}{number} ], "$what: its task has it");
	is($application->sql("SELECT string_agg(c.markdown || ' ' || (g.github_issue_id = $issue->{id}), '; ') FROM comments AS c LEFT JOIN github_sync.github_comments AS g ON g.comment_id = c.id WHERE c.task_id = $task{$name}"),
		$name =~ /silent/ ? '' : "words of $name true", '... with its comment') if defined $issue->{id};
}

sub nothing_is_twice
{
	my ($what) = @_;

	is($application->sql('SELECT string_agg(id::text, $$ $$ ORDER BY id) FROM tasks'), join(' ', sort { $a <=> $b } values %task), "$what: there is one task for each");
	is($application->sql("SELECT count(*) FROM comments"), scalar(grep { !/silent/ } keys %task), '... and each comment once');
	is($application->sql('SELECT string_agg(error_reason, $$; $$) FROM github_sync.sync_errors'), '', '... without an error');
}

my @near = ('near, plain', 'near, used there', 'near, used here', 'near, ours');
my @far  = ('far, plain', 'far, silent', 'far, silent and called anew', 'far, silent and rewritten', 'far, all anew', 'far, ours and silent');

foreach my $name (grep { !/ours/ } @near, @far)
{
	$number{$name} = $github->human_creates_issue('acme/widgets', title => $name, body => "text of $name")->{number};
	$github->human_creates_comment('acme/widgets', $number{$name}, body => "words of $name") unless $name =~ /silent/;
}
$application->sql('SELECT github_sync.backfill_repo(id) FROM github_sync.github_repos');
wait_for_all();
$task{$_} = $application->sql("SELECT id FROM tasks WHERE title = '$_'") foreach keys %number;
$task{$_} = $application->add_task(title => $_) foreach grep { /ours/ } @near, @far;
$application->wait_until_done;
$application->add_comment($task{'near, ours'}, 'words of near, ours');
$application->wait_until_done;
$number{$_} = $application->issue_of($task{$_})->{number} foreach grep { /ours/ } @near, @far;
reconcile();
nothing_is_twice('at first');

# ---- by way of another repository of ours ----

foreach my $name (@near)
{
	$away{$name} = transfer('widgets', $number{$name}, 'gadgets');
	$back{$name} = transfer('gadgets', $away{$name}{number}, 'widgets');
}
sweep();
nothing_is_twice('one sweep after they went to a repository of ours and came back');
is_where_it_is($_, $_) foreach @near;
$github->human_edits_issue('acme/widgets', $back{'near, used there'}{number}, body => 'written there');
$application->edit_task($task{'near, used here'}, markdown => 'written here');
sweep();
is($application->task($task{'near, used there'})->{markdown}, 'written there', 'what is written there arrives');
is($github->issue('acme/widgets', $back{'near, used here'}{number})->{body}, 'written here', '... and what is written here');

# ---- by way of one that is not ours, after it was found that they were there ----

$away{$_} = transfer('widgets', $number{$_}, 'shed') foreach @far;
reconcile();
is($application->sql("SELECT count(*) FROM github_sync.sync_errors WHERE error_code = 'transferred'"), scalar @far, 'those that went to a repository that is not ours are errored');
$back{$_} = transfer('shed', $away{$_}{number}, 'widgets') foreach @far;
$github->human_edits_issue('acme/widgets', $back{'far, silent and called anew'}{number}, title => 'called anew');
$github->human_edits_issue('acme/widgets', $back{'far, silent and rewritten'}{number}, body => 'rewritten');
$github->human_edits_issue('acme/widgets', $back{'far, all anew'}{number}, title => 'all anew', body => 'rewritten');
sweep();
nothing_is_twice('one sweep after they are back');
is_where_it_is($_, $_) foreach @far;
is($application->task($task{'far, all anew'})->{title}, 'all anew', 'what was written meanwhile arrives');

# ---- nothing of this goes on for ever ----

my $seq = $github->last_seq;

sweep();
is_deeply([ grep { m{/issues/(?:comments/)?\d} } map { $_->{path} } $github->requests(since => $seq) ], [], 'a later sweep asks for none of them');
nothing_is_twice('... and changes nothing');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description");

done_testing;
