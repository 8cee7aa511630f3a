#!/usr/bin/perl
# check_modules.pl OBJECT...
#	Refuses what makes modules of src/ depend on each other in a circle, and names
#	that a reader cannot tell apart.  A module is NAME.c with NAME.h and
#	NAME_private.h.  Says file and reason for each breach; fails if there are any.
#
#	- A circle: modules that include each other, directly or by way of others,
#	  within one room as well as between rooms.
#	- A function that two files define, static or not.
#	- A function or variable that others can see without its module's prefix:
#	  the module's name, or what scripts/rooms.txt says ("prefix MODULE WORD").
use strict;
use warnings;
use FindBin;

chdir "$FindBin::Bin/.." or die;

my @objects  = @ARGV;
my $breaches = 0;
my (%includes, %defined, @prefixes);

sub breach
{
	my ($where, $what) = @_;

	print STDERR "$where: $what\n";
	$breaches++;
}

sub module_of
{
	my ($file) = @_;

	return $file =~ s{^src/}{}r =~ s{(_private)?\.[cho]$}{}r;
}

sub read_prefixes
{
	open my $table, '<', 'scripts/rooms.txt' or die;
	while (<$table>)
	{
		push @prefixes, [ $1, $2 ] if /^prefix\s+(\S+)\s+(\S+)/;
	}
}

# Files of the module's own folder are found without its name, too.
sub find_included
{
	my ($file, $name) = @_;
	my $beside = $file =~ s{[^/]*$}{}r . $name;

	return -e $beside ? $beside : -e "src/$name" ? "src/$name" : undef;
}

sub read_source
{
	my ($file) = @_;

	open my $source, '<', $file or die "$file: $!";
	my $text = do { local $/; <$source> };
	$text =~ s{/\*.*?\*/}{}gs;
	foreach my $name ($text =~ /^#include\s+"([^"]+)"/gm)
	{
		my $included = find_included($file, $name) // next;
		my ($from, $to) = (module_of($file), module_of($included));

		$includes{$from}{$to} = $file if $from ne $to;
	}
	return unless $file =~ /\.c$/;
	$defined{$_}{$file} = 1 foreach $text =~ /^(\w+)\([^;{]*?\)\s*\n\{/gm;
}

# Tarjan: components of more than one module are circles.
{
	my (%index, %low, @stack, %on_stack);
	my $next = 0;

	sub visit
	{
		my ($module) = @_;

		$index{$module} = $low{$module} = $next++;
		push @stack, $module;
		$on_stack{$module} = 1;
		foreach my $other (sort keys %{ $includes{$module} // {} })
		{
			visit($other) unless exists $index{$other};
			$low{$module} = $low{$other} if $on_stack{$other} && $low{$other} < $low{$module};
		}
		return if $low{$module} != $index{$module};
		my @component;
		do { push @component, pop @stack; delete $on_stack{ $component[-1] } } until $component[-1] eq $module;
		report_circle(sort @component) if @component > 1;
	}

	sub find_circles
	{
		exists $index{$_} or visit($_) foreach sort keys %includes;
	}
}

sub report_circle
{
	my @circle = @_;
	my %member = map { $_ => 1 } @circle;
	my @arrows = map { my $from = $_; map { "$includes{$from}{$_} includes $_" } grep { $member{$_} } sort keys %{ $includes{$from} } } @circle;

	breach("src/$circle[0]", 'a circle of modules: ' . join(', ', @arrows));
}

sub check_doubles
{
	foreach my $name (sort keys %defined)
	{
		my @files = sort keys %{ $defined{$name} };

		breach($files[1], "function $name is defined in $files[0] already") if @files > 1;
	}
}

sub prefixes_of
{
	my ($module) = @_;
	my @given = map { $_->[1] } grep { my $pattern = quotemeta($_->[0]) =~ s/\\\*/.*/gr; $module =~ /^$pattern$/ } @prefixes;

	return @given ? @given : ($module =~ s{.*/}{}r . '_');
}

# The server calls github_sync_*, whatever file they are in.
sub check_prefixes
{
	my ($object) = @_;
	my $module = module_of($object);
	my @wanted = prefixes_of($module);

	foreach (split /\n/, qx(nm -g --defined-only '$object'))
	{
		my $name = (split)[-1];

		next if $name =~ /^(pg_finfo_)?github_sync_|^_PG_init$|^Pg_magic_func$|^__/ || grep { index("${name}_", $_) == 0 } @wanted;
		breach($object, "$name does not begin with " . join(' or ', @wanted));
	}
}

read_prefixes();
read_source($_) foreach sort split /\n/, qx(find src -name '*.[ch]');
find_circles();
check_doubles();
check_prefixes($_) foreach @objects;
exit 0 unless $breaches;
print STDERR "the modules of src/ are breached in $breaches places (scripts/check_modules.pl says how)\n";
exit 1;
