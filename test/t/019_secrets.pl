# 019_secrets.pl
#
# Group: attacks.
# Canaries in every secret that the worker is given, and in every one that it
# gets: whatever goes well or wrong, none of them is found where people look.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $github = GitHubSync::StandIn->start;
my $dir    = $github->dir;
my $formless = '0123456789canary' . 'f' x 24;		# as of old, and as gateways make them
$github->seed({ users => [ { login => 'carol', token => 'github_pat_canaryToken' . 'x' x 40 }, { login => 'dave', token => $formless } ] });

# All that is written to files; what GitHub makes is told by its form.
my %files = (
	'key.pem'     => slurp_file($github->key_file),
	'broken.pem'  => "-----BEGIN RSA PRIVATE KEY-----\ncanaryBrokenKey" . 'A' x 49 . "\n-----END RSA PRIVATE KEY-----\n",
	'encrypted'   => "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\ncanaryEncryptedKey\n-----END RSA PRIVATE KEY-----\n",
	'token'       => 'github_pat_canaryToken' . 'x' x 40 . "\n",
	'two-tokens'  => 'github_pat_canaryToken' . 'x' x 40 . " canaryOther\n",
	'webhook'     => "canaryWebhookSecret\ncanaryOlderSecret\n",
);
GitHubSync::Application::write_secret("$dir/$_", $files{$_}) foreach keys %files;

my ($key_line) = grep { length > 60 } split /\n/, $files{'key.pem'};
my %secrets = (
	'a canary'              => qr/canary/i,
	'the key'               => qr/\Q$key_line\E/,
	'a token of an App'     => qr/ghs_[A-Za-z0-9_.-]/,
	"a user's token"        => qr/github_pat_[A-Za-z0-9]/,
	'a JSON Web Token'      => qr/eyJ[A-Za-z0-9_-]/,
	'a basic authorization' => qr/Basic [A-Za-z0-9+\/]/,
);

my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.private_key_file'    => "$dir/key.pem",
	'github_sync.webhook_secret_file' => "$dir/webhook",
	'github_sync.max_attempts'        => 1,
	'log_min_messages'                => 'debug5',
	'log_error_verbosity'             => 'verbose',
	'log_statement'                   => 'none',		# what users type is theirs to keep secret
	'log_min_error_statement'         => 'panic',
	'log_min_duration_statement'      => 0,
	'log_parameter_max_length_on_error' => -1 });
my $node = $application->node;

my $by_token = GitHubSync::Application->with_tables($node, 'by_token');
$node->safe_psql('postgres', "ALTER DATABASE by_token SET github_sync.token_file = '$dir/token'");
$by_token->create_extensions;
$by_token->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', 0);
$by_token->capture;

# ---- what goes well, and all that goes wrong ----

my $echo = { message => 'go away, {authorization}', errors => [ { message => 'I mean {authorization}' } ] };
my @troubles = (
	(map { { answer => { status => $_, body => $echo } } } 400, 401, 403, 404, 410, 418, 422, 451, 500, 503),
	# A refusal without it would cost a minute.
	(map { { answer => { status => $_, body => $echo, headers => { 'retry-after' => '1' } } } } 403, 429),
	{ answer => { status => 301, body => $echo, headers => { location => 'https://evil.example/{authorization}' } } },
	{ answer => { status => 200, body => '"{authorization}"' } },
	{ answer => { status => 200, body => { id => '{authorization}' } } },
	{ answer => { status => 200, body => 'x', repeat => 40_000_000 } },
	{ answer => { status => 200, many_headers => 300, body => '{}' } },
	{ html => 502 }, { reset_before => JSON::PP::true }, { cut_in_body => JSON::PP::true },
);

# Pauses and retry times end now.
sub end_waits
{
	my ($database) = @_;

	$database->superuser_sql(q{
		UPDATE github_sync.github_repos SET access_lost = false;
		UPDATE github_sync.github_issues SET missing_since = NULL;
		UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_reason = NULL, pause_kind = NULL;
		UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued';
	});
}

# The App asks who it is, and its own token comes back.
$github->fault('GET /app$', { answer => { body => { slug => '{damaged authorization}' } } });

