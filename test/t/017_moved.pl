# 017_moved.pl
#
# Group: attacks.
# GitHub sends the worker on: to another name of a repository, to another
# repository, to the next page; and never to another host.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start(judged => 1);
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.retry_max_delay' => '1s' });
$application->connect_repository(GitHubSync::Application::GADGETS, 'gadgets', GitHubSync::Application::INSTALLATION);

my ($task, $other) = map { $application->add_task(title => "task $_") } 1, 2;
$application->wait_until_done;
my $comment = $application->add_comment($task, 'a comment');
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};

sub repository_name { return $application->superuser_sql("SELECT owner_login || '/' || name FROM github_sync.github_repos WHERE id = $_[0]") }
sub last_of         { return ($application->task_transactions("task_id = $_[0]"))[-1] }
# One that knows nothing of any name.
sub new_worker
{
	my $pid = $application->worker_pid;
	$application->superuser_sql("SELECT pg_terminate_backend($pid)");
	$application->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database() AND pid <> $pid");
	return;
}

sub statuses        { return [ map { /^(\w+) .* (\d+)$/ } GitHubSync::Application::asked($github, $_[0]) ] }

# ---- a repository gets another name ----

$github->human_renames_repository('acme/widgets', owner => 'acme', name => 'gears');
my $seq = $github->last_seq;
$application->edit_task($task, title => 'to the new name');
$application->wait_until_done;
is($github->issue('acme/gears', $number)->{title}, 'to the new name', 'an edit follows the repository to its new name');
is(repository_name(GitHubSync::Application::WIDGETS), 'acme/gears', 'which is remembered');
is_deeply(statuses($seq), [ GET => 301, PATCH => 200 ], 'at once: the write goes there directly');

$seq = $github->last_seq;
$application->edit_task($other, title => 'by the new name');
$application->wait_until_done;
is_deeply(statuses($seq), [ GET => 200, PATCH => 200 ], 'and so does everything else');

# ---- found out by a comment, and by a creation ----

$github->human_renames_repository('acme/gears', owner => 'acme', name => 'cogs');
$application->edit_comment($comment, markdown => 'a comment, edited');
$application->wait_until_done;
is(repository_name(GitHubSync::Application::WIDGETS), 'acme/cogs', 'a comment finds out a new name');
is(($github->comments('acme/cogs', $number))[0]{body}, 'a comment, edited', 'and arrives there');

$github->human_renames_repository('acme/cogs', owner => 'acme', name => 'widgets');
$seq = $github->last_seq;
my $created = $application->add_task(title => 'created on the way');
$application->wait_until_done;
is(repository_name(GitHubSync::Application::WIDGETS), 'acme/widgets', 'a creation does, too');
is_deeply([ map { $_->{title} } grep { $_->{title} eq 'created on the way' } $github->issues('acme/widgets') ], ['created on the way'], 'it is created once');
is_deeply([ map { "$_->{method} $_->{status}" } $github->requests(since => $seq) ], [ 'GET 301', 'GET 200', 'POST 201' ], 'by a look at its repository, before anything is posted');

# Within the minute for which that look counts.
$github->human_renames_repository('acme/widgets', owner => 'acme', name => 'bolts');
$seq = $github->last_seq;
$application->add_task(title => 'created meanwhile');
$application->wait_until_done;
is_deeply([ map { "$_->{method} $_->{status} " . ($_->{body} =~ /created meanwhile/ ? 'with its body' : '') } $github->requests(since => $seq) ],
	[ 'POST 307 with its body', 'POST 201 with its body' ], 'a POST stays a POST, and keeps its body');
is(repository_name(GitHubSync::Application::WIDGETS), 'acme/bolts', 'and its answer tells the name');
$github->human_renames_repository('acme/bolts', owner => 'acme', name => 'widgets');
$application->superuser_sql("UPDATE github_sync.github_repos SET name = 'widgets' WHERE id = " . GitHubSync::Application::WIDGETS);

# ---- an issue is transferred to another repository of ours ----

