#!/bin/bash
# check_fence.sh BREACH.c
#	Succeeds if the build refuses the file, put into its room, for the reason it
#	states; in a tree that was built. The first line of the file is
#
#		/* ROOM: EXTENDED REGULAR EXPRESSION */
#
#	with the room to put it into, as intruder.c, and what make must say. What
#	follows a line
#
#		/* also ROOM/FILE: */
#
#	is put into a further file, up to the next such line. The room "library" is
#	none: its file is linked to a library of its own, whose exports are checked.
#
#	Only the breach is compiled: its headers are given an old time, or make would
#	compile all that stands in the tree again.
set -euo pipefail
cd "$(dirname "$0")/.."

read -r _ room reason <"$1"
room=${room%:}
reason=${reason% \*/}
intruders=()

place_of() {
	case $1 in
		extension/*) echo "src/${1#*/}" ;;
		*) echo "src/$1" ;;
	esac
}

# Splits the breach at its "also" lines.
intrude() {
	local line file
	file=$(place_of "$room/intruder.c")
	intruders+=("$file")
	while IFS= read -r line; do
		if [[ $line =~ ^/\*\ also\ ([a-z0-9_/.]+):\ \*/$ ]]; then
			file=$(place_of "${BASH_REMATCH[1]}")
			intruders+=("$file")
		fi
		mkdir -p "${file%/*}"
		printf '%s\n' "$line" >>"$file"
	done <"$1"
	for file in "${intruders[@]}"; do
		case $file in *.h) touch -d @0 "$file" ;; esac
	done
}

# And the folders that were made for them.
remove_intruders() {
	local file
	for file in "${intruders[@]}"; do
		rm -f "$file" "${file%.c}.o"
		rmdir -p "${file%/*}" 2>/dev/null || true
	done
	rm -f build/fence.ok build/intruder.so
}

build() {
	case $room in
		library) ${CC:-cc} -shared -fPIC -o build/intruder.so "$1" && scripts/check_exports.sh build/intruder.so ;;
		*) intrude "$1" && make -s fence ;;
	esac
}

said=$(mktemp)	# not $(build ...): a subshell would keep the list of intruders
trap 'remove_intruders; rm -f "$said"' EXIT
if build "$1" >"$said" 2>&1; then
	echo "the build accepted it"
	exit 1
fi
cat "$said"
grep -qE -- "$reason" "$said" || { echo "refused, but not because: $reason"; exit 1; }
