/*
 * shared_memory.c
 *		The library's part of the server's shared memory.
 *
 * Asks for each area and its lock while the server starts, and hands both to
 * the module that the area belongs to: when the memory is made, and again in
 * each process that has to find it by itself (EXEC_BACKEND).
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/budgets.h"
#include "server/shared_memory.h"
#include "server/shared_state.h"
#include "server/statistics.h"
#include "server/suspects.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

typedef struct SharedArea
{
	const char *name; /* of the area and of its lock's tranche */
	Size (*size)(void);
	void (*attach)(void *memory, LWLock *lock, bool is_new); /* new memory is zeroed */
} SharedArea;

static const SharedArea shared_areas[] = {
	{"github_sync", shared_state_size, shared_state_attach},
	{"github_sync_budgets", budgets_size, budgets_attach},
	{"github_sync_suspects", suspects_size, suspects_attach},
	{"github_sync_statistics", statistics_size, statistics_attach},
};

static shmem_request_hook_type next_shmem_request_hook = NULL;
static shmem_startup_hook_type next_shmem_startup_hook = NULL;

static void
request_areas(void)
{
	if (next_shmem_request_hook)
		next_shmem_request_hook();
	for (size_t i = 0; i < lengthof(shared_areas); i++)
	{
		RequestAddinShmemSpace(MAXALIGN(shared_areas[i].size()));
		RequestNamedLWLockTranche(shared_areas[i].name, 1);
	}
}

static void
attach_area(const SharedArea *area)
{
	bool found;
	void *memory = ShmemInitStruct(area->name, area->size(), &found);

	if (!found)
		memset(memory, 0, area->size());
	area->attach(memory, &(GetNamedLWLockTranche(area->name))->lock, !found);
}

static void
attach_areas(void)
{
	if (next_shmem_startup_hook)
		next_shmem_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (size_t i = 0; i < lengthof(shared_areas); i++)
		attach_area(&shared_areas[i]);
	LWLockRelease(AddinShmemInitLock);
}

void
shared_memory_request(void)
{
	next_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_areas;
	next_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_areas;
}
