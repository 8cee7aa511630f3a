/*
 * queue_chores.h
 *		Chores: what is done in the queue for many rows at a time, one by one.
 *
 * Every function runs between db_begin() and db_commit().
 */
#ifndef DB_QUEUE_CHORES_H
#define DB_QUEUE_CHORES_H

#include "postgres.h"

#include "db/queue_claim.h"
#include "db/record_type.h"

/* As sql/record/chores.sql says what they are. */
typedef enum ChoreKind
{
	CHORE_FIND,
	CHORE_RELEASE,
	CHORE_SETTLE,
	CHORE_APPLY,
	CHORE_RESUME, /* of RECORD_TASK alone: installations have no record type */
	CHORE_KINDS
} ChoreKind;

extern const char *queue_chores_name(ChoreKind kind);

/* What the next one behind that id is about, but for those left out; 0: there is none. */
extern int64 queue_chores_next(ChoreKind kind, RecordType record_type, int64 behind,
							   const TransactionIds *left_out);
extern void queue_chores_do(ChoreKind kind, RecordType record_type, int64 about);

#endif
