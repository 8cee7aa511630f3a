/*
 * unit.h
 *		A unit test is a program that speaks TAP, for prove.
 *
 * Every check prints one line; the plan comes last, when the number of checks
 * is known.  A program that ends early prints no plan, and prove reports it.
 * With UNIT_STOP in the environment it ends at the first check that fails.
 *
 *		int main(void)
 *		{
 *			is_int(1 + 1, 2, "one and one are two");
 *			return done_testing();
 *		}
 */
#ifndef UNIT_H
#define UNIT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int unit_checks;
static int unit_failures;

#define ok(condition, name) unit_ok((condition), (name), __FILE__, __LINE__)
#define is_int(got, expected, name) \
	unit_is_int((int64_t) (got), (int64_t) (expected), (name), __FILE__, __LINE__)
#define is_text(got, expected, name) unit_is_text((got), (expected), (name), __FILE__, __LINE__)

static inline bool
unit_ok(bool condition, const char *name, const char *file, int line)
{
	unit_checks++;
	printf("%sok %d - %s\n", condition ? "" : "not ", unit_checks, name);
	if (!condition)
	{
		unit_failures++;
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	if (!condition && getenv("UNIT_STOP") != NULL)
		_Exit(1);
	return condition;
}

static inline bool
unit_is_int(int64_t got, int64_t expected, const char *name, const char *file, int line)
{
	bool same = got == expected;

	unit_ok(same, name, file, line);
	if (!same)
		printf("#   got %" PRId64 ", expected %" PRId64 "\n", got, expected);
	return same;
}

/* Compares text; NULL equals only NULL. */
static inline bool
unit_is_text(const char *got, const char *expected, const char *name, const char *file, int line)
{
	bool same = got == NULL || expected == NULL ? got == expected : strcmp(got, expected) == 0;

	unit_ok(same, name, file, line);
	if (!same)
		printf("#   got \"%s\"\n#   expected \"%s\"\n", got ? got : "(null)",
			   expected ? expected : "(null)");
	return same;
}

/* Prints the plan; the exit code of main(). */
static inline int
done_testing(void)
{
	printf("1..%d\n", unit_checks);
	return unit_failures == 0 ? 0 : 1;
}

#endif
