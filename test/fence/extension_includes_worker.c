/* extension: extension may not include worker \(worker/worker\.h\) */
#include "postgres.h"

#include "worker/worker.h"
