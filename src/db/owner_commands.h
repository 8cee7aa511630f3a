/*
 * owner_commands.h
 *		Commands that touch what belongs to the owner of the queue.
 */
#ifndef GITHUB_SYNC_OWNER_COMMANDS_H
#define GITHUB_SYNC_OWNER_COMMANDS_H

#include "postgres.h"

#include "db/row_expression.h"

/*
 * Runs SQL commands as the owner of a table, for a caller who is that owner
 * (or a member of it, or a superuser); anybody else gets 42501.
 *
 * Triggers, defaults and rules that the owner put there run as the owner, in
 * a security-restricted operation: nothing of them is left for the commit,
 * where they would run as the caller.
 */
extern void owner_commands_execute(Oid table, const char *commands);

/*
 * Runs one query in the same way; returns its first value as text, palloc'd
 * for the caller, or NULL.  Views, casts and output functions that the owner
 * put in the way run as the owner too.
 */
extern char *owner_commands_read(Oid table, const char *query);

/* row_expression_describe() in the same way: it reads literals of the owner's types. */
extern RowExpression owner_commands_describe(Oid table, const char *expression, const char *row);

/*
 * After REASSIGN OWNED by a superuser: the new owner of the queue may use the
 * schema, without which the server's own foreign keys would fail.
 */
extern void owner_commands_let_owner_use(void);

#endif /* GITHUB_SYNC_OWNER_COMMANDS_H */
