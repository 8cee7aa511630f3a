# 059_examples.pl
#
# Each example of examples/, as it stands there: attached, written by the real
# clients of its world, direct and through pgbouncer in transaction mode, and
# synced both ways.  What is private in them never comes to GitHub.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use DBI;
use GitHubSync::StandIn;
use GitHubSync::Application;
use GitHubSync::PgBouncer;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $examples = "$FindBin::Bin/../../examples";
my $clients  = "$FindBin::Bin/../clients";

# What the application has before anything is synced: a project with a repository, a person, and what else its rows refer to.
my %people_of = (
	ecto => q{
		INSERT INTO users (username, github_id, inserted_at, updated_at) VALUES ('ann', NULL, now(), now());
		INSERT INTO projects (title, inserted_at, updated_at) VALUES ('Widgets', now(), now());
		INSERT INTO project_repos VALUES (1, 1001);
		INSERT INTO task_lists (name, inbox, project_id, inserted_at, updated_at) VALUES ('Inbox', true, 1, now(), now())},
	rails => q{
		INSERT INTO users (login, github_uid, created_at, updated_at) VALUES ('github', NULL, now(), now()), ('ann', NULL, now(), now());
		INSERT INTO projects (name, github_repo_id, created_at, updated_at) VALUES ('Widgets', 1002, now(), now())},
	django => q{
		INSERT INTO auth_user (username, is_active) VALUES ('github', false), ('ann', true);
		INSERT INTO tracker_project (name, github_repo) VALUES ('Widgets', 1003)},
	prisma => q{
		INSERT INTO "User" VALUES ('u1', 'ann@example.org', NULL), ('u2', 'alice@example.org', 'alice');
		INSERT INTO "Project" VALUES ('p1', 'Widgets', 1004)},
	supabase => q{
		INSERT INTO auth.users VALUES ('00000000-0000-0000-0000-000000000001', 'ann@example.org', NULL),
			('00000000-0000-0000-0000-000000000002', 'eve@example.org', NULL);
		INSERT INTO projects (name, github_repo_id) VALUES ('Widgets', 1005);
		INSERT INTO members SELECT p.id, '00000000-0000-0000-0000-000000000001' FROM projects AS p});
# tasks: table, title, text, state; comments: table, text.
my %columns_of = (
	ecto     => [ 'tasks',          qw(title markdown status),       'comments',        'markdown' ],
	rails    => [ 'tickets',        qw(subject description status),  'notes',           'body' ],
	django   => [ 'tracker_ticket', qw(title description status),    'tracker_comment', 'text' ],
	prisma   => [ '"Task"',         qw(title description status),    '"Comment"',       'text' ],
	supabase => [ 'tasks',          qw(title description is_complete), 'comments',      'content' ]);
my @names = sort { $columns_of{$a}[0] cmp $columns_of{$b}[0] || $a cmp $b } keys %columns_of;
my %repository_of = (ecto => 1001, rails => 1002, django => 1003, prisma => 1004, supabase => 1005);

my $github = GitHubSync::StandIn->start;
$github->seed({ repositories => [ map { { id => $repository_of{$_}, owner => 'acme', name => $_ } } @names ] });
my $node   = GitHubSync::Application::start_server('main', GitHubSync::Application::app_settings($github), 'github_sync.max_workers' => 6);
my $pooled = GitHubSync::PgBouncer->start($node, @names, 'authenticator');
my %application;

# Each part by a child of its own, all at once: to wait for one after the other takes as long as all of them.
sub at_once
{
	my ($what, %part) = @_;
	my %pid;

	foreach my $name (sort keys %part)
	{
		$pid{$name} = fork() // BAIL_OUT("no child: $!");
		next if $pid{$name};
		my $log = "$PostgreSQL::Test::Utils::log_path/$what-$name.log";
		open(STDIN, '<', '/dev/null') and open(STDOUT, '>', $log) and open(STDERR, '>&', \*STDOUT) or POSIX::_exit(126);
		POSIX::_exit(eval { $part{$name}->(); 1 } ? 0 : do { print STDERR $@; 1 });
	}
	foreach my $name (sort keys %part)
	{
		waitpid($pid{$name}, 0);
		is($?, 0, "$what: $name") or diag(slurp_file("$PostgreSQL::Test::Utils::log_path/$what-$name.log"));
	}
}

sub run { my (@command) = @_; system(@command) == 0 or die "$command[0] ended with $?\n" }

