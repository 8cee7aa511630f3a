# 046_attacks_settings.pl
#
# Group: attacks.  Settings of databases and roles, triggers and rules of the
# owner on the queue, roles that cannot log in, what a receiver of webhooks tells,
# other databases of the server: none of it makes the worker shout at GitHub,
# stops it for good, or gets anybody what is not his.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use Test::More;
use Time::HiRes qw(time);

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;
my ($task, $neighbour) = map { $application->add_task(title => "task $_") } 1, 2;
my $comment = $application->add_comment($task, 'a comment');
$application->wait_until_done;
my $edits = 0;

sub is_carried
{
	my ($what) = @_;

	my $since = $github->last_seq;
	$application->edit_task($task, title => 'edit ' . ++$edits);
	$application->wait_until_done;
	is($github->issue('acme/widgets', $application->issue_of($task)->{number})->{title}, "edit $edits", "$what: an edit is carried")
	  or diag explain [ $application->task($task), $application->issue_of($task), [ GitHubSync::Application::asked($github, $since) ], $application->task_transactions("task_id = $task AND id > (SELECT max(id) - 3 FROM github_sync.task_sync_transactions)") ];
}

# Others follow them; they are asked to, so that nothing has failed.
sub end_workers { $node->safe_psql('postgres', q{ALTER DATABASE application SET github_sync.proxy = ''}) }

# ---- settings that would change what our code means ----

foreach my $setting ('session_replication_role = replica', 'row_security = off', 'default_transaction_read_only = on',
	'search_path = nowhere', 'standard_conforming_strings = off', 'quote_all_identifiers = on', 'plpgsql.variable_conflict = use_column',
	q{plpgsql.extra_errors = 'all'}, 'statement_timeout = 1', 'transform_null_equals = on', q{datestyle = 'SQL, DMY'}, 'array_nulls = off',
	'default_transaction_isolation = serializable')
{
	my $number = $application->issue_of($task)->{number};

	GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
	$application->edit_task($task, title => 'edit ' . ++$edits);
	$application->disconnect;
	$node->safe_psql('postgres', "ALTER DATABASE application SET $setting");
	end_workers();
	my $since = $github->last_seq;
	GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
	$github->wait_for_request(PATCH => "/issues/$number", since => $since);
	$node->safe_psql('postgres', 'ALTER DATABASE application RESET ' . ($setting =~ /^([\w.]+)/)[0]);
	$application->wait_until_done;
	is($github->issue('acme/widgets', $number)->{title}, "edit $edits", "$setting: an edit is carried");
	cmp_ok(scalar(grep { $_->{path} =~ m{^/repos/} } $github->requests(since => $since)), '<=', 5, "$setting: by a few requests");
}

# ---- triggers and rules of the owner on the queue ----

# Nobody can be carried by such a queue; but nobody shouts at GitHub either, and
# the worker says what is wrong.
foreach my $case (
	[ 'DISABLE TRIGGER USER', 'ALTER TABLE github_sync.task_sync_transactions DISABLE TRIGGER USER', 'ALTER TABLE github_sync.task_sync_transactions ENABLE TRIGGER USER' ],
	[ 'ENABLE REPLICA TRIGGER', 'ALTER TABLE github_sync.task_sync_transactions ENABLE REPLICA TRIGGER d_change_state', 'ALTER TABLE github_sync.task_sync_transactions ENABLE TRIGGER d_change_state' ],
	[ 'an UPDATE that does nothing', 'CREATE RULE nothing AS ON UPDATE TO github_sync.task_sync_transactions DO INSTEAD NOTHING', 'DROP RULE nothing ON github_sync.task_sync_transactions' ],
	[ 'an UPDATE of the cached record that does nothing', 'CREATE RULE nothing AS ON UPDATE TO github_sync.github_issues DO INSTEAD NOTHING', 'DROP RULE nothing ON github_sync.github_issues' ],
	[ 'a trigger that undoes every end', q{CREATE FUNCTION planner.undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.state IN ('queued', 'processing') THEN NEW END; END $$;
		CREATE TRIGGER zz_undo BEFORE UPDATE ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION planner.undo()}, 'DROP TRIGGER zz_undo ON github_sync.task_sync_transactions' ],
	[ 'a trigger that deletes what is claimed', q{CREATE FUNCTION planner.take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM github_sync.task_sync_transactions WHERE id = NEW.id; RETURN NULL; END $$;
		CREATE TRIGGER zz_take AFTER UPDATE ON github_sync.task_sync_transactions FOR EACH ROW WHEN (NEW.state = 'processing') EXECUTE FUNCTION planner.take()}, 'DROP TRIGGER zz_take ON github_sync.task_sync_transactions' ])
{
	my ($what, $break, $mend) = @$case;
	my $title = 'edit ' . ++$edits;

	$application->edit_task($neighbour, title => "before: $what");
	$application->wait_until_done;
	GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'off');
	$application->edit_task($task, title => $title);
	$application->sql($break);
	my $since = $github->last_seq;
	GitHubSync::Application::reconfigure($node, 'github_sync.enabled' => 'on');
	$application->edit_comment($comment, markdown => "beside: $what");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE record_type = 'comment')");
	is(($github->comments('acme/widgets', $application->issue_of($task)->{number}))[0]{body} =~ s/\s*<!--.*//rs, "beside: $what", "$what: the comments are carried");
	select undef, undef, undef, 1.5;
	cmp_ok(scalar(grep { $_->{path} =~ m{^/repos/} } $github->requests(since => $since)), '<=', 12, "$what: GitHub is asked a few times");
	$application->sql($mend);
	# A session keeps the plan of a statement of which a rule left nothing.
	end_workers() if $mend =~ /DROP RULE/;
	# What could not even be errored is looked at again in a while, or when settings are read
	# again; and so is a database whose workers end again and again.
	$node->reload;
	$application->superuser_sql('SELECT github_sync.retry_errored()');
	$application->edit_task($task, title => 'edit ' . ++$edits);
	$application->wait_until_done;
	is($github->issue('acme/widgets', $application->issue_of($task)->{number})->{title}, "edit $edits", "$what: mended, all is carried");
}

