/*
 * credentials.h
 *		Who we are for GitHub, read from files.
 *
 * Secrets live in this process's memory only; a problem is static text or
 * names a setting, never a secret or its file's content.
 */
#ifndef GITHUB_SYNC_CREDENTIALS_H
#define GITHUB_SYNC_CREDENTIALS_H

#include "postgres.h"

/* A personal access token instead of an App: token_file is set. */
extern bool credentials_are_a_token(void);

/* A JWT of the App, malloc'd; NULL: *problem says why.  now: seconds since 1970. */
extern char *credentials_make_jwt(int64 now, const char **problem);

/* The token in token_file, malloc'd; NULL: *problem says why. */
extern char *credentials_read_token(const char **problem);

#endif
