#!/bin/bash
# check.sh
#	Runs every check of the project, each on a private copy and as a user that is
#	not root; goes on after a failure; ends with the line "N passed, N failed".
#	Leaves nothing behind but test-failed/, with what explains the failures.
#
# What counts as one: an assertion (TAP: unit tests, node, test/t), a test of
# pg_regress or isolation, a breach that the fence must refuse, and each other
# step. A program that dies counts as one failure more.
#
#	STEPS		which steps, by name; default: all but long_model and mutants, or
#				those TESTS are found in
#	TESTS		only these tests, by name or path; the end and .ext may be left out
#	TEST_USER	as root: who runs the tests; default: postgres
#	PG_CONFIG	of the PostgreSQL to test with
#	JOBS		how many programs of test/t at once; default: 2
#	HISTORIES	how many histories the model plays; default: 200, and 100000 in
#				long_model
#	SEED		of the first history; default: 1, and the clock's in long_model
#	CHAOS_SECONDS, CHAOS_SEED, CRASH_ROUNDS	of step chaos; defaults: 8, 1, 5
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

all_steps='format meta gcc clang headers fence cppcheck unit node regress isolation model tap chaos'
test_steps='unit node regress isolation model tap'
long_steps='long_model mutants'
strict='-Wall -Wextra -Werror'
test_timeout_s=900
long_timeout_s=14400

passed=0
failed=0

step_format() { one clang-format in_copy "$copy" scripts/format.sh --check; }
step_meta() { one META.json in_copy "$copy" scripts/check_meta.sh; }
step_gcc() { one build build_and_stage; }

# Elsewhere than in the tree, which is to stay as it was.
step_clang() {
	copy_tree "$work_dir/clang"
	mkdir "$work_dir/clang-built"
	give_to_test_user "$work_dir/clang-built"
	one build build "$work_dir/clang-built" -f "$work_dir/clang/Makefile" CC=clang COPT="$strict"
	one fuzz-targets in_copy "$work_dir/clang" sh -c "clang -fsyntax-only -std=gnu11 $strict -Isrc -Itest/fuzz test/fuzz/*.c"
}

step_headers() { one other-postgresql in_copy "$copy" scripts/check_headers.sh; }

