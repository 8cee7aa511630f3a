/*
 * lists.mjs
 *		Lists of issues and comments: filter, order, pages and Link.
 *
 * A page of issues continues at a cursor, as GitHub's does (a page number
 * alone is refused when it goes deep); comments continue at a page number.
 */
import * as answers from './answers.mjs';
import { oneOf, sinceMs } from './validation.mjs';

const SORT_VALUES = {
	created: (record) => record.created_at,
	updated: (record) => record.updated_at,
	comments: (record) => record.comment_count,
};

/* GitHub shows an empty list for such a since, and says nothing (airbytehq/airbyte#85376). */
const EARLIEST_SINCE_MS = Date.parse('1971-01-01T00:00:00Z');

export function issuesPage(context) {
	const { query, repository, behaviour } = context;

	requireMakeable(pageSize(query) <= behaviour.largest_page.issues);
	const state = oneOf(query, 'state', ['open', 'closed', 'all'], 'open');
	const compare = comparison(query, oneOf(query, 'sort', ['created', 'updated', 'comments'], 'created'), 'desc');
	const wanted = listed(context, repository.issues.values())
		.filter((issue) => (state === 'all' || issue.state === state) && matchesNames(query, issue))
		.sort(compare);

	return cursorPage(context, wanted, compare);
}

function matchesNames(query, issue) {
	const labels = query.get('labels')?.split(',') ?? [];
	const creator = query.get('creator')?.toLowerCase();

	return labels.every((label) => issue.labels.includes(label))
		&& (creator === undefined || issue.author?.toLowerCase() === creator);
}

export function issueCommentsPage(context, issue) {
	requireMakeable(pageSize(context.query) <= context.behaviour.largest_page.issue_comments);
	return numberedPage(context, listed(context, issue.comments.values()));
}

/* Without sort the direction is ignored and ids ascend. */
export function repositoryCommentsPage(context) {
	const { query, repository, behaviour } = context;
	const oldestMs = behaviour.oldest_since === null ? -Infinity : Date.parse(behaviour.oldest_since);

	if (pageNumber(query) * pageSize(query) > behaviour.deepest_of_comments) {
		throw answers.listTooLong();
	}
	requireMakeable(pageSize(query) <= behaviour.largest_page.comments && (sinceMs(query) ?? Infinity) >= oldestMs);
	const comments = listed(context, [...repository.issues.values()].flatMap((issue) => [...issue.comments.values()]));

	if (!query.has('sort')) {
		return numberedPage(context, comments.sort((one, other) => one.id - other.id));
	}
	return numberedPage(context, comments.sort(comparison(query, oneOf(query, 'sort', ['created', 'updated'], 'created'), 'desc')));
}

/* What takes GitHub too long. */
function requireMakeable(isMakeable) {
	if (!isMakeable) {
		throw answers.serverTooSlow();
	}
}

/* What the list shows of these records at this time. */
function listed({ query, behaviour, clock, version }, records) {
	const since = sinceMs(query);
	const newestMs = clock.nowMs() - behaviour.list_lag_s * 1000;
	const isEmpty = since !== null && since < EARLIEST_SINCE_MS;
	const isSince = behaviour.since === 'exclusive' ? (at) => at > since : (at) => at >= since;

	return [...records]
		.filter((record) => record.visibleFromMs <= newestMs)
		.map(version)
		.filter((record) => record !== null && !isEmpty && (since === null || isSince(Date.parse(record.updated_at))));
}

function comparison(query, sort, otherwise) {
	const valueOf = SORT_VALUES[sort];
	const sign = oneOf(query, 'direction', ['asc', 'desc'], otherwise) === 'asc' ? 1 : -1;
	const compare = (one, other) => sign * (order(valueOf(one), valueOf(other)) || one.id - other.id);

	return Object.assign(compare, { valueOf });
}

function order(one, other) {
	return one < other ? -1 : Number(one > other);
}

function pageSize(query) {
	return Math.min(Math.max(Number.parseInt(query.get('per_page') ?? '30', 10) || 30, 1), 100);
}

function pageNumber(query) {
	return Math.max(Number.parseInt(query.get('page') ?? '1', 10) || 1, 1);
}

function cursorPage(context, records, compare) {
	const { query, behaviour } = context;
	const size = pageSize(query);
	const page = pageNumber(query);
	const after = query.get('after');

	if (after === null && page * size > behaviour.deepest_by_page) {
		throw answers.pageTooDeep();
	}
	const start = after === null ? (page - 1) * size : indexAfter(records, compare, after);
	const items = records.slice(start, start + size);
	const links = start + size < records.length
		? { next: { after: cursorOf(items[items.length - 1], compare), page: page + 1 } }
		: {};

	return { items, headers: linkHeader(context, links) };
}

function cursorOf(record, { valueOf }) {
	return Buffer.from(JSON.stringify([valueOf(record), record.id])).toString('base64url');
}

/* What cursorOf() made; anybody can send anything. */
function parsedCursor(cursor) {
	try {
		const [value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString());

		return { value, id };
	} catch {
		throw answers.invalidRequest('The cursor is not valid.');
	}
}

/* The place after a record that may have moved or gone since. */
function indexAfter(records, compare, cursor) {
	const { value, id } = parsedCursor(cursor);
	const last = { created_at: value, updated_at: value, comment_count: value, id };
	const index = records.findIndex((record) => compare(record, last) > 0);

	return index === -1 ? records.length : index;
}

export function numberedPage(context, records) {
	const size = pageSize(context.query);
	const page = pageNumber(context.query);
	const lastPage = Math.max(Math.ceil(records.length / size), 1);
	const links = {
		...(page > 1 ? { prev: { page: page - 1 } } : {}),
		...(page < lastPage ? { next: { page: page + 1 }, last: { page: lastPage } } : {}),
		...(page > 1 ? { first: { page: 1 } } : {}),
	};

	return { items: records.slice((page - 1) * size, page * size), headers: linkHeader(context, links) };
}

function linkHeader({ query, shapes, repository, rest }, links) {
	const entries = Object.entries(links).map(([relation, changed]) => {
		const parameters = new URLSearchParams(query);

		Object.entries(changed).forEach(([name, value]) => parameters.set(name, value));
		return `<${shapes.repositoryIdUrl(repository)}${rest}?${parameters}>; rel="${relation}"`;
	});

	return entries.length === 0 ? {} : { link: entries.join(', ') };
}
