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

/* Seconds by which JWTs are dated ahead of our clock, as GitHub's answers had it. */
extern int64 credentials_clock_offset(void);

/*
 * GitHub refused the times of a JWT and said how far its clock is ahead of
 * ours.  True: JWTs are dated by its clock from now on, so that it is worth
 * another try; false: they were dated by it, or that was believed often enough.
 */
extern bool credentials_correct_clock(int64 signed_with_offset_s, int64 offset_s);

/* GitHub has accepted a JWT. */
extern void credentials_accepted(void);

/* The token in token_file, malloc'd; NULL: *problem says why. */
extern char *credentials_read_token(const char **problem);

#endif
