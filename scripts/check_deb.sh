#!/bin/bash
# check_deb.sh
#	Whether the Debian packages do what they should: on Debian 12 and 13, each built
#	twice, in two Debians of its own, to the same bytes; and installed by apt in a
#	Debian that has nothing of ours, where debian/tests/installed starts a server
#	that preloads the library and plays a short round. On Debian 13 the steps of the
#	Dockerfile run as well, on a Debian in the place of the official image. Leaves
#	the packages in dist/SUITE; ends with the line "N passed, N failed".
#
#	SUITES	which Debians; default: bookworm trixie
#	CHROOTS	where they are kept (scripts/debian.sh)
set -euo pipefail

export TEST_USER=root
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/debian.sh
. "$source_dir/scripts/debian.sh"

passed=0
failed=0

say() { printf '    %-44s %s\n' "$1" "$2"; }

# NAME COMMAND...: counts, and shows the end of the log where it fails.
step() {
	local name=$1 log=$work/log
	shift
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		say "$name" ok
	else
		failed=$((failed + 1))
		say "$name" FAILED
		tail -n 40 "$log" | cut -c 1-300 | sed 's/^/      | /'
		return 1
	fi
}

# SUITE DIRECTORY: builds in a Debian of its own, and puts the packages there.
build_packages() {
	local suite=$1 directory=$2 layer status=0
	layer=$(new_layer "$suite")
	mkdir -p "$layer/written/src" "$directory"
	copy_tree "$layer/written/src"
	in_debian "$tools_layer:$CHROOTS/$suite/base" "$layer" /src/scripts/deb.sh /packages || status=$?
	[ "$status" != 0 ] || cp "$layer"/written/packages/*.deb "$directory/"
	rm -rf "$layer"
	return "$status"
}

# Installed with the network, tried without.
try_packages() {
	local suite=$1 directory=$2 layer status=0
	layer=$(new_layer "$suite")
	mkdir -p "$layer/written/src" "$layer/written/packages"
	copy_tree "$layer/written/src"
	cp "$directory"/*.deb "$layer/written/packages/"
	in_debian --online "$CHROOTS/$suite/base" "$layer" sh -euc '
		mkdir -p /etc/postgresql-common/createcluster.d
		echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/none.conf
		apt-get -q update
		apt-get -q -y install --no-install-recommends curl nodejs procps /packages/*.deb' &&
		in_debian_again "$suite" "$layer" sh -c 'cd /src && debian/tests/installed' || status=$?
	rm -rf "$layer"
	return "$status"
}

# What the Dockerfile does, but for the image that it begins with: the official one
# is Debian 13 with PostgreSQL. Its RUN lines run in their order, then a server
# with its command.
try_dockerfile() {
	local suite=$1 layer status=0
	layer=$(new_layer "$suite")
	mkdir -p "$layer/written/src"
	copy_tree "$layer/written/src"
	dockerfile_commands "$source_dir/Dockerfile" >"$layer/written/steps.sh"
	cat "$layer/written/steps.sh"
	in_debian --online "$CHROOTS/$suite/base" "$layer" sh -euxc '
		mkdir -p /etc/postgresql-common/createcluster.d
		echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/none.conf
		apt-get -q update
		apt-get -q -y install --no-install-recommends postgresql procps
		PG_MAJOR=$(ls /usr/lib/postgresql)
		export PG_MAJOR
		sh -eux /steps.sh
		pg_createcluster "$PG_MAJOR" main -o shared_preload_libraries=github_sync
		pg_ctlcluster "$PG_MAJOR" main start
		runuser -u postgres -- psql -v ON_ERROR_STOP=1 -c "CREATE EXTENSION comment_sync_transaction CASCADE" -c "\dx"' || status=$?
	rm -rf "$layer"
	return "$status"
}

# Its RUN lines, and its copy of what the first stage staged.
dockerfile_commands() {
	sed -e ':join' -e '/\\$/{N;s/\\\n//;bjoin' -e '}' "$1" | sed -n -e 's/^RUN //p' -e 's/^COPY --from=build \(.*\) \/$/cp -a \1\/. \//p'
}

# On what was written before. The work directory of an overlay serves once.
in_debian_again() {
	local suite=$1 layer=$2
	shift 2
	rm -rf "$layer/work"
	mkdir "$layer/work"
	in_debian "$CHROOTS/$suite/base" "$layer" "$@"
}

same_bytes() { (cd "$1" && sha256sum -- *.deb) | tee /dev/stderr | (cd "$2" && sha256sum -c -); }

check_suite() {
	local suite=$1
	echo "== $(debian_of "$suite")"
	step 'a Debian of its own' make_tools "$suite" || return 0
	step 'builds' build_packages "$suite" "$work/$suite/1" || return 0
	step 'builds again' build_packages "$suite" "$work/$suite/2" || return 0
	step 'to the same bytes' same_bytes "$work/$suite/1" "$work/$suite/2" || true
	step 'is installed, and used' try_packages "$suite" "$work/$suite/1" || true
	grep -E '^(not )?ok ' "$work/log" | sed 's/^/      | /' || true
	[ "$suite" != trixie ] || step 'the steps of the Dockerfile' try_dockerfile "$suite" || true
	mkdir -p "$source_dir/dist/$suite"
	cp "$work/$suite/1"/*.deb "$source_dir/dist/$suite/"
}

exec </dev/null
need_debians
work=$(mktemp -d /tmp/github_sync-deb.XXXXXX)
trap 'close_debians; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
for suite in ${SUITES:-bookworm trixie}; do check_suite "$suite"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
