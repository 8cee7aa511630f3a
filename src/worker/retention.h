/*
 * retention.h
 *		Transactions that finished long ago are deleted: github_sync.retention.
 */
#ifndef GITHUB_SYNC_RETENTION_H
#define GITHUB_SYNC_RETENTION_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/record_type.h"

/*
 * In a transaction: deletes a few, if it is time.  Returns when it has to be
 * called again; DT_NOEND: never, with the present setting.
 */
extern TimestampTz retention_progress(RecordType record_type);

#endif /* GITHUB_SYNC_RETENTION_H */
