/*
 * control.mjs
 *		How a test arranges the stand-in's world, acts as a human in it, and
 *		sees what happened: JSON under /_control (see README.md).
 *
 * No authentication, no limits, no journal entry: none of it is GitHub.
 */
import { readFileSync } from 'node:fs';

const DEFAULT_TIMEOUT_MS = 10_000;

/* What one finds without seeding anything. */
const DEFAULT_WORLD = {
	users: [
		{ login: 'acme', id: 1_296_001, type: 'Organization' },
		{ login: 'alice', id: 1_296_002, token: 'github_pat_alice' },
		{ login: 'bob', id: 1_296_003 },
	],
	app: { id: 424242, slug: 'tasksync', owner: 'acme' },
	repositories: [
		{ id: 1_296_269, owner: 'acme', name: 'widgets' },
		{ id: 1_296_270, owner: 'acme', name: 'gadgets' },
	],
	installations: [{ id: 515151, account: 'acme' }],
};

export class Control {
	constructor(standin) {
		Object.assign(this, standin);
	}

	/* Resolves with a value to send as JSON; throws what the caller did wrong. */
	async handle({ method, path, query, body }) {
		const [, , name, ...rest] = path.split('/');
		const handler = CONTROLS[`${method} ${name}`];

		if (handler === undefined) {
			throw new Error(`no control ${method} ${path}`);
		}
		return (await handler(this, { query, value: body === '' ? {} : JSON.parse(body), rest })) ?? {};
	}

	/* Adds to the world; with `reset` starts from nothing. */
	seed({ reset = false, users = [], app, repositories = [], installations = [] }) {
		if (reset) {
			this.clear();
		}
		for (const user of users) {
			this.store.addUser(user);
			if (user.token !== undefined) {
				this.auth.addUserToken(user);
			}
		}
		if (app !== undefined) {
			this.#seedApp(app);
		}
		repositories.forEach((repository) => this.#seedRepository(repository));
		installations.forEach((installation) => this.store.addInstallation(installation));
		return this.summary();
	}

	/* The first world is the default one with this App. */
	begin({ appId = DEFAULT_WORLD.app.id, publicKey }) {
		this.firstWorld = { ...DEFAULT_WORLD, app: { ...DEFAULT_WORLD.app, id: appId, public_key: publicKey } };
		return this.startOver();
	}

	/* Everything as it was at the start; webhooks keep their receiver. */
	startOver() {
		return this.seed({ reset: true, ...this.firstWorld });
	}

	clear() {
		for (const part of [this.store, this.auth, this.limits, this.github, this.journal, this.faults, this.webhooks]) {
			part.clear();
		}
		this.clock.real();
	}

	#seedApp({ public_key, public_key_file, ...app }) {
		this.store.setApp(app);
		if (public_key !== undefined || public_key_file !== undefined) {
			this.auth.setKey(public_key ?? readFileSync(public_key_file));
		}
	}

	/* History is not news: what is seeded sends no webhooks. */
	#seedRepository({ issues = [], filler_issues = 0, filler_comments = 0, ...fields }) {
		const { mode } = this.webhooks;
		const repository = this.store.addRepository(fields);

		this.webhooks.mode = 'off';
		issues.forEach((issue) => this.#seedIssue(repository, issue));
		for (let index = 1; index <= filler_issues; index++) {
			this.#seedIssue(repository, { title: `filler ${index}`, body: `body of ${index}`, comments: fillerComments(filler_comments) });
		}
		this.webhooks.mode = mode;
	}

	#seedIssue(repository, { comments = [], ...fields }) {
		const actor = { login: fields.author ?? repository.owner };
		const issue = this.store.createIssue(repository, fields, actor);

