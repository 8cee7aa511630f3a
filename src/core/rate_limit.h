/*
 * rate_limit.h
 *		What one installation may send to GitHub, and when.
 *
 * Pure: time comes in as an argument, in milliseconds of a clock that never
 * goes back; memory is the caller's and holds no pointers, so that processes
 * can share it.  All zeros is a limit that nothing is known of yet.
 *
 * Two things limit us.  Our own budget keeps below the secondary limits that
 * GitHub states but does not show: points a minute, creations a minute and an
 * hour, writes one at a time and some time apart, few reads at once.  Reads
 * that come in a crowd may use a part of the minute's points at once; then they
 * come evenly, so that a write does not find the minute used up.  GitHub's
 * answers tell the rest: how many requests of the hour remain, and when it
 * refuses, how long to stay away.
 *
 * GitHub counts a request at some time between its sending and its answer.  So
 * one under way always counts, and one that was answered counts for a window's
 * length from its answer on: no window of GitHub's clock, wherever it begins,
 * ever holds more than the budget.
 *
 * Words:
 *	ticket	 the permission of one request, held until it is answered.
 *	block	 a time in which nothing is sent, because GitHub refused or cannot
 *			 be reached; when it is over, one request, the probe, finds out.
 *	cut		 how much of our own budget we leave unused, since GitHub refused
 *			 while we were within it: its limits are lower than we know.
 *	trouble	 what a failed request was about: its resource, and that one's place,
 *			 the repository.  It is its own where a request about something else,
 *			 sent after it failed, was answered; until one about it is.  So is a
 *			 failure of what was sent before something that was answered, or right
 *			 behind it, and of what tells nothing of anything else.
 *
 * Sources: GitHub's "Rate limits for the REST API" and "Best practices for
 * using the REST API".
 */
#ifndef RATE_LIMIT_H
#define RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/github_response.h"

#define RATE_NEVER INT64_MAX

#define RATE_MINUTE_MS (60 * 1000)
#define RATE_HOUR_MS (60 * 60 * 1000)

/* A window counts in steps: what falls out of it does so one step late at most. */
#define RATE_STEPS 120

/* What a request costs. */
#define RATE_READ_POINTS 1
#define RATE_WRITE_POINTS 5

typedef enum RateKind
{
	RATE_READ,
	RATE_WRITE,   /* changes something */
	RATE_CREATION /* a write that makes an issue or a comment */
} RateKind;

#define RATE_KINDS 3

/* GitHub advises to make requests one after the other: reads go few at a time. */
#define RATE_READS_AT_ONCE 8

/* Who asks: people's edits go before the first import of what is there already. */
typedef enum RateClass
{
	RATE_FOR_PEOPLE,
	RATE_FOR_BACKFILL
} RateClass;

/* Our own budget; 0: no limit. */
typedef struct RateSettings
{
	int points_per_minute;
	int creations_per_minute;
	int creations_per_hour;
	int write_interval_ms;
	int reads_at_once;
} RateSettings;

/* Why a request may not be sent now. */
typedef enum RateObstacle
{
	RATE_NONE,
	RATE_BUSY,       /* as many as may be are under way: ask again when one is answered */
	RATE_INTERVAL,   /* the last write was a moment ago; reads are spread over the minute */
	RATE_POINTS,     /* our points of the minute are used up */
	RATE_CREATIONS,  /* our creations of the minute or the hour are used up */
	RATE_REMAINING,  /* GitHub's hour is used up, but for a reserve */
	RATE_REFUSED,    /* a block: GitHub refused */
	RATE_UNREACHABLE /* a block: GitHub cannot be reached, or answers that it fails */
} RateObstacle;

typedef struct RatePermission
{
	RateObstacle obstacle;
	int64_t not_before_ms; /* RATE_NEVER for RATE_BUSY */
} RatePermission;

/* What a request asks for, by hashes; 0: not told. */
typedef struct RateSubject
{
	uint64_t resource; /* and what is done with it: one may be read and not be changed */
	uint64_t place;    /* that it is in */
	bool fails_alone;  /* its failure may be due to what was asked for: it begins no block */
} RateSubject;

typedef struct RateTicket
{
	RateKind kind;
	RateClass class;
	uint64_t number;   /* of the requests of this limit, from 1 */
	int64_t pace_us;   /* what it takes at an even pace */
	RateSubject about; /* to be told before what the answer means */
} RateTicket;

/* What was sent in the last minute or hour, by steps. */
typedef struct RateWindow
{
	int64_t step; /* number of the present one: time by length of a step */
	uint64_t total;
	uint32_t counts[RATE_STEPS + 1];
} RateWindow;

/* GitHub's hour, as its answers tell it. */
typedef struct RateRemaining
{
	bool known;
	int64_t limit;
	int64_t least;  /* of what answers of this hour said: the last counted one said it */
	int64_t untold; /* requests since, whose answers did not say: they may be counted, too */
	int64_t reset_s;
	int64_t reset_ms;   /* on the caller's clock */
	uint64_t told_by;   /* the latest request whose answer told something */
	uint64_t untold_at; /* the last request sent before one of those was over */
} RateRemaining;

