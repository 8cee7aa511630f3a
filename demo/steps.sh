# steps.sh
#	What the demo shows, one function a step, in order.  Each step leaves the
#	queue empty.  To be sourced by demo.sh.
# shellcheck shell=bash disable=SC2154

issues='repos/acme/widgets/issues'

# A human's GitHub: alice, with a token of her own.
issue_field() { curl -s -H "$ALICE" "$GITHUB/$issues/$1" | pick --raw "$2"; }
issue_field_is() { [ "$(issue_field "$1" "$2")" = "$3" ]; }

task_field() { ask "SELECT $2 FROM app.tasks WHERE id = $1"; }

is_settled() { holds "NOT EXISTS (SELECT FROM github_sync.sync_queue)"; }

# All deliveries received, all transactions ended: what follows starts from rest.
settle() {
	curl -s "$GITHUB/_control/webhooks?idle=1" >/dev/null
	came_true is_settled || failed "the queue is not empty within $patience_s s"
}

# The next request for an issue waits at a gate, so that the demo can show what
# happens while GitHub is slow to answer.
hold_next_fetch() {
	say '(The stand-in is told to keep the next request for this issue waiting.)'
	tell "curl -s \$GITHUB/_control/faults -d '{\"match\": {\"method\": \"GET\", \"path\": \"/issues/$1\$\"}, \"action\": {\"gate\": \"$2\"}}'"
}

wait_for_held_fetch() {
	local arrived
	arrived=$(curl -s "$GITHUB/_control/gates/$1?arrived=1&timeout_ms=$((patience_s * 1000))" | pick --raw arrived)
	check 'the worker has asked GitHub and waits for the answer' "$arrived" 1
}

release_fetch() { tell "curl -s -X POST \$GITHUB/_control/gates/$1/open"; }

requests_since() { curl -s "$GITHUB/_control/requests?since=$1"; }
last_request() { curl -s "$GITHUB/_control/counts" | pick --raw last_seq; }

show_application() {
	heading "An application's tables, which know nothing of GitHub"
	show_input "$database=# " '\i demo/application.sql'
	psql_as postgres -q -f "$copy/demo/application.sql" 2>&1 | indent
	show_input "$database=> " '\d app.tasks'
	psql_as tracker -c '\d app.tasks' | indent
}

connect() {
	heading 'Connect a repository'
	sql postgres 'CREATE EXTENSION comment_sync_transaction CASCADE'
	sql postgres "SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'github_repo_id',
  insert_values => 'app.task_from_github(bigint, jsonb)')"
	sql postgres "SELECT github_sync.attach_comments('app.comments',
  insert_values => 'app.comment_from_github(bigint, jsonb)')"
	sql postgres "GRANT USAGE ON SCHEMA github_sync TO tracker_webhooks"
	sql postgres "GRANT SELECT, INSERT ON github_sync.task_sync_transactions, github_sync.comment_sync_transactions
  TO tracker_webhooks"
	echo
	say 'From here on the application itself: role tracker.'
	sql tracker "INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (515151, 'acme')"
	sql tracker "INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
VALUES (1296269, 515151, 'acme', 'widgets')"
	sql tracker 'SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true)'
	wait_until 'a worker runs, without a restart' holds 'EXISTS (SELECT FROM github_sync.sync_workers)'
}

show_task_to_github() {
	heading 'A task becomes an issue'
	sql tracker "INSERT INTO app.tasks (project_id, user_id, title, markdown, github_repo_id)
VALUES (1, 2, 'Crash at start', 'It says *segmentation fault*.', 1296269) RETURNING id, title"
	wait_until 'the queue reports it done' holds \
		"EXISTS (SELECT FROM github_sync.sync_history WHERE record_id = '1' AND state = 'completed')"
	github "curl -s -H \"\$ALICE\" \$GITHUB/$issues/1" number title body state user.login
	check 'the issue has the title of the task' "$(issue_field 1 title)" "$(task_field 1 title)"
	say 'The comment in the body is invisible to readers: by it, a creation whose answer was' \
		'lost is recognised instead of being repeated.'
}

