#!/bin/bash
# check_meta.sh
#	Whether the files that speak of the project as a whole agree: META.json is
#	what PGXN accepts; the control files, the change log and Debian's change log
#	know its version. And whether a merge left its marks in any file.
set -euo pipefail
cd "$(dirname "$0")/.."

problems=0
problem() {
	echo "$*"
	problems=$((problems + 1))
}

# The rules of https://pgxn.org/spec for what META.json holds here. Each line of
# output is a breach.
meta_breaches() {
	perl -MJSON::PP -e '
		use strict;
		local $/;
		my $meta = eval { decode_json(<STDIN>) } or print("META.json is no JSON: $@"), exit;
		my $version = qr/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-?[A-Za-z][-0-9A-Za-z]*)?$/;
		my $term = qr{^[^\s/\\\x00-\x1f]{2,}$};
		my @texts = qw(name version abstract maintainer license);
		my ($provides, $spec) = @$meta{qw(provides meta-spec)};
		sub breach { print "META.json: @_\n" }

		for (@texts) { breach("$_ is missing, or no text") if !length($meta->{$_} // "") || ref $meta->{$_} }
		breach("name is no term") if $meta->{name} !~ $term;
		breach("maintainer is no Name <address>") if $meta->{maintainer} !~ /^[^<>]+ <[^<>@\s]+@[^<>@\s]+>$/;
		breach("license is none of PGXN'\''s words") if $meta->{license} !~ /^(agpl_3|apache_[12]_[01]|artistic_[12]|bsd|gpl_[123]|mit|mozilla_1_[01]|postgresql|unrestricted)$/;
		breach("meta-spec is not that of 1.0.0") if ($spec->{version} // "") ne "1.0.0" || ($spec->{url} // "") !~ m{^https?://};
		breach("release_status is none of three words") if ($meta->{release_status} // "stable") !~ /^(stable|testing|unstable)$/;
		breach("tags are no list of words") if grep { ref || !length || length > 256 || m{[/\\\x00-\x1f]} } @{$meta->{tags} // [""]};
		breach("resources name no homepage") if ($meta->{resources}{homepage} // "") !~ m{^https?://\S+$};
		for my $key (keys %{$meta->{resources}}) {
			breach("resources know no $key") if $key !~ /^(homepage|bugtracker|repository|[xX]_.*)$/;
		}
		for my $phase (values %{$meta->{prereqs} // {}}) {
			for my $needed (map { %$_ } values %$phase) {
				breach("prereqs: $needed is neither a name nor a version") if $needed !~ $version && $needed ne "0" && $needed !~ $term;
			}
		}
		breach("provides is empty") if !%{$provides // {}};
		for my $name (sort keys %$provides) {
			my $it = $provides->{$name};
			breach("provides: $name is no term") if $name !~ $term;
			breach("provides: $name lacks an abstract") if !length($it->{abstract} // "");
			breach("provides: $name has another version") if ($it->{version} // "") ne $meta->{version};
			breach("provides: $name is made by $name--$meta->{version}.sql, not by its file") if ($it->{file} // "") ne "$name--$meta->{version}.sql";
			breach("provides: the docfile of $name is missing") if !-e ($it->{docfile} // "");
			breach("provides: $name has no control file") if !-e "$name.control";
		}
		for (glob("*.control")) { breach("provides forgets $_") if !$provides->{s/\.control$//r} }
	' <META.json
}

while read -r breach; do problem "$breach"; done < <(meta_breaches)

# What git puts around the two sides of a conflict: seven of a kind, and the side's name.
while read -r place; do problem "$place: a merge was not finished here"; done < <(
	find . -type f ! -path './.git/*' ! -path '*/node_modules/*' -exec grep -HnIE '^(<{7}|>{7}) ' {} + | cut -d : -f 1,2)

version=$(scripts/version.sh) || problem "META.json contradicts itself"
grep -qE "^## \[?$version\]?( |$)" CHANGELOG.md || problem "CHANGELOG.md has no section for $version"

# PostgreSQL reads the version from the control file; what make builds is named
# after META.json's.
for control in *.control; do
	grep -qxF "default_version = '$version'" "$control" || problem "$control has another default_version than META.json's $version"
done

if [ -e debian/changelog ]; then
	head -n 1 debian/changelog | grep -qE "^github-sync \($version(~[a-z0-9]+)?-[0-9]+\) " ||
		problem "debian/changelog does not begin with $version"
fi

[ "$problems" = 0 ]
