/*
 * claim_round.h
 *		What one round of a claim does within its transaction: it fills the free
 *		slots, and does before that what is due.
 *
 * A round is about many rows, about one row alone, or about one chore.  Its
 * caller begins and commits the transaction, decides who is at fault where
 * something failed, and knows when the next round is to be made.
 */
#ifndef GITHUB_SYNC_CLAIM_ROUND_H
#define GITHUB_SYNC_CLAIM_ROUND_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/queue_claim.h"
#include "db/record_type.h"
#include "db/transaction.h"
#include "worker/chores.h"

/* What failed is tried again after this, and after longer each time. */
#define CLAIM_ROUND_RETRY_BASE_MS 100
#define CLAIM_ROUND_LOCKED_MAX_MS 1000 /* nobody tells when a table is let go of */

/* What one claim brought, and what went wrong with a part of it. */
typedef struct ClaimRound
{
	/* From its caller. */
	int failures;       /* rounds that failed, in a row, before this one */
	TimestampTz due_at; /* when something is due, as far as rounds before this one saw */

	/* About what it is. */
	RecordType type; /* that is claimed just now */
	int slots;       /* for both types */
	int64 alone;     /* of that type: the one row that the round is about; 0: it is about many */
	Chore chore;     /* the one that the round is about; about nothing: there is none */
	bool in_chores;  /* it does many of them, just now */
	int64 next_id;   /* of that type, where rows are claimed one by one; 0: there is none */

	/* What it brought. */
	NewClaims claims;
	bool is_over;            /* the row that it is about needs no further try */
	bool more;               /* another round may bring more */
	bool did_what_was_due;   /* all of it: what is due from now on, next_due says */
	TimestampTz next_due;    /* when something else is; DT_NOEND: nothing */
	int64 recovered;         /* orphans */
	bool some_not_recovered; /* somebody held them, or their type failed */

	/* What went wrong. */
	bool rests; /* a type that failed a moment ago was left out */
	bool failed;
	DbError error;  /* of the type that failed, or of the round */
	bool is_undone; /* by its commit: no transaction is open any more */
} ClaimRound;

/* How many rows this worker may take in hand besides those that it has. */
extern int claim_round_free_slots(void);

/* Between db_begin() and db_commit().  False: it failed as a whole, and was rolled back. */
extern bool claim_round_run(ClaimRound *round);

/* Its claims were rolled back: there are none. */
extern void claim_round_forget_claims(ClaimRound *round);

/* When a row may be looked at that claims leave out; or DT_NOEND. */
extern TimestampTz claim_round_next_left_out(void);

/* Within its transaction: somebody has a table to himself, for as long as he likes. */
extern bool claim_round_met_locked_table(const DbError *error);

/* The same: chores that were done together failed; with which row is found out with care. */
extern void claim_round_note_failed_chores(const ClaimRound *round, const DbError *error);

/* The next round does again what rounds before it had done, or found out. */
extern void claim_round_note_failure(void);  /* it was rolled back, or is not as it should be */
extern void claim_round_note_orphans(void);  /* the queue says that we hold what we do not */
extern void claim_round_note_settings(void); /* pauses that followed from them are over */

/* Why rounds claim nothing, as the last one saw it, in the words of sync_workers; NULL: they do. */
extern const char *claim_round_obstacle(void);

/* No installation is stopped, as the last round saw it, though an error is shown. */
extern bool claim_round_all_is_well(void);

#endif /* GITHUB_SYNC_CLAIM_ROUND_H */
