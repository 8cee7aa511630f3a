# 006_failures.pl
#
# What goes wrong, and what becomes of it: a row waits with a reason, or is
# errored with one; the others go on.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

# Another host: its key is not our App's, and nobody is to call it.
my $stranger    = GitHubSync::StandIn->start;
my $key_file    = $stranger->dir . '/key-of-the-server.pem';
my $port        = PostgreSQL::Test::Cluster::get_free_port();
my $application = GitHubSync::Application->start($stranger, settings => {
	'github_sync.api_url'          => "http://127.0.0.1:$port",
	'github_sync.private_key_file' => $key_file,
	'github_sync.max_attempts'     => 3 });
my $node = $application->node;
my $github;

sub put_key
{
	my ($of) = @_;

	GitHubSync::Application::write_secret($key_file, slurp_file($of->key_file));
}

sub waiting_row
{
	my ($id) = @_;

	return $application->row("SELECT * FROM github_sync.sync_queue WHERE record_id = '$id'");
}

sub wait_for_reason
{
	my ($reason) = @_;

	$application->wait_until("SELECT coalesce(bool_and(waits_for LIKE '%$reason%'), false) FROM github_sync.sync_queue WHERE state = 'queued'");
}

# The one errored row, as sync_errors shows it.
sub errored_row
{
	my @errors = $application->rows('SELECT * FROM github_sync.sync_errors');

	is(scalar @errors, 1, 'one row is errored');
	return $errors[0];
}

# Retries what is errored by the statement that sync_errors offers.
sub retry_errored
{
	$application->sql($_->{retry}) foreach $application->rows('SELECT retry FROM github_sync.sync_errors');
	$application->wait_until_done;
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'once mended, a retry completes it');
}

sub title_on_github { my ($task) = @_; return $github->issue('acme/widgets', $application->issue_of($task)->{number})->{title} }

# ---- unreachable, then a wrong key ----

put_key($stranger);
my $task      = $application->add_task(title => 'the row');
my $neighbour = $application->add_task(title => 'the neighbour');
wait_for_reason('GitHub unreachable');
pass('while nobody listens the rows wait: GitHub unreachable');
is(waiting_row($task)->{attempts}, 0, 'no attempt is counted');
like(waiting_row($task)->{last_error}, qr/unreachable/, 'the last error says so');
like($application->superuser_sql('SELECT last_error FROM github_sync.sync_workers'), qr/unreachable/, 'sync_workers too');

# The right key is one that this world does not know yet.
my $right_key = GitHubSync::StandIn->start;
$github = GitHubSync::StandIn->start(port => $port, public_key => $right_key->key_file);
wait_for_reason('no installation token: GitHub answered 401');
pass('with a wrong key the rows wait: no token');
is(waiting_row($task)->{attempts}, 0, 'no attempt is counted');
is($application->superuser_sql("SELECT count(*) FROM github_sync.sync_errors"), 0, 'nothing is errored');

unlink $key_file;
$node->reload;
wait_for_reason('private_key_file');
pass('without a key file the rows wait: it cannot be read');

put_key($right_key);
$node->reload;
$application->wait_until_done;
is(title_on_github($task), 'the row', 'with the right key in its place and a reload everything arrives');
is(scalar $github->issues('acme/widgets'), 2, 'once');
$application->wait_until('SELECT last_error IS NULL FROM github_sync.sync_workers');
my @told = slurp_file($node->logfile) =~ /LOG:  github_sync: installation \d+ (pauses until .*|goes on)$/mg;
is(scalar @told, 3, 'the log has three lines of it:') or diag explain \@told;
like($told[0], qr/: GitHub unreachable: /, 'that it was unreachable,');
like($told[1], qr/: no installation token: GitHub answered 401/, 'then that the key was wrong,');
is($told[2], 'goes on', 'and that it goes on');

# ---- an HTML page ----

my $number = $application->issue_of($task)->{number};
$github->fault("GET /issues/$number\$", { html => 200 }, times => 'forever');
$application->sql("UPDATE tasks SET title = title || ', edited'");
$application->wait_until_done;
my $error = errored_row();
is($error->{error_code}, 'invalid_response', 'a page of HTML in place of an answer: invalid_response');
is($error->{attempts}, 3, 'after max_attempts');
is($error->{record_id}, $task, 'of the row it came for');
is(title_on_github($neighbour), 'the neighbour, edited', 'its neighbour completes');
$github->clear_faults;
retry_errored();

