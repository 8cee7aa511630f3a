# 083_connected_later.pl
#
# Issues are transferred to a repository that is connected later: whoever finds
# them there, each is its former task's again, with the comments, and what was
# edited meanwhile reaches GitHub.  Where the application has decided otherwise
# since, the issue is a task of its own, and its comments are that one's.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS, INSTALLATION => GitHubSync::Application::INSTALLATION };
use constant { ATTIC => 42, CELLAR => 43, SHED => 44, BARN => 45 };

my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.reconcile_interval' => 0 });
my %name        = (WIDGETS, 'widgets', GADGETS, 'gadgets', ATTIC, 'attic', CELLAR, 'cellar', SHED, 'shed', BARN, 'barn');

$github->seed({ repositories => [ map { { id => $_, owner => 'acme', name => $name{$_} } } ATTIC, CELLAR, SHED, BARN ] });
$github->webhooks(mode => 'off');

sub sql { return $application->superuser_sql(@_) }

# Each a task of widgets with a comment, both at GitHub, which are transferred together.
my (%task, %comment, %number, %arrived);

sub make
{
	my (@titles) = @_;

	$task{$_} = $application->add_task(title => $_) foreach @titles;
	$application->wait_until_done;
	$comment{$_} = $application->add_comment($task{$_}, "words of $_") foreach @titles;
	$application->wait_until_done;
	$number{$_} = $application->issue_of($task{$_})->{number} foreach @titles;
}

sub transfer { my ($to, @titles) = @_; $arrived{$_} = $github->human_transfers_issue('acme/widgets', $number{$_}, "acme/$to") foreach @titles; return }

# The worker hears of each, and finds out that it went.
sub find_out
{
	my (@titles) = @_;

	$github->advance_clock(2);
	$application->tell_of_issue({ id => $application->issue_of($task{$_})->{github_id}, number => $number{$_}, updated_at => $github->now }) foreach @titles;
	$application->wait_until_done;
}

# A comment's 404 is asked for again a minute later, on both clocks.
sub wait_for_all
{
	for (1 .. 12)
	{
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^(retry at|parent issue)')");
		last if sql('SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)') eq 't';
		$github->advance_clock(61);
		sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued' AND next_attempt_at < 'infinity'") foreach qw(task comment);
	}
	$application->wait_until_done;
}

sub import_repository
{
	my ($repo_id) = @_;

	$application->sql("SELECT github_sync.backfill_repo($repo_id)");
	$application->sql("CALL github_sync.wait_for_backfill($repo_id)");
	wait_for_all();
}

# "record field: difference, why", of all that a check of repositories finds.
sub differences
{
	my (@repo_ids) = @_;

	$application->sql("SELECT github_sync.check_repo($_)") foreach @repo_ids;
	$application->wait_until("SELECT bool_and(waits_for = 'complete') FROM github_sync.sync_progress WHERE phase = 'check'");
	return $application->sql("SELECT coalesce(string_agg(concat_ws(' ', record_type, github_issue_number, field) || ': ' || difference || ', ' || why, '; ' ORDER BY record_type DESC, github_issue_number), '')"
		  . " FROM github_sync.sync_differences WHERE github_repo_id IN (@{[join ', ', @repo_ids]})");
}

