# 082_lists.pl
#
# Lists as GitHub makes them: the list of all comments of a repository cannot be
# made, however small its pages, or not since an old time, or it ends before its
# end.  Then the comments of each issue that has any are listed, for an import, a
# sweep and a check; an issue of which that fails, or that is gone meanwhile,
# holds up no other one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $installation = GitHubSync::Application::INSTALLATION;
my $github       = GitHubSync::StandIn->start(judged => 1);
my %id_of        = (unmakeable => 7001, recent => 7002, short => 7003, interrupted => 7004);

# Every second issue has comments, one of them many of the same second.
sub issues
{
	my ($many) = @_;

	return [ map { my $number = $_; my $at = sprintf '2024-02-01T00:%02d:%02dZ', int($number / 60), $number % 60;
		{ number => $number, title => "issue $number", body => "text of $number", author => 'alice', created_at => $at, updated_at => $at,
			comments => [ map { { body => "comment $_ of $number", author => 'bob', created_at => $at, updated_at => $at } } 1 .. ($number == 8 ? $many : $number % 2 ? 0 : 1) ] } } 1 .. 40 ];
}

$github->seed({ repositories => [ map { { id => $id_of{$_}, owner => 'acme', name => $_, private => \1, issues => issues($_ eq 'unmakeable' ? 3 : 130) } } sort keys %id_of ] });
$github->webhooks(mode => 'off');
my $application = GitHubSync::Application->start($github);

sub at_github
{
	my ($name) = @_;

	return join "\n", sort map { my $issue = $_; "$issue->{title}|$issue->{state}", map { "$issue->{title}> $_->{body}" } @{ $issue->{comments} } } $github->issues("acme/$name");
}

sub here
{
	my ($name) = @_;
	my $linked = "github_sync.github_issues AS i JOIN tasks AS t ON t.id = i.task_id";
	my $live   = "i.github_repo_id = $id_of{$name} AND i.deleted_at IS NULL";

	return join "\n", sort split /\n/, $application->sql("SELECT t.title || '|' || t.status FROM $linked WHERE $live UNION ALL"
		  . " SELECT t.title || '> ' || c.markdown FROM $linked JOIN github_sync.github_comments AS g ON g.github_issue_id = i.id"
		  . " JOIN comments AS c ON c.id = g.comment_id WHERE $live AND g.deleted_at IS NULL");
}

sub wait_for_lists
{
	my ($name) = @_;

	$application->wait_until("SELECT bool_and(phase IN ('sweep', 'check') AND NOT is_asked) FROM github_sync.repo_sweeps WHERE github_repo_id = $id_of{$name}");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^retry at')");
}

sub import_all
{
	my ($name) = @_;
	my $seq = $github->last_seq;

	$application->connect_repository($id_of{$name}, $name, $installation);
	$application->sql("SELECT github_sync.backfill_repo($id_of{$name})");
	return $seq;
}

sub reconcile
{
	my ($name) = @_;
	my $seq = $github->last_seq;

	$application->sql("SELECT github_sync.reconcile_repo($id_of{$name})");
	wait_for_lists($name);
	return $seq;
}

# What is missing is asked for again a minute later, on both clocks.
sub pass_the_minute
{
	$github->advance_clock(61);
	$application->superuser_sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'") foreach qw(task comment);
	$application->wait_until_done;
}

# Of which issues the comments were listed.
sub listed_issues
{
	my ($since) = @_;

	return sort { $a <=> $b } map { $_->{path} =~ m{^/repositories/\d+/issues/(\d+)/comments\?} ? $1 : () } $github->requests(since => $since);
}

sub lists_of_all
{
	my ($since) = @_;

	return scalar grep { $_->{path} =~ m{/issues/comments\?} } $github->requests(since => $since);
}

sub comment_of { my ($name, $number) = @_; return ($github->comments("acme/$name", $number))[0]{id} }

sub progress { my ($name, $column, $phase) = @_; return $application->sql("SELECT $column FROM github_sync.sync_progress WHERE github_repo_id = $id_of{$name} AND stream = 'comments' AND (phase = 'check') = " . ($phase ? 'true' : 'false')) }

# ---- a list that is never made; since excludes its boundary ----

$github->behaviour(largest_page => { comments => 0 }, since => 'exclusive');
my $bad = $github->fault('GET /issues/6/comments', { answer => { status => 502, body => 'Bad Gateway' } }, times => 'forever');
$github->fault('GET /issues/\d+/comments', { gate => 'import' }, times => 1);
my $seq = import_all('unmakeable');
$github->wait_at_gate('import');
$github->human_deletes_issue('acme/unmakeable', 20);
$github->open_gate('import');
wait_for_lists('unmakeable');
my %times;
$times{$_}++ foreach listed_issues($seq);
is_deeply([ sort { $a <=> $b } keys %times ], [ map { 2 * $_ } 1 .. 20 ], 'where GitHub cannot make the list of all comments, those of each issue that has any are listed');
is($times{6}, 4, '... in smaller pages too, where one of these cannot be made');
cmp_ok(lists_of_all($seq), '<=', 8, '... after few tries');
my $without_6 = join "\n", grep { !/^issue 6>/ } split /\n/, at_github('unmakeable');
pass_the_minute();
is(here('unmakeable'), $without_6, '... and one that fails, or is gone meanwhile, holds up no other one');
like(progress('unmakeable', 'last_error'), qr/502/, '... which is shown');
$github->remove_fault($_) foreach ref $bad ? @$bad : $bad;
$application->sql("UPDATE github_sync.github_issues SET comments_listed_after = now()");
$seq = reconcile('unmakeable');
is_deeply([ listed_issues($seq) ], [6], '... and is tried again');
is(here('unmakeable'), at_github('unmakeable'), '... until it is here');
is(progress('unmakeable', 'last_error'), '', '... of which nothing is said any more');

