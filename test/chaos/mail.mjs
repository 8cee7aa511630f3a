/*
 * mail.mjs
 *		The application's receiver of webhooks, and what befalls deliveries on
 *		their way to it: some are lost, some come twice, each has a delay of
 *		its own, so that they overtake each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const TELLS = { issues: ['opened', 'edited', 'closed', 'reopened', 'deleted', 'transferred'], issue_comment: ['created', 'edited', 'deleted'] };

const INSERT_ISSUE = `
	INSERT INTO github_sync.task_sync_transactions
		(direction, github_repo_id, action, github_issue_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', $5, $1, $2, $3, $4) RETURNING id, state`;
const INSERT_COMMENT = `
	INSERT INTO github_sync.comment_sync_transactions
		(direction, github_repo_id, action, github_comment_external_id, github_issue_number, github_updated_at)
	VALUES ('inbound', $5, $1, $2, $3, $4) RETURNING id, state`;

/* What the receiver of a webhook, or a sweep, says to the queue: a statement, and words for the history. */
export function news({ issue, comment }, action = 'upsert') {
	return comment === undefined
		? { text: INSERT_ISSUE, values: [action, issue.id, issue.number, issue.updated_at, issue.repository.id], action, updatedAt: issue.updated_at }
		: { text: INSERT_COMMENT, values: [action, comment.id, issue.number, comment.updated_at, issue.repository.id], action, updatedAt: comment.updated_at };
}

export class Mail {
	constructor(world, dice) {
		Object.assign(this, { world, dice, underWay: new Set(), losesCreation: false, sent: 0 });
	}

	listen(store) {
		const next = store.listener;

		store.listener = (event, action, what) => {
			if (TELLS[event]?.includes(action) && this.world.ours.has(what.issue.repository.id)) {
				this.send(news(what, action === 'deleted' ? 'delete' : 'upsert'), this.world.history.about(what), this.#losesThis(action, what));
			}
			next(event, action, what);
		};
	}

	/* Once: the next creation of ours. */
	#losesThis(action, { sender }) {
		if (!this.losesCreation || !['opened', 'created'].includes(action) || !this.world.history.apps.has(sender)) {
			return false;
		}
		this.losesCreation = false;
		return true;
	}

	/* told.taken(), if there is one, when it has been delivered. */
	send(told, about, isLost = false) {
		this.sent += 1;
		const copies = isLost ? '0' : this.dice.weighted({ 0: 15, 1: 70, 2: 15 });

		if (copies === '0') {
			this.world.history.note('webhook lost', about);
			this.world.count('webhooks lost');
		}
		for (let copy = 0; copy < Number(copies); copy++) {
			const delivery = this.#deliver(told, about, this.dice.percent(40) ? 0 : this.dice.below(1500)).finally(() => this.underWay.delete(delivery));

			this.underWay.add(delivery);
		}
	}

	/* GitHub does not try again: where the receiver is down, a delivery is lost. */
	async #deliver(told, about, delayMs) {
		await sleep(delayMs);
		try {
			const { text, values, action, updatedAt, taken } = told;
			const { rows: [row] } = await this.world.receiver.query({ text, values });

			this.world.history.note(`webhook (${action}) of ${updatedAt} delivered: transaction ${row.id} ${row.state}`, about);
			this.world.history.told(about, updatedAt);
			taken?.();
			this.world.count('webhooks delivered');
		} catch (error) {
			this.world.history.note(`webhook not taken: ${error.message}`, about);
			this.world.count('webhooks lost');
			this.world.failed('a webhook', error);
		}
	}

	/* Nothing is on its way, not even what came of what was. */
	async done() {
		while (this.underWay.size > 0) {
			await Promise.all(this.underWay);
		}
	}
}
