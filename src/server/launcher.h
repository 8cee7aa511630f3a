/*
 * launcher.h
 *		Keeps the right workers running.
 */
#ifndef GITHUB_SYNC_LAUNCHER_H
#define GITHUB_SYNC_LAUNCHER_H

#include "postgres.h"

extern void launcher_register(void); /* in _PG_init, while preloading */

extern PGDLLEXPORT void github_sync_launcher_main(Datum main_arg);

#endif /* GITHUB_SYNC_LAUNCHER_H */
