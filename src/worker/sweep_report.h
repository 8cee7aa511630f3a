/*
 * sweep_report.h
 *		What GitHub's answer to a request for a page of a list does.
 */
#ifndef GITHUB_SYNC_SWEEP_REPORT_H
#define GITHUB_SYNC_SWEEP_REPORT_H

#include "worker/report.h"

extern void sweep_report_arrival(Report *report);

/* What was read could not be applied: as a whole, for its items fail alone. */
extern void sweep_report_failure(const Conversation *conversation, const char *reason);

#endif /* GITHUB_SYNC_SWEEP_REPORT_H */
