/*
 * transaction_state.c
 *		The states of a sync transaction, as far as C has to tell them apart.
 */
#include "postgres.h"

#include "db/transaction_state.h"

static const char *const names[TRANSACTION_STATES] = {
	[TRANSACTION_QUEUED] = "queued",     [TRANSACTION_COMPLETED] = "completed",
	[TRANSACTION_ERRORED] = "errored",   [TRANSACTION_CANCELED] = "canceled",
	[TRANSACTION_DROPPED] = "dropped",   [TRANSACTION_DUPLICATE] = "duplicate",
	[TRANSACTION_DISABLED] = "disabled", [TRANSACTION_STALE] = "stale"};

const char *
transaction_state_name(TransactionState state)
{
	return names[state];
}

bool
transaction_state_of(const char *name, TransactionState *state)
{
	for (int i = 0; i < TRANSACTION_STATES; i++)
	{
		if (strcmp(name, names[i]) != 0)
			continue;
		*state = (TransactionState) i;
		return true;
	}
	return false;
}
