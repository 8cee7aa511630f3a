/*
 * shapes.mjs
 *		How the store's records look as JSON: every member that GitHub's own
 *		description requires, and the ones a synchroniser reads.
 *
 * The text of an issue and of a comment is kept until the record changes or
 * until something it mentions (a name, the public URL, the App) does.
 */
const WEB = 'https://github.com';

const REPOSITORY_PATHS = {
	archive_url: '/{archive_format}{/ref}', assignees_url: '/assignees{/user}', blobs_url: '/git/blobs{/sha}',
	branches_url: '/branches{/branch}', collaborators_url: '/collaborators{/collaborator}', comments_url: '/comments{/number}',
	commits_url: '/commits{/sha}', compare_url: '/compare/{base}...{head}', contents_url: '/contents/{+path}',
	contributors_url: '/contributors', deployments_url: '/deployments', downloads_url: '/downloads', events_url: '/events',
	forks_url: '/forks', git_commits_url: '/git/commits{/sha}', git_refs_url: '/git/refs{/sha}', git_tags_url: '/git/tags{/sha}',
	hooks_url: '/hooks', issue_comment_url: '/issues/comments{/number}', issue_events_url: '/issues/events{/number}',
	issues_url: '/issues{/number}', keys_url: '/keys{/key_id}', labels_url: '/labels{/name}', languages_url: '/languages',
	merges_url: '/merges', milestones_url: '/milestones{/number}', notifications_url: '/notifications{?since,all,participating}',
	pulls_url: '/pulls{/number}', releases_url: '/releases{/id}', stargazers_url: '/stargazers', statuses_url: '/statuses/{sha}',
	subscribers_url: '/subscribers', subscription_url: '/subscription', tags_url: '/tags', teams_url: '/teams',
	trees_url: '/git/trees{/sha}',
};

const USER_PATHS = {
	followers_url: '/followers', following_url: '/following{/other_user}', gists_url: '/gists{/gist_id}',
	starred_url: '/starred{/owner}{/repo}', subscriptions_url: '/subscriptions', organizations_url: '/orgs',
	repos_url: '/repos', events_url: '/events{/privacy}', received_events_url: '/received_events',
};

export class Shapes {
	constructor(store) {
		this.store = store;
		this.publicUrl = '';
	}

	/* What clients see as the API's address: a proxy in front has its own. */
	setPublicUrl(url) {
		this.publicUrl = url.replace(/\/$/, '');
		this.store.namesChanged();
	}

	user(login) {
		const user = login === null ? undefined : this.store.user(login);

		if (user === undefined) {
			return null;	/* a deleted account */
		}
		user.shape = fresh(user.shape, this.store.namesStamp, () => this.#userShape(user));
		return user.shape.value;
	}

	#userShape(user) {
		const url = `${this.publicUrl}/users/${encodeURIComponent(user.login)}`;

		return {
			login: user.login, id: user.id, node_id: nodeId('U', user.id),
			avatar_url: `https://avatars.githubusercontent.com/u/${user.id}?v=4`, gravatar_id: '',
			url, html_url: user.type === 'Bot' ? `${WEB}/apps/${user.login.replace('[bot]', '')}` : `${WEB}/${user.login}`,
			...pathsUnder(url, USER_PATHS),
			type: user.type, user_view_type: 'public', site_admin: false,
		};
	}

	repositoryUrl(repository) {
		return `${this.publicUrl}/repos/${repository.owner}/${repository.name}`;
	}

	/* The form that survives renames; GitHub uses it in Link and Location. */
	repositoryIdUrl(repository) {
		return `${this.publicUrl}/repositories/${repository.id}`;
	}

	repository(repository) {
		const url = this.repositoryUrl(repository);
		const web = `${WEB}/${repository.owner}/${repository.name}`;

		return {
			id: repository.id, node_id: nodeId('R', repository.id), name: repository.name,
			full_name: `${repository.owner}/${repository.name}`, private: repository.private,
			owner: this.user(repository.owner), html_url: web, description: null, fork: false, url,
			...pathsUnder(url, REPOSITORY_PATHS),
			created_at: repository.created_at, updated_at: repository.updated_at, pushed_at: repository.created_at,
			git_url: `${web.replace('https', 'git')}.git`, ssh_url: `git@github.com:${repository.owner}/${repository.name}.git`,
			clone_url: `${web}.git`, svn_url: web, homepage: null, size: 0, stargazers_count: 0, watchers_count: 0,
			language: null, has_issues: repository.has_issues, has_projects: true, has_downloads: true, has_wiki: true,
			has_pages: false, has_discussions: false, forks_count: 0, mirror_url: null, archived: repository.archived ?? false, disabled: false,
			open_issues_count: repository.open_issues, license: null, allow_forking: true, is_template: false,
			web_commit_signoff_required: false, topics: [], visibility: repository.private ? 'private' : 'public',
			forks: 0, open_issues: repository.open_issues, watchers: 0, default_branch: 'main',
		};
	}

	fullRepository(repository) {
		return {
			...this.repository(repository),
			permissions: { admin: false, maintain: false, push: false, triage: false, pull: true },
			network_count: 0, subscribers_count: 0,
		};
	}

	/* Text, because a list of a hundred issues is a hundred texts joined. */
	issueText(issue) {
		issue.text = fresh(issue.text, this.store.namesStamp, () => JSON.stringify(this.issue(issue)));
		return issue.text.value;
	}

