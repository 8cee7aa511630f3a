# 036_copies.pl
#
# Copies of a database, and of a server that crashed (040 has other copies of servers): none
# sends anything until adopt_database(), and what the original has sent since
# the copy was made is then found, and not created again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $github   = GitHubSync::StandIn->start;
my $original = GitHubSync::Application->start($github, settings => { 'wal_level' => 'replica', 'max_wal_senders' => '5' });
my $node     = $original->node;
my $repo     = 'acme/widgets';
my $backups  = 0;

sub enabled { my ($value, @nodes) = @_; GitHubSync::Application::reconfigure($_, 'github_sync.enabled' => $value) foreach @nodes }

# An application that some node has under the same name.
sub of_node
{
	my ($other, $database) = @_;
	my $copy = GitHubSync::Application->of_database($other, $database // $original->database);

	$copy->{repository} = $original->{repository};
	return $copy;
}

sub count_of { my ($pattern) = @_; return scalar grep { $_->{title} =~ $pattern } $github->issues($repo) }

sub titles { my ($pattern) = @_; return sort map { $_->{title} } grep { $_->{title} =~ $pattern } $github->issues($repo) }

# Ways to copy: each returns the application of the copy, in a server that runs.
my %ways = (
	'a template copy' => sub {
		$original->disconnect;
		$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE application');
		return of_node($node, 'copy');
	},
	'a restored dump' => sub {
		my $file = PostgreSQL::Test::Utils::tempdir() . '/dump';

		$node->command_ok([ 'pg_dump', '-Fc', '-f', $file, '-d', $node->connstr($original->database) ], 'a dump');
		$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
		$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $file ], 'is restored');
		return of_node($node, 'restored');
	},
	'a copy of the files of a server that crashed' => sub {
		my $other = PostgreSQL::Test::Cluster->new('snapshot');

		$node->stop('immediate');
		$other->init_from_backup($node, copy_of_files($node));
		$node->start;
		$other->start;
		return of_node($other);
	});

# As a backup of its name, which init_from_backup() takes.
sub copy_of_files
{
	my ($of) = @_;
	my $name = 'files' . ++$backups;

	PostgreSQL::Test::RecursiveCopy::copypath($of->data_dir, $of->backup_dir . "/$name",
		filterfn => sub { $_[0] ne 'postmaster.pid' });
	return $name;
}

foreach my $way (sort keys %ways)
{
	enabled(off => $node);
	my $before = $github->last_seq;
	$original->add_task(title => "$way: $_") foreach 1 .. 3;
	my $copy = $ways{$way}->();
	enabled(on => $copy->node);
	enabled(on => $node);
	$copy->wait_until("SELECT count(*) > 0 AND bool_and(activity = 'copied database') FROM github_sync.sync_workers");
	like($copy->superuser_sql('SELECT last_error FROM github_sync.sync_workers LIMIT 1'), qr/adopt_database/, "$way: says what to call");
	$original->wait_until_done;
	is_deeply([ titles(qr/^\Q$way\E/) ], [ map { "$way: $_" } 1 .. 3 ], "$way: only the original sends");

	$copy->superuser_sql('SELECT github_sync.adopt_database()');
	$copy->wait_until_done;
	is_deeply([ titles(qr/^\Q$way\E/) ], [ map { "$way: $_" } 1 .. 3 ], "$way: adopted, it finds what the original has sent");
	is($copy->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, "$way: nothing is errored");
	$copy->add_task(title => "after $way");
	$copy->wait_until_done;
	is(count_of(qr/^after \Q$way\E/), 1, "$way: and goes on");
	$copy->disconnect;
	if ($copy->node != $node)
	{
		$copy->node->stop;
	}
	else
	{
		$node->safe_psql('postgres', 'DROP DATABASE ' . $copy->database);
	}
	$original->disconnect;
}

# ---- what is no copy ----

$node->restart;
$original->add_task(title => 'after a restart');
$original->wait_until_done;
is(count_of(qr/^after a restart/), 1, 'a restart is no copy');
$node->stop('immediate');
$node->start;
$original->add_task(title => 'after a crash');
$original->wait_until_done;
is(count_of(qr/^after a crash/), 1, 'nor is a crash');

done_testing();
