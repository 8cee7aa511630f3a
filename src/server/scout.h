/*
 * scout.h
 *		A short-lived process that finds out whether one database has a queue.
 */
#ifndef GITHUB_SYNC_SCOUT_H
#define GITHUB_SYNC_SCOUT_H

#include "postgres.h"

/* Entry point; its order (ScoutOrder) is in bgw_extra. */
extern PGDLLEXPORT void github_sync_scout_main(Datum main_arg);

#endif /* GITHUB_SYNC_SCOUT_H */
