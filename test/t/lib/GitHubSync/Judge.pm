# GitHubSync::Judge
#
# Puts GitHub's own description between the worker and a stand-in: what the
# worker sends goes through unchanged, and each request that GitHub would not
# know is remembered (test/github/judge.mjs).
#
#     my $judge = GitHubSync::Judge->start(upstream => $github->url);
#     $github->public_url($judge->url);     # links lead through the judge too
#     ...
#     is_deeply([ $judge->violations ], [], 'GitHub would know every request');
#
# Core Perl only.
package GitHubSync::Judge;

use strict;
use warnings;

use GitHubSync::StandIn;
use parent -norequire, 'GitHubSync::NodeProgram';

use Carp qw(croak);
use HTTP::Tiny;
use JSON::PP;

# Options: upstream (URL), port.
sub start
{
	my ($class, %option) = @_;

	return $class->of('judge.mjs')->launch(%option);
}

# One line for each violation since the start or the last clear.
sub violations
{
	my ($self) = @_;

	return map { _in_words($_) } @{ $self->record->{violations} };
}

# How many requests were judged: a test that none came to proves nothing.
sub judged { my ($self) = @_; return $self->record->{judged} }

sub record { my ($self) = @_; return $self->_ask('GET') }
sub clear  { my ($self) = @_; return $self->_ask('DELETE') }

sub _ask
{
	my ($self, $method) = @_;
	my $response = HTTP::Tiny->new->request($method, $self->url . '/_judge/violations');

	$response->{success} or croak "the judge is gone: $response->{content}";
	return JSON::PP->new->utf8->decode($response->{content});
}

sub _in_words
{
	my ($found) = @_;

	return "$found->{method} $found->{path}: " . join('; ', @{ $found->{violations} });
}

1;