show_github_to_task() {
	heading 'An edit on GitHub reaches the task'
	settle
	github "curl -s -X PATCH -H \"\$ALICE\" \$GITHUB/$issues/1 -d '{\"title\": \"Crash at start of 2.0\", \"state\": \"closed\"}'" \
		number title state
	wait_until 'the task has the new title' holds "(SELECT title FROM app.tasks WHERE id = 1) = 'Crash at start of 2.0'"
	sql tracker 'SELECT id, title, status, urgency FROM app.tasks WHERE id = 1'
	check 'and is closed' "$(task_field 1 status)" closed
	say 'GitHub sent a webhook; the application inserted a row; the worker fetched the issue:'
	tail -n 1 "$work_dir/webhooks.log" | indent
}

show_merge() {
	heading 'Both sides edit at the same time, in different fields: merged'
	settle
	hold_next_fetch 1 merge
	sql tracker "UPDATE app.tasks SET markdown = 'A stack trace is attached.' WHERE id = 1"
	wait_for_held_fetch merge
	github "curl -s -X PATCH -H \"\$ALICE\" \$GITHUB/$issues/1 -d '{\"title\": \"Crash at start of 2.0 and 2.1\"}'" title
	curl -s "$GITHUB/_control/webhooks?idle=1" >/dev/null
	sql tracker 'SELECT id, direction, state, waits_for FROM github_sync.sync_queue ORDER BY id'
	release_fetch merge
	settle
	sql tracker 'SELECT title, markdown FROM app.tasks WHERE id = 1'
	github "curl -s -H \"\$ALICE\" \$GITHUB/$issues/1" title body
	check "the task has GitHub's title" "$(task_field 1 title)" 'Crash at start of 2.0 and 2.1'
	check "the issue has the task's text" "$(issue_field 1 body)" 'A stack trace is attached.'
}

show_conflict() {
	local conflicts
	heading 'Both sides edit the same field: the later edit wins, the other text is kept'
	settle
	hold_next_fetch 1 conflict
	sql tracker "UPDATE app.tasks SET title = 'Crash in main()' WHERE id = 1"
	wait_for_held_fetch conflict
	github "curl -s -X PATCH -H \"\$ALICE\" \$GITHUB/$issues/1 -d '{\"title\": \"Crash in init()\"}'" title
	release_fetch conflict
	settle
	sql tracker 'SELECT field, base, local, remote, winner FROM github_sync.sync_conflicts'
	check "the task has the winner's title" "$(task_field 1 title)" 'Crash in init()'
	conflicts=$(ask "SELECT count(*) FROM github_sync.sync_conflicts WHERE local = 'Crash in main()'")
	check 'the text that lost is in sync_conflicts' "$conflicts" 1
}

show_quick_edits() {
	local before patches
	heading 'Quick edits while GitHub is slow: only the last one is sent'
	settle
	before=$(last_request)
	hold_next_fetch 1 burst
	sql tracker "UPDATE app.tasks SET title = 'Crash, first wording' WHERE id = 1"
	wait_for_held_fetch burst
	sql tracker "UPDATE app.tasks SET title = 'Crash, second wording' WHERE id = 1"
	sql tracker "UPDATE app.tasks SET title = 'Crash, third wording' WHERE id = 1"
	sql tracker "SELECT id, direction, state, because FROM github_sync.sync_history
WHERE record_type = 'task' ORDER BY id DESC LIMIT 3"
	check 'the second of the three is canceled by the third' \
		"$(ask "SELECT string_agg(state || coalesce(' ' || canceled_by - id, ''), ', ' ORDER BY id) FROM
			(SELECT * FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 3) AS t")" \
		'processing, canceled 1, queued'
	release_fetch burst
	settle
	github "curl -s -H \"\$ALICE\" \$GITHUB/$issues/1" title
	check 'the issue has the last title' "$(issue_field 1 title)" 'Crash, third wording'
	patches=$(requests_since "$before" | pick --raw method | grep -c PATCH)
	check 'and GitHub got one write, not three' "$patches" 1
}

show_comments() {
	heading 'Comments, both ways'
	settle
	sql tracker "INSERT INTO app.comments (task_id, user_id, markdown) VALUES (1, 2, 'Which system is this?') RETURNING id"
	settle
	github "curl -s -H \"\$ALICE\" \$GITHUB/$issues/1/comments" body user.login
	check 'the comment is on GitHub' "$(issue_field 1 comments)" 1
	github "curl -s -H \"\$ALICE\" \$GITHUB/$issues/1/comments -d '{\"body\": \"Debian 12, PostgreSQL 15.\"}'" id body
	wait_until "Alice's answer is in the application's table" holds \
		"EXISTS (SELECT FROM app.comments WHERE markdown = 'Debian 12, PostgreSQL 15.')"
	sql tracker 'SELECT c.id, u.name, c.markdown FROM app.comments AS c JOIN app.users AS u ON u.id = c.user_id ORDER BY c.id'
}

