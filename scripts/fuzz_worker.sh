#!/bin/bash
# fuzz_worker.sh
#	Lets the real worker talk to a GitHub whose answers are changed at random
#	(test/fuzz_worker), with the library under the address and undefined
#	behaviour sanitizers, on a private copy and as a user that is not root.  Ends
#	with the line "N passed, N failed"; what explains a failure is in
#	test-failed/fuzz-worker: the server's log, the sanitizers' reports and the last answers.
#
#	FUZZ_SECONDS	answers are changed for so long; default: 600
#	FUZZ_SEED		of all chance; default: another each time; it is printed
#	TEST_USER		as root: who runs it; default: postgres
#
# Under the sanitizers and not under valgrind: Debian's PostgreSQL takes them
# (scripts/sanitizers.sh says how), and they see what valgrind does not, variables of
# functions and undefined behaviour.
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/sanitizers.sh
. "$(dirname "$0")/sanitizers.sh"

seconds=${FUZZ_SECONDS:-600}
seed=${FUZZ_SEED:-$RANDOM}

fuzz() {
	in_copy "$copy" node test/fuzz_worker/fuzz_worker.mjs --directory "$work_dir/fuzz" --bindir "$bindir" \
		--configuration "$stage_conf" --seconds "$seconds" --seed "$seed" --preload "$(sanitizer_preload)" \
		--reports "$work_dir/reports"
}

keep_failure() {
	local kept=$source_dir/test-failed/fuzz-worker file
	mkdir -p "$kept"
	for file in "$work_dir"/fuzz/server.log "$work_dir"/fuzz/answers.log "$work_dir"/reports/* "$work_dir/fuzz.log"; do
		[ ! -e "$file" ] || cp "$file" "$kept/"
	done
	echo "logs of what failed: $kept"
}

exec </dev/null
"$source_dir/scripts/install_packages.sh" check
find_postgresql
open_work_dir
copy=$work_dir/copy
copy_tree "$copy"
link_node_modules "$copy"
build "$copy" COPT="$sanitizer_flags"
stage "$copy"
build_sanitizer_preload
report_sanitizers "$work_dir/reports"
printf 'for %s s, with the seed %s\n' "$seconds" "$seed"
status=0
fuzz 2>&1 | tee "$work_dir/fuzz.log" || status=$?
passed=$(grep -c '^ok ' "$work_dir/fuzz.log") || true
failed=$(grep -c '^not ok ' "$work_dir/fuzz.log") || true
# It may die before its last assertion.
if [ "$failed" = 0 ] && { [ "$status" != 0 ] || ! grep -q "^1\.\.$passed$" "$work_dir/fuzz.log"; }; then failed=1; fi
[ "$failed" = 0 ] || keep_failure
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
