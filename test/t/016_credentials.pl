# 016_credentials.pl
#
# Group: attacks.
# Keys and tokens: asked for once, renewed in time, tried gently, and explained
# where they do not work.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

my $github   = GitHubSync::StandIn->start;
my $key_file = $github->dir . '/key-of-the-server.pem';
my $key      = slurp_file($github->key_file);

GitHubSync::Application::write_secret($key_file, $key);
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.private_key_file' => $key_file });
my $node        = $application->node;
my $task        = $application->add_task(title => 'the first');
$application->wait_until_done;

my $refused = { answer => { status => 401, body => '{"message":"Bad credentials"}' } };

sub tokens_asked_for { return scalar grep { $_->{path} =~ /access_tokens$/ } $github->requests(since => $_[0]) }
sub refusals         { return grep { ($_->{status} // 0) == 401 } $github->requests(since => $_[0]) }
sub title_on_github  { return $github->issue('acme/widgets', $application->issue_of($_[0])->{number})->{title} }

# Milliseconds between the arrivals of two requests.
sub apart { my ($one, $other) = @_; return $other->{t} - $one->{t} }

# A worker that knows no token yet: a setting that says who we are has changed.
my $restarts = 0;

sub restart_worker
{
	my $pid = $application->worker_pid;

	$restarts++;
	GitHubSync::Application::reconfigure($node, 'github_sync.webhook_secret_file' => "/nowhere/$restarts");
	$application->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database() AND pid <> $pid");
}

# ---- one token for all ----

restart_worker();
my $seq = $github->last_seq;
$application->sql("INSERT INTO tasks (project_id, created_by, title, github_repo_id)"
	  . " SELECT p.id, 'user', 'task ' || n, p.github_repo_id FROM projects AS p, generate_series(1, 20) AS n");
$application->wait_until_done;
is(scalar $github->issues('acme/widgets'), 21, 'twenty tasks that wait for a token arrive');
is(tokens_asked_for($seq), 1, 'one token is made for all of them');

# ---- a token that ends before its time ----

$seq = $github->last_seq;
$github->expire_tokens;
$application->sql("UPDATE tasks SET title = title || ', edited', modified_at = clock_timestamp()");
$application->wait_until_done;
is(title_on_github($task), 'the first, edited', 'a token that has ended is renewed');
is(tokens_asked_for($seq), 1, 'once');
cmp_ok(scalar refusals($seq), '<=', 9, 'and no more than was under way is refused');

# ---- an ETag belongs to the token that it came with ----

my $number = $application->issue_of($task)->{number};
$application->tell_of_issue($github->issue('acme/widgets', $number));
$application->wait_until_done;
$github->expire_tokens;
$seq = $github->last_seq;
$github->advance_clock(5);
$application->tell_of_issue($github->human_edits_issue('acme/widgets', $number, title => 'edited at GitHub'));
$application->wait_until_done;
is($application->task($task)->{title}, 'edited at GitHub', 'an edit at GitHub arrives with a new token');
is_deeply([ map { $_->{status} . ($_->{if_none_match} ? ' conditional' : '') } grep { $_->{method} eq 'GET' } $github->requests(since => $seq) ],
	[ '401 conditional', '200' ], "the old one's ETag is not sent with it");

# ---- a token that is about to end ----

$github->behaviour(token_lifetime_s => 60);
$github->expire_tokens;
$seq = $github->last_seq;
foreach my $edit (1 .. 3)
{
	$application->edit_task($task, title => "edit $edit with a token for a minute");
	$application->wait_until_done;
}
is(tokens_asked_for($seq), 1, 'a token that lives for a minute is used as well as any');
$github->behaviour(token_lifetime_s => 10);
$github->expire_tokens;
$application->edit_task($task, title => 'with a token for ten seconds');
$application->wait_until_done;
$application->wait_until("SELECT clock_timestamp() > '@{[$application->superuser_sql('SELECT clock_timestamp() + interval $$5.5 s$$')]}'");
$seq = $github->last_seq;
$application->edit_task($task, title => 'with the next one');
$application->wait_until_done;
is_deeply([ map { "$_->{method} $_->{status}" } $github->requests(since => $seq) ], [ 'POST 201', 'GET 200', 'PATCH 200' ], 'a token that has half of its short life behind it is renewed first');
$github->behaviour(token_lifetime_s => 5);
$github->expire_tokens;
$application->edit_task($task, title => 'with no token');
$application->wait_until("SELECT bool_or(waits_for LIKE '%expires as soon as it is made%') FROM github_sync.sync_queue");
pass('one that never lasts that long is no reason to make them for ever');
$github->behaviour(token_lifetime_s => 3600);
$node->reload;
$application->wait_until_done;

# ---- a token of which not all of GitHub's servers know yet ----

restart_worker();
$seq = $github->last_seq;
$github->fault('GET /repos/.*', $refused, times => 4);
$application->sql("UPDATE tasks SET title = title || ' again', modified_at = clock_timestamp() WHERE id <= 4");
$application->wait_until_done;
is(title_on_github($task), 'with no token again', 'a new token that is refused at first is tried again');
is(tokens_asked_for($seq), 1, 'the same one');
my @asked = grep { $_->{method} eq 'GET' && $_->{path} =~ m{^/repos/} } $github->requests(since => $seq);
my ($accepted) = grep { $asked[$_]{status} == 200 } 0 .. $#asked;
is($accepted, 4, 'by one request, after the four that were under way');
cmp_ok(apart(@asked[ $accepted - 1, $accepted ]), '>=', 4000, 'and once it is five seconds old');

# ---- a token that is never accepted ----

restart_worker();
$seq = $github->last_seq;
$github->fault('* ^/repos/.*', $refused, times => 'forever');
$github->fault('* ^/users/.*', $refused, times => 'forever', after => 1);    # who we are is asked first
$application->sql("UPDATE tasks SET title = 'refused', modified_at = clock_timestamp()");
$application->wait_until("SELECT bool_and(waits_for LIKE 'credentials until%' OR waits_for LIKE '%401%') FROM github_sync.sync_queue");
my @tries = sort { $a->{t} <=> $b->{t} } refusals($seq);
is_deeply([ map { $_->{path} =~ s{^/(\w+)/.*}{$1}r } grep { apart($tries[0], $_) > 2000 } @tries ], [qw(repos users)],
	'a token that is never accepted is tried once more, when it is five seconds old, and for the question who we are');
is(tokens_asked_for($seq), 1, 'and no other is made');
is($application->superuser_sql('SELECT sum(attempts) FROM github_sync.sync_queue'), 0, 'no attempt is counted');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');
my $pause = $application->superuser_sql('SELECT round(extract(epoch FROM paused_until - clock_timestamp())) FROM github_sync.github_app_installations');
cmp_ok($pause, '>', 20, 'the installation rests');
$github->clear_faults;
$node->reload;
$application->wait_until_done;
is(title_on_github($task), 'refused', 'a reload tries again');

# ---- what GitHub refuses whatever token it is sent with, while it takes the token for all else ----

my %alone = (
	"an update" => [ 'PATCH', sub { my ($title) = @_; $application->edit_task($task, title => $title) } ],
	"an issue that is read" => [ '*', sub { my ($title) = @_; $application->edit_task($task, title => $title) } ],
	"a creation" => [ 'POST', sub { my ($title) = @_; $application->add_task(title => $title) } ],
);
my $beside = $application->add_task(title => 'beside it');
$application->wait_until_done;
my $only = "/issues/@{[$application->issue_of($task)->{number}]}\$";
foreach my $name (sort keys %alone)
{
	my ($method, $change) = @{ $alone{$name} };
	my $fault = $github->fault("$method " . ($method eq 'POST' ? '/issues$' : $only), $refused, times => 'forever');

	$seq = $github->last_seq;
	$change->($name);
	foreach my $turn (1 .. 3)
	{
		$application->wait_until("SELECT max(attempts) >= $turn FROM github_sync.sync_queue");
		$application->edit_task($beside, title => "beside $name, turn $turn");
		$application->wait_until("SELECT completed FROM (SELECT state = 'completed' AS completed FROM github_sync.task_sync_transactions WHERE task_id = $beside ORDER BY id DESC LIMIT 1) AS last");
	}
	is(title_on_github($beside), "beside $name, turn 3", "$name that is refused with 401, whatever the token: others of the installation go on");
	like($application->superuser_sql('SELECT last_error FROM github_sync.sync_queue'), qr/401.*accepts the token for other requests/, '... it says why it waits');
	is($application->superuser_sql('SELECT count(*) FROM github_sync.github_app_installations WHERE pause_kind IS NOT NULL'), 0, '... nothing rests but that row');
	cmp_ok(tokens_asked_for($seq), '<=', 3, '... and hardly a token is made for it');
	$github->clear_faults;
	$application->sql('SELECT github_sync.wake()');
	$application->wait_until_done;
	is(scalar(grep { $_->{title} eq $name } $github->issues('acme/widgets')), 1, '... taken at last, it is there once');
}

# ---- a pause that somebody else ended ----

# A worker that is started forgives refused credentials, for all: the others keep resting.
restart_worker();
$github->fault('POST .*/access_tokens$', $refused, times => 'forever');
$application->edit_task($task, title => 'refused again');
my $rests = "SELECT pause_kind = 'credentials' FROM github_sync.github_app_installations";
$application->wait_until($rests);
$seq = $github->last_seq;
$application->superuser_sql('SELECT github_sync.end_credential_pauses()');
$application->superuser_sql('SELECT github_sync.wake()');
$application->wait_until($rests);
cmp_ok(tokens_asked_for($seq), '<=', 2, 'a pause that somebody ended too early is one again after another try');
$github->clear_faults;
$node->reload;
$application->wait_until_done;

# ---- another clock than GitHub's ----

# GitHub's own never goes back: 051_our_clock has ours ahead of it.
foreach my $hours (3, 6)
{
	$github->advance_clock(3 * 3600);
	restart_worker() if $hours == 3;
	$github->expire_tokens;
	$seq = $github->last_seq;
	$application->edit_task($task, title => "by a clock $hours hours ahead");
	$application->wait_until_done;
	is(title_on_github($task), "by a clock $hours hours ahead", "GitHub's clock is $hours hours ahead: its own answer corrects ours");
	is_deeply([ map { $_->{status} } grep { $_->{path} =~ /access_tokens$/ } $github->requests(since => $seq) ], [ 401, 201 ], 'once');
}

# ---- files that are no keys ----

my $openssl_key = sub {
	my ($file) = ($key_file . '.other');

	unlink $file;
	system_or_bail('openssl', @_, '-out', $file);
	return slurp_file($file);
};
my %useless = (
	'an empty file'        => [ '',                                                                          'is empty' ],
	'a file of other text' => [ "not a key\n",                                                               'is not a PEM private key' ],
	'an encrypted key'     => [ $openssl_key->(qw(genrsa -aes128 -passout pass:canary)),                     'is encrypted' ],
	'a key of another kind' => [ $openssl_key->(qw(genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)), 'is not an RSA key' ],
);

sub reason_is
{
	my ($reason, $name) = @_;

	# The setting is at the beginning, so that people know where to look.
	$application->wait_until("SELECT bool_or(last_error LIKE 'github_sync.private_key_file $reason%') FROM github_sync.sync_workers");
	$application->wait_until("SELECT bool_or(state = 'queued' AND attempts = 0 AND waits_for LIKE '%$reason%') FROM github_sync.sync_queue");
	pass("$name: $reason");
}

$application->edit_task($task, title => 'with a good key');
$application->wait_until_done;
restart_worker();
my $pid = $application->worker_pid;
foreach my $name (sort keys %useless)
{
	my ($content, $reason) = @{ $useless{$name} };

	GitHubSync::Application::write_secret($key_file, $content);
	$node->reload;
	$application->edit_task($task, title => "with $name");
	reason_is($reason, $name);
}
GitHubSync::Application::write_secret($key_file, $key);
chmod 0644, $key_file;
$node->reload;
reason_is('can be used by others', 'a key that others may read');
unlink $key_file;
$node->reload;
reason_is('does not exist', 'no file');
mkdir $key_file;
$node->reload;
reason_is('is not a regular file', 'a directory');
rmdir $key_file;
GitHubSync::Application::write_secret($key_file, $key);
$node->reload;
$application->wait_until_done;
is(title_on_github($task), 'with an encrypted key', 'with the right key in its place and a reload it goes on');
is($application->worker_pid, $pid, 'it is the same worker');

# ---- settings that could never work are refused when they are set ----

my %unfit = (
	'github_sync.api_url' => [ 'api.github.com', 'http://api.github.com', 'https://api.github.com/', 'https://me:canary@api.github.com' ],
	'github_sync.app_id'  => [ 'two words', 'Iv23%', 'x' x 256 ],
	'github_sync.proxy'   => [ 'ftp://proxy', 'http://', 'http://user:canary@', 'http://proxy:port', 'http://proxy:70000', 'http://proxy/path', 'two words' ],
	'github_sync.private_key_file' => ['key.pem'],
	'github_sync.reconcile_interval' => [ '-1', '5 fortnights' ],
	'github_sync.write_interval'     => ['10'x9],
	'github_sync.max_response_size'  => ['1kB'],
	'github_sync.request_timeout'    => ['0'],
);
foreach my $name (sort keys %unfit)
{
	foreach my $value (@{ $unfit{$name} })
	{
		my (undef, undef, $error) = $node->psql('postgres', "ALTER SYSTEM SET $name = '$value'");

		like($error, qr/ERROR:  (?:invalid value for parameter|-?\d+\S* .*is outside the valid range for parameter) "$name"/, "$name = '$value' is refused")
		  or next;
		like($error, qr/DETAIL|HINT|valid range/, 'and says what would do');
		unlike($error =~ s/^psql.*STATEMENT.*//mr, qr/canary/, 'without showing a password') if $name eq 'github_sync.proxy';
	}
}

# ---- a database of its own ----

my $by_token = GitHubSync::Application->with_tables($node, 'by_token');
$node->safe_psql('postgres', "ALTER DATABASE by_token SET github_sync.token_file = '@{[$github->dir]}/token'");
GitHubSync::Application::write_secret($github->dir . '/token', "github_pat_alice\n");
chmod 0640, $github->dir . '/token';
$by_token->create_extensions;
$by_token->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', 0);
$by_token->capture;
$by_token->add_task(title => 'by a token of its own');
$by_token->wait_until("SELECT bool_or(waits_for LIKE '%token_file can be used by others%') FROM github_sync.sync_queue");
pass('a token that others may read is not used');
GitHubSync::Application::write_secret($github->dir . '/token', "github_pat_nobody\n");
chmod 0600, $github->dir . '/token';
$node->reload;
$by_token->wait_until("SELECT bool_or(waits_for LIKE '%no identity: GitHub answered 401%') FROM github_sync.sync_queue");
pass('closed to others, it is');
GitHubSync::Application::write_secret($github->dir . '/token', "github_pat_alice\n");
$by_token->superuser_sql("SELECT github_sync.$_()") foreach qw(end_credential_pauses wake);    # not to wait for a minute
$by_token->wait_until_done;
is($github->issue('acme/gadgets', 1)->{author}, 'alice', 'one that is put in its place is read at the next try, without a reload');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'the other database goes by its own settings');

# ---- an App that is not ours, for a moment ----

GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => '999999');
my $meanwhile = $application->add_task(title => 'under another App');
$application->wait_until("SELECT bool_or(waits_for LIKE '%Integration not found%') FROM github_sync.sync_queue");
is($application->superuser_sql("SELECT state FROM github_sync.github_app_installations WHERE id = @{[GitHubSync::Application::INSTALLATION]}"), 'active',
	'an App that GitHub does not know says nothing of its installations');
GitHubSync::Application::reconfigure($node, 'github_sync.app_id' => $github->app_id);
$application->wait_until_done;
is($application->issue_of($meanwhile)->{number} > 0, 1, 'with the right one all goes on by itself');

# An answer of a proxy's, or of the wrong host: the App is asked for before it is believed.
restart_worker();
$github->fault('POST /access_tokens$', { answer => { status => 404, body => '{"message":"Not Found"}' } });
$github->fault('GET /app$',            { answer => { status => 404, body => '{"message":"Not Found"}' } });
$application->edit_task($meanwhile, title => 'behind a proxy');
$application->wait_until("SELECT bool_or(waits_for LIKE '%no identity: GitHub answered 404%') FROM github_sync.sync_queue");
is($application->superuser_sql("SELECT state FROM github_sync.github_app_installations WHERE id = @{[GitHubSync::Application::INSTALLATION]}"), 'active',
	'nor does a 404 where the App itself is not found');
$application->superuser_sql("SELECT github_sync.$_()") foreach qw(end_credential_pauses wake);
$application->wait_until_done;
is(title_on_github($meanwhile), 'behind a proxy', 'and when it is, all goes on');

done_testing();
