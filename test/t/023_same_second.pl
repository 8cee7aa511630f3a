# 023_same_second.pl
#
# Both sides edit within one second of GitHub's clock, in every order around
# the requests of one transaction.  Both end up the same, and what lost was
# seen by the other side before, or is kept in sync_conflicts.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $repo        = 'acme/widgets';

# An edit of the body is on its way to GitHub; where a second edit falls:
my @places = (
	'before the fetch',
	'after the fetch has read',
	'before the update is written',
	'after the update is written',
	'afterwards');

$application->superuser_sql(q{
	CREATE TABLE planner.values_seen (value text);
	ALTER TABLE planner.values_seen OWNER TO planner;
	CREATE FUNCTION planner.note_values() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO planner.values_seen VALUES (NEW.title), (NEW.markdown);
		RETURN NULL;
	END
	$$;
	CREATE TRIGGER note_values AFTER INSERT OR UPDATE ON planner.tasks FOR EACH ROW EXECUTE FUNCTION planner.note_values();
});

# Every text that GitHub was ever sent.
sub was_sent
{
	my ($text) = @_;

	return scalar grep { $_->{method} =~ /^(?:POST|PATCH)$/ && $_->{body} =~ /"\Q$text\E"/ } $github->requests;
}

sub is_kept
{
	my ($side, $text) = @_;

	return $application->superuser_sql("SELECT count(*) FROM github_sync.sync_conflicts WHERE $side = '$text'");
}

sub was_in_the_application
{
	my ($text) = @_;

	return $application->superuser_sql("SELECT count(*) FROM planner.values_seen WHERE value = '$text'");
}

# Holds the requests of the transaction that is to come at its places.
sub hold_requests
{
	my ($number, $name) = @_;

	$github->fault("GET /issues/$number\$", { gate_after_effect => "read-$name" });
	$github->fault("PATCH /issues/$number\$", { gate => "write-$name", gate_after_effect => "written-$name" });
}

# Goes on to a place; 0 is where the edit of the body starts it all.
my @go_to = (
	sub { },
	sub { my ($name) = @_; $github->wait_at_gate("read-$name") },
	sub { my ($name) = @_; $github->open_gate("read-$name"); $github->wait_at_gate("write-$name") },
	sub { my ($name) = @_; $github->open_gate("write-$name"); $github->wait_at_gate("written-$name") },
	sub { my ($name) = @_; $github->open_gate("written-$name"); $application->wait_until_done });

# One order of events; true when GitHub's edit was overwritten unseen, as the
# README's limit says.
sub play
{
	my (%order) = @_;
	my ($name, $field)  = @order{qw(name field)};
	my ($ours, $theirs) = ("ours $name", "theirs $name");
	my %column = (title => 'title', body => 'markdown');
	my $task   = $application->add_task(title => "title $name", markdown => "body $name");

	$application->wait_until_done;
	my $number = $application->issue_of($task)->{number};
	my $local  = sub { $application->edit_task($task, title => $ours) };
	my $remote = sub {
		my $issue = $github->human_edits_issue($repo, $number, $field => $theirs);

		$application->tell_of_issue($issue) if $order{told};
	};

	$github->real_clock;
	$github->freeze_clock;
	hold_requests($number, $name);
	foreach my $place (0 .. $#places)
	{
		# Afterwards nothing holds what ours sets off: it would race with theirs.
		my $holds = $place == $#places && $order{ours} == $place && $order{theirs} == $place && !$order{theirs_first};

		$go_to[$place]->($name);
		$github->fault("GET /issues/$number\$", { gate => "last-$name" }) if $holds;
		$remote->() if $order{theirs} == $place && $order{theirs_first};
		$local->() if $order{ours} == $place && $place > 0;
		$github->wait_at_gate("last-$name") if $holds;
		$remote->() if $order{theirs} == $place && !$order{theirs_first};
		$github->open_gate("last-$name") if $holds;
		# The edit that starts the transaction.
		$application->edit_task($task, markdown => "text $name", $order{ours} == 0 ? (title => $ours) : ()) if $place == 0;
	}
	$application->wait_until_done;
	$application->tell_of_issue($github->issue($repo, $number));
	$application->wait_until_done;

	my ($here, $there) = ($application->task($task), $github->issue($repo, $number));
	my %there = (title => $there->{title}, body => $there->{body} =~ s/\s*<!-- github_sync:\S+ -->//r);
	my @lost;

	push @lost, "body differs: $here->{markdown}, $there{body}" if $here->{markdown} ne $there{body};
	push @lost, "title differs: $here->{title}, $there{title}" if $here->{title} ne $there{title};
	push @lost, 'our text is lost' unless $here->{title} eq $ours || was_sent($ours) || is_kept('local', $ours);
	push @lost, 'the other text of ours is lost' unless was_sent("text $name") || is_kept('local', "text $name");
	my $unseen = $here->{ $column{$field} } ne $theirs && !was_in_the_application($theirs) && !is_kept('remote', $theirs);
	push @lost, 'their text is lost' if $unseen && !$order{limit};
	is_deeply(\@lost, [], "$field: we $places[$order{ours}], they $places[$order{theirs}]"
		  . ($order{ours} == $order{theirs} ? $order{theirs_first} ? ', they first' : ', we first' : '')
		  . ($order{told} ? '' : ', webhook lost'));
	return $unseen;
}

my $play   = 0;
my $unseen = 0;
my $limit  = 0;

foreach my $ours (0 .. $#places)
{
	foreach my $theirs (0 .. $#places)
	{
		foreach my $theirs_first ($ours == $theirs ? (0, 1) : (0))
		{
			# Their edit came after the answer that ours was merged with (the fetch's, or that of
			# the update before) and before ours was written: GitHub cannot refuse that.
			my $is_limit = $ours <= 1 ? $theirs >= 1 && $theirs <= 2 : $ours <= 3 && $theirs == 3;

			$play++;
			$limit += $is_limit;
			$unseen += play(name => "t$play", field => 'title', ours => $ours, theirs => $theirs, theirs_first => $theirs_first, told => $play % 2, limit => $is_limit);
		}
	}
}
# Of these, what we were told of before the update was sent is kept.
cmp_ok($unseen, '<=', $limit, 'what falls between an answer and the update merged with it is overwritten, and nothing else');

# In the other field, the one that starts the transaction.
foreach my $theirs (0 .. $#places)
{
	$play++;
	play(name => "b$play", field => 'body', ours => 0, theirs => $theirs, theirs_first => 1, told => $play % 2, limit => $theirs >= 1 && $theirs <= 2);
}

is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');

done_testing();
