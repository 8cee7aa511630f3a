# 049_attacks_queue.pl
#
# Group: attacks.  What the owner may do to the queue itself: triggers, rules,
# constraints, policies and other tables that undo what the worker does, or what
# its functions rely on.  Nobody can be carried by such a queue.  But GitHub is
# asked a few times and not without an end, the worker does not keep a processor
# busy, nothing is created twice, the other record type goes on, and all is
# carried when the queue is mended.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# For so long it is looked what the worker does; 20 claims of a row are no circle yet.
use constant { LOOK_S => 0.8, REQUESTS_MAX => 60, CPU_SHARE_MAX => 0.5 };

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github);
my $node        = $application->node;
my $queue       = 'github_sync.task_sync_transactions';
my $task        = $application->add_task(title => 'a task');
my $comment     = $application->add_comment($task, 'a comment');
$application->wait_until_done;
my $number = $application->issue_of($task)->{number};
my $edits  = 0;

sub answer { my ($request, %answer) = @_; return sub { $github->fault($request, { answer => \%answer }, times => 'forever') } }

sub trigger
{
	my ($when, $body, $condition) = @_;

	return "CREATE FUNCTION planner.hostile() RETURNS trigger LANGUAGE plpgsql AS \$f\$ BEGIN $body END \$f\$;
		CREATE TRIGGER zz_hostile $when FOR EACH ROW @{[$condition ? qq{WHEN ($condition)} : '']} EXECUTE FUNCTION planner.hostile()";
}

# A rule in the place of what is done to a table of ours, and its end.
sub rule { my ($event, $table) = @_; return ("CREATE RULE nothing AS ON $event TO github_sync.$table DO INSTEAD NOTHING", "DROP RULE nothing ON github_sync.$table") }

sub creates
{
	my ($title) = @_;

	return sub {
		my $created = $application->add_task(title => $title);

		foreach my $edit (1 .. 3)
		{
			select undef, undef, undef, 0.2;
			$application->edit_task($created, markdown => "$title, edit $edit");
		}
	};
}

my $undo  = 'DROP FUNCTION planner.hostile() CASCADE';
my @cases = (
	[ 'DISABLE TRIGGER USER', "ALTER TABLE $queue DISABLE TRIGGER USER", "ALTER TABLE $queue ENABLE TRIGGER USER" ],
	[ 'ENABLE REPLICA TRIGGER', "ALTER TABLE $queue ENABLE REPLICA TRIGGER d_change_state", "ALTER TABLE $queue ENABLE TRIGGER d_change_state" ],
	[ 'an UPDATE that does nothing', rule(UPDATE => 'task_sync_transactions') ],
	[ 'an UPDATE of the record that does nothing', rule(UPDATE => 'github_issues') ],
	[ 'a trigger that undoes every end', trigger("BEFORE UPDATE ON $queue", q{RETURN CASE WHEN NEW.state IN ('queued', 'processing') THEN NEW END;}), $undo ],
	[ 'a trigger that deletes what is claimed', trigger("AFTER UPDATE ON $queue", "DELETE FROM $queue WHERE id = NEW.id; RETURN NULL;", q{NEW.state = 'processing'}), $undo ],
	[ 'a trigger that counts no attempt', trigger("BEFORE UPDATE ON $queue", 'NEW.attempts := 0; NEW.next_attempt_at := NULL; RETURN NEW;'), $undo,
		answer("GET /issues/$number\$", body => 'no JSON') ],
	[ 'a trigger that retries what is errored', trigger("AFTER UPDATE ON $queue", 'PERFORM github_sync.retry_task_sync_transaction(NEW.id); RETURN NULL;', q{NEW.state = 'errored'}), $undo,
		answer("PATCH /issues/$number\$", status => 422, body => '{"message":"no"}') ],
	[ 'a trigger that gives nothing a time', trigger("BEFORE INSERT OR UPDATE ON $queue", q{
			IF TG_OP = 'INSERT' THEN
				NEW.next_attempt_at := clock_timestamp();
			ELSIF OLD.next_attempt_at IS NOT NULL AND NEW.next_attempt_at IS NULL THEN
				RETURN NULL;
			END IF;
			RETURN NEW;}), $undo ],
	[ 'policies', "ALTER TABLE $queue ENABLE ROW LEVEL SECURITY; ALTER TABLE $queue FORCE ROW LEVEL SECURITY; CREATE POLICY nothing ON $queue FOR SELECT USING (true)",
		"DROP POLICY nothing ON $queue; ALTER TABLE $queue NO FORCE ROW LEVEL SECURITY; ALTER TABLE $queue DISABLE ROW LEVEL SECURITY" ],
	[ 'a constraint against every end', "ALTER TABLE $queue ADD CONSTRAINT hostile CHECK (state IN ('queued', 'processing')) NOT VALID", "ALTER TABLE $queue DROP CONSTRAINT hostile" ],
	[ 'a constraint against the queue', "ALTER TABLE $queue ADD CONSTRAINT hostile CHECK (claim_no < 1) NOT VALID", "ALTER TABLE $queue DROP CONSTRAINT hostile" ],
	[ 'a column of another name', "ALTER TABLE $queue RENAME COLUMN claim_no TO claims", "ALTER TABLE $queue RENAME COLUMN claims TO claim_no" ],
	[ 'a table that inherits', "CREATE TABLE planner.child () INHERITS ($queue); INSERT INTO planner.child SELECT (jsonb_populate_record(t, '{\"id\": 4712, \"state\": \"queued\"}')).* FROM $queue AS t ORDER BY id LIMIT 1", 'DROP TABLE planner.child' ],
	[ 'a pause that does not last', rule(UPDATE => 'github_app_installations'), answer("GET /issues/$number\$", status => 401, body => '{"message":"no"}') ],
	[ 'a suspension that does not last', rule(UPDATE => 'github_app_installations'), answer("GET /issues/$number\$", status => 403, body => '{"message":"This installation has been suspended"}') ],
	[ 'an attempt that is not on record', rule(INSERT => 'task_creation_attempts'), creates('an attempt that is not on record') ],
	[ 'an attempt with another key', trigger('BEFORE INSERT ON github_sync.task_creation_attempts', 'NEW.creation_key := gen_random_uuid(); RETURN NEW;'), $undo, creates('an attempt with another key') ],
	[ 'an attempt without an outcome', rule(UPDATE => 'task_creation_attempts'), creates('an attempt without an outcome') ],
	[ 'a creation that is not linked', trigger('BEFORE UPDATE ON github_sync.github_issues', 'RETURN CASE WHEN OLD.github_id IS NULL AND NEW.github_id IS NOT NULL THEN OLD ELSE NEW END;'), $undo, creates('a creation that is not linked') ],
);

