/*
 * deliveries.h
 *		Webhook deliveries that were left to the worker, and those that are old.
 */
#ifndef GITHUB_SYNC_DELIVERIES_H
#define GITHUB_SYNC_DELIVERIES_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* In a transaction.  Each returns when it has to be called again; DT_NOEND: it need not be. */
extern TimestampTz deliveries_end_pending(void);
extern TimestampTz deliveries_forget(void);

#endif /* GITHUB_SYNC_DELIVERIES_H */
