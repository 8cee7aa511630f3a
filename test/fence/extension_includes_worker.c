/* extension: extension may not include worker */
#include "postgres.h"

#include "worker/worker.h"
