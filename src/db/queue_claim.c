/*
 * queue_claim.c
 *		Claims: the transactions that this worker takes from the queue.
 *
 * A row of a claim is read in a subtransaction of its own: one that is not as
 * it should be does not take the others with it.
 */
#include "postgres.h"

#include "db/plan_age.h"
#include "db/queue_claim.h"
#include "db/statement.h"
#include "utils/memutils.h"

typedef struct ClaimRow
{
	const ResultSet *result;
	uint64 number;
	SyncClaim *claim;
} ClaimRow;

static ClaimStep
step_of(const ClaimRow *row)
{
	const char *name = result_text(row->result, row->number, "step");

	if (strcmp(name, "fetch") == 0)
		return STEP_FETCH;
	if (strcmp(name, "create") == 0)
		return STEP_CREATE;
	if (strcmp(name, "lookup") == 0)
		return STEP_LOOKUP;
	if (strcmp(name, "delete") == 0)
		return STEP_DELETE;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s() returned an unknown step: \"%s\"", row->result->function, name)));
}

static bool
is_outbound(const ClaimRow *row)
{
	const char *name = result_text(row->result, row->number, "direction");

	if (strcmp(name, "inbound") != 0 && strcmp(name, "outbound") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s() returned an unknown direction: \"%s\"", row->result->function,
						name)));
	return strcmp(name, "outbound") == 0;
}

static void
read_fence(const ClaimRow *row, SyncClaim *claim)
{
	claim->id = result_int64(row->result, row->number, "id");
	claim->claim_no = result_int32(row->result, row->number, "claim_no");
}

static void
read_place(const ClaimRow *row, SyncClaim *claim)
{
	const ResultSet *result = row->result;
	uint64 number = row->number;

	claim->installation_id = result_int64(result, number, "installation_id");
	claim->github_repo_id = result_int64(result, number, "github_repo_id");
	claim->owner_login = result_text(result, number, "owner_login");
	claim->repo_name = result_text(result, number, "repo_name");
	claim->name_is_lost = result_bool(result, number, "name_is_lost");
	claim->issue_number = result_int32_or(result, number, "issue_number", 0);
	claim->github_id = result_int64_or(result, number, "github_id", 0);
	claim->etag = result_text_or_null(result, number, "etag");
	claim->etag_key = result_text_or_null(result, number, "etag_key");
}

/* DbAction */
static void
read_claim(void *argument)
{
	const ClaimRow *row = argument;
	SyncClaim *claim = row->claim;
	MemoryContext caller = MemoryContextSwitchTo(claim->context);

	read_fence(row, claim);
	read_place(row, claim);
	claim->step = step_of(row);
	claim->is_outbound = is_outbound(row);
	claim->creates = result_bool(row->result, row->number, "creates");
	claim->attempts = result_int32(row->result, row->number, "attempts");
	claim->priority = result_int32(row->result, row->number, "priority");
	claim->is_probe = result_bool(row->result, row->number, "is_probe");
	claim->waiting_since = result_timestamp_or(row->result, row->number, "waiting_since", 0);
	claim->state = TRANSACTION_STALE;
	if (claim->step == STEP_LOOKUP)
	{
		claim->creation_key = result_text(row->result, row->number, "creation_key");
		claim->lookup_since = result_seconds(row->result, row->number, "lookup_since");
	}
	MemoryContextSwitchTo(caller);
}

/* DbAction: of a row that could not be read. */
static void
read_fence_alone(void *argument)
{
	const ClaimRow *row = argument;

	read_fence(row, row->claim);
}

static SyncClaim *
make_claim(RecordType record_type, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "sync claim", ALLOCSET_SMALL_SIZES);
	SyncClaim *claim = MemoryContextAllocZero(context, sizeof(SyncClaim));

	claim->context = context;
	claim->record_type = record_type;
	return claim;
}

static UnfitClaim *
unfit_claim(ClaimRow row, RecordType record_type, const DbError *error)
{
	UnfitClaim *unfit = palloc0(sizeof(UnfitClaim));
	DbError second;

	unfit->claim.record_type = record_type;
	unfit->error = *error;
	row.claim = &unfit->claim;
	unfit->is_fenced = db_try_reading(read_fence_alone, &row, &second);
	return unfit;
}

/* A row may be no claim: held (what it is about was held, and it was passed over), or over. */
static bool
has_step(const ClaimRow *row, const char *name)
{
	const char *step = result_text_or_null(row->result, row->number, "step");

	return step != NULL && strcmp(step, name) == 0;
}

void
queue_claim_add_id(TransactionIds *ids, int64 id)
{
	if (ids->count == ids->room)
	{
		ids->room = Max(64, ids->room * 2);
		ids->ids = ids->ids == NULL
			? MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * ids->room)
			: repalloc_huge(ids->ids, sizeof(int64) * ids->room);
	}
	ids->ids[ids->count++] = id;
}

static void
append_claim(ClaimRow *row, RecordType record_type, MemoryContext parent, NewClaims *claims)
{
	MemoryContext caller;
	DbError error;

	row->claim = make_claim(record_type, parent);
	if (!db_try_reading(read_claim, row, &error))
	{
		queue_claim_free(row->claim);
		claims->unfit = lappend(claims->unfit, unfit_claim(*row, record_type, &error));
		return;
	}
	caller = MemoryContextSwitchTo(parent);
	claims->claims = lappend(claims->claims, row->claim);
	MemoryContextSwitchTo(caller);
}

