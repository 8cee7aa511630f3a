# 031_one_edit.pl
#
# What one edit costs in the database, counted: the UPDATE of a title by the
# application, the claim, the answer to the GET, the answer to the PATCH.
# Counts, not times: the server's own statistics of functions and tables.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github,
	settings => { track_functions => 'all', stats_fetch_consistency => 'none' });

# Until the sessions that took part have told what they did, which they do when
# they end or have nothing to do: the counts no longer change.
sub wait_for_statistics
{
	my ($before, $now) = ('', undef);

	$application->wait_until("SELECT state = 'idle' FROM pg_stat_activity WHERE backend_type = 'github_sync worker'");
	$application->disconnect;
	for (1 .. 100)
	{
		$now = $application->superuser_sql('SELECT sum(calls) FROM pg_stat_user_functions');
		last if $now eq $before;
		$before = $now;
		select undef, undef, undef, 0.2;
	}
}

# Whether a list of the repository is due, by the interval of now, or the App's delivery log, an installation that was not
# active, or a repository that may be archived no more, is looked at once a second while there are commits, however many edits they are.
my $of_a_look = q('{apply_later,claim_lists,claim_delivery_log,installation_for_log,sweep_claim,missing_sweeps,add_missing_sweeps,add_missing_sweeps_unless_held,sweep_candidates,log_problems,'
	'open_sweeps,ask_for_access,ask_for_inactive,inactive_installations,ask_for_archives,doubted_archives,bring_sweeps_forward,'
	'reconcile_interval,next_list_at,next_sweep_at,installation_budget}');

# One edit of a task that is in step, and what it cost.
sub cost_of_edit
{
	my ($task, $title) = @_;
	my $since = $github->last_seq;

	wait_for_statistics();
	$application->superuser_sql('SELECT pg_stat_reset()');
	$application->edit_task($task, title => $title);
	$application->wait_until_done;
	wait_for_statistics();
	return (
		requests  => join(', ', map { $_->{method} } grep { $_->{path} =~ m{^/repos/} } $github->requests(since => $since)),
		calls     => $application->superuser_sql("SELECT sum(calls) FROM pg_stat_user_functions WHERE funcname <> ALL ($of_a_look)"),
		looks     => $application->superuser_sql("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = ANY ($of_a_look)"),
		by_name   => { map { split / / } split /\n/, $application->superuser_sql("SELECT funcname || ' ' || sum(calls) FROM pg_stat_user_functions GROUP BY funcname") },
		reads     => $application->superuser_sql("SELECT idx_scan + seq_scan FROM pg_stat_user_tables WHERE relid = 'planner.tasks'::regclass"),
		cached    => $application->superuser_sql("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'github_issues'"),
		queue     => $application->superuser_sql("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'task_sync_transactions'"));
}

my $task = $application->add_task(title => 'a title', markdown => 'a text');
$application->wait_until_done;
cost_of_edit($task, 'once, so that plans and caches are there');
my %cost = cost_of_edit($task, 'another title');

is($cost{requests}, 'GET, PATCH', 'an edit is a GET and a PATCH');
# The INSERT of the transaction, the claim, and either answer decide once each.
is($cost{by_name}{task_local_row}, 4, 'each decision reads the local row once');
is($cost{by_name}{task_report_answer}, 2, 'each answer is reported once');
is($cost{queue}, 2, 'the transaction is claimed and completed');
# Besides these: the UPDATE itself, its foreign key, and the lock of the row before the record's, four times (the claim passes over what the application holds).
cmp_ok($cost{reads}, '<=', 11, 'no more than eleven scans of tasks');
# Locked by the INSERT and the claim, stamped by the capture, and saved after either answer.
cmp_ok($cost{cached}, '<=', 5, 'no more than five updates of the cached record');
# Claims follow the commit and the end: none a claim that found what there was, none an answer that goes on.
cmp_ok($cost{by_name}{task_claim}, '<=', 2, 'no claim while the conversation goes on');
# One of them asks whether the table still has its columns, three whether all has one owner: capture and both triggers of
# the INSERT. Six ask whether the row was moved, or is back, and six are about replicas that lag: whether a read is behind,
# or takes back what was written, and what was. Two require that a claim and an end took effect, one that the table is not locked.
# Five note that what was counted of the history is no longer so, and that transactions were inserted. One says where the body
# is, which may be too large.
cmp_ok($cost{calls}, '<=', 109, 'no more than 109 function calls');
diag "figure: $cost{calls} function calls, $cost{looks} more to look for lists, $cost{reads} scans of tasks, $cost{cached} updates of the cached record, $cost{queue} of the transaction";

done_testing();
