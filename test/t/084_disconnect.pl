# 084_disconnect.pl
#
# A repository is disconnected while much is under way: what waits ends with the
# reason, nothing more is asked of GitHub, and no row of the application changes.
# Connected again, the same rows go on with the same issues.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, INSTALLATION => GitHubSync::Application::INSTALLATION };

my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;

$github->webhooks(mode => 'off');

sub sql { return $application->superuser_sql(@_) }

# What a receiver does with a delivery about an issue.
sub deliver
{
	my ($id, $issue) = @_;

	return $application->sql("SELECT github_sync.ingest_webhook('issues', '$id', '" . JSON::PP->new->encode({ action => 'edited',
		repository => { id => WIDGETS, name => 'widgets', owner => { login => 'acme' } }, issue => { map { $_ => $issue->{$_} } qw(id number updated_at) } }) . "')");
}

# SQLSTATE, message, detail and hint.
sub error_of
{
	my ($query) = @_;
	my (undef, undef, $error) = $node->psql($application->database, "\\set VERBOSITY verbose\n$query", extra_params => [ '-U', GitHubSync::Application::OWNER ]);

	return $error =~ s/^psql:.*?ERROR: /ERROR: /r;
}

sub import_widgets
{
	$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]})");
	$application->sql("CALL github_sync.wait_for_backfill(@{[WIDGETS]})");
	$application->wait_until_done;
}

sub texts { return $application->sql("SELECT string_agg(id || ' ' || title || ' ' || coalesce(markdown, ''), '; ' ORDER BY id) FROM tasks") . $application->sql("SELECT string_agg(id || ' ' || markdown, '; ' ORDER BY id) FROM comments") }

my $first  = $application->add_task(title => 'first');
my $second = $application->add_task(title => 'second');
my $fourth = $application->add_task(title => 'fourth');
my $failed = $application->add_task(title => 'x' x 300);
$application->wait_until_done;
my $words = $application->add_comment($first, 'words');
$application->wait_until_done;
import_widgets();
my %number = map { $_ => $application->issue_of($_)->{number} } $first, $second;

# ---- disconnected, with an update under way, others behind it, an error, and a delivery that somebody's lock keeps back ----

$github->fault("PATCH /issues/$number{$first}\$", { gate => 'update' });
$application->edit_task($first, title => 'first, edited');
$github->wait_at_gate('update');
$application->edit_task($first, title => 'first, edited again');
# And one whose time has not come.
sql("BEGIN; UPDATE planner.tasks SET title = 'fourth, edited' WHERE id = $fourth; UPDATE github_sync.task_sync_transactions SET next_attempt_at = now() + interval '1 hour' WHERE task_id = $fourth AND state = 'queued'; COMMIT");
my $lock = $node->background_psql($application->database, on_error_stop => 1);
$lock->query_safe("BEGIN; SELECT FROM planner.tasks WHERE id = $second FOR UPDATE");
$github->advance_clock(5);
is(deliver(held => $github->human_edits_issue('acme/widgets', $number{$second}, body => 'by somebody')), 'pending', 'a delivery is kept back');
my $before = texts();
is($application->sql("SELECT github_sync.disconnect_repo(@{[WIDGETS]})"), 3, 'what waits and what failed is canceled');
is($application->sql("SELECT string_agg(DISTINCT because, '; ') FROM github_sync.sync_history WHERE state = 'canceled'"), 'repository acme/widgets was disconnected', '... with the reason');
is($application->sql("SELECT outcome FROM github_sync.webhook_deliveries WHERE delivery_id = 'held'"), 'ignored: unknown repository', '... and the delivery ends');
$lock->query_safe('COMMIT');
$lock->quit;
$github->open_gate('update');
$application->wait_until_done;
is($github->issue('acme/widgets', $number{$first})->{title}, 'first, edited again', 'what was under way ends, with the row as it is');
is(texts(), $before, 'no row of the application has changed');
is($application->sql("SELECT (SELECT count(*) FROM github_sync.sync_errors) || ' ' || (SELECT count(*) FROM github_sync.sync_lag) || ' ' || (SELECT count(*) FROM github_sync.sync_progress)"), '0 0 0',
	'it is in no view of errors, lags and progress');
is($application->sql("SELECT count(*) FROM github_sync.check_setup() WHERE detail ~ 'widgets'"), 0, '... nor in check_setup()');

my $seq   = $github->last_seq;
my $added = $github->human_creates_issue('acme/widgets', title => 'theirs', body => 'unseen');

