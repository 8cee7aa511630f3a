/*
 * lookup_report.h
 *		A creation whose answer was lost: whether a page of a list shows it, and
 *		which page is read next.
 */
#ifndef GITHUB_SYNC_LOOKUP_REPORT_H
#define GITHUB_SYNC_LOOKUP_REPORT_H

#include "core/github_resource.h"
#include "worker/report.h"

/* Whether a text has the key by which the claim's creation is known. */
extern bool lookup_report_carries_key(const GithubResource *resource, const SyncClaim *claim);

/* The claim's creation among the items of a page; NULL: it is not there. */
extern const GithubResource *
lookup_report_find(const GithubResourceList *list, const SyncClaim *claim);

/* The next page follows, or none is left: nothing was created. */
extern void lookup_report_not_on_page(Report *report, const GithubResourceList *list);

#endif /* GITHUB_SYNC_LOOKUP_REPORT_H */
