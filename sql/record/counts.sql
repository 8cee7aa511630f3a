/*
 * How many transactions there are of each direction and state, of a history
 * that is too long to be counted when somebody asks: by blocks of ids, which
 * the worker counts.  Nobody waits for anybody here.  A block of which a row
 * was changed since is noted, and counted anew; until then whoever asks counts
 * its rows himself, so that what sync_status shows is never a guess.
 */

CREATE TABLE IF NOT EXISTS github_sync.@record@_state_counts (
	first_id bigint,
	last_id bigint NOT NULL,
	direction text,
	state text,
	transactions bigint NOT NULL,
	oldest timestamptz,
	newest timestamptz,
	CONSTRAINT @record@_state_counts_pkey PRIMARY KEY (first_id, direction, state)
);
COMMENT ON TABLE github_sync.@record@_state_counts IS
'private: how many transactions of each direction and state a block of ids has, and when the first and the last of '
'them were inserted; a block without transactions has one row, of no state';

CREATE TABLE IF NOT EXISTS github_sync.@record@_changed_blocks (
	first_id bigint,
	changed_in xid8,
	CONSTRAINT @record@_changed_blocks_pkey PRIMARY KEY (first_id, changed_in)
);
COMMENT ON TABLE github_sync.@record@_changed_blocks IS
'private: blocks of ids of which a row was changed after they were counted; a row per transaction of the server that '
'did so, as none is to wait for another';

CREATE OR REPLACE FUNCTION github_sync.@record@_block_size() RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN 16384;
COMMENT ON FUNCTION github_sync.@record@_block_size() IS
'private: how many ids are counted together: few enough to be counted in some milliseconds';

CREATE OR REPLACE FUNCTION github_sync.@record@_block_of(id bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
	SELECT id - mod(id, github_sync.@record@_block_size())
$$;
COMMENT ON FUNCTION github_sync.@record@_block_of(bigint) IS
'private: the first id of the block that a transaction is counted with';

/*
 * A lock that anybody may take, so that nothing relies on having it: where it
 * cannot be had at once, the block is noted, or left uncounted.
 */
CREATE OR REPLACE FUNCTION github_sync.@record@_lock_of_block(block bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN hashtextextended('github_sync @record@ block', block);
COMMENT ON FUNCTION github_sync.@record@_lock_of_block(bigint) IS
'private: the advisory lock that tells who counts a block, named by its first id, of changes under way, and these of '
'him';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_change(id bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	block CONSTANT bigint := github_sync.@record@_block_of(id);
	/* Until the end of this transaction, whoever counts the block sees that he would miss something. */
	is_noticed CONSTANT boolean := pg_try_advisory_xact_lock_shared(github_sync.@record@_lock_of_block(block));
BEGIN
	/* A snapshot of before the lock may be too old to see that it was counted. */
	IF NOT is_noticed OR current_setting('transaction_isolation') <> 'read committed'
		OR EXISTS (SELECT FROM github_sync.@record@_state_counts AS c WHERE c.first_id = block)
	THEN
		INSERT INTO github_sync.@record@_changed_blocks (first_id, changed_in) VALUES (block, pg_current_xact_id())
		ON CONFLICT DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_change(bigint) IS
'private: a transaction is inserted or removed, or its state changes: what was counted of its block is no longer so';

/* The application's INSERT comes by here. */
CREATE OR REPLACE FUNCTION github_sync.@record@_note_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	PERFORM github_sync.@record@_note_change(c.block) FROM (
		SELECT DISTINCT github_sync.@record@_block_of(r.id) AS block FROM changed AS r) AS c;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_changes() IS
'private: notes that transactions were inserted or deleted, for what was counted of them';

CREATE OR REPLACE FUNCTION github_sync.@record@_forget_counts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_one_owner();
	DELETE FROM github_sync.@record@_state_counts;
	DELETE FROM github_sync.@record@_changed_blocks;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_forget_counts() IS
'private: the queue was emptied by TRUNCATE, and so is what was counted of it';

CREATE OR REPLACE TRIGGER u_note_inserted
	AFTER INSERT ON github_sync.@record@_sync_transactions
	REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.@record@_note_changes();
CREATE OR REPLACE TRIGGER u_note_deleted
	AFTER DELETE ON github_sync.@record@_sync_transactions
	REFERENCING OLD TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.@record@_note_changes();
CREATE OR REPLACE TRIGGER v_forget_counts
	AFTER TRUNCATE ON github_sync.@record@_sync_transactions
	FOR EACH STATEMENT EXECUTE FUNCTION github_sync.@record@_forget_counts();

CREATE OR REPLACE FUNCTION github_sync.@record@_count_block(block bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	last CONSTANT bigint := block + github_sync.@record@_block_size() - 1;
BEGIN
	DELETE FROM github_sync.@record@_changed_blocks AS h WHERE h.first_id = block;
	DELETE FROM github_sync.@record@_state_counts AS c WHERE c.first_id = block;
	INSERT INTO github_sync.@record@_state_counts (first_id, last_id, direction, state, transactions, oldest, newest)
	SELECT block, last, t.direction, t.state, count(*), min(t.inserted_at), max(t.inserted_at)
	FROM github_sync.@record@_sync_transactions AS t WHERE t.id BETWEEN block AND last
	GROUP BY t.direction, t.state;
	IF NOT FOUND THEN
		INSERT INTO github_sync.@record@_state_counts (first_id, last_id, direction, state, transactions)
		VALUES (block, last, '', '', 0);
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_count_block(bigint) IS
'private: counts a block, named by its first id, whose lock the caller has';

CREATE OR REPLACE FUNCTION github_sync.@record@_count_blocks(most integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	/* What is being filled is not worth it yet; what was there before the first id is gone. */
	first_block CONSTANT bigint := github_sync.@record@_block_of(
		(SELECT min(t.id) FROM github_sync.@record@_sync_transactions AS t));
	filling CONSTANT bigint := github_sync.@record@_block_of(
		(SELECT max(t.id) FROM github_sync.@record@_sync_transactions AS t));
	block bigint;
	counted integer := 0;
BEGIN
	DELETE FROM github_sync.@record@_state_counts AS c WHERE c.first_id < first_block;
	DELETE FROM github_sync.@record@_changed_blocks AS h WHERE h.first_id < first_block;
	/* However many at the head somebody keeps from being counted, which anybody can. */
	FOR block IN
		SELECT g.first_id FROM generate_series(first_block, filling - 1, github_sync.@record@_block_size())
			AS g (first_id)
		WHERE NOT EXISTS (SELECT FROM github_sync.@record@_state_counts AS c WHERE c.first_id = g.first_id)
			OR EXISTS (SELECT FROM github_sync.@record@_changed_blocks AS h WHERE h.first_id = g.first_id)
		ORDER BY g.first_id
	LOOP
		CONTINUE WHEN NOT pg_try_advisory_xact_lock(github_sync.@record@_lock_of_block(block));
		PERFORM github_sync.@record@_count_block(block);
		counted := counted + 1;
		EXIT WHEN counted = most;
	END LOOP;
	RETURN counted = most;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_count_blocks(integer) IS
'private: counts that many blocks, those that were changed and those that were not counted yet; returns whether there '
'may be more. What somebody is about to change is left for the next time';
