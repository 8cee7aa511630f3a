/*
 * place_report.h
 *		Where a claim's record is: what GitHub's answers say of its repository, of
 *		another place, and of what is not shown where it was.
 */
#ifndef GITHUB_SYNC_PLACE_REPORT_H
#define GITHUB_SYNC_PLACE_REPORT_H

#include "worker/report.h"

/* The next request asks which repository has the id; denied: as conversation_locate(). */
extern void place_report_locate(Report *report, const char *denied);

/* ... whether the repository by that name is there, and is the claim's. */
extern void place_report_ask_repository(Conversation *conversation);

/* ... for the issue of a comment: where it is now, the comment may be. */
extern void place_report_ask_issue(Report *report);

/* At the place of what the claim is about GitHub showed another resource: an attempt has failed. */
extern void place_report_other_resource(Report *report);

/* The name by which the claim goes is the repository's: it goes on. */
extern void place_report_accept_name(Report *report);

/* The answer shows a repository; another place; nothing there; nothing to us. */
extern void place_report_repository(Report *report);
extern void place_report_redirect(Report *report);
extern void place_report_not_found(Report *report);
extern void place_report_forbidden(Report *report);

/* What was answered elsewhere may show that the repository has another name now. */
extern void place_report_new_name(const Report *report);

#endif /* GITHUB_SYNC_PLACE_REPORT_H */
