# 024_tls.pl
#
# Group: attacks.
# The way to GitHub: TLS that is verified, HTTP/2 where the server speaks it,
# connections that are used again, and a proxy.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Tls;
use PostgreSQL::Test::Utils;
use Test::More;

my $github    = GitHubSync::StandIn->start;
my $authority = GitHubSync::Authority->new;
my $tls       = GitHubSync::Tls->start(upstream => $github->url, $authority->issue('good', 'IP:127.0.0.1'));

my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.api_url' => $tls->url, 'github_sync.ca_file' => $authority->file });
my $node = $application->node;

my $edits = 0;

sub curl_shares_connections
{
	my ($major, $minor) = `curl-config --version` =~ /(\d+)\.(\d+)/;

	return $major > 8 || $major == 8 && $minor >= 5;
}

sub title_on_github { return $github->issue('acme/widgets', $application->issue_of($_[0])->{number})->{title} }

# An edit arrives under these settings.
sub arrives
{
	my ($task, $name, %settings) = @_;

	GitHubSync::Application::reconfigure($node, %settings);
	$application->edit_task($task, title => 'edit ' . ++$edits);
	$application->wait_until_done;
	is(title_on_github($task), "edit $edits", $name);
}

# Under these settings nothing arrives, and the reason is shown.
sub waits
{
	my ($task, $reason, $name, %settings) = @_;
	my $seq = $github->last_seq;

	GitHubSync::Application::reconfigure($node, %settings);
	$application->edit_task($task, title => 'edit ' . ++$edits);
	$application->wait_until("SELECT coalesce(bool_and(waits_for LIKE 'GitHub unreachable%' AND last_error ~* 'unreachable.*($reason)'), false) FROM github_sync.sync_queue");
	pass($name);
	is($github->last_seq, $seq, 'GitHub is asked nothing');
	is($application->superuser_sql('SELECT max(attempts) FROM github_sync.sync_queue'), 0, 'no attempt is counted');
}

# ---- HTTP/2, and few connections ----

$application->sql("INSERT INTO tasks (project_id, created_by, title, github_repo_id)"
	  . " SELECT p.id, 'user', 'task ' || n, p.github_repo_id FROM projects AS p, generate_series(1, 5) AS n");
$application->wait_until_done;
is(scalar $github->issues('acme/widgets'), 5, 'tasks arrive by TLS');
is_deeply([ sort { $a cmp $b } keys %{ { map { $_ => 1 } $tls->connections } } ], ['h2'], 'by HTTP/2, as the server offers it');

my $before = $tls->requests;
$application->sql("UPDATE tasks SET title = title || ', edited', modified_at = clock_timestamp()");
$application->wait_until_done;
my @edits = ($tls->requests)[ $before .. $tls->requests - 1 ];
is(scalar @edits, 10, 'five edits are ten requests');
# Where curl can be trusted to share one (src/http/http_curl.c); else each of the five requests that are under way has its own.
cmp_ok(scalar keys %{ { map { $_->[0] => 1 } @edits } }, '<=', curl_shares_connections() ? 1 : 5, 'on few connections');
my ($task) = $application->superuser_sql('SELECT min(id) FROM planner.tasks');

# Where headers and body together are a little more than what curl receives at a time.
GitHubSync::Application::reconfigure($node, 'github_sync.request_timeout' => '3s');
foreach my $length (map { 500 * $_ } 20 .. 30)
{
	my $number = $application->issue_of($task)->{number};

	$github->advance_clock(2);
	$github->fault("GET /issues/$number\$", { headers => { map { ("x-padding-$_" => 'x' x 490) } 1 .. 6 } });
	$application->tell_of_issue($github->human_edits_issue('acme/widgets', $number, body => 'x' x $length));
	$application->wait_until_done;
}
is($application->superuser_sql("SELECT count(*) FROM github_sync.task_sync_transactions WHERE last_error IS NOT NULL"), 0, 'an answer of any length is seen to end');
GitHubSync::Application::reconfigure($node, 'github_sync.request_timeout' => '30s');

# More headers than an answer may have.
{
	my $number = $application->issue_of($task)->{number};

	$github->fault("GET /issues/$number\$", { answer => { body => '{}', many_headers => 10_000 } }, times => 'forever');
	$application->edit_task($task, title => 'below 10,000 headers');
	$application->wait_until_done;
	like($application->superuser_sql('SELECT error_code, error_reason FROM github_sync.sync_errors'), qr/^invalid_response\|.*headers are over the limit/,
		'an answer with 10,000 headers is refused for them');
	$github->clear_faults;
	$application->superuser_sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
}

# ---- HTTP/1.1 ----

my $older = GitHubSync::Tls->start(upstream => $github->url, http2 => 0, $authority->issue('older', 'IP:127.0.0.1'));
arrives($task, 'a server without HTTP/2 is spoken to in HTTP/1.1', 'github_sync.api_url' => $older->url);
is_deeply([ sort { $a cmp $b } keys %{ { map { $_ => 1 } $older->connections } } ], ['http/1.1'], 'on its own terms');
cmp_ok(scalar $older->connections, '<', scalar $older->requests, 'its connections are used again');

# ---- both, by turns ----

# Each answer belongs to who asked: no curl may take one of HTTP/1.1 for a connection that many share.
my $mixed = GitHubSync::Tls->start(upstream => $github->url, mixed => 1, $authority->issue('mixed', 'IP:127.0.0.1'));
my $last  = $application->superuser_sql('SELECT max(id) FROM github_sync.task_sync_transactions');
GitHubSync::Application::reconfigure($node, 'github_sync.api_url' => $mixed->url);
$application->sql("INSERT INTO tasks (project_id, created_by, title, github_repo_id)"
	  . " SELECT p.id, 'user', 'task ' || n, p.github_repo_id FROM projects AS p, generate_series(6, 60) AS n");
