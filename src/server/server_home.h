/*
 * server_home.h
 *		Where this server's files are, and how it came up: what tells a server
 *		from a copy of its files.
 */
#ifndef GITHUB_SYNC_SERVER_HOME_H
#define GITHUB_SYNC_SERVER_HOME_H

typedef enum ServerOrigin
{
	SERVER_ITS_OWN, /* it was started on what it left, or is a new one */
	SERVER_STANDBY, /* it was started as a standby, and may have been promoted since */
	SERVER_BACKUP   /* it was started on a backup, as a primary or by recovery to a point in time */
} ServerOrigin;

/* While shared_preload_libraries are loaded, in the data directory: a start removes what tells it. */
extern void server_home_note_start(void);

/* Of a server that was not started with the library, its own. */
extern ServerOrigin server_home_origin(void);

/*
 * "<host>-<directory>-<files>", eight hexadecimal digits each: of the machine's
 * id, of the path of the data directory, and of the inodes of files that are
 * never replaced.  A copy has others.  In static memory.
 */
extern const char *server_home(void);

#endif /* GITHUB_SYNC_SERVER_HOME_H */