foreach my $one ([ $application, 'widgets' ], [ $by_token, 'gadgets' ])
{
	my ($database, $repository) = @$one;
	my $task = $database->add_task(title => 'a task');

	if ($repository eq 'widgets')
	{
		$database->wait_until("SELECT count(*) = 1 FROM github_sync.github_app_installations WHERE pause_reason LIKE '%repeats the credentials%'");
		end_waits($database);
		$node->reload;
	}
	$database->wait_until_done;
	foreach my $method ('GET', 'PATCH')
	{
		# What a write adds is that its answer may be lost.
		foreach my $trouble ($method eq 'GET' ? @troubles : @troubles[ -3 .. -1 ])
		{
			$github->fault("$method /$repository/issues/1\$", $trouble);
			$database->edit_task($task, title => 'edit ' . $github->last_seq);
			$database->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE state = 'processing' OR waits_for = 'ready')");
			$github->clear_faults;
			end_waits($database);
		}
	}
	$node->reload;
	$database->sql('SELECT github_sync.retry_errored()');
	$database->wait_until_done;
	is($database->task($task)->{title}, $github->issue("acme/$repository", 1)->{title}, "in the end all of $repository arrives");
}

# ---- a token that has not GitHub's form, repeated by who answers ----

GitHubSync::Application::write_secret("$dir/token", $formless);
$github->fault('GET /gadgets/issues/1$', { answer => { status => 401, body => $echo } });
foreach my $status (403, 401)
{
	$by_token->edit_task(1, title => "refused with $status");
	$by_token->wait_until_done if $status == 403;
	$github->fault('GET /gadgets/issues/1$', { answer => { status => $status, body => $echo } }, times => 'forever');
	$by_token->edit_task(1, title => "refused with $status once more");
	$by_token->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE state = 'processing' OR waits_for = 'ready')");
	my $said = $by_token->superuser_sql(q{SELECT string_agg(concat(error_reason, last_error), ' ') FROM github_sync.task_sync_transactions WHERE state IN ('queued', 'errored')});
	like($said, qr/$status .*go away, Bearer \*\*\*/, "of a $status with the token the words are kept alone");
	$github->clear_faults;
	end_waits($by_token);
	$node->reload;
	$by_token->sql('SELECT github_sync.retry_errored()');
	$by_token->wait_until_done;
}

# ---- such a token that was replaced, and replaced once more, before the answer to its request came ----

{
	my $other = $by_token->add_task(title => 'another');

	$by_token->wait_until_done;
	$github->fault('GET /gadgets/issues/1$', { gate => 'late', answer => { status => 403, body => $echo } }, times => 'forever');
	$by_token->edit_task(1, title => 'answered late');
	$github->wait_at_gate('late');
	foreach my $token ($files{token}, "github_pat_alice\n")
	{
		GitHubSync::Application::write_secret("$dir/token", $token);
		$node->reload;
		$by_token->edit_task($other, title => "with token number " . $github->last_seq);
		$by_token->wait_until("SELECT count(*) = 1 FROM github_sync.sync_queue");
	}
	$github->open_gate('late');
	$by_token->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE state = 'processing' OR waits_for = 'ready')");
	like($by_token->superuser_sql(q{SELECT string_agg(concat(error_reason, last_error), ' ') FROM github_sync.task_sync_transactions WHERE state IN ('queued', 'errored')}),
		qr/go away, Bearer \*\*\*/, 'the words are kept without the token that the request was sent with');
	$github->clear_faults;
	end_waits($by_token);
	GitHubSync::Application::write_secret("$dir/token", $files{token});
	$node->reload;
	$by_token->sql('SELECT github_sync.retry_errored()');
	$by_token->wait_until_done;
}

# ---- an answer that would be kept, and repeats what it was asked with ----

my $shown = { %{ $github->issue('acme/widgets', 1) }, user => { login => 'alice', id => 1 } };
my %repeats = (
	'a title' => { answer => { body => { %$shown, title => 'asked by {authorization}' } } },
	'an address, with a character changed,' => { answer => { body => { %$shown, html_url => 'https://github.com/{damaged authorization}' } } },
	'a place, with a character changed,' => { answer => { status => 301, headers => { location => '/repositories/1/issues/1?{damaged authorization}' }, body => {} } },
	'a text that is escaped and' => { answer => { body => { %$shown, body => '{escaped authorization}' } } },
	'a state' => { answer => { body => { %$shown, state => '{authorization}' } } });
