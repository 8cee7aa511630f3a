/*
 * roster.h
 *		What the launcher knows of the server's databases, and the scouts that it
 *		learns it from.
 */
#ifndef GITHUB_SYNC_ROSTER_H
#define GITHUB_SYNC_ROSTER_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct Database
{
	Oid oid;     /* hash key */
	bool listed; /* seen in pg_database by the reading under way */
	bool known;  /* has been scouted */
	bool unsure; /* no worker is to be started before a scout has answered */
	Oid owner;   /* of its queue; InvalidOid: no queue */

	bool outdated;      /* is to be scouted (again) */
	bool hastened;      /* ... before others: a worker may be needed */
	bool changed;       /* ... because somebody changed something, maybe what held it up */
	int scout_failures; /* in a row */
	TimestampTz scout_not_before;
	int scouted_in_a_row; /* without a rest */
	TimestampTz scouted_at;

	TimestampTz due_since; /* launcher.c: it waits for a worker; 0: it does not */
} Database;

extern void roster_create(void);

/* NULL: the server has no such database, or none may run in it. */
extern Database *roster_find(Oid oid);

typedef void (*RosterVisitor)(Database *database, void *argument);
extern void roster_visit_all(RosterVisitor visitor, void *argument);

/* Whether all of them have been scouted. */
extern bool roster_is_known(void);

/* Its worker ended without being asked to: maybe its queue is gone. */
extern void roster_doubt(Oid oid);

/*
 * Takes over what sessions tell and what the scout under way found out, and sends
 * the next one.  *next_pass is lowered to when that is to be done again; before,
 * the launcher is woken.
 */
extern void roster_update(TimestampTz now, TimestampTz *next_pass);

#endif /* GITHUB_SYNC_ROSTER_H */
