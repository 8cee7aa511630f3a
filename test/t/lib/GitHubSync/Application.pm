# GitHubSync::Application
#
# An application as a user of the extension has one: a role of its own that is
# no superuser, tables `tasks` and `comments` with more columns than ours (NOT
# NULL ones too), both extensions, and a repository connected to a stand-in
# for GitHub.
#
#     my $github = GitHubSync::StandIn->start;
#     my $application = GitHubSync::Application->start($github);
#     my $task = $application->add_task(title => 'a title');
#     $application->wait_until_done;
#
# Waits are for conditions, and die when they were in vain.
package GitHubSync::Application;

use strict;
use warnings;

# How long a condition may take, seconds: as long as in PostgreSQL's own tests,
# since others run beside this one.
BEGIN { $ENV{PG_TEST_TIMEOUT_DEFAULT} //= 180 }

use Carp qw(croak);
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use GitHubSync::Session;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More ();

use constant {
	OWNER        => 'planner',
	INSTALLATION => 515151,
	WIDGETS      => 1296269,
	GADGETS      => 1296270,
};

my %repository_names = (WIDGETS, 'widgets', GADGETS, 'gadgets');

my $json = JSON::PP->new->allow_nonref;

# Short delays and no budgets, so that what waits for a time does not hold a
# test up; no sweeps, which would ask of their own accord.
my %settings_of_tests = (
	'github_sync.points_per_minute'    => '0',
	'github_sync.creations_per_minute' => '0',
	'github_sync.creations_per_hour'   => '0',
	'github_sync.write_interval'       => '0',
	'github_sync.retry_base_delay'     => '50ms',
	'github_sync.creation_recheck'     => '300ms',
	'github_sync.reconcile_interval'   => '0',
	'github_sync.delivery_log_interval' => '0',
	'restart_after_crash'              => 'on',
	'max_worker_processes'             => '20',
);

# Where time is simulated: what the server does every few moments, without being
# asked, would use up the processor.
my %settings_of_simulated_time = (
	'bgwriter_delay'     => '10s',
	'wal_writer_delay'   => '10s',
	'autovacuum_naptime' => '10min',
);

# ---- servers and databases ----

sub settings_of_tests { return %settings_of_tests }

# A server with the library; settings as postgresql.conf takes them.
sub start_server
{
	my ($name, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'github_sync'");
	configure($node, %settings_of_tests, %settings);
	$node->start;
	return $node;
}

# Appends to postgresql.conf: of several values the last counts.
sub configure
{
	my ($node, %settings) = @_;

	$node->append_conf('postgresql.conf', "$_ = '$settings{$_}'") foreach sort keys %settings;
}

# As configure, and waits until new sessions go by it.
sub reconfigure
{
	my ($node, %settings) = @_;
	my $before = $node->safe_psql('postgres', 'SELECT pg_conf_load_time()');

	configure($node, %settings);
	$node->reload;
	GitHubSync::Session->of($node, 'postgres')->until_true("SELECT pg_conf_load_time() > '$before'") or croak 'the server did not reload';
}

# Nothing is claimed any more, also by a worker that runs.
sub switch_off
{
	my ($self) = @_;

	reconfigure($self->{node}, 'github_sync.enabled' => 'off');
	$self->wait_until("SELECT coalesce(bool_and(activity = 'not enabled'), true) FROM github_sync.sync_workers WHERE database = current_database() AND pid IS NOT NULL");
}

sub switch_on
{
	my ($self) = @_;

	reconfigure($self->{node}, 'github_sync.enabled' => 'on');
}

# How a server talks to this GitHub as the App.
sub app_settings
{
	my ($github) = @_;

	return (
		'github_sync.api_url'          => $github->url,
		'github_sync.app_id'           => $github->app_id,
		'github_sync.private_key_file' => $github->key_file);
}

# A server of its own for one application.  Options: name (of the server),
# settings (more of them, or others), pace (its clock's and GitHub's: seconds a
# second, where time is simulated), and those of in_server.
sub start
{
	my ($class, $github, %option) = @_;
	my $settings = delete $option{settings} // {};
	my $pace     = delete $option{pace};
	my $name     = delete $option{name} // 'main';
	my $node     = with_pace($pace, sub { start_server($name, app_settings($github), $pace ? %settings_of_simulated_time : (), %$settings) });

	$github->hasten_clock($node->safe_psql('postgres', "SELECT to_json(clock_timestamp() AT TIME ZONE 'UTC') #>> '{}' || 'Z'"), $pace) if $pace;
	return $class->in_server($node, %option);
}

# Runs a program with a clock, and all that waits by it, that goes so much faster.
sub with_pace
{
	my ($pace, $start) = @_;

	return $start->() unless $pace;
	local $ENV{HASTEN}     = $pace;
	local $ENV{LD_PRELOAD} = hastening_library();
	# pg_ctl's clock goes faster, too.
	local $ENV{PGCTLTIMEOUT} = 60 * $pace;
	return $start->();
}

sub hastening_library
{
	my $source  = abs_path(dirname(__FILE__) . '/../../../clock/hasten.c');
	my $library = PostgreSQL::Test::Utils::tempdir() . '/hasten.so';

	system('cc', qw(-std=gnu11 -O2 -shared -fPIC -o), $library, $source) == 0 or croak "$source does not compile";
	return $library;
}

# An application in a server that runs.  Options: database (its name), encoding,
# repository (id on GitHub; default: acme/widgets, which other counterparts know
# by another id), installation, capture (default: on).
sub in_server
{
	my ($class, $node, %option) = @_;
	my $self = $class->with_tables($node, @option{qw(database encoding)});
	my $repository = $option{repository} // WIDGETS;

	$self->create_extensions;
	$self->connect_repository($repository, $repository_names{$repository} // 'widgets', $option{installation} // INSTALLATION);
	$self->capture if $option{capture} // 1;
	return $self;
}

# A database with the application's tables and nothing of ours yet; encoding:
# another than the server's.
sub with_tables
{
	my ($class, $node, $database, $encoding) = @_;
	my $self = $class->of_database($node, $database // 'application');
	my $form = defined $encoding ? " ENCODING '$encoding' LOCALE 'C'" : '';

	$node->safe_psql('postgres', "DO \$\$ BEGIN CREATE ROLE @{[OWNER]} LOGIN; EXCEPTION WHEN duplicate_object THEN END \$\$");
	$node->safe_psql('postgres', "CREATE DATABASE $self->{database} TEMPLATE template0$form");
	$self->superuser_sql(tables());
	return $self;
}

# The object of a database that exists already.
sub of_database
{
	my ($class, $node, $database) = @_;

	return bless { node => $node, database => $database, session => GitHubSync::Session->of($node, $database) }, $class;
}

sub create_extensions
{
	my ($self) = @_;

	$self->superuser_sql('CREATE EXTENSION comment_sync_transaction CASCADE');
	$self->attach;
}

# With the columns that no convention finds.
sub attach
{
	my ($self) = @_;

	$self->superuser_sql(q{
		SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id',
			insert_values => 'planner.values_of_task(bigint, jsonb)');
		SELECT github_sync.attach_comments('planner.comments', insert_values => 'planner.values_of_comment(bigint, jsonb)');
	});
}

sub connect_repository
{
	my ($self, $id, $name, $installation) = @_;

	$self->sql(qq{
		INSERT INTO github_sync.github_app_installations (id, account_login, account_type)
			VALUES ($installation, 'acme', 'Organization') ON CONFLICT DO NOTHING;
		INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
			VALUES ($id, $installation, 'acme', '$name');
		INSERT INTO projects (name, github_repo_id) VALUES ('$name', $id) ON CONFLICT DO NOTHING;
	});
	$self->{repository} //= $id;
}

sub capture
{
	my ($self) = @_;

	$self->sql('SELECT github_sync.capture_task_changes(true); SELECT github_sync.capture_comment_changes(true)');
}

sub tables
{
	return q{
		CREATE SCHEMA planner AUTHORIZATION planner;
		ALTER ROLE planner SET search_path = planner;
		SET ROLE planner;
		SET search_path = planner;
		CREATE TABLE projects (
			id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
			name text NOT NULL,
			github_repo_id bigint UNIQUE);
		CREATE TABLE tasks (
			id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
			project_id bigint NOT NULL REFERENCES projects,
			created_by text NOT NULL,
			title text NOT NULL CONSTRAINT tasks_title_is_polite CHECK (title !~ 'rude'),
			markdown text,
			status text NOT NULL DEFAULT 'open' CONSTRAINT tasks_status_is_known CHECK (status IN ('open', 'closed')),
			github_repo_id bigint,
			modified_at timestamptz NOT NULL DEFAULT clock_timestamp());
		CREATE TABLE comments (
			id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
			task_id bigint NOT NULL REFERENCES tasks,
			created_by text NOT NULL,
			markdown text NOT NULL,
			modified_at timestamptz NOT NULL DEFAULT clock_timestamp());
		CREATE FUNCTION values_of_task(github_repo_id bigint, resource jsonb) RETURNS jsonb
		LANGUAGE sql STABLE RETURN (
			SELECT jsonb_build_object('project_id', p.id, 'created_by', resource #>> '{user,login}')
			FROM planner.projects AS p WHERE p.github_repo_id = values_of_task.github_repo_id);
		CREATE FUNCTION values_of_comment(github_repo_id bigint, resource jsonb) RETURNS jsonb
		LANGUAGE sql IMMUTABLE RETURN jsonb_build_object('created_by', resource #>> '{user,login}');
	};
}

# A file that only the server's user may read, replaced if it is there.
sub write_secret
{
	my ($file, $content) = @_;
	my $old_mask = umask 077;

	unlink $file;
	append_to_file($file, $content);
	umask $old_mask;
}

# ---- SQL ----

sub node     { return $_[0]{node} }
sub database { return $_[0]{database} }

# As the owner of the tables; dies of an error.
sub sql
{
	my ($self, $query) = @_;

	return $self->{node}->safe_psql($self->{database}, $query, extra_params => [ '-U', OWNER ]);
}

# In a session that is kept (GitHubSync::Session).
sub superuser_sql
{
	my ($self, $query) = @_;

	return $self->{session}->query($query);
}

# Before the database is dropped, renamed or copied.
sub disconnect
{
	my ($self) = @_;

	$self->{session}->close;
}

# What the server says to a command that it refuses; '' when it does not.
sub error_of
{
	my ($self, $query, $role) = @_;
	my ($status, undef, $error) = $self->{node}->psql($self->{database}, $query, extra_params => [ '-U', $role // OWNER ]);

	return $status ? $error : '';
}

# The rows of a query, as hashes.
sub rows
{
	my ($self, $query) = @_;

	return @{ $json->decode($self->superuser_sql("SELECT coalesce(json_agg(r), '[]') FROM ($query) AS r")) };
}

# The first row, undef where there is none.
sub row
{
	my ($self, $query) = @_;

	return ($self->rows($query))[0];
}

sub quote
{
	my ($value) = @_;

	return defined $value ? "'" . ($value =~ s/'/''/gr) . "'" : 'NULL';
}

# ---- what the application's users do ----

# Columns by name; returns the id.
sub add_task
{
	my ($self, %columns) = @_;

	%columns = (created_by => 'user', github_repo_id => $self->{repository} // WIDGETS, %columns);
	my @names  = sort keys %columns;
	my $names  = join ', ', @names;
	my $values = join ', ', map { quote($columns{$_}) } @names;

	return $self->sql("INSERT INTO tasks (project_id, $names)"
		  . " SELECT p.id, $values FROM projects AS p WHERE p.github_repo_id = $columns{github_repo_id} RETURNING id");
}

sub add_comment
{
	my ($self, $task, $markdown) = @_;

	return $self->sql("INSERT INTO comments (task_id, created_by, markdown) VALUES ($task, 'user', @{[quote($markdown)]}) RETURNING id");
}

sub edit_task    { my ($self, $id, %columns) = @_; return $self->sql(_update('tasks', $id, %columns)) }
sub edit_comment { my ($self, $id, %columns) = @_; return $self->sql(_update('comments', $id, %columns)) }

sub _update
{
	my ($table, $id, %columns) = @_;
	my @assignments = map { "$_ = " . quote($columns{$_}) } sort keys %columns;

	push @assignments, 'modified_at = clock_timestamp()' unless exists $columns{modified_at};
	return "UPDATE $table SET " . join(', ', @assignments) . " WHERE id = $id";
}

sub task    { my ($self, $id) = @_; return $self->row("SELECT * FROM planner.tasks WHERE id = $id") }
sub comment { my ($self, $id) = @_; return $self->row("SELECT * FROM planner.comments WHERE id = $id") }

# The cached records of a task and a comment.
sub issue_of          { my ($self, $id) = @_; return $self->row("SELECT * FROM github_sync.github_issues WHERE task_id = $id") }
sub github_comment_of { my ($self, $id) = @_; return $self->row("SELECT * FROM github_sync.github_comments WHERE comment_id = $id") }

# ---- what a receiver of webhooks does ----

# An inbound transaction for an issue as the stand-in or the API shows it;
# returns the transaction as it was stored.
sub tell_of_issue
{
	my ($self, $issue, $repository) = @_;
	my $stored = $self->sql("INSERT INTO github_sync.task_sync_transactions"
		  . " (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)"
		  . " VALUES ('inbound', @{[$repository // $self->{repository} // WIDGETS]}, $issue->{id}, $issue->{number}, '$issue->{updated_at}')"
		  . " RETURNING row_to_json(task_sync_transactions)");

	return $json->decode($stored);
}

sub tell_of_comment
{
	my ($self, $comment, $issue_number, $repository) = @_;
	my $stored = $self->sql("INSERT INTO github_sync.comment_sync_transactions"
		  . " (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)"
		  . " VALUES ('inbound', @{[$repository // $self->{repository} // WIDGETS]}, $comment->{id}, $issue_number, '$comment->{updated_at}')"
		  . " RETURNING row_to_json(comment_sync_transactions)");

	return $json->decode($stored);
}

# ---- the queue ----

# Sync transactions of tasks in the order of their ids, as hashes.
sub task_transactions
{
	my ($self, $condition) = @_;

	return $self->rows('SELECT * FROM github_sync.task_sync_transactions WHERE ' . ($condition // 'true') . ' ORDER BY id');
}

sub comment_transactions
{
	my ($self, $condition) = @_;

	return $self->rows('SELECT * FROM github_sync.comment_sync_transactions WHERE ' . ($condition // 'true') . ' ORDER BY id');
}

sub task_transaction    { my ($self, $id) = @_; return ($self->task_transactions("id = $id"))[0] }
sub comment_transaction { my ($self, $id) = @_; return ($self->comment_transactions("id = $id"))[0] }

# Until a query of the superuser's answers with true.
sub wait_until
{
	my ($self, $query) = @_;

	return if $self->{session}->until_true($query);
	Test::More::diag($self->situation);
	croak "in vain: $query";
}

# All rows that a dump or a subscriber has, by table.
sub contents
{
	my ($self) = @_;
	my @tables = split /\n/, $self->superuser_sql(q{
		SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('github_sync', 'planner') AND c.relkind = 'r' ORDER BY 1});

	return { map { $_ => [ split /\n/, $self->superuser_sql("SELECT r::text FROM $_ AS r ORDER BY 1") ] } @tables };
}

# For whoever looks into a failure: what waits, what failed, who works.
sub situation
{
	my ($self) = @_;

	return join "\n", map { "$_: " . $json->pretty->encode([ $self->rows("SELECT * FROM github_sync.$_ LIMIT 5") ]) }
	  qw(sync_queue sync_errors sync_workers github_app_installations);
}

# Until nothing is queued or processing.
sub wait_until_done
{
	my ($self) = @_;

	$self->wait_until('SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)');
}

sub wait_for_state
{
	my ($self, $id, $state) = @_;

	$self->wait_until("SELECT state = '$state' FROM github_sync.task_sync_transactions WHERE id = $id");
}

# The pid of the database's worker, once it runs.
sub worker_pid
{
	my ($self) = @_;
	my $worker = "FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()";

	$self->wait_until("SELECT count(*) = 1 $worker");
	return $self->superuser_sql("SELECT pid $worker");
}

# ---- what GitHub was asked ----

# "METHOD path status" of each request about issues and comments, in the order
# of their arrival; since: a sequence number of the journal.
sub asked
{
	my ($github, $since) = @_;

	return map { "$_->{method} $_->{path} " . ($_->{status} // $_->{outcome} // 'under way') }
	  grep { $_->{path} =~ m{^/repos/} } $github->requests(since => $since // 0);
}

# What the App has created more than once, as far as texts show: tests give
# each task and comment a text of its own.
sub created_twice
{
	my ($github) = @_;
	my %times;

	foreach my $issue (map { @{ $_->{issues} } } @{ $github->state->{repositories} })
	{
		$times{$_}++ foreach grep { /\(key\)/ } map { s/<!-- github_sync:[0-9a-f-]{36} -->/(key)/r }
		  map { ($_->{title} // '') . ' ' . ($_->{body} // '') } $issue, @{ $issue->{comments} };
	}
	return [ sort grep { $times{$_} > 1 } keys %times ];
}

1;