	issue(issue) {
		const { repository } = issue;
		const repositoryUrl = this.repositoryUrl(repository);
		const url = `${repositoryUrl}/issues/${issue.number}`;
		const path = issue.pull_request ? 'pull' : 'issues';

		return {
			url, repository_url: repositoryUrl, labels_url: `${url}/labels{/name}`, comments_url: `${url}/comments`,
			events_url: `${url}/events`, html_url: `${WEB}/${repository.owner}/${repository.name}/${path}/${issue.number}`,
			id: issue.id, node_id: nodeId(issue.pull_request ? 'PR' : 'I', issue.id), number: issue.number, title: issue.title,
			user: this.user(issue.author), labels: issue.labels.map((name) => this.label(repository, name)),
			state: issue.state, locked: issue.locked, assignee: this.user(issue.assignees[0] ?? null),
			assignees: issue.assignees.map((login) => this.user(login)), milestone: this.#milestoneOf(issue), comments: issue.comment_count,
			created_at: issue.created_at, updated_at: issue.updated_at, closed_at: issue.closed_at,
			author_association: this.#association(repository, issue.author), type: null, active_lock_reason: null,
			...(issue.pull_request ? { draft: false, pull_request: this.#pullRequest(repository, issue) } : {}),
			sub_issues_summary: { total: 0, completed: 0, percent_completed: 0 },
			body: issue.body, closed_by: this.user(issue.closed_by), reactions: reactions(url), timeline_url: `${url}/timeline`,
			performed_via_github_app: this.#performedVia(issue), state_reason: issue.state_reason,
		};
	}

	commentText(comment) {
		comment.text = fresh(comment.text, this.store.namesStamp, () => JSON.stringify(this.comment(comment)));
		return comment.text.value;
	}

	comment(comment) {
		const { issue } = comment;
		const { repository } = issue;
		const url = `${this.repositoryUrl(repository)}/issues/comments/${comment.id}`;
		const path = issue.pull_request ? 'pull' : 'issues';

		return {
			url,
			html_url: `${WEB}/${repository.owner}/${repository.name}/${path}/${issue.number}#issuecomment-${comment.id}`,
			issue_url: `${this.repositoryUrl(repository)}/issues/${issue.number}`, id: comment.id, node_id: nodeId('IC', comment.id),
			user: this.user(comment.author), created_at: comment.created_at, updated_at: comment.updated_at, body: comment.body,
			author_association: this.#association(repository, comment.author), reactions: reactions(url),
			performed_via_github_app: this.#performedVia(comment),
		};
	}

	app() {
		const { app } = this.store;

		return {
			id: app.id, client_id: app.client_id, slug: app.slug, node_id: nodeId('A', app.id), owner: this.user(app.owner),
			name: app.name, description: '', external_url: 'https://example.test', html_url: `${WEB}/apps/${app.slug}`,
			created_at: app.created_at, updated_at: app.created_at, permissions: app.permissions, events: app.events,
		};
	}

	installation(installation) {
		const { app } = this.store;
		const account = this.user(installation.account);

		return {
			id: installation.id, client_id: app.client_id, account, repository_selection: installation.repository_selection,
			access_tokens_url: `${this.publicUrl}/app/installations/${installation.id}/access_tokens`,
			repositories_url: `${this.publicUrl}/installation/repositories`,
			html_url: `${WEB}/organizations/${installation.account}/settings/installations/${installation.id}`,
			app_id: app.id, app_slug: app.slug, target_id: account.id, target_type: account.type,
			permissions: installation.permissions, events: app.events, created_at: installation.created_at,
			updated_at: installation.updated_at ?? installation.created_at, single_file_name: null, has_multiple_single_files: false, single_file_paths: [],
			suspended_by: installation.suspended_at === null ? null : account, suspended_at: installation.suspended_at,
		};
	}

	#milestoneOf({ repository, milestone }) {
		const found = repository.milestones.find(({ number }) => number === milestone);

		return found ? this.milestone(repository, found) : null;
	}

	milestone(repository, { number, title }) {
		const url = `${this.repositoryUrl(repository)}/milestones/${number}`;

		return {
			url, html_url: `${WEB}/${repository.owner}/${repository.name}/milestone/${number}`, labels_url: `${url}/labels`,
			id: 8_000_000_000 + number, node_id: nodeId('MI', number), number, title, description: null, creator: this.user(repository.owner),
			open_issues: 0, closed_issues: 0, state: 'open', created_at: repository.created_at, updated_at: repository.created_at,
			due_on: null, closed_at: null,
		};
	}

	label(repository, name) {
		return {
			id: 9_000_000_000 + hashOf(name), node_id: nodeId('LA', hashOf(name)), name, color: 'ededed', default: false,
			description: null, url: `${this.repositoryUrl(repository)}/labels/${encodeURIComponent(name)}`,
		};
	}

	#pullRequest(repository, issue) {
		const web = `${WEB}/${repository.owner}/${repository.name}/pull/${issue.number}`;

		return {
			url: `${this.repositoryUrl(repository)}/pulls/${issue.number}`, html_url: web,
			diff_url: `${web}.diff`, patch_url: `${web}.patch`, merged_at: null,
		};
	}

	#performedVia(record) {
		return record.via_app ? this.app() : null;
	}

	#association(repository, login) {
		if (login === repository.owner) {
			return 'OWNER';
		}
		return this.store.user(login)?.type === 'User' ? 'MEMBER' : 'NONE';
	}
}

/* Returns what is kept if it is of this stamp, else makes it anew. */
function fresh(kept, stamp, make) {
	return kept?.stamp === stamp ? kept : { stamp, value: make() };
}

export function nodeId(prefix, id) {
	return `${prefix}_${Buffer.from(`node:${id}`).toString('base64url')}`;
}

function pathsUnder(url, paths) {
	return Object.fromEntries(Object.entries(paths).map(([member, path]) => [member, url + path]));
}

function reactions(url) {
	return {
		url: `${url}/reactions`, total_count: 0,
		'+1': 0, '-1': 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0,
	};
}

function hashOf(name) {
	return [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 1_000_000_007, 7);
}
