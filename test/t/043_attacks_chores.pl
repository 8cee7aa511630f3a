# 043_attacks_chores.pl
#
# Group: attacks.  What the worker does for many rows at a time besides claims and
# reports: rows whose time has come stand in line, records are asked for once more,
# what was held when it was listed is applied, pauses end, what is old is deleted.  A row by whose trigger
# the worker ends there, or fails, costs itself alone.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

# Of a worker that ended with one of many rows, a second one finds out with which, and after a rest it is tried again.
use constant ENDS_MAX => 4;

my $github = GitHubSync::StandIn->start;
my $queue  = 'github_sync.task_sync_transactions';
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github));

# Each in a database of its own: a trigger for what is about the bad task, or its
# issue; what brings it about; and what is to be so in the end.
my $released = {
	table  => 'task_sync_transactions',
	event  => 'UPDATE',
	when   => q{OLD.next_attempt_at IS NOT NULL AND NEW.next_attempt_at IS NULL AND NEW.state = 'queued' AND NEW.task_id = BAD},
	begin  => q{UPDATE planner.tasks SET title = 'edited';
		UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp() WHERE state = 'queued'},
	good   => "NOT EXISTS (SELECT FROM $queue WHERE task_id = GOOD AND state IN ('queued', 'processing'))",
};
my %cases = (
	'a row that ends the worker as its time has come' => $released,
	'a row that refuses as its time has come' => { %$released, does => q{RAISE 'not in line'},
		bad => q{(SELECT state = 'errored' AND error_code = 'worker_failed' FROM github_sync.task_sync_transactions WHERE task_id = BAD ORDER BY id DESC LIMIT 1)} },
	'a record that ends the worker as it is asked for once more' => {
		table  => 'github_issues',
		event  => 'UPDATE',
		when   => q{OLD.settle_at < '2021-01-01' AND NEW.settle_at IS DISTINCT FROM OLD.settle_at AND NEW.task_id = BAD},
		begin  => q{UPDATE github_sync.github_issues SET settle_at = '2020-01-01'},
		good   => q{(SELECT settle_at IS NULL FROM github_sync.github_issues WHERE task_id = GOOD)},
		left_out => 'task record _',
	},
	'an issue that ends the worker as it is applied later' => {
		table  => 'listed_later',
		event  => 'DELETE',
		when   => 'OLD.github_id = ISSUE',
		begin  => q{INSERT INTO github_sync.listed_later (record_type, github_id, github_repo_id, number, github_updated_at)
			SELECT 'task', i.github_id, i.github_repo_id, i.number, i.github_updated_at FROM github_sync.github_issues AS i},
		good   => q{NOT EXISTS (SELECT FROM github_sync.listed_later WHERE github_id <> ISSUE)},
		left_out => 'listed task %',
	},
	'an old transaction that ends the worker as it is deleted' => {
		table  => 'task_sync_transactions',
		event  => 'DELETE',
		when   => 'OLD.task_id = BAD',
		begin  => q{UPDATE planner.tasks SET title = 'edited'; UPDATE github_sync.task_sync_transactions
			SET inserted_at = now() - interval '40 days', queued_at = now() - interval '40 days', finished_at = now() - interval '40 days' WHERE state = 'completed'},
		good   => "NOT EXISTS (SELECT FROM $queue WHERE task_id = GOOD AND state IN ('queued', 'processing'))",
	},
	'an installation that ends the worker as its pause ends' => {
		table  => 'github_app_installations',
		event  => 'UPDATE',
		when   => 'OLD.id = 7 AND NEW.paused_until IS NULL',
		begin  => q{INSERT INTO github_sync.github_app_installations (id, account_login, account_type) VALUES (7, 'other', 'User');
			UPDATE github_sync.github_app_installations SET paused_until = clock_timestamp() + interval '1 hour',
				pause_kind = 'credentials', pause_reason = 'refused'},
		good   => q{(SELECT paused_until IS NULL FROM github_sync.github_app_installations WHERE id <> 7)},
		told_once => 'installation 7', # nothing tries it again before its pause ends
	},
);

my $count = 0;
foreach my $what (sort keys %cases)
{
	my $case        = { %{ $cases{$what} } };
	my $application = $case->{application} = GitHubSync::Application->in_server($node, database => 'case_' . ++$count);

	@$case{qw(bad_task good_task)} = map { $application->add_task(title => $_) } qw(bad good);
	$cases{$what} = $case;
}
$_->{application}->wait_until_done foreach values %cases;

# ---- all of it begins with the next start of the workers ----

(values %cases)[0]{application}->switch_off;
foreach my $case (values %cases)
{
	my $application = $case->{application};
	my %words       = (BAD => $case->{bad_task}, GOOD => $case->{good_task}, ISSUE => $application->issue_of($case->{bad_task})->{github_id});
	my $does        = $case->{does} // 'PERFORM pg_terminate_backend(pg_backend_pid())';

	s/\b(BAD|GOOD|ISSUE)\b/$words{$1}/g foreach grep { defined } @$case{qw(when good bad)};
	$application->sql("$case->{begin};
		CREATE FUNCTION planner.hostile() RETURNS trigger LANGUAGE plpgsql AS \$f\$
		BEGIN
			IF (SELECT a.backend_type FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid()) = 'github_sync worker' THEN
				$does;
			END IF;
			RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
		END \$f\$;
		CREATE TRIGGER zz_hostile BEFORE $case->{event} ON github_sync.$case->{table} FOR EACH ROW
			WHEN ($case->{when}) EXECUTE FUNCTION planner.hostile()");
	$application->disconnect;
}
GitHubSync::Application::configure($node, 'github_sync.enabled' => 'on');
$node->stop;
my $log = -s $node->logfile; # the processes that have just been stopped are not counted
$node->start;

foreach my $what (sort keys %cases)
{
	my $case        = $cases{$what};
	my $application = $case->{application};
	my $good        = $case->{good_task};

	$application->wait_until("SELECT $case->{good}");
	pass("$what: its neighbour does not wait for it");
	$application->edit_task($good, title => 'edited once more');
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM $queue WHERE task_id = $good AND state IN ('queued', 'processing'))");
	is($github->issue('acme/widgets', $application->issue_of($good)->{number})->{title}, 'edited once more', '... and is carried');
	if ($case->{told_once})
	{
		$node->wait_for_log(qr/github_sync: $case->{told_once}: left alone for a while/, $log);
		pass('... and the log says what is left alone');
	}
	if ($case->{left_out})
	{
		$application->wait_until("SELECT bool_or(last_error LIKE '$case->{left_out}: left alone for a while%') FROM github_sync.sync_workers");
		pass('... and sync_workers says what is left alone');
	}
	if ($case->{bad})
	{
		$application->wait_until("SELECT $case->{bad}");
		pass('... and it is errored');
	}
}
my $ends      = () = substr(slurp_file($node->logfile), $log) =~ /terminating background worker/g;
my $that_ends = grep { !$_->{does} } values %cases;
ok($ends >= 2 * $that_ends && $ends <= ENDS_MAX * $that_ends, "workers ended $ends times");

done_testing();
