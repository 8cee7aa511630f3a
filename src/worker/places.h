/*
 * places.h
 *		How much this worker takes in hand of each line of an installation.
 *
 * What reads, what updates and what creates stand in lines of their own, of
 * either record type.  A line has as many places as it can use: twice of what
 * came to its end since the last claim, so that what a limit of GitHub's holds
 * up stays in the queue, where a later change supersedes it.
 */
#ifndef GITHUB_SYNC_PLACES_H
#define GITHUB_SYNC_PLACES_H

#include "postgres.h"

#include "db/queue_claim.h"

/* Of a claim, from the moment when it is taken in hand. */
extern void places_note_begin(const SyncClaim *claim);
extern void places_note_end(const SyncClaim *claim);

/* A line has hardly anything left to send, since this was last asked. */
extern bool places_take_low(void);

/* For a claim of so many rows by a worker that has so many in hand; palloc'd. */
extern ClaimSlots places_for_claim(RecordType record_type, int slots, int in_hand);

#endif /* GITHUB_SYNC_PLACES_H */
