/*
 * github_secret.h
 *		What our tokens look like, and whether a text repeats one of them.
 *
 * Pure.  Whoever answers may repeat what we sent, and damage it on the way: of a
 * secret a piece tells nearly as much as all of it.
 */
#ifndef GITHUB_SECRET_H
#define GITHUB_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A piece of so many characters is no word that happens to be the same.  Shorter
 * than half of GitHub's shortest tokens (36 characters behind "ghs_"), so that
 * one of them with a byte changed still has such a piece.
 */
#define GITHUB_SECRET_PIECE_LENGTH 16

/* How much of a token at text everybody knows ("ghs_"); 0: text starts with none. */
extern size_t github_secret_prefix_length(const char *text);

/*
 * Whether text has a piece of the secret in it.  No pieces are its prefix, and
 * what is JSON in a JSON Web Token: header and claims, of which others have the
 * same.  One without pieces (short, or repeating itself) has to be there as a
 * whole; with three characters or less it is a word like others, and never is.
 * Of one that is longer than a kilobyte its end counts.
 */
extern bool github_secret_is_in_text(const char *text, const char *secret);

/* The same of sanitized JSON, by what its strings say: "\u0067hs_" is "ghs_". */
extern bool github_secret_is_in_json(const char *json, const char *secret);

#endif
