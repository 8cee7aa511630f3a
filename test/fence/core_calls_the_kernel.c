/* core: core may not call syscall: it is not among what scripts/rooms\.txt lets core call */
#include <unistd.h>

extern long intruder(void);

long
intruder(void)
{
	return syscall(39);
}