sub psql
{
	my ($name, $role, @arguments) = @_;

	run('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-d', $name, '-U', $role, @arguments);
}

# ---- as their heads say ----

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', 'CREATE EXTENSION comment_sync_transaction CASCADE');
$node->safe_psql('postgres', join '', map { "CREATE ROLE $_ LOGIN; CREATE DATABASE $_ OWNER $_ TEMPLATE original;\n" } @names);
at_once('attach', map {
	my $name = $_;
	$name => sub {
		psql($name, $name eq 'supabase' ? $superuser : $name, '-v', "app=$name", '-f', "$examples/$name/schema.sql");
		psql($name, $superuser, '-v', "app=$name", '-f', "$examples/$name/attach.sql");
		psql($name, $name, '-v', 'installation=515151', '-v', "repository=$repository_of{$name}", '-v', 'owner=acme', '-v', "name=$name", '-f', "$examples/connect.sql");
		psql($name, $name, '-c', $people_of{$name});
	} } @names);
$application{$_} = GitHubSync::Application->of_database($node, $_) foreach @names;
$application{supabase}->superuser_sql(q{UPDATE github_sync.github_repos SET on_local_delete = 'propagate'});

# What GitHub has, by repository: asked for once until something may have changed.
my %issues_at;

sub one { my ($name, $query) = @_; return $application{$name}->superuser_sql($query) }

sub settle
{
	$application{$_}->wait_until_done foreach @names;
	%issues_at = ();
	foreach my $name (@names)
	{
		is(one($name, q{SELECT string_agg(concat_ws(' ', record_type, id, error_code, error_reason), '; ') FROM github_sync.sync_errors}), '', "$name: nothing is errored");
		is(one($name, q{SELECT string_agg(concat_ws(' ', problem, detail), '; ') FROM github_sync.sync_problems}), '', "$name: nor contained");
	}
}

sub issues_at
{
	my ($name) = @_;

	%issues_at = map { $_->{full_name} =~ s{.*/}{}r => $_->{issues} } @{ $github->state->{repositories} } unless %issues_at;
	return @{ $issues_at{$name} };
}

