/* core: core may not include curl */
#include <curl/curl.h>
