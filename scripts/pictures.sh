#!/bin/bash
# pictures.sh
#	Pictures of report() and of the Grafana dashboard in the states that an operator
#	may meet, into docs/: at 1280 and at 400 pixels, light and dark
#	(test/monitoring/monitoring.pl).
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh pictures
PICTURES=$(mktemp -d /tmp/github_sync-pictures.XXXXXX)
export PICTURES
trap 'rm -rf "$PICTURES"' EXIT
# For the test user, who may be another one.
chmod 777 "$PICTURES"
STEPS='gcc monitoring' scripts/check.sh
pngquant --force --ext .png --skip-if-larger --strip 128 "$PICTURES"/*.png || [ $? = 98 ]
mkdir -p docs
cp "$PICTURES"/*.png docs/
chmod 644 docs/*.png
