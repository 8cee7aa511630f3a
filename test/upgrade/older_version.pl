# older_version.pl DIRECTORY
#
# Makes version 0.0.9 out of a copy of the tree, as if that had been released
# before this one: another body of a rule, a function more, a column and a view
# less, a view with a column less, a member more.  What the next version changes
# in return is in 0.1.0/.  Dies where the tree no longer has what is changed.
use strict;
use warnings;

my ($directory) = @ARGV;
chdir $directory or die "$directory: $!";

# FILE, PATTERN, what comes in its place, and how often it is there (default: once).
sub replace
{
	my ($file, $pattern, $new, $times) = @_;

	local $/;
	open my $in, '<', $file or die "$file: $!";
	my $text  = <$in>;
	my $found = $text =~ s/$pattern/$new/g || 0;
	die "$file: $pattern is there $found times, not " . ($times // 1) if $found != ($times // 1);
	open my $out, '>', $file or die "$file: $!";
	print $out $text;
	close $out or die "$file: $!";
}

replace('META.json', qr/"0\.1\.0"/, '"0.0.9"', 3);
replace('META.json', qr/--0\.1\.0\.sql/, '--0.0.9.sql', 2);
replace("${_}_sync_transaction.control", qr/'0\.1\.0'/, "'0.0.9'") foreach qw(task comment);

replace('sql/record/rules.sql', qr/RETURN interval '60 seconds';/, "RETURN interval '90 seconds';");
replace('sql/record/rules.sql', qr/\z/, <<'SQL');

CREATE OR REPLACE FUNCTION github_sync.@record@_is_quiet(cached github_sync.@resources@) RETURNS boolean
LANGUAGE sql STABLE
RETURN cached.seen_at < now();
COMMENT ON FUNCTION github_sync.@record@_is_quiet(github_sync.@resources@) IS
'private: a rule that the next version has no more';
SQL
replace('sql/task/cached_record.sql', qr/\tstate_reason text,\n/, '');
replace('sql/record/answer.sql', qr/--\@task\tcached\.state_reason := .*\n/, '');
replace('sql/record/merge.sql', qr/--\@task\t\tstate_reason = .*\n/, '');
replace('sql/record/views.sql', qr/--\@view sync_history.*?(?=--\@view|\z)/s, '');
replace('sql/record/views.sql', qr/--\@column oldest: .*\n/, '');
replace('sql/record/views.sql', qr/min\(a\.oldest\) AS oldest, /, '');
replace('sql/extension/versions.sql', qr/\z/, <<'SQL');

CREATE FUNCTION github_sync.forgotten() RETURNS void
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN NULL;
COMMENT ON FUNCTION github_sync.forgotten() IS
'private: a member that the next version has no more';
SQL
