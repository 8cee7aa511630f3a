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
use IPC::Run;
use Test::More;
use Time::HiRes qw(sleep);

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

# ---- at the very moment: a webhook that has found the stub of the issue, and not referred to it yet ----

$application->superuser_sql(q{
	CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF current_setting('application_name') = 'webhook' THEN PERFORM pg_advisory_xact_lock(1); END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER pause BEFORE INSERT ON github_sync.github_comments FOR EACH ROW EXECUTE FUNCTION pause()});

my $gatekeeper = GitHubSync::Session->of($application->node, $application->database);
$github->fault('POST /issues$', { gate_after_effect => 'created' });
my $task = $application->add_task(title => 'at the very moment');
$github->wait_at_gate('created');
my ($issue) = $github->issues('acme/widgets');
my @comments = map { $github->human_creates_comment('acme/widgets', $issue->{number}, body => "word $_") } 1, 2;
$application->tell_of_comment($comments[0], $issue->{number});
$gatekeeper->query('SELECT pg_advisory_lock(1)');
my $error = '';
my $webhook;
{
	local $ENV{PGAPPNAME} = 'webhook';
	$webhook = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', GitHubSync::Application::OWNER, '-d', $application->node->connstr($application->database), '-c',
		"INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)"
		  . " VALUES ('inbound', @{[GitHubSync::Application::WIDGETS]}, $comments[1]{id}, $issue->{number}, '$comments[1]{updated_at}')" ],
		'<', \undef, '>', \my $output, '2>', \$error);
}
$application->wait_until("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'webhook' AND wait_event = 'advisory')");
$github->open_gate('created');
# The worker records the issue in this time, if nothing keeps it from that.
foreach my $moment (1 .. 20)
{
	last if $application->superuser_sql("SELECT number IS NOT NULL FROM github_sync.github_issues WHERE task_id = $task") eq 't';
	sleep 0.05;
}
$gatekeeper->query('SELECT pg_advisory_unlock(1)');
$webhook->finish;
is($error, '', 'a webhook is not refused while the stub that it refers to becomes part of our record');
$application->wait_until_done;
is($application->superuser_sql("SELECT count(*) FROM planner.comments WHERE task_id = $task"), 2, 'its comment becomes a row');
$application->superuser_sql('DROP TRIGGER pause ON github_sync.github_comments');

# ---- by chance, and many ----

$application->add_task(title => "task $_") foreach 1 .. $creations;
is(bot(qr/^task /, 3), 0, 'no webhook of a comment is refused while the issue of it is being recorded');
$application->wait_until_done;
is($application->superuser_sql('SELECT count(*) FROM planner.comments'), 3 * $creations + 2, 'each comment becomes a row');
is($application->superuser_sql('SELECT count(*) FROM planner.tasks'), $creations + 1, 'and no issue becomes a second task');
is_deeply([ $application->rows('SELECT * FROM github_sync.sync_errors') ], [], 'nothing is errored');

done_testing;
