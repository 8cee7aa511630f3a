# tasks.sh
#	Tasks side by side, each in a process of its own: in which order they start,
#	what each took, and the sum of what they counted.  To be sourced by check.sh.
#
# A task is called STEP, or STEP/PROGRAM.  It runs step_STEP [PROGRAM] with step
# and selected set; what it prints is shown when it has ended, below its name,
# the seconds by the clock and the seconds of CPU, its servers' included.
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by who sources this

durations=()	# "SECONDS, SECONDS of CPU, TASK", tab-separated
failed_tasks=()

# Sets tasks, in the order in which they are to start, and preparations.
plan_tasks() {
	local step program part task planned=()
	for step in $steps; do
		select_tests "$step"
		if [ -n "${tests_of[$step]-}" ] && [ ${#selected[@]} = 0 ]; then continue; fi
		case $step in
			gcc) ;;
			regress) for part in $(seq "$(regress_parts)"); do planned+=("regress/$part"); done ;;
			tap)
				for program in "${selected[@]}"; do planned+=("tap/$(basename "$program" .pl)"); done
				planned+=(tap/requests)
				;;
			sanitized_tap)
				for program in "${selected[@]}"; do
					program=$(basename "$program" .pl)
					if ! is_among "$program" "$not_sanitized"; then planned+=("sanitized_tap/$program"); fi
				done
				;;
			*) planned+=("$step") ;;
		esac
	done
	plan_preparations "${planned[@]%%/*}"
	tasks=()
	for task in $first_tasks; do if is_among "$task" "${planned[*]}"; then tasks+=("$task"); fi; done
	for task in "${planned[@]}"; do if ! is_among "$task" "$first_tasks $last_tasks"; then tasks+=("$task"); fi; done
	for task in $last_tasks; do if is_among "$task" "${planned[*]}"; then tasks+=("$task"); fi; done
}

# STEP...: sets preparations to the tasks that must have ended before those of the steps start.
plan_preparations() {
	preparations=()
	if is_among gcc "$steps"; then
		preparations+=(gcc)
	elif share_any "$built_steps" "$*"; then
		preparations+=(build)
	fi
	if is_among sanitized_tap "$*"; then preparations+=(sanitized_build); fi
	if share_any "$cluster_steps" "$*"; then preparations+=(clusters); fi
}

# WORD WORDS
is_among() {
	local here
	for here in $2; do if [ "$here" = "$1" ]; then return 0; fi; done
	return 1
}

# WORDS WORDS
share_any() {
	local here
	for here in $1; do if is_among "$here" "$2"; then return 0; fi; done
	return 1
}

