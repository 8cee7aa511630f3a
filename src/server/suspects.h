/*
 * suspects.h
 *		What workers were working on when they ended without an outcome.
 *
 * A row of the owner's can end a worker, or the server: by what its triggers do.
 * Each worker marks the row that it works on; a process that ends while the mark
 * is there makes the row a suspect.  A worker that comes later tries suspects
 * alone, and in the end errors them, or leaves them alone, so that their
 * neighbours are carried.
 *
 * Where the mark names no row (a claim or a commit of many), the database is to
 * be served with care for a while: one row in a transaction, each marked.
 *
 * All of this survives a crash of the server, in which shared memory is lost:
 * the postmaster keeps a copy in its own memory.  So does the count of crashes
 * in a row, with which the time grows until workers are started again: in a row
 * are those between which no claim had an outcome.
 */
#ifndef GITHUB_SYNC_SUSPECTS_H
#define GITHUB_SYNC_SUSPECTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/record_type.h"
#include "storage/lwlock.h"

/* What a worker works on: whose id a suspect's is. */
typedef enum SuspectKind
{
	SUSPECT_TRANSACTION,
	SUSPECT_RECORD,       /* our row of it */
	SUSPECT_LISTED,       /* what a list showed, by GitHub's id */
	SUSPECT_INSTALLATION, /* of no record type: RECORD_TASK */
	SUSPECT_ACTIVITY      /* no row, but what was done with whichever */
} SuspectKind;

typedef struct Suspect
{
	Oid database; /* InvalidOid: the place is free */
	SuspectKind kind;
	RecordType record_type;
	int64 id;
	int ends;                /* how often a worker ended with it */
	TimestampTz last_end_at; /* of more than there is room for, the oldest makes way */
} Suspect;

/* Of one database: of more, the ones that come later are not remembered. */
#define SUSPECTS_PER_DATABASE 16

/* For shared_memory.c. */
extern Size suspects_size(void);
extern void suspects_attach(void *memory, LWLock *lock, bool is_new);

/* For a worker, about its own database. */
extern void suspects_mark(SuspectKind kind, RecordType record_type, int64 id);
extern void suspects_mark_many(void); /* rows that cannot be told apart */
extern void suspects_unmark(void);
extern int suspects_copy(Suspect rows[SUSPECTS_PER_DATABASE]);
/* Something was done with it without an outcome; or with one. */
extern void suspects_note_end(SuspectKind kind, RecordType record_type, int64 id);
extern void suspects_forget(SuspectKind kind, RecordType record_type, int64 id);
extern void suspects_note_outcome(void); /* of whatever claim */
extern void suspects_ask_for_care(void);
extern bool suspects_need_care(void);

/* For the launcher: when workers may be started again after a crash of the server. */
extern TimestampTz suspects_start_not_before(void);

/* For the launcher: what is remembered of databases that are gone makes room for others. */
extern void suspects_forget_databases_but(bool (*is_kept)(Oid database)); /* must not raise */

#endif /* GITHUB_SYNC_SUSPECTS_H */
