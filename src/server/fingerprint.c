/*
 * fingerprint.c
 *		What tells this server from a copy of it that has the same system identifier.
 *
 * pg_control is made by initdb and only ever written in place: its inode and
 * time of birth stay as long as the data directory does, wherever it is moved
 * within its file system, and a copy of the files has others.  A snapshot of a
 * volume keeps both; it is found by its device and path, or by its host.
 *
 * Texts are kept as hashes: who may see a fingerprint learns no path of the
 * server.  Hashes are compared on one server, so they need not be portable.
 *
 * How the server was started can be seen only while it starts: standby.signal
 * is removed by the promotion.  So a promotion is kept in a file, with the
 * fingerprint of that moment; in a copy of the data directory the file does not
 * fit and means nothing.
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "server/fingerprint.h"
#include "storage/fd.h"
#include "utils/memutils.h"

#define CONTROL_FILE "global/pg_control"
#define BACKUP_FILE \
	"backup_label.old" /* what backup_label is renamed to when its recovery begins */
#define STANDBY_FILE "standby.signal"
#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
#define PROMOTION_FILE "pg_stat/github_sync.promotion"

/* Of any of these files: a few hundred bytes. */
#define FILE_MAX 8192

#define HASH_LENGTH 16

typedef struct Hash
{
	char digits[HASH_LENGTH + 3]; /* quoted, or null */
} Hash;

/* In the postmaster, and so in each process that it forks. */
static bool started_as_standby = false;

void
fingerprint_note_start(void)
{
	started_as_standby = access(STANDBY_FILE, F_OK) == 0;
}

/* ---- facts ---- */

static Hash
hash_of(const char *bytes, size_t length)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) bytes, (int) length, 0);
	Hash result;

	snprintf(result.digits, sizeof(result.digits), "\"%08x%08x\"", (uint32) (hash >> 32),
			 (uint32) hash);
	return result;
}

static Hash
unknown(void)
{
	return (Hash){"null"};
}

/* The length, or -1: there is no such file, or it cannot be read. */
static int
read_small_file(const char *name, char content[FILE_MAX])
{
	FILE *file = AllocateFile(name, PG_BINARY_R);
	size_t length;

	if (file == NULL)
		return -1;
	length = fread(content, 1, FILE_MAX, file);
	if (ferror(file))
		length = 0;
	FreeFile(file);
	return length == 0 ? -1 : (int) length;
}

static Hash
hash_of_file(const char *name)
{
	char content[FILE_MAX];
	int length = read_small_file(name, content);

	return length < 0 ? unknown() : hash_of(content, length);
}

static Hash
hash_of_host(void)
{
	char name[256];

	if (gethostname(name, sizeof(name)) != 0)
		return unknown();
	name[sizeof(name) - 1] = '\0';
	return hash_of(name, strlen(name));
}

/* Not every file system knows it. */
static Hash
hash_of_birth(void)
{
#ifdef STATX_BTIME
	struct statx control;

	if (statx(AT_FDCWD, CONTROL_FILE, 0, STATX_BTIME, &control) == 0 &&
		(control.stx_mask & STATX_BTIME) != 0 && control.stx_btime.tv_sec != 0)
	{
		char *birth = psprintf(INT64_FORMAT ".%09u", (int64) control.stx_btime.tv_sec,
							   control.stx_btime.tv_nsec);

		return hash_of(birth, strlen(birth));
	}
#endif
	return unknown();
}

static Hash
hash_of_number(uint64 number)
{
	return hash_of((const char *) &number, sizeof(number));
}

/* On a standby the timeline is its primary's, and can still change. */
static Hash
hash_of_timeline(void)
{
	return RecoveryInProgress() ? unknown() : hash_of_number(GetWALInsertionTimeLine());
}

static char *
look_at_server(void)
{
	struct stat control;
	bool seen = stat(CONTROL_FILE, &control) == 0;

	return psprintf("{\"inode\": %s, \"birth\": %s, \"device\": %s, \"path\": %s, \"host\": %s,"
					" \"boot\": %s, \"backup\": %s, \"timeline\": %s}",
					(seen ? hash_of_number(control.st_ino) : unknown()).digits,
					hash_of_birth().digits,
					(seen ? hash_of_number(control.st_dev) : unknown()).digits,
					hash_of(DataDir, strlen(DataDir)).digits, hash_of_host().digits,
					hash_of_file(BOOT_FILE).digits, hash_of_file(BACKUP_FILE).digits,
					hash_of_timeline().digits);
}

/* Capture asks for it with each row: once recovery is over, nothing of it changes before the server ends. */
char *
fingerprint_of_server(void)
{
	static char *kept = NULL;

	if (kept == NULL && !RecoveryInProgress())
		kept = MemoryContextStrdup(TopMemoryContext, look_at_server());
	return kept != NULL ? pstrdup(kept) : look_at_server();
}

/* ---- promotions ---- */

static bool
write_promotion(const char *temporary, const char *content)
{
	FILE *file = AllocateFile(temporary, PG_BINARY_W);
	bool written;

	if (file == NULL)
		return false;
	written = fwrite(content, 1, strlen(content), file) == strlen(content) && fflush(file) == 0;
	return FreeFile(file) == 0 && written;
}

void
fingerprint_keep_promotion(void)
{
	char *fingerprint;
	char *content;

	if (!started_as_standby)
		return;
	fingerprint = fingerprint_of_server();
	content = psprintf("%s %s\n", hash_of(fingerprint, strlen(fingerprint)).digits, fingerprint);
	if (!write_promotion(PROMOTION_FILE ".tmp", content) ||
		durable_rename(PROMOTION_FILE ".tmp", PROMOTION_FILE, LOG) != 0)
		ereport(WARNING,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", PROMOTION_FILE),
				 errdetail("This server was promoted, which will not be known after a restart: "
						   "its databases then count as copies."),
				 errhint("SELECT github_sync.adopt_database() in each of them.")));
}

/* What somebody else wrote into the file, or half of it, is no promotion. */
static char *
read_promotion(void)
{
	char content[FILE_MAX];
	int length = read_small_file(PROMOTION_FILE, content);
	const int prefix = HASH_LENGTH + 3; /* the hash in quotes, a space */
	char *fingerprint;

	if (length <= prefix || content[length - 1] != '\n')
		return NULL;
	fingerprint = pnstrdup(content + prefix, length - prefix - 1);
	if (strncmp(hash_of(fingerprint, strlen(fingerprint)).digits, content, HASH_LENGTH + 2) != 0)
		return NULL;
	return fingerprint;
}

/*
 * Until this server ends it need not be kept to be known: the application writes
 * as soon as recovery is over, and the launcher comes a moment later.
 */
char *
fingerprint_at_promotion(void)
{
	if (started_as_standby && !RecoveryInProgress())
		return fingerprint_of_server();
	return read_promotion();
}
