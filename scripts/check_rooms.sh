#!/bin/bash
# check_rooms.sh OBJECT...
#	Refuses what scripts/rooms.txt forbids, in any file of src/ and in the given
#	object files; says file and reason for each breach; fails if any. Else prints
#	how many variables outlive a function. scripts/check_rooms.awk has the rules:
#
#	folder	What is below src/ lies in the folder of a room.
#	include	A file includes what is granted to its room, of a room only headers, and
#			of another room none that is private there. A macro's name, or one with
#			"..", is no #include to be judged.
#	refer	An object refers to no room that its files may not include, and of another
#			room only to names that one of its headers for others says.
#	call	An object refers to no name that its room never calls, and, if its room
#			lists what it may call, to nothing else outside of src/.
#	circle	No circle of modules (foo.c with foo.h is one), by #include or by
#			reference, within a room either.
#	twice	A function name, static, inline or not, is defined by one file.
#	length	No function has more than 60 lines; empty ones do not count.
#	names	A name for other files tells its module.
#
# The include paths of the Makefile already hide other rooms and PostgreSQL; but
# libcurl, OpenSSL and the clock are in every compiler's reach, and whoever declares
# a function himself needs no header: this is their fence.
set -euo pipefail
build_dir=$PWD	# the objects are named relative to it
cd "$(dirname "$0")/.."

facts=$(mktemp)
trap 'rm -f "$facts"' EXIT

source_facts() {
	find src -mindepth 1 ! -name '.*' | LC_ALL=C sort | awk '{ print "file\t" $0 }'
	find src -name '*.[ch]' -print0 | LC_ALL=C sort -z | xargs -0r awk -f scripts/c_source.awk
}

# What objects define and refer to: a colon ends their names.
symbol_facts() {
	(cd "$build_dir" && nm -A -g "$@") | awk '{
		print ($(NF - 1) ~ /^[Uwv]$/ ? "refers" : "defines") "\t" substr($0, 1, index($0, ":") - 1) "\t" $NF
	}'
}

# Only told: what is written to while the program runs, and lives as long. The
# compiler names one that belongs to a function "name.N".
count_variables() {
	(cd "$build_dir" && nm -A -f sysv --defined-only "$@") | awk -F '|' '
		$4 ~ /OBJECT/ && $7 ~ /^\.(data|bss)/ && $7 !~ /\.rel\.ro/ {
			place = substr($1, 1, index($1, ":") - 1)
			if (substr($1, length(place) + 2) ~ /\./) next
			split(place, part, "/")
			room = part[3] == "" ? "extension" : part[2]
			if (!(room in rooms)) order[++count] = room
			rooms[room]++
			all++
		}
		END {
			for (i = 1; i <= count; i++) told = told ", " order[i] " " rooms[order[i]]
			print "file-scope variables: " all + 0 (all ? " (" substr(told, 3) ")" : "")
		}'
}

{
	source_facts
	[ $# = 0 ] || symbol_facts "$@"
} >"$facts"
LC_ALL=C awk -f scripts/check_rooms.awk scripts/rooms.txt "$facts"
[ $# = 0 ] || count_variables "$@"
