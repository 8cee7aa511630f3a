/*
 * store.mjs
 *		The world GitHub keeps: accounts, the App, installations,
 *		repositories, issues and comments, and what may happen to them.
 *
 * It changes records, dates them and tells its listener about each change;
 * it knows neither HTTP nor JSON.  An "actor" is whoever changes something:
 * { login, via_app }.  Every change keeps the versions before it, so that a
 * test can ask for stale reads: the version before the last change, or what a
 * replica shows that is behind.
 */
import { newMentions } from './mentions.mjs';

const FIRST_ISSUE_ID = 3_123_456_789;		/* GitHub's ids outgrew 32 bits in 2024 */
const FIRST_COMMENT_ID = 4_234_567_890;
const FIRST_OTHER_ID = 2_900_000_001;

/* No replica is further behind. */
const LONGEST_LAG_MS = 60_000;

export class Store {
	constructor(clock) {
		this.clock = clock;
		this.listener = () => {};
		this.clear();
	}

	clear() {
		this.namesStamp = Symbol('names');
		this.users = new Map();
		this.app = null;
		this.installations = new Map();
		this.repositories = new Map();
		this.repositoryNames = new Map();
		this.comments = new Map();
		this.mentions = [];
		this.formerComments = new Map();	/* id -> { comment, untilMs }: where it was, deleted or moved since */
		this.nextIssueId = FIRST_ISSUE_ID;
		this.nextCommentId = FIRST_COMMENT_ID;
		this.nextOtherId = FIRST_OTHER_ID;
	}

	/* Forgets every serialised record: something they all mention has changed. */
	namesChanged() {
		this.namesStamp = Symbol('names');
	}

	/* ---- accounts, App, installations, repositories ---- */

	addUser({ login, id = this.nextOtherId++, type = 'User' }) {
		this.users.set(login.toLowerCase(), { login, id, type });
		this.namesChanged();
	}

	user(login) {
		return login ? this.users.get(login.toLowerCase()) : undefined;
	}

	/* The account stays who it is: its id, and all that it wrote. */
	renameUser(user, login) {
		const former = user.login;
		const rename = (record) => {
			for (let version = record; version !== null; version = version.previous) {
				Object.assign(version, { author: version.author === former ? login : version.author, text: null });
				if (version.closed_by === former) {
					version.closed_by = login;
				}
			}
		};

		this.users.delete(former.toLowerCase());
		this.users.set(login.toLowerCase(), Object.assign(user, { login, shape: undefined }));
		this.repositories.forEach(({ issues, formerIssues }) => {
			issues.forEach(rename);
			formerIssues.forEach(({ issue }) => rename(issue));	/* which a replica that lags still shows */
		});
		this.comments.forEach(rename);
		this.namesChanged();
	}

	deleteUser(login) {
		this.users.delete(login.toLowerCase());
		this.namesChanged();
	}

	/* Its bot is called by the App's name. */
	renameApp(slug) {
		const bot = this.user(this.appLogin());

		Object.assign(this.app, { slug, name: slug });
		this.renameUser(bot, this.appLogin());
	}

	setApp({ id, client_id = `Iv23li${id}`, slug = 'tasksync', owner, permissions, events }) {
		this.app = {
			id, client_id, slug, name: slug, owner, created_at: this.clock.iso(),
			permissions: permissions ?? { issues: 'write', metadata: 'read' },
			events: events ?? ['issues', 'issue_comment', 'repository'],
		};
		this.addUser({ login: `${slug}[bot]`, type: 'Bot' });
	}

	appLogin() {
		return `${this.app.slug}[bot]`;
	}

