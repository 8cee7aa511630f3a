#!/bin/bash
# check.sh
#	Runs every check of the project, each on a private copy and as a user that is
#	not root; goes on after a failure; ends with what took longest, what failed and the
#	line "N passed, N failed".  Leaves nothing behind but test-failed/, with what
#	explains the failures.
#
# What counts as one: an assertion (TAP: unit tests, node, test/t), a test of
# pg_regress or isolation, a breach that the fence must refuse, and each other
# step. A program that dies counts as one failure more.
#
#	STEPS		which steps, by name; default: all but long_model, mutants,
#				c_mutants, sanitized_tap and monitoring, or those TESTS are found in
#	TESTS		only these tests, by name or path; the end and .ext may be left out; or
#				a group of test/t, as their heads name it: attacks
#	TEST_USER	as root: who runs the tests; default: postgres
#	PG_CONFIG	of the PostgreSQL to test with
#	JOBS		how many steps, or programs of test/t, at once; default: two for
#				each processor, since they wait as much as they compute
#	HISTORIES	how many histories the model plays; default: 200, and 100000 in
#				long_model
#	SEED		of the first history; default: 1, and the clock's in long_model
#	MUTANTS, FILES, SEED	of step c_mutants: how many changes, to which sources, chosen
#				how (test/mutants/c_mutants.mjs)
#	CHAOS_SECONDS, CHAOS_SEED, CRASH_ROUNDS	of step chaos; defaults: 8, 9 (many forces), 5; and
#				CHAOS_FORCES, CHAOS_GITHUB, as scripts/chaos.sh has them
#
# A task is a step, or a program of test/t.  Tasks run side by side, each in a
# process of its own (scripts/check/tasks.sh); none may write where another
# reads, so what changes the tree works on a copy of its own.
# shellcheck disable=SC2034,SC2317 # what the sourced files use; steps are called by their names
set -euo pipefail

here=$(dirname "$0")
# shellcheck source=scripts/lib.sh
. "$here/lib.sh"
# shellcheck source=scripts/sanitizers.sh
. "$here/sanitizers.sh"
# shellcheck source=scripts/check/count.sh
. "$here/check/count.sh"
# shellcheck source=scripts/check/programs.sh
. "$here/check/programs.sh"
# shellcheck source=scripts/check/select.sh
. "$here/check/select.sh"
# shellcheck source=scripts/check/tasks.sh
. "$here/check/tasks.sh"

all_steps='format meta gcc clang headers fence cppcheck unit node regress isolation model tap chaos'
long_steps='long_model mutants c_mutants sanitized_tap monitoring'
# Of these, what TESTS can name.
declare -A tests_of=(
	[unit]='test/unit/test_*.c' [node]='*/*/*selftest*.mjs' [regress]='test/sql/*.sql'
	[isolation]='test/specs/*.spec' [model]='test/model/model.mjs' [tap]='test/t/*.pl' [sanitized_tap]='test/t/*.pl')
# These test what the step gcc builds; and these have clusters, which are copied.
built_steps='fence regress isolation model tap chaos long_model mutants monitoring'
cluster_steps='regress isolation model tap long_model mutants sanitized_tap monitoring'
# The sanitizers' runtime makes servers slower, and keeps for a while what they freed. Of programs that hold times, rates
# or memory against a figure, what the sanitizers found is all that counts in step sanitized_tap; those that play a minute
# or an hour by the clock, and the one that is such a run by itself, are not in it.
measuring='004_many 009_lifecycle 013_limits 018_hostile_answers 023_same_second 042_large_answers'
not_sanitized='014_full_minute 029_full_hour 048_fuzzed_answers'
# What takes longest starts first, or all would wait for it in the end.
first_tasks='tap/014_full_minute tap/029_full_hour tap/049_attacks_queue regress/1 regress/2 regress/3 isolation
	tap/024_tls tap/023_same_second tap/018_hostile_answers tap/012_bulk tap/028_updates_that_wait tap/020_races tap/016_credentials chaos fence node'
# And what is short fills the last gaps.
last_tasks='unit clang headers cppcheck format meta'
strict='-Wall -Wextra -Werror'
test_timeout_s=900
long_timeout_s=14400

