#!/bin/bash
# check_exports.sh LIBRARY
#	Refuses a shared library that shows more to the server than src/exports.txt
#	lists, and names what.
set -euo pipefail
library=$PWD/$1
cd "$(dirname "$0")/.."

mapfile -t listed < <(grep -v '^#' src/exports.txt)

# The name of a version, if any, follows an "@".
exported() { nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $NF); print $NF }'; }

is_listed() {
	local pattern
	for pattern in "${listed[@]}"; do
		# shellcheck disable=SC2053 # a pattern is meant
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

breaches=0
while read -r name; do
	is_listed "$name" && continue
	echo "$1 exports $name, which is no entry point" >&2
	breaches=$((breaches + 1))
done < <(exported)
[ "$breaches" = 0 ] || { echo "$1 exports $breaches names too many (entry points: src/exports.txt)" >&2; exit 1; }