	addInstallation({ id, account, repositories = null, permissions = this.app.permissions }) {
		this.installations.set(id, {
			id, account, permissions, suspended_at: null, created_at: this.clock.iso(),
			repository_selection: repositories === null ? 'all' : 'selected',
			repositoryIds: repositories === null ? null : new Set(repositories.map((name) => this.#named(name).id)),
		});
	}

	installationCovers(installation, repository) {
		return installation.repositoryIds === null
			? repository.owner.toLowerCase() === installation.account.toLowerCase()
			: installation.repositoryIds.has(repository.id);
	}

	/* A human installs the App: an account that had it before gets a new id. */
	install({ id = this.nextOtherId++, account, repositories = null }) {
		this.addInstallation({ id, account, repositories });
		const installation = this.installations.get(id);

		this.listener('installation', 'created', { installation, sender: account, listed: this.#covered(installation) });
		return installation;
	}

	/* Which it has from now on; null: all of its account's. */
	chooseRepositories(installation, fullNames) {
		const before = this.#covered(installation);

		installation.repositoryIds = fullNames === null ? null : new Set(fullNames.map((name) => this.#named(name).id));
		installation.repository_selection = fullNames === null ? 'all' : 'selected';
		const after = this.#covered(installation);
		const removed = before.filter((one) => !after.includes(one));
		const added = after.filter((one) => !before.includes(one));

		for (const [action, some] of [['removed', removed], ['added', added]]) {
			if (some.length > 0) {
				this.listener('installation_repositories', action, { installation, sender: installation.account,
					added: action === 'added' ? some : [], removed: action === 'removed' ? some : [] });
			}
		}
	}

	#covered(installation) {
		return [...this.repositories.values()].filter((repository) => this.installationCovers(installation, repository));
	}

	permit(installation, permissions) {
		installation.permissions = { ...installation.permissions, ...permissions };
		installation.updated_at = this.clock.iso();
		this.listener('installation', 'new_permissions_accepted', { installation, sender: installation.account });
	}

	suspend(installation, suspended) {
		installation.suspended_at = suspended ? this.clock.iso() : null;
		installation.updated_at = this.clock.iso();
		this.listener('installation', suspended ? 'suspend' : 'unsuspend', { installation, sender: installation.account });
	}

	uninstall(installation) {
		this.installations.delete(installation.id);
		this.listener('installation', 'deleted', { installation, sender: installation.account });
	}

	addRepository({
		id = this.nextOtherId++, owner, name, private: isPrivate = true, has_issues = true, labels = [], milestones = [], may_mark = true,
	}) {
		const now = this.clock.iso();
		const repository = {
			id, owner, name, private: isPrivate, has_issues, created_at: now, updated_at: now,
			issues: new Map(), formerIssues: new Map(), lastNumber: 0, open_issues: 0,
			labels: new Map(labels.map((label) => [label.toLowerCase(), label])), milestones, may_mark,
		};

		/* None without an owner: whoever did not seed one means an organization. */
		if (this.user(owner) === undefined) {
			this.addUser({ login: owner, type: 'Organization' });
		}
		this.repositories.set(id, repository);
		this.#claimName(repository);
		return repository;
	}

	/* { repository, moved }: moved when it answers to a former name. */
	findRepository(owner, name) {
		const id = this.repositoryNames.get(`${owner}/${name}`.toLowerCase());
		const repository = this.repositories.get(id);

		if (repository === undefined) {
			return null;
		}
		return { repository, moved: !sameName(repository, owner, name) };
	}

	/* The old name keeps redirecting until another repository takes it. */
	renameRepository(repository, { owner = repository.owner, name = repository.name }, actor) {
		const former = { owner: repository.owner, name: repository.name };

		Object.assign(repository, { owner, name, updated_at: this.clock.iso() });
		this.#claimName(repository);
		this.listener('repository', former.owner === owner ? 'renamed' : 'transferred', { repository, former, sender: actor.login });
	}

	/* Nobody can write to it while it is. */
	archive(repository, archived, actor) {
		Object.assign(repository, { archived, updated_at: this.clock.iso() });
		this.listener('repository', archived ? 'archived' : 'unarchived', { repository, sender: actor.login });
	}

	publish(repository, published, actor) {
		Object.assign(repository, { private: !published, updated_at: this.clock.iso() });
		this.listener('repository', published ? 'publicized' : 'privatized', { repository, sender: actor.login });
	}

	/* Its names answer 404 from now on, until somebody takes them. */
	deleteRepository(repository, actor) {
		this.repositories.delete(repository.id);
		repository.issues.forEach((issue) => issue.comments.forEach((comment) => this.comments.delete(comment.id)));
		this.namesChanged();
		this.listener('repository', 'deleted', { repository, sender: actor.login });
	}

	#claimName(repository) {
		this.repositoryNames.set(`${repository.owner}/${repository.name}`.toLowerCase(), repository.id);
		this.namesChanged();
	}

	#named(fullName) {
		const found = this.findRepository(...fullName.split('/'));

		if (found === null) {
			throw new Error(`no repository ${fullName}`);
		}
		return found.repository;
	}

	/* ---- issues ---- */

	createIssue(repository, fields, actor) {
		if (repository.issues.has(fields.number) || repository.formerIssues.has(fields.number)) {
			throw new Error(`issue ${fields.number} is there already`);
		}
		const issue = this.#newIssue(repository, fields, actor);

		repository.issues.set(issue.number, issue);
		repository.open_issues += issue.state === 'open' ? 1 : 0;
		this.#notify(null, issue, { repository, number: issue.number }, actor);
		this.listener('issues', 'opened', { issue, sender: actor.login });
		this.#tellMarkChanges(issue, { labels: [], assignees: [] }, actor);
		return issue;
	}

	#newIssue(repository, fields, actor) {
		const at = fields.created_at ?? this.clock.iso();
		const state = fields.state ?? 'open';
		const number = fields.number ?? repository.lastNumber + 1;

		repository.lastNumber = Math.max(repository.lastNumber, number);
		return {
			id: fields.id ?? this.#issueId(), number,
			repository, title: fields.title, body: fields.body ?? null, state, state_reason: fields.state_reason ?? null,
			labels: this.#labels(repository, fields.labels) ?? [], assignees: fields.assignees ?? [], milestone: fields.milestone ?? null, locked: false, pull_request: fields.pull_request ?? false,
			author: fields.author === undefined ? actor.login : fields.author, via_app: actor.via_app ?? false,
			comments: new Map(), comment_count: 0, created_at: at, updated_at: fields.updated_at ?? at,
			closed_at: state === 'closed' ? at : null, closed_by: state === 'closed' ? actor.login : null,
			visibleFromMs: this.clock.nowMs(), sinceMs: this.clock.nowMs(), previous: null,
		};
	}

	/* Real ids have gaps; a client that counts on none should notice. */
	#issueId() {
		return (this.nextIssueId += 1 + (this.nextIssueId % 7));
	}

	/* People get a mail when somebody names them. */
	#notify(before, { body }, { repository, number }, actor) {
		for (const login of newMentions(before, body)) {
			this.mentions.push({ login, repository: `${repository.owner}/${repository.name}`, number, by: actor.login });
		}
	}

