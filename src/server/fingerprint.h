/*
 * fingerprint.h
 *		What tells this server from a copy of it that has the same system identifier.
 *
 * Words used here:
 *	fingerprint	where the data directory is, on which host, from which backup it
 *				was restored, on which timeline it writes: facts, as a JSON object.
 *				SQL compares them (server_difference()) and decides.
 *	promotion	this server was started as a standby and left recovery: it took
 *				the place of its primary.  A copy that was started as a primary
 *				never did.
 *
 * Works without the library being preloaded too; then no promotion is noticed.
 */
#ifndef GITHUB_SYNC_FINGERPRINT_H
#define GITHUB_SYNC_FINGERPRINT_H

/* While the postmaster preloads the library: how this server is started. */
extern void fingerprint_note_start(void);

/* For the launcher, which runs when recovery is over: keeps it if there was a promotion. */
extern void fingerprint_keep_promotion(void);

/* JSON, palloc'd. */
extern char *fingerprint_of_server(void);

/* The fingerprint that this data directory had at its last promotion; NULL: none is known. */
extern char *fingerprint_at_promotion(void);

#endif /* GITHUB_SYNC_FINGERPRINT_H */
