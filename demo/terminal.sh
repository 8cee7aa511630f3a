# terminal.sh
#	How the demo speaks: commands are shown as they are typed, then run; answers
#	are shown as they come back; every claim is checked and counted, and a
#	condition that does not come true ends the demo.  To be sourced by demo.sh,
#	which sets database, patience_s and GITHUB.
#
#	heading TEXT, say TEXT		a new part; a line of explanation
#	sql ROLE STATEMENT [ \gx]	in the application's database
#	ask STATEMENT				one value, quietly
#	github COMMAND FIELD...		a curl command, and these fields of what it returns
#	tell COMMAND				a curl command whose answer is of no interest
#	check TEXT ACTUAL EXPECTED	counted
#	wait_until TEXT COMMAND...	until the command succeeds; counted
# shellcheck shell=bash disable=SC2154

checks=0
part=0

if [ -t 1 ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
	bold='' green='' red='' plain=''
fi

heading() {
	part=$((part + 1))
	printf '\n%s== %d. %s%s\n' "$bold" "$part" "$1" "$plain"
}

say() { printf '   %s\n' "$@"; }

indent() { sed '/^ *$/d; s/^/     /; s/ *$//'; }

# PROMPT INPUT: of several lines as psql shows them.
show_input() {
	printf '\n   %s%s%s%s\n' "$bold" "$1" "${2//$'\n'/$'\n'   ${1%??}-> }" "$plain"
}

show_command() { printf '\n   %s$ %s%s\n' "$bold" "$1" "$plain"; }

psql_as() {
	local role=$1
	shift
	PGUSER=$role PGDATABASE=$database "$bindir/psql" -X -v ON_ERROR_STOP=1 -P pager=off "$@"
}

sql() {
	local role=$1 statement=$2 end=${3:-;} prompt="$database=> " layout=()
	[ "$role" != postgres ] || prompt="$database=# "
	[ "$end" != ' \gx' ] || layout=(-x)
	show_input "$prompt" "$statement$end"
	psql_as "$role" "${layout[@]}" -c "$statement" 2>&1 | indent
}

ask() { psql_as postgres -Atq -c "$1"; }

pick() { node "$copy/demo/pick.mjs" "$@"; }

github() {
	local command=$1
	shift
	show_command "$command"
	eval "$command" | pick "$@" | indent
}

tell() {
	show_command "$1"
	eval "$1" >/dev/null
}

succeeded() {
	checks=$((checks + 1))
	printf '   %sok%s: %s\n' "$green" "$plain" "$1"
}

failed() {
	printf '   %sFAILED%s: %s\n' "$red" "$plain" "$1"
	exit 1
}

check() {
	[ "$2" = "$3" ] || failed "$1: \"$2\" instead of \"$3\""
	succeeded "$1"
}

came_true() {
	local deadline=$((SECONDS + patience_s))
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

wait_until() {
	local text=$1
	shift
	came_true "$@" || failed "$text: not within $patience_s s"
	succeeded "$text"
}

holds() { [ "$(ask "SELECT ($1)")" = t ]; }
