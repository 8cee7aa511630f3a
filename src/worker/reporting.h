/*
 * reporting.h
 *		What has arrived is reported to the queue.
 *
 * The only place that holds an answer and a database transaction at once: the
 * exchange is over when it begins, and nothing is sent before it committed.
 */
#ifndef GITHUB_SYNC_REPORTING_H
#define GITHUB_SYNC_REPORTING_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * Reports what has arrived, many in one transaction, each in a subtransaction
 * of its own.  *retry_at is lowered to the first time at which a transaction
 * that was given back may be tried again.  Returns how many were reported.
 */
extern int reporting_report_arrivals(TimestampTz *retry_at);

#endif /* GITHUB_SYNC_REPORTING_H */
