/*
 * plan_age.h
 *		Plans that were made when the queue was much shorter are made anew.
 *
 * Private to db.  Runs between db_begin() and db_commit(), before a statement
 * that waits for the same lock of the queue anyway.
 */
#ifndef DB_PLAN_AGE_H
#define DB_PLAN_AGE_H

#include "postgres.h"

#include "db/record_type.h"

extern void plan_age_check(RecordType record_type);

#endif
