# sanitizers.sh
#	A server whose library is built with the address and undefined behaviour
#	sanitizers.  To be sourced by bash, after lib.sh.
#
# Debian's PostgreSQL knows nothing of them, and need not: their runtime is
# preloaded into the server, and into nothing else.  What they watch: all memory of
# malloc, whoever asks for it (core, crypto and http, libcurl, cJSON, OpenSSL), and
# the variables of our functions.  Not what palloc gives: pieces of larger blocks
# that PostgreSQL keeps, of which only the whole block has bounds.
#
#	sanitizer_flags				what COPT needs besides
#	build_sanitizer_preload		once, before:
#	sanitizer_preload			prints what the server's LD_PRELOAD needs
#	report_sanitizers DIRECTORY	exports their options; what the first one finds are
#								files there, one for each process; the second one
#								writes into the server's log
#	sanitizer_findings DIRECTORY LOG...	prints what they found; LOGs may be missing
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used and set by who sources this

sanitizer_flags='-fsanitize=address,undefined -fno-omit-frame-pointer -O1 -g'

# The runtime begins to work at the first malloc.  In PostgreSQL that was one of
# libgpg-error's, which held a lock of the C library meanwhile (bindtextdomain) that
# the runtime took once more: the server hung before main.  So a library that is
# initialized before all others asks for memory first.
build_sanitizer_preload() {
	gcc -shared -fPIC -Wl,-z,initfirst -x c -o "$work_dir/first_malloc.so" - <<-'END'
		#include <stdlib.h>
		static void *volatile memory;
		__attribute__((constructor)) static void first_malloc(void) { memory = malloc(1); free(memory); }
	END
	chmod 755 "$work_dir/first_malloc.so"
}

sanitizer_preload() { echo "$(gcc -print-file-name=libasan.so):$work_dir/first_malloc.so"; }

# Leaks are none of a server's that ends by exit; fake stacks would look too deep to PostgreSQL.
report_sanitizers() {
	mkdir -p "$1"
	give_to_test_user "$1"
	export ASAN_OPTIONS="detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0:log_path=$1/sanitizer"
	export UBSAN_OPTIONS=print_stacktrace=1
}

sanitizer_findings() {
	local directory=$1
	shift
	find "$directory" -type f -exec cat {} +
	grep -h -A 12 ': runtime error: ' "$@" 2>/dev/null || true
}
