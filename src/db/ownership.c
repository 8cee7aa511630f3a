/*
 * ownership.c
 *		Whether the queue, its functions and the application's tables have one owner.
 *
 * The one place that decides it: attach, take_over_ownership(), capture, every
 * function that is SECURITY DEFINER, scouts and workers ask here.  Whoever owns
 * a table can put triggers on it, and whoever owns a function can change it: with
 * two owners, the code of the one would run with the rights of the other.
 *
 * Looked at are
 *	- our tables and functions: all of the schema but members of an extension;
 *	  views and sequences run nothing,
 *	- the tables of the application that the queues' foreign keys name, and their
 *	  partitions: what attached_tables says of them is the owner's word,
 *	- whether row-level security may hide rows from the owner,
 *	- whether the owner may use the schema and the extension's functions.
 *
 * Every insert into a queue asks.  So the answer is kept until the server says
 * that one of the looked-at tables, or any function, role or schema, changed.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "db/ownership.h"
#include "db/record_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define QUEUE_EXTENSION "task_sync_transaction"
#define QUEUE_SCHEMA "github_sync"

/* What is known of the current database, in a memory context of its own. */
typedef struct Examination
{
	Oid schema;
	Oid owner;                   /* of the queue of tasks; InvalidOid: there is no queue */
	bool attached[RECORD_TYPES]; /* has its functions */
	Oid application_tables[RECORD_TYPES];
	List *tables; /* that were looked at */
	bool
		queue_is_ones; /* our own tables and functions have one owner, whatever is wrong beside them */
	OwnershipProblem found;
} Examination;

static MemoryContext examination_context = NULL;
static Examination examination;
static bool up_to_date = false;
static uint64 changes = 0; /* that the server told of */

/* ---- what makes the answer outdated ---- */

static void
note_change_of_table(Datum argument pg_attribute_unused(), Oid table)
{
	if (up_to_date && OidIsValid(table) && !list_member_oid(examination.tables, table))
		return;
	up_to_date = false;
	changes++;
}

static void
note_change_of_catalog(Datum argument pg_attribute_unused(), int cache pg_attribute_unused(),
					   uint32 hash pg_attribute_unused())
{
	up_to_date = false;
	changes++;
}

static void
listen_for_changes(void)
{
	CacheRegisterRelcacheCallback(note_change_of_table, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, note_change_of_catalog, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, note_change_of_catalog, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, note_change_of_catalog, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, note_change_of_catalog, (Datum) 0);
}

/* ---- how it is said ---- */

static bool
found_problem(const Examination *here)
{
	return here->found.problem != NULL;
}

/* The first problem is told: the others may be gone with it. */
static void
tell(Examination *here, const char *problem, const char *remedy)
{
	if (found_problem(here))
		return;
	here->found.problem = problem;
	here->found.remedy = remedy;
}

static const char *
role_name(Oid role)
{
	const char *name = GetUserNameFromId(role, true);

	return name != NULL ? quote_identifier(name) : psprintf("%u", role);
}

static const char *
table_name(Oid table)
{
	const char *name = get_rel_name(table);
	const char *schema = get_namespace_name(get_rel_namespace(table));

	/* No lock keeps it there. */
	if (name == NULL || schema == NULL)
		return psprintf("%u", table);
	return quote_qualified_identifier(schema, name);
}

/* Of an object that is gone by now nobody misses a right. */
static bool
has_right(PGFunction has_privilege, Oid role, Oid object, const char *right)
{
	LOCAL_FCINFO(call, 3);
	bool has;

	InitFunctionCallInfoData(*call, NULL, 3, InvalidOid, NULL, NULL);
	call->args[0] = (NullableDatum){.value = ObjectIdGetDatum(role)};
	call->args[1] = (NullableDatum){.value = ObjectIdGetDatum(object)};
	call->args[2] = (NullableDatum){.value = PointerGetDatum(cstring_to_text(right))};
	has = DatumGetBool(has_privilege(call));
	return has || call->isnull;
}

