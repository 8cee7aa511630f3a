/*
 * names.mjs
 *	"Names are not identities": one repository holds a name, compared without
 *	case; another one takes it over when an answer of GitHub's confirmed it.
 */

const key = (name) => name.toLowerCase();

const holdersOf = (world, name, except) => [...world.repos.values()].filter((r) => r.id !== except && !r.nameLost && key(r.name) === key(name));

/* Given a name that another one holds, it does not hold it. */
function callRepo(world, repo, name) {
	repo.name = name;
	repo.nameLost = holdersOf(world, name, repo.id).length > 0;
}

export function nameRepo(world, { repo, name }) {
	callRepo(world, world.repos.get(repo), name);
	return '';
}

/* An answer came from it, by its name. */
export function confirmName(world, { repo }) {
	const confirmed = world.repos.get(repo);
	if (!confirmed?.nameLost) return '';
	for (const other of holdersOf(world, confirmed.name, repo)) other.nameLost = true;
	confirmed.nameLost = false;
	return '';
}

/* One was asked for, and another one answered perhaps, of ours or not, which is called that. */
export function answerWithName(world, { asked, answered, name }) {
	for (const other of world.repos.values()) {
		if (other.id !== answered && (other.id === asked || key(other.name) === key(name))) other.nameLost = true;
	}
	const repo = world.repos.get(answered);
	if (!repo) return '';
	if (repo.name !== name) callRepo(world, repo, name);
	return confirmName(world, { repo: answered });
}