my $arrived = $github->human_transfers_issue('acme/widgets', $number, 'acme/gadgets');
$github->advance_clock(5);
$application->edit_task($task, title => 'after the transfer');
$application->wait_until_done;
is(last_of($task)->{state}, 'completed', 'an edit follows a transferred issue to another repository of ours');
is($github->issue('acme/gadgets', $arrived->{number})->{title}, 'after the transfer', 'it arrives there');
my $issue = $application->issue_of($task);
is_deeply([ @$issue{qw(github_repo_id number github_id)} ], [ GitHubSync::Application::GADGETS, $arrived->{number}, $arrived->{id} ], 'the link is to the new issue');
is(scalar(grep { $_->{title} =~ /after the transfer|to the new name/ } $github->issues('acme/widgets')), 0, 'and none is made in its old place');
$application->add_comment($task, 'after the transfer');
$application->wait_until_done;
is(scalar(grep { $_->{body} =~ /^after the transfer/ } $github->comments('acme/gadgets', $arrived->{number})), 1, 'comments follow it');

# ---- and to one that is not ours ----

$github->seed({ repositories => [ { id => 42, owner => 'acme', name => 'attic' } ] });
my $other_number = $application->issue_of($other)->{number};
$github->human_transfers_issue('acme/widgets', $other_number, 'acme/attic');
$application->edit_task($other, title => 'too late');
$application->wait_until_done;
my ($error) = $application->rows('SELECT * FROM github_sync.sync_errors');
is($error->{error_code}, 'transferred', 'to a repository that is not ours: transferred');
like($error->{error_reason}, qr{acme/attic}, 'with the place');
is($application->issue_of($other), undef, 'the task is linked to nothing');
is($application->task($other)->{title}, 'too late', 'and stays as it is');

# ---- a name that belongs to another repository by now: ours is found by its id ----

sub somebody_takes
{
	my ($name, $id) = @_;
	return $github->seed({ repositories => [ { id => $id, owner => 'acme', name => $name, issues => [ map { { title => "somebody else's" } } 1 .. 9 ] } ] });
}

sub touched_at { return scalar grep { $_->{title} ne "somebody else's" || @{ $_->{comments} } > 0 } $github->issues($_[0]) }

$github->human_renames_repository('acme/widgets', owner => 'acme', name => 'gears');
somebody_takes('widgets', 43);
$application->edit_task($created, title => 'not for them');
$application->wait_until_done;
is($github->issue('acme/gears', $application->issue_of($created)->{number})->{title}, 'not for them', 'an edit finds its repository, whose name another one has');
is(repository_name(GitHubSync::Application::WIDGETS), 'acme/gears', 'and the name is known again');

# Nothing that is new there has an id by which it could be told: the name is looked at first.
$github->human_renames_repository('acme/gears', owner => 'acme', name => 'cogs');
somebody_takes('gears', 45);
new_worker();
my $new_task    = $application->add_task(title => 'nothing for them');
my $new_comment = $application->add_comment($created, 'no word for them');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'nothing for them' } $github->issues('acme/cogs')), 1, 'so does a new task');
is(scalar(grep { $_->{body} =~ /^no word for them/ } $github->comments('acme/cogs', $application->issue_of($created)->{number})), 1, '... and a new comment');

# A creation whose answer was lost is looked for where it was sent.
$github->fault('POST /issues$', { reset_after_effect => 1 });
$github->fault('GET /issues\?', { gate => 'finding' });
my $sought = $application->add_task(title => 'sought');
$github->wait_at_gate('finding');
$github->human_renames_repository('acme/cogs', owner => 'acme', name => 'bolts');
somebody_takes('cogs', 46);
new_worker();
$github->open_gate('finding');
$application->wait_until_done;
is(scalar(grep { $_->{title} eq 'sought' } $github->issues('acme/bolts')), 1, 'a creation is looked for in its repository, not in the one that has its name: it is not repeated');
is($application->issue_of($sought)->{github_repo_id}, GitHubSync::Application::WIDGETS, 'it is found');

