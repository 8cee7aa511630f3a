/*
 * What is wrong with the set-up and was contained: noted once for each kind, so
 * that the application's writes go on, whatever it is and however many they
 * are.
 */

CREATE TABLE IF NOT EXISTS github_sync.noted_problems (
	record_type text NOT NULL
		CONSTRAINT noted_problems_record_type_check CHECK (record_type IN ('task', 'comment')),
	problem text NOT NULL,
	about text NOT NULL DEFAULT '',
	since timestamptz NOT NULL DEFAULT now(),
	detail text NOT NULL,
	remedy text NOT NULL,
	CONSTRAINT noted_problems_pkey PRIMARY KEY (record_type, problem, about)
);
COMMENT ON TABLE github_sync.noted_problems IS
'private: problems that kept changes of the application from being captured, the first case of each kind, and marks of '
'issues that GitHub did not take, each of them; a row goes when attach or refresh_attached() has compared all rows';
COMMENT ON COLUMN github_sync.noted_problems.about IS
'which of the things that have the problem; an empty text: it is one of the table as a whole';
COMMENT ON COLUMN github_sync.noted_problems.since IS
'when the transaction began that met it first: nothing that was committed before is missing';

CREATE TABLE IF NOT EXISTS github_sync.uncaptured_rows (
	record_type text NOT NULL
		CONSTRAINT uncaptured_rows_record_type_check CHECK (record_type IN ('task', 'comment')),
	key text NOT NULL,
	CONSTRAINT uncaptured_rows_pkey PRIMARY KEY (record_type, key)
);
COMMENT ON TABLE github_sync.uncaptured_rows IS
'private: rows of the application that were inserted or changed while a problem kept them from being captured. Of one '
'without a record nothing else would tell, for its modified_at may be what is wrong; emptied with noted_problems';

CREATE OR REPLACE FUNCTION github_sync.note_uncaptured(record_type text, key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF github_sync.queue_has_one_owner() THEN
		INSERT INTO github_sync.uncaptured_rows (record_type, key)
		VALUES (note_uncaptured.record_type, note_uncaptured.key)
		ON CONFLICT ON CONSTRAINT uncaptured_rows_pkey DO NOTHING;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.note_uncaptured(text, text) IS
'private: the row with this key is looked at when attach or refresh_attached() makes up for what was not captured';

/* An owner's trigger may raise megabytes: what is kept begins and ends like the message. */
CREATE OR REPLACE FUNCTION github_sync.shortened(message text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN length(message) > 2000
	THEN format('%s ... (%s characters left out) ... %s',
		left(message, 950), length(message) - 1900, right(message, 950))
	ELSE message END;
COMMENT ON FUNCTION github_sync.shortened(text) IS
'private: a message with its middle cut out where it has more than 2000 characters';

CREATE OR REPLACE FUNCTION github_sync.note_problem(record_type text, problem text, detail text, remedy text)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	is_new boolean := false;
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN false;
	END IF;
	IF NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
			WHERE n.record_type = note_problem.record_type AND n.problem = note_problem.problem)
		/* Who finds it just noted by another session must not wait for that session's commit. */
		AND github_sync.lock_problems_skip_locked(note_problem.record_type) THEN
		INSERT INTO github_sync.noted_problems (record_type, problem, detail, remedy)
		VALUES (note_problem.record_type, note_problem.problem, github_sync.shortened(note_problem.detail),
			note_problem.remedy)
		ON CONFLICT ON CONSTRAINT noted_problems_pkey DO NOTHING;
		is_new := FOUND;
	END IF;
	RETURN is_new;
END
$$;
COMMENT ON FUNCTION github_sync.note_problem(text, text, text, text) IS
'private: notes a problem (mapping, ownership, capture, or any other word) unless it is known; true: it was not. '
'Waits for nobody';

/* Enough to see what it is that is missing; the rest is where the caller keeps it. */
CREATE OR REPLACE FUNCTION github_sync.note_thing(
	record_type text, problem text, about text, detail text, remedy text)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	most_of_a_kind CONSTANT integer := 20;
BEGIN
	INSERT INTO github_sync.noted_problems AS n (record_type, problem, about, detail, remedy)
	SELECT note_thing.record_type, note_thing.problem, note_thing.about, github_sync.shortened(note_thing.detail),
		note_thing.remedy
	WHERE (SELECT count(*) FROM github_sync.noted_problems AS k WHERE k.record_type = note_thing.record_type
		AND k.problem = note_thing.problem AND k.about <> note_thing.about) < most_of_a_kind
	ON CONFLICT ON CONSTRAINT noted_problems_pkey DO UPDATE SET detail = excluded.detail, remedy = excluded.remedy;
END
$$;
COMMENT ON FUNCTION github_sync.note_thing(text, text, text, text, text) IS
'private: notes a problem of a thing whose record the caller holds, in the place of what was noted of it before; not '
'of more than twenty things of a kind';

/*
 * A function of the mapping is looked for by its name, which needs its schema:
 * the owner may use that, and who only reads the views need not.
 */
CREATE OR REPLACE FUNCTION github_sync.drift_of(attached github_sync.attached_tables) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN github_sync.mapping_drift(attached.table_schema, attached.table_name, attached.mapping);
EXCEPTION WHEN insufficient_privilege THEN
	RETURN format('%s: role %I, to whom the queue belongs, cannot call what was attached', SQLERRM,
		github_sync.queue_owner());
END
$$;
COMMENT ON FUNCTION github_sync.drift_of(github_sync.attached_tables) IS
'private: in what an attached table, or a function that was attached with it, is no longer what it was; or NULL';

CREATE OR REPLACE FUNCTION github_sync.drift_problems(OUT record_type text, OUT detail text, OUT remedy text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN;
	END IF;
	PERFORM github_sync.require_one_owner() WHERE (github_sync.owner_problem()).problem IS NULL;
	RETURN QUERY SELECT a.record_type, d.drift, github_sync.remedy_of_mapping(a.record_type)
	FROM github_sync.attached_tables AS a CROSS JOIN LATERAL github_sync.drift_of(a) AS d (drift)
	WHERE d.drift IS NOT NULL AND NOT EXISTS (SELECT FROM github_sync.noted_problems AS n
		WHERE n.record_type = a.record_type AND n.problem = 'mapping');
	RETURN QUERY SELECT a.record_type, d.drift, d.remedy
	FROM github_sync.attached_tables AS a
	CROSS JOIN LATERAL github_sync.milestone_drift(a.table_schema, a.table_name, a.mapping) AS d
	WHERE d.drift IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.drift_problems() IS
'private: what sync_problems shows of attached tables that are no longer what they were, with the rights of the owner '
'of the queue; nothing where that has several';

/* One line a look, however many rows fail: whoever makes them fail must not fill the server's log. */
CREATE OR REPLACE FUNCTION github_sync.log_problems(number bigint, one text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF number > 1 THEN
		RAISE LOG 'github_sync: %, and % more like it', one, number - 1;
	ELSIF number = 1 THEN
		RAISE LOG 'github_sync: %', one;
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.log_problems(bigint, text) IS
'private: tells the server''s log of what failed: how many rows, and of one of them why';
