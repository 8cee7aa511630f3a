/* core: climbs out of its room */
#include "../crypto/crypto.h"
