/* core: #include of core/accomplice\.inc, which is no header */
#include "core/accomplice.inc"
/* also core/accomplice.inc: */
extern int accomplice;
