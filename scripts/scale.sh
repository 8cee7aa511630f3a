#!/bin/bash
# scale.sh
#	Builds a private copy and plays test/scale/scale.mjs: two servers behind
#	PL/Proxy, people on both sides, installations that move; then what two
#	servers carry beside one. Leaves nothing behind.
#
#	SCALE_SECONDS		people work for so long; default: 30
#	SCALE_INSTALLATIONS	default: 200
#	SCALE_MOVES			of which so many move meanwhile; default: 5
#	SCALE_SEED			default: another each time
#	SCALE_RECORDS		of a run of throughput; default: 4000
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

options=()
for name in seconds installations moves seed records; do
	variable=SCALE_${name^^}
	[ -z "${!variable-}" ] || options+=("--$name" "${!variable}")
done

"$source_dir/scripts/install_packages.sh" scale
find_postgresql
open_work_dir
copy=$work_dir/copy
copy_tree "$copy"
link_node_modules "$copy"
build "$copy"
stage "$copy"
in_copy "$copy" cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -o "$work_dir/stub" bench/stub/{stub,routes,answer,content}.c
if ! in_copy "$copy" node test/scale/scale.mjs --directory "$work_dir/scale" --bindir "$bindir" --configuration "$stage_conf" \
	--stub "$work_dir/stub" "${options[@]}"; then
	mkdir -p "$source_dir/test-failed"
	for log in "$work_dir"/scale/*/server.log; do
		cp "$log" "$source_dir/test-failed/scale-$(basename "$(dirname "$log")").log"
	done
	echo "the servers' logs: $source_dir/test-failed"
	exit 1
fi