static const char *
take_over(void)
{
	return "The owner of the tasks table gets all of it by SELECT github_sync.take_over_ownership().";
}

static void
tell_of_owner(Examination *here, const char *object, Oid owner, const char *remedy)
{
	tell(here,
		 psprintf("%s belongs to role %s, the queue to role %s", object, role_name(owner),
				  role_name(here->owner)),
		 remedy);
}

/* ---- tables ---- */

typedef struct TableFacts
{
	bool exists;
	char kind;
	Oid owner;
	bool has_children;
	bool policies_bind_owner;
} TableFacts;

static TableFacts
facts_of_table(Oid table)
{
	TableFacts facts = {0};
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Form_pg_class form;

	if (!HeapTupleIsValid(tuple))
		return facts;
	form = (Form_pg_class) GETSTRUCT(tuple);
	facts.exists = true;
	facts.kind = form->relkind;
	facts.owner = form->relowner;
	facts.has_children = form->relhassubclass;
	facts.policies_bind_owner = form->relrowsecurity && form->relforcerowsecurity;
	ReleaseSysCache(tuple);
	return facts;
}

static bool
holds_rows(char kind)
{
	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

/* The server would hide rows, not raise; what policies say is not ours to judge. */
static void
look_at_policies(Examination *here, Oid table, const TableFacts *facts)
{
	if (!facts->policies_bind_owner || has_bypassrls_privilege(facts->owner))
		return;
	tell(here,
		 psprintf("row-level security may hide rows of table %s from role %s, its owner",
				  table_name(table), role_name(facts->owner)),
		 psprintf("Either ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, or ALTER ROLE %s BYPASSRLS.",
				  table_name(table), role_name(facts->owner)));
}

static void
look_at_own_table(Examination *here, Oid table)
{
	TableFacts facts = facts_of_table(table);

	if (!holds_rows(facts.kind))
		return;
	if (facts.owner != here->owner && OidIsValid(getExtensionOfObject(RelationRelationId, table)))
		return;
	here->tables = lappend_oid(here->tables, table);
	if (facts.owner != here->owner)
		tell_of_owner(here, psprintf("table %s", table_name(table)), facts.owner, take_over());
	look_at_policies(here, table, &facts);
}

/*
 * A partition may belong to whoever has the rights of the owner anyway, such as
 * a superuser who made it.
 */
static void
look_at_partitions(Examination *here, Oid table)
{
	ListCell *cell;

	foreach (cell, find_all_inheritors(table, NoLock, NULL))
	{
		Oid partition = lfirst_oid(cell);
		TableFacts facts = facts_of_table(partition);

		here->tables = list_append_unique_oid(here->tables, partition);
		if (facts.exists && !has_privs_of_role(facts.owner, here->owner))
			tell_of_owner(here, psprintf("partition %s", table_name(partition)), facts.owner,
						  psprintf("ALTER TABLE %s OWNER TO %s", table_name(partition),
								   role_name(here->owner)));
	}
}

/* ---- functions ---- */

static void
note_attached(Examination *here, const char *function)
{
	for (int type = 0; type < RECORD_TYPES; type++)
	{
		if (strcmp(function, psprintf("%s_claim", record_type_name(type))) == 0)
			here->attached[type] = true;
	}
}

/* A function of a superuser's that attach did not make runs nothing of ours. */
static bool
is_an_extra(Oid function, Oid owner)
{
	return superuser_arg(owner) && getAutoExtensionsOfObject(ProcedureRelationId, function) == NIL;
}

static bool
is_a_member(Oid function)
{
	return OidIsValid(getExtensionOfObject(ProcedureRelationId, function));
}

static void
look_at_owner_of_function(Examination *here, Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	note_attached(here, NameStr(form->proname));
	if (form->proowner != here->owner && !is_a_member(function) &&
		!is_an_extra(function, form->proowner))
		tell_of_owner(here, psprintf("function %s", format_procedure_qualified(function)),
					  form->proowner, take_over());
	ReleaseSysCache(tuple);
}

/* What PUBLIC may not call of the extension's functions is granted to the owner. */
static void
look_at_right_to_function(Examination *here, Oid function)
{
	if (has_right(has_function_privilege_id_id, here->owner, function, "EXECUTE") ||
		!is_a_member(function))
		return;
	tell(here,
		 psprintf("role %s, to whom the queue belongs, may not call %s", role_name(here->owner),
				  format_procedure_qualified(function)),
		 take_over());
}

/* ---- the schema ---- */

static void
look_at_right_to_schema(Examination *here)
{
	if (!has_right(has_schema_privilege_id_id, here->owner, here->schema, "USAGE"))
		tell(here,
			 psprintf("role %s, to whom the queue belongs, may not use schema %s",
					  role_name(here->owner), QUEUE_SCHEMA),
			 take_over());
}

/* LookAtObject */
static void
look_at_owner_of_object(Examination *here, Oid catalog, Oid object)
{
	if (catalog == RelationRelationId)
		look_at_own_table(here, object);
	else if (catalog == ProcedureRelationId)
		look_at_owner_of_function(here, object);
}

/* LookAtObject */
static void
look_at_right_to_object(Examination *here, Oid catalog, Oid object)
{
	if (catalog == ProcedureRelationId)
		look_at_right_to_function(here, object);
}

typedef void (*LookAtObject)(Examination *here, Oid catalog, Oid object);

static void
look_at_objects_of_schema(Examination *here, LookAtObject look)
{
	Relation depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(NamespaceRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(here->schema));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->deptype == DEPENDENCY_NORMAL)
			look(here, form->classid, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/* ---- the application's tables ---- */

static Oid
queue_of(Oid schema, RecordType type)
{
	return get_relname_relid(psprintf("%s_sync_transactions", record_type_name(type)), schema);
}

/* Renames do not matter to a foreign key; InvalidOid: there is none. */
static Oid
table_that_queue_refers_to(Oid queue, RecordType type)
{
	const char *name = record_type_name(type);
	Oid constraint;
	HeapTuple tuple;
	Oid table = InvalidOid;

	constraint =
		get_relation_constraint_oid(queue, psprintf("%s_sync_transactions_%s_id_fkey", name, name),
									true);
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_FOREIGN)
		table = ((Form_pg_constraint) GETSTRUCT(tuple))->confrelid;
	ReleaseSysCache(tuple);
	return table;
}

/* Comments that do not belong to the owner of the tasks are not ours to give away. */
static const char *
remedy_of_application_table(const Examination *here, Oid table, Oid owner)
{
	Oid tasks = here->application_tables[RECORD_TASK];
	Oid owner_of_tasks = facts_of_table(tasks).owner;

	if (table == tasks || owner == owner_of_tasks || !OidIsValid(owner_of_tasks))
		return take_over();
	return psprintf("ALTER TABLE %s OWNER TO %s", table_name(table), role_name(owner_of_tasks));
}

static void
look_at_application_table(Examination *here, RecordType type)
{
	Oid queue = queue_of(here->schema, type);
	Oid table = OidIsValid(queue) ? table_that_queue_refers_to(queue, type) : InvalidOid;
	TableFacts facts;

	if (!here->attached[type])
		return;
	if (!OidIsValid(table))
	{
		/* Its owner can have dropped the key: then nobody knows whose triggers would run. */
		tell(here,
			 psprintf("the foreign key from %s.%s_sync_transactions to the %ss table is gone",
					  QUEUE_SCHEMA, record_type_name(type), record_type_name(type)),
			 psprintf("Call github_sync.attach_%ss() again, with the table that counts now, or "
					  "github_sync.detach_%ss() where there is none.",
					  record_type_name(type), record_type_name(type)));
		return;
	}
	here->application_tables[type] = table;
	here->tables = list_append_unique_oid(here->tables, table);
	facts = facts_of_table(table);
	if (!facts.exists)
		return;
	if (facts.owner != here->owner)
		tell_of_owner(here, psprintf("table %s", table_name(table)), facts.owner,
					  remedy_of_application_table(here, table, facts.owner));
	look_at_policies(here, table, &facts);
	if (facts.has_children)
		look_at_partitions(here, table);
}

/* ---- the answer ---- */

static void
examine(Examination *here)
{
	Oid queue;

	if (!OidIsValid(get_extension_oid(QUEUE_EXTENSION, true)))
		return;
	here->schema = get_namespace_oid(QUEUE_SCHEMA, true);
	if (!OidIsValid(here->schema))
		return;
	queue = queue_of(here->schema, RECORD_TASK);
	if (!OidIsValid(queue) || !holds_rows(facts_of_table(queue).kind))
		return;
	here->owner = facts_of_table(queue).owner;
	look_at_objects_of_schema(here, look_at_owner_of_object);
	here->queue_is_ones = !found_problem(here);
	look_at_right_to_schema(here);
	look_at_objects_of_schema(here, look_at_right_to_object);
	for (int type = 0; type < RECORD_TYPES; type++)
		look_at_application_table(here, type);
}

static void
forget_examination(void)
{
	memset(&examination, 0, sizeof(examination));
	if (examination_context == NULL)
	{
		examination_context =
			AllocSetContextCreate(TopMemoryContext, "github_sync ownership", ALLOCSET_SMALL_SIZES);
		listen_for_changes();
	}
	MemoryContextReset(examination_context);
}

/* An examination during which something changed is not kept. */
static const Examination *
current_examination(void)
{
	MemoryContext caller;
	Examination here = {0};
	uint64 changes_before;

	if (up_to_date)
		return &examination;
	forget_examination();
	changes_before = changes;
	caller = MemoryContextSwitchTo(examination_context);
	examine(&here);
	MemoryContextSwitchTo(caller);
	examination = here;
	up_to_date = OidIsValid(here.owner) && changes == changes_before;
	return &examination;
}

const OwnershipProblem *
ownership_problem(void)
{
	const Examination *here = current_examination();

	return found_problem(here) ? &here->found : NULL;
}

bool
ownership_matters(void)
{
	Oid schema = get_namespace_oid(QUEUE_SCHEMA, true);

	return OidIsValid(schema) && OidIsValid(get_relname_relid("attached_tables", schema));
}

Oid
ownership_queue_owner(void)
{
	return current_examination()->owner;
}

bool
ownership_queue_is_ones(void)
{
	return current_examination()->queue_is_ones;
}

void
ownership_require(void)
{
	const OwnershipProblem *problem = ownership_problem();

	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing is synchronized: %s", problem->problem),
				 errhint("%s", problem->remedy)));
}

