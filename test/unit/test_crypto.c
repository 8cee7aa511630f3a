/*
 * test_crypto.c
 *		Keys, tokens and digests, against known answers and OpenSSL's own words.
 *
 * The expected tokens come from the openssl command ("dgst -sha256 -sign"):
 * RS256 always signs the same text alike.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "unit.h"

/* Made for this test alone, and never used for anything else. */
static const char test_key[] = "-----BEGIN RSA PRIVATE KEY-----\n"
							   "MIIEpAIBAAKCAQEAqyBQp5Buag1edmEL4mkzSalQb1Xck0Evqjxv6eWdmOdQDGBw\n"
							   "gTfsJbwIW4sFHYGY6i2eelNxUwC1/m+WP0aAMLxg+02QC3VPFqeN7IkjqF99E/tA\n"
							   "/S78PH3MKz6PLHteb4ZbeuwFBxYEE9/yMJb/JMD3XG1ctCNPcKySmAFuiQGtIYX+\n"
							   "q3hD4yvA5V5Y62klPZ8pfX/OSLvyegeHYfDn0jwK+webctbfpmf0b5KUiKbntHcw\n"
							   "6/jmBdI2LaXyRMMTuEZoD6JhN2tGsssuvWAlr/Soz8HY+a08I6VFSRjIvkwkM7CK\n"
							   "h3LUQPuGEbXSZHy7OF7jD1iyPWSd0ZwzHOKP7QIDAQABAoIBABcx2xzLO9wOEdaz\n"
							   "0ruOjNAYLfnZRnuDI2XMqVKnt9PIzpXO4JDzNoPq16sozbmxHjvnkQp9kuewOfrR\n"
							   "vyi2cpuofPCzE6op7V1hup/r+rRQtRBnRujKXJAKcQkPgrKBykwNhwrDQO8z8buL\n"
							   "6DTj0pN1wFF71UvpWVQpX/lQgF37bmS8hZ3Y12fktZeDvHws2Zu/JOjq5ZNXIZSd\n"
							   "lUMqN2s/NialaZZZDHXl6U56pXVO+q232p4F1MbXsK8vJQKCPjBjEUkKOXI1WdrY\n"
							   "7caaSeuXyOFtiy2Ehwa6Vew6c0uhEre3NaMk5DNvS3gYL0QeoqPzg4Qa2V0fhsbN\n"
							   "7cuvxCECgYEA2lReEoFJeRXNhNrNpyIiksYvOh3nvzSFgGl3xd2RPjAE1NQYBhRh\n"
							   "sWg8BIi0uqRL9/DqJsFwqSDETifrVHPBqHWQxha9+OHgxt0LldUAmWfKjRnV3n9z\n"
							   "kY/XLA5NV5479zeAVZRXKJC0L2d3+ABhHiM7k9G1f5CkhFYxDaG2rJUCgYEAyKb5\n"
							   "HDIQ5kZCyOcM9mDTXBFWnOuS6jZmjAJZWVfkW5QEvOKtD/GINO4wHCgdSKUkcKbN\n"
							   "jlWEcITmftYYj6W9pSs27LJxlApM2n59jgcQTyj2P8HXNhLUsoYpyDtU3XQ0Tgv0\n"
							   "VuNqTtpXGvgtrNkdwM0ktUzX7GLGYo7LICHCJ/kCgYEAqPi8qbO3ymeuXJD+ssg/\n"
							   "W7rYWDFG53tdiymVEeTOAQQm6RSQ1zu09BmIwbWPshdv2B9zCLWTXMHIS/inMAA6\n"
							   "tAbxGe4F7vXaAe6XhcmJIjDq2VNSa1XWeqSJUkZrY1FKdaVVxGX/Ip0DZuC8P4sD\n"
							   "ntCDzn5x6p1mRily42rxtxUCgYEAuodedPOl+iu+0fzYdAG2+pOzrNTiEpDX67gT\n"
							   "T5cBVpDXhrBCqdui/3Gdj89Kycmbgo3N8U9WezNRAwAMfR1amzz9JjUMmM6qe0Oz\n"
							   "fGDcrHor0UFly4Ld78gA938QeX4ZUaSTVGK85OjcqNmlvFVp713FjjUNVVbNjbmo\n"
							   "4wn+8CECgYBaS0n/kVnYFFmDg9/06l2oE4qCNfGzvr7fgb4V1EH3qKhOtRVwZbMR\n"
							   "m6T3CN7yCxrIPtyNJfc7gtbaTB+pptqxfjbsNTqtV/ngb+sMIbl+pvl0Q9uqQiPd\n"
							   "yn7KAx6NAKrrD9iWem8j0GfcKd7Q9dp/UhPuARr9hrq6augx1GJa8w==\n"
							   "-----END RSA PRIVATE KEY-----\n";

