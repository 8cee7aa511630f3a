/*
 * test_crypto_memory.c
 *		Memory of the crypto room: it runs out anywhere, in the room and in
 *		OpenSSL; what held a secret is wiped before it is freed; none is kept.
 *
 * The linker gives the room's malloc and free to this file; OpenSSL's go by its
 * hooks.
 */
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "unit.h"

#define NEVER (-1)
#define MOST_ALLOCATIONS 80 /* of OpenSSL's: of a key, it makes thousands */
#define GUARD 16
#define TEXT_SIZE (CRYPTO_MAX_SECRET_FILE_LENGTH + 1)

extern void *__real_malloc(size_t size);
extern void __real_free(void *memory);
extern void *__wrap_malloc(size_t size);
extern void __wrap_free(void *memory);

/* One that will fail, of the room's or of OpenSSL's. */
typedef struct Failure
{
	int in; /* so many allocations */
	bool has_come;
} Failure;

static Failure of_room = {.in = NEVER};
static Failure of_openssl = {.in = NEVER};
static int held; /* blocks of the room's */

/* The block that was large enough for a file. */
static char *text_block;
static size_t text_block_size;
static int texts_freed;
static bool wiped;
static bool wiped_too_much;

static bool
comes_now(Failure *failure)
{
	if (failure->in == NEVER || failure->in-- > 0)
		return false;
	failure->in = NEVER;
	failure->has_come = true;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	char *memory = comes_now(&of_room) ? NULL : __real_malloc(size + GUARD);

	if (memory == NULL)
		return NULL;
	memset(memory, 'x', size + GUARD);
	held++;
	if (size >= TEXT_SIZE)
	{
		text_block = memory;
		text_block_size = size;
	}
	return memory;
}

static bool
is_all(const char *bytes, size_t length, char c)
{
	for (size_t i = 0; i < length; i++)
	{
		if (bytes[i] != c)
			return false;
	}
	return true;
}

void
__wrap_free(void *memory)
{
	if (memory != NULL)
		held--;
	if (memory != NULL && memory == text_block)
	{
		texts_freed++;
		wiped = is_all(text_block, TEXT_SIZE, '\0');
		wiped_too_much = !is_all(text_block + text_block_size, GUARD, 'x');
		text_block = NULL;
	}
	__real_free(memory);
}

static void *
allocate(size_t size, const char *file, int line)
{
	(void) file;
	(void) line;
	return comes_now(&of_openssl) ? NULL : __real_malloc(size);
}

static void *
allocate_again(void *memory, size_t size, const char *file, int line)
{
	(void) file;
	(void) line;
	return comes_now(&of_openssl) ? NULL : realloc(memory, size);
}

static void
release(void *memory, const char *file, int line)
{
	(void) file;
	(void) line;
	__real_free(memory);
}

/* ---- what is wiped ---- */

static char path[200];

static void
write_text(const char *text, size_t length)
{
	FILE *file = fopen(path, "wb");

	fwrite(text, 1, length, file);
	fclose(file);
	texts_freed = 0;
}

static void
check_wiping(const char *name)
{
	is_int(texts_freed, 1, name);
	ok(wiped, "... wiped, to its last byte");
	ok(!wiped_too_much, "... and nothing behind it");
}

static void
test_wiping(void)
{
	static char text[TEXT_SIZE];
	CryptoSecret secret;
	const char *error;

	memset(text, 's', sizeof(text));
	write_text(text, sizeof(text));
	ok(!crypto_secret_read(path, &secret, &error), "a file that is too large is refused");
	check_wiping("... what was read of it is freed");
	write_text(text, sizeof(text) - 1);
	ok(crypto_secret_read(path, &secret, &error), "a file of as much as there may be is read");
	crypto_secret_free(&secret);
	check_wiping("... its text is freed");
	is_int(secret.length, 0, "... and has no length");
	ok(crypto_private_key_read(path, &error) == NULL, "a text that is no key is refused");
	is_int(texts_freed, 2, "... and freed");
	ok(wiped, "... and wiped");
	is_int(held, 0, "nothing is kept");
}

