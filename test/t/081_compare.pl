# 081_compare.pl
#
# check_repo() with the real worker: differences of each kind, made at GitHub and
# here, are found with their reasons, whatever dies meanwhile, and nothing is
# changed; mend_differences() makes both sides equal.  Who waits for the import
# holds no snapshot.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use IPC::Run;
use Test::More;

use constant WIDGETS => GitHubSync::Application::WIDGETS;

my $github = GitHubSync::StandIn->start;
my $issues = 110;

$github->control('POST', 'seed', { repositories => [ { id => WIDGETS, owner => 'acme', name => 'widgets', private => \1, issues => [
	map { my $at = sprintf '2024-02-01T%02d:%02d:00Z', int($_ / 60), $_ % 60;
		{ number => $_, title => $_ == 9 ? 'a rude issue' : "issue $_", body => "text of $_", author => 'alice', created_at => $at, updated_at => $at,
		comments => [ $_ <= 12 ? ({ body => "comment of $_", author => 'bob', created_at => $at, updated_at => $at }) : () ] } } 1 .. $issues ] } ] });
my $application = GitHubSync::Application->start($github, capture => 0, settings => { 'github_sync.max_attempts' => 2 });

sub at_github
{
	return join "\n", sort map { my $issue = $_; "$issue->{title}|" . ($issue->{body} // '') . "|$issue->{state}", map { "$issue->{title}> $_->{body}" } @{ $issue->{comments} } } $github->issues('acme/widgets');
}

sub here
{
	return join "\n", sort split /\n/, $application->sql(
		"SELECT t.title || '|' || coalesce(t.markdown, '') || '|' || t.status FROM tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id WHERE i.deleted_at IS NULL"
		  . " UNION ALL SELECT t.title || '> ' || c.markdown FROM comments AS c JOIN github_sync.github_comments AS g ON g.comment_id = c.id JOIN tasks AS t ON t.id = c.task_id"
		  . " JOIN github_sync.github_issues AS i ON i.task_id = t.id WHERE g.deleted_at IS NULL AND i.deleted_at IS NULL");
}

sub pages_asked_for
{
	my ($since) = @_;

	return grep { $_->{path} =~ m{/(issues|comments)\?} } $github->requests(since => $since);
}

# All that there is, but for what a check writes down.
sub what_there_is
{
	my $contents = $application->contents;

	delete @$contents{qw(github_sync.repo_sweeps github_sync.checked_pages github_sync.record_differences)};
	return $contents;
}

sub wait_for_check
{
	$application->wait_until("SELECT bool_and(waits_for = 'complete') FROM github_sync.sync_progress WHERE phase = 'check'");
}

# "issue field: difference, why" of each record type.
sub differences
{
	return [ split /\n/, $application->sql(
		"SELECT concat_ws(' ', record_type, github_issue_number, field) || ': ' || difference || ', ' || why FROM github_sync.sync_differences"
		  . " ORDER BY record_type DESC, github_issue_number, field") ];
}

# What can end has ended: a comment waits for an issue that could not be written.
sub wait_for_the_rest
{
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for NOT LIKE 'parent issue%')");
}

# What is missing is asked for again a minute later, on both clocks.
sub pass_the_minute
{
	$github->advance_clock(61);
	$application->superuser_sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'") foreach qw(task comment);
	$application->wait_until_done;
}

# ---- who waits for the import ----

my $waiter = "FROM pg_stat_activity WHERE query LIKE 'CALL github_sync.wait_for_backfill%' AND pid <> pg_backend_pid()";
my ($told, $wait);

$github->fault('GET /issues\?.*since=', { gate => 'import' }, times => 1);
$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]})");
$github->wait_at_gate('import');
$wait = IPC::Run::start([ 'psql', '-XAtq', '-U', GitHubSync::Application::OWNER, '-d', $application->node->connstr($application->database), '-c',
	"CALL github_sync.wait_for_backfill(@{[WIDGETS]})" ], '2>', \$told);
my $began = "'-infinity'";
my @snapshots;

# Between two looks at the progress, several times: each begins a transaction.
foreach (1 .. 3)
{
	$application->wait_until("SELECT EXISTS (SELECT $waiter AND wait_event = 'Extension' AND xact_start > $began)");
	push @snapshots, $application->superuser_sql("SELECT coalesce(backend_xmin::text, 'none') || ' ' || coalesce(backend_xid::text, 'none') $waiter AND wait_event = 'Extension'");
	$began = "'" . $application->superuser_sql("SELECT xact_start $waiter") . "'";
}
is_deeply(\@snapshots, [ ('none none') x 3 ], 'who waits for an import holds no snapshot, and no transaction id');
$github->open_gate('import');
ok($wait->finish, '... until it is over');
like($told, qr/^NOTICE:  issues: 100 so far, comments: 0 so far\n(.*\n)*NOTICE:  issues: \d+ done \(1 failed: see sync_errors\), comments: 12 done \(1 failed: see sync_errors\)\n\z/,
	'... and is told how far it is, and what failed');
