/*
 * database_ddl.h
 *		Commands that concern the workers.
 */
#ifndef GITHUB_SYNC_DATABASE_DDL_H
#define GITHUB_SYNC_DATABASE_DDL_H

extern void install_database_ddl(void);

#endif /* GITHUB_SYNC_DATABASE_DDL_H */
