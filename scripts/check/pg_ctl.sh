#!/bin/bash
# pg_ctl.sh: pg_ctl, for tests that know it by that name only
#	Servers that it starts have $SERVER_PRELOAD preloaded, before what their test
#	has them preload.
set -euo pipefail

exec env LD_PRELOAD="$SERVER_PRELOAD${LD_PRELOAD:+:$LD_PRELOAD}" "$REAL_PG_CTL" "$@"
