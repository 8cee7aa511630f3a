/*
 * claim_report.h
 *		What GitHub's answer to a claim's request does to its row.
 */
#ifndef GITHUB_SYNC_CLAIM_REPORT_H
#define GITHUB_SYNC_CLAIM_REPORT_H

#include "core/github_resource.h"
#include "db/queue_report.h"
#include "worker/report.h"

/* Inside a subtransaction: raises what the application's table refuses. */
extern void claim_report_answer(Report *report);

/* An answer that shows the resource of its claim: it is reported along with others. */
typedef struct PlainReport
{
	Report *report;
	GithubResource resource; /* that was read; nothing where it is not modified */
	ResourceReport shown;
	ReportOutcome outcome;
} PlainReport;

/* Whether nothing is to be done about it, as far as is known unread, but to tell what it shows. */
extern bool claim_report_may_be_plain(const Report *report);

/* Of such a one.  False: it has to be reported by itself.  Else claim_report_free() ends what this begins. */
extern bool claim_report_begin_plain(PlainReport *plain);
/* The queue was told, and has said what follows: its outcome. */
extern void claim_report_end_plain(PlainReport *plain);
extern void claim_report_free(PlainReport *plain);

#endif /* GITHUB_SYNC_CLAIM_REPORT_H */
