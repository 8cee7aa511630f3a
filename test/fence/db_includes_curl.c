/* db: db may not include curl */
#include "postgres.h"

#include <curl/curl.h>
