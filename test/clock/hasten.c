/*
 * hasten.c
 *		Makes time go faster for a program, to be loaded by LD_PRELOAD: a second
 *		of real time counts for HASTEN seconds.  For tests that take hours.
 *
 * What tells the time, what waits for it and what rings at it is hastened
 * alike; it begins with the program and goes on in whatever it forks.  Nothing
 * is kept but the start: PostgreSQL 15 forks workers out of a signal handler
 * that interrupts select(), which libfaketime does not survive (it takes such
 * a child for one that is still within select(), and shows it real time).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_US INT64_C(1000)

static int64_t pace = 1;
static int64_t started_ns[2]; /* by CLOCK_REALTIME and CLOCK_MONOTONIC */

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_select)(int, fd_set *, fd_set *, fd_set *, struct timeval *);
static int (*real_nanosleep)(const struct timespec *, struct timespec *);
static int (*real_setitimer)(__itimer_which_t, const struct itimerval *, struct itimerval *);

static int64_t
in_ns(const struct timespec *time)
{
	return time->tv_sec * NS_PER_S + time->tv_nsec;
}

static int64_t
real_ns(clockid_t clock)
{
	struct timespec now;

	(void) real_clock_gettime(clock, &now);
	return in_ns(&now);
}

__attribute__((constructor)) static void
start(void)
{
	const char *wanted = getenv("HASTEN");

	*(void **) &real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **) &real_epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
	*(void **) &real_poll = dlsym(RTLD_NEXT, "poll");
	*(void **) &real_select = dlsym(RTLD_NEXT, "select");
	*(void **) &real_nanosleep = dlsym(RTLD_NEXT, "nanosleep");
	*(void **) &real_setitimer = dlsym(RTLD_NEXT, "setitimer");
	if (wanted != NULL && atoi(wanted) > 1)
		pace = atoi(wanted);
	started_ns[CLOCK_REALTIME] = real_ns(CLOCK_REALTIME);
	started_ns[CLOCK_MONOTONIC] = real_ns(CLOCK_MONOTONIC);
}

/* ---- what tells the time ---- */

static int64_t
now_ns(clockid_t clock)
{
	return started_ns[clock] + (real_ns(clock) - started_ns[clock]) * pace;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t ns;

	/* Others measure work, not time. */
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return real_clock_gettime(clock, now);
	ns = now_ns(clock);
	*now = (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
	return 0;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int64_t ns = now_ns(CLOCK_REALTIME);

	(void) zone;
	*now = (struct timeval){.tv_sec = ns / NS_PER_S, .tv_usec = ns % NS_PER_S / NS_PER_US};
	return 0;
}

time_t
time(time_t *now)
{
	time_t seconds = now_ns(CLOCK_REALTIME) / NS_PER_S;

	if (now != NULL)
		*now = seconds;
	return seconds;
}

/* ---- what waits for it ---- */

/* Rounded up: nobody wakes too early. */
static int64_t
shortened(int64_t length)
{
	return length > 0 ? (length + pace - 1) / pace : length;
}

static struct timeval
shortened_timeval(const struct timeval *length)
{
	int64_t us = shortened((int64_t) length->tv_sec * 1000000 + length->tv_usec);

	return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

int
epoll_wait(int descriptor, struct epoll_event *events, int most, int timeout_ms)
{
	return real_epoll_wait(descriptor, events, most, (int) shortened(timeout_ms));
}

int
poll(struct pollfd *descriptors, nfds_t count, int timeout_ms)
{
	return real_poll(descriptors, count, (int) shortened(timeout_ms));
}

int
select(int count, fd_set *restrict readable, fd_set *restrict writable,
	   fd_set *restrict exceptional, struct timeval *restrict timeout)
{
	struct timeval shorter;

	if (timeout == NULL)
		return real_select(count, readable, writable, exceptional, NULL);
	shorter = shortened_timeval(timeout);
	return real_select(count, readable, writable, exceptional, &shorter);
}

int
nanosleep(const struct timespec *length, struct timespec *left)
{
	int64_t ns = shortened(in_ns(length));
	struct timespec shorter = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

	return real_nanosleep(&shorter, left);
}

/* ---- what rings at it ---- */

int
setitimer(__itimer_which_t which, const struct itimerval *restrict new,
		  struct itimerval *restrict old)
{
	struct itimerval shorter = {.it_interval = shortened_timeval(&new->it_interval),
								.it_value = shortened_timeval(&new->it_value)};

	return real_setitimer(which, which == ITIMER_REAL ? &shorter : new, old);
}
