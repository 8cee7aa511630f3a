#!/bin/bash
# check_rooms.sh OBJECT...
#	Refuses what scripts/rooms.txt forbids: an #include of a room or library that
#	is not granted, in any file of src/, and a folder that is no room; in the given
#	object files a reference to such a room, a call of a forbidden function, and a
#	name for other files that does not tell its module. Refuses a circle of
#	modules, by #include or by reference, also within one room, and a function
#	name, static or not, that two files define. Says file and reason for each
#	breach; fails if any. Else prints how many variables outlive a function.
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
module_names=()	# "module pattern", as the table has them
arrows=()	# "module module file:line": which includes which, and where
breaches=0

read_table() {
	local subject verb rest pattern
	while read -r subject verb rest; do
		case "$subject $verb" in
			'#'* | ' ') ;;
			library\ *) for pattern in $rest; do libraries+=("$verb $pattern"); done ;;
			names\ *) for pattern in $rest; do module_names+=("$verb $pattern"); done ;;
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

# The module of a file: its path below src/, without its ending.
module_of() { module=${1#src/} module=${module%.*}; }

breach() {
	echo "$1: $2" >&2
	breaches=$((breaches + 1))
}

# Sets owner to the room or library that an included name belongs to, and found
# to the file of ours, if it is one.
find_owner() {
	local file=$1 name=$2 entry
	for found in "${file%/*}/$name" "src/$name"; do
		if [ -e "$found" ]; then room_of "$found"; owner=$room; return; fi
	done
	found=
	for entry in "${libraries[@]}"; do
		# shellcheck disable=SC2053 # a pattern is meant
		if [[ $name == ${entry#* } ]]; then owner=${entry%% *}; return; fi
	done
}

check_include() {
	local file=$1 line=$2 name=$3 room owner own_room found module own_module
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
	[ -n "$found" ] || return 0
	module_of "$file"; own_module=$module
	module_of "$found"
	[ "$own_module" = "$module" ] || arrows+=("$own_module $module $file:$line")
}

check_folders() {
	local folder
	while read -r folder; do
		[ -n "${includes[${folder#src/}]-}" ] || breach "$folder" "rooms.txt knows no room of that name: nothing of it is compiled"
	done < <(find src -mindepth 1 -type d)
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

# OPTION... -- OBJECT...: lines "OBJECT NAME", by one call of nm.
symbols() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	[ $# = 0 ] || (cd "$build_dir" && nm -A "${options[@]}" "$@") | awk '{ print substr($0, 1, index($0, ":") - 1), $NF }'
}

check_calls() {
	local object room symbol name pattern
	while read -r object symbol; do
		room_of "$object"
		plain_name "$symbol"
		for pattern in ${never_calls[$room]-}; do
			# shellcheck disable=SC2053 # a pattern is meant
			if [[ $name == $pattern ]]; then breach "$object" "$room may not call $name"; fi
		done
	done < <(symbols -u -- "$@")
}

# Whoever declares a function himself needs no #include to call it: what the
# objects refer to counts as well.
check_references() {
	local object room own_room module own_module symbol definer
	declare -A defined_in
	while read -r object symbol; do
		defined_in[$symbol]=$object
	done < <(symbols -g --defined-only -- "$@")
	while read -r object symbol; do
		definer=${defined_in[$symbol]-}
		[ -n "$definer" ] || continue
		room_of "$object"; own_room=$room
		room_of "$definer"
		case " ${includes[$own_room]-} " in
			*" $room "*) ;;
			*) breach "$object" "$own_room may not refer to $symbol of $room" ;;
		esac
		module_of "$object"; own_module=$module
		module_of "$definer"
		[ "$own_module" = "$module" ] || arrows+=("$own_module $module $object")
	done < <(symbols -u -- "$@")
}

# Each circle once, by the shortest way round.
check_circles() {
	local places circle
	[ ${#arrows[@]} -gt 0 ] || return 0
	while IFS=$'\t' read -r places circle; do
		breach "$places" "circle of modules: $circle"
	done < <(printf '%s\n' "${arrows[@]}" | awk '
		!(($1, $2) in place) { place[$1, $2] = $3; next_of[$1] = next_of[$1] " " $2; order[++count] = $1 }
		# The modules that lead from start back to itself, breadth first.
		function way_round(start,    queue, head, tail, came_from, nexts, i, n, m, way) {
			head = 1; tail = 0; queue[++tail] = start
			while (head <= tail) {
				m = queue[head++]
				n = split(next_of[m], nexts, " ")
				for (i = 1; i <= n; i++) {
					if (nexts[i] == start) {
						for (way = m; m != start; way = m " " way) m = came_from[m]
						return way
					}
					if (nexts[i] in came_from) continue
					came_from[nexts[i]] = m
					queue[++tail] = nexts[i]
				}
			}
			return ""
		}
		END {
			for (o = 1; o <= count; o++) {
				if (order[o] in seen) continue
				n = split(way_round(order[o]), on_way, " ")
				if (n == 0) continue
				circle = on_way[1]; places = ""
				for (i = 1; i <= n; i++) {
					seen[on_way[i]] = 1
					to = on_way[i % n + 1]
					circle = circle " -> " to
					places = places (i > 1 ? ", " : "") place[on_way[i], to]
				}
				print places "\t" circle
			}
		}')
}

check_function_names() {
	local places name
	while IFS=$'\t' read -r places name; do
		breach "$places" "the function name $name is defined more than once"
	done < <(find src -name '*.c' -print0 | sort -z | xargs -0r awk -f scripts/c_functions.awk | awk -F '\t' '
		!(($1, $3) in seen) {
			seen[$1, $3] = 1
			places[$3] = places[$3] (files[$3]++ ? ", " : "") $1 ":" $2
			if (files[$3] == 2) twice[++count] = $3
		}
		END { for (i = 1; i <= count; i++) print places[twice[i]] "\t" twice[i] }')
}

# Whether the table lets a module give the name to something that others see.
tells_module() {
	local name=$1 module=$2 entry
	case $name in
		"${module##*/}" | "${module##*/}"_*) return 0 ;;
	esac
	for entry in "${module_names[@]}"; do
		# shellcheck disable=SC2053 # patterns are meant
		if [[ $module == ${entry%% *} && $name == ${entry#* } ]]; then return 0; fi
	done
	return 1
}

# Those that begin with two underscores are the compiler's.
check_extern_names() {
	local object module symbol name
	while read -r object symbol; do
		module_of "$object"
		plain_name "$symbol"
		case $name in __*) continue ;; esac
		tells_module "$name" "$module" ||
			breach "$object" "the name $name does not tell its module: it has to begin with ${module##*/}_ (or rooms.txt says with what)"
	done < <(symbols -g --defined-only -- "$@")
}

# Only told: what is written to while the program runs, and lives as long. The
# compiler names one that belongs to a function "name.N".
count_variables() {
	[ $# -gt 0 ] || return 0
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

read_table
check_folders
check_includes
check_references "$@"
check_circles
check_function_names
check_calls "$@"
check_extern_names "$@"
[ "$breaches" = 0 ] || { echo "the rooms of src/ are breached in $breaches places (rules: scripts/rooms.txt)" >&2; exit 1; }
count_variables "$@"
