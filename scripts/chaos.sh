#!/bin/bash
# chaos.sh [ARG...]
#	Builds a private copy and lets test/chaos/chaos.mjs loose on it, with ARGs
#	as its options.  Leaves nothing behind.
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

"$source_dir/scripts/install_packages.sh" check
find_postgresql
open_work_dir
copy=$work_dir/copy
copy_tree "$copy"
link_node_modules "$copy"
build "$copy"
stage "$copy"
in_copy "$copy" node test/chaos/chaos.mjs --directory "$work_dir/chaos" --bindir "$bindir" --configuration "$stage_conf" "$@"