	/* As they are spelled already, each once; one that is not there is made. */
	#labels(repository, names) {
		return names && [...new Set(names.map((name) => {
			const key = name.toLowerCase();

			repository.labels.set(key, repository.labels.get(key) ?? name);
			return repository.labels.get(key);
		}))];
	}

	/* Only a difference counts: an edit to the same values moves nothing. */
	editIssue(issue, given, actor) {
		const wanted = { ...given, labels: this.#labels(issue.repository, given.labels) };
		const changes = differences(issue, wanted, ['title', 'body', 'labels', 'assignees', 'milestone', 'locked']);
		const stateChanges = wanted.state !== undefined && wanted.state !== issue.state;

		if (Object.keys(changes).length === 0 && !stateChanges) {
			return;
		}
		if (changes.body !== undefined) {
			this.#notify(issue.body, { body: wanted.body }, issue, actor);
		}
		this.#touch(issue, Object.fromEntries(Object.keys(changes).map((field) => [field, wanted[field]])));
		if (stateChanges) {
			this.#setState(issue, wanted, actor);
		}
		this.#tellIssueChanges(issue, changes, stateChanges, actor);
	}

	#setState(issue, { state, state_reason }, actor) {
		const closes = state === 'closed';

		issue.repository.open_issues += closes ? -1 : 1;
		Object.assign(issue, {
			state,
			state_reason: closes ? state_reason ?? 'completed' : 'reopened',
			closed_at: closes ? this.clock.iso() : null,
			closed_by: closes ? actor.login : null,
		});
	}

	#tellIssueChanges(issue, changes, stateChanges, actor) {
		const edits = pick(changes, ['title', 'body']);

		if (Object.keys(edits).length > 0) {
			this.listener('issues', 'edited', { issue, changes: edits, sender: actor.login });
		}
		this.#tellMarkChanges(issue, { labels: changes.labels?.from ?? issue.labels, assignees: changes.assignees?.from ?? issue.assignees }, actor);
		if (stateChanges) {
			this.listener('issues', issue.state === 'closed' ? 'closed' : 'reopened', { issue, sender: actor.login });
		}
	}

	/* A delivery for each label and each assignee. */
	#tellMarkChanges(issue, before, actor) {
		for (const [field, member, verb] of [['labels', 'label', 'labeled'], ['assignees', 'assignee', 'assigned']]) {
			const tell = (action, name) => this.listener('issues', action, { issue, [member]: name, sender: actor.login });

			issue[field].filter((name) => !before[field].includes(name)).forEach((name) => tell(verb, name));
			before[field].filter((name) => !issue[field].includes(name)).forEach((name) => tell(`un${verb}`, name));
		}
	}

	deleteIssue(issue, actor) {
		this.#removeIssue(issue, { deleted: true });
		this.listener('issues', 'deleted', { issue, sender: actor.login });
	}

	/*
	 * The issue gets a new id and number there; its comments move along.  Whether
	 * they keep their ids GitHub does not document: anew, each gets another one.
	 */
	transferIssue(issue, target, actor, { anew = false } = {}) {
		const arrived = this.#newIssue(target, { ...pick(issue, ['title', 'body', 'state', 'state_reason', 'labels', 'author']) }, actor);

		this.#removeIssue(issue, { transferredTo: arrived });
		target.issues.set(arrived.number, arrived);
		target.open_issues += arrived.state === 'open' ? 1 : 0;
		for (const comment of issue.comments.values()) {
			const id = anew ? this.#commentId() : comment.id;

			this.#attachComment({ ...comment, id, issue: arrived, sinceMs: arrived.sinceMs, previous: null, text: null });
		}
		this.listener('issues', 'transferred', { issue, arrived, sender: actor.login });
		this.listener('issues', 'opened', { issue: arrived, left: issue, sender: actor.login });
		return arrived;
	}

	#removeIssue(issue, reason) {
		const { repository } = issue;

		repository.issues.delete(issue.number);
		repository.formerIssues.set(issue.number, { ...reason, issue, untilMs: this.clock.nowMs() });
		repository.open_issues -= issue.state === 'open' ? 1 : 0;
		issue.comments.forEach((comment) => this.#removeComment(comment));
	}

	#removeComment(comment) {
		this.comments.delete(comment.id);
		this.formerComments.set(comment.id, { comment, untilMs: this.clock.nowMs() });
	}

	/* ---- comments ---- */

	createComment(issue, fields, actor) {
		const at = fields.created_at ?? this.clock.iso();
		const comment = {
			id: fields.id ?? this.#commentId(), issue, body: fields.body,
			author: fields.author === undefined ? actor.login : fields.author, via_app: actor.via_app ?? false,
			created_at: at, updated_at: fields.updated_at ?? at,
			visibleFromMs: this.clock.nowMs(), sinceMs: this.clock.nowMs(), previous: null,
		};

		this.#touch(issue, {});
		this.#attachComment(comment);
		this.#notify(null, comment, issue, actor);
		this.listener('issue_comment', 'created', { issue, comment, sender: actor.login });
		return comment;
	}

	#commentId() {
		return (this.nextCommentId += 1 + (this.nextCommentId % 5));
	}

	#attachComment(comment) {
		comment.issue.comments.set(comment.id, comment);
		comment.issue.comment_count = comment.issue.comments.size;
		comment.issue.text = null;
		this.comments.set(comment.id, comment);
	}

	editComment(comment, { body }, actor) {
		const changes = differences(comment, { body }, ['body']);

		if (changes.body === undefined) {
			return;
		}
		this.#notify(comment.body, { body }, comment.issue, actor);
		this.#touch(comment, { body });
		this.#touch(comment.issue, {});
		this.listener('issue_comment', 'edited', { issue: comment.issue, comment, changes, sender: actor.login });
	}

	deleteComment(comment, actor) {
		const { issue } = comment;

		this.#touch(issue, {});
		this.#removeComment(comment);
		issue.comments.delete(comment.id);
		issue.comment_count = issue.comments.size;
		this.listener('issue_comment', 'deleted', { issue, comment, sender: actor.login });
	}

	/* ---- dates and versions ---- */

	#touch(record, values) {
		const nowMs = this.clock.nowMs();

		record.previous = { ...record, previous: recent(record.previous, nowMs) };
		Object.assign(record, values, { updated_at: this.clock.iso(), sinceMs: nowMs, text: null });
	}
}

/* Of a chain of versions what a replica may still show. */
function recent(version, nowMs) {
	return version !== null && version.sinceMs < nowMs - LONGEST_LAG_MS ? { ...version, previous: null } : version;
}

/* The version that was the newest at that time; null: there was none yet. */
export function versionAt(record, atMs) {
	let version = record;

	while (version !== null && version.sinceMs > atMs) {
		version = version.previous;
	}
	return version;
}

function sameName(repository, owner, name) {
	return `${repository.owner}/${repository.name}`.toLowerCase() === `${owner}/${name}`.toLowerCase();
}

/* { field: { from: what it was } } for each wanted field that differs. */
function differences(record, wanted, fields) {
	const changed = fields.filter((field) => wanted[field] !== undefined
		&& JSON.stringify(wanted[field]) !== JSON.stringify(record[field]));

	return Object.fromEntries(changed.map((field) => [field, { from: record[field] }]));
}

function pick(source, fields) {
	return Object.fromEntries(fields.filter((field) => source[field] !== undefined).map((field) => [field, source[field]]));
}
