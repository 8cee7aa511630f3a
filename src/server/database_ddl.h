/*
 * database_ddl.h
 *		Commands that concern the workers.
 */
#ifndef GITHUB_SYNC_DATABASE_DDL_H
#define GITHUB_SYNC_DATABASE_DDL_H

extern void database_ddl_install(void);

#endif /* GITHUB_SYNC_DATABASE_DDL_H */
