/*
 * session.h
 *		What a row left behind in the worker's session is undone.
 *
 * Private to db.  The owner's triggers run in the worker's session, which lasts:
 * what they leave in it (settings, a role, advisory locks, cursors, prepared
 * statements, LISTEN, temporary tables) must not meet the next row.
 */
#ifndef DB_SESSION_H
#define DB_SESSION_H

/* In a transaction that did nothing else: some of it ends with its commit. */
extern void session_clean(void);

#endif