show_deletion() {
	heading 'A deletion in the application, as the repository says'
	settle
	sql tracker "UPDATE github_sync.github_repos SET on_local_delete = 'propagate'"
	sql tracker 'DELETE FROM app.comments WHERE id = 1'
	settle
	github "curl -s -H \"\$ALICE\" \$GITHUB/$issues/1/comments" body user.login
	check 'its comment at GitHub is deleted' "$(issue_field 1 comments)" 1
	sql tracker "SELECT id, direction, action, state FROM github_sync.sync_history
WHERE record_type = 'comment' AND action = 'delete' ORDER BY id"
}

show_errors() {
	local retry
	heading 'What cannot be synced is visible, with its reason, and does not stop the rest'
	settle
	sql tracker "INSERT INTO app.tasks (project_id, user_id, title, github_repo_id)
VALUES (1, 2, repeat('too long ', 40), 1296269)"
	echo
	say "Bob, whom the application does not know, opens an issue; app.tasks wants a user_id:"
	github "curl -s \$GITHUB/_control/act -d '{\"do\": \"create_issue\", \"as\": \"bob\", \"repo\": \"acme/widgets\", \"title\": \"Typo\"}'" \
		number title author
	wait_until 'both are in sync_errors' holds '(SELECT count(*) FROM github_sync.sync_errors) = 2'
	sql tracker 'SELECT id, direction, error_code, error_reason, retry FROM github_sync.sync_errors' ' \gx'
	sql tracker "INSERT INTO app.users (name, github_login) VALUES ('Bob', 'bob')"
	retry=$(ask "SELECT retry FROM github_sync.sync_errors WHERE error_code = 'apply_failed'")
	sql tracker "$retry"
	wait_until "Bob's issue is a task" holds "EXISTS (SELECT FROM app.tasks WHERE title = 'Typo' AND user_id = 3)"
	sql tracker "UPDATE app.tasks SET title = 'Short enough' WHERE title LIKE 'too long%'"
	wait_until 'the shortened task is an issue' issue_field_is 3 title 'Short enough'
	settle
	retry=$(ask "SELECT retry FROM github_sync.sync_errors")
	sql tracker "$retry"
	check 'nothing was left to do for the errored transaction' \
		"$(ask 'SELECT count(*) FROM github_sync.sync_errors')" 0
}

# Of a repository that was there before the application was.
seed_archive() {
	node -e "
		const at = (n) => new Date(Date.UTC(2024, 0, 1, 0, n)).toISOString().replace('.000', '');
		console.log(JSON.stringify({ repositories: [{ id: 1296999, owner: 'acme', name: 'archive', private: true,
			issues: Array.from({ length: 300 }, (_, i) => ({ number: i + 1, title: 'Old issue ' + (i + 1), body: 'Of last year.',
				state: i % 3 ? 'open' : 'closed', author: 'alice', created_at: at(i), updated_at: at(i),
				comments: i % 5 ? [] : [{ body: 'Seen.', author: 'alice', created_at: at(i), updated_at: at(i) }] })) }] }))" |
		curl -s "$GITHUB/_control/seed" -d @- >/dev/null
}

show_import() {
	heading 'A repository with 300 issues is imported'
	settle
	seed_archive
	sql tracker "INSERT INTO app.projects (name, github_repo_id) VALUES ('Archive', 1296999)"
	sql tracker "INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
VALUES (1296999, 515151, 'acme', 'archive')"
	sql tracker 'SELECT github_sync.backfill_repo(1296999)'
	sql tracker 'CALL github_sync.wait_for_backfill(1296999)'
	sql tracker "SELECT stream, phase, done, total, per_cent, waits_for FROM github_sync.sync_progress
WHERE repository = 'acme/archive' ORDER BY stream DESC"
	check 'each issue is a task' "$(ask "SELECT count(DISTINCT title) FROM app.tasks WHERE github_repo_id = 1296999")" 300
	check 'and its comments are there' \
		"$(ask "SELECT count(*) FROM app.comments AS c JOIN app.tasks AS t ON t.id = c.task_id WHERE t.github_repo_id = 1296999")" 60
}

