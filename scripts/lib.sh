# lib.sh
#	What the scripts share: a private copy of the tree, built and staged without
#	installing anything; private clusters on a Unix socket; and an end that
#	leaves no process and no file behind.  To be sourced by bash.
#
# PostgreSQL refuses root: as root, everything that is built or run belongs to
# TEST_USER (default: postgres), else to whoever calls.  The copy exists because
# that user may not be able to read or write the tree itself.
#
#	find_postgresql				sets bindir, pgxs_dir and major, from PG_CONFIG
#	open_work_dir				sets work_dir, which is emptied and removed at exit
#	copy_tree DIRECTORY			what git would commit, owned by the test user
#	link_node_modules DIRECTORY [FOLDER]	gives that copy FOLDER/node_modules,
#								by default those of test/github
#	build DIRECTORY [ARG...]	make, with ARGs, in a copy
#	stage DIRECTORY				make install below $stage_dir; writes $stage_conf,
#								the settings that make a server find it
#	start_cluster NAME [FILE...]	initdb and start, with stage_conf and FILEs
#								as configuration; sets PGHOST, PGPORT, PGUSER
#	stop_cluster NAME
#	as_test_user COMMAND...		in work_dir; in_copy DIRECTORY COMMAND... there
# shellcheck shell=bash

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export PG_CONFIG=${PG_CONFIG:-pg_config}

# Of the make that called, if any: its options are not meant for ours.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

# The caller's own databases are not meant either.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE PGOPTIONS PGDATA

if [ "$(id -u)" = 0 ]; then
	test_user=${TEST_USER:-postgres}
else
	test_user=$(id -un)
fi

open_work_dir() {
	id "$test_user" >/dev/null || return 1
	# Short: the path of a socket has 107 bytes at most.
	work_dir=$(mktemp -d /tmp/github_sync.XXXXXX)
	stage_dir=$work_dir/stage
	stage_conf=$work_dir/stage.conf
	trap close_work_dir EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir "$work_dir/home" "$work_dir/tmp"
	chmod 755 "$work_dir"
	give_to_test_user "$work_dir"
	umask 022
	export HOME=$work_dir/home TMPDIR=$work_dir/tmp LC_ALL=C.UTF-8
	# Not within work_dir: whatever runs there at the end is ended.
	cd /
}

close_work_dir() {
	local status=$?
	trap '' INT TERM HUP
	end_jobs
	end_processes
	rm -rf "$work_dir"
	exit "$status"
}

# What this shell itself still does in the background.
end_jobs() {
	local pids
	mapfile -t pids < <(jobs -p)
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
}

give_to_test_user() {
	[ "$(id -u)" != 0 ] || chown -R "$test_user": "$@"
}

as_test_user() { in_copy "$work_dir" "$@"; }

in_copy() {
	local directory=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		(cd "$directory" && exec runuser -u "$test_user" -- "$@")
	else
		(cd "$directory" && exec "$@")
	fi
}

# A person who looked into work_dir from another terminal is none of ours.
is_of_another_terminal() {
	local tty
	tty=$(ps -o tty= -p "$1" 2>/dev/null || true)
	[ "$tty" != '?' ] && [ "$tty" != "$(ps -o tty= -p $$)" ]
}