		comments.forEach((comment) => this.store.createComment(issue, comment, { login: comment.author ?? repository.owner }));
		issue.updated_at = fields.updated_at ?? issue.updated_at;
		issue.text = null;
	}

	summary() {
		return {
			repositories: [...this.store.repositories.values()].map(({ id, owner, name, issues }) => ({ id, full_name: `${owner}/${name}`, issues: issues.size })),
			installations: [...this.store.installations.keys()],
			app: this.store.app && { id: this.store.app.id, client_id: this.store.app.client_id, slug: this.store.app.slug },
		};
	}

	/* A human, or whoever `as` names (app: the App's bot), does something on the web. */
	act({ as = 'alice', do: deed, ...what }) {
		const perform = DEEDS[deed];

		if (perform === undefined) {
			throw new Error(`unknown deed: ${deed}`);
		}
		return perform(this, what, as === 'app' ? { login: this.store.appLogin(), via_app: true } : { login: as }) ?? {};
	}

	repository({ repo }) {
		const found = this.store.findRepository(...String(repo).split('/')) ?? { repository: this.store.repositories.get(Number(repo)) };

		if (found.repository === undefined) {
			throw new Error(`no repository ${repo}`);
		}
		return found.repository;
	}

	issue({ repo, number }) {
		const issue = this.repository({ repo }).issues.get(Number(number));

		if (issue === undefined) {
			throw new Error(`no issue ${repo}#${number}`);
		}
		return issue;
	}

	comment({ comment_id: id }) {
		const comment = this.store.comments.get(Number(id));

		if (comment === undefined) {
			throw new Error(`no comment ${id}`);
		}
		return comment;
	}

	installation({ id, do: deed, account, repositories = null, permissions }) {
		if (deed === 'create') {
			return { id: this.store.install({ id, account, repositories }).id };
		}
		const installation = this.store.installations.get(Number(id));
		const deeds = {
			choose: () => this.store.chooseRepositories(installation, repositories),
			permit: () => this.store.permit(installation, permissions),
			suspend: () => this.store.suspend(installation, true),
			unsuspend: () => this.store.suspend(installation, false),
			delete: () => this.store.uninstall(installation),
		};

		if (installation === undefined || deeds[deed] === undefined) {
			throw new Error(`cannot ${deed} installation ${id}`);
		}
		deeds[deed]();
		return {};
	}

	setClock({ freeze, advance, real, hasten }) {
		if (real) {
			this.clock.real();
		}
		if (hasten !== undefined) {
			this.clock.hasten(Date.parse(hasten.now), hasten.pace);
		}
		if (freeze !== undefined) {
			this.clock.freeze(freeze === true ? this.clock.nowMs() : Date.parse(freeze));
		}
		if (advance !== undefined) {
			this.clock.advance(advance);
		}
		return { now: this.clock.iso(), frozen: this.clock.isFrozen() };
	}

	state() {
		return {
			now: this.clock.iso(),
			repositories: [...this.store.repositories.values()].map((repository) => ({
				id: repository.id, full_name: `${repository.owner}/${repository.name}`, has_issues: repository.has_issues,
				issues: [...repository.issues.values()].map(plainIssue),
				former_issues: [...repository.formerIssues].map(([number, { transferredTo }]) => ({ number, became: transferredTo ? 'transferred' : 'deleted' })),
			})),
			duplicates: this.duplicates(),
		};
	}

	/* Records of one author in one place with the same text: posted twice? */
	duplicates() {
		const issues = [...this.store.repositories.values()].flatMap((repository) => [...repository.issues.values()]);

		return [
			...sameOnes(issues, (issue) => [issue.repository.id, issue.author, issue.title, issue.body], (issue) => issue.number, 'issues'),
			...sameOnes([...this.store.comments.values()], (comment) => [comment.issue.id, comment.author, comment.body], (comment) => comment.id, 'comments'),
		];
	}
}

function fillerComments(count) {
	return Array.from({ length: count }, (_, index) => ({ body: `comment ${index + 1}` }));
}

function sameOnes(records, keyOf, nameOf, what) {
	const groups = new Map();

	for (const record of records) {
		const key = JSON.stringify(keyOf(record));

		groups.set(key, [...(groups.get(key) ?? []), nameOf(record)]);
	}
	return [...groups].filter(([, names]) => names.length > 1).map(([key, names]) => ({ [what]: names, same: JSON.parse(key) }));
}

function plainIssue(issue) {
	const { repository, comments, previous, text, visibleFromMs, sinceMs, ...fields } = issue;

	return { ...fields, comments: [...comments.values()].map(plainComment) };
}

function plainComment(comment) {
	const { issue, previous, text, visibleFromMs, sinceMs, ...fields } = comment;

	return { ...fields, issue_number: issue.number };
}

