/* crypto: retry_schedule\.h: No such file */
#include "core/retry_schedule.h"
