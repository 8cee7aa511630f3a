/*
 * chores.h
 *		What is done in the queue for many rows at a time: one by one, where workers
 *		end with one of them.
 *
 * A chore is about a row of some table (sql/record/chores.sql).  Mostly chores are
 * done together, by the statements that know of no single one.  While a database is
 * served with care, each is done in a transaction of its own, and its row is marked:
 * one that ends its worker, or raises, is left out of the others then, and tried
 * alone, after a time that doubles.  Transactions of the queue are seen to as lost
 * claims are, and errored in the end.
 */
#ifndef GITHUB_SYNC_CHORES_H
#define GITHUB_SYNC_CHORES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/queue_chores.h"
#include "db/transaction.h"
#include "server/suspects.h"

typedef struct Chore
{
	ChoreKind kind;
	RecordType record_type;
	int64 about; /* 0: nothing is to be done */
} Chore;

/* What workers before this one ended with. */
extern void chores_load(void);

/* In sync_workers, as the last error: what is left out just now. */
extern void chores_report_left_out(void);

/* Adds what is not to be done together with others. */
extern void chores_add_left_out(SuspectKind kind, RecordType record_type, TransactionIds *ids);

/*
 * What an answer, or a budget, says of an installation is written by itself, in a
 * subtransaction, and marks it, too: the row that was answered is not at fault.
 * What then fails is logged.  False: it failed, or is left out for a while.
 */
extern bool chores_write_installation(int64 id, DbTry attempt, DbAction action, void *argument);

/*
 * Between db_begin() and db_commit(): the one that is to be done now, by itself.
 * One that a worker ended with before, if its time has come, and while a database
 * is served with care every other time any one, each once before any is met again.
 * *pauses_end: the pauses of installations that follow from settings are to end;
 * false when there is none left.  False: there is nothing to do now.
 */
extern bool chores_find(Chore *chore, const bool attached[RECORD_TYPES], bool *pauses_end);
extern TimestampTz chores_next_time(void);
extern void chores_try_again(void); /* at once: somebody may have mended what is left out */

/* Marks it: until the caller has committed, whatever ends this process was its doing. */
extern void chores_do(const Chore *chore);
extern void chores_note_done(const Chore *chore);
extern void chores_note_failure(const Chore *chore, const DbError *error);

/*
 * What is done besides, where it need not be known with which row it ended a
 * worker: all of it is left out then, for a time that doubles.
 */
typedef enum Activity
{
	ACTIVITY_DELIVERIES = 1,
	ACTIVITY_OLD_DELIVERIES,
	ACTIVITY_LISTS, /* their claims */
	ACTIVITY_PAGES, /* their reports */
	ACTIVITY_COUNT, /* of a record type, as the next; the others are RECORD_TASK's */
	ACTIVITY_RETENTION
} Activity;

/* Until when it is left out; 0: it is not. */
extern TimestampTz chores_activity_rests_until(Activity activity, RecordType record_type);
extern void chores_mark_activity(Activity activity, RecordType record_type);
extern void chores_note_activity_done(Activity activity, RecordType record_type);

/* In the midst of a claim: the first two, where it is not left out; and the last, and many rows are marked again. */
extern TimestampTz chores_begin_activity(Activity activity, RecordType record_type);
extern void chores_end_activity(Activity activity, RecordType record_type);

#endif /* GITHUB_SYNC_CHORES_H */