$github->fault("GET /issues/$number\$", { html => 502 });
$application->edit_task($task, title => 'after a bad gateway');
$application->wait_until_done;
is(title_on_github($task), 'after a bad gateway', 'a bad gateway is waited out');
is(($application->task_transactions('true'))[-1]{attempts}, 0, 'without counting an attempt');

# A web server's page, of a proxy or where the API is elsewhere, tells nothing of an issue or a repository.
foreach my $status (404, 403, 410)
{
	$github->fault('GET /repos/', { html => $status }, times => 'forever');
	$application->edit_task($task, title => "after pages with $status");
	$application->wait_until("SELECT EXISTS (SELECT FROM github_sync.sync_queue WHERE last_error LIKE 'GitHub unreachable: GitHub answered $status %page instead of JSON%')");
	pass("a page with $status: the row waits, and the last error says why");
	$github->clear_faults;
	$application->wait_until_done;
	is(title_on_github($task), "after pages with $status", '... and goes on');
}
is($application->superuser_sql('SELECT count(*) FROM github_sync.github_repos WHERE access_lost'), 0, 'no repository counts as lost');

# ---- the application's table refuses ----

$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', $number, title => 'rude words');
$github->human_edits_issue('acme/widgets', $application->issue_of($neighbour)->{number}, title => 'kind words');
$application->tell_of_issue($_) foreach $github->issues('acme/widgets');
$application->wait_until_done;
$error = errored_row();
is($error->{error_code}, 'apply_failed', "a title that the table's constraint refuses: apply_failed");
like($error->{error_reason}, qr/^23514: .*tasks_title_is_polite/, 'with the SQLSTATE and the constraint');
isnt($application->task($task)->{title}, 'rude words', 'the task stays as it was');
is($application->task($neighbour)->{title}, 'kind words', 'its neighbour completes');
$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', $number, title => 'polite words');
retry_errored();
is($application->task($task)->{title}, 'polite words', 'with what GitHub says by then');

my $rude = $github->human_creates_issue('acme/widgets', title => 'a rude issue');
$application->tell_of_issue($rude);
$application->wait_until_done;
is(errored_row()->{error_code}, 'apply_failed', 'an issue that makes no task is errored too');
is($application->superuser_sql("SELECT task_id FROM github_sync.github_issues WHERE number = $rude->{number}"), '', 'and not linked');
$github->human_edits_issue('acme/widgets', $rude->{number}, title => 'a polite issue');
retry_errored();

# ---- another session was quicker ----

$application->sql(q{
	CREATE SEQUENCE races;
	CREATE FUNCTION lose_race() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF nextval('races') <= 2 THEN
			RAISE unique_violation USING MESSAGE = 'duplicate key value violates unique constraint', SCHEMA = TG_ARGV[0], TABLE = 'github_issues';
		END IF;
		RETURN NEW;
	END $$});

