#!/bin/bash
# map.sh --print|--write|--check
#	The map of src/ and sql/ that stands in CONTRIBUTING.md: every folder, every
#	file in its order, each with the promise that heads it.  --write puts it
#	there, --check says whether what stands there is still true.
#
# C files come in the order of the alphabet, SQL files in that of sql/order.txt.
# A header without a .c file of its name has a line of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
begin='<!-- map: written by make map -->'
end='<!-- end of map -->'

# FOLDER: what is in it.  A folder that is not listed here is an error.
promise_of_folder() {
	case $1 in
		src) echo 'where PostgreSQL enters the library' ;;
		src/core) echo 'pure C: no PostgreSQL, network, clock or I/O; time comes in as an argument' ;;
		src/crypto) echo 'signatures and secrets, by OpenSSL' ;;
		src/http) echo 'many HTTP exchanges behind one descriptor, by libcurl' ;;
		src/db) echo 'every SQL text in C, every begin and commit' ;;
		src/server) echo 'what belongs to the server and not to one worker; sees no http' ;;
		src/worker) echo 'the loop and what it calls' ;;
		sql) echo 'the rules; what the install scripts are made of' ;;
		sql/extension) echo 'members of the extension' ;;
		sql/shared) echo 'made by attach, once a database' ;;
		sql/record) echo 'made by attach, one template for both record types' ;;
		sql/task) echo 'what only tasks have' ;;
		sql/comment) echo 'what only comments have' ;;
		*) echo "map.sh: nobody says what $1 is" >&2; return 1 ;;
	esac
}

# FILE: the first sentence of the comment that heads it.
promise_of_file() {
	awk '
		function strip(s) { sub(/^\/\*/, "", s); sub(/\*\/.*/, "", s); sub(/^[ \t]*\*?[ \t]*/, "", s); sub(/[ \t]+$/, "", s); return s }
		NR == 1 && !/^\/\*/ { exit }
		{ line = strip($0) }
		FILENAME ~ /\.[ch]$/ && NR <= 2 { next }	# the name of the file
		text != "" && line == "" { exit }
		line != "" { text = text (text == "" ? "" : " ") line }
		/\*\// { exit }
		END {
			if (match(text, /[^.]\.( |$)/)) text = substr(text, 1, RSTART)
			print text
		}' "$1"
}

files_of_folder() {
	case $1 in
		sql) ;;
		sql/*) awk -v folder="${1#sql/}/" 'index($2, folder) == 1 { print "sql/" $2 }' sql/order.txt ;;
		*)
			find "$1" -maxdepth 1 -name '*.[ch]' | sort | while read -r file; do
				case $file in *.h) [ ! -e "${file%.h}.c" ] || continue ;; esac
				echo "$file"
			done
			;;
	esac
}

# The order of the alphabet puts a folder before what is in it.
print_map() {
	local folder file promise
	{ find src -type d | sort; find sql -type d ! -path 'sql/upgrade*' | sort; } | while read -r folder; do
		promise=$(promise_of_folder "$folder")
		printf '    %-24s %s\n' "$folder/" "$promise"
		files_of_folder "$folder" | while read -r file; do
			promise=$(promise_of_file "$file")
			[ -n "$promise" ] || { echo "map.sh: $file does not begin with its promise" >&2; exit 1; }
			printf '      %-22s %s\n' "${file##*/}" "$(fold -s -w 90 <<<"$promise" | sed -e 's/ *$//' -e '2,$s/^/                             /')"
		done
	done
}

section() { sed -n "/^$begin\$/,/^$end\$/p" CONTRIBUTING.md; }

wanted() {
	printf '%s\n\n' "$begin"
	print_map
	printf '\n%s\n' "$end"
}

case ${1-} in
	--print) print_map ;;
	--check) diff <(section) <(wanted) || { echo 'the map in CONTRIBUTING.md is out of date: make map' >&2; exit 1; } ;;
	--write)
		wanted >CONTRIBUTING.md.map
		sed -i -e "/^$begin\$/r CONTRIBUTING.md.map" -e "/^$begin\$/,/^$end\$/d" CONTRIBUTING.md
		rm CONTRIBUTING.md.map
		;;
	*) echo "usage: $0 --print|--write|--check" >&2; exit 2 ;;
esac