wait_for_the_rest();

# ---- differences ----

is($application->sql('SELECT count(*) FROM github_sync.sync_differences'), 0, 'before a check, nothing is said');
$github->webhooks(mode => 'off');
$github->human_edits_issue('acme/widgets', 1, title => 'edited there');
$github->human_closes_issue('acme/widgets', 2);
$application->sql("UPDATE tasks SET markdown = 'edited here' WHERE title = 'issue 3'");
$github->human_edits_issue('acme/widgets', 4, title => 'ours');
$application->sql("UPDATE tasks SET title = 'mine' WHERE title = 'issue 4'");
$github->human_deletes_issue('acme/widgets', 5);
$github->human_deletes_comment(($github->comments('acme/widgets', 6))[0]{id});
$github->human_edits_comment(($github->comments('acme/widgets', 7))[0]{id}, body => 'edited there, too');
$application->sql("UPDATE comments SET markdown = 'edited here, too' WHERE markdown = 'comment of 8'");
$github->human_creates_issue('acme/widgets', title => 'a new one', body => 'its text');
$github->human_creates_comment('acme/widgets', $issues + 1, body => 'of the new one');
$github->human_creates_comment('acme/widgets', 10, body => 'of an old one');
$application->sql("INSERT INTO tasks (project_id, created_by, title, github_repo_id) SELECT id, 'user', 'not enqueued', github_repo_id FROM projects");

my $before = what_there_is();
my $seq    = $github->last_seq;

$github->fault('GET /issues\?.*since=', { gate => 'check' }, times => 1);
$application->sql("SELECT github_sync.check_repo(@{[WIDGETS]})");
$github->wait_at_gate('check');
# The import has listed an issue twice: the next page begins a second before the end of the last one.
like($application->sql("SELECT per_cent || ' of ' || total || ', ' || (remaining IS NOT NULL) FROM github_sync.sync_progress WHERE phase = 'check' AND is_under_way"), qr/^90 of 11[01], true\z/,
	'a check says how far it is');
my $pid = $application->worker_pid;
kill 9, $pid;
$application->disconnect;
$application->node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)") or die 'the worker did not end';
$github->open_gate('check');
wait_for_check();

my @asked = pages_asked_for($seq);

is(scalar(grep { $_->{path} !~ /[?&](since|after)=|[?&]page=[2-9]/ } @asked), 2, '... and goes on where it was when its worker was killed');
is_deeply([ grep { $_->{method} ne 'GET' && $_->{path} !~ /access_tokens/ } $github->requests(since => $seq) ], [], '... reads, and writes nothing at GitHub');
is_deeply(what_there_is(), $before, '... and nothing here');
is_deeply(differences(), [
	'task 1 title: differs, not listed yet',
	'task 2 state: differs, not listed yet',
	'task 3 body: differs, not captured',
	'task 4 title: differs, conflict policy (last_write_wins)',
	'task 5: missing at GitHub, gone or transferred',
	'task 9: missing here, errored (apply_failed)',
	"task @{[$issues + 1]}: missing here, not listed yet",
	'task: missing at GitHub, never synced',
	'comment 5: missing at GitHub, gone or transferred',
	'comment 6: missing at GitHub, gone or transferred',
	'comment 7 body: differs, not listed yet',
	'comment 8 body: differs, not captured',
	'comment 9: missing here, queued',
	'comment 10: missing here, not listed yet',
	"comment @{[$issues + 1]}: missing here, its issue is missing here" ], 'each difference is found, and why there is one');

# ---- mended ----

my ($rude) = grep { $_->{title} =~ /rude/ } $github->issues('acme/widgets');

$github->human_edits_issue('acme/widgets', $rude->{number}, title => 'a polite issue');
is($application->sql("SELECT github_sync.mend_differences(@{[WIDGETS]}) || ' ' || github_sync.mend_differences(@{[WIDGETS]})"), '13 0', 'each is mended by one transaction, once');
$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^retry at')");
pass_the_minute();
is(here(), at_github(), '... and both sides are the same');
is($application->sql("SELECT string_agg(DISTINCT why, ', ' ORDER BY why) FROM github_sync.sync_errors CROSS JOIN LATERAL (SELECT error_code AS why) AS w"), '', '... without an error');
$application->sql("SELECT github_sync.check_repo(@{[WIDGETS]})");
wait_for_check();
is_deeply(differences(), [
	'task 5: missing at GitHub, deleted at GitHub',
	'task: missing at GitHub, never synced',
	'comment 5: missing at GitHub, deleted at GitHub',
	'comment 6: missing at GitHub, deleted at GitHub' ], '... as the next check finds, but for what is kept, and what nobody enqueued');

done_testing;
