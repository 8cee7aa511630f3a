/*
 * test_core_time.c
 *		ISO 8601 and HTTP dates; expected values are from GNU date.
 */
#include "core/github_time.h"

#include "unit.h"

typedef struct TimeCase
{
	const char *text;
	int64_t seconds;
} TimeCase;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const TimeCase iso_times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1969-12-31T23:59:59Z", -1},
	{"2011-04-14T16:00:49Z", 1302796849},
	{"2000-02-29T12:00:00Z", 951825600},
	{"2024-02-29T23:59:59Z", 1709251199},
	{"2024-03-01T00:00:00Z", 1709251200},
	{"2038-01-19T03:14:08Z", INT64_C(2147483648)},
	{"2100-03-01T00:00:00Z", INT64_C(4107542400)},
	{"1900-03-01T00:00:00Z", INT64_C(-2203891200)},
	{"9999-12-31T23:59:59Z", INT64_C(253402300799)},
	{"0001-01-01T00:00:00Z", INT64_C(-62135596800)},
	{"0000-01-01T00:00:00Z", INT64_C(-62167219200)},
	{"2017-07-08T16:18:44-04:00", 1499545124},
	{"2021-04-28T22:32:21.000-04:00", 1619663541},
	{"2021-04-28T22:32:21.999999999Z", 1619649141},
	{"2021-01-01T00:00:00+05:45", 1609438500},
	{"2021-01-01T00:00:00+00:00", 1609459200},
	{"2021-01-01T00:00:00+23:59", 1609372860},
	{"2021-01-01T00:00:00-00:30", 1609461000},
	{"2016-12-31T23:59:60Z", 1483228800},
};

static const char *const not_iso_times[] = {
	"",
	"2024",
	"2024-01-01",
	"2024-01-01T00:00:00",
	"2024-01-01T00:00Z",
	"2024-01-01 00:00:00Z",
	"2024-1-01T00:00:00Z",
	"2024-00-01T00:00:00Z",
	"2024-13-01T00:00:00Z",
	"2024-01-00T00:00:00Z",
	"2024-01-32T00:00:00Z",
	"2024-04-31T00:00:00Z",
	"2023-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z",
	"2024-01-01T24:00:00Z",
	"2024-01-01T00:60:00Z",
	"2024-01-01T00:00:61Z",
	"2024-01-01T00:00:00.Z",
	"2024-01-01T00:00:00+4:00",
	"2024-01-01T00:00:00+0400",
	"2024-01-01T00:00:00+24:00",
	"2024-01-01T00:00:00+04:60",
	"2024-01-01T00:00:00Z ",
	" 2024-01-01T00:00:00Z",
	"2024-01-01T00:00:00ZZ",
	"-024-01-01T00:00:00Z",
	"12024-01-01T00:00:00Z",
};

static const TimeCase http_dates[] = {
	{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
	{"Tue, 14 Nov 2023 22:13:20 GMT", 1700000000},
	{"Thu, 01 Jan 1970 00:00:00 GMT", 0},
	{"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
	{"Mon, 31 Dec 2040 23:59:59 GMT", INT64_C(2240611199)},
	{"Sat, 06 Nov 1994 08:49:37 GMT", 784111777}, /* whatever day it was */
};

static const char *const not_http_dates[] = {
	"",
	"1700000000",
	"Sun, 06 Nov 1994 08:49:37",
	"Sun, 06 Nov 1994 08:49:37 UTC",
	"Sun, 06 Nov 1994 08:49:37 +0000",
	"Sun, 6 Nov 1994 08:49:37 GMT",
	"Sunday, 06-Nov-94 08:49:37 GMT",
	"Sun, 06 Nov 94 08:49:37 GMT",
	"Sun, 06 Nov 994 08:49:37 GMT",
	"Sun, 06 Nov 01994 08:49:37 GMT",
	"Sun Nov  6 08:49:37 1994",
	"sun, 06 nov 1994 08:49:37 gmt",
	"Xyz, 06 Nov 1994 08:49:37 GMT",
	", 06 Nov 1994 08:49:37 GMT",
	"Sun, 06  1994 08:49:37 GMT",
	"Sun, 06 Xyz 1994 08:49:37 GMT",
	"Sun, 31 Nov 1994 08:49:37 GMT",
	"Sun, 06 Nov 1994 25:49:37 GMT",
	"Sun, 06 Nov 1994 08:49:37 GMT ",
};

static void
test_days_of_months(void)
{
	static const char *const days_too_many[] = {"01-32", "02-29", "03-32", "04-31",
												"05-32", "06-31", "07-32", "08-32",
												"09-31", "10-32", "11-31", "12-32"};

	for (size_t i = 0; i < COUNT(days_too_many); i++)
	{
		char text[GITHUB_TIME_LENGTH + 1];
		int64_t seconds;

		snprintf(text, sizeof(text), "2023-%sT00:00:00Z", days_too_many[i]);
		ok(!github_time_parse(text, &seconds), "no month has a day more");
	}
}

int
main(void)
{
	int64_t seconds;

	test_days_of_months();

	for (size_t i = 0; i < COUNT(iso_times); i++)
	{
		ok(github_time_parse(iso_times[i].text, &seconds), iso_times[i].text);
		is_int(seconds, iso_times[i].seconds, "... is the right second");
	}
	for (size_t i = 0; i < COUNT(not_iso_times); i++)
		ok(!github_time_parse(not_iso_times[i], &seconds), "what is no ISO time is refused");
	ok(!github_time_parse(NULL, &seconds), "nothing is no ISO time");

	for (size_t i = 0; i < COUNT(http_dates); i++)
	{
		ok(github_http_date_parse(http_dates[i].text, &seconds), http_dates[i].text);
		is_int(seconds, http_dates[i].seconds, "... is the right second");
	}
	for (size_t i = 0; i < COUNT(not_http_dates); i++)
		ok(!github_http_date_parse(not_http_dates[i], &seconds), "what is no HTTP date is refused");
	ok(!github_http_date_parse(NULL, &seconds), "nothing is no HTTP date");

	/* Beyond 2400, the first year of its kind after 2000. */
	for (int64_t day = 0; day < 170000; day++)
	{
		char text[GITHUB_TIME_LENGTH + 1];
		int64_t written = day * 86400 + day % 86400;

		github_time_format(written, text);
		if (!github_time_parse(text, &seconds) || seconds != written)
			ok(false, text);
	}
	{
		char text[GITHUB_TIME_LENGTH + 1];

		memset(text, 'x', sizeof(text));
		github_time_format(1709210096, text);
		is_text(text, "2024-02-29T12:34:56Z", "a time is written as REST wants it");
		github_time_format(-1, text);
		is_text(text, "1970-01-01T00:00:00Z", "a time before 1970 becomes 1970");
		github_time_format(INT64_MAX, text);
		is_text(text, "9999-12-31T23:59:59Z", "a time after 9999 becomes its end");
	}
	return done_testing();
}