# Each breach must be refused, and for the reason that its first line states.
step_fence() {
	local breach
	needs_build || return 0
	for breach in "$copy"/test/fence/*.c; do
		one "$(basename "$breach" .c)" in_copy "$copy" scripts/check_fence.sh "$breach"
	done
	for breach in "$copy"/test/fence_sql/*; do
		one "$(basename "$breach")" in_copy "$copy" scripts/check_fence_sql.sh "$breach"
	done
}

step_cppcheck() {
	one cppcheck in_copy "$copy" cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability --suppress=missingInclude \
		--suppress=preprocessorErrorDirective --suppress=normalCheckLevelMaxBranches -j "$(nproc)" -Isrc --library=posix --library=scripts/cppcheck.cfg src
}

step_unit() {
	local program
	select_tests "$copy"/test/unit/test_*.c
	[ ${#selected[@]} -gt 0 ] || return 0
	built build in_copy "$copy" make -s -j"$(nproc)" -f scripts/unit.mk || return 0
	for program in "${selected[@]}"; do
		program=$(basename "$program" .c)
		tap "unit-$program" "build/unit/$program"
	done
}

step_node() {
	local program
	select_tests "$copy"/test/github/*selftest*.mjs
	[ ${#selected[@]} -gt 0 ] || return 0
	for program in "${selected[@]}"; do
		tap "node-$(basename "$program" .mjs)" node --test-reporter=tap "$program"
	done
}

step_regress() {
	select_tests "$copy"/test/sql/*.sql
	[ ${#selected[@]} -gt 0 ] || return 0
	needs_build && needs_cluster || return 0
	pg_regress regress "$pgxs_dir/test/regress/pg_regress" --dbname=contrib_regression "$copy/test/schedule"
}

step_isolation() {
	select_tests "$copy"/test/specs/*.spec
	[ ${#selected[@]} -gt 0 ] || return 0
	needs_build && needs_cluster || return 0
	pg_regress isolation "$pgxs_dir/test/isolation/pg_isolation_regress" --dbname=isolation_regression \
		"$copy/test/isolation_schedule"
}

# Random histories, on a model of the rules and on the database.
step_model() {
	select_tests "$copy/test/model/model.mjs"
	[ ${#selected[@]} -gt 0 ] || return 0
	needs_build && needs_cluster || return 0
	# shellcheck disable=SC2046 # words, or none
	model model --histories "${HISTORIES:-200}" --seed "${SEED:-1}" $([ -n "${HISTORIES-}" ] || echo '--seconds 6')
}

step_long_model() {
	local test_timeout_s=$long_timeout_s
	needs_build && needs_cluster || return 0
	model model --histories "${HISTORIES:-100000}" --seed "${SEED:-$(date +%s)}"
}

# Each rule broken on purpose, to see that the model notices.
step_mutants() {
	local test_timeout_s=$long_timeout_s
	needs_build && needs_cluster || return 0
	model mutants
}

step_tap() {
	local program
	select_tests "$copy"/test/t/*.pl
	[ ${#selected[@]} -gt 0 ] || return 0
	needs_build || return 0
	for program in "${selected[@]}"; do
		while [ "$(jobs -pr | wc -l)" -ge "${JOBS:-2}" ]; do wait -n || true; done
		tap_in_background "$(basename "$program" .pl)" "$program" &
	done
	wait
	add_background_results
	judge_requests
}

step_chaos() {
	needs_build || return 0
	tap chaos node test/chaos/chaos.mjs --directory "$work_dir/chaos" --bindir "$bindir" --configuration "$stage_conf" \
		--seconds "${CHAOS_SECONDS:-8}" --seed "${CHAOS_SEED:-1}" --crashes "${CRASH_ROUNDS:-5}"
	[ "$failed" = 0 ] || keep chaos "$work_dir/chaos/server.log"
}

# ---------------------------------------------------------------------------
# Counting

pass() { passed=$((passed + $1)); }
fail() { failed=$((failed + $1)); }

show_result() { printf '    %-44s %s\n' "$1" "$2"; }

# Keeps FILEs for whoever looks into the failure of NAME.
keep() {
	local directory=$work_dir/failed/$1 file
	shift
	mkdir -p "$directory"
	for file; do
		[ ! -e "$file" ] || cp -r "$file" "$directory/"
	done
}

# NAME LOG [LINES]: shows the end of a log, indented, and keeps it.
show_failure() {
	show_result "$1" FAILED
	tail -n "${3:-60}" "$2" | sed 's/^/      | /'
	keep "$1" "$2"
}

# Shows the failed assertions of a program, with the reasons that follow them,
# and its last words; keeps all of them.
show_failed_assertions() {
	show_result "$1" FAILED
	{ grep -A 12 '^ *not ok' "$2" || true; echo '--'; tail -n 20 "$2"; } | head -n 120 | sed 's/^/      | /'
	keep "$1" "$2"
}

# NAME COMMAND...: whether it succeeds; says so when it does not.
built() {
	local name=$step-$1 log=$work_dir/logs/$step-$1.log
	shift
	if "$@" >"$log" 2>&1; then return 0; fi
	fail 1
	show_failure "$name" "$log"
	return 1
}

# NAME COMMAND...: success is one passed, else one failed.
one() {
	if built "$@"; then
		pass 1
		show_result "$1" "ok$(sed -n 's/^not checked: /, but not checked: /p' "$work_dir/logs/$step-$1.log")"
	fi
}

# Counts the assertions in a program's TAP: sets good, bad and skipped. The
# exit code must agree: a program may die before or after its last assertion.
count_tap() {
	local log=$1 status=$2 planned
	good=$(grep -c '^ok\b' "$log") || true
	bad=$(grep -c '^not ok\b' "$log") || true
	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$log" | tail -n 1)
	skipped=$(sed -n 's/^1\.\.0 *# *[Ss][Kk][Ii][Pp]\S* *//p' "$log")
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$planned" != "$good" ]; }; then
		echo "# exit code $status, $good assertions, plan: ${planned:-none}" >>"$log"
		bad=1
	fi
	if grep -q '^# suites [0-9]' "$log"; then count_within_suites "$log"; fi
}

