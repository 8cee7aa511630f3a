/* core: #include of a macro */
#define HIDDEN <curl/curl.h>
#include HIDDEN
