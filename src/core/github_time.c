/*
 * github_time.c
 *		The two spellings of time that GitHub uses.
 *
 * Pure.  The calendar is our own arithmetic: timegm() is not portable, and
 * mktime() depends on the machine's time zone.
 */
#include "core/github_time.h"

#include <stddef.h>
#include <string.h>

#include "core/ascii.h"

typedef struct CivilTime
{
	int year;  /* 0 to 9999, Gregorian */
	int month; /* 1 to 12 */
	int day;
	int hour;
	int minute;
	int second; /* 60: a leap second */
} CivilTime;

/* Reads count digits and moves *text behind them. */
static bool
read_digits(const char **text, int count, int *value)
{
	*value = 0;
	for (; count > 0; count--)
	{
		if (!ascii_is_digit(**text))
			return false;
		*value = *value * 10 + (*(*text)++ - '0');
	}
	return true;
}

static bool
read_literal(const char **text, const char *literal)
{
	size_t length = strlen(literal);

	if (strncmp(*text, literal, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool
is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool
is_civil_time(const CivilTime *time)
{
	static const int days_in_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int last_day;

	if (time->month < 1 || time->month > 12)
		return false;
	last_day = days_in_month[time->month - 1];
	if (time->month == 2 && is_leap_year(time->year))
		last_day++;
	return time->day >= 1 && time->day <= last_day && time->hour <= 23 && time->minute <= 59 &&
		time->second <= 60;
}

/* Years that begin in March put the leap day last, where it shifts no month. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t march_year = month > 2 ? year : year - 1;
	int march_month = (month + 9) % 12;
	int day_of_year = (153 * march_month + 2) / 5 + day - 1;

	/* Counted from 400 years earlier, so that no division meets a negative. */
	march_year += 400;
	return march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 + day_of_year -
		(719468 + 146097);
}

static int64_t
seconds_of(const CivilTime *time)
{
	return ((days_since_1970(time->year, time->month, time->day) * 24 + time->hour) * 60 +
			time->minute) *
		60 +
		time->second;
}

static bool
read_clock(const char **text, CivilTime *time)
{
	return read_digits(text, 2, &time->hour) && read_literal(text, ":") &&
		read_digits(text, 2, &time->minute) && read_literal(text, ":") &&
		read_digits(text, 2, &time->second);
}

static bool
skip_fraction(const char **text)
{
	if (!read_literal(text, "."))
		return true;
	if (!ascii_is_digit(**text))
		return false;
	while (ascii_is_digit(**text))
		(*text)++;
	return true;
}

/* Z, or +HH:MM and -HH:MM; seconds east of Greenwich. */
static bool
read_offset(const char **text, int *seconds)
{
	int sign = **text == '-' ? -1 : 1;
	int hours;
	int minutes;

	*seconds = 0;
	if (read_literal(text, "Z"))
		return true;
	if (!read_literal(text, "+") && !read_literal(text, "-"))
		return false;
	if (!read_digits(text, 2, &hours) || !read_literal(text, ":") ||
		!read_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 60 + minutes) * 60;
	return true;
}

bool
github_time_parse(const char *text, int64_t *seconds_since_1970)
{
	CivilTime time;
	int offset;

	if (text == NULL)
		return false;
	if (!read_digits(&text, 4, &time.year) || !read_literal(&text, "-") ||
		!read_digits(&text, 2, &time.month) || !read_literal(&text, "-") ||
		!read_digits(&text, 2, &time.day) || !read_literal(&text, "T") ||
		!read_clock(&text, &time) || !skip_fraction(&text) || !read_offset(&text, &offset))
		return false;
	if (*text != '\0' || !is_civil_time(&time))
		return false;
	*seconds_since_1970 = seconds_of(&time) - offset;
	return true;
}

/* One of names, each three letters; *index counts from 0. */
static bool
read_name(const char **text, const char *const *names, int count, int *index)
{
	for (*index = 0; *index < count; (*index)++)
	{
		if (read_literal(text, names[*index]))
			return true;
	}
	return false;
}

static bool
read_http_day(const char **text, CivilTime *time)
{
	static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
										 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int weekday;

	/* A weekday that contradicts the date is the sender's business. */
	if (!read_name(text, weekdays, 7, &weekday) || !read_literal(text, ", ") ||
		!read_digits(text, 2, &time->day) || !read_literal(text, " ") ||
		!read_name(text, months, 12, &time->month) || !read_literal(text, " ") ||
		!read_digits(text, 4, &time->year))
		return false;
	time->month++;
	return true;
}

bool
github_http_date_parse(const char *text, int64_t *seconds_since_1970)
{
	CivilTime time;

	if (text == NULL)
		return false;
	if (!read_http_day(&text, &time) || !read_literal(&text, " ") || !read_clock(&text, &time) ||
		!read_literal(&text, " GMT"))
		return false;
	if (*text != '\0' || !is_civil_time(&time))
		return false;
	*seconds_since_1970 = seconds_of(&time);
	return true;
}

/* Days are counted from a March 1st for the same reason as above. */
static void
civil_date_of_days(int64_t days_since_1970, CivilTime *time)
{
	int64_t days = days_since_1970 + 719468; /* since 0000-03-01 */
	int64_t era = days / 146097;             /* of 400 years */
	int day_of_era = (int) (days % 146097);
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int march_month = (5 * day_of_year + 2) / 153;

	time->day = day_of_year - (153 * march_month + 2) / 5 + 1;
	time->month = march_month < 10 ? march_month + 3 : march_month - 9;
	time->year = (int) (era * 400) + year_of_era + (time->month <= 2 ? 1 : 0);
}

static char *
write_digits(char *text, int count, int value, char behind)
{
	for (int i = count - 1; i >= 0; i--)
	{
		text[i] = (char) ('0' + value % 10);
		value /= 10;
	}
	text[count] = behind;
	return text + count + 1;
}

void
github_time_format(int64_t seconds_since_1970, char text[GITHUB_TIME_LENGTH + 1])
{
	const int64_t first = 0;           /* GitHub is younger than 1970 */
	const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
	int64_t seconds = seconds_since_1970 < first ? first
		: seconds_since_1970 > last              ? last
												 : seconds_since_1970;
	int second_of_day = (int) (seconds % 86400);
	CivilTime time;

	civil_date_of_days(seconds / 86400, &time);
	text = write_digits(text, 4, time.year, '-');
	text = write_digits(text, 2, time.month, '-');
	text = write_digits(text, 2, time.day, 'T');
	text = write_digits(text, 2, second_of_day / 3600, ':');
	text = write_digits(text, 2, second_of_day / 60 % 60, ':');
	text = write_digits(text, 2, second_of_day % 60, 'Z');
	*text = '\0';
}
