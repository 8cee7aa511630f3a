/* server: http_client\.h: No such file */
#include "postgres.h"

#include "http/http_client.h"
