# 071_delivery_log.pl
#
# Without any inbound HTTP: what changes at GitHub arrives by the App's delivery
# log, within its interval and long before the next sweep; what happened while the
# server was down, too.  What was received is not asked for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS, INSTALLATION => GitHubSync::Application::INSTALLATION };

my $github = GitHubSync::StandIn->start(judged => 1);

$github->human_creates_issue('acme/widgets', title => "issue $_", body => "text of $_") foreach 1 .. 8;
$github->human_creates_comment('acme/widgets', $_, body => "comment of $_") foreach 1 .. 4;
$github->human_creates_issue('acme/gadgets', title => 'a gadget');
my $application = GitHubSync::Application->start($github,
	settings => { 'github_sync.reconcile_interval' => '1h', 'github_sync.delivery_log_interval' => '1s' });
$application->connect_repository(GADGETS, 'gadgets', INSTALLATION);

sub at_github
{
	return join "\n", sort map { my $issue = $_; "$issue->{title}|$issue->{state}", map { "$issue->{title}> $_->{body}" } @{ $issue->{comments} } } map { $github->issues($_) } @_;
}

my $live = "FROM github_sync.github_issues AS i JOIN planner.tasks AS t ON t.id = i.task_id";
my $here = "SELECT coalesce(string_agg(line, chr(10) ORDER BY line COLLATE \"C\"), '') FROM (SELECT t.title || '|' || t.status AS line $live WHERE i.deleted_at IS NULL UNION ALL"
  . " SELECT t.title || '> ' || c.markdown $live JOIN github_sync.github_comments AS g ON g.github_issue_id = i.id JOIN planner.comments AS c ON c.id = g.comment_id WHERE i.deleted_at IS NULL AND g.deleted_at IS NULL) AS l";

# Nothing is asked but what the log hints at: a deletion is made sure of a minute later.
sub arrives
{
	my ($promise, @repositories) = @_;
	my $wanted = GitHubSync::Application::quote(at_github(@repositories));

	$application->wait_until("SELECT ($here) = $wanted");
	pass($promise);
}

# "path" of the requests about the log.
sub questions
{
	my ($since) = @_;

	return map { $_->{path} =~ m{^/app/hook/deliveries(.*)} ? $1 : () } $github->requests(since => $since);
}

sub pass_the_minute
{
	$application->wait_until("SELECT EXISTS (SELECT FROM github_sync.sync_queue WHERE waits_for ~ '^retry at')");
	$github->advance_clock(61);
	$application->superuser_sql("UPDATE github_sync.${_}_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued'") foreach qw(task comment);
	$application->sql('SELECT github_sync.wake()');
}

sub comment_of { my ($number) = @_; return ($github->comments('acme/widgets', $number))[0]{id} }

arrives('what is there is imported', 'acme/widgets', 'acme/gadgets');
$application->wait_until('SELECT last_complete_at IS NOT NULL FROM github_sync.delivery_log');

# ---- what lists show ----

my $seq = $github->last_seq;

$github->human_edits_issue('acme/widgets', 1, title => 'edited', body => 'another text');
$github->human_closes_issue('acme/widgets', 2);
$github->human_edits_comment(comment_of(3), body => 'edited');
$github->human_creates_comment('acme/gadgets', 1, body => 'of a gadget');
$github->human_creates_issue('acme/widgets', title => 'new');
arrives('edits, comments and new issues arrive by the delivery log, though nobody receives webhooks', 'acme/widgets', 'acme/gadgets');
is((grep { /^\/\d/ } questions($seq)), 0, '... of which no delivery is fetched');

# ---- what they do not ----

$seq = $github->last_seq;
$github->human_deletes_comment(comment_of(4));
$github->human_deletes_issue('acme/widgets', 8);
pass_the_minute();
arrives('deletions arrive, too', 'acme/widgets', 'acme/gadgets');
my ($task) = $application->sql("SELECT task_id FROM github_sync.github_issues WHERE github_repo_id = @{[WIDGETS]} AND number = 7");
$github->act(transfer_issue => (repo => 'acme/widgets', number => 7, to => 'acme/gadgets'));
$application->wait_until("SELECT github_repo_id = @{[GADGETS]} FROM github_sync.github_issues WHERE task_id = $task");
arrives('... and an issue that went to another repository keeps its task', 'acme/widgets', 'acme/gadgets');
is($application->sql("SELECT count(*) FROM tasks WHERE title = 'issue 7'"), 1, '... of which there is one');
$github->human_renames_repository('acme/widgets', owner => 'acme', name => 'gizmos');
$application->wait_until("SELECT name = 'gizmos' FROM github_sync.github_repos WHERE id = @{[WIDGETS]}");
pass('... and another name of a repository');
$github->installation(INSTALLATION, 'choose', repositories => ['acme/gizmos']);
$application->wait_until("SELECT access_lost FROM github_sync.github_repos WHERE id = @{[GADGETS]}");
$github->installation(INSTALLATION, 'choose', repositories => [ 'acme/gizmos', 'acme/gadgets' ]);
$application->wait_until("SELECT NOT access_lost FROM github_sync.github_repos WHERE id = @{[GADGETS]}");
pass('... and that a repository is taken from the installation, and given back');
is(scalar(grep { /^\/\d/ } questions($seq)), 6, '... each of which is fetched once');

# ---- what was received, and what was redelivered ----

