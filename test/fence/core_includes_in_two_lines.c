/* core: src/core/intruder\.c:2: core may not include curl */
#inc\
lude <curl/curl.h>
