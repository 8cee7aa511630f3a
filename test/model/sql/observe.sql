/*
 * The state of the database in the lines of world.mjs.
 */
CREATE FUNCTION model.told(value text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN coalesce('"' || replace(replace(value, E'\r', '\r'), E'\n', '\n') || '"', '-');

CREATE FUNCTION model.told(list text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	element text;
	told text := '';
BEGIN
	IF list IS NULL THEN
		RETURN '-';
	END IF;
	FOREACH element IN ARRAY list LOOP
		told := told || ',' || coalesce('"' || replace(replace(element, E'\r', '\r'), E'\n', '\n') || '"', '-');
	END LOOP;
	RETURN '{' || substr(told, 2) || '}';
END
$$;

/* A base whose first field is not known yet begins with a later one. */
CREATE FUNCTION model.told(base text[], fields integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	from_the_first text[];
BEGIN
	FOR i IN 1 .. CASE WHEN base IS NULL THEN 0 ELSE fields END LOOP
		from_the_first[i] := base[i];
	END LOOP;
	RETURN model.told(from_the_first);
END
$$;

CREATE FUNCTION model.told(moment timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN coalesce(trim_scale(extract(epoch FROM moment - '2024-05-01T10:00:00Z'::timestamptz))::text, '-');

CREATE FUNCTION model.told(moments timestamptz[], fields integer) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	told text := '';
BEGIN
	FOR i IN 1 .. fields LOOP
		told := told || ',' || model.told(moments[i]);
	END LOOP;
	RETURN '{' || substr(told, 2) || '}';
END
$$;

CREATE FUNCTION model.known(moments timestamptz[], fields integer) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	told text := '';
BEGIN
	FOR i IN 1 .. fields LOOP
		told := told || ',' || (moments[i] IS NOT NULL)::text;
	END LOOP;
	RETURN '{' || substr(told, 2) || '}';
END
$$;

CREATE FUNCTION model.masked(sent text[], mask boolean[], fields integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	sent := sent[:fields];
	FOR i IN 1 .. coalesce(cardinality(sent), 0) LOOP
		sent[i] := CASE WHEN mask[i] THEN sent[i] END;
	END LOOP;
	RETURN model.told(sent);
END
$$;

CREATE FUNCTION model.record_name(repo bigint, github bigint, local bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN coalesce(repo || '#' || github, 'row' || local, 'stub');

CREATE FUNCTION model.observe() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	told text;
BEGIN
	SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") INTO told FROM (
		SELECT concat('task ', t.id, ' ', t.direction, ' ', t.action, ' ', t.state,
			' by ' || t.canceled_by, ' of ' || t.duplicate_of, ' for ' || t.dropped_for, ' ' || t.disabled_reason, ' ' || t.error_code,
			' T=', model.told(t.github_updated_at), ' ', CASE WHEN r.id IS NULL THEN '-' ELSE model.record_name(r.github_repo_id, r.number, r.task_id) END,
			' priority=', t.priority, ' attempts=', t.attempts, ' claim=', t.claim_no,
			' place=', CASE WHEN t.state IN ('queued', 'processing') THEN (row_number() OVER (
				PARTITION BY t.state IN ('queued', 'processing') ORDER BY t.queued_at, t.id))::text ELSE '-' END,
			' waits=' || CASE WHEN t.state = 'queued' THEN
				CASE WHEN t.next_attempt_at = 'infinity' THEN 'parent' WHEN t.next_attempt_at IS NOT NULL THEN 'later' END END) AS line
		FROM github_sync.task_sync_transactions AS t
		LEFT JOIN github_sync.github_issues AS r ON r.id = t.github_issue_id
		UNION ALL
		SELECT concat('comment ', t.id, ' ', t.direction, ' ', t.action, ' ', t.state,
			' by ' || t.canceled_by, ' of ' || t.duplicate_of, ' for ' || t.dropped_for, ' ' || t.disabled_reason, ' ' || t.error_code,
			' T=', model.told(t.github_updated_at), ' ',
			CASE WHEN r.id IS NULL THEN '-' ELSE model.record_name(r.github_repo_id, r.github_id, r.comment_id) END,
			' priority=', t.priority, ' attempts=', t.attempts, ' claim=', t.claim_no,
			' place=', CASE WHEN t.state IN ('queued', 'processing') THEN (row_number() OVER (
				PARTITION BY t.state IN ('queued', 'processing') ORDER BY t.queued_at, t.id))::text ELSE '-' END,
			' waits=' || CASE WHEN t.state = 'queued' THEN
				CASE WHEN t.next_attempt_at = 'infinity' THEN 'parent' WHEN t.next_attempt_at IS NOT NULL THEN 'later' END END)
		FROM github_sync.comment_sync_transactions AS t
		LEFT JOIN github_sync.github_comments AS r ON r.id = t.github_comment_id
		UNION ALL
		SELECT concat('cached task ', model.record_name(r.github_repo_id, r.number, r.task_id), ' id=', coalesce(r.github_id::text, '-'),
			' row=', coalesce(r.task_id::text, '-'), ' remote=', model.told(ARRAY[r.title, r.body, r.state, r.marks ->> 'labels']),
			' updated=', model.told(r.github_updated_at), ' seen=', model.told(r.seen_at),
			' changed=', model.told(r.remote_changed_at, 4), ' bases=', model.told(r.local_base, 4), model.told(r.remote_base, 4),
			' stamped=', model.known(r.local_changed_at, 4), ' sent=', model.masked(r.sent, r.sent_mask, 4),
			' settles=', (r.settle_at IS NOT NULL)::text, ' missing=', model.told(r.missing_since), ' deleted=', model.told(r.deleted_at),
			' local_deleted=', (r.local_deleted_at IS NOT NULL)::text, ' prefers=', coalesce(r.preferred_side, '-'),
			' attempts={', (SELECT string_agg(model.told(coalesce(a.outcome, 'open')), ',' ORDER BY a.id)
				FROM github_sync.task_creation_attempts AS a WHERE a.github_issue_id = r.id), '}')
		FROM github_sync.github_issues AS r
		UNION ALL
		SELECT concat('cached comment ', model.record_name(r.github_repo_id, r.github_id, r.comment_id), ' id=', coalesce(r.github_id::text, '-'),
			' row=', coalesce(r.comment_id::text, '-'), ' parent=', model.record_name(i.github_repo_id, i.number, i.task_id),
			' remote=', model.told(ARRAY[r.body]),
			' updated=', model.told(r.github_updated_at), ' seen=', model.told(r.seen_at),
			' changed=', model.told(r.remote_changed_at, 1), ' bases=', model.told(r.local_base, 1), model.told(r.remote_base, 1),
			' stamped=', model.known(r.local_changed_at, 1), ' sent=', model.masked(r.sent, r.sent_mask, 1),
			' settles=', (r.settle_at IS NOT NULL)::text, ' missing=', model.told(r.missing_since), ' deleted=', model.told(r.deleted_at),
			' local_deleted=', (r.local_deleted_at IS NOT NULL)::text, ' prefers=', coalesce(r.preferred_side, '-'),
			' attempts={', (SELECT string_agg(model.told(coalesce(a.outcome, 'open')), ',' ORDER BY a.id)
				FROM github_sync.comment_creation_attempts AS a WHERE a.github_comment_id = r.id), '}')
		FROM github_sync.github_comments AS r
		LEFT JOIN github_sync.github_issues AS i ON i.id = r.github_issue_id
		UNION ALL
		SELECT concat('row task ', r.id, ' ', model.told(ARRAY[r.title, r.body, r.state]), ' labels=', model.told(r.labels), ' modified=', model.told(r.modified_at),
			' of=', coalesce(r.repo_id::text, '-'))
		FROM app.tasks AS r
		UNION ALL
		SELECT concat('row comment ', r.id, ' ', model.told(ARRAY[r.body]), ' modified=', model.told(r.modified_at),
			' of=', coalesce(r.task_id::text, '-'))
		FROM app.comments AS r
		UNION ALL
		SELECT concat('conflict ', c.record_type, ' ', c.transaction_id, ' ', c.field, ' base=', model.told(c.base), ' local=', model.told(c.local),
			' remote=', model.told(c.remote), ' ', c.winner)
		FROM github_sync.sync_conflicts AS c
		UNION ALL
		SELECT concat('error ', e.record_type, ' ', e.id) FROM github_sync.sync_errors AS e
		UNION ALL
		SELECT concat('repo ', r.id, ' ', model.told(r.name), ' lost=', r.name_lost::text) FROM github_sync.github_repos AS r) AS state;
	RETURN coalesce(told, '');
END
$$;
