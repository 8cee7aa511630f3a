#!/bin/bash
# pictures.sh
#	Pictures of report() in the states that an operator may meet, into docs/: wide
#	and light, and narrow and dark (test/monitoring/monitoring.pl).
set -euo pipefail
cd "$(dirname "$0")/.."

PICTURES=$(mktemp -d /tmp/github_sync-pictures.XXXXXX)
export PICTURES
trap 'rm -rf "$PICTURES"' EXIT
# For the test user, who may be another one.
chmod 777 "$PICTURES"
STEPS='gcc monitoring' scripts/check.sh
mkdir -p docs
cp "$PICTURES"/*.png docs/
chmod 644 docs/*.png
