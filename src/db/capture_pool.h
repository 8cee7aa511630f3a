/*
 * capture_pool.h
 *		Changes that wait for the end of the statement, or of the transaction, to be
 *		put into the queue.
 *
 * Private to db.
 */
#ifndef DB_CAPTURE_POOL_H
#define DB_CAPTURE_POOL_H

#include "postgres.h"

#include "db/captured_change.h"

/* Called with changes in the order in which they were made. */
typedef void (*CaptureBatch)(CapturedChange *const *changes, int count);

/*
 * The change is copied.  At the latest before the commit, or when there are
 * many, it is given to batch: unless the subtransaction that made it is rolled
 * back.
 */
extern void capture_pool_add(const CapturedChange *change, CaptureBatch batch);

/* How many changes that the current subtransaction made still wait. */
extern int capture_pool_current(void);

/* Gives these to batch at once. */
extern void capture_pool_give_current(void);

#endif