#define TEST_ISSUED_AT 1700000000
#define TEST_EXPIRES_AT 1700000540

static const char jwt_of_number[] =
	"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."
	"eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDU0MCwiaXNzIjoxMjM0NTZ9"
	"."
	"mXBLg8qskSyiO7_07Dgat0MSR4Nu0VQaCZKlaB76BY-Rmo7GKXPDZrXlrxTsP2m_"
	"cipogvEqBuo4EYCcERC1V3S37Eo30psRcVvpUy68QRmvqQDSxtIhV-X0eigrVRhZ"
	"gmN1QeVZcGKwJwA84jgcFyZ6vrqULKkjGNlL_IiLrE2KWDVqLIZNkwyS_iMyid07"
	"OwonP9EnX650-xfY3HGCkRjTfLAqHOcoxrqgBT6ugXajmr_qAICCJfp2D5QgCKor"
	"dgZH9ONMuje4xAgVFLwUBiWKpVmN-fBTczhJU5EZgXtLzfTv1iykZmsIDwZos6-L"
	"PAMbqo3x20PgCbuixVv-MA";

static const char jwt_of_text[] = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9."
								  "eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDU0MCwiaXNzIjoiSXYxLjAx"
								  "MjM0NTY3ODlhYmNkZWYifQ."
								  "YrzUNrt8fP2DMhyrLmhH_fQ6XbCkyf37FnMU6MM5XOZVGTAjmhFuQKEe0jPN05EW"
								  "loOApYtVnOFm5t3rJ2B2gjHH8_5XkO81Go_phi8KomSvAL5NiDBnxjn5qXF8hzcP"
								  "VUVfrla4_9_bQbGfXTJ4Pj4aZErqkgSgN_I59DymqMVc57Wy_X4JL8O2iyOdkVM6"
								  "P4wzaLWaaa1WZ0EgFceRXhRY2_FgXLZQT7a23sKBqxpi7zT_tCFeniBQtoCyFlFo"
								  "PKT1LY-izzHXsoZx7rAgsuka9olWJ_ejS9zDl3O6t9PyeARL_eqfIUzv8HPGLstK"
								  "A4Kz_BfKAS0NXBgrqtiLkA";

/* The one file that all tests write to. */
static char directory[PATH_MAX];
static char key_file[PATH_MAX + 16];

static void
make_directory(void)
{
	const char *parent = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/test_crypto.XXXXXX",
			 parent != NULL ? parent : "/tmp");
	if (mkdtemp(directory) == NULL)
	{
		perror(directory);
		exit(2);
	}
	snprintf(key_file, sizeof(key_file), "%s/key.pem", directory);
}

static void
write_file(const void *bytes, size_t length)
{
	mode_t old_mask = umask(077);
	FILE *file = fopen(key_file, "wb");

	umask(old_mask);
	if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0)
	{
		perror(key_file);
		exit(2);
	}
}

static CryptoKey *
read_text_as_key(const char *text, const char **error)
{
	write_file(text, strlen(text));
	return crypto_private_key_read(key_file, error);
}

typedef enum KeyForm
{
	PKCS1,
	PKCS8,
	PKCS1_ENCRYPTED,
	PKCS8_ENCRYPTED,
	PKCS8_ENCRYPTED_WITH_NOTHING,
	PUBLIC
} KeyForm;