sub rows_of { my ($title) = @_; return sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM planner.tasks WHERE title LIKE '$title%'") }

sub comments_of { my ($task) = @_; return sql("SELECT coalesce(string_agg(markdown, '; ' ORDER BY id), '') FROM planner.comments WHERE task_id = $task") }

# A task is linked to where its issue is, alone, with its comment; edits of both arrive there.
sub is_back
{
	my ($title, $repo_id, $what) = @_;
	my $issue = $application->issue_of($task{$title}) // {};

	is(rows_of($title), $task{$title}, "$what: there is one task");
	is_deeply([ @$issue{qw(github_repo_id number)} ], [ $repo_id, $arrived{$title}{number} ], '... which has its issue back');
	is(comments_of($task{$title}), "words of $title", '... and its comment, once');
	is(($application->github_comment_of($comment{$title}) // {})->{github_issue_id}, $issue->{id}, "... which hangs on the task's issue");
	$application->edit_comment($comment{$title}, markdown => "later words of $title");
	$application->edit_task($task{$title}, title => "$title, edited later");
	wait_for_all();
	is($github->issue("acme/$name{$repo_id}", $arrived{$title}{number})->{title}, "$title, edited later", '... an edit of it arrives');
	is_deeply([ map { $_->{body} =~ s/\s*<!--.*//sr } $github->comments("acme/$name{$repo_id}", $arrived{$title}{number}) ], [ "later words of $title" ], '... and one of its comment');
	return;
}

# ---- found by the import ----

my @plain = ('plain', 'edited there', 'a comment found out', 'edited here', 'deleted', 'linked elsewhere', 'created anew', 'filed elsewhere');

make(@plain);
transfer('gadgets', @plain);
# Of one its comment finds out, and is all that does.
$application->edit_comment($comment{'a comment found out'}, markdown => 'words of a comment found out');
$github->advance_clock(2);
$application->tell_of_comment({ id => $application->github_comment_of($comment{'a comment found out'})->{github_id}, updated_at => $github->now }, $number{'a comment found out'});
wait_for_all();
# Of one an edit finds out.
$application->edit_task($task{'edited here'}, markdown => 'written for nobody?');
$application->wait_until_done;
find_out(grep { !/^(?:a comment found out|edited here)$/ } @plain);
is($application->superuser_sql("SELECT count(*) FROM github_sync.sync_errors WHERE error_code = 'transferred'"), scalar @plain, 'each is errored transferred');
is($application->issue_of($task{'plain'}), undef, '... and unlinked');

$github->human_edits_issue('acme/gadgets', $arrived{'edited there'}{number}, body => 'written there');
$application->sql("DELETE FROM comments WHERE task_id = $task{deleted}; DELETE FROM tasks WHERE id = $task{deleted}");
my $other = $github->human_creates_issue('acme/widgets', title => 'linked elsewhere, another one', body => '');
$application->sql("SELECT github_sync.link_task($task{'linked elsewhere'}, @{[WIDGETS]}, $other->{number}, 'github')");
$application->edit_task($task{'created anew'}, title => 'created anew, as it has no issue');
$application->sql("UPDATE tasks SET github_repo_id = 4711 WHERE id = $task{'filed elsewhere'}");
wait_for_all();
my $anew = $application->issue_of($task{'created anew'})->{number};
ok($anew, 'a later change of a task makes a new issue, as is documented');
$application->edit_comment($comment{'created anew'}, markdown => 'edited before they part');
wait_for_all();

$application->connect_repository(GADGETS, 'gadgets', INSTALLATION);
import_repository(GADGETS);

is(differences(GADGETS), 'task ' . $arrived{deleted}{number} . ': missing here, deleted here; comment ' . $arrived{deleted}{number} . ': missing here, deleted here',
	'after an import nothing differs but what was deleted here');
is($application->task($task{'edited there'})->{markdown}, 'written there', 'what was edited there meanwhile arrives');
is($github->issue('acme/gadgets', $arrived{'edited here'}{number})->{body} =~ s/\s*<!--.*//sr, 'written for nobody?', 'what was edited here arrives there');
is_back($_, GADGETS, $_) foreach 'plain', 'edited there', 'a comment found out', 'edited here';
is(rows_of('deleted'), '', 'a task that was deleted here is not made again');

is(scalar(grep { $_->{body} =~ /^edited before they part/ } $github->comments('acme/widgets', $anew)), 1, 'what was edited while a comment was not to be found goes to where its own task is');
is($application->superuser_sql("SELECT string_agg(error_code, ' ') FROM github_sync.sync_errors WHERE record_type = 'comment' AND record_id = '$comment{'created anew'}'"), '', '... and is no error any more');
foreach my $title ('linked elsewhere', 'created anew', 'filed elsewhere')
{
	my ($second) = grep { $_ ne $task{$title} } split / /, rows_of($title);

	is_deeply([ @{ $application->issue_of($second) }{qw(github_repo_id number)} ], [ GADGETS, $arrived{$title}{number} ], "$title: the issue is a task of its own");
	is(comments_of($second), "words of $title", '... with its comment');
	$application->edit_comment($comment{$title}, markdown => "still of $title");
	wait_for_all();
	is(($github->comments('acme/gadgets', $arrived{$title}{number}))[0]{body} =~ s/\s*<!--.*//sr, "words of $title", "... to which edits of the former one's do not go");
}
is(scalar(grep { $_->{body} =~ /^still of created anew/ } $github->comments('acme/widgets', $anew)), 1, '... but to where its own task is');

# ---- found by a webhook, of the issue or of its comment ----

my @told = ('told of', 'commented on');

make(@told);
transfer('attic', @told);
find_out(@told);
# What was not known at the connection is asked for then; these are told of while that request waits.
$github->fault("GET /issues/$number{$_}\$", { gate => "asked-$number{$_}" }) foreach @told;
$application->connect_repository(ATTIC, 'attic', INSTALLATION);
$github->wait_at_gate("asked-$number{$_}") foreach @told;
$application->tell_of_issue($arrived{'told of'}, ATTIC);
$application->tell_of_comment($_, $arrived{'commented on'}{number}, ATTIC) foreach $github->comments('acme/attic', $arrived{'commented on'}{number});
$application->wait_until("SELECT github_repo_id = @{[ATTIC]} FROM github_sync.github_issues WHERE task_id = $task{'told of'}");
$github->open_gate("asked-$number{$_}") foreach @told;
wait_for_all();
is_back($_, ATTIC, $_) foreach @told;
import_repository(ATTIC);
is(differences(ATTIC), '', '... and nothing differs');

# ---- nobody tells, and nothing is imported: who connects it asks ----

make('asked for');
transfer('cellar', 'asked for');
find_out('asked for');
$application->connect_repository(CELLAR, 'cellar', INSTALLATION);
wait_for_all();
is_back('asked for', CELLAR, 'a repository that is connected');

# ---- by way of a repository that is never connected ----

make('far away');
transfer('shed', 'far away');
find_out('far away');
$arrived{'far away'} = $github->human_transfers_issue('acme/shed', $arrived{'far away'}{number}, 'acme/barn');
$application->connect_repository(BARN, 'barn', INSTALLATION);
import_repository(BARN);
is_back('far away', BARN, 'an issue that was transferred twice');
is(differences(BARN), '', '... and nothing differs');

# ---- and back, to where it was ----

make('back again');
transfer('shed', 'back again');
find_out('back again');
my $left = $arrived{'back again'};
$arrived{'back again'} = $github->human_transfers_issue('acme/shed', $left->{number}, 'acme/widgets');
$application->sql("SELECT github_sync.ingest_webhook('issues', 'arrival', '" . JSON::PP->new->encode({ action => 'opened', repository => { id => WIDGETS, name => 'widgets', owner => { login => 'acme' } },
	issue => { id => $arrived{'back again'}{id}, number => $arrived{'back again'}{number}, updated_at => $arrived{'back again'}{updated_at} },
	changes => { old_issue => { id => $left->{id}, number => $left->{number}, updated_at => $left->{updated_at} }, old_repository => { id => SHED, name => 'shed', owner => { login => 'acme' } } } }) . "')");
wait_for_all();
is_back('back again', WIDGETS, 'an issue that came back under another number');

# ---- the worker is killed while it asks ----

make('killed');
transfer('shed', 'killed');
find_out('killed');
$github->fault("GET /issues/$number{killed}\$", { gate => 'killed' });
$application->connect_repository(SHED, 'shed', INSTALLATION);
$github->wait_at_gate('killed');
my $pid = $application->worker_pid;
kill 9, $pid;
$application->disconnect;
$application->node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)") or die 'the worker did not end';
$github->open_gate('killed');
import_repository(SHED);
is_back('killed', SHED, 'a worker was killed meanwhile');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description");

done_testing;
