/*
 * labels.mjs
 *	Labels are sets: what either side added or removed since its own base is
 *	added or removed at the other.  A set is told as one text, a JSON array of
 *	names in order, each of them once, whatever its case.
 */
export const LABELS = 3;
export const NONE = '[]';

const folded = (name) => name.toLowerCase();
export const namesIn = (set) => JSON.parse(set ?? NONE);

/* Of names that differ in case alone the first one stays. */
export function nameSet(names) {
	const spelled = new Map();
	for (const name of names ?? []) if (!spelled.has(folded(name))) spelled.set(folded(name), name);
	return `[${[...spelled.keys()].sort().map((key) => JSON.stringify(spelled.get(key))).join(', ')}]`;
}

const has = (set, name) => namesIn(set).some((other) => folded(other) === folded(name));
export const sameNames = (a, b) => folded(a) === folded(b);

/* A set with the change from one set to another made to it. */
export const patched = (set, was, becomes) => nameSet([
	...namesIn(set).filter((name) => !has(was, name) || has(becomes, name)),
	...namesIn(becomes).filter((name) => !has(was, name)),
]);

const common = (a, b) => nameSet(namesIn(a).filter((name) => has(b, name)));

/* What GitHub is sent: the whole set, with what the row's set differs by from its base. */
export const labelsToSend = (record, local) => patched(record.remoteBase?.[LABELS], record.localBase?.[LABELS], local);

/* first: the side that counts as it is. -> {is, here, there}: what each side is to hold */
export function mergeLabels({ local, localBase, remote, remoteBase }, first, writesHere) {
	let [here, there] = [local, remote];
	/* A page of a list in which our creation was found does not tell them. */
	if (remote === null) return { is: 'unknown', here, there };
	if (writesHere && first !== 'app') here = first === 'github' ? remote : patched(local, remoteBase, remote);
	if (first !== 'github') there = first === 'app' ? local : patched(remote, localBase, here);
	const isLost = first && local !== NONE && remote !== NONE && !sameNames(local, remote);
	if (isLost) return { is: 'conflict', winner: first, here, there };
	const staysHere = sameNames(here, local);
	if (sameNames(there, remote)) return { is: staysHere ? 'same' : 'to local', here, there };
	return { is: staysHere ? 'to remote' : 'to both', here, there };
}

/* Of which issues of a repository GitHub left labels out; the repository by the name that it had then. */
const placeOf = (world, record) => `octo/${world.repos.get(record.repo).name}`;
const notTakenAt = (world, record) => world.notTaken.filter((n) => n.place === placeOf(world, record));

/* What an answer to a write, or a look at what was created, says of the labels that were sent. note: keeps a conflict */
export function settleLabels(world, t, record, before, remote, isAnswered, note) {
	const wasCreation = before.localBase === null;
	if (!before.sentMask[LABELS] || !(isAnswered || wasCreation)) return;
	record.localBase ??= record.sent.map(() => null);
	record.remoteBase ??= record.sent.map(() => null);
	if (!isAnswered && notTakenAt(world, record).length === 0) {
		record.localBase[LABELS] = record.remoteBase[LABELS] = before.sent[LABELS];
		return;
	}
	if (remote === null) return;
	record.localBase[LABELS] = before.sent[LABELS];
	const base = before.remoteBase?.[LABELS] ?? NONE;
	const sent = patched(base, before.localBase?.[LABELS], before.sent[LABELS]);
	/* What neither was there nor was sent, somebody has added meanwhile. */
	record.remoteBase[LABELS] = common(remote, patched(sent, null, base));
	const isMissing = patched(sent, remote, null) !== NONE;
	const stayed = common(patched(base, sent, null), remote) !== NONE;
	if (!isMissing && !stayed) {
		if (!world.conflicts.some((c) => c.transaction === t && c.winner === 'github')) {
			const there = notTakenAt(world, record);
			world.notTaken = world.notTaken.filter((n) => !there.includes(n));
		}
	} else if (t) {
		note(base, sent);
		world.notTaken = [...world.notTaken.filter((n) => n.record !== record.order), { record: record.order, place: placeOf(world, record) }];
	}
}
