# 048_fuzzed_answers.pl
#
# Group: attacks.
# A few seconds of `make fuzz-worker`, always with the same seed and without the
# sanitizers: whatever becomes of GitHub's answers, no worker ends, each row
# does, and who is answered correctly is served.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path);

my $program   = abs_path(dirname(__FILE__) . '/../fuzz_worker/fuzz_worker.mjs');
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
my ($bindir)  = `$pg_config --bindir` =~ /^(.+)$/m;
my $directory = "$ENV{TESTDATADIR}/fuzz";

# It speaks TAP itself.  Other tests run beside it, so what must arrive soon has more time than in a run of its own.
make_path($directory, $ENV{TESTLOGDIR});
my $status = system($ENV{NODE} // 'node', $program, '--directory', $directory, '--bindir', $bindir, '--configuration', $ENV{TEMP_CONFIG},
	'--seconds', 4, '--seed', 48, '--served', 30);
copy("$directory/$_", "$ENV{TESTLOGDIR}/$_") foreach grep { -e "$directory/$_" } 'server.log', 'answers.log';
exit($status == 0 ? 0 : 1);
