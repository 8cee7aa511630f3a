# 050_account.pl
#
# Who we are at GitHub changes: the App gets another name while the worker
# runs, the token in its file becomes another account's while the answer to a
# creation is lost.  What we have created is ours all the same.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $repo = 'acme/widgets';

# ---- the App is renamed ----

{
	my $github      = GitHubSync::StandIn->start(judged => 1);
	my $application = GitHubSync::Application->start($github, name => 'app');
	my $task        = $application->add_task(title => 'before the new name');

	$application->wait_until_done;
	$github->human_renames_app('planner-sync');

	$github->fault('POST /issues$', { reset_after_effect => 1 });
	my $lost = $application->add_task(title => 'lost under the new name');
	$application->wait_until_done;
	is(scalar(grep { $_->{title} eq 'lost under the new name' } $github->issues($repo)), 1,
		'App renamed: an issue whose answer was lost is found, and not made again');
	is(($application->issue_of($lost) // {})->{author_login}, 'planner-sync[bot]', '... under its new name');

	$github->fault('POST /comments$', { reset_after_effect => 1 });
	my $comment = $application->add_comment($task, 'lost under the new name');
	$application->wait_until_done;
	is(scalar(grep { $_->{body} =~ /^lost/ } $github->comments($repo)), 1, '... and so is a comment');
	ok($application->github_comment_of($comment)->{github_id}, '... which is linked');

	# Its webhook, and its webhook's fetch, before the answer.
	$github->human_renames_app('third-name');
	$github->fault('POST /issues$', { gate_after_effect => 'issue' });
	my $overtaken = $application->add_task(title => 'overtaken under a third name');
	$github->wait_at_gate('issue');
	my ($issue) = grep { $_->{title} =~ /^overtaken/ } $github->issues($repo);
	$application->tell_of_issue($issue);
	$application->wait_until("SELECT outcome = 'created' FROM github_sync.task_creation_attempts AS a"
		  . " JOIN github_sync.github_issues AS i ON i.id = a.github_issue_id WHERE i.task_id = $overtaken");
	$github->open_gate('issue');
	$application->wait_until_done;
	is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title LIKE 'overtaken%'"), 1,
		'... and one that a webhook tells of before its answer comes makes no second task');
	$github->fault('POST /comments$', { gate_after_effect => 'comment' });
	my $overtaken_comment = $application->add_comment($task, 'overtaken as well');
	$github->wait_at_gate('comment');
	my ($told) = grep { $_->{body} =~ /^overtaken/ } $github->comments($repo);
	$application->tell_of_comment($told, $application->issue_of($task)->{number});
	$application->wait_until("SELECT outcome = 'created' FROM github_sync.comment_creation_attempts AS a"
		  . " JOIN github_sync.github_comments AS c ON c.id = a.github_comment_id WHERE c.comment_id = $overtaken_comment");
	$github->open_gate('comment');
	$application->wait_until_done;
	is($application->superuser_sql("SELECT count(*) FROM planner.comments WHERE markdown LIKE 'overtaken%'"), 1, '... and a comment no second comment');

	is_deeply([ map { $_->{error_reason} } $application->rows('SELECT * FROM github_sync.sync_errors') ], [], '... nothing is errored');
	is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description, which knows them all");
	$application->node->stop('fast');
}

# ---- the token becomes another account's ----

{
	my $github     = GitHubSync::StandIn->start(judged => 1);
	my $token_file = $github->dir . '/token';
	GitHubSync::Application::write_secret($token_file, 'github_pat_alice');
	my $application = GitHubSync::Application->start($github, name => 'token', installation => 0, settings => {
		'github_sync.app_id'           => '',
		'github_sync.private_key_file' => '',
		'github_sync.token_file'       => $token_file });
	my $task = $application->add_task(title => 'by alice');

	$application->wait_until_done;
	$github->seed({ users => [ { login => 'carol', token => 'github_pat_carol' } ] });

	# Another worker, with another token, is to find out what became of it.
	my $change_hands = sub {
		my ($token, $post, $list, $create) = @_;
		my $gate = $post =~ s/\W//gr;

		$github->fault("POST $post", { reset_after_effect => 1 });
		$github->fault("GET $list", { gate => $gate });
		my $row = $create->();
		$github->wait_at_gate($gate);
		GitHubSync::Application::write_secret($token_file, $token);
		$application->superuser_sql("SELECT pg_terminate_backend(@{[$application->worker_pid]}, 10000)");
		$github->open_gate($gate);
		$application->wait_until_done;
		return $row;
	};
	my $lost = $change_hands->('github_pat_carol', '/issues$', '/issues\?', sub { $application->add_task(title => 'lost by alice') });
	is(scalar(grep { $_->{title} eq 'lost by alice' } $github->issues($repo)), 1,
		"another account's token: an issue that the account before created is found, and not made again");
	is(($application->issue_of($lost) // {})->{author_login}, 'alice', '... as its own');

	my $comment = $change_hands->('github_pat_alice', '/comments$', '/comments\?', sub { $application->add_comment($task, 'lost by carol') });
	is(scalar(grep { $_->{body} =~ /^lost by carol/ } $github->comments($repo)), 1, '... and so is a comment');
	is(($application->github_comment_of($comment) // {})->{author_login}, 'carol', '... as its own');

	# The account is called otherwise meanwhile.
	$github->fault('POST /issues$', { gate_after_effect => 'renamed', reset_after_effect => 1 });
	my $renamed = $application->add_task(title => 'lost by alice, who is alicia now');
	$github->wait_at_gate('renamed');
	$github->act(rename_user => (login => 'alice', to => 'alicia'));
	$github->open_gate('renamed');
	$application->wait_until_done;
	is(scalar(grep { $_->{title} =~ /alicia/ } $github->issues($repo)), 1, '... and what an account created that has another name now');
	ok($application->issue_of($renamed)->{number}, '... is linked');

	# Another account's while it is being sent: refused, it is sent by that one, and a webhook tells of it before its answer comes.
	$github->fault('POST /issues$', { gate => 'revoked', answer => { status => 401, body => '{"message": "Bad credentials"}' } });
	my $handed_over = $application->add_task(title => 'handed over');
	$github->wait_at_gate('revoked');
	GitHubSync::Application::write_secret($token_file, 'github_pat_carol');
	$github->fault('POST /issues$', { gate_after_effect => 'handed-over' });
	$github->open_gate('revoked');
	$github->wait_at_gate('handed-over');
	my ($by_carol) = grep { $_->{title} eq 'handed over' } $github->issues($repo);
	$application->tell_of_issue($by_carol);
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE direction = 'inbound')");
	$github->open_gate('handed-over');
	$application->wait_until_done;
	is($application->superuser_sql("SELECT count(*) FROM planner.tasks WHERE title = 'handed over'"), 1,
		'... and what is sent by another account than the one that was refused makes no second task');
	is(($application->issue_of($handed_over) // {})->{author_login}, 'carol', '... and is linked');
	GitHubSync::Application::write_secret($token_file, 'github_pat_alice');
	$application->superuser_sql("SELECT pg_terminate_backend(@{[$application->worker_pid]}, 10000)");

	# Somebody who copies the hidden text of ours is not us.
	$github->fault('POST /issues$', { gate_after_effect => 'quoted', reset_after_effect => 1 });
	my $quoted = $application->add_task(title => 'quoted');
	$github->wait_at_gate('quoted');
	my ($ours) = grep { $_->{title} eq 'quoted' } $github->issues($repo);
	$github->human_creates_issue($repo, title => 'a quotation', body => $ours->{body}, as => 'bob');
	$github->human_creates_issue($repo, title => 'a quotation of our own', body => "It was written so:\n\n$ours->{body}\n\nand that is wrong", as => 'alicia');
	$github->open_gate('quoted');
	$application->wait_until_done;
	is($application->issue_of($quoted)->{number}, $ours->{number}, "... but nobody else's, nor what the account itself quotes of it later");
	is($application->row("SELECT title FROM planner.tasks WHERE id = $quoted")->{title}, 'quoted', '... which would take its place here');

	is_deeply([ map { $_->{error_reason} } $application->rows('SELECT * FROM github_sync.sync_errors') ], [], '... nothing is errored');
	is_deeply([ $github->violations ], [], "every request was judged by GitHub's own description, which knows them all");
}

done_testing();