static int64
installation_of(const ClaimLine *line)
{
	return line->installation_id;
}

static int64
direction_of(const ClaimLine *line)
{
	return line->is_outbound ? 1 : 0;
}

static int64
creates_of(const ClaimLine *line)
{
	return line->creates ? 1 : 0;
}

static int64
places_of(const ClaimLine *line)
{
	return line->places;
}

static int64
in_hand_of(const ClaimLine *line)
{
	return line->in_hand;
}

static void
add_of_lines(Parameters *parameters, const ClaimSlots *slots,
			 int64 (*value_of)(const ClaimLine *line))
{
	int64 *values = palloc(sizeof(int64) * Max(slots->line_count, 1));

	for (int i = 0; i < slots->line_count; i++)
		values[i] = value_of(&slots->lines[i]);
	parameters_add_int64_array(parameters, values, slots->line_count);
}

/* As PARAMETERS_OF_CLAIM. */
static void
add_slots(Parameters *parameters, const ClaimSlots *slots, const TransactionIds *passed)
{
	parameters_add_int32(parameters, slots->all);
	parameters_add_int32(parameters, slots->places_to_read);
	parameters_add_int32(parameters, slots->places_to_write);
	parameters_add_int64_array(parameters, passed->ids, passed->count);
	add_of_lines(parameters, slots, installation_of);
	add_of_lines(parameters, slots, direction_of);
	add_of_lines(parameters, slots, creates_of);
	add_of_lines(parameters, slots, places_of);
	add_of_lines(parameters, slots, in_hand_of);
}

#define COLUMNS_OF_CLAIM                                                                           \
	"SELECT id, claim_no, step, installation_id, owner_login, repo_name, issue_number, github_id," \
	" etag, etag_key, creation_key::text, lookup_since, attempts, github_repo_id, direction,"      \
	" priority::integer, is_probe, creates, name_is_lost, waiting_since FROM github_sync."

#define PARAMETERS_OF_CLAIM                                                                \
	"$1, $2, $3, $4, (SELECT coalesce(array_agg(ROW(l.installation,"                       \
	" CASE l.outbound WHEN 1 THEN 'outbound' ELSE 'inbound' END, l.creates = 1, l.places," \
	" l.in_hand)::github_sync.line), '{}') FROM unnest($5, $6, $7, $8, $9)"                \
	" AS l (installation, outbound, creates, places, in_hand))"

#define TYPES_OF_CLAIM                                                                 \
	INT4OID, INT4OID, INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, \
		INT8ARRAYOID, INT8ARRAYOID

void
queue_claim_take(RecordType record_type, const ClaimSlots *slots, bool apart,
				 TransactionIds *passed, MemoryContext parent, NewClaims *claims)
{
	static Statement together =
		STATEMENT(COLUMNS_OF_CLAIM "%s_claim(" PARAMETERS_OF_CLAIM ")", TYPES_OF_CLAIM);
	static Statement one_by_one =
		STATEMENT(COLUMNS_OF_CLAIM "%s_claim_apart(" PARAMETERS_OF_CLAIM ")", TYPES_OF_CLAIM);
	Parameters parameters = {0};
	ResultSet result;

	plan_age_check(record_type);
	add_slots(&parameters, slots, passed);
	result = statement_run(apart ? &one_by_one : &together, record_type, &parameters);
	for (uint64 number = 0; number < result.count; number++)
	{
		ClaimRow row = {.result = &result, .number = number};

		if (has_step(&row, "held"))
			queue_claim_add_id(passed, result_int64(&result, number, "id"));
		else if (has_step(&row, "over"))
			claims->over++;
		else
			append_claim(&row, record_type, parent, claims);
	}
}

int64
queue_claim_next(RecordType record_type, const ClaimSlots *slots, const TransactionIds *passed)
{
	static Statement statement =
		STATEMENT("SELECT min(c.transaction_id) AS id"
				  " FROM (SELECT transaction_id FROM github_sync.%s_candidates(" PARAMETERS_OF_CLAIM
				  ")"
				  " LIMIT 1) AS c",
				  TYPES_OF_CLAIM);
	Parameters parameters = {0};
	ResultSet result;

	add_slots(&parameters, slots, passed);
	result = statement_run(&statement, record_type, &parameters);
	return result_int64_or(&result, 0, "id", 0);
}

LoneClaim
queue_claim_take_lost(RecordType record_type, int64 id, bool give_up, MemoryContext parent,
					  NewClaims *claims)
{
	static Statement statement =
		STATEMENT(COLUMNS_OF_CLAIM "%s_claim_lost($1, $2)", INT8OID, BOOLOID);
	Parameters parameters = {0};
	ResultSet result;
	ClaimRow row = {.result = &result};

	parameters_add_int64(&parameters, id);
	parameters_add_bool(&parameters, give_up);
	result = statement_run(&statement, record_type, &parameters);
	if (result.count == 0 || has_step(&row, "over"))
		return LONE_OVER;
	if (has_step(&row, "held"))
		return LONE_HELD;
	append_claim(&row, record_type, parent, claims);
	return LONE_CLAIMED;
}

void
queue_claim_free(SyncClaim *claim)
{
	MemoryContextDelete(claim->context);
}
