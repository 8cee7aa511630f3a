/* crypto: postgres\.h: No such file */
#include "postgres.h"
