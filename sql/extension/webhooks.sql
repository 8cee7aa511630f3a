/*
 * Webhook deliveries, as far as members know of them: signature, facts, and
 * what each event does, as data.
 */

CREATE FUNCTION github_sync.webhook_is_signed(signature text, body bytea) RETURNS boolean
LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'github_sync_webhook_is_signed';
COMMENT ON FUNCTION github_sync.webhook_is_signed(text, bytea) IS
'private: whether the text of X-Hub-Signature-256 is that of these bytes, by any secret of '
'github_sync.webhook_secret_file, which is read each time. Raises 55000 where that is not set, F0000 where it cannot '
'be used';

CREATE FUNCTION github_sync.webhook_facts(event text, body bytea) RETURNS jsonb
LANGUAGE c STRICT IMMUTABLE AS 'MODULE_PATHNAME', 'github_sync_webhook_facts';
COMMENT ON FUNCTION github_sync.webhook_facts(text, bytea) IS
'private: what the payload of an event tells, in the words of type event_facts: ids, numbers, times and names; and '
'texts: {field: {from, to}} of an edit, and mark: {field, name, is_added, account_id} of a label or assignee, which '
'are not kept. Raises 22023 where it is not JSON or not such an event''s, '
'54000 where it has more than 25 MB';

CREATE TYPE github_sync.event_facts AS (
	action text,
	is_another_events boolean,
	installation_id bigint,
	account_id bigint,
	account_login text,
	account_type text,
	installation_updated_at timestamptz,
	repo_id bigint,
	repo_owner text,
	repo_name text,
	repo_updated_at timestamptz,
	issue_id bigint,
	issue_number integer,
	issue_updated_at timestamptz,
	is_pull_request boolean,
	comment_id bigint,
	comment_updated_at timestamptz,
	transfer text,
	other_issue_id bigint,
	other_issue_number integer,
	other_issue_updated_at timestamptz,
	other_repo_id bigint,
	repositories_added bigint[],
	repositories_removed bigint[]
);
COMMENT ON TYPE github_sync.event_facts IS
'private: what a webhook delivery tells; NULL: not told';
COMMENT ON COLUMN github_sync.event_facts.is_another_events IS
'true: it has members that its event has not; the name of the event is not signed';
COMMENT ON COLUMN github_sync.event_facts.transfer IS
'left: the issue went to the other place; arrived: it came from there';
COMMENT ON COLUMN github_sync.event_facts.repositories_added IS
'of an installation that was created: all of its repositories';

CREATE TABLE github_sync.webhook_actions (
	event text NOT NULL,
	action text NOT NULL,
	effect text NOT NULL
		CONSTRAINT webhook_actions_effect_check CHECK (effect IN (
			'issue changed', 'issue deleted', 'issue moved', 'comment changed', 'comment deleted',
			'repository named', 'repository gone', 'repository archived', 'repository writable', 'repository seen',
			'installation made', 'installation deleted', 'installation suspended', 'installation active',
			'installation permitted', 'repositories listed')),
	PRIMARY KEY (event, action)
);
COMMENT ON TABLE github_sync.webhook_actions IS
'public: what the webhook of each event and action does; one that is not listed is ignored';

INSERT INTO github_sync.webhook_actions (event, action, effect) VALUES
	('issues', 'opened',       'issue changed'),	-- or moved here, where it has changes.old_issue
	('issues', 'edited',       'issue changed'),
	('issues', 'closed',       'issue changed'),
	('issues', 'reopened',     'issue changed'),
	('issues', 'transferred',  'issue moved'),
	('issues', 'deleted',      'issue deleted'),
	-- these move updated_at, so that a later time is no lag of a replica
	('issues', 'assigned',     'issue changed'),
	('issues', 'unassigned',   'issue changed'),
	('issues', 'labeled',      'issue changed'),
	('issues', 'unlabeled',    'issue changed'),
	('issues', 'milestoned',   'issue changed'),
	('issues', 'demilestoned', 'issue changed'),
	('issues', 'locked',       'issue changed'),
	('issues', 'unlocked',     'issue changed'),
	('issues', 'typed',        'issue changed'),
	('issues', 'untyped',      'issue changed'),
	('issue_comment', 'created', 'comment changed'),
	('issue_comment', 'edited',  'comment changed'),
	('issue_comment', 'deleted', 'comment deleted'),
	('repository', 'renamed',     'repository named'),
	('repository', 'transferred', 'repository named'),
	('repository', 'deleted',     'repository gone'),
	('repository', 'archived',    'repository archived'),
	('repository', 'unarchived',  'repository writable'),
	('repository', 'privatized',  'repository seen'),
	('repository', 'publicized',  'repository seen'),
	('installation', 'created',                  'installation made'),
	('installation', 'deleted',                  'installation deleted'),
	('installation', 'suspend',                  'installation suspended'),
	('installation', 'unsuspend',                'installation active'),
	('installation', 'new_permissions_accepted', 'installation permitted'),
	('installation_repositories', 'added',       'repositories listed'),
	('installation_repositories', 'removed',     'repositories listed');

CREATE FUNCTION github_sync.grant_webhooks(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_grant_option();
	PERFORM github_sync.require_role(role);
	PERFORM github_sync.execute_unowned(format(
		'GRANT USAGE ON SCHEMA github_sync TO %1$s;
		GRANT EXECUTE ON FUNCTION github_sync.%2$I(text, text, text, bytea) TO %1$s;
		GRANT EXECUTE ON FUNCTION github_sync.%3$I(text, text, json) TO %1$s',
		role, 'receive_webhook', 'ingest_webhook'));
END
$$;
COMMENT ON FUNCTION github_sync.grant_webhooks(regrole) IS
'public: lets a role call receive_webhook() and ingest_webhook(), and do nothing else. For the owner of the queue';
