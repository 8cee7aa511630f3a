/*
 * installation.c
 *		What this worker knows of one GitHub App installation.
 */
#include "postgres.h"

#include "crypto/crypto.h"
#include "worker/installation.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* So long GitHub may take to make a token known to all of its servers. */
#define TOKEN_SETTLES_MS 5000

/* One that has ended; of the one that is made in its place GitHub is asked. */
#define TOKENS_GIVEN_UP 1

/* So long, what is refused is so for itself. */
#define PROOF_LASTS_MS 60000

static HTAB *installations = NULL;

static void
make_table(void)
{
	HASHCTL control = {.keysize = sizeof(int64),
					   .entrysize = sizeof(Installation),
					   .hcxt = TopMemoryContext};

	installations = hash_create("github_sync installations", 16, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

Installation *
installation_get(int64 id)
{
	Installation *installation;
	bool found;

	if (installations == NULL)
		make_table();
	installation = hash_search(installations, &id, HASH_ENTER, &found);
	if (!found)
	{
		memset(installation, 0, sizeof(Installation));
		installation->id = id;
		installation->may_be_paused = true;
	}
	return installation;
}

void
installation_visit_all(InstallationVisitor visitor, void *argument)
{
	HASH_SEQ_STATUS scan;
	Installation *installation;

	if (installations == NULL)
		return;
	hash_seq_init(&scan, installations);
	while ((installation = hash_seq_search(&scan)) != NULL)
		visitor(installation, argument);
}

void
installation_set_token(Installation *installation, char *token, int64 renew_at,
					   TimestampTz minted_at)
{
	char hex[65];

	installation_drop_token(installation);
	installation->token = token;
	installation->token_renew_at = renew_at;
	installation->token_minted_at = minted_at;
	installation->token_accepted = false;
	installation->token_has_rested = false;
	installation->token_proved_at = DT_NOBEGIN;
	if (crypto_sha256_hex(token, strlen(token), hex))
		strlcpy(installation->token_key, hex, sizeof(installation->token_key));
}

void
installation_drop_token(Installation *installation)
{
	if (installation->token == NULL)
		return;
	crypto_wipe(installation->token, strlen(installation->token));
	free(installation->token);
	installation->token = NULL;
	installation->token_key[0] = '\0';
	installation->token_questioned = false;
}

bool
installation_has_token(const Installation *installation, int64 now)
{
	return installation->token != NULL && installation->token_renew_at > now;
}

void
installation_note_accepted(Installation *installation, const char *token_key)
{
	if (strcmp(token_key, installation->token_key) != 0)
		return;
	installation->token_accepted = true;
	installation->token_doubted = false;
	installation->tokens_refused = 0;
}

void
installation_note_proved(Installation *installation, const char *token_key, TimestampTz now)
{
	if (!installation->token_questioned || strcmp(token_key, installation->token_key) != 0)
		return;
	installation_note_accepted(installation, token_key);
	installation->token_questioned = false;
	installation->token_proved_at = now;
}

/* So new, and never accepted, that GitHub's replicas may not know it yet. */
static bool
rests_new_token(Installation *installation, TimestampTz now)
{
	TimestampTz settled_at =
		TimestampTzPlusMilliseconds(installation->token_minted_at, TOKEN_SETTLES_MS);

	if (installation->token_accepted || now >= settled_at)
		return false;
	installation->token_rests_until = settled_at;
	installation->token_has_rested = true;
	return true;
}

static bool
is_proved(const Installation *installation, TimestampTz now)
{
	return installation->token_proved_at != DT_NOBEGIN &&
		now < TimestampTzPlusMilliseconds(installation->token_proved_at, PROOF_LASTS_MS);
}

bool
installation_doubts_token(Installation *installation, bool tried_before, TimestampTz now)
{
	if (is_proved(installation, now) || (tried_before && installation->token_accepted))
		return false;
	installation->token_doubted = true;
	if (rests_new_token(installation, now))
		return true;
	if (installation->tokens_refused < TOKENS_GIVEN_UP && !installation->token_has_rested)
	{
		installation->tokens_refused++;
		installation_drop_token(installation);
	}
	else
		installation->token_questioned = true;
	return true;
}

/* Many requests with a bad token make GitHub refuse good ones as well. */
bool
installation_spares_token(const Installation *installation, TimestampTz now)
{
	return now < installation->token_rests_until ||
		(installation->token_doubted && installation->requests_unsettled > 0);
}

int
installation_pauses(const Installation *installation, PauseKind kind)
{
	return installation->pause_kind == kind ? installation->pauses : 0;
}

void
installation_note_pause(Installation *installation, PauseKind kind, TimestampTz paused_until)
{
	installation->pauses = installation_pauses(installation, kind) + 1;
	installation->pause_kind = kind;
	installation->paused_until = paused_until;
}

/* InstallationVisitor */
static void
end_credential_pause(Installation *installation, void *argument pg_attribute_unused())
{
	if (installation->pause_kind != PAUSE_CREDENTIALS)
		return;
	installation_drop_token(installation);
	installation->tokens_refused = 0;
	installation->pauses = 0;
	installation->paused_until = 0;
}

void
installation_end_credential_pauses(void)
{
	installation_visit_all(end_credential_pause, NULL);
}
