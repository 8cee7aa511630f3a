# 070_webhooks.pl
#
# Group: attacks.
# From GitHub's webhook to the application's row: the receivers of README, as
# pasted; secrets; what is pending; installations, repositories and issues that
# go elsewhere.
use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(hmac_sha256_hex);
use Encode ();
use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use HTTP::Tiny;
use IO::Socket::INET;
use IPC::Run qw(start);
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };

my $root        = abs_path("$FindBin::Bin/../..");
my $directory   = PostgreSQL::Test::Utils::tempdir;
my $secret_file = "$directory/secret";
my $secret      = 'a secret of two';

sub write_file
{
	my ($path, $text, $mode) = @_;

	open my $file, '>', $path or die "$path: $!";
	chmod $mode // 0600, $path;
	print $file $text;
	close $file or die "$path: $!";
}

# The first block of README in a language that contains these words.
sub pasted
{
	my ($language, $words) = @_;

	my ($block) = grep { index($_, $words) >= 0 } slurp_file("$root/README.md") =~ /^```$language\n(.*?)^```/msg;
	return $block // die "README has no $language with $words";
}

write_file($secret_file, "an older secret\n\n$secret\r\n");
my $github      = GitHubSync::StandIn->start(webhook_secret => $secret);
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.webhook_secret_file' => $secret_file });
my $node        = $application->{node};

$application->superuser_sql('CREATE ROLE webhooks LOGIN; CREATE ROLE web_anon LOGIN');
$application->sql("SELECT github_sync.grant_webhooks('webhooks')");

# The last line of what a role's session answers, or the error.
sub as_role
{
	my ($role, $query) = @_;
	my ($status, $answer, $error) = $node->psql($application->{database}, $query, extra_params => [ '-U', $role ]);

	return $status == 0 ? (split /\n/, $answer)[-1] : $error;
}

# ---- receivers, as pasted ----

sub free_port { return PostgreSQL::Test::Cluster::get_free_port() }

# Runs one, until it listens.
sub start_receiver
{
	my ($port, @command) = @_;
	my ($output, $handle) = ('');

	{
		local @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE PORT)} = ($node->host, $node->port, 'webhooks', $application->{database}, $port);
		$handle = start(\@command, '<', \undef, '>&', \$output);
	}
	for (1 .. 600)
	{
		return $handle if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
		die "@command: $output" unless $handle->pumpable;
		select undef, undef, undef, 0.05;
	}
	die "@command does not listen: $output";
}

sub deliveries_like { my ($condition) = @_; return $application->superuser_sql("SELECT count(*) FROM github_sync.webhook_deliveries WHERE $condition") }

# The python that has Debian's packages: another one may come first.
my ($python) = grep { system("$_ -c 'import psycopg' 2>/dev/null") == 0 } qw(python3 /usr/bin/python3);
write_file("$directory/receiver.py", pasted('python', 'ThreadingHTTPServer'));
write_file("$directory/receiver.mjs", pasted('javascript', 'createServer'));
symlink "$root/test/github/node_modules", "$directory/node_modules" or die $!;

