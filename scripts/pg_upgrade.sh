#!/bin/bash
# pg_upgrade.sh
#	Whether pg_upgrade carries a database with a queue from PostgreSQL 15, that of
#	Debian 12, to 17 and 18, those of Debian 13 and unstable: test/upgrade/pg_upgrade.pl
#	in a Debian that has both. Ends with the line "N passed, N failed".
#
#	SUITES	to which Debians; default: trixie sid
#	CHROOTS	where they are kept (scripts/debian.sh)
set -euo pipefail

export TEST_USER=root
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/debian.sh
. "$source_dir/scripts/debian.sh"

passed=0
failed=0
old=/usr/lib/postgresql/15

# LAYER: the tree is put into it.
put_tree() {
	mkdir -p "$1/written/src"
	copy_tree "$1/written/src"
	cp -al "$source_dir/test/github/node_modules" "$1/written/src/test/github/" 2>/dev/null ||
		cp -a "$source_dir/test/github/node_modules" "$1/written/src/test/github/"
}

# What the old server is: its files with ours in them, and the libraries that it needs, into $work/old.
build_old() {
	local layer status=0
	make_tools bookworm
	layer=$(new_layer bookworm)
	put_tree "$layer"
	# shellcheck disable=SC2016 # $3 is that of the inner shell
	in_debian "$tools_layer:$CHROOTS/bookworm/base" "$layer" sh -euc "
		make -s -C /src install with_llvm=no PG_CONFIG=$old/bin/pg_config
		mkdir -p /old/libraries
		cp -a --parents $old /usr/share/postgresql/15 /old
		ldd $old/bin/postgres $old/bin/psql $old/lib/github_sync.so | awk '\$3 ~ /^\// { print \$3 }' | sort -u |
			xargs -I{} cp -L {} /old/libraries/" || status=$?
	mv "$layer/written/old" "$work/old" || status=1
	rm -rf "$layer"
	return "$status"
}

# SUITE LAYER: the old server's libraries that this Debian has not; others are its own.
add_libraries() {
	local library
	for library in "$work"/old/libraries/*; do
		if ! compgen -G "$CHROOTS/$1/base/usr/lib/*/${library##*/}" >/dev/null &&
			! compgen -G "$tools_layer/usr/lib/*/${library##*/}" >/dev/null; then
			cp "$library" "$2/written$old/lib/"
		fi
	done
}

upgrade_to() {
	local suite=$1 layer status=0
	make_tools "$suite" >"$work/$suite.made" 2>&1 || { tail -n 20 "$work/$suite.made"; failed=$((failed + 1)); return; }
	layer=$(new_layer "$suite")
	put_tree "$layer"
	cp -a "$work/old/usr" "$layer/written/"
	add_libraries "$suite" "$layer"
	# shellcheck disable=SC2016 # $(...) is that of the inner shell
	in_debian "$tools_layer:$CHROOTS/$suite/base" "$layer" sh -euc '
		make -s -C /src install with_llvm=no
		chown -R postgres: /src
		pgxs=$(dirname "$(pg_config --pgxs)")/..
		cd /src
		export TESTDATADIR=/src/tmp_check TESTLOGDIR=/src/tmp_check/log OLD_INSTALLATION='"$old"'
		runuser -u postgres -- env PATH="$(pg_config --bindir):$PATH" \
			PG_REGRESS="$pgxs/test/regress/pg_regress" perl -I test/t/lib -I "$pgxs/test/perl" test/upgrade/pg_upgrade.pl ||
			{ tail -n 40 tmp_check/log/*; find tmp_check -path "*pg_upgrade_output.d*.log" -exec tail -n 15 {} +; exit 1; }
	' >"$work/$suite.log" 2>&1 || status=1
	grep -E '^(not )?ok|^# figure' "$work/$suite.log" | sed "s/^/$suite: /" || true
	if [ "$status" = 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		tail -n 200 "$work/$suite.log"
	fi
	rm -rf "$layer"
}

need_debians
SUITES=${SUITES:-trixie sid}
# shellcheck disable=SC2086 # a list of words
for suite in $SUITES; do debian_of "$suite" >/dev/null; done
work=$(mktemp -d /tmp/github_sync-pg_upgrade.XXXXXX)
trap 'close_debians; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
build_old
for suite in $SUITES; do upgrade_to "$suite"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
