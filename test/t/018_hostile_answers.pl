# 018_hostile_answers.pl
#
# Group: attacks.
# Whatever answers in GitHub's place: each row ends with a clear reason, the
# others are carried meanwhile, and the worker neither ends nor grows.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use JSON::PP;
use Test::More;

use constant MB => 1024;		# kB, as /proc counts

my $json        = JSON::PP->new->utf8;
my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.max_attempts' => 2, 'github_sync.max_response_size' => '1MB' });

my ($victim, $neighbour) = map { $application->add_task(title => "task $_") } 1, 2;
$application->wait_until_done;
my $worker = $application->worker_pid;
my $number = $application->issue_of($victim)->{number};
my $path   = "/issues/$number\$";

sub title_on_github { return $github->issue('acme/widgets', $application->issue_of($_[0])->{number})->{title} }
sub last_of         { return ($application->task_transactions("task_id = $_[0]"))[-1] }

# What the worker has in memory, kB: VmRSS now, VmHWM at most.
sub memory_kb
{
	my ($what) = @_;
	my ($kb)   = slurp_file("/proc/$worker/status") =~ /^\Q$what\E:\s+(\d+) kB/m;

	return $kb;
}

# GitHub's present answer about the victim, with other members.
sub issue_with
{
	my (%members) = @_;

	return { id => $application->issue_of($victim)->{github_id}, number => $number, title => 'from outside', body => 'a body', state => 'open',
		user => { login => 'alice' }, html_url => 'https://github.com/acme/widgets/issues/1',
		created_at => '2026-01-01T00:00:00Z', updated_at => $github->now =~ s/\.\d+//r, %members };
}

# ---- answers that are no issue ----

my $deep = '[' x 100_000 . ']' x 100_000;
my %hostile = (
	'a body of 100 MB'                  => [ { answer => { filler_bytes => 100 * 1024 * 1024 } },                   'body is over the limit' ],
	'a body without an end'             => [ { endless => JSON::PP::true },                                         'body is over the limit' ],
	'a gzip bomb'                       => [ { answer => { gzip => JSON::PP::true, filler_bytes => 100 * 1024 * 1024 } }, 'body is over the limit' ],
	'10,000 headers'                    => [ { answer => { many_headers => 10_000, body => '{}' } },                'headers are over the limit' ],
	'a header of 300 kB'                => [ { answer => { headers => { 'x-long' => 'x' x 300_000 }, body => '{}' } }, 'headers are over the limit' ],
	'JSON nested 100,000 deep'          => [ { answer => { body => $deep } },                                       'nesting' ],
	'JSON nested within a member'       => [ { answer => { body => '{"id":1,"x":' . $deep . '}' } },                'nesting' ],
	'half a million values'             => [ { answer => { body => ',[0]', repeat => 255_000 } },                  'invalid response' ],
	'half a million values in an array' => [ { answer => { body => '{"id":[' . '0,' x 510_000 . '0]}' } },           'number of values' ],
	'JSON that is called HTML'          => [ { answer => { body => '{"id":1}', headers => { 'content-type' => 'text/html' } } }, 'invalid response' ],
	'HTML that is called JSON'          => [ { answer => { body => '<html></html>' } },                             'invalid response' ],
	'half of the JSON'                  => [ { answer => { body => '{"id":1,"title":"cut' } },                      'JSON' ],
	'an array'                          => [ { answer => { body => '[{"id":1}]' } },                                'object' ],
	'no content'                        => [ { answer => { status => 204 } },                                       'invalid response' ],
	'a part of the content'             => [ { answer => { status => 206, body => issue_with() } },                 'invalid response' ],
	'a choice of places'                => [ { answer => { status => 300, body => '{}' } },                         'invalid response' ],
	'a status of its own'               => [ { answer => { status => 799, body => '{}' } },                         'invalid response' ],
	'no id'                             => [ { answer => { body => issue_with(id => undef) } },                     'id' ],
	'an id beyond 64 bits'              => [ { answer => { body => $json->encode(issue_with(id => 'ID')) =~ s/"ID"/9223372036854775808/r } }, 'id' ],
	'an id that is text'                => [ { answer => { body => issue_with(id => '1') } },                       'id' ],
	'a number beyond 2^31'              => [ { answer => { body => issue_with(number => 4294967296) } },            'number' ],
	'a title that is a number'          => [ { answer => { body => issue_with(title => 7) } },                      'title' ],
	'a title that is null'              => [ { answer => { body => issue_with(title => undef) } },                  'title' ],
	'a time of no calendar'             => [ { answer => { body => issue_with(updated_at => '2026-02-30T00:00:00Z') } }, 'updated_at' ],
	'a user that is text'               => [ { answer => { body => issue_with(user => 'alice') } },                 'user' ],
);

my $memory = memory_kb('VmRSS');
foreach my $name (sort keys %hostile)
{
	my ($action, $reason) = @{ $hostile{$name} };

	$github->fault("GET $path", $action, times => 'forever');
	$application->edit_task($_, title => $name) foreach $victim, $neighbour;
	$application->wait_until_done;
	my $errored = last_of($victim);
	is($errored->{error_code}, 'invalid_response', "$name: invalid_response");
	like($errored->{error_reason}, qr/\Q$reason\E/, "because of its $reason");
	is($errored->{attempts}, 2, 'after max_attempts');
	is(title_on_github($neighbour), $name, 'the neighbour is carried');
	$github->clear_faults;
}
is($application->worker_pid, $worker, 'the worker is still the same');
cmp_ok(memory_kb('VmHWM') - $memory, '<', 64 * MB, 'it never took more than 64 MB besides what it had')
  or diag("from $memory to at most " . memory_kb('VmHWM') . ' kB');
cmp_ok(memory_kb('VmRSS') - $memory, '<', 8 * MB, 'and gave it back') or diag("from $memory to " . memory_kb('VmRSS') . ' kB');
note("memory: $memory kB before, " . memory_kb('VmRSS') . ' kB after, ' . memory_kb('VmHWM') . ' kB at most');
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'with GitHub back in its place, a retry leaves nothing errored');

