/*
 * shared_memory.h
 *		Areas of shared memory, each with a lock of its own.
 *
 * Asked for in _PG_init while the library is preloaded; there when the server
 * has started.  Without preloading there are none: *area stays NULL.
 */
#ifndef GITHUB_SYNC_SHARED_MEMORY_H
#define GITHUB_SYNC_SHARED_MEMORY_H

#include "postgres.h"

#include "storage/lwlock.h"

/* Called once a server start, by whoever attaches first; the area is zeroed. */
typedef void (*SharedMemoryMaker)(void *area, LWLock *lock);

/*
 * Asks for an area of size bytes.  *area is set in every process that attaches.
 * name: static text, of the area and of its lock as pg_stat_activity shows it.
 */
extern void shared_memory_request(const char *name, Size size, SharedMemoryMaker make, void **area);

#endif /* GITHUB_SYNC_SHARED_MEMORY_H */