step_format() { one clang-format in_copy "$copy" scripts/format.sh --check; }
step_meta() {
	one META.json in_copy "$copy" scripts/check_meta.sh
	one map in_copy "$copy" scripts/map.sh --check
	one reports in_copy "$copy" scripts/check_reports.sh
	one attacks in_copy "$copy" scripts/check_attacks.sh
}
step_gcc() { one build build_and_stage; }
# For the steps that test it, where nobody asked for gcc.
step_build() { built build build_and_stage || true; }

# To be copied, which is a tenth of the work.
step_clusters() {
	built regress as_test_user "$bindir/initdb" -D "$work_dir/templates/regress" "${cluster_options[@]}" || true
	built tap as_test_user "$bindir/initdb" -D "$work_dir/templates/tap" -A trust -N || true
}

# Elsewhere than in the tree, which is to stay as it was.
step_clang() {
	copy_tree "$work_dir/clang"
	mkdir "$work_dir/clang-built"
	give_to_test_user "$work_dir/clang-built"
	one build build "$work_dir/clang-built" -f "$work_dir/clang/Makefile" CC=clang COPT="$strict"
	one fuzz-targets in_copy "$work_dir/clang" sh -c "clang -fsyntax-only -std=gnu11 $strict -Isrc -Itest/fuzz -Itest/unit test/fuzz/*.c"
	one bench-stub in_copy "$work_dir/clang" sh -c "clang -fsyntax-only -std=gnu11 $strict -D_GNU_SOURCE bench/stub/*.c"
}

step_headers() { one other-postgresql in_copy "$copy" scripts/check_headers.sh; }

