/* core: core may not include curl */
/* clang-format off */
%:include <curl/curl.h>
