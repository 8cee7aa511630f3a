# 088_comments_made_anew.pl
#
# Issues are transferred, and GitHub makes their comments anew there, with other
# ids: each stays the comment that it was, with its row, whatever is written and
# deleted meanwhile, whether an edit, a webhook or nobody tells of it.
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
$application->sql("UPDATE github_sync.github_repos SET on_remote_delete = 'delete', on_local_delete = 'propagate'");
$github->webhooks(mode => 'off');

sub sql { return $application->superuser_sql(@_) }

# Where nothing more is to be done but at a later time, that time comes, on both clocks.
sub wait_for_all
{
	for (1 .. 10)
	{
		$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps HAVING NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^(retry at|parent issue)') AND NOT EXISTS (SELECT FROM github_sync.listed_later)"
			  . join('', map { " AND NOT EXISTS (SELECT FROM github_sync.$_ WHERE settle_at <= clock_timestamp())" } 'github_issues', 'github_comments'));
		last if sql('SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)') eq 't';
		$github->advance_clock(61);
		sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued' AND next_attempt_at < 'infinity'") foreach qw(task comment);
	}
}

sub reconcile
{
	$github->advance_clock(120);
	$application->sql("SELECT github_sync.reconcile_repo(id) FROM github_sync.github_repos");
	wait_for_all();
}

sub transfer { my ($from, $number, $to) = @_; return $github->human_transfers_issue("acme/$from", $number, "acme/$to", anew => \1)->{number} }

# Each a task with comments of a person at GitHub, of the application, and two of a bot within a second; and, of these, the rows.
my @names = ('found by an edit', 'found by a task', 'found by a sweep', 'told', 'home again', 'deleted there');
my (%task, %number, %place, %rows);
foreach my $name (@names)
{
	$task{$name} = $application->add_task(title => $name);
	$application->wait_until_done;
	$number{$name} = $application->issue_of($task{$name})->{number};
	$application->add_comment($task{$name}, "of the application, $name");
	$application->wait_until_done;
	$github->human_creates_comment('acme/widgets', $number{$name}, body => "of a person, $name");
	$github->human_creates_comment('acme/widgets', $number{$name}, body => "of a bot, $_, $name", author => 'bob', created_at => '2024-05-01T10:00:00Z', updated_at => '2024-05-01T10:00:00Z') foreach 1, 2;
	$github->human_creates_comment('acme/widgets', $number{$name}, body => "to be deleted, $name");
}
$application->sql('SELECT github_sync.backfill_repo(id) FROM github_sync.github_repos');
wait_for_all();

sub rows_of { my ($name) = @_; return { map { $_->{id} => $_->{markdown} } $application->rows("SELECT id, markdown FROM planner.comments WHERE task_id = $task{$name} ORDER BY id") } }

sub row_like { my ($name, $what) = @_; return $application->sql("SELECT id FROM comments WHERE task_id = $task{$name} AND markdown LIKE '$what%'") }

$rows{$_} = rows_of($_) foreach @names;
is(scalar(keys %{ $rows{$_} }), 5, "$_: five comments are rows") foreach @names;

# The same rows as before, but for what was written, with what GitHub has, once each.
sub is_whole
{
	my ($name, $repo_id, %change) = @_;
	my $issue = $application->issue_of($task{$name}) // {};
	my $repo  = $repo_id == WIDGETS ? 'acme/widgets' : 'acme/gadgets';
	my %expected = (%{ $rows{$name} }, %change);

	delete $expected{$_} foreach grep { !defined $expected{$_} } keys %expected;
	is_deeply([ @$issue{qw(github_repo_id number)} ], [ $repo_id, $place{$name} ], "$name: its task has it");
	is_deeply(rows_of($name), \%expected, '... and the rows that it had');
	is_deeply([ sort map { $_->{body} =~ s/\s*<!--.*//sr } $github->comments($repo, $place{$name}) ], [ sort values %expected ], '... which are what GitHub has');
	is($application->sql("SELECT count(*) FROM github_sync.github_comments AS c JOIN comments AS r ON r.id = c.comment_id WHERE c.github_issue_id = $issue->{id} AND c.seen_at IS NOT NULL AND c.deleted_at IS NULL"), scalar keys %expected, '... each seen there');
	return;
}

# ---- an edit of a comment, or of the task, is the first that finds out ----

my ($edited, $deleted) = map { row_like('found by an edit', $_) } 'of the application', 'to be deleted';
$place{'found by an edit'} = transfer('widgets', $number{'found by an edit'}, 'gadgets');
$application->edit_comment($edited, markdown => 'edited here');
$application->sql("DELETE FROM comments WHERE id = $deleted");
wait_for_all();
is_whole('found by an edit', GADGETS, $edited => 'edited here', $deleted => undef);

my $written = row_like('found by a task', 'of a person');
$place{'found by a task'} = transfer('widgets', $number{'found by a task'}, 'gadgets');
my ($said) = grep { $_->{body} =~ /^of a person/ } $github->comments('acme/gadgets', $place{'found by a task'});
$github->advance_clock(2);
$github->human_edits_comment($said->{id}, body => 'edited there');
$application->edit_task($task{'found by a task'}, markdown => 'written here');
wait_for_all();
is_whole('found by a task', GADGETS, $written => 'edited there');

# ---- GitHub tells of the new place, and of a comment there, before anything is asked for at the old one ----

$place{told} = transfer('widgets', $number{told}, 'gadgets');
$github->advance_clock(2);
$application->tell_of_issue($github->issue('acme/gadgets', $place{told}), GADGETS);
$application->tell_of_comment($_, $place{told}, GADGETS) foreach $github->comments('acme/gadgets', $place{told});
wait_for_all();
reconcile();
is_whole('told', GADGETS);

# ---- one is deleted there before it was seen there ----

$place{'deleted there'} = transfer('widgets', $number{'deleted there'}, 'gadgets');
($said) = grep { $_->{body} =~ /^to be deleted/ } $github->comments('acme/gadgets', $place{'deleted there'});
$github->human_deletes_comment($said->{id});
$application->edit_task($task{'deleted there'}, markdown => 'written here');
wait_for_all();
reconcile();
is_whole('deleted there', GADGETS, map { $_ => undef } grep { $rows{'deleted there'}{$_} =~ /^to be deleted/ } keys %{ $rows{'deleted there'} });

# ---- nobody tells: the sweeps make another task of it first ----

$place{'found by a sweep'} = transfer('widgets', $number{'found by a sweep'}, 'gadgets');
$place{'home again'}       = transfer('gadgets', transfer('widgets', $number{'home again'}, 'gadgets'), 'widgets');
reconcile();
reconcile();
is_whole('found by a sweep', GADGETS);
is_whole('home again',       WIDGETS);

# ---- nothing is left, nor goes on ----

is($application->sql('SELECT string_agg(title, $$; $$ ORDER BY title) FROM tasks'), join('; ', sort @names), 'there is one task for each');
is($application->sql('SELECT string_agg(error_reason, $$; $$) FROM github_sync.sync_errors'), '', '... without an error');
my $seq = $github->last_seq;

reconcile();
is_deeply([ grep { m{/issues/(?:comments/)?\d+$} } map { $_->{path} } $github->requests(since => $seq) ], [], 'a later sweep asks for none of them');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description");

done_testing;
