# 054_attacks_pages.pl
#
# Group: attacks.  Pages of lists, and rows that are given back unsent: one that ends
# the worker as it is imported, applied, recorded or given back costs itself alone.
# Its neighbours on the page, the other lists of its installation and what people
# edit are carried meanwhile, and GitHub is not asked in a circle.  Time goes faster.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use List::Util qw(max);
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };
use constant { PACE => 6, BAD => 3, ISSUES => 5 };

# With one row: five tries alone, and before that some with whichever; more where two are bad. Of a row, or a list, of one database.
use constant { ENDS_MAX => 12, MOST_OF_A_ROW => 8, MOST_OF_A_LIST => 5 };

my $github = GitHubSync::StandIn->start;

$github->control('POST', 'seed', { repositories => [ map {
	my ($id, $name) = @$_;
	{ id => $id, owner => 'acme', name => $name, private => \1, issues => [ map { {
		number => $_, title => "$name $_", body => "text of $_", author => 'alice', created_at => "2024-01-01T00:00:0${_}Z", updated_at => "2024-02-01T00:00:0${_}Z",
		comments => [ { body => "comment of $name $_", author => 'bob', created_at => '2024-01-03T00:00:00Z', updated_at => '2024-01-03T00:00:00Z' } ] } } 1 .. ISSUES ] } }
	[ WIDGETS, 'widgets' ], [ GADGETS, 'gadgets' ] ] });

my $application = GitHubSync::Application->start($github, pace => PACE);
my $node        = $application->node;

# How often workers ended since, by the length of the log; and what GitHub was asked for, as "METHOD path" and how often.
sub ends_since { my ($length) = @_; return scalar(() = substr(slurp_file($node->logfile), $length) =~ /terminating background worker/g) }

sub asked_since
{
	my ($since) = @_;
	my %asked;

	$asked{"$_->{method} $_->{path}"}++ foreach $github->requests(since => $since);
	return \%asked;
}

# ---- rows that are given back unsent ----

my ($sent, $bad, @behind) = map { $application->add_task(title => "task $_") } 1 .. ISSUES;
$application->wait_until_done;
$application->sql("
	CREATE FUNCTION planner.hostile() RETURNS trigger LANGUAGE plpgsql AS \$f\$
	BEGIN
		PERFORM pg_terminate_backend(pg_backend_pid());
		RETURN NEW;
	END \$f\$;
	CREATE TRIGGER zz_hostile BEFORE UPDATE ON github_sync.task_sync_transactions FOR EACH ROW
		WHEN (OLD.state = 'processing' AND NEW.state = 'queued' AND NEW.task_id = $bad) EXECUTE FUNCTION planner.hostile()");
# One is sent, the others have been read and wait in the line; that one is refused, and they are given back.
$github->fault('PATCH /issues/', { gate => 'refused', answer => { status => 429, body => '{"message":"slow down"}', headers => { 'retry-after' => '10', 'content-type' => 'application/json' } } }, times => 1);
my $log = -s $node->logfile;
my $seq = $github->last_seq;
# That one first: of those whose answers arrive together, any might be.
$application->sql("UPDATE tasks SET title = title || ', edited' WHERE id = $sent");
$github->wait_at_gate('refused');
$application->sql("UPDATE tasks SET title = title || ', edited' WHERE id IN (@{[join ', ', $bad, @behind]})");
$application->wait_until("SELECT bool_and(sent IS NOT NULL) FROM github_sync.github_issues WHERE task_id IN (@{[join ', ', $bad, @behind]})");
$github->open_gate('refused');
$application->wait_until("SELECT error_code = 'worker_failed' FROM github_sync.task_sync_transactions WHERE task_id = $bad ORDER BY id DESC LIMIT 1");
pass('a row that ends the worker as it is given back is errored');
$application->wait_until_done;
is_deeply([ grep { $github->issue('acme/widgets', $application->issue_of($_)->{number})->{title} !~ /, edited$/ } $sent, @behind ], [], '... its neighbours are carried');
my $asked = asked_since($seq);
cmp_ok(max(map { $asked->{$_} } grep { m{/issues/\d+$} } keys %$asked), '<=', MOST_OF_A_ROW, '... and GitHub is not asked in a circle');
cmp_ok(ends_since($log), '<=', ENDS_MAX, '... nor do workers end all the time') or diag ends_since($log);
cmp_ok(ends_since($log), '>', 0, '... though they did');

# ---- pages of lists ----

# Each in a database of its own: what a trigger does about which row; and what is to become of that.  Issue 6 is
# one of the above, and has no comments, which would want a transaction of it as well.
my $ends    = q{PERFORM pg_terminate_backend(pg_backend_pid())};
my $refuses = q{RAISE 'not at this time'};
my %cases   = (
	'a task that ends the worker as it is imported' => {
		event => 'INSERT', table => 'planner.tasks', when => q{NEW.title LIKE 'widgets 3%'}, does => $ends, errored => 'worker_failed' },
	'a comment that ends the worker as it is imported' => {
		event => 'INSERT', table => 'planner.comments', when => q{NEW.markdown = 'comment of widgets 3'}, does => $ends, errored => 'worker_failed', record => 'comment' },
	'a task that refuses at COMMIT as it is imported' => {
		event => 'INSERT', table => 'planner.tasks', when => q{NEW.title LIKE 'widgets 3%'}, does => $refuses, deferred => 1, errored => 'apply_failed' },
	'an issue that ends the worker as a list shows its change' => {
		event => 'UPDATE', table => 'planner.tasks', when => q{NEW.title = 'widgets 3, edited'}, does => $ends, errored => 'worker_failed', imported => 1 },
	'an item that ends the worker as it becomes a transaction' => {
		event => 'INSERT', table => 'github_sync.task_sync_transactions', when => q{NEW.github_repo_id = 1296269 AND NEW.github_issue_number = 6}, does => $ends,
		left_out => 'listed task %' },
	'an item that refuses at COMMIT as it becomes a transaction' => {
		event => 'INSERT', table => 'github_sync.task_sync_transactions', when => q{NEW.github_repo_id = 1296269 AND NEW.github_issue_number = 6}, does => $refuses, deferred => 1,
		left_out => 'listed task %' },
	'a page that ends the worker as it is recorded' => {
		event => 'UPDATE', table => 'github_sync.repo_sweeps', when => q{NEW.github_repo_id = 1296269 AND NEW.listed > OLD.listed}, does => $ends },
);

# Of both repositories, all that is to be read.
sub import_all
{
	my ($application) = @_;

	$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]}), github_sync.backfill_repo(@{[GADGETS]})");
}