# ---- a role that shouts: what anybody may do in a loop ----

$application->superuser_sql('CREATE ROLE stranger LOGIN');
my $worker = $application->worker_pid;
foreach my $command ('ALTER ROLE CURRENT_USER RESET ALL', 'ALTER ROLE CURRENT_USER SET work_mem = 64', q{ALTER ROLE CURRENT_USER PASSWORD 'secret'}, 'CREATE TEMP TABLE IF NOT EXISTS t (); GRANT SELECT ON t TO PUBLIC')
{
	$node->safe_psql('application', "$command;" x 200, extra_params => [ '-U', 'stranger' ]);
	is_carried("$command, again and again");
}
is($application->worker_pid, $worker, 'and restarts nobody');

# ---- the owner cannot log in for a while ----

foreach my $case ([ 'NOLOGIN', 'ALTER ROLE planner NOLOGIN', 'ALTER ROLE planner LOGIN' ],
	[ 'no CONNECT', 'REVOKE CONNECT ON DATABASE application FROM PUBLIC', 'GRANT CONNECT ON DATABASE application TO PUBLIC' ],
	[ 'a connection limit of the role', 'ALTER ROLE planner CONNECTION LIMIT 0', 'ALTER ROLE planner CONNECTION LIMIT -1' ],
	[ 'a connection limit of the database', 'ALTER DATABASE application CONNECTION LIMIT 0', 'ALTER DATABASE application CONNECTION LIMIT -1' ])
{
	my ($what, $break, $mend) = @$case;

	$application->superuser_sql($break);
	end_workers();
	$application->superuser_sql("UPDATE planner.tasks SET title = 'edit @{[++$edits]}', modified_at = clock_timestamp() WHERE id = $task");
	select undef, undef, undef, 0.3;
	$application->superuser_sql($mend);
	$node->reload;
	$application->wait_until_done;
	is($github->issue('acme/widgets', $application->issue_of($task)->{number})->{title}, "edit $edits", "$what, for a while: then it is carried");
}

# ---- what a receiver of webhooks tells ----

my $issue = $github->human_creates_issue('acme/widgets', title => 'a true one');
$issue = $github->issue('acme/widgets', $issue->{number});
$application->tell_of_issue({ %$issue, id => 999_999_999 });
$application->wait_until_done;
is($application->row("SELECT count(*) FROM github_sync.github_issues WHERE github_id = $issue->{id} AND task_id IS NOT NULL")->{count}, 1,
	'an unseen number with a wrong id: GitHub\'s answer decides');
$github->advance_clock(2);
$github->human_edits_issue('acme/widgets', $issue->{number}, title => 'edited');
$application->tell_of_issue($github->issue('acme/widgets', $issue->{number}));
$application->wait_until_done;
is($application->row("SELECT count(*) FROM planner.tasks WHERE title = 'edited'")->{count}, 1, 'and the true id is carried from then on');

my $other = $github->human_creates_issue('acme/widgets', title => 'another one');
$application->tell_of_issue($github->issue('acme/widgets', $other->{number}));
$application->wait_until_done;
my $said = $github->human_creates_comment('acme/widgets', $issue->{number}, body => 'of the true one');
$said = (grep { $_->{body} eq 'of the true one' } $github->comments('acme/widgets', $issue->{number}))[0];
$application->tell_of_comment($said, $other->{number});
$application->wait_until_done;
is($application->row("SELECT t.title FROM planner.comments AS c JOIN planner.tasks AS t ON t.id = c.task_id WHERE c.markdown = 'of the true one'")->{title}, 'edited',
	'a comment told with another issue\'s number: it belongs to the issue that it names');

# ---- other databases of the server ----

my $elsewhere = GitHubSync::Application->in_server($node, database => 'elsewhere', repository => GitHubSync::Application::GADGETS);
$elsewhere->sql('SELECT github_sync.grant_monitor($$stranger$$)');
$elsewhere->superuser_sql("INSERT INTO github_sync.github_app_installations (id) VALUES (616161)");
like($elsewhere->error_of('SELECT github_sync.poke_launcher()', 'stranger'), qr/permission denied/, 'a dashboard may not call poke_launcher()');
is($node->safe_psql('elsewhere', 'SELECT requests_last_hour IS NULL FROM github_sync.installation_budget(515151)', extra_params => [ '-U', 'stranger' ]), 't',
	'nor see the budget of an installation that its database has not used');
is($application->superuser_sql('SELECT requests_last_hour > 0 FROM github_sync.installation_budget(515151)'), 't', 'which another one has');

done_testing();
