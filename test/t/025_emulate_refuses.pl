# 025_emulate_refuses.pl
#
# How an App is refused by a GitHub that this project did not write: with a key
# that is another App's, with a JWT that has expired by its clock, for an
# installation that it does not have.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::Application;
use GitHubSync::Emulate;
use Test::More;

my $github      = GitHubSync::Emulate->start;
my $ahead       = GitHubSync::Emulate->start(clock_ahead_s => 7200);
my $repository  = $github->human(GET => '/repos/acme/widgets')->{id};
my $application = GitHubSync::Application->start($github, repository => $repository,
	settings => { 'github_sync.private_key_file' => $ahead->key_file });
my $task = $application->add_task(title => 'Buy milk');

sub waits
{
	my ($name) = @_;

	$application->wait_until("SELECT bool_or(waits_for LIKE '%no %: GitHub answered 401%could not be decoded%') FROM github_sync.sync_queue");
	pass("$name: the row waits, and says why");
	is($application->superuser_sql('SELECT attempts FROM github_sync.sync_queue'), 0, 'no attempt is counted');
}

waits("another App's key");

GitHubSync::Application::reconfigure($application->node, 'github_sync.api_url' => $ahead->url);
waits('a clock two hours ahead, which its answer does not blame');

GitHubSync::Application::reconfigure($application->node, GitHubSync::Application::app_settings($github));
$application->wait_until_done;
my ($issue) = @{ $github->human(GET => '/repos/acme/widgets/issues') };
is($issue->{title}, 'Buy milk', 'with the right key, at the right time, it arrives');

$application->connect_repository($github->human(GET => '/repos/acme/gadgets')->{id}, 'gadgets', 99);
my $lost = $application->add_task(title => 'Buy bread', github_repo_id => $application->superuser_sql("SELECT id FROM github_sync.github_repos WHERE name = 'gadgets'"));
$application->wait_until_done;
is($application->superuser_sql('SELECT state FROM github_sync.github_app_installations WHERE id = 99'), 'deleted', 'an installation that is not there is deleted');
is(($application->task_transactions("task_id = $lost"))[0]{disabled_reason}, 'installation', 'its rows are disabled');
is(scalar @{ $github->human(GET => '/repos/acme/gadgets/issues') }, 0, 'and nothing was sent');

done_testing();
