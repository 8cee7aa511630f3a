# 026_encodings.pl
#
# Databases that are not in UTF-8: GitHub's texts arrive in their encoding, and
# leave it again; what they have no character for is an error of its row.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

# Clients speak UTF-8 to every database.
$ENV{PGCLIENTENCODING} = 'UTF8';

my $github = GitHubSync::StandIn->start;
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github));

my $western = GitHubSync::Application->in_server($node, database => 'western', encoding => 'LATIN1');
my $unknown = GitHubSync::Application->in_server($node, database => 'unknown', encoding => 'SQL_ASCII', repository => GitHubSync::Application::GADGETS);

sub bytes { my ($text) = @_; utf8::encode($text); return $text }

foreach my $one ([ $western, 'acme/widgets', 'LATIN1' ], [ $unknown, 'acme/gadgets', 'SQL_ASCII' ])
{
	my ($application, $repository, $encoding) = @$one;
	my $task = $application->add_task(title => bytes("caf\x{e9} \x{bf}"), markdown => bytes("\x{e4}\x{f6}\x{fc}"));

	$application->wait_until_done;
	my $issue = $github->issue($repository, 1);
	is($issue->{title}, "caf\x{e9} \x{bf}", "$encoding: a title leaves as UTF-8");
	like($issue->{body}, qr/^\x{e4}\x{f6}\x{fc}\n/, 'a text, too');

	$github->advance_clock(5);
	$application->tell_of_issue($github->human_edits_issue($repository, 1, title => "na\x{ef}ve"));
	$application->wait_until_done;
	is($application->superuser_sql("SELECT title = convert_from('\\x6e61c3af7665', 'UTF8') FROM planner.tasks WHERE id = $task"), 't', 'one of GitHub arrives')
	  if $encoding ne 'SQL_ASCII';
	is($application->task($task)->{title}, bytes("na\x{ef}ve"), 'as it is');
}

# ---- what the encoding has no character for ----

my $neighbour = $western->add_task(title => 'the neighbour');
$western->wait_until_done;
$github->advance_clock(5);
my $edited = $github->human_edits_issue('acme/widgets', 1, title => "\x{1f600}");
$western->tell_of_issue($edited);
$western->edit_task($neighbour, title => 'the neighbour, edited');
$western->wait_until_done;
my $error = $western->row('SELECT * FROM github_sync.sync_errors');
is($error->{error_code}, 'apply_failed', 'a character that the database does not have: apply_failed');
like($error->{error_reason}, qr/^22P05: /, 'with the SQLSTATE');
is($western->task(1)->{title}, bytes("na\x{ef}ve"), 'the task stays as it is');
is($github->issue('acme/widgets', 2)->{title}, 'the neighbour, edited', 'its neighbour completes');

# ---- GitHub's words ----

$github->fault('PATCH /issues/2$', { answer => { status => 422, body => { message => "nein \x{2014} \x{1f600}" } } });
$western->edit_task($neighbour, title => 'refused');
$western->wait_until("SELECT count(*) = 2 FROM github_sync.sync_errors");
my $refused = $western->row("SELECT * FROM github_sync.sync_errors WHERE error_code = 'validation_failed'");
like($refused->{error_reason}, qr/nein \?+ \?+$/, "GitHub's words are kept as far as there are characters for them");

# ---- a page of a list with such characters ----

my $errors = $western->superuser_sql('SELECT count(*) FROM github_sync.sync_errors');

$github->human_creates_issue('acme/widgets', title => "listed before");
$github->human_creates_issue('acme/widgets', title => "listed \x{1f600}");
$github->human_creates_issue('acme/widgets', title => "listed with a text", body => "\x{2014}");
$github->human_creates_issue('acme/widgets', title => "listed behind it, \x{e4}");
$western->sql("SELECT github_sync.reconcile_repo(@{[GitHubSync::Application::WIDGETS]})");
$western->wait_until("SELECT bool_and(last_complete_at IS NOT NULL AND NOT is_asked) FROM github_sync.repo_sweeps");
$western->wait_until_done;
is($western->superuser_sql("SELECT string_agg(title, '|' ORDER BY title) FROM planner.tasks WHERE title ~ 'listed'"), "listed before|" . bytes("listed behind it, \x{e4}"),
	'what the database has no character for does not stop the page that shows it');
is($western->superuser_sql("SELECT count(*) FROM github_sync.sync_errors WHERE error_reason ~ '^22P05: '"), 3, 'it is reported, each by itself');
is($western->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), $errors + 2, '... and once');

# ---- a locale in which I and i are two letters ----

SKIP:
{
	skip 'PostgreSQL was built without ICU', 9
	  if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_collation WHERE collprovider = 'i'}) == 0;
	$node->safe_psql('postgres', q{CREATE DATABASE turkish TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C'});
	$node->safe_psql('turkish', 'CREATE EXTENSION task_sync_transaction');
	my $turkish = sub { return $node->safe_psql('turkish', "SELECT $_[0]") };
	isnt($turkish->(q{lower('UI')}), 'ui', 'Turkish: in lower case UI is not ui');
	is($turkish->(q{github_sync.same_names('["UI"]', '["ui"]')}), 't', '... as labels they are the same');
	is($turkish->(q{github_sync.patched_names('["UI", "b"]', '["ui"]', '["ui"]') || github_sync.patched_names('["UI"]', '["ui"]', NULL) || github_sync.name_set('{UI,ui}')}),
		'["b", "UI"][]["UI"]', '... in every change of a set');
	is($turkish->(q{github_sync.common_names('["UI"]', '["ui"]') || github_sync.same_names(E'["\\u00c4"]', E'["\\u00e4"]')}), '["UI"]true',
		'... and the case of other letters is folded, too');
	$node->safe_psql('turkish', q{CREATE TABLE tasks (id bigint PRIMARY KEY, title text, body text);
		SET client_min_messages = error; SELECT github_sync.attach_tasks('tasks');
		INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (1, 'INITECH');
		INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1, 1, 'INITECH', 'PRINTER')});
	is($turkish->(q{id FROM github_sync.repos_of_name('initech', 'printer')}), '1', 'a repository is found by its name');
	is($turkish->(q{github_sync.installation_of_owner(jsonb_populate_record(NULL::github_sync.event_facts, '{"installation_id": 1, "repo_owner": "Initech"}'))}),
		'1', '... and an installation by that of its account');
	is($turkish->(q{github_sync.task_is_place_of(r, NULL, '{initech,printer}', NULL) IS NOT FALSE FROM github_sync.github_repos AS r}), 't',
		'... where an issue is, too');
	$node->safe_psql('turkish', q{INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 1, 'initech', 'printer')});
	is($turkish->(q{string_agg(id || ' ' || name_lost, ', ' ORDER BY id) FROM github_sync.github_repos}), '1 false, 2 true', '... and one name has one holder');
	my ($status, undef, $stderr) = $node->psql('turkish', q{UPDATE github_sync.github_repos SET name_lost = false});
	like($stderr, qr/github_repos_held_name_key/, '... also by its index');
}

done_testing();
