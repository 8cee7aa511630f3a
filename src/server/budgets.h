/*
 * budgets.h
 *		What each installation may send, for all workers of the server together.
 *
 * A budget belongs to an installation of one GitHub (setting api_url) and to the
 * credentials that it is asked with (app_id, or token_file), however many
 * databases and workers use it; what a token may send is one budget, whatever
 * installations a database names.  The rules are in core/rate_limit.h.  It
 * is in shared memory: lost when the server restarts, save for the creations,
 * which each database remembers by its creation attempts, as long as not too many
 * installations are remembered.
 *
 * Tickets of a process that ends are settled by themselves.
 */
#ifndef GITHUB_SYNC_BUDGETS_H
#define GITHUB_SYNC_BUDGETS_H

#include "postgres.h"

#include "core/rate_limit.h"
#include "datatype/timestamp.h"
#include "storage/lwlock.h"

/* How many installations have a budget of their own at a time. */
#define BUDGETS 512

/* GitHub out of reach is asked again this often at least. */
#define UNREACHABLE_MAX_MS (5 * 60 * 1000)

typedef struct BudgetTicket
{
	bool held; /* zeroed memory is a ticket that is not */
	int place;
	RateTicket ticket;
} BudgetTicket;

/* For shared_memory.c. */
extern Size budgets_size(void);
extern void budgets_attach(void *memory, LWLock *lock, bool is_new);

/*
 * Asks for a permission and takes it: with RATE_NONE, *ticket is held, to be
 * settled.  With RATE_BUSY this worker's latch is set when it is worth while
 * to ask again; any other obstacle says when (see budget_time()).
 */
extern RatePermission
budget_take(int64 installation_id, RateKind kind, RateClass class, BudgetTicket *ticket);
extern void budget_note_sent(const BudgetTicket *ticket); /* where that was not at once */

/*
 * The request is over; or it was not sent after all.  True: GitHub fails with what
 * it was about, and not with other requests of the installation.
 */
extern bool
budget_settle(BudgetTicket *ticket, const RateSubject *about, const GithubVerdict *verdict);
extern void budget_give_back(BudgetTicket *ticket);

/* A request that needs no ticket, for a token or for who we are, was refused or not answered. */
extern void budget_note_verdict(int64 installation_id, const GithubVerdict *verdict);

/* It was paused, as the database remembers, which may be of before this memory was made. */
extern void budget_note_past_pause(int64 installation_id);

/* Whether nothing may be sent whatever it is: RATE_NONE, RATE_REFUSED or RATE_UNREACHABLE. */
extern RatePermission budget_block(int64 installation_id);

/* The times of permissions, by the server's clock. */
extern TimestampTz budget_time(int64 not_before_ms);

/*
 * Creations of this database before shared memory was made: noted once.  Until
 * all databases have done so, nothing is created.
 */
extern bool budgets_know_creations(void);
extern void budget_note_past_creations(int64 installation_id, int count, int64 age_ms,
									   int64 answer_may_take_ms);
extern void budgets_note_creations_known(void);
extern void budgets_note_nothing_to_know(void); /* of a database that does not send */

typedef struct BudgetOverview
{
	RateUsage usage;
	int reads_under_way;
	int writes_under_way;
	bool limit_known;
	int64 limit;
	int64 remaining;
	TimestampTz reset_at;
} BudgetOverview;

/* False: nothing is known of it, or this database has not used it. */
extern bool budget_overview(int64 installation_id, BudgetOverview *overview);

#endif /* GITHUB_SYNC_BUDGETS_H */
