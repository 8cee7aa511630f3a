#!/bin/bash
# check_reports.sh
#	Whether test/reports/README.md tells the truth: each row of its tables names a
#	public report, once, a test file that exists, and words that stand in it.
#
# A row: | [owner/repository#number](link) | scenario | `file below test/` | `title` |
set -euo pipefail
cd "$(dirname "$0")/.."

readme=test/reports/README.md
# shellcheck disable=SC2016 # the backquotes are Markdown's
row='^\| \[([^]#]+)#([0-9]+)\]\(https://github\.com/([^)]+)/(issues|pull)/([0-9]+)\) \| [^|]+ \| `([^`]+)` \| `([^`]+)` \|$'
problems=0 reports=0
declare -A seen
problem() {
	echo "$readme: $*"
	problems=$((problems + 1))
}

while IFS= read -r line; do
	case $line in '| ['*) ;; *) continue ;; esac
	if [[ ! $line =~ $row ]]; then
		problem "no row as the head of this script has it: $line"
		continue
	fi
	reports=$((reports + 1))
	report=${BASH_REMATCH[1]}#${BASH_REMATCH[2]} link=${BASH_REMATCH[3]}#${BASH_REMATCH[5]} file=test/${BASH_REMATCH[6]} title=${BASH_REMATCH[7]}
	[ "$report" = "$link" ] || problem "$report leads to $link"
	[ -z "${seen[$report]-}" ] || problem "$report is there twice"
	seen[$report]=1
	if [ ! -f "$file" ]; then
		problem "$report: there is no $file"
	elif ! grep -qF -- "$title" "$file"; then
		problem "$report: $file has no \"$title\""
	fi
done <"$readme"

[ "$reports" -gt 0 ] || problem "it has no rows"
[ "$problems" = 0 ]
