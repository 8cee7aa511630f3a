#!/bin/bash
# check_rooms.sh OBJECT...
#	Refuses what scripts/rooms.txt forbids: an #include of a room or library that
#	is not granted, in any file of src/, and a call of a forbidden function, in
#	the given object files.  Says file and reason for each breach; fails if any.
#
# The include paths of the Makefile already hide other rooms and PostgreSQL; but
# libcurl, OpenSSL and the clock are in every compiler's reach: this is their
# fence.
set -euo pipefail
build_dir=$PWD	# the objects are named relative to it
cd "$(dirname "$0")/.."
set -f	# patterns of the table stay patterns

declare -A includes never_calls
libraries=()	# "name pattern", in the order of the table
breaches=0

read_table() {
	local subject verb rest pattern
	while read -r subject verb rest; do
		case "$subject $verb" in
			'#'* | ' ') ;;
			prefix\ *) ;;	# of scripts/check_modules.pl
			library\ *) for pattern in $rest; do libraries+=("$verb $pattern"); done ;;
			*\ includes) includes[$subject]=$rest ;;
			*\ never-calls) never_calls[$subject]+=" $rest" ;;
			*) echo "scripts/rooms.txt: cannot read \"$subject $verb\"" >&2; exit 1 ;;
		esac
	done <scripts/rooms.txt
}

# The room of a file: the directory below src/; directly in src/: "extension".
room_of() {
	case $1 in
		src/*/*) room=${1#src/} room=${room%%/*} ;;
		*) room=extension ;;
	esac
}

breach() {
	echo "$1: $2" >&2
	breaches=$((breaches + 1))
}

# Sets owner to the room or library that an included name belongs to.
find_owner() {
	local file=$1 name=$2 entry
	if [ -e "${file%/*}/$name" ]; then
		room_of "${file%/*}/$name"; owner=$room; return
	elif [ -e "src/$name" ]; then
		room_of "src/$name"; owner=$room; return
	fi
	for entry in "${libraries[@]}"; do
		# shellcheck disable=SC2053 # a pattern is meant
		if [[ $name == ${entry#* } ]]; then owner=${entry%% *}; return; fi
	done
}

check_include() {
	local file=$1 line=$2 name=$3 room owner own_room
	room_of "$file"; own_room=$room
	case $name in
		[\<\"]*) name=${name:1:-1} ;;
		*) breach "$file:$line" "#include of a macro hides what is included"; return ;;
	esac
	case /$name/ in
		*/../*) breach "$file:$line" "#include \"$name\" climbs out of its room"; return ;;
	esac
	find_owner "$file" "$name"
	case " ${includes[$own_room]-} " in
		*" $owner "*) ;;
		*) breach "$file:$line" "$own_room may not include $owner ($name)" ;;
	esac
}

check_includes() {
	local file line name
	while IFS=$'\t' read -r file line name; do
		check_include "$file" "$line" "$name"
	done < <(find src -name '*.[ch]' -print0 | sort -z | xargs -0r awk '
		/^[ \t]*#[ \t]*include/ {
			name = $0
			sub(/^[ \t]*#[ \t]*include(_next)?[ \t]*/, "", name)
			if (match(name, /^(<[^>]*>|"[^"]*")/)) name = substr(name, 1, RLENGTH)
			print FILENAME "\t" FNR "\t" name
		}')
}

# Of the compiler's own variants, such as __read_chk and __isoc99_sscanf.
plain_name() {
	name=${1%%@*}
	case $name in
		__*_chk) name=${name#__} name=${name%_chk} ;;
		__isoc??_*) name=${name#__isoc??_} ;;
	esac
}

check_calls() {
	local object=$1 room symbol name pattern
	room_of "$object"
	while read -r symbol; do
		plain_name "$symbol"
		for pattern in ${never_calls[$room]-}; do
			# shellcheck disable=SC2053 # a pattern is meant
			if [[ $name == $pattern ]]; then breach "$object" "$room may not call $name"; fi
		done
	done < <(nm -u "$build_dir/$object" | awk '{ print $NF }')
}

read_table
check_includes
for object; do check_calls "$object"; done
[ "$breaches" = 0 ] || { echo "the rooms of src/ are breached in $breaches places (rules: scripts/rooms.txt)" >&2; exit 1; }