# What no row can be told of.
my %said = (
	'a trigger that retries what is errored' => 'task transaction % was claimed % times within a short time, and rests now and then',
	'a constraint against every end'         => 'task transaction %: left alone for a while, as not even an error of it can be recorded',
);

sub cpu_s
{
	my ($pid)  = @_;
	my @fields = $pid && -e "/proc/$pid/stat" ? split(' ', slurp_file("/proc/$pid/stat")) : ();

	return @fields ? ($fields[13] + $fields[14]) / 100 : 0;
}

# Others follow them: a session keeps the plan of a statement of which a rule left nothing.
sub end_workers { $node->safe_psql('postgres', q{ALTER DATABASE application SET github_sync.proxy = ''}) }

sub ends_since { my ($log) = @_; return scalar(() = substr(slurp_file($node->logfile), $log) =~ /terminating background worker/g) }

sub wait_for_log
{
	my ($what, $log) = @_;

	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		return if ends_since($log) > 0;
		select undef, undef, undef, 0.1;
	}
	die "$what ended no worker";
}

foreach my $case (@cases)
{
	my ($what, $break, $mend, $besides) = @$case;

	# What is queued without the triggers of the queue is nothing that could be carried.
	$application->switch_off if $what =~ /TRIGGER/;
	$application->edit_task($task, title => 'edit ' . ++$edits) if $what =~ /TRIGGER/;
	$application->sql($break);
	my $since = $github->last_seq;
	$besides->() if $besides;
	$application->edit_task($task, title => 'edit ' . ++$edits) unless $what =~ /TRIGGER/;
	$application->switch_on if $what =~ /TRIGGER/;
	my $pid = $application->superuser_sql("SELECT max(pid) FROM pg_stat_activity WHERE backend_type = 'github_sync worker'");
	my ($begin, $cpu) = (time, cpu_s($pid));
	select undef, undef, undef, LOOK_S;
	my $share = (cpu_s($pid) - $cpu) / (time - $begin);
	cmp_ok(scalar(my @asked = grep { $_->{path} =~ m{^/repos/} } $github->requests(since => $since)), '<=', REQUESTS_MAX, "$what: GitHub is asked a few times");
	cmp_ok($share, '<', CPU_SHARE_MAX, "$what: the worker rests");
	unless ($what =~ /policies|pause|suspension/)
	{
		$application->edit_comment($comment, markdown => "beside: $what");
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE record_type = 'comment')");
		is(($github->comments('acme/widgets', $number))[0]{body} =~ s/\s*<!--.*//rs, "beside: $what", "$what: comments are carried");
	}
	if (my $says = $said{$what})
	{
		$application->wait_until("SELECT bool_or(last_error LIKE '$says') FROM github_sync.sync_workers");
		pass("$what: sync_workers says what rests");
	}
	diag sprintf 'figure: %s: %d requests, %.0f %% of a processor', $what, scalar(@asked), 100 * $share;

	$github->clear_faults;
	$application->sql($mend);
	end_workers() if $mend =~ /DROP RULE/;
	if ($what =~ /suspension/)
	{
		# An answer from before may have been recorded once the rule was gone: a suspension that lasts.
		$application->wait_until("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND pid <> $pid)");
		$application->superuser_sql(q{UPDATE github_sync.github_app_installations SET state = 'active' WHERE state = 'suspended'});
	}
	# What rests is looked at again in a while, or when settings are read again.
	$node->reload;
	$application->superuser_sql('SELECT github_sync.retry_errored()');
	$application->edit_task($task, title => 'edit ' . ++$edits);
	$application->wait_until_done;
	is($github->issue('acme/widgets', $number)->{title}, "edit $edits", "$what: mended, all is carried");
	$application->wait_until('SELECT last_error IS NULL FROM github_sync.sync_workers') if $said{$what};
}
is_deeply(GitHubSync::Application::created_twice($github), [], 'nothing was created twice');
like(slurp_file($node->logfile), qr/was claimed 21 times within a short time.*HINT:\s+Something undoes what becomes of it/s, 'the log says what comes again and again');

