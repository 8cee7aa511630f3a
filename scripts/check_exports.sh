#!/bin/bash
# check_exports.sh LIBRARY
#	Refuses a shared library that shows more to the server than src/exports.txt
#	lists, or a github_sync_* function that nobody asks the server for: neither a
#	script of sql/ (AS 'MODULE_PATHNAME', 'NAME') nor a C file, which gives a
#	background worker's entry to the server as a string. Refuses one that lacks
#	what a script of sql/ declares. Names each.
set -euo pipefail
library=$PWD/$1
cd "$(dirname "$0")/.."

# The name of a version, if any, follows an "@".
exported() { nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $NF); print "exported", $NF }'; }

listed() { sed -n 's/^[^#]/listed &/p' src/exports.txt; }

# Of any two lines, for the name may stand in the next one.
declared() {
	find sql -name '*.sql' -exec cat {} + | tr '\n' ' ' | grep -oE "'MODULE_PATHNAME' *, *'[^']*'" |
		sed -E "s/.*'(.*)'$/declared \1/"
}

given_as_string() { find src -name '*.c' -exec grep -hoE '"github_sync_[a-z0-9_]+"' {} + | sed -E 's/"(.*)"/given \1/'; }

{ listed; declared; given_as_string; exported; } | awk -v library="$1" '
	function breach(text) { print library " " text >"/dev/stderr"; breaches++ }
	function is_listed(name,	i) {
		for (i = 1; i <= patterns; i++) if (name ~ pattern[i]) return 1
		return 0
	}
	$1 == "listed" { gsub(/\*/, ".*", $2); pattern[++patterns] = "^" $2 "$" }
	$1 == "declared" { declared[$2] = 1 }
	$1 == "given" { given[$2] = 1 }
	$1 == "exported" {
		exported[$2] = 1
		if (!is_listed($2)) breach("exports " $2 ", which is no entry point (src/exports.txt lists them)")
		else if ($2 ~ /^github_sync_/ && !($2 in declared || $2 in given))
			breach("exports " $2 ", which no script of sql/ declares: AS '\''MODULE_PATHNAME'\'', '\''" $2 "'\''")
	}
	END {
		for (name in declared)
			if (!(name in exported)) breach("does not export " name ", which a script of sql/ declares")
		if (breaches) { print "the exports of " library " are wrong in " breaches " places" >"/dev/stderr"; exit 1 }
	}'
