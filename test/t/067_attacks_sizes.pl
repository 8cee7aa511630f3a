# 067_attacks_sizes.pl
#
# Group: attacks.  A function of the application gives more than a row may keep
# all others of its database waiting for: it is refused as soon as it is there.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $repository  = 'acme/widgets';

$application->sql(q{
	CREATE TABLE given (what text PRIMARY KEY, octets integer);
	INSERT INTO given VALUES ('insert_values', 0), ('apply_values', 0), ('byline', 0);
	ALTER TABLE tasks ADD COLUMN further text, ADD COLUMN rendered text;
	CREATE OR REPLACE FUNCTION values_of_task(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql STABLE RETURN (
		SELECT jsonb_build_object('project_id', p.id, 'created_by', 'user', 'further', repeat('x', g.octets))
		FROM planner.projects AS p, planner.given AS g WHERE p.github_repo_id = values_of_task.github_repo_id AND g.what = 'insert_values');
	CREATE FUNCTION rendered(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql STABLE RETURN (
		SELECT jsonb_build_object('rendered', repeat('x', g.octets)) FROM planner.given AS g WHERE g.what = 'apply_values');
	CREATE FUNCTION line(key bigint) RETURNS text LANGUAGE sql STABLE RETURN (
		SELECT nullif(repeat('x', g.octets), '') FROM planner.given AS g WHERE g.what = 'byline');
	SELECT github_sync.capture_task_changes(false);
});
$application->superuser_sql(q{SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id', insert_values => 'planner.values_of_task(bigint, jsonb)',
	apply_values => 'planner.rendered(bigint, jsonb)', byline => 'planner.line(bigint)')});
$application->sql('SELECT github_sync.capture_task_changes(true)');

sub give { my ($what, $octets) = @_; return $application->sql("UPDATE given SET octets = CASE WHEN what = '$what' THEN $octets ELSE 0 END") }

# The only one that waits or failed.
sub is_refused
{
	my ($what, $reason) = @_;

	$application->wait_until_done;
	is_deeply([ map { "$_->{error_code}: $_->{error_reason}" =~ s/bytes.*//r =~ s/\d{6,}/N/r } $application->rows('SELECT error_code, error_reason FROM github_sync.sync_errors') ],
		["too_large: 54000: $reason returned N "], "$what: errored as too large, and it says what it is");
}

sub is_carried
{
	my ($what) = @_;

	give('none', 0);
	$application->sql('SELECT github_sync.retry_errored()');
	$application->wait_until_done;
	is($application->sql('SELECT count(*) FROM github_sync.sync_errors'), 0, "$what: carried when it gives less");
}

# ---- for a new row ----

foreach my $function (qw(insert_values apply_values))
{
	give($function, 60_000_000);
	my $issue = $github->human_creates_issue($repository, title => "for $function");
	$application->tell_of_issue($issue);
	is_refused("$function of a new row", $function);
	is_carried("$function of a new row");
}

# What fits is taken.
give('insert_values', 2_000_000);
$application->tell_of_issue($github->human_creates_issue($repository, title => 'large'));
$application->wait_until_done;
is($application->sql(q{SELECT length(further) FROM tasks WHERE title = 'large'}), 2_000_000, 'two million bytes are taken');

# ---- for a row that there is ----

give('apply_values', 60_000_000);
my $known = $application->row(q{SELECT i.number FROM github_sync.github_issues AS i JOIN planner.tasks AS t ON t.id = i.task_id WHERE t.title = 'large'});
$application->tell_of_issue($github->human_edits_issue($repository, $known->{number}, title => 'edited'));
is_refused('apply_values of an edit', 'apply_values');
is_carried('apply_values of an edit');

# ---- above what is sent ----

give('byline', 60_000_000);
my $task = $application->add_task(title => 'under a byline');
is_refused('a byline of a creation', 'byline');
is_carried('a byline of a creation');
give('byline', 60_000_000);
$application->edit_task($task, markdown => 'a text under it');
is_refused('a byline of an update', 'byline');
is_carried('a byline of an update');

done_testing();