# "As you know it", of what nobody knows yet.
$github->fault('GET /issues/3$', { answer => { status => 304 } }, times => 'forever');
my $unseen = $application->tell_of_issue($github->human_creates_issue('acme/widgets', title => 'never seen'));
$application->wait_until_done;
is($application->task_transaction($unseen->{id})->{error_code}, 'invalid_response', 'a 304 of an issue not seen before: invalid_response');
is($application->superuser_sql("SELECT count(*) FROM planner.tasks"), 2, 'and no task is made of it');
$github->clear_faults;
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is($application->superuser_sql("SELECT title FROM planner.tasks ORDER BY id DESC LIMIT 1"), 'never seen', 'until it is');

# What our own parser took, and PostgreSQL's would not.
foreach my $text ("\"two\nlines\"", '01', '1e200000', '"cut\uZZZZ off"', '"\u12"', '{"name":1,"name":2}')
{
	my $unread = $github->human_creates_issue('acme/widgets', title => 'not read yet');
	my $answer = $json->encode(issue_with(id => $unread->{id}, number => $unread->{number}, extra => 'EXTRA'));
	$github->fault("GET /issues/$unread->{number}\$", { answer => { body => $answer =~ s/"EXTRA"/$text/r } }, times => 'forever');
	my $told = $application->tell_of_issue($unread);
	$application->wait_until_done;
	is($application->task_transaction($told->{id})->{error_code}, 'invalid_response', 'JSON with a member that is ' . $text =~ s/\n/ /r . ': invalid_response');
	$github->clear_faults;
	$application->sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
}

# ---- answers that do not arrive: waited out, whoever's fault it is ----

my %on_the_way = (
	'an answer cut off in mid-body' => { cut_in_body => JSON::PP::true },
	'a byte a second'               => { slow_bytes => { bytes => 1, every_ms => 1000 } },
	'a reset in place of an answer' => { reset_before => JSON::PP::true },
	'gzip that is none'             => { answer => { body => '{"id":1}', headers => { 'content-encoding' => 'gzip' } } },
);
GitHubSync::Application::reconfigure($application->node, 'github_sync.request_timeout' => '3s');
foreach my $name (sort keys %on_the_way)
{
	$github->fault("GET $path", $on_the_way{$name}, times => 2);
	$application->edit_task($_, title => $name) foreach $victim, $neighbour;
	$application->wait_until_done;
	is(title_on_github($_), $name, "$name is waited out") foreach $victim, $neighbour;
	my $carried = last_of($victim);
	is($carried->{attempts}, 0, 'without counting an attempt');
	like($carried->{last_error}, qr/^GitHub unreachable/, 'and leaves its reason');
}

GitHubSync::Application::reconfigure($application->node, 'github_sync.request_timeout' => '30s');

# ---- a write whose answer is hostile: nothing is done twice ----