# What GitHub shows of an issue or a comment, without what only we see.
sub text { my ($of) = @_; return ($of->{body} // '') =~ s/<!-- github_sync:byline -->(.*?)<!-- .*?-->\n\n/$1 /sr =~ s/\s*<!-- github_sync:[-0-9a-f]+ -->//sr }
sub titles { my ($name) = @_; return map { $_->{title} } issues_at($name) }
sub issue_called { my ($name, $title) = @_; return (grep { $_->{title} eq $title } issues_at($name))[0] // {} }
sub comments_of { my ($name, $title) = @_; return [ sort map { text($_) } @{ issue_called($name, $title)->{comments} // [] } ] }

# ---- the clients ----

# What Ecto does by postgrex: prepared statements of the protocol, a transaction for each change.
sub ecto_writes
{
	my ($label, $host, $port) = @_;
	my $db = DBI->connect("dbi:Pg:dbname=ecto;host=$host;port=$port", 'ecto', '', { RaiseError => 1, PrintError => 0, AutoCommit => 1 });

	$db->{pg_server_prepare} = 0 if $label eq 'pooled';
	my $edit = $db->prepare(q{UPDATE tasks SET title = ?, modified_from = 'app', updated_at = timezone('UTC', now()) WHERE id = ?});
	$db->begin_work;
	my ($task) = $db->selectrow_array(q{INSERT INTO tasks (title, markdown, project_id, task_list_id, user_id, inserted_at, updated_at)
		VALUES (?, ?, 1, 1, 1, timezone('UTC', now()), timezone('UTC', now())) RETURNING id}, undef, $label, 'Some *words*');
	$db->do(q{INSERT INTO comments (markdown, task_id, user_id, inserted_at, updated_at)
		VALUES (?, ?, 1, timezone('UTC', now()), timezone('UTC', now()))}, undef, "$label comment", $task);
	$db->do(q{INSERT INTO tasks (title, markdown, archived, project_id, task_list_id, user_id, inserted_at, updated_at)
		VALUES ('SECRET archive', '', true, 1, 1, 1, now(), now())});
	$db->commit;
	$edit->execute("$label, edit $_", $task) foreach 1 .. 6;
	$db->begin_work;
	$edit->execute('SECRET rolled back', $task);
	$db->rollback;
	$edit->execute("$label, edited", $task);
	undef $edit;
	$db->disconnect;
}

my %client = (
	rails    => [ 'ruby',    "$clients/rails.rb" ],
	django   => [ 'python3', "$clients/django_client.py" ],
	prisma   => [ $ENV{NODE} // 'node', "$clients/prisma.mjs" ],
	supabase => [ 'python3', "$clients/supabase.py" ]);

sub write_by_client
{
	my ($name, $label, $host, $port) = @_;

	return ecto_writes($label, $host, $port) if $name eq 'ecto';
	local @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER)} = ($host, $port, $name, $name eq 'supabase' ? 'authenticator' : $name);
	run(@{ $client{$name} }, $label);
}

at_once('write', map {
	my $name = $_;
	("$name-direct" => sub { write_by_client($name, 'direct', $node->host, $node->port) },
		"$name-pooled" => sub { write_by_client($name, 'pooled', $pooled->host, $pooled->port) }) } @names);
settle();

foreach my $label (qw(direct pooled))
{
	my $title = "$label, edited";

	is(text(issue_called('ecto', $title)), 'Some *words*', "Ecto's task arrives, $label");
	is_deeply(comments_of('ecto', $title), ["$label comment"], 'with its comment');
	is(text(issue_called('rails', $title)), "$label: by update_columns", "Rails's ticket arrives, $label, also what update_columns wrote");
	is_deeply(comments_of('rails', $title), ["$label note!!!"], 'with its public note');
	is(text(issue_called('django', $title)), "$label, edited, by update()", "Django's ticket arrives, $label, also what update() wrote");
	is_deeply(comments_of('django', $title), ["$label comment"], 'with its public comment');
	is_deeply([ map { issue_called('django', "$label $_")->{state} } 0, 10, 30, 39 ], [qw(closed closed closed open)], 'bulk_create and bulk_update are captured');
	is_deeply([ sort split /\n/, text(issue_called('prisma', "$label pg, edited")) ], [ map { "edit $_" } 1 .. 3 ], "node-postgres's task arrives, $label");
	is(issue_called('prisma', "$label knex, edited again")->{state}, 'closed', "and knex's");
	is_deeply(comments_of('prisma', "$label sequelize, edited"), ["$label sequelize comment"], "and Sequelize's");
	# Trailing line ends stand before the key, or not: it depends on whether the last edit came before the creation.
	like(text(issue_called('supabase', $title)), qr/\Aedit\nedit\nedit\s*\z/, "PostgREST's task arrives, $label");
	is_deeply(comments_of('supabase', $title), ["*ann wrote:* $label comment"], 'with the name of its author');
}

# ---- GitHub's people ----

my $undated = issue_called('django', 'pooled, edited');
$github->human_edits_issue('acme/django', $undated->{number}, title => 'Earlier, there');

foreach my $name (@names)
{
	my $repository = "acme/$name";
	my $known = issue_called($name, $name eq 'prisma' ? 'direct pg, edited' : 'direct, edited');
	my $tell = sub { my ($issue, $comment) = @_;
		$comment ? $application{$name}->tell_of_comment($comment, $issue->{number}, $repository_of{$name}) : $application{$name}->tell_of_issue($issue, $repository_of{$name}) };

	# As the owner whom the role is called by.
	no warnings 'redefine';
	local *GitHubSync::Application::sql = sub { my ($self, $query) = @_; return $self->superuser_sql($query) };
	$tell->($github->human_edits_issue($repository, $known->{number}, title => 'Edited there', body => 'Text from there'));
	$tell->($known, $github->human_creates_comment($repository, $known->{number}, body => 'Said there'));
	my $new = $github->human_creates_issue($repository, title => 'Made there', body => undef);
	$tell->($new);
	my $rejected = $github->human_creates_issue($repository, title => 'Rejected there', body => 'No');
	$tell->($github->human_closes_issue($repository, $rejected->{number}, state_reason => 'not_planned'));
}
settle();

foreach my $name (@names)
{
	my ($tasks, $title, $body, $state, $comments, $text) = @{ $columns_of{$name} };
	my %closed = (ecto => 'closed', rails => 3, django => 'wontfix', prisma => 'CANCELED', supabase => 'true');

	is(one($name, "SELECT \"$body\" FROM $tasks WHERE $title = 'Edited there'"), 'Text from there', "$name: an edit comes in");
	is(one($name, "SELECT count(*) FROM $comments WHERE $text = 'Said there'"), 1, 'a comment, too');
	is(one($name, "SELECT coalesce(\"$body\", '') FROM $tasks WHERE $title = 'Made there'"), '', 'an issue without a text');
	is(one($name, "SELECT ${state}::text FROM $tasks WHERE $title = 'Rejected there'"), $closed{$name}, 'and one that was closed, with its reason where there is one');
}

# ---- what each of them has besides ----

is(one('ecto', 'SELECT count(*) = count(DISTINCT number) AND min(number) = 1 AND max(number) = count(*) FROM tasks'), 't', 'Ecto: numbers without a gap');
is(one('ecto', q{SELECT p.open_tasks = (SELECT count(*) FROM tasks WHERE status = 'open') FROM projects AS p}), 't', 'counted by an AFTER trigger');
is(one('ecto', q{SELECT modified_from || ' ' || coalesce(body, 'not rendered') FROM tasks WHERE title = 'Edited there'}), 'github not rendered', 'apply_values says where the edit was made');
is(one('ecto', q{SELECT u.username FROM tasks AS t JOIN users AS u ON u.id = t.user_id WHERE t.title = 'Made there'}), 'alice', 'insert_values made a user');
is(one('ecto', q{SELECT string_agg(DISTINCT event || ' ' || by_sync, ', ') FROM task_events AS e JOIN tasks AS t ON t.id = e.task_id WHERE t.title = 'Made there'}), 'insert true', 'a trigger knows who writes');
is(one('rails', q{SELECT lock_version > 1 FROM tickets WHERE subject = 'Edited there'}), 't', 'Rails: lock_version went on');
is(one('rails', q{SELECT bool_and(t.notes_count = (SELECT count(*) FROM notes AS n WHERE n.noteable_type = 'Ticket' AND n.noteable_id = t.id)) FROM tickets AS t}), 't', 'the counter caches are right');
is(one('rails', q{SELECT tickets_count = (SELECT count(*) FROM tickets) FROM projects}), 't', 'both of them');
is(one('prisma', q{SELECT string_agg(DISTINCT t."authorId" || ' ' || (t."id" ~ '^c[0-9a-z]{24}$'), ', ') FROM "Task" AS t WHERE t."title" = 'Made there'}), 'u2 true', 'Prisma: a key and an author from insert_values');
is(one('django', q{SELECT bool_and(updated > created) FROM tracker_ticket WHERE description LIKE '%by update()'}), 't', 'Django: update() is dated');

# In a conflict with an edit on GitHub that nobody has told of, one that Django did not date counts: it is later.
$node->safe_psql('django', q{UPDATE tracker_ticket SET title = 'Later, here' WHERE title = 'pooled, edited'}, extra_params => [ '-U', 'django' ]);
# Soft deletion, and back.
$node->safe_psql('supabase', q{UPDATE comments SET deleted_at = now() WHERE content = 'direct comment'; UPDATE tasks SET deleted_at = now() WHERE title = 'pooled, edited'});
$node->safe_psql('rails', q{UPDATE notes SET discarded_at = now(), body = 'SECRET, discarded' WHERE body = 'direct note!!!'}, extra_params => [ '-U', 'rails' ]);
settle();
is(issue_called('django', 'Later, here')->{number}, $undated->{number}, 'an edit by update() that is later than one on GitHub wins');
is_deeply(comments_of('supabase', 'Edited there'), ['Said there'], 'Supabase: a comment that is marked as deleted is deleted there');
is(issue_called('supabase', 'pooled, edited')->{state}, 'closed', 'and a task closed');
is_deeply(comments_of('rails', 'Edited there'), [ 'Said there', 'direct note!!!' ], 'Rails: a discarded note stays as it is, where nothing is to be propagated');
$node->safe_psql('supabase', q{UPDATE tasks SET deleted_at = NULL WHERE deleted_at IS NOT NULL});
settle();
is(issue_called('supabase', 'pooled, edited')->{state}, 'open', 'Supabase: restored, it is opened again');

unlike(JSON::PP->new->encode([ $github->requests ]), qr/SECRET/, 'nothing that is private was ever sent');
foreach my $name (@names)
{
	my %times;

	$times{$_}++ foreach titles($name);
	is_deeply([ grep { $times{$_} > 1 } keys %times ], [], "$name: nothing was created twice");
}
my $asked = $github->last_seq;
$application{ecto}->superuser_sql('SELECT pg_sleep(0.3)');
is($github->last_seq, $asked, 'then there is quiet');
$pooled->stop;

done_testing();
