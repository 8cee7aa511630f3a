/*
 * places.c
 *		How much this worker takes in hand of each line of an installation.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "server/settings.h"
#include "worker/installation.h"
#include "worker/places.h"

/* A bound on what is put back where an installation pauses, or a worker ends. */
#define PLACES_MAX 256

/*
 * In hand all together: with so many, an installation that has one of a kind
 * gets no more of it, so that those which wait leave room for the others.
 */
#define CLAIMS_IN_HAND_MANY 2048

/* Where writes are made some time apart: one under way, one that is next, one to follow. */
#define SPACED_WRITES 3

/* Reads are under way in numbers, writes one by one. */
#define LOW_READS (RATE_READS_AT_ONCE / 2)
#define LOW_WRITES 1

static bool some_are_low = false;

static RateKind
line_kind(const SyncClaim *claim)
{
	if (!claim->is_outbound)
		return RATE_READ;
	return claim->creates ? RATE_CREATION : RATE_WRITE;
}

static LineInHand *
line_of(const SyncClaim *claim)
{
	return &installation_get(claim->installation_id)->lines[claim->record_type][line_kind(claim)];
}

void
places_note_begin(const SyncClaim *claim)
{
	line_of(claim)->in_hand++;
}

void
places_note_end(const SyncClaim *claim)
{
	LineInHand *line = line_of(claim);

	line->in_hand--;
	line->ended++;
	if (line->in_hand <= (claim->is_outbound ? LOW_WRITES : LOW_READS))
		some_are_low = true;
}

bool
places_take_low(void)
{
	bool low = some_are_low;

	some_are_low = false;
	return low;
}

/* ---- for a claim ---- */

static int
places_at_least(RateKind kind, int in_hand)
{
	if (in_hand >= CLAIMS_IN_HAND_MANY)
		return 1;
	return kind != RATE_READ && setting_write_interval_ms > 0 ? SPACED_WRITES : RATE_READS_AT_ONCE;
}

/* What is spaced by settings is never faster than that. */
static int
places_at_most(RateKind kind, int in_hand)
{
	int at_least = places_at_least(kind, in_hand);

	return at_least < RATE_READS_AT_ONCE ? at_least : PLACES_MAX;
}

static void
use_what_ended(LineInHand *line, RateKind kind, int in_hand)
{
	if (line->ended > 0)
		line->places = line->ended * 2;
	line->ended = 0;
	line->places =
		Min(Max(line->places, places_at_least(kind, in_hand)), places_at_most(kind, in_hand));
}

typedef struct LineList
{
	RecordType record_type;
	ClaimSlots *slots;
	int room;
	int in_hand; /* of all lines */
} LineList;

static void
append_line(LineList *list, int64 installation_id, RateKind kind, const LineInHand *line)
{
	ClaimSlots *slots = list->slots;

	if (slots->line_count == list->room)
	{
		list->room = Max(list->room * 2, 16);
		slots->lines = slots->lines == NULL
			? palloc(sizeof(ClaimLine) * list->room)
			: repalloc(slots->lines, sizeof(ClaimLine) * list->room);
	}
	slots->lines[slots->line_count++] = (ClaimLine){.installation_id = installation_id,
													.is_outbound = kind != RATE_READ,
													.creates = kind == RATE_CREATION,
													.places = line->places,
													.in_hand = line->in_hand};
}

/* InstallationVisitor */
static void
append_lines(Installation *installation, void *argument)
{
	LineList *list = argument;

	for (RateKind kind = RATE_READ; kind < RATE_KINDS; kind++)
	{
		LineInHand *line = &installation->lines[list->record_type][kind];

		use_what_ended(line, kind, list->in_hand);
		if (line->in_hand > 0 || line->places > places_at_least(kind, list->in_hand))
			append_line(list, installation->id, kind, line);
	}
}

ClaimSlots
places_for_claim(RecordType record_type, int slots, int in_hand)
{
	ClaimSlots result = {.all = slots,
						 .places_to_read = places_at_least(RATE_READ, in_hand),
						 .places_to_write = places_at_least(RATE_WRITE, in_hand)};
	LineList list = {.record_type = record_type, .slots = &result, .in_hand = in_hand};

	installation_visit_all(append_lines, &list);
	return result;
}
