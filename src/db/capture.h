/*
 * capture.h
 *		What the application's writes put into the queue, without ever failing them.
 */
#ifndef DB_CAPTURE_H
#define DB_CAPTURE_H

#include "postgres.h"

#include "commands/trigger.h"

/* Whether a trigger names the record type, the key column and captured columns. */
extern bool capture_has_arguments(const TriggerData *trigger);

/* Called for each row by such a trigger. */
extern void capture_row(const TriggerData *trigger, FmgrInfo *function);

/* Called by another one when a statement has come to its end, after all of its rows. */
extern void capture_statement(void);

#endif
