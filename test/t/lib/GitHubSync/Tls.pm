# GitHubSync::Tls
#
# TLS and HTTP/2 in front of a stand-in for GitHub (test/github/tls.mjs), with
# certificates of an authority of the test's own; and a proxy on the way there.
#
#     my $authority = GitHubSync::Authority->new;
#     my $tls       = GitHubSync::Tls->start(upstream => $github->url, $authority->issue('good', 'IP:127.0.0.1'));
#     # $tls->url is https; $authority->file is for ca_file
#
# Core Perl, and the program openssl.

# A certificate authority in a directory of its own.
package GitHubSync::Authority;

use strict;
use warnings;

use Carp qw(croak);
use File::Temp ();

my @new_key = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes');

sub new
{
	my ($class) = @_;
	my $self = bless { dir => File::Temp->newdir('authority-XXXXXX', TMPDIR => 1) }, $class;

	$self->_openssl('req', '-x509', @new_key, '-days', 2, '-subj', '/CN=authority of the tests',
		'-keyout', $self->_file('ca.key'), '-out', $self->file);
	return $self;
}

# What a client is to trust.
sub file { return $_[0]->_file('ca.pem') }

# A key and a certificate for the names (IP:..., DNS:...), as options of
# GitHubSync::Tls->start.  days => 0: it has expired already.
sub issue
{
	my ($self, $name, $names, %option) = @_;
	my ($key, $request, $certificate, $extensions) = map { $self->_file("$name.$_") } qw(key csr pem ext);

	open(my $file, '>', $extensions) or croak "no extensions: $!";
	print $file "subjectAltName=$names\n";
	close $file;
	$self->_openssl('req', @new_key, '-subj', "/CN=$name", '-keyout', $key, '-out', $request);
	$self->_openssl('x509', '-req', '-in', $request, '-CA', $self->file, '-CAkey', $self->_file('ca.key'), '-CAcreateserial',
		'-days', $option{days} // 1, '-extfile', $extensions, '-out', $certificate);
	return (key_file => $key, cert_file => $certificate);
}

sub _file { return "$_[0]{dir}/$_[1]" }

sub _openssl
{
	my ($self, @arguments) = @_;
	my $log = $self->_file('log');

	open(my $old_error, '>&', \*STDERR) or croak "no stderr: $!";
	open(STDERR, '>>', $log) or croak "no log: $!";
	my $status = system('openssl', @arguments);
	open(STDERR, '>&', $old_error) or croak "no stderr: $!";
	$status == 0 or croak "openssl $arguments[0] failed; see $log";
}

package GitHubSync::Tls;

use strict;
use warnings;

use GitHubSync::StandIn;
use parent -norequire, 'GitHubSync::NodeProgram';

# Options: upstream (URL), key_file, cert_file, port; http2 => 0 for HTTP/1.1 alone,
# mixed => 1 for it on each third connection.
sub start
{
	my ($class, %option) = @_;
	my $http2 = delete $option{http2} // 1;
	my $mixed = delete $option{mixed};

	return $class->of('tls.mjs')->launch(%option, $http2 ? () : (no_http2 => undef), $mixed ? (mixed => undef) : ());
}

sub url { return 'https://127.0.0.1:' . $_[0]->port }

# The protocol of each connection so far.
sub connections { return $_[0]->log =~ /^connection \d+ (\S+)$/mg }

# The requests so far, as [connection, "METHOD path"].
sub requests { my ($self) = @_; return map { [ /^(\d+) (.*)$/ ] } $self->log =~ /^request (.*)$/mg }

package GitHubSync::Proxy;

use strict;
use warnings;

use parent -norequire, 'GitHubSync::NodeProgram';

# Options: user ("name:password"), key_file, cert_file (to be spoken to by TLS), port.
sub start { my ($class, %option) = @_; return $class->of('proxy.mjs')->launch(%option) }

# How many tunnels it has opened, and how many strangers refused.
sub tunnels { return scalar(() = $_[0]->log =~ /^tunnel/mg) }
sub refused { return scalar(() = $_[0]->log =~ /^refused/mg) }

# What it was told besides where to go and for whom.
sub told { return [ $_[0]->log =~ /^told (.*)$/mg ] }

1;
