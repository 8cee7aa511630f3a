/*
 * github_message.h
 *		The words of GitHub's error answers, fit to be shown.
 *
 * Pure.  Whoever answers may repeat what we sent: no token gets through here.
 */
#ifndef GITHUB_MESSAGE_H
#define GITHUB_MESSAGE_H

#define GITHUB_MESSAGE_MAX_LENGTH 1000

/*
 * "message" and the first of "errors": "Validation Failed: title is too long".
 * malloc'd, at most GITHUB_MESSAGE_MAX_LENGTH bytes; NULL when the answer has
 * none.  Tokens of GitHub's form are cut to "ghs_***".
 */
extern char *github_message_parse(const char *json);

/*
 * In place: every occurrence of the secret in text becomes "***", also one that
 * the end of text has cut off, and each piece of it of 12 bytes or more.  For
 * tokens that have not GitHub's form, or lost it on the way.
 */
extern void github_message_hide_secret(char *text, const char *secret);

#endif
