/*
 * row_expression.c
 *		What an SQL expression over the columns of a row is: its type, and what it needs.
 *
 * The expression is parsed as it is and in parentheses, and has to be one each
 * time, so that it can be nothing else: no further column, clause or statement,
 * and nothing that closes the parentheses that it is put into.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "db/row_expression.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* A comment at its end must not take the parenthesis along. */
static char *
in_parentheses(const char *expression)
{
	return psprintf("SELECT (%s\n)", expression);
}

static void
refuse_more_than_target(const char *text, const char *expression)
{
	List *statements = raw_parser(text, RAW_PARSE_DEFAULT);
	SelectStmt *select;

	if (list_length(statements) == 1)
	{
		select = (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
		if (IsA(select, SelectStmt) && select->op == SETOP_NONE &&
			list_length(select->targetList) == 1 && select->fromClause == NIL &&
			select->whereClause == NULL && select->groupClause == NIL &&
			select->havingClause == NULL && select->windowClause == NIL &&
			select->sortClause == NIL && select->limitCount == NULL &&
			select->limitOffset == NULL && select->lockingClause == NIL &&
			select->withClause == NULL && select->intoClause == NULL &&
			linitial_node(ResTarget, select->targetList)->name == NULL)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR), errmsg("it is not one expression: %s", expression)));
}

static void
refuse_more_than_expression(const char *expression)
{
	refuse_more_than_target(in_parentheses(expression), expression);
	refuse_more_than_target(psprintf("SELECT %s\n", expression), expression);
}

/* What one row alone cannot give. */
static void
refuse_sets(const Query *query)
{
	if (query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs)
		ereport(
			ERROR,
			(errcode(ERRCODE_GROUPING_ERROR),
			 errmsg(
				 "it is about one row: aggregates, window functions and sets have no place in it")));
}

/* citext's, say, but not that of a domain over text. */
static bool
has_own_equality(Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR);
	Oid left;
	Oid right;

	if (!OidIsValid(entry->eq_opr))
		return false;
	op_input_types(entry->eq_opr, &left, &right);
	return left == type;
}

static Oid
schema_of_operator(Oid equality)
{
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(equality));
	Oid schema;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	schema = ((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace;
	ReleaseSysCache(tuple);
	return schema;
}

/* The type's own operators are not found; for the application, whose search_path has their schema, they count. */
static void
refuse_operand_of_other_type(Oid operator, Node * operand)
{
	const RelabelType *relabelled = (const RelabelType *) operand;
	Oid type;
	Oid schema;

	if (!IsA(operand, RelabelType) || relabelled->relabelformat != COERCE_IMPLICIT_CAST)
		return;
	type = getBaseType(exprType((Node *) relabelled->arg));
	if (!has_own_equality(type))
		return;
	schema = schema_of_operator(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
	if (schema == PG_CATALOG_NAMESPACE)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("its operator %s takes a value of type %s for one of type %s, as operators are "
					"found in pg_catalog alone: write OPERATOR(%s.%s), or a cast",
					get_opname(operator), format_type_be(type),
					format_type_be(relabelled->resulttype),
					quote_identifier(get_namespace_name(schema)), get_opname(operator))));
}

static void
refuse_operands(Oid operator, List * operands)
{
	ListCell *cell;

	foreach (cell, operands)
		refuse_operand_of_other_type(operator, lfirst(cell));
}

/* A row that is private to the application may not be public to us. */
static bool
refuse_other_operators(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, refuse_other_operators, context, 0);
	if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
		refuse_operands(((OpExpr *) node)->opno, ((OpExpr *) node)->args);
	else if (IsA(node, ScalarArrayOpExpr))
		refuse_operands(((ScalarArrayOpExpr *) node)->opno, ((ScalarArrayOpExpr *) node)->args);
	return expression_tree_walker(node, refuse_other_operators, context);
}

static Bitmapset *
columns_named(Node *expression)
{
	Bitmapset *columns = NULL;
	ListCell *cell;

	foreach (cell, pull_vars_of_level(expression, 0))
	{
		const Var *column = lfirst_node(Var, cell);

		if (column->varattno < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
					 errmsg("it names the row as a whole, and not its columns")));
		columns = bms_add_member(columns, column->varattno);
	}
	return columns;
}

/* A subquery that has nothing to do with the row would say the same of each of them. */
static void
refuse_unrelated_subquery(const Query *query, const Bitmapset *columns)
{
	if (query->hasSubLinks && bms_is_empty(columns))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("its subquery names no column of the row; where a table in it has a column "
						"of the same name, that one is meant: write given_row.NAME")));
}

RowExpression
row_expression_describe(const char *expression, const char *row)
{
	RowExpression found;
	char *text;
	Query *query;
	Node *parsed;

	refuse_more_than_expression(expression);
	text = psprintf("%s FROM (%s) AS given_row", in_parentheses(expression), row);
	query = parse_analyze_fixedparams(linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT)),
									  text, NULL, 0, NULL);
	refuse_sets(query);
	(void) refuse_other_operators((Node *) query, NULL);
	parsed = (Node *) linitial_node(TargetEntry, query->targetList)->expr;
	found.type = exprType(parsed);
	found.is_volatile = contain_volatile_functions(parsed);
	found.columns = columns_named(parsed);
	refuse_unrelated_subquery(query, found.columns);
	return found;
}
