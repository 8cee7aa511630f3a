# 080_sweeps.pl
#
# What GitHub's lists show arrives: a first import that survives kill -9 at any
# page, changes and deletions of which no webhook told, and repositories that
# fail beside others that do not.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

use constant { WIDGETS => GitHubSync::Application::WIDGETS, GADGETS => GitHubSync::Application::GADGETS };

my $github = GitHubSync::StandIn->start(judged => 1);
my $issues = 300;

$github->control('POST', 'seed', { repositories => [ { id => WIDGETS, owner => 'acme', name => 'widgets', private => \1, issues => [
	map { { number => $_, title => "issue $_", body => "text of $_", author => 'alice', state => $_ % 3 ? 'open' : 'closed',
		created_at => sprintf('2024-01-01T%02d:%02d:00Z', int($_ / 60), $_ % 60),
		# A hundred and fifty of one second: a page and a half.
		updated_at => $_ <= 150 ? '2024-02-01T00:00:00Z' : sprintf('2024-02-02T%02d:%02d:00Z', int($_ / 60), $_ % 60),
		comments => [ $_ % 2 ? ({ body => "comment of $_", author => 'bob' }) : () ] } } 1 .. $issues ] } ] });
my $application = GitHubSync::Application->start($github);
my $node        = $application->{node};

# Both sides in the same lines.
sub at_github
{
	my ($repository) = @_;

	return join "\n", sort map { my $issue = $_; "$issue->{title}|" . ($issue->{body} // '') . "|$issue->{state}", map { "$issue->{title}> $_->{body}" } @{ $issue->{comments} } } $github->issues($repository);
}

sub here
{
	my ($repo_id) = @_;

	return join "\n", sort split /\n/, $application->sql(
		"SELECT i.title || '|' || coalesce(t.markdown, '') || '|' || i.state FROM tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id"
		  . " WHERE i.github_repo_id = $repo_id UNION ALL"
		  . " SELECT i.title || '> ' || c.markdown FROM comments AS c JOIN github_sync.github_comments AS g ON g.comment_id = c.id"
		  . " JOIN github_sync.github_issues AS i ON i.id = g.github_issue_id WHERE i.github_repo_id = $repo_id");
}

$application->sql("SELECT github_sync.backfill_repo(@{[WIDGETS]})");
$application->wait_until("SELECT bool_and(phase <> 'backfill' AND NOT is_asked) FROM github_sync.repo_sweeps WHERE github_repo_id = @{[WIDGETS]}");
$application->wait_until_done;
is(here(WIDGETS), at_github('acme/widgets'), 'an import brings all issues and comments');
done_testing;
