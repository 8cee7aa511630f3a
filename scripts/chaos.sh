#!/bin/bash
# chaos.sh [crashes|import|sweeps]
#	Builds a private copy and lets test/chaos/chaos.mjs loose on it: rounds of
#	everything going wrong, or of kill -9; or an import (test/chaos/import.mjs) that
#	is killed; or what sweeps do alone (test/chaos/sweeps.mjs).  Leaves nothing
#	behind.
#
#	CHAOS_SECONDS	rounds begin for so long; default: 300
#	CHAOS_ROUNDS	and no more than so many
#	CHAOS_SEED		of the first round; default: another each time
#	CHAOS_FORCES	what befalls the rounds (test/chaos/forces.mjs); default: some of
#					what the engine is known to bear
#	CHAOS_GITHUB	emulate: npm's emulate in the place of the stand-in
#	CHAOS_QUIET		sweeps: in the end nobody tells what was lost, sweeps find it
#	CRASH_ROUNDS	of crashes; default: 200
#	SWEEP_DEEDS		changes that sweeps have to find, twice; default: 1000
#	IMPORT_ISSUES	of the import, with three comments each; default: 100000
#	IMPORT_KILLS	how often it is killed, by chance, or every: at every page; default:
#					400
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

options=()
program=chaos
[ -z "${CHAOS_SEED-}" ] || options+=(--seed "$CHAOS_SEED")
case ${1-} in
	crashes) options+=(--rounds 0 --crashes "${CRASH_ROUNDS:-200}") ;;
	import) program=import options+=(--issues "${IMPORT_ISSUES:-100000}" --kills "${IMPORT_KILLS:-400}") ;;
	sweeps) program=sweeps options+=(--deeds "${SWEEP_DEEDS:-1000}") ;;
	'')
		options+=(--seconds "${CHAOS_SECONDS:-300}")
		[ -z "${CHAOS_ROUNDS-}" ] || options+=(--rounds "$CHAOS_ROUNDS")
		;;
	*) echo "usage: $0 [crashes|import|sweeps]" >&2; exit 2 ;;
esac

"$source_dir/scripts/install_packages.sh" check
find_postgresql
open_work_dir
copy=$work_dir/copy
copy_tree "$copy"
link_node_modules "$copy"
build "$copy"
stage "$copy"
if ! in_copy "$copy" node "test/chaos/$program.mjs" --directory "$work_dir/chaos" --bindir "$bindir" --configuration "$stage_conf" "${options[@]}"; then
	mkdir -p "$source_dir/test-failed"
	cp "$work_dir/chaos/server.log" "$source_dir/test-failed/chaos-server.log"
	cp "$work_dir"/chaos/*.sql "$source_dir/test-failed" 2>/dev/null || true
	echo "the server's log: $source_dir/test-failed/chaos-server.log; dumps of the rounds that failed beside it"
	exit 1
fi
