/*
 * copy.mjs
 *		An import at its limit: page by page, as GitHub's Link header leads, into
 *		the table by COPY, each page committed.  The next page is fetched meanwhile.
 */
import { database, fetchPage, given, measure } from './work.mjs';

const ESCAPES = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function column(value) {
	return value === null ? '\\N' : String(value).replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]);
}

function line(issue) {
	return [issue.title, issue.body, issue.state, 1, issue.updated_at].map(column).join('\t');
}

/* What pg wants of a query that is none of its own. */
class Copy {
	constructor(text, rows, callback) {
		Object.assign(this, { text, rows, callback });
	}

	submit(connection) {
		connection.query(this.text);
	}

	handleCopyInResponse(connection) {
		connection.sendCopyFromChunk(Buffer.from(this.rows));
		connection.endCopyFrom();
	}

	handleCommandComplete() {}

	handleReadyForQuery() {
		this.callback();
	}

	handleError(error) {
		this.callback(error);
	}
}

function copy(client, issues) {
	return new Promise((resolve, reject) => {
		client.query(new Copy('COPY app.tasks (title, markdown, status, github_repo_id, modified_at) FROM STDIN', `${issues.map(line).join('\n')}\n`,
			(error) => (error ? reject(error) : resolve())));
	});
}

await measure({
	isEmpty: true,
	async carryOut() {
		const client = await database.connect();
		let page = fetchPage('/repositories/1/issues?state=all&per_page=100');
		let copied = 0;

		while (page !== null) {
			const { issues, next } = await page;

			page = next === null ? null : fetchPage(next);
			await copy(client, issues);
			copied += issues.length;
		}
		client.release();
		if (copied !== given.tasks) {
			throw new Error(`${copied} of ${given.tasks} issues`);
		}
	},
});