typedef struct RateBlock
{
	RateObstacle why; /* RATE_NONE: there was none, or all is well again */
	int64_t until_ms;
	uint64_t after; /* number of the last request sent before it began */
	int strikes;    /* blocks in a row */
	bool probing;   /* whether it is over is not known yet */
	uint64_t probe; /* number of the request that finds out; 0: none is under way */
} RateBlock;

/* Refusals in a row that named no time: of writes, reads that are answered in between end none. */
typedef struct RateRefusals
{
	int64_t waited_ms; /* the last wait that we chose; 0: there is no such row */
	int64_t until_ms;
} RateRefusals;

/* A resource, or a place, of which the last request failed. */
typedef struct RateTrouble
{
	uint64_t of;          /* RateSubject's resource, or its place; 0: none */
	uint64_t after;       /* number of the last request sent before it was known */
	uint64_t last_failed; /* the same, before it failed last */
	bool is_own;          /* something else was answered since */
} RateTrouble;

#define RATE_TROUBLES 32

typedef struct RateCut
{
	int sixteenths;
	int64_t since_ms; /* it was made, or eased, then */
} RateCut;

typedef struct RateLimit
{
	RateWindow points; /* of the minute */
	RateWindow creations_of_minute;
	RateWindow creations_of_hour;
	RateWindow requests_of_hour; /* for people to see */
	int reads_under_way;
	int backfills_under_way; /* among the reads */
	int writes_under_way;
	int creations_under_way; /* among the writes */
	uint64_t sent;
	int64_t next_write_ms;
	int64_t paced_until_us;    /* at an even pace, what was sent would take until then */
	int64_t people_asked_ms;   /* a read for people did not find a place */
	int64_t backfill_asked_ms; /* a read of a backfill did not */
	RateRemaining remaining;
	RateBlock block;
	RateRefusals refusals[RATE_KINDS];
	RateCut points_cut;
	RateCut creations_cut;
	RateTrouble troubles[RATE_TROUBLES];
	uint64_t answered; /* the latest request that was */
	int own_failures;  /* put down to what they were about, since GitHub answered anything */
} RateLimit;

/*
 * Asks for a permission and takes it: with RATE_NONE the request counts as
 * under way and *ticket is filled in.
 */
extern RatePermission rate_limit_take(RateLimit *limit, const RateSettings *settings, RateKind kind,
									  RateClass class, int64_t now_ms, RateTicket *ticket);

/* A permission that was taken some time before the request left: the interval begins now. */
extern void rate_limit_note_sent(RateLimit *limit, const RateSettings *settings,
								 const RateTicket *ticket, int64_t now_ms);

/*
 * The request is over.  quota: NULL where the answer does not tell it.  Follow
 * this with what the answer means: one of the next three.  One that GitHub
 * never saw costs nothing, and its turn to write is free for the next one at
 * once; one that was cut off GitHub may have counted.
 */
extern void rate_limit_end(RateLimit *limit, const RateTicket *ticket, GithubTransport transport,
						   const GithubQuota *quota, int64_t now_ms);

/* GitHub answered, with whatever but a refusal of this kind. */
extern void rate_limit_note_answer(RateLimit *limit, const RateTicket *ticket);

/*
 * GitHub refused because of a rate limit.  wait_ms: how long it says to wait,
 * which is waited; 0: until a time that is not ahead, so a second; below 0: it
 * does not say, so a minute.  Those two double with each such refusal until
 * GitHub answers with anything else.
 */
extern void rate_limit_note_refusal(RateLimit *limit, const RateTicket *ticket, int64_t wait_ms,
									int64_t now_ms);

/*
 * wait_ms: the least wait, where GitHub says one; base_ms, max_ms,
 * random_fraction: of the schedule, see retry_delay_ms().  True: it is the trouble
 * of what the request was about, and blocks nothing: that alone is to wait.
 */
extern bool rate_limit_note_unreachable(RateLimit *limit, const RateTicket *ticket, int64_t wait_ms,
										int64_t base_ms, int64_t max_ms, double random_fraction,
										int64_t now_ms);

/*
 * Creations that were sent before this memory was made, or elsewhere: how many,
 * and how long before now.
 */
extern void
rate_limit_note_past_creations(RateLimit *limit, int count, int64_t age_ms, int64_t now_ms);

/*
 * It is known to have been blocked before this memory was made, until now say:
 * one request finds out.  Tells nothing new once a request was sent.
 */
extern void rate_limit_note_past_block(RateLimit *limit);

/* A new limit takes over what another one has used: it may have been used by the same. */
extern void rate_limit_inherit(RateLimit *limit, const RateLimit *other, int64_t now_ms);

/* The block that holds everything back now; RATE_NONE: none does. */
extern RatePermission rate_limit_block(const RateLimit *limit, int64_t now_ms);

/* Nothing that would be missed if it were forgotten. */
extern bool rate_limit_is_idle(RateLimit *limit, int64_t now_ms);

typedef struct RateUsage
{
	int64_t points_last_minute;
	int64_t creations_last_minute;
	int64_t creations_last_hour;
	int64_t requests_last_hour;
} RateUsage;

/* What is under way included. */
extern RateUsage rate_limit_usage(RateLimit *limit, int64_t now_ms);

/* What surely remains of GitHub's hour; only where it is known. */
extern int64_t rate_limit_left(const RateLimit *limit);

/* How many requests of the hour are left to others who use the same installation. */
extern int64_t rate_limit_reserve(int64_t limit);

#endif