sub wait_for_lists
{
	my ($application, $repo_id) = @_;

	$application->wait_until("SELECT bool_and(phase = 'sweep' AND NOT is_asked) FROM github_sync.repo_sweeps WHERE github_repo_id = $repo_id");
}

my $count = 0;
foreach my $what (sort keys %cases)
{
	my $case        = $cases{$what};
	my $application = $case->{application} = GitHubSync::Application->in_server($node, database => 'case_' . ++$count);

	$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
	next unless $case->{imported};
	import_all($application);
	wait_for_lists($application, $_) foreach WIDGETS, GADGETS;
}
$github->human_edits_issue('acme/widgets', $_, title => "widgets $_, edited") foreach BAD, BAD + 1;

$log = -s $node->logfile;
$seq = $github->last_seq;
foreach my $case (values %cases)
{
	my $trigger = $case->{deferred}
	  ? "CREATE CONSTRAINT TRIGGER zz_hostile AFTER $case->{event} ON $case->{table} DEFERRABLE INITIALLY DEFERRED"
	  : "CREATE TRIGGER zz_hostile BEFORE $case->{event} ON $case->{table}";

	$case->{application}->sql("
		CREATE FUNCTION planner.hostile() RETURNS trigger LANGUAGE plpgsql AS \$f\$
		BEGIN
			IF (SELECT a.backend_type FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid()) = 'github_sync worker' THEN
				$case->{does};
			END IF;
			RETURN NEW;
		END \$f\$;
		$trigger FOR EACH ROW WHEN ($case->{when}) EXECUTE FUNCTION planner.hostile();");
	if ($case->{imported})
	{
		$case->{application}->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
	}
	else
	{
		import_all($case->{application});
	}
}

foreach my $what (sort keys %cases)
{
	my $case        = $cases{$what};
	my $application = $case->{application};
	my $record      = $case->{record} // 'task';

	wait_for_lists($application, GADGETS);
	# What was left for later of a list that was read to its end, since the worker took care, is among them soon.
	$application->wait_until("SELECT count(*) = @{[ISSUES]} FROM planner.comments AS c WHERE c.markdown LIKE 'comment of gadgets%'");
	pass("$what: the other lists of the installation are read");
	if ($case->{errored})
	{
		wait_for_lists($application, WIDGETS);
		$application->wait_until(qq{SELECT count(*) > 0 FROM github_sync.${record}_sync_transactions WHERE state = 'errored' AND github_issue_number = @{[BAD]} AND error_code = '$case->{errored}'});
		pass('... it is errored alone');
		is($application->sql(q{SELECT string_agg(title, '; ' ORDER BY title) FROM tasks WHERE title LIKE 'widgets%'}),
			join('; ', map { "widgets $_" . ($_ == BAD && $case->{imported} || $_ != BAD && $_ != BAD + 1 ? '' : ', edited') } grep { $_ != BAD || $record eq 'comment' || $case->{imported} } 1 .. ISSUES), '... its neighbours on the page are there');
	}
	elsif ($case->{left_out})
	{
		wait_for_lists($application, WIDGETS);
		$application->wait_until("SELECT bool_or(last_error LIKE '$case->{left_out}: left alone for a while%') FROM github_sync.sync_workers");
		pass('... it is left alone, and sync_workers says so');
	}
	else
	{
		$application->wait_until("SELECT last_error LIKE 'workers ended with a page of this list%' AND claimed_by IS NULL AND due_at > clock_timestamp() FROM github_sync.repo_sweeps WHERE github_repo_id = @{[WIDGETS]} AND stream = 'issues'");
		pass('... its own list waits, and says why');
	}
	my $task = $application->sql(q{SELECT id FROM tasks WHERE title = 'gadgets 1'});
	my $carried = "SELECT NOT EXISTS (SELECT FROM github_sync.task_sync_transactions WHERE task_id = $task AND state IN ('queued', 'processing'))";
	# The databases before have edited the same issue: what they made of it is no edit at the same time.
	$application->tell_of_issue($github->issue('acme/gadgets', 1));
	$application->wait_until($carried);
	$application->edit_task($task, markdown => "edited in $what");
	$application->wait_until($carried);
	like($github->issue('acme/gadgets', 1)->{body}, qr/^edited in \Q$what/, '... and what people edit is carried');
}
$asked = asked_since($seq);
cmp_ok(max(map { $asked->{$_} } grep { m{/repositories/} } keys %$asked), '<=', MOST_OF_A_LIST * keys %cases, 'no list is asked for in a circle');
cmp_ok(max(map { $asked->{$_} } grep { m{^GET .*/issues/(?:comments/)?\d+$} } keys %$asked), '<=', MOST_OF_A_ROW * keys %cases, '... and nothing of one');
my $that_end = grep { $_->{does} eq $ends } values %cases;
cmp_ok(ends_since($log), '<=', ENDS_MAX * $that_end, 'workers do not end all the time');

done_testing();
