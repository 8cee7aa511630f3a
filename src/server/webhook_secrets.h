/*
 * webhook_secrets.h
 *		Whether a webhook delivery comes from who knows the secret.
 */
#ifndef GITHUB_SYNC_WEBHOOK_SECRETS_H
#define GITHUB_SYNC_WEBHOOK_SECRETS_H

#include "postgres.h"

/*
 * True: signature, the text of X-Hub-Signature-256, is that of the body by one
 * of the secrets in github_sync.webhook_secret_file.  Raises where there is no
 * such file, or it cannot be used; no message names the file or its content.
 */
extern bool webhook_secrets_signed(const char *signature, const void *body, size_t length);

#endif
