/* server: server may not refer to github_sync_worker_main of worker */
#include "postgres.h"

extern void github_sync_worker_main(Datum main_arg);
extern void intruder_work(void);

void
intruder_work(void)
{
	github_sync_worker_main((Datum) 0);
}
