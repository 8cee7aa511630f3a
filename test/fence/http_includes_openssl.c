/* http: http may not include openssl */
#include <openssl/evp.h>
