/*
 * contained.h
 *		An action whose failure is not its caller's: it is run in a subtransaction.
 *
 * Private to db.
 */
#ifndef DB_CONTAINED_H
#define DB_CONTAINED_H

#include "postgres.h"

typedef void (*ContainedAction)(void *argument);

/* What went wrong, palloc'd; NULL: nothing. Only an error that cancels the statement is raised again. */
extern ErrorData *contained_run(ContainedAction action, void *argument);

#endif
