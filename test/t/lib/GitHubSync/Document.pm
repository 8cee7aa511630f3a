# GitHubSync::Document
#
# What a page of the documentation tells its readers to type, as it stands there.
#
#     my $page = GitHubSync::Document->read('docs/first-hour.md');
#     my ($block) = $page->blocks('A dry run');     # { heading, language, text, line }
#     my @code = $page->code;                       # in the text, between backticks: { text, line }
package GitHubSync::Document;

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);

my $root = abs_path(dirname(__FILE__) . '/../../../..');

sub root { return $root }

sub read
{
	my ($class, $file) = @_;

	open(my $page, '<', "$root/$file") or croak "$file: $!";
	my @lines = <$page>;
	my %page = (file => $file, prose => []);
	$page{blocks} = [ _blocks_of($page{prose}, @lines) ];
	return bless \%page, $class;
}

# All, or those under a heading.
sub blocks
{
	my ($self, $heading) = @_;

	return grep { !defined $heading || $_->{heading} eq $heading } @{ $self->{blocks} };
}

# The one that contains these words.
sub block
{
	my ($self, $words) = @_;
	my @found = grep { index($_->{text}, $words) >= 0 } $self->blocks;

	@found == 1 or croak scalar(@found) . " blocks of $self->{file} contain: $words";
	return $found[0]{text};
}

# What stands between backticks outside of blocks; it may go on in the next line of its paragraph.
sub code
{
	my ($self) = @_;
	my ($paragraph, $first, @found) = ('', 1);

	foreach my $line (@{ $self->{prose} }, { text => "\n", line => 0 })
	{
		if ($line->{text} =~ /\S/)
		{
			$first = $line->{line} if $paragraph eq '';
			$paragraph .= $line->{text};
			next;
		}
		while ($paragraph =~ /`([^`]+)`/g)
		{
			my ($text, $before) = ($1, substr($paragraph, 0, $-[0]));
			push @found, { text => $text =~ s/\s*\n\s*/ /gr, line => $first + ($before =~ tr/\n//) };
		}
		$paragraph = '';
	}
	return @found;
}

# Between fences, or indented by four columns and more, after an empty line.
sub _blocks_of
{
	my ($prose, @lines) = @_;
	my $total = @lines;
	my ($heading, $was_empty, @blocks) = ('', 1);

	while (@lines)
	{
		my $first = $lines[0];
		my $start = $total - @lines + 1;
		my ($language, @text);

		if ($first =~ /^```(\w*)/)
		{
			$language = $1;
			shift @lines;
			push @text, shift @lines until !@lines || $lines[0] =~ /^```/;
			shift @lines;
		}
		elsif ($was_empty && $first =~ /^( {4,})\S/)
		{
			my $margin = $1;
			$language = '';
			push @text, shift @lines while @lines && ($lines[0] =~ /^$margin/ || $lines[0] =~ /^\s*$/ && ($lines[1] // '') =~ /^$margin/);
			s/^$margin// foreach @text;
		}
		else
		{
			$heading = $1 if $first =~ /^#+ (.*)/;
			$was_empty = $first =~ /^\s*$/;
			push @$prose, { text => $first, line => $start };
			shift @lines;
			next;
		}
		push @$prose, { text => "\n", line => $start };
		push @blocks, { heading => $heading, language => $language, text => join('', @text), line => $start };
		$was_empty = 0;
	}
	return @blocks;
}

1;
