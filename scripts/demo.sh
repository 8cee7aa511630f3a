#!/bin/bash
# demo.sh [--playground]
#	Shows the project at work, from nothing: installs what is missing, builds,
#	starts a private PostgreSQL, a stand-in for GitHub and an application's
#	receiver of webhooks, then goes through demo/steps.sh and checks every step.
#	Ends by itself, leaves no process, and no file but the report, as a page and,
#	where there is a browser, as a picture; and says in its last lines whether all
#	went well, and where the report is.
#
#	--playground	the same world, left running until Enter, end of input or Ctrl-C
#
#	TEST_USER	as root: who runs the servers; default: postgres
#	PG_CONFIG	of the PostgreSQL to use
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=demo/terminal.sh
. "$source_dir/demo/terminal.sh"
# shellcheck source=demo/steps.sh
. "$source_dir/demo/steps.sh"

database=tracker
patience_s=20
# The human of the stand-in, and its address, which must not go by way of a proxy.
ALICE='Authorization: Bearer github_pat_alice'
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

# What explains a failure; nothing of it is left afterwards.
show_logs() {
	local log
	for log in build.log stage.log webhooks.log github.log cluster/server.log; do
		[ -s "$work_dir/$log" ] || continue
		printf '\n-- the end of %s\n' "$log"
		tail -n 30 "$work_dir/$log" | cut -c 1-300
	done
}

# 130 and 143 are Ctrl-C and an end from outside: no failure to explain.
end_demo() {
	local status=$?
	set +e
	case $status in
		0 | 130 | 143) ;;
		*)
			show_logs
			printf '\n%sdemo: FAILED%s after %d checks\n' "$red" "$plain" "$checks"
			;;
	esac
	(exit "$status")
	close_work_dir
}

install_and_build() {
	heading 'Install what is missing'
	"$source_dir/scripts/install_packages.sh" demo
	say 'compiler, libraries, PostgreSQL and node are there'

	heading 'Build a private copy (nothing is installed into your PostgreSQL)'
	find_postgresql
	open_work_dir
	trap end_demo EXIT
	# The clusters here trust whoever reaches their socket.
	chmod 700 "$work_dir"
	copy=$work_dir/copy
	copy_tree "$copy"
	compile
	stage "$copy" >"$work_dir/stage.log" 2>&1
	say "built for $("$PG_CONFIG" --version)"
}

# One line for each file compiled; on a terminal, all in the same line.
compile() {
	local line_end='\n' files
	[ ! -t 1 ] || line_end='\r'
	files=$(find "$copy/src" -name '*.c' | wc -l)
	in_copy "$copy" make -j"$(nproc)" 2>&1 | tee "$work_dir/build.log" |
		awk -v files="$files" -v line_end="$line_end" '
			match($0, /src\/[a-z0-9_\/]*\.c$/) {
				printf "   %2d of %d  %-40s" line_end, ++n, files, substr($0, RSTART)
				fflush()
			}
			END { if (line_end == "\r") printf "%60s\r", "" }'
	rm "$work_dir/build.log"
}

# PROGRAM PORT_FILE LOG OPTION...: a node program of the copy, until its port answers.
start_program() {
	local program=$1 port_file=$2 log=$3
	shift 3
	as_test_user node "$copy/$program" --port-file "$port_file" "$@" >"$log" 2>&1 </dev/null &
	came_true test -s "$port_file" || failed "$program does not start"
}

start_github() {
	start_program test/github/standin.mjs "$work_dir/github.port" "$work_dir/github.log" \
		--key-file "$work_dir/app-key.pem"
	GITHUB=http://127.0.0.1:$(<"$work_dir/github.port")
	say "a stand-in for GitHub at $GITHUB, with the repository acme/widgets"
}

write_settings() {
	cat <<-EOF
		shared_preload_libraries = 'github_sync'
		github_sync.api_url = '$GITHUB'
		github_sync.app_id = '424242'
		github_sync.private_key_file = '$work_dir/app-key.pem'
		github_sync.write_interval = 0
		github_sync.reconcile_interval = 0
		track_commit_timestamp = on
	EOF
}

