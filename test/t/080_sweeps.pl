# 080_sweeps.pl
#
# What GitHub's lists show arrives: a first import that survives kill -9 and a
# crash of the server at its pages, changes and deletions of which webhooks were
# lost, lists that lag, a repository that is called anew, and repositories that
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
my $issues = 120;

$github->control('POST', 'seed', { repositories => [ { id => WIDGETS, owner => 'acme', name => 'widgets', private => \1, issues => [
	map { { number => $_, title => "issue $_", body => "text of $_", author => 'alice', state => $_ % 3 ? 'open' : 'closed',
		created_at => sprintf('2024-01-01T%02d:%02d:00Z', int($_ / 60), $_ % 60),
		# More of one second than fit on a page.
		updated_at => $_ <= 105 ? '2024-02-01T00:00:00Z' : sprintf('2024-02-02T%02d:%02d:00Z', int($_ / 60), $_ % 60),
		comments => [ $_ <= 105 ? ({ body => "comment of $_", author => 'bob', created_at => '2024-01-03T00:00:00Z', updated_at => '2024-01-03T00:00:00Z' }) : () ] } } 1 .. $issues ] } ] });
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

# What is missing is asked for again a minute later, on both clocks; and once more, as the comments of an issue that is gone are asked for by then.
sub pass_the_minute
{
	for (1 .. 2)
	{
		$github->advance_clock(61);
		$application->superuser_sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'") foreach qw(task comment);
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.listed_later) AND NOT EXISTS (SELECT FROM github_sync.sync_queue AS q WHERE q.waits_for NOT LIKE 'retry at%')");
	}
	$application->wait_until_done;
}

sub kill_worker
{
	my $pid = $application->worker_pid;

	kill 9, $pid;
	$application->disconnect;
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)") or die 'the worker did not end';
}

sub crash_server
{
	$application->disconnect;
	$node->stop('immediate');
	$node->start;
}

# "path status" of the pages of lists that were asked for since.
sub pages_asked_for
{
	my ($since) = @_;

	return map { "$_->{path} " . ($_->{status} // 'no answer') } grep { $_->{path} =~ m{^/repositories/\d+/issues} } $github->requests(since => $since);
}

# A sweep of each list, and no census.
sub sweep
{
	my ($repo_id) = @_;

	$application->sql("UPDATE github_sync.repo_sweeps SET is_asked = true, due_at = now() WHERE github_repo_id = $repo_id; SELECT github_sync.wake()");
	wait_for_lists($repo_id);
}

sub reconcile
{
	my ($repo_id) = @_;

	$application->sql("SELECT github_sync.reconcile_repo($repo_id)");
	wait_for_lists($repo_id);
}

# ---- an import, whatever dies ----

# The worker stands still while it writes the row of one of these texts.
$application->sql(q{
	CREATE TABLE slow (words text);
	INSERT INTO slow VALUES ('text of 60'), ('comment of 101');
	CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		-- By the search_path of the application's own sessions.
		PERFORM pg_sleep(600) FROM slow WHERE words = NEW.markdown;
		RETURN NEW;
	END $$;
	CREATE TRIGGER slow BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION be_slow();
	CREATE TRIGGER slow BEFORE INSERT ON comments FOR EACH ROW EXECUTE FUNCTION be_slow();
});

sub wait_until_slow
{
	my ($words) = @_;

	$application->wait_until("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND wait_event = 'PgSleep')");
	$application->sql("DELETE FROM slow WHERE words = '$words'");
}

$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]})");
wait_until_slow('text of 60');
$github->fault('GET /issues\?.*(after=|[?&]page=2)', { gate => 'second' }, times => 1);
kill_worker();
$github->wait_at_gate('second');
kill_worker();
$github->open_gate('second');
wait_until_slow('comment of 101');
crash_server();
wait_for_lists(WIDGETS);
is(here(WIDGETS), at_github('acme/widgets'), 'an import whose worker and server die in the middle of pages brings each issue and comment once');
is($application->sql('SELECT count(*) FROM tasks'), $issues, '... and no task more');
is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... without an error');
is($application->sql("SELECT count(DISTINCT (xmin::text, cmin::text)) < 10 FROM tasks"), 't', '... those of a page together');
is($application->sql("SELECT count(*) FROM github_sync.sync_history WHERE direction = 'outbound'"), 0, '... and is no change of the application');
my @first = grep { m{/issues\?(?!.*(?:after=|since=|[?&]page=[2-9]))} } pages_asked_for(0);
is(scalar @first, 2, '... and goes on where it was');

# ---- webhooks that are lost ----

srand 80;
my @open = map { $_->{number} } $github->issues('acme/widgets');
my @comments = map { map { $_->{id} } @{ $_->{comments} } } $github->issues('acme/widgets');

sub any { my ($list) = @_; return splice @$list, int rand @$list, 1 }

$github->webhooks(lose_every => 3);
$github->human_edits_issue('acme/widgets', any(\@open), title => "edited $_", body => "edited text $_") foreach 1 .. 10;
$github->human_edits_comment(any(\@comments), body => "edited comment $_") foreach 1 .. 8;
$github->human_creates_comment('acme/widgets', any(\@open), body => "late comment $_") foreach 1 .. 8;
$github->human_creates_issue('acme/widgets', title => "late $_", body => "late text $_") foreach 1 .. 5;
$github->human_deletes_comment(any(\@comments)) foreach 1 .. 5;
$github->human_deletes_issue('acme/widgets', any(\@open)) foreach 1 .. 4;