/* What `act` can do. */
const DEEDS = {
	create_issue: (control, what, actor) => plainIssue(control.store.createIssue(control.repository(what), what, actor)),
	edit_issue: (control, what, actor) => {
		const issue = control.issue(what);

		control.store.editIssue(issue, what, actor);
		return plainIssue(issue);
	},
	/* One at a time, as on the web. */
	label_issue: (control, { add = [], remove = [], ...what }, actor) => {
		const labels = control.issue(what).labels.filter((label) => !remove.includes(label));

		return DEEDS.edit_issue(control, { ...what, labels: [...labels, ...add] }, actor);
	},
	close_issue: (control, what, actor) => DEEDS.edit_issue(control, { ...what, state: 'closed' }, actor),
	reopen_issue: (control, what, actor) => DEEDS.edit_issue(control, { ...what, state: 'open' }, actor),
	lock_issue: (control, what, actor) => DEEDS.edit_issue(control, { ...what, locked: true }, actor),
	delete_issue: (control, what, actor) => control.store.deleteIssue(control.issue(what), actor),
	transfer_issue: (control, what, actor) =>
		plainIssue(control.store.transferIssue(control.issue(what), control.repository({ repo: what.to }), actor, what)),
	create_comment: (control, what, actor) => plainComment(control.store.createComment(control.issue(what), what, actor)),
	edit_comment: (control, what, actor) => {
		const comment = control.comment(what);

		control.store.editComment(comment, what, actor);
		return plainComment(comment);
	},
	delete_comment: (control, what, actor) => control.store.deleteComment(control.comment(what), actor),
	rename_repository: (control, what, actor) => control.store.renameRepository(control.repository(what), what, actor),
	set_repository: (control, { repo, ...fields }) => void Object.assign(control.repository({ repo }), fields),
	create_repository: ({ store }, { owner, name }) => ({ id: store.addRepository({ owner, name }).id }),
	archive_repository: (control, what, actor) => control.store.archive(control.repository(what), what.archived ?? true, actor),
	publish_repository: (control, what, actor) => control.store.publish(control.repository(what), what.published ?? true, actor),
	delete_repository: (control, what, actor) => control.store.deleteRepository(control.repository(what), actor),
	rename_user: ({ store, auth }, { login, to }) => {
		store.renameUser(store.user(login), to);
		auth.renameLogin(login, to);
	},
	rename_app: ({ store, auth }, { slug }) => {
		const former = store.appLogin();

		store.renameApp(slug);
		auth.renameLogin(former, store.appLogin());
	},
	delete_user: (control, { login }) => control.store.deleteUser(login),
};

function timeoutOf(query) {
	return Number(query.get('timeout_ms') ?? DEFAULT_TIMEOUT_MS);
}

function requests({ journal }, { query }) {
	const since = Number(query.get('since') ?? 0);
	const wait = /^([A-Z]+|\*):(.*)$/s.exec(query.get('wait') ?? '');

	if (wait === null) {
		return journal.since(since);
	}
	return journal.wait({
		method: wait[1], pattern: new RegExp(wait[2]), since, count: Number(query.get('count') ?? 1),
		arrived: query.get('arrived') === '1', timeoutMs: timeoutOf(query),
	});
}

function requestCounts({ journal }) {
	return { last_seq: journal.lastSeq, under_way: journal.underWay, writes_under_way: journal.writesUnderWay, most: journal.most };
}

async function deliveries({ webhooks }, { query }) {
	if (query.get('idle') === '1') {
		await webhooks.idle();
	}
	return webhooks.list();
}

const CONTROLS = {
	'POST seed': (control, { value }) => control.seed(value),
	'POST reset': (control) => control.startOver(),
	'POST public_url': ({ shapes }, { value }) => shapes.setPublicUrl(value.url),
	'GET clock': (control) => control.setClock({}),
	'POST clock': (control, { value }) => control.setClock(value),
	'POST act': (control, { value }) => control.act(value),
	'POST installation': (control, { value }) => control.installation(value),
	'POST expire_tokens': ({ auth }) => auth.expireInstallationTokens(),
	'POST limits': ({ limits }, { value }) => limits.configure(value),
	'GET limits': ({ limits }, { query }) => limits.accounts(Number(query.get('seconds') ?? Infinity)),
	'POST behaviour': ({ github, auth }, { value: { token_lifetime_s = auth.tokenLifetimeS, ...settings } }) => {
		auth.tokenLifetimeS = token_lifetime_s;
		github.configure(settings);
	},
	'POST stale_reads': ({ github }, { value }) => github.answerStale(value),
	'GET faults': ({ faults }) => faults.list(),
	'POST faults': ({ faults }, { value }) => ({ ids: [value].flat().map((rule) => faults.add(rule)) }),
	'DELETE faults': ({ faults }, { rest }) => (rest.length > 0 ? faults.remove(Number(rest[0])) : faults.clear()),
	'GET gates': ({ faults }, { rest, query }) => faults.waitAtGate(rest[0], Number(query.get('arrived') ?? 0), timeoutOf(query)),
	'POST gates': ({ faults }, { rest: [name, deed] }) => (deed === 'close' ? faults.closeGate(name) : faults.openGate(name)),
	'GET requests': requests,
	'GET counts': requestCounts,
	'GET state': (control) => control.state(),
	'GET duplicates': (control) => control.duplicates(),
	'GET mentions': (control) => control.store.mentions,
	'GET webhooks': deliveries,
	'POST webhooks': async ({ webhooks }, { value, rest: [deed] }) => {
		await { release: () => webhooks.release(value), redeliver: () => webhooks.redeliver(value.guid) }[deed ?? 'configure']?.();
		return deed === undefined ? webhooks.configure(value) : {};
	},
};