# Each breach must be refused, and for the reason that its first line states.
step_fence() {
	local breach
	# With the objects, so that only the breach is compiled.
	cp -a "$copy" "$work_dir/fence"
	for breach in "$copy"/test/fence/*.c; do
		one "$(basename "$breach" .c)" in_copy "$work_dir/fence" scripts/check_fence.sh "$breach"
	done
	for breach in "$copy"/test/fence_sql/*; do
		one "$(basename "$breach")" in_copy "$copy" scripts/check_fence_sql.sh "$breach"
	done
}

step_cppcheck() {
	one cppcheck in_copy "$copy" cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability --suppress=missingInclude \
		--suppress=preprocessorErrorDirective --suppress=normalCheckLevelMaxBranches -j "$(nproc)" -Isrc --library=posix --library=scripts/cppcheck.cfg src bench/stub
}

step_unit() {
	local program
	built build in_copy "$copy" make -s -j"$(nproc)" -f scripts/unit.mk || return 0
	for program in "${selected[@]}"; do
		program=$(basename "$program" .c)
		tap "unit-$program" "build/unit/$program"
	done
}

step_node() {
	local program
	for program in "${selected[@]}"; do
		tap "node-$(basename "$program" .mjs)" node --test-reporter=tap "$program"
	done
}

# PART: one after the other, they would be what everything else waits for.
step_regress() {
	local step=regress-$1
	take_share "$1" "$(regress_parts)"
	with_cluster pg_regress "$pgxs_dir/test/regress/pg_regress" --dbname=contrib_regression
}

# The first one makes what the others begin with.
step_isolation() {
	is_among "$copy/test/specs/all_specs.spec" "${selected[*]}" || selected=("$copy/test/specs/all_specs.spec" "${selected[@]}")
	with_cluster pg_regress "$pgxs_dir/test/isolation/pg_isolation_regress" --dbname=isolation_regression
}

# Random histories, on a model of the rules and on the database.
step_model() {
	# shellcheck disable=SC2046 # words, or none
	with_cluster model model --histories "${HISTORIES:-200}" --seed "${SEED:-1}" $([ -n "${HISTORIES-}" ] || echo '--seconds 6')
}

step_long_model() {
	local test_timeout_s=$long_timeout_s
	with_cluster model model --histories "${HISTORIES:-100000}" --seed "${SEED:-$(date +%s)}"
}

# Each rule broken on purpose, to see that the model notices.
step_mutants() {
	local test_timeout_s=$long_timeout_s
	with_cluster model mutants
}

# The same for the C of the pure rooms and the unit tests.
step_c_mutants() {
	local test_timeout_s=$long_timeout_s
	tap c_mutants node test/mutants/c_mutants.mjs
}

# A program of test/t, or what comes after all of them.
step_tap() {
	if [ "$1" = requests ]; then judge_requests; else tap_with_servers "$1" "$copy/test/t/$1.pl"; fi
}

# As tap, with a library and servers of its own (scripts/sanitizers.sh): what a sanitizer reports is a failure.
step_sanitized_build() { built build build_sanitized || true; }

step_sanitized_tap() {
	local findings=$work_dir/logs/$step-$1-findings.log
	use_sanitized
	report_sanitizers "$work_dir/reports/$1"
	if is_among "$1" "$measuring"; then
		tap_with_servers "$1" "$copy/test/t/$1.pl" >/dev/null
		passed=1 failed=0
		show_result "$step-$1" 'ran, whatever it measured'
	else
		tap_with_servers "$1" "$copy/test/t/$1.pl"
	fi
	[ -s "$findings" ] || return 0
	fail 1
	show_failure "$step-$1-findings" "$findings"
}

# The files of contrib/monitoring, with the programs that they are for.
step_monitoring() { tap_with_servers monitoring "$copy/test/monitoring/monitoring.pl"; }

step_chaos() {
	tap chaos node test/chaos/chaos.mjs --directory "$work_dir/chaos" --bindir "$bindir" --configuration "$stage_conf" \
		--seconds "${CHAOS_SECONDS:-8}" --seed "${CHAOS_SEED:-9}" --crashes "${CRASH_ROUNDS:-5}"
	[ "$failed" = 0 ] || keep chaos "$work_dir/chaos/server.log"
}

# ---------------------------------------------------------------------------

# Without a server there is nothing to go on with; without npm's packages, much.
prepare() {
	"$source_dir/scripts/install_packages.sh" check || { fail 1; show_result packages FAILED; }
	! is_among monitoring "$steps" || "$source_dir/scripts/install_packages.sh" monitoring || { fail 1; show_result packages FAILED; }
	find_postgresql && open_work_dir || { fail 1; finish; }
	# May be somebody else's; what fails is then kept elsewhere.
	rm -rf "$source_dir/test-failed" 2>/dev/null || true
	mkdir "$work_dir/logs" "$work_dir/tasks" "$work_dir/requests" "$work_dir/templates" "$work_dir/bin"
	give_to_test_user "$work_dir/requests" "$work_dir/templates"
	test_bin=$work_dir/bin after_servers=:
	cp "$source_dir/scripts/check/initdb.sh" "$test_bin/initdb"
	copy=$work_dir/copy
	copy_tree "$copy"
	link_node_modules "$copy" || { fail 1; show_result test/github/node_modules FAILED; }
	! is_among monitoring "$steps" || link_node_modules "$copy" contrib/monitoring/dashboard
	[ -z "${PICTURES-}" ] || link_node_modules "$copy" test/monitoring/panels
}

# With && where set -e does not reach: the caller looks at the result.
build_and_stage() {
	build "$copy" COPT="$strict" && stage "$copy" && touch "$work_dir/built"
}

# For a task, which is a process of its own: in place of what gcc builds.
use_sanitized() {
	copy=$work_dir/sanitized stage_dir=$work_dir/sanitized-stage stage_conf=$work_dir/sanitized.conf
	test_bin=$work_dir/sanitized-bin test_timeout_s=$long_timeout_s after_servers=keep_findings
	# COPT: for programs that build a library of their own.
	export PG_TEST_TIMEOUT_DEFAULT=300 REAL_PG_CTL=$bindir/pg_ctl SERVER_PRELOAD COPT=$sanitizer_flags
	SERVER_PRELOAD=$(sanitizer_preload)
}

# NAME DIRECTORY: what is left of the servers of a program is there.
keep_findings() {
	sanitizer_findings "$work_dir/reports/$1" "$2"/tmp_check/log/*.log >"$work_dir/logs/$step-$1-findings.log"
}

build_sanitized() {
	use_sanitized
	mkdir "$test_bin"
	cp "$work_dir/bin/initdb" "$test_bin/"
	cp "$source_dir/scripts/check/pg_ctl.sh" "$test_bin/pg_ctl"
	copy_tree "$copy" && link_node_modules "$copy" && build "$copy" COPT="$sanitizer_flags" && stage "$copy" &&
		build_sanitizer_preload && touch "$work_dir/sanitized-built"
}

# A process that outlives the tests is a defect of a test or of the library.
check_nothing_runs() {
	local pid
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

finish() {
	save_failures
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}

exec </dev/null
choose_steps
prepare
plan_tasks
run_tasks
check_nothing_runs
if [ "$((passed + failed))" = 0 ]; then
	fail 1
	echo "nothing was run: no test is called \"${TESTS-}\""
fi
show_slowest
show_failed_tasks
finish
