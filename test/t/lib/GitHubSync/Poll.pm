# GitHubSync::Poll
#
# Waits for a condition in a database: one session of psql asks again and again,
# with pauses from PAUSE_S on, up to LONGEST_PAUSE_S.  (poll_query_until of
# PostgreSQL::Test::Cluster starts a psql each time and pauses for 0.1 s: most of
# what a test then waits for has long been there.)
#
#     GitHubSync::Poll::until_true($node, 'application', 'SELECT ...') or die;
#
# A server that is down, an error and an answer other than true are all "not
# yet".  Each question is a transaction of its own.
package GitHubSync::Poll;

use strict;
use warnings;

use IO::Handle;
use POSIX ();
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

use constant { PAUSE_S => 0.005, LONGEST_PAUSE_S => 0.05, END_OF_ANSWER => '-- answered --' };

# Whether a query answered with true before the time for that was over.
sub until_true
{
	my ($node, $database, $query) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	my $pause    = PAUSE_S;
	my $session;
	local $SIG{PIPE} = 'IGNORE';

	while (time < $deadline)
	{
		$session //= _connect($node->connstr($database));
		my $answer = _ask($session, $query, $deadline);

		# Its server went away, or was not there.
		undef $session unless defined $answer;
		return 1 if ($answer // '') eq 't';
		sleep $pause;
		$pause = 2 * $pause < LONGEST_PAUSE_S ? 2 * $pause : LONGEST_PAUSE_S;
	}
	return 0;
}

# A psql that lives as long as its pipes are held.
sub _connect
{
	my ($connection) = @_;

	pipe(my $child_input, my $questions) and pipe(my $answers, my $child_output) or die "no pipe: $!\n";
	my $pid = fork() // die "no child: $!\n";
	if ($pid == 0)
	{
		open(STDIN, '<&', $child_input) and open(STDOUT, '>&', $child_output) and open(STDERR, '>', '/dev/null')
		  and exec 'psql', '-XAtq', '-d', $connection;
		POSIX::_exit(127);
	}
	$questions->autoflush(1);
	return bless { questions => $questions, answers => $answers, pid => $pid, rest => '' }, 'GitHubSync::Poll::Session';
}

# undef: the session is over, or the time is.
sub _ask
{
	my ($session, $query, $deadline) = @_;
	my $end = END_OF_ANSWER . "\n";
	my $length;

	print { $session->{questions} } "$query\n;\n\\echo '@{[END_OF_ANSWER]}'\n" or return undef;
	until (($length = index $session->{rest}, $end) >= 0)
	{
		my $readable = '';
		vec($readable, fileno $session->{answers}, 1) = 1;
		select($readable, undef, undef, $deadline - time) > 0 or return undef;
		sysread($session->{answers}, $session->{rest}, 4096, length $session->{rest}) or return undef;
	}
	my $answer = substr $session->{rest}, 0, $length + length $end, '';
	return substr($answer, 0, $length) =~ s/\n\z//r;
}

# At once, whatever it is waiting for.
sub GitHubSync::Poll::Session::DESTROY
{
	my ($session) = @_;

	local ($?, $!);
	kill 'KILL', $session->{pid};
	waitpid($session->{pid}, 0);
}

1;
