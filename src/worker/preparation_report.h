/*
 * preparation_report.h
 *		What GitHub's answer to a request for a token, or for who we are, does.
 */
#ifndef GITHUB_SYNC_PREPARATION_REPORT_H
#define GITHUB_SYNC_PREPARATION_REPORT_H

#include "worker/report.h"

extern void preparation_report_answer(Report *report);

#endif /* GITHUB_SYNC_PREPARATION_REPORT_H */
