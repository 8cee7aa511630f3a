/*
 * versions.h
 *		Whether the library, the extensions and what attach made belong together.
 */
#ifndef DB_VERSIONS_H
#define DB_VERSIONS_H

/*
 * Raises ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE where a part of the attached
 * record types is not of this library's version; the message names the
 * statement that mends it.
 */
extern void versions_check(void);

#endif /* DB_VERSIONS_H */
