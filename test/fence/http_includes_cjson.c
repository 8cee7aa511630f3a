/* http: http may not include cjson */
#include <cjson/cJSON.h>