/* ---- memory that runs out: each says whether it went well ---- */

static CryptoKey *key;
static const char *jwt_of_key;

static bool
read_secret(void)
{
	const char *error = "untouched";
	CryptoSecret secret;

	if (crypto_secret_read(path, &secret, &error))
	{
		crypto_secret_free(&secret);
		return true;
	}
	is_text(error, "does not fit into memory", "a file without memory has that problem");
	ok(secret.text == NULL && secret.length == 0, "... and leaves nothing");
	return false;
}

static bool
read_key(void)
{
	const char *error = NULL;
	CryptoKey *read = crypto_private_key_read(path, &error);

	if ((read != NULL) != (error == NULL))
		ok(false, "a key is read, or it is said why not");
	crypto_private_key_free(read);
	return read != NULL;
}

static bool
sign_token(void)
{
	char *jwt = crypto_jwt_rs256(key, "1", 1, 2);
	bool made = jwt != NULL;

	if (made && strcmp(jwt, jwt_of_key) != 0)
		ok(false, "a token is whole, or none");
	free(jwt);
	return made;
}

static bool
compute_hmac(void)
{
	char hex[65];

	memset(hex, 'x', sizeof(hex));
	if (!crypto_hmac_sha256_hex("key", 3, "data", 4, hex))
		return false;
	is_text(hex, "5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0",
			"an HMAC is the known one");
	return true;
}

static bool
compute_digest(void)
{
	char hex[65];

	memset(hex, 'x', sizeof(hex));
	if (!crypto_sha256_hex("abc", 3, hex))
		return false;
	is_text(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"a SHA-256 is the known one");
	return true;
}

static const struct
{
	const char *name;
	bool (*succeeds)(void);
	bool room_allocates;
	bool openssl_allocates;
} attempts[] = {
	{"reading a file", read_secret, true, false}, {"reading a key", read_key, true, true},
	{"signing a token", sign_token, true, true},  {"an HMAC", compute_hmac, false, true},
	{"a SHA-256", compute_digest, false, true},
};

/* How many attempts do not succeed; what the caller has in OpenSSL's queue stays. */
static int
count_failures(bool (*succeeds)(void), Failure *failure)
{
	int held_before = held;
	int failed = 0;
	bool nothing_left = true;

	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 1);
	failure->has_come = true;
	for (int n = 0; failure->has_come && n < MOST_ALLOCATIONS; n++)
	{
		failure->has_come = false;
		failure->in = n;
		failed += !succeeds();
		failure->in = NEVER;
		nothing_left = nothing_left && held == held_before &&
			ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_USER &&
			ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_USER;
	}
	ok(nothing_left, "... leaves nothing in memory, and OpenSSL's queue as it was");
	ERR_clear_error();
	return failed;
}

static void
try_without_each(size_t i)
{
	ok(attempts[i].succeeds(), attempts[i].name);
	is_int(count_failures(attempts[i].succeeds, &of_room) > 0, attempts[i].room_allocates,
		   "... fails without memory of ours");
	is_int(count_failures(attempts[i].succeeds, &of_openssl) > 0, attempts[i].openssl_allocates,
		   "... fails without memory of OpenSSL's");
}

static void
test_each_allocation(void)
{
	EVP_PKEY *pkey = EVP_RSA_gen(1024);
	BIO *bio = BIO_new_file(path, "w");
	const char *error;

	PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	key = crypto_private_key_read(path, &error);
	jwt_of_key = crypto_jwt_rs256(key, "1", 1, 2);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
		try_without_each(i);
	free((char *) jwt_of_key);
	crypto_private_key_free(key);
	is_int(held, 0, "in the end, nothing is kept");
}

int
main(void)
{
	const char *parent = getenv("TMPDIR");
	int file;

	CRYPTO_set_mem_functions(allocate, allocate_again, release);
	snprintf(path, sizeof(path), "%s/test_crypto_memory.XXXXXX", parent != NULL ? parent : "/tmp");
	file = mkstemp(path);
	close(file);
	test_wiping();
	test_each_allocation();
	unlink(path);
	return done_testing();
}
