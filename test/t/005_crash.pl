# 005_crash.pl
#
# Whatever dies, and whenever: the queue goes on afterwards, and nothing that
# reached GitHub is created a second time.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use JSON::PP;
use Test::More;
use Time::HiRes qw(time usleep);

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

my $posted  = 'POST /repos/acme/widgets/issues$';
my $creates = qr{^POST /repos/acme/widgets/issues };

# Waits for a condition outside of the database.
sub wait_for
{
	my ($condition, $what) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;

	until ($condition->())
	{
		time < $deadline or die "in vain: $what";
		usleep(10_000);
	}
}

# The server ends all sessions, recovers, and is back.
sub crash
{
	my ($pid)  = @_;
	my $offset = -s $node->logfile;

	kill 9, $pid;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$application->wait_until('SELECT true');
}

sub requests_since
{
	my ($since, $pattern) = @_;

	return scalar grep { /$pattern/ } GitHubSync::Application::asked($github, $since);
}

# Inserts a task whose issue exists already when its worker dies by the deed;
# what GitHub has answered never arrives.
sub dies_during_creation
{
	my ($title, $deed) = @_;
	my $seq  = $github->last_seq;
	my $gate = $title =~ s/\W+/-/gr;

	$github->fault($posted, { gate_after_effect => $gate });
	my $task   = $application->add_task(title => $title, markdown => 'text');
	my @others = map { $application->add_task(title => "$title, other $_") } 1 .. 3;
	$github->wait_at_gate($gate);
	$deed->($application->worker_pid);
	$github->open_gate($gate);
	$application->wait_until_done;

	is(scalar(grep { $_->{title} eq $title } $github->issues('acme/widgets')), 1, "$title: the issue exists once");
	cmp_ok(requests_since($seq, qr{^GET /repos/acme/widgets/issues\?}), '>', 0, "$title: it was looked for");
	my $number = $application->issue_of($task)->{number} // 0;
	is($number && $github->issue('acme/widgets', $number)->{title}, $title, "$title: and found, for its task");
	is($application->superuser_sql("SELECT count(*) FROM github_sync.github_issues WHERE github_id IS NOT NULL AND task_id IN ("
			  . join(',', @others) . ')'), 3, "$title: what waited behind it arrives");
	is(requests_since($seq, $creates), 4, "$title: with one request for each task");
}

# ---- the worker dies ----

my $first = $application->worker_pid;
dies_during_creation('kill -9 of the worker', \&crash);
isnt($application->worker_pid, $first, 'a new worker serves the database');

dies_during_creation('pg_terminate_backend', sub {
	my ($pid) = @_;

	$application->superuser_sql("SELECT pg_terminate_backend($pid)");
	wait_for(sub { !kill 0, $pid }, 'end of the worker');
});

# ---- the worker dies before its creation is at GitHub ----

# A new worker has no token yet: it claims, and then has to ask for one.
crash($application->worker_pid);
my $seq = $github->last_seq;
$github->fault('POST /access_tokens$', { gate => 'token' });
$application->add_task(title => 'claimed and not sent');
$github->wait_at_gate('token');
crash($application->worker_pid);
$github->open_gate('token');
$application->wait_until_done;
is(requests_since($seq, $creates), 1, 'what was claimed and not sent is sent afterwards, once');
is(requests_since($seq, qr{^GET /repos/acme/widgets/issues\?}), 0, 'and need not be looked for');

# Looked for until the request must have arrived, however busy this machine is.
foreach my $end ([ 'its request is lost' => { reset_before => JSON::PP::true }, '300ms' ], [ 'its request arrives later' => {}, '30s' ])
{
	my ($title, $action, $recheck) = @$end;
	my $gate = $title =~ s/\W+/-/gr;

	GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => $recheck);
	$seq = $github->last_seq;
	$github->fault($posted, { gate => $gate, %$action });
	$application->add_task(title => $title);
	$github->wait_at_gate($gate);
	crash($application->worker_pid);
	$github->open_gate($gate);
	$application->wait_until_done;
	is(scalar(grep { $_->{title} eq $title } $github->issues('acme/widgets')), 1, "a worker dies and $title: the issue exists once");
	cmp_ok(requests_since($seq, qr{^GET /repos/acme/widgets/issues\?}), '>', 0, "a worker dies and $title: it was looked for");
}
GitHubSync::Application::reconfigure($node, 'github_sync.creation_recheck' => '300ms');

