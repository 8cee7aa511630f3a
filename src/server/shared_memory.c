/*
 * shared_memory.c
 *		Areas of shared memory, each with a lock of its own.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/shared_memory.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#define AREAS_MAX 4

typedef struct Area
{
	const char *name;
	Size size;
	SharedMemoryMaker make;
	void **area;
} Area;

static Area areas[AREAS_MAX];
static int area_count = 0;
static shmem_request_hook_type next_shmem_request_hook = NULL;
static shmem_startup_hook_type next_shmem_startup_hook = NULL;

static void
request_areas(void)
{
	if (next_shmem_request_hook)
		next_shmem_request_hook();
	for (int i = 0; i < area_count; i++)
	{
		RequestAddinShmemSpace(MAXALIGN(areas[i].size));
		RequestNamedLWLockTranche(areas[i].name, 1);
	}
}

static void
attach_area(const Area *area)
{
	bool found;
	void *memory = ShmemInitStruct(area->name, area->size, &found);

	if (!found)
	{
		memset(memory, 0, area->size);
		area->make(memory, &GetNamedLWLockTranche(area->name)->lock);
	}
	*area->area = memory;
}

static void
attach_areas(void)
{
	if (next_shmem_startup_hook)
		next_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (int i = 0; i < area_count; i++)
		attach_area(&areas[i]);
	LWLockRelease(AddinShmemInitLock);
}

void
shared_memory_request(const char *name, Size size, SharedMemoryMaker make, void **area)
{
	Assert(area_count < AREAS_MAX);
	if (area_count == 0)
	{
		next_shmem_request_hook = shmem_request_hook;
		shmem_request_hook = request_areas;
		next_shmem_startup_hook = shmem_startup_hook;
		shmem_startup_hook = attach_areas;
	}
	areas[area_count++] = (Area){.name = name, .size = size, .make = make, .area = area};
}
