/*
 * A text of GitHub's that an update of ours overwrote before anybody here had
 * seen it: somebody edited between our last look and our PATCH.  GitHub has no
 * compare-and-swap; but the webhook of our own update says what it replaced.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_replaced_by_us(
	cached github_sync.@resources@, place integer, became text, OUT is_ours boolean, OUT before text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	known CONSTANT text := (github_sync.@record@_remote_fields(cached))[place];
BEGIN
	/* On its way, as its webhook may overtake its answer; or answered. */
	IF cached.sent_mask[place] AND github_sync.same_text(cached.sent[place], became) THEN
		is_ours := true;
		before := known;
	ELSE
		is_ours := cached.written_at[place] IS NOT NULL AND github_sync.same_text(known, became);
		before := cached.replaced[place];
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_replaced_by_us(github_sync.@resources@, integer, text) IS
'private: whether a field became this by an update of ours, and what GitHub had before, as far as we knew';

CREATE OR REPLACE FUNCTION github_sync.@record@_keep_overwritten(
	cached_id bigint, field_name text, before text, was text, became text)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	/* Kept already as a text that nobody knew. */
	UPDATE github_sync.sync_conflicts AS c SET remote = was
	WHERE c.id = (SELECT max(k.id) FROM (SELECT k.id FROM github_sync.sync_conflicts AS k
		WHERE k.record_type = '@record@' AND k.cached_record_id = cached_id AND k.field = field_name
			AND k.winner = 'app' AND k.remote IS NULL AND github_sync.same_text(k.local, became) OFFSET 0) AS k);
	IF NOT FOUND THEN
		INSERT INTO github_sync.sync_conflicts
			(record_type, cached_record_id, transaction_id, field, base, local, remote, winner)
		SELECT '@record@', cached_id, max(q.id), field_name, before, became, was, 'app'
		FROM (SELECT q.id FROM github_sync.@record@_sync_transactions AS q
			WHERE q.@resource@_id = cached_id AND q.direction = 'outbound' AND q.state IN ('processing', 'completed')
			OFFSET 0) AS q
		HAVING max(q.id) IS NOT NULL;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_keep_overwritten(bigint, text, text, text, text) IS
'private: keeps the text that we overwrote unseen in sync_conflicts';

CREATE OR REPLACE FUNCTION github_sync.@record@_note_overwritten(resource_id bigint, texts jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	names CONSTANT text[] := github_sync.field_names('@record@');
	cached github_sync.@resources@;
	was text;
	became text;
	replaced record;
BEGIN
	SELECT * INTO cached FROM github_sync.@resources@ AS r WHERE r.github_id = resource_id;
	FOR i IN 1 .. cardinality(names) LOOP
		CONTINUE WHEN cached.id IS NULL OR NOT texts ? names[i];
		was := github_sync.without_creation_key(texts -> names[i] ->> 'from');
		became := github_sync.without_creation_key(texts -> names[i] ->> 'to');
		replaced := github_sync.@record@_replaced_by_us(cached, i, became);
		PERFORM github_sync.@record@_keep_overwritten(cached.id, names[i], replaced.before, was, became)
		WHERE replaced.is_ours AND NOT github_sync.same_text(was, replaced.before)
			AND NOT github_sync.same_text(was, became);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_note_overwritten(bigint, jsonb) IS
'private: a webhook tells what texts an edit replaced, {field: {from, to}}: where the edit is ours, and replaced what '
'we had not seen, that is kept. Locks nothing, so that it needs no second try';