# ---- sweeps of it: edits, deletions, new ones ----

$github->advance_clock(2 * 3600);
$github->human_edits_comment(comment_of('unmakeable', 10), body => 'edited');
$github->human_deletes_comment(comment_of('unmakeable', 12));
$github->human_creates_comment('acme/unmakeable', 13, body => 'new');
$seq = reconcile('unmakeable');
pass_the_minute();
is(here('unmakeable'), at_github('unmakeable'), 'later, a sweep finds what was edited, deleted or created');
my %listed = map { $_ => 1 } listed_issues($seq);
is_deeply([ sort { $a <=> $b } keys %listed ], [ 10, 12, 13 ], '... of the issues that changed alone');

# ---- a check of it ----

$github->human_edits_comment(comment_of('unmakeable', 14), body => 'edited, and not told');
$github->human_creates_comment('acme/unmakeable', 15, body => 'new, and not told');
$github->human_deletes_comment(comment_of('unmakeable', 16));
$github->fault('GET /issues/18/comments', { answer => { status => 502, body => 'Bad Gateway' } }, times => 'forever');

sub checked
{
	my ($name) = @_;

	$application->sql("SELECT github_sync.check_repo($id_of{$name})");
	$application->wait_until("SELECT bool_and(waits_for = 'complete') FROM github_sync.sync_progress WHERE phase = 'check' AND github_repo_id = $id_of{$name}");
	return [ split /\n/, $application->sql("SELECT concat_ws(' ', github_issue_number, field) || ': ' || difference FROM github_sync.sync_differences"
		  . " WHERE github_repo_id = $id_of{$name} AND record_type = 'comment' AND why <> 'deleted at GitHub' ORDER BY github_issue_number, field") ];
}

$seq = $github->last_seq;
is_deeply(checked('unmakeable'), [ '14 body: differs', '15: missing here', '18: cannot be read' ],
	'a check lists the comments of each issue, too; where it could not read one, it says so, and concludes nothing of what is missing');
like($application->sql("SELECT why FROM github_sync.sync_differences WHERE difference = 'cannot be read'"), qr/502/, '... and why');
$github->clear_faults;
is_deeply(checked('unmakeable'), [ '14 body: differs', '15: missing here', '16: missing at GitHub' ], '... until it can be read');
is($application->sql('SELECT count(*) FROM github_sync.checked_pages'), 0, '... and keeps nothing but what it found');
$application->sql("SELECT github_sync.mend_differences($id_of{unmakeable})");
$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for !~ '^retry at')");
pass_the_minute();
is(here('unmakeable'), at_github('unmakeable'), '... and is mended');

# ---- one that cannot be made since an old time; one that ends in the middle of a second ----

$github->behaviour(largest_page => { comments => 100 }, oldest_since => '2024-06-01T00:00:00Z');
import_all('recent');
wait_for_lists('recent');
is(here('recent'), at_github('recent'), 'where GitHub cannot make the list since an old time, nothing is missing');
$github->behaviour(oldest_since => undef, deepest_of_comments => 100, since => 'inclusive');
$seq = import_all('short');
wait_for_lists('short');
is(here('short'), at_github('short'), 'where the list of all comments ends before its end, nothing is missing');
ok((grep { $_->{path} =~ m{/issues/comments\?} && $_->{status} == 422 } $github->requests(since => $seq)), '... though GitHub refused to go on');
is_deeply(checked('short'), [], '... as a check finds, which ends there as well');

# ---- an outage in the middle of a list, while nothing else is asked ----

$github->behaviour(deepest_of_comments => 30000);
$github->fault('GET /issues/comments', { gate => 'first-page' }, times => 1);
$seq = import_all('interrupted');
$github->wait_at_gate('first-page');
$github->fault('GET /', { answer => { status => 502, body => 'Bad Gateway' } }, times => 'forever');
$github->open_gate('first-page');
$application->wait_until("SELECT pause_kind = 'unreachable' FROM github_sync.github_app_installations");
$application->wait_until("SELECT due_at > now() FROM github_sync.repo_sweeps WHERE github_repo_id = $id_of{interrupted} AND stream = 'comments'");
$github->clear_faults;
$application->superuser_sql("UPDATE github_sync.repo_sweeps SET due_at = now();"
	  . " UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL");
wait_for_lists('interrupted');
is(here('interrupted'), at_github('interrupted'), 'an outage in the middle of a list: nothing is missing');
is_deeply([ listed_issues($seq) ], [], '... the list is not taken for one that GitHub cannot make');
my ($smallest) = sort { $a <=> $b } map { $_->{path} =~ m{/issues/comments\?.*per_page=(\d+)} ? $1 : () } $github->requests(since => $seq);
cmp_ok($smallest, '>=', 50, '... nor for one whose pages are too large, but for the first that failed');

# ---- a since that GitHub takes for none at all ----

$seq = $github->last_seq;
$application->sql("SELECT github_sync.backfill_repo($id_of{short}, since => '1970-01-01')");
wait_for_lists('short');
is(scalar(grep { $_->{path} =~ /since=19/ } $github->requests(since => $seq)), 0, 'who imports what changed since 1970 imports all of it');
is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is an error');

done_testing;
