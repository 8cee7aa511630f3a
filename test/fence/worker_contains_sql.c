/* worker: worker may not call SPI_execute */
#include "postgres.h"

#include "executor/spi.h"

extern int intruder(void);

int
intruder(void)
{
	return SPI_execute("SELECT 1", true, 0);
}
