/*
 * repositories.h
 *		Which repositories answered to their names lately.
 *
 * A path names a repository by owner and name, and names are reused: after a
 * rename another repository may have the old one.  What is read and updated is
 * known by its id.  A creation has none yet, nor has the list in which one is
 * looked for, or an issue of which only the number was told.  So before any of
 * them is asked for by name, an answer that is not old has shown that the name is
 * still the repository's own.  One such answer serves all of its time.
 */
#ifndef GITHUB_SYNC_REPOSITORIES_H
#define GITHUB_SYNC_REPOSITORIES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "worker/conversation.h"

/* It is to ask for something that has no id yet where no late answer has confirmed the name. */
extern bool repositories_need_confirmation(const Conversation *conversation, TimestampTz now);

/* Somebody else asks about it just now. */
extern bool repositories_wait_for_confirmation(const Conversation *conversation);

/* It asks first. */
extern void repositories_begin_confirmation(Conversation *conversation);

/* What it may be asked with: the last answer's, by the present token; or NULL. */
extern const char *repositories_etag(const Conversation *conversation);

/*
 * The repository of the claim has answered, and what it showed is the name that
 * the claim goes by; or it is unchanged since it was asked the last time, and the
 * claim takes the name of then, as its own may be a former one that leads there.
 * conversation->step_after is next.
 */
extern void repositories_note_confirmed(Conversation *conversation, TimestampTz now);

/* Something else than the claim's own has answered by its name, or the name leads elsewhere. */
extern void repositories_doubt(const Conversation *conversation);

/* It does not ask, or no longer. */
extern void repositories_end_confirmation(const Conversation *conversation);

#endif /* GITHUB_SYNC_REPOSITORIES_H */
