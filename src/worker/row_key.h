/*
 * row_key.h
 *		A transaction as the key of a hash table (HASH_BLOBS): its record type and id.
 */
#ifndef GITHUB_SYNC_ROW_KEY_H
#define GITHUB_SYNC_ROW_KEY_H

#include "postgres.h"

#include "db/record_type.h"

typedef struct RowKey
{
	int64 id;
	int64 record_type; /* as wide as id: no padding is compared */
} RowKey;

static inline RowKey
row_key(RecordType record_type, int64 id)
{
	return (RowKey){.id = id, .record_type = record_type};
}

#endif /* GITHUB_SYNC_ROW_KEY_H */
