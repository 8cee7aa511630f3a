/*
 * server_home.c
 *		Where this server's files are, and how it came up.
 *
 * A copy of the files has the same system identifier as its original, so other
 * marks have to tell them apart.  Those here hold over restarts, crashes and
 * reboots; a move of the data directory, and a restore into the same place,
 * change one of them.  The host's name is none of them (containers get a new
 * one whenever they are made anew), nor is the number of the device (it may be
 * another after a reboot).
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "server/server_home.h"
#include "storage/fd.h"

#define MACHINE_ID_FILE "/etc/machine-id"
#define MACHINE_ID_LENGTH 32
#define HOME_LENGTH (3 * 8 + 2)

/* As xlog.h calls them; PostgreSQL writes these in place, all its life. */
static const char *const lasting_files[] = {"PG_VERSION", "global/pg_control", "base", "global"};

static ServerOrigin origin = SERVER_ITS_OWN;

static bool
exists(const char *name)
{
	return access(name, F_OK) == 0;
}

void
server_home_note_start(void)
{
	if (exists("standby.signal"))
		origin = SERVER_STANDBY;
	else if (exists("backup_label") || exists("recovery.signal"))
		origin = SERVER_BACKUP;
}

ServerOrigin
server_home_origin(void)
{
	return origin;
}

static uint32
hash_text(const char *text)
{
	return hash_bytes((const unsigned char *) text, (int) strlen(text));
}

/* Empty where the host has none, as in many containers. */
static uint32
hash_of_host(void)
{
	char id[MACHINE_ID_LENGTH + 1] = "";
	FILE *file = AllocateFile(MACHINE_ID_FILE, "r");

	if (file != NULL)
	{
		if (fgets(id, sizeof(id), file) == NULL)
			id[0] = '\0';
		FreeFile(file);
	}
	return hash_text(id);
}

static uint32
hash_of_directory(void)
{
	char *path = realpath(DataDir, NULL);
	uint32 hash = hash_text(path != NULL ? path : DataDir);

	free(path);
	return hash;
}

static uint32
hash_of_files(void)
{
	uint64 inodes[lengthof(lasting_files)] = {0};

	for (size_t i = 0; i < lengthof(lasting_files); i++)
	{
		char *path = psprintf("%s/%s", DataDir, lasting_files[i]);
		struct stat status;

		if (stat(path, &status) == 0)
			inodes[i] = status.st_ino;
		pfree(path);
	}
	return hash_bytes((const unsigned char *) inodes, sizeof(inodes));
}

const char *
server_home(void)
{
	static char home[HOME_LENGTH + 1];

	if (home[0] == '\0')
		snprintf(home, sizeof(home), "%08x-%08x-%08x", hash_of_host(), hash_of_directory(),
				 hash_of_files());
	return home;
}
