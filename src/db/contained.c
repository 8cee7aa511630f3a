/*
 * contained.c
 *		An action whose failure is not its caller's: it is run in a subtransaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "db/contained.h"
#include "utils/errcodes.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

static bool
cancels_statement(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN || error->sqlerrcode == ERRCODE_CRASH_SHUTDOWN;
}

ErrorData *
contained_run(ContainedAction action, void *argument)
{
	MemoryContext caller_context = CurrentMemoryContext;
	ResourceOwner caller_owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller_context);
	PG_TRY();
	{
		action(argument);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller_context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller_context);
	CurrentResourceOwner = caller_owner;
	if (error != NULL && cancels_statement(error))
		ReThrowError(error);
	return error;
}
