# programs.sh
#	How tests are run: programs that speak TAP, those of test/t with servers of
#	their own, pg_regress, the model.  What they say is counted.  To be sourced
#	by check.sh.
#
# step and selected are the task's: its step, and the tests that it runs; copy
# is the tree; test_bin has programs that stand in for those of PostgreSQL, and
# after_servers is called with the name and the directory of a program of test/t.
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by who sources this

# NAME COMMAND...: runs a program that speaks TAP in the copy, adds its assertions.
tap() {
	local name=$1 log=$work_dir/logs/$1.log status=0 good bad skipped
	shift
	in_copy "$copy" scripts/check/adopt.pl timeout -k 10 "$test_timeout_s" "$@" >"$log" 2>&1 || status=$?
	if [ "$status" != 0 ] && [ -r "${said_apart-}" ]; then
		grep -E ' at .* line [0-9]+\.$' "$said_apart" | tail -n 3 | sed 's/^/# /' >>"$log" || true
	fi
	count_tap "$log" "$status"
	report_tap "$name" "$log"
	pass "$good"
	fail "$bad"
}

# PROGRAM [ARG...]: one of test/model, with the step's log; what it measured is shown.
model() {
	local program=$1
	shift
	tap "$step" env PATH="$bindir:$PATH" node "test/model/$program.mjs" "$@"
	sed -n 's/^# \([0-9].*\)/    \1/p' "$work_dir/logs/$step.log"
}

# NAME PROGRAM: one of test/t; its servers and its logs in a directory of its own.
tap_with_servers() {
	local name=$1 program=$2 directory=$work_dir/$step/$1
	# Where PostgreSQL's Perl library writes what the program says on standard error, such as why it died.
	local said_apart=$directory/tmp_check/log/regress_log_$name
	as_test_user mkdir -p "$directory"
	tap "$step-$name" env TESTDIR="$directory" TESTDATADIR="$directory/tmp_check" \
		TESTLOGDIR="$directory/tmp_check/log" TEMP_CONFIG="$stage_conf" REQUESTS_FILE="$work_dir/requests/$name" \
		PATH="$test_bin:$bindir:$PATH" REAL_INITDB="$bindir/initdb" CLUSTER_TEMPLATE="$work_dir/templates/tap" \
		PG_REGRESS="$pgxs_dir/test/regress/pg_regress" perl -I "$copy/test/t/lib" -I "$pgxs_dir/test/perl" "$program"
	[ "$failed" = 0 ] || keep "$step-$name" "$directory"/tmp_check/log
	"$after_servers" "$name" "$directory"
	rm -rf "$directory"
}

# Would GitHub have known each request of all these tests?
judge_requests() {
	[ -z "$(ls -A "$work_dir/requests")" ] || tap tap-requests node test/github/judge-recorded.mjs "$work_dir"/requests/*
}

# COMMAND...: runs it beside a cluster of the step's own, which it finds by PGHOST.
with_cluster() {
	built cluster start_cluster "$step" "$copy/test/regress.conf" || return 0
	"$@"
	count_cluster_cpu "$step"
	one stop stop_cluster "$step"
}

# PROGRAM DBNAME_OPTION: runs the selected tests in the step's cluster.
pg_regress() {
	local program=$1 database=$2 directory=$work_dir/$step log=$work_dir/logs/$step.log status=0 tests=() good bad
	mapfile -t tests < <(names_of_selected)
	# Until 15 it looks for expected/ where it writes, from 16 on where it runs.
	in_copy "$directory" mkdir output
	ln -s "$copy/expected" "$directory/output/expected"
	in_copy "$copy" timeout -k 10 "$test_timeout_s" "$program" --inputdir=test --outputdir="$directory/output" \
		--bindir="$bindir" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" "$database" "${tests[@]}" >"$log" 2>&1 || status=$?
	count_pg_regress "$log" "$status"
	pass "$good"
	fail "$bad"
	if [ "$bad" = 0 ]; then
		show_result "$step" "$good ok"
	else
		[ ! -e "$directory/output/regression.diffs" ] || cat "$directory/output/regression.diffs" >>"$log"
		show_failure "$step" "$log" 200
		keep "$step" "$directory/output/regression.diffs" "$directory/output/results" "$directory/server.log"
	fi
}

names_of_selected() {
	local file
	for file in "${selected[@]}"; do
		file=${file##*/}
		echo "${file%.*}"
	done
}
