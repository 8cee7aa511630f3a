#!/bin/bash
# failover.sh
#	Builds a private copy and plays test/failover/failover.mjs: two servers under
#	Patroni with an etcd, whose leader is killed again and again. Leaves nothing
#	behind.
#
#	FAILOVER_ROUNDS		of each mode; default: 10
#	FAILOVER_MODES		default: asynchronous synchronous
#	FAILOVER_SEED		default: another each time
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

options=()
for name in rounds modes seed; do
	variable=FAILOVER_${name^^}
	[ -z "${!variable-}" ] || options+=("--$name" "${!variable}")
done

"$source_dir/scripts/install_packages.sh" failover
find_postgresql
open_work_dir
copy=$work_dir/copy
copy_tree "$copy"
link_node_modules "$copy"
build "$copy"
stage "$copy"
if ! in_copy "$copy" node test/failover/failover.mjs --directory "$work_dir/failover" --bindir "$bindir" --configuration "$stage_conf" "${options[@]}"; then
	mkdir -p "$source_dir/test-failed/failover"
	cp "$work_dir"/failover/cluster/*.log "$source_dir/test-failed/failover/" || true
	for node in one two; do
		cp "$work_dir/failover/cluster/$node/patroni.log" "$source_dir/test-failed/failover/$node.log" || true
	done
	echo "the logs: $source_dir/test-failed/failover"
	exit 1
fi