static void
write_key(EVP_PKEY *pkey, KeyForm form)
{
	BIO *bio = BIO_new_file(key_file, "w");
	unsigned char passphrase[] = "secret";

	switch (form)
	{
		case PKCS1:
			PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL);
			break;
		case PKCS8:
			PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
			break;
		case PKCS1_ENCRYPTED:
			PEM_write_bio_PrivateKey_traditional(bio, pkey, EVP_aes_128_cbc(), passphrase, 6, NULL,
												 NULL);
			break;
		case PKCS8_ENCRYPTED:
			PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), (char *) passphrase, 6,
										  NULL, NULL);
			break;
		case PKCS8_ENCRYPTED_WITH_NOTHING:
			PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), (char *) passphrase, 0,
										  NULL, NULL);
			break;
		case PUBLIC:
			PEM_write_bio_PUBKEY(bio, pkey);
			break;
	}
	BIO_free(bio);
}

/* The number of bytes that one part of a token, part_length long, stands for. */
static size_t
decode_base64url(const char *part, size_t part_length, unsigned char *bytes)
{
	size_t padding = (4 - part_length % 4) % 4;
	char text[4096];
	int length;

	for (size_t i = 0; i < part_length; i++)
		text[i] = part[i] == '-' ? '+' : part[i] == '_' ? '/' : part[i];
	memset(text + part_length, '=', padding);
	length = EVP_DecodeBlock(bytes, (unsigned char *) text, (int) (part_length + padding));
	return length < 0 ? 0 : (size_t) length - padding;
}

