/*
 * capture_functions.h
 *		The functions of the queue's owner that capture calls.
 *
 * Private to db.  They are called by their place in the catalog, not by SQL:
 * the application's role needs no right on our schema, and where they are gone
 * that is an answer and not an error.
 */
#ifndef DB_CAPTURE_FUNCTIONS_H
#define DB_CAPTURE_FUNCTIONS_H

#include "postgres.h"

#include "db/captured_change.h"

/* By in_worker(): whether this process is a worker. */
extern bool capture_functions_in_worker(void);

/* Raises what the rules raise. */
extern void capture_functions_enqueue(const CapturedChange *change);

/* The same for a set, as capture_set.h says which go together. */
extern void capture_functions_enqueue_set(CapturedChange *const *changes, int count);

typedef struct CaptureProblem
{
	RecordType record_type;
	const char *problem; /* which kind: one row is kept of each */
	const char *detail;
	const char *remedy;
} CaptureProblem;

/* True: it was not known yet. */
extern bool capture_functions_note_problem(const CaptureProblem *problem);

/* This row is to be looked at when the problem is over, whatever is known of it. */
extern void capture_functions_note_row(const CapturedChange *change);

#endif
