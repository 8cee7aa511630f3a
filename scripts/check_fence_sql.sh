#!/bin/bash
# check_fence_sql.sh BREACH
#	Succeeds if no script of the extension can be made with the breach in it, for
#	the reason that it states. Works on a copy. The first line of the file is
#
#		/* PLACE: EXTENDED REGULAR EXPRESSION */
#
#	with the file, of sql/ or src/, at whose end the breach is put (a new one, if
#	there is none of that name), and what make must say.
set -euo pipefail
cd "$(dirname "$0")/.."

read -r _ place reason <"$1"
place=${place%:}
reason=${reason% \*/}

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp -r Makefile META.json scripts sql src "$tree/"
# What is tolerated for a time is a breach here.
sed -i '/^tolerated /d' "$tree/scripts/sql_rules.txt"
tail -n +2 "$1" >>"$tree/$place"
script=task_sync_transaction--$(scripts/version.sh).sql

if said=$(make -s -C "$tree" "$script" 2>&1); then
	echo "the build accepted it"
	exit 1
fi
printf '%s\n' "$said"
[ ! -e "$tree/$script" ] || { echo "refused, but $script is there"; exit 1; }
grep -qE -- "$reason" <<<"$said" || { echo "refused, but not because: $reason"; exit 1; }
