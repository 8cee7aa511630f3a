/* server: the name setting_of_another does not tell its module: it has to begin with intruder_ */
#include "postgres.h"

extern int setting_of_another;

int setting_of_another = 1;