# node's tests stand in suites; how many they were, it says at the end.
count_within_suites() {
	local said failed_within cancelled
	said=$(sed -nE 's/^# (pass|fail|cancelled) ([0-9]+)$/\2/p' "$1" | tr '\n' ' ')
	read -r good failed_within cancelled <<<"$said"
	[ "$bad" = 0 ] || bad=$((failed_within + cancelled > 0 ? failed_within + cancelled : bad))
}

# NAME COMMAND...: runs a program that speaks TAP in the copy, adds its assertions.
tap() {
	local name=$1 log=$work_dir/logs/$1.log status=0 good bad skipped
	shift
	in_copy "$copy" timeout -k 10 "$test_timeout_s" "$@" >"$log" 2>&1 || status=$?
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

report_tap() {
	local name=$1 log=$2
	if [ "$bad" != 0 ]; then
		show_failed_assertions "$name" "$log"
	elif [ -n "$skipped" ]; then
		show_result "$name" "skipped: $skipped"
	else
		show_result "$name" "$good ok"
		# Figures that a test prints, for whoever compares; none is judged.
		sed -n 's/^# figure: /      | /p' "$log"
	fi
}

# One program of test/t; its cluster and its logs in a directory of its own.
tap_in_background() {
	local name=$1 program=$2 directory=$work_dir/tap/$1 good bad skipped
	mkdir -p "$directory" "$work_dir/requests"
	give_to_test_user "$work_dir/tap" "$work_dir/requests"
	passed=0 failed=0
	tap "tap-$name" env TESTDIR="$directory" TESTDATADIR="$directory/tmp_check" \
		TESTLOGDIR="$directory/tmp_check/log" TEMP_CONFIG="$stage_conf" REQUESTS_FILE="$work_dir/requests/$name" \
		PATH="$bindir:$PATH" PG_REGRESS="$pgxs_dir/test/regress/pg_regress" \
		perl -I "$copy/test/t/lib" -I "$pgxs_dir/test/perl" "$program"
	[ "$failed" = 0 ] || keep "tap-$name" "$directory"/tmp_check/log
	rm -rf "$directory/tmp_check"
	echo "$passed $failed" >"$work_dir/tap/$name.result"
}

# Would GitHub have known each request of all these tests?
judge_requests() {
	[ -z "$(ls -A "$work_dir/requests")" ] || tap tap-requests node test/github/judge-recorded.mjs "$work_dir"/requests/*
}

add_background_results() {
	local program result good bad
	for program in "${selected[@]}"; do
		result=$work_dir/tap/$(basename "$program" .pl).result
		if read -r good bad <"$result"; then
			pass "$good"
			fail "$bad"
		else
			fail 1
			show_result "$program" 'FAILED: left no result'
		fi
	done
}

# ---------------------------------------------------------------------------
# pg_regress

# STEP PROGRAM DBNAME_OPTION SCHEDULE: runs the selected tests in one cluster.
pg_regress() {
	local name=$1 program=$2 database=$3 schedule=$4 log=$work_dir/logs/$1.log status=0 tests=()
	if [ -z "${TESTS-}" ] && [ -e "$schedule" ]; then
		tests=("--schedule=$schedule")
	else
		mapfile -t tests < <(names_of_selected)
	fi
	in_copy "$copy" timeout -k 10 "$test_timeout_s" "$program" --inputdir=test --outputdir=. --bindir="$bindir" \
		--host="$PGHOST" --port="$PGPORT" --user="$PGUSER" "$database" "${tests[@]}" >"$log" 2>&1 || status=$?
	count_pg_regress "$log" "$status"
	pass "$good"
	fail "$bad"
	if [ "$bad" = 0 ]; then
		show_result "$name" "$good ok"
	else
		[ ! -e "$copy/regression.diffs" ] || cat "$copy/regression.diffs" >>"$log"
		show_failure "$name" "$log" 200
		keep "$name" "$copy/regression.diffs" "$copy/results" "$work_dir/cluster/server.log"
	fi
	rm -rf "$copy/results" "$copy/regression.diffs" "$copy/regression.out"
}

names_of_selected() {
	local file
	for file in "${selected[@]}"; do
		file=${file##*/}
		echo "${file%.*}"
	done
}

