# 042_large_answers.pl
#
# Group: attacks.
# However large answers are: what the worker holds of them is bounded, and a
# healthy installation beside is served meanwhile: its edits are claimed soon.  When
# they arrive is a figure: the stand-in, one process, makes the large answers and
# serves the others as well.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use PostgreSQL::Test::Utils;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

use constant { TOOLS => 1296272, NEIGHBOUR => 616161, MB => 1024 };

my $github = GitHubSync::StandIn->start;
$github->seed({ users => [ { login => 'beta', id => 616, type => 'Organization' } ], repositories => [ { id => TOOLS, owner => 'beta', name => 'tools' } ], installations => [ { id => NEIGHBOUR, account => 'beta' } ] });
my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.retry_base_delay' => '100ms', 'github_sync.max_attempts' => 2, 'github_sync.creation_recheck' => '2s',
	'github_sync.write_interval' => 0, 'github_sync.points_per_minute' => 0, 'github_sync.creations_per_minute' => 0 });
my $node = $application->node;

$application->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (@{[NEIGHBOUR]}, 'beta');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (@{[TOOLS]}, @{[NEIGHBOUR]}, 'beta', 'tools');
	INSERT INTO projects (name, github_repo_id) VALUES ('tools', @{[TOOLS]})});

sub memory_kb
{
	my ($what) = @_;
	my ($kb)   = slurp_file('/proc/' . $application->worker_pid . '/status') =~ /^\Q$what\E:\s+(\d+) kB/m;

	return $kb;
}

my $neighbour = $application->add_task(title => 'of the neighbour', github_repo_id => TOOLS);
my @victims   = map { $application->add_task(title => "task $_") } 1 .. 8;
$application->wait_until_done;
my $edits = 0;

# Milliseconds from the commit of an edit to its PATCH at GitHub, each of so many, sorted.
sub edits_of_neighbour
{
	my ($count) = @_;
	my @took;

	foreach (1 .. $count)
	{
		my $title = 'edit ' . ++$edits;
		my $begin = time;
		$application->edit_task($neighbour, title => $title);
		$github->wait_for_request('PATCH', '^/repos/beta/tools/issues/', count => $edits);
		push @took, 1000 * (time - $begin);
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE repository = 'beta/tools')");
	}
	return sort { $a <=> $b } @took;
}

my @alone = edits_of_neighbour(10);

# From the commit to the claim of each edit of the neighbour's since the transaction with that id, in milliseconds: how
# late the worker is, whatever the stand-in has to do.  By far not a figure to reach: whoever waits for what others'
# answers cost waits for seconds.
sub claimed_soon
{
	my ($what, $since) = @_;
	my @took = map { $_->{ms} } $application->rows("SELECT 1000 * extract(epoch FROM processing_at - inserted_at) AS ms
		FROM github_sync.task_sync_transactions WHERE task_id = $neighbour AND direction = 'outbound' AND id > $since ORDER BY 1");

	cmp_ok($took[-1], '<', 1000 * at_this_load(0.2), "$what: the neighbour's edits are claimed soon");
	note(sprintf 'figure: %s: %d edits of a healthy installation claimed after %.1f ms median, %.1f at most', $what, scalar(@took), $took[ @took / 2 ], $took[-1]);
}

sub last_id { return $application->superuser_sql('SELECT max(id) FROM github_sync.task_sync_transactions') }

# ---- single resources that are none ----

my $keys = '{' . join(',', map { "\"k$_\":$_" } 1 .. 60_000) . '}';
my %hostile = (
	'5 MB of one issue'     => { filler_bytes => 5 * 1024 * 1024 },
	'60,000 keys'           => { body => $keys },
	'a megabyte of strings' => { body => '[' . join(',', ('""') x 300_000) . ']' },
	'a megabyte of no text' => { body => "\xff" x (1024 * 1024 - 10) },
);
my $before = memory_kb('VmRSS');
my $first_id = last_id();
my (@beside, %codes);
foreach my $name (sort keys %hostile)
{
	$github->fault('GET ^/repos/acme/widgets/issues/\d+$', { answer => $hostile{$name} }, times => 'forever');
	$application->edit_task($_, title => "$name, $_") foreach @victims;
	push @beside, edits_of_neighbour(5);
	$application->wait_until_done;
	my @errors = $application->rows('SELECT error_code FROM github_sync.sync_errors');
	is(join(' ', map { $_->{error_code} } @errors), join(' ', ('invalid_response') x 8), "$name: invalid_response, eight times");
	$github->clear_faults;
	$application->sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
}
@beside = sort { $a <=> $b } @beside;
is(scalar @beside, 20, "the neighbour's edits arrive meanwhile");
claimed_soon('beside hostile answers', $first_id);
note(sprintf 'figure: edits of a healthy installation, ms: alone %.1f median, %.1f at most; beside hostile answers %.1f median, %.1f at most',
	$alone[5], $alone[-1], $beside[10], $beside[-1]);

# ---- eight lists of 31 MB ----

# What GitHub would answer, made too large by what it says of each.
my $item = '{"id":4711,"number":4711,"title":"t","body":"' . 'x' x 300_000 . '","state":"open","user":{"login":"alice","id":1296002},"html_url":"h","created_at":"2020-01-01T00:00:00Z","updated_at":"2020-01-01T00:00:00Z"},';
my $list = { body => $item, repeat => 103 };
$github->fault('POST ^/repos/acme/widgets/issues$', { reset_after_effect => JSON::PP::true }, times => 8);
$github->fault('GET ^/repos/acme/widgets/issues\?', { answer => $list }, times => 'forever');
my @created = map { $application->add_task(title => "created $_") } 1 .. 8;
$first_id = last_id();
@beside = edits_of_neighbour(5);
claimed_soon('beside eight lists of 31 MB', $first_id);
$application->wait_until_done;
my $peak = memory_kb('VmHWM');
cmp_ok($peak, '<', 300 * MB, 'eight lists of 31 MB: the worker never has more than 300 MB') or diag("$peak kB");
# The last answer's memory goes with its conversation, a moment after its row is done.
my $after = memory_kb('VmRSS');
for (my $looks = 0; $after - $before >= 32 * MB && $looks < 100; $looks++)
{
	select undef, undef, undef, 0.1;
	$after = memory_kb('VmRSS');
}
cmp_ok($after - $before, '<', 32 * MB, '... and gives them back') or diag("from $before to $after kB");
note(sprintf 'figure: worker with eight lists of 31 MB, kB: %d before, %d at most, %d after; edits beside %.1f ms median, %.1f at most', $before, $peak, $after, $beside[2], $beside[-1]);
$github->clear_faults;
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is(scalar(grep { $_->{title} =~ /^created / } $github->issues('acme/widgets')), 8, 'with GitHub back in its place, the creations are found');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

# ---- a text as large as GitHub's largest ----

$github->advance_clock(5);
my $number = $application->issue_of($victims[0])->{number};
$application->tell_of_issue($github->human_edits_issue('acme/widgets', $number, body => "\x{1f600}" x 65_536));
$application->wait_until_done;
is($application->superuser_sql("SELECT length(markdown) FROM planner.tasks WHERE id = $victims[0]"), 65_536, 'a body of 65,536 characters of four bytes is read');

done_testing();
