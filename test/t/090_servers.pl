# 090_servers.pl
#
# Two servers that share an App: each hears of everything, by webhooks or by the
# delivery log, and does what is its own; a front hands webhooks to the server that has the installation; and an
# installation moves from one to the other, with a creation whose answer was lost.
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use IPC::Run qw(run start);
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { STAYING => 515151, MOVING => 626262, WIDGETS => 1296269, GADGETS => 1296270, ROCKETS => 4242 };

my $root      = abs_path("$FindBin::Bin/../..");
my $directory = PostgreSQL::Test::Utils::tempdir;
my $secret    = 'known to both servers';
my $repo      = 'globex/rockets';

append_to_file("$directory/secret", $secret);
chmod 0600, "$directory/secret";
my $github = GitHubSync::StandIn->start(webhook_secret => $secret);
$github->seed({
	users         => [ { login => 'globex', type => 'Organization' } ],
	installations => [ { id => MOVING, account => 'globex' } ],
	repositories  => [ { id => ROCKETS, owner => 'globex', name => 'rockets' } ] });
$github->webhooks(mode => 'on');

my %settings = ('github_sync.webhook_secret_file' => "$directory/secret", 'fsync' => 'off');
my $north = GitHubSync::Application->start($github, name => 'north', settings => \%settings);
my $south = GitHubSync::Application->start($github, name => 'south', settings => \%settings, repository => GADGETS);
$south->superuser_sql('ALTER TABLE planner.tasks ALTER COLUMN id RESTART WITH 2000');
$north->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (${\MOVING}, 'globex');
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (${\ROCKETS}, ${\MOVING}, 'globex', 'rockets');
	INSERT INTO projects (name, github_repo_id) VALUES ('rockets', ${\ROCKETS})});
$_->superuser_sql('CREATE ROLE webhooks LOGIN; CREATE ROLE dashboard LOGIN') foreach $north, $south;
$_->sql("SELECT github_sync.grant_webhooks('webhooks'), github_sync.grant_monitor('dashboard')") foreach $north, $south;

sub literal { return GitHubSync::Application::quote($_[0]) }