foreach my $name (sort keys %repeats)
{
	$github->fault('GET /widgets/issues/1$', $repeats{$name}, times => 'forever');
	$application->edit_task(1, title => "with $name that repeats the token");
	$application->wait_until_done;
	like($application->superuser_sql('SELECT error_code, error_reason FROM github_sync.sync_errors'), qr/^invalid_response\|.*repeats the credentials/,
		"$name that repeats the token is not kept");
	$github->clear_faults;
	$application->sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
}

# ---- files that are none, and settings that are none ----

foreach my $case ([ private_key_file => 'broken.pem' ], [ private_key_file => 'encrypted' ], [ private_key_file => 'token' ], [ private_key_file => 'canary-is-not-there' ])
{
	GitHubSync::Application::reconfigure($node, "github_sync.$case->[0]" => "$dir/$case->[1]");
	$application->edit_task(1, title => "with $case->[1]" =~ s/canary-//r);
	$application->wait_until("SELECT bool_or(waits_for LIKE '%$case->[0]%') FROM github_sync.sync_queue");
}
$node->safe_psql('postgres', "ALTER DATABASE by_token SET github_sync.token_file = '$dir/two-tokens'");
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = 'by_token'");
$by_token->edit_task(1, title => 'with two tokens');
$by_token->wait_until("SELECT bool_or(waits_for LIKE '%token_file%') FROM github_sync.sync_queue");

# What PostgreSQL says itself where a setting is wrong, and where our owner asks.
my %said = map { $_ => join '', ($node->psql('postgres', $_))[2] } "SET github_sync.proxy = 'http://me:canary\@'", "SET github_sync.api_url = 'https://canary\@host'";
like($_ =~ s/^psql.*?ERROR/ERROR/r, qr/ERROR/, 'a setting that is wrong is refused') foreach values %said;
my $asked = $application->error_of('SHOW github_sync.private_key_file') . $application->error_of('SHOW github_sync.webhook_secret_file')
  . $application->error_of('SHOW github_sync.token_file') . $application->error_of('SHOW github_sync.proxy');
is(scalar(() = $asked =~ /ERROR/g), 4, 'the owner of the tables may not even see where they are');

# ---- where people look ----

sub all_of
{
	my ($database, $relation) = @_;

	return $node->safe_psql($database, "SELECT coalesce(string_agg(r::text, E'\\n'), '') FROM $relation AS r");
}

# Names of files may be known to superusers, and one of ours is called by the canary's name.
my %places = (
	'the log'                                => slurp_file($node->logfile) =~ s/canary-is-not-there//gr,
	'what the server says of wrong settings' => join('', values %said));
foreach my $database ('application', 'by_token')
{
	my $file = PostgreSQL::Test::Utils::tempdir . "/$database.sql";

	$node->command_ok([ 'pg_dump', '-f', $file, $node->connstr($database) ], "a dump of $database");
	$places{"a dump of $database"} = slurp_file($file);
	$places{"every table and view of $database"} = join "\n", map { all_of($database, $_) } 'pg_stat_activity', split /\n/,
	  $node->safe_psql($database, "SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace IN ('github_sync'::regnamespace, 'planner'::regnamespace)");
	$places{"what the owner sees of the settings in $database"} =
	  $node->safe_psql($database, 'SELECT s::text FROM pg_settings AS s', extra_params => [ '-U', GitHubSync::Application::OWNER ]);
}
foreach my $place (sort keys %places)
{
	cmp_ok(length $places{$place}, '>', 50, "$place: looked at");
	foreach my $secret (sort keys %secrets)
	{
		my ($hit) = $places{$place} =~ /(.{0,200}$secrets{$secret}.{0,50})/;

		is($hit, undef, "does not show $secret");
	}
}
like($places{'the log'}, qr/\bduration: /, 'the log was one that tells much');
like($places{'every table and view of application'}, qr/go away, Bearer ghs_\*\*\*/, "GitHub's words are kept, without what they repeat");

done_testing();
