# 065_attacks_heads.pl
#
# Group: attacks.  What the worker takes a bounded number of, in some order: more
# than that stand at its head, and somebody holds them for as long as he likes.
# What stands behind them, and nobody holds, is done within two seconds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use Test::More;
use Time::HiRes qw(time);

# More than any such step took at once; creating many more would use up a minute at GitHub.
use constant { HELD => 110, WITHIN_S => 2, WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

# What would be asked once more by itself, a minute after it was answered, is not.
$github->freeze_clock;
$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
$application->sql("INSERT INTO tasks (project_id, created_by, title, github_repo_id)"
	  . " SELECT p.id, 'user', 'held ' || n, p.github_repo_id FROM projects AS p, generate_series(1, @{[HELD]}) AS n WHERE p.github_repo_id = @{[WIDGETS]}");
my ($free, $elsewhere) = ($application->add_task(title => 'free'), $application->add_task(title => 'elsewhere', github_repo_id => GADGETS));
$application->wait_until_done;
my $held     = "SELECT id FROM planner.tasks WHERE title LIKE 'held %'";
my $number   = $application->issue_of($free)->{number};
my $settling = 'UPDATE github_sync.github_issues SET settle_at = NULL; UPDATE github_sync.github_comments SET settle_at = NULL';

# A session of the owner's, in a transaction.
my $holder;
sub hold
{
	my ($what) = @_;

	$holder = $node->background_psql($application->database, on_error_stop => 0, extra_params => [ '-U', GitHubSync::Application::OWNER ]);
	$holder->query_safe("BEGIN; $what");
	return;
}

sub let_go
{
	$holder->query_safe('ROLLBACK');
	$holder->quit;
	return;
}

# Of each case the heads are made and held while the worker is off; then a condition says that what stands behind them is done.
sub behind
{
	my ($what, %case) = @_;

	$application->switch_off;
	$application->superuser_sql($settling);
	$case{prepare}->() if $case{prepare};
	# Of times that nobody told it of, a worker finds out when it starts.
	my $before = $application->worker_pid;
	$application->superuser_sql("SELECT pg_terminate_backend($before)");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $before)");
	hold($case{hold});
	$case{enqueue}->() if $case{enqueue};
	my $since = $github->last_seq;
	my $begin = time;
	$application->switch_on;
	$application->superuser_sql('SELECT github_sync.wake()');
	my $is_done = eval { $case{done}->($since); 1 } or diag $@;
	my $took = time - $begin;
	ok($is_done, "$what: what stands behind them is done");
	cmp_ok($took, '<', at_this_load(WITHIN_S), "$what: at once");
	# Whoever finds them held looks again, as nobody tells.
	let_go();
	my $free_at = time;
	my $rest_is_done = eval { $case{rest}->($since); 1 } or diag $@;
	my $rest_took = time - $free_at;
	ok($rest_is_done, "$what: they are done when they are free");
	cmp_ok($rest_took, '<', at_this_load(WITHIN_S + ($case{takes_s} // 0)), "$what: soon");
	diag sprintf 'figure: %s: what stands behind them after %.0f ms, all of them %.0f ms after they are free', $what, 1000 * $took, 1000 * $rest_took;
	$application->wait_until_done;
	return;
}

sub asked_for_free { my ($since) = @_; $github->wait_for_request(GET => "^/repos/acme/widgets/issues/$number\$", since => $since) }
sub none_is        { my ($condition) = @_; return $application->wait_until("SELECT NOT EXISTS (SELECT FROM $condition)") }

# ---- records that are due to be asked for once more ----

sub make_due { $application->superuser_sql("UPDATE github_sync.github_issues SET settle_at = clock_timestamp() - CASE task_id WHEN $free THEN interval '1 minute' ELSE interval '2 minutes' END WHERE task_id IN ($held) OR task_id = $free") }
my %settled = (
	prepare => \&make_due,
	done    => \&asked_for_free,
	rest    => sub { none_is("github_sync.github_issues WHERE settle_at < clock_timestamp() - interval '90 seconds'") });

behind('rows of records that are due', hold => "SELECT FROM tasks WHERE id IN ($held) FOR UPDATE", %settled);
behind('records that are due', hold => "SELECT FROM github_sync.github_issues WHERE task_id IN ($held) FOR UPDATE", %settled);

# ---- what somebody held when it was listed ----

behind(
	'what was listed',
	hold    => "SELECT FROM tasks WHERE id IN ($held) FOR UPDATE",
	prepare => sub {
		$application->superuser_sql('INSERT INTO github_sync.listed_later (record_type, github_id, github_repo_id, number, github_updated_at, try_at)'
			  . " SELECT 'task', github_id, github_repo_id, number, github_updated_at, clock_timestamp() - CASE task_id WHEN $free THEN interval '1 minute' ELSE interval '2 minutes' END"
			  . " FROM github_sync.github_issues WHERE task_id IN ($held) OR task_id = $free");
	},
	done => \&asked_for_free,
	rest => sub { none_is('github_sync.listed_later') },
	# Looks for them are a second apart, and take a tenth of it: with others at work, all of them take another one.
	takes_s => 1);

# ---- webhook deliveries ----

# Each waits half a second, as a receiver's does: they are left pending at once here, by a session that waits for nothing.
behind(
	'deliveries',
	hold    => "SELECT FROM tasks WHERE id IN ($held) FOR UPDATE",
	enqueue => sub {
		my $payload = "jsonb_build_object('action', 'edited', 'issue', jsonb_build_object('id', i.github_id, 'number', i.number, 'updated_at', i.github_updated_at),"
		  . " 'repository', jsonb_build_object('id', i.github_repo_id, 'name', 'widgets', 'owner', jsonb_build_object('login', 'acme')), 'installation', jsonb_build_object('id', @{[GitHubSync::Application::INSTALLATION]}))";
		$application->sql("SET lock_timeout = '1ms'; SELECT count(github_sync.take_delivery('issues', i.task_id::text, convert_to($payload ::text, 'UTF8'))) FROM github_sync.github_issues AS i WHERE i.task_id IN ($held)");
		$application->sql("INSERT INTO github_sync.webhook_deliveries (delivery_id, event, action, github_repo_id, installation_id, facts, outcome)"
			  . " SELECT 'free', d.event, d.action, d.github_repo_id, d.installation_id, jsonb_set(jsonb_set(d.facts, '{issue_id}', to_jsonb(i.github_id)), '{issue_number}', to_jsonb(i.number)), d.outcome"
			  . " FROM github_sync.webhook_deliveries AS d, github_sync.github_issues AS i WHERE i.task_id = $free AND d.outcome = 'pending' LIMIT 1");
		is($application->sql("SELECT count(*) FROM github_sync.webhook_deliveries WHERE outcome = 'pending'"), HELD + 1, 'deliveries: they are pending');
	},
	done => \&asked_for_free,
	rest => sub { none_is("github_sync.webhook_deliveries WHERE outcome = 'pending'") });

# ---- lists of other repositories ----

behind(
	'the list of another repository',
	hold    => "SELECT github_sync.reconcile_repo(@{[WIDGETS]})",
	enqueue => sub { $application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})") },
	prepare => sub { $application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})") },
	done    => sub { $github->wait_for_request(GET => '^/repositories/' . GADGETS . '/issues\\?', since => $_[0]) },
	rest    => sub { none_is('github_sync.repo_sweeps WHERE is_asked') },
	takes_s => 4);

# ---- what is asked of GitHub about installations and repositories ----

# One that is to be asked, one that is to be asked again, an installation that may not send.
my $checks = 'github_sync.setup_checks';
$application->superuser_sql(q{
	INSERT INTO github_sync.github_app_installations (id, account_login, state) VALUES (4711, 'nobody', 'suspended');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (4711, 4711, 'nobody', 'lost'), (4712, 515151, 'acme', 'taken');
});
behind(
	'what is asked about installations and repositories',
	prepare => sub {
		$application->superuser_sql(qq{
			DELETE FROM $checks;
			INSERT INTO $checks (request, installation_id, github_repo_id) VALUES ('repository', 515151, @{[WIDGETS]}), ('access', 515151, 4712), ('installation', 4711, NULL);
			UPDATE github_sync.github_repos SET access_lost = true, ask_access_at = clock_timestamp() WHERE id = 4712;
		});
	},
	hold    => "SELECT FROM $checks FOR UPDATE",
	enqueue => sub { $application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})") },
	done    => sub { $github->wait_for_request(GET => '^/repositories/' . GADGETS . '/issues\\?', since => $_[0]) },
	rest    => sub { none_is("$checks WHERE answered_at IS NULL") });

