# GitHubSync::PgBouncer
#
# A pgbouncer in transaction mode before a server, as a child of the test: two
# sessions for all clients of a database, so that what one leaves in its session
# meets the next.
#
#     my $pooled = GitHubSync::PgBouncer->start($node, 'planner');      # $pooled->host, $pooled->port
package GitHubSync::PgBouncer;

use strict;
use warnings;

use Carp qw(croak);
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

my %running;

sub start
{
	my ($class, $node, @roles) = @_;
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my $self      = bless { directory => $directory, port => PostgreSQL::Test::Cluster::get_free_port() }, $class;

	append_to_file("$directory/users", join '', map { qq{"$_" ""\n} } @roles);
	append_to_file("$directory/pgbouncer.ini", <<"END");
[databases]
* = host=@{[$node->host]} port=@{[$node->port]}
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
auth_type = trust
auth_file = $directory/users
listen_addr =
listen_port = $self->{port}
unix_socket_dir = $directory
logfile = $directory/log
ignore_startup_parameters = extra_float_digits
END
	$self->_spawn;
	$self->_wait_for_socket;
	return $self;
}

sub host { return $_[0]{directory} }
sub port { return $_[0]{port} }

sub _spawn
{
	my ($self) = @_;
	my $pid = fork() // croak "no child: $!";

	if ($pid == 0)
	{
		open(STDIN, '<', '/dev/null') and open(STDOUT, '>', '/dev/null') and open(STDERR, '>&', \*STDOUT)
		  and exec 'pgbouncer', '-q', "$self->{directory}/pgbouncer.ini";
		POSIX::_exit(127);
	}
	$self->{pid} = $pid;
	$running{$pid} = $$;
}

sub _wait_for_socket
{
	my ($self) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;

	until (-S "$self->{directory}/.s.PGSQL.$self->{port}")
	{
		waitpid($self->{pid}, POSIX::WNOHANG) == 0 && time < $deadline
		  or croak "pgbouncer did not start:\n" . (-e "$self->{directory}/log" ? slurp_file("$self->{directory}/log") : '');
		sleep 0.01;
	}
}

# Only the process that started a child ends it.
sub stop
{
	my ($self) = @_;

	return unless (delete $running{ $self->{pid} } // 0) == $$;
	local $?;
	kill 'TERM', $self->{pid};
	waitpid($self->{pid}, 0);
}

sub DESTROY { $_[0]->stop }

1;
