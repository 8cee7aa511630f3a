#!/bin/bash
# deb.sh [DIRECTORY]
#	Builds the Debian packages of the tree, one for each PostgreSQL that this
#	release of Debian has, into DIRECTORY (default: dist). On a private copy, as a
#	user that is not root; the tests are left to make check.
#
#	TEST_USER	as root: who builds; default: postgres
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

destination=${1:-$source_dir/dist}
mkdir -p "$destination"
destination=$(cd "$destination" && pwd)

exec </dev/null
"$source_dir/scripts/install_packages.sh" deb
find_postgresql
open_work_dir
# Always the same path: it is in what debuggers are told.
copy=$work_dir/github-sync
copy_tree "$copy"
in_copy "$copy" env DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" DEB_BUILD_PROFILES=nocheck \
	dpkg-buildpackage -us -uc -b >"$work_dir/deb.log" 2>&1 || { tail -n 60 "$work_dir/deb.log"; exit 1; }
for package in "$work_dir"/postgresql-*-github-sync_*.deb; do
	cp "$package" "$destination/"
	echo "$destination/${package##*/}"
done
