#!/bin/bash
# check_attacks.sh
#	Whether test/attacks.md tells the truth: each row of its tables of attacks names
#	tests that exist, each program of test/t among them is in the group attacks and
#	has the assertions that are quoted, and nothing is in that group that it does
#	not name.
#
# The last cell of a row: tests, each with what is quoted of it, between semicolons:
#
#	`file`, "words of it", "more words"; 044, "words"; `make target`
#
# A file is one of test/t, of the tree, or a pattern that fits some; 044 is the
# program of test/t with that number.  In quoted words " ... " stands for what the
# test puts there.  Of a program of test/t, which has many assertions, words must
# be quoted.
set -euo pipefail
cd "$(dirname "$0")/.."

document=test/attacks.md
problems=0 attacks=0
declare -A named
problem() {
	echo "$document: $*"
	problems=$((problems + 1))
}

# REFERENCE: sets files to what it names; none: it names a target of make, or a problem was told.
find_files() {
	files=()
	case $1 in
		[0-9][0-9][0-9]) mapfile -t files < <(compgen -G "test/t/$1_*.pl") ;;
		'`make '*)
			local target=${1#'`make '}
			target=${target%%[ \`]*}
			grep -q "^$target:" Makefile || problem "there is no make $target"
			return ;;
		'`'*'`')
			local path=${1//\`/}
			case $path in [0-9][0-9][0-9]_*.pl) path=test/t/$path ;; esac
			mapfile -t files < <(compgen -G "$path") ;;
	esac
	[ ${#files[@]} -gt 0 ] || problem "$1 is no test"
}

# REFERENCE WORDS: whether one of files has the words, piece by piece, an apostrophe escaped or not.
require_words() {
	local pieces=${2//' ... '/$'\n'} piece
	pieces=${pieces#'... '} pieces=${pieces%' ...'}
	while IFS= read -r piece; do
		sed "s/\\\\'/'/g" "${files[@]}" | grep -F -- "$piece" >/dev/null || problem "$1 has no \"$piece\""
	done <<<"$pieces"
}

# One TEST with what is quoted of it.
check_test() {
	local test=$1 reference=${1%%, \"*} rest file quoted=0
	reference=${reference%% (*}
	rest=${test#"$reference"}
	find_files "$reference"
	[ ${#files[@]} -gt 0 ] || return 0
	while [[ $rest =~ ^,\ \"([^\"]+)\"(.*)$ ]]; do
		rest=${BASH_REMATCH[2]} quoted=1
		require_words "$reference" "${BASH_REMATCH[1]}"
	done
	case $rest in '' | ' ('*')') ;; *) problem "$reference: what is$rest?" ;; esac
	for file in "${files[@]}"; do
		case $file in test/t/*.pl) ;; *) continue ;; esac
		named[$file]=1
		[ $quoted = 1 ] || problem "$reference: which assertion?"
		head -n 5 "$file" | grep -q '^# Group: attacks\.' || problem "$file is not in the group attacks"
	done
}

was_row='' is_of_tests=''
while IFS= read -r line; do
	case $line in
		'|-'*) ;;
		'| '*' |')
			if [ -z "$was_row" ]; then
				case $line in *' | test |') is_of_tests=1 ;; *) is_of_tests='' ;; esac
			elif [ -n "$is_of_tests" ]; then
				attacks=$((attacks + 1))
				cell=${line% |}
				cell=${cell##* | }
				while [[ $cell == *'; '* ]]; do
					check_test "${cell%%; *}"
					cell=${cell#*; }
				done
				check_test "$cell"
			fi
			was_row=1 ;;
		*) was_row='' ;;
	esac
done <"$document"

while IFS= read -r file; do
	[ -n "${named[$file]-}" ] || problem "it does not name $file, which is in the group attacks"
done < <(grep -l '^# Group: attacks\.' test/t/*.pl)
[ "$attacks" -gt 0 ] || problem "it has no rows"
[ "$problems" = 0 ]
