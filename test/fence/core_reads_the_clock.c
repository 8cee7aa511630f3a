/* core: core may not call time */
#include <time.h>

extern time_t intruder(void);

time_t
intruder(void)
{
	return time(NULL);
}
