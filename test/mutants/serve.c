/*
 * serve.c
 *		Linked with a unit test whose room is changed: runs the test once for each
 *		number that it reads, and says how it ended.
 *
 * Each run is a process of its own, forked before main(): what a program under
 * the sanitizers needs to start is needed once only.  Written to stdout: what the
 * test prints, and then "@ended STATUS", as wait() has it; "@late" instead where
 * it took more than its time.
 *
 *		CHANGES_CPU_S	the CPU that a run may take
 *		CHANGES_WALL_S	its time; without this variable nothing happens here
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int changes_number; /* the change to make; 0: none */

/* In the child: main() comes next. */
static void
begin_run(int number, const sigset_t *mask)
{
	rlim_t cpu_s = (rlim_t) atoi(getenv("CHANGES_CPU_S"));
	const struct rlimit cpu = {cpu_s, cpu_s};
	const struct rlimit no_core = {0, 0};

	changes_number = number;
	(void) setrlimit(RLIMIT_CPU, &cpu);
	(void) setrlimit(RLIMIT_CORE, &no_core);
	(void) sigprocmask(SIG_SETMASK, mask, NULL);
}

static void
await_run(pid_t run, const sigset_t *ended, const struct timespec *time)
{
	int status;
	bool late = sigtimedwait(ended, NULL, time) < 0;

	if (late)
		(void) kill(run, SIGKILL);
	(void) waitpid(run, &status, 0);
	if (late)
		printf("\n@late\n");
	else
		printf("\n@ended %d\n", status);
	fflush(stdout);
}

__attribute__((constructor)) static void
serve(void)
{
	const char *wall_s = getenv("CHANGES_WALL_S");
	const struct timespec time = {wall_s != NULL ? atoi(wall_s) : 0, 0};
	char line[32];
	sigset_t ended;
	sigset_t mask;

	if (wall_s == NULL)
		return;
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	(void) sigprocmask(SIG_BLOCK, &ended, &mask);
	while (fgets(line, sizeof(line), stdin) != NULL)
	{
		pid_t run = fork();

		if (run == 0)
		{
			begin_run(atoi(line), &mask);
			return;
		}
		await_run(run, &ended, &time);
	}
	_exit(0);
}
