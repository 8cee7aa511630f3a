/*
 * epoch.h
 *		Times as core counts them, in seconds since 1970, and as the server does.
 *
 * Private to db.
 */
#ifndef DB_EPOCH_H
#define DB_EPOCH_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define EPOCH_SECONDS_FROM_1970_TO_2000 \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

#define EPOCH_TIMESTAMP_OF_SECONDS(seconds) \
	(((seconds) -EPOCH_SECONDS_FROM_1970_TO_2000) * USECS_PER_SEC)

/* Fractions are cut off. */
#define EPOCH_SECONDS_OF_TIMESTAMP(timestamp) \
	((timestamp) / USECS_PER_SEC + EPOCH_SECONDS_FROM_1970_TO_2000)

#endif