# Processes that run in work_dir: sets running_pids.
find_processes() {
	local proc pid
	running_pids=()
	for proc in /proc/[0-9]*; do
		pid=${proc#/proc/}
		case $(readlink "$proc/cwd" 2>/dev/null || true) in
			"$work_dir" | "$work_dir"/*) is_of_another_terminal "$pid" || running_pids+=("$pid") ;;
		esac
	done
}

postmaster_files() { find "$work_dir" -name postmaster.pid -type f 2>/dev/null; }

end_processes() {
	local file tries
	while read -r file; do
		as_test_user "$bindir/pg_ctl" -D "${file%/*}" -m immediate -w stop >/dev/null 2>&1 || true
	done < <(postmaster_files)
	for tries in {1..50}; do
		find_processes
		[ ${#running_pids[@]} -gt 0 ] || return 0
		case $tries in
			1) kill "${running_pids[@]}" 2>/dev/null || true ;;
			30) kill -KILL "${running_pids[@]}" 2>/dev/null || true ;;
		esac
		sleep 0.1
	done
}

# Null-terminated, relative to source_dir.
list_tree() {
	local file
	cd "$source_dir" || return
	if [ -e .git ] && command -v git >/dev/null; then
		git -c safe.directory='*' ls-files -z --cached --others --exclude-standard
	else
		find . \( -name .git -o -name node_modules -o -name build -o -name test-failed \) -prune -o \
			-type f ! -name '*.o' ! -name '*.bc' ! -name '*.so' -print0
	fi | while IFS= read -r -d '' file; do
		# Deleted, but not yet committed so.
		[ ! -e "$file" ] || printf '%s\0' "$file"
	done
}

copy_tree() {
	mkdir -p "$1"
	list_tree | tar -C "$source_dir" --null --no-recursion -T - -cf - | tar -C "$1" --no-same-owner -xf -
	give_to_test_user "$1"
}

# By a link where the test user can follow it, else by a copy; by npm only where
# scripts/install_packages.sh could not.
link_node_modules() {
	local here=$source_dir/${2:-test/github} there=$1/${2:-test/github}
	[ -e "$here/package-lock.json" ] || return 0
	if ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed-lock.json"; then
		as_test_user npm ci --prefix "$there" --no-audit --no-fund
	elif as_test_user test -r "$here/node_modules/.installed-lock.json"; then
		ln -sfn "$here/node_modules" "$there/node_modules"
	else
		cp -a "$here/node_modules" "$there/node_modules"
		give_to_test_user "$there/node_modules"
	fi
}

# Bitcode for the JIT doubles the time of a build, and nothing here uses it.
build() {
	local directory=$1
	shift
	in_copy "$directory" make -s -j"$(nproc)" with_llvm=no "$@"
}

# Separate from open_work_dir: pg_config may have to be installed first.
find_postgresql() {
	bindir=$("$PG_CONFIG" --bindir) || return
	pgxs_dir=$(dirname "$("$PG_CONFIG" --pgxs)")/..
	major=$("$PG_CONFIG" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
}

stage() {
	build "$1" install DESTDIR="$stage_dir" && write_stage_conf >"$stage_conf" && chmod 644 "$stage_conf"
}

# Debian's servers have extension_destdir; from 18 on, all servers can.
write_stage_conf() {
	echo "dynamic_library_path = '$stage_dir$("$PG_CONFIG" --pkglibdir):\$libdir'"
	# Not grep -q, which would close the pipe on a program that still writes.
	if "$bindir/postgres" --describe-config | grep '^extension_destdir' >/dev/null; then
		echo "extension_destdir = '$stage_dir'"
	elif [ "$major" -ge 18 ]; then
		echo "extension_control_path = '$stage_dir$("$PG_CONFIG" --sharedir):\$system'"
	else
		echo "this PostgreSQL $major finds only installed extensions" >&2
		return 1
	fi
}

# With which start_cluster calls initdb; it copies templates/regress, where that is.
cluster_options=(-U postgres -A trust --no-sync --no-locale -E UTF8)

init_cluster() {
	if [ -e "$work_dir/templates/regress/PG_VERSION" ]; then
		as_test_user cp -a "$work_dir/templates/regress" "$1"
	else
		as_test_user "$bindir/initdb" -D "$1" "${cluster_options[@]}"
	fi
}

start_cluster() {
	local directory=$work_dir/$1
	shift
	mkdir -p "$directory/socket"
	give_to_test_user "$directory"
	init_cluster "$directory/data" >"$directory/initdb.log" 2>&1 ||
		{ cat "$directory/initdb.log" >&2; return 1; }
	{
		printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$directory/socket'" 'port = 5432' 'fsync = off' \
			"log_line_prefix = '%m [%p] %b '"
		cat "$stage_conf" "$@"
	} >>"$directory/data/postgresql.conf"
	as_test_user "$bindir/pg_ctl" -D "$directory/data" -l "$directory/server.log" -w start >/dev/null 2>&1 ||
		{ cat "$directory/server.log" >&2; return 1; }
	export PGHOST=$directory/socket PGPORT=5432 PGUSER=postgres
}

stop_cluster() {
	as_test_user "$bindir/pg_ctl" -D "$work_dir/$1/data" -m fast -w stop >/dev/null
}
