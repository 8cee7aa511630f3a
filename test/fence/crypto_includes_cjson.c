/* crypto: crypto may not include cjson */
#include <cjson/cJSON.h>