$application->sql("UPDATE github_sync.delivery_log SET due_at = 'infinity'");
$github->human_deletes_issue('acme/gizmos', 6);
$github->human_deletes_issue('acme/gizmos', 5);
my ($received, $lost) = ($github->deliveries)[ -2, -1 ];
is($application->sql("SELECT github_sync.ingest_webhook('$received->{event}', '$received->{guid}', " . GitHubSync::Application::quote($received->{body}) . ')'), 'queued', 'of two deletions one webhook is received');
$github->redeliver($lost->{guid});
$seq = $github->last_seq;
$application->sql('UPDATE github_sync.delivery_log SET due_at = now(); SELECT github_sync.wake()');
$application->wait_until("SELECT outcome = 'queued' FROM github_sync.webhook_deliveries WHERE delivery_id = '$lost->{guid}'");
is(scalar(grep { /^\/\d/ } questions($seq)), 1, '... and the other one is fetched, once, though it was sent twice');
pass_the_minute();
arrives('... and both are gone', 'acme/gizmos', 'acme/gadgets');

# ---- downtime, with more than a page of the log; and a log that cannot be had ----

$application->disconnect;
$application->node->stop;
$github->human_edits_issue('acme/gizmos', 1, title => "edited, $_") foreach 1 .. 210;
$github->human_creates_comment('acme/gizmos', 4, body => 'while it was down');
$seq = $github->last_seq;
$github->fault('GET /app/hook/deliveries', { answer => { status => 404, body => '{"message": "Not Found"}' } }, times => 1);
$application->node->start;
$application->wait_until('SELECT attempts > 0 FROM github_sync.delivery_log');
like($application->sql('SELECT last_error FROM github_sync.delivery_log'), qr/404/, 'where the log cannot be had, that is known');
$application->sql('UPDATE github_sync.delivery_log SET due_at = now(); SELECT github_sync.wake()');
arrives('what happened while the server was down arrives', 'acme/gizmos', 'acme/gadgets');
is(scalar(grep { /cursor=/ } questions($seq)), 2, '... as the log is read back to where it was read before');
is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is an error');

# ---- a repository is connected, as README has it ----

my $another = GitHubSync::Application->with_tables($application->node, 'another');
my ($five) = PostgreSQL::Test::Utils::slurp_file("$FindBin::Bin/../../README.md") =~ /^In five commands.*?^```sql\n(.*?)^```/ms;
my ($key, $id, $told) = ($github->key_file, $github->app_id);

$another->create_extensions;
$another->sql("INSERT INTO projects (name, github_repo_id) VALUES ('widgets', @{[WIDGETS]})");
is(scalar(() = $five =~ /;$/mg), 5, 'README connects a repository in five commands');
$five =~ s/Iv23\.\.\./$id/;
$five =~ s/'[^']*\.pem'/'$key'/;
is($application->node->psql('another', $five, stderr => \$told), 0, '... which run as pasted');
like($told, qr/NOTICE:  issues: \d+ done, comments: \d+ done\s*\z/, '... and say how far it is');
is($another->sql('SELECT count(*) FROM tasks'), scalar($github->issues('acme/gizmos')), '... until its issues are there');

# ---- in the wrong order, and of one second as far as GitHub says: it is asked which installation has it ----

$application->sql("UPDATE github_sync.delivery_log SET due_at = 'infinity'");
$github->installation(INSTALLATION, 'choose', repositories => ['acme/gizmos']);
$github->installation(INSTALLATION, 'choose', repositories => [ 'acme/gizmos', 'acme/gadgets' ]);
$seq = $github->last_seq;
foreach my $delivery (reverse(($github->deliveries)[ -2, -1 ]))
{
	$application->sql("SELECT github_sync.ingest_webhook('$delivery->{event}', '$delivery->{guid}', " . GitHubSync::Application::quote($delivery->{body}) . ')');
}
$application->wait_until("SELECT NOT access_lost AND ask_access_at IS NULL FROM github_sync.github_repos WHERE id = @{[GADGETS]}");
is(scalar(grep { $_->{path} eq '/repos/acme/gadgets/installation' } $github->requests(since => $seq)), 1, 'a repository that was taken and given back, which is told in the wrong order, is back once GitHub was asked');
$application->sql('UPDATE github_sync.delivery_log SET due_at = now(); SELECT github_sync.wake()');

# ---- the only installation is deleted, and made anew ----

# Found out by a list, for which it gets no token any more: the log is the App's, and is read without one.
$application->sql("UPDATE github_sync.delivery_log SET due_at = 'infinity'");
$application->wait_until('SELECT claimed_by IS NULL AND newest_id IS NULL AND NOT is_read FROM github_sync.delivery_log');
$github->installation(INSTALLATION, 'delete');
$github->expire_tokens;
$application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})");
$application->wait_until("SELECT state = 'deleted' FROM github_sync.github_app_installations WHERE id = @{[INSTALLATION]}");
my $anew = $github->install('acme');
$seq = $github->last_seq;
$application->sql('UPDATE github_sync.delivery_log SET due_at = now(); SELECT github_sync.wake()');
$application->wait_until("SELECT bool_and(github_app_installation_id = $anew) FROM github_sync.github_repos");
$github->human_creates_issue('acme/gizmos', title => 'after all');
cmp_ok(scalar($github->requests(since => $seq)), '<=', 60, '... which takes some requests, and no circle');
arrives('an installation that was made anew has the repositories of the one that was deleted, though nobody receives webhooks', 'acme/gizmos', 'acme/gadgets');

done_testing;
