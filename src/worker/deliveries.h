/*
 * deliveries.h
 *		Webhook deliveries that were left to the worker, and those that are old.
 */
#ifndef GITHUB_SYNC_DELIVERIES_H
#define GITHUB_SYNC_DELIVERIES_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * In a transaction.  Each returns when it has to be called again; DT_NOEND: it
 * need not be.  is_contained: what fails is not raised; so it is anyway once it
 * has failed.
 */
extern TimestampTz deliveries_end_pending(bool is_contained);
extern TimestampTz deliveries_forget(bool is_contained);

#endif /* GITHUB_SYNC_DELIVERIES_H */
