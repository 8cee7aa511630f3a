#!/bin/bash
# check_fence_sql.sh BREACH
#	Succeeds if no script of the extension can be made with the breach in it, for
#	the reason that it states. Works on a copy. The first line of the file is
#
#		/* PLACE: EXTENDED REGULAR EXPRESSION */
#
#	with the file, of sql/ or src/, at whose end the breach is put (a new one, if
#	there is none of that name), and what make must say.
#
# What a rendered sql/ looks like is kept in build/rendered for the next breach:
# only the file with the breach is rendered again. The copy consists of links to
# the same files, for copying them took as long as looking at them: what is to be
# written to becomes a file of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

read -r _ place reason <"$1"
place=${place%:}
reason=${reason% \*/}

mkdir -p build	# where links lead to the same file system
tree=$PWD/$(mktemp -d build/breach.XXXXXX)
trap 'rm -rf "$tree"' EXIT

render_once() {
	local newest=build/rendered/made
	[ -e "$newest" ] && [ -z "$(find sql scripts/build_sql.sh -newer "$newest")" ] && return
	rm -rf build/rendered
	scripts/build_sql.sh --render-all build/rendered
	touch "$newest"
}

# Nothing is known of a new file, or where order.txt is another.
render_breach() {
	local file=${place#sql/} record
	case $place in
		src/*) ;;
		*) [ -e "build/rendered/task/$file" ] || [ -e "build/rendered/comment/$file" ] || return 0 ;;
	esac
	cp -rl build/rendered "$tree/rendered"
	for record in task comment; do
		[ -e "$tree/rendered/$record/$file" ] || continue
		rm "$tree/rendered/$record/$file"
		"$tree/scripts/build_sql.sh" --render "$record" "$file" >"$tree/rendered/$record/$file"
	done
	export SQL_RENDERED=$tree/rendered
}

cp -rl Makefile META.json scripts sql src "$tree/"
# What is tolerated for a time is a breach here.
sed -i '/^tolerated /d' "$tree/scripts/sql_rules.txt"
[ ! -e "$tree/$place" ] || { rm "$tree/$place" && cp "$place" "$tree/$place"; }
tail -n +2 "$1" >>"$tree/$place"
script=task_sync_transaction--$(scripts/version.sh).sql
render_once
render_breach

if said=$(make -s -C "$tree" "$script" 2>&1); then
	echo "the build accepted it"
	exit 1
fi
printf '%s\n' "$said"
[ ! -e "$tree/$script" ] || { echo "refused, but $script is there"; exit 1; }
grep -qE -- "$reason" <<<"$said" || { echo "refused, but not because: $reason"; exit 1; }
