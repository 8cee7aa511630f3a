#!/bin/bash
# check_fence.sh BREACH.c
#	Succeeds if the build refuses the file, put into its room, for the reason it
#	states; in a tree that was built. The first line of the file is
#
#		/* ROOM: EXTENDED REGULAR EXPRESSION */
#
#	with the room to put it into, and what make must say. What follows a line
#
#		/* file: NAME */
#
#	is put beside it, under that name.
set -euo pipefail
cd "$(dirname "$0")/.."

read -r _ room reason <"$1"
room=${room%:}
reason=${reason% \*/}

case $room in
	extension) directory=src ;;
	*) directory=src/$room ;;
esac
trap 'rm -f "$directory"/intruder* build/fence.ok' EXIT
awk -v directory="$directory" '
	BEGIN { file = directory "/intruder.c" }
	/^\/\* file: / { file = directory "/" $3 }
	{ print >file }' "$1"

if said=$(make -s with_llvm=no fence 2>&1); then
	echo "the build accepted it"
	exit 1
fi
printf '%s\n' "$said"
grep -qE -- "$reason" <<<"$said" || { echo "refused, but not because: $reason"; exit 1; }
