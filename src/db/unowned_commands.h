/*
 * unowned_commands.h
 *		Commands whose objects belong to no extension.
 */
#ifndef GITHUB_SYNC_UNOWNED_COMMANDS_H
#define GITHUB_SYNC_UNOWNED_COMMANDS_H

/*
 * Runs one or more SQL commands as the current user, one after the other.
 *
 * Within CREATE EXTENSION too, what they make is no member of the extension:
 * it is dumped and restored as ordinary objects, its grants included, and it
 * may replace existing objects.
 */
extern void unowned_commands_execute(const char *commands);

/*
 * The first value of a query, run as the current user, as text in the memory
 * of the caller; NULL when it is null or there is no row.
 */
extern char *unowned_commands_read(const char *query);

#endif /* GITHUB_SYNC_UNOWNED_COMMANDS_H */