start_postgres() {
	write_settings >"$work_dir/demo.conf"
	start_cluster cluster "$work_dir/demo.conf"
	psql_as postgres -d postgres -q -c "CREATE DATABASE $database"
	say "a private PostgreSQL $major, with these settings:"
	indent <"$work_dir/demo.conf"
}

# Receives with the least role that can: it may insert into the two queues.
start_receiver() {
	printf 'a secret of two\n' >"$work_dir/webhook-secret"
	give_to_test_user "$work_dir/webhook-secret"
	chmod 600 "$work_dir/webhook-secret"
	PATH=$bindir:$PATH PGUSER=tracker_webhooks PGDATABASE=$database \
		start_program demo/webhook_receiver.mjs "$work_dir/receiver.port" "$work_dir/webhooks.log" \
		--secret-file "$work_dir/webhook-secret"
	curl -s "$GITHUB/_control/webhooks" -d "{\"secret\": \"a secret of two\", \"url\": \"http://127.0.0.1:$(<"$work_dir/receiver.port")/\"}" >/dev/null
	say "an application's receiver of webhooks (demo/webhook_receiver.mjs)"
}

start_world() {
	heading 'Start'
	start_github
	start_postgres
	start_receiver
}

# Beside the steps, or where there is a place to write: sets kept_report.
keep_report() {
	local directory=$source_dir/demo
	[ -w "$directory" ] || directory=$(TMPDIR=/tmp mktemp -d)
	kept_report=$directory/report.html
	psql_as tracker -At -c 'SELECT github_sync.report()' >"$kept_report"
	if "$source_dir/scripts/picture.sh" --browser >/dev/null; then
		"$source_dir/scripts/picture.sh" "$kept_report" "$directory/report.png" 1280 1400 light
		kept_report=$directory/report.png
	fi
	[ "$(id -u)" != 0 ] || chown --reference="$source_dir" "$directory"/report.*
}

stop_world() {
	stop_cluster cluster
	end_processes
	find_processes
	check 'no process is left' "${#running_pids[@]}" 0
}

run_steps() {
	show_application
	connect
	show_task_to_github
	show_github_to_task
	show_merge
	show_conflict
	show_quick_edits
	show_comments
	show_deletion
	show_errors
	show_import
	show_lost_webhooks
	show_views
	measure_latency
}

show_playground() {
	heading 'The playground is running'
	cat <<-EOF

		   The application's database (owner: tracker; superuser: postgres):
		     psql -h $PGHOST -U tracker $database
		       INSERT INTO app.tasks (project_id, user_id, title, github_repo_id) VALUES (1, 2, 'Mine', 1296269);
		       SELECT * FROM github_sync.sync_history;
		     psql -h $PGHOST -U tracker -XAtc 'SELECT github_sync.report()' $database > report.html

		   GitHub, as Alice (what else a human can do: test/github/README.md):
		     GITHUB=$GITHUB
		     ALICE='$ALICE'
		     curl -H "\$ALICE" \$GITHUB/$issues
		     curl -H "\$ALICE" \$GITHUB/$issues -d '{"title": "Mine too"}'
		     curl -H "\$ALICE" \$GITHUB/$issues/1 -X PATCH -d '{"title": "Renamed"}'
		     curl -H "\$ALICE" \$GITHUB/$issues/1/comments -d '{"body": "Seen."}'

		   Logs:
		     $work_dir/cluster/server.log
		     $work_dir/webhooks.log

		   Enter or Ctrl-C stops everything and removes it.
	EOF
	read -r _ || true
}

mode=demo
case ${1-} in
	'') ;;
	--playground) mode=playground ;;
	*) echo "usage: $0 [--playground]" >&2; exit 2 ;;
esac

install_and_build
start_world
if [ "$mode" = playground ]; then
	show_application
	connect
	show_task_to_github
	show_playground
	stop_world
else
	run_steps
	keep_report
	heading 'Stop'
	stop_world
	printf '\n%sdemo: all %d checks passed in %d s; commit to request: %s%s\n' "$bold$green" "$checks" "$SECONDS" "$latency" "$plain"
	printf 'github_sync.report(), as it was at the end: %s\n' "$kept_report"
fi