my $widgets = 'acme/widgets';
foreach ([ 'Python', $python // 'python3', "$directory/receiver.py" ], [ 'JavaScript', 'node', "$directory/receiver.mjs" ])
{
	my ($language, @command) = @$_;
	my $port     = free_port();
	my $receiver = start_receiver($port, @command);
	my $url      = "http://127.0.0.1:$port/github";

	$github->webhooks(url => $url);
	my $issue = $github->human_creates_issue($widgets, title => "by $language", body => "caf\x{e9} \x{1F600}");
	$application->wait_until("SELECT EXISTS (SELECT FROM planner.tasks WHERE title = 'by $language')");
	$github->human_creates_comment($widgets, $issue->{number}, body => "comment by $language");
	$application->wait_until("SELECT EXISTS (SELECT FROM planner.comments WHERE markdown = 'comment by $language')");
	pass("the receiver in $language brings an issue and its comment");
	my ($delivery) = reverse $github->deliveries(idle => 1);
	is($delivery->{status}, 202, '... and tells GitHub so');
	my $before = deliveries_like('true');
	my $http   = HTTP::Tiny->new;
	my %headers = %{ $delivery->{headers} };
	is($http->post($url, { headers => { %headers, 'x-github-delivery' => 'forged' }, content => Encode::encode_utf8("$delivery->{body} ") })->{status}, 401, '... refuses a changed body');
	is($http->post($url, { headers => { 'x-github-event' => 'issues', 'x-github-delivery' => 'forged' }, content => '{}' })->{status}, 401, '... and one without a signature');
	is(deliveries_like('true'), $before, '... of which nothing is stored');
	is($http->post($url, { headers => \%headers, content => Encode::encode_utf8($delivery->{body}) })->{content}, 'duplicate delivery', '... and knows a redelivery');
	$github->webhooks(url => undef);

	# What is no delivery is nobody's to send again.
	my $sign = sub { return 'sha256=' . hmac_sha256_hex($_[0], $secret) };
	my %rubbish = (
		'no JSON'                   => [ 400, { %headers, 'x-github-delivery' => 'rubbish' }, 'no JSON' ],
		'no UTF-8'                  => [ 400, { %headers, 'x-github-delivery' => 'rubbish' }, "\xff\x00" ],
		'nothing at all'            => [ 400, { %headers, 'x-github-delivery' => 'rubbish' }, '' ],
		'another event\'s payload' => [ 400, { %headers, 'x-github-delivery' => 'rubbish', 'x-github-event' => 'issue_comment' }, '{"action": "created"}' ],
		'no event'                  => [ 400, { 'x-github-delivery' => 'rubbish' }, '{}' ],
		'no id'                     => [ 400, { 'x-github-event' => 'issues' }, '{}' ],
		'an id of a thousand'       => [ 400, { %headers, 'x-github-delivery' => 'r' x 1000 }, '{}' ],
		'no header at all'          => [ 400, {}, '{}', '' ],
		'a signature of nothing'    => [ 401, {%headers}, '{}', 'sha256=' ],
		'too large a body'          => [ 413, { %headers, 'x-github-delivery' => 'rubbish' }, ' ' x (25 * 1024 * 1024 + 1), 'sha256=' ]);
	my %got = map {
		my ($status, $of, $body, $signature) = @{ $rubbish{$_} };
		my %of = %$of;
		delete $of{'x-hub-signature-256'};
		$signature //= $sign->($body);
		$_ => $http->post($url, { headers => { %of, $signature ne '' ? ('x-hub-signature-256' => $signature) : () }, content => $body })->{status} } keys %rubbish;

	is_deeply(\%got, { map { $_ => $rubbish{$_}[0] } keys %rubbish }, '... answers 4xx to what is no delivery');
	my %other = map { $_ => $http->request($_, $url) } qw(GET HEAD PUT PATCH DELETE OPTIONS);
	is_deeply({ map { $_ => "$other{$_}{status} $other{$_}{headers}{allow}" } keys %other }, { map { $_ => '405 POST' } keys %other }, '... and 405 to other methods');
	is(deliveries_like('true'), $before, '... of which nothing is stored');
	$receiver->kill_kill;
}

# PostgREST: no package of it is there, so by what it promises: the body as the only argument, headers as a setting.
$application->superuser_sql('CREATE SCHEMA api; GRANT USAGE ON SCHEMA api TO web_anon;' . pasted('sql', 'api.github'));
{
	my $issue = $github->human_creates_issue($widgets, title => 'by PostgREST', body => "\\u0000 \x{1F600}");
	my ($delivery) = reverse $github->deliveries;
	my $call = sub {
		my ($body) = @_;
		my $headers = JSON::PP->new->encode($delivery->{headers}) =~ s/'/''/gr;
		return as_role('web_anon', "SELECT set_config('request.headers', '$headers', false); SELECT api.github('" . ($body =~ s/'/''/gr) . "'::json)");
	};
	like($call->("$delivery->{body} "), qr/the signature of the webhook is not that of its body/, 'the wrapper for PostgREST refuses another body');
	is($call->($delivery->{body}), 'queued', '... and takes the body as it came');
	$application->wait_until("SELECT EXISTS (SELECT FROM planner.tasks WHERE title = 'by PostgREST')");
	# By these it chooses the status: 400, 403 for class 28.
	my $state_of = sub { my ($headers, $body) = @_;
		return as_role('web_anon', "\\set VERBOSITY sqlstate\nSELECT set_config('request.headers', '" . JSON::PP->new->encode($headers) . "', false); SELECT api.github('$body'::json)") =~ /ERROR:\s+(\w+)/ ? $1 : 'none' };
	my %known = map { $_ => $delivery->{headers}{$_} } qw(x-github-event x-github-delivery);
	is_deeply([ $state_of->({}, '{}'), $state_of->(\%known, 'no JSON'), $state_of->({ %known, 'x-hub-signature-256' => 'sha256=' . hmac_sha256_hex('{}', $secret) }, '{}'),
		$state_of->({ %known, 'x-hub-signature-256' => 'sha256=' }, '{}') ], [ '22004', '22P02', '22023', '28000' ], '... and refuses what is no delivery with what PostgREST makes a 4xx of');
}

# ---- secrets ----

# GitHub's own example, and one byte less of each part.
write_file($secret_file, "It's a Secret to Everybody\n");
my $known = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
my $is_signed = sub { my ($signature, $body) = @_; return $application->superuser_sql("SELECT github_sync.webhook_is_signed('$signature', convert_to('$body', 'UTF8'))") };
is($is_signed->($known, 'Hello, World!'), 't', "GitHub's own example of a signature");
is($is_signed->($known, 'Hello, World'), 'f', 'another body');
is($is_signed->(substr($known, 0, -1) . '8', 'Hello, World!'), 'f', 'another signature');
is($is_signed->(uc $known, 'Hello, World!'), 'f', 'in capitals it is none');
is($is_signed->(substr($known, 7), 'Hello, World!'), 'f', 'nor without the name of its kind');
write_file($secret_file, "another\nIt's a Secret to Everybody");
is($is_signed->($known, 'Hello, World!'), 't', 'a line without an end is a secret too, from one call to the next');
write_file($secret_file, "It's a Secret to Everybody \n");
is($is_signed->($known, 'Hello, World!'), 'f', 'a blank belongs to a secret');

foreach ([ 'an empty file', sub { write_file($secret_file, '') }, qr/is empty/ ],
	[ 'a file of empty lines', sub { write_file($secret_file, "\n\r\n") }, qr/holds no secret/ ],
	[ 'a file that others may read', sub { write_file($secret_file, 'x', 0644) }, qr/can be used by others/ ],
	[ 'no file', sub { unlink $secret_file }, qr/does not exist/ ])
{
	my ($name, $do, $reason) = @$_;

	$do->();
	my $error = as_role('webhooks', "SELECT github_sync.receive_webhook('ping', 'x', '$known', 'Hello, World!')");
	like($error, $reason, "$name is an error that says so");
	unlike($error, qr/\Q$directory\E/, '... and not where it is');
}
write_file($secret_file, "$secret\n");

# ---- every payload that GitHub's own examples have ----

{
	my $rows = `cd '$root/test/github' && node webhook-examples.mjs`;
	write_file("$directory/examples", $rows);
	$node->safe_psql($application->{database}, <<"SQL");
		CREATE TABLE public.examples (id bigint GENERATED ALWAYS AS IDENTITY, event text, payload text, outcome text);
		COPY public.examples (event, payload) FROM '$directory/examples';
		INSERT INTO github_sync.github_app_installations (id) VALUES (1);
		INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, pull_requests) VALUES (186853002, 1, 'Codertocat', 'Hello-World', 'sync');
		ALTER TABLE public.examples OWNER TO planner;
SQL
	$application->superuser_sql('UPDATE public.examples SET outcome = github_sync.ingest_webhook(event, format(\'example %s\', id), payload::json)');
	is($application->superuser_sql("SELECT count(*) > 300 AND bool_and(outcome = 'queued' OR outcome LIKE 'ignored: _%') FROM public.examples"), 't',
		'all payloads of @octokit/webhooks-examples, and what they lack, are accepted, or ignored for a reason');
	is($application->superuser_sql("SELECT string_agg(DISTINCT event, ' ' ORDER BY event) FROM public.examples WHERE outcome = 'queued'"),
		'installation installation_repositories issue_comment issues repository', '... those of a connected repository are accepted');
	is($application->superuser_sql("SELECT count(*) || ' ' || count(*) FILTER (WHERE outcome = 'queued') FROM public.examples WHERE payload ~ '3123456789|2310943199|state_reason\":\"completed|old body|pulls/1\"'"), '5 5',
		'... those with ids of 64 bits, closed, edited, by an App and on a pull request, too');
	is($application->superuser_sql('SELECT max(octet_length(facts::text)) <= 1024 FROM github_sync.webhook_deliveries'), 't', 'what is kept of each is small');
	$application->superuser_sql("DELETE FROM github_sync.task_sync_transactions WHERE github_repo_id = 186853002; DELETE FROM github_sync.comment_sync_transactions WHERE github_repo_id = 186853002");
}

# ---- the stand-in's webhooks, as they come ----

# All that came since, one after the other, in this order or the other way round.
my $taken = scalar $github->deliveries;
sub take
{
	my (%option) = @_;
	my @all = $github->deliveries;
	my @new = @all[ $taken .. $#all ];
	my @results;

	$taken = @all;
	foreach my $delivery ($option{reversed} ? reverse @new : @new)
	{
		my $body = unpack 'H*', Encode::encode_utf8($delivery->{body});
		push @results, "$delivery->{event}.$delivery->{action}: "
		  . as_role('webhooks', "SELECT github_sync.receive_webhook('$delivery->{event}', '$delivery->{guid}', '$delivery->{headers}{'x-hub-signature-256'}', '\\x$body')");
	}
	return \@results;
}
# What GitHub tells is never delivered.
sub lose { return $taken = () = $github->deliveries }
sub repo { my ($column, $id) = @_; return $application->superuser_sql("SELECT $column FROM github_sync.github_repos WHERE id = " . ($id // WIDGETS)) }

# What somebody holds is ended by the worker.
my $held = $application->add_task(title => 'held');
$application->wait_until_done;
my $number = $application->issue_of($held)->{number};
take();
my $application_session = $node->background_psql($application->{database}, on_error_stop => 1);
$application_session->query_safe("BEGIN; SELECT id FROM planner.tasks WHERE id = $held FOR UPDATE");
$github->human_edits_issue($widgets, $number, title => 'edited at GitHub');
my $began = Time::HiRes::time();
is_deeply(take(), ['issues.edited: pending'], 'a webhook of a task that somebody holds is left pending');
cmp_ok(Time::HiRes::time() - $began, '<', at_this_load(5), '... soon');
$application_session->query_safe('COMMIT');
$application->wait_until("SELECT title = 'edited at GitHub' FROM planner.tasks WHERE id = $held");
is(deliveries_like("outcome = 'pending'"), 0, '... and the worker ends it');
is($application->superuser_sql("SELECT outcome FROM github_sync.webhook_deliveries ORDER BY received_at DESC LIMIT 1"), 'queued', '... as any other');
$application_session->quit;

# A repository is renamed, archived and back.
$github->human_renames_repository($widgets, name => 'gizmos');
is_deeply(take(), ['repository.renamed: queued'], 'a repository is renamed');
is(repo('name'), 'gizmos', '... and known by it');
$github->human_renames_repository('acme/gizmos', name => 'widgets');
$github->act(archive_repository => (repo => $widgets));
take();
$application->edit_task($held, title => 'while archived');
is($application->superuser_sql("SELECT disabled_reason FROM github_sync.task_sync_transactions WHERE task_id = $held ORDER BY id DESC LIMIT 1"), 'archived', 'an edit waits while the repository is archived');
$github->act(archive_repository => (repo => $widgets, archived => JSON::PP::false));
take();
$application->wait_until_done;
is($github->issue($widgets, $number)->{title}, 'while archived', '... and is sent when it is not any more');

# Within one second, told in the wrong order: GitHub is asked.
take();
$github->freeze_clock;
$github->act(archive_repository => (repo => $widgets, archived => $_)) foreach JSON::PP::true, JSON::PP::false;
is_deeply(take(reversed => 1), [ 'repository.unarchived: queued', 'repository.archived: queued' ], 'a repository is archived and back within a second, told in the wrong order');
$github->real_clock;
$application->wait_until('SELECT NOT is_archived AND ask_archived_at IS NULL FROM github_sync.github_repos WHERE id = ' . WIDGETS);
pass('... and GitHub says what it is');

# Nobody tells: writes meet the archive and wait; that it is over, whoever asks for a sweep or checks the setup learns.
foreach my $way ('reconcile_repo(' . WIDGETS . ')', 'set_repo_sync(' . WIDGETS . ', true)', 'check_setup()')
{
	$github->act(archive_repository => (repo => $widgets));
	lose();
	$application->edit_task($held, title => "meets the archive, $way");
	$application->wait_until('SELECT is_archived FROM github_sync.github_repos WHERE id = ' . WIDGETS);
	my $new = $application->add_task(title => "new in the archive, $way");
	is($application->superuser_sql("SELECT string_agg(DISTINCT concat(state, ' ', disabled_reason), ', ') FROM github_sync.task_sync_transactions WHERE task_id IN ($held, $new) AND direction = 'outbound'
		AND id > (SELECT max(id) FROM github_sync.task_sync_transactions WHERE state = 'completed')"), 'disabled archived', "an edit that meets an archive of which nobody told waits, and a new task ($way)");
	is($application->superuser_sql('SELECT detail FROM github_sync.check_setup() WHERE "check" ~ ' . "'^repository " . WIDGETS . "'"), 'it is archived: nothing can be written to it', '... check_setup() says so');
	$github->act(archive_repository => (repo => $widgets, archived => JSON::PP::false));
	lose();
	$application->superuser_sql("SELECT * FROM github_sync.$way");
	$application->wait_until_done;
	$application->wait_until('SELECT NOT is_archived FROM github_sync.github_repos WHERE id = ' . WIDGETS);
	$application->wait_until_done;
	is($github->issue($widgets, $number)->{title}, "meets the archive, $way", '... and goes on when it is over');
	is(scalar(grep { $_->{title} eq "new in the archive, $way" } $github->issues($widgets)), 1, '... the new one, once');
}
# What meets it may be new, whether the repository was looked at lately, or not yet by this worker, or be a comment.
foreach my $case (qw(task comment confirmed))
{
	my $pid = $application->worker_pid;
	$application->superuser_sql("SELECT pg_terminate_backend($pid)") if $case eq 'confirmed';
	$github->act(archive_repository => (repo => $widgets));
	lose();
	$case eq 'comment' ? $application->add_comment($held, 'meets the archive') : $application->add_task(title => "meets the archive: $case");
	$application->wait_until('SELECT is_archived FROM github_sync.github_repos WHERE id = ' . WIDGETS);
	$application->wait_until_done;
	$github->act(archive_repository => (repo => $widgets, archived => JSON::PP::false));
	take();
	$application->wait_until_done;
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, "a new $case meets an archive: no error");
	is(scalar(grep { /^meets the archive(?:: $case)?\b/ } $case eq 'comment' ? map({ $_->{body} } $github->comments($widgets, $number)) : map({ $_->{title} eq "meets the archive: $case" ? $_->{title} : '' } $github->issues($widgets))),
		1, '... and is made once, when it is over');
}

# An issue goes to another repository, told in either order.
$application->connect_repository(GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);
foreach my $reversed (0, 1)
{
	my $task = $application->add_task(title => "moves $reversed");
	$application->wait_until_done;
	$application->add_comment($task, "comment of moves $reversed");
	$application->wait_until_done;
	take();
	my $arrived = $github->human_transfers_issue($widgets, $application->issue_of($task)->{number}, 'acme/gadgets');
	is_deeply([ sort @{ take(reversed => $reversed) } ], [ 'issues.opened: queued', 'issues.transferred: queued' ], 'an issue is transferred' . ($reversed ? ', its arrival told first' : ''));
	$application->wait_until_done;
	is($application->issue_of($task)->{github_repo_id} . '#' . $application->issue_of($task)->{number}, GADGETS . "#$arrived->{number}", '... and its task goes along');
	is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'moves $reversed'"), 1, '... and there is no second one');
	$application->edit_task($task, title => "moved $reversed");
	$application->wait_until_done;
	is($github->issue('acme/gadgets', $arrived->{number})->{title}, "moved $reversed", '... and is sent to the new place');
}

# An installation is suspended and back; is deleted and made again.
take();
my $installation = GitHubSync::Application::INSTALLATION;
$github->installation($installation, 'suspend');
take();
is($application->superuser_sql("SELECT state FROM github_sync.github_app_installations WHERE id = $installation"), 'suspended', 'an installation is suspended');
$github->installation($installation, 'unsuspend');
take();
$application->edit_task($held, title => 'before the installation goes');
$application->wait_until_done;
is($github->issue($widgets, $number)->{title}, 'before the installation goes', '... and back, and what is edited is sent');
$github->installation($installation, 'delete');
take();
$application->edit_task($held, title => 'while nobody may');
is($application->superuser_sql("SELECT disabled_reason FROM github_sync.task_sync_transactions WHERE task_id = $held ORDER BY id DESC LIMIT 1"), 'installation', 'without an installation an edit waits');
my $again = $github->install('acme');
is_deeply(take(), ['installation.created: queued'], 'the App is installed again');
$application->wait_until_done;
is(repo('github_app_installation_id'), $again, '... under another id, to which the repository goes');
is($github->issue($widgets, $number)->{title}, 'while nobody may', '... and what waited is sent by it');
$github->installation($again, 'choose', repositories => ['acme/gadgets']);
take();
is(repo('access_lost'), 't', 'a repository is taken from it');
$github->installation($again, 'choose', repositories => undef);
take();
is(repo('access_lost'), 'f', '... and given back');

done_testing();