# Two languages: "test x ... ok" until 15, TAP from 16 on.
count_pg_regress() {
	local log=$1 status=$2
	good=$(grep -cE '\.\.\. ok( |$)|^ok [0-9]+ +[-+] ' "$log") || true
	bad=$(grep -cE '\.\.\. FAILED( |$)|^not ok [0-9]+ +[-+] ' "$log") || true
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then
		echo "# exit code $status, $good tests passed" >>"$log"
		bad=1
	fi
}

# ---------------------------------------------------------------------------
# What tests need first

# With && where set -e does not reach: the caller looks at the result.
build_and_stage() {
	build_state=failed
	build "$copy" COPT="$strict" && stage "$copy" && build_state=ready
}

# Builds where the step gcc was not asked for. A step that cannot run for want of
# a build is a failure of its own.
needs_build() {
	case ${build_state:-none} in
		none) built build build_and_stage ;;
		ready) ;;
		failed) fail 1; show_result "$step" 'FAILED: there is no library to test'; return 1 ;;
	esac
}

needs_cluster() {
	[ -z "${cluster_runs-}" ] || return 0
	built cluster start_cluster cluster "$copy/test/regress.conf" || return 1
	# built runs a function in this shell: PGHOST and the like are set.
	cluster_runs=yes
}

# ---------------------------------------------------------------------------
# Selection

# FILE...: sets selected to those that exist and that TESTS, if set, names.
select_tests() {
	local file
	selected=()
	for file; do
		if [ -e "$file" ] && is_selected "$file"; then selected+=("$file"); fi
	done
}

is_selected() {
	local test name=${1##*/}
	[ -n "${TESTS-}" ] || return 0
	for test in $TESTS; do
		test=${test##*/}
		if [ "$test" = "$name" ] || [ "$test" = "${name%.*}" ]; then return 0; fi
	done
	return 1
}

check_step_names() {
	local step
	for step; do
		case " $all_steps $long_steps " in
			*" $step "*) ;;
			*) echo "no step \"$step\"; there are: $all_steps $long_steps" >&2; exit 2 ;;
		esac
	done
}

# ---------------------------------------------------------------------------

run_step() {
	local step=$1 started=$SECONDS
	printf '== %s\n' "$step"
	"step_$step"
	printf '   %d s\n' $((SECONDS - started))
}

# A process that outlives the tests is a defect of a test or of the library.
check_nothing_runs() {
	local step=end pid
	[ -z "${cluster_runs-}" ] || one stop stop_cluster cluster
	find_processes
	[ ${#running_pids[@]} -gt 0 ] || return 0
	fail 1
	show_result 'left running' FAILED
	for pid in "${running_pids[@]}"; do
		printf '      | %s %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null || true)"
	done
}

save_failures() {
	local destination=$source_dir/test-failed
	[ -d "${work_dir-}/failed" ] || return 0
	mkdir "$destination" 2>/dev/null || destination=$(mktemp -d /tmp/test-failed.XXXXXX)
	cp -r "$work_dir/failed/." "$destination/"
	if [ "$(id -u)" = 0 ]; then chown -R --reference="$source_dir" "$destination"; fi
	echo "logs of what failed: $destination"
}

# Without a server there is nothing to go on with; without npm's packages, much.
prepare() {
	"$source_dir/scripts/install_packages.sh" check || { fail 1; show_result packages FAILED; }
	find_postgresql && open_work_dir || { fail 1; finish; }
	# May be somebody else's; what fails is then kept elsewhere.
	rm -rf "$source_dir/test-failed" 2>/dev/null || true
	mkdir "$work_dir/logs"
	copy=$work_dir/copy
	copy_tree "$copy"
	link_node_modules "$copy" || { fail 1; show_result test/github/node_modules FAILED; }
}

finish() {
	save_failures
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}

exec </dev/null
steps=${STEPS:-$([ -n "${TESTS-}" ] && echo "$test_steps" || echo "$all_steps")}
# shellcheck disable=SC2086 # a list of words
check_step_names $steps
prepare
for step in $steps; do run_step "$step"; done
check_nothing_runs
if [ "$((passed + failed))" = 0 ]; then
	fail 1
	echo "nothing was run: no test is called \"${TESTS-}\""
fi
finish
