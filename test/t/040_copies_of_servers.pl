# 040_copies_of_servers.pl
#
# Copies of a server's files have its system identifier and its databases, and
# the key file may be in its place: they send nothing until they are adopted,
# while the original goes on, wherever it was stopped, crashed or moved.  What
# an adopted copy then finds queued, and the original has sent meanwhile, is
# found at GitHub.  Issues are counted there.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $repo     = 'acme/widgets';
my $github   = GitHubSync::StandIn->start;
my $original = GitHubSync::Application->start($github, name => 'original', settings => {
	'wal_level'       => 'replica',
	'max_wal_senders' => '5' });
my $node = $original->node;

# The same application in a server of its own: from a backup, or from what is a standby of it.
sub copied_as
{
	my ($name, $from, $backup, %option) = @_;
	my $copy = PostgreSQL::Test::Cluster->new($name);

	$copy->init_from_backup($from, $backup, has_streaming => $option{standby} ? 1 : 0);
	GitHubSync::Application::configure($copy, 'github_sync.enabled' => 'on');
	if ($option{recover})
	{
		$copy->append_conf('postgresql.conf', "restore_command = 'false'");
		PostgreSQL::Test::Utils::append_to_file($copy->data_dir . '/recovery.signal', '');
	}
	$copy->start;
	my $application = GitHubSync::Application->of_database($copy, 'application');
	$application->{repository} = $original->{repository};
	return $application;
}

sub is_held
{
	my ($copy, $because, $what) = @_;
	my $logged = qr/nothing is sent from database "application", which is a copy: .*$because/;

	# Once a worker has looked: a copy keeps none.
	ok($copy->node->wait_for_log($logged), "the log of $what says that it is one");
	is($copy->superuser_sql('SELECT DISTINCT activity FROM github_sync.sync_workers'), 'copied database', 'and so does sync_workers');
	like($copy->superuser_sql('SELECT last_error FROM github_sync.sync_workers LIMIT 1'), qr/a copy: .*$because.*adopt_database\(\)/, "$what is held, and says why");
	is($copy->superuser_sql("SELECT DISTINCT waits_for FROM github_sync.sync_queue"), 'copied database', 'and so does its queue');
}

sub titles
{
	return [ sort map { $_->{title} } $github->issues($repo) ];
}

# Every task knows the issue of its name, and nobody made two of them.
sub is_found_once
{
	my ($application, $what, @titles) = @_;

	is_deeply(titles(), [ sort @titles ], "$what: each issue exists once");
	is_deeply([ $application->rows(q{SELECT t.title, i.number FROM planner.tasks AS t
			JOIN github_sync.github_issues AS i ON i.task_id = t.id ORDER BY t.title}) ],
		[ sort { $a->{title} cmp $b->{title} } map { { title => $_->{title}, number => $_->{number} } } $github->issues($repo) ],
		"$what: and its task knows it");
	is(scalar $github->comments($repo, 1), 1, "$what: the comment exists once");
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, "$what: nothing is errored");
}

# ---- while something is queued, copies are made ----

my $synced = $original->add_task(title => 'synced');
$original->wait_until_done;
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
my @queued = map { "queued $_" } 1 .. 5;
$original->add_task(title => $_, markdown => 'text') foreach @queued;
$original->add_comment($synced, 'a comment');

$node->backup('hot');
$node->stop;
PostgreSQL::Test::Utils::system_or_bail('cp', '-a', $node->data_dir, $node->backup_dir . '/cold');
$node->start;
$original = GitHubSync::Application->of_database($node, 'application');
my $backup    = copied_as('backup', $node, 'hot');
my $recovered = copied_as('recovered', $node, 'hot', recover => 1);
my $cold      = copied_as('cold', $node, 'cold');

is_held($backup,    'started from a backup',         'a base backup that is started as a primary');
is_held($recovered, 'recovered from a backup',       'a recovery to a point in time');
is_held($cold,      'its server is a copy',          'a copy of a stopped data directory');

# ---- the original goes on; of one creation the first try fails, and another is made ----

$github->fault('POST /issues$', { reset_before => JSON::PP::true }, body => 'queued 1');
GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
$original->wait_until_done;
is_found_once($original, 'the original, stopped and started', 'synced', @queued);
is(scalar(grep { /^POST .*issues$/ || /^POST .*issues / } GitHubSync::Application::asked($github)), 7, 'one of them was tried twice');

# ---- what the application does in a copy waits, too ----

$backup->add_task(title => 'added to the copy');
is($backup->superuser_sql("SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'queued'"), 5, 'capture enqueues nothing in a copy');
is($backup->superuser_sql("SELECT count(*) FROM github_sync.sync_problems WHERE problem = 'copy'"), 2, 'and says so');

$backup->node->restart;
is_held($backup, 'started from a backup', 'the same copy, started again');
$backup->node->backup('of_copy');
my $standby = copied_as('standby', $backup->node, 'of_copy', standby => 1);
$standby->node->promote;
is_held($standby, 'started from a backup', 'a standby of a copy, promoted');
$standby->node->stop('immediate');
is_deeply(titles(), [ sort 'synced', @queued ], 'none of them has sent anything');

# ---- adopted ----

$node->stop('immediate');
foreach my $copy ($cold, $recovered, $backup)
{
	my $name = $copy->node->name;

	$copy->sql('SELECT github_sync.adopt_database()');
	$copy->wait_until_done;
	is_found_once($copy, "$name, adopted", 'synced', @queued, $copy == $backup ? 'added to the copy' : ());
	$copy->node->stop unless $copy == $backup;
}
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');

# ---- it is no copy of itself ----

$node = $backup->node;
$node->stop('immediate');
$node->start;
$backup = GitHubSync::Application->of_database($node, 'application');
$backup->add_task(title => 'after a crash', github_repo_id => GitHubSync::Application::WIDGETS);
$backup->wait_until_done;
$node->stop;
my $data = $node->data_dir;
rename $data, "$data-moved" or die "cannot move $data: $!";
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '-w', '-s', '-D', "$data-moved", '-l', $node->logfile, 'start');
my $moved = GitHubSync::Application->of_database($node, 'application');
$moved->add_task(title => 'after a move', github_repo_id => GitHubSync::Application::WIDGETS);
$moved->wait_until_done;
is_deeply(titles(), [ sort 'synced', @queued, 'added to the copy', 'after a crash', 'after a move' ], 'after a crash and a move within its file system it goes on');
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '-w', '-s', '-D', "$data-moved", '-m', 'immediate', 'stop');
rename "$data-moved", $data;

done_testing();
