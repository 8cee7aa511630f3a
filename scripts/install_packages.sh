#!/bin/bash
# install_packages.sh build|demo|check|monitoring|pictures|bench|scale|failover|fuzz|deb
#	Installs what is missing to build the project, to run its demo, all of its
#	checks, those of its monitoring and its pictures (besides), its benchmark,
#	several servers, a failover, or its fuzz targets, or to build its Debian
#	packages, from Debian's packages.  Does nothing, not even
#	an update of apt's lists, when nothing is missing.
#
# Needs root, or sudo.  No system cluster of PostgreSQL comes with it: where the
# server is new, its package is told to create none.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1-}
case $purpose in
	build | demo | check | monitoring | pictures | bench | scale | failover | fuzz | deb) ;;
	*) echo "usage: $0 build|demo|check|monitoring|pictures|bench|scale|failover|fuzz|deb" >&2; exit 2 ;;
esac

cluster_switch=/etc/postgresql-common/createcluster.d/no-main-cluster.conf
service_policy=/usr/sbin/policy-rc.d
# Files that are there for the time of an installation.
forbidden_by=()

say() { printf '%s\n' "install_packages: $*"; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif ! command -v sudo >/dev/null; then
		say "missing: $missing; install them as root" >&2
		exit 1
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

# The major version to build for: of PG_CONFIG, else Debian's own.
find_major() {
	major=$("${PG_CONFIG:-pg_config}" --version 2>/dev/null | sed -E 's/^[^0-9]*([0-9]+).*/\1/') || true
	[ -n "$major" ] || major=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/^ *Depends: postgresql-\([0-9]*\)$/\1/p')
}

has_node() {
	command -v node >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'
}

# Where the purpose's packages of npm are.
npm_folder() {
	case $purpose in
		check | scale | failover) echo test/github ;;
		monitoring) echo contrib/monitoring/dashboard ;;
		pictures) echo test/monitoring/panels ;;
		bench) echo bench/peers ;;
	esac
}

node_modules_are_current() {
	cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock.json"
}

wants_npm() {
	local folder
	folder=$(npm_folder)
	[ -n "$folder" ] && [ -e "$folder/package-lock.json" ] && ! node_modules_are_current "$folder"
}

wanted_packages() {
	if [ "$purpose" = monitoring ]; then
		echo "prometheus prometheus-postgres-exporter prometheus-sql-exporter chromium"
		has_node || echo nodejs
		if wants_npm && ! command -v npm >/dev/null; then echo npm; fi
		return
	fi
	if [ "$purpose" = pictures ]; then
		echo "pngquant"
		if wants_npm && ! command -v npm >/dev/null; then echo npm; fi
		return
	fi
	if [ "$purpose" = fuzz ]; then
		echo "make libc6-dev libcjson-dev clang libclang-rt-dev procps"
		return
	fi
	echo "gcc make libc6-dev libcurl4-openssl-dev libcjson-dev libssl-dev postgresql-server-dev-${major:-?}"
	[ "$purpose" = build ] && return
	if [ "$purpose" = deb ]; then
		echo "build-essential debhelper fakeroot postgresql-server-dev-all"
		return
	fi
	echo "postgresql-${major:-?} openssl procps ca-certificates curl"
	has_node || echo nodejs
	[ "$purpose" = demo ] && return
	if [ "$purpose" = bench ]; then
		echo wrk
	elif [ "$purpose" = scale ]; then
		echo "postgresql-${major:-?}-plproxy nginx-light"
	elif [ "$purpose" = failover ]; then
		echo "patroni etcd-server etcd-client python3-etcd"
	else
		echo "clang clang-format cppcheck perl libipc-run-perl python3 python3-psycopg"
		# What applications write with (test/clients).
		echo "pgbouncer libdbd-pg-perl python3-django python3-psycopg2 ruby-activerecord ruby-pg"
		# Not for each version that there is.
		apt-cache show "postgresql-${major:-?}-plproxy" >/dev/null 2>&1 && echo "postgresql-$major-plproxy"
	fi
	if wants_npm && ! command -v npm >/dev/null; then echo npm; fi
}

find_missing() {
	local package
	missing=
	for package in $(wanted_packages); do
		is_installed "$package" || missing+=" $package"
	done
	missing=${missing# }
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# The package would start a cluster that nobody here asked for.
forbid_main_cluster() {
	is_installed postgresql-common || apt_get install --no-install-recommends postgresql-common
	forbidden_by+=("$cluster_switch")
	as_root mkdir -p "${cluster_switch%/*}"
	echo 'create_main_cluster = false' | as_root tee "$cluster_switch" >/dev/null
}

# Nor would anybody want its servers, which start as soon as they are installed.
forbid_services() {
	[ ! -e "$service_policy" ] || return 0
	forbidden_by+=("$service_policy")
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$service_policy" >/dev/null
	as_root chmod 755 "$service_policy"
}

install_missing() {
	say "missing: $missing"
	apt_get update
	find_major
	find_missing
	trap '[ ${#forbidden_by[@]} = 0 ] || as_root rm -f "${forbidden_by[@]}"' EXIT
	case " $missing" in *' postgresql-'[0-9]*) forbid_main_cluster ;; esac
	case " $missing" in *' prometheus'* | *' pgbouncer'* | *' nginx'* | *' patroni'* | *' etcd'*) forbid_services ;; esac
	# shellcheck disable=SC2086 # a list of words
	apt_get install --no-install-recommends $missing
}

install_node_modules() {
	say "npm ci in $1"
	npm ci --prefix "$1" --no-audit --no-fund </dev/null
	cp "$1/package-lock.json" "$1/node_modules/.installed-lock.json"
}

find_major
find_missing
[ -z "$missing" ] || install_missing
# A tree that cannot be written to gets its node_modules in the private copy.
if wants_npm && [ -w "$(npm_folder)" ]; then install_node_modules "$(npm_folder)"; fi
