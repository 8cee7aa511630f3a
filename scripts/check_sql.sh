#!/bin/bash
# check_sql.sh [--figures]
#	Refuses what the house rules of sql/ forbid; says rule, place and reason for
#	each breach; fails if any. SQL_DIR: of another directory than sql/.
#	SQL_RENDERED: a directory with what build_sql.sh --render-all makes of it, which
#	this script then writes to as well.
#	--figures prints a table as well: each file's size, its longest function and
#	line, and the files whose functions it calls.
#
#	order	Each file of sql/ is named in order.txt once, and the other way round, with
#			a kind and a record type that there is.
#	mark	--@task and --@comment begin a line of a template for both record types,
#			and nothing else; a file of one type, or a member, has no use for them.
#			What is made of a template has as many lines, so that they have its numbers.
#	name	What a template makes for comments has "comment" in its name, and nothing else
#			has: detach and hand_over() go by that. What a template for both record
#			types makes is named after its type: what exists once a database is made
#			by a file of sql/shared.
#	arrow	A function calls none that a later file of order.txt defines, in whatever
#			way it names it: in a call, as a trigger's function, or in a string
#			such as to_regprocedure's. So there is no circle of files.
#	unknown	What is called, by SQL or by the C files of src/, is defined by one of the
#			files.
#	twice	A function is defined once, under one list of arguments.
#	string	No plain string has a backslash: with standard_conforming_strings off it means
#			something else. E'...', or a class as in [.], means the same to everybody.
#	clock	A time that an index holds is compared with (SELECT clock_timestamp()), once a
#			statement: with the function, which is volatile, all entries would be read.
#	walk	The smallest or largest id under a condition is that of a subquery with OFFSET 0:
#			where the planner takes what is asked for to be frequent, it would read the
#			primary key from one end, and all of it where there is none.
#	assert	What is contained is contained all: OTHERS leaves out what an ASSERT raises, so
#			that a handler of them says WHEN OTHERS OR assert_failure.
#	line	No line has more than 120 columns; a tab counts up to the next fourth.
#	length	No function has more than 60 lines; empty ones do not count.
#	inputs	No function has more than six plain inputs: not of a type of ours.
#	comment	Each function, table and type has a comment; a function's and a type's
#			begins with "public: " or "private: ".
#	path	Whatever is made or called is named with its schema; what sets search_path
#			sets it to pg_catalog, pg_temp, where a function is made and nowhere else.
#	definer	SECURITY DEFINER sets search_path, and is said where the function is made.
#	atomic	A body is a string or RETURN: BEGIN ATOMIC would tie it to what it calls.
#	tied	RETURN ties as well: what attach makes calls nothing so that attach makes, too,
#			as detach could not drop the one before the other.
#
# Names and keywords count in any spelling: in capitals, quoted, or with spaces.
# scripts/sql_rules.txt names the exceptions. A name that is put together when the
# function runs, as in format('github_sync.%I', ...), is not seen.
set -euo pipefail
cd "$(dirname "$0")/.."
export SQL_DIR=${SQL_DIR:-sql}

rendered=${SQL_RENDERED-}
if [ -z "$rendered" ]; then
	rendered=$(mktemp -d)
	trap 'rm -rf "$rendered"' EXIT
fi

# The shell knows which files there are, awk all the rest.
find "$SQL_DIR" -mindepth 2 -name '*.sql' ! -path "$SQL_DIR/upgrade/*" | sed "s:^$SQL_DIR/::" | sort >"$rendered/present"
grep -v '^#' "$SQL_DIR/order.txt" | while read -r _ file _; do
	[ -z "$file" ] || [ -e "$SQL_DIR/$file" ] || { echo "$SQL_DIR/order.txt: order: $file is not there" >&2; exit 1; }
done
find src -name '*.c' | sort >"$rendered/c_files"

[ -n "${SQL_RENDERED-}" ] || scripts/build_sql.sh --render-all "$rendered"
LC_ALL=C awk -v sql="$SQL_DIR" -v rendered="$rendered" -v figures="${1-}" -f scripts/check_sql.awk