# ---- and to the lists ----

# After what was done to rows, lists would wait for a minute: a start of the server forgets it.
$application->disconnect;
$node->restart;

my $lists    = 'github_sync.repo_sweeps';
my @on_lists = (
	[ 'a trigger that undoes every page',      'NEW.claim_no := OLD.claim_no; RETURN NEW;' ],
	[ 'a trigger that gives a list no time',   'NEW.due_at := OLD.due_at; RETURN NEW;' ],
	[ 'a trigger that keeps a list as it is',  'RETURN NULL;' ],
	[ 'a trigger that refuses what was read',  q{IF NEW.claimed_by IS NULL THEN RAISE 'not this list'; END IF; RETURN NEW;} ],
);
GitHubSync::Application::reconfigure($node, 'github_sync.reconcile_interval' => '1h');
foreach my $case (@on_lists)
{
	my ($what, $body) = @$case;

	$application->wait_until("SELECT bool_and(due_at > now() AND claimed_by IS NULL) FROM $lists");
	my $since = $github->last_seq;
	$application->sql("UPDATE $lists SET due_at = now(); " . trigger("BEFORE UPDATE ON $lists", $body) . '; SELECT github_sync.wake()');
	ok($github->wait_for_request(GET => '^/repositories/', since => $since), "$what: a list is asked for");
	select undef, undef, undef, LOOK_S;
	cmp_ok(scalar(grep { $_->{path} =~ m{^/repositories/} } $github->requests(since => $since)), '<=', REQUESTS_MAX, '... a few times');
	$application->edit_comment($comment, markdown => "beside: $what");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE record_type = 'comment')");
	is(($github->comments('acme/widgets', $number))[0]{body} =~ s/\s*<!--.*//rs, "beside: $what", '... beside what else is carried');
	$application->sql($undo);
	# What rests is looked at again when settings are read again.
	$node->reload;
}
$application->wait_until("SELECT bool_and(due_at > now() AND claimed_by IS NULL) FROM $lists");
GitHubSync::Application::reconfigure($node, 'github_sync.reconcile_interval' => '0');

# ---- what ends a worker beside the rows ----

foreach my $case (
	[ 'a delivery', 'webhook_deliveries', q{INSERT INTO github_sync.webhook_deliveries (delivery_id, event, facts) VALUES ('hostile', 'ping', '{}')} ],
	[ 'a list', 'repo_sweeps', "SELECT github_sync.reconcile_repo(1296269)" ],
	# It has blocks to count as soon as it starts.
	[ 'a count of the history', 'task_state_counts', "INSERT INTO github_sync.task_sync_transactions (id, direction, state) VALUES (100000, 'inbound', 'canceled')", 'restart' ])
{
	my ($what, $table, $begin, $restarts) = @$case;

	# What ended a worker before is forgotten.
	$application->disconnect;
	$node->restart;
	my $log = -s $node->logfile;
	$application->sql(trigger("BEFORE INSERT OR UPDATE ON github_sync.$table", q{
		IF (SELECT a.backend_type FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid()) = 'github_sync worker' THEN
			PERFORM pg_terminate_backend(pg_backend_pid());
		END IF;
		RETURN NEW;}) . "; $begin; SELECT github_sync.wake()");
	if ($restarts)
	{
		$application->disconnect;
		$node->stop;
		$log = -s $node->logfile;
		$node->start;
		$application->sql('SELECT github_sync.wake()');
	}
	wait_for_log($what, $log);
	foreach my $edit (1 .. 2)
	{
		$application->edit_comment($comment, markdown => "beside $what, $edit");
		$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue WHERE record_type = 'comment')");
	}
	is(($github->comments('acme/widgets', $number))[0]{body} =~ s/\s*<!--.*//rs, "beside $what, 2", "$what that ends its worker: rows are carried all the same");
	cmp_ok(ends_since($log), '<=', 2, '... and it is not tried at once again');
	$application->sql($undo);
}

done_testing();
