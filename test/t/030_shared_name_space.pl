# 030_shared_name_space.pl
#
# All preloaded libraries share one name space with the server. Another one
# that defines functions and variables of our names, and stands before ours, is
# never called in their place; and ours shows where it is entered, no more.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use File::Basename qw(basename);
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

my $sources = "$FindBin::Bin/../../src";

# The names of all functions that our headers declare for other files, and of all variables.
sub names_of_headers
{
	my (%functions, %variables);

	foreach my $header (glob "$sources/*/*.h")
	{
		my $text = slurp_file($header);

		$text =~ s{/\*.*?\*/}{}gs;
		while ($text =~ /^extern\s+([^;()]*?)(\w+)(\s*\([^;]*\)|(?:\[[^\]]*\])*)\s*;/gms)
		{
			my ($name, $rest) = ($2, $3);

			next if $name =~ /^github_sync_/;
			index($rest, '(') >= 0 ? $functions{$name}++ : $variables{$name}++;
		}
	}
	return ([ sort keys %functions ], [ sort keys %variables ]);
}

# A library in which each of those functions ends the process, and each variable holds rubbish.
sub hostile_library
{
	my ($functions, $variables) = @_;
	my $source  = PostgreSQL::Test::Utils::tempdir() . '/hostile.c';
	my $library = $source =~ s/\.c$/.so/r;
	my $include = qx($ENV{PG_CONFIG} --includedir-server) =~ s/\s+$//r;

	append_to_file($source, join "\n", '#include <stdlib.h>', '#include "postgres.h"', '#include "fmgr.h"', 'PG_MODULE_MAGIC;',
		'extern PGDLLEXPORT void _PG_init(void);', 'void _PG_init(void) {}', (map { "void $_(void); void $_(void) { abort(); }" } @$functions),
		(map { "long $_\[64] = {-1, -1, -1, -1};" } @$variables), '');
	system('cc', '-shared', '-fPIC', '-w', '-fvisibility=default', "-I$include", '-o', $library, $source) == 0 or die "the hostile library does not compile";
	return $library;
}

sub own_library
{
	my ($directory) = slurp_file($ENV{TEMP_CONFIG}) =~ /^dynamic_library_path = '([^:']*)/m;

	return "$directory/github_sync.so";
}

$ENV{PG_CONFIG} //= 'pg_config';
my ($functions, $variables) = names_of_headers();
cmp_ok(scalar @$functions, '>', 100, 'our headers declare functions: ' . scalar @$functions);
cmp_ok(scalar @$variables, '>', 10,  'and variables: ' . scalar @$variables);

my @shown = sort map { (split)[2] } split /\n/, qx(nm -D --defined-only @{[own_library()]});
is_deeply([ grep { !/^(Pg_magic_func|_PG_init|(pg_finfo_)?github_sync_\w+)$/ } @shown ], [], 'our library shows where it is entered, and nothing else');
cmp_ok(scalar @shown, '>', 10, 'and that it shows');

my $hostile = hostile_library($functions, $variables);
my $github  = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => { shared_preload_libraries => "$hostile,github_sync" });
my $task = $application->add_task(title => 'in company');
$application->wait_until_done;
is($application->issue_of($task)->{title}, 'in company', 'beside a library with all of our names a task becomes an issue');

done_testing();
