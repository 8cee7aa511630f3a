/*
 * row_expression.h
 *		What an SQL expression over the columns of a row is: its type, and what it needs.
 */
#ifndef DB_ROW_EXPRESSION_H
#define DB_ROW_EXPRESSION_H

#include "postgres.h"

#include "nodes/bitmapset.h"

typedef struct RowExpression
{
	Oid type;
	bool is_volatile;
	Bitmapset *columns; /* places in the row's target list, from 1 on */
} RowExpression;

/*
 * row: a query whose one row the expression is about, under the names that the
 * expression may use.  Nothing is run.  Raises what is wrong with the expression,
 * as the server would.
 */
extern RowExpression row_expression_describe(const char *expression, const char *row);

#endif
