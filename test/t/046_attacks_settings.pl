# 046_attacks_settings.pl
#
# Group: attacks.  Settings of databases and roles, roles that cannot log in,
# what a receiver of webhooks tells, other databases of the server: none of it makes the worker shout at GitHub,
# stops it for good, or gets anybody what is not his.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use IPC::Run;
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

# What waits is carried by a worker that was started under all of these: an edit,
# a creation, a delivery, a comment, and a delivery that the table refuses.
my @settings = map { s/^\s+|\s+$//gr } grep { /\S/ } split /\n/, q{
	application_name = 'somebody else'
	array_nulls = off
	backslash_quote = off
	backtrace_functions = 'errstart'
	bytea_output = escape
	check_function_bodies = off
	client_encoding = LATIN1
	client_min_messages = debug5
	constraint_exclusion = on
	cursor_tuple_fraction = 0
	datestyle = 'SQL, DMY'
	deadlock_timeout = '10min'
	default_statistics_target = 1
	default_tablespace = nowhere
	default_toast_compression = pglz
	default_transaction_deferrable = on
	default_transaction_isolation = serializable
	default_transaction_read_only = on
	enable_bitmapscan = off
	enable_indexscan = off
	escape_string_warning = off
	exit_on_error = on
	extra_float_digits = -15
	from_collapse_limit = 1
	idle_in_transaction_session_timeout = 1
	idle_session_timeout = 1
	intervalstyle = sql_standard
	jit_above_cost = 0
	join_collapse_limit = 1
	lc_messages = 'C'
	lc_numeric = 'C'
	lo_compat_privileges = on
	lock_timeout = 1
	plan_cache_mode = force_custom_plan
	plpgsql.extra_errors = 'all'
	plpgsql.extra_warnings = 'all'
	plpgsql.variable_conflict = use_column
	quote_all_identifiers = on
	role = stranger
	row_security = off
	search_path = nowhere
	session_replication_role = replica
	standard_conforming_strings = off
	statement_timeout = 1
	synchronous_commit = off
	temp_buffers = 100
	temp_file_limit = 0
	timezone = 'Asia/Kolkata'
	transform_null_equals = on
	vacuum_cost_delay = 100
	work_mem = 64
	xmloption = document
};
$application->superuser_sql('CREATE ROLE stranger LOGIN');
$application->sql(q{
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
	CREATE TRIGGER refuse BEFORE UPDATE ON tasks FOR EACH ROW WHEN (NEW.title = 'refused') EXECUTE FUNCTION refuse()});
my ($told, $refused) = map { $application->add_task(title => $_) } 'told', 'to be refused';
$application->wait_until_done;
$application->switch_off;
$application->edit_task($task, title => 'edit ' . ++$edits);
$application->edit_comment($comment, markdown => 'an edited comment');
my $created = $application->add_task(title => 'created', markdown => " \\ 'NULL' {NULL}\n\xc3\xa9");
$github->advance_clock(2);
foreach my $case ([ $told, 'told of' ], [ $refused, 'refused' ])
{
	my ($id, $title) = @$case;
	my $issue = $application->issue_of($id)->{number};

	$github->human_edits_issue('acme/widgets', $issue, title => $title);
	$application->tell_of_issue($github->issue('acme/widgets', $issue));
}
$application->disconnect;
$node->safe_psql('postgres', join '; ', map { "ALTER DATABASE application SET $_" } @settings);
end_workers();
my $since = $github->last_seq;
$application->switch_on;
$github->wait_for_request(POST => '/issues$', since => $since);
$github->wait_for_request(PATCH => '/issues/', since => $since, count => 2);
my $workers = q{SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE backend_type = 'github_sync worker'};
my $under_settings = $node->safe_psql('postgres', $workers);
$node->safe_psql('postgres', join '; ', map { 'ALTER DATABASE application RESET ' . (/^([\w.]+)/)[0] } @settings);
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};
is($node->safe_psql('postgres', $workers), $under_settings, scalar(@settings) . ' settings of the database: one worker carries all of this');
is($github->issue('acme/widgets', $number)->{title}, "edit $edits", '... an edit');
is(($github->comments('acme/widgets', $number))[0]{body} =~ s/\s*<!--.*//rs, 'an edited comment', '... a comment');
is($github->issue('acme/widgets', $application->issue_of($created)->{number})->{title}, 'created', '... a creation');
is($application->task($told)->{title}, 'told of', '... a delivery');
is($application->row("SELECT string_agg(error_reason, ', ') AS reasons FROM github_sync.sync_errors")->{reasons}, 'P0001: not this one', '... and errors what cannot be carried');
is($application->superuser_sql('SELECT count(*) FROM github_sync.sync_problems'), '0', '... nothing is wrong with the set-up');
cmp_ok(scalar(grep { $_->{path} =~ m{^/repos/} } $github->requests(since => $since)), '<=', 9, '... by a few requests');
$application->sql('DROP FUNCTION refuse() CASCADE');

# ---- a role that shouts: what anybody may do in a loop ----

my $worker = $application->worker_pid;
foreach my $command ('ALTER ROLE CURRENT_USER RESET ALL', 'ALTER ROLE CURRENT_USER SET work_mem = 64', q{ALTER ROLE CURRENT_USER PASSWORD 'secret'}, 'CREATE TEMP TABLE IF NOT EXISTS t (); GRANT SELECT ON t TO PUBLIC')
{
	$node->safe_psql('application', "$command;" x 200, extra_params => [ '-U', 'stranger' ]);
	is_carried("$command, again and again");
}
is($application->worker_pid, $worker, 'and restarts nobody');

# Without an end, while a worker is to start, there and in another database.
my $shouter = IPC::Run::start([ 'psql', '-Xq', '-d', $node->connstr('application'), '-U', 'stranger', '-c', 'CREATE TEMP TABLE t ()',
	'-c', 'DO $$ BEGIN LOOP GRANT SELECT ON t TO PUBLIC; COMMIT; REVOKE SELECT ON t FROM PUBLIC; COMMIT; END LOOP; END $$' ], '>', \my $said, '2>', \my $error);
$application->wait_until(q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'stranger' AND query LIKE 'DO%' AND state = 'active')});
end_workers();
is_carried('GRANT without an end, a worker that has to start');
isnt($application->worker_pid, $worker, '... it is another one');
my $meanwhile = GitHubSync::Application->in_server($node, database => 'meanwhile', repository => GitHubSync::Application::GADGETS);
$meanwhile->add_task(title => 'meanwhile');
$meanwhile->wait_until_done;
is(scalar $github->issues('acme/gadgets'), 1, '... and another database that is attached meanwhile is served');
ok($shouter->pumpable, '... all the while');
$application->superuser_sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'stranger'});
$shouter->finish;

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
