#!/bin/sh
# format.sh --write|--check
#	Brings the C files into the project's format, or fails where they are not.
#
# The format is that of clang-format 14: other versions differ in details, so
# that they are refused by --write, and --check says that it did not check.
set -eu
cd "$(dirname "$0")/.."

formatter=$(command -v clang-format-14 || command -v clang-format || true)
case $("${formatter:-false}" --version 2>/dev/null || true) in
	*' version 14.'*) ;;
	*)
		echo "not checked: the format is that of clang-format 14, which is not installed"
		[ "${1-}" = --check ]
		exit
		;;
esac

c_files() { find src bench/stub test/unit test/fuzz test/fence test/clock test/mutants -name '*.[ch]' -print0; }

case ${1-} in
	--write) c_files | xargs -0r "$formatter" --style=file -i ;;
	--check) c_files | xargs -0r "$formatter" --style=file --dry-run -Werror ;;
	*) echo "usage: $0 --write|--check" >&2; exit 2 ;;
esac