my $seq = $github->last_seq;
$github->fault('POST /issues$', { answer => { filler_bytes => 2 * 1024 * 1024 } });
$github->fault('POST /issues$', { answer => { status => 307, body => '{}', headers => { location => 'https://evil.example/issues' } } });
my $created = $application->add_task(title => 'created in spite of all');
$application->wait_until("SELECT error_code = 'moved' FROM github_sync.sync_errors WHERE record_id = '$created'");
pass('a creation that is sent to another host: moved');
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is(title_on_github($created), 'created in spite of all', 'a retry creates it');
my @requests = map { "$_->{method} " . ($_->{status} // 'gone') } $github->requests(since => $seq);
is(scalar(grep { $_ eq 'POST 201' } @requests), 1, 'once');
like(join(', ', @requests), qr/^(?:GET 200, )?POST 200(?:, GET 200)+, POST 307(?:, GET 200)+, POST 201(?:,|$)/, 'after it was looked for, each time');

# ---- texts that are hard to store ----

my %texts = (
	'U+0000'                  => [ '"a\u0000b"',             "a\x{fffd}b" ],
	'lone surrogates'         => [ '"\ud83da\udc00"',        "\x{fffd}a\x{fffd}" ],
	'an emoji'                => [ '"\ud83d\ude00 \u2028"',  "\x{1f600} \x{2028}" ],
	'line ends of every kind' => [ '"a\r\nb\rc\n"',          "a\r\nb\rc\n" ],
	'nothing'                 => [ '""',                     '' ],
);
foreach my $name (sort keys %texts)
{
	my ($escaped, $text) = @{ $texts{$name} };

	$github->advance_clock(5);
	my $changed = $github->human_edits_issue('acme/widgets', $number, title => $name);
	# Not before: of the second before the edit, it would lag behind.
	my $answer = $json->encode(issue_with(title => $name)) =~ s/"a body"/$escaped/r;
	$github->fault("GET $path", { answer => { body => $answer } });
	$application->tell_of_issue($changed);
	$application->wait_until_done;
	is($application->task($victim)->{title}, $name, "$name in a body arrives");
	utf8::encode($text);
	is($application->task($victim)->{markdown}, $text, 'as it is, or as U+FFFD');
}

# ---- what GitHub may add, or leave out, one day ----

$github->advance_clock(5);
my $changed = $github->human_edits_issue('acme/widgets', $number, title => 'from the future');
$github->fault("GET $path", { answer => { body => issue_with(title => 'from the future', body => undef, state => 'archived',
	state_reason => 'superseded', user => undef, labels => [ 'text', { id => 1 } ], blocked_by => { more => [ 1, 2 ] } ) } });
$application->tell_of_issue($changed);
$application->wait_until_done;
my ($local, $cached) = ($application->task($victim), $application->issue_of($victim));
is($local->{title}, 'from the future', 'members and values that are new do no harm');
is($local->{status}, 'open', 'a state other than closed is open');
is($local->{markdown} // '', '', 'a body that is null is empty');
is_deeply([ @$cached{qw(state state_reason author_login)} ], [ 'archived', 'superseded', undef ], 'what GitHub said is kept; a deleted account has no name');

# ---- limits are counted in characters, the key of a creation included ----

my $key_length = $application->superuser_sql("SELECT length(github_sync.with_creation_key('x', gen_random_uuid())) - 1");
my $emoji      = "\xf0\x9f\x98\x80";
my $seq_before = $github->last_seq;
my $fits       = $application->add_task(title => 'just fits', markdown => $emoji x (65_536 - $key_length));
my $too_large  = $application->add_task(title => 'one too many', markdown => $emoji x (65_537 - $key_length));
$application->wait_until_done;
is(title_on_github($fits), 'just fits', 'a body of 65,536 characters, with its key, is created');
is(last_of($too_large)->{error_code}, 'too_large', 'one character more is too large');
is(scalar(grep { $_->{method} eq 'POST' && $_->{body} =~ /one too many/ } $github->requests(since => $seq_before)), 0, 'and is not sent');
$application->edit_task($fits, markdown => $emoji x 65_536);
$application->wait_until_done;
is(last_of($fits)->{state}, 'completed', 'an edit needs no key: 65,536 characters');

# ---- a comment without a text is one that GitHub has no place for ----

$application->superuser_sql('ALTER TABLE planner.comments ALTER markdown DROP NOT NULL');
my $comment = $application->add_comment($victim, 'a comment');
$application->wait_until_done;
my $before_null = $github->last_seq;
$application->sql("UPDATE comments SET markdown = NULL, modified_at = clock_timestamp() WHERE id = $comment");
$application->wait_until_done;
my $textless = ($application->comment_transactions("comment_id = $comment"))[-1];
is($textless->{error_code}, 'validation_failed', 'a comment whose text is taken away: validation_failed');
like($textless->{error_reason}, qr/text of a comment/, 'and why');
is(scalar(grep { $_->{method} eq 'PATCH' } $github->requests(since => $before_null)), 0, 'nothing is sent');

# The hidden key would make it a valid one.
my $blank = $application->add_comment($victim, " \n\t");
$application->wait_until_done;
is(($application->comment_transactions("comment_id = $blank"))[-1]{error_code}, 'validation_failed', 'a blank comment: validation_failed');
is(scalar(grep { $_->{method} eq 'POST' } $github->requests(since => $before_null)), 0, 'nothing is created');

# ---- what belongs into no header, and into no table ----

foreach my $etag ('"' . 'x' x 1000 . '"', "\"caf\xe9\"")
{
	$github->fault("GET $path", { headers => { etag => $etag } });
	$application->edit_task($victim, title => 'with an odd ETag ' . length $etag);
	$application->wait_until_done;
	is(last_of($victim)->{state}, 'completed', 'an ETag that is none does no harm');
	is($application->issue_of($victim)->{etag}, undef, 'and is not kept');
}
is($application->worker_pid, $worker, 'after all that it is the same worker');
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
