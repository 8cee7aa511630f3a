#!/bin/bash
# initdb.sh: initdb, for tests that know it by that name only
#	What PostgreSQL::Test::Cluster asks for is copied from $CLUSTER_TEMPLATE,
#	a tenth of the work; anything else is left to $REAL_INITDB.
#
# A copy has the system identifier of the template.  So only the first cluster
# of a test is one: clusters that meet differ, as those of real life do.
set -euo pipefail

# With nothing but defaults and how to authenticate: sets data.
asks_for_template() {
	data=
	while [ $# -gt 0 ]; do
		case "$1 ${2-}" in
			'-D '* | '--pgdata '*) data=$2; shift ;;
			'-A trust' | '--auth trust') shift ;;
			'-N '* | '--no-sync '*) ;;
			*) return 1 ;;
		esac
		shift
	done
	[ -n "$data" ]
}

if asks_for_template "$@" && [ -e "$CLUSTER_TEMPLATE/PG_VERSION" ] && mkdir "$TESTDIR/has-template" 2>/dev/null; then
	cp -a "$CLUSTER_TEMPLATE" "$data"
else
	exec "$REAL_INITDB" "$@"
fi
