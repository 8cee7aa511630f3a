/* core: circle of modules: core/accomplice -> core/helper -> core/intruder -> core/accomplice */
#include "core/accomplice.h"

extern int intruder(void);

int
intruder(void)
{
	return accomplice();
}
/* also core/intruder.h: */
extern int intruder(void);
/* also core/accomplice.h: */
#include "core/helper.h"

extern int accomplice(void);
/* also core/helper.c: */
#include "core/intruder.h"

extern int helper(void);

int
helper(void)
{
	return intruder();
}
/* also core/helper.h: */
extern int helper(void);
/* also core/accomplice.c: */
#include "core/accomplice.h"

int
accomplice(void)
{
	return helper();
}
