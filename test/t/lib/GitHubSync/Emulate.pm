# GitHubSync::Emulate
#
# npm's emulate as a child of the test: a GitHub that this project did not
# write.  What its world holds is in test/github/emulate.mjs.
#
#     my $github = GitHubSync::Emulate->start;
#     # $github->url, $github->key_file, $github->human(POST => '/repos/...', {...})
#
# Core Perl only.
package GitHubSync::Emulate;

use strict;
use warnings;

use GitHubSync::StandIn;
use parent -norequire, 'GitHubSync::NodeProgram';

use Carp qw(croak);
use HTTP::Tiny;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;

# Options: webhook_url, webhook_secret, port.
sub start
{
	my ($class, %option) = @_;
	my $self = $class->of('emulate.mjs');

	return $self->launch(%option, key_file => $self->key_file);
}

sub app_id          { return 424242 }
sub installation_id { return 515151 }
sub human_token     { return 'github_pat_alice' }

# The App's private key, PKCS#1 PEM, readable by this user only.
sub key_file { return $_[0]->dir . '/app.pem' }

# A request of the human alice; returns the decoded answer, dies of a refusal.
sub human
{
	my ($self, $method, $path, $value) = @_;
	my %headers  = (authorization => 'Bearer ' . $self->human_token, 'content-type' => 'application/json');
	my $response = HTTP::Tiny->new->request($method, $self->url . $path,
		{ headers => \%headers, defined $value ? (content => $json->encode($value)) : () });

	$response->{success} or croak "$method $path: $response->{status} $response->{content}";
	return length $response->{content} ? $json->decode($response->{content}) : undef;
}

1;
