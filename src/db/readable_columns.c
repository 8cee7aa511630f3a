/*
 * readable_columns.c
 *		Whether a table can be read by the columns that a mapping names.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "db/db_compat.h"
#include "db/readable_columns.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

static bool
has_columns(Oid table, ArrayType *columns)
{
	Datum *names;
	bool *nulls;
	int count;

	deconstruct_array(columns, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i] && get_attnum(table, NameStr(*DatumGetName(names[i]))) == InvalidAttrNumber)
			return false;
	}
	return true;
}

bool
readable_columns(const char *schema, const char *table, ArrayType *columns)
{
	Oid in_schema = get_namespace_oid(schema, true);
	Oid relation;

	if (!OidIsValid(in_schema) || !db_may_use_schema(in_schema, GetUserId()))
		return false;
	relation = get_relname_relid(table, in_schema);
	return OidIsValid(relation) &&
		pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		has_columns(relation, columns);
}