behind(
	'a list that somebody adds',
	prepare => sub { $application->superuser_sql('DELETE FROM github_sync.repo_sweeps WHERE github_repo_id IN (4711, 4712)') },
	hold    => q{INSERT INTO github_sync.repo_sweeps (github_repo_id, stream) VALUES (4712, 'issues'); SELECT FROM github_sync.github_repos WHERE id = 4711 FOR UPDATE},
	enqueue => sub { $application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})") },
	done    => sub { $github->wait_for_request(GET => '^/repositories/' . GADGETS . '/issues\\?', since => $_[0]) },
	rest    => sub { $application->wait_until('SELECT count(*) = 4 FROM github_sync.repo_sweeps WHERE github_repo_id IN (4711, 4712)') });
$application->superuser_sql(q{
	DELETE FROM github_sync.repo_sweeps WHERE github_repo_id IN (4711, 4712);
	DELETE FROM github_sync.github_repos WHERE id IN (4711, 4712);
	DELETE FROM github_sync.github_app_installations WHERE id = 4711;
});

# ---- lists of the comments of issues ----

my ($first) = $application->rows("$held ORDER BY id LIMIT 1");
behind(
	'an issue whose comments are listed',
	hold    => "UPDATE tasks SET title = title || '!' WHERE id = $first->{id}",
	prepare => sub {
		$application->superuser_sql("UPDATE github_sync.github_issues SET comments_to_list = true WHERE task_id IN ($first->{id}, $free)");
		$application->sql("SELECT github_sync.reconcile_repo(@{[WIDGETS]})");
	},
	done    => sub { $github->wait_for_request(GET => "^/repositories/@{[WIDGETS]}/issues/$number/comments", since => $_[0]) },
	rest    => sub { none_is('github_sync.github_issues WHERE comments_to_list') },
	takes_s => 4);

done_testing();
