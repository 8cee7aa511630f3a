# count.sh
#	How results are counted and shown: what passed, what failed, and what is kept
#	of it.  To be sourced by check.sh.
#
# The counts are those of this process: each task has its own, and hands them on
# when it ends (scripts/check/tasks.sh).  step: the name of the task's step.
# shellcheck shell=bash
# shellcheck disable=SC2154 # work_dir and step are set by who sources this

passed=0
failed=0

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
