/* db: http\.h: No such file */
#include "postgres.h"

#include "http/http.h"