# What a transaction of a task comes to whose first two tries meet a key of a table in a schema.
sub after_lost_races
{
	my ($schema) = @_;

	$application->sql("ALTER SEQUENCE races RESTART;
		CREATE TRIGGER lose_race BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION lose_race('$schema')");
	$github->advance_clock(5);
	$github->human_edits_issue('acme/widgets', $number, title => "a race in $schema");
	$application->tell_of_issue($github->issue('acme/widgets', $number));
	$application->wait_until_done;
	$application->sql('DROP TRIGGER lose_race ON tasks');
	return ($application->task_transactions('true'))[-1];
}

my $lost = after_lost_races('github_sync');
is($lost->{state}, 'completed', 'a key of our own tables that another session took: tried again');
like($lost->{last_error}, qr/^apply_failed: 23505|23505/, '... and the row says what was in the way');
is($application->task($task)->{title}, 'a race in github_sync', '... until it is applied');
is(after_lost_races('shop')->{state}, 'errored', "a key of the application's tables is no race: errored");
retry_errored();

# ---- GitHub refuses ----

my $refusal = encode_json({ message => 'Validation Failed', errors => [ { resource => 'Issue', message => 'title is unbearable' } ] });
my %json    = (headers => { 'content-type' => 'application/json' });
my $seq     = $github->last_seq;
$github->fault('POST /issues$', { answer => { status => 422, body => $refusal, %json } }, body => 'unbearable');
my $refused = $application->add_task(title => 'an unbearable title');
my $other   = $application->add_task(title => 'a bearable title');
$application->wait_until_done;
$error = errored_row();
is("$error->{error_code} $error->{record_id}", "validation_failed $refused", '422: validation_failed');
like($error->{error_reason}, qr/Validation Failed.*title is unbearable/, "with GitHub's words");
is(title_on_github($other), 'a bearable title', 'its neighbour completes');
retry_errored();
is(scalar(grep { m{^GET .*/issues\?} } GitHubSync::Application::asked($github, $seq)), 0, 'a creation that was refused need not be looked for');

my $forbidden = encode_json({ message => 'Resource not accessible by integration' });
$github->fault("GET /issues/$number\$", { answer => { status => 403, body => $forbidden, %json } }, times => 'forever');
$application->sql("UPDATE tasks SET title = 'title when forbidden' WHERE id IN ($task, $neighbour)");
$application->wait_until_done;
$error = errored_row();
is($error->{error_code}, 'forbidden', '403: forbidden');
like($error->{error_reason}, qr/\b403\b.*Resource not accessible by integration/, "with GitHub's words");
is(title_on_github($neighbour), 'title when forbidden', 'its neighbour completes');
is($application->task($task)->{title}, 'title when forbidden', 'the task is still there');
$github->clear_faults;
retry_errored();

# A write: its repository is asked whether it is archived, and is not.
$seq = $github->last_seq;
$github->fault("PATCH /issues/$number\$", { answer => { status => 403, body => $forbidden, %json } }, times => 'forever');
$application->sql("UPDATE tasks SET title = 'title that may not be written' WHERE id = $task");
$application->wait_until_done;
$error = errored_row();
is($error->{error_code}, 'forbidden', '403 to a write: forbidden');
like($error->{error_reason}, qr/\b403\b.*Resource not accessible by integration/, "with GitHub's words");
is(scalar(grep { m{^PATCH |^GET /repos/[^/]+/[^/]+ } } GitHubSync::Application::asked($github, $seq)), 2, '... after one look at its repository');
$github->clear_faults;
retry_errored();

# ---- too large for GitHub ----

$seq = $github->last_seq;
my @too_large = ($application->add_task(title => 'x' x 257), $application->add_task(title => 'a long text', markdown => 'x' x 65_537));
my $fits      = $application->add_task(title => 'ü' x 256);
$application->wait_until_done;
is_deeply([ map { "$_->{error_code} $_->{record_id}" } $application->rows('SELECT * FROM github_sync.sync_errors ORDER BY id') ],
	[ map { "too_large $_" } @too_large ], 'a title of 257 characters, a text of more than 65,536: too_large');
is(scalar(grep { $_->{body} =~ /x{250}/ } $github->requests(since => $seq)), 0, 'and never sent');
is(title_on_github($fits), "\x{fc}" x 256, 'a title of 256 characters that are not ASCII fits');
$application->edit_task($_, title => "shorter $_", markdown => '') foreach @too_large;
$application->wait_until_done;
is(title_on_github($_), "shorter $_", 'made shorter, it arrives') foreach @too_large;
$application->sql("SELECT github_sync.retry_task_sync_transaction(id) FROM github_sync.sync_errors");
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'and a retry finds that nothing is left to do');

# ---- a token that ends early ----

$seq = $github->last_seq;
$github->expire_tokens;
$application->edit_task($task, title => 'with a new token');
$application->wait_until_done;
is(title_on_github($task), 'with a new token', 'a token that has ended is renewed');
is_deeply([ map { "$_->{method} $_->{status}" } ($github->requests(since => $seq))[ 0 .. 2 ] ], [ 'GET 401', 'POST 201', 'GET 200' ],
	'after one refusal, at once');

# ---- rate limits ----

$seq = $github->last_seq;
$github->fault("GET /issues/$number\$", { answer => { status => 403, body => encode_json({ message => 'You have exceeded a secondary rate limit' }),
	headers => { 'content-type' => 'application/json', 'retry-after' => '1', 'x-github-request-id' => 'AB12:34CD' } } });
