#!/bin/bash
# check_server.sh BINDIR VERSION
#	Whether the server that make installcheck is about to use fits the tests: they
#	are written for a superuser called postgres, for the settings of
#	test/regress.conf, and for VERSION, installed. Says all that does not fit.
#
# Which server: PGHOST, PGPORT and PGUSER decide, as for psql.
set -euo pipefail
cd "$(dirname "$0")/.."

bindir=$1
version=$2
configuration=test/regress.conf
problems=()
problem() { problems+=("$*"); }

ask() { "$bindir/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "${PGDATABASE:-postgres}" -c "$1"; }

# A setting that is a list needs to hold the words of ours among others.
check_setting() {
	local name=$1 wanted=$2 found
	found=$(ask "SELECT coalesce(current_setting('$name', true), 'unknown')")
	case $name in
		*_libraries) [[ ",${found// /}," == *",$wanted,"* ]] || problem "$name is '$found'; it must name $wanted" ;;
		*) [ "$found" = "$wanted" ] || problem "$name is $found; it must be $wanted" ;;
	esac
}

check_settings() {
	local name wanted
	while read -r name wanted; do
		check_setting "$name" "$wanted"
	done < <(sed -n "s/^\([a-z_.]*\) *= *'\{0,1\}\([^']*\)'\{0,1\}\$/\1 \2/p" "$configuration")
}

# A server that preloads the library found it; which scripts are there beside it?
# None is listed where they were only staged (extension_destdir).
check_installed() {
	local extension versions
	for extension in task_sync_transaction comment_sync_transaction; do
		versions=$(ask "SELECT string_agg(version, ', ') FROM pg_available_extension_versions WHERE name = '$extension'")
		case ", $versions," in
			', ,' | *", $version,"*) ;;
			*) problem "$extension is installed in version $versions; the tests are for $version: make install" ;;
		esac
	done
}

said=$(ask 'SELECT 1' 2>&1) || { printf '%s\n' "make installcheck finds no server to test on: $said" 'PGHOST, PGPORT and PGUSER say which one is meant.' >&2; exit 1; }
[ "$(ask 'SELECT current_user')" = postgres ] || problem 'the user is not called postgres, as the tests expect: set PGUSER'
[ "$(ask "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")" = t ] || problem 'the user is no superuser'
check_settings
check_installed

if [ ${#problems[@]} -gt 0 ]; then
	{
		echo 'make installcheck cannot use this server:'
		printf '  - %s\n' "${problems[@]}"
		echo "Give a server of its own to the tests, with the lines of $configuration in its postgresql.conf, and start it again."
		echo 'make check needs no server: it makes one for itself, and runs these and all other tests.'
	} >&2
	exit 1
fi
