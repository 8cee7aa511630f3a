/*
 * readable_columns.h
 *		Whether a table can be read by the columns that a mapping names.
 */
#ifndef DB_READABLE_COLUMNS_H
#define DB_READABLE_COLUMNS_H

#include "postgres.h"

#include "utils/array.h"

/* Never an error: asked before what would be one. columns: of type name[]. */
extern bool readable_columns(const char *schema, const char *table, ArrayType *columns);

#endif
