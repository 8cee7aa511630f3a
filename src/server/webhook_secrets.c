/*
 * webhook_secrets.c
 *		Whether a webhook delivery comes from who knows the secret.
 *
 * The file is read anew for each delivery: a secret that is added or taken away
 * counts from the next one on.  Secrets are wiped before anything is raised.
 */
#include "postgres.h"

#include "crypto/crypto.h"
#include "server/settings.h"
#include "server/webhook_secrets.h"

#define SIGNATURE_PREFIX "sha256="
#define DIGEST_LENGTH 64 /* in hex digits */

typedef enum SignatureCheck
{
	NO_SECRET,
	NOT_SIGNED,
	SIGNED,
	NOT_COMPUTED
} SignatureCheck;

/* A secret is a line without its end, which may be that of another system. */
static size_t
length_of_secret(const char *line, size_t length)
{
	while (length > 0 && line[length - 1] == '\r')
		length--;
	return length;
}

/* Every secret is tried, whichever of them it is: time tells nothing. */
static SignatureCheck
check_line(const char *secret, size_t secret_length, const char *digest, const void *body,
		   size_t length, SignatureCheck so_far)
{
	char computed[DIGEST_LENGTH + 1];

	if (!crypto_hmac_sha256_hex(secret, secret_length, body, length, computed))
		return NOT_COMPUTED;
	if (crypto_equal(computed, digest, DIGEST_LENGTH))
		return SIGNED;
	return so_far == NO_SECRET ? NOT_SIGNED : so_far;
}

static SignatureCheck
check_lines(const CryptoSecret *secrets, const char *digest, const void *body, size_t length)
{
	const char *line = secrets->text;
	const char *end = secrets->text + secrets->length;
	SignatureCheck result = NO_SECRET;

	while (line < end && result != NOT_COMPUTED)
	{
		const char *line_end = memchr(line, '\n', (size_t) (end - line));
		size_t secret_length;

		if (line_end == NULL)
			line_end = end;
		secret_length = length_of_secret(line, (size_t) (line_end - line));
		if (secret_length > 0)
			result = check_line(line, secret_length, digest, body, length, result);
		line = line_end + 1;
	}
	return result;
}

/* The path is for superusers alone. */
static void
raise_unusable(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("the secrets of webhooks cannot be read"),
			 errdetail("The file that github_sync.webhook_secret_file names %s.", problem)));
}

static CryptoSecret
read_secrets(void)
{
	CryptoSecret secrets;
	const char *problem;

	if (setting_webhook_secret_file[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("github_sync.webhook_secret_file is not set"),
				 errhint("Name the file with the webhook's secret, or verify the signature "
						 "yourself and call github_sync.ingest_webhook().")));
	if (!crypto_secret_read(setting_webhook_secret_file, &secrets, &problem))
		raise_unusable(problem);
	return secrets;
}

/* NULL: it is no signature at all. */
static const char *
digest_of(const char *signature)
{
	const size_t prefix_length = strlen(SIGNATURE_PREFIX);

	if (strlen(signature) != prefix_length + DIGEST_LENGTH ||
		strncmp(signature, SIGNATURE_PREFIX, prefix_length) != 0)
		return NULL;
	return signature + prefix_length;
}

bool
webhook_secrets_signed(const char *signature, const void *body, size_t length)
{
	const char *digest = digest_of(signature);
	CryptoSecret secrets = read_secrets();
	SignatureCheck result =
		digest == NULL ? NOT_SIGNED : check_lines(&secrets, digest, body, length);

	crypto_secret_free(&secrets);
	switch (result)
	{
		case NO_SECRET:
			raise_unusable("holds no secret");
			break;
		case NOT_COMPUTED:
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("the signature of a webhook could not be computed")));
			break;
		case NOT_SIGNED:
		case SIGNED:
			break;
	}
	return result == SIGNED;
}