is(deliver(later => $added), 'ignored: unknown repository', 'a webhook is about an unknown repository');
$application->edit_task($second, title => 'second, edited meanwhile');
my $third = $application->add_task(title => 'third, made meanwhile');
$application->add_comment($third, 'of a new one');
$application->sql('SELECT github_sync.wake()');
is($application->sql("SELECT string_agg(task_id || ' ' || disabled_reason, '; ' ORDER BY task_id) FROM github_sync.task_sync_transactions WHERE state = 'disabled'"), "$second repo", 'an edit of a task with an issue waits');
is($application->sql('SELECT count(*) FROM github_sync.sync_problems'), 0, '... a new task is left alone, as one of no repository');
is_deeply([ grep { $_->{path} =~ /widgets|repositories/ } $github->requests(since => $seq) ], [], 'GitHub is not asked for anything of it');

like(error_of("DELETE FROM github_sync.github_repos WHERE id = @{[WIDGETS]}"),
	qr/^ERROR:  23503: repository 1296269 \(acme\/widgets\) cannot be deleted\nDETAIL: .*\nHINT:  It is disconnected already/, 'a DELETE of its row is refused');
like(error_of("SELECT github_sync.$_(@{[WIDGETS]})"), qr/^ERROR:  23503: repository 1296269 was disconnected\n(?:.*\n)*HINT:  INSERT INTO github_sync.github_repos connects it again/, "$_ says that it is disconnected")
  foreach qw(disconnect_repo backfill_repo check_repo reconcile_repo);
like(error_of("UPDATE github_sync.github_repos SET sync_enabled = true"), qr/23514: .*github_repos_disconnected_check/, 'it is not switched on as it is');
like(error_of("SELECT github_sync.disconnect_repo(4711)"), qr/^ERROR:  23503: repository 4711 is not in/, 'nor is one disconnected that is none');
like(error_of("SELECT github_sync.disconnect_repo(NULL)"), qr/^ERROR:  22004: /, '... nor NULL');

# ---- connected again ----

my $notice = $application->node->psql($application->database, "INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, conflict_policy) VALUES (@{[WIDGETS]}, @{[INSTALLATION]}, 'acme', 'widgets', 'github_wins')",
	extra_params => [ '-U', GitHubSync::Application::OWNER ]);
is($notice, 0, 'an INSERT connects it again');
is($application->sql("SELECT conflict_policy || ' ' || sync_enabled || ' ' || coalesce(disconnected_at::text, 'connected') FROM github_sync.github_repos"), 'github_wins true connected', '... with the settings that it gives');
import_widgets();
is($application->sql("SELECT string_agg(title, '; ' ORDER BY id) FROM tasks WHERE id <> $failed"), 'first, edited again; second, edited meanwhile; fourth, edited; third, made meanwhile; theirs', 'the same tasks go on, and what is new there arrives');
is($application->task($second)->{markdown}, 'by somebody', '... as does what was edited there meanwhile');
is(join('; ', sort map { $_->{title} } $github->issues('acme/widgets')), 'first, edited again; fourth; second, edited meanwhile; theirs', 'what was edited here meanwhile arrives there');
is($application->issue_of($first)->{number}, $number{$first}, '... each task with its issue');
is($application->sql("SELECT count(*) FROM comments WHERE task_id = $first"), 1, '... and its comment');
$application->sql("SELECT github_sync.check_repo(@{[WIDGETS]})");
$application->wait_until("SELECT bool_and(waits_for = 'complete') FROM github_sync.sync_progress WHERE phase = 'check'");
is($application->sql("SELECT string_agg(concat_ws(' ', record_id, field, why), '; ' ORDER BY title) FROM github_sync.sync_differences AS d JOIN tasks AS t ON t.id::text = d.record_id"), "$fourth title not captured; $third never synced; $failed never synced", 'what was canceled is a difference, and what was left alone');
$application->sql("SELECT github_sync.mend_differences(@{[WIDGETS]})");
$application->wait_until_done;
is($github->issue('acme/widgets', $application->issue_of($fourth)->{number})->{title}, 'fourth, edited', '... that mend_differences() sends');
$application->edit_task($third, title => 'third, edited');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'third, edited' } $github->issues('acme/widgets')), 1, '... and the next change makes an issue of a task that has none');

# ---- one of which nothing is known ----

$application->sql("INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (4711, @{[INSTALLATION]}, 'acme', 'typo'); DELETE FROM github_sync.github_repos WHERE id = 4711");
is($application->sql('SELECT count(*) FROM github_sync.github_repos'), 1, 'a row that was inserted by mistake is deleted as any');
like(error_of("DELETE FROM github_sync.github_repos WHERE id = @{[WIDGETS]}"), qr/HINT:  SELECT github_sync.disconnect_repo\(1296269\) ends its sync\./, 'where more is known, the hint names the function');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description");

done_testing;