static bool
verifies(const char *jwt, EVP_PKEY *pkey)
{
	const char *dot = strrchr(jwt, '.');
	unsigned char signature[1024];
	size_t length = decode_base64url(dot + 1, strlen(dot + 1), signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool valid;

	valid = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		EVP_DigestVerify(context, signature, length, (const unsigned char *) jwt,
						 (size_t) (dot - jwt)) == 1;
	EVP_MD_CTX_free(context);
	return valid;
}

static void
check_claims(const CryptoKey *key, const char *issuer, const char *expected, const char *name)
{
	char *jwt = crypto_jwt_rs256(key, issuer, -1, INT64_MAX);
	const char *claims = jwt != NULL ? strchr(jwt, '.') + 1 : "";
	unsigned char text[4096] = "";

	text[decode_base64url(claims, strcspn(claims, "."), text)] = '\0';
	is_text((const char *) text, expected, name);
	free(jwt);
}

static void
check_jwt(const CryptoKey *key, const char *issuer, const char *expected, const char *name)
{
	char *jwt = crypto_jwt_rs256(key, issuer, TEST_ISSUED_AT, TEST_EXPIRES_AT);

	is_text(jwt, expected, name);
	free(jwt);
}

#define CLAIMS(issuer) "{\"iat\":-1,\"exp\":9223372036854775807,\"iss\":" issuer "}"

static void
test_known_tokens(void)
{
	const char *error = "untouched";
	CryptoKey *key = read_text_as_key(test_key, &error);

	ok(key != NULL, "a PKCS#1 key is read");
	is_text(error, NULL, "... without an error");
	check_jwt(key, "123456", jwt_of_number, "the token of an App's id is the known one");
	check_jwt(key, "Iv1.0123456789abcdef", jwt_of_text,
			  "the token of a client id is the known one");
	crypto_private_key_free(key);
}

static void
test_issuers(void)
{
	const char *error;
	CryptoKey *key = read_text_as_key(test_key, &error);
	char longest[CRYPTO_MAX_ISSUER_LENGTH + 2];
	char *jwt;

	check_claims(key, "0", CLAIMS("0"), "issuer 0 is a number");
	check_claims(key, "12345678901234567890123", CLAIMS("12345678901234567890123"),
				 "a large number keeps its digits");
	check_claims(key, "0123", CLAIMS("\"0123\""), "a leading zero makes a string");
	check_claims(key, "-5", CLAIMS("\"-5\""), "a sign makes a string");
	check_claims(key, "a b", CLAIMS("\"a b\""), "a space stays");
	check_claims(key, "12a", CLAIMS("\"12a\""), "a letter makes a string");
	check_claims(key, "a\"b\\c\nd\x1F", CLAIMS("\"a\\\"b\\\\c\\u000ad\\u001f\""),
				 "an issuer cannot leave its string");
	check_claims(key, "caf\xC3\xA9", CLAIMS("\"caf\xC3\xA9\""), "UTF-8 stays");

	ok(crypto_jwt_rs256(key, "", 0, 1) == NULL, "an empty issuer is refused");
	memset(longest, '\x01', sizeof(longest));
	longest[CRYPTO_MAX_ISSUER_LENGTH + 1] = '\0';
	ok(crypto_jwt_rs256(key, longest, 0, 1) == NULL, "an issuer too long is refused");
	longest[CRYPTO_MAX_ISSUER_LENGTH] = '\0';
	jwt = crypto_jwt_rs256(key, longest, INT64_MIN, INT64_MIN);
	ok(jwt != NULL, "the longest issuer fits, even if all of it is escaped");
	free(jwt);
	crypto_private_key_free(key);
}

static void
check_generated_key(EVP_PKEY *pkey, const char *name)
{
	const char *error;
	CryptoKey *key = crypto_private_key_read(key_file, &error);
	char *jwt;

	if (!ok(key != NULL, name))
		return;
	jwt = crypto_jwt_rs256(key, "1", 1, 2);
	ok(jwt != NULL && verifies(jwt, pkey), "... and what it signs is verified");
	ok(jwt != NULL && strpbrk(jwt, "+/=\n") == NULL, "... and is base64url without padding");
	free(jwt);
	crypto_private_key_free(key);
}

static void
test_generated_keys(void)
{
	static const unsigned int bits[] = {2048, 2056, 3072};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
	{
		EVP_PKEY *pkey = EVP_RSA_gen(bits[i]);

		write_key(pkey, PKCS1);
		check_generated_key(pkey, "a generated key as PKCS#1");
		write_key(pkey, PKCS8);
		check_generated_key(pkey, "a generated key as PKCS#8");
		EVP_PKEY_free(pkey);
	}
}

static void
test_mangled_line_ends(void)
{
	char mangled[2 * sizeof(test_key)];
	size_t length = 0;
	const char *error;
	CryptoKey *key;

	for (const char *c = test_key; *c != '\0'; c++)
	{
		if (*c == '\n')
			mangled[length++] = '\\';
		mangled[length++] = *c == '\n' ? 'n' : *c;
	}
	mangled[length] = '\0';
	key = read_text_as_key(mangled, &error);
	ok(key != NULL, "a key with backslash and n for its line ends is read");
	check_jwt(key, "123456", jwt_of_number, "... and signs alike");
	crypto_private_key_free(key);
	mangled[length - 2] = '\0';
	key = read_text_as_key(mangled, &error);
	ok(key != NULL, "... also where the last line has no end");
	crypto_private_key_free(key);

	length = 0;
	for (const char *c = test_key; *c != '\0'; c++)
	{
		if (*c == '\n')
			mangled[length++] = '\r';
		mangled[length++] = *c;
	}
	mangled[length] = '\0';
	key = read_text_as_key(mangled, &error);
	ok(key != NULL, "a key with CRLF is read");
	crypto_private_key_free(key);
}

static void
check_refused(const char *expected, const char *name)
{
	const char *error = NULL;
	CryptoKey *key = crypto_private_key_read(key_file, &error);

	ok(key == NULL, name);
	is_text(error, expected, "... for the right reason");
	is_int((int64_t) ERR_peek_error(), 0, "... and OpenSSL's error queue is as it was");
	crypto_private_key_free(key);
}

static EVP_PKEY *
generate_pss_key(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pkey = NULL;

	EVP_PKEY_keygen_init(context);
	EVP_PKEY_generate(context, &pkey);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static void
test_keys_of_other_kinds(void)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *pss = generate_pss_key();
	EVP_PKEY *ec = EVP_EC_gen("P-256");

	write_key(rsa, PKCS1_ENCRYPTED);
	check_refused("is encrypted", "an encrypted PKCS#1 key is refused");
	write_key(rsa, PKCS8_ENCRYPTED);
	check_refused("is encrypted", "an encrypted PKCS#8 key is refused");
	write_key(rsa, PKCS8_ENCRYPTED_WITH_NOTHING);
	check_refused("is encrypted", "... with an empty passphrase, too");
	write_key(rsa, PUBLIC);
	check_refused("is not a PEM private key", "a public key is refused");
	write_key(pss, PKCS8);
	check_refused("is not an RSA key", "a key for RSA-PSS only is refused");
	write_key(ec, PKCS8);
	check_refused("is not an RSA key", "a key of an elliptic curve is refused");
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(pss);
	EVP_PKEY_free(ec);
}

static void
test_files_that_are_no_keys(void)
{
	static const char *const texts[] = {
		"\\",
		"hello\n",
		"-----BEGIN RSA PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	};
	char *cut = strdup(test_key);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		write_file(texts[i], strlen(texts[i]));
		check_refused("is not a PEM private key", "text that is no key is refused");
	}
	write_file(cut, strlen(cut) / 2);
	check_refused("is not a PEM private key", "half a key is refused");
	write_file("\0\0\0\0", 4);
	check_refused("is not a PEM private key", "NUL bytes are refused");
	free(cut);
}

static void
test_file_sizes(void)
{
	char *text = malloc(CRYPTO_MAX_SECRET_FILE_LENGTH + 1);
	const char *error;
	CryptoKey *key;

	memset(text, '\n', CRYPTO_MAX_SECRET_FILE_LENGTH + 1);
	memcpy(text, test_key, strlen(test_key));
	write_file(text, CRYPTO_MAX_SECRET_FILE_LENGTH);
	key = crypto_private_key_read(key_file, &error);
	ok(key != NULL, "a file of 64 kB is read");
	crypto_private_key_free(key);

	write_file(text, CRYPTO_MAX_SECRET_FILE_LENGTH + 1);
	check_refused("is larger than 64 kB", "a file of a byte more is refused");
	free(text);
}

static void
test_files_that_cannot_be_read(void)
{
	const char *error = NULL;

	unlink(key_file);
	errno = 0;
	ok(crypto_private_key_read(key_file, &error) == NULL, "a file that is not there is refused");
	is_int(errno, ENOENT, "... with errno kept");
	is_text(error, "does not exist", "... for the right reason");

	ok(crypto_private_key_read(directory, &error) == NULL, "a directory is refused");
	is_text(error, "is not a regular file", "... for the right reason");

	if (mkfifo(key_file, 0600) != 0)
		perror(key_file);
	check_refused("is not a regular file", "a FIFO without a writer is refused, at once");
	unlink(key_file);
}

/* Whose process this is, and whose the file, as the tests say; -1: as it is. */
static int64_t process_of = -1;
static int64_t file_of = -1;
static bool state_is_unknown;

uid_t
geteuid(void)
{
	return process_of >= 0 ? (uid_t) process_of : (uid_t) syscall(SYS_geteuid);
}

int
fstat(int descriptor, struct stat *status)
{
	int result = fstatat(descriptor, "", status, AT_EMPTY_PATH);

	if (state_is_unknown)
	{
		errno = EIO;
		return -1;
	}
	if (result == 0 && file_of >= 0)
		status->st_uid = (uid_t) file_of;
	return result;
}

static void
check_access(mode_t mode, const char *expected, const char *name)
{
	const char *error = NULL;
	CryptoSecret secret;

	if (chmod(key_file, mode) != 0)
		perror(key_file);
	if (crypto_secret_read(key_file, &secret, &error))
		crypto_secret_free(&secret);
	is_text(error, expected, name);
}

static void
test_access_of_others(void)
{
	static const char refusal[] = "can be used by others: its permissions must be 0600 or less";

	write_file("secret", 6);
	check_access(0600, NULL, "a file for its owner alone is read");
	check_access(0400, NULL, "without the right to write, too");
	check_access(0640, refusal, "one that its group may read is refused");
	check_access(0620, refusal, "or write");
	check_access(0604, refusal, "one that everybody may read is refused");
	check_access(0601, refusal, "or execute");
	chmod(key_file, 0600);
}

static void
check_owner(int64_t process, int64_t file, mode_t mode, const char *expected, const char *name)
{
	process_of = process;
	file_of = file;
	check_access(mode, expected, name);
	process_of = file_of = -1;
}

static void
test_owners(void)
{
	static const char stranger[] = "belongs to another user than the server's and root";
	static const char ours[] = "can be used by others: its permissions must be 0600 or less";
	static const char roots[] = "can be used by others: its permissions must be 0640 or less";

	write_file("secret", 6);
	check_owner(70, 70, 0600, NULL, "the server's own file is read");
	check_owner(70, 71, 0600, stranger, "a stranger's is refused");
	check_owner(70, 71, 0640, stranger, "... whatever its permissions");
	check_owner(0, 71, 0600, stranger, "... by root, too");
	check_owner(70, 0, 0600, NULL, "root's is read");
	check_owner(70, 0, 0640, NULL, "... also one that a group may read");
	check_owner(70, 0, 0660, roots, "... but none that it may write");
	check_owner(70, 0, 0650, roots, "... or execute");
	check_owner(70, 0, 0644, roots, "... or that all may read");
	check_owner(70, 0, 0641, roots, "... or execute");
	check_owner(70, 0, 0642, roots, "... or write");
	check_owner(70, 70, 0640, ours, "of the server's own, no group may read");
	check_owner(0, 0, 0640, ours, "... nor where the server is root's");
	state_is_unknown = true;
	check_access(0600, "cannot be read", "nor is one whose owner nobody tells");
	state_is_unknown = false;
	chmod(key_file, 0600);
}

static void
test_content_of_secrets(void)
{
	const char *error = NULL;
	CryptoSecret secret;

	write_file("a\0b\n", 4);
	ok(crypto_secret_read(key_file, &secret, &error), "a secret is read");
	is_int(secret.length, 4, "... in full, NUL bytes and line ends included");
	ok(memcmp(secret.text, "a\0b\n", 5) == 0, "... with a NUL behind it");
	crypto_secret_free(&secret);
	ok(secret.text == NULL, "a freed secret is gone");
	crypto_secret_free(&secret);

	write_file("", 0);
	ok(!crypto_secret_read(key_file, &secret, &error), "an empty file is refused");
	is_text(error, "is empty", "... for the right reason");
	ok(secret.text == NULL, "... and leaves nothing");
}

static void
test_digests(void)
{
	static const char secret[] = "It's a Secret to Everybody";
	static const char body[] = "Hello, World!";
	char hex[65];

	ok(crypto_hmac_sha256_hex(secret, strlen(secret), body, strlen(body), hex),
	   "an HMAC is computed");
	is_text(hex, "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
			"... as in GitHub's own example");
	ok(crypto_hmac_sha256_hex("", 0, "", 0, hex), "an HMAC of nothing with an empty key");
	is_text(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad",
			"... is the known one");
	ok(crypto_hmac_sha256_hex("k\0e", 3, "a\0b", 3, hex), "an HMAC over NUL bytes");
	is_text(hex, "650858de8a855e7b7c3397820a55d4fe9f4afb1c6ab371841acf4f48ed4aa011",
			"... is the known one");

	ok(crypto_sha256_hex("abc", 3, hex), "a SHA-256 is computed");
	is_text(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"... as in FIPS 180-4");
	ok(crypto_sha256_hex("", 0, hex), "a SHA-256 of nothing");
	is_text(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			"... is the known one");
}

static void
test_memory(void)
{
	char secret[] = "secret";
	static const char zeros[sizeof(secret)];

	ok(crypto_equal("abc", "abc", 3), "equal bytes are equal");
	ok(!crypto_equal("abc", "abd", 3), "a difference at the end is one");
	ok(!crypto_equal("abc", "xbc", 3), "a difference at the start is one");
	ok(crypto_equal("a\0b", "a\0b", 3), "NUL bytes are compared");
	ok(!crypto_equal("a\0b", "a\0c", 3), "... and what is behind them");
	ok(crypto_equal("abc", "xyz", 0), "nothing equals nothing");

	crypto_wipe(secret, sizeof(secret));
	ok(memcmp(secret, zeros, sizeof(secret)) == 0, "wiped memory holds zeros");
	crypto_private_key_free(NULL);
	ok(true, "freeing no key does nothing");
}

int
main(void)
{
	make_directory();
	test_known_tokens();
	test_issuers();
	test_generated_keys();
	test_mangled_line_ends();
	test_keys_of_other_kinds();
	test_files_that_are_no_keys();
	test_file_sizes();
	test_files_that_cannot_be_read();
	test_access_of_others();
	test_owners();
	test_content_of_secrets();
	test_digests();
	test_memory();
	rmdir(directory);
	return done_testing();
}
