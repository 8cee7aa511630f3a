# select.sh
#	Which steps and which of their tests STEPS and TESTS name.  To be sourced by
#	check.sh, which says what there is: all_steps, long_steps, tests_of.
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by who sources this

# Sets steps: those that STEPS names; or those TESTS may be found in; or all.
choose_steps() {
	local step
	steps=${STEPS:-}
	if [ -z "$steps" ]; then
		for step in $all_steps; do
			if [ -z "${TESTS-}" ] || [ -n "${tests_of[$step]-}" ]; then steps+=" $step"; fi
		done
	fi
	for step in $steps; do
		case " $all_steps $long_steps " in
			*" $step "*) ;;
			*) echo "no step \"$step\"; there are: $all_steps $long_steps" >&2; exit 2 ;;
		esac
	done
}

# STEP: sets selected to those of its tests that TESTS, if set, names.
select_tests() {
	local file
	selected=()
	[ -n "${tests_of[$1]-}" ] || return 0
	# shellcheck disable=SC2086 # a pattern is meant
	for file in "$copy"/${tests_of[$1]}; do
		if [ -e "$file" ] && is_selected "$1" "$file"; then selected+=("$file"); fi
	done
}

# Where nobody names tests, those of group long are left to make check-long.
is_selected() {
	local step=$1 file=$2
	local test name=${file##*/}
	if [ -z "${TESTS-}" ]; then
		[ "$step" != tap ] || ! is_of_group long "$file"
		return
	fi
	for test in $TESTS; do
		test=${test##*/}
		if [ "$test" = "$name" ] || [ "$test" = "${name%.*}" ]; then return 0; fi
		if is_of_group "$test" "$file"; then return 0; fi
	done
	return 1
}

# Its tests name a group in their heads.
is_of_group() { head -n 5 "$2" | grep -q "^# Group: $1\."; }

# How many tasks share the selected tests of pg_regress; each has a cluster of its own.
regress_parts() { if [ ${#selected[@]} -gt 12 ]; then echo 3; else echo 1; fi; }

# PART PARTS: leaves of selected every PARTS-th, from the PART-th on.
take_share() {
	local i
	for i in "${!selected[@]}"; do if [ $((i % $2)) != $(($1 - 1)) ]; then unset "selected[$i]"; fi; done
	selected=("${selected[@]}")
}