# Of an issue that only a comment's webhook told of, the number is known alone.
my $told = $github->human_creates_issue('acme/bolts', title => 'told by its comment');
my $word = $github->human_creates_comment('acme/bolts', $told->{number}, body => 'a comment tells');
$github->human_renames_repository('acme/bolts', owner => 'acme', name => 'springs');
somebody_takes('bolts', 47);
new_worker();
$application->tell_of_comment($word, $told->{number});
$application->wait_until_done;
is($application->superuser_sql("SELECT string_agg(t.title, ', ') FROM planner.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id
	WHERE i.number = $told->{number} AND i.github_repo_id = @{[GitHubSync::Application::WIDGETS]}"), 'told by its comment', "a number is looked up in its repository, not in the one that has its name");

# A comment is not shown, and its issue is asked for when the name has just become another's.
my $quiet = $application->add_comment($created, 'not shown at first');
$application->wait_until_done;
$github->fault('GET /issues/comments/', { answer => { status => 404, body => '{}' } });
$github->fault("GET /issues/@{[ $application->issue_of($created)->{number} ]}\$", { gate => 'its-issue' });
$application->edit_comment($quiet, markdown => 'no word for those');
$github->wait_at_gate('its-issue');
$github->human_renames_repository('acme/springs', owner => 'acme', name => 'rims');
somebody_takes('springs', 51);
$github->open_gate('its-issue');
$application->wait_until_done;
is_deeply([ map { "$_->{state} " . ($_->{error_code} // '') } $application->rows("SELECT * FROM github_sync.comment_sync_transactions WHERE comment_id = $quiet ORDER BY id DESC LIMIT 1") ],
	[ 'completed ' ], "a comment whose issue another repository's answers for is asked for by the name that its repository has");
is(scalar(grep { $_->{body} =~ /^no word for those/ } $github->comments('acme/rims', $application->issue_of($created)->{number})), 1, '... and its edit arrives');

# By the name that its id has just told another one answers already: its name changed hands in between, or the id was answered late.
$github->human_renames_repository('acme/rims', owner => 'acme', name => 'hubs');
somebody_takes('rims', 52);
my $by_the_new_name = $github->fault("GET /repos/acme/hubs/issues/@{[ $application->issue_of($created)->{number} ]}\$", { gate => 'by-the-new-name' });
$application->edit_task($created, title => 'not for the third either');
$github->wait_at_gate('by-the-new-name');
$github->human_renames_repository('acme/hubs', owner => 'acme', name => 'spokes');
somebody_takes('hubs', 53);
$github->open_gate('by-the-new-name');
$application->wait_until_done;
is($github->issue('acme/spokes', $application->issue_of($created)->{number})->{title}, 'not for the third either', 'a name that changes hands while it is asked for is no end of a transaction');
my $third = last_of($created);
is("$third->{state} after $third->{attempts}", 'completed after 1', '... which counts as an attempt');
$github->human_renames_repository('acme/spokes', owner => 'acme', name => 'rings');

# ... but contradictions have an end.
$github->fault("GET /repositories/@{[GitHubSync::Application::WIDGETS]}\$", { answer => { status => 200, body => JSON::PP::encode_json({ id => GitHubSync::Application::WIDGETS, name => 'hubs', full_name => 'acme/hubs', owner => { login => 'acme' }, has_issues => JSON::PP::true }) } }, times => 'forever');
$seq = $github->last_seq;
$application->superuser_sql("UPDATE github_sync.github_repos SET name_lost = true WHERE id = @{[GitHubSync::Application::WIDGETS]}");
$application->edit_task($created, title => 'not for hubs');
$application->wait_until("SELECT error_code = 'moved' FROM github_sync.sync_errors WHERE record_id = '$created'");
cmp_ok(scalar(grep { $_->{path} =~ m{/hubs/issues/} } $github->requests(since => $seq)), '<=', 10, 'a name that is another one\'s, whatever the id says, is an error in the end');
like($application->superuser_sql("SELECT error_reason FROM github_sync.sync_errors WHERE record_id = '$created'"), qr{another repository answers to the name acme/hubs}, '... that says so');
$github->clear_faults;
$application->sql("SELECT github_sync.retry_task_sync_transaction(@{[last_of($created)->{id}]})");
$application->wait_until_done;
is($github->issue('acme/rings', $application->issue_of($created)->{number})->{title}, 'not for hubs', '... and a retry completes it');
is(touched_at('acme/hubs'), 0, 'nothing is anywhere else');
$github->human_renames_repository('acme/rings', owner => 'acme', name => 'rims-again');

# The name redirects, but to the other one, which is called something else by now.
$github->human_renames_repository('acme/rims-again', owner => 'acme', name => 'wheels');
somebody_takes('rims-again', 48);
$github->human_renames_repository('acme/rims-again', owner => 'acme', name => 'coils');
$application->edit_task($created, title => 'not a transfer');
$application->wait_until_done;
is($github->issue('acme/wheels', $application->issue_of($created)->{number})->{title}, 'not a transfer', "a stranger's redirect is no transfer");

is_deeply([ map { touched_at("acme/$_") } qw(widgets gears cogs bolts springs coils) ], [ (0) x 6 ], "and nothing is anywhere in the strangers' repositories");
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 1, 'nor is anything errored for it');

# Contradictions have an end.
my $number_of_created = $application->issue_of($created)->{number};
$github->fault("GET /repos/acme/wheels\$", { answer => { status => 404, body => '{}' } }, times => 'forever');
$github->fault("GET /repos/acme/wheels/issues/$number_of_created\$", { answer => { status => 404, body => '{}' } }, times => 'forever');
$application->edit_task($created, title => 'shown by its id alone');
$application->wait_until("SELECT error_code = 'moved' FROM github_sync.sync_errors WHERE record_id = '$created'");
like($application->superuser_sql("SELECT error_reason FROM github_sync.sync_errors WHERE record_id = '$created'"),
	qr{shows the repository by its id, but not by its name acme/wheels}, 'a repository that is shown by its id alone: moved, with the reason');
$github->clear_faults;
$application->sql('SELECT github_sync.retry_errored()');
$application->wait_until_done;
is($github->issue('acme/wheels', $number_of_created)->{title}, 'shown by its id alone', 'and a retry completes it');

# It is gone, and the name is somebody else's.
$github->seed({ repositories => [ { id => 49, owner => 'acme', name => 'brief' } ] });
$application->connect_repository(49, 'brief', GitHubSync::Application::INSTALLATION);
my $short_lived = $application->add_task(title => 'short-lived', github_repo_id => 49);
$application->wait_until_done;
$github->act(delete_repository => (repo => 'acme/brief'));
somebody_takes('brief', 50);
$application->edit_task($short_lived, title => 'gone');
$application->add_task(title => 'too late', github_repo_id => 49);
$application->wait_until_done;
is_deeply([ map { "$_->{state}: " . ($_->{disabled_reason} // '') } $application->task_transactions("github_repo_id = 49 AND state <> 'completed'") ],
	[ ('disabled: access_lost') x 2 ], 'a repository that is gone is not taken for the one that has its name: access_lost');
is(touched_at('acme/brief'), 0, 'and nothing is there');
$github->human_renames_repository('acme/wheels', owner => 'acme', name => 'gears-again');
$application->superuser_sql("UPDATE github_sync.github_repos SET name = 'gears-again' WHERE id = @{[GitHubSync::Application::WIDGETS]}");

# ---- no end, and another host ----

my $where = "/repos/acme/gears-again/issues/" . $application->issue_of($created)->{number};
$github->fault("GET /issues/", { answer => { status => 301, body => '{}', headers => { location => $where } } }, times => 'forever');
$seq = $github->last_seq;
$application->edit_task($created, title => 'round and round');
$application->wait_until("SELECT error_code = 'moved' FROM github_sync.sync_errors WHERE record_id = '$created'");
is(scalar(grep { $_->{status} == 301 } $github->requests(since => $seq)), 11, 'a circle of redirects is left after the tenth');
$github->clear_faults;

my $stranger = GitHubSync::StandIn->start;
foreach my $elsewhere (
	$stranger->url . $where,
	$github->url . '0' . $where,
	$github->url . '@127.0.0.1:' . $stranger->port . $where,
	'//127.0.0.1:' . $stranger->port . $where,
	($github->url =~ s/^http/https/r) . $where,
	($github->url =~ s/127\.0\.0\.1/localhost/r) . $where,
	'/repos/../../admin',
	'gopher://127.0.0.1/',
	'')
{
	# Not for one request: what was seen a minute ago is looked at once more.
	my $fault = $github->fault('GET /issues/', { answer => { status => 307, body => '{}', headers => { location => $elsewhere } } }, times => $elsewhere eq '' ? 1 : 'forever');
	$application->edit_task($created, title => "not $elsewhere");
	$application->wait_until_done;
	$github->remove_fault($fault) if $elsewhere ne '';
	$elsewhere eq ''
	  ? is(last_of($created)->{state}, 'completed', 'without a Location it is tried again')
	  : is(last_of($created)->{error_code}, 'moved', "$elsewhere: moved");
}
is(scalar $stranger->requests, 0, 'no other host was asked');

# ---- long lists, by GitHub's own links ----

$github->seed({ repositories => [ { id => 44, owner => 'acme', name => 'long', issues => [ map { { title => "issue $_" } } 1 .. 250 ] } ] });
$application->connect_repository(44, 'long', GitHubSync::Application::INSTALLATION);
$github->behaviour(deepest_by_page => 100);
$github->human_renames_repository('acme/long', owner => 'acme', name => 'longer');
$github->fault('POST /issues$', { reset_after_effect => 1 });
$github->fault('GET /issues\?', { gate => 'looking' });
$seq = $github->last_seq;
my $lost = $application->add_task(title => 'lost and found', github_repo_id => 44);
$github->wait_at_gate('looking');
$github->advance_clock(5);
$github->human_creates_issue('acme/longer', title => "later $_") foreach 1 .. 120;
$github->open_gate('looking');
$application->wait_until_done;
my $found = $application->issue_of($lost);
is($found && $found->{number}, 251, 'a creation is found on the second page, by links and by the new name');
is(scalar(grep { $_->{title} eq 'lost and found' } $github->issues('acme/longer')), 1, 'and is not repeated');
my @pages = grep { $_->{method} eq 'GET' && $_->{path} =~ m{/issues\?} && $_->{status} == 200 } $github->requests(since => $seq);
like($pages[1]{path}, qr/after=/, "the second page is where GitHub's link leads");

# ---- two that go by different names of one repository ----

# Each has to ask whose the name is, and would take the other's answer for another name's, in turn and without an end.
sub tell_of_number { return $application->sql("INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 44, $_[0], '2026-01-01')") }

$application->superuser_sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()");
$github->fault('GET /repos/acme/long[a-z]*$', { gate => 'naming' });
$seq = $github->last_seq;
tell_of_number(1);
$github->wait_at_gate('naming');
$github->human_renames_repository('acme/longer', owner => 'acme', name => 'longest');
$application->superuser_sql("UPDATE github_sync.github_repos SET name = 'longest' WHERE id = 44");
tell_of_number(2);
$application->wait_until("SELECT count(*) = 2 FROM github_sync.task_sync_transactions WHERE state = 'processing'");
$github->open_gate('naming');
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM planner.tasks WHERE github_repo_id = 44 AND title IN ($$issue 1$$, $$issue 2$$)'), 2, 'two that go by different names of one repository arrive');
cmp_ok(scalar(grep { $_->{path} =~ m{^/(?:repos/acme/long\w*|repositories/44)$} } $github->requests(since => $seq)), '<=', 4, '... each asks once whose the name is');

is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

cmp_ok($github->judged, '>=', 10, "every request was judged by GitHub's own description");
is_deeply([ $github->violations ], [], 'which knows them all');

done_testing();
