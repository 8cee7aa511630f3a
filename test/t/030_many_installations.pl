# 030_many_installations.pl
#
# Group: attacks.
# Hundreds of installations that all have more to write than GitHub wants at a
# time: each gets its turns, and what another one has to read waits for none.
# Hundreds that nobody has, of which an owner says that they created: no other
# one's creations wait for that.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { INSTALLATIONS => 300, TASKS => 10, READING => 9999 };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => { 'github_sync.write_interval' => '10min', 'github_sync.enabled' => 'off' });

$github->seed({
	installations => [ map { { id => $_, account => 'acme' } } 1 .. INSTALLATIONS, READING ],
	repositories  => [ (map { { id => $_, owner => 'acme', name => "repo-$_" } } 1 .. INSTALLATIONS),
		{ id => READING, owner => 'acme', name => 'reading', filler_issues => 1 } ] });
$application->sql(qq{
	INSERT INTO github_sync.github_app_installations (id, account_login)
		SELECT n, 'acme' FROM generate_series(1, @{[INSTALLATIONS]}) AS n UNION ALL SELECT @{[READING]}, 'acme';
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
		SELECT i.id, i.id, 'acme', CASE i.id WHEN @{[READING]} THEN 'reading' ELSE 'repo-' || i.id END
		FROM github_sync.github_app_installations AS i WHERE i.id = @{[READING]} OR i.id <= @{[INSTALLATIONS]};
	INSERT INTO projects (name, github_repo_id) SELECT r.name, r.id FROM github_sync.github_repos AS r ON CONFLICT DO NOTHING;
	INSERT INTO tasks (project_id, created_by, github_repo_id, title)
		SELECT p.id, 'user', p.github_repo_id, 'task ' || n
		FROM projects AS p, generate_series(1, @{[TASKS]}) AS n WHERE p.github_repo_id <= @{[INSTALLATIONS]}});

# Each sends its first creation; the next may follow in ten minutes.
GitHubSync::Application::reconfigure($application->node, 'github_sync.enabled' => 'on');
$github->wait_for_request('POST', '^/repos/acme/repo-\d+/issues$', count => INSTALLATIONS);
is(scalar keys %{ { map { $_->{path} => 1 } grep { $_->{path} =~ m{/issues$} } $github->requests } }, INSTALLATIONS, 'each installation has written once');
$application->wait_until("SELECT count(*) = @{[INSTALLATIONS]} FROM github_sync.task_sync_transactions WHERE state = 'completed'");

my ($issue) = $github->issues('acme/reading');
$application->tell_of_issue($issue, READING);
$github->wait_for_request('GET', '^/repos/acme/reading/issues/1$');
pass('while all of them wait to write, another one reads at once');
$application->wait_until("SELECT EXISTS (SELECT FROM planner.tasks WHERE title = '$issue->{title}')");
cmp_ok($application->superuser_sql("SELECT max(held) FROM (SELECT count(*) AS held FROM github_sync.task_sync_transactions"
	  . " WHERE state = 'processing' GROUP BY github_app_installation_id) AS i"), '<=', 3, 'no installation holds more of the queue than it needs');

# ---- what an owner says of installations that nobody has, after a restart ----

$application->switch_off;
$application->sql(q{
	DELETE FROM tasks AS t WHERE NOT EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.task_id = t.id AND i.number IS NOT NULL);
	INSERT INTO github_sync.github_app_installations (id, account_login) SELECT 1000000 + n, 'nobody' FROM generate_series(1, 600) AS n;
	INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
		SELECT 1000000 + n, 1000000 + n, 'nobody', 'repo-' || n FROM generate_series(1, 600) AS n;
	INSERT INTO github_sync.github_issues (github_repo_id, number) SELECT 1000000 + n, 1 FROM generate_series(1, 600) AS n;
	INSERT INTO github_sync.task_creation_attempts (creation_key, github_issue_id, github_repo_id, outcome)
		SELECT gen_random_uuid(), i.id, i.github_repo_id, 'created' FROM github_sync.github_issues AS i, generate_series(1, 10)
		WHERE i.github_repo_id > 1000000});
GitHubSync::Application::configure($application->node, 'github_sync.write_interval' => 0, 'github_sync.creations_per_hour' => 5, 'github_sync.enabled' => 'on');
$application->node->restart;
my $made = $application->add_task(title => 'the first one of its installation', github_repo_id => READING);
$application->wait_until_done;
is($github->issue('acme/reading', $application->issue_of($made)->{number})->{title}, 'the first one of its installation', 'it waits for nothing that they are said to have created');

done_testing();
