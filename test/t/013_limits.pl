# 013_limits.pl
#
# GitHub's limits: our own budget, shared by databases and workers and kept
# over restarts; GitHub's hour, by its clock; refusals.  What waits costs
# nobody else anything.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time);

use constant { TOOLS => 1296272, NEIGHBOUR => 616161 };

my $github = GitHubSync::StandIn->start;
$github->seed({ users => [ { login => 'beta' } ], repositories => [ { id => TOOLS, owner => 'beta', name => 'tools' } ], installations => [ { id => NEIGHBOUR, account => 'beta' } ] });

my $application = GitHubSync::Application->start($github, settings => { 'github_sync.creations_per_hour' => 5 });
my $node        = $application->node;

# Another installation beside ours, in the same database.
$application->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (@{[NEIGHBOUR]}, 'beta');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (@{[TOOLS]}, @{[NEIGHBOUR]}, 'beta', 'tools');
	INSERT INTO projects (name, github_repo_id) VALUES ('tools', @{[TOOLS]})});

sub limits_of
{
	my ($installation) = @_;

	return $application->row('SELECT *, extract(epoch FROM paused_until - now()) AS paused_for_s, extract(epoch FROM reset_at - now()) AS reset_in_s,'
		  . ' extract(epoch FROM creations_paused_until - now()) AS creations_paused_for_s'
		  . " FROM github_sync.sync_rate_limits WHERE github_app_installation_id = $installation");
}

sub our_limits { return limits_of(GitHubSync::Application::INSTALLATION) }

sub wait_for_count
{
	my ($of, $count) = @_;

	$of->wait_until("SELECT count(*) = $count FROM github_sync.sync_queue WHERE waits_for LIKE 'rate limit until %'");
}

# How long the neighbour's edits take from their commit to their end.
sub neighbour_is_served
{
	my ($while) = @_;
	my $begin = time;
	my $task  = $application->add_task(title => "of the neighbour, $while", github_repo_id => TOOLS);

	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE repository = 'beta/tools')");
	is(scalar(grep { $_->{title} eq "of the neighbour, $while" } $github->issues('beta/tools')), 1, "$while: another installation is served")
	  and note sprintf('after %.0f ms', 1000 * (time - $begin));
}

