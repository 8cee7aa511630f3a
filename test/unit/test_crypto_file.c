/*
 * test_crypto_file.c
 *		A file that is read in pieces, with interruptions, or not at all: read() and
 *		close() are ours.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

static size_t piece;      /* what a call reads at most */
static int interruptions; /* so many calls are interrupted, one after each piece */
static int failing_with;  /* errno of every call; 0: of none */
static bool interrupted;
static size_t taken;
static bool asked_for_too_much;
static bool inherited; /* by a program that is started meanwhile */

ssize_t
read(int file, void *buffer, size_t count)
{
	ssize_t got;

	if (taken + count > CRYPTO_MAX_SECRET_FILE_LENGTH + 1)
		asked_for_too_much = true;
	inherited = (fcntl(file, F_GETFD) & FD_CLOEXEC) == 0;
	interrupted = !interrupted && interruptions-- > 0;
	if (interrupted || failing_with != 0)
	{
		errno = interrupted ? EINTR : failing_with;
		return -1;
	}
	errno = EINTR; /* what a success leaves there means nothing */
	got = syscall(SYS_read, file, buffer, count < piece ? count : piece);
	taken += got > 0 ? (size_t) got : 0;
	return got;
}

/* Which has an error of its own. */
int
close(int file)
{
	int result = (int) syscall(SYS_close, file);

	errno = EINTR;
	return result;
}

static char path[200];

static void
write_file(const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	fwrite(bytes, 1, length, file);
	fclose(file);
	piece = length + 1;
	interruptions = 0;
	failing_with = 0;
	interrupted = false;
	taken = 0;
	asked_for_too_much = false;
}

static void
test_pieces(void)
{
	CryptoSecret secret;
	const char *error;
	int next = dup(STDOUT_FILENO);

	close(next);
	write_file("a secret", 8);
	piece = 3;
	interruptions = 2;
	ok(crypto_secret_read(path, &secret, &error), "a file is read in pieces, and interruptions");
	is_text(secret.text, "a secret", "... in full");
	is_int(secret.length, 8, "... with its length");
	ok(!asked_for_too_much, "... into its buffer");
	ok(!inherited, "... and by this program only");
	crypto_secret_free(&secret);
	is_int(dup(STDOUT_FILENO), next, "... which leaves no descriptor open");
	close(next);
}

static void
test_large_file(void)
{
	static const char zeros[CRYPTO_MAX_SECRET_FILE_LENGTH + 10];
	CryptoSecret secret;
	const char *error;

	write_file(zeros, sizeof(zeros));
	ok(!crypto_secret_read(path, &secret, &error), "a file that is too large is refused");
	ok(!asked_for_too_much, "... and not read beyond the buffer");
	is_int(taken, CRYPTO_MAX_SECRET_FILE_LENGTH + 1, "... a byte tells that it is");
	write_file(zeros, sizeof(zeros));
	piece = 1000;
	ok(!crypto_secret_read(path, &secret, &error), "... also when it is read in pieces");
	ok(!asked_for_too_much, "... none of which is read beyond the buffer");
}

static void
test_failure(void)
{
	CryptoSecret secret;
	const char *error;

	write_file("a secret", 8);
	failing_with = EIO;
	ok(!crypto_secret_read(path, &secret, &error), "a file that cannot be read is refused");
	is_text(error, "cannot be read", "... for the right reason");
	is_int(errno, EIO, "... with errno kept");
	ok(secret.text == NULL && secret.length == 0, "... and leaves nothing");
}

/* The first descriptor that there is, where nobody has opened another. */
static void
test_without_stdin(void)
{
	CryptoSecret secret;
	const char *error;

	write_file("a secret", 8);
	close(STDIN_FILENO);
	ok(crypto_secret_read(path, &secret, &error), "a file is read where there is no stdin");
	crypto_secret_free(&secret);
}

int
main(void)
{
	const char *parent = getenv("TMPDIR");
	int file;

	snprintf(path, sizeof(path), "%s/test_crypto_file.XXXXXX", parent != NULL ? parent : "/tmp");
	file = mkstemp(path);
	close(file);
	test_pieces();
	test_large_file();
	test_failure();
	test_without_stdin();
	unlink(path);
	return done_testing();
}
