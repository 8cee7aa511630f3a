/*
 * The state machine as data: the one place that says which event may happen
 * in which state and where it leads.  Triggers of the transaction tables look
 * here; whatever is not listed raises.
 */

CREATE TABLE github_sync.state_transitions (
	state text NOT NULL,
	event text NOT NULL,
	next_state text NOT NULL,
	PRIMARY KEY (state, event)
);
COMMENT ON TABLE github_sync.state_transitions IS
'private: which event may happen to a sync transaction in which state, and the state that follows';

INSERT INTO github_sync.state_transitions (state, event, next_state) VALUES
	-- the way of a transaction that works
	('queued',     'claimed',          'processing'),
	('processing', 'completed',        'completed'),
	-- overtaken before it ran, or seen to be needless at claim
	('queued',     'superseded',       'canceled'),
	('queued',     'overtaken',        'dropped'),
	('queued',     'already carried',  'duplicate'),
	('queued',     'sync disabled',    'disabled'),
	('queued',     'record deleted',   'canceled'),
	-- back into the queue: a retry time, a rate limit, a dead worker, a busy row
	('processing', 'given back',       'queued'),
	-- ends of a transaction that ran and had nothing to do
	('processing', 'already carried',  'duplicate'),
	('processing', 'overtaken',        'dropped'),
	('processing', 'superseded',       'canceled'),
	('processing', 'record deleted',   'canceled'),
	('processing', 'sync disabled',    'disabled'),
	-- gave up
	('queued',     'failed',           'errored'),
	('processing', 'failed',           'errored'),
	-- again
	('errored',    'retried',          'queued'),
	('errored',    'superseded',       'canceled'),
	('errored',    'record deleted',   'canceled'),
	('errored',    'overtaken',        'dropped'),
	('errored',    'already carried',  'duplicate'),
	('errored',    'sync disabled',    'disabled'),
	('errored',    'failed',           'errored'),
	('disabled',   'sync enabled',     'queued'),
	('disabled',   'sync disabled',    'disabled'),
	('disabled',   'failed',           'errored'),
	('disabled',   'superseded',       'canceled'),
	('disabled',   'record deleted',   'canceled'),
	('disabled',   'overtaken',        'dropped'),
	('disabled',   'already carried',  'duplicate'),
	('dropped',    'restored',         'queued'),
	('dropped',    'superseded',       'canceled'),
	('dropped',    'overtaken',        'dropped'),
	('dropped',    'already carried',  'duplicate'),
	('dropped',    'sync disabled',    'disabled');

