/* core: core may not call fopen */
#include <stdio.h>

extern void *intruder(void);

void *
intruder(void)
{
	return fopen("/etc/hostname", "r");
}
