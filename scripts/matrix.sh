#!/bin/bash
# matrix.sh
#	Builds strictly, by gcc and clang, and runs the tests on each Debian that is
#	supported, with its PostgreSQL: 12 (15), 13 (17) and unstable (18). Ends with a
#	table; what explains a failure is in test-failed/.
#
# As root, with debootstrap; each Debian is a directory of about 1.7 GB outside the
# tree (scripts/debian.sh), made once a week. The tests see a loopback network and
# no process of this machine, and leave none behind.
#
#	SUITES	which Debians, by their code names; default: bookworm trixie sid
#	STEPS	which steps of make check; default: those of the table
#	CHROOTS	where the Debians are kept
set -euo pipefail

# Files of a copy belong to root there, until the tests make a copy of their own.
export TEST_USER=root
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/debian.sh
. "$source_dir/scripts/debian.sh"

columns='gcc clang cppcheck unit regress isolation tap'
steps=${STEPS:-$columns}
failed=0
rows=()

# LOG STEP: what became of a step: "ok", a number of assertions, or failures.
result_of() {
	awk -v step="$2" '
		/^== / { inside = $2 == step || index($2, step "/") == 1; seen = seen || inside; next }
		!inside { next }
		/ FAILED/ { failed++ }
		/ [0-9]+ ok$/ { good += $(NF - 1); next }
		/ ok$/ { ok++ }
		END {
			if (!seen) print "-"
			else if (failed) print failed " FAILED"
			else print (good ? good : ok ? "ok" : "none")
		}' "$1"
}

# What it was built with and run on, in one line.
versions='
	pg_config --version | sed "s/^[^0-9]*\([0-9.]*\).*/PostgreSQL \1/"
	gcc -dumpfullversion | sed "s/^/gcc /"
	clang --version | sed -n "s/.*clang version \([0-9]*\).*/clang \1/p"
	dpkg-query -W -f "libcurl \${Version}\n" libcurl4-openssl-dev | sed "s/-.*//"
'

# A copy of the tree, with npm's packages where this machine has them.
put_tree() {
	mkdir -p "$1"
	copy_tree "$1"
	[ -e "$source_dir/test/github/node_modules" ] || return 0
	# Half a gigabyte, which nobody writes to: by links where the file system allows.
	cp -al "$source_dir/test/github/node_modules" "$1/test/github/" 2>/dev/null ||
		cp -a "$source_dir/test/github/node_modules" "$1/test/github/"
}

run_suite() {
	local suite=$1 layer=$2 log=$3 layers status=0
	layers=$tools_layer:$CHROOTS/$suite/base
	put_tree "$layer/written/src"
	in_debian "$layers" "$layer" sh -c "$versions" 2>/dev/null | paste -sd, | sed 's/,/, /g' >"$log.versions"
	in_debian "$layers" "$layer" make -C /src check STEPS="$steps" > >(tee "$log" | sed -u "s/^/$suite: /") 2>&1 || status=1
	if [ -d "$layer/written/src/test-failed" ]; then
		mkdir -p "$source_dir/test-failed"
		rm -rf "$source_dir/test-failed/$suite"
		cp -r "$layer/written/src/test-failed" "$source_dir/test-failed/$suite"
	fi
	return "$status"
}

add_row() {
	local suite=$1 log=$2 seconds=$3 step row
	row=$(printf '%-17s' "$(debian_of "$suite")")
	for step in $steps; do row+=$(printf ' %10s' "$(result_of "$log" "$step")"); done
	rows+=("$row $(printf '%7s' "$seconds s")   $(cat "$log.versions")")
}

run() {
	local suite=$1 started=$SECONDS layer log=$work/$1.log
	if ! make_tools "$suite" >"$work/$suite.made" 2>&1; then
		tail -n 20 "$work/$suite.made"
		rows+=("$(printf '%-17s' "$(debian_of "$suite")") could not be made")
		failed=1
		return
	fi
	echo "$suite: made or found in $((SECONDS - started)) s"
	started=$SECONDS
	layer=$(new_layer "$suite")
	run_suite "$suite" "$layer" "$log" || failed=1
	rm -rf "$layer"
	# What counts is the last line of the tests themselves.
	grep -qE '^[1-9][0-9]* passed, 0 failed$' "$log" || failed=1
	add_row "$suite" "$log" "$((SECONDS - started))"
}

need_debians
# shellcheck disable=SC2086 # a list of words
for suite in ${SUITES:=$debian_suites}; do debian_of "$suite" >/dev/null; done
work=$(mktemp -d /tmp/github_sync-matrix.XXXXXX)
trap 'close_debians; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
for suite in $SUITES; do run "$suite"; done

echo
printf '%-17s' ''
for step in $steps; do printf ' %10s' "$step"; done
echo
printf '%s\n' "${rows[@]}"
[ "$failed" = 0 ] && echo 'matrix: all passed' || { echo 'matrix: FAILED'; exit 1; }
