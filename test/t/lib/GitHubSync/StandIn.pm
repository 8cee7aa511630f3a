# GitHubSync::StandIn
#
# Our own GitHub (test/github/standin.mjs) as a child of the test: starts it
# on a free port, arranges its world, acts as a human in it and tells what it
# was asked.  What the control calls mean is in test/github/README.md.
#
#     my $github = GitHubSync::StandIn->start;     # $github->url, $github->key_file
#     $github->human_creates_issue('acme/widgets', title => 'a title');
#     my ($request) = $github->wait_for_request(PATCH => '/issues/1$');
#
# Core Perl only.  Every child is ended by its pid when its object goes, and
# ends by itself when the test dies without a farewell.

# A program of test/github under node, from its start to its end.
package GitHubSync::NodeProgram;

use strict;
use warnings;

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp ();
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

# Absolute at load time: tests may change their directory.
my $programs = abs_path(dirname(__FILE__) . '/../../../github');
my %running;

# A program that is not started yet, with a directory of its own.
sub of
{
	my ($class, $program) = @_;

	return bless { program => $program, dir => File::Temp->newdir('github-XXXXXX', TMPDIR => 1) }, $class;
}

# Starts the program and waits until its port answers.  Options become
# arguments: key_file => 'x' is --key-file x, no_http2 => undef is --no-http2.
sub launch
{
	my ($self, %option) = @_;
	my @options = map { ('--' . tr/_/-/r, $option{$_} // ()) } sort keys %option;
	my $program = $self->{program};

	$self->_spawn($ENV{NODE} // 'node', "$programs/$program", '--port-file', $self->dir . '/port', '--die-with-stdin', @options);
	$self->{port} = $self->_wait_for_port($ENV{GITHUB_PROGRAM_TIMEOUT_S} // 60);
	return $self;
}

# The child's standard input is a pipe that nobody writes to: it closes when
# this process ends, however it ends.
sub _spawn
{
	my ($self, @command) = @_;

	pipe(my $child_stdin, my $lifeline) or croak "no pipe: $!";
	my $pid = fork() // croak "no child: $!";

	if ($pid == 0)
	{
		open(STDIN, '<&', $child_stdin) and open(STDOUT, '>', $self->log_file) and open(STDERR, '>&', \*STDOUT)
		  and exec { $command[0] } @command;
		POSIX::_exit(127);
	}
	@$self{qw(pid lifeline)} = ($pid, $lifeline);
	$running{$pid} = $$;
}

sub _wait_for_port
{
	my ($self, $timeout_s) = @_;
	my $deadline = time + $timeout_s;

	until (-e "$self->{dir}/port")
	{
		if (waitpid($self->{pid}, WNOHANG) != 0)
		{
			delete $running{ $self->{pid} };
			croak "$self->{program} ended at once:\n" . $self->log;
		}
		time < $deadline or croak "$self->{program} did not start:\n" . $self->log;
		sleep 0.01;
	}
	open(my $file, '<', "$self->{dir}/port") or croak "no port: $!";
	chomp(my $port = <$file>);
	return $port;
}

sub url  { return "http://127.0.0.1:$_[0]{port}" }
sub port { return $_[0]{port} }
sub pid  { return $_[0]{pid} }
sub dir  { return "$_[0]{dir}" }
sub log_file { return "$_[0]{dir}/log" }

# What the program has printed.
sub log
{
	my ($self) = @_;

	open(my $file, '<', $self->log_file) or return '';
	local $/;
	return scalar <$file>;
}

sub stop
{
	my ($self) = @_;

	_end($self->{pid}) if defined $self->{pid};
}

# Only the process that started a child ends it: a fork inherits the objects.
sub _end
{
	my ($pid) = @_;

	return unless ($running{$pid} // 0) == $$;
	delete $running{$pid};
	local $?;
	kill 'TERM', $pid;
	waitpid($pid, 0);
}

sub DESTROY { $_[0]->stop }

END { _end($_) foreach keys %running }

package GitHubSync::StandIn;

use strict;
use warnings;

use parent -norequire, 'GitHubSync::NodeProgram';

use Carp qw(croak);
use HTTP::Tiny;
use JSON::PP;

# How long a wait may take before the test is told that it was in vain.
my $patience_s = 180;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# Options: app_id, public_key (PEM file of the App's key; default: a new key
# in key_file), webhook_url, webhook_secret, port, record (a file that gets all
# requests; default: the environment's REQUESTS_FILE); judged => 1: a judge stands
# in front, who holds each request against GitHub's own description.
sub start
{
	my ($class, %option) = @_;
	my $self   = $class->of('standin.mjs');
	my $judged = delete $option{judged};

	$option{key_file} = $self->key_file unless exists $option{public_key};
	$option{record} //= $ENV{REQUESTS_FILE} if defined $ENV{REQUESTS_FILE};
	$self->{http} = HTTP::Tiny->new(timeout => 3600);
	$self->launch(%option);
	$self->_appoint_judge if $judged;
	return $self;
}

sub _appoint_judge
{
	my ($self) = @_;

	require GitHubSync::Judge;
	$self->{judge} = GitHubSync::Judge->start(upstream => $self->own_url);
	$self->public_url($self->url);
}

# Where clients find the API.
sub url { my ($self) = @_; return $self->{judge} ? $self->{judge}->url : $self->own_url }

sub own_url { my ($self) = @_; return $self->SUPER::url }

# What GitHub's description has against the requests so far; and how many there were.
sub violations { return $_[0]{judge}->violations }
sub judged     { return $_[0]{judge}->judged }

# What the world holds unless seeded otherwise.
sub app_id          { return 424242 }
sub installation_id { return 515151 }
sub human_token     { return 'github_pat_alice' }

# The App's private key, PKCS#1 PEM, readable by this user only.
sub key_file { return $_[0]->dir . '/app.pem' }

# One control call; returns its decoded answer.
sub control
{
	my ($self, $method, $path, $value) = @_;
	my %request = defined $value ? (content => $json->encode($value)) : ();
	my $response = $self->{http}->request($method, $self->own_url . "/_control/$path", \%request);

	$response->{success} or croak "control $method $path: $response->{status} $response->{content}";
	return $json->decode($response->{content});
}

# ---- the world (seed adds to it; reset is the world of the start) ----

sub seed       { my ($self, $world) = @_; return $self->control(POST => 'seed', $world) }
sub reset      { my ($self) = @_; return $self->control(POST => 'reset', {}) }
sub state      { my ($self) = @_; return $self->control(GET => 'state') }
sub duplicates { my ($self) = @_; return $self->control(GET => 'duplicates') }
# Whom a text notified: login, repository, number, by.
sub mentions   { my ($self) = @_; return @{ $self->control(GET => 'mentions') } }

# What clients see as the API's address, when something stands in front.
sub public_url { my ($self, $url) = @_; return $self->control(POST => 'public_url', { url => $url }) }

sub issues
{
	my ($self, $repo) = @_;
	my ($found) = grep { lc $_->{full_name} eq lc $repo } @{ $self->state->{repositories} };

	return @{ ($found // croak "no repository $repo")->{issues} };
}

# undef when there is none
sub issue
{
	my ($self, $repo, $number) = @_;
	my ($found) = grep { $_->{number} == $number } $self->issues($repo);

	return $found;
}

sub comments
{
	my ($self, $repo, $number) = @_;

	return map { @{ $_->{comments} } } grep { !defined $number || $_->{number} == $number } $self->issues($repo);
}

# ---- a human acts (as => 'login' for another than alice, 'app' for the App) ----

sub act { my ($self, $deed, %what) = @_; return $self->control(POST => 'act', { do => $deed, %what }) }

sub human_creates_issue     { my ($self, $repo, %fields) = @_;          return $self->act(create_issue => (repo => $repo, %fields)) }
sub human_edits_issue       { my ($self, $repo, $number, %fields) = @_; return $self->act(edit_issue => (repo => $repo, number => $number, %fields)) }
sub human_labels_issue      { my ($self, $repo, $number, %change) = @_; return $self->act(label_issue => (repo => $repo, number => $number, %change)) } # add, remove => [...]
sub human_closes_issue      { my ($self, $repo, $number, %fields) = @_; return $self->act(close_issue => (repo => $repo, number => $number, %fields)) }
sub human_reopens_issue     { my ($self, $repo, $number, %fields) = @_; return $self->act(reopen_issue => (repo => $repo, number => $number, %fields)) }
sub human_locks_issue       { my ($self, $repo, $number) = @_;          return $self->act(lock_issue => (repo => $repo, number => $number)) }
sub human_deletes_issue     { my ($self, $repo, $number) = @_;          return $self->act(delete_issue => (repo => $repo, number => $number)) }
# anew => \1: its comments get other ids there.
sub human_transfers_issue   { my ($self, $repo, $number, $to, %how) = @_; return $self->act(transfer_issue => (repo => $repo, number => $number, to => $to, %how)) }
sub human_creates_comment   { my ($self, $repo, $number, %fields) = @_; return $self->act(create_comment => (repo => $repo, number => $number, %fields)) }
sub human_edits_comment     { my ($self, $id, %fields) = @_;            return $self->act(edit_comment => (comment_id => $id, %fields)) }
sub human_deletes_comment   { my ($self, $id) = @_;                     return $self->act(delete_comment => (comment_id => $id)) }
sub human_renames_repository { my ($self, $repo, %names) = @_;          return $self->act(rename_repository => (repo => $repo, %names)) }
sub human_renames_app       { my ($self, $slug) = @_;                   return $self->act(rename_app => (slug => $slug)) }
sub set_repository          { my ($self, $repo, %fields) = @_;          return $self->act(set_repository => (repo => $repo, %fields)) }

# deed: suspend, unsuspend, delete, choose (repositories => [...]), permit (permissions => {...})
sub installation { my ($self, $id, $deed, %what) = @_; return $self->control(POST => 'installation', { id => $id, do => $deed, %what }) }
# The id of the installation that an account has from now on.
sub install      { my ($self, $account, %what) = @_;   return $self->control(POST => 'installation', { do => 'create', account => $account, %what })->{id} }

# ---- time, limits, behaviour ----

sub now           { my ($self) = @_;           return $self->control(GET => 'clock')->{now} }
sub freeze_clock  { my ($self, $at) = @_;      return $self->control(POST => 'clock', { freeze => $at // JSON::PP::true }) }
sub advance_clock { my ($self, $seconds) = @_; return $self->control(POST => 'clock', { advance => $seconds + 0 }) }
sub real_clock    { my ($self) = @_;           return $self->control(POST => 'clock', { real => JSON::PP::true }) }

# From now on it is this moment (ISO 8601), and a second of ours is so many of GitHub's.
sub hasten_clock  { my ($self, $now, $pace) = @_; return $self->control(POST => 'clock', { hasten => { now => $now, pace => $pace + 0 } }) }

sub limits        { my ($self, %limits) = @_;   return $self->control(POST => 'limits', \%limits) }
# What an installation sent in the first so many seconds after its first request.
sub account       { my ($self, $installation, $seconds) = @_; return $self->control(GET => "limits?seconds=$seconds")->{"installation ID $installation"} }
sub behaviour     { my ($self, %settings) = @_; return $self->control(POST => 'behaviour', \%settings) }
sub stale_reads   { my ($self, %reads) = @_;    return $self->control(POST => 'stale_reads', \%reads) }
sub expire_tokens { my ($self) = @_;            return $self->control(POST => 'expire_tokens', {}) }

# ---- faults and gates ----

# $github->fault('POST /issues$', { reset_after_effect => 1 }, times => 2)
sub fault
{
	my ($self, $match, $action, %rule) = @_;
	my ($method, $path) = split / /, $match, 2;
	my $body = delete $rule{body};

	%rule = (%rule, action => $action, match => { method => $method, path => $path, defined $body ? (body => $body) : () });
	return $self->control(POST => 'faults', \%rule)->{ids}[0];
}

sub faults       { my ($self) = @_;      return @{ $self->control(GET => 'faults') } }
sub remove_fault { my ($self, $id) = @_; return $self->control(DELETE => "faults/$id") }
sub clear_faults { my ($self) = @_;      return $self->control(DELETE => 'faults') }

sub open_gate  { my ($self, $name) = @_; return $self->control(POST => "gates/$name/open", {}) }
sub close_gate { my ($self, $name) = @_; return $self->control(POST => "gates/$name/close", {}) }

sub wait_at_gate
{
	my ($self, $name, %option) = @_;
	my $count = $option{count} // 1;
	my $state = $self->control(GET => "gates/$name?arrived=$count&timeout_ms=" . 1000 * $patience_s);

	$state->{arrived} >= $count or croak "only $state->{arrived} of $count requests came to the gate $name";
	return $state;
}

# ---- what was asked ----

sub requests { my ($self, %option) = @_; return @{ $self->control(GET => 'requests?since=' . ($option{since} // 0)) } }
sub counts   { my ($self) = @_;          return $self->control(GET => 'counts') }
sub last_seq { my ($self) = @_;          return $self->counts->{last_seq} }

# Finished requests (arrived => 1: also those under way) by method ('*': any)
# and regular expression on the path with its query.
sub wait_for_request
{
	my ($self, $method, $path, %option) = @_;
	my $count = $option{count} // 1;
	my $query = HTTP::Tiny->new->www_form_urlencode({
		wait => "$method:$path", count => $count, since => $option{since} // 0,
		arrived => $option{arrived} ? 1 : 0, timeout_ms => 1000 * $patience_s });
	my @found = @{ $self->control(GET => "requests?$query") };

	@found >= $count or croak scalar(@found) . " of $count requests $method $path came";
	return @found;
}

# ---- webhooks ----

# url, secret, mode (off, on, held, doubled, reversed), lose_every
sub webhooks         { my ($self, %settings) = @_; return $self->control(POST => 'webhooks', \%settings) }
sub release_webhooks { my ($self, %option) = @_;   return $self->control(POST => 'webhooks/release', \%option) }
sub redeliver        { my ($self, $guid) = @_;     return $self->control(POST => 'webhooks/redeliver', { guid => $guid }) }

# Each with guid, event, headers (signature too) and body, as a receiver gets
# them; idle => 1 waits until nothing is on its way.
sub deliveries { my ($self, %option) = @_; return @{ $self->control(GET => 'webhooks' . ($option{idle} ? '?idle=1' : '')) } }

1;
