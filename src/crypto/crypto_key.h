/*
 * crypto_key.h
 *		What a CryptoKey is.  Internal to the room.
 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include <openssl/evp.h>

struct CryptoKey
{
	EVP_PKEY *pkey; /* RSA; OpenSSL wipes it when it is freed */
};

#endif
