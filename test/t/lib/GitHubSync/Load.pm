# GitHubSync::Load
#
# How long something may take here and now, so that a test of what is fast does
# not fail where other work holds the processors.
#
#     cmp_ok($seconds, '<', at_this_load(2), 'soon');
package GitHubSync::Load;

use strict;
use warnings;

use Exporter qw(import);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(at_this_load);

use constant { PROCESSES => 5, CALM_S => 0.1 };

# SECONDS on a calm machine: that many, or as many times more as it takes to start
# a few short processes, which a calm machine does within CALM_S.
sub at_this_load
{
	my ($seconds) = @_;
	my $began = time;

	system($^X, '-e', '1 for 1 .. 300000') == 0 or die "$^X: $?" for 1 .. PROCESSES;
	my $times = (time - $began) / CALM_S;
	return $seconds * ($times > 1 ? $times : 1);
}

1;
