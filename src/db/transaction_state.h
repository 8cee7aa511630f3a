/*
 * transaction_state.h
 *		The states of a sync transaction, as far as C has to tell them apart.
 */
#ifndef DB_TRANSACTION_STATE_H
#define DB_TRANSACTION_STATE_H

#include "postgres.h"

typedef enum TransactionState
{
	TRANSACTION_QUEUED, /* again: what is reported of was claimed */
	TRANSACTION_COMPLETED,
	TRANSACTION_ERRORED,
	TRANSACTION_CANCELED,
	TRANSACTION_DROPPED,
	TRANSACTION_DUPLICATE,
	TRANSACTION_DISABLED,
	TRANSACTION_STALE /* the claim is not the row's any more, or was not reported yet */
} TransactionState;

#define TRANSACTION_STATES (TRANSACTION_STALE + 1)

/* As SQL has it. */
extern const char *transaction_state_name(TransactionState state);
extern bool
transaction_state_of(const char *name, TransactionState *state); /* false: there is none */

#endif
