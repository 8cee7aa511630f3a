/* server: server may not refer to json_read_text of core: no header says it that is not private to core */
#include "postgres.h"

extern void json_read_text(void *reader);
extern void intruder(void);

void
intruder(void)
{
	json_read_text(NULL);
}
