# 060_comments_at_once.pl
#
# A bot comments on each new issue at once: the webhook of its comment comes
# while the answer to our own creation is being recorded. No webhook is refused.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $creations = 30;
my $github    = GitHubSync::StandIn->start;
# Creations as fast as they go, many answers in one report.
my $application = GitHubSync::Application->start($github,
	settings => { 'github_sync.write_interval' => '0', 'github_sync.creations_per_minute' => '0', 'fsync' => 'off' });

# What a receiver of webhooks does, in a process of its own: it tells of each new issue and of two comments on it,
# again and again, while the worker has not recorded the issue yet. Prints what was refused.
sub bot
{
	my ($title, $times) = @_;
	my $receiver = GitHubSync::Application->of_database($application->node, $application->database);
	my (%told, %comments, $refused);

	$refused = 0;
	while (keys %told < $creations)
	{
		foreach my $issue (grep { $_->{title} =~ $title && !$told{ $_->{number} } } $github->issues('acme/widgets'))
		{
			$told{ $issue->{number} } = 1;
			foreach my $word (1 .. $times)
			{
				my $comment = $github->human_creates_comment('acme/widgets', $issue->{number}, body => "word $word");

				eval { $receiver->tell_of_comment($comment, $issue->{number}); 1 } or do { $refused++; diag $@ };
			}
		}
	}
	return $refused;
}

$application->add_task(title => "task $_") foreach 1 .. $creations;
is(bot(qr/^task /, 3), 0, 'no webhook of a comment is refused while the issue of it is being recorded');
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM planner.comments'), 3 * $creations, 'each comment becomes a row');
is($application->superuser_sql('SELECT count(*) FROM planner.tasks'), $creations, 'and no issue becomes a second task');
is_deeply([ $application->rows('SELECT * FROM github_sync.sync_errors') ], [], 'nothing is errored');

done_testing;