$application->edit_task($task, title => 'after the limit');
$github->wait_for_request(GET => "/issues/$number\$", since => $seq);
wait_for_reason('rate limit');
pass('at a rate limit the row waits, and says so');
like(slurp_file($node->logfile), qr/installation \d+ pauses until .*: GitHub answered 403 \(rate limited\).*\n.*DETAIL:  GitHub's request id is AB12:34CD\./,
	"so does the log, with GitHub's request id");
$application->edit_task($neighbour, title => 'after the limit');
$application->wait_until_done;
is(title_on_github($_), 'after the limit', 'and goes on afterwards') foreach $task, $neighbour;
my ($limited, $next) = $github->requests(since => $seq);
cmp_ok($next->{t} - $limited->{finished_t}, '>=', 950, 'nothing is sent before retry-after has passed');
is(($application->task_transactions("task_id = $task"))[-1]{attempts}, 0, 'no attempt is counted');

# ---- the application holds its row, or its table ----

$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', $number, title => 'while it is held');
$github->human_edits_issue('acme/widgets', $application->issue_of($neighbour)->{number}, title => 'while the other is held');
$github->fault("GET /issues/$number\$", { gate => 'reading' });
my $held = $application->tell_of_issue($github->issue('acme/widgets', $number))->{id};
$github->wait_at_gate('reading');
my $session = $node->background_psql($application->database);
$session->query_safe("BEGIN; SELECT 1 FROM planner.tasks WHERE id = $task FOR UPDATE");
$seq = $github->last_seq;
$github->open_gate('reading');
my $free = $application->tell_of_issue($github->issue('acme/widgets', $application->issue_of($neighbour)->{number}))->{id};
$application->wait_for_state($free, 'completed');
pass('while the application holds a task, others go on');
is($application->task_transaction($held)->{state}, 'processing', 'the one that needs it is postponed');
$session->query_safe("UPDATE planner.tasks SET markdown = 'written meanwhile' WHERE id = $task; COMMIT");
$application->wait_until_done;
is($application->task_transaction($held)->{state}, 'completed', 'and completes when it is free');
is($application->task($task)->{title}, 'while it is held', 'with what GitHub has');
is($application->task($task)->{markdown}, 'written meanwhile', 'and what the application wrote');
is($application->task_transaction($held)->{attempts}, 0, 'without a failed attempt');

$github->fault("GET /issues/$number\$", { gate => 'reading-again' });
$github->advance_clock(5);
$github->human_edits_issue('acme/widgets', $number, title => 'while the table is held');
$application->tell_of_issue($github->issue('acme/widgets', $number));
$github->wait_at_gate('reading-again');
$session->query_safe('BEGIN; LOCK TABLE planner.tasks IN ACCESS EXCLUSIVE MODE');
$github->open_gate('reading-again');
$application->wait_until("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE backend_type = 'github_sync worker'");
$session->query_safe('COMMIT');
$session->quit;
$application->wait_until_done;
is($application->task($task)->{title}, 'while the table is held', 'a lock of the whole table is waited out too');

# ---- elsewhere ----

foreach my $status (301, 307)
{
	$github->fault("GET /issues/$number\$", { answer => { status => $status, body => '{}',
		headers => { 'content-type' => 'application/json', location => $stranger->url . "/repos/acme/widgets/issues/$number" } } });
	$application->edit_task($task, title => "elsewhere $status");
	$application->wait_until_done;
	is(errored_row()->{error_code}, 'moved', "$status to another host: moved");
	retry_errored();
}
is(scalar $stranger->requests, 0, 'nothing was ever sent to the other host');

$github->human_renames_repository('acme/widgets', owner => 'acme', name => 'gears');
$application->edit_task($task, title => 'to the new name');
$application->wait_until_done;
is($github->issue('acme/gears', $number)->{title}, 'to the new name', 'a redirect within GitHub is followed: the repository was renamed');

# ---- and in the end ----

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

$github->installation(515151, 'suspend');
$application->edit_task($task, title => 'while suspended');
$application->wait_until_done;
is(($application->task_transactions("task_id = $task"))[-1]{disabled_reason}, 'installation', 'a suspended installation disables its rows');

done_testing();
