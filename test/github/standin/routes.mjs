/*
 * routes.mjs
 *		GitHub's operations: which method and path does what, and which
 *		permission it needs.
 *
 * A handler gets a context (see github.mjs), returns an answer or throws a
 * refusal, and changes the world only through the store.
 */
import * as answers from './answers.mjs';
import { issueCommentsPage, issuesPage, repositoryCommentsPage } from './lists.mjs';
import { checkAssignee, getLabel, getMilestone, listMilestones, takenMarks } from './marks.mjs';
import { commentBody, issueChanges, newIssueFields, parsedBody } from './validation.mjs';

/* Paths that belong to no repository. */
export const ROOT_ROUTES = [
	['GET', /^\/app$/, appOnly(({ shapes, store }) => answers.json(200, { ...shapes.app(), installations_count: store.installations.size }))],
	['GET', /^\/app\/installations$/, appOnly(listInstallations)],
	['GET', /^\/app\/installations\/(\d+)$/, appOnly((context, id) => answers.json(200, context.shapes.installation(installationOf(context, id))))],
	['POST', /^\/app\/installations\/(\d+)\/access_tokens$/, appOnly(createAccessToken)],
	['GET', /^\/app\/hook\/deliveries$/, appOnly(listDeliveries)],
	['GET', /^\/app\/hook\/deliveries\/(\d+)$/, appOnly(getDelivery)],
	['POST', /^\/app\/hook\/deliveries\/(\d+)\/attempts$/, appOnly(redeliver)],
	['GET', /^\/installation\/repositories$/, listInstallationRepositories],
	['DELETE', /^\/installation\/token$/, revokeToken],
	['GET', /^\/user$/, getUser],
	['GET', /^\/users\/([^/]+)$/, getAccount],
	['GET', /^\/rate_limit$/, getRateLimit],
];

/* Paths below a repository; permission: what a token needs. */
export const REPOSITORY_ROUTES = [
	['GET', /^$/, getRepository, 'metadata=read'],
	['GET', /^\/installation$/, appOnly(getRepositoryInstallation), null],
	['GET', /^\/issues$/, listIssues, 'issues=read'],
	['POST', /^\/issues$/, createIssue, 'issues=write'],
	['GET', /^\/issues\/comments$/, listRepositoryComments, 'issues=read'],
	['GET', /^\/issues\/comments\/(\d+)$/, getComment, 'issues=read'],
	['PATCH', /^\/issues\/comments\/(\d+)$/, updateComment, 'issues=write'],
	['DELETE', /^\/issues\/comments\/(\d+)$/, deleteComment, 'issues=write'],
	['GET', /^\/issues\/(\d+)$/, getIssue, 'issues=read'],
	['PATCH', /^\/issues\/(\d+)$/, updateIssue, 'issues=write'],
	['GET', /^\/issues\/(\d+)\/comments$/, listIssueComments, 'issues=read'],
	['POST', /^\/issues\/(\d+)\/comments$/, createComment, 'issues=write'],
	['GET', /^\/labels\/([^/]+)$/, getLabel, 'issues=read'],
	['GET', /^\/assignees\/([^/]+)$/, checkAssignee, 'issues=read'],
	['GET', /^\/milestones\/(\d+)$/, getMilestone, 'issues=read'],
	['GET', /^\/milestones$/, listMilestones, 'issues=read'],
];

/* ---- the App ---- */

function appOnly(handler) {
	return (context, ...parameters) => {
		if (context.actor.kind !== 'jwt') {
			throw answers.badJwt();
		}
		return handler(context, ...parameters);
	};
}

function installationOf({ store }, id) {
	const installation = store.installations.get(Number(id));

	if (installation === undefined) {
		throw answers.notFound();
	}
	return installation;
}

function listInstallations({ store, shapes }) {
	return answers.json(200, [...store.installations.values()].map((installation) => shapes.installation(installation)));
}

function getRepositoryInstallation({ store, shapes, repository }) {
	const found = [...store.installations.values()].find((installation) => store.installationCovers(installation, repository));

	if (found === undefined) {
		throw answers.notFound();
	}
	return answers.json(200, shapes.installation(found));
}

/* Newest first, by a cursor: the id of the last one. */
function listDeliveries({ webhooks, shapes, query, request }) {
	const size = Math.min(Math.max(Number.parseInt(query.get('per_page') ?? '30', 10) || 30, 1), 100);
	const cursor = query.get('cursor');
	const older = webhooks.logged().reverse().filter(({ id }) => cursor === null || id < Number(cursor));
	const items = older.slice(0, size);
	const next = new URLSearchParams({ per_page: size, cursor: items.at(-1)?.id });

	return answers.json(200, items.map((entry) => webhooks.summary(entry)),
		older.length > size ? { link: `<${shapes.publicUrl}${request.path}?${next}>; rel="next"` } : {});
}

