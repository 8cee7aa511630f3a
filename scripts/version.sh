#!/bin/sh
# version.sh
#	Prints the version of the project: the one of META.json, which is its only
#	source.  Fails when META.json contradicts itself.
set -eu
cd "$(dirname "$0")/.."

# Every "version" but the last, which is the one of the META specification.
versions=$(sed -n 's/^[[:space:]]*"version":[[:space:]]*"\([^"]*\)".*/\1/p' META.json | sed '$d' | sort -u)

case $versions in
	*[!0-9.]* | '')
		echo "META.json must name one version, the same for all extensions; found: $versions" >&2
		exit 1
		;;
esac
echo "$versions"
