/*
 * set_report.h
 *		Answers that show the resources of their claims are reported as a set, by
 *		one statement.
 *
 * One that the queue refuses is undone together with the others: the set is
 * halved until what is refused is alone.  A report by itself is reporting.c's.
 */
#ifndef GITHUB_SYNC_SET_REPORT_H
#define GITHUB_SYNC_SET_REPORT_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "worker/report.h"

/*
 * Between db_begin() and db_commit(): makes those of reports (of Report) that can be made
 * together, and returns the others.
 */
extern List *set_report_make(const List *reports);

#endif /* GITHUB_SYNC_SET_REPORT_H */
