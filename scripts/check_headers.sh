#!/bin/bash
# check_headers.sh [MAJOR...]
#	Whether the library compiles, strictly, by gcc and by clang, with the headers
#	of each PostgreSQL that it supports, whichever of them this machine runs.
#	Only what sees PostgreSQL's headers is compiled, and nothing is kept of it.
#
# Headers that this machine lacks are fetched once, as Debian's packages of
# another suite, by apt with a configuration of its own: nothing is installed,
# and apt's own lists stay as they are. What cannot be had is not checked, and
# the last line says so. No release of Debian has PostgreSQL 16.
#
#	HEADERS			where they are kept; default: /var/tmp/github_sync-headers-USER
#	DEBIAN_MIRROR	where from; default: as apt of this machine does
set -euo pipefail
cd "$(dirname "$0")/.."

headers=${HEADERS:-/var/tmp/github_sync-headers-$(id -un)}
majors=("$@")
[ ${#majors[@]} -gt 0 ] || majors=(17 18 19)
keep_days=30	# new minor releases seldom change a header
missing=()
failed=0

suite_of() {
	case $1 in
		15) echo bookworm ;;
		17) echo trixie ;;
		18) echo sid ;;
		19) echo experimental ;;
		*) return 1 ;;
	esac
}

# APT [ARG...]: apt-get that knows one suite, and writes into DIRECTORY only.
apt_of() {
	local directory=$1 program=$2
	shift 2
	"$program" -q -o Dir::Etc::SourceList="$directory/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State="$directory" -o Dir::State::status=/dev/null -o Dir::Cache="$directory" \
		-o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o Acquire::Retries=2 -o APT::Sandbox::User= "$@"
}

# pg_config.h was written where these functions are in <string.h>. Where they are
# not, PostgreSQL's own are used.
adapt_to_libc() {
	local function
	for function in strlcpy strlcat; do
		printf '#include <string.h>\nvoid *used = (void *) %s;\n' "$function" | gcc -D_GNU_SOURCE -fsyntax-only -x c - 2>/dev/null ||
			sed -i -E "s/^(#define HAVE_DECL_${function^^}) 1/\1 0/" "$1"
	done
}

# In a directory of its own first: what is there is complete.
fetch() {
	local major=$1 suite directory mirror
	suite=$(suite_of "$major") || return
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
	mirror=$(scripts/debian_mirror.sh) || return
	directory=$(mktemp -d "$headers/fetch.XXXXXX")
	mkdir -p "$directory/lists/partial" "$directory/archives/partial"
	echo "deb $mirror $suite main" >"$directory/sources.list"
	if apt_of "$directory" apt-get update >"$directory/log" 2>&1 &&
		(cd "$directory" && apt_of "$directory" apt-get download "postgresql-server-dev-$major") >>"$directory/log" 2>&1 &&
		dpkg-deb -x "$directory"/postgresql-server-dev-*.deb "$directory/unpacked"; then
		rm -rf "${headers:?}/$major"
		mv "$directory/unpacked/usr/include/postgresql/$major" "$headers/$major"
		adapt_to_libc "$headers/$major/server/pg_config.h"
		touch "$headers/$major"
	else
		tail -n 3 "$directory/log"
	fi
	rm -rf "$directory"
	[ -d "$headers/$major" ]
}

# Sets include. What is installed counts before what was fetched.
find_headers() {
	local major=$1
	include=/usr/include/postgresql/$major/server
	[ ! -e "$include/postgres.h" ] || return 0
	include=$headers/$major/server
	[ -z "$(find "$headers/$major" -maxdepth 0 -mtime "-$keep_days" 2>/dev/null)" ] || return 0
	fetch "$major"
}

# The rooms that rooms.txt grants PostgreSQL; "extension" is src itself.
files() {
	local room
	for room in $(sed -n 's/^\([a-z]*\) includes .*\<postgresql\>.*/\1/p' scripts/rooms.txt); do
		case $room in
			extension) printf '%s\n' src/*.c ;;
			*) printf '%s\n' "src/$room"/*.c ;;
		esac
	done
}

compile() {
	local compiler=$1 include=$2
	files | xargs -P "$(nproc)" -n 4 "$compiler" -fsyntax-only -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE \
		-DGITHUB_SYNC_VERSION='"0"' -Isrc -isystem "$include"
}

check() {
	local major=$1 compiler include
	find_headers "$major" || { missing+=("$major"); return 0; }
	for compiler in gcc clang; do
		if ! command -v "$compiler" >/dev/null; then
			missing+=("$major by $compiler")
		elif compile "$compiler" "$include"; then
			echo "PostgreSQL $(sed -n 's/^#define PG_VERSION "\(.*\)"/\1/p' "$include/pg_config.h"), $compiler: ok"
		else
			echo "PostgreSQL $major, $compiler: FAILED"
			failed=1
		fi
	done
}

mkdir -p "$headers"
[ -O "$headers" ] || { echo "$headers belongs to somebody else" >&2; exit 1; }
for major in "${majors[@]}"; do check "$major"; done
[ ${#missing[@]} = 0 ] || printf 'not checked: %s\n' "$(printf 'PostgreSQL %s, ' "${missing[@]}" | sed 's/, $//')"
[ "$failed" = 0 ]
