#!/bin/bash
# check_meta.sh
#	Whether the files that speak of the project as a whole agree: META.json is
#	what PGXN expects, and the change log knows the version.
set -euo pipefail
cd "$(dirname "$0")/.."

problems=0
problem() {
	echo "$*"
	problems=$((problems + 1))
}

perl -MJSON::PP -e '
	local $/;
	my $meta = decode_json(<STDIN>);
	my @missing = grep { !exists $meta->{$_} } qw(name version abstract maintainer license provides meta-spec);
	die "META.json lacks @missing\n" if @missing;
' <META.json || problem "META.json is not what PGXN expects"

version=$(scripts/version.sh) || problem "META.json contradicts itself"
grep -qE "^## \[?$version\]?( |$)" CHANGELOG.md || problem "CHANGELOG.md has no section for $version"

[ "$problems" = 0 ]
