/* extension: conversation\.h: No such file */
#include "postgres.h"

#include "worker/conversation.h"
