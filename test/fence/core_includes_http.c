/* core: http\.h: No such file */
#include "http/http.h"
