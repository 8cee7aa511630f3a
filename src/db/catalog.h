/*
 * catalog.h
 *		What launcher and scouts read from the server's catalogs.
 *
 * Each function is a transaction of its own; none runs SQL or user code.
 */
#ifndef GITHUB_SYNC_CATALOG_H
#define GITHUB_SYNC_CATALOG_H

#include "postgres.h"

typedef void (*DatabaseVisitor)(Oid database);

/*
 * Visits each database in which a worker may run: it allows connections, is no
 * template and not half dropped.  Needs no connection to a database.
 */
extern void catalog_visit_databases(DatabaseVisitor visit);

/* As whom the current database's workers run; InvalidOid: it gets none (no queue, or no one owner). */
extern Oid catalog_queue_owner(void);

#endif /* GITHUB_SYNC_CATALOG_H */
