/* worker: worker may not call StartTransactionCommand */
#include "postgres.h"

#include "access/xact.h"

extern void intruder(void);

void
intruder(void)
{
	StartTransactionCommand();
}