# The result of receive_webhook() for a delivery as GitHub sent it, as the role of a receiver.
sub hand_on
{
	my ($node, $database, $delivery, $id) = @_;
	my $body = unpack 'H*', $delivery->{body};

	utf8::encode(my $bytes = $delivery->{body}) if utf8::is_utf8($delivery->{body});
	$body = unpack 'H*', $bytes if defined $bytes;
	my ($status, $answer, $error) = $node->psql($database, "SELECT github_sync.receive_webhook("
		  . join(', ', map { literal($_) } $delivery->{event}, $id // $delivery->{guid}, $delivery->{headers}{'X-Hub-Signature-256'} // $delivery->{headers}{'x-hub-signature-256'})
		  . ", '\\x$body')", extra_params => [ '-U', 'webhooks' ]);

	return $status == 0 ? $answer : $error;
}

sub latest_delivery { return ($github->deliveries(idle => 1))[-1] }

# ---- without a front: each server hears all, and ignores what is not its own ----

$github->human_creates_issue('acme/gadgets', title => 'for the south');
my $told = latest_delivery();
is(hand_on($north->node, 'application', $told), 'ignored: unknown repository', 'a server ignores what another one has');
is(hand_on($south->node, 'application', $told), 'queued', 'and that one takes it');
is(hand_on($south->node, 'application', $told), 'duplicate delivery', 'once');
$south->wait_until("SELECT count(*) = 1 FROM planner.tasks WHERE title = 'for the south'");
is($north->superuser_sql('SELECT count(*) FROM planner.tasks') . $north->superuser_sql('SELECT count(*) FROM github_sync.task_sync_transactions'), '00',
	'nothing of it comes to the other one');

# ---- nor any webhook: each server reads the App's delivery log ----

GitHubSync::Application::reconfigure($_->node, 'github_sync.reconcile_interval' => '1h', 'github_sync.delivery_log_interval' => '1s') foreach $north, $south;
$_->wait_until('SELECT last_complete_at IS NOT NULL FROM github_sync.delivery_log') foreach $north, $south;
my $seq = $github->last_seq;
$github->human_creates_issue('acme/gadgets', title => 'logged for the south');
my ($gone) = grep { $_->{title} eq 'for the south' } $github->issues('acme/gadgets');
$github->human_deletes_issue('acme/gadgets', $gone->{number});
my $logged = latest_delivery()->{guid};
$south->wait_until("SELECT count(*) = 1 FROM planner.tasks WHERE title = 'logged for the south'");
$south->wait_until("SELECT outcome = 'queued' FROM github_sync.webhook_deliveries WHERE delivery_id = '$logged'");
pass('without any webhook the server that has the repository hears by the delivery log what lists show, and what they do not');
my $then = $north->superuser_sql('SELECT clock_timestamp()');
$north->wait_until("SELECT last_complete_at > '$then' FROM github_sync.delivery_log");
is($north->superuser_sql('SELECT count(*) FROM planner.tasks') . $north->superuser_sql("SELECT count(*) FROM github_sync.webhook_deliveries WHERE delivery_id = '$logged'"), '00',
	'... and the other one reads over it');
is(scalar(grep { $_->{path} =~ m{^/app/hook/deliveries/\d} } $github->requests(since => $seq)), 1, '... without asking for more of it');
GitHubSync::Application::reconfigure($_->node, 'github_sync.reconcile_interval' => '0', 'github_sync.delivery_log_interval' => '0') foreach $north, $south;

# ---- a front, where PL/Proxy is there ----

my $has_front = $north->node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'plproxy'");

sub make_front
{
	my $node = $north->node;
	my %to   = map { $_->node->name => 'host=' . $_->node->host . ' port=' . $_->node->port . ' dbname=application application_name=' . $_->node->name } $north, $south;

	$node->safe_psql('postgres', 'CREATE DATABASE front');
	$node->safe_psql('front', "CREATE EXTENSION plproxy;
		CREATE SERVER github_sync FOREIGN DATA WRAPPER plproxy OPTIONS (modular_mapping '1', p0 '$to{north}', p1 '$to{south}');
		CREATE USER MAPPING FOR webhooks SERVER github_sync OPTIONS (user 'webhooks');
		CREATE USER MAPPING FOR dashboard SERVER github_sync OPTIONS (user 'dashboard')");
	run([ 'psql', '-Xqd', $node->connstr('front'), '-v', 'ON_ERROR_STOP=1', '-f', "$root/contrib/plproxy/front.sql" ]) or die 'front.sql failed';
	$node->safe_psql('front', "SELECT github_sync.grant_webhooks('webhooks'), github_sync.grant_monitor('dashboard')");
	run([ 'psql', '-XAtqd', $south->node->connstr('application') . ' user=planner', '-f', "$root/contrib/plproxy/views.sql" ], '>', \my $views) or die 'views.sql failed';
	# As one string, as drivers take it: psql's own commands would be errors.
	run([ 'psql', '-Xqd', $node->connstr('front') . " options='-c client_min_messages=warning'", '-c', $views ]) or die 'what views.sql writes failed' foreach 1 .. 2;
	return $node;
}

SKIP:
{
	skip 'PL/Proxy is not installed', 18 unless $has_front;
	my $front = make_front();

	$github->human_creates_issue($repo, title => 'by the front');
	my $delivery = latest_delivery();
	is(hand_on($front, 'front', $delivery), "ignored: no server has installation ${\MOVING}", 'what nobody has goes nowhere, and says so');
	is($north->superuser_sql('SELECT count(*) FROM github_sync.webhook_deliveries WHERE installation_id = 626262'), '0', 'nowhere is anything kept of it');
	$front->safe_psql('front', "INSERT INTO github_sync.placement VALUES (${\STAYING}, 'north'), (${\MOVING}, 'north')");
	is(hand_on($front, 'front', $delivery), 'queued', 'the front hands it to the server that has the installation');
	is(hand_on($front, 'front', $delivery), 'duplicate delivery', 'which knows it when it comes again');
	$north->wait_until("SELECT count(*) = 1 FROM planner.tasks WHERE title = 'by the front'");
	my %forged = (%$delivery, headers => { 'X-Hub-Signature-256' => 'sha256=' . '0' x 64 });
	like(hand_on($front, 'front', \%forged, 'forged'), qr/the signature of the webhook is not that of its body/, 'the server verifies the signature');
	is($front->safe_psql('front', "DO \$\$ BEGIN PERFORM github_sync.receive_webhook('issues', 'x', 'sha256=00', '{\"installation\": {\"id\": 626262}}'); EXCEPTION WHEN invalid_authorization_specification THEN RAISE invalid_authorization_specification; END \$\$; SELECT 1", on_error_die => 0, extra_params => [ '-U', 'webhooks', '-v', 'ON_ERROR_STOP=0' ]), '1', 'its errors keep their codes');
	like(hand_on($front, 'front', { %$delivery, body => 'no JSON' }), qr/is no JSON/, 'what is no JSON is refused by the front');
	is(hand_on($front, 'front', { %$delivery, body => '{"installation": {"id": "1; drop"}}' }), 'ignored: what it names as its installation is no id', 'an id is a number');
	is(hand_on($front, 'front', { %$delivery, body => '{"installation": {"id": "\\u0000"}}' }), 'ignored: what it names as its installation is no id', '... and no sign that is no text');
	$github->human_creates_issue($repo, title => 'odd', body => "U+0000 \\\\u0000: \x{0} \\\\\x{0}");
	is(hand_on($front, 'front', latest_delivery()), 'queued', 'a text with U+0000 hinders no delivery');
	$north->wait_until("SELECT count(*) = 1 FROM planner.tasks WHERE title = 'odd'");
	like(($front->psql('front', "\\set VERBOSITY sqlstate\nSELECT github_sync.$_", extra_params => [ '-U', 'webhooks' ]))[2], qr/22004/, "what is no delivery is no success: $_")
	  foreach "receive_webhook('issues', 'x', 'sha256=00', NULL)", "receive_webhook(NULL, 'x', 'sha256=00', '{}')", "ingest_webhook('issues', NULL, '{}')", "ingest_webhook('issues', 'x', NULL)";
	is($front->safe_psql('front', 'SELECT string_agg(server, \',\' ORDER BY server) FROM github_sync.sync_workers', extra_params => [ '-U', 'dashboard' ]), 'north,south', 'a view has the rows of all servers');
	is($front->safe_psql('front', "SELECT count(DISTINCT server) FROM github_sync.health() WHERE \"check\" = 'worker'", extra_params => [ '-U', 'dashboard' ]), '2', 'so has health()');
	like(($front->psql('front', "INSERT INTO github_sync.placement VALUES (1, 'east')"))[2], qr/there is no server east.*Servers: north, south/s, 'a server that is none gets nothing');
	$south->disconnect;
	$south->node->stop;
	my @views = split /\n/, $front->safe_psql('front', "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' AND c.relname <> 'servers'");
	is_deeply([ grep { ($front->psql('front', "SELECT FROM github_sync.$_", extra_params => [ '-U', 'dashboard' ]))[2] !~ qr/PL\/Proxy function .*connect/ } @views, 'health()' ], [],
		'while a server is down, no view says less, as if it were all: ' . @views);
	$south->node->start;
	$south = GitHubSync::Application->of_database($south->node, 'application');
}

# ---- an installation moves ----

append_to_file("$directory/tables", "# parents first\nplanner.projects: r.github_repo_id IN {repos}\ntasks\ncomments\n");

sub move_command
{
	my (@option) = @_;
	my ($from, $to) = map { $_->node->connstr('application') . ' user=planner' } $north, $south;
	my @front = $has_front ? ('--front', $north->node->connstr('front'), '--server', 'south') : ();

	return ("$root/contrib/move_installation/move_installation", '--tables', "$directory/tables", '--directory', "$directory/move", @front, @option, MOVING, $from, $to);
}

# What it prints; the first word says how it ended.
sub move
{
	my (@option) = @_;
	my $output = '';

	return (run([ move_command(@option) ], '<', \undef, '>&', \$output) ? 'done ' : 'failed ') . $output;
}

sub count_of { my ($application, $what) = @_; return $application->superuser_sql("SELECT count(*) FROM $what") }

my $edited = $north->add_task(title => 'edited', github_repo_id => ROCKETS);
$north->add_comment($edited, 'said before the move');
$north->wait_until_done;

# Identity columns begin with 1 on each server.
$south->sql('INSERT INTO tasks (id, project_id, created_by, title) SELECT ' . $edited . ", id, 'user', 'in the way' FROM projects");
like(move('--until', 'check'), qr/^failed .*1 of \d+ rows of planner\.tasks have a key that TO has already, such as $edited/s, 'keys that TO has are refused, before anything is changed');
$south->sql("DELETE FROM tasks WHERE title = 'in the way'");
like(move('--until', 'check'), qr/^failed .*1 rows of planner\.projects have values of id that sequence planner\.projects_id_seq of TO will give to others, such as 2/s, 'and keys that it will give to others');
$south->superuser_sql("ALTER TABLE planner.$_ ALTER COLUMN id RESTART WITH 2000") foreach qw(projects comments);


SKIP:
{
	skip 'PL/Proxy is not installed', 2 unless $has_front;
	like(move('--server', 'north', '--until', 'check'), qr/^failed .*what the front calls north is another database than TO/s, 'a server of the front that is not TO');
	like(move('--front', $north->node->connstr('front') . ' user=dashboard', '--until', 'check'), qr/^failed .*permission denied for table placement.*placement cannot be written/s, 'a placement that cannot be written is found before anything is carried');
}

# One creation is answered late, of another one the answer is lost.
$github->fault('POST /repos/globex/rockets/issues$', { gate_after_effect => 'late' }, times => 1);
my $late = $north->add_task(title => 'answered late', github_repo_id => ROCKETS);
$github->wait_at_gate('late');
my $output = '';
my $holding = start([ move_command('--until', 'hold') ], '<', \undef, '>&', \$output);
$north->wait_until("SELECT state = 'suspended' FROM github_sync.github_app_installations WHERE id = ${\MOVING}");
my $unsent = $north->add_task(title => 'written while on hold', github_repo_id => ROCKETS);
is($north->superuser_sql("SELECT state || ' ' || disabled_reason FROM github_sync.task_sync_transactions WHERE task_id = $unsent"), 'disabled installation', 'what is written on hold waits');
$github->open_gate('late');
ok($holding->finish, 'hold waits for the request under way') or diag($output);
is($north->issue_of($late)->{number}, $github->issue($repo, $north->issue_of($late)->{number})->{number}, 'whose answer came in');
like(move('--undo'), qr/^done .*goes on at FROM/s, 'on hold, the move can be called off');
$north->wait_until_done;
$north->wait_until("SELECT number IS NOT NULL FROM github_sync.github_issues WHERE task_id = $unsent");

GitHubSync::Application::reconfigure($north->node, 'github_sync.creation_recheck' => '1h');
$github->fault('POST /repos/globex/rockets/issues$', { reset_after_effect => JSON::PP::true });
my $lost = $north->add_task(title => 'its answer was lost', github_repo_id => ROCKETS);
$north->wait_until("SELECT count(*) = 1 FROM github_sync.task_creation_attempts WHERE outcome IS NULL");

# TO refuses a row; nothing is changed anywhere. With a creation being looked up it is at rest, too.
$south->superuser_sql("ALTER TABLE planner.tasks ADD CONSTRAINT refuse CHECK (title <> 'its answer was lost')");
like(move(), qr/^failed .*nothing is in the way.*nothing is under way.*violates check constraint "refuse".*stay at FROM/s, 'what TO refuses stays at FROM');
is(count_of($south, "planner.projects WHERE github_repo_id = ${\ROCKETS}") . count_of($north, "planner.projects WHERE github_repo_id = ${\ROCKETS}"), '01', 'all of it');
$south->superuser_sql('ALTER TABLE planner.tasks DROP CONSTRAINT refuse');
$north->edit_task($edited, title => 'edited on hold');
$github->human_edits_issue($repo, $north->issue_of($edited)->{number}, body => 'by a human, on hold');

# TO has taken all of it, and FROM cannot let go: two have it, and the one that sent it before is right.
$north->superuser_sql('CREATE RULE keep AS ON DELETE TO planner.tasks DO INSTEAD NOTHING');
like(move(), qr/^failed .*took back what an earlier attempt had left at TO.*violates foreign key constraint.*stay at FROM/s, 'what FROM cannot let go is taken back from TO');
is(count_of($south, "planner.projects WHERE github_repo_id = ${\ROCKETS}") . count_of($south, "github_sync.github_issues WHERE github_repo_id = ${\ROCKETS}")
	  . count_of($north, "planner.projects WHERE github_repo_id = ${\ROCKETS}"), '001', 'so that one of the two has it');
$north->superuser_sql('DROP RULE keep ON planner.tasks');

my $history = count_of($north, "github_sync.task_sync_transactions WHERE github_repo_id = ${\ROCKETS}");
my $answer  = move();
like($answer, qr/^done .*check: .*hold: .*carry: .*start: /s, 'the same call goes on');
is(count_of($north, "planner.tasks WHERE github_repo_id = ${\ROCKETS}") . count_of($north, "github_sync.github_repos WHERE id = ${\ROCKETS}")
	  . count_of($north, "github_sync.github_issues WHERE github_repo_id = ${\ROCKETS}"), '000', 'FROM has nothing of it any more');
cmp_ok(count_of($south, "github_sync.task_sync_transactions WHERE github_repo_id = ${\ROCKETS}"), '>=', $history, 'its history went along');
is($has_front ? $north->node->safe_psql('front', "SELECT server FROM github_sync.placement WHERE installation_id = ${\MOVING}") : 'south', 'south', 'the front hands its webhooks to the other server');
$south->wait_until_done;
is(scalar(grep { $_->{title} eq 'its answer was lost' } $github->issues($repo)), 1, 'a creation whose answer was lost is found there, and not made again');
my $record = $south->issue_of($lost);
is($record->{number}, (map { $_->{number} } grep { $_->{title} eq 'its answer was lost' } $github->issues($repo))[0], 'and linked to its task');
$south->wait_until("SELECT markdown = 'by a human, on hold' FROM planner.tasks WHERE id = $edited");
my $issue = $github->issue($repo, $south->issue_of($edited)->{number});
is($issue->{title}, 'edited on hold', 'what the application wrote on hold is sent from there');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

$github->human_edits_issue($repo, $issue->{number}, title => 'edited after the move');
is(count_of($south, "planner.tasks WHERE title = 'edited after the move'"), 0, 'nobody has told of it yet');
is(hand_on($has_front ? $north->node : $south->node, $has_front ? 'front' : 'application', latest_delivery()), 'queued', 'a webhook comes to where it is now');
$south->wait_until("SELECT title = 'edited after the move' FROM planner.tasks WHERE id = $edited");
$south->edit_comment($south->superuser_sql("SELECT id FROM planner.comments WHERE task_id = $edited"), markdown => 'said after the move');
$south->wait_until_done;
like(($github->comments($repo, $issue->{number}))[0]{body}, qr/^said after the move/, 'its comments are linked as before');
is(count_of($south, "github_sync.health() WHERE status IN ('warn', 'critical')"), '0', 'health() has nothing to say');
$north->add_task(title => 'at home');
$north->wait_until_done;
like(move(), qr/^done .*at TO already/s, 'once more: nothing is left to do');

done_testing();
