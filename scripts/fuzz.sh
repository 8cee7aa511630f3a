#!/bin/bash
# fuzz.sh
#	Hands made-up answers to the parsers and to the judgement of answers, for a
#	while each, on a private copy and as a user that is not root.  Ends with the
#	line "N passed, N failed"; an input that ends a target is in test-failed/.
#
#	FUZZ_SECONDS	for each target; default: 60
#	TARGETS			only these, by name (resource, link, ...); default: all
#	TEST_USER		as root: who runs them; default: postgres
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${FUZZ_SECONDS:-60}
passed=0
failed=0

targets() {
	local source
	if [ -n "${TARGETS-}" ]; then echo "$TARGETS"; return; fi
	for source in "$copy"/test/fuzz/fuzz_*.c; do
		source=${source##*/fuzz_}
		echo "${source%.c}"
	done
}

# What the corpus grows by in the copy ends with it: what is worth keeping is
# added by hand.
fuzz() {
	local name=$1 log=$work_dir/$1.log
	if in_copy "$copy" "build/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$work_dir/artifacts/$name-" "test/fuzz/corpus/$name" >"$log" 2>&1; then
		passed=$((passed + 1))
		printf '    %-12s %s executions, %s features covered\n' "$name" "$(executions "$log")" "$(features "$log")"
	else
		failed=$((failed + 1))
		printf '    %-12s FAILED\n' "$name"
		tail -n 40 "$log" | sed 's/^/      | /'
		mkdir -p "$source_dir/test-failed"
		cp -r "$log" "$work_dir/artifacts/." "$source_dir/test-failed/"
	fi
}

executions() { sed -n 's/^stat::number_of_executed_units: *//p' "$1"; }
features() { sed -n 's/.* ft: \([0-9]*\) .*/\1/p' "$1" | tail -n 1; }

exec </dev/null
"$source_dir/scripts/install_packages.sh" fuzz
open_work_dir
mkdir "$work_dir/artifacts"
give_to_test_user "$work_dir/artifacts"
copy=$work_dir/copy
copy_tree "$copy"
in_copy "$copy" make -s -j"$(nproc)" -f scripts/fuzz.mk
printf 'each for %s s\n' "$seconds"
for target in $(targets); do fuzz "$target"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
