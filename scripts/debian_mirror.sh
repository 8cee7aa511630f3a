#!/bin/sh
# debian_mirror.sh
#	Prints where Debian's packages are to be fetched from: DEBIAN_MIRROR, or
#	else where apt of this machine fetches its own. Fails, with words, where
#	neither says so.
set -eu

if [ -z "${DEBIAN_MIRROR-}" ]; then
	# Of all that apt knows: the archive itself, not that of security updates or of others.
	DEBIAN_MIRROR=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sed -n 's:\(/debian\)/*$:\1:p' | head -n 1)
fi
[ -n "$DEBIAN_MIRROR" ] || { echo "apt knows no archive of Debian here: set DEBIAN_MIRROR" >&2; exit 1; }
echo "$DEBIAN_MIRROR"
