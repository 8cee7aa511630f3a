# 080_sweeps.pl
#
# What GitHub's lists show arrives: a first import that survives kill -9 at any
# page, changes and deletions of which no webhook told, and repositories that
# fail beside others that do not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };

my $github = GitHubSync::StandIn->start(judged => 1);
my $issues = 300;

$github->control('POST', 'seed', { repositories => [ { id => WIDGETS, owner => 'acme', name => 'widgets', private => \1, issues => [
	map { { number => $_, title => "issue $_", body => "text of $_", author => 'alice', state => $_ % 3 ? 'open' : 'closed',
		created_at => sprintf('2024-01-01T%02d:%02d:00Z', int($_ / 60), $_ % 60),
		# A hundred and fifty of one second: a page and a half.
		updated_at => $_ <= 150 ? '2024-02-01T00:00:00Z' : sprintf('2024-02-02T%02d:%02d:00Z', int($_ / 60), $_ % 60),
		comments => [ $_ % 2 ? ({ body => "comment of $_", author => 'bob', created_at => '2024-01-03T00:00:00Z', updated_at => '2024-01-03T00:00:00Z' }) : () ] } } 1 .. $issues ] } ] });
my $application = GitHubSync::Application->start($github);
my $node        = $application->{node};

# Both sides in the same lines.
sub at_github
{
	my ($repository) = @_;

	return join "\n", sort map { my $issue = $_; "$issue->{title}|" . ($issue->{body} // '') . "|$issue->{state}", map { "$issue->{title}> $_->{body}" } @{ $issue->{comments} } } $github->issues($repository);
}

sub here
{
	my ($repo_id) = @_;

	return join "\n", sort split /\n/, $application->sql(
		"SELECT i.title || '|' || coalesce(t.markdown, '') || '|' || i.state FROM tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id"
		  . " WHERE i.github_repo_id = $repo_id AND i.deleted_at IS NULL UNION ALL"
		  . " SELECT i.title || '> ' || c.markdown FROM comments AS c JOIN github_sync.github_comments AS g ON g.comment_id = c.id"
		  . " JOIN github_sync.github_issues AS i ON i.id = g.github_issue_id"
		  . " WHERE i.github_repo_id = $repo_id AND i.deleted_at IS NULL AND g.deleted_at IS NULL");
}


# All that was asked for has been read, and what follows from it is done.
sub wait_for_lists
{
	my ($repo_id) = @_;

	$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps WHERE github_repo_id = $repo_id");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^retry at')");
}

# What is missing is asked for again a minute later, on both clocks.
sub pass_the_minute
{
	$github->advance_clock(61);
	$application->superuser_sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'") foreach qw(task comment);
	$application->wait_until_done;
}

sub kill_worker
{
	my $pid = $application->worker_pid;

	kill 9, $pid;
	$application->disconnect;
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)") or die 'the worker did not end';
}

# ---- an import, whatever dies ----

my @pages = ('/issues\?.*since', '/issues\?.*(after=|[?&]page=2)', '/issues/comments', '/issues/comments\?.*(since|after=|[?&]page=2)');

$github->fault("GET $pages[0]", { gate => 'page0' }, times => 1);
$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]})");
foreach my $i (0 .. $#pages)
{
	$github->wait_at_gate("page$i");
	$github->fault("GET $pages[$i + 1]", { gate => 'page' . ($i + 1) }, times => 1) if $i < $#pages;
	kill_worker();
	$github->open_gate("page$i");
}
wait_for_lists(WIDGETS);
is(here(WIDGETS), at_github('acme/widgets'), 'an import whose worker is killed at its pages brings each issue and comment once');
is($application->sql('SELECT count(*) FROM tasks'), $issues, '... and no task more');
is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... without an error');

# ---- what no webhook told of ----

srand 80;
my @open = map { $_->{number} } $github->issues('acme/widgets');
my @comments = map { map { $_->{id} } @{ $_->{comments} } } $github->issues('acme/widgets');

sub any { my ($list) = @_; return splice @$list, int rand @$list, 1 }

$github->human_edits_issue('acme/widgets', any(\@open), title => "edited $_", body => "edited text $_") foreach 1 .. 20;
$github->human_edits_comment(any(\@comments), body => "edited comment $_") foreach 1 .. 10;
$github->human_creates_comment('acme/widgets', any(\@open), body => "late comment $_") foreach 1 .. 10;
$github->human_creates_issue('acme/widgets', title => "late $_", body => "late text $_") foreach 1 .. 5;
$github->human_deletes_comment(any(\@comments)) foreach 1 .. 5;
$github->human_deletes_issue('acme/widgets', any(\@open)) foreach 1 .. 3;
$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
wait_for_lists(WIDGETS);
pass_the_minute();
is(here(WIDGETS), at_github('acme/widgets'), 'edits, comments and deletions arrive by sweeps alone');
is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... without an error');

my $seq = $github->last_seq;

$application->sql("UPDATE github_sync.repo_sweeps SET is_asked = true, due_at = now(); SELECT github_sync.wake()");
wait_for_lists(WIDGETS);
$application->sql("UPDATE github_sync.repo_sweeps SET is_asked = true, due_at = now(); SELECT github_sync.wake()");
wait_for_lists(WIDGETS);
my @asked = GitHubSync::Application::asked($github, $seq);

is(scalar(grep { / 304$/ } @asked), 2, 'where nothing changed, a sweep of each list is answered 304') or diag(join "\n", @asked);

# ---- a repository whose lists fail, beside one whose lists do not ----

$github->fault('GET /repos/acme/gadgets/', { answer => { status => 502, body => 'Bad Gateway' } }, times => 'forever');
$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
$github->human_creates_issue('acme/gadgets', title => 'a gadget', body => 'its text');
$github->human_creates_issue('acme/widgets', title => 'beside it', body => 'a text');
$application->sql("SELECT github_sync.backfill_repo(@{[GADGETS]})");
$application->wait_until("SELECT attempts > 0 AND waits_for ~ '^retry at' AND last_error ~ '502' FROM github_sync.sync_progress WHERE github_repo_id = @{[GADGETS]} AND stream = 'issues'");
is($application->sql("SELECT page_size FROM github_sync.repo_sweeps WHERE github_repo_id = @{[GADGETS]} AND stream = 'issues'"), 10,
	'a list that answers 502 is asked for in smaller pages, and shows why it waits');
$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
wait_for_lists(WIDGETS);
is(here(WIDGETS), at_github('acme/widgets'), '... while those of another repository are read');
$github->clear_faults;
$application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})");
wait_for_lists(GADGETS);
is(here(GADGETS), at_github('acme/gadgets'), '... and it is read once it can be');

# ---- one that is suspended ----

$github->installation(GitHubSync::Application::INSTALLATION, 'suspend');
$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
$application->wait_until("SELECT bool_and(waits_for = 'installation suspended') FROM github_sync.sync_progress");
$github->installation(GitHubSync::Application::INSTALLATION, 'unsuspend');
$github->human_creates_issue('acme/widgets', title => 'meanwhile', body => 'a text');
$application->sql("UPDATE github_sync.github_app_installations SET state = 'active'");
wait_for_lists(WIDGETS);
is(here(WIDGETS), at_github('acme/widgets'), 'a suspended installation is read as soon as it is active again');

done_testing;
