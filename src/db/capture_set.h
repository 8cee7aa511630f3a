/*
 * capture_set.h
 *		Which captured changes are put into the queue together.
 *
 * Private to db.
 */
#ifndef DB_CAPTURE_SET_H
#define DB_CAPTURE_SET_H

#include "postgres.h"

#include "db/captured_change.h"

/*
 * How many of the first changes go together: UPDATEs of one table, of each row
 * one. At least 1, where there is one; that one may be anything.
 */
extern int capture_set_length(CapturedChange *const *changes, int count);

#endif
