/*
 * shared_memory.h
 *		The library's part of the server's shared memory.
 */
#ifndef GITHUB_SYNC_SHARED_MEMORY_H
#define GITHUB_SYNC_SHARED_MEMORY_H

extern void shared_memory_request(void); /* in _PG_init, while preloading */

#endif /* GITHUB_SYNC_SHARED_MEMORY_H */
