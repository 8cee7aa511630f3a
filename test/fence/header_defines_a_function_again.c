/* core: src/core/intruder\.h:[0-9]+, src/http/accomplice\.h:[0-9]+: the function name same is defined more than once */
#include "core/intruder.h"
/* also core/intruder.h: */
static inline int
same(void)
{
	return 1;
}
/* also http/accomplice.h: */
static inline int
same(void)
{
	return 2;
}
