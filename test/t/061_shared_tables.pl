# 061_shared_tables.pl
#
# Whatever has a fixed size in shared memory is freed or used again: databases
# and queues come and go, and creations go on.
#
# MANY_DATABASES says how many come and go; `make many-databases` plays hundreds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $coming_and_going = $ENV{MANY_DATABASES} || 4;

my $github = GitHubSync::StandIn->start;
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github),
	'autovacuum' => 'off', 'fsync' => 'off', 'log_min_messages' => 'debug1', 'github_sync.creations_per_hour' => 14 + $coming_and_going);
my $application = GitHubSync::Application->in_server($node);

sub titles
{
	my ($pattern) = @_;

	return scalar grep { $_->{title} =~ $pattern } $github->issues('acme/widgets');
}

# ---- a queue that goes and comes back with all its rows: its creations of this hour are counted once ----

$application->add_task(title => "first $_") foreach 1 .. 6;
$application->wait_until_done;
foreach my $round (1 .. 4)
{
	my $offset = -s $node->logfile;

	$application->superuser_sql('DROP EXTENSION task_sync_transaction CASCADE');
	$node->wait_for_log(qr/belongs to role 0/, $offset);
	$application->create_extensions;
	$application->capture;
	$application->add_task(title => "round $round");
	$application->wait_until_done;
}
is(titles(qr/^round/), 4, 'creations of this hour do not count again when a queue comes back');

# ---- rows with which workers ended: they go with their database ----

$application->superuser_sql(q{
	CREATE FUNCTION end_worker() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
	BEGIN
		IF NEW.event = 'completed' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
		RETURN NEW;
	END $$});
$application->disconnect;
$node->safe_psql('postgres', 'CREATE DATABASE poisoned TEMPLATE application');
my $poisoned = GitHubSync::Application->of_database($node, 'poisoned');
$poisoned->superuser_sql('CREATE TRIGGER a_poison BEFORE UPDATE ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION end_worker()');
my $offset = -s $node->logfile;
$poisoned->sql('SELECT github_sync.adopt_database()');
$poisoned->add_task(title => 'poison');
$node->wait_for_log(qr/terminating background worker|ended with it/, $offset);
$poisoned->wait_until("SELECT EXISTS (SELECT FROM github_sync.sync_queue WHERE attempts > 0) OR EXISTS (SELECT FROM github_sync.sync_errors)");
$poisoned->disconnect;
$offset = -s $node->logfile;
$node->safe_psql('postgres', 'DROP DATABASE poisoned');
ok($node->wait_for_log(qr/forgot \d+ rows? with which workers of databases that are gone had ended/, $offset), 'a suspect is forgotten with its database');

# ---- databases that come and go ----

$application->disconnect;
foreach my $number (1 .. $coming_and_going)
{
	$node->safe_psql('postgres', "CREATE DATABASE guest TEMPLATE application");
	my $guest = GitHubSync::Application->of_database($node, 'guest');

	$guest->sql('SELECT github_sync.adopt_database()');
	$guest->add_task(title => "guest $number");
	$guest->wait_until_done;
	$guest->disconnect;
	$node->safe_psql('postgres', 'DROP DATABASE guest');
}
is(titles(qr/^guest/), $coming_and_going, "after $coming_and_going databases have come and gone, creations go on");
$application->add_task(title => 'the last');
$application->wait_until_done;
is(titles(qr/^the last$/), 1, '... in one that stayed, too');

done_testing;