show_lost_webhooks() {
	local archive='repos/acme/archive/issues'
	heading 'Webhooks that are lost are made up for'
	settle
	say '(The stand-in is told to send no webhooks.)'
	tell "curl -s \$GITHUB/_control/webhooks -d '{\"mode\": \"off\"}'"
	github "curl -s -X PATCH -H \"\$ALICE\" \$GITHUB/$archive/7 -d '{\"title\": \"Not so old\", \"state\": \"closed\"}'" number title state
	github "curl -s -H \"\$ALICE\" \$GITHUB/$archive/8/comments -d '{\"body\": \"Nobody tells of this.\"}'" id body
	github "curl -s \$GITHUB/_control/act -d '{\"do\": \"create_issue\", \"repo\": \"acme/archive\", \"title\": \"Nor of this\"}'" number title
	check 'the application knows nothing of it' \
		"$(ask "SELECT count(*) FROM app.tasks WHERE title IN ('Not so old', 'Nor of this')")" 0
	say 'A sweep, which is made each reconcile_interval, now:'
	sql tracker 'SELECT github_sync.reconcile_repo(1296999)'
	wait_until 'the edit and the new issue are there' holds \
		"(SELECT count(*) FROM app.tasks WHERE title = 'Not so old' AND status = 'closed' OR title = 'Nor of this') = 2"
	wait_until 'and the comment' holds "EXISTS (SELECT FROM app.comments WHERE markdown = 'Nobody tells of this.')"
	tell "curl -s \$GITHUB/_control/webhooks -d '{\"mode\": \"on\"}'"
	settle
}

show_views() {
	heading 'The views'
	settle
	sql tracker 'SELECT record_type, direction, state, transactions FROM github_sync.sync_status ORDER BY 1, 2, 3'
	sql tracker 'SELECT * FROM github_sync.sync_queue'
	sql tracker "SELECT record_type, id, direction, state, record_id, because FROM github_sync.sync_history
ORDER BY inserted_at DESC LIMIT 5"
	sql tracker 'SELECT pid, database, activity, requests_under_way, last_error FROM github_sync.sync_workers'
	sql tracker "SELECT \"check\", status, detail, see FROM github_sync.health() WHERE status <> 'ok'"
	sql tracker "SELECT record_type, direction, outcome, total FROM github_sync.sync_stats
WHERE counted = 'transactions' AND total > 0"
	say "And all of it as a page, which the demo leaves: psql -XAtc 'SELECT github_sync.report()' > report.html"
	check 'which is a page' "$(ask "SELECT github_sync.report() LIKE '<!DOCTYPE html>%</html>'")" t
	check 'the worker reports no error' "$(ask 'SELECT string_agg(last_error, chr(10)) FROM github_sync.sync_workers')" ''
}

# Prints the time of its commit as the server recorded it, in milliseconds.
commit_task() {
	psql_as tracker -Atq <<-EOF
		BEGIN;
		INSERT INTO app.tasks (project_id, user_id, title, github_repo_id) VALUES (1, 1, '$1', 1296269);
		SELECT pg_current_xact_id()::xid AS xid \gset
		COMMIT;
		SELECT extract(epoch FROM pg_xact_commit_timestamp(:'xid'::xid)) * 1000;
	EOF
}

# From an idle worker, one task at a time: the commit of the application's own
# transaction against the arrival of POST /issues in the stand-in's journal.
measure_latency() {
	local n before committed received
	heading "How long from the application's COMMIT to the request at GitHub"
	settle
	for n in {1..20}; do
		before=$(last_request)
		committed=$(commit_task "Measured $n")
		received=$(curl -s "$GITHUB/_control/requests?since=$before&wait=POST:/issues\$&timeout_ms=$((patience_s * 1000))" | pick --raw t)
		[ -n "$received" ] || failed "task \"Measured $n\" did not reach GitHub within $patience_s s"
		echo "$committed $received" >>"$work_dir/latency"
		settle
	done
	latency=$(awk '{ print $2 - $1 }' "$work_dir/latency" | sort -n |
		awk '{ ms[NR] = $1 } END { printf "median %.1f ms, slowest %.1f ms of %d", (ms[NR / 2] + ms[NR / 2 + 1]) / 2, ms[NR], NR }')
	say "$latency tasks, each committed on its own while the worker was idle."
	check 'all arrived' "$(wc -l <"$work_dir/latency")" 20
}
