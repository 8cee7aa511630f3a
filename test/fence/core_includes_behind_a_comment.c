/* core: src/core/intruder\.c:3: core may not include curl */
/* clang-format off */
/* nobody reads on */ #include <curl/curl.h>