run_tasks() {
	local jobs=${JOBS:-$((2 * $(nproc)))} task
	local -A running=()
	for task in "${preparations[@]}"; do start_task "$task"; done
	while [ ${#running[@]} -gt 0 ]; do await_task; done
	while [ ${#tasks[@]} -gt 0 ] || [ ${#running[@]} -gt 0 ]; do
		if [ ${#running[@]} -lt "$jobs" ] && take_task; then start_task "$task"; else await_task; fi
	done
}

# Sets task to the first that can start, and takes it from tasks.
take_task() {
	local i
	for i in "${!tasks[@]}"; do
		task=${tasks[$i]}
		if [ "$task" = tap/requests ] && runs_any 'tap/*'; then continue; fi
		unset "tasks[$i]"
		return 0
	done
	return 1
}

# PATTERN: whether such a task runs.
runs_any() {
	local here
	# shellcheck disable=SC2053 # a pattern is meant
	for here in "${running[@]}"; do if [[ $here == $1 ]]; then return 0; fi; done
	return 1
}

start_task() {
	run_task "$1" >"$work_dir/tasks/${1/\//-}.output" 2>&1 &
	running[$!]=$1
}

# In a process of its own.
run_task() {
	local step=${1%%/*} files=$work_dir/tasks/${1/\//-} started=${EPOCHREALTIME/./}
	passed=0 failed=0 cluster_cpu_ms=0
	select_tests "$step"
	if { is_among "$step" "$built_steps" && [ ! -e "$work_dir/built" ]; } ||
		{ [ "$step" = sanitized_tap ] && [ ! -e "$work_dir/sanitized-built" ]; }; then
		fail 1
		show_result "$1" 'FAILED: there is no library to test'
	else
		"step_$step" "${1#*/}"
	fi
	times >"$files.times"
	echo "$passed $failed $(((${EPOCHREALTIME/./} - started) / 1000)) $(($(cpu_ms_of "$files.times") + cluster_cpu_ms))" >"$files.result"
}

# FILE: what the builtin times said, of this process and of its children, in sum.
cpu_ms_of() { awk -F '[ms ]+' '{ sum += 60 * $1 + $2 + 60 * $3 + $4 } END { printf "%d", 1000 * sum }' "$1"; }

# NAME: a cluster that start_cluster started, while it runs: the postmaster, those it has buried, those it has not.
count_cluster_cpu() {
	local postmaster ticks
	read -r postmaster <"$work_dir/$1/data/postmaster.pid"
	ticks=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v postmaster="$postmaster" '
		$2 == "(postgres)" && ($1 == postmaster || $4 == postmaster) { sum += $14 + $15 + $16 + $17 }
		END { print sum + 0 }') || true
	cluster_cpu_ms=$((cluster_cpu_ms + ticks * 1000 / $(getconf CLK_TCK)))
}

# Waits for the next that ends, shows it and adds what it counted.
await_task() {
	local pid task files good bad wall_ms cpu_ms took
	wait -n -p pid "${!running[@]}" || true
	task=${running[$pid]}
	unset "running[$pid]"
	files=$work_dir/tasks/${task/\//-}
	if read -r good bad wall_ms cpu_ms 2>/dev/null <"$files.result"; then
		took=$(printf '%d.%d\t%d.%d' $((wall_ms / 1000)) $((wall_ms % 1000 / 100)) $((cpu_ms / 1000)) $((cpu_ms % 1000 / 100)))
		durations+=("$took"$'\t'"$task")
		printf '== %-45s %6.1f s, %5.1f s of CPU\n' "$task" "${took%$'\t'*}" "${took#*$'\t'}"
		cat "$files.output"
		pass "$good"
		fail "$bad"
		[ "$bad" = 0 ] || failed_tasks+=("$task")
	else
		printf '== %s\n' "$task"
		cat "$files.output"
		fail 1
		failed_tasks+=("$task")
		show_result "$task" 'FAILED: left no result' | tee -a "$files.output"
	fi
}

show_slowest() {
	printf 'the slowest of %d, by seconds and seconds of CPU:\n' ${#durations[@]}
	printf '%s\n' "${durations[@]}" | sort -rn | head -n 6 | while IFS=$'\t' read -r wall cpu task; do
		printf '    %6.1f %6.1f  %s\n' "$wall" "$cpu" "$task"
	done
	printf '%s\n' "${durations[@]}" | awk -F '\t' '{ sum += $2 } END { printf "all together: %.0f s of CPU", sum }'
	printf ' in %d s\n' "$SECONDS"
}

# Of each task that failed, its name and what it says of that first: once more, at the end, since the end of a long output
# is what is kept of it.
show_failed_tasks() {
	local task
	for task in "${failed_tasks[@]:0:4}"; do
		printf 'failed: %s\n' "$task"
		awk '/FAILED|^ *\| *(not ok|#|.* at .* line [0-9]+|.*: runtime error:|[-+][^-+])/ && ++shown <= 6 { print substr($0, 1, 300) }' \
			"$work_dir/tasks/${task/\//-}.output"
	done
	[ ${#failed_tasks[@]} -le 4 ] || printf 'failed, too: %s\n' "${failed_tasks[*]:4}"
}
