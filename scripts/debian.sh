# debian.sh
#	Debians of their own: what has to be seen on another suite than this
#	machine's runs in one of them.  To be sourced by bash, after lib.sh; as root.
#
# A Debian is made of layers, which are kept in $CHROOTS (default:
# /var/tmp/github_sync-chroots) and made again when they are older than a week:
#
#	base	what debootstrap makes, and nothing more
#	tools	what scripts/install_packages.sh adds to it for the checks, and what
#			builds packages
#
# A command runs on a further layer, which is thrown away with the command's
# result or kept: no run sees what another one left.  It has process ids, mounts,
# IPC and, unless it is to fetch packages, a loopback network for itself.  When
# it ends, so does every process that it started, and no mount is left.
#
#	need_debians					fails, with words, where they cannot be made
#	debian_of SUITE					what people call it
#	make_base SUITE, make_tools SUITE	make a layer where it is missing or old
#	new_layer SUITE					prints the directory of a new, empty layer
#	close_debians					ends what runs, removes the layers of runs
#	in_debian [--online] LAYERS LAYER COMMAND...
#									runs COMMAND on LAYERS (lowest last, separated
#									by colons) and LAYER, which takes what it writes
# shellcheck shell=bash

CHROOTS=${CHROOTS:-/var/tmp/github_sync-chroots}
debian_suites='bookworm trixie sid'

debian_of() {
	case $1 in
		bookworm) echo 'Debian 12' ;;
		trixie) echo 'Debian 13' ;;
		sid) echo 'Debian unstable' ;;
		*) echo "no Debian is called \"$1\" here; there are: $debian_suites" >&2; return 1 ;;
	esac
}

need_debians() {
	local program
	[ "$(id -u)" = 0 ] || { echo 'needs root: for debootstrap, mounts and namespaces' >&2; return 1; }
	for program in debootstrap unshare setpriv; do
		command -v "$program" >/dev/null || { echo "needs $program: apt-get install debootstrap util-linux" >&2; return 1; }
	done
	debian_mirror=$("$source_dir/scripts/debian_mirror.sh") || return
	mkdir -p "$CHROOTS"
	remove_orphans
}

# Layers of runs that were killed; others may be running.
remove_orphans() {
	local layer pid
	for layer in "$CHROOTS"/*/run.*; do
		pid=${layer##*/run.} pid=${pid%%.*}
		[ -d "/proc/$pid" ] || rm -rf "$layer"
	done
}

# Runs in the namespaces of its own, as their first process.
# shellcheck disable=SC2016 # $1 and the like are those of the inner shell
inside_debian='
	set -eu
	layers=$1 layer=$2 network=$3
	shift 3
	[ "$network" = online ] ||
		perl -e "socket(S, 2, 2, 0) && ioctl(S, 0x8914, \$_ = pack(q(a16 s x14), q(lo), 0x41)) || die qq(lo: \$!\n)"
	mount -t overlay overlay -o "lowerdir=$layers,upperdir=$layer/written,workdir=$layer/work" "$layer/root"
	mount -t proc proc "$layer/root/proc"
	mkdir -p "$layer/root/dev/shm" "$layer/root/dev/pts"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$layer/root/dev/pts"
	mount -t tmpfs -o mode=1777 tmpfs "$layer/root/dev/shm"
	[ "$network" != online ] || cp /etc/resolv.conf "$layer/root/etc/resolv.conf"
	exec chroot "$layer/root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
'

in_debian() {
	local network=loopback own_network=--net
	if [ "$1" = --online ]; then
		network=online own_network=
		shift
	fi
	# Killed with this shell, and all of its processes with it. In the background,
	# as a trap waits for the end of what is in the foreground.
	# shellcheck disable=SC2086 # an option, or none
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --ipc --uts $own_network -- \
		sh -c "$inside_debian" sh "$1" "$2" "$network" "${@:3}" </dev/null &
	debian_pid=$!
	wait "$debian_pid"
}

# What runs is ended, and the layers of runs are removed.
close_debians() {
	if [ -n "${debian_pid-}" ]; then
		kill -KILL "$debian_pid" 2>/dev/null || true
		# For it alone: what reads our output ends after us.
		wait "$debian_pid" 2>/dev/null || true
	fi
	rm -rf "$CHROOTS"/*/run."$$".*
}

new_layer() {
	local layer
	mkdir -p "$CHROOTS/$1"
	layer=$(mktemp -d "$CHROOTS/$1/run.$$.XXXXXX")
	mkdir "$layer/written" "$layer/work" "$layer/root"
	chmod 755 "$layer" "$layer/written"
	echo "$layer"
}

# Whether a layer must be made, again or at all.
is_stale() { [ -z "$(find "$1" -maxdepth 0 -mtime -7 2>/dev/null)" ]; }

# By another name first: half of a layer is never taken for one.
remove_layers() {
	local layer
	for layer; do
		[ ! -e "$layer" ] || mv "$layer" "$(mktemp -d "${layer%/*}/run.$$.XXXXXX")/"
	done
	rm -rf "${1%/*}"/run."$$".*
}

# The layer is complete or it is not there.
make_base() {
	local suite=$1 base=$CHROOTS/$1/base
	is_stale "$base" || return 0
	remove_layers "$base" "$base.new" "$CHROOTS/$suite"/tools-*
	mkdir -p "$base.new"
	debootstrap --variant=minbase "$suite" "$base.new" "$debian_mirror" >&2 || return
	write_sources "$suite" >"$base.new/etc/apt/sources.list"
	# No service starts: there is nobody to stop it.
	printf '#!/bin/sh\nexit 101\n' >"$base.new/usr/sbin/policy-rc.d"
	chmod 755 "$base.new/usr/sbin/policy-rc.d"
	# A mirror may lag, or be a snapshot.
	echo 'Acquire::Check-Valid-Until "false";' >"$base.new/etc/apt/apt.conf.d/50any-date"
	rm -rf "$base.new"/var/cache/apt/archives/*.deb
	mv "$base.new" "$base"
	touch "$base"
}

write_sources() {
	echo "deb $debian_mirror $1 main"
	[ "$1" = sid ] || printf '%s\n' "deb $debian_mirror $1-updates main" "deb $debian_mirror-security $1-security main"
}

# What a layer of tools is made of: another list makes it again.
which_tools() {
	sed -n '/^wanted_packages()/,/^}/p' "$source_dir/scripts/install_packages.sh"
	declare -f make_tools
}

# By the way that a user of a new machine goes, so that it is seen to work.
make_tools() {
	local suite=$1 layer tools
	make_base "$suite" || return
	tools=$CHROOTS/$suite/tools-$(which_tools | cksum | cut -d ' ' -f 1)
	tools_layer=$tools
	is_stale "$tools" || return 0
	remove_layers "$CHROOTS/$suite"/tools-*
	layer=$(new_layer "$suite")
	mkdir -p "$layer/written/src"
	copy_tree "$layer/written/src"
	# Where they are current on this machine, npm is not needed in there.
	! cp -a "$source_dir/test/github/node_modules" "$layer/written/src/test/github/" 2>/dev/null || true
	in_debian --online "$CHROOTS/$suite/base" "$layer" sh -euc '
		apt-get -q update
		/src/scripts/install_packages.sh check
		/src/scripts/install_packages.sh deb
		apt-get clean
		rm -rf /src' >&2 || { rm -rf "$layer"; return 1; }
	mv "$layer/written" "$tools"
	rm -rf "$layer"
	touch "$tools"
}
