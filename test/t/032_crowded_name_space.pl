# 032_crowded_name_space.pl
#
# Group: attacks.
# The server shares one name space among all libraries that it preloads. One
# that comes before ours and defines every name by which our files call each
# other changes nothing: not the start of the server, not what is synced.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;

# The names that our headers declare: functions, and variables.
sub our_names
{
	my (%functions, %variables);

	foreach my $header (glob "$FindBin::Bin/../../src/*/*.h")
	{
		my $text = slurp_file($header) =~ s{/\*.*?\*/}{}gsr;

		while ($text =~ /^extern\s+([^;]+);/mg)
		{
			my $declaration = $1;

			if   ($declaration =~ /(\w+)\s*\(/) { $functions{$1} = 1 }
			else                                { $variables{$1} = 1 if $declaration =~ /(\w+)(?:\[\w*\])?$/ }
		}
	}
	return ([ sort keys %functions ], [ sort keys %variables ]);
}

# Functions that end the server, variables whose content is none of ours.
sub write_source
{
	my ($file, $functions, $variables) = @_;

	append_to_file($file, qq{#include "postgres.h"\n#include "fmgr.h"\n#include <stdlib.h>\nPG_MODULE_MAGIC;\n#define EXPORTED __attribute__((visibility("default")))\n});
	append_to_file($file, "EXPORTED void $_(void);\nvoid $_(void) { abort(); }\n") foreach @$functions;
	append_to_file($file, "EXPORTED extern char $_\[64];\nchar $_\[64] = {[0 ... 63] = 0x11};\n") foreach @$variables;
}

my ($functions, $variables) = our_names();
cmp_ok(scalar @$functions, '>', 150, 'functions of ours: ' . @$functions);
cmp_ok(scalar @$variables, '>', 20,  'variables of ours: ' . @$variables);

my $source  = PostgreSQL::Test::Utils::tempdir() . '/crowd.c';
my $library = $source =~ s/\.c$/.so/r;
chomp(my $headers = `pg_config --includedir-server`);
write_source($source, $functions, $variables);
is(system('cc', '-std=gnu11', '-shared', '-fPIC', "-I$headers", '-o', $library, $source), 0, 'a library defines them all');

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, settings => { shared_preload_libraries => "$library, github_sync" });
my $task        = $application->add_task(title => 'alone among many', markdown => 'a text');
$application->wait_until_done;

is($application->superuser_sql('SHOW shared_preload_libraries'), "$library, github_sync", 'the server runs with that library before ours');
is_deeply([ map { $_->{title} } $github->issues('acme/widgets') ], ['alone among many'], 'a task is synced');
is($application->superuser_sql("SELECT setting FROM pg_settings WHERE name = 'github_sync.api_url'"), $github->url, 'our settings are our own');

done_testing();
