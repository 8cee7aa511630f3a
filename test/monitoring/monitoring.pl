# monitoring.pl
#
# The files of contrib/monitoring with the programs that they are for, as Debian
# packages them: both exporters show the same, prometheus scrapes and understands
# them, an alert fires when GitHub is down for five minutes and clears afterwards,
# the dashboard is what its generator makes and asks what there is to be asked; and
# a browser shows the report without scrolling sideways.
#
# Time is simulated: a minute is a second.  `make monitoring` installs what it
# needs, and `make check-long` runs it.  PICTURES: a directory that gets pictures
# of the report and of the dashboard in some states; `make pictures` puts them into
# docs/.  The dashboard is drawn by Grafana's components (panels/dashboard.jsx).
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../t/lib";
use GitHubSync::StandIn;
use GitHubSync::Application;
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant { PACE => 60, PATIENCE_S => 60 };

my $files = "$FindBin::Bin/../../contrib/monitoring";
my $work  = PostgreSQL::Test::Utils::tempdir();
my $http  = HTTP::Tiny->new(timeout => PATIENCE_S);
my %children;

# ---- programs ----

# Starts one whose log is kept, and that is ended with this test.
sub start_program
{
	my ($name, %options) = @_;
	my @command = @{ $options{command} };
	my $pid     = fork() // die "no child: $!";

	if ($pid == 0)
	{
		%ENV = (%ENV, %{ $options{environment} // {} });
		delete $ENV{LD_PRELOAD};
		open(STDIN, '<', '/dev/null') and open(STDOUT, '>', "$ENV{TESTLOGDIR}/$name.log") and open(STDERR, '>&', \*STDOUT)
		  and exec { $command[0] } @command;
		POSIX::_exit(127);
	}
	$children{$pid} = $name;
}

END
{
	local $?;
	kill 'TERM', keys %children if %children;
	waitpid $_, 0 foreach keys %children;
}

# Until it returns something true, which is returned.
sub await
{
	my ($what, $condition) = @_;
	my $deadline = time + PATIENCE_S;

	while (time < $deadline)
	{
		my $result = $condition->();
		return $result if $result;
		sleep 0.1;
	}
	die "$what: not within @{[PATIENCE_S]} s";
}

sub write_file
{
	my ($name, $text) = @_;

	append_to_file("$work/$name", $text);
	return "$work/$name";
}

sub contents { return slurp_file("$files/$_[0]") }

# ---- what exporters show ----

# The samples of github_sync_value: labels, joined, to value.
sub scraped
{
	my ($url, $name) = @_;
	my $answer = $http->get($url);
	my %values;

	return {} unless $answer->{success};
	while ($answer->{content} =~ /^$name\{([^\n]*)\} (\S+)$/mg)
	{
		my ($labels, $value) = ($1, $2);
		my %label = $labels =~ /(\w+)="([^"]*)"/g;
		$values{ join '|', map { $label{$_} // '' } qw(metric record_type direction state installation) } = $value;
	}
	return \%values;
}

# ---- a browser ----

my $picture = "$FindBin::Bin/../../scripts/picture.sh";
my $browser = do { local $ENV{LD_PRELOAD}; `$picture --browser` };
chomp $browser;

sub browse
{
	my (@options) = @_;
	local $ENV{LD_PRELOAD};

	return `timeout 60 $browser --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --user-data-dir=$work/browser --allow-file-access-from-files @options 2>/dev/null`;
}

my $github      = GitHubSync::StandIn->start;
my $application = GitHubSync::Application->start($github, pace => PACE);
my $node        = $application->node;

$application->superuser_sql('CREATE ROLE dashboard LOGIN');
$application->sql("SELECT github_sync.grant_monitor('dashboard')");
$application->add_task(title => 'Seen from afar');
$application->wait_until_done;

my ($postgres_port, $sql_port, $prometheus_port) = map { PostgreSQL::Test::Cluster::get_free_port() } 1 .. 3;
my $place = 'host=' . $node->host . ' port=' . $node->port;

start_program('postgres_exporter',
	command => [ 'prometheus-postgres-exporter', '--disable-default-metrics', '--disable-settings-metrics',
		"--extend.query-path=$files/postgres_exporter.yml", "--web.listen-address=127.0.0.1:$postgres_port" ],
	environment => { DATA_SOURCE_NAME => "$place user=dashboard dbname=application sslmode=disable" });

my $sql_config = contents('sql_exporter.yml');
$sql_config =~ s{postgres://dashboard\@localhost/application\?}{"postgres://dashboard\@/application?host=" . $node->host . "&port=" . $node->port . "&"}e
  or die 'sql_exporter.yml names another connection';
$sql_config =~ s/interval: 15s/interval: 1s/ or die 'sql_exporter.yml has another interval';
start_program('sql_exporter', command => [ 'prometheus-sql-exporter', '-config.file', write_file('sql_exporter.yml', $sql_config), '-web.listen-address', "127.0.0.1:$sql_port" ]);

sub of_postgres_exporter { return scraped("http://127.0.0.1:$postgres_port/metrics", 'github_sync_value') }
sub of_sql_exporter      { return scraped("http://127.0.0.1:$sql_port/metrics",      'sql_github_sync_value') }

my $completed = 'finished_total|task|outbound|completed|';
ok(await('postgres_exporter', sub { (of_postgres_exporter()->{$completed} // 0) == 1 }), 'prometheus-postgres-exporter shows what was done');
ok(await('sql_exporter',      sub { (of_sql_exporter()->{$completed}      // 0) == 1 }), 'prometheus-sql-exporter shows the same');
my @shown = map { [ sort keys %$_ ] } of_postgres_exporter(), of_sql_exporter();
is_deeply($shown[0], $shown[1], 'each shows all figures of the other one');
cmp_ok(scalar @{ $shown[0] }, '>', 100, scalar(@{ $shown[0] }) . ' of them');
is(of_postgres_exporter()->{'answered_seconds_bucket|task|outbound|+Inf|'}, of_postgres_exporter()->{'answered_seconds_count|task|outbound||'},
	'the last bucket of a histogram holds all');

# ---- prometheus itself ----

my $prometheus_config = contents('prometheus.yml');
$prometheus_config =~ s/_interval: 15s/_interval: 1s/g;
$prometheus_config =~ s/localhost:9187/127.0.0.1:$postgres_port/;
$prometheus_config =~ s/localhost:9237/127.0.0.1:$sql_port/;
# Both at once, here.
$prometheus_config =~ s/^  # (.*)$/  $1/mg;
$prometheus_config =~ s{alerts.yml}{$files/alerts.yml};
start_program('prometheus', command => [ 'prometheus', '--config.file=' . write_file('prometheus.yml', $prometheus_config), "--storage.tsdb.path=$work/tsdb",
		"--web.listen-address=127.0.0.1:$prometheus_port", '--log.level=warn' ]);

sub api
{
	my ($call, %parameters) = @_;
	my $answer = $http->get("http://127.0.0.1:$prometheus_port/api/v1/$call?" . $http->www_form_urlencode(\%parameters));

	return $answer->{content} =~ /^\{/ ? decode_json($answer->{content}) : { status => "$answer->{status} $answer->{content}" };
}

sub results { return @{ api('query', query => $_[0])->{data}{result} // [] } }

ok(await('prometheus', sub { 2 == results('count by (job) (github_sync_value{metric="health"})') }), 'prometheus scrapes both, by one name');
is_deeply([ map { $_->{value}[1] } results('min(up)') ], ['1'], 'and is refused by none');
my ($group) = @{ api('rules')->{data}{groups} };
await('the rules', sub { ($group) = @{ api('rules')->{data}{groups} }; !grep { $_->{health} eq 'unknown' } @{ $group->{rules} } });
is_deeply([ map { "$_->{name}: $_->{lastError}" } grep { $_->{health} ne 'ok' } @{ $group->{rules} } ], [], 'it understands the alert rules');

# ---- the dashboard ----

my $dashboard = decode_json(contents('dashboard.json'));
my @queries   = map { my $panel = $_; map { [ $panel->{title}, $_->{expr} ] } @{ $panel->{targets} // [] } } @{ $dashboard->{panels} };
cmp_ok(scalar @queries, '>', 15, 'the dashboard asks ' . @queries . ' questions');
foreach (@queries)
{
	my ($title, $query) = @$_;

	$query =~ s/\$database/.*/g;
	$query =~ s/\$__rate_interval/30s/g;
	is(api('query', query => $query)->{status}, 'success', "prometheus understands: $title");
}
# What a question names, some figure of the exporters is.
my %known = map { (split /\|/)[0] => 1 } @{ $shown[0] }, 'errors_last_hour', 'oldest_waiting_seconds', 'transactions';
my %asked = map { map { $_ => 1 } $_->[1] =~ /metric="(\w+)"/g } @queries;
is_deeply([ grep { !$known{$_} && !/^(request_limit|requests_remaining|oldest_sweep_seconds)$/ } sort keys %asked ], [], 'and asks for what there is');
# What is wrong, and why, it tells in words, with what to do: each check of health(), and each reason for a pause.
sub untold
{
	my ($title, $column, @texts) = @_;
	my ($panel)    = grep { $_->{title} eq $title } @{ $dashboard->{panels} };
	my ($override) = grep { $_->{matcher}{options} eq $column } @{ $panel->{fieldConfig}{overrides} };
	my ($mappings) = grep { $_->{id} eq 'mappings' } @{ $override->{properties} };
	my @patterns   = map { $_->{options}{pattern} =~ m{^/(.*)/$} ? qr/$1/ : die "no pattern: $_->{options}{pattern}" } @{ $mappings->{value} };

	return [ grep { my $text = $_; !grep { $text =~ $_ } @patterns } @texts ];
}

my @checks  = split /\n/, $node->safe_psql('application', 'SELECT "check" FROM github_sync.health()');
my @reasons = split /\n/, $node->safe_psql('application', q{SELECT DISTINCT (regexp_matches(pg_get_constraintdef(oid), '''([a-z ]+)''::text', 'g'))[1]
	FROM pg_constraint WHERE conname IN ('github_app_installations_pause_kind_check', 'github_app_installations_state_check')});
cmp_ok(scalar @checks, '>', 15, scalar(@checks) . ' checks');
is_deeply([ sort @reasons ], [ 'active', 'budget', 'credentials', 'deleted', 'rate limit', 'suspended', 'unreachable' ], 'there are these reasons');
is_deeply(untold('What is wrong', 'What to do', @checks), [], 'the dashboard says what to do about each check of health()');
is_deeply(untold('Installations that are held up', $_, grep { $_ ne 'active' } @reasons), [], "... and about each reason why an installation is held up: $_") foreach 'Why', 'What to do';
SKIP:
{
	my $generator = "$files/dashboard";
	skip 'the generator is not installed', 1 unless -d "$generator/node_modules";
	is(scalar `cd $generator && node dashboard.mjs`, contents('dashboard.json'), 'its file is what the generator makes');
}

# ---- pictures ----

use constant { SCRAPES => 8, WINDOW_S => 120 };
my $began_s = time;

# What prometheus has for the panels, of one of its exporters: graphs over the last minutes, the others as it is.
sub answers_of_panels
{
	my ($to) = @_;
	my %answers;

	foreach my $panel (@{ $dashboard->{panels} })
	{
		$answers{ $panel->{id} } = {};
		foreach my $target (@{ $panel->{targets} // [] })
		{
			my %question = (query => $target->{expr} =~ s/\$database"/.*", instance=~".*:$postgres_port"/gr =~ s/\$__rate_interval/15s/gr);
			my $answer   = $panel->{type} ne 'timeseries' ? api('query', %question, time => $to)
			  : api('query_range', %question, start => $to - WINDOW_S > $began_s ? $to - WINDOW_S : $began_s, end => $to, step => 1);

			$answers{ $panel->{id} }{ $target->{refId} } = $answer->{data}{result};
		}
	}
	return \%answers;
}

sub draw
{
	my ($name, $page, %height) = @_;
	local $ENV{LD_PRELOAD};

	foreach my $width (1280, 400)
	{
		foreach my $scheme ('light', 'dark')
		{
			system($picture, $page, "$ENV{PICTURES}/$name-$width-$scheme.png", $width, $height{$width}, $scheme);
			ok(-s "$ENV{PICTURES}/$name-$width-$scheme.png", "a picture: $name, at $width pixels, $scheme");
		}
	}
}

# Report and dashboard as they are once prometheus has seen it some times.
sub picture
{
	my ($state) = @_;

	return unless $ENV{PICTURES};
	my $seen = sub { my ($sample) = results('max(timestamp(github_sync_value{metric="health"}))'); return $sample->{value}[1] };
	my $from = $seen->();
	await('prometheus', sub { $seen->() >= $from + SCRAPES });
	draw("report-$state", write_file("$state.html", $node->safe_psql('application', 'SELECT github_sync.report()')), 1280 => 1400, 400 => 1600);

	my $to   = $seen->();
	my %data = (dashboard => $dashboard, from_ms => 1000 * ($to - WINDOW_S), to_ms => 1000 * $to, answers => answers_of_panels($to));
	my $json = JSON::PP->new->ascii->encode(\%data) =~ s{</}{<\\/}gr;
	draw("dashboard-$state", write_file("dashboard-$state.html", qq{<!DOCTYPE html><meta charset="utf-8"><link rel="stylesheet" href="panels.css">}
		. qq{<body style="margin: 0"><div id="dashboard"></div><script>window.DASHBOARD = $json</script><script src="panels.js"></script>}), 1280 => 1240, 400 => 1700);
}

if ($ENV{PICTURES})
{
	local $ENV{LD_PRELOAD};
	is(system("cd $FindBin::Bin/panels && npm run -s build -- --outfile=$work/panels.js"), 0, 'the dashboard can be drawn');
}
picture('fine');

# ---- queries of the others ----

# OpenTelemetry's by the file itself; pgwatch's by its conventions: the time in nanoseconds, tag_* for labels.
my ($value)      = contents('otel-collector.yml') =~ /value_column: (\w+)/;
my ($attributes) = contents('otel-collector.yml') =~ /attribute_columns: \[(.*?)\]/;
my %named        = (
	'otel-collector.yml' => join(' ', sort $value, split /, /, $attributes),
	'pgwatch.yml'        => join(' ', 'epoch_ns', (map { "tag_$_" } sort split /, /, $attributes), 'value'));

foreach my $file ('otel-collector.yml', 'pgwatch.yml')
{
	my $text    = contents($file);
	my @queries = $text =~ /(?:- sql: >|11: \|)\n((?:\s+[^\n]*\n)+?\s+FROM github_sync\.sync_metrics\n(?:\s+WHERE [^\n]*\n)?)/g;

	ok(@queries, "$file has queries");
	foreach my $query (@queries)
	{
		my $count = $node->safe_psql('application', "SET ROLE dashboard; SELECT count(*) FROM ($query) AS q");
		cmp_ok($count, '>', 10, '... that return figures');

		# The columns that the file names are those of its query, and no others.
		my $columns = $node->safe_psql('application',
			"SET ROLE dashboard; SELECT string_agg(k, ' ' ORDER BY k) FROM (SELECT DISTINCT jsonb_object_keys(to_jsonb(q)) AS k FROM ($query) AS q) AS keys");
		is($columns, $named{$file}, '... in the columns that it names');
	}
}

# ---- an outage ----

my $health = 'health|||installations|';
my $outage = 'outage_seconds||||' . $github->installation_id;
my (@health, @outage);

# A second is a minute.
sub sample
{
	my ($until) = @_;
	my $deadline = time + PATIENCE_S;

	do
	{
		my $began  = time;
		my $values = of_postgres_exporter();
		push @health, $values->{$health};
		push @outage, $values->{$outage};
		sleep(1 - (time - $began)) if time - $began < 1;
	} until $until->() || time > $deadline;
}

sample(sub { @outage >= 2 });
my $began_at = @outage;
$github->control(POST => 'faults', { match => {}, times => 'forever', action => { reset_before => JSON::PP::true } });
my $task     = $application->add_task(title => 'Not seen yet');
sample(sub { $outage[-1] > 600 });
my $ended_at = @outage;
picture('github-down');
$github->clear_faults;
sample(sub { @outage > $ended_at && $outage[-1] == 0 && $health[-1] == 0 });
sample(sub { @outage >= $ended_at + 12 });
note "health: @health";
note "outage: @outage";
$application->wait_until_done;

# The samples are played to the rules, a minute apart, and the alerts looked at.
sub expects_alerts
{
	my ($minute, @alerts) = @_;
	my @samples = map { "{ labels: 'ALERTS{alertname=\"$_->[0]\", alertstate=\"firing\", severity=\"critical\", instance=\"a\", $_->[1]}', value: 1 }" } @alerts;

	return "      - expr: ALERTS{alertstate=\"firing\", severity=\"critical\"}\n        eval_time: ${minute}m\n"
	  . (@samples ? "        exp_samples: [ " . join(', ', @samples) . " ]\n" : '');
}

my $installation = 'installation="' . $github->installation_id . '"';
my @both = ([ 'GithubSyncCritical', 'state="installations"' ], [ 'GithubSyncOutage', $installation ]);
my $play = "rule_files: [ $files/alerts.yml ]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n"
  . "      - { series: 'github_sync_value{instance=\"a\", metric=\"health\", state=\"installations\"}', values: '@health' }\n"
  . "      - { series: 'github_sync_value{instance=\"a\", metric=\"outage_seconds\", $installation}', values: '@outage' }\n"
  . "    promql_expr_test:\n" . expects_alerts($began_at - 1) . expects_alerts($began_at + 3) . expects_alerts($ended_at - 1, @both) . expects_alerts($#outage);
my $played = write_file('outage_test.yml', $play);
command_ok([ 'promtool', 'check', 'rules', "$files/alerts.yml" ], 'promtool finds nothing wrong with the alert rules');
command_ok([ 'promtool', 'test', 'rules', "$files/alerts_test.yml" ], 'each of them fires when it should, and clears');
command_ok([ 'promtool', 'test', 'rules', $played ], 'with GitHub down for five minutes they fire, not before, and they clear when it is back');

# ---- the report, in a browser ----

SKIP:
{
	skip 'no chromium', 5 unless $browser;
	$application->superuser_sql(q{UPDATE github_sync.github_issues SET title = repeat('W', 300) || '<script>document.title = "attacked"</script>'});
	write_file('report.html', $node->safe_psql('application', 'SELECT github_sync.report()'));
	foreach my $width (1280, 400)
	{
		my $frame = write_file("at-$width.html", qq{<!DOCTYPE html><title>not measured</title><body><iframe src="report.html" style="width: ${width}px; height: 3000px; border: 0"></iframe>
			<script>onload = () => { const page = document.querySelector('iframe').contentDocument;
				document.title = `measured \${page.documentElement.scrollWidth} \${page.title} \${page.querySelectorAll('section').length}`; };</script>});
		my $shown = browse('--virtual-time-budget=2000', '--dump-dom', "file://$frame");
		my ($measured, $title, $sections) = $shown =~ m{<title>measured (\d+) (.*?) (\d+)</title>};

		cmp_ok($measured // 'nothing', '<=', $width, "at $width pixels the report is no wider");
		is($title // '' , 'github_sync: application', 'nothing in it was run');
		cmp_ok($sections // 0, '>=', 10, '... and all parts of it are there') if $width == 400;
	}
}

# ---- what else an operator may meet, for the pictures ----

use constant { GADGETS => GitHubSync::Application::GADGETS, THINGS => 1296300 };

if ($ENV{PICTURES})
{
	$application->superuser_sql("UPDATE github_sync.github_issues SET title = 'Seen from afar'");

	# One installation of two is refused.
	$github->seed({ repositories => [ { id => THINGS, owner => 'umbrella', name => 'things', private => JSON::PP::true } ], users => [ { login => 'umbrella', type => 'Organization' } ] });
	my $other = $github->install('umbrella', repositories => ['umbrella/things']);
	$application->connect_repository(THINGS, 'things', $other);
	$application->sql("UPDATE github_sync.github_app_installations SET account_login = 'umbrella' WHERE id = $other; UPDATE github_sync.github_repos SET owner_login = 'umbrella' WHERE id = @{[THINGS]}");
	$github->installation($other, 'suspend');
	$application->add_task(title => "Not seen yet $_", github_repo_id => THINGS) foreach 1 .. 3;
	$application->add_task(title => "Seen all the same $_") foreach 1 .. 3;
	$application->wait_until("SELECT state <> 'active' OR paused_until IS NOT NULL FROM github_sync.github_app_installations WHERE id = $other");
	picture('installation-refused');
	$github->installation($other, 'unsuspend');
	$application->superuser_sql("UPDATE github_sync.github_app_installations SET state = 'active'");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)");

	# An import of which GitHub gives the first page and no other.
	$github->seed({ repositories => [ { id => GADGETS, owner => 'acme', name => 'gadgets', private => JSON::PP::true,
		issues => [ map { { number => $_, title => "issue $_", author => 'alice', created_at => '2024-01-01T00:00:00Z', updated_at => sprintf('2024-02-%02dT00:00:00Z', 1 + $_ % 28) } } 1 .. 250 ] } ] });
	$github->control(POST => 'faults', { match => { method => 'GET', path => '/issues\\?' }, after => 1, times => 'forever',
		action => { answer => { status => 500, body => { message => 'Server Error' } } } });
	$application->connect_repository(GADGETS, 'gadgets', $github->installation_id);
	$application->sql("SELECT github_sync.backfill_repo(@{[GADGETS]})");
	$application->wait_until("SELECT bool_or(attempts >= 3) FROM github_sync.repo_sweeps");
	picture('stalled-import');
	$github->clear_faults;
	$application->sql("SELECT github_sync.reconcile_repo(@{[GADGETS]})");
	$application->wait_until("SELECT bool_and(phase <> 'backfill') FROM github_sync.repo_sweeps WHERE github_repo_id = @{[GADGETS]}");
	$application->wait_until("SELECT NOT EXISTS (SELECT FROM github_sync.sync_queue)");

	$application->superuser_sql("INSERT INTO github_sync.task_sync_transactions (direction, state,"
		  . " github_app_installation_id, github_repo_id, github_issue_id, task_id, queued_at, finished_at, error_code, error_reason, attempts)"
		  . " SELECT 'outbound', 'errored', r.github_app_installation_id, i.github_repo_id, i.id, i.task_id, clock_timestamp(), clock_timestamp(), 'validation_failed',"
		  . " 'GitHub answered 422 (validation failed): Validation Failed', 1 FROM github_sync.github_issues AS i JOIN github_sync.github_repos AS r ON r.id = i.github_repo_id,"
		  . " generate_series(1, 10000) WHERE i.id = (SELECT min(id) FROM github_sync.github_issues WHERE task_id IS NOT NULL)");
	picture('ten-thousand-errors');
	$application->superuser_sql("DELETE FROM github_sync.task_sync_transactions WHERE state = 'errored'");

	# More than is sent soon.
	$github->control(POST => 'faults', { match => {}, times => 'forever', action => { delay_ms => 200 } });
	$application->sql("INSERT INTO planner.tasks (project_id, github_repo_id, title, created_by)"
		  . " SELECT id, github_repo_id, 'Task ' || n, 'user' FROM planner.projects, generate_series(1, 3000) AS n WHERE name = 'widgets'");
	$application->wait_until("SELECT EXISTS (SELECT FROM github_sync.health() WHERE \"check\" = 'waiting of tasks' AND status = 'warn')");
	picture('full-queue');
	$github->clear_faults;
}

done_testing();