void
ownership_restrict_superuser(void)
{
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	/* Outside of such a function nothing would take it back. */
	if ((context & SECURITY_LOCAL_USERID_CHANGE) == 0 || superuser_arg(user))
		return;
	if (superuser_arg(GetSessionUserId()) || superuser_arg(GetOuterUserId()))
		SetUserIdAndSecContext(user, context | SECURITY_RESTRICTED_OPERATION);
}

/*
 * Whoever has locked a table to alter it is not waited for: the table's owner is
 * another one only after that commit, and his triggers come in a later one still.
 */
static void
keep_application_tables(void)
{
	Oid tables[RECORD_TYPES];

	memcpy(tables, current_examination()->application_tables, sizeof(tables));
	for (int type = 0; type < RECORD_TYPES; type++)
	{
		if (OidIsValid(tables[type]))
			(void) ConditionalLockRelationOid(tables[type], AccessShareLock);
	}
}

void
ownership_require_session(void)
{
	const OwnershipProblem *problem;
	Oid owner;

	keep_application_tables();
	problem = ownership_problem();
	owner = ownership_queue_owner();
	if (problem != NULL)
		ereport(FATAL,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing is synchronized: %s", problem->problem),
				 errhint("%s", problem->remedy)));
	if (OidIsValid(owner) && owner != GetSessionUserId())
		ereport(FATAL,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the queue belongs to role %s now, not to the worker's role %s",
						role_name(owner), role_name(GetSessionUserId()))));
}
