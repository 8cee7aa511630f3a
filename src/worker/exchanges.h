/*
 * exchanges.h
 *		This worker's HTTP client: one, with the options of the settings.
 */
#ifndef GITHUB_SYNC_EXCHANGES_H
#define GITHUB_SYNC_EXCHANGES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "http/http.h"

/* Raises when it cannot. */
extern void exchanges_open(void);
extern void exchanges_reconfigure(void);
extern int exchanges_descriptor(void);

/* When exchanges_progress() must be called, though nothing happens before; or DT_NOEND. */
extern TimestampTz exchanges_next_time(TimestampTz now);

extern HttpStart exchanges_start(const HttpRequest *request);

/* Lets the network work, without waiting. */
extern void exchanges_progress(void);

/* The next finished exchange, or NULL; its taker frees it. */
extern HttpExchange *exchanges_take_finished(void);

#endif /* GITHUB_SYNC_EXCHANGES_H */
