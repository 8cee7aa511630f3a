# 055_application_code.pl
#
# The application's own code while the worker writes: triggers that use names
# without a schema, that rewrite their row behind the write, at once or at the
# end of the transaction, that write other rows.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;

my $github = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $repo = 'acme/widgets';

# What a person would do in the session of the application.
$application->superuser_sql(q{ALTER ROLE planner SET search_path = planner, public});
$application->superuser_sql(q{
	SET ROLE planner;
	SET search_path = planner, public;
	CREATE TABLE audit (told text);
	CREATE TABLE subtasks_wanted (task_id bigint);
	CREATE FUNCTION note_task() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO audit VALUES (TG_TABLE_NAME || ' ' || TG_OP);
		RETURN NULL;
	END
	$$;
	CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION note_task();
	CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON comments FOR EACH ROW EXECUTE FUNCTION note_task();

	-- Rewrites its row behind the write; sorts before our own trigger.
	CREATE FUNCTION tidy_task() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE tasks SET title = upper(title) WHERE id = NEW.id AND title <> upper(title);
		RETURN NULL;
	END
	$$;
	CREATE TRIGGER a_tidy AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION tidy_task();
	CREATE FUNCTION tidy_comment() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE comments SET markdown = upper(markdown) WHERE id = NEW.id AND markdown <> upper(markdown);
		RETURN NULL;
	END
	$$;
	CREATE CONSTRAINT TRIGGER a_tidy AFTER INSERT OR UPDATE ON comments DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION tidy_comment();
});

sub settle
{
	$application->wait_until_done;
	is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_errors'), 0, 'nothing is errored');
}

sub writes { return scalar grep { $_->{method} ne 'GET' && $_->{path} =~ m{^/repos/} } $github->requests }

my $issue = $github->human_creates_issue($repo, title => 'From there', body => 'a text');
$application->tell_of_issue($issue);
$application->wait_until_done;
my $comment = $github->human_creates_comment($repo, $issue->{number}, body => 'a word');
$application->tell_of_comment($comment, $issue->{number});
settle();

my ($task) = $application->superuser_sql('SELECT task_id FROM github_sync.github_issues');
is($application->superuser_sql("SELECT title FROM planner.tasks WHERE id = $task"), 'FROM THERE', 'an AFTER trigger rewrote the row');
is($application->superuser_sql('SELECT markdown FROM planner.comments'), 'A WORD', 'so did a deferred one');
cmp_ok($application->superuser_sql('SELECT count(*) FROM planner.audit'), '>', 1, 'names without a schema are found');
is(writes(), 0, 'nothing of that is sent back');

$issue = $github->human_edits_issue($repo, $issue->{number}, title => 'Edited there');
$application->tell_of_issue($issue);
$comment = $github->human_edits_comment($comment->{id}, body => 'another word');
$application->tell_of_comment($comment, $issue->{number});
settle();
is($application->superuser_sql("SELECT title FROM planner.tasks WHERE id = $task"), 'EDITED THERE', 'an edit lands, and is rewritten');
is($application->superuser_sql('SELECT markdown FROM planner.comments'), 'ANOTHER WORD', 'of a comment, too');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_conflicts'), 0, 'no conflict with what the trigger wrote');
is(writes(), 0, 'and nothing is sent back');

# What a trigger changes besides, in the same row and in others, is the application's, and goes to GitHub.
$application->superuser_sql(q{
	SET ROLE planner;
	SET search_path = planner, public;
	CREATE FUNCTION plan_task() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.title = 'PLAN' THEN
			UPDATE tasks SET markdown = 'planned' WHERE id = NEW.id;
			INSERT INTO tasks (title, markdown, created_by, project_id, github_repo_id)
			SELECT 'STEP', 'to do', 'plan', t.project_id, t.github_repo_id FROM tasks AS t WHERE t.id = NEW.id;
		END IF;
		RETURN NULL;
	END
	$$;
	CREATE TRIGGER plan AFTER INSERT OR UPDATE OF title ON tasks FOR EACH ROW EXECUTE FUNCTION plan_task();
});
my $planned = $github->human_creates_issue($repo, title => 'plan', body => 'nothing yet');
$application->tell_of_issue($planned);
$application->wait_until(q{SELECT count(*) = 3 FROM github_sync.github_issues WHERE number IS NOT NULL});
settle();
is(scalar(grep { $_->{title} eq 'STEP' } $github->issues($repo)), 1, 'a task that a trigger made of an issue becomes an issue, once');

$issue = $github->human_edits_issue($repo, $issue->{number}, title => 'plan');
$application->tell_of_issue($issue);
$application->wait_until(q{SELECT count(*) = 4 FROM github_sync.github_issues WHERE number IS NOT NULL});
settle();
is($github->issue($repo, $issue->{number})->{body}, 'planned', 'a field that a trigger changed with another one is sent');

is($application->superuser_sql(q{SELECT count(*) FROM planner.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id
	WHERE i.local_base IS DISTINCT FROM (SELECT l.fields FROM github_sync.task_local_row(t.id) AS l)}), 0, 'bases are what the rows hold');

# ---- a rendered text: apply_values has the text that the row has, of each answer ----

$application->superuser_sql(q{
	SET ROLE planner;
	SET search_path = planner, public;
	ALTER TABLE tasks ADD rendered text;
	CREATE FUNCTION line_of(bigint) RETURNS text LANGUAGE sql STABLE RETURN 'by Ann';
	CREATE FUNCTION rendered(bigint, jsonb) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('rendered', '<p>' || coalesce($2 ->> 'body', '') || '</p>') $$;
	RESET ROLE;
	SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id', insert_values => 'planner.values_of_task(bigint, jsonb)',
		byline => 'planner.line_of(bigint)', apply_values => 'planner.rendered(bigint, jsonb)');
	UPDATE github_sync.github_repos SET mentions = 'escape'});
my $rendered = $application->add_task(title => 'RENDERED', markdown => 'for @alice');
settle();
my $number = $application->issue_of($rendered)->{number};
like($github->issue($repo, $number)->{body}, qr/by Ann.*for .*alice.*<!-- github_sync:/s, 'a text goes out with a byline and a key');
is($application->task($rendered)->{rendered}, '<p>for @alice</p>', 'apply_values is given it without');
my $written = writes();
$application->edit_task($rendered, markdown => 'for @bob');
settle();
is($application->task($rendered)->{rendered}, '<p>for @bob</p>', 'the answer to an edit of ours counts');
is(writes(), $written + 1, '... and nothing more is sent');
$application->tell_of_issue($github->human_creates_issue($repo, title => 'COPIED', body => $github->issue($repo, $number)->{body}));
settle();
is($application->superuser_sql("SELECT rendered FROM planner.tasks WHERE title = 'COPIED'"), '<p>for @bob</p>', 'so does what a new row is made of');

done_testing();
