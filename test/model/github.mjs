/*
 * github.mjs
 *	GitHub's side while a history is made: issues, comments, a clock of whole seconds.
 */
import { LABELS, labelsToSend, NONE } from './labels.mjs';
import { ACCOUNT_IDS, FIELDS, OUR_ACCOUNTS } from './world.mjs';

const VALUES = {
	title: ['a', 'b', 'c'],
	body: ['x', 'y', 'z ', 'p\r\nq', 'p\nq', '', null],
	state: ['open', 'closed'],
	labels: ['[]', '["bug"]', '["bug", "ui"]', '["Bug", "docs"]', '["docs", "ui"]'],
};

export class GitHub {
	#random;
	now = 10;
	issues = [];
	comments = [];

	constructor(random) {
		this.#random = random;
	}

	valueOf(field) {
		return this.#random.of(VALUES[field]);
	}

	/* One that differs from the given ones, where there is one. */
	otherValueOf(field, ...given) {
		const others = VALUES[field].filter((value) => !given.includes(value));
		return others.length ? this.#random.of(others) : this.valueOf(field);
	}

	tick() {
		/* Seconds are whole: several changes may fall into one. */
		this.now += this.#random.of([0, 1, 1, 1, 2, 70]);
		return this.now;
	}

	openIssue(author = 'octocat', repo = 1, fields = [this.valueOf('title'), this.valueOf('body'), 'open', this.valueOf('labels')], keyOf = null) {
		const number = Math.max(0, ...this.issues.map((issue) => issue.number)) + 1;
		return this.#add(this.issues, { githubId: 3000 + number, number, repo, author, fields, keyOf });
	}

	writeComment(issue, author = 'octocat', fields = [this.valueOf('body')], keyOf = null) {
		const githubId = Math.max(5000, ...this.comments.map((comment) => comment.githubId)) + 1;
		return this.#add(this.comments, { githubId, number: issue.number, repo: issue.repo, author, fields, keyOf });
	}

	#add(list, resource) {
		const made = { ...resource, updated: this.tick(), versions: [] };
		list.push(made);
		return made;
	}

	/* Somebody edits a field, or does what moves the time alone (a label, a comment). */
	edit(type, resource) {
		/* The key may go with what is edited. */
		if (resource.keyOf !== null && this.#random.chance(0.2)) resource.keyOf = null;
		const i = this.#random.between(0, FIELDS[type].length);
		const fields = resource.fields.map((value, field) => (field === i ? this.valueOf(FIELDS[type][i]) : value));
		this.change(resource, fields);
	}

	change(resource, fields) {
		resource.versions.push({ fields: resource.fields, updated: resource.updated });
		resource.fields = fields;
		resource.updated = Math.max(this.tick(), resource.updated);
	}

	/* A PATCH of ours: GitHub takes spaces off the end of a body; who may not set labels has them left out. */
	patch(resource, record) {
		const { sent, sentMask } = record;
		const isLeftOut = this.#random.chance(0.1);
		this.change(resource, resource.fields.map((value, i) => {
			if (!sentMask[i] || (i === LABELS && isLeftOut)) return value;
			return i === LABELS ? labelsToSend(record, sent[i]) : sent[i]?.replace(/ +$/, '') ?? null;
		}));
	}

	/* What an issue is made with; its labels may be left out. */
	fieldsOfCreation(sent) {
		return [sent[0], sent[1] ?? '', 'open', this.#random.chance(0.05) ? NONE : sent[LABELS]];
	}

	of(type, record) {
		return type === 'task'
			? this.issues.find((i) => i.repo === record.repo && i.number === record.number)
			: this.comments.find((c) => c.githubId === record.githubId);
	}

	ofAttempt(type, key) {
		return (type === 'task' ? this.issues : this.comments).find((r) => r.keyOf === key && OUR_ACCOUNTS.includes(r.author));
	}
}

/* What an answer says of a resource; version: an older one, from a replica that lags. */
export const shown = (resource, version = resource) => ({
	githubId: resource.githubId, number: resource.number, author: resource.author, authorId: ACCOUNT_IDS[resource.author], keyOf: resource.keyOf,
	fields: version.fields, updated: version.updated,
});
