#!/usr/bin/perl
# adopt.pl COMMAND...
#	Runs a command, with its exit code, and adopts what it leaves in the
#	background, so that the CPU of a server that it starts and stops counts as
#	its own.  What still runs when the command has ended is left running.
use strict;
use warnings;

use POSIX qw(WNOHANG);

use constant PR_SET_CHILD_SUBREAPER => 36;

# Where perl knows no system calls, or these are not Linux's, the background does not count.
eval { require 'syscall.ph'; syscall(&SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };

my $command = fork() // die "no child: $!\n";
if ($command == 0)
{
	exec { $ARGV[0] } @ARGV or print STDERR "$ARGV[0]: $!\n";
	POSIX::_exit(127);
}

# Who ends this ends the command.
$SIG{$_} = sub { kill $_[0], $command } foreach qw(INT TERM HUP);

my ($ended, $status);
do { ($ended, $status) = (waitpid(-1, 0), $?) } until $ended == $command;

# The dead of the background: whose CPU nobody waits for does not count.
1 while waitpid(-1, WNOHANG) > 0;

exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
