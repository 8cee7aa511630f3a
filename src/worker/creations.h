/*
 * creations.h
 *		What is committed before a creation is sent.
 */
#ifndef GITHUB_SYNC_CREATIONS_H
#define GITHUB_SYNC_CREATIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * Commits the attempts of the creations whose turn it is, in one transaction,
 * and sends them.  *retry_at is lowered to the time at which one that was given
 * back may be tried again.
 */
extern void creations_send(TimestampTz *retry_at);

#endif /* GITHUB_SYNC_CREATIONS_H */