# ---- the server dies ----

dies_during_creation('immediate shutdown', sub { $node->stop('immediate'); $node->start });

sub server_crashes
{
	my ($worker) = @_;

	$node->kill9;
	wait_for(sub { !kill 0, $worker }, 'end of the worker');
	pass('the worker ends with its server');
	# Others of its processes may hold the shared memory for a moment.
	wait_for(sub { $node->start(fail_ok => 1) }, 'start of the server');
}

dies_during_creation('kill -9 of the server', \&server_crashes);

dies_during_creation('fast shutdown', sub {
	my $started = time;

	$node->stop('fast');
	cmp_ok(time - $started, '<', at_this_load(2), 'a fast shutdown does not wait for GitHub');
	$node->start;
});

# ---- an update on its way ----

my $task = $application->row('SELECT task_id FROM github_sync.github_issues WHERE number = 1')->{task_id};

# Edits it and does the deed while the request is held, at a gate of this kind;
# how often the edit was sent.
sub dies_during_update
{
	my ($title, $request, $kind, $deed) = @_;
	my $seq  = $github->last_seq;
	my $gate = $title =~ s/\W+/-/gr;

	$github->fault("$request /issues/1\$", { $kind => $gate });
	$application->edit_task($task, title => $title);
	$github->wait_at_gate($gate);
	$deed->($application->worker_pid);
	$github->open_gate($gate);
	$application->wait_until_done;
	is($github->issue('acme/widgets', 1)->{title}, $title, "$title: it is at GitHub");
	is(requests_since($seq, qr/^PATCH/), 1, "$title: sent once");
}

dies_during_update('sent before the crash', 'PATCH', gate_after_effect => \&crash);
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_conflicts'), 0, '... and not taken for an edit of somebody else');
dies_during_update('not sent before the crash', 'GET', gate => \&crash);

# The commit of a claim does not wait for the disk: a server that crashes may forget it.
GitHubSync::Application::reconfigure($node, 'wal_writer_delay' => '10s');
dies_during_update('claimed before the server crashed', 'GET', gate => \&server_crashes);
GitHubSync::Application::reconfigure($node, 'wal_writer_delay' => '200ms');

# ---- a connection dies ----

my @titles;
foreach my $fault ([ reset_after_effect => 'reset after the effect' ], [ drop_answer => 'no answer' ],
	[ cut_in_body => 'cut off in the answer' ], [ reset_before => 'reset before the effect' ])
{
	my ($action, $title) = @$fault;

	$github->fault($posted, { $action => JSON::PP::true });
	push @titles, $title;
	GitHubSync::Application::reconfigure($node, 'github_sync.request_timeout' => $action eq 'drop_answer' ? '300ms' : '30s');
	$task = $application->add_task(title => $title);
	$application->wait_until_done;
	is(scalar(grep { $_->{title} eq $title } $github->issues('acme/widgets')), 1, "$title: the issue exists once");
	isnt($application->issue_of($task)->{number}, undef, "$title: and its task knows it");
}

$github->fault('POST /comments$', { reset_after_effect => JSON::PP::true });
my $comment = $application->add_comment($task, 'a comment whose answer is lost');
$application->wait_until_done;
my @comments = $github->comments('acme/widgets', $application->issue_of($task)->{number});
is(scalar @comments, 1, 'a comment whose answer is lost exists once');
is($application->github_comment_of($comment)->{github_id}, $comments[0]{id}, 'and its row knows it');

# ---- and in the end ----

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

done_testing();