$application->wait_until_done;
foreach my $round (1 .. 3)
{
	$application->sql("UPDATE tasks SET title = 'round $round of ' || id, modified_at = clock_timestamp()");
	$application->wait_until_done;
	my %wrong = map { ($_->{number} => $_->{title}) } grep { $_->{title} ne "round $round of " . $application->superuser_sql("SELECT task_id FROM github_sync.github_issues WHERE number = $_->{number}") }
	  $github->issues("acme/widgets");
	is_deeply(\%wrong, {}, "where HTTP/2 and HTTP/1.1 take turns, each edit arrives, $round");
}
is(scalar keys %{ { map { $_ => 1 } $mixed->connections } }, 2, '... by both');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, '... and each answer is that of its request');
is($application->superuser_sql('SELECT count(*) FROM github_sync.task_sync_transactions WHERE last_error IS NOT NULL AND id > ' . $last), 0, '... from the first try on');

# ---- certificates that prove nothing ----

waits($task, 'certificate', 'a certificate of an authority that the system does not know is refused',
	'github_sync.api_url' => $tls->url, 'github_sync.ca_file' => '');
waits($task, 'certificate', "nor does another authority's file help", 'github_sync.ca_file' => GitHubSync::Authority->new->file);
my $elsewhere = GitHubSync::Tls->start(upstream => $github->url, $authority->issue('elsewhere', 'DNS:api.github.com'));
waits($task, 'certificate', 'a certificate for another host is refused', 'github_sync.ca_file' => $authority->file, 'github_sync.api_url' => $elsewhere->url);
my $expired = GitHubSync::Tls->start(upstream => $github->url, $authority->issue('expired', 'IP:127.0.0.1', days => 0));
waits($task, 'certificate has expired', 'a certificate that has expired is refused', 'github_sync.api_url' => $expired->url);
waits($task, '.', 'a file of authorities that is not there is a reason to wait', 'github_sync.api_url' => $tls->url, 'github_sync.ca_file' => '/nowhere/ca.pem');
is_deeply([ map { scalar $_->requests } $elsewhere, $expired ], [ 0, 0 ], 'no request, and so no token, was sent to any of them');
arrives($task, 'with the right file of authorities it goes on', 'github_sync.ca_file' => $authority->file);

# ---- another authority in the same file ----

my $ca_file = $github->dir . '/authorities.pem';
append_to_file($ca_file, slurp_file(GitHubSync::Authority->new->file));
waits($task, 'certificate', 'a file of authorities without the right one is a reason to wait', 'github_sync.ca_file' => $ca_file);
my $pid = $application->worker_pid;
append_to_file($ca_file, slurp_file($authority->file));
arrives($task, 'with the right one added and a reload it goes on');
is($application->worker_pid, $pid, 'it is the same worker');

# ---- a proxy ----

my $proxy = GitHubSync::Proxy->start(user => 'worker:canary');
arrives($task, 'by way of a proxy', 'github_sync.proxy' => 'http://worker:canary@127.0.0.1:' . $proxy->port);
cmp_ok($proxy->tunnels, '>', 0, 'which has opened a tunnel');
waits($task, 'proxy|407|CONNECT', 'a proxy that does not know us is a reason to wait', 'github_sync.proxy' => 'http://worker:canary-2@127.0.0.1:' . $proxy->port);
cmp_ok($proxy->refused, '>', 0, 'which it has given');
is_deeply($proxy->told, [], 'no proxy is told more than where to go');
my $tls_proxy = GitHubSync::Proxy->start(user => 'worker:canary', $authority->issue('proxy', 'IP:127.0.0.1'));
arrives($task, 'by way of a proxy with a certificate of an authority in the file',
	'github_sync.proxy' => 'https://worker:canary@127.0.0.1:' . $tls_proxy->port);
cmp_ok($tls_proxy->tunnels, '>', 0, 'which has opened a tunnel');
my $strange_proxy = GitHubSync::Proxy->start(user => 'worker:canary', GitHubSync::Authority->new->issue('proxy', 'IP:127.0.0.1'));
waits($task, 'certificate', 'a proxy whose certificate proves nothing is not used', 'github_sync.proxy' => 'https://worker:canary@127.0.0.1:' . $strange_proxy->port);
is($strange_proxy->tunnels, 0, 'nor told who we are');
my $unused_port = PostgreSQL::Test::Cluster::get_free_port();
waits($task, 'connect', 'and so is none at all', 'github_sync.proxy' => "http://worker:canary-2\@127.0.0.1:$unused_port");
unlike($application->superuser_sql("SELECT string_agg(q::text, ' ') FROM github_sync.sync_queue AS q") . $application->superuser_sql("SELECT string_agg(w::text, ' ') FROM github_sync.sync_workers AS w"),
	qr/canary/, "the proxy's password is not shown");
# The server itself logs what a reload changes, whatever it is: README says so.
unlike(join('', grep { !/parameter "github_sync.proxy" changed to/ } split /^/, slurp_file($node->logfile)), qr/canary/, 'nor is it in the log');
arrives($task, 'without a proxy it goes on', 'github_sync.proxy' => '');
my $set_for_database = "ALTER DATABASE postgres SET github_sync.proxy = 'http://%s127.0.0.1:1'";
like(($node->psql('postgres', sprintf($set_for_database, 'worker:canary-3@')))[2], qr/WARNING:  every user of the server can read the proxy's password/,
	'a password that is set where every user can read it is worth a warning');
is(($node->psql('postgres', sprintf($set_for_database, '')))[2], '', 'a proxy without one is not');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET github_sync.proxy');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
