/* crypto: crypto may not call unlink: */
#include <unistd.h>

extern int intruder(const char *path);

int
intruder(const char *path)
{
	return unlink(path);
}
