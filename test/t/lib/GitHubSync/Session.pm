# GitHubSync::Session
#
# A superuser's session in a database, by a psql that is kept: to start one for
# each question costs more than most answers do.
#
#     my $session = GitHubSync::Session->of($node, 'application');
#     my $answer  = $session->query('SELECT ...');             # dies of an error
#     $session->until_true('SELECT ...') or die 'in vain';
#     $session->close;                                         # the next query begins it anew
#
# Queries do not notice what others before them left behind: each ends with
# DISCARD ALL, and one that fails, leaves a transaction open or loses its server
# ends the session.  What it is not for: a database that is to be dropped (close
# it before), and what an application does, whose sessions are part of a test.
package GitHubSync::Session;

use strict;
use warnings;

use Carp qw(croak);
use File::Temp ();
use IO::Handle;
use POSIX ();
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

# Between questions whether something is true, at first and at most.
use constant { PAUSE_S => 0.005, LONGEST_PAUSE_S => 0.05 };

use constant { END_OF_ANSWER => '-- answered --', FOREVER => 1e9 };

sub of
{
	my ($class, $node, $database) = @_;

	return bless { node => $node, database => $database, psql => undef }, $class;
}

sub query
{
	my ($self, $query) = @_;
	my $answer = $self->_ready(time + FOREVER) ? $self->_ask($query, time + FOREVER) : undef;

	return $answer if defined $answer;
	my $error = $self->_error;
	$self->close;
	croak "error running SQL: '$error'\nwhile running: $query";
}

# Whether a query answered with true before the time for that was over: a server
# that is down, an error, and another answer are "not yet".
sub until_true
{
	my ($self, $query) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	my $pause    = PAUSE_S;

	while (time < $deadline)
	{
		my $answer = $self->_ready($deadline) ? $self->_ask($query, $deadline) : undef;

		$self->close unless defined $answer;
		return 1 if ($answer // '') eq 't';
		sleep $pause;
		$pause = 2 * $pause < LONGEST_PAUSE_S ? 2 * $pause : LONGEST_PAUSE_S;
	}
	return 0;
}

# Waits until the server has seen it go.
sub close
{
	my ($self) = @_;
	my $psql = delete $self->{psql} // return;

	# A child that this process has forked has the object too, and not the session.
	return if $psql->{of_process} != $$;
	local ($?, $!);
	close $psql->{questions};
	# It is waiting for an answer, or it ends by itself.
	kill 'TERM', $psql->{pid} unless $psql->{is_idle};
	waitpid($psql->{pid}, 0);
}

sub DESTROY { local $@; $_[0]->close }

# Whether a server answers, maybe in a new session: the old one's may be gone.
sub _ready
{
	my ($self, $deadline) = @_;
	my $is_new = !$self->{psql};

	$self->{psql} //= $self->_start;
	return 1 if defined $self->_ask('SELECT', $deadline);
	return 0 if $is_new;
	$self->close;
	return $self->_ready($deadline);
}

sub _start
{
	my ($self) = @_;
	my $errors = File::Temp->new(TMPDIR => 1);

	pipe(my $child_input, my $questions) and pipe(my $answers, my $child_output) or die "no pipe: $!\n";
	my $pid = fork() // die "no child: $!\n";
	if ($pid == 0)
	{
		open(STDIN, '<&', $child_input) and open(STDOUT, '>&', $child_output) and open(STDERR, '>>', $errors->filename)
		  and exec 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $self->{node}->connstr($self->{database});
		POSIX::_exit(127);
	}
	$questions->autoflush(1);
	return { of_process => $$, pid => $pid, questions => $questions, answers => $answers, errors => $errors, rest => '' };
}

# undef: the session is over, or the time is.
sub _ask
{
	my ($self, $query, $deadline) = @_;
	my $psql = $self->{psql};
	my $end  = END_OF_ANSWER . "\n";
	my $length;
	local $SIG{PIPE} = 'IGNORE';

	$psql->{is_idle} = 0;
	print { $psql->{questions} } "$query\n;\n\\echo '@{[END_OF_ANSWER]}'\nDISCARD ALL;\n" or return undef;
	until (($length = index $psql->{rest}, $end) >= 0)
	{
		my $readable = '';

		vec($readable, fileno $psql->{answers}, 1) = 1;
		select($readable, undef, undef, $deadline - time) > 0 or return undef;
		sysread($psql->{answers}, $psql->{rest}, 65536, length $psql->{rest}) or return undef;
	}
	$psql->{is_idle} = 1;
	my $answer = substr $psql->{rest}, 0, $length + length $end, '';
	return substr($answer, 0, $length) =~ s/\n\z//r;
}

# What psql had to say.
sub _error
{
	my ($self) = @_;

	return $self->{psql} ? slurp_file($self->{psql}{errors}->filename) : 'the session is over';
}

1;
