#!/bin/bash
# bench.sh
#	Measures, in a private cluster that keeps what it commits (fsync), beside a
#	stub that answers as GitHub does: bench/README.md says what each figure means.
#	Leaves nothing behind but what BENCH_KEEP asks for.
#
#	FIGURES			names of single figures; default: all
#	BENCH_RECORDS	records of a run of throughput; default: 5000
#	BENCH_REPEATS	runs of which the median is shown; default: 3
#	BENCH_BIG		queues and histories of millions, not of hundreds of thousands
#	BENCH_KEEP		the result is kept in docs/bench/
set -euo pipefail

# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

write_settings() {
	cat <<-EOF
		shared_preload_libraries = 'pg_stat_statements, github_sync'
		fsync = on
		synchronous_commit = on
		shared_buffers = 512MB
		max_wal_size = 16GB
		checkpoint_timeout = 1h
		max_connections = 250
		track_commit_timestamp = on
		track_wal_io_timing = on
		pg_stat_statements.track = none
		pg_stat_statements.max = 10000
		github_sync.app_id = '424242'
		github_sync.private_key_file = '$work_dir/app-key.pem'
		github_sync.write_interval = 0
		github_sync.points_per_minute = 0
		github_sync.creations_per_minute = 0
		github_sync.creations_per_hour = 0
		github_sync.reconcile_interval = 0
		github_sync.worker_idle_exit = 0
		github_sync.retention = 0
	EOF
}

make_key() {
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work_dir/app-key.pem" 2>/dev/null
	give_to_test_user "$work_dir/app-key.pem"
	chmod 600 "$work_dir/app-key.pem"
}

measure() {
	# shellcheck disable=SC2086 # a list of words
	in_copy "$copy" env PATH="$bindir:$PATH" BENCH_RECORDS="${BENCH_RECORDS-}" BENCH_REPEATS="${BENCH_REPEATS-}" BENCH_BIG="${BENCH_BIG-}" \
		node bench/bench.mjs --socket "$PGHOST" --data "$work_dir/cluster/data" --bindir "$bindir" --stub "$work_dir/stub" \
		--work "$work_dir" ${FIGURES-} | tee "$work_dir/result.md"
}

keep_result() {
	mkdir -p "$source_dir/docs/bench"
	find "$work_dir" -maxdepth 1 \( -name 'result.*' -o -name '*.svg' \) -exec cp {} "$source_dir/docs/bench/" \;
	if [ "$(id -u)" = 0 ]; then chown -R --reference="$source_dir" "$source_dir/docs"; fi
	echo "kept in docs/bench/"
}

"$source_dir/scripts/install_packages.sh" bench
find_postgresql
open_work_dir
copy=$work_dir/copy
copy_tree "$copy"
link_node_modules "$copy" bench/peers
build "$copy" >/dev/null
stage "$copy" >/dev/null
in_copy "$copy" cc -std=gnu11 -O2 -Wall -Wextra -D_GNU_SOURCE -o "$work_dir/stub" bench/stub/{stub,routes,answer,content}.c
make_key
write_settings >"$work_dir/bench.conf"
start_cluster cluster "$work_dir/bench.conf"
failed=0
# In the background: a shell that waits attends to signals at once.
measure &
wait $! || failed=1
[ -z "${BENCH_KEEP-}" ] || keep_result
[ "$failed" = 0 ]
