/*
 * claim_report.h
 *		What GitHub's answer to a claim's request does to its row.
 */
#ifndef GITHUB_SYNC_CLAIM_REPORT_H
#define GITHUB_SYNC_CLAIM_REPORT_H

#include "worker/report.h"

/* Inside a subtransaction: raises what the application's table refuses. */
extern void claim_report_answer(Report *report);

#endif /* GITHUB_SYNC_CLAIM_REPORT_H */