sub refusals { return [ map { "$_->{method} $_->{path} $_->{status}" } grep { ($_->{status} // 0) =~ /^(?:403|429)$/ } $github->requests ] }

# ---- our own budget: creations of an hour ----

$github->limits(creations_per_hour => 5);
my @tasks = map { $application->add_task(title => "task $_") } 1 .. 9;
wait_for_count($application, 4);
is(scalar $github->issues('acme/widgets'), 5, 'with a budget of 5 creations an hour 5 of 9 tasks are created');
is_deeply(refusals(), [], 'nothing is refused');
my $limits = our_limits();
is($limits->{creations_last_hour}, 5, 'sync_rate_limits counts them');
cmp_ok($limits->{creations_paused_for_s}, '>', 3590, '... says until when nothing is created: most of an hour');
is($limits->{paused_until}, undef, '... and that the rest goes on');
is($limits->{request_limit}, 5000, "... and knows GitHub's limit");
cmp_ok($limits->{remaining}, '<=', 4995, '... what remains of it');
cmp_ok(abs($limits->{reset_in_s} - 3600), '<', 60, '... and when it begins anew');

my @created = grep { defined $application->issue_of($_)->{number} } @tasks;
$application->edit_task($created[0], title => 'edited meanwhile');
wait_for_count($application, 4);
$application->wait_until("SELECT count(*) = 4 FROM github_sync.sync_queue");
is($github->issue('acme/widgets', $application->issue_of($created[0])->{number})->{title}, 'edited meanwhile', 'meanwhile edits arrive');
$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', $application->issue_of($created[1])->{number}, title => 'edited by a human');
$application->tell_of_issue($github->issue('acme/widgets', $application->issue_of($created[1])->{number}));
$application->wait_until("SELECT count(*) = 4 FROM github_sync.sync_queue");
is($application->task($created[1])->{title}, 'edited by a human', '... in both directions');
neighbour_is_served('while creations wait');

$application->add_comment($created[0], 'a comment');
wait_for_count($application, 5);
pass('comments share the budget: one more waits');

my $second = GitHubSync::Application->in_server($node, database => 'second', repository => GitHubSync::Application::GADGETS);
$second->add_task(title => 'of another database');
wait_for_count($second, 1);
is(scalar $github->issues('acme/gadgets'), 0, 'databases that use the same installation share it');

foreach my $ending (
	[ 'a restart', sub { $node->restart } ],
	[ 'a crash', sub { kill 'KILL', $application->worker_pid } ])
{
	my ($name, $end) = @$ending;
	my $seen_at = $node->safe_psql('postgres', 'SELECT clock_timestamp()');

	$end->();
	foreach my $of ($application, $second)
	{
		$of->wait_until("SELECT bool_and(started_at > '$seen_at') FROM github_sync.sync_workers");
		$of->wait_until("SELECT creations_last_hour = 5 AND creations_paused_until IS NOT NULL"
			  . " FROM github_sync.sync_rate_limits WHERE github_app_installation_id = 515151");
	}
	is(scalar(map { $github->issues("acme/$_") } qw(widgets gadgets)), 5, "the hour's budget survives $name");
}
is_deeply(refusals(), [], 'and nothing was refused');

$github->limits(creations_per_hour => undef);
GitHubSync::Application::reconfigure($node, 'github_sync.creations_per_hour' => 0);
$_->wait_until_done foreach $application, $second;
is(scalar(map { $github->issues("acme/$_") } qw(widgets gadgets)), 10, 'with another setting they go on at once');
is_deeply(GitHubSync::Application::created_twice($github), [], 'none was created twice');

# ---- GitHub's hour, by GitHub's clock ----

# One that has three seconds left, and 10 requests for us.
$limits = our_limits();
$github->advance_clock(int($limits->{reset_in_s}) - 3);
my $used = $limits->{request_limit} - $limits->{remaining};
$github->limits(primary => $used + 10);
my $seq = $github->last_seq;
$application->sql("UPDATE tasks SET title = title || ', once more', modified_at = clock_timestamp() WHERE github_repo_id = @{[GitHubSync::Application::WIDGETS]}");
$application->wait_until("SELECT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for LIKE 'rate limit until %')");
$limits = our_limits();
is($limits->{pause_reason}, "GitHub's requests of the hour are used up, but for a reserve", "GitHub's hour is used up: sync_rate_limits says so");
cmp_ok($limits->{paused_for_s}, '<', 5, "... and until when, by GitHub's clock: ours is an hour behind");
is($limits->{request_limit}, $used + 10, '... the limit, lowered in mid-run');
cmp_ok($limits->{remaining}, '>=', 1, '... and that some of it is left to others');
$application->wait_until_done;
is_deeply(refusals(), [], 'GitHub never had to refuse');
my @asked = grep { $_->{path} =~ m{^/repos/acme/} && $_->{status} != 401 } $github->requests(since => $seq);
my ($gap) = sort { $b <=> $a } map { $asked[$_]{t} - $asked[ $_ - 1 ]{finished_t} } 1 .. $#asked;
my ($before) = grep { $asked[$_]{t} - $asked[ $_ - 1 ]{finished_t} == $gap } 1 .. $#asked;
is($before, 9, 'of the 10 all but the reserve were used');
is(scalar(grep { $_->{title} =~ /, once more$/ } $github->issues('acme/widgets')), 9, 'and when the hour was over, the rest');
$github->limits(primary => 5000);
$github->real_clock;

# ---- a refusal without a time ----

my $refused = $application->add_task(title => 'before the refusal');
my $beside  = $application->add_task(title => 'beside it');
$application->wait_until_done;
my $number  = $application->issue_of($refused)->{number};
my $refusal = { status => 403, body => encode_json({ message => 'You have exceeded a secondary rate limit.' }), headers => { 'content-type' => 'application/json' } };

$github->fault("GET /issues/$number\$", { answer => $refusal });
$application->edit_task($refused, title => 'after the refusal');
wait_for_count($application, 1);
$limits = our_limits();
cmp_ok($limits->{paused_for_s}, '>', 50, 'refused without Retry-After, the installation pauses for a minute');
cmp_ok($limits->{paused_for_s}, '<=', 60, '... no more');
like($limits->{pause_reason}, qr/secondary rate limit/, "... with GitHub's words");
$seq = $github->last_seq;
neighbour_is_served("in a minute's pause, $_") foreach 1 .. 3;
$second->add_task(title => 'of another database, in the pause');
wait_for_count($second, 1);
pass('the other database of the installation waits as well');
is(scalar(grep { $_->{path} =~ m{/acme/} } $github->requests(since => $seq)), 0, 'nothing is sent for it');
is(($application->task_transactions("task_id = $refused"))[-1]{attempts}, 0, 'no attempt is counted');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

# A server that starts after the pause knows of it from the table: one of either direction is claimed, and one is sent.
$github->advance_clock(5);
$application->tell_of_issue($github->human_edits_issue('acme/widgets', $application->issue_of($beside)->{number}, body => 'meanwhile'));
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
$_->superuser_sql("UPDATE github_sync.github_app_installations SET paused_until = clock_timestamp() WHERE paused_until IS NOT NULL") foreach $application, $second;
$node->restart;
$github->fault('* /(?:repos|users)/', { gate => 'probe' }, times => 'forever');
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$github->wait_at_gate('probe');
$application->wait_until("SELECT count(*) = 2 FROM github_sync.sync_queue WHERE state = 'processing'");
$application->wait_until("SELECT bool_and(state = 'idle') FROM pg_stat_activity WHERE backend_type = 'github_sync worker'");
is($github->counts->{under_way}, 1, 'after a pause from before a restart one request finds out');
$github->open_gate('probe');
$_->wait_until_done foreach $application, $second;
is($github->issue('acme/widgets', $number)->{title}, 'after the refusal', '... and then the others go on');

done_testing();