my @deliveries = $github->deliveries;
my @arriving   = grep { $_->{outcome} ne 'lost' } @deliveries;

cmp_ok(scalar @arriving, '<', scalar @deliveries, 'a third of the webhooks is lost');
# Late, the last ones first, and half of them twice.
$application->sql(join '; ', map { "SELECT github_sync.ingest_webhook('$_->{event}', '$_->{guid}', " . GitHubSync::Application::quote($_->{body}) . ')' }
	reverse(@arriving), grep { rand() < 0.5 } @arriving);
reconcile(WIDGETS);
pass_the_minute();
is(here(WIDGETS), at_github('acme/widgets'), '... and what they would have told, a sweep and a census find: edits, comments, deletions');
is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... without an error');

# ---- lists that lag, of a repository that is called anew; and one whose lists fail ----

$github->webhooks(mode => 'off');
$github->human_creates_issue('acme/gadgets', title => 'a gadget', body => 'its text');
$github->fault("GET /repositories/@{[GADGETS]}/", { answer => { status => 502, body => 'Bad Gateway' } }, times => 'forever');
$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
# By then, all that there is is listed.
$github->advance_clock(61);
$github->behaviour(list_lag_s => 60);
$github->human_creates_issue('acme/widgets', title => 'not listed at first', body => 'a text');
$github->advance_clock(20);
$github->human_edits_issue('acme/widgets', any(\@open), title => 'edited later', body => 'another text');
$github->human_renames_repository('acme/widgets', owner => 'acme', name => 'gizmos');
$github->act(create_repository => (owner => 'acme', name => 'widgets'));
$github->human_creates_issue('acme/widgets', title => 'of another repository', body => 'its text');
$application->sql("SELECT github_sync.backfill_repo(@{[GADGETS]})");
sweep(WIDGETS);
is($application->sql("SELECT string_agg(title, ',' ORDER BY title) FROM tasks WHERE title IN ('edited later', 'not listed at first', 'of another repository')"), 'edited later',
	'a sweep follows a repository to its new name, and reads no other one of the old name');
is($application->sql("SELECT name FROM github_sync.github_repos WHERE id = @{[WIDGETS]}"), 'gizmos', '... which is taken over');
$application->wait_until("SELECT attempts > 0 AND waits_for ~ '^retry at' AND last_error ~ '502' FROM github_sync.sync_progress WHERE github_repo_id = @{[GADGETS]} AND stream = 'issues'");
is($application->sql("SELECT page_size FROM github_sync.repo_sweeps WHERE github_repo_id = @{[GADGETS]} AND stream = 'issues'"), 10,
	'... beside a list that answers 502, which is asked for in smaller pages, and shows why it waits');

$github->clear_faults;
$github->advance_clock(60);
$application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})");
sweep(WIDGETS);
is(here(WIDGETS), at_github('acme/gizmos'), 'what a list shows later than what is newer arrives by the overlap of two sweeps');
wait_for_lists(GADGETS);
is(here(GADGETS), at_github('acme/gadgets'), '... and the list that answered 502 is read once it can be');
$github->behaviour(list_lag_s => 0);

my $seq = $github->last_seq;

sweep(WIDGETS);
is(join(',', map { / (\d+)$/ } pages_asked_for($seq)), '304,304', 'where nothing changed, a sweep of each list is answered 304');

# ---- one that is suspended ----

$github->installation(GitHubSync::Application::INSTALLATION, 'suspend');
$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
$application->wait_until("SELECT bool_and(waits_for = 'installation suspended') FROM github_sync.sync_progress");
$github->installation(GitHubSync::Application::INSTALLATION, 'unsuspend');
$github->human_creates_issue('acme/gizmos', title => 'meanwhile', body => 'a text');
$application->sql("UPDATE github_sync.github_app_installations SET state = 'active'");
wait_for_lists(WIDGETS);
is(here(WIDGETS), at_github('acme/gizmos'), 'a suspended installation is read as soon as it is active again');

# ---- a shorter interval ----

GitHubSync::Application::reconfigure($node, 'github_sync.reconcile_interval' => '1h');
sweep(WIDGETS);
$github->human_creates_issue('acme/gizmos', title => 'within the hour', body => 'a text');
is($application->sql("SELECT bool_and(due_at > now() + interval '50 minutes') FROM github_sync.repo_sweeps WHERE github_repo_id = @{[WIDGETS]}"), 't', 'lists rest for an hour');
GitHubSync::Application::reconfigure($node, 'github_sync.reconcile_interval' => '2s');
$application->wait_until("SELECT EXISTS (SELECT FROM github_sync.github_issues WHERE title = 'within the hour' AND task_id IS NOT NULL)");
is($application->sql("SELECT bool_and(due_at < now() + interval '1 minute') FROM github_sync.repo_sweeps WHERE github_repo_id = @{[WIDGETS]}"), 't', '... until a shorter reconcile_interval is loaded');

done_testing;
