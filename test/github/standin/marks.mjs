/*
 * marks.mjs
 *		Labels, assignees and milestones: which of them a repository has, and
 *		what GitHub makes of those that a request names.
 *
 * Without the right to push all of them are left out, without a word.  A label
 * of a new name is made; an account that is not there, or a milestone, makes the
 * whole request invalid.
 */
import * as answers from './answers.mjs';
import { numberedPage } from './lists.mjs';

/* The fields of a request as GitHub takes them. */
export function takenMarks({ store, repository }, { assignees, milestone, labels, ...fields }) {
	if (!repository.may_mark) {
		return fields;
	}
	return {
		...fields, labels,
		assignees: assignees?.map((login) => assignable(store, login)),
		milestone: milestone === undefined ? undefined : milestoneNumber(repository, milestone),
	};
}

function assignable(store, login) {
	const user = store.user(String(login));

	if (user === undefined || user.type === 'Organization') {
		throw answers.validationFailed({ resource: 'Issue', field: 'assignees', code: 'invalid', value: login });
	}
	return user.login;
}

function milestoneNumber(repository, number) {
	if (number !== null && !repository.milestones.some((one) => one.number === number)) {
		throw answers.validationFailed({ resource: 'Issue', field: 'milestone', code: 'invalid', value: number });
	}
	return number;
}

export function getLabel({ repository, shapes }, name) {
	const found = repository.labels.get(decodeURIComponent(name).toLowerCase());

	if (found === undefined) {
		throw answers.notFound();
	}
	return answers.json(200, shapes.label(repository, found));
}

export function checkAssignee({ store }, login) {
	const user = store.user(decodeURIComponent(login));

	if (user === undefined || user.type === 'Organization') {
		throw answers.notFound();
	}
	return answers.empty(204);
}

export function getMilestone({ repository, shapes }, number) {
	const found = repository.milestones.find((one) => one.number === Number(number));

	if (found === undefined) {
		throw answers.notFound();
	}
	return answers.json(200, shapes.milestone(repository, found));
}

export function listMilestones(context) {
	const { repository, shapes } = context;
	const { items, headers } = numberedPage(context, repository.milestones);

	return answers.json(200, items.map((one) => shapes.milestone(repository, one)), headers);
}
