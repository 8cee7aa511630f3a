/*
 * statistics.h
 *		What workers counted since the server started, for each database.
 *
 * A worker counts in its own memory and adds that to shared memory once a round
 * of its loop, so that counting takes no lock.  What a worker counted since, and
 * did not add when it crashed, is lost; a restart of the server loses all of it.
 *
 * Words used here:
 *	subject	 what requests are about: tasks or comments in one direction, lists
 *			 that sweeps read, or the App (tokens, and who we are).
 *	class	 of an answer: by the first digit of its status, but for 304.
 *	stage	 a part of a change's way whose time is measured.
 */
#ifndef GITHUB_SYNC_STATISTICS_H
#define GITHUB_SYNC_STATISTICS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/transaction_state.h"
#include "storage/lwlock.h"

/* Of a server that has more, those whose workers counted last are kept: 100 kB each. */
#define STATISTICS_DATABASES 32

typedef enum StatisticsSubject
{
	SUBJECT_TASKS_INBOUND,
	SUBJECT_TASKS_OUTBOUND,
	SUBJECT_COMMENTS_INBOUND,
	SUBJECT_COMMENTS_OUTBOUND,
	SUBJECT_LISTS,
	SUBJECT_APP
} StatisticsSubject;

#define STATISTICS_SUBJECTS (SUBJECT_APP + 1)

typedef enum StatisticsClass
{
	CLASS_2XX,
	CLASS_304,
	CLASS_3XX,
	CLASS_4XX,
	CLASS_5XX,
	CLASS_NO_ANSWER
} StatisticsClass;

#define STATISTICS_CLASSES (CLASS_NO_ANSWER + 1)

typedef enum StatisticsStage
{
	STAGE_WAITED,   /* from the insert to the first request */
	STAGE_ANSWERED, /* from a request to its answer */
	STAGE_APPLIED   /* from an answer to the commit of what it does */
} StatisticsStage;

#define STATISTICS_STAGES (STAGE_APPLIED + 1)

/* Times up to each of statistics_limits_ms, and longer ones. */
#define STATISTICS_LIMITS 16
#define STATISTICS_BUCKETS (STATISTICS_LIMITS + 1)

extern const int statistics_limits_ms[STATISTICS_LIMITS];

typedef struct StatisticsTimes
{
	uint64 counts[STATISTICS_BUCKETS];
	uint64 total_us;
} StatisticsTimes;

typedef struct StatisticsCounters
{
	uint64 answers[STATISTICS_SUBJECTS][STATISTICS_CLASSES];
	uint64 bytes[STATISTICS_SUBJECTS][STATISTICS_CLASSES]; /* of the answers' bodies */
	uint64 ends[STATISTICS_SUBJECTS][TRANSACTION_STATES]; /* of claims; queued: to be tried again */
	StatisticsTimes times[STATISTICS_SUBJECTS][STATISTICS_STAGES];
} StatisticsCounters;

/* A minute of all subjects together. */
typedef struct StatisticsMinute
{
	int64 minute; /* since 2000; 0: nothing was counted yet */
	uint32 answers[STATISTICS_CLASSES];
	uint32 completed_inbound;
	uint32 completed_outbound;
	uint32 errored;
	uint32 ended_otherwise; /* canceled, dropped, duplicate, disabled */
	uint32 tried_again;
	uint32 measured; /* answers of whose waits answered_us is the sum */
	uint64 answered_us;
	uint64 bytes;
} StatisticsMinute;

#define STATISTICS_MINUTES (24 * 60)

/* For shared_memory.c. */
extern Size statistics_size(void);
extern void statistics_attach(void *memory, LWLock *lock, bool is_new);

/* For a worker: counted in its own memory. */
extern void
statistics_note_answer(StatisticsSubject subject, int status, Size bytes); /* 0: none came */
extern void statistics_note_time(StatisticsSubject subject, StatisticsStage stage, TimestampTz from,
								 TimestampTz until);
extern void statistics_note_end(StatisticsSubject subject, TransactionState state);
extern void statistics_add_up(void); /* adds it to what this database has in shared memory */

/* For people, of this database.  Since when is counted; 0: nothing was, or the library is not preloaded. */
extern TimestampTz statistics_since(void);
extern bool statistics_copy(StatisticsCounters *counters); /* false: nothing was counted */
extern int statistics_copy_minutes(StatisticsMinute minutes[STATISTICS_MINUTES]); /* unordered */
extern void statistics_reset(void);

/* For the launcher: databases that are gone. */
extern void statistics_forget_database(Oid database);
extern void statistics_forget_databases_but(bool (*is_kept)(Oid database)); /* must not raise */

#endif
