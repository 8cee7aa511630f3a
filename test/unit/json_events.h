/*
 * json_events.h
 *		What a parser makes of JSON, as text that can be compared with what another
 *		one makes of it.
 *
 * Each event has its mark: {, }, [, ], a name or text with its length, a number
 * by its value, a literal by its name.
 */
#ifndef JSON_EVENTS_H
#define JSON_EVENTS_H

#include <stdbool.h>
#include <stdio.h>

extern void json_events_add_text(FILE *events, char mark, const char *text);

/* digits: an integer as it is spelled, where a double may not hold it. */
extern void json_events_add_number(FILE *events, const char *spelled);

/* As the core parses it: sanitized text.  malloc'd; NULL: it is refused. */
extern char *json_events_of_core(const char *text, bool is_list);

/* As PostgreSQL parses it, by the code that it shares with its clients.  malloc'd; NULL: refused. */
extern char *json_events_of_postgres(const char *text);

#endif
