/* core: http_client\.h: No such file */
#include "http/http_client.h"
