#!/bin/sh
# check_libraries.sh COMPILER [ARG...]
#	Whether the libraries that github_sync is made of are there and new enough, as
#	the compiler sees them: run by make before the first file is compiled. Says
#	all that is missing at once, with the Debian packages that bring it.
set -eu

problems=0
problem() {
	echo "github_sync needs $*" >&2
	problems=$((problems + 1))
}

# What the compiler makes of TEXT, after the headers before it; fails without
# the header.
expand() {
	header=$1 text=$2
	shift 2
	printf '#include <%s>\nexpanded %s\n' "$header" "$text" | "$@" -E -P -x c - 2>/dev/null | sed -n 's/^expanded //p' | tr -d ' "'
}

# "7.88.1" at least "7.87"
is_at_least() {
	[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# need LIBRARY LEAST HEADER MACROS PACKAGE COMPILER...
need() {
	library=$1 least=$2 header=$3 macros=$4 package=$5
	shift 5
	found=$(expand "$header" "$macros" "$@")
	case $found in
		'') problem "$library $least or newer: there is no header <$header>. Debian's package is $package." ;;
		[0-9]*)
			is_at_least "$found" "$least" ||
				problem "$library $least or newer: the header <$header> is that of $found. Debian 12 and newer have it, in $package."
			;;
		*) problem "$library $least or newer: the header <$header> does not say which version it is." ;;
	esac
}

# A shared library needs the standard library as well; without it no header could be read.
[ -n "$(expand stdlib.h 1 "$@")" ] || { echo "github_sync needs a C compiler with its standard headers: $1 cannot include <stdlib.h>. Debian's packages are gcc and libc6-dev." >&2; exit 1; }

# CURLOPT_QUICK_EXIT came with 7.87.0: without it a stop waits for the resolver.
need libcurl 7.87.0 curl/curl.h LIBCURL_VERSION libcurl4-openssl-dev "$@"
need cJSON 1.7.0 cjson/cJSON.h CJSON_VERSION_MAJOR.CJSON_VERSION_MINOR.CJSON_VERSION_PATCH libcjson-dev "$@"
need OpenSSL 3.0.0 openssl/opensslv.h OPENSSL_VERSION_STR libssl-dev "$@"

[ "$problems" = 0 ] || { echo "On Debian, scripts/install_packages.sh build installs what is missing." >&2; exit 1; }
