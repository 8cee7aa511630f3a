# 022_failover.pl
#
# The server is lost in the middle of a creation and its standby takes over:
# what may have been sent is looked for, also where the standby never heard of
# it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Cluster;
use Test::More;

my $github  = GitHubSync::StandIn->start;
my $primary = GitHubSync::Application->start($github, name => 'first', settings => {
	'wal_level'       => 'replica',
	'max_wal_senders' => '5' });
my $repo   = 'acme/widgets';
my $posted = 'POST /repos/acme/widgets/issues$';

sub asked_since
{
	my ($seq, $pattern) = @_;

	return scalar grep { /$pattern/ } GitHubSync::Application::asked($github, $seq);
}

sub issues_called
{
	my ($title) = @_;

	return grep { $_->{title} eq $title } $github->issues($repo);
}

# The same application on a standby of its server.
sub standby_of
{
	my ($application, $name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$application->node->backup("for_$name");
	$node->init_from_backup($application->node, "for_$name", has_streaming => 1);
	$node->start;
	$application->node->wait_for_catchup($node);
	my $standby = GitHubSync::Application->of_database($node, $application->database);
	$standby->{repository} = $application->{repository};
	return $standby;
}

# The primary is lost while GitHub has created what it will never hear of.
sub fail_over
{
	my ($from, $to, $gate) = @_;

	$from->node->stop('immediate');
	$github->open_gate($gate);
	$to->node->promote;
	$to->wait_until_done;
}

sub is_created_once
{
	my ($application, $task, $title) = @_;
	my @issues = issues_called($title);

	is(scalar @issues, 1, "$title: the issue exists once");
	is($application->issue_of($task)->{number}, $issues[0]{number}, "$title: and its task knows it");
}

# ---- the standby knows of the attempt ----

$primary->add_task(title => 'before');
$primary->wait_until_done;
my $standby = standby_of($primary, 'second');
is($standby->superuser_sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'github_sync worker'"), 0, 'a standby runs no worker');
is($standby->superuser_sql('SELECT activity FROM github_sync.sync_workers'), 'standby', 'and sync_workers says that it is one');

$github->fault($posted, { gate_after_effect => 'replicated' });
my $seq  = $github->last_seq;
my $task = $primary->add_task(title => 'replicated', markdown => 'text');
$github->wait_at_gate('replicated');
$primary->node->wait_for_catchup($standby->node);
fail_over($primary, $standby, 'replicated');
is_created_once($standby, $task, 'replicated');
is(asked_since($seq, qr{^POST /repos}), 1, 'nothing is sent again after the promotion');

# The application writes as soon as it may, the launcher keeps the promotion a moment later.
my $kept = $standby->node->data_dir . '/pg_stat/github_sync.promotion';
rename $kept, "$kept.later" or die "$kept: $!";
$task = $standby->add_task(title => 'before the promotion is kept');
is($standby->superuser_sql("SELECT count(*) FROM github_sync.task_sync_transactions WHERE task_id = $task"), 1, 'what is written in the first moment after a promotion is captured');
rename "$kept.later", $kept or die "$kept: $!";
$standby->wait_until_done;
is_created_once($standby, $task, 'before the promotion is kept');

# ---- the standby never heard of the attempt ----

$primary = $standby;
$standby = standby_of($primary, 'third');
GitHubSync::Application::reconfigure($primary->node, 'github_sync.enabled' => 'off');
my %sent    = map { $_ => $primary->add_task(title => $_, markdown => 'text') } 'sent in the last moment', 'not sent yet';
my $parent  = $primary->row("SELECT task_id FROM github_sync.github_issues WHERE number = 1")->{task_id};
my $comment = $primary->add_comment($parent, 'a comment in the last moment');
$primary->node->wait_for_catchup($standby->node);
GitHubSync::Application::reconfigure($standby->node, 'primary_conninfo' => '');
$standby->wait_until('SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)');

$github->fault('POST /issues$', { gate_after_effect => 'lost' }, body => 'last moment');
$github->fault('POST /comments$', { gate_after_effect => 'lost' });
$seq = $github->last_seq;
GitHubSync::Application::reconfigure($primary->node, 'github_sync.enabled' => 'on');
# One write at a time: whatever was sent first is the one that was sent.
$github->wait_at_gate('lost');
is($standby->superuser_sql('SELECT count(*) FROM github_sync.task_creation_attempts WHERE outcome IS NULL'), 0, 'the standby did not hear of the attempt');
fail_over($primary, $standby, 'lost');
is_created_once($standby, $sent{$_}, $_) foreach sort keys %sent;
cmp_ok(asked_since($seq, qr{^GET /repos/acme/widgets/issues\?}), '>=', 1, 'what was queued before the promotion was looked for first');
is(scalar(grep { $_->{body} =~ /last moment/ } $github->comments($repo, 1)), 1, 'so was the comment: it exists once');
isnt($standby->github_comment_of($comment)->{github_id}, undef, 'and its row knows it');

# ---- afterwards ----

# Started as a primary now: that it was promoted is known from before.
$standby->node->restart;
$seq  = $github->last_seq;
$task = $standby->add_task(title => 'after the promotion');
$standby->wait_until_done;
is_created_once($standby, $task, 'after the promotion');
is(asked_since($seq, qr{^GET /repos/acme/widgets/issues\?}), 0, 'what comes after the promotion is sent at once');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is($standby->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

done_testing();
