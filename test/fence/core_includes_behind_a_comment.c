/* core: src/core/intruder\.c:2: core may not include curl */
/* nobody reads on */ #include <curl/curl.h>