function deliveryOf({ webhooks }, id) {
	const entry = webhooks.logged().find((one) => one.id === Number(id));

	if (entry === undefined) {
		throw answers.notFound();
	}
	return entry;
}

function getDelivery(context, id) {
	return answers.json(200, context.webhooks.detail(deliveryOf(context, id)));
}

function redeliver(context, id) {
	context.webhooks.redeliver(deliveryOf(context, id).delivery.guid);
	return answers.json(202, {});
}

function createAccessToken(context, id) {
	const installation = installationOf(context, id);

	if (installation.suspended_at !== null) {
		throw answers.suspended();
	}
	const asked = parsedBody(context.request.body);
	const repositories = askedRepositories(context, installation, asked);
	const permissions = askedPermissions(installation, asked);
	const { token, expires_at } = context.auth.mint(installation, permissions, repositories && new Set(repositories.map((one) => one.id)));

	return answers.json(201, {
		token, expires_at, permissions, repository_selection: repositories ? 'selected' : installation.repository_selection,
		...(repositories ? { repositories: repositories.map((repository) => context.shapes.repository(repository)) } : {}),
	});
}

/* null: all that the installation covers. */
function askedRepositories({ store }, installation, { repositories, repository_ids }) {
	if (repositories === undefined && repository_ids === undefined) {
		return null;
	}
	const covered = [...store.repositories.values()].filter((one) => store.installationCovers(installation, one));
	const found = [
		...(repositories ?? []).map((name) => covered.find((one) => one.name.toLowerCase() === String(name).toLowerCase())),
		...(repository_ids ?? []).map((id) => covered.find((one) => one.id === id)),
	];

	if (found.includes(undefined)) {
		throw answers.invalidRequest('There is at least one repository that does not exist or is not accessible to the parent installation.');
	}
	return found;
}

function askedPermissions(installation, { permissions }) {
	const grants = (name, level) => installation.permissions[name] === 'write' || installation.permissions[name] === level;

	if (Object.entries(permissions ?? {}).some(([name, level]) => !grants(name, level))) {
		throw answers.invalidRequest('The permissions requested are not granted to this installation.');
	}
	return permissions ?? installation.permissions;
}

function requireInstallationToken({ actor }) {
	if (actor.kind !== 'installation') {
		throw actor.kind === 'anonymous' ? answers.authenticationRequired() : answers.permissionMissing('metadata=read', actor.kind);
	}
}

function listInstallationRepositories(context) {
	requireInstallationToken(context);
	const reachable = [...context.store.repositories.values()].filter((repository) => context.auth.mayReach(context.actor, repository));

	return answers.json(200, {
		total_count: reachable.length,
		repository_selection: context.actor.installation.repository_selection,
		repositories: reachable.map((repository) => context.shapes.repository(repository)),
	});
}

function revokeToken(context) {
	requireInstallationToken(context);
	context.auth.revoke(context.request.headers.authorization);
	return answers.empty(204);
}

function getUser({ actor, shapes }) {
	if (actor.kind === 'anonymous') {
		throw answers.authenticationRequired();
	}
	if (actor.kind !== 'user') {
		throw answers.permissionMissing('metadata=read', actor.kind);
	}
	return answers.json(200, profile(shapes.user(actor.login)));
}

/* Anybody's; of a bot, too. */
function getAccount({ shapes }, login) {
	const account = shapes.user(decodeURIComponent(login));

	if (account === null) {
		throw answers.notFound();
	}
	return answers.json(200, profile(account));
}

function profile(account) {
	const created = '2020-01-01T00:00:00Z';

	return {
		...account, name: null, company: null, blog: null, location: null, email: null, hireable: null, bio: null,
		public_repos: 0, public_gists: 0, followers: 0, following: 0, created_at: created, updated_at: created,
	};
}

function getRateLimit({ limits, actor }) {
	const core = limits.overview(actor);
	const untouched = (limit) => ({ limit, used: 0, remaining: limit, reset: core.reset });

	return answers.json(200, { resources: { core, search: untouched(30), graphql: untouched(5000) }, rate: core });
}

/* ---- repositories and issues ---- */

function getRepository({ shapes, repository }) {
	return answers.json(200, shapes.fullRepository(repository), lastModified(repository));
}

function requireIssues({ repository }) {
	if (!repository.has_issues) {
		throw answers.issuesDisabled();
	}
}

