/* server: circle of modules: server/accomplice -> server/intruder -> server/accomplice */
#include "postgres.h"

#include "server/accomplice.h"
/* also server/accomplice.h: */
#include "server/intruder.h"
/* also server/intruder.h: */
extern int intruder(void);
