/* http: github_response\.h: No such file */
#include "core/github_response.h"
