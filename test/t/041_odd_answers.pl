# 041_odd_answers.pl
#
# Group: attacks.
# Answers that GitHub does not give, or should not: nothing is written twice or
# elsewhere, nothing is asked without a bound, and the row says what was odd.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::Load qw(at_this_load);
use JSON::PP;
use Test::More;

my $json        = JSON::PP->new->utf8;
my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => {
	'github_sync.max_attempts' => 2, 'github_sync.creation_recheck' => '1s', 'github_sync.retry_base_delay' => '100ms' });

sub last_of         { return ($application->task_transactions("task_id = $_[0]"))[-1] }
sub title_on_github { return $github->issue('acme/widgets', $application->issue_of($_[0])->{number})->{title} }
sub of_title        { my ($title) = @_; return scalar grep { $_->{title} eq $title } $github->issues('acme/widgets') }
sub asked           { my ($method, $since) = @_; return [ map { "$_->{path} " . ($_->{status} // 'gone') } grep { $_->{method} eq $method } $github->requests(since => $since) ] }
sub redirect        { my ($status, $to) = @_; return { status => $status, body => '{}', headers => { location => $to } } }

# ---- a creation that is sent elsewhere, or answered with something else ----

my $known = $application->add_task(title => 'known');
$application->wait_until_done;
my $number = $application->issue_of($known)->{number};
my $shown  = '{"id":' . $application->issue_of($known)->{github_id} . ',"number":' . $number . ',"title":"known","body":"a body","state":"open","user":{"login":"tasksync[bot]","id":1296004},'
  . '"html_url":"https://github.com/acme/widgets/issues/1","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}';

my %after_effect = (
	'302 to a page'              => redirect(302, '/user'),
	'302 to the issue'           => redirect(302, "/repos/acme/widgets/issues/$number"),
	'303 to the issue'           => redirect(303, "/repos/acme/widgets/issues/$number"),
	'307 to somewhere else'      => redirect(307, '/user'),
	'308 to another host'        => redirect(308, 'https://evil.example/repos/acme/widgets/issues'),
	'301 without a place'        => { status => 301, body => '{}' },
	'201 with half of an issue'  => { status => 201, body => '{"id":1,"title":"cut' },
	'201 with a text cut off'    => { status => 201, body => $shown =~ s/"known"/"kno\\uZZZZwn"/r },
	'201 with a name twice'      => { status => 201, body => $shown =~ s/\{/{"title":"other",/r },
	'201 with another issue'     => { status => 201, body => $shown },
	'200 with a list'            => { status => 200, body => "[$shown]" },
	'202 with a promise'         => { status => 202, body => '{"message":"later"}' },
	'204 with nothing'           => { status => 204 },
	'304 of what nobody knows'   => { status => 304 },
);
foreach my $name (sort keys %after_effect)
{
	my $seq = $github->last_seq;

	$github->fault('POST /issues$', { answer => $after_effect{$name}, after_effect => JSON::PP::true });
	my $task = $application->add_task(title => $name);
	$application->wait_until_done;
	is(last_of($task)->{state}, 'completed', "a creation answered $name completes");
	is(of_title($name), 1, '... with one issue');
	is(scalar(@{ asked('POST', $seq) }), 1, '... and one POST');
}
my @elsewhere = grep { $_->{method} ne 'GET' && $_->{path} !~ m{^/repos/acme/widgets/issues$|/access_tokens$} } $github->requests;
is_deeply([ map { "$_->{method} $_->{path}" } @elsewhere ], [], 'nothing was written anywhere else');
is(title_on_github($known), 'known', 'and nothing to the issue that was shown');

# What was sent on within the API, to where it does the same, is followed.
$github->fault('POST ^/repos/acme/widgets/issues$', { answer => redirect(307, '/repositories/1296269/issues') });
my $moved = $application->add_task(title => 'sent on');
$application->wait_until_done;
is(of_title('sent on'), 1, 'a creation that is sent on within the API, to a repository, is followed');

# Never answered with what can be read: given up, with a reason.
$github->fault('POST /issues$', { answer => redirect(302, '/user') }, times => 'forever');
my $seq     = $github->last_seq;
my $refused = $application->add_task(title => 'never created');
$application->wait_until_done;
is(last_of($refused)->{error_code}, 'invalid_response', 'a creation that is always sent elsewhere ends errored');
is(scalar(@{ asked('POST', $seq) }), 2, 'after max_attempts');
$github->clear_faults;

# ---- an update that is answered with something else ----

my $stranger = $shown =~ s/"id":\d+/"id":987654321/r;
foreach my $answer ($stranger, $stranger =~ s/^\{/{"repository_url":"https:\/\/api.github.com\/repos\/acme\/gadgets",/r)
{
	my $linked = $application->issue_of($known)->{github_id};
	my $before = $github->last_seq;

	$github->fault("PATCH /issues/$number\$", { answer => { status => 200, body => $answer } });
	$application->edit_task($known, title => 'asked for once more');
	$application->wait_until_done;
	is(last_of($known)->{state} . ' ' . last_of($known)->{attempts}, 'completed 1', 'an update that is answered with another issue is tried again');
	is($application->issue_of($known)->{github_id}, $linked, '... and stays what it is');
	is(title_on_github($known), 'asked for once more', '... where it arrives');
	$application->edit_task($known, title => 'known');
	$application->wait_until_done;
	is(scalar(@{ asked('POST', $before) }), 0, '... as does the next one, without a second issue');
}
$github->fault("PATCH /issues/$number\$", { answer => { status => 200, body => $stranger } }, times => 'forever');
$application->edit_task($known, title => 'answered so for ever');
$application->wait_until_done;
is(last_of($known)->{error_code}, 'invalid_response', 'one that is always answered so ends errored');
$github->clear_faults;
$application->edit_task($known, title => 'known');
$application->wait_until_done;

# ---- an update or deletion that is sent elsewhere ----

foreach my $case ([ 302, '/user', 'invalid_response' ], [ 307, '/user', 'moved' ], [ 307, '/repos/acme/widgets', 'moved' ])
{
	my ($status, $to, $code) = @$case;

	$github->fault("PATCH /issues/$number\$", { answer => redirect($status, $to) }, times => 'forever');
	$seq = $github->last_seq;
	$application->edit_task($known, title => "edited in spite of $status");
	$application->wait_until_done;
	is(last_of($known)->{error_code}, $code, "an update answered $status to $to: $code");
	is(scalar(grep { $_ !~ m{^/repos/acme/widgets/issues/$number } } @{ asked('PATCH', $seq) }), 0, '... and is not sent there');
	$github->clear_faults;
}
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;

# ---- a list that goes round and round ----

# A page of the list as GitHub would show it, with the next one as the fault says.
sub list_of
{
	my ($next, @items) = @_;

	return { body => '[' . join(',', @items) . ']', headers => { link => "<$next>; rel=\"next\"", 'content-type' => 'application/json' } };
}

my $now = $github->now =~ s/\.\d+//r;
my @items = map { my $id = $_; my $item = $json->decode($shown); @$item{qw(id number created_at body)} = (900_000 + $id, 9000 + $id, $now, 'a body'); $json->encode($item) } 1 .. 2;
my $base  = '/repos/acme/widgets/issues';
my %circles = (
	'to itself'           => [ [ 'GET /issues\?', list_of("$base?page=2&state=all", @items) ] ],
	'from one to another' => [ [ 'GET /issues\?.*page=2', list_of("$base?page=3&state=all", $items[0]) ], [ 'GET /issues\?', list_of("$base?page=2&state=all", $items[1]) ] ],
	'of nothing'          => [ [ 'GET /issues\?', list_of("$base?page=2&state=all") ] ],
);
foreach my $name (sort keys %circles)
{
	$seq = $github->last_seq;
	$github->fault('POST /issues$', { reset_after_effect => JSON::PP::true });
	$github->fault($_->[0], { answer => $_->[1] }, times => 'forever') foreach @{ $circles{$name} };
	my $task = $application->add_task(title => "list $name");
	$application->wait_until_done;
	my $errored = last_of($task);
	is($errored->{error_code}, 'invalid_response', "a list that leads $name is not read to an end");
	like($errored->{error_reason}, qr/pages come to no end/, '... for that reason');
	is(of_title("list $name"), 1, '... and does not count as one that has not got it');
	cmp_ok(scalar(@{ asked('GET', $seq) }), '<=', 12, '... after a few pages');
	$github->clear_faults;
	$application->sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
	is(of_title("list $name"), 1, '... a retry finds it');
	is(last_of($task)->{state}, 'completed', '... and completes');
}

# ---- lists that are swept: what is odd about one is its own, and no cause for haste ----

my @of_list = (
	[ 'leads to itself'      => list_of('/repositories/1296269/issues?page=2', @items), qr/comes to no end/ ],
	[ 'leads on by nothing'  => list_of('/repositories/1296269/issues?page=2'), qr/comes to no end/ ],
	[ 'is empty'             => { status => 200 }, qr/200 \(invalid response\)/ ],
	[ 'is what nobody knows' => { status => 304 }, qr/304 \(invalid response\)/ ],
	[ 'is too late'          => { status => 408, body => '{}' }, qr/408 \(unavailable\)/ ],
);
GitHubSync::Application::reconfigure($application->node, 'github_sync.reconcile_interval' => '1h');
foreach my $case (@of_list)
{
	my ($what, $answer, $error) = @$case;

	$github->fault('GET /repositories/1296269/issues\?', { answer => $answer }, times => 'forever');
	$seq = $github->last_seq;
	$application->sql("UPDATE github_sync.repo_sweeps SET phase = 'sweep', cursor_link = NULL, pass_began_at = NULL, attempts = 0, etag = NULL, last_error = NULL,
		last_complete_at = now(), last_census_at = now(), due_at = CASE stream WHEN 'issues' THEN now() ELSE 'infinity' END");
	$application->sql('SELECT github_sync.wake()');
	$application->wait_until("SELECT last_error IS NOT NULL AND due_at > now() + interval '10 seconds' FROM github_sync.repo_sweeps WHERE stream = 'issues'");
	like($application->sql("SELECT last_error FROM github_sync.repo_sweeps WHERE stream = 'issues'"), $error, "a list that $what says so");
	my @lists = grep { m{^/repositories/1296269/issues\?} } @{ asked('GET', $seq) };
	cmp_ok(scalar(@lists), '<=', 4, '... and is asked for a few times') or diag join "\n", @lists;
	$github->clear_faults;
}

# An item that cannot be read, but says which one it is, is an error of its own.
my $of_9999 = $items[0] =~ s/"updated_at":"[^"]*"/"updated_at":"9999-01-01T00:00:00Z"/r;

$github->fault('GET /repositories/1296269/issues\?', { answer => { status => 200, headers => { 'content-type' => 'application/json' }, body => "[$of_9999]" } }, times => 'forever');
$application->sql("UPDATE github_sync.repo_sweeps SET phase = 'sweep', cursor_link = NULL, pass_began_at = NULL, attempts = 0, etag = NULL, last_error = NULL,
	last_complete_at = NULL, last_census_at = now(), due_at = CASE stream WHEN 'issues' THEN now() ELSE 'infinity' END");
$application->sql('SELECT github_sync.wake()');
$application->wait_until("SELECT last_complete_at IS NOT NULL FROM github_sync.repo_sweeps WHERE stream = 'issues'");
is($application->sql("SELECT error_code || ' ' || error_reason FROM github_sync.sync_errors WHERE error_reason ~ 'list'"), "invalid_response GitHub's list shows it, but it cannot be read: updated_at",
	'an item of 9999 is an error of its own');
$application->sql("DELETE FROM github_sync.task_sync_transactions WHERE error_reason ~ 'list shows it'");
$github->clear_faults;
is($application->sql("SELECT coalesce(cursor_at, '-infinity') < now() + interval '1 day' FROM github_sync.repo_sweeps WHERE stream = 'issues'"), 't', 'a time to come is none from which a list is read');
GitHubSync::Application::reconfigure($application->node, 'github_sync.reconcile_interval' => '0');
$application->wait_until_done;

# ---- shown, but not to be changed ----

my $no_such = { answer => { status => 404, body => '{"message":"Not Found"}', headers => { 'content-type' => 'application/json' } } };
$github->fault("PATCH /issues/$number\$", $no_such, times => 'forever');
$seq = $github->last_seq;
$application->edit_task($known, title => 'may not be written');
$application->wait_until_done;
my $errored = last_of($known);
is($errored->{error_code}, 'forbidden', 'an update answered 404, of an issue that GitHub shows: forbidden');
like($errored->{error_reason}, qr/may the App, or the token's user, write there/, '... and says what to look at');
is(scalar(@{ asked('PATCH', $seq) }), 2, '... after max_attempts');
is($application->issue_of($known)->{deleted_at}, undef, '... it does not count as deleted');
$github->clear_faults;

my $comment = $application->add_comment($known, 'a comment');
$application->wait_until_done;
my $comment_id = $application->github_comment_of($comment)->{github_id};
$application->sql("UPDATE github_sync.github_repos SET on_local_delete = 'propagate'");
$github->fault('DELETE /issues/comments/', $no_such, times => 'forever');
$seq = $github->last_seq;
$application->sql("DELETE FROM comments WHERE id = $comment");
$application->wait_until_done;
my $deletion = ($application->comment_transactions("action = 'delete'"))[-1];
is($deletion->{error_code}, 'forbidden', 'a deletion answered 404, of a comment that GitHub shows: forbidden');
is(scalar(@{ asked('DELETE', $seq) }), 2, '... after max_attempts');
$github->clear_faults;
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is_deeply([ grep { $_->{id} == $comment_id } $github->comments('acme/widgets', $number) ], [], '... a retry deletes it');

# ---- times that cannot be ----

my $told_comment = $application->add_comment($known, 'told of');
$application->wait_until_done;
$comment_id = $application->github_comment_of($told_comment)->{github_id};
my $shown_comment = '{"id":' . $comment_id . ',"body":"told of","user":{"login":"alice","id":7},"html_url":"h","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z",'
  . '"issue_url":"' . $github->url . "/repos/acme/widgets/issues/$number\"}";
foreach my $year (2037, 9999)
{
	my $at      = "$year-12-31T23:59:59Z";
	my %answers = ("GET /issues/$number\$" => $shown, "GET /issues/comments/$comment_id\$" => $shown_comment);

	like($application->error_of("INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
		VALUES ('inbound', 1296269, @{[$application->issue_of($known)->{github_id}]}, $number, '$at')"), qr/more than a day in the future/, "a webhook of the year $year is refused");
	$github->fault($_, { answer => { body => $answers{$_} =~ s/"updated_at":"[^"]*"/"updated_at":"$at"/r } }, times => 2) foreach keys %answers;
	$github->advance_clock(2);
	$github->human_edits_issue('acme/widgets', $number, title => "before $year");
	$github->human_edits_comment($comment_id, body => "before $year");
	$application->tell_of_issue($github->issue('acme/widgets', $number));
	my ($of_comment) = grep { $_->{id} == $comment_id } $github->comments('acme/widgets', $number);
	$application->tell_of_comment($of_comment, $number);
	$application->wait_until_done;
	is($application->row("SELECT string_agg(record_type || ' ' || error_code, ', ' ORDER BY record_type) AS errors FROM github_sync.sync_errors WHERE error_reason LIKE '%day ahead%'")->{errors},
		'comment invalid_response, task invalid_response', "GitHub's answers of the year $year are not believed");

	$github->advance_clock(2);
	$github->human_edits_issue('acme/widgets', $number, title => "after $year");
	$github->human_edits_comment($comment_id, body => "after $year");
	$application->tell_of_issue($github->issue('acme/widgets', $number));
	($of_comment) = grep { $_->{id} == $comment_id } $github->comments('acme/widgets', $number);
	$application->tell_of_comment($of_comment, $number);
	$application->wait_until_done;
	is($application->task($known)->{title}, "after $year", '... and what webhooks tell of later is carried');
	is($application->comment($told_comment)->{markdown}, "after $year", '... of comments, too');

	$github->fault("PATCH /issues/$number\$", { answer => { body => $shown =~ s/"updated_at":"[^"]*"/"updated_at":"$at"/r }, after_effect => JSON::PP::true });
	$application->edit_task($known, title => "an update answered $year");
	$application->wait_until_done;
	is(title_on_github($known), "an update answered $year", '... an update that is answered so is carried');
	is(last_of($known)->{state}, 'completed', '... and completed by what GitHub shows then');
	$application->sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
}

# ---- refusals that name a time ----

sub refuse_reads
{
	my ($headers, $times) = @_;

	$github->fault("GET /issues/$number\$", { answer => { status => 429, body => '{"message":"slow down"}', headers => { %$headers, 'content-type' => 'application/json' } } }, times => $times);
	$seq = $github->last_seq;
	$application->edit_task($known, title => 'refused ' . $github->last_seq);
}

sub paused_for_s { return $application->superuser_sql('SELECT extract(epoch FROM paused_until - clock_timestamp()) FROM github_sync.github_app_installations') || 0 }

refuse_reads({ 'retry-after' => '1' }, 3);
$application->wait_until("SELECT count(*) = 0 FROM github_sync.sync_queue");
my @refused = map { $_->{t} } grep { ($_->{status} // 0) == 429 } $github->requests(since => $seq);
cmp_ok($refused[2] - $refused[1], '<', at_this_load(2500), 'Retry-After: 1 is a second, also in a row');
refuse_reads({ 'retry-after' => '0' }, 2);
$application->wait_until("SELECT count(*) = 0 FROM github_sync.sync_queue");
@refused = map { $_->{t} } grep { ($_->{status} // 0) =~ /^(?:429|200)$/ && $_->{path} =~ m{/issues/$number$} && $_->{method} eq 'GET' } $github->requests(since => $seq);
cmp_ok($refused[1] - $refused[0], '>=', 950, 'Retry-After: 0 is a second');
cmp_ok($refused[2] - $refused[1], '>=', 1950, '... and twice that in a row');

# ---- refusals that name a time that is none, or one far away ----

# Nothing waits for longer than a day, whatever GitHub says; what says nothing is as no time at all: a minute.
my $reset = sub { return ('x-ratelimit-remaining' => '0', 'x-ratelimit-reset' => $_[0]) };
foreach my $case (
	[ 'Retry-After of 10^11',                        86_400, 'retry-after' => '100000000000' ],
	[ 'Retry-After with more digits than a number',  86_400, 'retry-after' => '9' x 40 ],
	[ 'a negative Retry-After',                      60,     'retry-after' => '-100000000000' ],
	[ 'a Retry-After that is NaN',                   60,     'retry-after' => 'NaN' ],
	[ 'a Retry-After of two values',                 60,     'retry-after' => '5, 100000000000' ],
	[ 'x-ratelimit-reset of 10^11',                  86_400, $reset->('100000000000') ],
	[ 'x-ratelimit-reset of more digits',            86_400, $reset->('9' x 40) ],
	[ 'a negative x-ratelimit-reset',                60,     $reset->('-100000000000') ],
	[ 'an x-ratelimit-reset that is NaN',            60,     $reset->('NaN') ],
	[ 'an x-ratelimit-reset of two values',          60,     $reset->('5, 100000000000') ])
{
	my ($what, $most_s, %headers) = @$case;

	refuse_reads(\%headers, 1);
	$application->wait_until("SELECT count(*) = 1 FROM github_sync.sync_queue WHERE waits_for LIKE 'rate limit until %'");
	my $pause_s = paused_for_s();
	ok($pause_s > $most_s - 15 && $pause_s <= $most_s + 1, "$what: a pause of $most_s seconds") or diag("$pause_s s");
	$github->clear_faults;
	# What the worker remembers of it goes with the server's memory; what is stored, when no worker writes it again.
	$application->switch_off;
	$application->disconnect;
	$application->node->restart;
	$application->superuser_sql('UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL');
	$application->switch_on;
	$application->wait_until_done;
	is(title_on_github($known), $application->task($known)->{title}, '... and all goes on after it');
}

refuse_reads({}, 1);
$application->wait_until("SELECT count(*) = 1 FROM github_sync.sync_queue WHERE waits_for LIKE 'rate limit until %'");
my $paused_for_s = paused_for_s();
ok($paused_for_s > 50 && $paused_for_s <= 60, 'then one without a time is a minute') or diag("$paused_for_s s");

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

done_testing();