function issueOf(context, number, below = '') {
	requireIssues(context);
	const { repository, atMs, version } = context;
	const issue = repository.issues.get(Number(number));
	const former = repository.formerIssues.get(Number(number));

	if (issue === undefined && former?.untilMs > atMs && version(former.issue) !== null) {
		return former.issue;		/* a replica that does not know yet that it went */
	}
	if (issue === undefined) {
		throw formerIssue(context, Number(number), below);
	}
	if (version(issue) === null) {
		throw answers.notFound();
	}
	return issue;
}

/* Deleted: 410.  Transferred: the new place, for those who may see it. */
function formerIssue({ repository, request, auth, actor, shapes }, number, below) {
	const former = repository.formerIssues.get(number);

	if (former?.deleted) {
		return answers.issueDeleted();
	}
	if (former === undefined || !auth.mayReach(actor, former.transferredTo.repository)) {
		return answers.notFound();
	}
	const { repository: target, number: arrived } = former.transferredTo;
	return answers.moved(request.method, `${shapes.repositoryIdUrl(target)}/issues/${arrived}${below}`);
}

function issueAnswer({ shapes, version }, status, issue, headers = {}) {
	const shown = version(issue);

	return answers.jsonText(status, shapes.issueText(shown), { ...lastModified(shown), ...headers });
}

function listIssues(context) {
	requireIssues(context);
	const { items, headers } = issuesPage(context);

	return answers.jsonText(200, `[${items.map((issue) => context.shapes.issueText(issue)).join()}]`, headers);
}

function createIssue(context) {
	requireIssues(context);
	const { store, repository, actor, shapes } = context;
	const issue = store.createIssue(repository, takenMarks(context, newIssueFields(parsedBody(context.request.body), context.behaviour.most)), actor);

	return issueAnswer(context, 201, issue, { location: `${shapes.repositoryUrl(repository)}/issues/${issue.number}` });
}

function getIssue(context, number) {
	return issueAnswer(context, 200, issueOf(context, number));
}

function updateIssue(context, number) {
	const issue = issueOf(context, number);

	context.store.editIssue(issue, takenMarks(context, issueChanges(parsedBody(context.request.body), context.behaviour.most)), context.actor);
	return issueAnswer(context, 200, issue);
}

/* ---- comments ---- */

function commentOf(context, id) {
	requireIssues(context);
	const { store, repository, atMs, version } = context;
	const comment = store.comments.get(Number(id));
	const former = store.formerComments.get(Number(id));

	if (former?.untilMs > atMs && former.comment.issue.repository === repository && version(former.comment) !== null) {
		return former.comment;
	}
	if (comment === undefined || comment.issue.repository !== repository || version(comment) === null) {
		throw answers.notFound();
	}
	return comment;
}

function commentAnswer({ shapes, version }, status, comment, headers = {}) {
	const shown = version(comment);

	return answers.jsonText(status, shapes.commentText(shown), { ...lastModified(shown), ...headers });
}

function commentsAnswer({ shapes }, { items, headers }) {
	return answers.jsonText(200, `[${items.map((comment) => shapes.commentText(comment)).join()}]`, headers);
}

function listIssueComments(context, number) {
	return commentsAnswer(context, issueCommentsPage(context, issueOf(context, number, '/comments')));
}

function listRepositoryComments(context) {
	requireIssues(context);
	return commentsAnswer(context, repositoryCommentsPage(context));
}

function createComment(context, number) {
	const issue = issueOf(context, number, '/comments');
	const { store, shapes, actor, behaviour } = context;

	if (issue.locked) {
		throw answers.locked();
	}
	if (issue.comment_count >= behaviour.most.comments) {
		throw answers.tooManyComments(behaviour.most.comments);
	}
	const comment = store.createComment(issue, commentBody(parsedBody(context.request.body), behaviour.most), actor);

	return commentAnswer(context, 201, comment,
		{ location: `${shapes.repositoryUrl(issue.repository)}/issues/comments/${comment.id}` });
}

function getComment(context, id) {
	return commentAnswer(context, 200, commentOf(context, id));
}

function updateComment(context, id) {
	const comment = commentOf(context, id);

	context.store.editComment(comment, commentBody(parsedBody(context.request.body), context.behaviour.most), context.actor);
	return commentAnswer(context, 200, comment);
}

function deleteComment(context, id) {
	context.store.deleteComment(commentOf(context, id), context.actor);
	return answers.empty(204);
}

function lastModified({ updated_at }) {
	return { 'last-modified': new Date(updated_at).toUTCString() };
}
